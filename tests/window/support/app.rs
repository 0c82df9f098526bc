//! The real app, started by WebKitWebDriver as a person would start it, and ended in every way an app can end.

use crate::desktop::Desktop;
use crate::failure::{Failure, Result};
use crate::output;
use crate::page::Page;
use crate::process::{self, Owned};
use crate::screen;
use crate::xdnd::Drag;
use fantoccini::ClientBuilder;
use fantoccini::wd::Capabilities;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// How to start the app.
#[derive(Clone, Debug, Default)]
pub struct Options {
    pub arguments: Vec<String>,
    /// On top of what the desktop gives; a later one wins.
    pub environment: Vec<(String, String)>,
}

impl Options {
    /// Sends no faster than this, so that a test has time to do something while bytes go.
    #[must_use]
    pub fn bytes_per_second(rate: u64) -> Self {
        Self::default().with("LECTERN_TEST_BYTES_PER_SECOND", &rate.to_string())
    }

    /// Opens these files, as the file manager's "Open with Lectern" does. WebDriver speaks JSON: names are text.
    #[must_use]
    pub fn opening(files: &[PathBuf]) -> Self {
        let arguments = files.iter().map(|file| file.to_string_lossy().into_owned()).collect();
        Self { arguments, ..Self::default() }
    }

    /// A second start finds this app, as it does without automation: the desktop's session bus is its own.
    #[must_use]
    pub fn guarded() -> Self {
        Self::default().with("LECTERN_TEST_SINGLE_INSTANCE", "1")
    }

