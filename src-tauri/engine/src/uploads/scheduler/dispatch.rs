//! Who goes next: one pool of slots for all uploads, never idle while any file has parts.

use super::lanes::is_small;
use super::{Attempt, Entry, Message, RunningStep, Scheduler};
use crate::uploads::job::{Event, Job, PartEnd, Phase, Step, StepFailure};
use crate::uploads::sending::{self, PartOrder};
use crate::uploads::slots::quarters;
use crate::uploads::worker::{self, Order, Outside};
use lectern_shared::ids::OperationId;
use lectern_shared::protocol::UPLOADS_MAX;
use std::sync::Arc;
use std::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// Steps of one kind side by side. Small files go in batches.
const STEPS_MAX: BySize = BySize { small: UPLOADS_MAX, large: 8 };
const SIGNING_MAX: usize = 8;
/// Reading again is the disk's work: more at once would only make it seek.
const REHASHING_MAX: usize = 1;
/// Files opened ahead of the slots: neither size waits for the other's.
const AHEAD_MAX: BySize = BySize { small: 2 * UPLOADS_MAX, large: 24 };

#[derive(Clone, Copy, Default)]
struct BySize {
    small: usize,
    large: usize,
}

impl BySize {
    fn get(self, is_small: bool) -> usize {
        if is_small { self.small } else { self.large }
    }

    fn of(&mut self, is_small: bool) -> &mut usize {
        if is_small { &mut self.small } else { &mut self.large }
    }
}

/// How many steps of each kind run, and how many uploads are open.
#[derive(Default)]
struct Load {
    opening: BySize,
    completing: BySize,
    signing: usize,
    rehashing: usize,
    ahead: BySize,
}

/// An upload that could send a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) operation: OperationId,
    pub(super) part: u32,
    /// Milliseconds since 1970; see `Rank`.
    pub(super) needed_by: i64,
    /// Quarters of slots.
    pub(super) in_flight: usize,
    /// That its part would take.
    pub(super) quarters: usize,
    pub(super) is_small: bool,
}

/// What is needed first; of these the one with the least in flight, of these the first in the queue. Small files go before
/// large ones as long as they hold less than half of the slots: they are through in a moment, and a huge file in front
/// does not make them wait, nor a thousand of them a huge file.
pub(super) fn pick(candidates: &[Candidate], small_in_flight: usize, slots: usize) -> Option<Candidate> {
    let small_first = small_in_flight < (slots / 2).max(1);
    candidates
        .iter()
        .copied()
        .min_by_key(|candidate| (candidate.is_small != small_first, candidate.needed_by, candidate.in_flight))
}

impl Scheduler {
    pub(super) fn dispatch(&mut self, now: Instant) {
        if self.idle {
            return;
        }
        self.begin_announcing(now);
        self.look_out(now);
        if self.hold.is_none() {
            self.begin_steps(now);
            self.begin_parts(now);
        }
    }

    fn begin_steps(&mut self, now: Instant) {
        let mut load = self.load();
        let active: Vec<OperationId> = self.lanes.active.values().copied().collect();
        for operation in active {
            self.begin_step_if_room(operation, &mut load, now);
        }
        while let Some(next) = self.lanes.small_to_open.values().next().copied()
            && self.begin_step_if_room(next, &mut load, now)
        {}
        while let Some(next) = self.lanes.large_to_open.values().next().copied()
            && self.begin_step_if_room(next, &mut load, now)
        {}
    }

    fn begin_step_if_room(&mut self, operation: OperationId, load: &mut Load, now: Instant) -> bool {
        let Some(entry) = self.entries.get(&operation) else { return false };
        let Some(step) = entry.job.wants(now) else { return false };
        let begins = self.has_room(&step, is_small(entry), load, now);
        if begins {
            self.begin_step(operation, step);
            self.settle(operation);
        }
        begins
    }

    fn load(&self) -> Load {
        let mut load = Load::default();
        for entry in self.active() {
            match entry.step.as_ref().map(|running| &running.step) {
                Some(Step::Open { .. }) => *load.opening.of(is_small(entry)) += 1,
                Some(Step::Complete) => *load.completing.of(is_small(entry)) += 1,
                Some(Step::Urls { .. }) => load.signing += 1,
                Some(Step::Rehash) => load.rehashing += 1,
                None => {}
            }
            let is_paused = entry.job.cause().is_some();
            if entry.job.phase() == Phase::Sending && entry.job.has_pending_parts() && !is_paused {
                *load.ahead.of(is_small(entry)) += 1;
            }
        }
        load
    }

    fn has_room(&self, step: &Step, is_small: bool, load: &mut Load, now: Instant) -> bool {
        let server = self.server.lets_through(now);
        let both = server && self.store.lets_through(now);
        let (allowed, count) = match step {
            Step::Open { .. } => {
                let (ahead, opening) = (load.ahead.of(is_small), load.opening.of(is_small));
                let has_room = both && *ahead < AHEAD_MAX.get(is_small) && *opening < STEPS_MAX.get(is_small);
                *ahead += usize::from(has_room);
                (has_room, opening)
            }
            Step::Urls { .. } => (server && load.signing < SIGNING_MAX, &mut load.signing),
            Step::Rehash => (load.rehashing < REHASHING_MAX, &mut load.rehashing),
            Step::Complete => {
                let completing = load.completing.of(is_small);
                (both && *completing < STEPS_MAX.get(is_small), completing)
            }
        };
        *count += usize::from(allowed);
        allowed
    }

