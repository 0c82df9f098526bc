//! Programs of Python's registry, in a folder of their own, so that the system stays as it is.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

/// moto reads half of the SDK for Python before it listens.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// A server that chose its own port. Ends on drop.
pub struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it says where it listens: `http://127.0.0.1:PORT` on its standard error.
    ///
    /// # Errors
    /// When it does not start, or not in time.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let address = child.stderr.take().map(listening_address).transpose();
        match address {
            Ok(Some(address)) => Ok(Self { child, address }),
            other => {
                end(&mut child);
                Err(other.err().unwrap_or_else(|| io::Error::other("it has no output")))
            }
        }
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}

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
    receiver.recv_timeout(START_PATIENCE).map_err(|_| io::Error::other("it does not say that it listens"))
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|letter: char| letter != '.' && letter != ':' && !letter.is_ascii_digit());
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// `variable`, which `cargo xtask test` sets, else the place where it installs the program, else installed there now.
///
/// # Errors
/// When it cannot be installed; the text says why.
pub fn program(name: &str, variable: &str, packages: &[&str]) -> io::Result<PathBuf> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    if let Some(path) = std::env::var_os(variable) {
        return Ok(path.into());
    }
    let venv = std::env::var_os("LECTERN_CACHE")
        .map_or_else(|| super::repository().join("target/tools/venv"), |cache| Path::new(&cache).join("tools/venv"));
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let program = in_folder(&venv, name);
    if !program.is_file() {
        if !in_folder(&venv, "python").is_file() {
            let python = if cfg!(windows) { "python" } else { "python3" };
            run(Command::new(python).args(["-m", "venv", "--clear"]).arg(&venv))?;
        }
        run(Command::new(in_folder(&venv, "python")).args(["-m", "pip", "install", "--quiet"]).args(packages))?;
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

    #[test]
    fn the_address_is_found_in_what_each_server_says() {
        let expected = Some("127.0.0.1:43605".parse().unwrap());
        assert_eq!(address_in("NOTICE: Starting s3 server on [http://127.0.0.1:43605/]"), expected);
        assert_eq!(address_in(" * Running on http://127.0.0.1:43605"), expected);
        assert_eq!(address_in("see http://example.org/ for more"), None);
    }
}
