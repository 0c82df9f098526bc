//! How far somebody's work is, for whoever may see what it is about. Nothing of it is kept.

use crate::Server;
use crate::api::{ApiError, parse};
use crate::auth::Identity;
use crate::live::Told;
use crate::store::People as _;
use axum::body::Bytes;
use axum::extract::State;
use http::StatusCode;
use lectern_shared::access::Role;
use lectern_shared::ids::SpaceId;
use lectern_shared::protocol::{
    PROGRESS_MAX, PROGRESS_NAME_BYTES_MAX, Problem, ProblemCode, Progress, ProgressRequest, REQUEST_BYTES_MAX,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Shows how far one's own work is: in a course to everybody who is in it, of a library to one's other devices. For the app,
/// and for programs that make or send files for somebody.
#[utoipa::path(post, path = "/v1/progress", tag = "sync", request_body = ProgressRequest,
    responses((status = NO_CONTENT), (status = "default", body = Problem)))]
pub(crate) async fn progress(State(server): State<Server>, who: Identity, body: Bytes) -> Result<StatusCode, ApiError> {
    let ProgressRequest { items } = parse(&body, REQUEST_BYTES_MAX)?;
    if items.len() > PROGRESS_MAX {
        return Err(ApiError::new(ProblemCode::TooLarge, format!("at most {PROGRESS_MAX} at once")));
    }
    if items.iter().any(|item| item.file_name.len() > PROGRESS_NAME_BYTES_MAX || item.sent > item.bytes) {
        return Err(ApiError::new(ProblemCode::Invalid, "a name or a number is out of its limits"));
    }
    let mut tx = server.store.begin_read().await?;
    let roles = tx.roles(who.user).await?;
    let (mut spaces, mut refused) = (BTreeMap::<SpaceId, Vec<Progress>>::new(), None);
    for item in items {
        let space = item.context.space();
        match roles.get(&space) {
            None => refused = Some(ApiError::new(ProblemCode::NotFound, "there is no such course")),
            Some(Role::Viewer) => refused = Some(ApiError::new(ProblemCode::Forbidden, "viewers send nothing here")),
            Some(Role::Editor | Role::Owner) => spaces.entry(space).or_default().push(item),
        }
    }
    // One course that somebody was taken out of must not hide what they do in the others.
    if let Some(refusal) = refused.filter(|_| spaces.is_empty()) {
        return Err(refusal);
    }
    let by_name = tx.account(who.user).await?.map(|account| account.name).unwrap_or_default();
    for (space, items) in spaces {
        let (device, by, by_name) = (who.device, who.user, by_name.clone());
        server.feed.tell(Arc::new(Told { device, space, by, by_name, items }));
    }
    Ok(StatusCode::NO_CONTENT)
}
