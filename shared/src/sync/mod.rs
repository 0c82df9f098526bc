//! The sans-I/O core of the sync: which rows a mutation reads, which rows it writes, how it is rejected, how it is
//! undone. Client and server run these same functions; each brings its own storage.
//!
//! A host loops: [`needs`] names what is missing, the host loads it into a [`Rowset`], until nothing is missing; then
//! [`execute`] answers the rows to write. Nothing here waits, reads a clock or draws a random number.

mod assets;
mod attachments;
mod courses;
pub mod placement;
mod undo;
mod videos;

pub use assets::{measured, purged, stored};
pub use undo::inverse;

use crate::Millis;
use crate::change::{Row, RowKey, RowKind};
use crate::course::{Chapter, Course, Video};
use crate::ids::{AssetId, AttachmentId, ChapterId, CourseId, UserId, VideoId};
use crate::media::{Asset, AssetSummary, Attachment};
use crate::mutation::{IDS_MAX, Mutation};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who executes a mutation, and when. On the client both are provisional: the server's are the ones that stay.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    pub user: UserId,
    pub now: Millis,
}

/// Something to load before a mutation can be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    Row(RowKey),
    /// All rows of this kind with this parent, deleted ones included.
    Children(RowKind, Uuid),
    /// All rows of this kind that show this asset.
    OfAsset(RowKind, AssetId),
}

impl Read {
    fn row(kind: RowKind, id: Uuid) -> Self {
        Self::Row(RowKey { kind, id })
    }
}

/// The rows loaded for one mutation.
#[derive(Clone, Debug, Default)]
pub struct Rowset {
    rows: BTreeMap<RowKey, Row>,
    done: BTreeSet<Read>,
}

/// Why a mutation changes nothing, for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct Rejection {
    pub code: &'static str,
    pub detail: String,
}

impl Rejection {
    fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    fn missing(what: &str) -> Self {
        Self::new("not_found", format!("this {what} is not there"))
    }

    fn deleted(what: &str) -> Self {
        Self::new("deleted", format!("this {what} was deleted"))
    }
}

/// What a mutation does: whole rows to write, none when there is nothing to change.
pub type Effects = Vec<Row>;

impl Rowset {
    /// Takes what the host found for one read.
    pub fn load(&mut self, read: Read, rows: impl IntoIterator<Item = Row>) {
        self.done.insert(read);
        for row in rows {
            self.rows.insert(row.key(), row);
        }
    }

    fn has(&self, read: Read) -> bool {
        self.done.contains(&read)
    }

    fn get(&self, kind: RowKind, id: Uuid) -> Option<&Row> {
        self.rows.get(&RowKey { kind, id })
    }

    pub(crate) fn course(&self, id: CourseId) -> Option<&Course> {
        match self.get(RowKind::Course, id.0) {
            Some(Row::Course(row)) => Some(row),
            _ => None,
        }
    }

    pub(crate) fn chapter(&self, id: ChapterId) -> Option<&Chapter> {
        match self.get(RowKind::Chapter, id.0) {
            Some(Row::Chapter(row)) => Some(row),
            _ => None,
        }
    }

    pub(crate) fn video(&self, id: VideoId) -> Option<&Video> {
        match self.get(RowKind::Video, id.0) {
            Some(Row::Video(row)) => Some(row),
            _ => None,
        }
    }

    pub(crate) fn asset(&self, id: AssetId) -> Option<&Asset> {
        match self.get(RowKind::Asset, id.0) {
            Some(Row::Asset(row)) => Some(row),
            _ => None,
        }
    }

    /// Chapters of a course in order, deleted ones included.
    pub(crate) fn chapters_of(&self, course: CourseId) -> Vec<&Chapter> {
        let mut rows: Vec<&Chapter> = self
            .rows
            .values()
            .filter_map(|row| match row {
                Row::Chapter(row) if row.course == course => Some(row),
                _ => None,
            })
            .collect();
        rows.sort_by_key(|row| (row.position, row.id));
        rows
    }

