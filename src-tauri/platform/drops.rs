//! Files from the file manager, dropped on the window or opened with Lectern. The window learns that there are some and
//! where; their paths stay here until it says which place they go to.

use crate::app::App;
use crate::ipc::Events;
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::DropId;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tauri::ipc::Channel;
use tauri::{DragDropEvent, Manager, PhysicalPosition, Window, WindowEvent};

/// Drops the window has not answered yet. Explorer starts us once for each file that is opened, up to 15 at a time.
const WAITING_MAX: usize = 32;

/// What came and was not placed yet; clones share it.
#[derive(Clone, Default)]
pub struct Drops(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// Files over the window: positions come without them.
    over: u32,
    waiting: VecDeque<Waiting>,
}

struct Waiting {
    drop: DropId,
    paths: Vec<PathBuf>,
    /// Opened with Lectern, and so for the library: a window that begins to listen hears of them.
    opened: bool,
}

impl Drops {
    /// The files of a drop, once.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when it was placed already.
    pub fn take(&self, drop: DropId) -> Result<Vec<PathBuf>, AppError> {
        let mut state = self.state();
        let index = state.waiting.iter().position(|waiting| waiting.drop == drop);
        let found = index.and_then(|index| state.waiting.remove(index));
        found
            .map(|waiting| waiting.paths)
            .ok_or_else(|| AppError::new(ErrorCode::NotFound, "these files were placed already"))
    }

    /// Files were opened with Lectern. Kept until a window listens, so that none is lost while the app starts.
    pub fn open(&self, paths: Vec<PathBuf>, events: &Events) {
        if paths.is_empty() {
            return;
        }
        // Told under the lock: a window that begins to listen meanwhile hears of these files once.
        let mut state = self.state();
        let files = count(&paths);
        let drop = state.keep(paths, true);
        events.send(AppEvent::Opened { drop, files });
    }

    /// A window listens from now on, and is told of what was opened before.
    pub fn listen(&self, channel: Channel<AppEvent>, events: &Events) {
        let state = self.state();
        events.listen(channel);
        for waiting in state.waiting.iter().filter(|waiting| waiting.opened) {
            events.send(AppEvent::Opened { drop: waiting.drop, files: count(&waiting.paths) });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn keep(&mut self, paths: Vec<PathBuf>, opened: bool) -> DropId {
        let drop = DropId::new();
        self.waiting.push_back(Waiting { drop, paths, opened });
        if self.waiting.len() > WAITING_MAX {
            self.waiting.pop_front();
        }
        drop
    }
}

fn count(paths: &[PathBuf]) -> u32 {
    u32::try_from(paths.len()).unwrap_or(u32::MAX)
}

/// Turns the system's drag events into the window's.
pub fn on_window_event(window: &Window, event: &WindowEvent) {
    let WindowEvent::DragDrop(event) = event else { return };
    let Some(app) = window.try_state::<App>() else { return };
    // Named physical everywhere; physical on Windows only. WebKit speaks of points, on macOS and on Linux
    // (<https://docs.rs/wry/latest/wry/enum.DragDropEvent.html> and its sources).
    let scale = if cfg!(windows) { window.scale_factor().unwrap_or(1.0) } else { 1.0 };
    let at = |position: &PhysicalPosition<f64>| (position.x / scale, position.y / scale);
    match event {
        DragDropEvent::Enter { paths, position } => {
            let (x, y) = at(position);
            app.drops.state().over = count(paths);
            app.events.send(AppEvent::DragOver { x, y, files: count(paths) });
        }
        DragDropEvent::Over { position } => {
            let ((x, y), files) = (at(position), app.drops.state().over);
            app.events.send(AppEvent::DragOver { x, y, files });
        }
        DragDropEvent::Drop { paths, position } => {
            let ((x, y), files) = (at(position), count(paths));
            let drop = app.drops.state().keep(paths.clone(), false);
            app.events.send(AppEvent::Dropped { drop, x, y, files });
        }
        DragDropEvent::Leave => app.events.send(AppEvent::DragLeft),
        _ => {}
    }
}
