//! Everything that must hold before a change is taken, with the time each step took.

use crate::run::{Result, Trouble, cargo, run, run_reading, say};
use crate::tally::Tally;
use crate::{place, python, setup, start, ui};
use std::process::Command;
use std::time::{Duration, Instant};

/// The integration test that opens windows; it has a step of its own.
const WINDOW: &str = "window";

pub fn test() -> Result {
    let mut steps = Steps::default();
    let outcome = all(&mut steps);
    steps.report();
    match outcome {
        Ok(()) if steps.tally.failed == 0 => Ok(()),
        Ok(()) | Err(Trouble::Reported) => Err(Trouble::Reported),
        Err(trouble) => Err(trouble),
    }
}

/// Longer than the suite has time for. By name from the whole workspace: one package alone would have its dependencies
/// compiled again with fewer features.
pub fn torture(options: &[&str]) -> Result {
    let bins = ["--bin", "torture", "--bin", "crash_child"];
    run(cargo(&place::root()).args(["build", "--workspace", "--exclude", "xtask"]).args(bins))?;
    run(Command::new(place::built("torture")?).args(options))
}

/// The same of the sync's simulation.
pub fn sim(options: &[&str]) -> Result {
    run(cargo(&place::root()).args(["build", "--workspace", "--exclude", "xtask", "--bin", "sim"]))?;
    run(Command::new(place::built("sim")?).args(options))
}

fn all(steps: &mut Steps) -> Result {
    steps.must("set-up", |_| setup::for_tests())?;
    // Matters of form do not hide whether the tests pass: they are gathered, and fail the run at its end.
    steps.should("format", |_| run(cargo(&place::root()).args(["fmt", "--all", "--check"])));
    steps.should("window lint", |_| ui::script("lint"));
    steps.should("window types", |_| ui::script("types"));
    steps.must("window tests", ui::test)?;
    // The app holds ui/dist: nothing of it compiles without.
    steps.must("window build", |_| ui::build())?;
    steps.should("clippy", |_| run(&mut clippy()));
    steps.must("build", |_| start::build())?;
    steps.must("backend tests", backend)?;
    if cfg!(target_os = "linux") {
        steps.must("tests in a real window", |tally| cargo_test(&["--test", WINDOW], tally))?;
    } else {
        say("tests in a real window need Linux and are left out here");
    }
    Ok(())
}

fn clippy() -> Command {
    let mut command = cargo(&place::root());
    command.args(["clippy", "--quiet"]).args(place::workspace()).args(["--all-targets", "--", "-D", "warnings"]);
    command
}

/// All but the window's: every other integration test by name, because leaving a package out would change the features
/// of its dependencies and compile them again.
fn backend(tally: &mut Tally) -> Result {
    let names = integration_tests()?;
    let mut selected = vec!["--lib", "--bins", "--examples"];
    selected.extend(names.iter().flat_map(|name| ["--test", name.as_str()]));
    cargo_test(&selected, tally)?;
    cargo_test(&["--doc"], tally)
}

fn cargo_test(selected: &[&str], tally: &mut Tally) -> Result {
    let mut command = cargo(&place::root());
    command.arg("test").args(place::workspace()).arg("--no-fail-fast").args(selected);
    // Scenarios of the backend wait for time-outs more than they compute.
    if !selected.contains(&WINDOW) && std::env::var_os("RUST_TEST_THREADS").is_none() {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        command.env("RUST_TEST_THREADS", (2 * cores).to_string());
    }
    run_reading(python::show(&mut command), |line| tally.add_cargo_line(line))
}

fn integration_tests() -> Result<Vec<String>> {
    let metadata = place::metadata()?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.filter_map(|package| package["targets"].as_array()).flatten();
    let tests = targets.filter(|target| target["kind"][0] == "test");
    Ok(tests.filter_map(|target| target["name"].as_str()).filter(|name| *name != WINDOW).map(str::to_owned).collect())
}

/// What was done, how long it took, and how it ended.
#[derive(Default)]
struct Steps {
    done: Vec<(&'static str, Duration, bool)>,
    tally: Tally,
}

impl Steps {
    /// A step without which the next ones make no sense.
    fn must(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Result) -> Result {
        say(&format!("\n== {name}"));
        let start = Instant::now();
        let failed_before = self.tally.failed;
        let outcome = work(&mut self.tally);
        self.done.push((name, start.elapsed(), outcome.is_ok()));
        if let Err(trouble) = &outcome {
            eprintln!("\n{name}: {trouble}");
            // A failure without a failed test counts as one: the closing line must not look well.
            if self.tally.failed == failed_before {
                self.tally.failed += 1;
            }
        }
        outcome.map_err(|_| Trouble::Reported)
    }

    /// A step whose failure is counted and does not stop the others.
    fn should(&mut self, name: &'static str, work: impl FnOnce(&mut Tally) -> Result) {
        // It has been said and counted.
        drop(self.must(name, work));
    }

    /// The last line is the sum.
    fn report(&self) {
        println!();
        for (name, time, passed) in &self.done {
            println!("{:<24} {:>7.1} s  {}", name, time.as_secs_f64(), if *passed { "passed" } else { "FAILED" });
        }
        let total: Duration = self.done.iter().map(|(_, time, _)| *time).sum();
        println!("{:<24} {:>7.1} s\n", "all", total.as_secs_f64());
        println!("{} passed, {} failed", self.tally.passed, self.tally.failed);
    }
}
