//! Wall time, CPU and memory of a whole process tree, by GNU time.

use crate::run::{Result, Trouble, io};
use std::process::{Command, Stdio};

#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Seconds.
    pub wall: f64,
    /// Seconds in user and kernel, children included.
    pub cpu: f64,
    /// The largest resident set of any one process.
    pub memory_kib: u64,
}

/// Runs a command to its end. What it says is shown only when it fails.
pub fn cost(command: &Command) -> Result<Cost> {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%e %U %S %M"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    let output = timed.stdin(Stdio::null()).output().map_err(io("time"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(Trouble::Needs(format!("{} failed: {said}", command.get_program().display())));
    }
    let last = said.lines().last().unwrap_or_default();
    let numbers: Vec<f64> = last.split(' ').filter_map(|number| number.parse().ok()).collect();
    match numbers[..] {
        [wall, user, system, memory] => Ok(Cost { wall, cpu: user + system, memory_kib: memory as u64 }),
        _ => Err(Trouble::Needs(format!("time said {last:?}"))),
    }
}

impl Cost {
    /// Of each column by itself.
    pub fn median(costs: &[Self]) -> Self {
        Self {
            wall: median(costs.iter().map(|cost| cost.wall)),
            cpu: median(costs.iter().map(|cost| cost.cpu)),
            memory_kib: median(costs.iter().map(|cost| cost.memory_kib as f64)) as u64,
        }
    }
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
