//! What is sent to: a store of ours, and one that keeps nothing.

use crate::place;
use crate::run::{Result, Trouble, io};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A store, and how it is reached.
#[derive(Clone, Copy)]
pub struct Kind {
    pub name: &'static str,
    arguments: &'static [&'static str],
    has_folder: bool,
    pub tls: bool,
    /// 20 ms and 50 Mbit/s: less is sent over it.
    pub is_slow: bool,
}

pub const KINDS: [Kind; 6] = [
    Kind { name: "sink", arguments: &["sink"], has_folder: false, tls: false, is_slow: false },
    Kind { name: "sink", arguments: &["sink", "--tls"], has_folder: false, tls: true, is_slow: false },
    Kind {
        name: "sink, 50 Mbit/s",
        arguments: &["--line", "50", "sink"],
        has_folder: false,
        tls: false,
        is_slow: true,
    },
    Kind {
        name: "sink, 50 Mbit/s",
        arguments: &["--line", "50", "sink", "--tls"],
        has_folder: false,
        tls: true,
        is_slow: true,
    },
    Kind { name: "rclone serve s3", arguments: &["rclone"], has_folder: true, tls: false, is_slow: false },
    Kind { name: "local store", arguments: &["local"], has_folder: true, tls: false, is_slow: false },
];

impl Kind {
    pub fn title(self) -> String {
        format!("{}{}", self.name, if self.tls { " over TLS" } else { "" })
    }
}

/// Hardly a line: 1 Mbit/s.
pub const CRAWL: Kind = Kind {
    name: "sink, 1 Mbit/s",
    arguments: &["--line", "1", "sink", "--tls"],
    has_folder: false,
    tls: true,
    is_slow: true,
};

/// A running store. Ends on drop.
pub struct Store {
    pub kind: Kind,
    pub endpoint: String,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
    /// The certificate to trust, in PEM.
    pub root: Option<PathBuf>,
    /// As it told where it is.
    pub told: String,
    folder: PathBuf,
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
}

impl Store {
    pub fn start(kind: Kind, folder: &Path) -> Result<Self> {
        // Of an earlier run.
        drop(std::fs::remove_dir_all(folder));
        let mut command = Command::new(place::built_for_release("bench_store")?);
        command.args(kind.arguments);
        if kind.has_folder {
            command.arg(folder);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(io("bench_store"))?;
        let mut line = String::new();
        let mut stdout = child.stdout.take().map(BufReader::new);
        if let Some(stdout) = &mut stdout {
            stdout.read_line(&mut line).map_err(io("bench_store"))?;
        }
        let said: serde_json::Value =
            serde_json::from_str(&line).map_err(|_| Trouble::Needs(format!("bench_store said {line:?}")))?;
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        let root = match said["root"].as_str() {
            Some(pem) => {
                let file = folder.with_extension("pem");
                std::fs::write(&file, pem).map_err(io(file.display()))?;
                Some(file)
            }
            None => None,
        };
        Ok(Self {
            kind,
            root,
            told: line,
            endpoint: text("endpoint").trim_end_matches('/').to_owned(),
            region: text("region"),
            bucket: text("bucket"),
            access_key: text("access_key"),
            secret_key: text("secret_key"),
            folder: folder.to_owned(),
            child,
            stdout,
        })
    }

    /// Ends it, and says how many bytes it was sent, and how many bodies came at once. Of the sink alone.
    pub fn received(&mut self) -> Result<(u64, u64)> {
        drop(self.child.stdin.take());
        let mut line = String::new();
        if let Some(stdout) = &mut self.stdout {
            stdout.read_line(&mut line).map_err(io("bench_store"))?;
        }
        let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let received = said["received"].as_u64().zip(said["most_at_once"].as_u64());
        received.ok_or_else(|| Trouble::Needs(format!("bench_store said {line:?}")))
    }

    /// Takes what was sent away, so that the disk is as it was for the next one.
    pub fn empty(&self) -> Result {
        // Ours keeps objects there; rclone the bucket's.
        for objects in ["objects", &self.bucket].map(|name| self.folder.join(name)) {
            for entry in std::fs::read_dir(&objects).into_iter().flatten().flatten() {
                let path = entry.path();
                let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
                removed.map_err(io(path.display()))?;
            }
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
