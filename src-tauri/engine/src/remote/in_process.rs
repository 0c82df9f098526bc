//! The course server in this very process: REST through the router, the live feed through an in-memory pipe. No port.

use super::RemoteError;
use super::rest::{Rest, Transport, pokes, refusal};
use axum::Router;
use axum::body::Body;
use futures::stream::BoxStream;
use http::{Method, Request};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use lectern_shared::protocol::LiveMessage;
use tower::ServiceExt;

/// Bytes the pipe of the live feed holds.
const PIPE_BYTES: usize = 64 * 1024;

/// Speaks to a router, with the identity the router was given.
pub type InProcessServer = Rest<InProcess>;

#[derive(Clone)]
pub struct InProcess(Router);

impl InProcessServer {
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self(InProcess(router))
    }
}

#[async_trait::async_trait]
impl Transport for InProcess {
    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, RemoteError> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(http::header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, Body::from))
            .map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        let Ok(response) = self.0.clone().oneshot(request).await;
        let status = response.status();
        let body = response.into_body().collect().await;
        let body = body.map_err(|error| RemoteError::Unreachable(error.to_string()))?.to_bytes();
        if status.is_success() { Ok(body.to_vec()) } else { Err(refusal(status, &body)) }
    }

    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError> {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        let service = TowerToHyperService::new(self.0.clone());
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(theirs), service);
            // Ends with the stream, which ends with its reader.
            let _ = connection.with_upgrades().await;
        });
        let socket = tokio_tungstenite::client_async("ws://in-process/v1/live", ours).await;
        Ok(pokes(socket.map_err(|error| RemoteError::Unreachable(error.to_string()))?.0))
    }
}