    /// Videos of a chapter in order, deleted ones included.
    pub(crate) fn videos_of(&self, chapter: ChapterId) -> Vec<&Video> {
        let mut rows: Vec<&Video> = self.videos().filter(|row| row.chapter == chapter).collect();
        rows.sort_by_key(|row| (row.position, row.id));
        rows
    }

    pub(crate) fn videos(&self) -> impl Iterator<Item = &Video> {
        self.rows.values().filter_map(|row| match row {
            Row::Video(row) => Some(row),
            _ => None,
        })
    }

    pub(crate) fn attachment(&self, id: AttachmentId) -> Option<&Attachment> {
        match self.get(RowKind::Attachment, id.0) {
            Some(Row::Attachment(row)) => Some(row),
            _ => None,
        }
    }

    pub(crate) fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.rows.values().filter_map(|row| match row {
            Row::Attachment(row) => Some(row),
            _ => None,
        })
    }

    pub(crate) fn summaries_of(&self, asset: AssetId) -> impl Iterator<Item = &AssetSummary> {
        self.rows.values().filter_map(move |row| match row {
            Row::Summary(row) if row.asset == asset => Some(row),
            _ => None,
        })
    }
}

/// What must be loaded next. Empty: the rowset is complete.
///
/// Later reads depend on earlier ones (a video's chapter is known once the video is), so hosts call it again.
#[must_use]
pub fn needs(mutation: &Mutation, rows: &Rowset) -> Vec<Read> {
    let mut reads = match mutation {
        Mutation::CourseCreate { course, .. }
        | Mutation::CourseRename { course, .. }
        | Mutation::CourseDescribe { course, .. }
        | Mutation::CoursePublish { course }
        | Mutation::CourseUnpublish { course }
        | Mutation::CourseDelete { course }
        | Mutation::CourseRestore { course } => vec![Read::row(RowKind::Course, course.0)],
        Mutation::ChapterCreate { .. }
        | Mutation::ChapterRename { .. }
        | Mutation::ChapterMove { .. }
        | Mutation::ChapterDelete { .. }
        | Mutation::ChapterRestore { .. } => courses::chapter_needs(mutation, rows),
        Mutation::VideoCreate { .. }
        | Mutation::VideoRename { .. }
        | Mutation::VideoDescribe { .. }
        | Mutation::VideoMove { .. }
        | Mutation::VideoDelete { .. }
        | Mutation::VideoRestore { .. } => videos::needs(mutation, rows),
        Mutation::VideoAttach { .. }
        | Mutation::AttachmentLabel { .. }
        | Mutation::AttachmentDelete { .. }
        | Mutation::AttachmentRestore { .. } => attachments::needs(mutation, rows),
        Mutation::AssetCreate { asset, .. } => vec![Read::row(RowKind::Asset, asset.0)],
        Mutation::AssetRename { asset, .. } | Mutation::AssetDescribe { asset, .. } => assets::needs(&[*asset]),
        Mutation::AssetReplace { successor, uses } => assets::replace_needs(*successor, uses),
        Mutation::AssetDelete { ids, uses, attachments } | Mutation::AssetRestore { ids, uses, attachments } => {
            assets::needs_with_uses(ids, uses, attachments, rows)
        }
    };
    reads.retain(|read| !rows.has(*read));
    reads.sort_unstable();
    reads.dedup();
    reads
}

