//! Where things live on each system.

use std::io;
use std::path::PathBuf;
use tauri::{AppHandle, Manager};

/// The folder with a folder for each workspace: `LECTERN_DATA_DIR` when set, else in the app's data folder
/// (<https://docs.rs/tauri/latest/tauri/path/struct.PathResolver.html#method.app_local_data_dir>). Local, not roaming:
/// lectures do not belong on a login server.
///
/// # Errors
/// When the system names no such folder.
pub fn workspaces(handle: &AppHandle) -> io::Result<PathBuf> {
    if let Some(folder) = std::env::var_os("LECTERN_DATA_DIR") {
        return Ok(PathBuf::from(folder));
    }
    let data = handle.path().app_local_data_dir().map_err(io::Error::other)?;
    Ok(data.join("workspaces"))
}
