//! What people tell the uploads to do.

use super::lanes::Lanes;
use super::{Attempt, Entry, Keep, Scheduler, ToKeep};
use crate::uploads::job::{Event, Job, PartEnd, Phase, Step};
use crate::uploads::progress::{Board, Rank};
use crate::uploads::recovery::facts_of;
use crate::uploads::seam::UploadRecord;
use crate::uploads::worker;
use lectern_shared::Millis;
use lectern_shared::ids::{AssetId, OperationId};
use lectern_shared::upload::{Hold, UploadAction};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio_util::task::AbortOnDropHandle;

/// An attempt that has not moved for so long is not trusted over a nudge.
const STILL_AFTER: Duration = Duration::from_secs(5);

/// Which attempts are begun again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Still {
    /// Their connection may be dead without knowing it.
    Only,
    /// It certainly is.
    OrMoving,
}

impl Scheduler {
    pub(super) fn add(&mut self, records: Vec<UploadRecord>, done: oneshot::Sender<()>) {
        for record in records {
            let job = Job::new(facts_of(&record), record.paused);
            self.insert(record, job);
        }
        self.show(Instant::now());
        let _ = done.send(());
    }

    /// Pause, resume, retry, move to top. Answers what the catalogue must keep.
    pub(super) fn control(
        &mut self,
        action: UploadAction,
        operations: Option<&[OperationId]>,
        done: oneshot::Sender<Vec<ToKeep>>,
    ) {
        let mut chosen: Vec<(Rank, OperationId)> = self
            .entries
            .values()
            .filter(|entry| operations.is_none_or(|wanted| wanted.contains(&entry.record.operation)))
            .filter(|entry| applies(action, &entry.job))
            .map(|entry| (entry.rank, entry.record.operation))
            .collect();
        chosen.sort_unstable();
        let mut to_keep = Vec::new();
        // From behind, so that several moved to the top keep their order.
        for (_, operation) in chosen.into_iter().rev() {
            let keep = match action {
                UploadAction::Pause => self.then(operation, Event::Pause, Keep::Paused(true)),
                UploadAction::Resume => self.then(operation, Event::Resume, Keep::Paused(false)),
                UploadAction::Retry => self.then(operation, Event::Retry, Keep::Outcome(None)),
                UploadAction::MoveToTop => {
                    self.move_to_top(operation);
                    None
                }
                UploadAction::Cancel | UploadAction::Clear => None,
            };
            if let Some(Keep::Outcome(None)) = keep {
                // It may have failed while it was paused: a retry is meant to run.
                to_keep.push((operation, Keep::Paused(false)));
            }
            to_keep.extend(keep.map(|keep| (operation, keep)));
        }
        if matches!(action, UploadAction::Resume | UploadAction::Retry) {
            self.open_gates();
        }
        self.show(Instant::now());
        let _ = done.send(to_keep);
    }

    fn then(&mut self, operation: OperationId, event: Event, keep: Keep) -> Option<Keep> {
        let before = self.entries.get(&operation).map(|entry| (entry.job.is_paused_by_user(), entry.job.phase()))?;
        self.apply(operation, event);
        let needs_keeping = match keep {
            Keep::Paused(paused) => before.0 != paused,
            Keep::Outcome(_) => before.1 == Phase::Failed,
            Keep::Source(..) => true,
        };
        needs_keeping.then_some(keep)
    }

    fn move_to_top(&mut self, operation: OperationId) {
        self.top_rank -= 1;
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        let rank = (i64::MIN, self.top_rank);
        Self::put_at(entry, rank, &mut self.lanes, &mut self.unfinished, &self.board);
        self.list_changed = true;
    }

    fn put_at(
        entry: &mut Entry,
        rank: Rank,
        lanes: &mut Lanes,
        unfinished: &mut BTreeMap<Rank, OperationId>,
        board: &Board,
    ) {
        let operation = entry.record.operation;
        let old = std::mem::replace(&mut entry.rank, rank);
        lanes.leave(entry.lane, old, operation);
        lanes.enter(entry.lane, rank, operation);
        if unfinished.remove(&old).is_some() {
            unfinished.insert(rank, operation);
        }
        board.move_to(old, rank);
    }

    pub(super) fn needed_by(&mut self, operations: &[OperationId], at: Option<Millis>, done: oneshot::Sender<()>) {
        for operation in operations {
            let Some(entry) = self.entries.get_mut(operation) else { continue };
            entry.record = Arc::new(UploadRecord { needed_by: at, ..(*entry.record).clone() });
            let rank = (at.unwrap_or(i64::MAX), entry.rank.1);
            Self::put_at(entry, rank, &mut self.lanes, &mut self.unfinished, &self.board);
            self.stale.insert(*operation);
        }
        self.list_changed = true;
        self.show(Instant::now());
        self.untold.extend(self.board.judge(crate::catalogue::now()));
        let _ = done.send(());
    }

