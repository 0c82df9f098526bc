//! Makes every picture of the app that a system asks for from icons/icon.svg. The results are committed: a build needs no
//! renderer.

use crate::run::{Result, io, run};
use crate::{bundle, place, ui};
use std::fs;

/// What the systems' bundles and windows want, of all that the Tauri tools make.
const KEPT: &[&str] = &["32x32.png", "64x64.png", "128x128.png", "128x128@2x.png", "icon.png", "icon.icns", "icon.ico"];
/// Sizes of the hicolor theme beside those
/// (<https://specifications.freedesktop.org/icon-theme-spec/latest/#directory_layout>).
const ALSO: &[&str] = &["16", "24", "48", "256"];

pub fn write() -> Result {
    ui::install()?;
    let icons = place::root().join("icons");
    let made = place::target()?.join("icons");
    let mut all = bundle::tauri("icon");
    run(all.arg(icons.join("icon.svg")).arg("--output").arg(&made))?;
    let mut more = bundle::tauri("icon");
    more.arg(icons.join("icon.svg")).arg("--output").arg(&icons);
    run(more.args(ALSO.iter().flat_map(|size| ["--png", size])))?;
    for name in KEPT {
        fs::copy(made.join(name), icons.join(name)).map_err(io(name))?;
    }
    Ok(())
}
