//! Hostile files are looked at by a child process: this program again, told to probe and nothing else. If a parser runs
//! away, eats memory or crashes, the child dies and the app does not.
//!
//! Limits: time everywhere (the parent's clock); memory and CPU time by rlimits on Linux. macOS does not enforce memory
//! limits of this kind, there it is CPU time only. Windows has time only so far: a job object is the way there.

use super::probe::probe;
use super::thumbnail::{THUMBNAIL_BYTES_MAX, image_thumbnail};
use lectern_shared::media::Probe;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

const PROBE: &str = "--probe";
const THUMBNAIL: &str = "--thumbnail";
const TIME_MAX: Duration = Duration::from_secs(10);
const PROBE_OUTPUT_BYTES_MAX: usize = 64 * 1024;
/// No codec has a longer name: text of a child that was taken over goes no further.
const NAME_BYTES_MAX: usize = 64;
#[cfg(unix)]
const CPU_SECONDS_MAX: u64 = 10;
/// On top of what the program's libraries take when it starts (WebKitGTK: 180 MiB of private memory, hardly touched).
const PROBE_MEMORY_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// A progressive JPEG needs nine bytes a pixel: enough for 50 megapixels.
const THUMBNAIL_MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("the probing process could not be started: {0}")]
    Spawn(#[source] std::io::Error),
    #[error("the probing process could not be read: {0}")]
    Read(#[source] std::io::Error),
    #[error("the file took longer than {} s to look at", TIME_MAX.as_secs())]
    TimedOut,
    #[error("the probing process said more than a description takes")]
    TooMuch,
    /// A crash, a limit, or a file of which no thumbnail can be made.
    #[error("the probing process gave up: {0}")]
    GaveUp(ExitStatus),
    #[error("the probing process gave a wrong answer")]
    Answer,
}

/// What is in the file, found out by `program` (this app: its `main` calls [`child_main`] first).
pub async fn probe_in_child(program: &Path, path: &Path) -> Result<Probe, ProbeError> {
    let output = run(program, PROBE, path, PROBE_OUTPUT_BYTES_MAX).await?;
    let probe: Probe = serde_json::from_slice(&output).map_err(|_| ProbeError::Answer)?;
    let names = [&probe.video_codec, &probe.audio_codec, &probe.container];
    if names.into_iter().flatten().any(|name| name.len() > NAME_BYTES_MAX || name.contains(char::is_control)) {
        return Err(ProbeError::Answer);
    }
    Ok(probe)
}

/// A thumbnail of a picture (JPEG, at most 480 pixels and 512 KiB), made by `program`.
pub async fn thumbnail_in_child(program: &Path, path: &Path) -> Result<Vec<u8>, ProbeError> {
    let jpeg = run(program, THUMBNAIL, path, THUMBNAIL_BYTES_MAX).await?;
    if jpeg.starts_with(&[0xFF, 0xD8, 0xFF]) { Ok(jpeg) } else { Err(ProbeError::Answer) }
}

async fn run(program: &Path, task: &str, path: &Path, bytes_max: usize) -> Result<Vec<u8>, ProbeError> {
    let mut command = Command::new(program);
    command.arg(task).arg(path);
    output(command, bytes_max, TIME_MAX).await
}

/// Runs a command to its end, within limits of time and output. Its error output is dropped: it may quote the file.
pub(super) async fn output(mut command: Command, bytes_max: usize, time_max: Duration) -> Result<Vec<u8>, ProbeError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    #[cfg(windows)]
    {
        // No console window flashes up
        // (<https://learn.microsoft.com/windows/win32/procthread/process-creation-flags>).
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        command.creation_flags(CREATE_NO_WINDOW);
    }
    let mut child = command.spawn().map_err(ProbeError::Spawn)?;
    let stdout = child.stdout.take();
    let answer = async {
        let mut bytes = Vec::new();
        if let Some(stdout) = stdout {
            stdout.take(bytes_max as u64 + 1).read_to_end(&mut bytes).await.map_err(ProbeError::Read)?;
        }
        if bytes.len() > bytes_max {
            return Err(ProbeError::TooMuch);
        }
        let status = child.wait().await.map_err(ProbeError::Read)?;
        if status.success() { Ok(bytes) } else { Err(ProbeError::GaveUp(status)) }
    };
    let result = tokio::time::timeout(time_max, answer).await.unwrap_or(Err(ProbeError::TimedOut));
    if matches!(result, Err(ProbeError::TimedOut | ProbeError::TooMuch | ProbeError::Read(_))) {
        // Waits for it as well, so that nothing is left behind. It may have ended by itself: then there is nothing to kill.
        let _ = child.kill().await;
    }
    result
}

