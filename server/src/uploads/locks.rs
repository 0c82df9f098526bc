//! One call at a time for an asset: opening and completing are several steps on two systems. Between the nodes of one
//! PostgreSQL by its advisory locks (<https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS>),
//! which one connection of each node holds for all its calls.

use crate::{Store, StoreFailure};
use lectern_shared::ids::AssetId;
use sqlx::postgres::{PgConnection, PgPool};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::OwnedMutexGuard;

const LOOK_AGAIN: Duration = Duration::from_millis(25);
/// A connection that is dead and does not say so.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Locks {
    here: Arc<Mutex<HashMap<AssetId, Weak<tokio::sync::Mutex<()>>>>>,
    between: Option<Arc<Between>>,
}

/// The other nodes are kept out by these.
struct Between {
    pool: PgPool,
    connection: tokio::sync::Mutex<Option<PgConnection>>,
}

/// Until it is dropped no other call is about these assets.
pub(crate) struct Held {
    here: Vec<OwnedMutexGuard<()>>,
    between: Option<(Arc<Between>, Vec<i64>)>,
}

impl Locks {
    pub(crate) fn of(store: &Store) -> Self {
        let between = store.postgres().map(|pool| Between { pool: pool.clone(), connection: Default::default() });
        Self { here: Arc::default(), between: between.map(Arc::new) }
    }

    pub(crate) async fn lock(&self, asset: AssetId) -> Result<Held, StoreFailure> {
        self.lock_all(&BTreeSet::from([asset])).await
    }

    /// In id order, so that two batches never wait for each other in a ring.
    pub(crate) async fn lock_all(&self, assets: &BTreeSet<AssetId>) -> Result<Held, StoreFailure> {
        let mut here = Vec::with_capacity(assets.len());
        for asset in assets {
            here.push(self.of_asset(*asset).lock_owned().await);
        }
        let Some(between) = self.between.clone() else { return Ok(Held { here, between: None }) };
        let keys = assets.iter().copied().map(key).collect();
        // A task of its own: a call that is given up now must not leave a lock that nobody knows of.
        let locked = tokio::spawn(async move {
            between.lock(&keys).await?;
            Ok(Held { here, between: Some((between, keys)) })
        });
        locked.await.unwrap_or(Err(StoreFailure::Overtaken))
    }

    fn of_asset(&self, asset: AssetId) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        locks.retain(|_, lock| lock.strong_count() > 0);
        let known = locks.get(&asset).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let new = Arc::new(tokio::sync::Mutex::new(()));
            locks.insert(asset, Arc::downgrade(&new));
            new
        })
    }
}

impl Between {
    /// All of them or none: who has some of them waits for nobody.
    async fn lock(&self, keys: &Vec<i64>) -> Result<(), StoreFailure> {
        loop {
            let sql = "SELECT key, pg_try_advisory_lock(key) FROM unnest($1::bigint[]) AS key";
            let tried = self.ask(sqlx::query_as::<_, (i64, bool)>(sql).bind(keys)).await?;
            let mut locked: Vec<i64> = tried.iter().filter(|(_, is_ours)| *is_ours).map(|(key, _)| *key).collect();
            if locked.len() == tried.len() {
                return Ok(());
            }
            if !locked.is_empty() {
                self.unlock(&mut locked).await;
            }
            // Two that want the same must not go on in step.
            tokio::time::sleep(LOOK_AGAIN.mul_f64(rand::random_range(0.5..1.5))).await;
        }
    }

    async fn unlock(&self, keys: &mut Vec<i64>) {
        let sql = "SELECT key, pg_advisory_unlock(key) FROM unnest($1::bigint[]) AS key";
        if let Err(error) = self.ask(sqlx::query_as::<_, (i64, bool)>(sql).bind(std::mem::take(keys))).await {
            // The connection was dropped, and its locks with it.
            tracing::warn!(%error, "upload locks");
        }
    }

    async fn ask<'q>(
        &self,
        query: sqlx::query::QueryAs<'q, sqlx::Postgres, (i64, bool), sqlx::postgres::PgArguments>,
    ) -> Result<Vec<(i64, bool)>, StoreFailure> {
        let mut place = self.connection.lock().await;
        let mut connection = match place.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?.detach(),
        };
        let asked = tokio::time::timeout(PATIENCE, query.fetch_all(&mut connection)).await;
        // One that failed is not put back: what it held is free, and whoever works under that goes on. Rows and store are
        // written so that each call may come twice; two at once were the rare ones already.
        let answer = asked.map_err(|_| StoreFailure::Overtaken)??;
        *place = Some(connection);
        Ok(answer)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let here = std::mem::take(&mut self.here);
        if let Some((between, mut keys)) = self.between.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                between.unlock(&mut keys).await;
                drop(here);
            });
        }
    }
}

/// The random half of the id.
fn key(asset: AssetId) -> i64 {
    i64::from_be_bytes(asset.0.as_u64_pair().1.to_be_bytes())
}
