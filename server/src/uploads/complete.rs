//! Completing an upload: the store puts the parts together, we look at what it has, then the asset is ready.

use super::{META_ASSET, object, owned_asset, save};
use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::object_store::{ObjectStore, StoreError, StoredObject};
use crate::store::{Author, Entities, Locking, ObjectRow, ObjectState, Objects, Scope, Tx, Writing};
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{CompleteUpload, CompletedPart, ProblemCode};
use lectern_shared::sync::{self, Read, Rowset};
use md5::{Digest, Md5};

pub(crate) async fn complete(
    server: &Server,
    who: Identity,
    asset: AssetId,
    request: &CompleteUpload,
) -> Result<(), ApiError> {
    let asset = owned_asset(server, who, asset).await?;
    let _one = server.uploads.lock(asset.id).await?;
    let Some(row) = object(server, asset.id).await? else {
        return Err(ApiError::new(ProblemCode::UploadGone, "open the upload first"));
    };
    if row.state == ObjectState::Ready {
        return Ok(());
    }
    if !server.places.has(&row) {
        return Err(ApiError::new(ProblemCode::UploadGone, "the workspace has another store now"));
    }
    let store = server.places.now();
    let expected = expected_etag(&row, request)?;
    let blake3 = request.blake3.to_ascii_lowercase();
    // Before the act: should its answer be lost, `finish` knows what to look for.
    let row =
        ObjectRow { state: ObjectState::Completing, etag: Some(expected.clone()), blake3: Some(blake3.clone()), ..row };
    save(server, &row).await?;
    let done = match &row.upload_id {
        Some(upload_id) => put_together(server, &row, upload_id, request).await?,
        None => None,
    };
    let version = match done {
        // The ETag is made of the MD5s of all parts: the store has put together what was sent, and says so.
        Some(object) if row.etag.as_deref() == Some(object.etag.as_str()) => object.version,
        done => looked_at(server, &row, done).await?,
    };
    keep_only(store, &row.key, version.as_deref()).await?;
    ready(server, who, ObjectRow { state: ObjectState::Ready, version, ..row }, &blake3).await
}

/// Looks at what the store has, when its answer to the completion was lost or says too little. Answers the version.
async fn looked_at(server: &Server, row: &ObjectRow, done: Option<StoredObject>) -> Result<Option<String>, ApiError> {
    let store = server.places.now();
    let Some(head) = store.head(&row.key).await? else {
        return Err(ApiError::new(ProblemCode::UploadGone, "the store does not have the object"));
    };
    let is_right = is_right(done.as_ref(), &head, row);
    let version = done.and_then(|object| object.version).or(head.version);
    if !is_right {
        store.delete(&row.key, version.as_deref()).await?;
        save(server, &ObjectRow { state: restart_state(row), upload_id: None, ..row.clone() }).await?;
        return Err(ApiError::new(ProblemCode::Corrupted, "the store's object is not what was sent"));
    }
    Ok(version)
}

/// Whether the store has what was sent: `done` is its answer to the completion, where there was one.
pub(super) fn is_right(done: Option<&StoredObject>, head: &StoredObject, row: &ObjectRow) -> bool {
    let is_expected = |etag: &str| row.etag.as_deref() == Some(etag);
    is_ours(head, row)
        && match done {
            // Some stores answer HEAD with another ETag than they completed with. Each of the two is the store's own
            // word, and none comes to ours by chance.
            Some(object) => is_expected(&object.etag) || is_expected(&head.etag),
            None => has_fitting_etag(head, row),
        }
}

/// A PUT whose answer was lost is sent again, and a store that keeps versions keeps both, and bills them.
pub(super) async fn keep_only(store: &dyn ObjectStore, key: &str, version: Option<&str>) -> Result<(), StoreError> {
    // A store that names no version has none.
    let Some(version) = version else { return Ok(()) };
    let all = match store.versions(key).await {
        // It does not let us see them: no reason to hold up a file that is there.
        Err(StoreError::Refused(why)) => {
            tracing::info!(why, "surplus versions cannot be looked for");
            return Ok(());
        }
        all => all?,
    };
    for surplus in all.iter().filter(|other| *other != version) {
        store.delete(key, Some(surplus)).await?;
    }
    Ok(())
}

/// Ends a completion whose answer was lost: true when the store has the object it was asked for.
pub(super) async fn finish(server: &Server, who: Identity, row: &ObjectRow) -> Result<bool, ApiError> {
    let (Some(store), Some(blake3)) = (server.places.of(row), row.blake3.clone()) else { return Ok(false) };
    let Some(head) = store.head(&row.key).await? else { return Ok(false) };
    if !is_ours(&head, row) || !has_fitting_etag(&head, row) {
        return Ok(false);
    }
    keep_only(&*store, &row.key, head.version.as_deref()).await?;
    let row = ObjectRow { state: ObjectState::Ready, version: head.version, ..row.clone() };
    ready(server, who, row, &blake3).await?;
    Ok(true)
}

/// After a corrupted object the next `open` starts from nothing.
fn restart_state(row: &ObjectRow) -> ObjectState {
    if row.upload_id.is_some() { ObjectState::Opening } else { ObjectState::Single }
}

