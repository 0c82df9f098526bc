//! Pairing, tokens, devices, people and members, and the gate that all other routes are behind.

use super::{Team, admin, description, library_version, make_code, metrics, tokens};
use crate::api::{ApiError, parse};
use crate::auth::Identity;
use crate::live::News;
use crate::store::{Locking, People, Scope, Tx};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use lectern_shared::access::{
    ACCESS_SECONDS, AccessToken, DEVICE_CODE_SECONDS, Device, Invite, Me, Members, NAME_BYTES_MAX, OneTimeCode,
    PairRequest, Paired, Role, SetMember, Who,
};
use lectern_shared::ids::{CourseId, DeviceId, SpaceId, UserId};
use lectern_shared::names;
use lectern_shared::protocol::{Problem, ProblemCode};
use std::sync::Arc;
use std::time::Instant;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Codes, names and addresses are short.
const BODY_BYTES_MAX: usize = 4 * 1024;

impl Team {
    /// All routes, over HTTP, for everybody who is let in.
    pub fn router(&self) -> Router {
        let (router, document) = self.described().split_for_parts();
        let document = Arc::new(document);
        let router = router.route("/v1/openapi.json", get(async move || description::answer(&document)));
        router.layer(from_fn_with_state(self.clone(), metrics::count))
    }

    pub(super) fn described(&self) -> OpenApiRouter {
        let inside = OpenApiRouter::new()
            .routes(routes!(me))
            .routes(routes!(device_code))
            .routes(routes!(revoke_device))
            .routes(routes!(invite))
            .routes(routes!(members, set_member))
            .routes(routes!(remove_member))
            .with_state(self.clone())
            .merge(self.server.described())
            .layer(from_fn_with_state(self.clone(), let_in));
        OpenApiRouter::with_openapi(description::Description::openapi())
            .routes(routes!(pair))
            .routes(routes!(token))
            .routes(routes!(is_live))
            .routes(routes!(is_ready))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .with_state(self.clone())
            .merge(inside)
    }
}

