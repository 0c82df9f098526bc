//! Answers from the object store: the signed URL stays in this process, the bytes pass through without being kept.

use super::files::{harmless, is_thumbnail};
use super::range::is_single;
use crate::media::THUMBNAIL_BYTES_MAX;
use crate::remote::RootCertificate;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;
use http::StatusCode;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use lectern_shared::protocol::SignedUrl;
use std::time::Duration;

const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Until the store's headers are there, and between two reads that somebody waits for.
const SILENCE_MAX: Duration = Duration::from_secs(45);

pub struct Proxy {
    outside: reqwest::Client,
    /// The local store answers on 127.0.0.1, which no proxy of a university can reach.
    loopback: reqwest::Client,
}

impl Proxy {
    pub fn new(roots: &[RootCertificate]) -> Result<Self, reqwest::Error> {
        let roots = roots.iter().map(|root| reqwest::Certificate::from_pem(&root.0)).collect::<Result<Vec<_>, _>>()?;
        let client = || {
            // A signed URL is for one host: it is not carried to another.
            let redirects = reqwest::redirect::Policy::none();
            reqwest::Client::builder()
                .http1_only()
                .redirect(redirects)
                .referer(false)
                .connect_timeout(CONNECT_MAX)
                .read_timeout(SILENCE_MAX)
        };
        let outside = client().tls_certs_merge(roots.iter().cloned()).build()?;
        // As in the part sender: no root of the system's vouches for this computer.
        Ok(Self { outside, loopback: client().no_proxy().tls_certs_only(roots).build()? })
    }

    /// 200, 206 and 416 as the store says them; anything else is 404 or 502.
    pub async fn media(&self, signed: &SignedUrl, range: Option<&str>) -> Response {
        let range = range.filter(|range| is_single(range));
        let Some(answer) = self.get(signed, range).await else { return StatusCode::BAD_GATEWAY.into_response() };
        let status = answer.status();
        if !matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE) {
            tracing::debug!(%status, "the store does not give the media");
            let gone = status == StatusCode::NOT_FOUND;
            return if gone { StatusCode::NOT_FOUND } else { StatusCode::BAD_GATEWAY }.into_response();
        }
        let mut response = status.into_response();
        let headers = response.headers_mut();
        for name in [CONTENT_RANGE, ACCEPT_RANGES] {
            if let Some(value) = answer.headers().get(&name) {
                headers.insert(name, value.clone());
            }
        }
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            // The store's body is an error page of its own.
            return response;
        }
        let content_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if let Ok(value) = harmless(content_type).parse() {
            headers.insert(CONTENT_TYPE, value);
        }
        if let Some(value) = answer.headers().get(CONTENT_LENGTH) {
            headers.insert(CONTENT_LENGTH, value.clone());
        }
        response.map(|_| Body::from_stream(answer.bytes_stream()))
    }

    pub async fn thumbnail(&self, signed: &SignedUrl) -> Option<Bytes> {
        let answer = self.get(signed, None).await.filter(|answer| answer.status() == StatusCode::OK)?;
        let mut chunks = answer.bytes_stream();
        let mut jpeg = Vec::new();
        while let Some(chunk) = chunks.next().await {
            jpeg.extend_from_slice(&chunk.ok()?);
            if jpeg.len() > THUMBNAIL_BYTES_MAX {
                return None;
            }
        }
        Some(Bytes::from(jpeg)).filter(is_thumbnail)
    }

    async fn get(&self, signed: &SignedUrl, range: Option<&str>) -> Option<reqwest::Response> {
        let url = url::Url::parse(&signed.url).ok()?;
        let client = if is_loopback(&url) { &self.loopback } else { &self.outside };
        let mut request = client.get(url);
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        if let Some(range) = range {
            request = request.header(RANGE, range);
        }
        match tokio::time::timeout(SILENCE_MAX, request.send()).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(error)) => {
                tracing::debug!(error = %error.without_url(), "the store cannot be reached for a preview");
                None
            }
            Err(_) => None,
        }
    }
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
