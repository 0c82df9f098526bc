//! Edits as people make them on devices that do not know of each other: of rows that are there, were deleted, or are known
//! elsewhere only.

use super::one_of;
use lectern_shared::change::{RowKey, RowKind};
use lectern_shared::ids::{AssetId, ChapterId, CourseId, VideoId};
use lectern_shared::media::{AssetKind, Probe};
use lectern_shared::mutation::{Between, Mutation};
use rand::Rng as _;
use rand::rngs::StdRng;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Few, so that edits meet.
const COURSES_MAX: usize = 3;
const CHAPTERS_MAX: usize = 8;
const VIDEOS_MAX: usize = 20;

/// Ids of all rows that were ever drawn, on whatever device.
#[derive(Clone, Default)]
pub(super) struct Known {
    courses: Vec<CourseId>,
    chapters: Vec<(ChapterId, CourseId)>,
    videos: Vec<(VideoId, CourseId)>,
    assets: Vec<AssetId>,
}

pub(super) fn uuid(random: &mut StdRng) -> Uuid {
    uuid::Builder::from_random_bytes(random.random()).into_uuid()
}

/// The row that a mutation makes.
pub(super) fn made_by(mutation: &Mutation) -> Option<RowKey> {
    let (kind, id) = match mutation {
        Mutation::CourseCreate { course, .. } => (RowKind::Course, course.0),
        Mutation::ChapterCreate { chapter, .. } => (RowKind::Chapter, chapter.0),
        Mutation::VideoCreate { video, .. } => (RowKind::Video, video.0),
        Mutation::AssetCreate { asset, .. } => (RowKind::Asset, asset.0),
        _ => return None,
    };
    Some(RowKey { kind, id })
}

/// Of its own: so that no two edits are the same.
fn title(random: &mut StdRng) -> String {
    format!("title {}", random.random::<u64>())
}

impl Known {
    /// Mostly of what is in sight; now and then of what is known elsewhere, by its id alone.
    pub(super) fn draw(&mut self, random: &mut StdRng, in_sight: &BTreeSet<Uuid>) -> Mutation {
        let near = if random.random_range(0..8) > 0 { self.only(in_sight) } else { self.clone() };
        let mutation = loop {
            if let Some(mutation) = near.try_draw(random) {
                break mutation;
            }
        };
        match &mutation {
            Mutation::CourseCreate { course, .. } => self.courses.push(*course),
            Mutation::ChapterCreate { chapter, course, .. } => self.chapters.push((*chapter, *course)),
            Mutation::VideoCreate { video, course, .. } => self.videos.push((*video, *course)),
            Mutation::AssetCreate { asset, .. } => self.assets.push(*asset),
            _ => {}
        }
        mutation
    }

    fn only(&self, in_sight: &BTreeSet<Uuid>) -> Self {
        Self {
            courses: self.courses.iter().filter(|course| in_sight.contains(&course.0)).copied().collect(),
            chapters: self.chapters.iter().filter(|(chapter, _)| in_sight.contains(&chapter.0)).copied().collect(),
            videos: self.videos.iter().filter(|(video, _)| in_sight.contains(&video.0)).copied().collect(),
            assets: self.assets.iter().filter(|asset| in_sight.contains(&asset.0)).copied().collect(),
        }
    }

    pub(super) fn new_course(&mut self, random: &mut StdRng) -> CourseId {
        let course = CourseId(uuid(random));
        self.courses.push(course);
        course
    }

    /// Any course there ever was.
    pub(super) fn course(&self, random: &mut StdRng) -> Option<CourseId> {
        one_of(random, &self.courses).copied()
    }