/// To be called first in `main`, with the arguments after the program's name. `Some`: this process was a probing child,
/// and has done its work.
pub fn child_main(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let task = args.next()?;
    let work: fn(&Path) -> Option<Vec<u8>> = if task == OsStr::new(PROBE) {
        lower_limits(PROBE_MEMORY_BYTES_MAX);
        |path| serde_json::to_vec(&probe(path)).ok()
    } else if task == OsStr::new(THUMBNAIL) {
        lower_limits(THUMBNAIL_MEMORY_BYTES_MAX);
        |path| image_thumbnail(path).ok()
    } else {
        return None;
    };
    let Some(path) = args.next().map(PathBuf::from) else { return Some(ExitCode::FAILURE) };
    // The parent drops what would be said about a panic.
    std::panic::set_hook(Box::new(|_| {}));
    let answer = std::panic::catch_unwind(|| work(&path)).ok().flatten();
    let written = answer.is_some_and(|bytes| {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(&bytes).and_then(|()| stdout.flush()).is_ok()
    });
    Some(if written { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A limit that cannot be set is no reason not to look: the parent's clock still holds
/// (<https://docs.rs/rustix/1/rustix/process/fn.setrlimit.html>, getrlimit(2) for what each limit counts).
#[cfg(unix)]
fn lower_limits(memory_bytes: u64) {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let lower = |resource, to| {
        let _ = setrlimit(resource, Rlimit { current: Some(to), maximum: Some(to) });
    };
    lower(Resource::Cpu, CPU_SECONDS_MAX);
    lower(Resource::Core, 0);
    // Not the address space: the app is linked to WebKit, whose libraries map 430 MiB before `main` runs. Linux counts
    // private writable memory, mapped or not on the heap, against this one.
    if cfg!(target_os = "linux") {
        lower(Resource::Data, private_bytes().unwrap_or(0).saturating_add(memory_bytes));
    }
}

#[cfg(not(unix))]
fn lower_limits(_memory_bytes: u64) {}

/// `VmData` of proc_pid_status(5), which is what RLIMIT_DATA is compared with.
#[cfg(unix)]
fn private_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_arguments_are_the_apps_own_business() {
        let args = |args: &[&str]| args.iter().map(OsString::from).collect::<Vec<_>>().into_iter();
        assert!(child_main(args(&[])).is_none());
        assert!(child_main(args(&["lecture.mp4"])).is_none());
        assert!(child_main(args(&["lecture.mp4", PROBE])).is_none());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_process_that_does_not_end_or_does_not_stop_talking_is_killed() {
        let mut sleeper = Command::new("sleep");
        sleeper.arg("60");
        let slept = output(sleeper, 10, Duration::from_millis(100)).await;
        assert!(matches!(slept, Err(ProbeError::TimedOut)));
        let talked = output(Command::new("yes"), 1000, Duration::from_secs(5)).await;
        assert!(matches!(talked, Err(ProbeError::TooMuch)));
        let failed = output(Command::new("false"), 1000, Duration::from_secs(5)).await;
        assert!(matches!(failed, Err(ProbeError::GaveUp(_))));
    }
}
