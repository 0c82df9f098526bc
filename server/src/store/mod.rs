//! The server's database. All SQL of the server is in this folder.

mod clients;
mod entities;
mod objects;
mod writing;

pub(crate) use objects::{ObjectRow, ObjectState};

use lectern_shared::ids::{SpaceId, UserId};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Sqlite, Transaction};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// Earlier ones can lose a WAL that is reset while another connection reads: <https://sqlite.org/releaselog/3_51_3.html>.
const SQLITE_MIN: (u32, u32, u32) = (3, 51, 3);

#[derive(Debug, thiserror::Error)]
pub enum StoreFailure {
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("migration: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    #[error("a stored row cannot be read: {0}")]
    Row(#[from] serde_json::Error),
    #[error("SQLite {0} is too old")]
    SqliteTooOld(String),
}

pub(crate) type Tx = Transaction<'static, Sqlite>;

#[derive(Clone)]
pub struct Store {
    /// One connection: who writes waits for a turn here, first come, first served. In SQLite the wait is a sleep that grows,
    /// and who sleeps misses the turn of those who came later.
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens or makes the database file.
    ///
    /// # Errors
    /// When it cannot be opened, migrated, or SQLite is older than the one that is safe.
    pub async fn open(file: &Path) -> Result<Self, StoreFailure> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let writer = pool(1).connect_with(options.clone()).await?;
        let readers = pool(4).connect_with(options).await?;
        let store = Self { writer, readers };
        store.assert_sqlite().await?;
        sqlx::migrate!("./migrations").run(&store.writer).await?;
        Ok(store)
    }

    async fn assert_sqlite(&self) -> Result<(), StoreFailure> {
        let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&self.readers).await?;
        let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        if (next(), next(), next()) < SQLITE_MIN { Err(StoreFailure::SqliteTooOld(version)) } else { Ok(()) }
    }

    /// A transaction that will write: takes the write lock at once, so that it cannot fail half-way for it.
    pub(crate) async fn begin_write(&self) -> Result<Tx, StoreFailure> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A transaction that reads one snapshot.
    pub(crate) async fn begin_read(&self) -> Result<Tx, StoreFailure> {
        Ok(self.readers.begin().await?)
    }

    /// Makes the person and their library, once.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn ensure_account(&self, user: UserId, name: &str) -> Result<(), StoreFailure> {
        let mut tx = self.begin_write().await?;
        sqlx::query("INSERT INTO account (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
            .bind(user.0)
            .bind(name)
            .bind(crate::now())
            .execute(&mut *tx)
            .await?;
        entities::ensure_space(&mut tx, user.into(), "library", user).await?;
        Ok(tx.commit().await?)
    }

    /// Names the store that objects of before stores had names are in. Once named they stay so.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn name_places(&self, place: &str) -> Result<(), StoreFailure> {
        let mut tx = self.begin_write().await?;
        tx.name_places(place).await?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn spaces_of(&self, user: UserId) -> Result<BTreeSet<SpaceId>, StoreFailure> {
        let mut tx = self.begin_read().await?;
        tx.spaces_of(user).await
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A full disk ends a transaction without its owner's doing, and sqlx counts it as open for ever after: such a connection
/// is not used again.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).before_acquire(|connection, _| {
        let is_free = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_free) })
    })
}

/// Reads and writes of one transaction; each file here adds those of its tables.
pub(crate) trait Spaces {
    async fn spaces_of(&mut self, user: UserId) -> Result<BTreeSet<SpaceId>, StoreFailure>;
}

impl Spaces for Tx {
    async fn spaces_of(&mut self, user: UserId) -> Result<BTreeSet<SpaceId>, StoreFailure> {
        let ids: Vec<Uuid> = sqlx::query_scalar("SELECT space FROM member WHERE account = $1")
            .bind(user.0)
            .fetch_all(&mut **self)
            .await?;
        Ok(ids.into_iter().map(SpaceId).collect())
    }
}

pub(crate) use clients::Clients;
pub(crate) use entities::Entities;
pub(crate) use objects::Objects;
pub(crate) use writing::{Author, Writing};

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_that_a_full_disk_ended_does_not_end_those_that_come_when_there_is_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("server.sqlite")).await.unwrap();
        let mut tx = store.begin_write().await.unwrap();
        sqlx::query("CREATE TABLE big (bytes BLOB)").execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        let limit = async |pages: i64| {
            let mut connection = store.writer.acquire().await.unwrap();
            sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}")))
                .execute(&mut *connection)
                .await
                .unwrap();
        };
        let write = async || {
            let mut tx = store.begin_write().await?;
            sqlx::query("INSERT INTO big VALUES (zeroblob(1000000))").execute(&mut *tx).await?;
            Ok::<_, StoreFailure>(tx.commit().await?)
        };
        limit(1).await;
        assert!(matches!(write().await, Err(StoreFailure::Database(_))), "full");
        limit(1_000_000).await;
        write().await.unwrap();
    }
}
