//! What the window is told, and when: the board at once, events at most ten a second.

use super::Scheduler;
use super::announce::WAITS_LONG_AFTER;
use crate::uploads::progress::{self, Surroundings, TICK};
use lectern_shared::change::CacheTag;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::OperationId;
use lectern_shared::upload::UploadSnapshot;
use std::time::Instant;

impl Scheduler {
    /// Puts what changed on the board; tells the window if it is time.
    pub(super) fn show(&mut self, now: Instant) {
        let is_time = self.told_at.is_none_or(|told| now.saturating_duration_since(told) >= TICK);
        if is_time && self.in_flight > 0 {
            let moving = self.active().filter(|entry| !entry.attempts.is_empty()).map(|entry| entry.record.operation);
            let moving: Vec<OperationId> = moving.collect();
            self.stale.extend(moving);
        }
        for operation in std::mem::take(&mut self.stale) {
            self.put_on_board(operation, now);
        }
        if is_time {
            self.tell(now);
            // After the telling: also on a busy computer two are never closer than a tick.
            self.told_at = Some(Instant::now());
        }
    }

    /// Before the first message: the list is whole as soon as the engine is there.
    pub(in crate::uploads) fn put_all_on_board(&mut self) {
        for operation in std::mem::take(&mut self.stale) {
            self.put_on_board(operation, Instant::now());
        }
    }

    fn put_on_board(&mut self, operation: OperationId, now: Instant) {
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        let in_flight_bytes = entry.in_flight_bytes();
        for attempt in entry.attempts.values_mut() {
            let pulled = attempt.gauge.pulled();
            if pulled != attempt.pulled || attempt.gauge.is_starved() {
                (attempt.pulled, attempt.moved_at) = (pulled, now);
            }
        }
        if !entry.attempts.is_empty() {
            entry.speed.record(now, entry.job.confirmed_bytes() + in_flight_bytes);
        }
        let around = Surroundings {
            user: self.user,
            in_flight_bytes,
            bytes_per_second: entry.speed.bytes_per_second(),
            server_is_silent: self.server.is_closed(),
            store_is_silent: self.store.is_closed(),
            waits_long: now.saturating_duration_since(entry.since) >= WAITS_LONG_AFTER,
        };
        if self.board.put(entry.rank, progress::snapshot(&entry.record, &entry.job, &around)) {
            self.untold.insert(operation);
        }
    }

    fn tell(&mut self, now: Instant) {
        self.untold.extend(self.board.judge(crate::catalogue::now()));
        if self.untold.is_empty() && !self.list_changed {
            return;
        }
        let in_flight: u64 = self.active().map(super::Entry::in_flight_bytes).sum();
        let taken = self.confirmed_here + in_flight;
        self.slots.measure(now, taken, self.in_flight >= self.slots.quarters());
        if self.in_flight > 0 {
            self.speed.record(now, taken);
        } else {
            self.speed.forget();
        }
        self.board.set_speed(self.speed.bytes_per_second());
        let ranks = std::mem::take(&mut self.untold).into_iter();
        let ranks = ranks.filter_map(|operation| self.entries.get(&operation).map(|entry| entry.rank));
        let snapshots: Vec<UploadSnapshot> = ranks.filter_map(|rank| self.board.snapshot(rank)).collect();
        (self.events)(AppEvent::Progress { snapshots, totals: self.board.totals() });
        if std::mem::take(&mut self.list_changed) {
            (self.events)(AppEvent::Changed { tags: vec![CacheTag::Uploads, CacheTag::Workspace] });
        }
    }
}
