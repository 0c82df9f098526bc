//! Counts wrong codes: whoever guesses is slowed down. A right one counts for nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Of a code's 2^50, in a minute, over all who try.
const WRONG_MAX: u32 = 30;
const MINUTE: Duration = Duration::from_secs(60);

#[derive(Default)]
pub(super) struct Attempts(Mutex<Option<(Instant, u32)>>);

/// Counted as wrong from its beginning, so that those at the same time count too.
pub(super) struct Attempt<'a>(&'a Attempts);

impl Attempts {
    fn lock(&self) -> MutexGuard<'_, Option<(Instant, u32)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// None: too many were wrong within the minute.
    pub(super) fn begin(&self, now: Instant) -> Option<Attempt<'_>> {
        let mut counted = self.lock();
        let (since, wrong) = counted.filter(|(since, _)| now.duration_since(*since) < MINUTE).unwrap_or((now, 0));
        if wrong >= WRONG_MAX {
            return None;
        }
        *counted = Some((since, wrong + 1));
        Some(Attempt(self))
    }
}

impl Attempt<'_> {
    pub(super) fn was_right(self) {
        if let Some((_, wrong)) = &mut *self.0.lock() {
            *wrong = wrong.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_wrong_too_often_waits_until_the_minute_is_over_and_who_is_right_counts_for_nothing() {
        let (attempts, begin) = (Attempts::default(), Instant::now());
        for _ in 0..WRONG_MAX {
            attempts.begin(begin).unwrap().was_right();
            assert!(attempts.begin(begin).is_some());
        }
        assert!(attempts.begin(begin + MINUTE - Duration::from_millis(1)).is_none());
        assert!(attempts.begin(begin + MINUTE).is_some());
        assert!(attempts.begin(begin + MINUTE).is_some());
    }
}