fn unauthenticated() -> ApiError {
    ApiError::new(ProblemCode::Unauthenticated, "sign in first")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// No web page has any business here: a browser says where its requests come from, the app does not.
fn refuse_pages(headers: &HeaderMap) -> Result<(), ApiError> {
    match headers.contains_key(header::ORIGIN) {
        true => Err(ApiError::new(ProblemCode::Forbidden, "web pages are not let in")),
        false => Ok(()),
    }
}

async fn let_in(State(team): State<Team>, mut request: Request, next: Next) -> Result<Response, ApiError> {
    refuse_pages(request.headers())?;
    let pass = bearer(request.headers()).and_then(|token| team.seal.read(token, team.server.now()));
    let (device, user) = pass.ok_or_else(unauthenticated)?;
    // A token outlives the revocation of its device by minutes; the device does not.
    if !team.server.store.begin_read().await?.is_let_in(device, user).await? {
        return Err(unauthenticated());
    }
    request.extensions_mut().insert(Identity { user, device: Some(device) });
    Ok(next.run(request).await)
}

/// Whether this node answers.
#[utoipa::path(get, path = "/health/live", tag = "health", responses((status = NO_CONTENT), (status = "default", body = Problem)), security(()))]
async fn is_live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Whether this node reaches its database.
#[utoipa::path(get, path = "/health/ready", tag = "health", responses((status = NO_CONTENT), (status = "default", body = Problem)), security(()))]
async fn is_ready(State(team): State<Team>) -> Result<StatusCode, ApiError> {
    team.server.store.begin_read().await?.account(UserId(uuid::Uuid::nil())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns a one-time code into the token of a device.
#[utoipa::path(post, path = "/v1/pair", tag = "access", request_body = PairRequest, responses((status = OK, body = Paired), (status = "default", body = Problem)), security(()))]
async fn pair(State(team): State<Team>, headers: HeaderMap, body: Bytes) -> Result<Json<Paired>, ApiError> {
    refuse_pages(&headers)?;
    let request: PairRequest = parse(&body, BODY_BYTES_MAX)?;
    let name = names::clean(&request.device_name).filter(|name| name.len() <= NAME_BYTES_MAX);
    let name = name.ok_or_else(|| ApiError::new(ProblemCode::Invalid, "the computer needs a name"))?;
    let attempt = team.attempts.begin(Instant::now());
    let attempt = attempt.ok_or_else(|| ApiError::new(ProblemCode::TooMany, "too many wrong codes: wait a minute"))?;
    let mut tx = team.server.store.begin_write().await?;
    let Some(user) = tx.use_code(&tokens::hash_of_code(&request.code), crate::now()).await? else {
        return Err(ApiError::new(ProblemCode::NotFound, "this code is not good, or not any more"));
    };
    let (device, device_token) = (DeviceId::new(), tokens::device_token());
    tx.put_device(device, user, &name, &tokens::hash(&device_token)).await?;
    let account = tx.account(user).await?.ok_or_else(unauthenticated)?;
    tx.commit().await?;
    attempt.was_right();
    Ok(Json(Paired { device, device_token, user, name: account.name }))
}

/// An access token, for the token of a device as bearer.
#[utoipa::path(post, path = "/v1/token", tag = "access", responses((status = OK, body = AccessToken), (status = "default", body = Problem)))]
async fn token(State(team): State<Team>, headers: HeaderMap) -> Result<Json<AccessToken>, ApiError> {
    refuse_pages(&headers)?;
    // Not counted: nobody guesses 256 bits, and a device that was locked out asks again and again.
    let device_token = bearer(&headers).ok_or_else(unauthenticated)?;
    let hash = tokens::hash(device_token);
    let known = team.server.store.begin_read().await?.device_with(&hash).await?;
    let (device, user) = known.ok_or_else(unauthenticated)?;
    let mut tx = team.server.store.begin_write().await?;
    tx.has_been_seen(device).await?;
    tx.commit().await?;
    let expires_at = team.server.now() + i64::try_from(ACCESS_SECONDS * 1_000).unwrap_or(i64::MAX);
    let access_token = team.seal.access_token(device, user, expires_at);
    Ok(Json(AccessToken { access_token, seconds: ACCESS_SECONDS }))
}

/// Who asks, and their devices.
#[utoipa::path(get, path = "/v1/me", tag = "access", responses((status = OK, body = Me), (status = "default", body = Problem)))]
async fn me(State(team): State<Team>, who: Identity) -> Result<Json<Me>, ApiError> {
    let mut tx = team.server.store.begin_read().await?;
    let account = tx.account(who.user).await?.ok_or_else(unauthenticated)?;
    let devices = tx.devices(who.user).await?.into_iter();
    let devices = devices.map(|device| Device { is_this: Some(device.id) == who.device, ..device }).collect();
    Ok(Json(Me { user: account.user, name: account.name, email: account.email, admin: account.admin, devices }))
}

/// A code for another device of whoever asks.
#[utoipa::path(post, path = "/v1/devices/code", tag = "access", responses((status = OK, body = OneTimeCode), (status = "default", body = Problem)))]
async fn device_code(State(team): State<Team>, who: Identity) -> Result<Response, ApiError> {
    let mut tx = team.server.store.begin_write().await?;
    // Locked out since it was let in.
    if let Some(device) = who.device
        && !tx.is_let_in(device, who.user).await?
    {
        return Err(unauthenticated());
    }
    let code = make_code(&mut tx, who.user, DEVICE_CODE_SECONDS).await?;
    tx.commit().await?;
    Ok(Json(code).into_response())
}

/// Locks a device of one's own out.
#[utoipa::path(delete, path = "/v1/devices/{device}", tag = "access", params(("device" = DeviceId, Path)), responses((status = NO_CONTENT), (status = "default", body = Problem)))]
async fn revoke_device(
    State(team): State<Team>,
    who: Identity,
    Path(device): Path<DeviceId>,
) -> Result<StatusCode, ApiError> {
    let mut tx = team.server.store.begin_write().await?;
    if !tx.revoke(device, who.user).await? {
        return Err(ApiError::new(ProblemCode::NotFound, "there is no such device"));
    }
    tx.commit().await?;
    team.server.feed.hear(News::Revoked(device));
    Ok(StatusCode::NO_CONTENT)
}

/// A code for somebody new, from those who run the server.
#[utoipa::path(post, path = "/v1/people", tag = "access", request_body = Invite, responses((status = OK, body = OneTimeCode), (status = "default", body = Problem)))]
async fn invite(State(team): State<Team>, who: Identity, body: Bytes) -> Result<Response, ApiError> {
    let Invite { email, name } = parse(&body, BODY_BYTES_MAX)?;
    admin(&team, who).await?;
    // Whoever has a computer here lets in the next one with it: a code for it would be a key to what is theirs alone.
    let known = team.server.store.begin_read().await?.account_of(email.trim()).await?;
    if let Some(account) = known
        && !team.server.store.begin_read().await?.devices(account.user).await?.is_empty()
    {
        return Err(ApiError::new(
            ProblemCode::Forbidden,
            "they are here already, and let in their next computer themselves",
        ));
    }
    Ok(Json(team.invite(&email, name.as_deref(), false).await?).into_response())
}

fn no_course() -> ApiError {
    ApiError::new(ProblemCode::NotFound, "there is no such course")
}

/// Who is in a course one is in.
#[utoipa::path(get, path = "/v1/courses/{course}/members", tag = "members", params(("course" = CourseId, Path)), responses((status = OK, body = Members), (status = "default", body = Problem)))]
async fn members(
    State(team): State<Team>,
    who: Identity,
    Path(course): Path<CourseId>,
) -> Result<Json<Members>, ApiError> {
    let mut tx = team.server.store.begin_read().await?;
    tx.role(course.into(), who.user).await?.ok_or_else(no_course)?;
    Ok(Json(Members { members: tx.members(course.into()).await? }))
}

/// Takes somebody into a course, or gives them another role, for its owners.
#[utoipa::path(put, path = "/v1/courses/{course}/members", tag = "members", params(("course" = CourseId, Path)), request_body = SetMember, responses((status = NO_CONTENT), (status = "default", body = Problem)))]
async fn set_member(
    State(team): State<Team>,
    who: Identity,
    Path(course): Path<CourseId>,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    let SetMember { who: whom, role } = parse(&body, BODY_BYTES_MAX)?;
    let mut tx = lock_for_owner(&team, who, course.into()).await?;
    let known = match whom {
        Who::User(user) => tx.account(user).await?,
        Who::Email(email) => tx.account_of(email.trim()).await?,
    };
    let nobody = || ApiError::new(ProblemCode::NotFound, "nobody here has this address: invite them first");
    let user = known.ok_or_else(nobody)?.user;
    change(&team, tx, course.into(), user, Some(role)).await
}

/// Owners take people out; everybody may leave.
#[utoipa::path(delete, path = "/v1/courses/{course}/members/{user}", tag = "members", params(("course" = CourseId, Path), ("user" = UserId, Path)), responses((status = NO_CONTENT), (status = "default", body = Problem)))]
async fn remove_member(
    State(team): State<Team>,
    who: Identity,
    Path((course, user)): Path<(CourseId, UserId)>,
) -> Result<StatusCode, ApiError> {
    let tx = match user == who.user {
        true => {
            let mut tx = lock(&team, course.into()).await?;
            tx.role(course.into(), user).await?.ok_or_else(no_course)?;
            tx
        }
        false => lock_for_owner(&team, who, course.into()).await?,
    };
    change(&team, tx, course.into(), user, None).await
}

async fn lock(team: &Team, space: SpaceId) -> Result<Tx, ApiError> {
    let mut tx = team.server.store.begin_write().await?;
    tx.lock(&Scope::in_space(space)).await?;
    Ok(tx)
}

async fn lock_for_owner(team: &Team, who: Identity, space: SpaceId) -> Result<Tx, ApiError> {
    let mut tx = lock(team, space).await?;
    match tx.role(space, who.user).await? {
        // A library is its owner's alone, and no course.
        Some(Role::Owner) if space != who.user.into() => Ok(tx),
        Some(_) if space != who.user.into() => {
            Err(ApiError::new(ProblemCode::Forbidden, "only owners of a course say who is in it"))
        }
        _ => Err(no_course()),
    }
}

async fn change(
    team: &Team,
    mut tx: Tx,
    space: SpaceId,
    user: UserId,
    role: Option<Role>,
) -> Result<StatusCode, ApiError> {
    let others = tx.members(space).await?;
    if role.is_none() && others.iter().all(|member| member.user != user) {
        return Err(ApiError::new(ProblemCode::NotFound, "they are not in this course"));
    }
    if role != Some(Role::Owner) && !others.iter().any(|member| member.role == Role::Owner && member.user != user) {
        return Err(ApiError::new(ProblemCode::Forbidden, "a course needs an owner: name another one first"));
    }
    tx.set_member(space, user, role).await?;
    tx.commit().await?;
    // Whoever it is about pulls, and finds another course or one less.
    if let Ok(version) = library_version(team, user).await {
        team.server.feed.poke([(user.into(), version)]);
    }
    Ok(StatusCode::NO_CONTENT)
}
