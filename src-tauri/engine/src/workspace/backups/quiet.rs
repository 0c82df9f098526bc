//! When a copy goes to the bucket: after quiet minutes, at the latest after some more, and on quit.

use super::Settled;
use crate::workspace::connection::StoreConnection;
use std::sync::Weak;
use std::time::Duration;
use tokio::time::Instant;

/// How often it is looked whether anything has changed.
const ROUND: Duration = Duration::from_secs(30);
/// Nothing has changed for so long.
const QUIET: Duration = Duration::from_secs(2 * 60);
/// Somebody works without a pause: a copy goes all the same.
const LATEST: Duration = Duration::from_secs(15 * 60);
/// How often it is looked what other computers have written.
const LOOK: Duration = Duration::from_secs(5 * 60);
/// On quit: who quits does not want to wait.
const ON_QUIT: Duration = Duration::from_secs(10);

/// Since when something waits to be copied, and since when it is the same.
#[derive(Default)]
struct Watch {
    waiting: Option<Waiting>,
    looked: Option<Instant>,
}

struct Waiting {
    fingerprint: String,
    since: Instant,
    first: Instant,
}

impl Watch {
    /// Whether to go to the bucket now.
    fn is_due(&mut self, unpublished: Option<String>, now: Instant) -> bool {
        self.waiting = match (self.waiting.take(), unpublished) {
            (_, None) => None,
            (Some(waiting), Some(fingerprint)) if waiting.fingerprint == fingerprint => Some(waiting),
            (before, Some(fingerprint)) => {
                Some(Waiting { fingerprint, since: now, first: before.map_or(now, |before| before.first) })
            }
        };
        let is_quiet = |waiting: &Waiting| now - waiting.since >= QUIET || now - waiting.first >= LATEST;
        let is_due = match &self.waiting {
            Some(waiting) => is_quiet(waiting),
            // The first time at once: a computer that slept for a week should see what others did.
            None => self.looked.is_none_or(|looked| now - looked >= LOOK),
        };
        if is_due {
            self.looked = Some(now);
        }
        is_due
    }

    fn has_failed(&mut self, now: Instant) {
        // The same again in some minutes, not in half a minute.
        if let Some(waiting) = &mut self.waiting {
            (waiting.since, waiting.first) = (now, now);
        }
    }
}

/// For as long as the connection is there.
pub(crate) async fn keep(connection: Weak<StoreConnection>) {
    let mut watch = Watch::default();
    loop {
        tokio::time::sleep(ROUND).await;
        let Some(connection) = connection.upgrade() else { return };
        if !watch.is_due(connection.unpublished().await, Instant::now()) {
            continue;
        }
        match connection.settle().await {
            Ok(Settled::NoBucket | Settled::Nothing) => {}
            Ok(settled) => tracing::debug!(?settled, "copies in the bucket"),
            Err(error) => {
                tracing::info!(%error, "the bucket has not got the newest copy of the catalogue yet");
                watch.has_failed(Instant::now());
            }
        }
    }
}

impl StoreConnection {
    /// What is not in the bucket yet, if it goes at once.
    pub(crate) async fn publish_on_quit(&self) {
        if self.unpublished().await.is_some()
            && !matches!(tokio::time::timeout(ON_QUIT, self.settle()).await, Ok(Ok(_)))
        {
            tracing::info!("the newest copy of the catalogue goes to the bucket at the next start");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(begin: Instant, minutes: u64) -> Instant {
        begin + Duration::from_secs(60 * minutes)
    }

    #[test]
    fn a_copy_goes_after_quiet_minutes_and_at_the_latest_after_a_quarter_of_an_hour() {
        let (mut watch, begin) = (Watch::default(), Instant::now());
        let edit = |number: u64| Some(number.to_string());
        assert!(!watch.is_due(edit(1), begin));
        assert!(!watch.is_due(edit(1), at(begin, 1)));
        assert!(watch.is_due(edit(1), at(begin, 2)));
        assert!(!watch.is_due(None, at(begin, 3)), "it has gone");
        for minute in 4..19 {
            assert!(!watch.is_due(edit(minute), at(begin, minute)), "minute {minute}: there is still work going on");
        }
        assert!(watch.is_due(edit(19), at(begin, 19)));
    }

    #[test]
    fn what_others_did_is_looked_for_at_once_and_then_now_and_then() {
        let (mut watch, begin) = (Watch::default(), Instant::now());
        assert!(watch.is_due(None, begin));
        assert!(!watch.is_due(None, at(begin, 4)));
        assert!(watch.is_due(None, at(begin, 5)));
    }

    #[test]
    fn a_bucket_that_does_not_answer_is_not_asked_twice_a_minute() {
        let (mut watch, begin) = (Watch::default(), Instant::now());
        let edit = || Some("1".to_owned());
        watch.is_due(edit(), begin);
        assert!(watch.is_due(edit(), at(begin, 2)));
        watch.has_failed(at(begin, 2));
        assert!(!watch.is_due(edit(), at(begin, 3)));
        assert!(watch.is_due(edit(), at(begin, 4)));
    }
}
