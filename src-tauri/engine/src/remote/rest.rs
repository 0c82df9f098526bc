//! The course server's calls as REST, whichever way its answers come: [`Transport`] carries them.

use super::{CourseServer, RemoteError};
use futures::stream::{self, BoxStream};
use futures::{Sink, Stream, StreamExt};
use http::{Method, StatusCode};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, CompletedUploads, LiveMessage, OpenUpload, OpenUploads, OpenedUpload,
    OpenedUploads, PartsResponse, Problem, ProblemCode, ProgressRequest, PullRequest, PullResponse, PushRequest,
    PushResponse, Rendition, SignedUrl, UrlsRequest, UrlsResponse,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_tungstenite::tungstenite::{Error as SocketError, Message};

/// Carries one call to the server and its answer back, and opens the live feed.
#[async_trait::async_trait]
pub trait Transport: Send + Sync + 'static {
    /// `body` is JSON. Answers what came with a 2xx; everything else is an error: [`refusal`].
    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, RemoteError>;
    /// `/v1/live`, until it is lost.
    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError>;
}

/// Speaks to a course server over a transport.
#[derive(Clone)]
pub struct Rest<T>(pub(super) T);

impl<T: Transport> Rest<T> {
    pub(super) async fn post<A: Serialize + Sync, R: DeserializeOwned>(
        &self,
        path: &str,
        body: &A,
    ) -> Result<R, RemoteError> {
        parse(&self.0.call(Method::POST, path, Some(json(body)?)).await?)
    }
}

pub(super) fn json(body: &impl Serialize) -> Result<Vec<u8>, RemoteError> {
    serde_json::to_vec(body).map_err(|error| RemoteError::Unreachable(error.to_string()))
}

pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, RemoteError> {
    serde_json::from_slice(body)
        .map_err(|error| RemoteError::Unreachable(format!("the answer cannot be read: {error}")))
}

/// What an answer that is not 2xx means. A proxy on the way may answer with anything.
pub(super) fn refusal(status: StatusCode, body: &[u8]) -> RemoteError {
    match serde_json::from_slice(body) {
        Ok(problem) => RemoteError::Problem(problem),
        Err(_) if status.is_server_error() => RemoteError::Unreachable(status.to_string()),
        Err(_) => RemoteError::Problem(Problem { code: ProblemCode::Invalid, detail: status.to_string() }),
    }
}

/// What a socket says, until it is lost. A newer server may say what we do not understand.
pub(super) fn pokes<S>(socket: S) -> BoxStream<'static, LiveMessage>
where
    S: Stream<Item = Result<Message, SocketError>> + Sink<Message> + Send + 'static,
{
    let said = socket.take_while(|message| std::future::ready(message.is_ok())).flat_map(|message| {
        let said = match message {
            Ok(Message::Text(text)) => serde_json::from_str::<LiveMessage>(&text).ok(),
            _ => None,
        };
        stream::iter(said)
    });
    said.boxed()
}

#[async_trait::async_trait]
impl<T: Transport> CourseServer for Rest<T> {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, RemoteError> {
        self.post("/v1/push", request).await
    }

    async fn pull(&self, request: &PullRequest) -> Result<PullResponse, RemoteError> {
        self.post("/v1/pull", request).await
    }

    async fn open_upload(&self, request: &OpenUpload) -> Result<OpenedUpload, RemoteError> {
        self.post("/v1/uploads", request).await
    }

    async fn open_uploads(&self, request: &OpenUploads) -> Result<OpenedUploads, RemoteError> {
        self.post("/v1/uploads/batch", request).await
    }

    async fn part_urls(&self, asset: AssetId, request: &UrlsRequest) -> Result<UrlsResponse, RemoteError> {
        self.post(&format!("/v1/uploads/{asset}/urls"), request).await
    }

    async fn stored_parts(&self, asset: AssetId) -> Result<PartsResponse, RemoteError> {
        parse(&self.0.call(Method::GET, &format!("/v1/uploads/{asset}/parts"), None).await?)
    }

    async fn complete_upload(&self, asset: AssetId, request: &CompleteUpload) -> Result<(), RemoteError> {
        let path = format!("/v1/uploads/{asset}/complete");
        self.0.call(Method::POST, &path, Some(json(request)?)).await.map(drop)
    }

    async fn complete_uploads(&self, request: &CompleteUploads) -> Result<CompletedUploads, RemoteError> {
        self.post("/v1/uploads/complete", request).await
    }

    async fn cancel_upload(&self, asset: AssetId) -> Result<(), RemoteError> {
        self.0.call(Method::DELETE, &format!("/v1/uploads/{asset}"), None).await.map(drop)
    }

    async fn thumbnail_url(&self, asset: AssetId) -> Result<SignedUrl, RemoteError> {
        parse(&self.0.call(Method::POST, &format!("/v1/assets/{asset}/thumbnail"), None).await?)
    }

    async fn asset_url(&self, asset: AssetId, rendition: Rendition) -> Result<SignedUrl, RemoteError> {
        let name = match rendition {
            Rendition::Original => "original",
            Rendition::Thumb => "thumb",
        };
        parse(&self.0.call(Method::GET, &format!("/v1/assets/{asset}/url?rendition={name}"), None).await?)
    }

    async fn tell_progress(&self, request: &ProgressRequest) -> Result<(), RemoteError> {
        self.0.call(Method::POST, "/v1/progress", Some(json(request)?)).await.map(drop)
    }

    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError> {
        self.0.live().await
    }
}
