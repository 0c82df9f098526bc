//! Writes the TypeScript of every command and type. A test fails when somebody forgot to.

use crate::place;
use crate::run::{Result, cargo, io, run};
use std::fs;

pub fn write() -> Result {
    let folder = place::ui().join("src/backend/bindings");
    // A type that is gone leaves no file behind.
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(io(folder.display()))?;
    }
    fs::create_dir_all(&folder).map_err(io(folder.display()))?;
    run(cargo(&place::root())
        .args(["run", "--quiet", "-p", "lectern-shared", "--example", "bindings", "--"])
        .arg(folder))
}
