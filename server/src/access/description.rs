//! What the server says of itself in OpenAPI's words (<https://spec.openapis.org/oas/v3.1.0>). The routes are made from the
//! same attributes that describe them.

use super::Team;
use axum::Json;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Lectern course server",
        description = "Courses, media and uploads of a team. Times are milliseconds since 1970-01-01 UTC, sizes are bytes. \
                       What one may not see is answered like what is not there: 404."
    ),
    security(("token" = [])),
    modifiers(&Bearer)
)]
pub(super) struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut Document) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        document.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

impl Team {
    /// Every route with what it takes and answers.
    pub fn description(&self) -> Document {
        self.described().into_openapi()
    }
}

/// `GET /v1/openapi.json`
pub(super) fn answer(document: &Arc<Document>) -> Response {
    Json(document.as_ref()).into_response()
}
