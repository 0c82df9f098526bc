//! Tables `space` and `entity`: the rows that are synced, and who may see them.

use super::{StoreFailure, Tx};
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::{AssetId, SpaceId, UserId};
use lectern_shared::media::Asset;
use lectern_shared::protocol::{Cookie, VersionedRow};
use lectern_shared::sync::Read;
use sqlx::QueryBuilder;
use std::collections::BTreeSet;
use uuid::Uuid;

pub(crate) trait Entities {
    /// Rows a read names, of the spaces the person may see.
    async fn read(&mut self, read: Read, may_see: impl Fn(SpaceId) -> bool) -> Result<Vec<Row>, StoreFailure>;
    /// Rows a read names, whoever asks: for what the server itself must keep true.
    async fn read_all(&mut self, read: Read) -> Result<Vec<Row>, StoreFailure>;
    /// The asset rows with these ids, in the spaces the person may see.
    async fn assets(&mut self, ids: &[AssetId], spaces: &BTreeSet<SpaceId>) -> Result<Vec<Asset>, StoreFailure>;
    /// What courses show of these assets.
    async fn summaries(&mut self, assets: &[AssetId]) -> Result<Vec<Row>, StoreFailure>;
    /// Epoch and version of a space, and the version it had when rows were last removed from it.
    async fn cookie(&mut self, space: SpaceId) -> Result<Cookie, StoreFailure>;
    /// Gives every space another epoch.
    async fn new_epochs(&mut self) -> Result<(), StoreFailure>;
    /// Rows of a space written after a version, the earliest first and about so many: those of one version stay together.
    /// Whether these are all.
    async fn since(
        &mut self,
        space: SpaceId,
        version: u64,
        about: usize,
    ) -> Result<(Vec<VersionedRow>, bool), StoreFailure>;
    /// Of every row of a space that is not deleted.
    async fn versions(&mut self, space: SpaceId) -> Result<Vec<(RowKey, u64)>, StoreFailure>;
}

/// Makes a space with its first owner, once.
pub(super) async fn ensure_space(tx: &mut Tx, id: SpaceId, kind: &str, owner: UserId) -> Result<(), StoreFailure> {
    let epoch = new_epoch();
    let sql = "INSERT INTO space (id, kind, version, gc_version, epoch) VALUES ($1, $2, 0, 0, $3) ON CONFLICT (id) DO NOTHING";
    let made = on!(&mut *tx, c => {
        sqlx::query(sql).bind(id.0).bind(kind).bind(epoch).execute(c).await.map(|done| done.rows_affected())
    })?;
    if made == 0 {
        let sql = "SELECT COUNT(*) FROM member WHERE space = $1 AND account = $2";
        let member: i64 = on!(tx, c => sqlx::query_scalar(sql).bind(id.0).bind(owner.0).fetch_one(c).await)?;
        // Somebody else made it since we looked.
        return if member == 1 { Ok(()) } else { Err(StoreFailure::Taken) };
    }
    {
        let sql = "INSERT INTO member (space, account, role) VALUES ($1, $2, 'owner')";
        on!(tx, c => sqlx::query(sql).bind(id.0).bind(owner.0).execute(c).await.map(drop))?;
    }
    Ok(())
}

/// 53 bits: the number passes through JSON.
pub(super) fn new_epoch() -> i64 {
    (Uuid::new_v4().as_u128() & ((1 << 53) - 1)) as i64
}

impl Entities for Tx {
    async fn read(&mut self, read: Read, may_see: impl Fn(SpaceId) -> bool) -> Result<Vec<Row>, StoreFailure> {
        let rows = self.read_all(read).await?;
        // What courses show of an asset is the server's to keep true, in courses the person does not see too.
        Ok(rows.into_iter().filter(|row| may_see(row.space()) || matches!(row, Row::Summary(_))).collect())
    }

    async fn read_all(&mut self, read: Read) -> Result<Vec<Row>, StoreFailure> {
        let (sql, kind, id) = match read {
            Read::Row(key) => ("SELECT body FROM entity WHERE kind = $1 AND id = $2", key.kind, key.id),
            Read::Children(kind, parent) => ("SELECT body FROM entity WHERE kind = $1 AND parent = $2", kind, parent),
            Read::OfAsset(kind, asset) => ("SELECT body FROM entity WHERE kind = $1 AND asset = $2", kind, asset.0),
        };
        let bodies: Vec<String> =
            on!(self, c => sqlx::query_scalar(sql).bind(kind.name()).bind(id).fetch_all(c).await)?;
        bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
    }

