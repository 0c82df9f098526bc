//! The routes, their limits, and how failures are answered.

use crate::auth::Identity;
use crate::object_store::StoreError;
use crate::{Server, StoreFailure, live, pull, push, uploads};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::StatusCode;
use lectern_shared::ids::{AssetId, UserId};
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, OpenUpload, OpenUploads, Problem, ProblemCode, PullRequest, PushRequest,
    REQUEST_BYTES_MAX, Rendition, UrlsRequest,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

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
    /// The routes, for requests that carry an [`Identity`].
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/push", post(push_route))
            .route("/v1/pull", post(pull_route))
            .route("/v1/live", get(live::live))
            .route("/v1/uploads", post(open_upload))
            .route("/v1/uploads/batch", post(open_uploads))
            .route("/v1/uploads/complete", post(complete_uploads))
            .route("/v1/uploads/{asset}", axum::routing::delete(cancel_upload))
            .route("/v1/uploads/{asset}/urls", post(part_urls))
            .route("/v1/uploads/{asset}/parts", get(stored_parts))
            .route("/v1/uploads/{asset}/complete", post(complete_upload))
            .route("/v1/assets/{asset}/thumbnail", post(thumbnail_url))
            .route("/v1/assets/{asset}/url", get(asset_url))
            // 10,000 parts of a complete call are 1.3 MiB.
            .layer(DefaultBodyLimit::max(8 * REQUEST_BYTES_MAX))
            .with_state(self.clone())
    }

    /// The routes for one person, let in without a token: the app's own server.
    pub fn router_for(&self, user: UserId) -> Router {
        self.router().layer(Extension(Identity { user, device: None }))
    }
}

pub(crate) fn parse<T: DeserializeOwned>(body: &Bytes, bytes_max: usize) -> Result<T, ApiError> {
    if body.len() > bytes_max {
        return Err(ApiError::new(ProblemCode::TooLarge, format!("at most {bytes_max} bytes")));
    }
    serde_json::from_slice(body).map_err(|error| ApiError::new(ProblemCode::Invalid, error.to_string()))
}

async fn push_route(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: PushRequest = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(push::push(&server, who, request).await?).into_response())
}

async fn pull_route(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: PullRequest = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(pull::pull(&server, who, request).await?).into_response())
}

async fn open_upload(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: OpenUpload = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::open(&server, who, request).await?).into_response())
}

async fn open_uploads(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: OpenUploads = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::open_all(&server, who, request).await?).into_response())
}

async fn complete_uploads(State(server): State<Server>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let request: CompleteUploads = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::complete_all(&server, who, request).await?).into_response())
}

async fn part_urls(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
    body: Bytes,
) -> Result<Response, ApiError> {
    let request: UrlsRequest = parse(&body, REQUEST_BYTES_MAX)?;
    Ok(Json(uploads::urls(&server, who, asset, &request).await?).into_response())
}

async fn stored_parts(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
) -> Result<Response, ApiError> {
    Ok(Json(uploads::parts(&server, who, asset).await?).into_response())
}

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

async fn cancel_upload(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
) -> Result<StatusCode, ApiError> {
    uploads::cancel(&server, who, asset).await?;
    Ok(StatusCode::NO_CONTENT)
}

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

async fn asset_url(
    State(server): State<Server>,
    who: Identity,
    Path(asset): Path<AssetId>,
    Query(query): Query<UrlQuery>,
) -> Result<Response, ApiError> {
    Ok(Json(uploads::asset_url(&server, who, asset, query.rendition).await?).into_response())
}
