//! What was deleted goes for good after a time: first the bytes, much later the rows. Each step may come twice and on
//! several nodes at once; what one has begun the next one ends.

use crate::api::ApiError;
use crate::object_store::StoreError;
use crate::store::{Author, Entities, Locking, ObjectRow, ObjectState, Objects, People, Scope, Trash, Tx, Writing};
use crate::uploads::{key, take_away};
use crate::{Server, StoreFailure};
use lectern_shared::Millis;
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::{AssetId, SpaceId};
use lectern_shared::media::{Asset, AssetState};
use lectern_shared::protocol::Rendition;
use lectern_shared::sync::{self, Read};
use std::time::Duration;

const DAY_MS: Millis = 24 * 60 * 60 * 1_000;

/// How long what was deleted is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keep {
    /// Bytes of a deleted asset: until then it can be restored.
    pub bytes_days: u32,
    /// Rows of what was deleted: whoever has not looked for so long reads its courses anew.
    pub rows_days: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Self { bytes_days: 30, rows_days: 180 }
    }
}

/// What one cleaning removed for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    pub files: u64,
    pub bytes: u64,
    pub courses: u64,
    pub rows: u64,
    /// Nothing was looked at: apps may still send what a restored database does not know, and it may be what would go.
    pub is_too_soon: bool,
}

/// Apps know for so long what a restored database has lost.
const AFTER_RESTORE_DAYS: Millis = 30;

impl Server {
    /// Removes what has been deleted for long enough.
    ///
    /// # Errors
    /// When the database or the store fails. What was done is done; the next call goes on.
    pub async fn clean(&self, keep: Keep) -> Result<Cleaned, ApiError> {
        let now = crate::now();
        if self.store.restored_at().await?.is_some_and(|then| now - then < AFTER_RESTORE_DAYS * DAY_MS) {
            return Ok(Cleaned { is_too_soon: true, ..Cleaned::default() });
        }
        let before = |days: u32| now - Millis::from(days) * DAY_MS;
        let mut cleaned = Cleaned::default();
        let deleted = self.store.begin_read().await?.deleted(RowKind::Asset).await?;
        for asset in deleted.into_iter().filter_map(asset) {
            if is_over(asset.deleted_at, before(keep.bytes_days)) && asset.state != AssetState::Purged {
                self.purge(asset.id, before(keep.bytes_days)).await?;
            }
        }
        self.erase_purged(&mut cleaned).await?;
        let spaces = self.store.begin_read().await?.spaces_with_deleted().await?;
        for space in spaces {
            self.remove_rows(space, before(keep.rows_days), &mut cleaned).await?;
        }
        Ok(cleaned)
    }

    /// Cleans once a day for as long as it runs.
    pub async fn clean_daily(&self) {
        // Not while everybody comes back after a start.
        tokio::time::sleep(Duration::from_secs(10 * 60)).await;
        loop {
            match self.clean(Keep::default()).await {
                Ok(cleaned) if cleaned == Cleaned::default() => {}
                Ok(cleaned) => tracing::info!(?cleaned, "removed what was deleted long ago"),
                Err(error) => tracing::warn!(?error, "could not remove what was deleted long ago"),
            }
            tokio::time::sleep(Duration::from_secs(24 * 60 * 60)).await;
        }
    }

    /// Says that the bytes are gone, before they are: from here on nobody can restore the asset.
    async fn purge(&self, id: AssetId, before: Millis) -> Result<(), ApiError> {
        let mut tx = self.store.begin_write().await?;
        tx.lock(&Scope::of_assets([id])).await?;
        let row = tx.read_all(Read::Row(RowKey { kind: RowKind::Asset, id: id.0 })).await?;
        // Restored since it was found.
        let Some(asset) = row.first().cloned().and_then(asset).filter(|asset| is_over(asset.deleted_at, before)) else {
            return Ok(());
        };
        let summaries = tx.summaries(&[id]).await?;
        let effects = sync::purged(id, &crate::uploads::shown(id, row, summaries));
        let mut writing = Writing::default();
        writing.write(&mut tx, &effects, Author { actor: asset.owner, client: None, op: "asset.purge" }).await?;
        let versions = writing.finish(&mut tx).await?;
        tx.commit().await?;
        self.feed.poke(versions);
        Ok(())
    }

