//! Stands in front of other people's stores and mends the two answers that aws-sdk-s3 cannot read.
//!
//! rclone names the root of its answer to CreateMultipartUpload `InitiateMultipartUpload`, S3 names it
//! `InitiateMultipartUploadResult`
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>); moto names that of ListParts
//! `ListPartsResponse`, S3 `ListPartsResult` (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html>).
//! Everything else passes as it is, the Host header too, because the signature covers it. In tests only: no real store
//! needs it.

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use std::io;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Ends on drop.
pub struct MendingProxy {
    address: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Upstream {
    address: SocketAddr,
    client: reqwest::Client,
}

impl MendingProxy {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().http1_only().redirect(reqwest::redirect::Policy::none());
        let upstream = Upstream { address: upstream, client: client.build().map_err(io::Error::other)? };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(forward).with_state(upstream);
        let task = tokio::spawn(async move {
            // `serve` ends only with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, task })
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For an S3 client.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for MendingProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The root of an answer as a store names it, and as S3 does.
#[derive(Clone, Copy)]
struct Root {
    found: &'static str,
    right: &'static str,
}

const CREATED: Root = Root { found: "InitiateMultipartUpload", right: "InitiateMultipartUploadResult" };
const LISTED: Root = Root { found: "ListPartsResponse", right: "ListPartsResult" };

async fn forward(State(upstream): State<Upstream>, request: Request) -> Response {
    let root = answered_with(request.method(), request.uri());
    match (send(&upstream, request).await, root) {
        (Ok(answer), Some(root)) if answer.status() == StatusCode::OK => mended(answer, root).await,
        (Ok(answer), _) => passed_on(answer),
        (Err(error), _) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// The only two requests whose answers are looked into.
fn answered_with(method: &Method, uri: &Uri) -> Option<Root> {
    let has = |name: &str| {
        let fields = uri.query().unwrap_or_default().split('&');
        fields.filter_map(|field| field.split('=').next()).any(|field| field == name)
    };
    match *method {
        Method::POST if has("uploads") => Some(CREATED),
        Method::GET if has("uploadId") => Some(LISTED),
        _ => None,
    }
}

async fn send(upstream: &Upstream, request: Request) -> reqwest::Result<reqwest::Response> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let url = format!("http://{}{path}", upstream.address);
    let (parts, body) = request.into_parts();
    let length = parts.headers.get(CONTENT_LENGTH);
    let sending = upstream.client.request(parts.method, url).headers(without_hops(&parts.headers));
    let sending = match length.map(|length| length.as_bytes()) {
        // A stream of nothing would go out without its length, and rclone asks for one.
        Some(b"0") => sending.body(""),
        None if !parts.headers.contains_key(TRANSFER_ENCODING) => sending,
        // With its Content-Length among the headers the body goes out under that length, not in chunks.
        _ => sending.body(reqwest::Body::wrap_stream(body.into_data_stream())),
    };
    sending.send().await
}

/// Connection's own headers belong to one connection; ours has its own.
fn without_hops(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(CONNECTION);
    headers.remove(TRANSFER_ENCODING);
    headers
}

fn passed_on(answer: reqwest::Response) -> Response {
    let (status, headers) = (answer.status(), without_hops(answer.headers()));
    (status, headers, Body::from_stream(answer.bytes_stream())).into_response()
}

async fn mended(answer: reqwest::Response, root: Root) -> Response {
    let (status, mut headers) = (answer.status(), without_hops(answer.headers()));
    match answer.text().await {
        Ok(text) => {
            // The length is another one now.
            headers.remove(CONTENT_LENGTH);
            (status, headers, mend(&text, root)).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// A root has no attributes, or a namespace.
fn mend(answer: &str, root: Root) -> String {
    let (found, right) = (root.found, root.right);
    answer
        .replace(&format!("<{found}>"), &format!("<{right}>"))
        .replace(&format!("<{found} "), &format!("<{right} "))
        .replace(&format!("</{found}>"), &format!("</{right}>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::HOST;
    use std::collections::BTreeMap;

    /// Word for word what rclone 1.75 answers.
    const RCLONE_CREATED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUpload>\n  <Bucket>bucket</Bucket>\n  \
                           <Key>key</Key>\n  <UploadId>6252549d</UploadId>\n</InitiateMultipartUpload>";

    /// The head and the tail of what moto 5.2 answers.
    const MOTO_LISTED: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<ListPartsResponse \
                               xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>bucket</Bucket></ListPartsResponse>";

    /// Says what it was asked; with `?uploads` it answers as rclone does.
    async fn store(request: Request) -> Response {
        if request.uri().query() == Some("uploads")
            || request.uri().query() == Some("uploads=&x-id=CreateMultipartUpload")
        {
            return RCLONE_CREATED.into_response();
        }
        if request.method() == Method::GET && request.uri().query() == Some("uploadId=x") {
            return MOTO_LISTED.into_response();
        }
        let (parts, body) = request.into_parts();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let seen = serde_json::json!({
            "asked": format!("{} {}", parts.method, parts.uri), "host": text(HOST), "length": text(CONTENT_LENGTH),
            "chunked": text(TRANSFER_ENCODING), "authorization": text(axum::http::header::AUTHORIZATION),
        });
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let headers = [("x-seen", seen.to_string()), ("etag", "\"abc\"".to_owned())];
        (StatusCode::CREATED, headers, body).into_response()
    }

    async fn proxy() -> MendingProxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(store)).await });
        MendingProxy::start(address).await.unwrap()
    }

    #[tokio::test]
    async fn bytes_headers_and_host_pass_as_they_are() {
        let proxy = proxy().await;
        let body: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
        let path = "/bucket/a%20b/%C3%BC?partNumber=3&uploadId=x%2Fy";
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let sending = client.put(format!("{}{path}", proxy.endpoint())).header("authorization", "AWS4 abc");
        let answer = sending.body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert_eq!(answer.headers()["etag"], "\"abc\"");
        let seen: BTreeMap<String, String> =
            serde_json::from_str(answer.headers()["x-seen"].to_str().unwrap()).unwrap();
        assert_eq!(seen["asked"], format!("PUT {path}"));
        assert_eq!(seen["host"], proxy.address().to_string());
        assert_eq!((seen["length"].as_str(), seen["chunked"].as_str()), ("3000000", ""));
        assert_eq!(seen["authorization"], "AWS4 abc");
        assert_eq!(answer.bytes().await.unwrap(), body);
    }

    #[tokio::test]
    async fn an_empty_body_keeps_its_length() {
        let proxy = proxy().await;
        let sending = reqwest::Client::new().put(format!("{}/bucket/key", proxy.endpoint()));
        let answer = sending.header(CONTENT_LENGTH, 0).body("").send().await.unwrap();
        let seen: BTreeMap<String, String> =
            serde_json::from_str(answer.headers()["x-seen"].to_str().unwrap()).unwrap();
        assert_eq!((seen["length"].as_str(), seen["chunked"].as_str()), ("0", ""));
    }

    #[tokio::test]
    async fn an_answer_without_a_body_keeps_its_length() {
        let proxy = proxy().await;
        let answer = reqwest::Client::new().head(format!("{}/bucket/key", proxy.endpoint())).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        assert!(answer.bytes().await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn the_root_of_create_multipart_upload_is_mended() {
        let proxy = proxy().await;
        for query in ["uploads", "uploads=&x-id=CreateMultipartUpload"] {
            let url = format!("{}/bucket/key?{query}", proxy.endpoint());
            let answer = reqwest::Client::new().post(url).send().await.unwrap().text().await.unwrap();
            assert!(answer.contains("\n<InitiateMultipartUploadResult>\n"), "{answer}");
            assert!(answer.ends_with("</InitiateMultipartUploadResult>"), "{answer}");
            assert!(answer.contains("<UploadId>6252549d</UploadId>"), "{answer}");
        }
    }

    #[tokio::test]
    async fn the_root_of_list_parts_is_mended() {
        let proxy = proxy().await;
        let url = format!("{}/bucket/key?uploadId=x", proxy.endpoint());
        let answer = reqwest::Client::new().get(url).send().await.unwrap().text().await.unwrap();
        assert!(answer.contains("<ListPartsResult xmlns="), "{answer}");
        assert!(answer.ends_with("<Bucket>bucket</Bucket></ListPartsResult>"), "{answer}");
    }
}
