//! Where things are: the clone, Cargo's target folder wherever it was put, and what may be kept between clones.

use crate::run::{Result, Trouble, cargo, output_of};
use std::path::PathBuf;

/// The top of the clone. Cargo says where when it runs this; what it said when it built this may be another clone that
/// shares the target folder.
pub fn root() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(built, PathBuf::from);
    own.parent().unwrap_or(&own).to_owned()
}

pub fn ui() -> PathBuf {
    root().join("ui")
}

/// What Cargo knows of the workspace.
pub fn metadata() -> Result<serde_json::Value> {
    let text = output_of(cargo(&root()).args(["metadata", "--no-deps", "--format-version", "1", "--offline"]));
    let value = text.and_then(|text| serde_json::from_str(&text).ok());
    value.ok_or_else(|| Trouble::Needs("`cargo metadata` failed: is Cargo.toml whole?".into()))
}

/// Cargo's target folder, also when CARGO_TARGET_DIR or a configuration moved it.
pub fn target() -> Result<PathBuf> {
    let folder = metadata()?["target_directory"].as_str().map(PathBuf::from);
    folder.ok_or_else(|| Trouble::Needs("`cargo metadata` names no target folder".into()))
}

/// What a command of Cargo works on: everything. On Windows and macOS all but the tests in a real window, which drive X11,
/// D-Bus and WebKitGTK, and do not compile on Windows.
pub fn workspace() -> &'static [&'static str] {
    if cfg!(target_os = "linux") { &["--workspace"] } else { &["--workspace", "--exclude", "lectern-window-tests"] }
}

/// A program that `cargo build` made.
pub fn built(name: &str) -> Result<PathBuf> {
    Ok(target()?.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// The same of `cargo build --release`.
pub fn built_for_release(name: &str) -> Result<PathBuf> {
    Ok(target()?.join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

/// Tools that are fetched once: in `LECTERN_CACHE` when there is one, so that a fresh clone has them already.
pub fn tools() -> PathBuf {
    std::env::var_os("LECTERN_CACHE")
        .map_or_else(|| root().join("target/tools"), |cache| PathBuf::from(cache).join("tools"))
}
