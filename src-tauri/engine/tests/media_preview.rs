//! The window's view of the preview server: what plays, what is cached, and who is turned away.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers as well")]

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::{HeaderMap, StatusCode};
use lectern_engine::media::{PreviewSource, Previews};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{Rendition, SignedUrl};
use reqwest::{Method, Response};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 not really a picture";

#[derive(Default)]
struct Source {
    file: Mutex<Option<PathBuf>>,
    thumbnail: Mutex<Option<PathBuf>>,
    store: Mutex<Option<String>>,
}

#[async_trait::async_trait]
impl PreviewSource for Source {
    async fn local_file(&self, _: AssetId) -> Option<PathBuf> {
        self.file.lock().unwrap().clone()
    }

    async fn remote(&self, _: AssetId, rendition: Rendition) -> Option<SignedUrl> {
        let store = self.store.lock().unwrap().clone()?;
        let object = if rendition == Rendition::Thumb { "thumb" } else { "original" };
        Some(SignedUrl { url: format!("{store}/{object}"), headers: vec![("x-ours".into(), "yes".into())] })
    }

    async fn local_thumbnail(&self, _: AssetId) -> Option<PathBuf> {
        self.thumbnail.lock().unwrap().clone()
    }
}

struct Stage {
    folder: TempDir,
    source: Arc<Source>,
    previews: Previews,
    asset: AssetId,
}

impl Stage {
    async fn new() -> Self {
        let source = Arc::new(Source::default());
        let previews = Previews::start(Arc::clone(&source) as Arc<dyn PreviewSource>, &[]).await.unwrap();
        Self { folder: TempDir::new().unwrap(), source, previews, asset: AssetId::new() }
    }

    /// The pattern under this name, as the asset's local file.
    fn local(&self, name: &str, length: usize) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, pattern(length)).unwrap();
        *self.source.file.lock().unwrap() = Some(path.clone());
        path
    }

    async fn in_store(&self, object: &'static [u8], thumb: &'static [u8]) {
        *self.source.store.lock().unwrap() = Some(store(object, thumb).await);
    }

    async fn media(&self, headers: &[(&str, &str)]) -> Response {
        ask(Method::GET, &self.previews.media_url(self.asset), headers).await
    }

    async fn thumbnail(&self, headers: &[(&str, &str)]) -> Response {
        ask(Method::GET, &self.previews.thumbnail_url(self.asset, Some("2 & 3")), headers).await
    }
}

/// Bytes 0, 1, 2 … 255, 0, …
fn pattern(length: usize) -> Vec<u8> {
    (0..=u8::MAX).cycle().take(length).collect()
}

