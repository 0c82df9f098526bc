//! The course server: executes mutations, holds the storage key, signs part URLs, pokes its clients. A library inside
//! the app (no TCP port) and, for teams, a binary.

pub mod access;
pub mod api;
pub mod auth;
mod backup;
pub mod cleaning;
pub mod live;
mod nodes;
pub mod object_store;
mod places;
mod progress;
mod pull;
mod push;
mod store;
mod uploads;

pub use backup::BackupError;
pub use places::{Former, Place};
pub use store::{Store, StoreFailure};
pub use uploads::moving::{Carried, Left, Move, MoveError};

use lectern_shared::Millis;
use lectern_shared::protocol::PULL_ROWS_MAX;
use object_store::ObjectStore;
use places::Places;
use std::sync::Arc;
use tokio::sync::OnceCell;
use uuid::Uuid;

/// The parts of a running server. Cheap to clone.
#[derive(Clone)]
pub struct Server {
    pub(crate) store: Store,
    pub(crate) places: Places,
    pub(crate) feed: live::Feed,
    pub(crate) uploads: uploads::Locks,
    /// Most rows of one answer to a pull.
    pub(crate) page_rows: usize,
    /// This one, among others on the same database.
    pub(crate) node: Uuid,
    incarnation: Arc<OnceCell<u64>>,
    was_restored: Arc<OnceCell<bool>>,
    clock: Clock,
}

/// Milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

impl Server {
    /// With one store, which has had all objects ever since.
    #[must_use]
    pub fn new(store: Store, objects: Arc<dyn ObjectStore>) -> Self {
        Self::with_places(store, Place { name: "", store: objects }, None)
    }

    /// With the store that new bytes go to, and the one that may still have those of before.
    #[must_use]
    pub fn with_places(store: Store, current: Place, former: Option<Former>) -> Self {
        let places = Places::new(current, former);
        let uploads = uploads::Locks::of(&store);
        Self {
            store,
            places,
            feed: live::Feed::default(),
            uploads,
            page_rows: PULL_ROWS_MAX,
            node: Uuid::now_v7(),
            incarnation: Arc::default(),
            was_restored: Arc::default(),
            clock: Arc::new(now),
        }
    }

    /// With smaller or larger pages, for tests and benches.
    #[must_use]
    pub fn with_pages_of(self, rows: usize) -> Self {
        Self { page_rows: rows.max(1), ..self }
    }

    /// With another clock than this computer's, for tests.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// By the clock that decides.
    pub(crate) fn now(&self) -> Millis {
        (self.clock)()
    }

    /// Which life of the database this is: it begins another one when it was restored.
    pub(crate) async fn incarnation(&self) -> Result<u64, StoreFailure> {
        self.incarnation.get_or_try_init(|| self.store.incarnation()).await.copied()
    }

    /// Whether it has ever come from a backup: nobody says so while it runs.
    pub(crate) async fn was_restored(&self) -> Result<bool, StoreFailure> {
        self.was_restored.get_or_try_init(async || Ok(self.store.restored_at().await?.is_some())).await.copied()
    }

    /// Ends the live feeds: what else is going on is finished.
    pub fn stop(&self) {
        self.feed.stop();
    }

    /// Closes the database. Live sockets end when their routers are dropped.
    pub async fn close(&self) {
        self.store.close().await;
    }
}

/// This computer's clock.
pub(crate) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
