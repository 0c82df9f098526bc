//! The one stream of events to the window. Events before the window listens are not kept: it reads everything then.

use lectern_shared::event::AppEvent;
use std::sync::{Arc, Mutex, PoisonError};
use tauri::ipc::Channel;

/// Where events go; clones share the listener.
#[derive(Clone, Default)]
pub struct Events(Arc<Mutex<Option<Channel<AppEvent>>>>);

impl Events {
    /// The window listens from now on; a reloaded window takes the place of the former one.
    pub fn listen(&self, channel: Channel<AppEvent>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(channel);
    }

    /// Never blocks and never fails: a window that has gone hears nothing.
    pub fn send(&self, event: AppEvent) {
        let channel = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(channel) = channel {
            let _ = channel.send(event);
        }
    }
}
