//! Runs other programs, and says in words what went wrong.

use std::ffi::OsStr;
use std::fmt;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

pub type Result<T = ()> = std::result::Result<T, Trouble>;

#[derive(Debug)]
pub enum Trouble {
    /// A program could not be run, or a file not be read or written.
    Io(String, std::io::Error),
    /// A program ended with an error; it has said itself why.
    Failed(String, ExitStatus),
    /// Somebody has to do something first.
    Needs(String),
    /// Everything has been said already.
    Reported,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(what, error) => write!(f, "{what}: {error}"),
            Self::Failed(what, status) => write!(f, "`{what}` failed ({status})"),
            Self::Needs(what) => f.write_str(what),
            Self::Reported => f.write_str("failed"),
        }
    }
}

/// For `map_err`.
pub fn io(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Trouble {
    let what = what.to_string();
    move |error| Trouble::Io(what, error)
}

/// The Cargo that runs us.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// Runs it to its end. It talks to the terminal itself.
pub fn run(command: &mut Command) -> Result {
    let shown = shown(command);
    let status = command.stdin(Stdio::null()).status().map_err(io(&shown))?;
    if status.success() { Ok(()) } else { Err(Trouble::Failed(shown, status)) }
}

/// Runs it to its end, and hands each line of its standard output on to `line` as well as to the terminal.
pub fn run_reading(command: &mut Command, mut line: impl FnMut(&str)) -> Result {
    let shown = shown(command);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(io(&shown))?;
    if let Some(stdout) = child.stdout.take() {
        for bytes in BufReader::new(stdout).split(b'\n') {
            let bytes = bytes.map_err(io(&shown))?;
            let text = String::from_utf8_lossy(&bytes);
            println!("{text}");
            line(&text);
        }
    }
    let status = child.wait().map_err(io(&shown))?;
    if status.success() { Ok(()) } else { Err(Trouble::Failed(shown, status)) }
}

/// Runs it quietly. None when it cannot be run or ends with an error.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Looks a program up on the PATH.
pub fn find_program(name: &str) -> Option<PathBuf> {
    let name = if cfg!(windows) { format!("{name}.exe") } else { name.to_owned() };
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(&name)).find(|path| path.is_file())
}

/// Says what is done next, before the programs it starts say more.
pub fn say(words: &str) {
    println!("{words}");
    // A line that comes late is confusing; one that does not come is no reason to stop.
    drop(std::io::stdout().flush());
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    let words: Vec<_> = std::iter::once(program).chain(command.get_args()).map(OsStr::to_string_lossy).collect();
    words.join(" ")
}
