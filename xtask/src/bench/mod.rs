//! Ours beside the tools people use now: same machine, same store, runs interleaved, medians.

mod files;
mod kill;
mod measure;
mod stores;
mod tools;

use crate::place;
use crate::run::{Result, cargo, run, say};
use crate::setup;
use files::Workload;
use measure::Cost;
use stores::Store;
use tools::Tool;

/// Odd, so that the median is a run.
const ROUNDS: usize = 3;

/// Prints a table, and with `json` one JSON array as the last line.
pub fn uploads(json: bool) -> Result {
    setup::for_bench()?;
    tools::install()?;
    for (package, program) in [("lectern-cli", "lectern-cli"), ("lectern-backend-tests", "bench_store")] {
        run(cargo(&place::root()).args(["build", "--release", "-p", package, "--bin", program]))?;
    }
    let folder = place::root().join("target/bench");
    let workloads = files::make(&folder.join("files"))?;
    let mut rows = Vec::new();
    for kind in stores::KINDS {
        let store = Store::start(kind, &folder.join("store"))?;
        for workload in workloads.iter().filter(|workload| workload.is_light == kind.is_slow) {
            let row = Row::measure(&folder, &store, workload)?;
            say(&row.text());
            rows.push(row);
        }
    }
    let killed = match workloads.first() {
        Some(largest) => kill::cost(&folder, largest)?,
        None => Vec::new(),
    };
    if json {
        println!("{}", serde_json::Value::Array(rows.iter().map(Row::json).collect()));
        println!("{}", serde_json::Value::Array(killed));
    }
    Ok(())
}

/// One workload against one store: the median of each tool.
struct Row {
    workload: &'static str,
    store: stores::Kind,
    bytes: u64,
    medians: Vec<(Tool, Cost)>,
}

impl Row {
    fn measure(folder: &std::path::Path, store: &Store, workload: &Workload) -> Result<Self> {
        let mut costs: Vec<(Tool, Vec<Cost>)> = Tool::ALL.iter().map(|tool| (*tool, Vec::new())).collect();
        for round in 0..ROUNDS {
            // Nobody always goes first, when the disk is cold, or last.
            let from = round % costs.len();
            costs.rotate_left(from);
            let mut gave_up = Vec::new();
            for (tool, of_it) in &mut costs {
                match tool.send(folder, store, workload, round) {
                    Ok(cost) => of_it.push(cost),
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
        let medians = costs.into_iter().map(|(tool, of_it)| (tool, measure::median(of_it))).collect();
        Ok(Self { workload: workload.name, store: store.kind, bytes: workload.bytes, medians })
    }

    fn store_name(&self) -> String {
        format!("{}{}", self.store.name, if self.store.tls { " over TLS" } else { "" })
    }

    /// Ours over the best peer's in one column.
    fn ratio(&self, column: impl Fn(&Cost) -> f64) -> (Tool, f64) {
        let ours = column(&self.medians[0].1);
        let peers = self.medians[1..].iter().map(|(tool, cost)| (*tool, ours / column(cost)));
        peers.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((Tool::Lectern, 1.0))
    }

    fn text(&self) -> String {
        let gib = self.bytes as f64 / f64::from(1_u32 << 30);
        let mut lines = vec![format!("\n{} to {}", self.workload, self.store_name())];
        for (tool, cost) in &self.medians {
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
