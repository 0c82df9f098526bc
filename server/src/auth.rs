//! Who is asking. Each row of each call is authorised by the spaces this person is a member of.

use crate::api::ApiError;
use axum::extract::FromRequestParts;
use http::request::Parts;
use lectern_shared::ids::{DeviceId, UserId};
use lectern_shared::protocol::ProblemCode;

/// Set by whatever let the request in: the app, for its own user; a token check, for a team.
#[derive(Clone, Copy, Debug)]
pub struct Identity {
    pub user: UserId,
    /// None for the app's own server: there is one device, and it is this one.
    pub device: Option<DeviceId>,
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .copied()
            .ok_or_else(|| ApiError::new(ProblemCode::Unauthenticated, "sign in first"))
    }
}
