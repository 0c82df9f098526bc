//! Table `object`: the store's side of each asset.

use super::{StoreFailure, Tx};
use lectern_shared::ids::AssetId;
use sqlx::QueryBuilder;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ObjectState {
    /// A multipart upload was asked for; its id is not known yet.
    Opening,
    Open,
    /// One PUT.
    Single,
    /// The store was asked to put the parts together; its answer is not known.
    Completing,
    Ready,
}

#[derive(Clone, Debug)]
pub(crate) struct ObjectRow {
    pub asset: AssetId,
    pub key: String,
    pub state: ObjectState,
    pub bytes: u64,
    pub part_bytes: u64,
    pub content_type: String,
    pub upload_id: Option<String>,
    pub etag: Option<String>,
    pub blake3: Option<String>,
    pub version: Option<String>,
    /// Name of the store that has it, or will.
    pub place: String,
}

pub(crate) trait Objects {
    async fn object(&mut self, asset: AssetId) -> Result<Option<ObjectRow>, StoreFailure>;
    async fn objects(&mut self, assets: &[AssetId]) -> Result<Vec<ObjectRow>, StoreFailure>;
    async fn put_objects(&mut self, rows: &[ObjectRow]) -> Result<(), StoreFailure>;
    async fn remove_object(&mut self, asset: AssetId) -> Result<(), StoreFailure>;
    /// Those of one store in one state, oldest asset first.
    async fn objects_in(&mut self, place: &str, state: ObjectState) -> Result<Vec<ObjectRow>, StoreFailure>;
    /// Names the store of rows from before stores had names.
    async fn name_places(&mut self, place: &str) -> Result<(), StoreFailure>;
}

/// Rows in one statement.
const ROWS_MAX: usize = 100;
const COLUMNS: &str =
    "asset, object_key, state, bytes, part_bytes, content_type, upload_id, etag, blake3, store_version,
    place";

#[derive(sqlx::FromRow)]
pub(super) struct Columns {
    asset: Uuid,
    object_key: String,
    state: String,
    bytes: i64,
    part_bytes: i64,
    content_type: String,
    upload_id: Option<String>,
    etag: Option<String>,
    blake3: Option<String>,
    store_version: Option<String>,
    place: String,
}

impl From<Columns> for ObjectRow {
    fn from(columns: Columns) -> Self {
        Self {
            asset: AssetId(columns.asset),
            key: columns.object_key,
            state: state_from(&columns.state),
            bytes: columns.bytes.cast_unsigned(),
            part_bytes: columns.part_bytes.cast_unsigned(),
            content_type: columns.content_type,
            upload_id: columns.upload_id,
            etag: columns.etag,
            blake3: columns.blake3,
            version: columns.store_version,
            place: columns.place,
        }
    }
}

impl Objects for Tx {
    async fn object(&mut self, asset: AssetId) -> Result<Option<ObjectRow>, StoreFailure> {
        Ok(self.objects(&[asset]).await?.pop())
    }

    async fn objects(&mut self, assets: &[AssetId]) -> Result<Vec<ObjectRow>, StoreFailure> {
        let mut rows = Vec::with_capacity(assets.len());
        for some in assets.chunks(ROWS_MAX) {
            let found: Vec<Columns> = on!(&mut *self, c => {
                let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM object WHERE asset IN ("));
                let mut list = query.separated(", ");
                for asset in some {
                    list.push_bind(asset.0);
                }
                query.push(")");
                query.build_query_as().fetch_all(c).await
            })?;
            rows.extend(found.into_iter().map(ObjectRow::from));
        }
        Ok(rows)
    }

    async fn put_objects(&mut self, rows: &[ObjectRow]) -> Result<(), StoreFailure> {
        for some in rows.chunks(ROWS_MAX) {
            on!(&mut *self, c => {
                let mut query = QueryBuilder::new(format!("INSERT INTO object ({COLUMNS}) "));
                query.push_values(some, |mut values, row| {
                    values.push_bind(row.asset.0).push_bind(row.key.clone()).push_bind(state_name(row.state));
                    values.push_bind(row.bytes.cast_signed()).push_bind(row.part_bytes.cast_signed());
                    values.push_bind(row.content_type.clone()).push_bind(row.upload_id.clone());
                    values.push_bind(row.etag.clone()).push_bind(row.blake3.clone()).push_bind(row.version.clone());
                    values.push_bind(row.place.clone());
                });
                query.push(
                    " ON CONFLICT (asset) DO UPDATE SET object_key = excluded.object_key, state = excluded.state,
                         bytes = excluded.bytes, part_bytes = excluded.part_bytes, content_type = excluded.content_type,
                         upload_id = excluded.upload_id, etag = excluded.etag, blake3 = excluded.blake3,
                         store_version = excluded.store_version, place = excluded.place",
                );
                query.build().execute(c).await.map(drop)
            })?;
        }
        Ok(())
    }

    async fn remove_object(&mut self, asset: AssetId) -> Result<(), StoreFailure> {
        let sql = "DELETE FROM object WHERE asset = $1";
        Ok(on!(self, c => sqlx::query(sql).bind(asset.0).execute(c).await.map(drop))?)
    }

    async fn objects_in(&mut self, place: &str, state: ObjectState) -> Result<Vec<ObjectRow>, StoreFailure> {
        let found: Vec<Columns> = on!(self, c => {
            let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM object WHERE place = "));
            query.push_bind(place).push(" AND state = ").push_bind(state_name(state)).push(" ORDER BY asset");
            query.build_query_as().fetch_all(c).await
        })?;
        Ok(found.into_iter().map(ObjectRow::from).collect())
    }

    async fn name_places(&mut self, place: &str) -> Result<(), StoreFailure> {
        let sql = "UPDATE object SET place = $1 WHERE place = ''";
        Ok(on!(self, c => sqlx::query(sql).bind(place).execute(c).await.map(drop))?)
    }
}

fn state_name(state: ObjectState) -> &'static str {
    match state {
        ObjectState::Opening => "opening",
        ObjectState::Open => "open",
        ObjectState::Single => "single",
        ObjectState::Completing => "completing",
        ObjectState::Ready => "ready",
    }
}

fn state_from(name: &str) -> ObjectState {
    match name {
        "open" => ObjectState::Open,
        "single" => ObjectState::Single,
        "completing" => ObjectState::Completing,
        "ready" => ObjectState::Ready,
        _ => ObjectState::Opening,
    }
}