async fn ask(method: Method, url: &str, headers: &[(&str, &str)]) -> Response {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    let mut request = client.request(method, url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

/// A store that knows one object and its thumbnail, answers one Range, and wants the header of the signed URL.
async fn store(object: &'static [u8], thumb: &'static [u8]) -> String {
    let original = move |headers: HeaderMap| async move {
        assert_eq!(headers["x-ours"], "yes");
        let page = [("content-type", "text/html"), ("etag", "\"x\"")];
        match headers.get("range").map(|range| range.to_str().unwrap()) {
            Some("bytes=10-19") => {
                let part = [("content-range", format!("bytes 10-19/{}", object.len()))];
                (StatusCode::PARTIAL_CONTENT, page, part, &object[10..20]).into_response()
            }
            Some(_) => {
                let all = [("content-range", format!("bytes */{}", object.len()))];
                (StatusCode::RANGE_NOT_SATISFIABLE, all, "<Error/>").into_response()
            }
            None => (page, object).into_response(),
        }
    };
    let router = Router::new().route("/original", get(original)).route("/thumb", get(move || async move { thumb }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[tokio::test]
async fn a_local_video_is_served_whole_and_is_not_cached() {
    let stage = Stage::new().await;
    stage.local("lecture.mp4", 1000);
    let response = stage.media(&[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type").as_deref(), Some("video/mp4"));
    assert_eq!(header(&response, "content-length").as_deref(), Some("1000"));
    assert_eq!(header(&response, "accept-ranges").as_deref(), Some("bytes"));
    assert_eq!(header(&response, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(header(&response, "cross-origin-resource-policy").as_deref(), Some("cross-origin"));
    assert_eq!(header(&response, "x-content-type-options").as_deref(), Some("nosniff"));
    assert_eq!(response.bytes().await.unwrap(), pattern(1000));

    let head = ask(Method::HEAD, &stage.previews.media_url(stage.asset), &[]).await;
    assert_eq!((head.status(), header(&head, "content-length").as_deref()), (StatusCode::OK, Some("1000")));
}

#[tokio::test]
async fn a_range_gives_just_those_bytes_and_one_beyond_the_end_says_the_length() {
    let stage = Stage::new().await;
    stage.local("lecture.webm", 1000);
    for (range, expected, content_range) in [
        ("bytes=10-19", 10..20, "bytes 10-19/1000"),
        ("bytes=990-", 990..1000, "bytes 990-999/1000"),
        ("bytes=-5", 995..1000, "bytes 995-999/1000"),
    ] {
        let response = stage.media(&[("range", range)]).await;
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(header(&response, "content-range").as_deref(), Some(content_range));
        assert_eq!(response.bytes().await.unwrap(), &pattern(1000)[expected]);
    }
    let beyond = stage.media(&[("range", "bytes=1000-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&beyond, "content-range").as_deref(), Some("bytes */1000"));
}

#[tokio::test]
async fn whoever_is_not_the_window_is_turned_away() {
    let stage = Stage::new().await;
    stage.local("lecture.mp4", 10);
    let url = stage.previews.media_url(stage.asset);
    let origin = stage.previews.origin();
    let port = origin.rsplit(':').next().unwrap();
    for host in ["evil.example", "localhost", "127.0.0.1", &format!("localhost:{port}"), "127.0.0.1:1"] {
        assert_eq!(ask(Method::GET, &url, &[("host", host)]).await.status(), StatusCode::FORBIDDEN, "{host}");
    }
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        assert_eq!(ask(method.clone(), &url, &[]).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let asset = stage.asset;
    let token = url.split('/').nth(3).unwrap();
    assert_eq!(token.len(), 32);
    let wrong = format!("{}{}", &token[..31], if token.ends_with('0') { '1' } else { '0' });
    for path in [
        "/".to_owned(),
        "/media".to_owned(),
        format!("/{wrong}/media/{asset}"),
        format!("/{}/media/{asset}", &token[..16]),
        format!("//media/{asset}"),
        format!("/{token}"),
        format!("/{token}/media/"),
        format!("/{token}/media/not-an-id"),
        format!("/{token}/media/..%2F..%2Fetc%2Fpasswd"),
    ] {
        assert_eq!(ask(Method::GET, &format!("{origin}{path}"), &[]).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert!(!format!("{:?}", stage.previews).contains(token));
}

#[tokio::test]
async fn only_the_apps_own_origins_may_read_pixels_back() {
    let stage = Stage::new().await;
    stage.local("lecture.mp4", 10);
    for ours in ["tauri://localhost", "http://tauri.localhost"] {
        let response = stage.media(&[("origin", ours)]).await;
        assert_eq!(header(&response, "access-control-allow-origin").as_deref(), Some(ours));
        assert_eq!(header(&response, "vary").as_deref(), Some("Origin"));
    }
    for other in ["https://evil.example", "null", "http://tauri.localhost.evil.example", "http://localhost"] {
        let response = stage.media(&[("origin", other)]).await;
        assert_eq!(header(&response, "access-control-allow-origin"), None, "{other}");
    }
}

#[tokio::test]
async fn a_ready_asset_is_played_from_the_store_with_its_ranges() {
    let stage = Stage::new().await;
    let object: &'static [u8] = Box::leak(pattern(1000).into_boxed_slice());
    stage.in_store(object, JPEG).await;

    let part = stage.media(&[("range", "bytes=10-19")]).await;
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(header(&part, "content-range").as_deref(), Some("bytes 10-19/1000"));
    assert_eq!(header(&part, "content-length").as_deref(), Some("10"));
    assert_eq!(header(&part, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(part.bytes().await.unwrap(), &object[10..20]);

    let whole = stage.media(&[("range", "bytes=0-1,5-6")]).await;
    assert_eq!(whole.status(), StatusCode::OK, "several ranges are not passed on");
    let content_type = header(&whole, "content-type");
    assert_eq!(content_type.as_deref(), Some("application/octet-stream"), "a page is not served as one");
    assert_eq!(whole.bytes().await.unwrap(), object);

    let beyond = stage.media(&[("range", "bytes=5000-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(header(&beyond, "content-range").as_deref(), Some("bytes */1000"));
    assert_eq!(beyond.bytes().await.unwrap(), "");
}

#[tokio::test]
async fn a_local_file_that_has_gone_is_played_from_the_store() {
    let stage = Stage::new().await;
    let path = stage.local("lecture.mp4", 10);
    stage.in_store(b"from the store", JPEG).await;
    assert_eq!(stage.media(&[]).await.bytes().await.unwrap(), pattern(10));
    std::fs::remove_file(path).unwrap();
    assert_eq!(stage.media(&[]).await.bytes().await.unwrap(), "from the store");
}

#[tokio::test]
async fn a_store_that_is_away_is_a_bad_gateway_and_an_unknown_asset_is_not_found() {
    let stage = Stage::new().await;
    assert_eq!(stage.media(&[]).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(stage.thumbnail(&[]).await.status(), StatusCode::NOT_FOUND);
    *stage.source.store.lock().unwrap() = Some("http://127.0.0.1:1".to_owned());
    let response = stage.media(&[]).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert_eq!(header(&response, "cache-control").as_deref(), Some("no-store"));
    assert_eq!(stage.thumbnail(&[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_thumbnail_comes_from_here_or_the_store_and_is_cached_by_its_tag() {
    let stage = Stage::new().await;
    stage.in_store(b"", JPEG).await;
    let remote = stage.thumbnail(&[]).await;
    assert_eq!(remote.status(), StatusCode::OK);
    assert_eq!(header(&remote, "content-type").as_deref(), Some("image/jpeg"));
    assert_eq!(header(&remote, "cache-control").as_deref(), Some("private, max-age=86400"));
    let etag = header(&remote, "etag").unwrap();
    assert_eq!(remote.bytes().await.unwrap(), JPEG);
    assert_eq!(stage.thumbnail(&[("if-none-match", &etag)]).await.status(), StatusCode::NOT_MODIFIED);

    let path = stage.folder.path().join("t.jpg");
    std::fs::write(&path, b"\xFF\xD8\xFFnewer").unwrap();
    *stage.source.thumbnail.lock().unwrap() = Some(path);
    let local = stage.thumbnail(&[("if-none-match", &etag)]).await;
    assert_eq!(local.status(), StatusCode::OK, "another picture has another tag");
    assert_eq!(local.bytes().await.unwrap(), &b"\xFF\xD8\xFFnewer"[..]);
}

#[tokio::test]
async fn a_thumbnail_from_the_store_that_is_no_jpeg_is_not_shown() {
    let stage = Stage::new().await;
    stage.in_store(b"", b"<svg onload='alert(1)'/>").await;
    assert_eq!(stage.thumbnail(&[]).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn shutting_down_cuts_a_video_that_nobody_reads_on() {
    let stage = Stage::new().await;
    stage.local("lecture.mp4", 32 * 1024 * 1024);
    let unread = stage.media(&[]).await;
    let started = Instant::now();
    stage.previews.shutdown().await;
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(unread.bytes().await.is_err(), "the rest is missing, and the reader is told");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let late = client.get(stage.previews.media_url(stage.asset)).send().await;
    assert!(late.is_err(), "nobody listens any more");
}
