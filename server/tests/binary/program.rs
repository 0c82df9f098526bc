//! `lectern-server` as a process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub struct Running {
    pub child: Child,
    pub address: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }
}

/// With nothing of our own environment.
pub fn on_database(database: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lectern-server"));
    command.arg("--database").arg(database).args(arguments);
    for name in [
        "LECTERN_DATABASE",
        "LECTERN_STORE",
        "LECTERN_STORE_KEY_ID",
        "LECTERN_STORE_KEY",
        "LECTERN_LISTEN",
        "LECTERN_METRICS",
    ] {
        command.env_remove(name);
    }
    command
}

/// On SQLite in this folder.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    on_database(&format!("sqlite:{}", folder.join("server.sqlite").display()), arguments)
}

pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder, arguments).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// Once it says where it listens.
pub fn started(command: &mut Command) -> Running {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").unwrap();
    Running { child, address: format!("http://{address}") }
}

pub fn serve(folder: &Path) -> Running {
    let mut command = program(folder, &["serve", "--listen", "127.0.0.1:0", "--store-folder"]);
    started(command.arg(folder.join("store")))
}
