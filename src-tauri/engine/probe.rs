//! The probing child alone, for tests that need a program to run: the app's `main` begins with the same call.

use std::process::ExitCode;

fn main() -> ExitCode {
    lectern_engine::media::child_main(std::env::args_os().skip(1)).unwrap_or(ExitCode::FAILURE)
}
