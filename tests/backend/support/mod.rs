//! Other people's servers, and proxies in front of them.

pub mod fault_proxy;
pub mod mending_proxy;
pub mod moto;
pub mod postgres;
pub mod python;
pub mod rclone;

use std::path::{Path, PathBuf};

/// The top of the clone, as Cargo names it when it runs this: what it was when this was built may be another clone that
/// shares the target folder.
#[must_use]
pub fn repository() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(built, PathBuf::from);
    own.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(&own).to_owned()
}

/// A copy of a SQLite database as it is now, whoever has it open: what lies in its log only is in the copy too.
///
/// # Errors
/// When it cannot be read, or there is a file of that name.
pub fn copy_database(from: &Path, to: &Path) -> Result<(), rusqlite::Error> {
    rusqlite::Connection::open(from)?.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(drop)
}
