//! What is sent to: a store of ours, and one that keeps nothing.

use crate::place;
use crate::run::{Result, Trouble, io};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub const KINDS: [&str; 2] = ["sink", "local store"];

/// A running store. Ends on drop.
pub struct Store {
    pub kind: &'static str,
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
    folder: PathBuf,
    child: Child,
}

impl Store {
    pub fn start(kind: &'static str, folder: &Path) -> Result<Self> {
        // Of an earlier run.
        drop(std::fs::remove_dir_all(folder));
        let mut command = Command::new(place::built_for_release("bench_store")?);
        match kind {
            "sink" => command.arg("sink"),
            _ => command.arg("local").arg(folder),
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(io("bench_store"))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(io("bench_store"))?;
        }
        let said: serde_json::Value =
            serde_json::from_str(&line).map_err(|_| Trouble::Needs(format!("bench_store said {line:?}")))?;
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            kind,
            endpoint: text("endpoint").trim_end_matches('/').to_owned(),
            region: text("region"),
            bucket: text("bucket"),
            access_key: text("access_key"),
            secret_key: text("secret_key"),
            folder: folder.to_owned(),
            child,
        })
    }

    /// Takes what was sent away, so that the disk is as it was for the next one.
    pub fn empty(&self) -> Result {
        let objects = self.folder.join("objects");
        for entry in std::fs::read_dir(&objects).into_iter().flatten().flatten() {
            std::fs::remove_dir_all(entry.path()).map_err(io(objects.display()))?;
        }
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // It ends with its input; if it has ended already, so much the better.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
