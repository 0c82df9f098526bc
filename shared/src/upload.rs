//! Uploads as the window sees them: where files go, how far they are, why one waits.

use crate::ids::{AssetId, ChapterId, CourseId, DropId, EditId, OperationId, SpaceId, UserId, VideoId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The store's limit for one file, 10 TB (<https://www.backblaze.com/docs/cloud-storage-large-files>).
pub const FILE_BYTES_MAX: u64 = 10_000_000_000_000;

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
    /// The drive or network share it is on was taken away. Goes on by itself when it is back.
    DriveGone {
        drive: String,
    },
    /// Only a placeholder of the file is on this computer: its cloud must bring it first.
    CloudOnly,
    /// The system does not let us read it.
    AccessDenied,
    SourceUnreadable {
        detail: String,
    },
    /// Something still writes into the file. Goes on by itself when it rests.
    StillWritten,
    /// The file was emptied, or has become larger than any store takes.
    SourceChanged,
    NotEnoughSpace {
        needed: u64,
        free: u64,
    },
    /// The store's bytes are not the file's, again and again.
    Corrupted {
        detail: String,
    },
    /// The store does not take the key any more, or there is none: connect it again.
    KeyRefused,
    /// The account's cap of storage or calls is used up.
    CapReached,
    /// The server or the store said no for good.
    Refused {
        detail: String,
    },
}

/// What an upload belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UploadContext {
    Course(CourseId),
    User(UserId),
}

impl UploadContext {
    /// Who is in it may see it.
    #[must_use]
    pub fn space(self) -> SpaceId {
        match self {
            Self::Course(course) => course.into(),
            Self::User(user) => user.into(),
        }
    }
}

/// The event's name, after the web app this replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
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
    /// When the person needs it there.
    pub needed_by: Option<crate::Millis>,
    /// As things go it will not be there in time.
    pub late: bool,
    /// The file was changed after some of it was sent: all of it goes as it is now.
    pub changed: bool,
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
    /// Uploads that will miss the time they are needed by.
    pub late: u32,
    /// Uploads whose file is still being written.
    pub still_written: u32,
    /// Nothing is sent for a while.
    pub hold: Option<Hold>,
    /// The limit in force, bytes a second.
    pub limit: Option<u64>,
}

/// Why nothing is sent, and until when; none: until the person says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hold {
    Teaching { until: Option<crate::Millis> },
    Timetable { until: Option<crate::Millis> },
}

/// How much of the line uploads may take.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SendingRules {
    /// At any time; none: all of it. Bytes a second.
    pub limit: Option<u64>,
    /// Goes before `limit` while one of its rows applies; of several the first.
    pub timetable: Vec<TimetableRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct TimetableRow {
    /// 1 is Monday, 7 Sunday: the day on which the row begins.
    pub days: Vec<u8>,
    /// Minutes since midnight, local time.
    pub from_minute: u16,
    /// Not later than `from_minute`: on the next day.
    pub to_minute: u16,
    pub speed: Speed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Speed {
    Full,
    Limit { bytes_per_second: u64 },
    Stop,
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
    /// Files whose bytes are in the library already, and files of a name that is taken. All others of the drop are queued.
    pub question: Option<DuplicateQuestion>,
    /// Takes all of it back; none when nothing was added.
    pub undo: Option<EditId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DuplicateQuestion {
    /// To answer it. The files keep their turn in the drop until then.
    pub id: DropId,
    pub duplicates: Vec<Duplicate>,
}

/// Why a dropped file is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Clash {
    /// The asset has the file's bytes.
    SameBytes,
    /// The asset is another file of the same name: in the chapter, or in the library.
    SameName,
}

/// A dropped file, and the asset that stands against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Duplicate {
    pub index: u32,
    pub clash: Clash,
    pub name: String,
    pub bytes: u64,
    pub asset: AssetId,
    pub asset_name: String,
    pub asset_bytes: u64,
    pub added_at: crate::Millis,
    /// Places that show the asset, in the courses we know.
    pub places: u32,
    pub thumbnail_url: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateChoice {
    /// The place shows the asset that is there; nothing is sent.
    UseExisting,
    /// A second asset, whatever the first one is.
    KeepBoth,
    /// For a file of the same name: shown in the other's place once it is ready, in a chapter in that one place, in the
    /// library wherever it is used. The other stays as its earlier version. For the same bytes: like `UseExisting`.
    Replace,
    Skip,
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
