//! The S3 control plane and this computer's own store against each other over real HTTP, with the sender's own client.

// Clippy's own exemption knows test functions only, not what they share.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use lectern_server::object_store::lifecycle::with_abandoned_uploads_ended;
use lectern_server::object_store::local::{LocalOptions, LocalStore, LocalStoreError};
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_server::object_store::{LifecycleRule, ObjectMeta, ObjectStore, StoreError, StoredObject};
use lectern_shared::protocol::SignedUrl;
use md5::{Digest, Md5};
use reqwest::{Client, Response, StatusCode};
use std::path::Path;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Small parts and pages, so that the tests run in seconds; nothing else differs from the app's store.
const SMALL: LocalOptions = LocalOptions { page_size: 3, part_bytes_min: 10, reserve_bytes: 0 };
const KEY: &str = "space/0190-asset/original";

struct Fixture {
    folder: TempDir,
    local: LocalStore,
    store: S3Store,
    http: Client,
}

async fn fixture() -> Fixture {
    with_options(SMALL).await
}

async fn with_options(options: LocalOptions) -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalStore::start_with(folder.path(), options).await.unwrap();
    let store = local.store();
    let http = Client::builder().http1_only().no_proxy().build().unwrap();
    Fixture { folder, local, store, http }
}

impl Fixture {
    async fn restarted(self) -> Self {
        self.local.shutdown().await;
        let local = LocalStore::start_with(self.folder.path(), SMALL).await.unwrap();
        let store = local.store();
        Self { folder: self.folder, local, store, http: self.http }
    }

    async fn put(&self, signed: SignedUrl, body: impl Into<reqwest::Body>) -> Response {
        let request = self.http.put(signed.url).body(body);
        let request = signed.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.unwrap()
    }

    async fn put_part(&self, key: &str, upload: &str, part: u32, body: &[u8]) -> String {
        let answer = self.put(self.store.sign_part(key, upload, part).await.unwrap(), body.to_vec()).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned()
    }

    async fn get(&self, key: &str, version: Option<&str>, range: &str) -> Response {
        let request = self.http.get(self.store.sign_get(key, version).await.unwrap().url);
        let request = if range.is_empty() { request } else { request.header("range", range) };
        request.send().await.unwrap()
    }

    /// An object of three parts: "aaaaaaaaaa", "bbbbbbbbbb", "cc".
    async fn object(&self, key: &str) -> StoredObject {
        let upload = self.store.create_multipart(key, &meta("film.mp4")).await.unwrap();
        let mut parts = Vec::new();
        for (part, body) in [(1, "aaaaaaaaaa"), (2, "bbbbbbbbbb"), (3, "cc")] {
            parts.push((part, self.put_part(key, &upload, part, body.as_bytes()).await));
        }
        self.store.complete(key, &upload, &parts).await.unwrap()
    }

    async fn parts(&self, upload: &str) -> Vec<(u32, u64)> {
        let parts = self.store.list_parts(KEY, upload).await.unwrap();
        parts.iter().map(|part| (part.part, part.bytes)).collect()
    }

    fn files(&self) -> usize {
        count_files(self.folder.path())
    }

