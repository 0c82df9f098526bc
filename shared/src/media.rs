//! The media library: assets, what courses show of them, and the library's own views.

use crate::Millis;
use crate::ids::{AssetId, AttachmentId, ChapterId, CourseId, OperationId, UserId, VideoId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssetKind {
    Video,
    Audio,
    Image,
    Document,
    Other,
}

impl AssetKind {
    /// Whether a chapter can show it as a video.
    #[must_use]
    pub fn is_playable(self) -> bool {
        matches!(self, Self::Video | Self::Audio)
    }
}

/// What the server knows of the bytes. How far an upload has come is the upload's business, not the asset's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AssetState {
    /// Announced; the store has no checked object yet.
    Expected,
    /// The store has the bytes and they were checked.
    Ready,
    /// It was in the trash for so long that its bytes were deleted for good.
    Purged,
}

/// What was found out by looking into the file. Every field may be missing: a probe never blocks an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Probe {
    pub duration_ms: Option<u64>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// As people name it: "H.264", "HEVC", "AV1".
    pub video_codec: Option<String>,
    pub audio_codec: Option<String>,
    /// Format name of the container: "MP4", "QuickTime", "Matroska".
    pub container: Option<String>,
}

/// One file of the media library. Its bytes never change: a replacement is a new asset with a `predecessor`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Asset {
    pub id: AssetId,
    /// Its library is the space the row lives in.
    pub owner: UserId,
    pub name: String,
    pub kind: AssetKind,
    pub bytes: u64,
    /// BLAKE3 of all bytes, lower-case hex; there once the asset is ready.
    pub blake3: Option<String>,
    pub probe: Probe,
    pub state: AssetState,
    /// A thumbnail rendition is in the store.
    pub thumbnail: bool,
    pub predecessor: Option<AssetId>,
    pub created_at: Millis,
    pub deleted_at: Option<Millis>,
}

/// What a course shows of an asset, written by the server into each course that uses it, in the same transaction as
/// every change of the asset: members read a course from its own space alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AssetSummary {
    pub asset: AssetId,
    pub course: CourseId,
    pub owner: UserId,
    pub name: String,
    pub kind: AssetKind,
    pub bytes: u64,
    pub state: AssetState,
    pub thumbnail: bool,
    pub duration_ms: Option<u64>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub codec: Option<String>,
}

impl AssetSummary {
    /// The row's own id: the same on client and server without asking anybody.
    #[must_use]
    pub fn row_id(course: CourseId, asset: AssetId) -> Uuid {
        Uuid::new_v5(&course.0, asset.0.as_bytes())
    }

    #[must_use]
    pub fn of(asset: &Asset, course: CourseId) -> Self {
        Self {
            asset: asset.id,
            course,
            owner: asset.owner,
            name: asset.name.clone(),
            kind: asset.kind,
            bytes: asset.bytes,
            state: asset.state,
            thumbnail: asset.thumbnail,
            duration_ms: asset.probe.duration_ms,
            width: asset.probe.width,
            height: asset.probe.height,
            codec: asset.probe.video_codec.clone().or_else(|| asset.probe.audio_codec.clone()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum AttachmentRole {
    Captions,
    Handout,
    Poster,
}

impl AttachmentRole {
    /// Whether a file of this kind can play the role.
    #[must_use]
    pub fn takes(self, kind: AssetKind) -> bool {
        match self {
            Self::Captions => matches!(kind, AssetKind::Document | AssetKind::Other),
            Self::Poster => kind == AssetKind::Image,
            Self::Handout => true,
        }
    }
}

/// An asset tied to a video in a role. A video has one poster, and captions once a language: the last one counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Attachment {
    pub id: AttachmentId,
    pub course: CourseId,
    pub video: VideoId,
    pub asset: AssetId,
    pub role: AttachmentRole,
    /// BCP 47 tag, for captions.
    pub language: Option<String>,
    pub deleted_at: Option<Millis>,
}

/// Whether live videos or attachments show an asset. `Unknown`: a course that may use it has not been synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    Used,
    Unused,
    Unknown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AssetSort {
    #[default]
    Newest,
    Oldest,
    Name,
    Largest,
    Longest,
}

/// What the library screen asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AssetQuery {
    /// Words that must all be found in the name, a course, a chapter, a video title or the codec. Empty: all.
    pub search: String,
    pub kind: Option<AssetKind>,
    /// `used` or `unused`; none for both.
    pub usage: Option<Usage>,
    pub sort: AssetSort,
    pub offset: u32,
    /// At most 500.
    pub limit: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct KindCount {
    pub kind: AssetKind,
    pub count: u32,
}

/// One page of the library and the counts the filters show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AssetPage {
    pub items: Vec<AssetCard>,
    /// Assets that match the query, on all pages.
    pub matching: u32,
    /// All live assets.
    pub total: u32,
    pub total_bytes: u64,
    pub unused: u32,
    /// Live assets by kind, whatever the query.
    pub kinds: Vec<KindCount>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AssetCard {
    pub id: AssetId,
    pub name: String,
    pub kind: AssetKind,
    pub bytes: u64,
    pub state: AssetState,
    pub pending: bool,
    pub duration_ms: Option<u64>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub codec: Option<String>,
    pub thumbnail_url: Option<String>,
    pub usage: Usage,
    pub uses: Vec<AssetUse>,
    /// A newer version took its place.
    pub replaced: bool,
    pub operation: Option<OperationId>,
    pub created_at: Millis,
}

/// A live place that shows an asset, or a live video it is attached to: course › chapter › video.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AssetUse {
    pub course: CourseId,
    pub course_title: String,
    pub chapter: ChapterId,
    pub chapter_title: String,
    pub video: VideoId,
    pub video_title: String,
    /// None: the video shows it.
    pub attached: Option<AttachedAs>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AttachedAs {
    pub attachment: AttachmentId,
    pub role: AttachmentRole,
}