    fn begin_step(&mut self, operation: OperationId, step: Step) {
        self.next_id += 1;
        let id = self.next_id;
        match step {
            Step::Open { .. } | Step::Complete => {
                self.server.started(id);
                self.store.started(id);
            }
            Step::Urls { .. } => self.server.started(id),
            Step::Rehash => {}
        }
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        entry.job.step_started();
        let (outside, outbox) = (self.outside.clone(), self.outbox.clone());
        let work = run_step(outside, step.clone(), order_of(entry, self.speed.bytes_per_second()));
        let task = tokio::spawn(async move {
            let event = work.await.unwrap_or_else(Event::StepFailed);
            let _ = outbox.send(Message::Step { operation, id, event });
        });
        entry.step = Some(RunningStep { id, step, task: AbortOnDropHandle::new(task) });
    }

    fn begin_parts(&mut self, now: Instant) {
        if self.in_flight >= self.slots.quarters() || !self.store.lets_through(now) {
            return;
        }
        let mut candidates = self.candidates(now);
        let mut small_in_flight = self.small_in_flight();
        while self.in_flight < self.slots.quarters() && self.store.lets_through(now) {
            let Some(next) = pick(&candidates, small_in_flight, self.slots.quarters()) else { break };
            small_in_flight += if next.is_small { next.quarters } else { 0 };
            self.begin_part(next, now);
            let job = self.entries.get(&next.operation).map(|entry| &entry.job);
            let follows = job.and_then(|job| job.next_part(now));
            candidates.retain_mut(|candidate| {
                if candidate.operation != next.operation {
                    return true;
                }
                candidate.in_flight += next.quarters;
                follows.is_some_and(|part| {
                    candidate.part = part;
                    true
                })
            });
        }
    }

    fn candidates(&self, now: Instant) -> Vec<Candidate> {
        let with_part = self.active().filter_map(|entry| entry.job.next_part(now).map(|part| (entry, part)));
        with_part
            .map(|(entry, part)| Candidate {
                operation: entry.record.operation,
                part,
                needed_by: entry.rank.0,
                in_flight: entry.on_line(),
                quarters: quarters(entry.job.plan().length(part)),
                is_small: is_small(entry),
            })
            .collect()
    }

    fn small_in_flight(&self) -> usize {
        self.active().filter(|entry| is_small(entry)).map(Entry::on_line).sum()
    }

    fn begin_part(&mut self, next: Candidate, now: Instant) {
        let Candidate { operation, part, quarters, .. } = next;
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        let Some((url, fresh_connection)) = entry.job.part_started(part, now) else { return };
        self.next_id += 1;
        let id = self.next_id;
        self.store.started(id);
        let gauge = Arc::default();
        let order = PartOrder {
            record: entry.record.clone(),
            facts: entry.job.facts(),
            plan: entry.job.plan(),
            part,
            url,
            fresh_connection,
            gauge: Arc::clone(&gauge),
        };
        let (outside, outbox) = (self.outside.clone(), self.outbox.clone());
        let task = tokio::spawn(async move {
            let off_line = || drop(outbox.send(Message::OffLine { operation, part, id }));
            let end: PartEnd = sending::send_part(&outside, order, off_line).await;
            let _ = outbox.send(Message::Part { operation, part, id, end });
        });
        entry.attempts.insert(
            part,
            Attempt { id, quarters, gauge, pulled: 0, moved_at: now, _task: AbortOnDropHandle::new(task) },
        );
        self.in_flight += quarters;
        self.stale.insert(operation);
    }
}

pub(super) fn order_of(entry: &Entry, uplink: Option<u64>) -> Order {
    let job: &Job = &entry.job;
    Order {
        record: entry.record.clone(),
        facts: job.facts(),
        plan: job.plan_for(uplink),
        upload_id: job.upload_id().map(str::to_owned),
        confirmed: job.confirmed().clone(),
        sent_once: job.was_sent_once(),
        confirmed_at: job.confirmed_at(),
        rested: job.rested(),
    }
}

async fn run_step(outside: Arc<Outside>, step: Step, order: Order) -> Result<Event, StepFailure> {
    match step {
        Step::Open { fresh } => worker::open(&outside, order, fresh).await,
        Step::Urls { parts } => worker::urls(&outside, order.record.asset, parts).await,
        Step::Rehash => worker::rehash(order).await,
        Step::Complete => worker::complete(&outside, order).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uploads::slots::QUARTERS;

    #[test]
    fn small_files_do_not_wait_behind_huge_ones_nor_these_behind_a_thousand_small() {
        let candidate = |in_flight, is_small| Candidate {
            operation: OperationId::new(),
            part: 1,
            needed_by: i64::MAX,
            in_flight,
            quarters: QUARTERS,
            is_small,
        };
        let (huge, other_huge) = (candidate(1, false), candidate(0, false));
        let (small, other_small) = (candidate(0, true), candidate(0, true));
        let all = [huge, other_huge, small, other_small];
        assert_eq!(pick(&all, 0, 4), Some(small));
        assert_eq!(pick(&all, 1, 4), Some(small));
        assert_eq!(pick(&all, 2, 4), Some(other_huge), "half of the slots are theirs");
        assert_eq!(pick(&[small], 4, 4), Some(small), "never idle");
        assert_eq!(pick(&[huge], 0, 4), Some(huge));
        assert_eq!(pick(&[huge, small], 0, 1), Some(small));
        assert_eq!(pick(&[], 0, 4), None);
        let urgent = Candidate { needed_by: 7, in_flight: 3, ..huge };
        assert_eq!(pick(&[other_huge, urgent], 0, 4), Some(urgent), "all slots for what is needed first");
    }
}
