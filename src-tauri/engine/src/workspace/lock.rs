//! One engine a workspace: an exclusive lock of the system, gone with the process, however that ends: flock(2) on Unix,
//! `LockFileEx` on Windows (<https://docs.rs/fs4/0.13.1/fs4/fs_std/trait.FileExt.html>). The file itself stays, so that
//! two starts never lock two files of one name.

use super::OpenError;
use fs4::fs_std::FileExt;
use std::fs::{File, OpenOptions};
use std::path::Path;

/// Held as long as the engine runs.
pub(super) struct FolderLock(File);

impl FolderLock {
    pub(super) fn take(folder: &Path) -> Result<Self, OpenError> {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(folder.join("lock"))?;
        if file.try_lock_exclusive()? { Ok(Self(file)) } else { Err(OpenError::InUse) }
    }
}

impl Drop for FolderLock {
    fn drop(&mut self) {
        // Closing is not enough on Unix: a program that is just being started has the file open too, for a moment
        // (<https://man7.org/linux/man-pages/man2/flock.2.html>).
        let _ = FileExt::unlock(&self.0);
    }
}
