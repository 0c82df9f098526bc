//! `backups.json`: how far this computer's copies in the bucket have come; and the exchange of one catalogue for another,
//! which a crash at any point leaves undone or done.

use super::names::Standing;
use serde::{Deserialize, Serialize};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

const FILE: &str = "backups.json";
/// The catalogue: the course server's database, which is the truth of a workspace without a team.
pub(super) const CATALOGUE: &str = "server.sqlite";
pub(super) const INCOMING: &str = "incoming.sqlite";
/// When it is there, what came in is whole, and takes the catalogue's place.
const INCOMING_STATE: &str = "incoming.json";
/// Catalogues that others took the place of, the newest few.
const BEFORE: &str = "before";
const BEFORE_KEPT: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub standing: Standing,
    /// Of the catalogue as `standing.last` has it.
    pub fingerprint: String,
}

impl State {
    /// One that cannot be read is begun anew: then the bucket's copies are somebody else's, and what is here is applied to
    /// them.
    pub(super) fn read(folder: &Path) -> Self {
        let read = std::fs::read(folder.join(FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        read.unwrap_or_else(|| Self { standing: Standing::new(), fingerprint: String::new() })
    }

    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        write_whole(&folder.join(FILE), &serde_json::to_vec_pretty(self)?)
    }

    /// From here on the exchange will be done, now or at the next start.
    pub(super) fn write_incoming(&self, folder: &Path) -> io::Result<()> {
        write_whole(&folder.join(INCOMING_STATE), &serde_json::to_vec_pretty(self)?)
    }
}

fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = file.with_extension("json.new");
    let mut writing = std::fs::File::create(&unfinished)?;
    writing.write_all(bytes)?;
    writing.sync_all()?;
    drop(writing);
    std::fs::rename(&unfinished, file)
}

/// Ends an exchange that was decided on. To be called before the catalogue is opened, with nobody else in the folder.
pub(crate) fn finish_exchange(folder: &Path) -> io::Result<()> {
    if !folder.join(INCOMING_STATE).is_file() {
        forget_incoming(folder);
        return Ok(());
    }
    if folder.join(INCOMING).is_file() {
        if folder.join(CATALOGUE).is_file() {
            put_aside(folder)?;
        }
        std::fs::rename(folder.join(INCOMING), folder.join(CATALOGUE))?;
    }
    std::fs::rename(folder.join(INCOMING_STATE), folder.join(FILE))
}

/// What was not decided on.
pub(super) fn forget_incoming(folder: &Path) {
    for name in with_companions(INCOMING) {
        let _ = std::fs::remove_file(folder.join(name));
    }
}

/// SQLite's own: a log that stayed behind would be read into another database of the same name.
fn with_companions(name: &str) -> [String; 3] {
    [format!("{name}-wal"), format!("{name}-shm"), name.to_owned()]
}

fn put_aside(folder: &Path) -> io::Result<()> {
    let before = folder.join(BEFORE);
    std::fs::create_dir_all(&before)?;
    let mut kept: Vec<PathBuf> = std::fs::read_dir(&before)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    kept.sort_unstable();
    for old in &kept[..kept.len().saturating_sub(BEFORE_KEPT - 1)] {
        std::fs::remove_dir_all(old)?;
    }
    // Ids of this kind sort by time.
    let aside = before.join(uuid::Uuid::now_v7().to_string());
    std::fs::create_dir(&aside)?;
    // The log first: without its database it is nothing, and a database that is still there without it is one of before.
    for name in with_companions(CATALOGUE) {
        match std::fs::rename(folder.join(&name), aside.join(&name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    fn text(folder: &tempfile::TempDir, name: &str) -> Option<String> {
        std::fs::read_to_string(folder.path().join(name)).ok()
    }

    #[test]
    fn what_was_not_decided_on_is_forgotten_and_the_catalogue_stays() {
        let folder = folder_with(&[(CATALOGUE, "old"), (INCOMING, "half"), ("incoming.sqlite-wal", "log")]);
        finish_exchange(folder.path()).unwrap();
        assert_eq!(text(&folder, CATALOGUE).as_deref(), Some("old"));
        assert_eq!((text(&folder, INCOMING), text(&folder, "incoming.sqlite-wal")), (None, None));
    }

    #[test]
    fn an_exchange_that_a_crash_cut_short_is_ended_wherever_it_was_cut() {
        let state = serde_json::to_string(&State { standing: Standing::new(), fingerprint: "f".to_owned() }).unwrap();
        let cuts: [&[(&str, &str)]; 3] = [
            &[(CATALOGUE, "old"), ("server.sqlite-wal", "log"), (INCOMING, "new"), (INCOMING_STATE, &state)],
            &[(INCOMING, "new"), (INCOMING_STATE, &state)],
            &[(CATALOGUE, "new"), (INCOMING_STATE, &state)],
        ];
        for cut in cuts {
            let folder = folder_with(cut);
            finish_exchange(folder.path()).unwrap();
            assert_eq!(text(&folder, CATALOGUE).as_deref(), Some("new"), "{cut:?}");
            assert_eq!(text(&folder, "server.sqlite-wal"), None, "{cut:?}");
            assert_eq!(State::read(folder.path()).fingerprint, "f", "{cut:?}");
            assert_eq!((text(&folder, INCOMING), text(&folder, INCOMING_STATE)), (None, None), "{cut:?}");
            finish_exchange(folder.path()).unwrap();
            assert_eq!(text(&folder, CATALOGUE).as_deref(), Some("new"), "twice is as good as once");
        }
    }

    #[test]
    fn the_newest_catalogues_that_others_took_the_place_of_are_kept() {
        let folder = folder_with(&[]);
        for round in 0..6 {
            std::fs::write(folder.path().join(CATALOGUE), round.to_string()).unwrap();
            put_aside(folder.path()).unwrap();
        }
        let mut kept: Vec<_> =
            std::fs::read_dir(folder.path().join(BEFORE)).unwrap().map(|e| e.unwrap().path()).collect();
        kept.sort();
        let contents: Vec<_> = kept.iter().map(|path| std::fs::read_to_string(path.join(CATALOGUE)).unwrap()).collect();
        assert_eq!(contents, ["3", "4", "5"]);
    }
}
