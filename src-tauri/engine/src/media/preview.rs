//! Shows the window its media over HTTP on the loopback interface: `asset:` does not play media everywhere, and the
//! window must not learn paths or signed URLs.
//!
//! Who may ask: whoever holds the token of this run (128 random bits in the path) and names this server as host, which
//! stops DNS rebinding. Only the app's own origins may read pixels back (a poster frame from a canvas).

mod files;
mod range;
mod remote;

use crate::remote::RootCertificate;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::StreamExt;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, RANGE, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{Rendition, SignedUrl};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The window's origins: macOS and Linux; Windows; and the UI's own server while it is developed.
const ORIGINS: &[&str] = if cfg!(debug_assertions) {
    &["tauri://localhost", "http://tauri.localhost", "http://localhost:1420"]
} else {
    &["tauri://localhost", "http://tauri.localhost"]
};
/// Answers under way at once. A page of the library asks for thumbnails six at a time.
const ANSWERS_MAX: usize = 64;
const SHUTDOWN_MAX: Duration = Duration::from_secs(2);
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Where the bytes of an asset are.
#[async_trait::async_trait]
pub trait PreviewSource: Send + Sync + 'static {
    /// The file it was or is being uploaded from.
    async fn local_file(&self, asset: AssetId) -> Option<PathBuf>;
    /// A presigned GET, asked for anew with each request.
    async fn remote(&self, asset: AssetId, rendition: Rendition) -> Option<SignedUrl>;
    async fn local_thumbnail(&self, asset: AssetId) -> Option<PathBuf>;
}

/// The preview server. It ends when this is dropped, or gently with [`Previews::shutdown`].
pub struct Previews {
    /// `http://127.0.0.1:<port>/<token>`: never to be logged.
    base: String,
    address: SocketAddr,
    ending: CancellationToken,
    tasks: TaskTracker,
}

impl Previews {
    /// Listens on a free port of 127.0.0.1. `roots` are trusted at the store, beside the system's.
    pub async fn start(source: Arc<dyn PreviewSource>, roots: &[RootCertificate]) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let token = format!("{:032x}", rand::random::<u128>());
        let ending = CancellationToken::new();
        let base = format!("http://{address}/{token}");
        let server = Arc::new(Server {
            source,
            remote: remote::Proxy::new(roots).map_err(io::Error::other)?,
            token,
            host: address.to_string(),
            answers: Arc::new(Semaphore::new(ANSWERS_MAX)),
            ending: ending.clone(),
        });
        let tasks = TaskTracker::new();
        let ended = ending.clone().cancelled_owned();
        tasks.spawn(async move {
            let served = axum::serve(listener, router(server)).with_graceful_shutdown(ended).await;
            if let Err(error) = served {
                tracing::error!(%error, "the preview server ended");
            }
        });
        tasks.close();
        Ok(Self { base, address, ending, tasks })
    }

    #[must_use]
    pub fn media_url(&self, asset: AssetId) -> String {
        format!("{}/media/{asset}", self.base)
    }

    /// `version_hint`: anything that changes with the picture, so that it may be cached for long.
    #[must_use]
    pub fn thumbnail_url(&self, asset: AssetId, version_hint: Option<&str>) -> String {
        let version = version_hint.map(|hint| format!("?v={}", utf8_percent_encode(hint, NON_ALPHANUMERIC)));
        format!("{}/thumbnail/{asset}{}", self.base, version.unwrap_or_default())
    }

    /// `http://127.0.0.1:<port>`, for the window's content security policy.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts answers under way (a paused video would hold its connection for ever) and waits until all has ended.
    pub async fn shutdown(&self) {
        self.ending.cancel();
        if tokio::time::timeout(SHUTDOWN_MAX, self.tasks.wait()).await.is_err() {
            tracing::warn!("the preview server did not end in time");
        }
    }
}

impl Drop for Previews {
    fn drop(&mut self) {
        self.ending.cancel();
    }
}

