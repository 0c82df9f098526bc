//! `b2_authorize_account`, version 3: what a key is good for, and where the S3 endpoint of its account is; and
//! `b2_list_buckets`, which the token of it opens.
//!
//! <https://www.backblaze.com/apidocs/b2-authorize-account>, <https://www.backblaze.com/apidocs/b2-list-buckets>

use super::super::BUCKET;
use super::keys::ApplicationKey;
use super::{Account, TRANSACTION_CAP};
use base64::Engine;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use std::time::UNIX_EPOCH;
use url::Url;

pub(super) const PATH: &str = "/b2api/v3/b2_authorize_account";
pub(super) const LIST_PATH: &str = "/b2api/v3/b2_list_buckets";
const PART_BYTES_MIN: u64 = 5_000_000;
const PART_BYTES_RECOMMENDED: u64 = 100_000_000;

pub(super) fn answer(account: &Account, endpoint: &Url, headers: &HeaderMap) -> Response<s3s::Body> {
    let Some((id, secret)) = basic(headers) else {
        return refusal(StatusCode::UNAUTHORIZED, "bad_auth_token", "Invalid authorization");
    };
    match account.sign_in(&id, &secret) {
        None => refusal(StatusCode::UNAUTHORIZED, "unauthorized", ""),
        Some(_) if !account.take_transaction() => {
            refusal(StatusCode::FORBIDDEN, "transaction_cap_exceeded", TRANSACTION_CAP)
        }
        Some(key) => respond(StatusCode::OK, &authorized(account, &key, endpoint)),
    }
}

/// All buckets of the account, or none of anybody's. The body is not looked at: who has the token has the account.
pub(super) fn list(account: &Account, headers: &HeaderMap) -> Response<s3s::Body> {
    let token = headers.get(AUTHORIZATION).and_then(|token| token.to_str().ok()).unwrap_or_default();
    match account.holder(token) {
        None => refusal(StatusCode::UNAUTHORIZED, "bad_auth_token", "Invalid authorization"),
        // A key of one bucket must name it, which nobody here does.
        Some(key) if key.one_bucket || !key.can("listBuckets") => refusal(StatusCode::UNAUTHORIZED, "unauthorized", ""),
        Some(_) if !account.take_transaction() => {
            refusal(StatusCode::FORBIDDEN, "transaction_cap_exceeded", TRANSACTION_CAP)
        }
        Some(_) => {
            let names = account.buckets();
            let buckets: Vec<Value> = names.iter().map(|name| json!({ "bucketName": name })).collect();
            respond(StatusCode::OK, &json!({ "buckets": buckets }))
        }
    }
}

/// RFC 7617: `Basic`, and `id:secret` in Base64.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn authorized(account: &Account, key: &ApplicationKey, endpoint: &Url) -> Value {
    let url = endpoint.as_str().trim_end_matches('/');
    let expires = key.expires.and_then(|expires| expires.duration_since(UNIX_EPOCH).ok());
    json!({
        "accountId": account.id,
        "applicationKeyExpirationTimestamp": expires.map(|since| since.as_millis() as u64),
        "authorizationToken": account.new_token(key),
        "apiInfo": {
            "storageApi": {
                "infoType": "storageApi",
                "absoluteMinimumPartSize": PART_BYTES_MIN,
                "recommendedPartSize": PART_BYTES_RECOMMENDED,
                "apiUrl": url,
                "downloadUrl": url,
                "s3ApiUrl": url,
                "bucketId": key.one_bucket.then(|| format!("{}{}", account.id, account.id)),
                "bucketName": key.one_bucket.then_some(BUCKET),
                "namePrefix": key.name_prefix,
                "capabilities": key.capabilities,
            },
        },
    })
}

/// <https://www.backblaze.com/docs/cloud-storage-native-api-error-handling-and-status-codes>
fn refusal(status: StatusCode, code: &str, message: &str) -> Response<s3s::Body> {
    respond(status, &json!({"status": status.as_u16(), "code": code, "message": message}))
}

fn respond(status: StatusCode, body: &Value) -> Response<s3s::Body> {
    let mut response = Response::new(s3s::Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json;charset=utf-8"));
    response
}
