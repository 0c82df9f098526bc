//! What one workspace goes through: files of one PUT and of several parts, dropped on chapters and on the library, a new
//! version of one, another one that grows, and edits between. Drawn from a seed, so that child and parent have the same plan without speaking about it; each step can
//! be seen to be done, so that a child that was killed knows where it was.

use lectern_shared::ids::{ChapterId, CourseId};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};
use uuid::Uuid;

const SMALL_BYTES_MAX: usize = 600_000;
/// Over 16 MiB a file goes in parts of 8 MiB.
const LARGE_BYTES_MIN: usize = (16 << 20) + 1;
const LARGE_BYTES_MAX: usize = 26 << 20;
/// The one whose new version is dropped when it has its new title, and that version: it has this title for a name.
pub(super) const REPLACED: usize = 1;
pub(super) const REPLACEMENT: usize = 8;
pub(super) const GROWING: usize = 7;
/// So much is written to its end.
const GROWTH: usize = 300_000;

/// The two chapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chapter {
    First,
    Second,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// In one drop: to the end of a chapter, or to the library.
    Drop {
        files: Vec<usize>,
        to: Option<Chapter>,
    },
    Rename {
        file: usize,
    },
    /// A new version of [`REPLACED`] is dropped on its chapter, and is to take its place.
    Replace,
    /// Something writes to the end of [`GROWING`].
    Grow,
    /// From the first to the second chapter: to its start, or its end.
    Move {
        file: usize,
        to_start: bool,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) course: CourseId,
    pub(super) chapters: [ChapterId; 2],
    /// Bytes of each file, when it is dropped.
    pub(super) files: Vec<usize>,
    pub(super) steps: Vec<Step>,
    pub(super) bytes_per_second: u64,
}

impl Plan {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut uuid = || Uuid::from_u128(random.random());
        let course = CourseId(uuid());
        let chapters = [ChapterId(uuid()), ChapterId(uuid())];
        let small = |random: &mut StdRng| random.random_range(1..=SMALL_BYTES_MAX);
        let mut files: Vec<usize> = (0..6).map(|_| small(&mut random)).collect();
        let large = |random: &mut StdRng| random.random_range(LARGE_BYTES_MIN..=LARGE_BYTES_MAX);
        files.push(large(&mut random));
        files.shuffle(&mut random);
        // The one that grows, so that it may do so on its way.
        files.push(large(&mut random));
        files.push(random.random_range(1..=2 * LARGE_BYTES_MIN));
        let drop = |files: &[usize], to| Step::Drop { files: files.to_vec(), to };
        let mut steps = vec![
            drop(&[0], Some(Chapter::First)),
            drop(&[1, 2, 3], Some(Chapter::First)),
            Step::Rename { file: REPLACED },
            Step::Replace,
            drop(&[4], None),
            Step::Move { file: 2, to_start: random.random() },
            drop(&[5], Some(Chapter::Second)),
            Step::Rename { file: 5 },
            drop(&[6], None),
            Step::Move { file: 0, to_start: random.random() },
            drop(&[GROWING], Some(Chapter::Second)),
            Step::Grow,
            Step::Rename { file: 0 },
        ];
        // Another order each time, as long as no file is edited before it is there.
        for _ in 0..20 {
            let at = random.random_range(1..steps.len());
            if !needs(&steps[at], &steps[at - 1]) {
                steps.swap(at - 1, at);
            }
        }
        Self { course, chapters, files, steps, bytes_per_second: random.random_range(20..80) << 20 }
    }

    pub(super) fn chapter(&self, chapter: Chapter) -> ChapterId {
        self.chapters[usize::from(chapter == Chapter::Second)]
    }

    /// Titles in each chapter when all is done.
    pub(super) fn outcome(&self) -> [Vec<String>; 2] {
        let mut chapters = [Vec::new(), Vec::new()];
        let mut renamed = Vec::new();
        for step in &self.steps {
            match step {
                Step::Drop { files, to: Some(chapter) } => {
                    chapters[usize::from(*chapter == Chapter::Second)].extend(files.iter().copied());
                }
                Step::Drop { to: None, .. } | Step::Replace | Step::Grow => {}
                Step::Rename { file } => renamed.push(*file),
                Step::Move { file, to_start } => {
                    chapters[0].retain(|other| other != file);
                    let at = if *to_start { 0 } else { chapters[1].len() };
                    chapters[1].insert(at, *file);
                }
            }
        }
        let title = |file: usize| if renamed.contains(&file) { new_title(file) } else { title(file) };
        chapters.map(|files| files.into_iter().map(title).collect())
    }

    pub(super) fn write_files(&self, folder: &Path) -> io::Result<()> {
        for (file, bytes) in self.files.iter().enumerate() {
            let mut content = vec![0; *bytes];
            let mut hasher = blake3::Hasher::new();
            hasher.update(self.course.0.as_bytes()).update(&file.to_le_bytes()).finalize_xof().fill(&mut content);
            // Bytes that say nothing, so that the name decides: two random ones may be those of a program, and no chapter
            // shows a program.
            content.iter_mut().zip(1..=8).for_each(|(byte, plain)| *byte = plain);
            std::fs::write(folder.join(name(file)), content)?;
            long_finished(&folder.join(name(file)), 3600)?;
        }
        Ok(())
    }

    pub(super) fn has_grown(&self, folder: &Path) -> io::Result<bool> {
        Ok(std::fs::metadata(folder.join(name(GROWING)))?.len() > self.files[GROWING] as u64)
    }

    pub(super) fn grow(folder: &Path) -> io::Result<()> {
        let path = folder.join(name(GROWING));
        std::fs::File::options().append(true).open(&path)?.write_all(&[7; GROWTH])?;
        long_finished(&path, 1800)
    }
}

