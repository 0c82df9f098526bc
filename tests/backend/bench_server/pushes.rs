//! Two hundred pushes a second over fifty courses, four people in each, at times that are fixed before: who is late because
//! the server was slow counts from when it should have gone, so that no stall hides itself.

use super::faculty::{COURSES, EDITORS, Faculty, Lectures};
use super::figures::{Figures, percentile};
use super::program::Program;
use super::{Outcome, faculty::Person};
use futures::future::try_join_all;
use lectern_shared::ids::CourseId;
use lectern_shared::mutation::{Between, Mutation};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Each of the [`EDITORS`] once a second.
const SECONDS: u32 = 30;
const LIMIT_MS: f64 = 100.0;

/// When the pushes of a course that changed it were due, in the order of its versions, beginning after this one.
pub struct Pushed {
    pub courses: BTreeMap<CourseId, (u64, Vec<Instant>)>,
}

struct Push {
    due: Instant,
    took: Duration,
    has_changed: bool,
}

pub async fn steadily(figures: &mut Figures, program: &Program, faculty: &mut Faculty) -> Outcome<Pushed> {
    let before = faculty.owner.calls.pull(&faculty.owner.all()).await?;
    let cpu = program.cpu_seconds();
    let begin = Instant::now() + Duration::from_secs(1);
    let people = faculty.people.iter_mut().take(EDITORS).enumerate();
    let pushing = people.map(|(number, person)| pushes(person, number, &faculty.courses[number % COURSES], begin));
    let pushes = try_join_all(pushing).await?;
    let cpu = program.cpu_seconds().zip(cpu).map(|(after, before)| 100.0 * (after - before) / f64::from(SECONDS));
    let mut took: Vec<Duration> = pushes.iter().flatten().map(|push| push.took).collect();
    figures.beside("pushes, 200 a second for 30 s, with 5,000 feeds open", Some(took.len() as f64), "");
    figures.beside("push, median", percentile(&mut took, 0.5), "ms");
    figures.at_most("push, 99 of 100", percentile(&mut took, 0.99), LIMIT_MS, "ms");
    figures.beside("push, the longest", percentile(&mut took, 1.0), "ms");
    figures.beside("CPU of the program meanwhile, of one core", cpu, "%");
    let mut courses = BTreeMap::new();
    for (number, lectures) in faculty.courses.iter().enumerate() {
        let of_course = pushes.iter().skip(number).step_by(COURSES).flatten();
        let mut due: Vec<Instant> = of_course.filter(|push| push.has_changed).map(|push| push.due).collect();
        due.sort_unstable();
        let known = before.spaces.get(&lectures.course.into()).ok_or("a course is missing")?;
        courses.insert(lectures.course, (known.cookie.version, due));
    }
    Ok(Pushed { courses })
}

async fn pushes(person: &mut Person, number: usize, lectures: &Lectures, begin: Instant) -> Outcome<Vec<Push>> {
    let mut pushes = Vec::with_capacity(SECONDS as usize);
    for second in 0..SECONDS {
        let due = begin + Duration::from_secs(1) * second + Duration::from_secs(1) * number as u32 / EDITORS as u32;
        let mutation = edit(number, second as usize, lectures);
        tokio::time::sleep_until(due).await;
        let has_changed = person.push(vec![mutation]).await? > 0;
        pushes.push(Push { due, took: due.elapsed(), has_changed });
    }
    Ok(pushes)
}

/// A new title, or another chapter, in turns.
fn edit(number: usize, second: usize, lectures: &Lectures) -> Mutation {
    let video = lectures.videos[(number + 7 * second) % lectures.videos.len()];
    if second.is_multiple_of(2) {
        return Mutation::VideoRename { video, title: format!("Lecture as {number} called it in second {second}") };
    }
    let chapter = lectures.chapters[(number + second) % lectures.chapters.len()];
    Mutation::VideoMove { ids: vec![video], chapter, place: Between::default() }
}
