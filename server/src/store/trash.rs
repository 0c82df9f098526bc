//! Rows of what was deleted: found, and after a long time removed.

use super::{StoreFailure, Tx};
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::{AssetId, SpaceId};
use sqlx::QueryBuilder;
use uuid::Uuid;

/// Keys in one statement: SQLite takes 32,766 values.
const KEYS_MAX: usize = 500;

pub(crate) trait Trash {
    /// Of one kind, in all spaces.
    async fn deleted(&mut self, kind: RowKind) -> Result<Vec<Row>, StoreFailure>;
    /// Spaces with anything deleted in them.
    async fn spaces_with_deleted(&mut self) -> Result<Vec<SpaceId>, StoreFailure>;
    async fn deleted_in(&mut self, space: SpaceId) -> Result<Vec<Row>, StoreFailure>;
    /// Whether a row of any space, deleted or not, shows the asset or has it attached.
    async fn is_named(&mut self, asset: AssetId) -> Result<bool, StoreFailure>;
    /// Removes rows of a space. Who has read less of it than is there now reads all of it anew; with `is_seen` everybody.
    async fn remove(&mut self, space: SpaceId, keys: &[RowKey], is_seen: bool) -> Result<u64, StoreFailure>;
    /// A space with all that is in it, and who is.
    async fn remove_space(&mut self, space: SpaceId) -> Result<(), StoreFailure>;
}

fn rows(bodies: &[String]) -> Result<Vec<Row>, StoreFailure> {
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}

impl Trash for Tx {
    async fn deleted(&mut self, kind: RowKind) -> Result<Vec<Row>, StoreFailure> {
        let sql = "SELECT body FROM entity WHERE kind = $1 AND deleted = 1";
        let bodies: Vec<String> = on!(self, c => sqlx::query_scalar(sql).bind(kind.name()).fetch_all(c).await)?;
        rows(&bodies)
    }

    async fn spaces_with_deleted(&mut self) -> Result<Vec<SpaceId>, StoreFailure> {
        let sql = "SELECT DISTINCT space FROM entity WHERE deleted = 1 ORDER BY space";
        let spaces: Vec<Uuid> = on!(self, c => sqlx::query_scalar(sql).fetch_all(c).await)?;
        Ok(spaces.into_iter().map(SpaceId).collect())
    }

    async fn deleted_in(&mut self, space: SpaceId) -> Result<Vec<Row>, StoreFailure> {
        let sql = "SELECT body FROM entity WHERE deleted = 1 AND space = $1";
        let bodies: Vec<String> = on!(self, c => sqlx::query_scalar(sql).bind(space.0).fetch_all(c).await)?;
        rows(&bodies)
    }

    async fn is_named(&mut self, asset: AssetId) -> Result<bool, StoreFailure> {
        let sql = "SELECT COUNT(*) FROM entity WHERE asset = $1 AND kind IN ('video', 'attachment')";
        let named: i64 = on!(self, c => sqlx::query_scalar(sql).bind(asset.0).fetch_one(c).await)?;
        Ok(named > 0)
    }

    async fn remove(&mut self, space: SpaceId, keys: &[RowKey], is_seen: bool) -> Result<u64, StoreFailure> {
        let mut removed = 0;
        for kind in RowKind::ALL {
            let ids: Vec<Uuid> = keys.iter().filter(|key| key.kind == kind).map(|key| key.id).collect();
            for some in ids.chunks(KEYS_MAX) {
                removed += on!(&mut *self, c => {
                    let mut query = QueryBuilder::new("DELETE FROM entity WHERE space = ");
                    query.push_bind(space.0).push(" AND kind = ").push_bind(kind.name()).push(" AND id IN (");
                    let mut list = query.separated(", ");
                    for id in some {
                        list.push_bind(*id);
                    }
                    query.push(")");
                    query.build().execute(c).await.map(|done| done.rows_affected())
                })?;
            }
        }
        let sql = "UPDATE space SET version = version + $2, gc_version = version + $2 WHERE id = $1";
        on!(self, c => sqlx::query(sql).bind(space.0).bind(i64::from(is_seen)).execute(c).await.map(drop))?;
        Ok(removed)
    }

    async fn remove_space(&mut self, space: SpaceId) -> Result<(), StoreFailure> {
        for sql in [
            "DELETE FROM entity WHERE space = $1",
            "DELETE FROM history WHERE space = $1",
            "DELETE FROM member WHERE space = $1",
            "DELETE FROM space WHERE id = $1",
        ] {
            on!(&mut *self, c => sqlx::query(sql).bind(space.0).execute(c).await.map(drop))?;
        }
        Ok(())
    }
}
