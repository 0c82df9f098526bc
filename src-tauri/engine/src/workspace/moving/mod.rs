//! Carries what lies on this computer to the bucket that was connected: two files at a time, after what people wait for,
//! and from where it stopped after a crash. What the bucket has is asked, not remembered.

mod carry;
mod turn;

use crate::EventSink;
use crate::remote::sender::{PartSender, SenderError};
use crate::remote::{Line, Pauses};
use crate::uploads::Uploads;
use carry::Carrier;
use futures::StreamExt as _;
use lectern_server::object_store::StoreError;
use lectern_server::object_store::local::LocalStore;
use lectern_server::{Left, MoveError, Server};
use lectern_shared::change::CacheTag;
use lectern_shared::connect::Moving;
use lectern_shared::event::AppEvent;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use turn::Turn;

/// Objects on their way side by side.
const AT_ONCE: usize = 2;
/// What a store refuses it may take later, when a cap was raised or a day is over.
const AFTER_REFUSAL: Duration = Duration::from_secs(300);

/// What else there is to say of a workspace's store. Clones are the same.
#[derive(Clone, Default)]
pub struct Standing(Arc<Mutex<Facts>>);

#[derive(Clone, Copy, Default)]
struct Facts {
    key_missing: bool,
    moving: Option<Moving>,
}

impl Standing {
    #[must_use]
    pub(super) fn new(key_missing: bool) -> Self {
        Self(Arc::new(Mutex::new(Facts { key_missing, moving: None })))
    }

    #[must_use]
    pub fn key_missing(&self) -> bool {
        self.facts().key_missing
    }

    #[must_use]
    pub fn moving(&self) -> Option<Moving> {
        self.facts().moving
    }