/// Executes a mutation on a complete rowset.
///
/// # Errors
/// A [`Rejection`]: final for this mutation, whatever is tried again.
pub fn execute(mutation: &Mutation, rows: &Rowset, actor: Actor) -> Result<Effects, Rejection> {
    let effects = match mutation {
        Mutation::CourseCreate { course, title } => courses::create(*course, title, rows, actor),
        Mutation::CourseRename { course, title } => courses::rename(*course, title, rows),
        Mutation::CourseDescribe { course, description } => courses::describe(*course, description, rows),
        Mutation::CoursePublish { course } => courses::publish(*course, Some(actor.now), rows),
        Mutation::CourseUnpublish { course } => courses::publish(*course, None, rows),
        Mutation::CourseDelete { course } => courses::delete(*course, Some(actor.now), rows),
        Mutation::CourseRestore { course } => courses::delete(*course, None, rows),
        Mutation::ChapterCreate { chapter, course, title, place } => {
            courses::chapter_create(*chapter, *course, title, *place, rows)
        }
        Mutation::ChapterRename { chapter, title } => courses::chapter_rename(*chapter, title, rows),
        Mutation::ChapterMove { ids, course, place } => courses::chapter_move(ids, *course, *place, rows),
        Mutation::ChapterDelete { ids } => courses::chapter_delete(ids, Some(actor.now), rows),
        Mutation::ChapterRestore { ids } => courses::chapter_delete(ids, None, rows),
        Mutation::VideoCreate { .. } => videos::create(mutation, rows, actor),
        Mutation::VideoRename { video, title } => videos::rename(*video, title, rows),
        Mutation::VideoDescribe { video, description } => videos::describe(*video, description, rows),
        Mutation::VideoMove { ids, chapter, place } => videos::relocate(ids, *chapter, *place, rows),
        Mutation::VideoDelete { ids } => videos::delete(ids, Some(actor.now), rows),
        Mutation::VideoRestore { ids } => videos::delete(ids, None, rows),
        Mutation::VideoAttach { .. } => attachments::attach(mutation, rows, actor),
        Mutation::AttachmentLabel { attachment, language } => {
            attachments::label(*attachment, language.as_deref(), rows)
        }
        Mutation::AttachmentDelete { ids } => attachments::delete(ids, actor, rows),
        Mutation::AttachmentRestore { ids } => attachments::restore(ids, actor, rows),
        Mutation::AssetCreate { .. } => assets::create(mutation, rows, actor),
        Mutation::AssetRename { asset, name } => assets::rename(*asset, name, rows),
        Mutation::AssetDescribe { asset, probe, thumbnail } => assets::describe(*asset, probe, *thumbnail, rows),
        Mutation::AssetReplace { successor, uses } => assets::replace(*successor, uses, rows),
        Mutation::AssetDelete { ids, uses, attachments } => assets::delete(ids, uses, attachments, actor, rows),
        Mutation::AssetRestore { ids, uses, attachments } => assets::restore(ids, uses, attachments, rows),
    }?;
    // A row named twice is written once.
    let mut written = BTreeSet::new();
    Ok(effects.into_iter().filter(|row| rows.rows.get(&row.key()) != Some(row) && written.insert(row.key())).collect())
}

fn title(raw: &str) -> Result<String, Rejection> {
    crate::names::clean(raw)
        .ok_or_else(|| Rejection::new("invalid_name", "a name needs at least one visible character"))
}

fn bounded<T>(ids: &[T]) -> Result<(), Rejection> {
    if ids.is_empty() || ids.len() > IDS_MAX {
        return Err(Rejection::new("invalid", format!("between 1 and {IDS_MAX} rows in one edit")));
    }
    Ok(())
}

fn live_course(id: CourseId, rows: &Rowset) -> Result<&Course, Rejection> {
    let course = rows.course(id).ok_or_else(|| Rejection::missing("course"))?;
    if course.deleted_at.is_some() { Err(Rejection::deleted("course")) } else { Ok(course) }
}

/// A chapter that is not deleted, in a course that is not.
fn live_chapter(id: ChapterId, rows: &Rowset) -> Result<&Chapter, Rejection> {
    let chapter = rows.chapter(id).ok_or_else(|| Rejection::missing("chapter"))?;
    live_course(chapter.course, rows)?;
    if chapter.deleted_at.is_some() { Err(Rejection::deleted("chapter")) } else { Ok(chapter) }
}
