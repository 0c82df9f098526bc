//! Rows as they travel and as both sides store them, and the cache tags that tell the window what changed.

use crate::Millis;
use crate::course::{Chapter, Course, Video};
use crate::ids::{AssetId, CourseId, SpaceId};
use crate::media::{Asset, AssetSummary, Attachment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use ts_rs::TS;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    Course,
    Chapter,
    Video,
    Attachment,
    Asset,
    Summary,
}

impl RowKind {
    pub const ALL: [Self; 6] = [Self::Course, Self::Chapter, Self::Video, Self::Attachment, Self::Asset, Self::Summary];

    /// Its name in tables and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Course => "course",
            Self::Chapter => "chapter",
            Self::Video => "video",
            Self::Attachment => "attachment",
            Self::Asset => "asset",
            Self::Summary => "summary",
        }
    }
}

/// Of a space's rows that are not deleted, with their versions and in any order. The same on both sides, or one of them has
/// lost something. BLAKE3, hex.
#[must_use]
pub fn checksum(rows: impl IntoIterator<Item = (RowKey, u64)>) -> String {
    let rows: BTreeSet<(RowKey, u64)> = rows.into_iter().collect();
    let mut hasher = blake3::Hasher::new();
    for (RowKey { kind, id }, version) in rows {
        hasher.update(kind.name().as_bytes()).update(&[0]).update(id.as_bytes()).update(&version.to_be_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    pub kind: RowKind,
    pub id: Uuid,
}

/// One row of a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum Row {
    Course(Course),
    Chapter(Chapter),
    Video(Video),
    Attachment(Attachment),
    Asset(Asset),
    Summary(AssetSummary),
}

impl Row {
    #[must_use]
    pub fn key(&self) -> RowKey {
        let (kind, id) = match self {
            Self::Course(row) => (RowKind::Course, row.id.0),
            Self::Chapter(row) => (RowKind::Chapter, row.id.0),
            Self::Video(row) => (RowKind::Video, row.id.0),
            Self::Attachment(row) => (RowKind::Attachment, row.id.0),
            Self::Asset(row) => (RowKind::Asset, row.id.0),
            Self::Summary(row) => (RowKind::Summary, AssetSummary::row_id(row.course, row.asset)),
        };
        RowKey { kind, id }
    }

    /// The space the row lives in. A row never changes its space.
    #[must_use]
    pub fn space(&self) -> SpaceId {
        match self {
            Self::Course(row) => row.id.into(),
            Self::Chapter(row) => row.course.into(),
            Self::Video(row) => row.course.into(),
            Self::Attachment(row) => row.course.into(),
            Self::Asset(row) => row.owner.into(),
            Self::Summary(row) => row.course.into(),
        }
    }

    /// What it is a child of: a chapter's course, a video's chapter, an attachment's video.
    #[must_use]
    pub fn parent(&self) -> Option<Uuid> {
        match self {
            Self::Chapter(row) => Some(row.course.0),
            Self::Video(row) => Some(row.chapter.0),
            Self::Attachment(row) => Some(row.video.0),
            Self::Course(_) | Self::Asset(_) | Self::Summary(_) => None,
        }
    }

    /// The asset it shows or describes.
    #[must_use]
    pub fn asset(&self) -> Option<AssetId> {
        match self {
            Self::Video(row) => Some(row.asset),
            Self::Attachment(row) => Some(row.asset),
            Self::Summary(row) => Some(row.asset),
            Self::Course(_) | Self::Chapter(_) | Self::Asset(_) => None,
        }
    }

    /// What courses show of an asset is never deleted.
    #[must_use]
    pub fn deleted_at(&self) -> Option<Millis> {
        match self {
            Self::Course(row) => row.deleted_at,
            Self::Chapter(row) => row.deleted_at,
            Self::Video(row) => row.deleted_at,
            Self::Attachment(row) => row.deleted_at,
            Self::Asset(row) => row.deleted_at,
            Self::Summary(_) => None,
        }
    }

    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.deleted_at().is_some()
    }

    /// Tags of the reads that show it.
    #[must_use]
    pub fn tags(&self) -> Vec<CacheTag> {
        match self {
            Self::Course(row) => vec![CacheTag::Courses, CacheTag::Course(row.id), CacheTag::Assets],
            Self::Chapter(row) => vec![CacheTag::Courses, CacheTag::Course(row.course), CacheTag::Assets],
            Self::Video(row) => vec![CacheTag::Courses, CacheTag::Course(row.course), CacheTag::Assets],
            Self::Attachment(row) => vec![CacheTag::Course(row.course), CacheTag::Assets],
            Self::Asset(_) => vec![CacheTag::Assets],
            Self::Summary(row) => vec![CacheTag::Course(row.course)],
        }
    }
}

/// Reads provide these; mutations and events invalidate them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(tag = "tag", content = "id", rename_all = "snake_case")]
pub enum CacheTag {
    Workspace,
    Courses,
    Course(CourseId),
    Assets,
    Uploads,
}
