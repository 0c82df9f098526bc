//! Where a file that is not at its place may be now: renamed, moved with its folder, or on its drive under another letter.
//! Most are near. What is found here is only likely: who takes it compares the bytes.

use super::drives;
use super::source::{self, SourceFacts};
use std::collections::{HashSet, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::DirEntry;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Most names looked at in one search, and how long it may take: a home can have millions, a share be slow.
const ENTRIES_MAX: usize = 50_000;
const SEARCH_MAX: Duration = Duration::from_secs(20);
/// Copies of one file that are worth comparing.
const FOUND_MAX: usize = 8;
/// How far a file's time may be off after a move: FAT keeps it to two seconds
/// (<https://learn.microsoft.com/windows/win32/sysinfo/file-times>).
const TIME_SLACK_NS: u64 = 2_000_000_000;

/// A file that is not where it was.
#[derive(Clone, Debug)]
pub struct Lost {
    pub path: PathBuf,
    pub facts: SourceFacts,
    /// Parts of it were confirmed: their hashes will tell it from others.
    pub has_proof: bool,
}

/// What each of them may be now, the likeliest first. Blocks.
pub fn search(lost: &[Lost], stop: &AtomicBool) -> Vec<Vec<PathBuf>> {
    let mut hunt = Hunt::new(lost, stop);
    for (index, lost) in lost.iter().enumerate() {
        drives::elsewhere(&lost.path).into_iter().for_each(|path| hunt.consider(index, path));
    }
    let home = std::env::home_dir();
    let rings: Vec<Vec<PathBuf>> = lost.iter().map(|lost| rings(&lost.path, home.as_deref())).collect();
    let widest = rings.iter().map(Vec::len).max().unwrap_or(0);
    // The nearest folders of all of them before the next wider ones.
    for width in 0..widest {
        for folder in rings.iter().filter_map(|rings| rings.get(width)) {
            hunt.walk(folder);
        }
    }
    hunt.found.into_iter().map(likeliest_first).collect()
}

/// The folders above a file that are there, up to the home or drive that it was in.
fn rings(path: &Path, home: Option<&Path>) -> Vec<PathBuf> {
    let drive = drives::root_of(path);
    let mut rings = Vec::new();
    for folder in path.ancestors().skip(1) {
        let is_top = folder.parent().is_none() && drive.as_deref() != Some(folder);
        let is_of_all = is_top || home.is_some_and(|home| home != folder && home.starts_with(folder));
        if is_of_all {
            break;
        }
        if folder.is_dir() {
            rings.push(folder.to_owned());
        }
        if Some(folder) == home || Some(folder) == drive.as_deref() {
            break;
        }
    }
    rings
}

fn likeliest_first(mut found: Vec<(bool, PathBuf)>) -> Vec<PathBuf> {
    found.sort_by_key(|(is_same_file, _)| !is_same_file);
    found.into_iter().map(|(_, path)| path).collect()
}

struct Hunt<'a> {
    lost: &'a [Lost],
    stop: &'a AtomicBool,
    endings: HashSet<OsString>,
    seen: HashSet<PathBuf>,
    entries: usize,
    until: Instant,
    /// Of each, and whether it is the same file by its number on the disk.
    found: Vec<Vec<(bool, PathBuf)>>,
}

impl<'a> Hunt<'a> {
    fn new(lost: &'a [Lost], stop: &'a AtomicBool) -> Self {
        Self {
            lost,
            stop,
            endings: lost.iter().map(|lost| ending(&lost.path)).collect(),
            seen: HashSet::new(),
            entries: 0,
            until: Instant::now() + SEARCH_MAX,
            found: vec![Vec::new(); lost.len()],
        }
    }

    fn is_over(&self) -> bool {
        self.entries >= ENTRIES_MAX || self.stop.load(Ordering::Relaxed) || Instant::now() >= self.until
    }

    /// Everything below `folder`, the nearest first. Links are not followed: they may lead in a circle.
    fn walk(&mut self, folder: &Path) {
        let mut folders = VecDeque::from([folder.to_owned()]);
        while let Some(folder) = folders.pop_front() {
            if self.seen.contains(&folder) {
                continue;
            }
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            self.seen.insert(folder);
            for entry in entries.flatten() {
                if self.is_over() {
                    return;
                }
                self.entries += 1;
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() && !is_private(&entry.file_name()) => folders.push_back(entry.path()),
                    Ok(kind) if kind.is_file() => self.look_at(&entry),
                    _ => {}
                }
            }
        }
    }

    fn look_at(&mut self, entry: &DirEntry) {
        let path = entry.path();
        if !self.endings.contains(&ending(&path)) {
            return;
        }
        let Ok(bytes) = entry.metadata().map(|metadata| metadata.len()) else { return };
        for index in 0..self.lost.len() {
            if self.lost[index].facts.bytes == bytes {
                self.consider(index, path.clone());
            }
        }
    }

    fn consider(&mut self, index: usize, path: PathBuf) {
        let (lost, found) = (&self.lost[index], &mut self.found[index]);
        let is_new = path != lost.path && found.iter().all(|(_, known)| *known != path);
        if is_new
            && found.len() < FOUND_MAX
            && let Ok(facts) = source::look(&path)
            && let Some(is_same_file) = lost.may_be(&path, facts)
        {
            found.push((is_same_file, path));
        }
    }
}

