//! The app's backend without tauri: everything that must also run headless. The wall to the window is this crate.

pub mod workspace;

pub mod catalogue;
pub mod sync;

pub mod media;
pub mod uploads;

pub mod remote;

use lectern_shared::event::AppEvent;
use std::sync::Arc;

/// Where events go: the window's channel in the app, a recorder in tests. Must not block.
pub type EventSink = Arc<dyn Fn(AppEvent) + Send + Sync>;