    /// Whether that is news.
    fn set_moving(&self, moving: Option<Moving>) -> bool {
        let mut facts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut facts.moving, moving) != moving
    }

    fn facts(&self) -> Facts {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store on this computer, while it runs.
pub(super) type SharedLocal = Arc<tokio::sync::Mutex<Option<LocalStore>>>;

pub(super) struct Parts {
    pub(super) server: Server,
    pub(super) local: SharedLocal,
    /// Of the local store.
    pub(super) folder: PathBuf,
    pub(super) uploads: Uploads,
    pub(super) line: Line,
    pub(super) events: EventSink,
    pub(super) standing: Standing,
}

/// The task that carries. Dropped, it stops like in a crash, which it is made for.
pub(super) struct Mover {
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Drop for Mover {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Mover {
    /// # Errors
    /// When no HTTP client can be made.
    pub(super) async fn start(parts: Parts) -> Result<Self, SenderError> {
        let line = parts.line.clone();
        let sender = tokio::task::spawn_blocking(move || PartSender::new(&line)).await;
        let sender = sender.map_err(|error| SenderError::Client(error.to_string()))??;
        let Line { patience, roots, .. } = parts.line.clone();
        let carrier = Carrier::new(parts.server.clone(), sender, patience.between_tries, roots)?;
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let running = Running { turn: Turn(parts.uploads.clone()), parts, carrier };
        tasks.spawn(stop.clone().run_until_cancelled_owned(running.run()));
        tasks.close();
        Ok(Self { stop, tasks })
    }

    pub(super) async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

/// Counts what is left, so that it is known before anything is carried.
pub(super) async fn count(server: &Server, standing: &Standing) -> Result<(), MoveError> {
    let (left, thumbnails) = (server.left_behind().await?, server.left_thumbnails().await?);
    standing.set_moving(Remaining::new(&left, &thumbnails).moving());
    Ok(())
}

/// What is left, by asset: a file is one, whether its bytes or only its picture are here.
#[derive(Default)]
struct Remaining {
    /// Bytes of each that is here, and how many objects of it are.
    files: HashMap<String, (u64, u32)>,
    bytes: u64,
}

impl Remaining {
    fn new(left: &[Left], thumbnails: &[String]) -> Self {
        let mut all = Self::default();
        for left in left {
            all.files.insert(left.asset.to_string(), (left.bytes, 1));
            all.bytes += left.bytes;
        }
        for key in thumbnails {
            all.files.entry(asset_of(key).to_owned()).or_default().1 += 1;
        }
        all
    }

    /// One object less of this asset.
    fn carried(&mut self, asset: &str, bytes: u64) {
        self.bytes = self.bytes.saturating_sub(bytes);
        if let Some((_, objects)) = self.files.get_mut(asset) {
            *objects = objects.saturating_sub(1);
            if *objects == 0 {
                self.files.remove(asset);
            }
        }
    }

    fn moving(&self) -> Option<Moving> {
        let files = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        (files > 0).then_some(Moving { files, bytes: self.bytes })
    }
}

/// A key is `<owner>/<asset>.thumb`.
fn asset_of(key: &str) -> &str {
    key.split(['/', '.']).nth(1).unwrap_or(key)
}

/// How a round ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Round {
    Done,
    /// The bucket did not answer.
    Offline,
    /// Something stays here for now.
    Refused,
}

struct Running {
    parts: Parts,
    carrier: Carrier,
    turn: Turn,
}

impl Running {
    async fn run(self) {
        let pauses: Pauses = self.parts.line.patience.between_probes;
        let mut failures = 0;
        loop {
            let (pause, next) = match self.round().await {
                Round::Done if self.finish().await => return,
                // An upload of before may still turn out to be complete here.
                Round::Done => (AFTER_REFUSAL, 0),
                Round::Offline => (pauses.after(failures), failures + 1),
                Round::Refused => (AFTER_REFUSAL.min(self.parts.line.patience.between_tries.longest * 4), 0),
            };
            failures = next;
            tokio::time::sleep(pause).await;
        }
    }

    /// Everything that is left, once: the small pictures first.
    async fn round(&self) -> Round {
        let (left, thumbnails) =
            match (self.parts.server.left_behind().await, self.parts.server.left_thumbnails().await) {
                (Ok(left), Ok(thumbnails)) => (left, thumbnails),
                (left, thumbnails) => {
                    tracing::warn!(left = ?left.err(), thumbnails = ?thumbnails.err(), "what is left to carry");
                    return Round::Offline;
                }
            };
        let remaining = Mutex::new(Remaining::new(&left, &thumbnails));
        self.show(&remaining);
        let pictures = thumbnails.into_iter().map(|key| self.picture(key, &remaining));
        let of_pictures = worst(futures::stream::iter(pictures)).await;
        let files = left.into_iter().map(|left| self.file(left, &remaining));
        of_pictures.max(worst(futures::stream::iter(files)).await)
    }

    async fn picture(&self, key: String, remaining: &Mutex<Remaining>) -> Round {
        let round = self.one(self.carrier.thumbnail(&key)).await;
        self.carried(round, remaining, asset_of(&key), 0);
        round
    }

    async fn file(&self, left: Left, remaining: &Mutex<Remaining>) -> Round {
        let round = self.one(self.carrier.object(left.asset, &self.turn)).await;
        self.carried(round, remaining, &left.asset.to_string(), left.bytes);
        round
    }

    fn carried(&self, round: Round, remaining: &Mutex<Remaining>, asset: &str, bytes: u64) {
        if round == Round::Done {
            remaining.lock().unwrap_or_else(PoisonError::into_inner).carried(asset, bytes);
            self.show(remaining);
        }
    }

    fn show(&self, remaining: &Mutex<Remaining>) {
        let moving = remaining.lock().unwrap_or_else(PoisonError::into_inner).moving();
        // The end is told when the store here is gone.
        if moving.is_some() && self.parts.standing.set_moving(moving) {
            self.tell();
        }
    }

    async fn one(&self, carrying: impl Future<Output = Result<(), MoveError>>) -> Round {
        self.turn.comes().await;
        // A hold that begins in the middle of a part cuts it; what has arrived is found again.
        let result = tokio::select! {
            result = carrying => result,
            () = self.turn.is_over() => return Round::Offline,
        };
        match result {
            Ok(()) => Round::Done,
            Err(MoveError::Store(StoreError::Refused(why))) => {
                tracing::warn!(why, "a file stays on this computer for now");
                Round::Refused
            }
            Err(MoveError::Store(error)) => {
                tracing::info!(%error, "a file will be carried again");
                Round::Offline
            }
            Err(error) => {
                tracing::warn!(%error, "a file stays on this computer for now");
                Round::Refused
            }
        }
    }

    fn tell(&self) {
        (self.parts.events)(AppEvent::Changed { tags: vec![CacheTag::Workspace] });
    }

    /// Takes the empty store away. False: not yet.
    async fn finish(&self) -> bool {
        match self.parts.server.clear_former().await {
            Ok(true) => {}
            Ok(false) => return false,
            Err(error) => {
                tracing::warn!(%error, "the store on this computer cannot be cleared");
                return false;
            }
        }
        if let Some(local) = self.parts.local.lock().await.take() {
            local.shutdown().await;
        }
        if let Err(error) = tokio::fs::remove_dir_all(&self.parts.folder).await {
            // The next start finds it empty and tries again.
            tracing::warn!(%error, "the empty store stays on this computer");
        }
        self.parts.standing.set_moving(None);
        self.tell();
        true
    }
}

async fn worst(rounds: impl futures::Stream<Item = impl Future<Output = Round>>) -> Round {
    rounds.buffer_unordered(AT_ONCE).fold(Round::Done, |worst, round| async move { worst.max(round) }).await
}