    /// What happens after a connection broke or beside the serving takes a moment.
    async fn files_settle_at(&self, count: usize) {
        for _ in 0..200 {
            if self.files() == count {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert_eq!(self.files(), count);
    }
}

fn count_files(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let count = |path: std::path::PathBuf| if path.is_dir() { count_files(&path) } else { 1 };
    entries.map(|entry| count(entry.unwrap().path())).sum()
}

fn meta(name: &str) -> ObjectMeta {
    ObjectMeta { content_type: "video/mp4".into(), entries: vec![("name".into(), name.into())] }
}

fn md5_hex(body: &[u8]) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_sent_in_any_order_become_one_object_with_the_composite_etag() {
    let it = fixture().await;
    it.store.ensure_bucket().await.unwrap();
    let upload = it.store.create_multipart(KEY, &meta("film.mp4")).await.unwrap();
    let bodies = [b"aaaaaaaaaa".to_vec(), b"bbbbbbbbbb".to_vec(), b"cc".to_vec()];
    let mut parts = Vec::new();
    for part in [3, 1, 2] {
        let body = &bodies[part as usize - 1];
        let etag = it.put_part(KEY, &upload, part, body).await;
        assert_eq!(etag, md5_hex(body));
        parts.push((part, etag));
    }
    parts.sort();
    let done = it.store.complete(KEY, &upload, &parts).await.unwrap();
    let joined: Vec<u8> = bodies.iter().flat_map(|body| Md5::digest(body).to_vec()).collect();
    assert_eq!(done.etag, format!("{}-3", md5_hex(&joined)));
    let head = it.store.head(KEY).await.unwrap().unwrap();
    assert_eq!((head.bytes, &head.etag, &head.version), (22, &done.etag, &done.version));
    let answer = it.get(KEY, None, "").await;
    assert_eq!(answer.headers()["accept-ranges"], "bytes");
    assert_eq!(answer.headers()["content-type"], "video/mp4");
    assert_eq!(answer.bytes().await.unwrap(), bodies.concat());
    assert_eq!(it.store.list_keys("space/").await.unwrap(), [KEY]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_every_listing_is_read() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    for part in 1..=10 {
        it.put_part(KEY, &upload, part, b"x").await;
    }
    assert_eq!(it.parts(&upload).await, (1..=10).map(|part| (part, 1)).collect::<Vec<_>>());
    let mut expected = vec![upload];
    for _ in 0..6 {
        expected.push(it.store.create_multipart(KEY, &meta("x")).await.unwrap());
    }
    it.store.create_multipart("other/x", &meta("x")).await.unwrap();
    let listed = it.store.list_uploads("space/").await.unwrap();
    assert!(listed.iter().all(|upload| upload.key == KEY));
    assert_eq!(listed.into_iter().map(|upload| upload.upload_id).collect::<Vec<_>>(), expected);
    for n in 0..7 {
        it.put(it.store.sign_put(&format!("k/{n}"), &meta("x")).await.unwrap(), "x").await;
    }
    assert_eq!(it.store.list_keys("k/").await.unwrap().len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_sent_again_replaces_the_former_one() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let old = it.put_part(KEY, &upload, 1, b"first try, longer").await;
    let files = it.files();
    let new = it.put_part(KEY, &upload, 1, b"second").await;
    assert_eq!((it.parts(&upload).await, it.files()), (vec![(1, 6)], files));
    assert!(matches!(it.store.complete(KEY, &upload, &[(1, old)]).await, Err(StoreError::InvalidPart(_))));
    it.store.complete(KEY, &upload, &[(1, new)]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn complete_refuses_missing_and_small_parts() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let small = it.put_part(KEY, &upload, 1, b"123456789").await;
    let last = it.put_part(KEY, &upload, 2, b"x").await;
    let refused = it.store.complete(KEY, &upload, &[(1, small.clone()), (2, last.clone())]).await.unwrap_err();
    assert!(refused.to_string().contains("EntityTooSmall"), "{refused}");
    let refused = it.store.complete(KEY, &upload, &[(2, last), (3, small)]).await.unwrap_err();
    assert!(refused.to_string().contains("InvalidPart"), "{refused}");
    assert_eq!(it.parts(&upload).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn completing_twice_says_no_such_upload_and_the_object_is_there() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let parts = [(1, it.put_part(KEY, &upload, 1, b"x").await)];
    it.store.complete(KEY, &upload, &parts).await.unwrap();
    assert!(matches!(it.store.complete(KEY, &upload, &parts).await, Err(StoreError::NoSuchUpload)));
    assert!(it.store.head(KEY).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_upload_is_gone_with_its_bytes_and_may_be_aborted_again() {
    let it = fixture().await;
    let before = it.files();
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    it.put_part(KEY, &upload, 1, b"x").await;
    it.store.abort(KEY, &upload).await.unwrap();
    it.store.abort(KEY, &upload).await.unwrap();
    assert!(matches!(it.store.list_parts(KEY, &upload).await, Err(StoreError::NoSuchUpload)));
    let late = it.put(it.store.sign_part(KEY, &upload, 2).await.unwrap(), vec![0; 4 << 20]).await;
    assert_eq!(late.status(), StatusCode::NOT_FOUND);
    assert_eq!(it.files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_single_put_keeps_the_name_of_the_file_whatever_its_letters() {
    let it = fixture().await;
    let name = "Überblick – 第1回 100%.mp4";
    let answer = it.put(it.store.sign_put(KEY, &meta(name)).await.unwrap(), "hello").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["etag"].to_str().unwrap().trim_matches('"'), md5_hex(b"hello"));
    let head = it.store.head(KEY).await.unwrap().unwrap();
    assert_eq!((head.bytes, head.etag), (5, md5_hex(b"hello")));
    assert_eq!(head.entries, [("name".to_owned(), name.to_owned())]);
    let empty = it.put(it.store.sign_put("empty", &meta("e")).await.unwrap(), "").await;
    assert_eq!(empty.status(), StatusCode::OK);
    assert_eq!(it.store.head("empty").await.unwrap().unwrap().bytes, 0);
    assert_eq!(it.get("empty", None, "").await.bytes().await.unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_put_needs_its_headers_and_a_part_needs_none() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    assert_eq!(it.store.sign_part(KEY, &upload, 1).await.unwrap().headers, []);
    let mut put = it.store.sign_put(KEY, &meta("x")).await.unwrap();
    put.headers.sort();
    let names: Vec<&str> = put.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-type", "x-amz-meta-name"]);
    put.headers.clear();
    assert_eq!(it.put(put, "hello").await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_are_answered_across_parts() {
    let it = fixture().await;
    it.object(KEY).await;
    for (range, content_range, body) in [
        ("bytes=0-0", "bytes 0-0/22", "a"),
        ("bytes=8-11", "bytes 8-11/22", "aabb"),
        ("bytes=19-", "bytes 19-21/22", "bcc"),
        ("bytes=-4", "bytes 18-21/22", "bbcc"),
        ("bytes=20-900", "bytes 20-21/22", "cc"),
    ] {
        let answer = it.get(KEY, None, range).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(answer.headers()["content-range"], content_range);
        assert_eq!(answer.text().await.unwrap(), body);
    }
    let answer = it.get(KEY, None, "bytes=22-").await;
    assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(answer.headers()["content-range"], "bytes */22");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_deleted_by_version_and_the_former_one_shows_again() {
    let it = fixture().await;
    assert!(it.store.head(KEY).await.unwrap().is_none());
    let before = it.files();
    let first = it.object(KEY).await;
    let second = it.put(it.store.sign_put(KEY, &meta("x")).await.unwrap(), "second").await;
    let second = second.headers()["x-amz-version-id"].to_str().unwrap().to_owned();
    assert_eq!(it.get(KEY, None, "").await.text().await.unwrap(), "second");
    assert_eq!(it.get(KEY, first.version.as_deref(), "bytes=0-1").await.text().await.unwrap(), "aa");
    it.store.delete(KEY, Some(&second)).await.unwrap();
    it.store.delete(KEY, Some(&second)).await.unwrap();
    assert_eq!(it.store.head(KEY).await.unwrap().unwrap().version, first.version);
    it.store.delete(KEY, None).await.unwrap();
    assert!(it.store.head(KEY).await.unwrap().is_none());
    assert_eq!(it.get(KEY, first.version.as_deref(), "").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(it.get(KEY, Some("../../uploads"), "").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(it.files(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_of_a_key_is_listed_latest_first_and_none_of_another_key() {
    let it = fixture().await;
    let mut expected = Vec::new();
    for n in 0..8 {
        let answer = it.put(it.store.sign_put(KEY, &meta("x")).await.unwrap(), format!("{n}")).await;
        expected.insert(0, answer.headers()["x-amz-version-id"].to_str().unwrap().to_owned());
    }
    it.put(it.store.sign_put(&format!("{KEY}-too"), &meta("x")).await.unwrap(), "x").await;
    assert_eq!(it.store.versions(KEY).await.unwrap(), expected);
    it.store.delete(KEY, Some(&expected.remove(3))).await.unwrap();
    assert_eq!(it.store.versions(KEY).await.unwrap(), expected);
    assert!(it.store.versions("space").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_key_or_bends_a_url_is_refused() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let url = it.store.sign_part(KEY, &upload, 1).await.unwrap().url;
    let bent = |from: &str, to: &str| {
        assert!(url.contains(from), "{from}");
        url.replace(from, to)
    };
    let (head, signature) = url.split_once("X-Amz-Signature=").unwrap();
    let reversed: String = signature.chars().rev().collect();
    for tampered in [
        bent("partNumber=1", "partNumber=2"),
        bent("0190-asset", "0190-other"),
        bent("X-Amz-Expires=3600", "X-Amz-Expires=9999"),
        format!("{head}X-Amz-Signature={reversed}"),
        url.split('?').next().unwrap().to_owned(),
    ] {
        // Large enough that an early refusal would break the pipe, were the body not drained.
        let answer = it.http.put(&tampered).body(vec![7; 8 << 20]).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{tampered}");
    }
    assert_eq!(it.http.get(it.local.config().endpoint).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let stranger = S3Store::new(S3Config { secret_key: "guessed".into(), ..it.local.config() });
    let refused = stranger.list_parts(KEY, &upload).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Refused(text) if text.contains("SignatureDoesNotMatch")), "{refused}");
    assert_eq!(it.parts(&upload).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_not_what_its_md5_says_is_refused() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let send = async |md5: String| {
        let url = it.store.sign_part(KEY, &upload, 1).await.unwrap().url;
        it.http.put(url).header("content-md5", md5).body("body").send().await.unwrap()
    };
    let encode = |body: &[u8]| base64::engine::general_purpose::STANDARD.encode(Md5::digest(body));
    let refused = send(encode(b"other")).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert!(refused.text().await.unwrap().contains("BadDigest"));
    assert!(send("nonsense".into()).await.text().await.unwrap().contains("InvalidDigest"));
    assert_eq!(it.parts(&upload).await, []);
    assert_eq!(send(encode(b"body")).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_body_never_becomes_a_part() {
    let it = fixture().await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let files = it.files();
    let url: reqwest::Url = it.store.sign_part(KEY, &upload, 1).await.unwrap().url.parse().unwrap();
    let target = format!("{}?{}", url.path(), url.query().unwrap());
    let port = url.port().unwrap();
    for half_closed in [false, true] {
        let mut wire = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let head = format!("PUT {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 1000000\r\n\r\n");
        wire.write_all(head.as_bytes()).await.unwrap();
        wire.write_all(&vec![1; 600_000]).await.unwrap();
        // It was on its way to the disk before the connection broke.
        it.files_settle_at(files + 1).await;
        if half_closed {
            wire.shutdown().await.unwrap();
            let mut answer = String::new();
            let _ = wire.read_to_string(&mut answer).await;
            assert!(!answer.contains("200 OK"), "{answer}");
        }
        drop(wire);
        it.files_settle_at(files).await;
    }
    assert_eq!(it.parts(&upload).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_confirmed_parts_and_objects_and_nothing_else() {
    let it = fixture().await;
    it.object("done").await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let etag = it.put_part(KEY, &upload, 2, b"two").await;
    let old_url = it.store.sign_part(KEY, &upload, 1).await.unwrap();
    let files = it.files();
    // What a crash leaves: a body on its way, a manifest whose folder was not renamed, a deletion cut short.
    let root = it.folder.path();
    std::fs::write(root.join("scratch/left"), "x").unwrap();
    std::fs::write(root.join("uploads").join(&upload).join("manifest.json"), "{}").unwrap();
    let half = root.join("objects/o-half").join("0".repeat(32));
    std::fs::create_dir_all(&half).unwrap();
    std::fs::write(half.join("part"), "x").unwrap();
    let it = it.restarted().await;
    assert_eq!(it.parts(&upload).await, [(2, 3)]);
    assert_eq!(it.store.head("done").await.unwrap().unwrap().bytes, 22);
    assert_eq!(it.store.list_keys("").await.unwrap(), ["done"]);
    it.files_settle_at(files).await;
    let port = it.local.config().endpoint.port();
    let mut old = reqwest::Url::parse(&old_url.url).unwrap();
    old.set_port(port).unwrap();
    assert_eq!(it.http.put(old).body("x").send().await.unwrap().status(), StatusCode::FORBIDDEN);
    it.store.complete(KEY, &upload, &[(2, etag)]).await.unwrap();
    assert_eq!(it.get(KEY, None, "").await.text().await.unwrap(), "two");
}

#[tokio::test(flavor = "multi_thread")]
async fn lifecycle_rules_outlive_a_restart_and_can_all_go() {
    let it = fixture().await;
    assert_eq!(it.store.lifecycle().await.unwrap(), []);
    let rules = with_abandoned_uploads_ended(&[], "space/", 90);
    it.store.set_lifecycle(&rules).await.unwrap();
    let it = it.restarted().await;
    assert_eq!(it.store.lifecycle().await.unwrap(), rules);
    let nonsense = [LifecycleRule { abort_after_days: Some(0), ..rules[0].clone() }];
    assert!(matches!(it.store.set_lifecycle(&nonsense).await, Err(StoreError::Refused(_))));
    assert_eq!(it.store.lifecycle().await.unwrap(), rules);
    it.store.set_lifecycle(&[]).await.unwrap();
    assert_eq!(it.store.lifecycle().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_an_error_that_leaves_nothing_behind() {
    let it = with_options(LocalOptions { reserve_bytes: u64::MAX / 2, ..SMALL }).await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let files = it.files();
    let answer = it.put(it.store.sign_part(KEY, &upload, 1).await.unwrap(), vec![0; 8 << 20]).await;
    assert_eq!(answer.status(), StatusCode::INSUFFICIENT_STORAGE);
    assert!(answer.text().await.unwrap().contains("InsufficientStorage"));
    assert_eq!((it.parts(&upload).await, it.files()), (vec![], files));
    assert_eq!(it.store.free_bytes().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_part_arrives_unchanged() {
    let it = with_options(LocalOptions { reserve_bytes: 0, ..LocalOptions::default() }).await;
    let upload = it.store.create_multipart(KEY, &meta("x")).await.unwrap();
    let body: Vec<u8> = (0..24_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut parts = Vec::new();
    for (n, part) in body.chunks(16 << 20).enumerate() {
        let part_number = u32::try_from(n).unwrap() + 1;
        parts.push((part_number, it.put_part(KEY, &upload, part_number, part).await));
    }
    it.store.complete(KEY, &upload, &parts).await.unwrap();
    assert_eq!(md5_hex(&it.get(KEY, None, "").await.bytes().await.unwrap()), md5_hex(&body));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_stores_never_share_a_folder() {
    let it = fixture().await;
    let second = LocalStore::start_with(it.folder.path(), SMALL).await;
    assert!(matches!(second, Err(LocalStoreError::InUse)));
    drop(it.local);
    LocalStore::start_with(it.folder.path(), SMALL).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_inside_a_200_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut wire, _) = listener.accept().await.unwrap();
        let _ = wire.read(&mut [0; 16_384]).await.unwrap();
        let body = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code><Message>later</Message></Error>";
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        wire.write_all(answer.as_bytes()).await.unwrap();
        wire.shutdown().await.unwrap();
        let _ = wire.read(&mut [0; 16_384]).await;
    });
    let store = S3Store::new(S3Config {
        endpoint: format!("http://{address}").parse().unwrap(),
        region: "us-east-1".into(),
        bucket: "b".into(),
        access_key: "a".into(),
        secret_key: "s".into(),
    });
    let failed = store.complete("k", "u", &[(1, "e".into())]).await.unwrap_err();
    assert!(matches!(&failed, StoreError::Unreachable(text) if text.contains("InternalError")), "{failed}");
    // One connection was served: nobody answers now.
    let failed = store.head("k").await.unwrap_err();
    assert!(matches!(failed, StoreError::Unreachable(_)), "{failed}");
}
