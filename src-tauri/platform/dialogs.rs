//! The system's own dialogs.

use std::path::PathBuf;
use tauri::{AppHandle, Manager};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tokio::sync::oneshot;

/// Says why the app cannot work, and ends it when that was read.
pub fn say_and_exit(handle: &AppHandle, why: &str) {
    tracing::error!(why, "cannot start");
    let ending = handle.clone();
    let words = format!("{why}\n\nNothing was changed. Lectern closes now.");
    let dialog = handle.dialog().message(words).title("Lectern cannot open your workspace");
    dialog.kind(MessageDialogKind::Error).show(move |_| ending.exit(1));
}

/// Asks for one file, by its name. None when the user cancels.
pub async fn pick_file_named(handle: &AppHandle, name: &str) -> Option<PathBuf> {
    let (answer, picked) = oneshot::channel();
    let mut dialog = handle.dialog().file().set_title(format!("Where is \u{201c}{name}\u{201d}?")).set_file_name(name);
    if let Some(window) = handle.get_webview_window("main") {
        dialog = dialog.set_parent(&window);
    }
    dialog.pick_file(move |file| {
        let _ = answer.send(file);
    });
    picked.await.ok().flatten()?.into_path().ok()
}

/// Asks for files. Empty when the user cancels.
pub async fn pick_files(handle: &AppHandle) -> Vec<PathBuf> {
    let (answer, picked) = oneshot::channel();
    let mut dialog = handle.dialog().file().set_title("Add files");
    if let Some(window) = handle.get_webview_window("main") {
        dialog = dialog.set_parent(&window);
    }
    dialog.pick_files(move |files| {
        let _ = answer.send(files.unwrap_or_default());
    });
    let files = picked.await.unwrap_or_default();
    files.into_iter().filter_map(|file| file.into_path().ok()).collect()
}
