//! The server's database: SQLite in a file, or PostgreSQL for teams. All SQL of the server is in this folder, and each
//! statement runs on both.

/// Runs one expression on the connection of a transaction, whichever database it is of: the SQL is the same, the types
/// are not. An expression, and not generic code: bounds over all that is bound and read would be longer than what they
/// are about.
macro_rules! on {
    ($tx:expr, $connection:ident => $run:expr) => {
        match $tx {
            $crate::store::Tx::Sqlite(tx) => {
                let $connection = &mut **tx;
                $run
            }
            $crate::store::Tx::Postgres(tx) => {
                let $connection = &mut **tx;
                $run
            }
        }
    };
}

mod clients;
mod entities;
mod locking;
mod objects;
mod people;
mod succession;
mod trash;
mod writing;

pub(crate) use objects::{ObjectRow, ObjectState};

use crate::backup::BackupError;
use lectern_shared::Millis;
use lectern_shared::ids::{SpaceId, UserId};
use sqlx::migrate::{Migration, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, Postgres, SqlSafeStr as _, Sqlite, Transaction};
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
    #[error("an id was taken by another writer meanwhile")]
    Taken,
    #[error("what this is about has grown meanwhile")]
    Overtaken,
    #[error("a secret of the server cannot be read")]
    Secret,
    #[error("SQLite {0} is too old")]
    SqliteTooOld(String),
}

/// One transaction on either database. What is not committed is rolled back.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    pub(crate) async fn commit(self) -> Result<(), StoreFailure> {
        Ok(match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }?)
    }
}

#[derive(Clone)]
pub struct Store(Database);

#[derive(Clone)]
enum Database {
    Sqlite {
        /// One connection: who writes waits for a turn here, first come, first served. In SQLite the wait is a sleep that
        /// grows, and who sleeps misses the turn of those who came later.
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Connections of one node. PostgreSQL's own default is a hundred for all.
const POSTGRES_CONNECTIONS: u32 = 16;
/// No secret, but it goes where those go, and with them.
const RESTORED_AT: &str = "restored_at";
/// PostgreSQL ends a transaction that two others wait for in a ring, or that is given up here.
const LOCK_PATIENCE: &str = "10s";

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
            // What a statement may have to take back: else a file is made for it, for every statement.
            .pragma("temp_store", "MEMORY")
            // KiB for each connection: the system's own cache has the file.
            .pragma("cache_size", "-1024")
            .busy_timeout(Duration::from_secs(5));
        let writer = pool(1).connect_with(options.clone()).await?;
        let readers = pool(4).connect_with(options).await?;
        assert_sqlite(&readers).await?;
        MIGRATIONS.run(&writer).await?;
        Ok(Self(Database::Sqlite { writer, readers }))
    }

    /// Connects to a database on a PostgreSQL server, `postgres://user:password@host/database`, and brings it up to date.
    ///
    /// # Errors
    /// When the address is none, the server cannot be reached, or the database cannot be migrated.
    pub async fn connect(address: &str) -> Result<Self, StoreFailure> {
        let options: PgConnectOptions = address.parse()?;
        let options = options.application_name("lectern-server").options([("lock_timeout", LOCK_PATIENCE)]);
        let pool = PgPoolOptions::new().max_connections(POSTGRES_CONNECTIONS).connect_with(options).await?;
        for_postgres().run(&pool).await?;
        Ok(Self(Database::Postgres(pool)))
    }

