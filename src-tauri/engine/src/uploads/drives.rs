//! What differs between systems about where files are: drives that come and go, and files that are in a cloud.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// The name of the drive or share a path is on, when that is not there.
#[must_use]
pub fn missing(path: &Path) -> Option<String> {
    let (root, name) = removable(path)?;
    is_missing(&root).then_some(name)
}

/// Where the drive or share that a path is on begins.
#[must_use]
pub fn root_of(path: &Path) -> Option<PathBuf> {
    removable(path).map(|(root, _)| root)
}

/// The same place on every other drive: of a drive that came back under another name or letter.
#[must_use]
pub fn elsewhere(path: &Path) -> Vec<PathBuf> {
    let Some(root) = root_of(path) else { return Vec::new() };
    let Ok(inside) = path.strip_prefix(&root) else { return Vec::new() };
    beside(&root).into_iter().filter(|other| *other != root).map(|other| other.join(inside)).collect()
}

#[cfg(unix)]
fn beside(root: &Path) -> Vec<PathBuf> {
    let entries = root.parent().and_then(|above| std::fs::read_dir(above).ok());
    entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// A share has no other letter.
#[cfg(windows)]
fn beside(root: &Path) -> Vec<PathBuf> {
    let is_disk = root.as_os_str().to_string_lossy().as_bytes().get(1) == Some(&b':');
    let letters = is_disk.then_some('A'..='Z').into_iter().flatten();
    letters.map(|letter| PathBuf::from(format!("{letter}:{}", std::path::MAIN_SEPARATOR))).collect()
}

/// Where desktops mount what is plugged in: below these folders, so many names deep. udisks2 takes a folder for each
/// person (<https://storaged.org/doc/udisks2-api/latest/mount_options.html>).
#[cfg(all(unix, not(target_os = "macos")))]
const MOUNTED_BELOW: &[(&str, usize)] = &[("/run/media", 2), ("/media", 2), ("/mnt", 1)];
#[cfg(target_os = "macos")]
const MOUNTED_BELOW: &[(&str, usize)] = &[("/Volumes", 1)];

#[cfg(unix)]
fn removable(path: &Path) -> Option<(PathBuf, String)> {
    removable_below(path, MOUNTED_BELOW)
}

#[cfg(unix)]
fn removable_below(path: &Path, places: &[(&str, usize)]) -> Option<(PathBuf, String)> {
    places.iter().find_map(|(place, depth)| {
        let inside = path.strip_prefix(place).ok()?;
        let mut root = PathBuf::from(place);
        let names: Vec<_> = inside.components().take(*depth).collect();
        // The file itself is no drive.
        (names.len() == *depth && inside.components().count() > *depth).then_some(())?;
        root.extend(names);
        let name = root.file_name()?.to_string_lossy().into_owned();
        Some((root, name))
    })
}

/// Unmounted, its folder is gone, or is an empty one of the disk above it.
#[cfg(unix)]
fn is_missing(root: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let (Ok(there), Some(above)) = (std::fs::metadata(root), root.parent()) else { return true };
    let is_mounted = std::fs::metadata(above).is_ok_and(|above| above.dev() != there.dev());
    !is_mounted && std::fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none())
}

/// `D:\` or `\\server\share\` (<https://doc.rust-lang.org/std/path/enum.Prefix.html>).
#[cfg(windows)]
fn removable(path: &Path) -> Option<(PathBuf, String)> {
    use std::path::Component;
    let Some(Component::Prefix(prefix)) = path.components().next() else { return None };
    let name = prefix.as_os_str().to_string_lossy().into_owned();
    let mut root = PathBuf::from(prefix.as_os_str());
    root.push(std::path::MAIN_SEPARATOR_STR);
    Some((root, name))
}

#[cfg(windows)]
fn is_missing(root: &Path) -> bool {
    !root.exists()
}

/// Reading it would make OneDrive or another one fetch it, over the very line that uploads need
/// (<https://learn.microsoft.com/windows/win32/fileio/file-attribute-constants>).
#[cfg(windows)]
#[must_use]
pub fn is_placeholder(metadata: &Metadata) -> bool {
    use std::os::windows::fs::MetadataExt as _;
    const RECALL_ON_OPEN: u32 = 0x0004_0000;
    const RECALL_ON_DATA_ACCESS: u32 = 0x0040_0000;
    metadata.file_attributes() & (RECALL_ON_OPEN | RECALL_ON_DATA_ACCESS) != 0
}

/// SF_DATALESS of <sys/stat.h>: iCloud Drive keeps only the name here (`man 2 stat`, "dataless files").
#[cfg(target_os = "macos")]
#[must_use]
pub fn is_placeholder(metadata: &Metadata) -> bool {
    use std::os::macos::fs::MetadataExt as _;
    const DATALESS: u32 = 0x4000_0000;
    metadata.st_flags() & DATALESS != 0
}

/// Linux has no such thing: what mounts a cloud fetches on reading and says nothing.
#[cfg(not(any(windows, target_os = "macos")))]
#[must_use]
pub fn is_placeholder(_metadata: &Metadata) -> bool {
    false
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_is_named_after_where_it_was_mounted() {
        let places = &[("/run/media", 2), ("/mnt", 1)];
        let of = |path: &str| removable_below(Path::new(path), places).map(|(_, name)| name);
        assert_eq!(of("/run/media/ada/LECTURES/week 3/a.mp4").as_deref(), Some("LECTURES"));
        assert_eq!(of("/mnt/nas/a.mp4").as_deref(), Some("nas"));
        assert_eq!(of("/mnt/a.mp4"), None, "a file there is on no drive of its own");
        assert_eq!(of("/run/media/ada/a.mp4"), None);
        assert_eq!(of("/home/ada/a.mp4"), None);
    }

    #[test]
    fn a_mount_point_without_its_drive_is_gone_or_empty() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("LECTURES");
        assert!(is_missing(&root));
        std::fs::create_dir(&root).unwrap();
        assert!(is_missing(&root), "an empty folder is left behind");
        std::fs::write(root.join("a.mp4"), "a").unwrap();
        assert!(!is_missing(&root), "only the file is missing");
    }
}