impl fmt::Debug for Previews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Previews").field("address", &self.address).finish_non_exhaustive()
    }
}

struct Server {
    source: Arc<dyn PreviewSource>,
    remote: remote::Proxy,
    token: String,
    host: String,
    answers: Arc<Semaphore>,
    ending: CancellationToken,
}

fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/{token}/media/{asset}", get(media))
        .route("/{token}/thumbnail/{asset}", get(thumbnail))
        .layer(from_fn_with_state(Arc::clone(&server), guard))
        .with_state(server)
}

/// Before anything else: who asks, and how. After: what the window's engine may do with the answer.
async fn guard(State(server): State<Arc<Server>>, request: Request, next: Next) -> Response {
    let host = request.headers().get(HOST).map(HeaderValue::as_bytes);
    if host != Some(server.host.as_bytes()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let token = request.uri().path().split('/').nth(1).unwrap_or_default();
    if !same(token, &server.token) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let origin = request.headers().get(ORIGIN).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(CORP, HeaderValue::from_static("cross-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Somebody's SVG must not run a script, should it ever be opened as a page.
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = origin.filter(|origin| ORIGINS.iter().any(|ours| origin == ours)) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response
}

/// Compares without telling by its duration where the first difference is.
fn same(given: &str, token: &str) -> bool {
    let difference = given.bytes().zip(token.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b));
    given.len() == token.len() && difference == 0
}

async fn media(
    State(server): State<Arc<Server>>,
    Path((_, asset)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let Some(asset) = asset_id(&asset) else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(permit) = Arc::clone(&server.answers).try_acquire_owned() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    if let Some(path) = server.source.local_file(asset).await
        && let Some(response) = files::media(&path, range).await
    {
        return server.bounded(response, permit);
    }
    let Some(signed) = server.source.remote(asset, Rendition::Original).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut answer = server.remote.media(&signed, range).await;
    if matches!(answer.status(), StatusCode::NOT_FOUND | StatusCode::BAD_GATEWAY)
        && let Some(again) = server.source.remote(asset, Rendition::Original).await
        && !is_same_place(&again, &signed)
    {
        // It was carried to another store between the signing and the reading.
        answer = server.remote.media(&again, range).await;
    }
    server.bounded(answer, permit)
}

fn is_same_place(one: &SignedUrl, other: &SignedUrl) -> bool {
    let place = |signed: &SignedUrl| signed.url.split('?').next().map(str::to_owned);
    place(one) == place(other)
}

async fn thumbnail(
    State(server): State<Arc<Server>>,
    Path((_, asset)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Some(asset) = asset_id(&asset) else { return StatusCode::NOT_FOUND.into_response() };
    let Ok(_permit) = server.answers.acquire().await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let local = match server.source.local_thumbnail(asset).await {
        Some(path) => files::thumbnail(&path).await,
        None => None,
    };
    let jpeg = match local {
        Some(jpeg) => Some(jpeg),
        None => match server.source.remote(asset, Rendition::Thumb).await {
            Some(signed) => server.remote.thumbnail(&signed).await,
            None => None,
        },
    };
    let Some(jpeg) = jpeg else { return StatusCode::NOT_FOUND.into_response() };
    let versioned = uri.query().is_some_and(|query| query.starts_with("v="));
    files::thumbnail_response(jpeg, versioned, &headers)
}

fn asset_id(text: &str) -> Option<AssetId> {
    uuid::Uuid::try_parse(text).ok().map(AssetId)
}

impl Server {
    /// The permit lives as long as the body; the body ends with the server.
    fn bounded(&self, response: Response, permit: OwnedSemaphorePermit) -> Response {
        let ending = self.ending.clone().cancelled_owned();
        response.map(|body| {
            Body::from_stream(body.into_data_stream().take_until(ending).map(move |chunk| {
                let _held = &permit;
                chunk
            }))
        })
    }
}
