//! Something in one piece and one try: a thumbnail, the object of the connection check, a copy of the catalogue.

use super::{SenderError, SenderTimes, is_loopback, trusted, unusable};
use crate::remote::RootCertificate;
use lectern_shared::protocol::SignedUrl;
use md5::{Digest as _, Md5};
use reqwest::header::ETAG;
use reqwest::{Client, Method, RequestBuilder, Response};
use std::time::Duration;
use url::Url;

/// Bytes a second of a line that is still waited for.
const SLOWEST: u64 = 16 * 1024;

/// # Errors
/// When it is not in the store afterwards, as far as we know.
pub async fn put_small(roots: &[RootCertificate], signed: &SignedUrl, bytes: Vec<u8>) -> Result<(), SenderError> {
    answer(request(roots, Method::PUT, signed, Some(SenderTimes::default().answer))?.body(bytes)).await.map(drop)
}

/// Some megabytes. The store's ETag must be their MD5, as the connection check has found it to be.
///
/// # Errors
/// When it is not in the store afterwards, as far as we know.
pub async fn put_file(roots: &[RootCertificate], signed: &SignedUrl, bytes: Vec<u8>) -> Result<(), SenderError> {
    let md5 = crate::uploads::hashing::hex(&Md5::digest(&bytes));
    let patience = SenderTimes::default().answer + Duration::from_secs(bytes.len() as u64 / SLOWEST);
    let answer = answer(request(roots, Method::PUT, signed, Some(patience))?.body(bytes)).await?;
    let etag = answer.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).unwrap_or_default();
    match etag.trim_matches('"').eq_ignore_ascii_case(&md5) {
        true => Ok(()),
        false => Err(SenderError::Client("the store has something else than what was sent".to_owned())),
    }
}

/// # Errors
/// When it cannot be read whole.
pub async fn get_file(roots: &[RootCertificate], signed: &SignedUrl) -> Result<Vec<u8>, SenderError> {
    let answer = answer(request(roots, Method::GET, signed, None)?).await?;
    Ok(answer.bytes().await.map_err(unusable)?.to_vec())
}

/// # Errors
/// When it cannot be read whole.
pub async fn get_small(roots: &[RootCertificate], signed: &SignedUrl) -> Result<Vec<u8>, SenderError> {
    let answer = answer(request(roots, Method::GET, signed, Some(SenderTimes::default().answer))?).await?;
    Ok(answer.bytes().await.map_err(unusable)?.to_vec())
}

/// Without a patience for all of it, as long as something comes.
fn request(
    roots: &[RootCertificate],
    method: Method,
    signed: &SignedUrl,
    patience: Option<Duration>,
) -> Result<RequestBuilder, SenderError> {
    let url = Url::parse(&signed.url).map_err(|error| SenderError::Client(error.to_string()))?;
    let times = SenderTimes::default();
    let builder = Client::builder().http1_only().connect_timeout(times.connect);
    let builder = match patience {
        Some(patience) => builder.timeout(patience),
        None => builder.read_timeout(times.answer),
    };
    let builder = builder.redirect(reqwest::redirect::Policy::none()).tls_certs_merge(trusted(roots)?);
    let client = if is_loopback(&url) { builder.no_proxy() } else { builder }.build().map_err(unusable)?;
    let written = signed
        .headers
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("host"));
    Ok(written.fold(client.request(method, url), |request, (name, value)| request.header(name, value)))
}

async fn answer(request: RequestBuilder) -> Result<Response, SenderError> {
    request.send().await.and_then(Response::error_for_status).map_err(unusable)
}