    /// Nothing is on the line any more when this is over; what was confirmed is.
    pub(super) fn set_hold(&mut self, hold: Option<Hold>, limit: Option<u64>) {
        self.hold = hold;
        self.board.set_hold(hold, limit);
        if hold.is_some() {
            let sending = self.active().filter(|entry| !entry.attempts.is_empty());
            let sending: Vec<OperationId> = sending.map(|entry| entry.record.operation).collect();
            for operation in sending {
                self.drop_attempts_where(operation, |attempt| attempt.is_on_line());
            }
        }
        self.list_changed = true;
    }

    pub(super) fn nudge(&mut self) {
        self.go_again(Still::Only);
    }

    pub(super) fn go_again(&mut self, which: Still) {
        self.open_gates();
        let operations: Vec<OperationId> = self.unfinished.values().copied().collect();
        for operation in operations {
            self.drop_attempts_where(operation, |attempt| match which {
                Still::Only => attempt.moved_at.elapsed() >= STILL_AFTER,
                Still::OrMoving => attempt.is_on_line(),
            });
            self.apply(operation, Event::Nudge);
        }
        self.outside.nudged.notify_waiters();
    }

    pub(super) fn drop_attempts(&mut self, operation: OperationId) {
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        for attempt in std::mem::take(&mut entry.attempts).into_values() {
            self.in_flight -= attempt.quarters;
            self.store.ended(attempt.id);
        }
        entry.speed.forget();
    }

    pub(super) fn drop_step(&mut self, operation: OperationId) {
        if let Some(step) = self.entries.get_mut(&operation).and_then(|entry| entry.step.take()) {
            self.server.ended(step.id);
            self.store.ended(step.id);
        }
    }

    /// They go again; that costs no try.
    fn drop_attempts_where(&mut self, operation: OperationId, is_wanted: impl Fn(&Attempt) -> bool) {
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        let dropped: Vec<u32> =
            entry.attempts.iter().filter(|(_, attempt)| is_wanted(attempt)).map(|(part, _)| *part).collect();
        for part in dropped {
            let Some(attempt) = self.entries.get_mut(&operation).and_then(|entry| entry.attempts.remove(&part)) else {
                continue;
            };
            self.in_flight -= attempt.quarters;
            self.store.ended(attempt.id);
            self.apply(operation, Event::PartEnded { part, end: PartEnd::Unreachable });
        }
    }

    fn open_gates(&mut self) {
        let now = Instant::now();
        self.server.nudge(now);
        self.store.nudge(now);
    }

    pub(super) fn cancelled(&mut self, operations: Vec<(OperationId, AssetId)>, done: oneshot::Sender<()>) {
        for (operation, asset) in operations {
            let step = self.remove(operation).and_then(|mut entry| entry.step.take());
            // What may just be opening or completing the store's side is waited for: a request given up could still
            // arrive after the cancellation. Other steps end here.
            let last = step.filter(|running| matches!(running.step, Step::Open { .. } | Step::Complete));
            self.cancel_at_store(operation, asset, last.map(|running| running.task));
        }
        self.show(Instant::now());
        let _ = done.send(());
    }

    /// Also for what an earlier run did not get confirmed.
    pub(in crate::uploads) fn cancel_at_store(
        &mut self,
        operation: OperationId,
        asset: AssetId,
        last_step: Option<AbortOnDropHandle<()>>,
    ) {
        let last_step = last_step.map(|task| async move {
            let _ = task.await;
        });
        let task = tokio::spawn(worker::cancel(self.outside.clone(), operation, asset, last_step));
        self.cancellations.retain(|task| !task.is_finished());
        self.cancellations.push(AbortOnDropHandle::new(task));
    }

    pub(super) fn cleared(&mut self, operations: &[OperationId], done: oneshot::Sender<()>) {
        for operation in operations {
            self.remove(*operation);
        }
        self.show(Instant::now());
        let _ = done.send(());
    }

    fn remove(&mut self, operation: OperationId) -> Option<Entry> {
        self.drop_attempts(operation);
        let entry = self.entries.remove(&operation)?;
        if let Some(step) = &entry.step {
            self.server.ended(step.id);
            self.store.ended(step.id);
        }
        self.unfinished.remove(&entry.rank);
        self.lanes.leave(entry.lane, entry.rank, operation);
        self.board.remove(entry.rank);
        self.list_changed = true;
        Some(entry)
    }
}

fn applies(action: UploadAction, job: &Job) -> bool {
    match action {
        UploadAction::Pause => !job.is_finished(),
        UploadAction::Resume => !job.is_finished() && job.cause().is_some(),
        UploadAction::Retry => job.phase() != Phase::Ready && !job.is_paused_by_user(),
        UploadAction::MoveToTop => true,
        UploadAction::Cancel | UploadAction::Clear => false,
    }
}
