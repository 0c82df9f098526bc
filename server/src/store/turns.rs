//! Writers of a SQLite file, one after the other on one connection. Those who wait for their turn while another one writes
//! share its transaction, each in a savepoint of its own, and with it the flush of the disk: nobody is told that anything is
//! written before that.

use super::StoreFailure;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Sqlite, Transaction};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Turns {
    /// Of one connection.
    pool: SqlitePool,
    /// First come, first served. In SQLite the wait is a sleep that grows, and who sleeps misses the turn of those who came
    /// later.
    line: Arc<Mutex<Group>>,
}

/// Those who share a transaction.
#[derive(Default)]
struct Group {
    /// Between two turns.
    connection: Option<PoolConnection<Sqlite>>,
    is_open: bool,
    /// Whoever had the last turn has gone without a word: what they did is to be taken back.
    is_unfinished: bool,
    /// They have written, and wait for the commit.
    written: Vec<oneshot::Sender<Ended>>,
}

type Ended = Result<(), Arc<sqlx::Error>>;

/// One writer's. What is not committed is taken back.
pub(crate) struct Turn {
    connection: PoolConnection<Sqlite>,
    group: OwnedMutexGuard<Group>,
}

impl Turns {
    pub(super) fn on(pool: SqlitePool) -> Self {
        Self { pool, line: Arc::default() }
    }

    pub(super) async fn next(&self) -> Result<Turn, StoreFailure> {
        let mut group = self.line.clone().lock_owned().await;
        let mut connection = self.connection(&mut group).await?;
        if !group.is_open {
            group.is_open = true;
            // It takes its place behind those who wait already.
            tokio::spawn(self.clone().commit());
            if let Err(error) = run(&mut connection, "BEGIN IMMEDIATE").await {
                group.is_open = false;
                return Err(error.into());
            }
        }
        group.is_unfinished = true;
        run(&mut connection, "SAVEPOINT turn").await?;
        Ok(Turn { connection, group })
    }

    /// With nothing on it but what was written.
    async fn connection(&self, group: &mut Group) -> Result<PoolConnection<Sqlite>, sqlx::Error> {
        let mut connection = match group.connection.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        if group.is_unfinished {
            let taken_back = run(&mut connection, "ROLLBACK TO turn; RELEASE turn").await;
            group.is_unfinished = false;
            if let Err(error) = taken_back {
                // A full disk ends the whole transaction.
                let _ = run(&mut connection, "ROLLBACK").await;
                group.ends(Err(Arc::new(error)));
            }
        }
        Ok(connection)
    }

    async fn commit(self) {
        let mut group = self.line.clone().lock_owned().await;
        let mut connection = match self.connection(&mut group).await {
            Ok(connection) => connection,
            Err(error) => return group.ends(Err(Arc::new(error))),
        };
        if !group.is_open {
            return;
        }
        let committed = run(&mut connection, "COMMIT").await;
        if committed.is_err() {
            let _ = run(&mut connection, "ROLLBACK").await;
        }
        group.ends(committed.map_err(Arc::new));
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    #[cfg(test)]
    pub(super) fn pool(&self) -> &SqlitePool {
        &self.pool
    }
}

impl Group {
    fn ends(&mut self, how: Ended) {
        self.is_open = false;
        for written in self.written.drain(..) {
            // One that was not waited for is written all the same.
            let _ = written.send(how.clone());
        }
    }
}

impl Turn {
    /// Ends the turn, and waits until what it wrote is on the disk.
    pub(super) async fn commit(self) -> Result<(), StoreFailure> {
        let Self { mut connection, mut group } = self;
        run(&mut connection, "RELEASE turn").await?;
        let (written, ended) = oneshot::channel();
        group.is_unfinished = false;
        group.written.push(written);
        group.connection = Some(connection);
        drop(group);
        match ended.await {
            Ok(how) => how.map_err(StoreFailure::NotCommitted),
            Err(_) => Err(sqlx::Error::PoolClosed.into()),
        }
    }
}

/// A transaction on a SQLite file.
pub(crate) enum SqliteTx {
    Reading(Transaction<'static, Sqlite>),
    Writing(Turn),
}

impl SqliteTx {
    pub(super) async fn commit(self) -> Result<(), StoreFailure> {
        match self {
            Self::Reading(tx) => Ok(tx.commit().await?),
            Self::Writing(turn) => turn.commit().await,
        }
    }
}

impl Deref for SqliteTx {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        match self {
            Self::Reading(tx) => tx,
            Self::Writing(turn) => &turn.connection,
        }
    }
}

impl DerefMut for SqliteTx {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Reading(tx) => tx,
            Self::Writing(turn) => &mut turn.connection,
        }
    }
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::super::Store;
    use super::*;
    use crate::store::Tx;
    use std::collections::BTreeSet;

    async fn insert(store: &Store, number: i64) -> Result<Tx, StoreFailure> {
        let mut tx = store.begin_write().await?;
        on!(&mut tx, c => sqlx::query("INSERT INTO numbers VALUES ($1)").bind(number).execute(c).await.map(drop))?;
        Ok(tx)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_writers_who_share_a_transaction_each_is_kept_or_taken_back_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("server.sqlite")).await.unwrap();
        let mut tx = store.begin_write().await.unwrap();
        let sql = "CREATE TABLE numbers (number BIGINT PRIMARY KEY)";
        on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        // The others come while the first one writes.
        let first = insert(&store, 0).await.unwrap();
        let others = (1..60).map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let tx = insert(&store, number - number % 5).await?;
                match number % 5 {
                    // Gone without a word, in the middle of what they do.
                    1 => drop(tx),
                    2 => drop(tokio::time::timeout(std::time::Duration::ZERO, insert(&store, 1_000 + number)).await),
                    _ => tx.commit().await?,
                }
                Ok::<i64, StoreFailure>(number)
            })
        });
        let others: Vec<_> = others.collect();
        tokio::task::yield_now().await;
        first.commit().await.unwrap();
        let mut kept = BTreeSet::from([0]);
        for other in others {
            if let Ok(number) = other.await.unwrap()
                && ![1, 2].contains(&(number % 5))
            {
                kept.insert(number - number % 5);
            }
        }
        let mut tx = store.begin_read().await.unwrap();
        let sql = "SELECT number FROM numbers";
        let there: Vec<i64> = on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await).unwrap();
        assert_eq!(there.into_iter().collect::<BTreeSet<_>>(), kept);
        assert_eq!(kept.len(), 12, "one of each five");
    }
}
