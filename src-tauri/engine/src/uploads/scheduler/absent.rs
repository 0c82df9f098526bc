//! Looks for files that are not there (a drive is plugged in again, a file put back, or shown by the user elsewhere) and
//! at those that are still being written.

use super::{Message, Scheduler};
use crate::uploads::job::{Action, Event};
use crate::uploads::parts::FILE_BYTES_MAX;
use crate::uploads::rest::{Sighting, is_at_rest};
use crate::uploads::seam::UploadRecord;
use crate::uploads::source::{self, Source, SourceFacts, SourceProblem};
use crate::uploads::worker::{Order, Outside, blocking};
use lectern_shared::ids::OperationId;
use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Who looks at a file that is being written does so more often.
const LOOK_AT_WRITTEN: Range<Duration> = Duration::from_millis(10)..Duration::from_secs(1);

/// One by one, so that a share that does not answer holds up nothing but itself.
const LOOKS_MAX: usize = 64;

#[derive(Default)]
pub(super) struct Lookout {
    at: Option<Instant>,
    running: Option<AbortOnDropHandle<()>>,
    /// Of files that are being written: when to look, who is being looked at, and what was seen last.
    written_at: Option<Instant>,
    looking: HashMap<OperationId, AbortOnDropHandle<()>>,
    seen: HashMap<OperationId, Sighting>,
}

/// What a look at a file that is being written has shown.
pub(in crate::uploads) enum Sight {
    /// It is not there any more, or cannot be read, which its next step will say.
    Turned,
    Written(Sighting),
    Rests(SourceFacts),
}

impl Lookout {
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.at.filter(|_| self.running.is_none()).into_iter().chain(self.written_at).min()
    }
}

impl Scheduler {
    pub(super) fn look_out(&mut self, now: Instant) {
        self.look_for_absent(now);
        self.look_at_written(now);
    }

    fn look_for_absent(&mut self, now: Instant) {
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
        let task = tokio::spawn(async move { drop(outbox.send(Message::Back { operations: back(absent).await })) });
        self.lookout.running = Some(AbortOnDropHandle::new(task));
    }

    fn look_at_written(&mut self, now: Instant) {
        if self.lanes.written.is_empty() {
            self.lookout.written_at = None;
            self.lookout.seen.clear();
            return;
        }
        let every = (self.outside.rest / 3).clamp(LOOK_AT_WRITTEN.start, LOOK_AT_WRITTEN.end);
        let at = *self.lookout.written_at.get_or_insert(now + every);
        if at > now {
            return;
        }
        self.lookout.written_at = Some(now + every);
        for operation in &self.lanes.written {
            let Some(entry) = self.entries.get(operation) else { continue };
            if self.lookout.looking.len() == LOOKS_MAX || self.lookout.looking.contains_key(operation) {
                continue;
            }
            let (operation, record) = (*operation, entry.record.clone());
            let (before, grew) = (self.lookout.seen.get(&operation).copied(), entry.job.grew());
            let rest = entry.job.rest(self.outside.rest);
            let (outside, outbox) = (self.outside.clone(), self.outbox.clone());
            let task = tokio::spawn(async move {
                let sight = look_at(&outside, &record, before, grew, rest).await;
                let _ = outbox.send(Message::Looked { operation, sight });
            });
            self.lookout.looking.insert(operation, AbortOnDropHandle::new(task));
        }
    }

    pub(super) fn back(&mut self, operations: Vec<OperationId>) {
        self.lookout.running = None;
        for operation in operations {
            self.apply(operation, Event::SourceBack);
        }
    }

    pub(super) fn looked(&mut self, operation: OperationId, sight: Option<Sight>) {
        self.lookout.looking.remove(&operation);
        let Some(sight) = sight else { return };
        if let Sight::Written(sighting) = sight {
            self.lookout.seen.insert(operation, sighting);
            return;
        }
        self.lookout.seen.remove(&operation);
        let Some(entry) = self.entries.get_mut(&operation).filter(|entry| entry.job.awaits_rest()) else { return };
        match sight {
            Sight::Rests(facts) => {
                entry.record = Arc::new(with_facts(&entry.record, facts));
                self.apply(operation, Event::SourceRests(facts));
            }
            Sight::Turned | Sight::Written(_) => self.apply(operation, Event::SourceBack),
        }
    }

    /// What is known of an upload's file, for who compares another one with it.
    pub(super) fn order_for(&self, operation: OperationId, done: oneshot::Sender<Option<Order>>) {
        let entry = self.entries.get(&operation).filter(|entry| !entry.job.is_finished());
        let _ = done.send(entry.map(|entry| super::dispatch::order_of(entry, None)));
    }

    /// The file may have grown since it was sent, and nobody heard that it was: what is there is what was sent then.
    pub(super) fn is_stored_with(&mut self, operation: OperationId, bytes: u64) {
        if let Some(entry) = self.entries.get_mut(&operation).filter(|entry| entry.record.bytes != bytes) {
            entry.record = Arc::new(UploadRecord { bytes, ..(*entry.record).clone() });
        }
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
            entry.record = Arc::new(UploadRecord { path, ..with_facts(&entry.record, facts) });
            entry.job.found_at(facts);
            self.carry_out(operation, Action::KeepFacts(facts));
            self.apply(operation, Event::SourceBack);
        }
        let _ = done.send(());
    }
}

fn with_facts(record: &UploadRecord, facts: SourceFacts) -> UploadRecord {
    let SourceFacts { bytes, modified_ns, file_id } = facts;
    UploadRecord { bytes, modified_ns, file_id, ..record.clone() }
}

/// Those whose file is there.
async fn back(absent: Vec<Arc<UploadRecord>>) -> Vec<OperationId> {
    let looked = blocking(move || {
        let is_back = |record: &&Arc<UploadRecord>| source::look(&record.path).is_ok();
        Ok(absent.iter().filter(is_back).map(|record| record.operation).collect())
    });
    looked.await.unwrap_or_default()
}

/// `before`: what was seen last. None: nothing is to be said yet.
async fn look_at(
    outside: &Outside,
    record: &UploadRecord,
    before: Option<Sighting>,
    grew: bool,
    rest: Duration,
) -> Option<Sight> {
    let path = record.path.clone();
    let looked = blocking(move || {
        let (source, facts) = Source::open(&path)?;
        let sighting = match before {
            Some(before) => before.next(facts, Instant::now()),
            None => Sighting::first(facts, grew),
        };
        Ok((sighting, is_at_rest(&path, &source, sighting, rest)?))
    });
    match looked.await {
        Ok((Sighting { facts, .. }, true)) => {
            let is_known = facts == SourceFacts { bytes: record.bytes, modified_ns: record.modified_ns, ..facts };
            let is_sendable = (1..=FILE_BYTES_MAX).contains(&facts.bytes);
            if is_sendable
                && !is_known
                && let Err(error) = outside.catalogue.set_source(record.operation, record.path.clone(), facts).await
            {
                tracing::warn!(%error, "the catalogue does not know a file's new size");
                return None;
            }
            Some(Sight::Rests(facts))
        }
        Ok((sighting, false)) => Some(Sight::Written(sighting)),
        // Shorter than a moment ago, or locked.
        Err(SourceProblem::Resized | SourceProblem::StillWritten) => None,
        Err(_) => Some(Sight::Turned),
    }
}
