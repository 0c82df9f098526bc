//! Carries objects from the former store to the one of now. The bytes pass through the app; here is what is left, what is
//! signed, and the one act that counts: the row names another store only when that store's object was checked like any
//! upload. Each call may come again, after a crash at any moment.

use super::complete::{expected_etag, is_right, keep_only};
use super::{key, meta, object, save};
use crate::Server;
use crate::api::ApiError;
use crate::object_store::s3::S3Store;
use crate::object_store::{ObjectStore, StoreError};
use crate::store::{Entities, ObjectRow, ObjectState, Objects, StoreFailure};
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::AssetId;
use lectern_shared::media::Asset;
use lectern_shared::protocol::{CompleteUpload, CompletedPart, PartUrl, Rendition, SignedUrl, StoredPart};
use lectern_shared::sync::Read;

/// End of a thumbnail's key; see [`key`].
const THUMBNAIL: &str = ".thumb";

/// A ready asset whose bytes are still in the former store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub asset: AssetId,
    pub bytes: u64,
}

/// An object on its way, opened at the store of now.
#[derive(Clone, Debug)]
pub struct Move {
    pub asset: AssetId,
    pub bytes: u64,
    /// As it was sent the first time, so that its ETag must be the same again.
    pub part_bytes: u64,
    /// Parts that arrived before a crash.
    pub stored: Vec<StoredPart>,
    key: String,
    version: Option<String>,
    upload_id: Option<String>,
}

/// A signed source and a signed target for the same bytes.
pub struct Carried {
    pub from: SignedUrl,
    pub to: PartUrl,
}

#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Database(#[from] StoreFailure),
    /// What was read here, or what arrived there, is not what was once sent.
    #[error("the bytes are not those that were sent: {0}")]
    Corrupted(&'static str),
    #[error("{0}")]
    Refused(String),
}

impl From<ApiError> for MoveError {
    fn from(error: ApiError) -> Self {
        Self::Refused(lectern_shared::protocol::Problem::from(error).detail)
    }
}

/// The store of before, or that there is none.
fn former(server: &Server) -> Result<S3Store, MoveError> {
    let gone = || MoveError::Refused("there is no former store".to_owned());
    server.places.former().map(|former| former.store).ok_or_else(gone)
}

async fn asset(server: &Server, id: AssetId) -> Result<Asset, MoveError> {
    let read = Read::Row(RowKey { kind: RowKind::Asset, id: id.0 });
    match server.store.begin_read().await?.read_all(read).await?.pop() {
        Some(Row::Asset(asset)) => Ok(asset),
        _ => Err(MoveError::Refused("there is no such asset".to_owned())),
    }
}

