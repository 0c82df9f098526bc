//! Named edits. A mutation carries intent (between which neighbours), never results (which position): the server
//! executes it again on what it has by then.

use crate::ids::{AssetId, AttachmentId, ChapterId, CourseId, VideoId};
use crate::media::{AssetKind, AttachmentRole, Probe};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Most rows one mutation may name.
pub const IDS_MAX: usize = 1_000;

/// Where a moved or new row goes: after one neighbour, else before the other, else at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Between<Id> {
    #[cfg_attr(feature = "openapi", schema(value_type = Option<uuid::Uuid>))]
    pub after: Option<Id>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<uuid::Uuid>))]
    pub before: Option<Id>,
}

/// At the end. Not derived: that would ask for a default id.
impl<Id> Default for Between<Id> {
    fn default() -> Self {
        Self { after: None, before: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "name", content = "args")]
pub enum Mutation {
    #[serde(rename = "course.create")]
    CourseCreate { course: CourseId, title: String },
    #[serde(rename = "course.rename")]
    CourseRename { course: CourseId, title: String },
    /// What it is about: lines of plain text, none to say nothing.
    #[serde(rename = "course.describe")]
    CourseDescribe { course: CourseId, description: String },
    /// Shows it to readers, with every edit from now on.
    #[serde(rename = "course.publish")]
    CoursePublish { course: CourseId },
    #[serde(rename = "course.unpublish")]
    CourseUnpublish { course: CourseId },
    #[serde(rename = "course.delete")]
    CourseDelete { course: CourseId },
    #[serde(rename = "course.restore")]
    CourseRestore { course: CourseId },

    #[serde(rename = "chapter.create")]
    ChapterCreate { chapter: ChapterId, course: CourseId, title: String, place: Between<ChapterId> },
    #[serde(rename = "chapter.rename")]
    ChapterRename { chapter: ChapterId, title: String },
    #[serde(rename = "chapter.move")]
    ChapterMove { ids: Vec<ChapterId>, course: CourseId, place: Between<ChapterId> },
    #[serde(rename = "chapter.delete")]
    ChapterDelete { ids: Vec<ChapterId> },
    #[serde(rename = "chapter.restore")]
    ChapterRestore { ids: Vec<ChapterId> },

    #[serde(rename = "video.create")]
    VideoCreate {
        video: VideoId,
        course: CourseId,
        chapter: ChapterId,
        asset: AssetId,
        title: String,
        place: Between<VideoId>,
    },
    #[serde(rename = "video.rename")]
    VideoRename { video: VideoId, title: String },
    #[serde(rename = "video.describe")]
    VideoDescribe { video: VideoId, description: String },
    /// `ids` stand together afterwards, in the order given. All of one course, which is the chapter's.
    #[serde(rename = "video.move")]
    VideoMove { ids: Vec<VideoId>, chapter: ChapterId, place: Between<VideoId> },
    #[serde(rename = "video.delete")]
    VideoDelete { ids: Vec<VideoId> },
    #[serde(rename = "video.restore")]
    VideoRestore { ids: Vec<VideoId> },

    /// Ties a file to a video. A poster takes the place of the one there is, captions of those in the same language.
    #[serde(rename = "video.attach")]
    VideoAttach {
        attachment: AttachmentId,
        video: VideoId,
        asset: AssetId,
        role: AttachmentRole,
        /// BCP 47 tag.
        language: Option<String>,
    },
    #[serde(rename = "attachment.label")]
    AttachmentLabel { attachment: AttachmentId, language: Option<String> },
    #[serde(rename = "attachment.delete")]
    AttachmentDelete { ids: Vec<AttachmentId> },
    #[serde(rename = "attachment.restore")]
    AttachmentRestore { ids: Vec<AttachmentId> },

    /// Announces a file whose bytes follow. Only the upload engine makes these.
    #[serde(rename = "asset.create")]
    AssetCreate { asset: AssetId, name: String, kind: AssetKind, bytes: u64, predecessor: Option<AssetId> },
    #[serde(rename = "asset.rename")]
    AssetRename { asset: AssetId, name: String },
    /// What a look into the file found. Only the upload engine makes these.
    #[serde(rename = "asset.describe")]
    AssetDescribe { asset: AssetId, probe: Probe, thumbnail: bool },
    /// The videos in `uses` show `successor` from now on, whatever they showed until now: the last one to replace a file
    /// wins, and every file that was shown stays in the library. Places, titles and captions stay.
    #[serde(rename = "asset.replace")]
    AssetReplace { successor: AssetId, uses: Vec<VideoId> },
    /// Deletes the assets, the videos in `uses` and what is in `attachments`. Rejected when a live use is not named there:
    /// what a person was not shown is not deleted.
    #[serde(rename = "asset.delete")]
    AssetDelete {
        ids: Vec<AssetId>,
        uses: Vec<VideoId>,
        // Not written when there are none: the hash of an edit of before stays what it was.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<AttachmentId>>")]
        attachments: Vec<AttachmentId>,
    },
    #[serde(rename = "asset.restore")]
    AssetRestore {
        ids: Vec<AssetId>,
        uses: Vec<VideoId>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        #[ts(optional, as = "Option<Vec<AttachmentId>>")]
        attachments: Vec<AttachmentId>,
    },
}

impl Mutation {
    /// Its name on the wire and in the outbox.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CourseCreate { .. } => "course.create",
            Self::CourseRename { .. } => "course.rename",
            Self::CourseDescribe { .. } => "course.describe",
            Self::CoursePublish { .. } => "course.publish",
            Self::CourseUnpublish { .. } => "course.unpublish",
            Self::CourseDelete { .. } => "course.delete",
            Self::CourseRestore { .. } => "course.restore",
            Self::ChapterCreate { .. } => "chapter.create",
            Self::ChapterRename { .. } => "chapter.rename",
            Self::ChapterMove { .. } => "chapter.move",
            Self::ChapterDelete { .. } => "chapter.delete",
            Self::ChapterRestore { .. } => "chapter.restore",
            Self::VideoCreate { .. } => "video.create",
            Self::VideoRename { .. } => "video.rename",
            Self::VideoDescribe { .. } => "video.describe",
            Self::VideoMove { .. } => "video.move",
            Self::VideoDelete { .. } => "video.delete",
            Self::VideoRestore { .. } => "video.restore",
            Self::VideoAttach { .. } => "video.attach",
            Self::AttachmentLabel { .. } => "attachment.label",
            Self::AttachmentDelete { .. } => "attachment.delete",
            Self::AttachmentRestore { .. } => "attachment.restore",
            Self::AssetCreate { .. } => "asset.create",
            Self::AssetRename { .. } => "asset.rename",
            Self::AssetDescribe { .. } => "asset.describe",
            Self::AssetReplace { .. } => "asset.replace",
            Self::AssetDelete { .. } => "asset.delete",
            Self::AssetRestore { .. } => "asset.restore",
        }
    }

    /// Whether the window may ask for it. Announcing and describing files is the engine's alone.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        !matches!(self, Self::AssetCreate { .. } | Self::AssetDescribe { .. })
    }
}