    fn try_draw(&self, random: &mut StdRng) -> Option<Mutation> {
        Some(match random.random_range(0..100) {
            0..8 if self.courses.len() < COURSES_MAX => Self::course_create(random),
            8..22 if self.chapters.len() < CHAPTERS_MAX => self.chapter_create(random)?,
            22..34 if self.assets.len() < VIDEOS_MAX => Self::asset_create(random),
            34..52 if self.videos.len() < VIDEOS_MAX => self.video_create(random)?,
            52..58 => Mutation::CourseRename { course: *one_of(random, &self.courses)?, title: title(random) },
            58..62 => Mutation::ChapterRename { chapter: one_of(random, &self.chapters)?.0, title: title(random) },
            62..68 => Mutation::VideoRename { video: one_of(random, &self.videos)?.0, title: title(random) },
            68..72 => {
                let (moved, course) = *one_of(random, &self.chapters)?;
                let place = between(random, self.chapters.iter().map(|(chapter, _)| *chapter));
                Mutation::ChapterMove { ids: vec![moved], course, place }
            }
            72..82 => self.video_move(random)?,
            82..85 => Mutation::VideoDelete { ids: vec![one_of(random, &self.videos)?.0] },
            85..87 => Mutation::VideoRestore { ids: vec![one_of(random, &self.videos)?.0] },
            87..89 => Mutation::ChapterDelete { ids: vec![one_of(random, &self.chapters)?.0] },
            89..91 => Mutation::ChapterRestore { ids: vec![one_of(random, &self.chapters)?.0] },
            91..92 => Mutation::CourseDelete { course: *one_of(random, &self.courses)? },
            92..93 => Mutation::CourseRestore { course: *one_of(random, &self.courses)? },
            93..95 => Mutation::AssetRename { asset: *one_of(random, &self.assets)?, name: title(random) },
            95..96 => {
                let probe = Probe { duration_ms: Some(random.random_range(1..9_999)), ..Probe::default() };
                Mutation::AssetDescribe { asset: *one_of(random, &self.assets)?, probe, thumbnail: random.random() }
            }
            96..98 => {
                let uses = self.videos.iter().map(|(video, _)| *video).filter(|_| random.random()).collect();
                Mutation::AssetReplace { successor: *one_of(random, &self.assets)?, uses }
            }
            98..99 => {
                let uses = self.videos.iter().map(|(video, _)| *video).collect();
                Mutation::AssetDelete { ids: vec![*one_of(random, &self.assets)?], uses, attachments: Vec::new() }
            }
            99..100 => {
                let uses = self.videos.iter().map(|(video, _)| *video).filter(|_| random.random()).collect();
                Mutation::AssetRestore { ids: vec![*one_of(random, &self.assets)?], uses, attachments: Vec::new() }
            }
            _ => return None,
        })
    }

    fn course_create(random: &mut StdRng) -> Mutation {
        Mutation::CourseCreate { course: CourseId(uuid(random)), title: title(random) }
    }

    fn chapter_create(&self, random: &mut StdRng) -> Option<Mutation> {
        let (chapter, course) = (ChapterId(uuid(random)), *one_of(random, &self.courses)?);
        let place = between(random, self.chapters.iter().map(|(chapter, _)| *chapter));
        Some(Mutation::ChapterCreate { chapter, course, title: title(random), place })
    }

    fn asset_create(random: &mut StdRng) -> Mutation {
        let asset = AssetId(uuid(random));
        let (name, kind, bytes) = (title(random), AssetKind::Video, random.random_range(1..1_000));
        Mutation::AssetCreate { asset, name, kind, bytes, predecessor: None }
    }

    fn video_create(&self, random: &mut StdRng) -> Option<Mutation> {
        let (chapter, course) = *one_of(random, &self.chapters)?;
        let (video, asset) = (VideoId(uuid(random)), *one_of(random, &self.assets)?);
        let place = between(random, self.videos.iter().map(|(video, _)| *video));
        Some(Mutation::VideoCreate { video, course, chapter, asset, title: title(random), place })
    }

    fn video_move(&self, random: &mut StdRng) -> Option<Mutation> {
        let (chapter, course) = *one_of(random, &self.chapters)?;
        let of_course = self.videos.iter().filter(|(_, of)| *of == course).map(|(video, _)| *video);
        let ids: Vec<VideoId> = of_course.filter(|_| random.random_range(0..3) == 0).collect();
        let place = between(random, self.videos.iter().map(|(video, _)| *video));
        (!ids.is_empty()).then_some(Mutation::VideoMove { ids, chapter, place })
    }
}

/// Beside rows that may be anywhere.
fn between<Id: Copy>(random: &mut StdRng, ids: impl Iterator<Item = Id>) -> Between<Id> {
    let ids: Vec<Id> = ids.collect();
    let mut one = |share: f64| if random.random_bool(share) { one_of(random, &ids).copied() } else { None };
    Between { after: one(0.5), before: one(0.3) }
}
