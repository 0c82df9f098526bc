//! Base and view tables: rows of the synced kinds, read and written whole.

use super::CatalogueFailure;
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::SpaceId;
use lectern_shared::protocol::VersionedRow;
use lectern_shared::sync::Read;
use rusqlite::{OptionalExtension, Transaction, params};

/// What a read names, from the view.
pub(super) fn read(tx: &Transaction<'_>, read: Read) -> Result<Vec<Row>, CatalogueFailure> {
    let (kind, column, value) = match read {
        Read::Row(key) => (key.kind, "id", key.id),
        Read::Children(kind, parent) => (kind, "parent", parent),
        Read::OfAsset(kind, asset) => (kind, "asset", asset.0),
    };
    // Table and column come from our own enums, never from outside.
    let mut statement = tx.prepare_cached(&format!("SELECT body FROM {} WHERE {column} = ?1", kind.name()))?;
    let bodies = statement.query_map([value.to_string()], |row| row.get::<_, String>(0))?;
    bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect()
}

pub(super) fn write_view(tx: &Transaction<'_>, row: &Row) -> Result<(), CatalogueFailure> {
    let key = row.key();
    let sql = format!(
        "INSERT INTO {} (id, body) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        key.kind.name()
    );
    tx.prepare_cached(&sql)?.execute(params![key.id.to_string(), serde_json::to_string(row)?])?;
    Ok(())
}

pub(super) fn write_base(tx: &Transaction<'_>, versioned: &VersionedRow) -> Result<(), CatalogueFailure> {
    let key = versioned.row.key();
    tx.prepare_cached(
        "INSERT INTO base_row (kind, id, space, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (kind, id) DO UPDATE SET space = excluded.space, version = excluded.version, body = excluded.body",
    )?
    .execute(params![
        key.kind.name(),
        key.id.to_string(),
        versioned.row.space().to_string(),
        versioned.version.cast_signed(),
        serde_json::to_string(&versioned.row)?,
    ])?;
    Ok(())
}

/// What the server said of a space, but for what is deleted.
pub(super) fn versions(tx: &Transaction<'_>, space: SpaceId) -> Result<Vec<(RowKey, u64)>, CatalogueFailure> {
    let sql = "SELECT kind, id, version FROM base_row WHERE space = ?1 AND body ->> '$.body.deleted_at' IS NULL";
    let mut statement = tx.prepare_cached(sql)?;
    let rows =
        statement.query_map([space.to_string()], |row| Ok(((row.get(0)?, row.get(1)?), row.get::<_, i64>(2)?)))?;
    rows.map(|row| {
        row.map_err(CatalogueFailure::from).and_then(|(key, version)| Ok((key_from(key)?, version.cast_unsigned())))
    })
    .collect()
}

/// Forgets what the server said of a space. Answers the rows that were there.
pub(super) fn drop_space(tx: &Transaction<'_>, space: SpaceId) -> Result<Vec<RowKey>, CatalogueFailure> {
    let mut statement = tx.prepare_cached("DELETE FROM base_row WHERE space = ?1 RETURNING kind, id")?;
    let keys =
        statement.query_map([space.to_string()], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    keys.map(|key| key_from(key?)).collect()
}

pub(super) fn key_from((kind, id): (String, String)) -> Result<RowKey, CatalogueFailure> {
    let kind =
        RowKind::ALL.into_iter().find(|known| known.name() == kind).ok_or(CatalogueFailure::NotFound("row kind"))?;
    Ok(RowKey { kind, id: id.parse()? })
}

/// What the server said of one row.
pub(super) fn base(tx: &Transaction<'_>, key: RowKey) -> Result<Option<Row>, CatalogueFailure> {
    let body: Option<String> = tx
        .prepare_cached("SELECT body FROM base_row WHERE kind = ?1 AND id = ?2")?
        .query_row(params![key.kind.name(), key.id.to_string()], |row| row.get(0))
        .optional()?;
    body.map(|body| Ok(serde_json::from_str(&body)?)).transpose()
}

pub(super) fn remove_from_view(tx: &Transaction<'_>, key: RowKey) -> Result<(), CatalogueFailure> {
    let sql = format!("DELETE FROM {} WHERE id = ?1", key.kind.name());
    tx.prepare_cached(&sql)?.execute([key.id.to_string()])?;
    Ok(())
}
