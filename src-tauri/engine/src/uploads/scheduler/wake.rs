//! The computer slept, or its network is another one: connections are dead and do not know it.

use super::Scheduler;
use super::control::Still;
use crate::uploads::slots::Slots;
use std::time::{Duration, Instant, SystemTime};

/// A rest that took this much longer than planned was the computer's own.
const SLEPT: Duration = Duration::from_secs(30);

/// Compares each rest of the scheduler with what it planned.
#[derive(Default)]
pub(super) struct WakeWatch(Option<Rest>);

struct Rest {
    began: Instant,
    began_by_wall: SystemTime,
    planned: Duration,
}

impl WakeWatch {
    /// Without an end in sight nothing is on its way, and nothing can be dead.
    pub(super) fn rests(&mut self, now: Instant, by_wall: SystemTime, until: Option<Instant>) {
        let planned = until.map(|until| until.saturating_duration_since(now));
        self.0 = planned.map(|planned| Rest { began: now, began_by_wall: by_wall, planned });
    }

    /// By either clock: that of Linux and macOS stands still while the computer sleeps, that of Windows goes on
    /// (<https://doc.rust-lang.org/std/time/struct.Instant.html>). A wall clock that somebody sets costs a connection.
    pub(super) fn has_slept(&mut self, now: Instant, by_wall: SystemTime) -> bool {
        self.0.take().is_some_and(|rest| {
            let by_wall = by_wall.duration_since(rest.began_by_wall).unwrap_or_default();
            now.saturating_duration_since(rest.began).max(by_wall) > rest.planned + SLEPT
        })
    }
}

impl Scheduler {
    /// Every connection is made anew, and what was on one goes again. Costs no tries.
    pub(super) fn line_changed(&mut self) {
        tracing::info!("the computer slept or its network changed");
        self.outside.sender.renew();
        // Of this line nothing is known.
        self.slots = Slots::of_line(self.fixed_slots);
        self.go_again(Still::OrMoving);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_night_is_noticed_whichever_clock_slept_through_it_and_a_busy_minute_is_not() {
        let (start, wall) = (Instant::now(), SystemTime::now());
        let has_slept = |planned: Option<Duration>, by_clock: Duration, by_wall: Duration| {
            let mut watch = WakeWatch::default();
            watch.rests(start, wall, planned.map(|planned| start + planned));
            watch.has_slept(start + by_clock, wall + by_wall)
        };
        let night = 8 * 3_600 * SECOND;
        assert!(has_slept(Some(SECOND), SECOND, night), "Linux, macOS");
        assert!(has_slept(Some(SECOND), night, night), "Windows");
        assert!(!has_slept(Some(SECOND), 20 * SECOND, 20 * SECOND));
        assert!(!has_slept(Some(60 * SECOND), 61 * SECOND, 61 * SECOND));
        assert!(!has_slept(None, night, night), "nothing is on its way");
    }

    #[test]
    fn a_clock_that_is_set_back_is_no_sleep() {
        let (start, wall) = (Instant::now(), SystemTime::now());
        let mut watch = WakeWatch::default();
        watch.rests(start, wall, Some(start + SECOND));
        assert!(!watch.has_slept(start + SECOND, wall - 3_600 * SECOND));
    }
}
