//! Keeps the mirror and the course server together: pushes the outbox, pulls what changed, listens for pokes. One task
//! does all of it, so no two pulls are ever applied out of order.

mod live;
mod rounds;

pub use rounds::{Rounds, SyncFailure};

use crate::EventSink;
use crate::catalogue::Catalogue;
use crate::remote::CourseServer;
use lectern_shared::change::CacheTag;
use lectern_shared::event::AppEvent;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Pokes are hints: without any, a pull comes this often.
const PULL_EVERY: Duration = Duration::from_secs(60);
/// A thousand small files that become ready one after the other are no reason for as many pulls.
const POKES_APART: Duration = Duration::from_millis(100);
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// A handle on the running sync. Cheap to clone.
#[derive(Clone)]
pub struct Sync {
    /// By somebody here.
    wanted: Arc<Notify>,
    /// By the server.
    poked: Arc<Notify>,
    reachable: watch::Sender<bool>,
    /// By the server's last word on it: silence is none.
    signed_out: watch::Sender<bool>,
    /// One round has ended, however.
    tried: watch::Sender<bool>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Running {
    rounds: Rounds,
    events: EventSink,
    sync: Sync,
}

impl Sync {
    /// Starts syncing; the first pull comes at once.
    #[must_use]
    pub fn start(catalogue: Catalogue, server: Arc<dyn CourseServer>, events: EventSink) -> Self {
        let sync = Self {
            wanted: Arc::new(Notify::new()),
            poked: Arc::new(Notify::new()),
            reachable: watch::channel(true).0,
            signed_out: watch::channel(false).0,
            tried: watch::channel(false).0,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let rounds = Rounds::new(catalogue, server.clone(), events.clone());
        let running = Running { rounds, events: events.clone(), sync: sync.clone() };
        sync.tasks.spawn(sync.stop.clone().run_until_cancelled_owned(running.run()));
        sync.tasks.spawn(sync.stop.clone().run_until_cancelled_owned(live::listen(server, sync.poked.clone(), events)));
        sync.tasks.close();
        sync.wanted.notify_one();
        sync
    }

    /// Something was edited here or changed there.
    pub fn nudge(&self) {
        self.wanted.notify_one();
    }

    /// Whether the course server answered the last call.
    #[must_use]
    pub fn is_reachable(&self) -> bool {
        *self.reachable.borrow()
    }

    /// Whether the course server has said that it does not let this device in any more.
    #[must_use]
    pub fn is_signed_out(&self) -> bool {
        *self.signed_out.borrow()
    }

    /// Told when the server becomes reachable or not.
    #[must_use]
    pub fn reachable(&self) -> watch::Receiver<bool> {
        self.reachable.subscribe()
    }

    /// Until what is elsewhere has been asked for once, with or without an answer.
    pub async fn tried(&self) {
        // It cannot be closed: we have its sender.
        let _ = self.tried.subscribe().wait_for(|tried| *tried).await;
    }

    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Running {
    async fn run(mut self) {
        let mut retry = RETRY_FIRST;
        let mut pause = PULL_EVERY;
        loop {
            let began = Instant::now();
            tokio::select! {
                () = self.sync.wanted.notified() => {}
                () = self.rounds.catalogue().unsent() => {}
                () = self.sync.poked.notified() => tokio::select! {
                    () = self.sync.wanted.notified() => {}
                    () = tokio::time::sleep_until(began + POKES_APART) => {}
                },
                () = tokio::time::sleep(pause) => {}
            }
            let round = self.rounds.round().await;
            self.sync.tried.send_replace(true);
            match round {
                Ok(()) => {
                    self.note(true, Some(false));
                    (retry, pause) = (RETRY_FIRST, PULL_EVERY);
                }
                Err(failure) => {
                    tracing::warn!(%failure, "sync");
                    self.note(!failure.is_silence(), (!failure.is_silence()).then_some(failure.is_signed_out()));
                    (retry, pause) = ((retry * 2).min(RETRY_MAX), retry);
                }
            }
        }
    }

    fn note(&self, reachable: bool, signed_out: Option<bool>) {
        let set = |flag: &watch::Sender<bool>, now| flag.send_if_modified(|was| std::mem::replace(was, now) != now);
        let is_other_standing = signed_out.is_some_and(|now| set(&self.sync.signed_out, now));
        if set(&self.sync.reachable, reachable) || is_other_standing {
            (self.events)(AppEvent::Changed { tags: vec![CacheTag::Workspace] });
        }
    }
}
