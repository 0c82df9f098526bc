//! Tables `space`, `entity` and `history`: the rows that are synced, their versions, and who changed them.

use super::{StoreFailure, Tx};
use lectern_shared::change::{Row, RowKind};
use lectern_shared::ids::{AssetId, ClientId, SpaceId, UserId};
use lectern_shared::protocol::{Cookie, VersionedRow};
use lectern_shared::sync::Read;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who writes, for the history.
pub(crate) struct Written<'a> {
    pub actor: UserId,
    pub client: Option<(ClientId, u64)>,
    pub op: &'a str,
}

pub(crate) trait Entities {
    /// Rows a read names, of the spaces the person may see.
    async fn read(&mut self, read: Read, spaces: &BTreeSet<SpaceId>) -> Result<Vec<Row>, StoreFailure>;
    /// Rows a read names, whoever asks: for what the server itself must keep true.
    async fn read_all(&mut self, read: Read) -> Result<Vec<Row>, StoreFailure>;
    /// Writes rows, one new version for each space. None, and nothing written: an id is taken where the writer is not a
    /// member, which is answered like any other taken id.
    async fn write(&mut self, rows: &[Row], by: &Written<'_>) -> Result<Option<BTreeMap<SpaceId, u64>>, StoreFailure>;
    /// Epoch and version of a space.
    async fn cookie(&mut self, space: SpaceId) -> Result<Cookie, StoreFailure>;
    /// Rows of a space written after a version.
    async fn since(&mut self, space: SpaceId, version: u64) -> Result<Vec<VersionedRow>, StoreFailure>;
    async fn asset(&mut self, asset: AssetId, spaces: &BTreeSet<SpaceId>) -> Result<Option<Row>, StoreFailure>;
}

/// Makes a space with its first owner, once.
pub(super) async fn ensure_space(tx: &mut Tx, id: SpaceId, kind: &str, owner: UserId) -> Result<(), StoreFailure> {
    // 53 bits: the number passes through JSON.
    let epoch = (Uuid::new_v4().as_u128() & ((1 << 53) - 1)) as i64;
    let made = sqlx::query(
        "INSERT INTO space (id, kind, version, gc_version, epoch) VALUES ($1, $2, 0, 0, $3) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id.0)
    .bind(kind)
    .bind(epoch)
    .execute(&mut **tx)
    .await?;
    if made.rows_affected() == 1 {
        sqlx::query("INSERT INTO member (space, account, role) VALUES ($1, $2, 'owner')")
            .bind(id.0)
            .bind(owner.0)
            .execute(&mut **tx)
            .await?;
    }
    Ok(())
}

impl Entities for Tx {
    async fn read(&mut self, read: Read, spaces: &BTreeSet<SpaceId>) -> Result<Vec<Row>, StoreFailure> {
        let rows = self.read_all(read).await?;
        // What courses show of an asset is the server's to keep true, in courses the person does not see too.
        Ok(rows.into_iter().filter(|row| spaces.contains(&row.space()) || matches!(row, Row::Summary(_))).collect())
    }

    async fn read_all(&mut self, read: Read) -> Result<Vec<Row>, StoreFailure> {
        let query = match read {
            Read::Row(key) => sqlx::query_scalar("SELECT body FROM entity WHERE kind = $1 AND id = $2")
                .bind(key.kind.name())
                .bind(key.id),
            Read::Children(kind, parent) => {
                sqlx::query_scalar("SELECT body FROM entity WHERE kind = $1 AND parent = $2")
                    .bind(kind.name())
                    .bind(parent)
            }
            Read::OfAsset(kind, asset) => sqlx::query_scalar("SELECT body FROM entity WHERE kind = $1 AND asset = $2")
                .bind(kind.name())
                .bind(asset.0),
        };
        let bodies: Vec<String> = query.fetch_all(&mut **self).await?;
        bodies.iter().map(|body| Ok(serde_json::from_str(body)?)).collect()
    }

    async fn write(&mut self, rows: &[Row], by: &Written<'_>) -> Result<Option<BTreeMap<SpaceId, u64>>, StoreFailure> {
        for row in rows {
            if !may_write(self, row, by.actor).await? {
                return Ok(None);
            }
        }
        for row in rows {
            if let Row::Course(course) = row {
                ensure_space(self, course.space(), "course", by.actor).await?;
            }
        }
        let mut versions = BTreeMap::new();
        // In id order, so that two writers never wait for each other in a ring.
        for space in rows.iter().map(Row::space).collect::<BTreeSet<_>>() {
            let version: i64 =
                sqlx::query_scalar("UPDATE space SET version = version + 1 WHERE id = $1 RETURNING version")
                    .bind(space.0)
                    .fetch_one(&mut **self)
                    .await?;
            versions.insert(space, version.cast_unsigned());
        }
        for row in rows {
            let version = versions.get(&row.space()).copied().unwrap_or_default();
            write_row(self, row, version, by).await?;
        }
        Ok(Some(versions))
    }

    async fn cookie(&mut self, space: SpaceId) -> Result<Cookie, StoreFailure> {
        let (epoch, version): (i64, i64) = sqlx::query_as("SELECT epoch, version FROM space WHERE id = $1")
            .bind(space.0)
            .fetch_one(&mut **self)
            .await?;
        Ok(Cookie { epoch: epoch.cast_unsigned(), version: version.cast_unsigned() })
    }

    async fn since(&mut self, space: SpaceId, version: u64) -> Result<Vec<VersionedRow>, StoreFailure> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT version, body FROM entity WHERE space = $1 AND version > $2 ORDER BY version")
                .bind(space.0)
                .bind(version.cast_signed())
                .fetch_all(&mut **self)
                .await?;
        rows.into_iter()
            .map(|(version, body)| {
                Ok(VersionedRow { version: version.cast_unsigned(), row: serde_json::from_str(&body)? })
            })
            .collect()
    }

    async fn asset(&mut self, asset: AssetId, spaces: &BTreeSet<SpaceId>) -> Result<Option<Row>, StoreFailure> {
        let key = lectern_shared::change::RowKey { kind: RowKind::Asset, id: asset.0 };
        Ok(self.read(Read::Row(key), spaces).await?.pop())
    }
}

/// Whether the row's id is free or already in its space, and the writer a member of that space, or the first one there.
async fn may_write(tx: &mut Tx, row: &Row, writer: UserId) -> Result<bool, StoreFailure> {
    let key = row.key();
    let taken_by: Option<Uuid> = sqlx::query_scalar("SELECT space FROM entity WHERE kind = $1 AND id = $2")
        .bind(key.kind.name())
        .bind(key.id)
        .fetch_optional(&mut **tx)
        .await?;
    if taken_by.is_some_and(|space| space != row.space().0) {
        return Ok(false);
    }
    let others: Option<i64> = sqlx::query_scalar(
        "SELECT CAST(COUNT(*) AS BIGINT) FROM space WHERE id = $1
         AND NOT EXISTS (SELECT 1 FROM member WHERE member.space = space.id AND member.account = $2)",
    )
    .bind(row.space().0)
    .bind(writer.0)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(others.unwrap_or_default() == 0 || matches!(row, Row::Summary(_)))
}

/// Writes one row and its line of history.
async fn write_row(tx: &mut Tx, row: &Row, version: u64, by: &Written<'_>) -> Result<(), StoreFailure> {
    let key = row.key();
    let body = serde_json::to_string(row)?;
    let before: Option<String> = sqlx::query_scalar("SELECT body FROM entity WHERE kind = $1 AND id = $2")
        .bind(key.kind.name())
        .bind(key.id)
        .fetch_optional(&mut **tx)
        .await?;
    sqlx::query(
        "INSERT INTO entity (kind, id, space, version, deleted, parent, asset, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, deleted = excluded.deleted,
             parent = excluded.parent, asset = excluded.asset, body = excluded.body",
    )
    .bind(key.kind.name())
    .bind(key.id)
    .bind(row.space().0)
    .bind(version.cast_signed())
    .bind(i64::from(row.is_deleted()))
    .bind(row.parent())
    .bind(row.asset().map(|asset| asset.0))
    .bind(&body)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "INSERT INTO history (space, version, kind, id, at, actor, client, mid, op, before, after)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(row.space().0)
    .bind(version.cast_signed())
    .bind(key.kind.name())
    .bind(key.id)
    .bind(crate::now())
    .bind(by.actor.0)
    .bind(by.client.map(|(client, _)| client.0))
    .bind(by.client.map(|(_, mid)| mid.cast_signed()))
    .bind(by.op)
    .bind(before)
    .bind(body)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
