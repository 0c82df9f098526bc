//! Where pictures and evidence go, and where the app under test is.

use crate::failure::{Failure, Result};
use std::path::PathBuf;

/// The top of the clone, as Cargo names it when it runs this: what it was when this was built may be another clone that
/// shares the target folder.
#[must_use]
pub fn repository() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(built, PathBuf::from);
    own.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(&own).to_owned()
}

/// `target/lectern` in the clone, whatever target folder Cargo was given: people look for pictures there.
pub fn pictures() -> Result<PathBuf> {
    let folder = repository().canonicalize().map_err(Failure::io("the clone"))?.join("target/lectern");
    std::fs::create_dir_all(&folder).map_err(Failure::io(folder.display()))?;
    Ok(folder)
}

/// `target/lectern/failures`.
pub fn failures() -> Result<PathBuf> {
    let folder = pictures()?.join("failures");
    std::fs::create_dir_all(&folder).map_err(Failure::io(folder.display()))?;
    Ok(folder)
}

/// The app's binary: `LECTERN_APP`, else the one beside this program, so that it follows CARGO_TARGET_DIR.
pub fn app_binary() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("LECTERN_APP") {
        return Ok(PathBuf::from(path));
    }
    let own = std::env::current_exe().map_err(Failure::io("this program's path"))?;
    // `target/debug/headless` and `target/debug/deps/window-…` both have it in a folder above.
    own.ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join("lectern"))
        .find(|path| path.is_file())
        .ok_or_else(|| Failure::Missing(own.with_file_name("lectern: build it with `cargo build --workspace`")))
}
