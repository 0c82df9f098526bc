//! Something small, in one piece and one try: a thumbnail, the object of the connection check.

use super::{SenderError, SenderTimes, is_loopback, trusted, unusable};
use crate::remote::RootCertificate;
use lectern_shared::protocol::SignedUrl;
use reqwest::{Client, Method, RequestBuilder, Response};
use url::Url;

/// # Errors
/// When it is not in the store afterwards, as far as we know.
pub async fn put_small(roots: &[RootCertificate], signed: &SignedUrl, bytes: Vec<u8>) -> Result<(), SenderError> {
    answer(request(roots, Method::PUT, signed)?.body(bytes)).await.map(drop)
}

/// # Errors
/// When it cannot be read whole.
pub async fn get_small(roots: &[RootCertificate], signed: &SignedUrl) -> Result<Vec<u8>, SenderError> {
    let answer = answer(request(roots, Method::GET, signed)?).await?;
    Ok(answer.bytes().await.map_err(unusable)?.to_vec())
}

fn request(roots: &[RootCertificate], method: Method, signed: &SignedUrl) -> Result<RequestBuilder, SenderError> {
    let url = Url::parse(&signed.url).map_err(|error| SenderError::Client(error.to_string()))?;
    let times = SenderTimes::default();
    let builder = Client::builder().http1_only().connect_timeout(times.connect).timeout(times.answer);
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
