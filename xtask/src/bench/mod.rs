//! Ours beside the tools people use now: same machine, same store, runs interleaved, medians.

mod files;
mod kill;
mod measure;
mod memory;
mod server;
mod stores;
mod tools;

use crate::place;
use crate::run::{Result, cargo, run, say};
use crate::setup;
use files::Workload;
use measure::Cost;
pub use memory::memory;
pub use server::server;
use stores::Store;
use tools::Tool;

/// Odd, so that the median is a run. One more goes before them: the disk is cold, and the sink sees all for the first time.
const ROUNDS: usize = 3;

/// What of it to run; everything unless told.
#[derive(Default)]
pub struct Options<'a> {
    json: bool,
    store: Option<&'a str>,
    files: Option<&'a str>,
    no_kill: bool,
}

impl<'a> Options<'a> {
    pub fn of(arguments: &[&'a str]) -> Option<Self> {
        let (mut options, mut arguments) = (Self::default(), arguments.iter());
        while let Some(argument) = arguments.next() {
            match *argument {
                "--json" => options.json = true,
                "--no-kill" => options.no_kill = true,
                "--store" => options.store = Some(arguments.next()?),
                "--files" => options.files = Some(arguments.next()?),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Prints a table, and for scripts one JSON array as the last line.
pub fn uploads(options: &Options) -> Result {
    setup::for_bench()?;
    tools::install()?;
    build(&[("lectern-cli", "lectern-cli"), ("lectern-backend-tests", "bench_store")])?;
    let folder = place::root().join("target/bench");
    let workloads = files::make(&folder.join("files"))?;
    let mut rows = Vec::new();
    for kind in stores::KINDS {
        let fits = |workload: &&Workload| {
            workload.is_light == kind.is_slow && options.files.is_none_or(|wanted| wanted == workload.name)
        };
        let chosen: Vec<&Workload> = workloads.iter().filter(fits).collect();
        if chosen.is_empty() || options.store.is_some_and(|wanted| wanted != kind.title()) {
            continue;
        }
        let store = Store::start(kind, &folder.join("store"))?;
        for workload in chosen {
            let row = Row::measure(&folder, &store, workload)?;
            say(&row.text());
            rows.push(row);
        }
    }
    let killed = match workloads.first().filter(|_| !options.no_kill) {
        Some(largest) => kill::cost(&folder, largest)?,
        None => Vec::new(),
    };
    if options.json {
        println!("{}", serde_json::Value::Array(killed));
        println!("{}", serde_json::Value::Array(rows.iter().map(Row::json).collect()));
    }
    Ok(())
}

fn build(programs: &[(&str, &str)]) -> Result {
    for (package, program) in programs {
        run(cargo(&place::root()).args(["build", "--release", "-p", package, "--bin", program]))?;
    }
    Ok(())
}

/// One workload against one store.
struct Row {
    workload: &'static str,
    store: stores::Kind,
    bytes: u64,
    /// Of each tool, round by round. Ours first.
    rounds: Vec<(Tool, Vec<Cost>)>,
}

impl Row {
    fn measure(folder: &std::path::Path, store: &Store, workload: &Workload) -> Result<Self> {
        let mut costs: Vec<(Tool, Vec<Cost>)> = Tool::for_files(workload).map(|tool| (tool, Vec::new())).collect();
        for round in 0..=ROUNDS {
            // Nobody always goes first, when the disk is cold, or last.
            costs.rotate_left(usize::from(round > 0));
            let mut gave_up = Vec::new();
            for (tool, of_it) in &mut costs {
                match tool.send(folder, store, workload, round) {
                    Ok(cost) if round > 0 => of_it.push(cost),
                    Ok(_) => {}
                    // A peer that cannot do it has no row; ours must.
                    Err(trouble) if *tool != Tool::Lectern => {
                        say(&format!("{} is left out: {trouble}", tool.name()));
                        gave_up.push(*tool);
                    }
                    Err(trouble) => return Err(trouble),
                }
                store.empty()?;
            }
            costs.retain(|(tool, _)| !gave_up.contains(tool));
        }
        costs.sort_by_key(|(tool, _)| *tool);
        Ok(Self { workload: workload.name, store: store.kind, bytes: workload.bytes, rounds: costs })
    }

    /// Ours over the best peer's in one column: the median of what it was in each round.
    fn ratio(&self, column: impl Fn(&Cost) -> f64) -> (Tool, f64) {
        let ours = &self.rounds[0].1;
        let peers = self.rounds[1..].iter().filter(|(tool, _)| tool.is_peer()).map(|(tool, theirs)| {
            let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| column(ours) / column(theirs));
            (*tool, measure::median(ratios))
        });
        peers.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((Tool::Lectern, 1.0))
    }

    fn text(&self) -> String {
        let gib = self.bytes as f64 / f64::from(1_u32 << 30);
        let mut lines = vec![format!("\n{} to {}", self.workload, self.store.title())];
        for (tool, costs) in &self.rounds {
            let cost = Cost::median(costs);
            lines.push(format!(
                "  {:<8} {:>7.2} s {:>7.2} CPU s/GiB {:>6} MiB",
                tool.name(),
                cost.wall,
                cost.cpu / gib,
                cost.memory_kib / 1024
            ));
        }
        let (wall, cpu, memory) = (self.ratio(|c| c.wall), self.ratio(|c| c.cpu), self.ratio(|c| c.memory_kib as f64));
        lines.push(format!(
            "  of the best: wall {:.2} ({}), CPU {:.2} ({}), memory {:.2} ({})",
            wall.1,
            wall.0.name(),
            cpu.1,
            cpu.0.name(),
            memory.1,
            memory.0.name()
        ));
        lines.join("\n")
    }

    fn json(&self) -> serde_json::Value {
        let wall = self.ratio(|cost| cost.wall);
        serde_json::json!({
            "workload": self.workload,
            "store": self.store.name,
            "tls": self.store.tls,
            "best_peer": wall.0.name(),
            "wall_ratio": wall.1,
            "cpu_ratio": self.ratio(|cost| cost.cpu).1,
            "rss_ratio": self.ratio(|cost| cost.memory_kib as f64).1,
        })
    }
}
