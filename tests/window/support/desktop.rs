//! A private virtual desktop: X server, window manager, session bus and home folder that nobody else uses.

use crate::failure::{Failure, Result};
use crate::process::{self, Owned};
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

/// Ends, with all that runs in it, on drop. Fields are dropped in this order: the X server goes last.
pub struct Desktop {
    _windows: Owned,
    _bus: Owned,
    _server: Owned,
    display: String,
    environment: Vec<(&'static str, OsString)>,
    home: TempDir,
}

/// Pixels of the screen.
pub const WIDTH: u16 = 1440;
pub const HEIGHT: u16 = 900;

impl Desktop {
    pub fn start() -> Result<Self> {
        let home = tempfile::Builder::new().prefix("lectern-").tempdir().map_err(Failure::io("a home folder"))?;
        let (server, number) = Owned::start_and_read_line(
            process::program("Xvfb")
                .args(["-displayfd", "1", "-screen", "0", &format!("{WIDTH}x{HEIGHT}x24"), "-nolisten", "tcp"])
                .args(["-noreset", "-dpi", "96"])
                .stderr(Stdio::null()),
        )?;
        let display = format!(":{number}");
        let mut environment = environment(home.path(), &display)?;
        let (bus, address) = Owned::start_and_read_line(
            process::program("dbus-daemon")
                .args(["--session", "--print-address", "--nofork"])
                .envs(environment.iter().cloned())
                .stderr(Stdio::null()),
        )?;
        environment.push(("DBUS_SESSION_BUS_ADDRESS", address.into()));
        let windows = Owned::start(
            process::program("openbox")
                .args(["--sm-disable"])
                .envs(environment.iter().cloned())
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        )?;
        Ok(Self { _windows: windows, _bus: bus, _server: server, display, environment, home })
    }

    /// `:99`.
    #[must_use]
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Gone when the desktop is: tests keep their files here.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A folder for files to drop, made when it is not there.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.home().join(name);
        fs::create_dir_all(&folder).map_err(Failure::io(folder.display()))?;
        Ok(folder)
    }

    /// The workspace of the app: the same at each launch, so that a relaunch opens the same data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.home().join("workspace")
    }

    /// What a program needs to run in this desktop.
    #[must_use]
    pub fn environment(&self) -> &[(&'static str, OsString)] {
        &self.environment
    }
}

fn environment(home: &Path, display: &str) -> Result<Vec<(&'static str, OsString)>> {
    let mut list: Vec<(&'static str, OsString)> = vec![("HOME", home.into()), ("DISPLAY", display.into())];
    let folders = [
        ("XDG_RUNTIME_DIR", "run"),
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_CACHE_HOME", ".cache"),
        ("XDG_STATE_HOME", ".local/state"),
    ];
    for (name, folder) in folders {
        let path = home.join(folder);
        fs::create_dir_all(&path).map_err(Failure::io(path.display()))?;
        list.push((name, path.into()));
    }
    fs::set_permissions(home.join("run"), Permissions::from_mode(0o700)).map_err(Failure::io("XDG_RUNTIME_DIR"))?;
    let fixed = [
        ("GDK_BACKEND", "x11"),
        ("XDG_SESSION_TYPE", "x11"),
        ("LANG", "C.UTF-8"),
        // No graphics card here.
        ("LIBGL_ALWAYS_SOFTWARE", "1"),
        ("WEBKIT_DISABLE_DMABUF_RENDERER", "1"),
        // Neither accessibility bus nor settings service run here: asking for them costs seconds of waiting.
        ("NO_AT_BRIDGE", "1"),
        ("GSETTINGS_BACKEND", "memory"),
        ("GTK_USE_PORTAL", "0"),
    ];
    list.extend(fixed.map(|(name, value)| (name, value.into())));
    Ok(list)
}
