//! Tells a slow line from a dead one.

use super::{Gauge, SenderTimes};
use std::time::{Duration, Instant};

/// Bytes the system's send buffer was seen to hold when the body was already taken.
const KERNEL_BYTES_MAX: u64 = 5 * 1024 * 1024;
const DRAIN_MAX: Duration = Duration::from_secs(600);

pub(super) struct StallWatch {
    times: SenderTimes,
    bytes: u64,
    pulled: u64,
    first_byte: Option<Instant>,
    moved_at: Instant,
}

impl StallWatch {
    pub(super) fn new(times: SenderTimes, bytes: u64, now: Instant) -> Self {
        Self { times, bytes, pulled: 0, first_byte: None, moved_at: now }
    }

    pub(super) fn look_every(&self) -> Duration {
        (self.times.stall.min(self.times.answer) / 20).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }

    /// Why the attempt should be given up, if it should.
    pub(super) fn look(&mut self, gauge: &Gauge, now: Instant) -> Option<String> {
        let pulled = gauge.pulled();
        if pulled != self.pulled || (pulled < self.bytes && gauge.is_starved()) {
            self.first_byte.get_or_insert(self.moved_at);
            self.pulled = pulled;
            self.moved_at = now;
            return None;
        }
        let still = now.saturating_duration_since(self.moved_at);
        if pulled < self.bytes {
            return (still >= self.times.stall).then(|| format!("no bytes accepted for {} s", still.as_secs()));
        }
        (still >= self.times.answer + self.drain()).then(|| format!("no answer for {} s", still.as_secs()))
    }

    /// The last byte we handed over is not the last byte on the wire: on a slow line what the system holds takes its time.
    fn drain(&self) -> Duration {
        let Some(first) = self.first_byte else { return Duration::ZERO };
        let taken = self.moved_at.saturating_duration_since(first).as_secs_f64();
        let held = self.bytes.min(KERNEL_BYTES_MAX) as f64 / self.bytes.max(1) as f64;
        Duration::from_secs_f64(taken * held).min(DRAIN_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pace::Pace;
    use super::*;
    use crate::remote::sender::body::PartBody;
    use bytes::Bytes;
    use http_body_util::BodyExt as _;
    use std::sync::Arc;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn a_line_that_takes_nothing_is_given_up_and_a_slow_disk_is_not() {
        let gauge = Arc::new(Gauge::default());
        let (chunks, body) = tokio::sync::mpsc::channel(4);
        let mut body = PartBody::new(body, 10, gauge.clone(), Pace::default());
        let start = Instant::now();
        let mut watch = StallWatch::new(SenderTimes::default(), 10, start);

        chunks.send(Bytes::from_static(b"01234")).await.unwrap();
        body.frame().await.unwrap().unwrap();
        assert_eq!(watch.look(&gauge, start + SECOND), None);
        assert_eq!(watch.look(&gauge, start + 45 * SECOND), None);
        assert!(watch.look(&gauge, start + 46 * SECOND).is_some());

        // The connection asks and we have nothing: not the store's fault.
        assert!(futures::poll!(std::pin::pin!(body.frame())).is_pending());
        assert_eq!(watch.look(&gauge, start + 100 * SECOND), None);
        assert_eq!(watch.look(&gauge, start + 200 * SECOND), None);

        chunks.send(Bytes::from_static(b"56789")).await.unwrap();
        body.frame().await.unwrap().unwrap();
        assert_eq!(watch.look(&gauge, start + 201 * SECOND), None);
        assert_eq!(watch.look(&gauge, start + 260 * SECOND), None, "what the system holds drains at the line's pace");
        assert!(watch.look(&gauge, start + 2000 * SECOND).is_some());
    }

    #[tokio::test]
    async fn a_body_that_ends_early_is_an_error_and_a_longer_one_is_cut_at_its_length() {
        let (chunks, body) = tokio::sync::mpsc::channel(4);
        let mut short = PartBody::new(body, 10, Arc::default(), Pace::default());
        chunks.send(Bytes::from_static(b"01234")).await.unwrap();
        drop(chunks);
        assert!(short.frame().await.unwrap().is_ok());
        assert!(short.frame().await.unwrap().is_err());

        let (chunks, body) = tokio::sync::mpsc::channel(4);
        let gauge = Arc::new(Gauge::default());
        chunks.send(Bytes::from_static(b"01234")).await.unwrap();
        let long = PartBody::new(body, 3, gauge.clone(), Pace::default());
        assert_eq!(long.collect().await.unwrap().to_bytes(), "012");
        assert_eq!(gauge.pulled(), 3);
    }
}