impl Server {
    /// What is still to be carried, the oldest first; nothing when there is no former store.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn left_behind(&self) -> Result<Vec<Left>, StoreFailure> {
        let rows = self.left_rows(ObjectState::Ready).await?;
        Ok(rows.into_iter().map(|row| Left { asset: row.asset, bytes: row.bytes }).collect())
    }

    async fn left_rows(&self, state: ObjectState) -> Result<Vec<ObjectRow>, StoreFailure> {
        let Some(former) = self.places.former() else { return Ok(Vec::new()) };
        self.store.begin_read().await?.objects_in(former.name, state).await
    }

    /// Opens an object at the store of now, or finds what an earlier run began there. None: it is there already.
    ///
    /// # Errors
    /// See [`MoveError`]; each may pass.
    pub async fn begin_move(&self, id: AssetId) -> Result<Option<Move>, MoveError> {
        let _one = self.uploads.lock(id).await?;
        let Some(row) = object(self, id).await?.filter(|row| !self.places.has(row)) else { return Ok(None) };
        if row.state != ObjectState::Ready {
            return Ok(None);
        }
        let now = self.places.now();
        if let Some(head) = now.head(&row.key).await? {
            if is_right(None, &head, &row) {
                self.arrived(row, head.version).await?;
                return Ok(None);
            }
            // Ours by its key, and not what it should be.
            now.delete(&row.key, head.version.as_deref()).await?;
        }
        let mut moving = Move {
            asset: id,
            bytes: row.bytes,
            part_bytes: row.part_bytes,
            stored: Vec::new(),
            version: row.version,
            key: row.key,
            upload_id: None,
        };
        if row.upload_id.is_some() {
            let upload_id = self.upload_of(id, &moving.key, &row.content_type).await?;
            moving.stored = now.list_parts(&moving.key, &upload_id).await?;
            moving.upload_id = Some(upload_id);
        }
        Ok(Some(moving))
    }

    /// The one that is there under this key, which is this asset's alone, or a new one.
    async fn upload_of(&self, id: AssetId, key: &str, content_type: &str) -> Result<String, MoveError> {
        let now = self.places.now();
        let mut found = now.list_uploads(key).await?.into_iter().filter(|upload| upload.key == key);
        let first = found.next();
        for surplus in found {
            now.abort(key, &surplus.upload_id).await?;
        }
        match first {
            Some(upload) => Ok(upload.upload_id),
            None => Ok(now.create_multipart(key, &meta(&asset(self, id).await?, content_type)).await?),
        }
    }

    /// Where to read and where to put a part.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub async fn sign_move(&self, moving: &Move, part: u32) -> Result<Carried, MoveError> {
        let from = self.sign_source(moving).await?;
        let now = self.places.now();
        let to = match &moving.upload_id {
            Some(upload_id) => now.sign_part(&moving.key, upload_id, part).await?,
            None => {
                let row = object(self, moving.asset).await?;
                let content_type = row.map(|row| row.content_type).unwrap_or_default();
                now.sign_put(&moving.key, &meta(&asset(self, moving.asset).await?, &content_type)).await?
            }
        };
        Ok(Carried { from, to: PartUrl { part, url: to.url, headers: to.headers } })
    }

    /// Where to read the whole object.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub async fn sign_source(&self, moving: &Move) -> Result<SignedUrl, MoveError> {
        Ok(former(self)?.sign_get(&moving.key, moving.version.as_deref()).await?)
    }

    /// All parts are there: the store of now puts them together and is held to the ETag, the size and the BLAKE3 that the
    /// object has had since it was sent. Then the row names that store, and only then the former copy goes.
    ///
    /// # Errors
    /// See [`MoveError`]. The object is still in the former store then.
    pub async fn end_move(&self, moving: &Move, parts: Vec<CompletedPart>, blake3: &str) -> Result<(), MoveError> {
        let _one = self.uploads.lock(moving.asset).await?;
        let row = object(self, moving.asset).await?.filter(|row| !self.places.has(row));
        let Some(row) = row.filter(|row| row.state == ObjectState::Ready) else { return Ok(()) };
        let request = CompleteUpload { parts, bytes: moving.bytes, blake3: blake3.to_owned(), sent_once: false };
        let etag = expected_etag(&row, &request)?;
        if row.blake3.as_deref() != Some(blake3) || row.etag.as_ref().is_some_and(|known| *known != etag) {
            return Err(MoveError::Corrupted("this computer's copy has changed"));
        }
        let row = ObjectRow { etag: Some(etag), ..row };
        let now = self.places.now();
        let done = match &moving.upload_id {
            None => None,
            Some(upload_id) => {
                let parts: Vec<_> = request.parts.iter().map(|part| (part.part, part.etag.clone())).collect();
                match now.complete(&row.key, upload_id, &parts).await {
                    // What a second completion is told; a look at the object decides.
                    Err(StoreError::NoSuchUpload) => None,
                    done => Some(done?),
                }
            }
        };
        let head = now.head(&row.key).await?.ok_or(StoreError::NoSuchKey)?;
        let version = done.as_ref().and_then(|object| object.version.clone()).or_else(|| head.version.clone());
        if !is_right(done.as_ref(), &head, &row) {
            now.delete(&row.key, version.as_deref()).await?;
            return Err(MoveError::Corrupted("the store's object is another one"));
        }
        self.arrived(ObjectRow { upload_id: moving.upload_id.clone(), ..row }, version).await
    }

    async fn arrived(&self, row: ObjectRow, version: Option<String>) -> Result<(), MoveError> {
        keep_only(self.places.now(), &row.key, version.as_deref()).await?;
        let row = ObjectRow { version, place: self.places.name(), ..row };
        save(self, &row).await?;
        // Should this fail, `clear_former` does it.
        if let Err(error) = former(self)?.delete(&row.key, None).await {
            tracing::info!(%error, "an object that was carried over is still here");
        }
        Ok(())
    }

    /// Keys of the thumbnails that are still in the former store.
    ///
    /// # Errors
    /// When that store does not answer.
    pub async fn left_thumbnails(&self) -> Result<Vec<String>, MoveError> {
        let Some(former) = self.places.former() else { return Ok(Vec::new()) };
        let mut keys = former.store.list_keys("").await?;
        keys.retain(|key| key.ends_with(THUMBNAIL));
        Ok(keys)
    }

    /// None: the store of now has one, which may be newer.
    ///
    /// # Errors
    /// See [`MoveError`].
    pub async fn begin_thumbnail(&self, thumbnail: &str) -> Result<Option<Carried>, MoveError> {
        let (former, now) = (former(self)?, self.places.now());
        if now.head(thumbnail).await?.is_some() {
            former.delete(thumbnail, None).await?;
            return Ok(None);
        }
        let asset = asset(self, asset_of(thumbnail)?).await?;
        let from = former.sign_get(thumbnail, None).await?;
        let to = now.sign_put(&key(&asset, Rendition::Thumb), &meta(&asset, "image/jpeg")).await?;
        Ok(Some(Carried { from, to: PartUrl { part: 1, url: to.url, headers: to.headers } }))
    }

    /// Takes the former one away when the store of now has these bytes.
    ///
    /// # Errors
    /// See [`MoveError`]. The former one is still there then.
    pub async fn end_thumbnail(&self, thumbnail: &str, md5: &str) -> Result<(), MoveError> {
        let now = self.places.now();
        let head = now.head(thumbnail).await?.ok_or(StoreError::NoSuchKey)?;
        if !head.etag.eq_ignore_ascii_case(md5) {
            now.delete(thumbnail, head.version.as_deref()).await?;
            return Err(MoveError::Corrupted("the store's thumbnail is another one"));
        }
        keep_only(now, thumbnail, head.version.as_deref()).await?;
        Ok(former(self)?.delete(thumbnail, None).await?)
    }

    /// Takes away what a crash or an upload that began again has left. True when nothing of anybody's is in the former
    /// store: it is not asked any more then, and may be taken away.
    ///
    /// # Errors
    /// When database or store do not answer.
    pub async fn clear_former(&self) -> Result<bool, MoveError> {
        let Some(former) = self.places.former() else { return Ok(true) };
        // Of a completion whose answer was lost the object may be all there is.
        for state in [ObjectState::Ready, ObjectState::Completing] {
            if !self.left_rows(state).await?.is_empty() {
                return Ok(false);
            }
        }
        let mut is_empty = true;
        for key in former.store.list_keys("").await? {
            let row = match asset_of(&key) {
                Ok(id) => object(self, id).await?,
                Err(_) => None,
            };
            if !key.ends_with(THUMBNAIL) && row.is_some_and(|row| row.key == key) {
                former.store.delete(&key, None).await?;
            } else {
                tracing::warn!("an object that nobody knows stays on this computer");
                is_empty = false;
            }
        }
        if is_empty {
            self.places.forget_former();
        }
        Ok(is_empty)
    }
}

/// A key is `<owner>/<asset>.<rendition>`.
fn asset_of(key: &str) -> Result<AssetId, MoveError> {
    let name = key.split('/').nth(1).and_then(|name| name.split('.').next());
    let id = name.and_then(|id| id.parse().ok()).map(AssetId);
    id.ok_or_else(|| MoveError::Refused("a key of nobody".to_owned()))
}
