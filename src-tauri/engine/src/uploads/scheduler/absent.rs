//! Looks for files that are not there: a drive is plugged in again, a file put back, or shown by the user elsewhere.

use super::{Message, Scheduler};
use crate::uploads::job::{Action, Event};
use crate::uploads::seam::UploadRecord;
use crate::uploads::source::{self, SourceFacts};
use crate::uploads::worker::Order;
use lectern_shared::ids::OperationId;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

const LOOK_EVERY: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Lookout {
    at: Option<Instant>,
    running: Option<AbortOnDropHandle<()>>,
}

impl Lookout {
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.at.filter(|_| self.running.is_none())
    }
}

impl Scheduler {
    pub(super) fn look_out(&mut self, now: Instant) {
        if self.lanes.absent.is_empty() {
            self.lookout.at = None;
            return;
        }
        let at = *self.lookout.at.get_or_insert(now + LOOK_EVERY);
        if at > now || self.lookout.running.is_some() {
            return;
        }
        self.lookout.at = Some(now + LOOK_EVERY);
        let absent = self.lanes.absent.iter().filter_map(|operation| self.entries.get(operation));
        let absent: Vec<Arc<UploadRecord>> = absent.map(|entry| entry.record.clone()).collect();
        let outbox = self.outbox.clone();
        let task = tokio::spawn(async move {
            let looked = tokio::task::spawn_blocking(move || {
                let is_back = |record: &&Arc<UploadRecord>| source::look(&record.path).is_ok();
                absent.iter().filter(is_back).map(|record| record.operation).collect()
            });
            let _ = outbox.send(Message::Back { operations: looked.await.unwrap_or_default() });
        });
        self.lookout.running = Some(AbortOnDropHandle::new(task));
    }

    pub(super) fn back(&mut self, operations: Vec<OperationId>) {
        self.lookout.running = None;
        for operation in operations {
            self.apply(operation, Event::SourceBack);
        }
    }

    /// What is known of an upload's file, for who compares another one with it.
    pub(super) fn order_for(&self, operation: OperationId, done: oneshot::Sender<Option<Order>>) {
        let entry = self.entries.get(&operation).filter(|entry| !entry.job.is_finished());
        let _ = done.send(entry.map(|entry| super::dispatch::order_of(entry, None)));
    }

    /// The file is at another place, with the same bytes as far as any were sent.
    pub(super) fn moved(
        &mut self,
        operation: OperationId,
        path: PathBuf,
        facts: SourceFacts,
        done: oneshot::Sender<()>,
    ) {
        if let Some(entry) = self.entries.get_mut(&operation) {
            self.board.put_path(entry.record.asset, path.clone());
            let SourceFacts { modified_ns, file_id, .. } = facts;
            entry.record = Arc::new(UploadRecord { path, modified_ns, file_id, ..(*entry.record).clone() });
            entry.job.found_at(facts);
            self.carry_out(operation, Action::KeepFacts(facts));
            self.apply(operation, Event::SourceBack);
        }
        let _ = done.send(());
    }
}
