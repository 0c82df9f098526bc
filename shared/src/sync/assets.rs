//! Mutations of assets, and the summaries courses keep of them.

use super::attachments::rivals;
use super::courses::tombstone;
use super::{Actor, Effects, Read, Rejection, Rowset, bounded, title};
use crate::change::{Row, RowKind};
use crate::course::Video;
use crate::ids::{AssetId, AttachmentId, VideoId};
use crate::media::{Asset, AssetState, AssetSummary, Attachment, Probe};
use crate::mutation::{IDS_MAX, Mutation};
use crate::upload::FILE_BYTES_MAX;

pub(super) fn needs(ids: &[AssetId]) -> Vec<Read> {
    let of = |id: &AssetId| [Read::row(RowKind::Asset, id.0), Read::OfAsset(RowKind::Summary, *id)];
    ids.iter().flat_map(of).collect()
}

pub(super) fn needs_with_uses(
    ids: &[AssetId],
    uses: &[VideoId],
    attachments: &[AttachmentId],
    rows: &Rowset,
) -> Vec<Read> {
    let mut reads = needs(ids);
    reads.extend(ids.iter().flat_map(|id| [RowKind::Video, RowKind::Attachment].map(|kind| Read::OfAsset(kind, *id))));
    reads.extend(uses.iter().map(|id| Read::row(RowKind::Video, id.0)));
    for id in attachments {
        reads.push(Read::row(RowKind::Attachment, id.0));
        reads.extend(rows.attachment(*id).map(|tied| Read::Children(RowKind::Attachment, tied.video.0)));
    }
    reads
}

pub(super) fn create(mutation: &Mutation, rows: &Rowset, actor: Actor) -> Result<Effects, Rejection> {
    let Mutation::AssetCreate { asset, name, kind, bytes, predecessor } = mutation else {
        return Err(Rejection::new("invalid", "not an asset.create"));
    };
    if rows.asset(*asset).is_some() {
        return Err(Rejection::new("exists", "this asset is there already"));
    }
    if !(1..=FILE_BYTES_MAX).contains(bytes) {
        return Err(Rejection::new("invalid", "an asset has between one byte and 10 TB"));
    }
    Ok(vec![Row::Asset(Asset {
        id: *asset,
        owner: actor.user,
        name: title(name)?,
        kind: *kind,
        bytes: *bytes,
        blake3: None,
        probe: Probe::default(),
        state: AssetState::Expected,
        thumbnail: false,
        predecessor: *predecessor,
        created_at: actor.now,
        deleted_at: None,
    })])
}

pub(super) fn rename(id: AssetId, raw: &str, rows: &Rowset) -> Result<Effects, Rejection> {
    let asset = live(id, rows)?;
    Ok(with_summaries(Asset { name: title(raw)?, ..asset.clone() }, rows))
}

pub(super) fn describe(id: AssetId, probe: &Probe, thumbnail: bool, rows: &Rowset) -> Result<Effects, Rejection> {
    let asset = rows.asset(id).ok_or_else(|| Rejection::missing("asset"))?;
    Ok(with_summaries(Asset { probe: probe.clone(), thumbnail, ..asset.clone() }, rows))
}

/// What the server writes when the store has the checked bytes. Not a mutation: no client can claim it.
#[must_use]
pub fn stored(id: AssetId, blake3: &str, rows: &Rowset) -> Effects {
    let Some(asset) = rows.asset(id) else { return Effects::new() };
    with_summaries(Asset { state: AssetState::Ready, blake3: Some(blake3.to_owned()), ..asset.clone() }, rows)
}

/// What the server writes when the upload of an asset is opened with another size than it was announced with: its file
/// was still being written. Not a mutation: nothing but an upload knows.
#[must_use]
pub fn measured(id: AssetId, bytes: u64, rows: &Rowset) -> Effects {
    let Some(asset) = rows.asset(id) else { return Effects::new() };
    with_summaries(Asset { bytes, ..asset.clone() }, rows)
}

/// What the server writes when the bytes of a deleted asset were deleted for good. Not a mutation: nobody can ask for it.
#[must_use]
pub fn purged(id: AssetId, rows: &Rowset) -> Effects {
    let Some(asset) = rows.asset(id) else { return Effects::new() };
    with_summaries(Asset { state: AssetState::Purged, thumbnail: false, ..asset.clone() }, rows)
}

pub(super) fn replace_needs(successor: AssetId, uses: &[VideoId]) -> Vec<Read> {
    let videos = uses.iter().map(|id| Read::row(RowKind::Video, id.0));
    videos.chain([Read::row(RowKind::Asset, successor.0), Read::OfAsset(RowKind::Summary, successor)]).collect()
}

