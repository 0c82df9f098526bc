//! Uploads as the window sees them: where files go, how far they are, why one waits.

use crate::ids::{AssetId, ChapterId, CourseId, OperationId, UserId, VideoId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Where dropped or picked files go. The place is taken at the drop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Destination {
    Library,
    /// Between two videos of a chapter; without anchors at its end.
    Chapter {
        course: CourseId,
        chapter: ChapterId,
        after: Option<VideoId>,
        before: Option<VideoId>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    Queued,
    /// Reading a file again, to be sure its bytes are still the ones that were sent.
    Hashing,
    Uploading,
    /// By the user, or because only the user can help: see the cause.
    Paused,
    /// All bytes are confirmed; the store's object is being checked.
    Verifying,
    Ready,
    /// Will not go on by itself: see the cause.
    Failed,
}

/// Why an upload is not moving. The words are the window's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Cause {
    /// Paused by the user.
    ByUser,
    /// The course server does not answer, or has not confirmed the asset yet. Goes on by itself.
    ServerUnreachable,
    /// The object store does not answer. Goes on by itself.
    StoreUnreachable,
    SourceGone,
    SourceUnreadable {
        detail: String,
    },
    /// The file was changed while it was being sent.
    SourceChanged,
    NotEnoughSpace {
        needed: u64,
        free: u64,
    },
    /// The store's bytes are not the file's, again and again.
    Corrupted {
        detail: String,
    },
    /// The server or the store said no for good.
    Refused {
        detail: String,
    },
}

/// What an upload belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UploadContext {
    Course(CourseId),
    User(UserId),
}

/// The event's name, after the web app this replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ProgressName {
    /// A file on its way to a place in a course.
    UploadProgress,
    UploadComplete,
    /// The video shows the asset, with duration, size and picture.
    VideoUpdateComplete,
    MediaUploadProgress,
    MediaUploadComplete,
    MediaBulkDeleteProgress,
}

/// How far one upload is. A snapshot, not a delta: any one may be lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct UploadSnapshot {
    pub operation: OperationId,
    pub name: ProgressName,
    pub context: UploadContext,
    pub asset: AssetId,
    pub video: Option<VideoId>,
    pub file_name: String,
    /// "Organic Chemistry II › Kinetics", or empty for the library.
    pub destination: String,
    pub state: UploadState,
    pub cause: Option<Cause>,
    pub bytes: u64,
    /// Handed to the network, failed attempts subtracted. `confirmed <= sent <= bytes`.
    pub sent: u64,
    /// Acknowledged by the store with the right hash.
    pub confirmed: u64,
    /// Parts confirmed and in all.
    pub parts_confirmed: u32,
    pub parts: u32,
    pub bytes_per_second: Option<u64>,
    pub seconds_left: Option<u64>,
}

/// All uploads together: the panel's title and the state line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct UploadTotals {
    /// Ready, of `uploads`.
    pub ready: u32,
    pub failed: u32,
    pub uploads: u32,
    pub bytes: u64,
    pub confirmed: u64,
    pub bytes_per_second: u64,
    pub seconds_left: Option<u64>,
    /// Everything that is not ready is paused by the user.
    pub paused: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct UploadList {
    pub uploads: Vec<UploadSnapshot>,
    pub totals: UploadTotals,
}

/// Why a file was not taken. Nothing else of the same drop is touched by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum RefusedReason {
    Empty,
    /// A chapter takes files; the library takes folders too.
    Folder,
    /// No file in it that could be sent.
    EmptyFolder,
    /// A folder with more files than anybody means.
    TooManyFiles {
        most: u32,
    },
    Gone,
    Unreadable {
        detail: String,
    },
    /// A device, a pipe, a socket.
    NotAFile,
    /// Over 10 TB, the store's limit for one file.
    TooLarge,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RefusedFile {
    pub name: String,
    pub reason: RefusedReason,
}

/// What became of the files of one drop or pick.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct IntakeReport {
    pub operations: Vec<OperationId>,
    pub refused: Vec<RefusedFile>,
    /// Names of files that went to the library because a chapter shows video and audio only.
    pub to_library: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum UploadAction {
    Pause,
    Resume,
    Cancel,
    Retry,
    /// Forget finished ones: the assets stay.
    Clear,
    MoveToTop,
}
