//! The project's own commands: `cargo xtask start`, `cargo xtask test` and what they are made of.

mod audit;
mod bench;
mod bindings;
mod bundle;
mod contract;
mod icons;
mod notices;
mod packages;
mod place;
mod python;
mod run;
mod setup;
mod stamp;
mod start;
mod tally;
mod test;
mod ui;

use run::{Result, Trouble};
use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask COMMAND

  start [--headless]   builds and opens the app; --headless (or no display) does the main job in a virtual desktop
  test                 formatting, lints, the window's tests, backend tests, tests in a real window
  setup                installs what the other commands need
  contract             asks every object store here for what uploads rely on; your own bucket with
                         --endpoint URL --region REGION --bucket BUCKET [--prefix PREFIX]
                       and its key in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  bindings             writes the TypeScript of the commands and types in shared/
  screenshots          takes the pictures in docs/screenshots again
  bundle [--check]     makes packages for this system; --check installs the .deb, uses it, and takes it away
  bench uploads [--json] [--store NAME] [--files NAME] [--no-kill]
                       sends the same files with Lectern and with the tools people use now, side by side
  bench memory [--json]
                       what 10,000 queued files cost at a start, and 16 parts on a line of 1 Mbit/s
  bench server [--json] [--database sqlite|postgres]
                       the course server with 5,000 devices, 200 pushes a second and a restart; fails beyond its limits
  audit [--network]    what we depend on: licences, bans, sources; --network also asks for known holes
  sbom                 lists everything that is in a build, in target/sbom (CycloneDX)
  icons                makes the app's pictures from icons/icon.svg again
  torture [--kills N] [--seed S]
                       kills the app at random moments and counts what was lost, doubled, left behind or sent again
  sim [--seeds N] [--from S] [--trace]
                       plays histories of the sync in which everything goes wrong, and looks whether all agree at the end";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match command(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Trouble::Reported) => ExitCode::FAILURE,
        Err(trouble) => {
            eprintln!("\nxtask: {trouble}");
            ExitCode::FAILURE
        }
    }
}

fn command(arguments: &[&str]) -> Result {
    match arguments {
        ["start"] => start::start(start::has_display()),
        ["start", "--headless"] => start::start(false),
        ["test"] => test::test(),
        ["setup"] => setup::everything(),
        ["contract", rest @ ..] => contract::ask(rest),
        ["bench", "uploads", options @ ..] => bench::uploads(&bench::Options::of(options).ok_or_else(usage)?),
        ["bench", "memory"] => bench::memory(false),
        ["bench", "memory", "--json"] => bench::memory(true),
        ["bench", "server", options @ ..] => bench::server(options),
        ["bindings"] => bindings::write(),
        ["bundle"] => bundle::bundle(),
        ["bundle", "--check"] => bundle::check(),
        ["audit"] => audit::audit(false),
        ["audit", "--network"] => audit::audit(true),
        ["sbom"] => audit::sbom(),
        ["icons"] => icons::write(),
        ["screenshots"] => start::screenshots(),
        ["torture", options @ ..] => test::torture(options),
        ["sim", options @ ..] => test::sim(options),
        _ => Err(usage()),
    }
}

fn usage() -> Trouble {
    Trouble::Needs(USAGE.to_owned())
}