/// A video deleted meanwhile shows the new file when it is restored; one that is not there holds up no other. A file of
/// somebody else's library is known by what the course shows of it.
pub(super) fn replace(successor: AssetId, uses: &[VideoId], rows: &Rowset) -> Result<Effects, Rejection> {
    bounded(uses)?;
    let videos: Vec<&Video> = uses.iter().filter_map(|id| rows.video(*id)).collect();
    let first = videos.first().ok_or_else(|| Rejection::missing("video"))?;
    let known = |course| rows.summaries_of(successor).find(|summary| summary.course == course);
    let asset = match rows.asset(successor) {
        Some(_) => Some(live(successor, rows)?),
        None if known(first.course).is_some() => None,
        None => return Err(Rejection::missing("asset")),
    };
    let mut effects = Effects::new();
    for video in videos.into_iter().filter(|video| video.asset != successor) {
        let summary = match asset {
            Some(asset) => AssetSummary::of(asset, video.course),
            None => known(video.course).ok_or_else(|| Rejection::missing("asset"))?.clone(),
        };
        if !summary.kind.is_playable() {
            return Err(Rejection::new("invalid", "a chapter shows video and audio only"));
        }
        effects.extend([Row::Video(Video { asset: successor, ..video.clone() }), Row::Summary(summary)]);
    }
    Ok(effects)
}

pub(super) fn delete(
    ids: &[AssetId],
    uses: &[VideoId],
    attachments: &[AttachmentId],
    actor: Actor,
    rows: &Rowset,
) -> Result<Effects, Rejection> {
    bounded(ids)?;
    if uses.len() + attachments.len() > IDS_MAX {
        return Err(Rejection::new("invalid", format!("at most {IDS_MAX} uses in one edit")));
    }
    let mut effects = Effects::new();
    for id in ids {
        let asset = owned(*id, rows)?;
        if let Some(deleted_at) = tombstone(asset.deleted_at, Some(actor.now)) {
            effects.push(Row::Asset(Asset { deleted_at, ..asset.clone() }));
        }
    }
    for video in rows.videos().filter(|video| ids.contains(&video.asset) && video.deleted_at.is_none()) {
        if !uses.contains(&video.id) {
            return Err(Rejection::new("in_use", format!("'{}' still shows this asset", video.title)));
        }
        effects.push(Row::Video(Video { deleted_at: Some(actor.now), ..video.clone() }));
    }
    for tied in rows.attachments().filter(|tied| ids.contains(&tied.asset) && tied.deleted_at.is_none()) {
        if !attachments.contains(&tied.id) {
            return Err(Rejection::new("in_use", "a video still has this file attached"));
        }
        effects.push(Row::Attachment(Attachment { deleted_at: Some(actor.now), ..tied.clone() }));
    }
    Ok(effects)
}

pub(super) fn restore(
    ids: &[AssetId],
    uses: &[VideoId],
    attachments: &[AttachmentId],
    rows: &Rowset,
) -> Result<Effects, Rejection> {
    bounded(ids)?;
    let mut effects = Effects::new();
    for id in ids {
        let asset = owned(*id, rows)?;
        if asset.state == AssetState::Purged {
            return Err(Rejection::new("purged", "it was too long in the trash: its bytes were deleted for good"));
        }
        if let Some(deleted_at) = tombstone(asset.deleted_at, None) {
            effects.push(Row::Asset(Asset { deleted_at, ..asset.clone() }));
        }
    }
    let named = uses.iter().filter_map(|id| rows.video(*id)).filter(|video| ids.contains(&video.asset));
    effects.extend(named.filter_map(|video| {
        tombstone(video.deleted_at, None).map(|deleted_at| Row::Video(Video { deleted_at, ..video.clone() }))
    }));
    // One whose place another file has taken since stays away.
    let named = attachments.iter().filter_map(|id| rows.attachment(*id)).filter(|tied| ids.contains(&tied.asset));
    let named = named.filter(|tied| rivals(tied, rows).next().is_none());
    effects.extend(named.filter_map(|tied| {
        tombstone(tied.deleted_at, None).map(|deleted_at| Row::Attachment(Attachment { deleted_at, ..tied.clone() }))
    }));
    Ok(effects)
}

fn owned(id: AssetId, rows: &Rowset) -> Result<&Asset, Rejection> {
    rows.asset(id).ok_or_else(|| Rejection::missing("asset"))
}

fn live(id: AssetId, rows: &Rowset) -> Result<&Asset, Rejection> {
    let asset = owned(id, rows)?;
    if asset.deleted_at.is_some() { Err(Rejection::deleted("asset")) } else { Ok(asset) }
}

/// The asset and what every course shows of it.
fn with_summaries(asset: Asset, rows: &Rowset) -> Effects {
    let mut effects: Effects =
        rows.summaries_of(asset.id).map(|old| Row::Summary(AssetSummary::of(&asset, old.course))).collect();
    effects.push(Row::Asset(asset));
    effects
}
