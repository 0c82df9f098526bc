//! The control plane of uploads: opens, signs, lists, completes, cancels. Each call may come twice, after a lost answer
//! or a crash on either side; the object row written before each act tells what the first one did.

mod batch;
mod complete;
mod locks;
pub(crate) mod moving;

pub(crate) use batch::{complete_all, open_all};
pub(crate) use complete::{complete, shown};
pub(crate) use locks::Locks;

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::object_store::{ObjectMeta, ObjectStore, StoreError};
use crate::store::{Entities, Locking, ObjectRow, ObjectState, Objects, Scope, Spaces};
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::AssetId;
use lectern_shared::media::Asset;
use lectern_shared::protocol::{
    OpenUpload, OpenedUpload, PartUrl, PartsResponse, ProblemCode, Rendition, SignedUrl, URLS_MAX, UrlsRequest,
    UrlsResponse,
};
use lectern_shared::sync::{self, Read};
use lectern_shared::upload::FILE_BYTES_MAX;
use std::sync::Arc;

/// Name of the object metadata that says whose bytes these are.
const META_ASSET: &str = "lectern-asset";

/// The asset, if it is in a library the person may write to.
async fn owned_asset(server: &Server, who: Identity, id: AssetId) -> Result<Asset, ApiError> {
    let mut tx = server.store.begin_read().await?;
    let spaces = tx.spaces_of(who.user).await?;
    let found = tx.assets(&[id], &spaces).await?.pop();
    found.ok_or_else(|| ApiError::new(ProblemCode::NotFound, "there is no such asset"))
}

fn check_request(asset: &Asset, request: &OpenUpload) -> Result<(), ApiError> {
    if asset.deleted_at.is_some() {
        return Err(ApiError::new(ProblemCode::NotFound, "this asset was deleted"));
    }
    let is_sendable = (1..=FILE_BYTES_MAX).contains(&request.bytes);
    if !is_sendable || request.part_bytes == 0 || request.content_type.len() > 100 {
        return Err(ApiError::new(ProblemCode::Invalid, "size, part size or content type is out of its limits"));
    }
    Ok(())
}

async fn object(server: &Server, asset: AssetId) -> Result<Option<ObjectRow>, ApiError> {
    Ok(server.store.begin_read().await?.object(asset).await?)
}

async fn save(server: &Server, row: &ObjectRow) -> Result<(), ApiError> {
    let mut tx = server.store.begin_write().await?;
    tx.put_objects(std::slice::from_ref(row)).await?;
    Ok(tx.commit().await?)
}

/// `<owner>/<asset>.<rendition>`. No user text: a key is a place, not a name. Not a folder for each asset either: stores that
/// keep keys as paths would make, list and stat one for every file.
pub(crate) fn key(asset: &Asset, rendition: Rendition) -> String {
    let name = match rendition {
        Rendition::Original => "original",
        Rendition::Thumb => "thumb",
    };
    format!("{}/{}.{name}", asset.owner, asset.id)
}

/// What travels with the bytes, so that a person can read a bare bucket.
fn meta(asset: &Asset, content_type: &str) -> ObjectMeta {
    ObjectMeta {
        content_type: content_type.to_owned(),
        entries: vec![(META_ASSET.to_owned(), asset.id.to_string()), ("lectern-name".to_owned(), asset.name.clone())],
    }
}

