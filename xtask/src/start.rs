//! Builds the app and opens it, or does its main job in a virtual desktop.

use crate::run::{Result, Trouble, cargo, run, say};
use crate::{place, setup, ui};
use std::process::Command;

/// Whether a window can be opened here.
pub fn has_display() -> bool {
    if !cfg!(target_os = "linux") {
        return true;
    }
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let display = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    if !display {
        say("there is no display here: the app opens in a virtual desktop and does its main job there");
    }
    display
}

pub fn start(window: bool) -> Result {
    if !window && !cfg!(target_os = "linux") {
        return Err(Trouble::Needs("--headless needs Linux: it drives WebKitGTK in a virtual X desktop.".into()));
    }
    setup::for_start(window)?;
    ui::build()?;
    build()?;
    run(&mut Command::new(place::built(if window { "lectern" } else { "headless" })?))
}

/// Builds every program. Always the whole workspace, so that `start` and `test` share what Cargo has built.
///
/// No feature is needed for the built window to be loaded: without a `devUrl` in tauri.conf.json debug builds carry
/// ui/dist as release builds do. On Windows a running xtask cannot be replaced, so it is left out.
pub fn build() -> Result {
    run(cargo(&place::root()).arg("build").args(place::workspace()).args(["--exclude", "xtask"]))
}

/// Takes the pictures of README.md again.
pub fn screenshots() -> Result {
    setup::for_start(false)?;
    ui::build()?;
    build()?;
    run(Command::new(place::built("headless")?).arg("--pictures").arg(place::root().join("docs/screenshots")))
}