    async fn assets(&mut self, ids: &[AssetId], spaces: &BTreeSet<SpaceId>) -> Result<Vec<Asset>, StoreFailure> {
        let rows = rows_where(self, RowKind::Asset, "id", ids).await?;
        let assets = rows.into_iter().filter(|row| spaces.contains(&row.space())).filter_map(|row| match row {
            Row::Asset(asset) => Some(asset),
            _ => None,
        });
        Ok(assets.collect())
    }

    async fn summaries(&mut self, assets: &[AssetId]) -> Result<Vec<Row>, StoreFailure> {
        rows_where(self, RowKind::Summary, "asset", assets).await
    }

    async fn cookie(&mut self, space: SpaceId) -> Result<Cookie, StoreFailure> {
        let sql = "SELECT epoch, version, gc_version FROM space WHERE id = $1";
        let (epoch, version, cleaned): (i64, i64, i64) =
            on!(self, c => sqlx::query_as(sql).bind(space.0).fetch_one(c).await)?;
        let (epoch, version) = (epoch.cast_unsigned(), version.cast_unsigned());
        Ok(Cookie { epoch, version, cleaned: cleaned.cast_unsigned() })
    }

    async fn new_epochs(&mut self) -> Result<(), StoreFailure> {
        let spaces: Vec<Uuid> =
            on!(&mut *self, c => sqlx::query_scalar("SELECT id FROM space ORDER BY id").fetch_all(c).await)?;
        for space in spaces {
            let (sql, epoch) = ("UPDATE space SET epoch = $2 WHERE id = $1", new_epoch());
            on!(&mut *self, c => sqlx::query(sql).bind(space).bind(epoch).execute(c).await.map(drop))?;
        }
        Ok(())
    }

    async fn since(
        &mut self,
        space: SpaceId,
        version: u64,
        about: usize,
    ) -> Result<(Vec<VersionedRow>, bool), StoreFailure> {
        let about = i64::try_from(about).unwrap_or(i64::MAX);
        // The version of the last row that fits; none when all do.
        let sql = "SELECT version FROM entity WHERE space = $1 AND version > $2 ORDER BY version LIMIT 1 OFFSET $3";
        let last: Option<i64> = on!(&mut *self, c => {
            let query = sqlx::query_scalar(sql).bind(space.0).bind(version.cast_signed()).bind(about - 1);
            query.fetch_optional(c).await
        })?;
        let sql =
            "SELECT version, body FROM entity WHERE space = $1 AND version > $2 AND version <= $3 ORDER BY version";
        let rows: Vec<(i64, String)> = on!(&mut *self, c => {
            let query = sqlx::query_as(sql).bind(space.0).bind(version.cast_signed()).bind(last.unwrap_or(i64::MAX));
            query.fetch_all(c).await
        })?;
        let rows: Result<Vec<VersionedRow>, StoreFailure> = rows
            .into_iter()
            .map(|(version, body)| {
                Ok(VersionedRow { version: version.cast_unsigned(), row: serde_json::from_str(&body)? })
            })
            .collect();
        let is_all = match last {
            None => true,
            Some(last) => {
                let sql = "SELECT version FROM entity WHERE space = $1 AND version > $2 LIMIT 1";
                let next: Option<i64> =
                    on!(self, c => sqlx::query_scalar(sql).bind(space.0).bind(last).fetch_optional(c).await)?;
                next.is_none()
            }
        };
        Ok((rows?, is_all))
    }

    async fn versions(&mut self, space: SpaceId) -> Result<Vec<(RowKey, u64)>, StoreFailure> {
        let sql = "SELECT kind, id, version FROM entity WHERE space = $1 AND deleted = 0";
        let rows: Vec<(String, Uuid, i64)> = on!(self, c => sqlx::query_as(sql).bind(space.0).fetch_all(c).await)?;
        let kind = |name: &str| RowKind::ALL.into_iter().find(|kind| kind.name() == name);
        let known = rows.into_iter().filter_map(|(name, id, version)| Some((kind(&name)?, id, version)));
        Ok(known.map(|(kind, id, version)| (RowKey { kind, id }, version.cast_unsigned())).collect())
    }
}

/// All in one statement: each one costs a round to the database's thread.
async fn rows_where(
    tx: &mut Tx,
    kind: RowKind,
    column: &'static str,
    ids: &[AssetId],
) -> Result<Vec<Row>, StoreFailure> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let bodies: Vec<String> = on!(tx, c => {
        let mut query = QueryBuilder::new("SELECT body FROM entity WHERE kind = ");
        query.push_bind(kind.name()).push(" AND ").push(column).push(" IN (");
        let mut list = query.separated(", ");
        for id in ids {
            list.push_bind(id.0);
        }
        query.push(")");
        query.build_query_scalar().fetch_all(c).await
    })?;
    bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
}
