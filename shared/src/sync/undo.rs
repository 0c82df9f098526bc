//! The inverse of a mutation: ordinary mutations, computed from the rows before it ran.

use super::Rowset;
use super::attachments::rivals;
use crate::ids::{AssetId, AttachmentId, CourseId, VideoId};
use crate::media::Attachment;
use crate::mutation::{Between, Mutation};
use crate::names::clean_language;
use std::collections::{BTreeMap, BTreeSet};

/// What undoes `mutation`, given the rows it was executed on. None: it cannot be undone by a person.
#[must_use]
pub fn inverse(mutation: &Mutation, before: &Rowset) -> Option<Vec<Mutation>> {
    let one = |mutation| Some(vec![mutation]);
    match mutation {
        Mutation::CourseCreate { course, .. } | Mutation::CourseRestore { course } => {
            one(Mutation::CourseDelete { course: *course })
        }
        Mutation::CourseDelete { course } => one(Mutation::CourseRestore { course: *course }),
        Mutation::CourseRename { course, .. } => {
            one(Mutation::CourseRename { course: *course, title: before.course(*course)?.title.clone() })
        }
        Mutation::CourseDescribe { course, .. } => {
            let description = before.course(*course)?.description.clone();
            one(Mutation::CourseDescribe { course: *course, description })
        }
        Mutation::CoursePublish { course } => one(Mutation::CourseUnpublish { course: *course }),
        Mutation::CourseUnpublish { course } => one(Mutation::CoursePublish { course: *course }),
        Mutation::ChapterCreate { chapter, .. } => one(Mutation::ChapterDelete { ids: vec![*chapter] }),
        Mutation::ChapterRestore { ids } => one(Mutation::ChapterDelete { ids: ids.clone() }),
        Mutation::ChapterDelete { ids } => one(Mutation::ChapterRestore { ids: ids.clone() }),
        Mutation::ChapterRename { chapter, .. } => {
            one(Mutation::ChapterRename { chapter: *chapter, title: before.chapter(*chapter)?.title.clone() })
        }
        Mutation::ChapterMove { ids, course, .. } => {
            let order: Vec<_> = before.chapters_of(*course).iter().map(|row| row.id).collect();
            Some(
                back(&order, ids)
                    .map(|(id, place)| Mutation::ChapterMove { ids: vec![id], course: *course, place })
                    .collect(),
            )
        }
        Mutation::VideoCreate { video, .. } => one(Mutation::VideoDelete { ids: vec![*video] }),
        Mutation::VideoRestore { ids } => one(Mutation::VideoDelete { ids: ids.clone() }),
        Mutation::VideoDelete { ids } => one(Mutation::VideoRestore { ids: ids.clone() }),
        Mutation::VideoRename { video, .. } => {
            one(Mutation::VideoRename { video: *video, title: before.video(*video)?.title.clone() })
        }
        Mutation::VideoDescribe { video, .. } => {
            let description = before.video(*video)?.description.clone();
            one(Mutation::VideoDescribe { video: *video, description })
        }
        Mutation::VideoAttach { .. }
        | Mutation::AttachmentLabel { .. }
        | Mutation::AttachmentDelete { .. }
        | Mutation::AttachmentRestore { .. } => attachments_back(mutation, before),
        Mutation::VideoMove { ids, .. } => Some(videos_back(ids, before)),
        Mutation::AssetRename { asset, .. } => {
            one(Mutation::AssetRename { asset: *asset, name: before.asset(*asset)?.name.clone() })
        }
        Mutation::AssetReplace { successor, uses } => Some(shown_before(*successor, uses, before)),
        Mutation::AssetDelete { ids, .. } => one(Mutation::AssetRestore {
            ids: ids.clone(),
            uses: live_uses(ids, before),
            attachments: live_attachments(ids, before),
        }),
        Mutation::AssetRestore { ids, uses, attachments } => {
            one(Mutation::AssetDelete { ids: ids.clone(), uses: uses.clone(), attachments: attachments.clone() })
        }
        Mutation::AssetCreate { .. } | Mutation::AssetDescribe { .. } => None,
    }
}

