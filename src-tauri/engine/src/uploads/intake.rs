//! Takes in what was dropped: looks at each file, refuses what cannot be sent without touching the rest, and makes of the
//! others one list in the order people mean.

use super::content;
use super::folders;
use super::parts::FILE_BYTES_MAX;
use super::seam::NewUpload;
use super::source::{self, SourceFacts, SourceProblem};
use futures::StreamExt as _;
use lectern_shared::ids::{AssetId, OperationId, VideoId};
use lectern_shared::media::AssetKind;
use lectern_shared::names;
use lectern_shared::upload::{Destination, RefusedFile, RefusedReason};
use std::cmp::Ordering;
use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Files looked at side by side: a network drive takes its time for each.
const LOOKS_MAX: usize = 8;
/// Name of a file whose own name has nothing that can be shown.
const NAMELESS: &str = "Unnamed file";

/// What one drop comes to.
#[derive(Debug, Default)]
pub struct Intake {
    /// In natural order of their names.
    pub files: Vec<NewUpload>,
    pub refused: Vec<RefusedFile>,
    /// Names of files that a chapter cannot show.
    pub to_library: Vec<String>,
}

struct Examined {
    path: PathBuf,
    name: String,
    result: Result<(SourceFacts, AssetKind), RefusedReason>,
}

/// Looks at all files, off the async threads.
pub async fn take_in(paths: Vec<PathBuf>, destination: &Destination) -> Intake {
    let mut refused = Vec::new();
    let paths = match destination {
        Destination::Library => open_folders(paths, &mut refused).await,
        Destination::Chapter { .. } => paths,
    };
    let mut seen = HashSet::new();
    let paths: Vec<PathBuf> = paths.into_iter().filter(|path| seen.insert(path.clone())).collect();
    let looks = paths.into_iter().map(|path| async move {
        let fallback = path.clone();
        tokio::task::spawn_blocking(move || examine(path)).await.unwrap_or_else(|_| {
            let detail = "looking at it failed".to_owned();
            Examined { name: name_of(&fallback), path: fallback, result: Err(RefusedReason::Unreadable { detail }) }
        })
    });
    let mut examined: Vec<Examined> = futures::stream::iter(looks).buffered(LOOKS_MAX).collect().await;
    examined.sort_by(in_natural_order);

    let mut intake = Intake { refused, ..Intake::default() };
    for file in examined {
        match file.result {
            Ok((facts, kind)) => {
                let upload = new_upload(file.path, file.name, facts, kind, destination);
                if upload.video.is_none() && matches!(destination, Destination::Chapter { .. }) {
                    intake.to_library.push(upload.name.clone());
                }
                intake.files.push(upload);
            }
            Err(reason) => intake.refused.push(RefusedFile { name: file.name, reason }),
        }
    }
    intake
}

/// Files instead of the folders they are in.
async fn open_folders(paths: Vec<PathBuf>, refused: &mut Vec<RefusedFile>) -> Vec<PathBuf> {
    let opened = tokio::task::spawn_blocking(move || {
        let open = |path: PathBuf| {
            if path.is_dir() { (folders::files_in(&path), path) } else { (Ok(vec![path.clone()]), path) }
        };
        paths.into_iter().map(open).collect::<Vec<_>>()
    });
    let mut files = Vec::new();
    for (found, path) in opened.await.unwrap_or_default() {
        match found {
            Ok(found) => files.extend(found),
            Err(reason) => refused.push(RefusedFile { name: name_of(&path), reason }),
        }
    }
    files
}

fn new_upload(path: PathBuf, name: String, facts: SourceFacts, kind: AssetKind, dropped_on: &Destination) -> NewUpload {
    let in_chapter = matches!(dropped_on, Destination::Chapter { .. }) && kind.is_playable();
    NewUpload {
        operation: OperationId::new(),
        asset: AssetId::new(),
        video: in_chapter.then(VideoId::new),
        title: names::title_of_file(&name).unwrap_or_else(|| name.clone()),
        path,
        name,
        kind,
        bytes: facts.bytes,
        modified_ns: facts.modified_ns,
        file_id: facts.file_id,
        destination: if in_chapter { dropped_on.clone() } else { Destination::Library },
        replaces: None,
    }
}

/// "Lecture 2" before "lecture 10".
fn in_natural_order(a: &Examined, b: &Examined) -> Ordering {
    alphanumeric_sort::compare_str(a.name.to_lowercase(), b.name.to_lowercase())
        .then_with(|| alphanumeric_sort::compare_path(&a.path, &b.path))
}

fn name_of(path: &Path) -> String {
    let raw = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    names::clean(&raw).unwrap_or_else(|| NAMELESS.to_owned())
}

fn examine(path: PathBuf) -> Examined {
    let result = look_into(&path);
    Examined { name: name_of(&path), path, result }
}

fn look_into(path: &Path) -> Result<(SourceFacts, AssetKind), RefusedReason> {
    let metadata = std::fs::metadata(path).map_err(refusal)?;
    if metadata.is_dir() {
        return Err(RefusedReason::Folder);
    }
    // Before opening: opening a pipe waits for its other end.
    if !metadata.is_file() {
        return Err(RefusedReason::NotAFile);
    }
    match metadata.len() {
        0 => return Err(RefusedReason::Empty),
        bytes if bytes > FILE_BYTES_MAX => return Err(RefusedReason::TooLarge),
        _ => {}
    }
    let file = File::open(path).map_err(refusal)?;
    let content = content::sniff(&file, path).map_err(refusal)?;
    Ok((source::facts_of(path, &metadata), content.kind))
}

fn refusal(error: io::Error) -> RefusedReason {
    match SourceProblem::from(error) {
        SourceProblem::Gone | SourceProblem::DriveGone(_) => RefusedReason::Gone,
        problem @ (SourceProblem::CloudOnly | SourceProblem::Denied) => {
            RefusedReason::Unreadable { detail: problem.to_string() }
        }
        SourceProblem::Unreadable(detail) => RefusedReason::Unreadable { detail },
        SourceProblem::Resized | SourceProblem::StillWritten => {
            RefusedReason::Unreadable { detail: "it ends before its end".to_owned() }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lectern_shared::ids::{ChapterId, CourseId};

    const MP4: &[u8] = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42";

    #[tokio::test]
    async fn files_stand_in_natural_order_and_only_playable_ones_get_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let paths = vec![
            file("Lecture 10.mp4", MP4),
            file("lecture 9.mp4", MP4),
            file("slides.pdf", b"%PDF-1.7\n"),
            file("Lecture 1.mp4", MP4),
            file("Lecture 1.mp4", MP4),
        ];
        let destination =
            Destination::Chapter { course: CourseId::new(), chapter: ChapterId::new(), after: None, before: None };
        let intake = take_in(paths, &destination).await;
        let titles: Vec<&str> = intake.files.iter().map(|file| file.title.as_str()).collect();
        assert_eq!(titles, ["Lecture 1", "lecture 9", "Lecture 10", "slides"]);
        assert_eq!(intake.to_library, ["slides.pdf"]);
        assert_eq!(intake.files[3].destination, Destination::Library);
        assert!(intake.files[..3].iter().all(|file| file.video.is_some() && file.destination == destination));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_name_that_is_no_utf_8_keeps_its_path_and_gets_a_readable_name() {
        use std::os::unix::ffi::OsStrExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9.mp4"));
        std::fs::write(&path, MP4).unwrap();
        let intake = take_in(vec![path.clone()], &Destination::Library).await;
        assert_eq!(intake.files[0].path, path);
        assert_eq!(intake.files[0].name, "caf\u{fffd}.mp4");
    }
}