pub(crate) async fn open(server: &Server, who: Identity, request: OpenUpload) -> Result<OpenedUpload, ApiError> {
    let asset = owned_asset(server, who, request.asset).await?;
    check_request(&asset, &request)?;
    let _one = server.uploads.lock(asset.id).await?;
    if let Some(row) = object(server, asset.id).await? {
        match row.state {
            ObjectState::Ready => return Ok(OpenedUpload::Ready { bytes: row.bytes }),
            _ if row.bytes != request.bytes => {
                let asset = measure(server, who, asset, request.bytes).await?;
                return begin_anew(server, &asset, &row, request).await;
            }
            ObjectState::Completing if complete::finish(server, who, &row).await? => {
                return Ok(OpenedUpload::Ready { bytes: row.bytes });
            }
            _ if !server.places.has(&row) => return begin_anew(server, &asset, &row, request).await,
            ObjectState::Single => return single(server, &asset, &row).await,
            ObjectState::Completing if row.upload_id.is_none() => return single(server, &asset, &row).await,
            ObjectState::Open | ObjectState::Completing => return opened(&alive(server, &asset, row).await?),
            ObjectState::Opening => return opened(&adopt_or_create(server, &asset, row).await?),
        }
    }
    if let Some(free) = server.places.now().free_bytes().await {
        check_space(request.bytes, free)?;
    }
    let asset = measure(server, who, asset, request.bytes).await?;
    let row = new_row(server, &asset, request);
    save(server, &row).await?;
    if row.state == ObjectState::Single {
        return single(server, &asset, &row).await;
    }
    opened(&adopt_or_create(server, &asset, row).await?)
}

/// A file that was still being written when it was announced has another size by now.
async fn measure(server: &Server, who: Identity, asset: Asset, bytes: u64) -> Result<Asset, ApiError> {
    if asset.bytes == bytes {
        return Ok(asset);
    }
    let mut tx = server.store.begin_write().await?;
    tx.lock(&Scope::of_assets([asset.id])).await?;
    let now = tx.read_all(Read::Row(RowKey { kind: RowKind::Asset, id: asset.id.0 })).await?;
    let summaries = tx.summaries(&[asset.id]).await?;
    let effects = sync::measured(asset.id, bytes, &complete::shown(asset.id, now, summaries));
    complete::commit(server, who, tx, &effects, "asset.measured").await?;
    Ok(Asset { bytes, ..asset })
}

/// An upload of other bytes, or one that another store has the beginning of: it begins again at the store of now.
async fn begin_anew(
    server: &Server,
    asset: &Asset,
    row: &ObjectRow,
    request: OpenUpload,
) -> Result<OpenedUpload, ApiError> {
    if server.places.has(row) {
        take_away(server.places.now(), row).await?;
    } else if let Some(former) = server.places.former().filter(|former| former.name == row.place)
        && let Err(error) = take_away(&former.store, row).await
    {
        // It goes with the folder, when nothing else is left in there.
        tracing::info!(%error, "an unfinished upload stays in the former store");
    }
    if let Some(free) = server.places.now().free_bytes().await {
        check_space(request.bytes, free)?;
    }
    let new = new_row(server, asset, request);
    if new.state != ObjectState::Single {
        save(server, &new).await?;
        return opened(&adopt_or_create(server, asset, new).await?);
    }
    // Not `Single`: the app may hold a store's word for the one part of before, and only a look at the object can tell.
    let new = ObjectRow { state: ObjectState::Completing, ..new };
    save(server, &new).await?;
    single(server, asset, &new).await
}

fn check_space(needed: u64, free: u64) -> Result<(), ApiError> {
    if needed <= free {
        return Ok(());
    }
    Err(ApiError::new(ProblemCode::NotEnoughSpace { needed, free }, "not enough free space for a copy"))
}

fn new_row(server: &Server, asset: &Asset, request: OpenUpload) -> ObjectRow {
    let is_single = request.part_bytes >= request.bytes;
    ObjectRow {
        asset: asset.id,
        key: key(asset, Rendition::Original),
        state: if is_single { ObjectState::Single } else { ObjectState::Opening },
        bytes: request.bytes,
        part_bytes: request.part_bytes,
        content_type: request.content_type,
        upload_id: None,
        etag: None,
        blake3: None,
        version: None,
        place: server.places.name(),
    }
}

/// A file of one PUT: its URL comes with the answer, so that it costs one call and not two.
async fn single(server: &Server, asset: &Asset, row: &ObjectRow) -> Result<OpenedUpload, ApiError> {
    let signed = server.places.now().sign_put(&row.key, &meta(asset, &row.content_type)).await?;
    Ok(OpenedUpload::Single { url: Some(PartUrl { part: 1, url: signed.url, headers: signed.headers }) })
}