/// Each video shows again what it showed.
fn shown_before(successor: AssetId, uses: &[VideoId], before: &Rowset) -> Vec<Mutation> {
    let mut shown: BTreeMap<AssetId, Vec<VideoId>> = BTreeMap::new();
    for video in uses.iter().filter_map(|id| before.video(*id)).filter(|video| video.asset != successor) {
        shown.entry(video.asset).or_default().push(video.id);
    }
    shown.into_iter().map(|(successor, uses)| Mutation::AssetReplace { successor, uses }).collect()
}

fn live_uses(ids: &[AssetId], before: &Rowset) -> Vec<VideoId> {
    before.videos().filter(|row| row.deleted_at.is_none() && ids.contains(&row.asset)).map(|row| row.id).collect()
}

fn live_attachments(ids: &[AssetId], before: &Rowset) -> Vec<AttachmentId> {
    before.attachments().filter(|row| row.deleted_at.is_none() && ids.contains(&row.asset)).map(|row| row.id).collect()
}

/// What took a place leaves it, then what stood there comes back.
fn attachments_back(mutation: &Mutation, before: &Rowset) -> Option<Vec<Mutation>> {
    let coming = match mutation {
        Mutation::AttachmentLabel { attachment, .. } => {
            let language = before.attachment(*attachment)?.language.clone();
            return Some(vec![Mutation::AttachmentLabel { attachment: *attachment, language }]);
        }
        Mutation::AttachmentDelete { ids } => return Some(vec![Mutation::AttachmentRestore { ids: ids.clone() }]),
        Mutation::AttachmentRestore { ids } => ids.clone(),
        Mutation::VideoAttach { attachment, .. } => vec![*attachment],
        _ => return None,
    };
    let outdone: BTreeSet<AttachmentId> = match mutation {
        Mutation::VideoAttach { attachment, video, asset, role, language } => {
            let language = language.as_deref().and_then(clean_language);
            // Its course does not matter for its place.
            let (id, video, asset, role, course) = (*attachment, *video, *asset, *role, CourseId(video.0));
            let new = Attachment { id, course, video, asset, role, language, deleted_at: None };
            rivals(&new, before).map(|rival| rival.id).collect()
        }
        _ => coming
            .iter()
            .filter_map(|id| before.attachment(*id))
            .flat_map(|tied| rivals(tied, before))
            .map(|rival| rival.id)
            .filter(|id| !coming.contains(id))
            .collect(),
    };
    let mut mutations = vec![Mutation::AttachmentDelete { ids: coming }];
    if !outdone.is_empty() {
        mutations.push(Mutation::AttachmentRestore { ids: outdone.into_iter().collect() });
    }
    Some(mutations)
}

/// Each moved row after the neighbour it stood behind, from the first to the last: that neighbour has either not moved
/// or is back already.
fn back<'a, Id: Copy + PartialEq>(order: &'a [Id], moved: &'a [Id]) -> impl Iterator<Item = (Id, Between<Id>)> + 'a {
    let first_staying = order.iter().copied().find(|id| !moved.contains(id));
    order.iter().enumerate().filter(|(_, id)| moved.contains(id)).map(move |(index, id)| {
        let after = index.checked_sub(1).map(|i| order[i]);
        (*id, Between { after, before: if after.is_none() { first_staying } else { None } })
    })
}

fn videos_back(ids: &[VideoId], before: &Rowset) -> Vec<Mutation> {
    let mut chapters: Vec<_> = ids.iter().filter_map(|id| before.video(*id)).map(|row| row.chapter).collect();
    chapters.sort_unstable();
    chapters.dedup();
    let mut mutations = Vec::new();
    for chapter in chapters {
        let order: Vec<VideoId> = before.videos_of(chapter).iter().map(|row| row.id).collect();
        mutations.extend(back(&order, ids).map(|(id, place)| Mutation::VideoMove { ids: vec![id], chapter, place }));
    }
    mutations
}
