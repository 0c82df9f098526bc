//! The window's side: dependencies, build, lints and tests, each only when something changed.

use crate::place;
use crate::run::{Result, Trouble, run, say};
use crate::stamp::Stamp;
use crate::tally::Tally;
use std::path::PathBuf;
use std::process::Command;

/// `npm ci`, when the lock file is another than last time.
pub fn install() -> Result {
    let lock = place::ui().join("package-lock.json");
    let stamp = Stamp::of(place::ui().join("node_modules/.lectern-lock"), &[lock])?;
    if stamp.is_fresh() {
        return Ok(());
    }
    say("installing the window's dependencies");
    run(npm().args(["ci", "--no-audit", "--no-fund"]))?;
    stamp.keep()
}

/// Builds `ui/dist`, when a source is another than last time.
pub fn build() -> Result {
    let sources =
        ["src", "public", "index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"];
    let sources: Vec<PathBuf> = sources.iter().map(|name| place::ui().join(name)).collect();
    let stamp = Stamp::of(place::ui().join("node_modules/.lectern-build"), &sources)?;
    if stamp.is_fresh() && place::ui().join("dist/index.html").is_file() {
        return Ok(());
    }
    say("building the window");
    run(npm().args(["run", "--silent", "build"]))?;
    stamp.keep()
}

/// A script of package.json.
pub fn script(name: &str) -> Result {
    run(npm().args(["run", "--silent", name]))
}

/// Runs Vitest and counts its tests, also when some failed.
pub fn test(tally: &mut Tally) -> Result {
    let report = place::ui().join("node_modules/.lectern-vitest.json");
    // An old report must not be counted for a run that never came to write one.
    drop(std::fs::remove_file(&report));
    let mut command = npm();
    command.args(["run", "--silent", "test", "--", "--reporter=default", "--reporter=json"]);
    let done = run(command.arg(format!("--outputFile.json={}", report.display())));
    match (std::fs::read_to_string(&report), done) {
        (Ok(text), done) => {
            tally.add_vitest(&text);
            done
        }
        (Err(_), Ok(())) => Err(Trouble::Needs("Vitest wrote no report of its tests".into())),
        (Err(_), failed) => failed,
    }
}

/// npm, in the window's folder.
pub fn npm() -> Command {
    let mut command = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    command.current_dir(place::ui());
    command
}
