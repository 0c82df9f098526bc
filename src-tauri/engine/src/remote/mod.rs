//! What the app asks of the world outside: the course server (in this process or over HTTP), and the object store that
//! parts are sent to.

pub mod in_process;
mod line;
mod people;
mod rest;
pub mod sender;
pub mod team;

pub use line::{Line, Patience, Pauses, RootCertificate};

use futures::stream::BoxStream;
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, CompletedUploads, LiveMessage, OpenUpload, OpenUploads, OpenedUpload,
    OpenedUploads, PartsResponse, Problem, ProblemCode, ProgressRequest, PullRequest, PullResponse, PushRequest,
    PushResponse, Rendition, SignedUrl, UrlsRequest, UrlsResponse,
};

/// Why a call to the course server failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RemoteError {
    /// No answer: it may or may not have been executed. Every call may be made again.
    #[error("the course server does not answer: {0}")]
    Unreachable(String),
    #[error("the course server refused: {}", .0.detail)]
    Problem(Problem),
}

impl RemoteError {
    /// The server does not let this device in: not now, or not any more.
    #[must_use]
    pub fn is_signed_out(&self) -> bool {
        matches!(self, Self::Problem(Problem { code: ProblemCode::Unauthenticated, .. }))
    }
}

/// A refusal is an answer; silence is not.
fn refused<T>(result: Result<T, RemoteError>) -> Result<Result<T, Problem>, RemoteError> {
    match result {
        Ok(answer) => Ok(Ok(answer)),
        Err(RemoteError::Problem(problem)) => Ok(Err(problem)),
        Err(silence) => Err(silence),
    }
}

/// The course server, whichever way it is reached.
#[async_trait::async_trait]
pub trait CourseServer: Send + Sync + 'static {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, RemoteError>;
    async fn pull(&self, request: &PullRequest) -> Result<PullResponse, RemoteError>;
    async fn open_upload(&self, request: &OpenUpload) -> Result<OpenedUpload, RemoteError>;
    /// Files of one PUT, answered one for one.
    async fn open_uploads(&self, request: &OpenUploads) -> Result<OpenedUploads, RemoteError> {
        let mut answers = Vec::with_capacity(request.uploads.len());
        for upload in &request.uploads {
            answers.push(refused(self.open_upload(upload).await)?);
        }
        Ok(OpenedUploads { answers })
    }
    async fn part_urls(&self, asset: AssetId, request: &UrlsRequest) -> Result<UrlsResponse, RemoteError>;
    async fn stored_parts(&self, asset: AssetId) -> Result<PartsResponse, RemoteError>;
    async fn complete_upload(&self, asset: AssetId, request: &CompleteUpload) -> Result<(), RemoteError>;
    /// The same for several, answered one for one.
    async fn complete_uploads(&self, request: &CompleteUploads) -> Result<CompletedUploads, RemoteError> {
        let mut answers = Vec::with_capacity(request.uploads.len());
        for (asset, upload) in &request.uploads {
            answers.push(refused(self.complete_upload(*asset, upload).await)?);
        }
        Ok(CompletedUploads { answers })
    }
    async fn cancel_upload(&self, asset: AssetId) -> Result<(), RemoteError>;
    /// Where to PUT the asset's thumbnail (JPEG).
    async fn thumbnail_url(&self, asset: AssetId) -> Result<SignedUrl, RemoteError>;
    /// Where to GET the asset's bytes.
    async fn asset_url(&self, asset: AssetId, rendition: Rendition) -> Result<SignedUrl, RemoteError>;
    /// Shows others how far these are. Nobody is there to see it unless this is a team's server.
    async fn tell_progress(&self, _request: &ProgressRequest) -> Result<(), RemoteError> {
        Ok(())
    }
    /// Pokes and how far others are, until the feed is lost.
    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError>;
}
