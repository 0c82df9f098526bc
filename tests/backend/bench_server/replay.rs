//! Ten thousand edits that nobody has confirmed yet, and a pull that changes one row under them: how long the mirror takes
//! until its view is what the server says with these edits on top.

use super::Outcome;
use super::faculty::{Faculty, Lectures, new_video};
use super::figures::Figures;
use super::pulls::{mirror, remote};
use lectern_engine::remote::CourseServer as _;
use lectern_engine::sync::Rounds;
use lectern_shared::ids::VideoId;
use lectern_shared::mutation::{Between, Mutation};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const EDITS: usize = 10_000;
const AT_ONCE: usize = 100;
const TIMES: usize = 3;
const LIMIT_S: f64 = 1.0;

pub async fn pending(figures: &mut Figures, faculty: &Faculty, folder: &Path) -> Outcome {
    let catalogue = mirror(&faculty.owner, &folder.join("replay.sqlite"))?;
    let server = Arc::new(remote(faculty, &faculty.owner)?);
    Rounds::new(catalogue.clone(), server.clone(), Arc::new(drop)).round().await?;
    let (mut edits, mut pending) = ((0..).flat_map(|number| edit(number, faculty)), 0);
    let begun = Instant::now();
    // One that changes nothing does not wait.
    while pending < EDITS {
        catalogue.edit(edits.by_ref().take(AT_ONCE.min(EDITS - pending)).collect()).await?;
        pending = catalogue.pending().await?.edits as usize;
    }
    figures.beside("10,000 edits made, a hundred at once, in", Some(begun.elapsed().as_secs_f64()), "s");
    // Somebody else, on another device: a row that is edited here too.
    let colleague = mirror(&faculty.people[0], &folder.join("colleague.sqlite"))?;
    let theirs = Arc::new(remote(faculty, &faculty.people[0])?);
    let mut rounds = Rounds::new(colleague.clone(), theirs, Arc::new(drop));
    rounds.round().await?;
    let mut took = Vec::new();
    for number in 0..TIMES {
        let (video, title) = (faculty.courses[0].videos[number], format!("As a colleague calls it {number}"));
        colleague.edit(vec![Mutation::VideoRename { video, title }]).await?;
        rounds.round().await?;
        let response = server.pull(&catalogue.pull_request().await?).await?;
        if response.spaces.values().map(|changes| changes.rows.len()).sum::<usize>() != 1 {
            return Err("one row was changed, and the pull says otherwise".into());
        }
        let begun = Instant::now();
        catalogue.take_pull(response, 0).await?;
        took.push(begun.elapsed());
    }
    let worst = took.iter().max().map(Duration::as_secs_f64);
    figures.at_most("a pull under 10,000 edits that wait, the slowest of 3", worst, LIMIT_S, "s");
    catalogue.close();
    colleague.close();
    Ok(())
}

/// Half of them new titles; then moves within a course, new files with their places, titles of chapters.
fn edit(number: usize, faculty: &Faculty) -> Vec<Mutation> {
    let lectures: &Lectures = &faculty.courses[number % faculty.courses.len()];
    let turn = number / faculty.courses.len();
    let video = lectures.videos[turn % lectures.videos.len()];
    let chapter = lectures.chapters[turn % lectures.chapters.len()];
    match number % 10 {
        0..=4 => vec![Mutation::VideoRename { video, title: format!("Renamed in turn {turn}") }],
        5 | 6 => {
            let other = lectures.videos[(turn + 1) % lectures.videos.len()];
            let place = Between { after: Some(other), before: None };
            let there = lectures.chapters[(turn + number) % lectures.chapters.len()];
            vec![Mutation::VideoMove { ids: vec![video], chapter: there, place }]
        }
        7 | 8 => new_video(lectures.course, chapter, VideoId::new(), &format!("New in turn {turn}")).to_vec(),
        _ => vec![Mutation::ChapterRename { chapter, title: format!("Week, in turn {turn}") }],
    }
}
