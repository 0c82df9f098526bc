//! What the upload engine needs of the catalogue, and nothing more: the catalogue implements it, tests bring their own.

use super::source::SourceFacts;
use lectern_shared::Millis;
use lectern_shared::ids::{AssetId, CourseId, OperationId, VideoId};
use lectern_shared::media::{AssetKind, Probe};
use lectern_shared::upload::Destination;
use std::path::PathBuf;

/// A file that is about to be queued.
#[derive(Clone, Debug)]
pub struct NewUpload {
    pub operation: OperationId,
    pub asset: AssetId,
    /// Its place in the chapter of `destination`; none for the library.
    pub video: Option<VideoId>,
    pub path: PathBuf,
    /// Cleaned file name.
    pub name: String,
    /// Title of the video.
    pub title: String,
    pub kind: AssetKind,
    pub bytes: u64,
    /// Modification time, nanoseconds since 1970.
    pub modified_ns: i64,
    /// Device and inode, or volume and index; zero where the file system has none.
    pub file_id: (u64, u64),
    pub destination: Destination,
    pub replaces: Option<Replaces>,
}

/// What a file takes the place of once it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    pub asset: AssetId,
    /// The videos that will show the new file.
    pub uses: Vec<VideoId>,
}

/// A queued upload as the catalogue keeps it.
#[derive(Clone, Debug)]
pub struct UploadRecord {
    pub operation: OperationId,
    pub asset: AssetId,
    pub video: Option<VideoId>,
    pub course: Option<CourseId>,
    pub path: PathBuf,
    pub name: String,
    pub kind: AssetKind,
    pub bytes: u64,
    pub modified_ns: i64,
    pub file_id: (u64, u64),
    /// "Organic Chemistry II › Kinetics", or empty for the library.
    pub destination: String,
    /// Paused by the user, kept across restarts.
    pub paused: bool,
    pub outcome: Option<Outcome>,
    /// When the person needs it there.
    pub needed_by: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ready,
    Failed,
}

/// What the course server said to the asset's `asset.create`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announced {
    Confirmed,
    Rejected { detail: String },
}

#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    #[error("the catalogue could not be written: {0}")]
    Storage(String),
    #[error("{0}")]
    Rejected(#[from] lectern_shared::sync::Rejection),
}

#[async_trait::async_trait]
pub trait UploadCatalogue: Send + Sync + 'static {
    /// Writes `asset.create`, `video.create` and the upload row of every file in one transaction, in this order; several
    /// files of one drop stand one after the other. A video waits for one file at a time to replace its own: the last.
    async fn queue(&self, files: Vec<NewUpload>) -> Result<Vec<UploadRecord>, CatalogueError>;
    /// Every upload that was not cleared, oldest first.
    async fn uploads(&self) -> Result<Vec<UploadRecord>, CatalogueError>;
    /// Waits until the course server has confirmed or rejected some of these, and says which. Without a server this waits
    /// for ever.
    async fn announced(&self, assets: &[AssetId]) -> Result<Vec<(AssetId, Announced)>, CatalogueError>;
    async fn set_paused(&self, operation: OperationId, paused: bool) -> Result<(), CatalogueError>;
    /// The file was found at another place, or with another size. With another size it must be described again.
    async fn set_source(&self, operation: OperationId, path: PathBuf, facts: SourceFacts)
    -> Result<(), CatalogueError>;
    async fn set_needed_by(&self, operations: &[OperationId], at: Option<Millis>) -> Result<(), CatalogueError>;
    /// With [`Outcome::Ready`] goes the `asset.replace` of the file, in the same transaction.
    async fn set_outcome(&self, operation: OperationId, outcome: Option<Outcome>) -> Result<(), CatalogueError>;
    /// Cancelled by the user: takes the upload row away and deletes the place and the asset it was for.
    async fn cancel(&self, operation: OperationId) -> Result<(), CatalogueError>;
    /// Forgets a finished upload. The asset stays.
    async fn clear(&self, operation: OperationId) -> Result<(), CatalogueError>;
    /// Queues `asset.describe`.
    async fn describe(&self, asset: AssetId, probe: Probe, thumbnail: bool) -> Result<(), CatalogueError>;
}
