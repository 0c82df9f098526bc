//! Waits for the server's word on new assets: one question for all of them.

use super::lanes::Lane;
use super::{Message, Scheduler};
use crate::uploads::job::Event;
use crate::uploads::seam::Announced;
use crate::uploads::worker::Outside;
use lectern_shared::ids::{AssetId, OperationId};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::task::AbortOnDropHandle;

/// The server has not said anything about a new asset for this long: show it.
pub(super) const WAITS_LONG_AFTER: Duration = Duration::from_secs(3);
/// After a catalogue that could not be read.
const AGAIN: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Announcer {
    /// Whom it waits for, and when it has been long.
    asked: BTreeSet<OperationId>,
    running: Option<(u64, AbortOnDropHandle<()>)>,
    shows_at: Option<Instant>,
}

impl Announcer {
    pub(super) fn shows_at(&self) -> Option<Instant> {
        self.shows_at
    }
}

impl Scheduler {
    /// Asks again whenever others wait than those that were asked for.
    pub(super) fn begin_announcing(&mut self, now: Instant) {
        if self.announcer.shows_at.is_some_and(|at| at <= now) {
            self.announcer.shows_at = None;
            self.stale.extend(&self.lanes.announcing);
        }
        if self.lanes.announcing == self.announcer.asked {
            return;
        }
        self.announcer.asked.clone_from(&self.lanes.announcing);
        if self.lanes.announcing.is_empty() {
            (self.announcer.running, self.announcer.shows_at) = (None, None);
            return;
        }
        self.next_id += 1;
        let id = self.next_id;
        let waiting = self.lanes.announcing.iter().filter_map(|operation| {
            let entry = self.entries.get(operation)?;
            Some((entry.record.asset, *operation))
        });
        let waiting: HashMap<AssetId, OperationId> = waiting.collect();
        let (outside, outbox) = (self.outside.clone(), self.outbox.clone());
        let task = tokio::spawn(async move {
            let verdicts = verdicts(&outside, &waiting).await;
            let _ = outbox.send(Message::Announced { id, verdicts });
        });
        self.announcer.running = Some((id, AbortOnDropHandle::new(task)));
        self.announcer.shows_at.get_or_insert(now + WAITS_LONG_AFTER);
    }

    pub(super) fn announced(&mut self, id: u64, verdicts: Vec<(OperationId, Announced)>) {
        if self.announcer.running.as_ref().is_some_and(|(running, _)| *running == id) {
            self.announcer.running = None;
            self.announcer.asked.clear();
        }
        for (operation, announced) in verdicts {
            if self.entries.get(&operation).is_some_and(|entry| entry.lane == Lane::Announcing) {
                self.apply(operation, Event::Announced(announced));
            }
        }
    }
}

async fn verdicts(outside: &Arc<Outside>, waiting: &HashMap<AssetId, OperationId>) -> Vec<(OperationId, Announced)> {
    let assets: Vec<AssetId> = waiting.keys().copied().collect();
    loop {
        match outside.catalogue.announced(&assets).await {
            Ok(known) => {
                let of = |(asset, announced)| Some((*waiting.get(&asset)?, announced));
                return known.into_iter().filter_map(of).collect();
            }
            Err(error) => tracing::warn!(%error, "new assets cannot be looked for"),
        }
        tokio::time::sleep(AGAIN).await;
    }
}
