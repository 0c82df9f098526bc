//! The composition root: builds the parts, owns them, shuts them down.

use crate::ipc::{self, Events};
use crate::platform::awake::Awake;
use crate::platform::drops::Drops;
use crate::platform::{dialogs, drops, opened, places};
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::{KeyRing, OpenError, Opening, StoreConnection, Workspace};
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
    connection: StoreConnection,
    pub events: Events,
    pub drops: Drops,
    pub handle: AppHandle,
}

impl App {
    /// Runs `work` on the open workspace.
    ///
    /// # Errors
    /// As [`StoreConnection::with`].
    pub async fn with<T>(&self, work: impl AsyncFnOnce(&Workspace) -> Result<T, AppError>) -> Result<T, AppError> {
        self.connection.with(work).await
    }

    /// The workspace's store, to look at and to change.
    pub fn connection(&self) -> &StoreConnection {
        &self.connection
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
    let folder = places::workspace_folder(&handle)?;
    let prober = std::env::current_exe()?;
    let pace = Pace::default();
    // Lets a test look at an upload that is under way.
    pace.limit(std::env::var("LECTERN_TEST_BYTES_PER_SECOND").ok().and_then(|rate| rate.parse().ok()));
    let (sink, awake) = (events.clone(), Awake::start());
    let events_sink = Arc::new(move |event| {
        awake.told(&event);
        sink.send(event);
    });
    let opening = Opening { prober, line: pace.into(), events: events_sink, keys: KeyRing::default(), idle: false };
    let mut connection = StoreConnection::open(&folder, opening).await?;
    // Lets a test bring a Backblaze of its own.
    if let Some(address) = std::env::var("LECTERN_TEST_B2_ADDRESS").ok().and_then(|address| address.parse().ok()) {
        connection = connection.with_b2_at(address);
    }
    Ok(App { connection, events, drops, handle })
}

async fn close(handle: &AppHandle) {
    let Some(app) = handle.try_state::<App>() else { return };
    // A command may hang on a network share that is gone: quitting does not wait for it.
    if tokio::time::timeout(SHUTDOWN_MAX, app.connection.close()).await.is_err() {
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