    /// The bytes of all assets that are said to have none.
    async fn erase_purged(&self, cleaned: &mut Cleaned) -> Result<(), ApiError> {
        let deleted = self.store.begin_read().await?.deleted(RowKind::Asset).await?;
        for asset in deleted.into_iter().filter_map(asset).filter(|asset| asset.state == AssetState::Purged) {
            let _one = self.uploads.lock(asset.id).await?;
            let Some(object) = self.store.begin_read().await?.object(asset.id).await? else { continue };
            self.erase(&asset, &object).await?;
            let mut tx = self.store.begin_write().await?;
            tx.remove_object(asset.id).await?;
            tx.commit().await?;
            cleaned.files += 1;
            cleaned.bytes += if object.state == ObjectState::Ready { object.bytes } else { 0 };
        }
        Ok(())
    }

    async fn erase(&self, asset: &Asset, object: &ObjectRow) -> Result<(), StoreError> {
        // A folder that is gone took them with it.
        if let Some(store) = self.places.of(object) {
            let thumbnail = key(asset, Rendition::Thumb);
            // Deleting a version uncovers the one below it.
            while let Some(head) = store.head(&thumbnail).await? {
                store.delete(&thumbnail, head.version.as_deref()).await?;
                if head.version.is_none() {
                    break;
                }
            }
            take_away(&*store, object).await?;
        }
        Ok(())
    }

    async fn remove_rows(&self, space: SpaceId, before: Millis, cleaned: &mut Cleaned) -> Result<(), ApiError> {
        let mut tx = self.store.begin_write().await?;
        tx.lock(&Scope::in_space(space)).await?;
        let over: Vec<Row> =
            tx.deleted_in(space).await?.into_iter().filter(|row| is_over(row.deleted_at(), before)).collect();
        if over.iter().any(|row| matches!(row, Row::Course(_))) {
            let members = tx.members(space).await?;
            tx.remove_space(space).await?;
            tx.commit().await?;
            cleaned.courses += 1;
            // They pull, and find one less.
            self.feed.poke(members.into_iter().map(|member| (member.user.into(), 0)));
            return Ok(());
        }
        let (mut keys, mut is_seen) = (Vec::new(), false);
        for row in over {
            if let Some(asset) = asset(row.clone())
                && (asset.state != AssetState::Purged || tx.is_named(asset.id).await?)
            {
                continue;
            }
            let below = below(&mut tx, &row).await?;
            is_seen |= below.iter().any(|row| !row.is_deleted());
            keys.extend(below.iter().chain([&row]).map(Row::key));
        }
        if keys.is_empty() {
            return Ok(());
        }
        cleaned.rows += tx.remove(space, &keys, is_seen).await?;
        let version = tx.cookie(space).await?.version;
        tx.commit().await?;
        if is_seen {
            self.feed.poke([(space, version)]);
        }
        Ok(())
    }
}

/// What goes with a row: the videos of a chapter, what is attached to them.
async fn below(tx: &mut Tx, row: &Row) -> Result<Vec<Row>, StoreFailure> {
    let (mut below, mut parents) = (Vec::new(), vec![row.key()]);
    while let Some(parent) = parents.pop() {
        let kind = match parent.kind {
            RowKind::Chapter => RowKind::Video,
            RowKind::Video => RowKind::Attachment,
            RowKind::Course | RowKind::Attachment | RowKind::Asset | RowKind::Summary => continue,
        };
        let children = tx.read_all(Read::Children(kind, parent.id)).await?;
        parents.extend(children.iter().map(Row::key));
        below.extend(children);
    }
    Ok(below)
}

fn is_over(deleted_at: Option<Millis>, before: Millis) -> bool {
    deleted_at.is_some_and(|then| then <= before)
}

fn asset(row: Row) -> Option<Asset> {
    match row {
        Row::Asset(asset) => Some(asset),
        _ => None,
    }
}
