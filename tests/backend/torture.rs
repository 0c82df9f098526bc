//! `torture [--kills N] [--seed S]`: kills the app so often while it works, and counts what that broke. The last line is
//! the count; the exit code is 1 unless nothing was lost, doubled, left behind or sent again.

use lectern_backend_tests::crashes::{Failure, torture};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "usage: torture [--kills N] [--seed S]";

#[tokio::main]
async fn main() -> Result<ExitCode, Failure> {
    let (mut kills, mut seed) = (200, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or(USAGE)?;
        match argument.as_str() {
            "--kills" => kills = value.parse()?,
            "--seed" => seed = value.parse()?,
            _ => return Err(USAGE.into()),
        }
    }
    let child = std::env::current_exe()?.with_file_name(format!("crash_child{}", std::env::consts::EXE_SUFFIX));
    let began = Instant::now();
    let tally = torture(&child, kills, seed).await?;
    for finding in &tally.findings {
        eprintln!("{finding}");
    }
    println!("{kills} kills with seed {seed} took {:.1} s", began.elapsed().as_secs_f64());
    println!("{tally}");
    Ok(if tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
