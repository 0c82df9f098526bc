//! Looks for files that are not there (a drive is plugged in again, a file put back, or shown by the user elsewhere) and
//! at those that are still being written.

use super::{Message, Scheduler};
use crate::uploads::job::{Action, Event};
use crate::uploads::rest::{Sighting, is_at_rest};
use crate::uploads::seam::UploadRecord;
use crate::uploads::source::{self, Source, SourceFacts, SourceProblem};
use crate::uploads::worker::{Order, Outside, blocking};
use lectern_shared::ids::OperationId;
use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Who looks at a file that is being written does so more often.
const LOOK_AT_WRITTEN: Range<Duration> = Duration::from_millis(10)..Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Lookout {
    at: Option<Instant>,
    running: Option<AbortOnDropHandle<()>>,
    /// Files that something wrote into when they were last looked at.
    seen: HashMap<OperationId, Sighting>,
}

/// What one look has shown.
pub(in crate::uploads) enum Sight {
    /// The file is there again; or not there any more, which its next step will say.
    Turned,
    Written(Sighting),
    Rests(SourceFacts),
}

impl Lookout {
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.at.filter(|_| self.running.is_none())
    }
}

impl Scheduler {
    pub(super) fn look_out(&mut self, now: Instant) {
        let is_written = !self.lanes.written.is_empty();
        if self.lanes.absent.is_empty() && !is_written {
            self.lookout.at = None;
            return;
        }
        let written = (self.outside.rest / 3).clamp(LOOK_AT_WRITTEN.start, LOOK_AT_WRITTEN.end);
        let next = now + if is_written { written } else { LOOK_EVERY };
        let at = self.lookout.at.map_or(next, |at| at.min(next));
        self.lookout.at = Some(at);
        if at > now || self.lookout.running.is_some() {
            return;
        }
        self.lookout.at = Some(next);
        let records = |lane: &BTreeSet<OperationId>| -> Vec<Arc<UploadRecord>> {
            lane.iter().filter_map(|operation| self.entries.get(operation)).map(|entry| entry.record.clone()).collect()
        };
        let (absent, written) = (records(&self.lanes.absent), records(&self.lanes.written));
        let seen = self.lookout.seen.clone();
        let (outside, outbox) = (self.outside.clone(), self.outbox.clone());
        let task = tokio::spawn(async move {
            let mut sights = back(absent).await;
            for record in written {
                let before = seen.get(&record.operation).copied();
                sights.extend(look_at(&outside, &record, before).await.map(|sight| (record.operation, sight)));
            }
            let _ = outbox.send(Message::Looked { sights });
        });
        self.lookout.running = Some(AbortOnDropHandle::new(task));
    }

    pub(super) fn looked(&mut self, sights: Vec<(OperationId, Sight)>) {
        self.lookout.running = None;
        self.lookout.seen.clear();
        for (operation, sight) in sights {
            match sight {
                Sight::Turned => self.apply(operation, Event::SourceBack),
                Sight::Written(sighting) => drop(self.lookout.seen.insert(operation, sighting)),
                Sight::Rests(facts) => {
                    if let Some(entry) = self.entries.get_mut(&operation) {
                        entry.record = Arc::new(with_facts(&entry.record, facts));
                    }
                    self.apply(operation, Event::SourceRests(facts));
                }
            }
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
async fn back(absent: Vec<Arc<UploadRecord>>) -> Vec<(OperationId, Sight)> {
    let looked = blocking(move || {
        let is_back = |record: &&Arc<UploadRecord>| source::look(&record.path).is_ok();
        Ok(absent.iter().filter(is_back).map(|record| (record.operation, Sight::Turned)).collect())
    });
    looked.await.unwrap_or_default()
}

/// None: nothing is to be said yet.
async fn look_at(outside: &Outside, record: &UploadRecord, before: Option<Sighting>) -> Option<Sight> {
    let (path, rest) = (record.path.clone(), outside.rest);
    let looked = blocking(move || {
        let (source, facts) = Source::open(&path)?;
        let sighting = Sighting::next(before, facts, Instant::now());
        Ok((sighting, is_at_rest(&source, sighting, rest)?))
    });
    match looked.await {
        Ok((Sighting { facts, .. }, true)) => {
            if facts.bytes != record.bytes
                && let Err(error) = outside.catalogue.set_source(record.operation, record.path.clone(), facts).await
            {
                tracing::warn!(%error, "the catalogue does not know a file's new size");
                return None;
            }
            Some(Sight::Rests(facts))
        }
        Ok((sighting, false)) => Some(Sight::Written(sighting)),
        // Shorter than a moment ago.
        Err(SourceProblem::Resized) => None,
        Err(_) => Some(Sight::Turned),
    }
}
