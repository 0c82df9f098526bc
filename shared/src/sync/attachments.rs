//! Mutations of attachments: captions, handouts and posters of videos.

use super::courses::tombstone;
use super::{Actor, Effects, Read, Rejection, Rowset, bounded, live_chapter, videos};
use crate::change::{Row, RowKind};
use crate::ids::{AttachmentId, VideoId};
use crate::media::{AssetSummary, Attachment, AttachmentRole};
use crate::mutation::Mutation;
use crate::names::clean_language;

pub(super) fn needs(mutation: &Mutation, rows: &Rowset) -> Vec<Read> {
    match mutation {
        Mutation::VideoAttach { attachment, video, asset, .. } => {
            let mut reads = of_video(*video, rows);
            reads.push(Read::row(RowKind::Attachment, attachment.0));
            reads.push(Read::row(RowKind::Asset, asset.0));
            reads.push(Read::OfAsset(RowKind::Summary, *asset));
            reads
        }
        Mutation::AttachmentLabel { attachment, .. } => of_attachments(&[*attachment], rows),
        Mutation::AttachmentDelete { ids } | Mutation::AttachmentRestore { ids } => of_attachments(ids, rows),
        _ => Vec::new(),
    }
}

/// The video, what it is in, and all that is tied to it.
fn of_video(id: VideoId, rows: &Rowset) -> Vec<Read> {
    let mut reads = vec![Read::row(RowKind::Video, id.0), Read::Children(RowKind::Attachment, id.0)];
    if let Some(video) = rows.video(id) {
        reads.extend([Read::row(RowKind::Chapter, video.chapter.0), Read::row(RowKind::Course, video.course.0)]);
    }
    reads
}

fn of_attachments(ids: &[AttachmentId], rows: &Rowset) -> Vec<Read> {
    let mut reads: Vec<Read> = ids.iter().map(|id| Read::row(RowKind::Attachment, id.0)).collect();
    for tied in ids.iter().filter_map(|id| rows.attachment(*id)) {
        reads.extend(of_video(tied.video, rows));
        reads.push(Read::row(RowKind::Asset, tied.asset.0));
    }
    reads
}

/// A file of somebody else's library is known by what the course shows of it.
pub(super) fn attach(mutation: &Mutation, rows: &Rowset, actor: Actor) -> Result<Effects, Rejection> {
    let Mutation::VideoAttach { attachment, video, asset, role, language } = mutation else {
        return Err(Rejection::new("invalid", "not a video.attach"));
    };
    if rows.attachment(*attachment).is_some() {
        return Err(Rejection::new("exists", "this attachment is there already"));
    }
    let course = live_video(*video, rows)?;
    let summary = match rows.asset(*asset) {
        Some(asset) if asset.deleted_at.is_some() => return Err(Rejection::deleted("asset")),
        Some(asset) => AssetSummary::of(asset, course),
        None => {
            let shown = rows.summaries_of(*asset).find(|summary| summary.course == course);
            shown.ok_or_else(|| Rejection::missing("asset"))?.clone()
        }
    };
    if !role.takes(summary.kind) {
        return Err(Rejection::new("invalid", "captions are text, and a poster is an image"));
    }
    let (id, video, asset, role, language) = (*attachment, *video, *asset, *role, checked(language.as_deref())?);
    let new = Attachment { id, course, video, asset, role, language, deleted_at: None };
    let mut effects = outdone(&new, rows, actor);
    effects.extend([Row::Attachment(new), Row::Summary(summary)]);
    Ok(effects)
}

pub(super) fn label(id: AttachmentId, language: Option<&str>, rows: &Rowset) -> Result<Effects, Rejection> {
    let tied = known(id, rows)?;
    live_video(tied.video, rows)?;
    if tied.deleted_at.is_some() {
        return Err(Rejection::deleted("attachment"));
    }
    let labelled = Attachment { language: checked(language)?, ..tied.clone() };
    if rivals(&labelled, rows).next().is_some() {
        return Err(Rejection::new("exists", "this video has captions in that language already"));
    }
    Ok(vec![Row::Attachment(labelled)])
}

pub(super) fn delete(ids: &[AttachmentId], actor: Actor, rows: &Rowset) -> Result<Effects, Rejection> {
    bounded(ids)?;
    let mut effects = Effects::new();
    for id in ids {
        let tied = known(*id, rows)?;
        let changed = tombstone(tied.deleted_at, Some(actor.now));
        effects.extend(changed.map(|deleted_at| Row::Attachment(Attachment { deleted_at, ..tied.clone() })));
    }
    Ok(effects)
}

/// Takes the place back from what came after it.
pub(super) fn restore(ids: &[AttachmentId], actor: Actor, rows: &Rowset) -> Result<Effects, Rejection> {
    bounded(ids)?;
    let mut effects = Effects::new();
    let mut restored: Vec<Attachment> = Vec::new();
    for id in ids {
        let tied = known(*id, rows)?;
        live_video(tied.video, rows)?;
        if rows.asset(tied.asset).is_some_and(|asset| asset.deleted_at.is_some()) {
            return Err(Rejection::deleted("asset"));
        }
        // Of two that are named for one place, the first comes back.
        if tied.deleted_at.is_some() && !restored.iter().any(|other| is_one_place(other, tied)) {
            effects.extend(outdone(tied, rows, actor));
            restored.push(Attachment { deleted_at: None, ..tied.clone() });
        }
    }
    effects.extend(restored.into_iter().map(Row::Attachment));
    Ok(effects)
}

/// What was live in the place that `winner` takes, as it is afterwards.
fn outdone(winner: &Attachment, rows: &Rowset, actor: Actor) -> Effects {
    rivals(winner, rows)
        .map(|rival| Row::Attachment(Attachment { deleted_at: Some(actor.now), ..rival.clone() }))
        .collect()
}

/// Live attachments that stand where this one stands, or would.
pub(super) fn rivals<'a>(of: &'a Attachment, rows: &'a Rowset) -> impl Iterator<Item = &'a Attachment> {
    rows.attachments().filter(|other| other.id != of.id && other.deleted_at.is_none() && is_one_place(other, of))
}

fn is_one_place(a: &Attachment, b: &Attachment) -> bool {
    let is_shared = match a.role {
        AttachmentRole::Captions => a.language == b.language,
        AttachmentRole::Poster => true,
        AttachmentRole::Handout => false,
    };
    a.video == b.video && a.role == b.role && is_shared
}

fn checked(language: Option<&str>) -> Result<Option<String>, Rejection> {
    let Some(language) = language else { return Ok(None) };
    let wrong = || Rejection::new("invalid", "a language is written like en, pt-BR or zh-Hant");
    clean_language(language).map(Some).ok_or_else(wrong)
}

fn known(id: AttachmentId, rows: &Rowset) -> Result<&Attachment, Rejection> {
    rows.attachment(id).ok_or_else(|| Rejection::missing("attachment"))
}

/// The course of a video that is live, in a chapter that is.
fn live_video(id: VideoId, rows: &Rowset) -> Result<crate::ids::CourseId, Rejection> {
    let video = videos::live(id, rows)?;
    Ok(live_chapter(video.chapter, rows)?.course)
}
