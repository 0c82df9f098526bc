//! The composition root: builds the parts, owns them, shuts them down.

use crate::ipc::{self, Events};
use crate::platform::awake::Awake;
use crate::platform::drops::Drops;
use crate::platform::{dialogs, drops, opened, places};
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::{KeyRing, Listeners, OpenError, Opening, StoreConnection, Workspace, Workspaces};
use lectern_shared::error::AppError;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tauri::{AppHandle, Builder, Manager, RunEvent, Wry};

/// Longest a quit waits for databases to be closed. The journal needs no goodbye.
const SHUTDOWN_MAX: Duration = Duration::from_secs(5);

/// What commands work on.
pub struct App {
    pub workspaces: Arc<Workspaces>,
    pub events: Events,
    pub drops: Drops,
    pub handle: AppHandle,
}

impl App {
    /// Runs `work` on the workspace that is shown.
    ///
    /// # Errors
    /// As [`StoreConnection::with`].
    pub async fn with<T>(&self, work: impl AsyncFnOnce(&Workspace) -> Result<T, AppError>) -> Result<T, AppError> {
        self.connection().await?.with(work).await
    }

    /// The shown workspace's store, to look at and to change.
    ///
    /// # Errors
    /// As [`Workspaces::shown`].
    pub async fn connection(&self) -> Result<Arc<StoreConnection>, AppError> {
        self.workspaces.shown().await
    }
}

/// Runs the app until its last window is closed.
pub fn run() -> ExitCode {
    // These are there before the workspace is: files may be opened while it opens.
    let (events, drops) = (Events::default(), Drops::default());
    let folder = std::env::current_dir().unwrap_or_default();
    drops.open(opened::files_of(std::env::args_os(), &folder), &events);
    let (events_of_app, drops_of_app) = (events.clone(), drops.clone());
    let built = with_guard(tauri::Builder::default(), &drops, &events)
        .plugin(tauri_plugin_dialog::init())
        .on_window_event(drops::on_window_event)
        .invoke_handler(ipc::handler())
        .setup(|tauri| {
            let handle = tauri.handle().clone();
            match tauri::async_runtime::block_on(open(handle.clone(), events_of_app, drops_of_app)) {
                Ok(app) => {
                    handle.manage(app);
                }
                Err(error) => dialogs::say_and_exit(&handle, &error.to_string()),
            }
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        Ok(tauri) => {
            tauri.run(move |handle, event| match event {
                RunEvent::Exit => tauri::async_runtime::block_on(close(handle)),
                // macOS names files so, also those the app was started for
                // (<https://docs.rs/tauri/2.12.5/tauri/enum.RunEvent.html#variant.Opened>).
                #[cfg(target_os = "macos")]
                RunEvent::Opened { urls } => {
                    drops.open(opened::files_of_urls(&urls), &events);
                    bring_to_front(handle);
                }
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "cannot start");
            eprintln!("Lectern cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One Lectern a desktop: a second start hands its files to the first and ends.
///
/// Under automation each session brings its own folders, and a guard would hand its window to another one's. A test that
/// has a session bus of its own may ask for the guard all the same.
fn with_guard(mut builder: Builder<Wry>, drops: &Drops, events: &Events) -> Builder<Wry> {
    let is_set = |name| std::env::var_os(name).is_some();
    let automated = is_set("TAURI_AUTOMATION");
    if !automated || is_set("LECTERN_TEST_SINGLE_INSTANCE") {
        let (drops, events) = (drops.clone(), events.clone());
        builder = builder.plugin(tauri_plugin_single_instance::init(move |handle, arguments, folder| {
            drops.open(opened::files_of(arguments.into_iter().map(OsString::from), Path::new(&folder)), &events);
            bring_to_front(handle);
        }));
    }
    if !automated {
        builder = builder.plugin(tauri_plugin_window_state::Builder::default().build());
    }
    builder
}

async fn open(handle: AppHandle, events: Events, drops: Drops) -> Result<App, OpenError> {
    let folder = places::workspaces(&handle)?;
    let prober = std::env::current_exe()?;
    let pace = Pace::default();
    // Lets a test look at an upload that is under way.
    pace.limit(std::env::var("LECTERN_TEST_BYTES_PER_SECOND").ok().and_then(|rate| rate.parse().ok()));
    let sink = events.clone();
    let to_window = Arc::new(move |event| sink.send(event));
    let opening = Opening { prober, line: pace.into(), events: to_window, keys: KeyRing::default(), idle: false };
    // While any of them sends, the computer stays awake.
    let listeners: Listeners = Arc::new(|| {
        let awake = Awake::start();
        Arc::new(move |event| awake.told(&event))
    });
    // Lets a test bring a Backblaze of its own.
    let b2 = std::env::var("LECTERN_TEST_B2_ADDRESS").ok().and_then(|address| address.parse().ok());
    let workspaces = Arc::new(Workspaces::open(&folder, opening, listeners, b2).await?);
    let others = workspaces.clone();
    tauri::async_runtime::spawn(async move { others.open_all().await });
    Ok(App { workspaces, events, drops, handle })
}

async fn close(handle: &AppHandle) {
    let Some(app) = handle.try_state::<App>() else { return };
    // A command may hang on a network share that is gone: quitting does not wait for it.
    if tokio::time::timeout(SHUTDOWN_MAX, app.workspaces.close()).await.is_err() {
        tracing::warn!("the workspace was not closed in time; the next start goes on from its journal");
    }
}

fn bring_to_front(handle: &AppHandle) {
    if let Some(window) = handle.get_webview_window("main") {
        let _ = window.unminimize();
        let _ = window.show();
        let _ = window.set_focus();
    }
}
