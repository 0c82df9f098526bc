//! Keeps the mirror and the course server together: pushes the outbox, pulls what changed, listens for pokes. One task
//! does all of it, so no two pulls are ever applied out of order.

mod live;

use crate::EventSink;
use crate::catalogue::{Catalogue, CatalogueFailure};
use crate::remote::{CourseServer, RemoteError};
use lectern_shared::SCHEMA;
use lectern_shared::change::CacheTag;
use lectern_shared::event::AppEvent;
use lectern_shared::protocol::{PUSH_MUTATIONS_MAX, ProblemCode, PushRequest, REQUEST_BYTES_MAX};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The first of a thousand new files should not wait for the hundredth.
const PUSH_FIRST: usize = 25;
/// A thousand new files.
const BATCHES_BEFORE_PULL: u32 = 12;
/// Pokes are hints: without any, a pull comes this often.
const PULL_EVERY: Duration = Duration::from_secs(60);
/// A thousand small files that become ready one after the other are no reason for as many pulls.
const POKES_APART: Duration = Duration::from_millis(100);
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
enum SyncFailure {
    #[error("{0}")]
    Remote(#[from] RemoteError),
    #[error("{0}")]
    Catalogue(#[from] CatalogueFailure),
}

/// A handle on the running sync. Cheap to clone.
#[derive(Clone)]
pub struct Sync {
    /// By somebody here.
    wanted: Arc<Notify>,
    /// By the server.
    poked: Arc<Notify>,
    reachable: watch::Sender<bool>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Running {
    catalogue: Catalogue,
    server: Arc<dyn CourseServer>,
    events: EventSink,
    sync: Sync,
    /// Pushed in this session, and so not pushed again while a pull is on its way.
    pushed: u64,
    /// Most mutations of the next push.
    at_once: usize,
}

impl Sync {
    /// Starts syncing; the first pull comes at once.
    #[must_use]
    pub fn start(catalogue: Catalogue, server: Arc<dyn CourseServer>, events: EventSink) -> Self {
        let sync = Self {
            wanted: Arc::new(Notify::new()),
            poked: Arc::new(Notify::new()),
            reachable: watch::channel(true).0,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let running =
            Running { catalogue, server: server.clone(), events, sync: sync.clone(), pushed: 0, at_once: PUSH_FIRST };
        sync.tasks.spawn(sync.stop.clone().run_until_cancelled_owned(running.run()));
        sync.tasks.spawn(sync.stop.clone().run_until_cancelled_owned(live::listen(server, sync.poked.clone())));
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

    /// Told when the server becomes reachable or not.
    #[must_use]
    pub fn reachable(&self) -> watch::Receiver<bool> {
        self.reachable.subscribe()
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
                () = self.catalogue.unsent() => {}
                () = self.sync.poked.notified() => tokio::select! {
                    () = self.sync.wanted.notified() => {}
                    () = tokio::time::sleep_until(began + POKES_APART) => {}
                },
                () = tokio::time::sleep(pause) => {}
            }
            match self.round().await {
                Ok(()) => {
                    self.set_reachable(true);
                    (retry, pause) = (RETRY_FIRST, PULL_EVERY);
                }
                Err(failure) => {
                    tracing::warn!(%failure, "sync");
                    self.set_reachable(!matches!(failure, SyncFailure::Remote(RemoteError::Unreachable(_))));
                    (retry, pause) = ((retry * 2).min(RETRY_MAX), retry);
                }
            }
        }
    }

    /// Everything there is to push, with pulls between: an edit leaves the outbox only when a pull confirms it. Ever more
    /// is pushed before the next pull, because each replays what is left.
    async fn round(&mut self) -> Result<(), SyncFailure> {
        self.at_once = PUSH_FIRST;
        let mut batches = BATCHES_BEFORE_PULL;
        while self.push_and_pull(batches).await? {
            batches *= 2;
        }
        Ok(())
    }

    /// Answers whether there may be more to push.
    async fn push_and_pull(&mut self, batches: u32) -> Result<bool, SyncFailure> {
        let pushed = self.push_some(batches).await;
        if let Err(SyncFailure::Remote(RemoteError::Unreachable(_))) = pushed {
            return pushed;
        }
        // What cannot be pushed must not keep what changed elsewhere from being seen.
        let request = self.catalogue.pull_request().await?;
        let response = self.server.pull(&request).await?;
        let pulled = self.catalogue.take_pull(response).await?;
        self.pushed = self.pushed.max(pulled.confirmed);
        if !pulled.tags.is_empty() {
            (self.events)(AppEvent::Changed { tags: pulled.tags });
        }
        pushed
    }

    async fn push_some(&mut self, batches: u32) -> Result<bool, SyncFailure> {
        for _ in 0..batches {
            if !self.push().await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Pushes one batch. Answers whether there may be more.
    async fn push(&mut self) -> Result<bool, SyncFailure> {
        let mut mutations = self.catalogue.outbox(self.pushed, self.at_once).await?;
        self.at_once = (2 * self.at_once).min(PUSH_MUTATIONS_MAX);
        let mut bytes = 0;
        // The request has a limit in bytes too; one mutation is always below it.
        let fits = mutations.iter().take_while(|pushed| {
            bytes += serde_json::to_vec(pushed).map_or(0, |json| json.len() + 1);
            bytes < REQUEST_BYTES_MAX - 1_024
        });
        let count = fits.count().max(1);
        mutations.truncate(count);
        if mutations.is_empty() {
            return Ok(false);
        }
        let request = PushRequest { client: self.catalogue.client(), schema: SCHEMA, mutations };
        match self.server.push(&request).await {
            Ok(response) => {
                self.pushed = response.last_mutation_id;
                self.catalogue.take_push(&request.mutations, &response.results);
            }
            Err(RemoteError::Problem(problem)) => match problem.code {
                // The server has less than we thought: from there again.
                ProblemCode::MutationGap { expected } if expected <= self.pushed => self.pushed = expected - 1,
                _ => return Err(RemoteError::Problem(problem).into()),
            },
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }

    fn set_reachable(&self, now: bool) {
        let changed = self.sync.reachable.send_if_modified(|reachable| std::mem::replace(reachable, now) != now);
        if changed {
            (self.events)(AppEvent::Changed { tags: vec![CacheTag::Workspace] });
        }
    }
}
