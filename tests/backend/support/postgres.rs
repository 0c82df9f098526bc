//! A PostgreSQL server of our own: one for all tests of a process, a database for each. It listens on a socket in its
//! folder only, and ends with the process, however that ends.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);
/// The server runs until its keeper reads the end of its input, which is when the process that holds the other side is gone.
const KEEP: &str = r#"
    initdb="$1/initdb"; postgres="$1/postgres"; folder="$2"
    "$initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >&2 || exit 1
    "$postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c max_connections=200 -c fsync="$3" >&2 &
    server=$!
    cat >/dev/null
    kill -INT "$server"
    wait "$server"
    rm -rf "$folder"
"#;

struct Running {
    folder: PathBuf,
    /// Its input is open as long as we are there.
    _keeper: Child,
}

/// A new, empty database: its address.
///
/// # Errors
/// When PostgreSQL is not there or does not start; the text says what it said.
pub fn database() -> io::Result<String> {
    static SERVER: Mutex<Option<Running>> = Mutex::new(None);
    database_of(&SERVER, "off")
}

/// The same on a server that waits for the disk, as one for people does.
///
/// # Errors
/// When PostgreSQL is not there or does not start; the text says what it said.
pub fn database_that_keeps() -> io::Result<String> {
    static SERVER: Mutex<Option<Running>> = Mutex::new(None);
    database_of(&SERVER, "on")
}

fn database_of(server: &Mutex<Option<Running>>, fsync: &str) -> io::Result<String> {
    let mut server = server.lock().unwrap_or_else(PoisonError::into_inner);
    let running = match server.take() {
        Some(running) => running,
        None => start(fsync)?,
    };
    let folder = server.insert(running).folder.clone();
    let name = format!("test_{}", uuid_like());
    ask(&folder, &format!("CREATE DATABASE {name}"))?;
    Ok(format!("postgres://postgres@localhost/{name}?host={}", folder.display()))
}

/// What `psql` answers to a statement, a line a row.
fn ask(folder: &Path, sql: &str) -> io::Result<String> {
    let psql = programs()?.join("psql");
    let output = Command::new(psql).args(["-h"]).arg(folder).args(["-U", "postgres", "-Atqc", sql]).output()?;
    if !output.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn uuid_like() -> String {
    rand::random::<u128>().to_string()
}

fn start(fsync: &str) -> io::Result<Running> {
    // A socket's path has at most 107 bytes.
    let folder = std::env::temp_dir().join(format!("lectern-pg-{}", rand::random::<u32>()));
    std::fs::create_dir(&folder)?;
    let log = std::fs::File::create(folder.join("log"))?;
    // It refuses to run as root.
    let mut command = if is_root()? {
        run(Command::new("chown").args(["postgres"]).arg(&folder))?;
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    command.args(["-c", KEEP, "sh"]).arg(programs()?).arg(&folder).arg(fsync).current_dir("/");
    let keeper = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log).spawn()?;
    let mut running = Running { folder, _keeper: keeper };
    let begun = Instant::now();
    while let Err(error) = ask(&running.folder, "SELECT 1") {
        let has_ended = running._keeper.try_wait()?.is_some();
        if has_ended || begun.elapsed() > PATIENCE {
            let log = std::fs::read_to_string(running.folder.join("log")).unwrap_or_default();
            return Err(io::Error::other(format!("PostgreSQL does not start: {error} {log}")));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(running)
}

fn is_root() -> io::Result<bool> {
    Ok(Command::new("id").arg("-u").output()?.stdout.starts_with(b"0\n"))
}

fn run(command: &mut Command) -> io::Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(format!("{command:?}: {status}"))) }
}

/// Debian keeps them out of the way of other versions.
fn programs() -> io::Result<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")?;
    let mut found: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
    found.retain(|bin| bin.join("postgres").is_file());
    found.sort();
    found.pop().ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "PostgreSQL is not installed"))
}

/// A copy of a database of ours as it is now: its address.
///
/// # Errors
/// When it cannot be copied; the text says why.
pub fn copy(address: &str) -> io::Result<String> {
    let copy = database()?;
    let dump = Command::new(programs()?.join("pg_dump")).arg("--dbname").arg(address).output()?;
    if !dump.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&dump.stderr).into_owned()));
    }
    let mut psql = Command::new(programs()?.join("psql"));
    psql.args(["--quiet", "--set=ON_ERROR_STOP=1", "--dbname"]).arg(&copy);
    let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    psql.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?.write_all(&dump.stdout)?;
    let status = psql.wait()?;
    if status.success() { Ok(copy) } else { Err(io::Error::other(format!("psql: {status}"))) }
}
