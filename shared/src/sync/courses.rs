//! Mutations of courses and chapters.

use super::{Actor, Effects, Read, Rejection, Rowset, bounded, live_chapter, live_course, placement, title};
use crate::Millis;
use crate::change::{Row, RowKind};
use crate::course::{Chapter, Course};
use crate::ids::{ChapterId, CourseId};
use crate::mutation::{Between, Mutation};
use crate::names::clean_text;

pub(super) fn create(id: CourseId, raw: &str, rows: &Rowset, actor: Actor) -> Result<Effects, Rejection> {
    if rows.course(id).is_some() {
        return Err(Rejection::new("exists", "this course is there already"));
    }
    let (description, created_at) = (String::new(), actor.now);
    Ok(vec![Row::Course(Course {
        id,
        title: title(raw)?,
        description,
        created_at,
        published_at: None,
        deleted_at: None,
    })])
}

pub(super) fn rename(id: CourseId, raw: &str, rows: &Rowset) -> Result<Effects, Rejection> {
    let course = live_course(id, rows)?;
    Ok(vec![Row::Course(Course { title: title(raw)?, ..course.clone() })])
}

pub(super) fn describe(id: CourseId, raw: &str, rows: &Rowset) -> Result<Effects, Rejection> {
    let course = live_course(id, rows)?;
    Ok(vec![Row::Course(Course { description: clean_text(raw), ..course.clone() })])
}

/// Publishes (`at` given) or takes back.
pub(super) fn publish(id: CourseId, at: Option<Millis>, rows: &Rowset) -> Result<Effects, Rejection> {
    let course = live_course(id, rows)?;
    let changed = tombstone(course.published_at, at);
    Ok(changed.map(|published_at| Row::Course(Course { published_at, ..course.clone() })).into_iter().collect())
}

/// Deletes (`at` given) or restores.
pub(super) fn delete(id: CourseId, at: Option<Millis>, rows: &Rowset) -> Result<Effects, Rejection> {
    let course = rows.course(id).ok_or_else(|| Rejection::missing("course"))?;
    Ok(tombstone(course.deleted_at, at)
        .map(|deleted_at| Row::Course(Course { deleted_at, ..course.clone() }))
        .into_iter()
        .collect())
}

/// The new time, if deleting, publishing or taking either back changes anything: the first one's time stays.
pub(super) fn tombstone(now: Option<Millis>, wanted: Option<Millis>) -> Option<Option<Millis>> {
    (now.is_some() != wanted.is_some()).then_some(wanted)
}

pub(super) fn chapter_needs(mutation: &Mutation, rows: &Rowset) -> Vec<Read> {
    let of_course =
        |course: CourseId| [Read::row(RowKind::Course, course.0), Read::Children(RowKind::Chapter, course.0)];
    let of_chapters = |ids: &[ChapterId]| {
        let mut reads: Vec<Read> = ids.iter().map(|id| Read::row(RowKind::Chapter, id.0)).collect();
        reads.extend(ids.iter().filter_map(|id| rows.chapter(*id)).flat_map(|chapter| of_course(chapter.course)));
        reads
    };
    match mutation {
        Mutation::ChapterCreate { chapter, course, .. } => {
            let mut reads = of_course(*course).to_vec();
            reads.push(Read::row(RowKind::Chapter, chapter.0));
            reads
        }
        Mutation::ChapterRename { chapter, .. } => of_chapters(&[*chapter]),
        Mutation::ChapterMove { ids, course, .. } => {
            let mut reads = of_chapters(ids);
            reads.extend(of_course(*course));
            reads
        }
        Mutation::ChapterDelete { ids } | Mutation::ChapterRestore { ids } => of_chapters(ids),
        _ => Vec::new(),
    }
}

pub(super) fn chapter_create(
    id: ChapterId,
    course: CourseId,
    raw: &str,
    place: Between<ChapterId>,
    rows: &Rowset,
) -> Result<Effects, Rejection> {
    live_course(course, rows)?;
    if rows.chapter(id).is_some() {
        return Err(Rejection::new("exists", "this chapter is there already"));
    }
    let new = Chapter { id, course, title: title(raw)?, position: 0, deleted_at: None };
    Ok(placed(&[id], course, place, rows, &[new]))
}

pub(super) fn chapter_rename(id: ChapterId, raw: &str, rows: &Rowset) -> Result<Effects, Rejection> {
    let chapter = live_chapter(id, rows)?;
    Ok(vec![Row::Chapter(Chapter { title: title(raw)?, ..chapter.clone() })])
}

pub(super) fn chapter_move(
    ids: &[ChapterId],
    course: CourseId,
    place: Between<ChapterId>,
    rows: &Rowset,
) -> Result<Effects, Rejection> {
    bounded(ids)?;
    live_course(course, rows)?;
    let live: Vec<ChapterId> = ids
        .iter()
        .copied()
        .filter(|id| rows.chapter(*id).is_some_and(|c| c.course == course && c.deleted_at.is_none()))
        .collect();
    if live.is_empty() {
        return Err(Rejection::deleted("chapter"));
    }
    Ok(placed(&live, course, place, rows, &[]))
}

pub(super) fn chapter_delete(ids: &[ChapterId], at: Option<Millis>, rows: &Rowset) -> Result<Effects, Rejection> {
    bounded(ids)?;
    let mut effects = Effects::new();
    for id in ids {
        let chapter = rows.chapter(*id).ok_or_else(|| Rejection::missing("chapter"))?;
        if at.is_none() {
            live_course(chapter.course, rows)?;
        }
        if let Some(deleted_at) = tombstone(chapter.deleted_at, at) {
            effects.push(Row::Chapter(Chapter { deleted_at, ..chapter.clone() }));
        }
    }
    Ok(effects)
}

/// Gives `moving` their positions among the chapters of the course; `new` are the rows not stored yet.
fn placed(
    moving: &[ChapterId],
    course: CourseId,
    place: Between<ChapterId>,
    rows: &Rowset,
    new: &[Chapter],
) -> Effects {
    let siblings: Vec<(ChapterId, i64)> = rows.chapters_of(course).iter().map(|row| (row.id, row.position)).collect();
    placement::place(&siblings, moving, place)
        .into_iter()
        .filter_map(|(id, position)| {
            let row = new.iter().find(|row| row.id == id).or_else(|| rows.chapter(id))?;
            Some(Row::Chapter(Chapter { position, ..row.clone() }))
        })
        .collect()
}
