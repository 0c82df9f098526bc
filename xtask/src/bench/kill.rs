//! What a kill in the middle costs: the same file sent by each tool, killed half-way, and sent again as one would.

use super::files::Workload;
use super::measure::Cost;
use super::stores::{self, Store};
use super::tools::Tool;
use crate::run::{Result, say};
use std::path::Path;
use std::time::Duration;

/// Bytes that had come whole and came again, in all or in part, for each tool.
pub fn cost(folder: &Path, workload: &Workload) -> Result<Vec<serde_json::Value>> {
    say(&format!("\n{} killed half-way, and sent again: bytes the store was sent beyond the file", workload.name));
    let mut rows = Vec::new();
    for tool in Tool::ALL.into_iter().filter(|tool| *tool == Tool::Lectern || tool.is_peer()) {
        let store = Store::start(stores::KINDS[0], &folder.join("store"))?;
        let Cost { wall, .. } = tool.send(folder, &store, workload, 0)?;
        drop(store);
        let mut store = Store::start(stores::KINDS[0], &folder.join("store"))?;
        tool.send_and_kill(folder, &store, workload, Duration::from_secs_f64(wall / 2.0))?;
        tool.send_again(folder, &store, workload)?;
        let again = store.received()?.0.saturating_sub(workload.bytes);
        say(&format!("  {:<8} {:>6} MiB", tool.name(), again >> 20));
        rows.push(serde_json::json!({ "tool": tool.name(), "sent_again": again }));
    }
    Ok(rows)
}
