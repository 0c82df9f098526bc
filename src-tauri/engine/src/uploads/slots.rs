//! How many parts are in flight: as many as the line rewards, fewer as soon as the store asks for less. Pure: it reads no
//! clock.

use std::time::{Duration, Instant};

const FIRST: usize = 4;
/// On a fast line, where a part is through before its answer has been dealt with: more of them keep it busy, and fill the
/// vectors that MD5 is walked in.
const FIRST_WHEN_FAST: usize = 8;
const FAST_BYTES_PER_SECOND: f64 = 100e6;
pub const SLOTS_MAX: usize = 16;
/// A small file is sent before its answer could come: what it costs is waiting, and four of them share a slot.
pub const QUARTERS: usize = 4;
const LIGHT_BYTES_MAX: u64 = 512 * 1024;
/// Goodput is compared over windows this long: shorter ones compare bursts of the system's buffers.
const WINDOW: Duration = Duration::from_secs(3);
/// Long enough to tell a fast line: the system's buffers of all slots together take less in that time.
const FIRST_WINDOW: Duration = Duration::from_millis(200);
/// Less of a difference is noise.
const NOTICEABLE: f64 = 0.05;
/// Windows that a count which turned out best is kept before others are tried again: lines change, but not every minute.
const KEPT_FOR: u32 = 10;

/// What a part takes of its slot.
#[must_use]
pub fn quarters(bytes: u64) -> usize {
    if bytes <= LIGHT_BYTES_MAX { 1 } else { QUARTERS }
}

/// The count, and what its last changes brought.
#[derive(Debug)]
pub struct Slots {
    count: usize,
    /// Fewer would only make the line idle between two parts.
    least: usize,
    is_known: bool,
    window: Option<Window>,
    /// Goodput of the window before, bytes a second, and what was changed after it.
    before: Option<(f64, Change)>,
    keep: u32,
    /// What is tried when it has been kept long enough.
    next: Change,
    pushed_back_at: Option<Instant>,
    /// By somebody who knows better.
    is_fixed: bool,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    since: Instant,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    More,
    Fewer,
}

impl Default for Slots {
    fn default() -> Self {
        Self::of_line(None)
    }
}

impl Slots {
    #[must_use]
    pub fn starting_at(count: usize) -> Self {
        Self {
            count: count.clamp(1, SLOTS_MAX),
            least: FIRST,
            is_known: false,
            window: None,
            before: None,
            keep: 0,
            next: Change::More,
            pushed_back_at: None,
            is_fixed: false,
        }
    }

    /// So many, whatever the line says; none: as many as it rewards.
    #[must_use]
    pub fn of_line(fixed: Option<usize>) -> Self {
        Self { is_fixed: fixed.is_some(), ..Self::starting_at(fixed.unwrap_or(FIRST)) }
    }

    #[must_use]
    pub fn quarters(&self) -> usize {
        self.count * QUARTERS
    }

    /// The store said 503 or 429: half as many, and no second time for the answers of the same moment.
    pub fn pushed_back(&mut self, now: Instant) {
        if self.pushed_back_at.is_none_or(|at| now.saturating_duration_since(at) >= WINDOW) {
            self.pushed_back_at = Some(now);
            // However fast the line is, the store does not want more.
            self.is_known = true;
            self.window = None;
            self.settle((self.count / 2).max(1), Change::More);
        }
    }

    /// To be told from time to time: all bytes the network took so far, and whether all slots are used with more to send.
    /// What is measured while slots are idle says nothing about them.
    pub fn measure(&mut self, now: Instant, bytes: u64, is_full: bool) {
        if !is_full || self.is_fixed {
            self.window = None;
            return;
        }
        let window = *self.window.get_or_insert(Window { since: now, bytes });
        let taken = now.saturating_duration_since(window.since);
        let rate = bytes.saturating_sub(window.bytes) as f64 / taken.as_secs_f64();
        if !self.is_known && taken >= FIRST_WINDOW {
            self.is_known = true;
            if rate >= FAST_BYTES_PER_SECOND {
                self.least = FIRST_WHEN_FAST;
                self.count = self.count.max(self.least);
                self.window = None;
            }
        } else if taken >= WINDOW {
            self.window = Some(Window { since: now, bytes });
            self.decide(rate);
        }
    }

