//! Files from the file manager. The window learns that there are some and where; their paths stay here until it says
//! which place they were dropped on.

use crate::app::App;
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::DropId;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tauri::{DragDropEvent, Manager, PhysicalPosition, Window, WindowEvent};

/// Drops the window has not answered yet.
const WAITING_MAX: usize = 16;

#[derive(Default)]
pub struct Drops(Mutex<State>);

#[derive(Default)]
struct State {
    /// Files over the window: positions come without them.
    over: u32,
    waiting: VecDeque<(DropId, Vec<PathBuf>)>,
}

impl Drops {
    /// The files of a drop, once.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when it was placed already.
    pub fn take(&self, drop: DropId) -> Result<Vec<PathBuf>, AppError> {
        let mut state = self.state();
        let index = state.waiting.iter().position(|(known, _)| *known == drop);
        let found = index.and_then(|index| state.waiting.remove(index));
        found
            .map(|(_, paths)| paths)
            .ok_or_else(|| AppError::new(ErrorCode::NotFound, "these files were placed already"))
    }

    fn keep(&self, paths: Vec<PathBuf>) -> DropId {
        let drop = DropId::new();
        let mut state = self.state();
        state.waiting.push_back((drop, paths));
        if state.waiting.len() > WAITING_MAX {
            state.waiting.pop_front();
        }
        drop
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Turns the system's drag events into the window's.
pub fn on_window_event(window: &Window, event: &WindowEvent) {
    let WindowEvent::DragDrop(event) = event else { return };
    let Some(app) = window.try_state::<App>() else { return };
    // Named physical everywhere; physical on Windows only. WebKit speaks of points, on macOS and on Linux
    // (<https://docs.rs/wry/latest/wry/enum.DragDropEvent.html> and its sources).
    let scale = if cfg!(windows) { window.scale_factor().unwrap_or(1.0) } else { 1.0 };
    let at = |position: &PhysicalPosition<f64>| (position.x / scale, position.y / scale);
    let count = |paths: &[PathBuf]| u32::try_from(paths.len()).unwrap_or(u32::MAX);
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
            let drop = app.drops.keep(paths.clone());
            app.events.send(AppEvent::Dropped { drop, x, y, files });
        }
        DragDropEvent::Leave => app.events.send(AppEvent::DragLeft),
        _ => {}
    }
}
