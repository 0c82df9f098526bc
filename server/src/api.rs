//! The routes, their limits, and how failures are answered.

use crate::auth::Identity;
use crate::object_store::StoreError;
use crate::{Server, StoreFailure, live, progress, pull, push, uploads};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use http::StatusCode;
use lectern_shared::ids::{AssetId, UserId};
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, CompletedUploads, OpenUpload, OpenUploads, OpenedUpload, OpenedUploads,
    PartsResponse, Problem, ProblemCode, PullRequest, PullResponse, PushRequest, PushResponse, REQUEST_BYTES_MAX,
    Rendition, SignedUrl, UrlsRequest, UrlsResponse,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Any answer that is not 2xx.
#[derive(Debug)]
pub struct ApiError(Problem);

impl ApiError {
    pub(crate) fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self(Problem { code, detail: detail.into() })
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        error.0
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.0)).into_response()
    }
}

impl From<StoreFailure> for ApiError {
    fn from(failure: StoreFailure) -> Self {
        // The client learns that it was us, the log learns why.
        tracing::error!(%failure, "database");
        Self::new(ProblemCode::Internal, "the server's database failed")
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        StoreFailure::from(error).into()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::Unreachable(_) => ProblemCode::StoreUnreachable,
            // Opening again finds what the store does have.
            StoreError::NoSuchUpload | StoreError::InvalidPart(_) => ProblemCode::UploadGone,
            StoreError::NoSuchKey => ProblemCode::NotFound,
            StoreError::Refused(_) if error.is_cap() => ProblemCode::CapReached,
            StoreError::Refused(_) if error.is_denial() => ProblemCode::StoreDenied,
            StoreError::Refused(_) => ProblemCode::StoreRefused,
        };
        Self::new(code, error.to_string())
    }
}

impl Server {
    /// The routes, for requests that carry an [`Identity`], with their description.
    pub(crate) fn described(&self) -> OpenApiRouter {
        OpenApiRouter::new()
            .routes(routes!(push_route))
            .routes(routes!(pull_route))
            .routes(routes!(live::live))
            .routes(routes!(progress::progress))
            .routes(routes!(open_upload))
            .routes(routes!(open_uploads))
            .routes(routes!(complete_uploads))
            .routes(routes!(cancel_upload))
            .routes(routes!(part_urls))
            .routes(routes!(stored_parts))
            .routes(routes!(complete_upload))
            .routes(routes!(thumbnail_url))
            .routes(routes!(asset_url))
            // 10,000 parts of a complete call are 1.3 MiB.
            .layer(DefaultBodyLimit::max(8 * REQUEST_BYTES_MAX))
            .with_state(self.clone())
    }

    /// The routes for one person, let in without a token: the app's own server.
    pub fn router_for(&self, user: UserId) -> Router {
        Router::from(self.described()).layer(Extension(Identity { user, device: None }))
    }
}

pub(crate) fn parse<T: DeserializeOwned>(body: &Bytes, bytes_max: usize) -> Result<T, ApiError> {
    if body.len() > bytes_max {
        return Err(ApiError::new(ProblemCode::TooLarge, format!("at most {bytes_max} bytes")));
    }
    serde_json::from_slice(body).map_err(|error| ApiError::new(ProblemCode::Invalid, error.to_string()))
}

/// Executes mutations: exactly those after the last one, in order. The same ones again are answered as before.
#[utoipa::path(post, path = "/v1/push", tag = "sync", request_body = PushRequest, responses((status = OK, body = PushResponse), (status = "default", body = Problem)))]
async fn push_route(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: PushRequest = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(push::push(&server, who, request).await?).into_response())
}

/// What changed since the cookies, all from one snapshot.
#[utoipa::path(post, path = "/v1/pull", tag = "sync", request_body = PullRequest, responses((status = OK, body = PullResponse), (status = "default", body = Problem)))]
async fn pull_route(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: PullRequest = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(pull::pull(&server, who, request).await?).into_response())
}

/// Opens the store's side of an upload, or answers the one that is there.
#[utoipa::path(post, path = "/v1/uploads", tag = "uploads", request_body = OpenUpload, responses((status = OK, body = OpenedUpload), (status = "default", body = Problem)))]
async fn open_upload(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: OpenUpload = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::open(&server, who, request).await?).into_response())
}

/// Opens uploads of one PUT each.
#[utoipa::path(post, path = "/v1/uploads/batch", tag = "uploads", request_body = OpenUploads, responses((status = OK, body = OpenedUploads), (status = "default", body = Problem)))]
async fn open_uploads(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: OpenUploads = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::open_all(&server, who, request).await?).into_response())
}

/// Checks and completes uploads of one PUT each.
#[utoipa::path(post, path = "/v1/uploads/complete", tag = "uploads", request_body = CompleteUploads, responses((status = OK, body = CompletedUploads), (status = "default", body = Problem)))]
async fn complete_uploads(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: CompleteUploads = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::complete_all(&server, who, request).await?).into_response())
}

/// Signs URLs that parts are PUT to.
#[utoipa::path(post, path = "/v1/uploads/{asset}/urls", tag = "uploads", params(("asset" = AssetId, Path)), request_body = UrlsRequest, responses((status = OK, body = UrlsResponse), (status = "default", body = Problem)))]
async fn part_urls(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: UrlsRequest = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::urls(&server, who, asset, &request).await?).into_response())
}

/// The parts that the store has.
#[utoipa::path(get, path = "/v1/uploads/{asset}/parts", tag = "uploads", params(("asset" = AssetId, Path)), responses((status = OK, body = PartsResponse), (status = "default", body = Problem)))]
async fn stored_parts(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
) -> Result<Response, ApiError> {
    Ok(Json(uploads::parts(&server, who, asset).await?).into_response())
}

/// Has the store put the parts together, and checks what came of it. Again after success: success.
#[utoipa::path(post, path = "/v1/uploads/{asset}/complete", tag = "uploads", params(("asset" = AssetId, Path)), request_body = CompleteUpload, responses((status = NO_CONTENT), (status = "default", body = Problem)))]
async fn complete_upload(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let request: CompleteUpload = parse(&body, 8 * REQUEST_BYTES_MAX)?;
    uploads::complete(&server, who, asset, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the store's side of an unfinished upload away.
#[utoipa::path(delete, path = "/v1/uploads/{asset}", tag = "uploads", params(("asset" = AssetId, Path)), responses((status = NO_CONTENT), (status = "default", body = Problem)))]
async fn cancel_upload(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
) -> Result<StatusCode, ApiError> {
    uploads::cancel(&server, who, asset).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs a URL that the asset's picture is PUT to.
#[utoipa::path(post, path = "/v1/assets/{asset}/thumbnail", tag = "assets", params(("asset" = AssetId, Path)), responses((status = OK, body = SignedUrl), (status = "default", body = Problem)))]
async fn thumbnail_url(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
) -> Result<Response, ApiError> {
    Ok(Json(uploads::thumbnail_url(&server, who, asset).await?).into_response())
}

#[derive(Deserialize)]
struct UrlQuery {
    rendition: Rendition,
}

/// Signs a URL that the bytes are read from: of one's own assets, and of those that a course one is in shows.
#[utoipa::path(get, path = "/v1/assets/{asset}/url", tag = "assets", params(("asset" = AssetId, Path), ("rendition" = Rendition, Query)), responses((status = OK, body = SignedUrl), (status = "default", body = Problem)))]
async fn asset_url(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
    Query(query): Query<UrlQuery>,
) -> Result<Response, ApiError> {
    Ok(Json(uploads::asset_url(&server, who, asset, query.rendition).await?).into_response())
}
