//! The proxy itself: what passes, passes as it was; what shall go wrong, does, once.

use super::*;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, HOST};
use axum::response::{AppendHeaders, IntoResponse};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const PART: &str = "/bucket/key?partNumber=2&uploadId=u";

/// Answers each request's body, host and length, and counts those that arrived whole.
async fn echo(seen: Arc<AtomicUsize>) -> SocketAddr {
    let answer = move |request: Request| {
        let seen = seen.clone();
        async move {
            let (head, body) = request.into_parts();
            let of = |name| head.headers.get(name).cloned().unwrap_or_else(|| "".parse().unwrap());
            let etag = "\"00ff00\"".parse().unwrap();
            let headers = [("x-host", of(HOST)), ("x-length", of(CONTENT_LENGTH)), ("etag", etag)];
            let Ok(body) = axum::body::to_bytes(body, usize::MAX).await else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            seen.fetch_add(1, Ordering::Relaxed);
            (AppendHeaders(headers), Body::from(body)).into_response()
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    address
}

struct Bench {
    proxy: FaultProxy,
    seen: Arc<AtomicUsize>,
    client: reqwest::Client,
}

impl Bench {
    async fn new(tls: bool) -> Self {
        let seen = Arc::default();
        let upstream = echo(Arc::clone(&seen)).await;
        let starting = if tls { FaultProxy::start_tls(upstream).await } else { FaultProxy::start(upstream).await };
        let proxy = starting.unwrap();
        let roots = proxy.root().map(|root| reqwest::Certificate::from_pem(root.as_bytes()).unwrap());
        let client = reqwest::Client::builder().no_proxy().http1_only().tls_certs_merge(roots).build().unwrap();
        Self { proxy, seen, client }
    }

    /// With this fault first, then without: (what was answered, whether the store had seen it), twice.
    async fn twice(&self, fault: Fault) -> [(reqwest::Result<reqwest::Response>, usize); 2] {
        self.proxy.play(Script::Rules(vec![Rule::once(Kind::Part(2), fault)]));
        let before = self.seen.load(Ordering::Relaxed);
        let first = self.put().await;
        let between = self.seen.load(Ordering::Relaxed);
        let second = self.put().await;
        [(first, between - before), (second, self.seen.load(Ordering::Relaxed) - between)]
    }

    async fn put(&self) -> reqwest::Result<reqwest::Response> {
        self.client.put(format!("{}{PART}", self.proxy.endpoint())).body(content()).send().await
    }
}

fn content() -> Vec<u8> {
    (0..1_000_000_u32).map(|n| (n % 251) as u8).collect()
}

async fn passes_everything_as_it_is(tls: bool) {
    let bench = Bench::new(tls).await;
    for _ in 0..2 {
        let answer = bench.put().await.unwrap();
        assert_eq!(answer.headers()["x-host"], bench.proxy.address.to_string());
        assert_eq!(answer.headers()["x-length"], "1000000");
        assert!(answer.bytes().await.unwrap() == content());
    }
    let head = bench.client.head(format!("{}/bucket/key", bench.proxy.endpoint())).send().await.unwrap();
    assert!(head.status().is_success() && head.bytes().await.unwrap().is_empty());
    let exchanges = bench.proxy.exchanges();
    assert_eq!(exchanges.iter().map(|one| one.kind).collect::<Vec<_>>(), [Kind::Part(2), Kind::Part(2), Kind::Head]);
    assert!(exchanges.iter().all(|one| one.succeeded && one.fault.is_none()));
    assert_eq!((exchanges[0].path.as_str(), exchanges[2].path.as_str()), ("/bucket/key", "/bucket/key"));
}

#[tokio::test]
async fn what_passes_is_not_changed() {
    passes_everything_as_it_is(false).await;
}

#[tokio::test]
async fn what_passes_through_tls_is_not_changed() {
    passes_everything_as_it_is(true).await;
}

#[tokio::test]
async fn a_stranger_s_certificate_is_not_trusted() {
    let bench = Bench::new(true).await;
    let stranger = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(stranger.get(bench.proxy.endpoint()).send().await.is_err());
}

#[tokio::test]
async fn a_request_cut_in_its_body_does_not_reach_the_store_and_the_next_one_does() {
    for tls in [false, true] {
        let bench = Bench::new(tls).await;
        for fault in
            [Fault::CutRequest { after: 0 }, Fault::CutRequest { after: 999_999 }, Fault::ResetRequest { after: 5_000 }]
        {
            let [(first, seen), (second, seen_then)] = bench.twice(fault).await;
            assert!(first.is_err() && seen == 0, "{fault:?}");
            assert!(second.unwrap().status().is_success() && seen_then == 1, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_dropped_answer_is_one_of_a_request_the_store_has_taken() {
    for tls in [false, true] {
        let bench = Bench::new(tls).await;
        for fault in [Fault::DropAnswer, Fault::ResetAnswer, Fault::CutAnswer { after: 20 }] {
            let [(first, seen), (second, _)] = bench.twice(fault).await;
            assert!(first.is_err() && seen == 1, "{fault:?}");
            assert!(second.is_ok(), "{fault:?}");
            assert!(!bench.proxy.exchanges()[0].succeeded);
        }
    }
}

#[tokio::test]
async fn a_refusal_says_what_it_was_told_to_say_and_asks_nobody() {
    let bench = Bench::new(false).await;
    let fault = Fault::Refuse { status: 503, code: "SlowDown", retry_after: Some(7), drains: true };
    let [(first, seen), (second, _)] = bench.twice(fault).await;
    let first = first.unwrap();
    assert_eq!((first.status().as_u16(), seen, &first.headers()["retry-after"]), (503, 0, &"7".parse().unwrap()));
    assert!(first.text().await.unwrap().contains("<Code>SlowDown</Code>"));
    assert!(second.unwrap().status().is_success());

    for (done, expected) in [(false, 0), (true, 1)] {
        let [(first, seen), _] = bench.twice(Fault::ErrorInside200 { code: "InternalError", done }).await;
        let first = first.unwrap();
        assert_eq!((first.status().as_u16(), seen), (200, expected));
        assert!(first.text().await.unwrap().contains("<Code>InternalError</Code>"));
    }
}

#[tokio::test]
async fn one_bit_is_changed_and_only_one() {
    let bench = Bench::new(false).await;
    let [(first, _), (second, _)] = bench.twice(Fault::FlipRequest { at: 300_000 }).await;
    let changed = first.unwrap().bytes().await.unwrap();
    let places = content().iter().zip(&changed).filter(|(a, b)| a != b).count();
    assert_eq!((places, changed[300_000] ^ content()[300_000]), (1, 1));
    assert!(second.unwrap().bytes().await.unwrap() == content());

    let [(first, _), (second, _)] = bench.twice(Fault::FlipAnswer { within: "ETag" }).await;
    assert_ne!(first.unwrap().headers()["etag"], "\"00ff00\"");
    assert_eq!(second.unwrap().headers()["etag"], "\"00ff00\"");
}

#[tokio::test]
async fn what_is_held_up_comes_late_and_whole() {
    let bench = Bench::new(false).await;
    let lasts = Duration::from_millis(300);
    for fault in [
        Fault::Late { by: lasts },
        Fault::StallRequest { after: 10, lasts },
        Fault::HoldAnswer { lasts },
        Fault::SlowRequest { bytes_per_second: 3_000_000 },
        Fault::SlowAnswer { bytes_per_second: 3_000_000 },
    ] {
        let began = Instant::now();
        let [(first, _), _] = bench.twice(fault).await;
        assert!(first.unwrap().bytes().await.unwrap() == content(), "{fault:?}");
        assert!(began.elapsed() >= lasts, "{fault:?}");
    }
}
