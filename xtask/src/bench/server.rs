//! The course server under load. All of it is measured by a program beside it, which says each figure when it knows it.

use super::build;
use crate::place;
use crate::run::{Result, run};
use crate::setup;
use std::process::Command;

/// Fails when a figure is beyond its limit.
pub fn server(options: &[&str]) -> Result {
    setup::for_server_bench()?;
    build(&[("lectern-server", "lectern-server"), ("lectern-backend-tests", "bench_server")])?;
    run(Command::new(place::built_for_release("bench_server")?).args(options))
}
