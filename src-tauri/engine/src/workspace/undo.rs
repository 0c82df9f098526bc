//! What can be undone in this run: inverses, newest last. An inverse is an ordinary edit when its time comes.

use lectern_shared::ids::EditId;
use lectern_shared::mutation::Mutation;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Edits that can be undone.
const DEPTH_MAX: usize = 200;

#[derive(Default)]
pub(super) struct UndoStack(Mutex<VecDeque<(EditId, Vec<Mutation>)>>);

impl UndoStack {
    pub(super) fn push(&self, inverse: Vec<Mutation>) -> EditId {
        let id = EditId::new();
        let mut stack = self.stack();
        stack.push_back((id, inverse));
        if stack.len() > DEPTH_MAX {
            stack.pop_front();
        }
        id
    }

    /// Takes the named edit, or the last one. Each can be undone once.
    pub(super) fn take(&self, id: Option<EditId>) -> Option<Vec<Mutation>> {
        let mut stack = self.stack();
        let index = match id {
            Some(id) => stack.iter().position(|(known, _)| *known == id)?,
            None => stack.len().checked_sub(1)?,
        };
        stack.remove(index).map(|(_, inverse)| inverse)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stack().is_empty()
    }

    fn stack(&self) -> MutexGuard<'_, VecDeque<(EditId, Vec<Mutation>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
