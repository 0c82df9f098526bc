//! A URL signed with a wrong clock is refused, and laptops have wrong clocks: URLs are signed with the store's time.
//!
//! The SDK corrects its own calls in the same way, but by its design never a URL it signs.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The Date header has whole seconds and travels: a smaller difference says nothing.
const SKEW_SECONDS_MIN: i64 = 30;

/// How far the store's clock is ahead of this computer's, read from the Date of each answer.
#[derive(Clone, Debug, Default)]
pub(super) struct StoreClock {
    ahead_seconds: Arc<AtomicI64>,
}

impl StoreClock {
    /// The time at the store.
    pub(super) fn now(&self) -> SystemTime {
        let ahead = self.ahead_seconds.load(Ordering::Relaxed);
        let here = SystemTime::now();
        if ahead.abs() < SKEW_SECONDS_MIN {
            return here;
        }
        let by = Duration::from_secs(ahead.unsigned_abs());
        if ahead > 0 { here + by } else { here.checked_sub(by).unwrap_or(here) }
    }

    fn learn(&self, date: &str) {
        let Ok(there) = DateTime::from_str(date, DateTimeFormat::HttpDate) else { return };
        let Ok(here) = SystemTime::now().duration_since(UNIX_EPOCH) else { return };
        let here = i64::try_from(here.as_secs()).unwrap_or(i64::MAX);
        self.ahead_seconds.store(there.secs().saturating_sub(here), Ordering::Relaxed);
    }
}

impl Intercept for StoreClock {
    fn name(&self) -> &'static str {
        "StoreClock"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.learn(date);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ahead_after(offset_seconds: i64) -> i64 {
        let clock = StoreClock::default();
        let here = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let there = DateTime::from_secs(i64::try_from(here).unwrap() + offset_seconds);
        clock.learn(&there.fmt(DateTimeFormat::HttpDate).unwrap());
        let now = clock.now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        i64::try_from(now).unwrap() - i64::try_from(here).unwrap()
    }

    #[test]
    fn the_store_s_clock_is_followed_when_it_is_far_off() {
        assert!((7_199..=7_201).contains(&ahead_after(7_200)));
        assert!((-7_201..=-7_199).contains(&ahead_after(-7_200)));
    }

    #[test]
    fn a_small_difference_is_left_alone() {
        assert!((0..=1).contains(&ahead_after(20)));
    }
}
