//! The bandwidth limit: one bucket for all parts in flight, emptied where the bytes leave.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Hands out turns to send. Cheap to clone; clones share the limit.
#[derive(Clone, Debug, Default)]
pub struct Pace(Arc<Mutex<Bucket>>);

#[derive(Debug, Default)]
struct Bucket {
    bytes_per_second: Option<u64>,
    /// When the bytes handed out so far will have gone.
    free_at: Option<Instant>,
}

impl Pace {
    /// Changes the limit; none sends as fast as it goes.
    pub fn limit(&self, bytes_per_second: Option<u64>) {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *bucket = Bucket { bytes_per_second: bytes_per_second.filter(|rate| *rate > 0), free_at: None };
    }

    /// Takes a turn for `bytes` and says how long to wait for it.
    pub(super) fn turn(&self, bytes: usize, now: Instant) -> Duration {
        let mut bucket = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(rate) = bucket.bytes_per_second else { return Duration::ZERO };
        let start = bucket.free_at.map_or(now, |free| free.max(now));
        bucket.free_at = Some(start + Duration::from_secs_f64(bytes as f64 / rate as f64));
        start - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_of_all_parts_add_up_to_the_limit_and_a_change_counts_at_once() {
        let (pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.turn(1_000_000, now), Duration::ZERO);
        pace.limit(Some(1_000));
        let waits: Vec<u64> = (0..4).map(|_| pace.clone().turn(500, now).as_millis() as u64).collect();
        assert_eq!(waits, [0, 500, 1_000, 1_500]);
        pace.limit(None);
        assert_eq!(pace.turn(500, now), Duration::ZERO);
    }
}
