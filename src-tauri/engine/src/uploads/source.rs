//! The file on disk: read by position, never mapped (a drive that goes away would be a SIGBUS), and looked at again and
//! again, because people edit, move and unplug what they upload.

use super::drives;
use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// What tells one state of a file from another without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceFacts {
    pub bytes: u64,
    /// Nanoseconds since 1970.
    pub modified_ns: i64,
    /// Device and inode, or volume and index; zero where the file system has none.
    pub file_id: (u64, u64),
}

/// Why the file cannot be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceProblem {
    #[error("the file is not there")]
    Gone,
    #[error("the drive {0} is not there")]
    DriveGone(String),
    #[error("only a placeholder of the file is here")]
    CloudOnly,
    #[error("the system does not let us read the file")]
    Denied,
    #[error("the file cannot be read: {0}")]
    Unreadable(String),
    #[error("the file has another size")]
    Resized,
    #[error("something still writes into the file")]
    StillWritten,
}

/// How a file stands to the facts known of it. Another size is a [`SourceProblem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Same,
    /// Same size, another time or identity: only reading it again tells whether it is the same.
    Touched(SourceFacts),
}

impl SourceFacts {
    /// # Errors
    /// When the size is another one: an announced asset has the size it was announced with.
    pub fn compare(&self, found: Self) -> Result<Standing, SourceProblem> {
        if self.bytes != found.bytes {
            return Err(SourceProblem::Resized);
        }
        let same_file = self.file_id == found.file_id || self.file_id == (0, 0) || found.file_id == (0, 0);
        Ok(if same_file && self.modified_ns == found.modified_ns { Standing::Same } else { Standing::Touched(found) })
    }
}

impl From<io::Error> for SourceProblem {
    fn from(error: io::Error) -> Self {
        if is_locked(&error) {
            return Self::StillWritten;
        }
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Gone,
            io::ErrorKind::PermissionDenied => Self::Denied,
            // Shorter than a moment ago.
            io::ErrorKind::UnexpectedEof => Self::Resized,
            _ => Self::Unreadable(error.to_string()),
        }
    }
}

/// An open file. All calls block: keep them off the async threads.
pub struct Source {
    file: File,
}

impl Source {
    /// # Errors
    /// When the file is gone or may not be read.
    pub fn open(path: &Path) -> Result<(Self, SourceFacts), SourceProblem> {
        // Before opening: that alone would make the cloud bring the whole file.
        look(path)?;
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let facts = facts_of(path, &metadata);
        Ok((Self { file }, facts))
    }

    /// Fills `buffer` from `offset` on, whatever was read before.
    ///
    /// # Errors
    /// `Resized` when the file ends before the buffer is full.
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), SourceProblem> {
        let mut filled = 0;
        while filled < buffer.len() {
            match read_some(&self.file, &mut buffer[filled..], offset + filled as u64) {
                Ok(0) => return Err(SourceProblem::Resized),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// For readers that want to sniff.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }
}

/// The facts of what is at `path` now.
///
/// # Errors
/// When nothing is there or it cannot be asked.
pub fn look(path: &Path) -> Result<SourceFacts, SourceProblem> {
    let metadata = std::fs::metadata(path).map_err(|error| match SourceProblem::from(error) {
        SourceProblem::Gone => drives::missing(path).map_or(SourceProblem::Gone, SourceProblem::DriveGone),
        problem => problem,
    })?;
    if !metadata.is_file() {
        return Err(SourceProblem::Gone);
    }
    if drives::is_placeholder(&metadata) {
        return Err(SourceProblem::CloudOnly);
    }
    Ok(facts_of(path, &metadata))
}

#[must_use]
pub fn facts_of(path: &Path, metadata: &Metadata) -> SourceFacts {
    SourceFacts { bytes: metadata.len(), modified_ns: modified_ns(metadata), file_id: file_id(path, metadata) }
}

fn modified_ns(metadata: &Metadata) -> i64 {
    let Ok(modified) = metadata.modified() else { return 0 };
    match modified.duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |nanos| -nanos),
    }
}

#[cfg(unix)]
fn file_id(_path: &Path, metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.dev(), metadata.ino())
}

#[cfg(windows)]
fn file_id(path: &Path, _metadata: &Metadata) -> (u64, u64) {
    // Low resolution first: it is there on every file system, and a number that changes its width would look like
    // another file (<https://docs.rs/file-id/0.2/x86_64-pc-windows-msvc/file_id/fn.get_low_res_file_id.html>).
    match file_id::get_low_res_file_id(path) {
        Ok(file_id::FileId::LowRes { volume_serial_number, file_index }) => {
            (u64::from(volume_serial_number), file_index)
        }
        _ => (0, 0),
    }
}

/// Somebody has it for themselves, or a part of it: ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION
/// (<https://learn.microsoft.com/windows/win32/debug/system-error-codes--0-499->).
fn is_locked(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(32 | 33))
}

/// Whether somebody has the file open to write into it. There a file's time may stand still until its writer closes it
/// (<https://learn.microsoft.com/windows/win32/sysinfo/file-times>); elsewhere its time tells.
#[cfg(windows)]
pub fn is_open_for_writing(path: &Path) -> bool {
    use std::os::windows::fs::OpenOptionsExt as _;
    // Who allows others to read and to delete, and not to write, is refused while somebody writes
    // (<https://learn.microsoft.com/windows/win32/fileio/creating-and-opening-files>).
    const READ_AND_DELETE: u32 = 0x1 | 0x4;
    let opened = File::options().read(true).share_mode(READ_AND_DELETE).open(path);
    opened.is_err_and(|error| is_locked(&error))
}

#[cfg(not(windows))]
pub fn is_open_for_writing(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
fn read_some(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::os::unix::fs::FileExt as _;
    file.read_at(buffer, offset)
}

/// Moves the file's own position, unlike Unix: who reads from that goes to the start first
/// (<https://doc.rust-lang.org/std/os/windows/fs/trait.FileExt.html#tymethod.seek_read>).
#[cfg(windows)]
fn read_some(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    use std::os::windows::fs::FileExt as _;
    file.seek_read(buffer, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_the_same_touched_or_resized() {
        let facts = SourceFacts { bytes: 10, modified_ns: 5, file_id: (1, 2) };
        let later = SourceFacts { modified_ns: 6, ..facts };
        let replaced = SourceFacts { file_id: (1, 3), ..facts };
        let nameless = SourceFacts { file_id: (0, 0), ..facts };
        assert_eq!(facts.compare(facts), Ok(Standing::Same));
        assert_eq!(facts.compare(nameless), Ok(Standing::Same));
        assert_eq!(facts.compare(later), Ok(Standing::Touched(later)));
        assert_eq!(facts.compare(replaced), Ok(Standing::Touched(replaced)));
        assert_eq!(facts.compare(SourceFacts { bytes: 11, ..facts }), Err(SourceProblem::Resized));
    }

    #[test]
    fn reading_past_the_end_says_that_the_file_was_resized() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("short");
        std::fs::write(&path, b"0123456789").unwrap();
        let (source, facts) = Source::open(&path).unwrap();
        assert_eq!(facts.bytes, 10);
        let mut buffer = [0; 4];
        source.read_at(&mut buffer, 6).unwrap();
        assert_eq!(&buffer, b"6789");
        assert_eq!(source.read_at(&mut buffer, 8), Err(SourceProblem::Resized));
        assert_eq!(look(&folder.path().join("none")), Err(SourceProblem::Gone));
        assert_eq!(look(folder.path()), Err(SourceProblem::Gone));
    }
}
