//! What was promised, and what lay on the disk after each kill.

use super::{Failure, Tally};
use rusqlite::{Connection, OptionalExtension as _};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use uuid::Uuid;

/// A file of the store, told from every other one, also after it was renamed.
pub(super) type Identity = (u64, SystemTime);

#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Steps the child was told are done.
    pub(super) steps: u32,
    /// Steps the server is said to have confirmed.
    pub(super) synced: u32,
    /// Parts shown as confirmed.
    parts: BTreeMap<String, u32>,
    pub(super) ready: Vec<String>,
    /// Uploads, and their assets, whose file became another one.
    anew: BTreeMap<String, Uuid>,
    /// Each confirmed part's file in the store, by asset and number.
    pub(super) files: BTreeMap<(Uuid, u32), Identity>,
}

impl Evidence {
    pub(super) fn take_down(&mut self, said: &[String]) {
        for line in said {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["step", number] => self.steps = self.steps.max(number.parse().map_or(0, |number: u32| number + 1)),
                ["synced", count] => self.synced = self.synced.max(count.parse().unwrap_or(0)),
                ["parts", operation, count] => {
                    let known = self.parts.entry((*operation).to_owned()).or_default();
                    *known = (*known).max(count.parse().unwrap_or(0));
                }
                ["anew", operation, asset] => {
                    let asset = asset.parse().unwrap_or_default();
                    self.anew.insert((*operation).to_owned(), asset);
                    self.files.retain(|(of, _), _| *of != asset);
                }
                ["ready", operation] if self.ready.iter().all(|known| known != operation) => {
                    self.ready.push((*operation).to_owned());
                }
                _ => {}
            }
        }
    }

    /// The child is dead: what does the journal say, and does the store have it?
    pub(super) fn look(&mut self, workspace: &Path, tally: &mut Tally) -> Result<(), Failure> {
        if !workspace.join("journal.sqlite").exists() {
            return Ok(());
        }
        let journal = Connection::open(workspace.join("journal.sqlite"))?;
        // Killed before its tables were made.
        let has_tables =
            journal.query_row("SELECT 1 FROM sqlite_schema WHERE name = 'part'", [], |_| Ok(())).optional()?;
        if has_tables.is_none() {
            return Ok(());
        }
        let confirmed = confirmed_parts(&journal)?;
        for part in confirmed.iter().filter(|part| !self.anew.values().any(|asset| *asset == part.asset)) {
            let Some(identity) = part.stored(workspace)? else {
                tally.lost(format!("part {} of {}: confirmed, and not in the store", part.number, part.asset));
                continue;
            };
            let known = *self.files.entry((part.asset, part.number)).or_insert(identity);
            if known != identity {
                tally.sent_again(format!("part {} of {}", part.number, part.asset));
            }
        }
        for (operation, shown) in self.parts.iter().filter(|(operation, _)| !self.anew.contains_key(*operation)) {
            let journaled = confirmed.iter().filter(|part| part.operation.to_string() == *operation).count();
            // Of a file that is ready the journal forgets everything.
            let is_over = journaled == 0 && !is_known(&journal, operation)?;
            if !is_over && journaled < *shown as usize {
                tally.lost(format!("{operation}: {shown} parts were shown as confirmed, {journaled} are journaled"));
            }
        }
        Ok(())
    }
}

struct Confirmed {
    operation: Uuid,
    asset: Uuid,
    upload_id: Option<String>,
    number: u32,
}

fn confirmed_parts(journal: &Connection) -> Result<Vec<Confirmed>, Failure> {
    let mut statement = journal.prepare(
        "SELECT upload.operation, upload.asset, upload.upload_id, part.number FROM part JOIN upload USING (operation)",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Confirmed {
            operation: Uuid::from_bytes(row.get(0)?),
            asset: Uuid::from_bytes(row.get(1)?),
            upload_id: row.get(2)?,
            number: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn is_known(journal: &Connection, operation: &str) -> Result<bool, Failure> {
    let operation = Uuid::parse_str(operation)?.into_bytes();
    let found = journal.query_row("SELECT 1 FROM upload WHERE operation = ?1", [operation], |_| Ok(())).optional()?;
    Ok(found.is_some())
}

impl Confirmed {
    /// In the unfinished upload, or in the object it has become. Of a part that is there twice (the kill came between it
    /// and the journal, and it was sent again) the later one is meant: the store takes that, and names sort so.
    fn stored(&self, workspace: &Path) -> Result<Option<Identity>, Failure> {
        let mut folders: Vec<PathBuf> =
            self.upload_id.iter().map(|id| workspace.join("store/uploads").join(id)).collect();
        folders.extend(object_versions(workspace, self.asset)?.into_iter().rev());
        for folder in folders {
            let parts = part_files(&folder)?;
            if let Some((_, identity)) = parts.into_iter().rev().find(|(number, _)| *number == self.number) {
                return Ok(Some(identity));
            }
        }
        Ok(None)
    }
}

/// The folders of the versions of an asset's object.
pub(super) fn object_versions(workspace: &Path, asset: Uuid) -> Result<Vec<PathBuf>, Failure> {
    let mut versions = Vec::new();
    for object in entries(&workspace.join("store/objects"))? {
        if object.to_string_lossy().contains(&asset.to_string()) {
            versions.extend(entries(&object)?);
        }
    }
    Ok(versions)
}

/// The part files in a folder of the store, in order: `part-<number>-…`.
pub(super) fn part_files(folder: &Path) -> Result<Vec<(u32, Identity)>, Failure> {
    let mut parts = Vec::new();
    for path in entries(folder)? {
        if let Some(number) = part_number(&path) {
            parts.push((number, identity(&path)?));
        }
    }
    Ok(parts)
}

pub(super) fn part_number(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_prefix("part-")?.split('-').next()?.parse().ok()
}

fn identity(path: &Path) -> Result<Identity, Failure> {
    let metadata = std::fs::metadata(path)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let number = metadata.len();
    Ok((number, metadata.modified()?))
}

/// Sorted; of a folder that is not there, none.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let Ok(found) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut paths = found.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    paths.sort();
    Ok(paths)
}
