//! Looks for files that are not there (a drive is plugged in again, a file put back, moved, or shown by the user elsewhere)
//! and at those that are still being written.

use super::{Keep, Message, Scheduler};
use crate::uploads::job::{Action, Event};
use crate::uploads::parts::FILE_BYTES_MAX;
use crate::uploads::rest::{Sighting, is_at_rest};
use crate::uploads::seam::UploadRecord;
use crate::uploads::search::{Lost, search};
use crate::uploads::source::{self, Source, SourceFacts, SourceProblem};
use crate::uploads::worker::{Order, Outside, StopOnDrop, blocking, same_bytes};
use lectern_shared::ids::OperationId;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio_util::task::AbortOnDropHandle;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// A search reads folders, not one name.
const SEARCH_EVERY: Duration = Duration::from_secs(120);
/// Who looks at a file that is being written does so more often.
const LOOK_AT_WRITTEN: Range<Duration> = Duration::from_millis(10)..Duration::from_secs(1);

/// One by one, so that a share that does not answer holds up nothing but itself.
const LOOKS_MAX: usize = 64;

#[derive(Default)]
pub(super) struct Lookout {
    at: Option<Instant>,
    /// By device: a share that does not answer holds up nothing but itself.
    absent: HashMap<u64, AbortOnDropHandle<()>>,
    searching: HashMap<u64, AbortOnDropHandle<()>>,
    searched: HashMap<OperationId, Instant>,
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
        self.at.into_iter().chain(self.written_at).min()
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
            self.lookout.searched.clear();
            return;
        }
        let at = *self.lookout.at.get_or_insert(now + LOOK_EVERY);
        if at > now {
            return;
        }
        self.lookout.at = Some(now + LOOK_EVERY);
        for (device, absent) in self.absent_by_device() {
            if !self.lookout.absent.contains_key(&device) {
                let records = absent.iter().filter_map(|operation| self.entries.get(operation));
                let records = records.map(|entry| entry.record.clone()).collect();
                let outbox = self.outbox.clone();
                let task = tokio::spawn(async move {
                    let operations = back(records).await;
                    let _ = outbox.send(Message::Back { device, operations });
                });
                self.lookout.absent.insert(device, AbortOnDropHandle::new(task));
            }
            if !self.lookout.searching.contains_key(&device) {
                self.begin_search(device, &absent, now);
            }
        }
    }

    fn absent_by_device(&self) -> BTreeMap<u64, Vec<OperationId>> {
        let mut devices: BTreeMap<u64, Vec<OperationId>> = BTreeMap::new();
        for entry in self.lanes.absent.iter().filter_map(|operation| self.entries.get(operation)) {
            devices.entry(entry.record.file_id.0).or_default().push(entry.record.operation);
        }
        devices
    }

    fn begin_search(&mut self, device: u64, absent: &[OperationId], now: Instant) {
        let searched = &mut self.lookout.searched;
        searched.retain(|operation, at| self.lanes.absent.contains(operation) && *at + SEARCH_EVERY > now);
        let due: Vec<OperationId> =
            absent.iter().copied().filter(|operation| !searched.contains_key(operation)).collect();
        searched.extend(due.iter().map(|operation| (*operation, now)));
        let orders = due.iter().filter_map(|operation| self.entries.get(operation));
        let orders: Vec<Arc<Order>> = orders.map(|entry| Arc::new(super::dispatch::order_of(entry, None))).collect();
        if orders.is_empty() {
            return;
        }
        let outbox = self.outbox.clone();
        let task = tokio::spawn(async move {
            find(orders, &outbox).await;
            let _ = outbox.send(Message::Searched { device });
        });
        self.lookout.searching.insert(device, AbortOnDropHandle::new(task));
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

    pub(super) fn back(&mut self, device: u64, operations: Vec<OperationId>) {
        self.lookout.absent.remove(&device);
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

    pub(super) fn searched(&mut self, device: u64) {
        self.lookout.searching.remove(&device);
    }

    /// Comparing takes its time: meanwhile it may have come back, or been shown elsewhere.
    pub(super) fn found(&mut self, sought: &Arc<UploadRecord>, path: PathBuf, facts: SourceFacts) {
        let operation = sought.operation;
        let is_still = |entry: &super::Entry| Arc::ptr_eq(&entry.record, sought);
        if self.lanes.absent.contains(&operation) && self.entries.get(&operation).is_some_and(is_still) {
            tracing::info!(%operation, "a file was found at another place");
            self.moved(operation, path.clone(), facts);
            let _ = self.keeper.send((operation, Keep::Source(path, facts)));
        }
    }

    /// The file is at another place, with the same bytes as far as any were sent.
    pub(super) fn moved(&mut self, operation: OperationId, path: PathBuf, facts: SourceFacts) {
        if let Some(entry) = self.entries.get_mut(&operation) {
            self.board.put_path(entry.record.asset, path.clone());
            entry.record = Arc::new(UploadRecord { path, ..with_facts(&entry.record, facts) });
            entry.job.found_at(facts);
            self.carry_out(operation, Action::KeepFacts(facts));
            self.apply(operation, Event::SourceBack);
        }
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

/// Tells the scheduler of each that is at another place, by the hashes of what was sent of it.
async fn find(orders: Vec<Arc<Order>>, outbox: &mpsc::UnboundedSender<Message>) {
    let lost = orders.iter().map(|order| Lost {
        path: order.record.path.clone(),
        facts: order.facts,
        has_proof: !order.confirmed.is_empty(),
    });
    let lost: Vec<Lost> = lost.collect();
    let stop = Arc::new(AtomicBool::new(false));
    let _stop_when_dropped = StopOnDrop(stop.clone());
    let places = blocking(move || Ok(search(&lost, &stop))).await.unwrap_or_default();
    for (order, paths) in orders.iter().zip(places) {
        for path in paths {
            if let Some(facts) = same_bytes(path.clone(), order.clone()).await {
                let _ = outbox.send(Message::Found { sought: order.record.clone(), path, facts });
                break;
            }
        }
    }
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