impl Lost {
    /// Whether it is the same file by its number on the disk; none when it is another one.
    fn may_be(&self, path: &Path, facts: SourceFacts) -> Option<bool> {
        let is_same_age = facts.modified_ns.abs_diff(self.facts.modified_ns) <= TIME_SLACK_NS;
        let is_same_file = facts.file_id == self.facts.file_id && facts.file_id != (0, 0);
        // With no byte of it known, its name has to speak for it.
        let is_likely = is_same_file || self.has_proof || path.file_name() == self.path.file_name();
        (facts.bytes == self.facts.bytes && is_same_age && is_likely).then_some(is_same_file)
    }
}

fn ending(path: &Path) -> OsString {
    path.extension().unwrap_or_default().to_ascii_lowercase()
}

/// A program's own, or the bin: `.local`, `.Trash`, `$RECYCLE.BIN`. What is in the bin was meant to be gone.
fn is_private(name: &OsStr) -> bool {
    matches!(name.as_encoded_bytes().first(), Some(b'.' | b'$'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{create_dir_all, rename, write};

    /// Of a length that no other test's files have: they are below the same folder.
    fn content(count: usize) -> Vec<u8> {
        vec![7; 4000 + count]
    }

    fn lost(path: &Path, has_proof: bool) -> Lost {
        Lost { path: path.to_owned(), facts: source::look(path).unwrap(), has_proof }
    }

    fn search_one(lost: &Lost) -> Vec<PathBuf> {
        search(std::slice::from_ref(lost), &AtomicBool::new(false)).remove(0)
    }

    #[test]
    fn a_file_is_found_renamed_or_moved_with_its_folder_or_into_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join("lectures").join(name);
        for inner in ["week 1", "archive/old"] {
            create_dir_all(at(inner)).unwrap();
        }
        write(at("week 1/a.mp4"), content(1)).unwrap();
        let lost = lost(&at("week 1/a.mp4"), false);
        rename(at("week 1/a.mp4"), at("week 1/Introduction.MP4")).unwrap();
        assert_eq!(search_one(&lost), [at("week 1/Introduction.MP4")]);
        rename(at("week 1"), at("Week One")).unwrap();
        assert_eq!(search_one(&lost), [at("Week One/Introduction.MP4")]);
        rename(at("Week One/Introduction.MP4"), at("archive/old/b.mp4")).unwrap();
        assert_eq!(search_one(&lost), [at("archive/old/b.mp4")]);
    }

    #[test]
    fn what_is_in_the_bin_or_has_another_size_time_or_name_is_not_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join("lectures").join(name);
        create_dir_all(at(".Trash")).unwrap();
        write(at("a.mp4"), content(2)).unwrap();
        let lost = lost(&at("a.mp4"), false);
        let written = std::fs::metadata(at("a.mp4")).unwrap().modified().unwrap();
        rename(at("a.mp4"), at(".Trash/a.mp4")).unwrap();
        let copy = |name: &str, count: usize, age: Duration| {
            write(at(name), content(count)).unwrap();
            std::fs::File::options().write(true).open(at(name)).unwrap().set_modified(written - age).unwrap();
        };
        copy("longer.mp4", 3, Duration::ZERO);
        copy("older.mp4", 2, Duration::from_secs(60));
        copy("as old.mp4", 2, Duration::ZERO);
        copy("a.mkv", 2, Duration::ZERO);
        assert_eq!(search_one(&lost), [] as [PathBuf; 0]);
        assert_eq!(search_one(&Lost { has_proof: true, ..lost.clone() }), [at("as old.mp4")], "its bytes will tell");
        create_dir_all(at("disk")).unwrap();
        copy("disk/a.mp4", 2, Duration::from_secs(1));
        assert_eq!(search_one(&lost), [at("disk/a.mp4")], "copied to another disk, under its name");
        assert_eq!(search(&[lost], &AtomicBool::new(true)), [[] as [PathBuf; 0]], "given up");
    }

    #[test]
    fn no_folder_above_a_home_or_a_drive_is_searched() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home/ada");
        create_dir_all(home.join("Videos")).unwrap();
        let of = |path: &Path| rings(path, Some(&home));
        assert_eq!(of(&home.join("Videos/week 1/a.mp4")), [home.join("Videos"), home.clone()]);
        assert_eq!(of(&folder.path().join("home/a.mp4")), [] as [PathBuf; 0]);
    }
}
