//! The SQLite mirror of the course server: base, outbox, view. The one place in the app that edits go into and screens
//! come from.

mod announced;
mod database;
mod duplicates;
mod forked;
mod outbox;
mod overlay;
mod replay;
mod rows;
mod screens;
mod uploads;

pub use duplicates::{Candidate, Found, Wanted};
pub use outbox::{Edited, Pending};
pub use replay::Pulled;
pub(crate) use uploads::{path_bytes, path_from};

use announced::Heard;
use database::Database;
use lectern_shared::Millis;
use lectern_shared::change::CacheTag;
use lectern_shared::ids::{ClientId, UserId};
use lectern_shared::sync::Actor;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// Why the mirror could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueFailure {
    #[error("the catalogue's database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the catalogue cannot be brought up to date: {0}")]
    Migration(#[from] rusqlite_migration::Error),
    #[error("a stored row cannot be read: {0}")]
    Row(#[from] serde_json::Error),
    #[error("a stored id cannot be read: {0}")]
    Id(#[from] uuid::Error),
    #[error("{0}")]
    Rejected(#[from] lectern_shared::sync::Rejection),
    #[error("{0} is not there")]
    NotFound(&'static str),
    #[error("the catalogue's database failed: {0}")]
    NotCommitted(String),
    #[error("the catalogue is closed")]
    Closed,
    #[error("SQLite {0} is too old")]
    SqliteTooOld(String),
}

/// Milliseconds since 1970 by this computer's clock, which may be wrong by any amount and be set at any time: it is shown,
/// and decides nothing.
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// A handle on the mirror. Cheap to clone; all writes go through one thread.
#[derive(Clone)]
pub struct Catalogue {
    database: Database,
    /// Another one after a fork.
    client: watch::Sender<ClientId>,
    user: UserId,
    clock: Clock,
    /// Grows with every change of base, outbox or rejected, for those who wait for a confirmation.
    changes: watch::Sender<u64>,
    heard: Arc<Heard>,
    /// A file that may have been looked into is another one now.
    resized: Arc<Notify>,
    /// An edit was made that nobody asked for just now.
    unsent: Arc<Notify>,
}

impl Catalogue {
    /// Opens or makes the mirror of one workspace.
    ///
    /// # Errors
    /// When the file cannot be opened or is newer than this app.
    pub fn open(file: &Path, user: UserId) -> Result<Self, CatalogueFailure> {
        Self::open_with_clock(file, user, Arc::new(now))
    }

    /// By another clock than this computer's.
    ///
    /// # Errors
    /// When the file cannot be opened or is newer than this app.
    pub fn open_with_clock(file: &Path, user: UserId, clock: Clock) -> Result<Self, CatalogueFailure> {
        let database = Database::open(file)?;
        let client = database.identify()?;
        Ok(Self {
            database,
            client: watch::channel(client).0,
            user,
            clock,
            changes: watch::channel(0).0,
            heard: Arc::default(),
            resized: Arc::default(),
            unsent: Arc::default(),
        })
    }

    #[must_use]
    pub fn client(&self) -> ClientId {
        *self.client.borrow()
    }

    #[must_use]
    pub fn user(&self) -> UserId {
        self.user
    }

    /// Who edits here, and when: both are provisional until the server has executed it.
    fn actor(&self) -> Actor {
        Actor { user: self.user, now: (self.clock)() }
    }

    /// Told after each change of what is confirmed or waiting.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Waits until a file may have to be looked into again.
    pub async fn resized(&self) {
        self.resized.notified().await;
    }

    /// Waits until there is an edit to push that was made on its own.
    pub async fn unsent(&self) {
        self.unsent.notified().await;
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Finishes what is being written and closes the file.
    pub fn close(&self) {
        self.database.close();
    }
}

/// Tags without repetition, in order.
pub(crate) fn distinct(mut tags: Vec<CacheTag>) -> Vec<CacheTag> {
    tags.sort_unstable();
    tags.dedup();
    tags
}

pub(crate) fn now() -> Millis {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