/// Nothing writes into it any more: it is sent at once.
fn long_finished(path: &Path, seconds: u64) -> io::Result<()> {
    let earlier = SystemTime::now() - Duration::from_secs(seconds);
    std::fs::File::options().write(true).open(path)?.set_modified(earlier)
}

/// Whether `later` is about a file that `earlier` drops, or both change the order of a chapter.
fn needs(later: &Step, earlier: &Step) -> bool {
    match (later, earlier) {
        (Step::Rename { file } | Step::Move { file, .. }, Step::Drop { files, .. }) => files.contains(file),
        (Step::Grow, Step::Drop { files, .. }) => files.contains(&GROWING),
        (Step::Replace, Step::Rename { file }) => *file == REPLACED,
        _ => false,
    }
}

/// In the order of their numbers also when sorted as people sort.
pub(super) fn name(file: usize) -> String {
    if file == REPLACEMENT { format!("{}.mp4", new_title(REPLACED)) } else { format!("Lecture {file}.mp4") }
}

pub(super) fn title(file: usize) -> String {
    format!("Lecture {file}")
}

pub(super) fn new_title(file: usize) -> String {
    format!("Lecture {file}, mended")
}

#[cfg(test)]
mod tests {
    use super::*;
    use lectern_engine::uploads::take_in;
    use lectern_shared::upload::Destination;

    /// In this plan the third file began with "MZ".
    #[tokio::test]
    async fn no_file_of_a_plan_is_taken_for_something_that_a_chapter_does_not_show() {
        let plan = Plan::of(15_904_052_602_889_982_525);
        let folder = tempfile::tempdir().unwrap();
        plan.write_files(folder.path()).unwrap();
        let paths = (0..plan.files.len()).map(|file| folder.path().join(name(file))).collect();
        let (course, chapter) = (plan.course, plan.chapters[0]);
        let intake = take_in(paths, &Destination::Chapter { course, chapter, after: None, before: None }).await;
        assert_eq!((intake.files.len(), intake.to_library), (plan.files.len(), vec![]));
    }

    #[test]
    fn a_seed_makes_one_plan_and_no_file_is_edited_before_it_is_dropped() {
        for seed in 0..50 {
            let plan = Plan::of(seed);
            assert_eq!(plan.steps, Plan::of(seed).steps);
            let mut there = Vec::new();
            for (index, step) in plan.steps.iter().enumerate() {
                match step {
                    Step::Drop { files, .. } => there.extend(files),
                    Step::Rename { file } | Step::Move { file, .. } => assert!(there.contains(file), "{plan:?}"),
                    Step::Grow => assert!(there.contains(&GROWING), "{plan:?}"),
                    Step::Replace => assert!(plan.steps[..index].contains(&Step::Rename { file: REPLACED })),
                }
            }
            let mut titles = plan.outcome().concat();
            titles.sort();
            assert_eq!(titles.len(), 6, "two of eight are in the library alone");
            assert_eq!(plan.files[..REPLACEMENT].iter().filter(|bytes| **bytes > 16 << 20).count(), 2);
        }
    }
}
