//! Mutations of videos: places in chapters.

use super::courses::tombstone;
use super::{Actor, Effects, Read, Rejection, Rowset, bounded, live_chapter, placement, title};
use crate::Millis;
use crate::change::{Row, RowKind};
use crate::course::Video;
use crate::ids::{ChapterId, VideoId};
use crate::media::AssetSummary;
use crate::mutation::{Between, Mutation};
use crate::names::clean_text;

pub(super) fn needs(mutation: &Mutation, rows: &Rowset) -> Vec<Read> {
    let of_chapter = |id: ChapterId| {
        let mut reads = vec![Read::row(RowKind::Chapter, id.0), Read::Children(RowKind::Video, id.0)];
        reads.extend(rows.chapter(id).map(|chapter| Read::row(RowKind::Course, chapter.course.0)));
        reads
    };
    let of_videos = |ids: &[VideoId]| {
        let mut reads: Vec<Read> = ids.iter().map(|id| Read::row(RowKind::Video, id.0)).collect();
        reads.extend(ids.iter().filter_map(|id| rows.video(*id)).flat_map(|video| of_chapter(video.chapter)));
        reads
    };
    match mutation {
        Mutation::VideoCreate { video, chapter, asset, .. } => {
            let mut reads = of_chapter(*chapter);
            reads.push(Read::row(RowKind::Video, video.0));
            reads.push(Read::row(RowKind::Asset, asset.0));
            reads
        }
        Mutation::VideoRename { video, .. } | Mutation::VideoDescribe { video, .. } => of_videos(&[*video]),
        Mutation::VideoMove { ids, chapter, .. } => {
            let mut reads = of_videos(ids);
            reads.extend(of_chapter(*chapter));
            reads
        }
        Mutation::VideoDelete { ids } => of_videos(ids),
        Mutation::VideoRestore { ids } => {
            let mut reads = of_videos(ids);
            let shown = ids.iter().filter_map(|id| rows.video(*id)).map(|video| video.asset);
            reads.extend(shown.map(|asset| Read::row(RowKind::Asset, asset.0)));
            reads
        }
        _ => Vec::new(),
    }
}

pub(super) fn create(mutation: &Mutation, rows: &Rowset, actor: Actor) -> Result<Effects, Rejection> {
    let Mutation::VideoCreate { video, course, chapter, asset, title: raw, place } = mutation else {
        return Err(Rejection::new("invalid", "not a video.create"));
    };
    if rows.video(*video).is_some() {
        return Err(Rejection::new("exists", "this video is there already"));
    }
    // The chapter first: an upload whose chapter is gone goes on to the library, one whose asset is gone does not.
    if live_chapter(*chapter, rows)?.course != *course {
        return Err(Rejection::missing("chapter"));
    }
    let shown = rows.asset(*asset).ok_or_else(|| Rejection::missing("asset"))?;
    if shown.deleted_at.is_some() {
        return Err(Rejection::deleted("asset"));
    }
    let new = Video {
        id: *video,
        course: *course,
        chapter: *chapter,
        title: title(raw)?,
        description: String::new(),
        position: 0,
        asset: *asset,
        created_at: actor.now,
        deleted_at: None,
    };
    let mut effects = placed(&[*video], *chapter, *place, rows, &[new]);
    effects.push(Row::Summary(AssetSummary::of(shown, *course)));
    Ok(effects)
}

pub(super) fn rename(id: VideoId, raw: &str, rows: &Rowset) -> Result<Effects, Rejection> {
    let video = live(id, rows)?;
    live_chapter(video.chapter, rows)?;
    Ok(vec![Row::Video(Video { title: title(raw)?, ..video.clone() })])
}

pub(super) fn describe(id: VideoId, raw: &str, rows: &Rowset) -> Result<Effects, Rejection> {
    let video = live(id, rows)?;
    live_chapter(video.chapter, rows)?;
    Ok(vec![Row::Video(Video { description: clean_text(raw), ..video.clone() })])
}

pub(super) fn relocate(
    ids: &[VideoId],
    chapter: ChapterId,
    place: Between<VideoId>,
    rows: &Rowset,
) -> Result<Effects, Rejection> {
    bounded(ids)?;
    let course = live_chapter(chapter, rows)?.course;
    // A video deleted meanwhile stays where it is; the others move.
    let mut moving: Vec<VideoId> = Vec::with_capacity(ids.len());
    for id in ids {
        if !moving.contains(id) && live(*id, rows).is_ok_and(|video| video.course == course) {
            moving.push(*id);
        }
    }
    if moving.is_empty() {
        return Err(Rejection::deleted("video"));
    }
    Ok(placed(&moving, chapter, place, rows, &[]))
}

pub(super) fn delete(ids: &[VideoId], at: Option<Millis>, rows: &Rowset) -> Result<Effects, Rejection> {
    bounded(ids)?;
    let mut effects = Effects::new();
    for id in ids {
        let video = rows.video(*id).ok_or_else(|| Rejection::missing("video"))?;
        if at.is_none() {
            live_chapter(video.chapter, rows)?;
            if rows.asset(video.asset).is_some_and(|asset| asset.deleted_at.is_some()) {
                return Err(Rejection::deleted("asset"));
            }
        }
        if let Some(deleted_at) = tombstone(video.deleted_at, at) {
            effects.push(Row::Video(Video { deleted_at, ..video.clone() }));
        }
    }
    Ok(effects)
}

pub(super) fn live(id: VideoId, rows: &Rowset) -> Result<&Video, Rejection> {
    let video = rows.video(id).ok_or_else(|| Rejection::missing("video"))?;
    if video.deleted_at.is_some() { Err(Rejection::deleted("video")) } else { Ok(video) }
}

/// Gives `moving` their positions among the videos of the chapter; `new` are the rows not stored yet.
fn placed(moving: &[VideoId], chapter: ChapterId, place: Between<VideoId>, rows: &Rowset, new: &[Video]) -> Effects {
    let siblings: Vec<(VideoId, i64)> = rows.videos_of(chapter).iter().map(|row| (row.id, row.position)).collect();
    placement::place(&siblings, moving, place)
        .into_iter()
        .filter_map(|(id, position)| {
            let row = new.iter().find(|row| row.id == id).or_else(|| rows.video(id))?;
            Some(Row::Video(Video { position, chapter, ..row.clone() }))
        })
        .collect()
}
