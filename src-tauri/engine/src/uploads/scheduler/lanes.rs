//! Which uploads must be looked at when something happens: with ten thousand in the queue, only the few that could do
//! something about it.

use super::{Entry, Scheduler};
use crate::uploads::job::Phase;
use crate::uploads::parts::SINGLE_BYTES_MAX;
use crate::uploads::progress::Rank;
use lectern_shared::ids::OperationId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Where an upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// The server does not know the asset yet.
    Announcing,
    /// Its turn to be opened will come.
    ToOpen { is_small: bool },
    /// It runs, or waits for a moment.
    Active,
    /// Its file is not there: it is looked for from time to time.
    Absent,
    /// Something writes into its file: it is looked at more often.
    Written,
    /// Finished, or stopped by somebody.
    Parked,
}

/// Each in the order of the queue.
#[derive(Default)]
pub(super) struct Lanes {
    pub(super) announcing: BTreeSet<OperationId>,
    pub(super) small_to_open: BTreeMap<Rank, OperationId>,
    pub(super) large_to_open: BTreeMap<Rank, OperationId>,
    pub(super) active: BTreeMap<Rank, OperationId>,
    pub(super) absent: BTreeSet<OperationId>,
    pub(super) written: BTreeSet<OperationId>,
}

impl Lanes {
    pub(super) fn leave(&mut self, lane: Lane, rank: Rank, operation: OperationId) {
        match lane {
            Lane::Announcing => drop(self.announcing.remove(&operation)),
            Lane::ToOpen { is_small: true } => drop(self.small_to_open.remove(&rank)),
            Lane::ToOpen { is_small: false } => drop(self.large_to_open.remove(&rank)),
            Lane::Active => drop(self.active.remove(&rank)),
            Lane::Absent => drop(self.absent.remove(&operation)),
            Lane::Written => drop(self.written.remove(&operation)),
            Lane::Parked => {}
        }
    }

    pub(super) fn enter(&mut self, lane: Lane, rank: Rank, operation: OperationId) {
        match lane {
            Lane::Announcing => drop(self.announcing.insert(operation)),
            Lane::ToOpen { is_small: true } => drop(self.small_to_open.insert(rank, operation)),
            Lane::ToOpen { is_small: false } => drop(self.large_to_open.insert(rank, operation)),
            Lane::Active => drop(self.active.insert(rank, operation)),
            Lane::Absent => drop(self.absent.insert(operation)),
            Lane::Written => drop(self.written.insert(operation)),
            Lane::Parked => {}
        }
    }
}

pub(super) fn is_small(entry: &Entry) -> bool {
    entry.record.bytes <= SINGLE_BYTES_MAX
}

fn lane_of(entry: &Entry, now: Instant) -> Lane {
    let job = &entry.job;
    match job.phase() {
        Phase::Announcing => Lane::Announcing,
        _ if entry.step.is_some() || !entry.attempts.is_empty() => Lane::Active,
        _ if job.awaits_rest() && !job.is_paused_by_user() => Lane::Written,
        _ if job.awaits_source() => Lane::Absent,
        _ if job.is_finished() || job.cause().is_some() => Lane::Parked,
        Phase::Opening if job.wakes_at(now).is_none() => Lane::ToOpen { is_small: is_small(entry) },
        _ => Lane::Active,
    }
}

impl Scheduler {
    pub(super) fn active(&self) -> impl Iterator<Item = &Entry> {
        self.lanes.active.values().filter_map(|operation| self.entries.get(operation))
    }

    /// Puts an upload where it belongs: after anything that may have changed its job, step, attempts or rank.
    pub(super) fn settle(&mut self, operation: OperationId) {
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        let lane = lane_of(entry, Instant::now());
        let old = std::mem::replace(&mut entry.lane, lane);
        if old != lane {
            self.lanes.leave(old, entry.rank, operation);
            self.lanes.enter(lane, entry.rank, operation);
        }
    }
}
