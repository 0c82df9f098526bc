//! Table `object`: the store's side of each asset.

use super::{StoreFailure, Tx};
use lectern_shared::ids::AssetId;

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
}

pub(crate) trait Objects {
    async fn object(&mut self, asset: AssetId) -> Result<Option<ObjectRow>, StoreFailure>;
    async fn put_object(&mut self, row: &ObjectRow) -> Result<(), StoreFailure>;
    async fn remove_object(&mut self, asset: AssetId) -> Result<(), StoreFailure>;
}

type Columns = (String, String, i64, i64, String, Option<String>, Option<String>, Option<String>, Option<String>);

impl Objects for Tx {
    async fn object(&mut self, asset: AssetId) -> Result<Option<ObjectRow>, StoreFailure> {
        let row: Option<Columns> = sqlx::query_as(
            "SELECT object_key, state, bytes, part_bytes, content_type, upload_id, etag, blake3, store_version
             FROM object WHERE asset = $1",
        )
        .bind(asset.0)
        .fetch_optional(&mut **self)
        .await?;
        Ok(row.map(|(key, state, bytes, part_bytes, content_type, upload_id, etag, blake3, version)| ObjectRow {
            asset,
            key,
            state: state_from(&state),
            bytes: bytes.cast_unsigned(),
            part_bytes: part_bytes.cast_unsigned(),
            content_type,
            upload_id,
            etag,
            blake3,
            version,
        }))
    }

    async fn put_object(&mut self, row: &ObjectRow) -> Result<(), StoreFailure> {
        sqlx::query(
            "INSERT INTO object (asset, object_key, state, bytes, part_bytes, content_type, upload_id, etag, blake3,
                 store_version)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             ON CONFLICT (asset) DO UPDATE SET object_key = excluded.object_key, state = excluded.state,
                 bytes = excluded.bytes, part_bytes = excluded.part_bytes, content_type = excluded.content_type,
                 upload_id = excluded.upload_id, etag = excluded.etag, blake3 = excluded.blake3,
                 store_version = excluded.store_version",
        )
        .bind(row.asset.0)
        .bind(&row.key)
        .bind(state_name(row.state))
        .bind(row.bytes.cast_signed())
        .bind(row.part_bytes.cast_signed())
        .bind(&row.content_type)
        .bind(&row.upload_id)
        .bind(&row.etag)
        .bind(&row.blake3)
        .bind(&row.version)
        .execute(&mut **self)
        .await?;
        Ok(())
    }

    async fn remove_object(&mut self, asset: AssetId) -> Result<(), StoreFailure> {
        sqlx::query("DELETE FROM object WHERE asset = $1").bind(asset.0).execute(&mut **self).await?;
        Ok(())
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
