//! What others tell the scheduler.

use super::ToKeep;
use super::absent::Sight;
use crate::uploads::job::{Event, PartEnd};
use crate::uploads::seam::{Announced, UploadRecord};
use crate::uploads::source::SourceFacts;
use crate::uploads::worker::Order;
use lectern_shared::Millis;
use lectern_shared::ids::{AssetId, OperationId};
use lectern_shared::upload::{Hold, UploadAction};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::oneshot;

pub(in crate::uploads) enum Message {
    Add {
        records: Vec<UploadRecord>,
        done: oneshot::Sender<()>,
    },
    Control {
        action: UploadAction,
        operations: Option<Vec<OperationId>>,
        done: oneshot::Sender<Vec<ToKeep>>,
    },
    /// Cancelled in journal and catalogue: take the store's side away.
    Cancelled {
        operations: Vec<(OperationId, AssetId)>,
        done: oneshot::Sender<()>,
    },
    Cleared {
        operations: Vec<OperationId>,
        done: oneshot::Sender<()>,
    },
    Step {
        operation: OperationId,
        id: u64,
        event: Event,
    },
    /// What the server said to new assets.
    Announced {
        id: u64,
        verdicts: Vec<(OperationId, Announced)>,
    },
    /// The part does not need the line any more; how it ended follows.
    OffLine {
        operation: OperationId,
        part: u32,
        id: u64,
    },
    Part {
        operation: OperationId,
        part: u32,
        id: u64,
        end: PartEnd,
    },
    Nudge,
    /// Connections are dead.
    LineChanged,
    /// Of the files that were not there on a device, those that are.
    Back {
        device: u64,
        operations: Vec<OperationId>,
    },
    /// A file that was not there is at another place, by what was known when it was sought.
    Found {
        sought: Arc<UploadRecord>,
        path: PathBuf,
        facts: SourceFacts,
    },
    /// All that were not there on a device have been looked for.
    Searched {
        device: u64,
    },
    /// At a file that is being written.
    Looked {
        operation: OperationId,
        sight: Option<Sight>,
    },
    OrderFor {
        operation: OperationId,
        done: oneshot::Sender<Option<Order>>,
    },
    Moved {
        operation: OperationId,
        path: PathBuf,
        facts: SourceFacts,
        done: oneshot::Sender<()>,
    },
    Hold {
        hold: Option<Hold>,
        limit: Option<u64>,
    },
    NeededBy {
        operations: Vec<OperationId>,
        at: Option<Millis>,
        done: oneshot::Sender<()>,
    },
    Shutdown {
        done: oneshot::Sender<()>,
    },
}