    /// A transaction that will write. In SQLite it takes the write lock at once, so that it cannot fail half-way for it; in
    /// PostgreSQL it says what it is about before it reads: [`Locking`].
    pub(crate) async fn begin_write(&self) -> Result<Tx, StoreFailure> {
        Ok(match &self.0 {
            Database::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Database::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// A transaction that reads one snapshot.
    pub(crate) async fn begin_read(&self) -> Result<Tx, StoreFailure> {
        Ok(match &self.0 {
            Database::Sqlite { readers, .. } => Tx::Sqlite(readers.begin().await?),
            Database::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }

    /// <https://sqlite.org/lang_vacuum.html#vacuuminto>: one snapshot, without free pages.
    pub(crate) async fn copy_to(&self, file: &Path) -> Result<(), BackupError> {
        let Database::Sqlite { readers, .. } = &self.0 else { return Err(BackupError::NoFile) };
        let name = file.to_str().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::InvalidFilename))?;
        sqlx::query("VACUUM INTO $1").bind(name).execute(readers).await.map_err(StoreFailure::from)?;
        Ok(())
    }

    /// SQLite's own check of a database file that nobody writes to.
    ///
    /// # Errors
    /// [`BackupError::Damaged`], or when it is no database.
    pub async fn check(file: &Path) -> Result<(), BackupError> {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let copy = pool(1).connect_with(options).await.map_err(StoreFailure::from)?;
        let said: Result<String, _> = sqlx::query_scalar("PRAGMA quick_check").fetch_one(&copy).await;
        copy.close().await;
        match said.map_err(StoreFailure::from)? {
            fine if fine == "ok" => Ok(()),
            wrong => Err(BackupError::Damaged(wrong)),
        }
    }

    pub(crate) fn postgres(&self) -> Option<&PgPool> {
        match &self.0 {
            Database::Sqlite { .. } => None,
            Database::Postgres(pool) => Some(pool),
        }
    }

    /// Makes the person and their library, once.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn ensure_account(&self, user: UserId, name: &str) -> Result<(), StoreFailure> {
        let mut tx = self.begin_write().await?;
        let sql = "INSERT INTO account (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
        on!(&mut tx, c => sqlx::query(sql).bind(user.0).bind(name).bind(crate::now()).execute(c).await.map(drop))?;
        entities::ensure_space(&mut tx, user.into(), "library", user).await?;
        tx.commit().await
    }

    /// Names the store that objects of before stores had names are in. Once named they stay so.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn name_places(&self, place: &str) -> Result<(), StoreFailure> {
        let mut tx = self.begin_write().await?;
        tx.name_places(place).await?;
        tx.commit().await
    }

    /// To be called on a database that comes from a backup, before a server runs on it: every space begins another epoch and
    /// the whole another life, so that nobody takes what is known of the former one for the same.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn declare_restored(&self) -> Result<(), StoreFailure> {
        let mut tx = self.begin_write().await?;
        tx.new_epochs().await?;
        tx.forget_secrets().await?;
        tx.secret(RESTORED_AT, &crate::now().to_string()).await?;
        tx.commit().await
    }

    /// When it was last restored from a backup, if it was.
    pub(crate) async fn restored_at(&self) -> Result<Option<Millis>, StoreFailure> {
        let known = self.begin_read().await?.known_secret(RESTORED_AT).await?;
        known.map(|time| time.parse().map_err(|_| StoreFailure::Secret)).transpose()
    }

    pub(crate) async fn incarnation(&self) -> Result<u64, StoreFailure> {
        let mut tx = self.begin_write().await?;
        let number = tx.secret("incarnation", &entities::new_epoch().to_string()).await?;
        tx.commit().await?;
        number.parse().map_err(|_| StoreFailure::Secret)
    }

    /// Closes it, as [`crate::Server::close`] does.
    pub async fn shut(&self) {
        self.close().await;
    }

    pub(crate) async fn close(&self) {
        match &self.0 {
            Database::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Database::Postgres(pool) => pool.close().await,
        }
    }
}

async fn assert_sqlite(readers: &SqlitePool) -> Result<(), StoreFailure> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(readers).await?;
    let mut numbers = version.split('.').map(|n| n.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    if (next(), next(), next()) < SQLITE_MIN { Err(StoreFailure::SqliteTooOld(version)) } else { Ok(()) }
}

/// The same tables. Every BLOB of ours is an id, and PostgreSQL has a type for ids.
fn for_postgres() -> Migrator {
    let translated = MIGRATIONS.iter().map(|migration| {
        let sql = AssertSqlSafe(migration.sql.as_str().replace("BLOB", "UUID")).into_sql_str();
        let Migration { version, migration_type, no_tx, .. } = *migration;
        Migration::new(version, migration.description.clone(), migration_type, sql, no_tx)
    });
    Migrator::with_migrations(translated.collect())
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
        let sql = "SELECT space FROM member WHERE account = $1";
        let ids: Vec<Uuid> = on!(self, c => sqlx::query_scalar(sql).bind(user.0).fetch_all(c).await)?;
        Ok(ids.into_iter().map(SpaceId).collect())
    }
}

pub(crate) use clients::Clients;
pub(crate) use entities::Entities;
pub(crate) use locking::{Locking, Scope};
pub(crate) use objects::Objects;
pub(crate) use people::{Account, People};
pub(crate) use succession::with_bytes_of;
pub(crate) use trash::Trash;
pub(crate) use writing::{Author, Writing};

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_that_a_full_disk_ended_does_not_end_those_that_come_when_there_is_room_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("server.sqlite")).await.unwrap();
        let execute = async |sql: String| {
            let mut tx = store.begin_write().await?;
            on!(&mut tx, c => sqlx::query(AssertSqlSafe(sql)).execute(c).await.map(drop))?;
            tx.commit().await
        };
        let write = async || execute("INSERT INTO big VALUES (zeroblob(1000000))".to_owned()).await;
        execute("CREATE TABLE big (bytes BLOB)".to_owned()).await.unwrap();
        let Database::Sqlite { writer, .. } = &store.0 else { panic!("a file is SQLite's") };
        let limit = async |pages: i64| {
            let mut connection = writer.acquire().await.unwrap();
            let sql = AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
            sqlx::query(sql).execute(&mut *connection).await.unwrap();
        };
        limit(1).await;
        assert!(matches!(write().await, Err(StoreFailure::Database(_))), "full");
        limit(1_000_000).await;
        write().await.unwrap();
    }
}