fn opened(row: &ObjectRow) -> Result<OpenedUpload, ApiError> {
    let upload_id = row.upload_id.clone().ok_or_else(|| ApiError::new(ProblemCode::UploadGone, "open it again"))?;
    Ok(OpenedUpload::Multipart { part_bytes: row.part_bytes, upload_id })
}

/// A store forgets uploads that lie too long (a lifecycle rule): then another one takes its place.
async fn alive(server: &Server, asset: &Asset, row: ObjectRow) -> Result<ObjectRow, ApiError> {
    let upload_id = row.upload_id.clone().unwrap_or_default();
    match server.places.now().list_parts(&row.key, &upload_id).await {
        Ok(_) => Ok(row),
        Err(StoreError::NoSuchUpload) => {
            let row = ObjectRow { state: ObjectState::Opening, upload_id: None, ..row };
            save(server, &row).await?;
            adopt_or_create(server, asset, row).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The store may have made an upload whose id never reached us: it is found by its key, which is this asset's alone.
async fn adopt_or_create(server: &Server, asset: &Asset, row: ObjectRow) -> Result<ObjectRow, ApiError> {
    let mut found =
        server.places.now().list_uploads(&row.key).await?.into_iter().filter(|upload| upload.key == row.key);
    let upload_id = match found.next() {
        Some(upload) => upload.upload_id,
        None => server.places.now().create_multipart(&row.key, &meta(asset, &row.content_type)).await?,
    };
    for surplus in found {
        server.places.now().abort(&row.key, &surplus.upload_id).await?;
    }
    let row = ObjectRow { state: ObjectState::Open, upload_id: Some(upload_id), ..row };
    save(server, &row).await?;
    Ok(row)
}

pub(crate) async fn urls(
    server: &Server,
    who: Identity,
    asset: AssetId,
    request: &UrlsRequest,
) -> Result<UrlsResponse, ApiError> {
    if request.parts.is_empty() || request.parts.len() > URLS_MAX {
        return Err(ApiError::new(ProblemCode::Invalid, format!("between 1 and {URLS_MAX} parts")));
    }
    let asset = owned_asset(server, who, asset).await?;
    let row = open_object(server, asset.id).await?;
    let parts_max = row.bytes.div_ceil(row.part_bytes);
    let mut urls = Vec::with_capacity(request.parts.len());
    for part in request.parts.iter().copied() {
        if part == 0 || u64::from(part) > parts_max {
            return Err(ApiError::new(ProblemCode::Invalid, format!("there is no part {part}")));
        }
        let signed = match &row.upload_id {
            Some(upload_id) => server.places.now().sign_part(&row.key, upload_id, part).await?,
            None => server.places.now().sign_put(&row.key, &meta(&asset, &row.content_type)).await?,
        };
        urls.push(PartUrl { part, url: signed.url, headers: signed.headers });
    }
    Ok(UrlsResponse { urls })
}

async fn open_object(server: &Server, asset: AssetId) -> Result<ObjectRow, ApiError> {
    match object(server, asset).await? {
        Some(row) if row.state != ObjectState::Opening && server.places.has(&row) => Ok(row),
        _ => Err(ApiError::new(ProblemCode::UploadGone, "open the upload first")),
    }
}

pub(crate) async fn parts(server: &Server, who: Identity, asset: AssetId) -> Result<PartsResponse, ApiError> {
    let asset = owned_asset(server, who, asset).await?;
    let row = open_object(server, asset.id).await?;
    let parts = match &row.upload_id {
        Some(upload_id) if row.state != ObjectState::Ready => {
            server.places.now().list_parts(&row.key, upload_id).await?
        }
        _ => Vec::new(),
    };
    Ok(PartsResponse { parts })
}

/// Takes the store's side away. What is complete stays: deleting an asset is another matter.
pub(crate) async fn cancel(server: &Server, who: Identity, asset: AssetId) -> Result<(), ApiError> {
    let asset = owned_asset(server, who, asset).await?;
    let _one = server.uploads.lock(asset.id).await?;
    let Some(row) = object(server, asset.id).await? else { return Ok(()) };
    if row.state == ObjectState::Ready {
        return Ok(());
    }
    if let Some(store) = server.places.of(&row) {
        take_away(&*store, &row).await?;
    }
    let mut tx = server.store.begin_write().await?;
    tx.remove_object(asset.id).await?;
    Ok(tx.commit().await?)
}

/// What a store has of an upload that is not to be finished there.
pub(crate) async fn take_away(store: &dyn ObjectStore, row: &ObjectRow) -> Result<(), StoreError> {
    if row.state != ObjectState::Single {
        for upload in store.list_uploads(&row.key).await?.into_iter().filter(|upload| upload.key == row.key) {
            store.abort(&row.key, &upload.upload_id).await?;
        }
        // A listing may lag behind: the one we know is aborted by name.
        if let Some(upload_id) = &row.upload_id {
            store.abort(&row.key, upload_id).await?;
        }
    }
    // The object may be there already, its completion unanswered. Deleting a version uncovers the one below it.
    while let Some(head) = store.head(&row.key).await? {
        store.delete(&row.key, head.version.as_deref()).await?;
        if head.version.is_none() {
            break;
        }
    }
    Ok(())
}

pub(crate) async fn thumbnail_url(server: &Server, who: Identity, asset: AssetId) -> Result<SignedUrl, ApiError> {
    let asset = owned_asset(server, who, asset).await?;
    Ok(server.places.now().sign_put(&key(&asset, Rendition::Thumb), &meta(&asset, "image/jpeg")).await?)
}

pub(crate) async fn asset_url(
    server: &Server,
    who: Identity,
    id: AssetId,
    rendition: Rendition,
) -> Result<SignedUrl, ApiError> {
    let asset = readable_asset(server, who, id).await?;
    if rendition == Rendition::Thumb {
        return Ok(thumbnail_store(server, &asset).await.sign_get(&key(&asset, rendition), None).await?);
    }
    match object(server, id).await? {
        Some(row) if row.state == ObjectState::Ready => match server.places.of(&row) {
            Some(store) => Ok(store.sign_get(&row.key, row.version.as_deref()).await?),
            None => Err(ApiError::new(ProblemCode::NotFound, "the folder that had the bytes is gone")),
        },
        _ => Err(ApiError::new(ProblemCode::NotFound, "there are no bytes yet")),
    }
}

/// Thumbnails have no rows: while there is a former store it is looked into, which asks no network.
async fn thumbnail_store(server: &Server, asset: &Asset) -> Arc<dyn ObjectStore> {
    if let Some(former) = server.places.former()
        && let Ok(Some(_)) = former.store.head(&key(asset, Rendition::Thumb)).await
    {
        return Arc::new(former.store);
    }
    server.places.shared()
}

/// The asset, if it is in the person's library, or a course of theirs shows it or has it attached to a video.
async fn readable_asset(server: &Server, who: Identity, id: AssetId) -> Result<Asset, ApiError> {
    let mut tx = server.store.begin_read().await?;
    let spaces = tx.spaces_of(who.user).await?;
    let mut shown = false;
    for kind in [RowKind::Video, RowKind::Attachment] {
        let rows = tx.read_all(Read::OfAsset(kind, id)).await?;
        shown |= rows.iter().any(|row| !row.is_deleted() && spaces.contains(&row.space()));
    }
    let key = RowKey { kind: RowKind::Asset, id: id.0 };
    match tx.read_all(Read::Row(key)).await?.pop() {
        Some(Row::Asset(asset)) if shown || spaces.contains(&asset.owner.into()) => Ok(asset),
        _ => Err(ApiError::new(ProblemCode::NotFound, "there is no such asset")),
    }
}
