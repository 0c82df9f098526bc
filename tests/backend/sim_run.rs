//! `sim [--seeds N] [--from S] [--trace]`: plays so many seeds, each twice when told to show that it is the same. The last line
//! is the count; the exit code is 1 when anything did not hold.

use lectern_backend_tests::sim::{Failure, play};
use std::process::ExitCode;
use std::time::Instant;

const USAGE: &str = "usage: sim [--seeds N] [--from S] [--trace]";

fn main() -> Result<ExitCode, Failure> {
    let (mut seeds, mut from, mut trace) = (200, 0, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().ok_or(USAGE)?.parse().map_err(|_| Failure::from(USAGE));
        match argument.as_str() {
            "--seeds" => seeds = number()?,
            "--from" => from = number()?,
            "--trace" => trace = true,
            _ => return Err(USAGE.into()),
        }
    }
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let failed: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    (from..from + seeds)
                        .skip(worker as usize)
                        .step_by(threads as usize)
                        .filter(|seed| !holds(*seed, trace))
                        .count()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or(1)).sum()
    });
    println!("{seeds} seeds from {from} took {:.1} s", began.elapsed().as_secs_f64());
    println!("{{\"seeds\":{seeds},\"failed\":{failed}}}");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn holds(seed: u64, trace: bool) -> bool {
    let play = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(play(seed))
    };
    match play() {
        Ok(lines) => {
            if trace {
                println!("seed {seed}\n  {}", lines.join("\n  "));
            }
            true
        }
        Err(failure) => {
            eprintln!("seed {seed}: {failure}");
            false
        }
    }
}
