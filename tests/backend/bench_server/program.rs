//! `lectern-server` as a process, with nothing of our own environment.

use super::Outcome;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

pub struct Program {
    child: Child,
    /// `http://…`
    pub address: String,
    database: String,
    folder: PathBuf,
    _says: BufReader<ChildStdout>,
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Program {
    /// At an address that the system chooses.
    pub fn start(database: &str, folder: &Path) -> Outcome<Self> {
        Self::start_at(database, folder, "127.0.0.1:0")
    }

    fn start_at(database: &str, folder: &Path, listen: &str) -> Outcome<Self> {
        let beside = format!("lectern-server{}", std::env::consts::EXE_SUFFIX);
        let mut command = Command::new(std::env::current_exe()?.with_file_name(beside));
        for name in ["LECTERN_DATABASE", "LECTERN_STORE", "LECTERN_LISTEN", "LECTERN_METRICS", "LECTERN_LOG"] {
            command.env_remove(name);
        }
        // Nobody listens there: no byte is moved here.
        command.envs([("LECTERN_STORE_KEY_ID", "none"), ("LECTERN_STORE_KEY", "none")]);
        command.arg("--database").arg(database).args(["serve", "--listen", listen]);
        command.args(["--store", "s3://b?endpoint=127.0.0.1:1"]);
        let log = std::fs::File::options().create(true).append(true).open(folder.join("log"))?;
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn()?;
        let mut says = BufReader::new(child.stdout.take().ok_or("it says nothing")?);
        let mut line = String::new();
        says.read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on ").ok_or("the server does not start")?;
        let (address, database) = (format!("http://{address}"), database.to_owned());
        Ok(Self { child, address, database, folder: folder.to_owned(), _says: says })
    }

    pub fn socket_address(&self) -> Outcome<SocketAddr> {
        Ok(self.address.trim_start_matches("http://").parse()?)
    }

    /// Ends it as a power cut does, and starts it again at the same address.
    pub fn restart(&mut self) -> Outcome {
        self.child.kill()?;
        self.child.wait()?;
        let listen = self.socket_address()?.to_string();
        *self = Self::start_at(&self.database, &self.folder, &listen)?;
        Ok(())
    }

    /// Resident, the most there ever was.
    pub fn peak_mib(&self) -> Option<f64> {
        self.memory("VmHWM:")
    }

    /// Resident now.
    pub fn resident_mib(&self) -> Option<f64> {
        self.memory("VmRSS:")
    }

    /// Linux alone says so without being asked by another program.
    fn memory(&self, name: &str) -> Option<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kib / 1024.0)
    }

    /// Seconds of all cores in user and kernel; a tick is a hundredth on every Linux there is.
    pub fn cpu_seconds(&self) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some((ticks(11)? + ticks(12)?) / 100.0)
    }
}

/// A socket is a file here, and in the program, which inherits the limit.
#[cfg(unix)]
pub fn allow_files(files: u64) -> Outcome {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= files) {
        return Ok(());
    }
    let wanted = limit.maximum.map_or(files, |maximum| maximum.min(files));
    setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum })?;
    if wanted < files {
        return Err(format!("{files} open files are needed, and {wanted} allowed: raise `ulimit -n`").into());
    }
    Ok(())
}

#[cfg(not(unix))]
pub fn allow_files(_: u64) -> Outcome {
    Ok(())
}