    fn decide(&mut self, rate: f64) {
        if self.keep > 0 {
            self.keep -= 1;
            return;
        }
        match self.before {
            None => self.change(rate, self.next),
            Some((before, Change::More)) if rate > before * (1.0 + NOTICEABLE) => self.change(rate, Change::More),
            // More slots for the same goodput are only more memory, and more to lose at a cut.
            Some((_, Change::More)) => self.settle(self.count.saturating_sub(1).max(1), Change::Fewer),
            Some((before, Change::Fewer)) if rate < before * (1.0 - NOTICEABLE) => {
                self.settle(self.count + 1, Change::More);
            }
            Some((_, Change::Fewer)) => self.change(rate, Change::Fewer),
        }
    }

    fn change(&mut self, rate: f64, change: Change) {
        match change {
            Change::More if self.count < SLOTS_MAX => self.count += 1,
            Change::Fewer if self.count > self.least => self.count -= 1,
            Change::More => return self.settle(self.count, Change::Fewer),
            Change::Fewer => return self.settle(self.count, Change::More),
        }
        self.before = Some((rate, change));
    }

    /// Stays there for a while, and then tries the other way.
    fn settle(&mut self, count: usize, next: Change) {
        (self.count, self.before, self.keep, self.next) = (count, None, KEPT_FOR, next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that carries so much for so many slots, watched for a while.
    fn count_after(slots: &mut Slots, minutes: u32, goodput: impl Fn(usize) -> f64) -> usize {
        let start = Instant::now();
        let mut bytes = 1.0;
        for tick in 0..minutes * 60 * 10 {
            bytes += goodput(slots.count) / 10.0;
            slots.measure(start + Duration::from_millis(100) * tick, bytes as u64, true);
        }
        slots.count
    }

    #[test]
    fn a_long_line_gets_slots_as_long_as_each_brings_more() {
        let mut slots = Slots::default();
        assert_eq!(slots.count, 4);
        let per_slot = |count: usize| count.min(11) as f64 * 1e6;
        let count = count_after(&mut slots, 3, per_slot);
        assert!((10..=12).contains(&count), "{count}");
        assert!(count_after(&mut Slots::default(), 10, |count| count as f64 * 1e6) <= SLOTS_MAX);
    }

    #[test]
    fn a_line_that_is_full_keeps_few() {
        let count = count_after(&mut Slots::default(), 10, |_| 5e6);
        assert!((3..=5).contains(&count), "{count}");
    }

    #[test]
    fn a_fast_line_is_known_in_a_moment_and_never_gets_fewer_than_keep_it_busy() {
        let (mut slots, start) = (Slots::default(), Instant::now());
        for tick in 0..3_u64 {
            slots.measure(start + Duration::from_millis(100) * tick as u32, tick * 15_000_000, true);
        }
        assert_eq!(slots.count, FIRST_WHEN_FAST, "150 MB/s");
        let count = count_after(&mut slots, 10, |_| 150e6);
        assert!((FIRST_WHEN_FAST..=FIRST_WHEN_FAST + 1).contains(&count), "{count}");
    }

    #[test]
    fn a_store_that_asks_for_less_gets_half_once_for_all_answers_of_a_moment() {
        let (mut slots, now) = (Slots::starting_at(12), Instant::now());
        for _ in 0..12 {
            slots.pushed_back(now);
            // As soon as one part is refused, not all slots are used any more.
            slots.measure(now, 1, false);
        }
        assert_eq!(slots.count, 6);
        slots.pushed_back(now + WINDOW);
        assert_eq!(slots.count, 3);
        for _ in 0..5 {
            slots.pushed_back(now + 100 * WINDOW);
            slots.pushed_back(now + 200 * WINDOW);
        }
        assert_eq!(slots.count, 1, "never none");
    }

    #[test]
    fn a_store_that_asks_for_less_before_the_line_is_known_is_believed() {
        let (mut slots, start) = (Slots::default(), Instant::now());
        slots.pushed_back(start);
        for tick in 0..10_u64 {
            slots.measure(start + Duration::from_millis(100) * tick as u32, tick * 15_000_000, true);
        }
        assert_eq!(slots.count, 2);
    }

    #[test]
    fn slots_without_work_are_not_judged() {
        let (mut slots, start) = (Slots::default(), Instant::now());
        for second in 0..600 {
            slots.measure(start + Duration::from_secs(second), second * 1_000, false);
        }
        assert_eq!(slots.count, 4);
    }
}
