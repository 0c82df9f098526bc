//! What is answered before S3 is asked: headers that B2 does not know, a cap that is reached, a server that is busy, and
//! the two native calls.

use super::authorize::{self, LIST_PATH, PATH};
use super::{Account, Busy, TRANSACTION_CAP};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use s3s::{S3Error, S3ErrorCode, s3_error};
use url::Url;

/// <https://www.backblaze.com/docs/cloud-storage-s3-compatible-api>, "Unsupported Features".
const UNKNOWN_HEADERS: &[&str] = &["x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-trailer"];
const CONDITIONS: &[HeaderName] = &[http::header::IF_MATCH, http::header::IF_NONE_MATCH];

#[derive(Clone)]
pub(in super::super) struct Front {
    account: Account,
    endpoint: Url,
}

impl Front {
    pub(in super::super) fn new(account: Account, endpoint: Url) -> Self {
        Self { account, endpoint }
    }

    /// None: S3 is asked.
    pub(in super::super) fn answer(&self, head: &Parts) -> Option<Response<s3s::Body>> {
        if head.uri.path() == PATH {
            return Some(authorize::answer(&self.account, &self.endpoint, &head.headers));
        }
        if head.uri.path() == LIST_PATH {
            return Some(authorize::list(&self.account, &head.headers));
        }
        let refusal = self.refusal(head)?;
        let failed = |_| {
            let mut response = Response::new(s3s::Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        };
        Some(refusal.to_http_response().unwrap_or_else(failed))
    }

    fn refusal(&self, head: &Parts) -> Option<S3Error> {
        let is_part = head.method == Method::PUT && head.uri.query().is_some_and(|query| query.contains("partNumber="));
        if let Some(busy) = self.account.take_busy(is_part) {
            return Some(slow_down(busy));
        }
        let unknown = |name: &str| UNKNOWN_HEADERS.iter().any(|start| name.starts_with(start));
        if let Some(name) = head.headers.keys().map(HeaderName::as_str).find(|name| unknown(name)) {
            return Some(s3_error!(InvalidArgument, "Unsupported header '{name}' received for this API call."));
        }
        let writes = matches!(head.method, Method::PUT | Method::POST);
        if writes && CONDITIONS.iter().any(|name| head.headers.contains_key(name)) {
            let words = "A header you provided implies functionality that is not implemented";
            return Some(s3_error!(NotImplemented, "{words}"));
        }
        let looks = matches!(head.method, Method::GET | Method::HEAD);
        if looks && !self.account.take_transaction() {
            return Some(s3_error!(AccessDenied, "{TRANSACTION_CAP}"));
        }
        None
    }
}

fn slow_down(busy: Busy) -> S3Error {
    let mut error = S3Error::with_message(S3ErrorCode::SlowDown, "no tomes available");
    if let Some(seconds) = busy.retry_after_seconds {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
        error.set_headers(headers);
    }
    error
}
