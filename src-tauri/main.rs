//! Lectern, the desktop app: starts what the window needs and ends it in order.

// No console window beside the app on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

mod app;
mod ipc;
mod platform;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The same program looks into files in a process of its own, before anything else of the app exists.
    if let Some(code) = lectern_engine::media::child_main(std::env::args_os().skip(1)) {
        return code;
    }
    platform::log::start();
    platform::opened::name_files_in_text();
    app::run()
}
