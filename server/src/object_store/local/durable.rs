//! What was answered with 200 must still be there after the power went: files and the folders that name them are flushed.

use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Virus scanners hold new files for a moment, and Windows refuses to rename what is held.
const RENAME_TRIES: u32 = if cfg!(windows) { 20 } else { 1 };
const RENAME_PAUSE: Duration = Duration::from_millis(50);

/// Makes the names in a folder last (fsync(2); `F_FULLFSYNC` on macOS, which
/// <https://doc.rust-lang.org/std/fs/struct.File.html#method.sync_all> uses). Windows has no such call and journals names
/// by itself.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let mut tries_left = RENAME_TRIES;
    loop {
        tries_left -= 1;
        match fs::rename(from, to) {
            Err(error) if tries_left > 0 && error.kind() == io::ErrorKind::PermissionDenied => {
                std::thread::sleep(RENAME_PAUSE);
            }
            done => return done,
        }
    }
}

/// All or nothing: a reader sees no half of it. The folder is not flushed yet.
pub(super) fn write_json(folder: &Path, name: &str, value: &impl Serialize) -> io::Result<()> {
    let unfinished = folder.join(format!("{name}.new"));
    let mut file = File::create(&unfinished)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    file.sync_all()?;
    drop(file);
    rename(&unfinished, &folder.join(name))
}
