//! Many small files in one call and one transaction: a thousand of them must not wait for thousands of flushes. What is
//! not plain among them goes the way of a single one.

use super::complete::{commit, expected_etag, shown};
use super::{check_request, check_space, complete, new_row, open};
use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::{Entities, Locking, ObjectRow, ObjectState, Objects, Scope, Spaces, Tx};
use lectern_shared::change::Row;
use lectern_shared::ids::AssetId;
use lectern_shared::media::Asset;
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, CompletedUploads, OpenUpload, OpenUploads, OpenedUploads, ProblemCode, UPLOADS_MAX,
};
use lectern_shared::sync;
use std::collections::{BTreeSet, HashMap};

/// What the transaction made of one of the calls. None: for the single call to decide.
type Plain<T> = Result<Option<T>, ApiError>;

/// What the database has of the assets of one batch.
struct Known {
    assets: HashMap<AssetId, Asset>,
    objects: HashMap<AssetId, ObjectRow>,
}

impl Known {
    async fn read(tx: &mut Tx, who: Identity, ids: &[AssetId]) -> Result<Self, ApiError> {
        let spaces = tx.spaces_of(who.user).await?;
        let assets = tx.assets(ids, &spaces).await?.into_iter().map(|asset| (asset.id, asset)).collect();
        let objects = tx.objects(ids).await?.into_iter().map(|row| (row.asset, row)).collect();
        Ok(Self { assets, objects })
    }

    fn asset(&self, id: AssetId) -> Result<&Asset, ApiError> {
        self.assets.get(&id).ok_or_else(|| ApiError::new(ProblemCode::NotFound, "there is no such asset"))
    }
}

/// Few, and each once.
fn distinct(assets: impl ExactSizeIterator<Item = AssetId>) -> Result<BTreeSet<AssetId>, ApiError> {
    let count = assets.len();
    let distinct: BTreeSet<AssetId> = assets.collect();
    if count > UPLOADS_MAX {
        return Err(ApiError::new(ProblemCode::TooLarge, format!("at most {UPLOADS_MAX} uploads in one call")));
    }
    if distinct.len() < count {
        return Err(ApiError::new(ProblemCode::Invalid, "one asset twice"));
    }
    Ok(distinct)
}

pub(crate) async fn open_all(server: &Server, who: Identity, request: OpenUploads) -> Result<OpenedUploads, ApiError> {
    let ids = distinct(request.uploads.iter().map(|upload| upload.asset))?;
    let guards = server.uploads.lock_all(&ids).await?;
    let mut free = server.places.now().free_bytes().await;
    let mut tx = server.store.begin_write().await?;
    let ids: Vec<AssetId> = ids.into_iter().collect();
    let known = Known::read(&mut tx, who, &ids).await?;
    let plain: Vec<_> = request.uploads.iter().map(|upload| open_plain(server, &known, upload, &mut free)).collect();
    let is_new = |row: &&ObjectRow| !known.objects.contains_key(&row.asset);
    let new: Vec<ObjectRow> = plain.iter().flatten().flatten().filter(is_new).cloned().collect();
    tx.put_objects(&new).await?;
    tx.commit().await?;
    drop(guards);
    let mut answers = Vec::with_capacity(plain.len());
    for (upload, plain) in request.uploads.into_iter().zip(plain) {
        let answer = match plain {
            Ok(Some(row)) => super::single(server, known.asset(row.asset)?, &row).await,
            Ok(None) => open(server, who, upload).await,
            Err(error) => Err(error),
        };
        answers.push(answer.map_err(Into::into));
    }
    Ok(OpenedUploads { answers })
}

/// A file of one PUT that nobody has opened yet, or that was opened and not completed.
fn open_plain(server: &Server, known: &Known, request: &OpenUpload, free: &mut Option<u64>) -> Plain<ObjectRow> {
    let asset = known.asset(request.asset)?;
    check_request(asset, request)?;
    if asset.bytes != request.bytes {
        return Ok(None);
    }
    match known.objects.get(&asset.id) {
        Some(row) if is_plain(row, request) && server.places.has(row) => return Ok(Some(row.clone())),
        Some(_) => return Ok(None),
        None if request.part_bytes < request.bytes => return Ok(None),
        None => {}
    }
    if let Some(free) = free {
        check_space(request.bytes, *free)?;
        *free -= request.bytes;
    }
    Ok(Some(new_row(server, asset, request.clone())))
}

fn is_plain(row: &ObjectRow, request: &OpenUpload) -> bool {
    row.state == ObjectState::Single && row.bytes == request.bytes
}

pub(crate) async fn complete_all(
    server: &Server,
    who: Identity,
    request: CompleteUploads,
) -> Result<CompletedUploads, ApiError> {
    let ids = distinct(request.uploads.iter().map(|(asset, _)| *asset))?;
    let guards = server.uploads.lock_all(&ids).await?;
    let ids: Vec<AssetId> = ids.into_iter().collect();
    let mut tx = server.store.begin_write().await?;
    tx.lock(&Scope::of_assets(ids.iter().copied())).await?;
    let known = Known::read(&mut tx, who, &ids).await?;
    let complete_one = |(asset, upload): &(AssetId, CompleteUpload)| complete_plain(server, &known, *asset, upload);
    let plain: Vec<_> = request.uploads.iter().map(complete_one).collect();
    let ready: Vec<ObjectRow> = plain.iter().flatten().flatten().cloned().collect();
    let mut summaries: HashMap<AssetId, Vec<Row>> = HashMap::new();
    for row in tx.summaries(&ids).await? {
        if let Some(asset) = row.asset() {
            summaries.entry(asset).or_default().push(row);
        }
    }
    let effects = ready.iter().flat_map(|row| {
        let asset = known.assets.get(&row.asset).cloned().map(Row::Asset).into_iter().collect();
        let blake3 = row.blake3.as_deref().unwrap_or_default();
        sync::stored(row.asset, blake3, &shown(row.asset, asset, summaries.remove(&row.asset).unwrap_or_default()))
    });
    let effects: Vec<Row> = effects.collect();
    tx.put_objects(&ready).await?;
    commit(server, who, tx, &effects, "asset.stored").await?;
    drop(guards);
    let mut answers = Vec::with_capacity(plain.len());
    for ((asset, upload), plain) in request.uploads.iter().zip(plain) {
        let answer = match plain {
            Ok(Some(_)) => Ok(()),
            Ok(None) => complete(server, who, *asset, upload).await,
            Err(error) => Err(error),
        };
        answers.push(answer.map_err(Into::into));
    }
    Ok(CompletedUploads { answers })
}

/// A file that went up in one PUT, the only one: the store's answer to it said all that a HEAD would.
fn complete_plain(server: &Server, known: &Known, asset: AssetId, request: &CompleteUpload) -> Plain<ObjectRow> {
    let asset = known.asset(asset)?;
    let row = match known.objects.get(&asset.id) {
        Some(row) if row.state == ObjectState::Single && request.sent_once && server.places.has(row) => row.clone(),
        // Ready is among them: completing again is fine.
        _ => return Ok(None),
    };
    let expected = expected_etag(&row, request)?;
    let Some(part) = request.parts.first().filter(|part| part.etag.eq_ignore_ascii_case(&expected)) else {
        return Ok(None);
    };
    let (blake3, version) = (Some(request.blake3.to_ascii_lowercase()), part.version.clone());
    Ok(Some(ObjectRow { state: ObjectState::Ready, etag: Some(expected), blake3, version, ..row }))
}
