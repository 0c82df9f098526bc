//! Courses, chapters and videos: the rows that are synced, and what the window shows of them.

use crate::Millis;
use crate::ids::{AssetId, AttachmentId, ChapterId, CourseId, OperationId, SpaceId, VideoId};
use crate::media::{AssetKind, AssetState, AttachmentRole};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A course. Its id is also the id of its space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Course {
    pub id: CourseId,
    pub title: String,
    /// What it is about, in lines of plain text. Rows of before have none.
    #[serde(default)]
    pub description: String,
    pub created_at: Millis,
    /// Readers are shown it since then.
    #[serde(default)]
    pub published_at: Option<Millis>,
    pub deleted_at: Option<Millis>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chapter {
    pub id: ChapterId,
    pub course: CourseId,
    pub title: String,
    /// Sparse, unique among the chapters of a course, deleted ones included.
    pub position: i64,
    pub deleted_at: Option<Millis>,
}

/// A place in a chapter that shows one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Video {
    pub id: VideoId,
    pub course: CourseId,
    pub chapter: ChapterId,
    pub title: String,
    #[serde(default)]
    pub description: String,
    /// Sparse, unique among the videos of a chapter, deleted ones included.
    pub position: i64,
    pub asset: AssetId,
    pub created_at: Millis,
    pub deleted_at: Option<Millis>,
}

impl Course {
    #[must_use]
    pub fn space(&self) -> SpaceId {
        self.id.into()
    }
}

/// A line of the sidebar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CourseListItem {
    pub id: CourseId,
    pub title: String,
    /// Live videos in live chapters.
    pub videos: u32,
    /// Changed here and not confirmed by the course server yet.
    pub pending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CourseList {
    /// Oldest first.
    pub courses: Vec<CourseListItem>,
}

/// A course with all that its screen shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct CourseDetail {
    pub id: CourseId,
    pub title: String,
    pub description: String,
    /// Readers are shown it since then.
    pub published_at: Option<Millis>,
    pub pending: bool,
    pub chapters: Vec<ChapterDetail>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct ChapterDetail {
    pub id: ChapterId,
    pub title: String,
    pub pending: bool,
    /// In order.
    pub videos: Vec<VideoDetail>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct VideoDetail {
    pub id: VideoId,
    pub title: String,
    pub description: String,
    pub pending: bool,
    pub asset: AssetId,
    pub kind: AssetKind,
    /// The file's name.
    pub name: String,
    pub bytes: u64,
    pub state: AssetState,
    pub duration_ms: Option<u64>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// As people name it: "H.264", "HEVC", "AV1".
    pub codec: Option<String>,
    /// Where the window loads the picture from (the loopback preview server).
    pub thumbnail_url: Option<String>,
    /// The upload that carries its bytes, while there is one: its progress comes with the progress events.
    pub operation: Option<OperationId>,
    /// The upload of the file that will be shown instead, once it is ready.
    pub replacement: Option<OperationId>,
    /// Captions, then handouts, then the poster.
    pub attachments: Vec<AttachmentDetail>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachmentDetail {
    pub id: AttachmentId,
    pub role: AttachmentRole,
    /// BCP 47 tag.
    pub language: Option<String>,
    pub pending: bool,
    pub asset: AssetId,
    /// The file's name.
    pub name: String,
    pub bytes: u64,
    pub state: AssetState,
}