    #[must_use]
    pub fn dark() -> Self {
        Self::default().with("GTK_THEME", "Adwaita:dark")
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running app with its window. Killed on drop, with everything it started.
pub struct App {
    pub page: Page,
    driver: Owned,
    pid: u32,
    display: String,
}

const READY_AT_MOST: Duration = Duration::from_secs(60);

impl App {
    /// Starts the app and waits until its window shows the first screen.
    pub async fn launch(desktop: &Desktop, options: Options) -> Result<Self> {
        Self::launch_binary(desktop, options, &output::app_binary()?).await
    }

    /// The same for a given binary.
    pub async fn launch_binary(desktop: &Desktop, options: Options, binary: &Path) -> Result<Self> {
        let port = free_port()?;
        let driver = start_driver(desktop, &options, port)?;
        let capabilities = json!({"webkitgtk:browserOptions": {"binary": binary, "args": options.arguments}});
        let mut wanted = Capabilities::new();
        wanted.extend(capabilities.as_object().cloned().unwrap_or_default());
        let client = connect(port, wanted).await?;
        let pid = find_app(driver.pid(), binary).await?;
        let page = Page::new(client, desktop.display().to_owned());
        let app = Self { page, driver, pid, display: desktop.display().to_owned() };
        app.page
            .wait_for("the first screen", READY_AT_MOST, "document.querySelector('[data-testid=nav-library]')")
            .await?;
        Ok(app)
    }

    /// Of the app itself, not of the driver.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Drops files on the middle of the element, as a file manager does.
    pub async fn drop_on(&self, css: &str, files: &[PathBuf]) -> Result {
        let rect = self.page.rect(css).await?;
        self.drop_at(rect.centre(), files).await
    }

    /// Drops files on a point of the page.
    pub async fn drop_at(&self, point: (f64, f64), files: &[PathBuf]) -> Result {
        self.hover_at(point, files).await?.drop_here()
    }

    /// Holds files over a point of the page: for pictures of the page meanwhile. `cancel` or `drop_here` ends it.
    pub async fn hover_at(&self, point: (f64, f64), files: &[PathBuf]) -> Result<Drag> {
        let mut drag = Drag::enter(&self.display, self.pid, files)?;
        // Whatever the window has above its page (a menu bar) moves the page down.
        let page_height = self.page.number("window.innerHeight").await?;
        let above = (f64::from(drag.window_height()) - page_height).max(0.0);
        drag.over(point.0.round() as i32, (point.1 + above).round() as i32)?;
        Ok(drag)
    }

    /// Saves the whole screen.
    pub fn save_screen(&self, path: &Path) -> Result {
        screen::save(&self.display, path)
    }

    /// Saves the window without its frame. WebDriver's own pictures never come where there is no graphics card.
    pub fn save_window(&self, path: &Path) -> Result {
        screen::save_window(&self.display, self.pid, path)
    }

    /// `kill -9`, in the middle of whatever the app does.
    pub async fn kill(self) -> Result {
        process::kill_now(self.pid);
        process::wait_until_gone(self.pid, Duration::from_secs(10)).await;
        self.page.forget().await;
        Ok(())
    }

    /// Ends the session as closing the window does, then makes sure that the app is gone.
    pub async fn close(self) -> Result {
        // WebKitWebDriver may answer "no such window" here, when the app was quicker.
        self.page.end_session().await;
        if !process::wait_until_gone(self.pid, Duration::from_secs(5)).await {
            process::ask_to_end(self.pid);
            if !process::wait_until_gone(self.pid, Duration::from_secs(5)).await {
                process::kill_now(self.pid);
            }
        }
        Ok(())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // Only if it is still ours: a number may be given to another process.
        if process::is_child(self.driver.pid(), self.pid) {
            process::kill_now(self.pid);
        }
    }
}

/// Starts the app a second time, as a file manager does for files to open, and waits until that start has ended: it
/// hands its files to the app that runs. Files may be named from `folder`.
pub async fn start_again(desktop: &Desktop, binary: &Path, files: &[OsString], folder: &Path) -> Result {
    let mut second = Owned::start(
        process::program(&binary.to_string_lossy())
            .args(files)
            .current_dir(folder)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("TAURI_AUTOMATION")
            .envs(desktop.environment().iter().cloned())
            .env("LECTERN_DATA_DIR", desktop.data())
            .stdin(Stdio::null()),
    )?;
    let end = Instant::now() + READY_AT_MOST;
    while second.is_running() {
        if Instant::now() > end {
            let reason = "the second start did not hand over to the first".into();
            return Err(Failure::NotStarted { program: "lectern".into(), reason });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// The driver's environment is the app's.
fn start_driver(desktop: &Desktop, options: &Options, port: u16) -> Result<Owned> {
    let log = || std::env::var_os("LECTERN_APP_LOG").map_or_else(Stdio::null, |_| Stdio::inherit());
    Owned::start(
        process::program("WebKitWebDriver")
            .arg(format!("--port={port}"))
            .env_remove("WAYLAND_DISPLAY")
            .envs(desktop.environment().iter().cloned())
            // Without these two a session never comes about.
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env("LECTERN_DATA_DIR", desktop.data())
            .envs(options.environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log()),
    )
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Failure::io("a free port"))?;
    Ok(listener.local_addr().map_err(Failure::io("a free port"))?.port())
}

async fn connect(port: u16, capabilities: Capabilities) -> Result<fantoccini::Client> {
    wait_for_port(port).await?;
    let address = format!("http://127.0.0.1:{port}");
    let mut builder = ClientBuilder::new(HttpConnector::new());
    let session = builder.capabilities(capabilities).connect(&address);
    match tokio::time::timeout(READY_AT_MOST, session).await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => Err(Failure::NotStarted { program: "lectern".into(), reason: error.to_string() }),
        Err(_) => Err(Failure::NotStarted { program: "lectern".into(), reason: "no WebDriver session in time".into() }),
    }
}

async fn wait_for_port(port: u16) -> Result {
    let end = Instant::now() + Duration::from_secs(20);
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if Instant::now() > end {
            return Err(Failure::NotStarted { program: "WebKitWebDriver".into(), reason: "it does not listen".into() });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

async fn find_app(driver: u32, binary: &Path) -> Result<u32> {
    let end = Instant::now() + Duration::from_secs(10);
    loop {
        if let Some(pid) = process::child_running(driver, binary) {
            return Ok(pid);
        }
        if Instant::now() > end {
            return Err(Failure::NotStarted { program: "lectern".into(), reason: "its process is not there".into() });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
