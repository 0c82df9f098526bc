//! Where the socket of a workspace is.

use interprocess::local_socket::{GenericFilePath, Name, ToFsName as _};
use std::io;
use std::path::{Path, PathBuf};

/// Beside the lock, in a folder that only its user can enter.
#[cfg(unix)]
const SOCKET: &str = "control.socket";
/// sun_path of Linux has 108 bytes, of macOS 104 (unix(7), unix(4)).
#[cfg(unix)]
const SOCKET_PATH_MAX: usize = 100;

/// A new one for whoever begins to listen.
#[cfg(unix)]
pub(super) fn new(folder: &Path) -> io::Result<PathBuf> {
    let path = folder.join(SOCKET);
    if path.as_os_str().len() > SOCKET_PATH_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidFilename, "the workspace's path is too long for a socket"));
    }
    // Of a run that ended badly: whoever asks here has the workspace's lock.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(path),
    }
}

#[cfg(unix)]
pub(super) fn known(folder: &Path) -> io::Result<PathBuf> {
    Ok(folder.join(SOCKET))
}

/// Pipes are in no folder, and anybody could take a name that can be guessed: it is drawn, and written where only the
/// user reads (<https://learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights>).
#[cfg(windows)]
const PIPE_NAME: &str = "control.pipe";

#[cfg(windows)]
pub(super) fn new(folder: &Path) -> io::Result<PathBuf> {
    let name = format!(r"\\.\pipe\lectern-{}", uuid::Uuid::new_v4());
    std::fs::write(folder.join(PIPE_NAME), &name)?;
    Ok(name.into())
}

#[cfg(windows)]
pub(super) fn known(folder: &Path) -> io::Result<PathBuf> {
    std::fs::read_to_string(folder.join(PIPE_NAME)).map(PathBuf::from)
}

pub(super) fn of(path: &Path) -> io::Result<Name<'_>> {
    path.to_fs_name::<GenericFilePath>()
}
