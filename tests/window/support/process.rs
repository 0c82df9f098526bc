//! Child processes that never outlive their owner, and never take anybody else's with them.

use crate::failure::{Failure, Result};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A child in a process group of its own. The whole group is killed on drop.
pub struct Owned {
    child: Child,
    name: String,
}

/// A program that the kernel kills when we end without a chance to: a suite that is itself killed leaves nothing behind.
#[must_use]
pub fn program(name: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--", name]);
    command
}

impl Owned {
    /// Starts what [`program`] made.
    pub fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_args().nth(3).unwrap_or(command.get_program()).to_string_lossy().into_owned();
        let child = command
            .process_group(0)
            .spawn()
            .map_err(|error| Failure::NotStarted { program: name.clone(), reason: error.to_string() })?;
        Ok(Self { child, name })
    }

    /// Starts it and waits for the first line of its standard output.
    pub fn start_and_read_line(command: &mut Command) -> Result<(Self, String)> {
        let mut owned = Self::start(command.stdout(Stdio::piped()))?;
        let stdout = owned.child.stdout.take();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            let Some(stdout) = stdout else { return };
            let mut reader = BufReader::new(stdout);
            let read = reader.read_line(&mut line);
            drop(sender.send(read.map(|_| line)));
            // Keep reading: a full pipe would stop the child.
            drop(std::io::copy(&mut reader, &mut std::io::sink()));
        });
        match receiver.recv_timeout(Duration::from_secs(20)) {
            Ok(Ok(line)) if !line.trim().is_empty() => Ok((owned, line.trim().to_owned())),
            _ => Err(Failure::NotStarted { program: owned.name.clone(), reason: "it never said it is ready".into() }),
        }
    }

    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// True while it runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(group) = pid(self.child.id()) {
            // The group is ours: `process_group(0)` made it. It may have ended already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.wait());
    }
}

fn pid(raw: u32) -> Option<Pid> {
    i32::try_from(raw).ok().and_then(Pid::from_raw)
}

/// SIGKILL, as a power cut would do it.
pub fn kill_now(raw: u32) {
    signal(raw, Signal::KILL);
}

/// SIGTERM, as a session's end would do it.
pub fn ask_to_end(raw: u32) {
    signal(raw, Signal::TERM);
}

fn signal(raw: u32, signal: Signal) {
    if let Some(pid) = pid(raw) {
        // It may have ended already.
        let _ = kill_process(pid, signal);
    }
}

/// The child of `parent` that runs `binary`.
#[must_use]
pub fn child_running(parent: u32, binary: &Path) -> Option<u32> {
    let binary = binary.canonicalize().ok()?;
    fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok()).find(|pid| {
        parent_of(*pid) == Some(parent) && fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == binary)
    })
}

/// Whether `pid` is a running child of `parent`.
#[must_use]
pub fn is_child(parent: u32, pid: u32) -> bool {
    parent_of(pid) == Some(parent)
}

/// None when the process is gone or waits to be reaped.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold spaces and parentheses itself.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.next()?.parse().ok()
}

/// Waits until the process is gone. False when it still runs at the end.
pub async fn wait_until_gone(pid: u32, at_most: Duration) -> bool {
    let end = Instant::now() + at_most;
    while parent_of(pid).is_some() {
        if Instant::now() > end {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    true
}
