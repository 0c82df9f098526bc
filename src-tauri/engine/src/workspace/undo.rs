//! What can be undone in this run, newest last. An inverse is an ordinary edit when its time comes.

use crate::uploads::{NewUpload, Replaces};
use lectern_shared::ids::{AssetId, EditId, OperationId, VideoId};
use lectern_shared::mutation::Mutation;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Edits that can be undone.
const DEPTH_MAX: usize = 200;

/// One thing somebody did.
#[derive(Clone, Debug)]
pub(super) enum Done {
    /// Undone by these edits.
    Edit(Vec<Mutation>),
    /// Undone by an undo: only its own notice offers that, or Ctrl+Z would go back and forth for ever.
    Undo(Vec<Mutation>),
    /// Files were added, and places made for others that were there: those edits are undone by `inverse`.
    Files { files: Vec<AddedFile>, inverse: Vec<Mutation> },
}

#[derive(Clone, Debug)]
pub(super) struct AddedFile {
    pub(super) operation: OperationId,
    pub(super) asset: AssetId,
    pub(super) video: Option<VideoId>,
    pub(super) replaces: Option<Replaces>,
}

impl From<&NewUpload> for AddedFile {
    fn from(file: &NewUpload) -> Self {
        let NewUpload { operation, asset, video, replaces, .. } = file;
        Self { operation: *operation, asset: *asset, video: *video, replaces: replaces.clone() }
    }
}

#[derive(Default)]
pub(super) struct UndoStack(Mutex<VecDeque<(EditId, Done)>>);

impl UndoStack {
    pub(super) fn push(&self, done: Done) -> EditId {
        let id = EditId::new();
        self.put_back(id, done);
        id
    }

    /// After an undo that failed for no fault of its own.
    pub(super) fn put_back(&self, id: EditId, done: Done) {
        let mut stack = self.stack();
        stack.push_back((id, done));
        if stack.len() > DEPTH_MAX {
            stack.pop_front();
        }
    }

    /// Takes the named one, or the last edit. Each can be undone once.
    pub(super) fn take(&self, id: Option<EditId>) -> Option<(EditId, Done)> {
        let mut stack = self.stack();
        let index = match id {
            Some(id) => stack.iter().position(|(known, _)| *known == id)?,
            None => stack.iter().rposition(|(_, done)| !matches!(done, Done::Undo(_)))?,
        };
        stack.remove(index)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.stack().iter().all(|(_, done)| matches!(done, Done::Undo(_)))
    }

    fn stack(&self) -> MutexGuard<'_, VecDeque<(EditId, Done)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
