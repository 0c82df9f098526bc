//! The course server in this very process: REST through the router, the live feed through an in-memory pipe. No port.

use super::{CourseServer, RemoteError};
use axum::Router;
use axum::body::Body;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, CompletedUploads, OpenUpload, OpenUploads, OpenedUpload, OpenedUploads,
    PartsResponse, Poke, Problem, ProblemCode, PullRequest, PullResponse, PushRequest, PushResponse, Rendition,
    SignedUrl, UrlsRequest, UrlsResponse,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio_tungstenite::tungstenite::Message;
use tower::ServiceExt;

/// Bytes the pipe of the live feed holds.
const PIPE_BYTES: usize = 64 * 1024;

/// Speaks to a router, with the identity the router was given.
#[derive(Clone)]
pub struct InProcessServer {
    router: Router,
}

impl InProcessServer {
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self { router }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, RemoteError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, Body::from))
            .map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let body = response
            .into_body()
            .collect()
            .await
            .map_err(|error| RemoteError::Unreachable(error.to_string()))?
            .to_bytes();
        if status.is_success() { Ok(body.to_vec()) } else { Err(problem(status, &body)) }
    }

    async fn post<A: Serialize + Sync, T: DeserializeOwned>(&self, path: &str, body: &A) -> Result<T, RemoteError> {
        let body = serde_json::to_vec(body).map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        parse(&self.call(Method::POST, path, Some(body)).await?)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, RemoteError> {
    serde_json::from_slice(body)
        .map_err(|error| RemoteError::Unreachable(format!("the answer cannot be read: {error}")))
}

fn problem(status: StatusCode, body: &[u8]) -> RemoteError {
    match serde_json::from_slice(body) {
        Ok(problem) => RemoteError::Problem(problem),
        Err(_) if status.is_server_error() => RemoteError::Unreachable(status.to_string()),
        Err(_) => RemoteError::Problem(Problem { code: ProblemCode::Invalid, detail: status.to_string() }),
    }
}

#[async_trait::async_trait]
impl CourseServer for InProcessServer {
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
        parse(&self.call(Method::GET, &format!("/v1/uploads/{asset}/parts"), None).await?)
    }

    async fn complete_upload(&self, asset: AssetId, request: &CompleteUpload) -> Result<(), RemoteError> {
        let body = serde_json::to_vec(request).map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        self.call(Method::POST, &format!("/v1/uploads/{asset}/complete"), Some(body)).await.map(drop)
    }

    async fn complete_uploads(&self, request: &CompleteUploads) -> Result<CompletedUploads, RemoteError> {
        self.post("/v1/uploads/complete", request).await
    }

    async fn cancel_upload(&self, asset: AssetId) -> Result<(), RemoteError> {
        self.call(Method::DELETE, &format!("/v1/uploads/{asset}"), None).await.map(drop)
    }

    async fn thumbnail_url(&self, asset: AssetId) -> Result<SignedUrl, RemoteError> {
        parse(&self.call(Method::POST, &format!("/v1/assets/{asset}/thumbnail"), None).await?)
    }

    async fn asset_url(&self, asset: AssetId, rendition: Rendition) -> Result<SignedUrl, RemoteError> {
        let name = match rendition {
            Rendition::Original => "original",
            Rendition::Thumb => "thumb",
        };
        parse(&self.call(Method::GET, &format!("/v1/assets/{asset}/url?rendition={name}"), None).await?)
    }

    async fn live(&self) -> Result<BoxStream<'static, Poke>, RemoteError> {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let service = TowerToHyperService::new(self.router.clone());
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), service);
            // Ends with the stream, which ends with its reader.
            let _ = connection.with_upgrades().await;
        });
        let (socket, _) = tokio_tungstenite::client_async("ws://in-process/v1/live", ours)
            .await
            .map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        let pokes = socket.take_while(|message| std::future::ready(message.is_ok())).flat_map(|message| {
            let poke = match message {
                Ok(Message::Text(text)) => serde_json::from_str::<Poke>(&text).ok(),
                _ => None,
            };
            stream::iter(poke)
        });
        Ok(pokes.boxed())
    }
}
