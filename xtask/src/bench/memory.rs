//! What a long queue and a slow line cost: starting with ten thousand files that wait, and sixteen parts that crawl.

use super::measure::{Cost, cost};
use super::stores::{self, CRAWL, Store};
use super::{build, files, tools};
use crate::place;
use crate::run::{Result, io, run, say};
use crate::setup;
use serde_json::json;
use std::path::Path;
use std::process::{Command, Stdio};

/// Odd, so that the median is a run.
const STARTS: usize = 5;
const PARTS: usize = 16;
/// Until every part has what it reads ahead.
const SECONDS: usize = 60;

/// Prints what was measured, and for scripts one JSON object as the last line.
pub fn memory(is_json: bool) -> Result {
    setup::for_bench()?;
    build(&[
        ("lectern-cli", "lectern-cli"),
        ("lectern-backend-tests", "bench_store"),
        ("lectern-backend-tests", "bench_parts"),
    ])?;
    let folder = place::root().join("target/bench");
    let (empty, full, sent) = queue(&folder)?;
    let (crawling, at_once, received) = crawl(&folder)?;
    for (what, cost) in [
        ("a start with nothing queued", empty),
        ("a start with 10,000 files queued", full),
        ("10,000 files of 1 KiB sent", sent),
        ("16 parts at 1 Mbit/s over TLS", crawling),
    ] {
        say(&format!("{what:<34} {:>7.2} s {:>4} MiB", cost.wall, cost.memory_kib / 1024));
    }
    say(&format!("bodies that came at once: {at_once}; came whole: {received} bytes"));
    if is_json {
        let row = |cost: Cost| json!({ "wall": cost.wall, "cpu": cost.cpu, "memory_kib": cost.memory_kib });
        println!(
            "{}",
            json!({
                "start_empty": row(empty),
                "start_queued": row(full),
                "send_queued": row(sent),
                "crawl": row(crawling),
                "crawl_parts_at_once": at_once,
            })
        );
    }
    Ok(())
}

/// A start without and with a long queue, and what sending it takes.
fn queue(folder: &Path) -> Result<(Cost, Cost, Cost)> {
    let workload = files::queue(&folder.join("files"))?;
    let scratch = scratch(folder)?;
    let store = Store::start(stores::KINDS[0], &folder.join("store"))?;
    tools::workspace(&scratch, &store)?;
    let of_workspace = |words: &[&str]| -> Result<Command> {
        let mut command = tools::ours(&scratch, &store)?;
        command.args(["--workspace", "bench", "--json"]).args(words);
        Ok(command)
    };
    let start = || -> Result<Cost> {
        let costs = (0..STARTS).map(|_| cost(&of_workspace(&["status"])?)).collect::<Result<Vec<_>>>()?;
        Ok(Cost::median(&costs))
    };
    let empty = start()?;
    let mut add = of_workspace(&["library", "add", "--no-wait"])?;
    // Some go while the program ends.
    run(add.arg(&workload.folder).stdout(Stdio::null()))?;
    let full = start()?;
    let sent = cost(&of_workspace(&["queue"])?)?;
    Ok((empty, full, sent))
}

/// Also answers how many parts there really were at once, and how many bytes came whole.
fn crawl(folder: &Path) -> Result<(Cost, u64, u64)> {
    let workloads = files::make(&folder.join("files"))?;
    let file = workloads.first().map(|largest| largest.paths()).transpose()?.unwrap_or_default();
    let scratch = scratch(folder)?;
    let mut store = Store::start(CRAWL, &folder.join("store"))?;
    let mut command = Command::new(place::built_for_release("bench_parts")?);
    command.arg(scratch.join("workspace")).args(file).args([PARTS, SECONDS].map(|number| number.to_string()));
    let cost = cost(command.arg(store.told.trim()))?;
    let (received, at_once) = store.received()?;
    Ok((cost, at_once, received))
}

fn scratch(folder: &Path) -> Result<std::path::PathBuf> {
    let scratch = folder.join("scratch");
    drop(std::fs::remove_dir_all(&scratch));
    std::fs::create_dir_all(&scratch).map_err(io(scratch.display()))?;
    Ok(scratch)
}
