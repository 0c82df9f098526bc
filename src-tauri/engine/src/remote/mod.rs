//! What the app asks of the world outside: the course server (in this process or over HTTP), and the object store that
//! parts are sent to.

pub mod in_process;
mod line;
pub mod sender;

pub use line::{Line, Patience, Pauses, RootCertificate};

use futures::stream::BoxStream;
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{
    CompleteUpload, OpenUpload, OpenedUpload, PartsResponse, Poke, Problem, PullRequest, PullResponse, PushRequest,
    PushResponse, Rendition, SignedUrl, UrlsRequest, UrlsResponse,
};

/// Why a call to the course server failed.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// No answer: it may or may not have been executed. Every call may be made again.
    #[error("the course server does not answer: {0}")]
    Unreachable(String),
    #[error("the course server refused: {}", .0.detail)]
    Problem(Problem),
}

/// The course server, whichever way it is reached.
#[async_trait::async_trait]
pub trait CourseServer: Send + Sync + 'static {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, RemoteError>;
    async fn pull(&self, request: &PullRequest) -> Result<PullResponse, RemoteError>;
    async fn open_upload(&self, request: &OpenUpload) -> Result<OpenedUpload, RemoteError>;
    async fn part_urls(&self, asset: AssetId, request: &UrlsRequest) -> Result<UrlsResponse, RemoteError>;
    async fn stored_parts(&self, asset: AssetId) -> Result<PartsResponse, RemoteError>;
    async fn complete_upload(&self, asset: AssetId, request: &CompleteUpload) -> Result<(), RemoteError>;
    async fn cancel_upload(&self, asset: AssetId) -> Result<(), RemoteError>;
    /// Where to PUT the asset's thumbnail (JPEG).
    async fn thumbnail_url(&self, asset: AssetId) -> Result<SignedUrl, RemoteError>;
    /// Where to GET the asset's bytes.
    async fn asset_url(&self, asset: AssetId, rendition: Rendition) -> Result<SignedUrl, RemoteError>;
    /// Pokes, until the feed is lost.
    async fn live(&self) -> Result<BoxStream<'static, Poke>, RemoteError>;
}