/// The ETag the store must answer: the MD5 of the file, or of the parts' MD5s with their count.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>
pub(super) fn expected_etag(row: &ObjectRow, request: &CompleteUpload) -> Result<String, ApiError> {
    let invalid = |detail: &str| ApiError::new(ProblemCode::Invalid, detail);
    let ascending = request.parts.iter().zip(1..).all(|(part, number)| part.part == number);
    if !ascending || request.parts.len() as u64 != row.bytes.div_ceil(row.part_bytes) || request.bytes != row.bytes {
        return Err(invalid("the parts are not those of this upload"));
    }
    if request.blake3.len() != 64 || !request.blake3.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(invalid("not a BLAKE3"));
    }
    if row.upload_id.is_none() {
        return request.parts.first().map(|part| part.md5.clone()).ok_or_else(|| invalid("no part"));
    }
    let mut all = Md5::new();
    for part in &request.parts {
        all.update(md5_bytes(part).ok_or_else(|| invalid("not an MD5"))?);
    }
    let digest: String = all.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{digest}-{}", request.parts.len()))
}

fn md5_bytes(part: &CompletedPart) -> Option<Vec<u8>> {
    if part.md5.len() != 32 || !part.md5.is_ascii() {
        return None;
    }
    (0..16).map(|i| u8::from_str_radix(&part.md5[2 * i..2 * i + 2], 16).ok()).collect()
}

/// None: the store says it has no such upload, which is what a second completion is told; HEAD decides.
async fn put_together(
    server: &Server,
    row: &ObjectRow,
    upload_id: &str,
    request: &CompleteUpload,
) -> Result<Option<StoredObject>, ApiError> {
    let parts: Vec<(u32, String)> = request.parts.iter().map(|part| (part.part, part.etag.clone())).collect();
    match server.places.now().complete(&row.key, upload_id, &parts).await {
        Ok(object) => Ok(Some(object)),
        Err(StoreError::NoSuchUpload) => {
            if server.places.now().head(&row.key).await?.is_some() {
                return Ok(None);
            }
            // Neither upload nor object: what was sent is lost, and the app starts again.
            save(server, &ObjectRow { state: ObjectState::Opening, upload_id: None, ..row.clone() }).await?;
            Err(ApiError::new(ProblemCode::UploadGone, "the store lost the upload"))
        }
        Err(StoreError::InvalidPart(why)) => {
            // The upload is there, a part of it is not: the app compares and sends what is missing.
            tracing::warn!(why, "the store lost a part");
            save(server, &ObjectRow { state: ObjectState::Open, ..row.clone() }).await?;
            Err(ApiError::new(ProblemCode::UploadGone, "the store lost a part"))
        }
        Err(error) => Err(error.into()),
    }
}

/// A composite ETag must be the one we computed; some stores answer HEAD with a plain one, which says nothing of the
/// parts. Each part was held against its MD5 when it was sent.
fn has_fitting_etag(head: &StoredObject, row: &ObjectRow) -> bool {
    let is_composite = head.etag.contains('-') || row.upload_id.is_none();
    !is_composite || row.etag.as_deref() == Some(head.etag.as_str())
}

fn is_ours(head: &StoredObject, row: &ObjectRow) -> bool {
    let whose = head.entries.iter().find(|(name, _)| name == META_ASSET).map(|(_, value)| value.as_str());
    head.bytes == row.bytes && whose.is_none_or(|asset| asset == row.asset.to_string())
}

/// One transaction: the object is known, the asset is ready, and so is what every course shows of it.
async fn ready(server: &Server, who: Identity, row: ObjectRow, blake3: &str) -> Result<(), ApiError> {
    let mut tx = server.store.begin_write().await?;
    tx.lock(&Scope::of_assets([row.asset])).await?;
    let asset = Read::Row(RowKey { kind: RowKind::Asset, id: row.asset.0 });
    let asset = tx.read_all(asset).await?;
    let summaries = tx.summaries(&[row.asset]).await?;
    let effects = sync::stored(row.asset, blake3, &shown(row.asset, asset, summaries));
    tx.put_objects(&[row]).await?;
    commit(server, who, tx, &effects, "asset.stored").await
}

/// An asset, and what courses show of it.
pub(crate) fn shown(id: AssetId, asset: Vec<Row>, summaries: Vec<Row>) -> Rowset {
    let mut rows = Rowset::default();
    rows.load(Read::Row(RowKey { kind: RowKind::Asset, id: id.0 }), asset);
    rows.load(Read::OfAsset(RowKind::Summary, id), summaries);
    rows
}

/// Writes what only the server can know of an asset.
pub(super) async fn commit(
    server: &Server,
    who: Identity,
    mut tx: Tx,
    effects: &[Row],
    op: &str,
) -> Result<(), ApiError> {
    let mut writing = Writing::default();
    writing.write(&mut tx, effects, Author { actor: who.user, client: None, op }).await?;
    let versions = writing.finish(&mut tx).await?;
    tx.commit().await?;
    server.feed.poke(versions);
    Ok(())
}
