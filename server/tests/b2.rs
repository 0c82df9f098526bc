//! Our own store as a bucket of Backblaze B2, over real HTTP: what B2 refuses, keeps and runs into.

// Clippy's own exemption knows test functions only, not what they share.
#![allow(clippy::unwrap_used)]

use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation};
use base64::Engine;
use futures::StreamExt;
use lectern_server::object_store::lifecycle::with_abandoned_uploads_ended;
use lectern_server::object_store::local::b2::{Account, ApplicationKey, Busy, Caps};
use lectern_server::object_store::local::{LocalOptions, LocalStore};
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_server::object_store::{LifecycleRule, ObjectMeta, ObjectStore, StoreError};
use lectern_shared::protocol::SignedUrl;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const KEY: &str = "space/asset/original";
const OPTIONS: LocalOptions = LocalOptions { page_size: 1_000, part_bytes_min: 5_000_000, reserve_bytes: 0 };

struct Bucket {
    account: Account,
    local: LocalStore,
    store: S3Store,
    http: Client,
    _folder: TempDir,
}

async fn bucket() -> Bucket {
    bucket_in(Account::new()).await
}

async fn bucket_in(account: Account) -> Bucket {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalStore::start_as_b2(folder.path(), OPTIONS, &account).await.unwrap();
    let store = local.store();
    let http = Client::builder().http1_only().no_proxy().build().unwrap();
    Bucket { account, local, store, http, _folder: folder }
}

impl Bucket {
    async fn send(&self, signed: SignedUrl, header: Option<(&str, &str)>, body: Vec<u8>) -> Response {
        let request = self.http.put(signed.url).body(body);
        let request = signed.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.unwrap()
    }

    async fn put_part(&self, upload: &str, part: u32, body: Vec<u8>) -> Response {
        self.send(self.store.sign_part(KEY, upload, part).await.unwrap(), None, body).await
    }

    /// Answers the version.
    async fn put(&self, key: &str, bytes: usize) -> String {
        let answer = self.send(self.store.sign_put(key, &meta()).await.unwrap(), None, vec![1; bytes]).await;
        assert_eq!(answer.status(), StatusCode::OK);
        answer.headers()["x-amz-version-id"].to_str().unwrap().to_owned()
    }

    /// Deletes without a version. Answers the marker.
    async fn hide(&self, key: &str) -> String {
        let answer = self.sdk().delete_object().bucket("lectern").key(key).send().await.unwrap();
        assert_eq!(answer.delete_marker(), Some(true));
        answer.version_id().unwrap().to_owned()
    }

    async fn get(&self, version: Option<&str>) -> StatusCode {
        self.http.get(self.store.sign_get(KEY, version).await.unwrap().url).send().await.unwrap().status()
    }

    fn store_with(&self, key: &ApplicationKey) -> S3Store {
        let (access_key, secret_key) = (key.id.clone(), key.secret.reveal().to_owned());
        S3Store::new(S3Config { access_key, secret_key, ..self.local.config() })
    }

    /// A key that the account knows, narrowed.
    fn key(&self, narrow: impl FnOnce(ApplicationKey) -> ApplicationKey) -> ApplicationKey {
        let key = narrow(self.account.new_key());
        self.account.put_key(key.clone());
        key
    }

    /// The SDK itself, for what our client never asks.
    fn sdk(&self) -> aws_sdk_s3::Client {
        let config = self.local.config();
        let credentials = Credentials::new(config.access_key, config.secret_key, None, None, "test");
        let builder = Builder::new().behavior_version(BehaviorVersion::v2026_01_12()).force_path_style(true);
        let builder = builder.endpoint_url(config.endpoint.as_str().trim_end_matches('/'));
        let builder = builder.request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
        let builder = builder.region(Region::new(config.region)).credentials_provider(credentials);
        aws_sdk_s3::Client::from_conf(builder.build())
    }

    async fn authorize(&self, id: &str, secret: &str) -> (StatusCode, Value) {
        let url = self.local.config().endpoint.join("b2api/v3/b2_authorize_account").unwrap();
        let answer = self.http.get(url).basic_auth(id, Some(secret)).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }
}

fn meta() -> ObjectMeta {
    ObjectMeta { content_type: "video/mp4".into(), entries: vec![("name".into(), "Überblick.mp4".into())] }
}

async fn assert_refused(answer: Response, status: StatusCode, words: &str) {
    assert_eq!(answer.status(), status);
    let body = answer.text().await.unwrap();
    assert!(body.contains(words), "{body}");
}

#[track_caller]
fn assert_denied<T: std::fmt::Debug>(answer: Result<T, StoreError>, words: &str) {
    assert!(matches!(&answer, Err(StoreError::Refused(text)) if text.contains(words)), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checksum_header_is_refused_and_nothing_is_stored() {
    let it = bucket().await;
    let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
    for name in ["x-amz-checksum-crc32", "x-amz-checksum-sha256", "x-amz-sdk-checksum-algorithm"] {
        let part = it.store.sign_part(KEY, &upload, 1).await.unwrap();
        let answer = it.send(part, Some((name, "AAAAAA==")), vec![1; 2 << 20]).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        let body = answer.text().await.unwrap();
        assert!(body.contains("<Code>InvalidArgument</Code><Message>Unsupported header"), "{body}");
        assert!(body.contains(name), "{body}");
        let put = it.store.sign_put(KEY, &meta()).await.unwrap();
        assert_eq!(it.send(put, Some((name, "AAAAAA==")), vec![1]).await.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(it.store.list_parts(KEY, &upload).await.unwrap(), []);
    assert!(it.store.head(KEY).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_on_writing_are_not_implemented() {
    let it = bucket().await;
    for header in [("if-none-match", "*"), ("if-match", "\"e\"")] {
        let put = it.store.sign_put(KEY, &meta()).await.unwrap();
        let words = "A header you provided implies functionality that is not implemented";
        assert_refused(it.send(put, Some(header), vec![1]).await, StatusCode::NOT_IMPLEMENTED, words).await;
    }
    let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
    it.put_part(&upload, 1, vec![1]).await;
    let sdk = it.sdk();
    let call = sdk.complete_multipart_upload().bucket("lectern").key(KEY).upload_id(&upload).if_none_match("*");
    let refused = call.send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 501);
    assert_eq!(it.store.list_parts(KEY, &upload).await.unwrap().len(), 1, "the upload is still there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_bucket_says_so_for_as_many_calls_as_it_was_told() {
    let it = bucket().await;
    let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
    it.account.be_busy(Busy { calls: 2, parts_alone: true, retry_after_seconds: Some(3) });
    it.account.be_busy(Busy { calls: 1, parts_alone: false, retry_after_seconds: None });
    assert!(it.store.list_parts(KEY, &upload).await.is_ok(), "only parts are meant");
    for _ in 0..2 {
        let answer = it.put_part(&upload, 1, vec![1; 1 << 20]).await;
        assert_eq!(answer.headers()["retry-after"], "3");
        assert_refused(answer, StatusCode::SERVICE_UNAVAILABLE, "<Code>SlowDown</Code>").await;
    }
    let failed = it.store.head(KEY).await.unwrap_err();
    assert!(matches!(failed, StoreError::Unreachable(_)), "{failed}");
    assert_eq!(it.put_part(&upload, 1, vec![1]).await.status(), StatusCode::OK);
    it.account.be_busy(Busy { calls: 1, parts_alone: false, retry_after_seconds: None });
    let answer = it.put_part(&upload, 1, vec![1]).await;
    assert_eq!((answer.status(), answer.headers().get("retry-after")), (StatusCode::SERVICE_UNAVAILABLE, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_but_the_last_has_five_million_bytes() {
    let it = bucket().await;
    for (bytes, taken) in [(4_999_999, false), (5_000_000, true)] {
        let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
        let mut parts = Vec::new();
        for (part, body) in [(1, vec![1; bytes]), (2, vec![2])] {
            let answer = it.put_part(&upload, part, body).await;
            parts.push((part, answer.headers()["etag"].to_str().unwrap().trim_matches('"').to_owned()));
        }
        match it.store.complete(KEY, &upload, &parts).await {
            Ok(_) => assert!(taken),
            refused => {
                assert!(!taken);
                assert_denied(refused, "EntityTooSmall");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_beyond_the_limits_is_refused() {
    let it = bucket_in(Account::new().with_part_bytes_max(1_000)).await;
    let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
    assert_eq!(it.put_part(&upload, 10_000, vec![1; 1_000]).await.status(), StatusCode::OK);
    assert_refused(it.put_part(&upload, 1, vec![1; 1_001]).await, StatusCode::BAD_REQUEST, "EntityTooLarge").await;
    let body = b"x".to_vec().into();
    let call = it.sdk().upload_part().bucket("lectern").key(KEY).upload_id(&upload).part_number(10_001).body(body);
    let refused = call.send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(it.store.list_parts(KEY, &upload).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_without_version_hides_and_frees_nothing() {
    let it = bucket().await;
    let version = it.put(KEY, 600).await;
    it.account.set_caps(Caps { storage_bytes: Some(1_000), transactions: None });
    let marker = it.hide(KEY).await;
    assert!(it.store.head(KEY).await.unwrap().is_none());
    assert_eq!(it.get(None).await, StatusCode::NOT_FOUND);
    assert_eq!(it.get(Some(&version)).await, StatusCode::OK, "its bytes are still there");
    assert_eq!(it.get(Some(&marker)).await, StatusCode::METHOD_NOT_ALLOWED);
    assert!(it.store.list_keys("").await.unwrap().is_empty());
    let put = it.store.sign_put("other", &meta()).await.unwrap();
    let refused = it.send(put.clone(), None, vec![1; 600]).await;
    assert_refused(refused, StatusCode::FORBIDDEN, "storage cap exceeded").await;
    let again = it.hide(KEY).await;
    it.store.delete(KEY, Some(&marker)).await.unwrap();
    assert!(it.store.head(KEY).await.unwrap().is_none(), "there is another marker");
    it.store.delete(KEY, Some(&again)).await.unwrap();
    assert_eq!(it.store.head(KEY).await.unwrap().unwrap().version, Some(version.clone()));
    it.store.delete(KEY, Some(&version)).await.unwrap();
    assert_eq!(it.get(Some(&version)).await, StatusCode::NOT_FOUND);
    assert_eq!(it.send(put, None, vec![1; 600]).await.status(), StatusCode::OK, "now there is room");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_parts_of_an_unfinished_upload_count_for_the_storage_cap() {
    let it = bucket().await;
    it.account.set_caps(Caps { storage_bytes: Some(1_000), transactions: None });
    let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
    assert_eq!(it.put_part(&upload, 1, vec![1; 600]).await.status(), StatusCode::OK);
    let refused = it.put_part(&upload, 2, vec![1; 600]).await;
    let words = "<Code>AccessDenied</Code><Message>Cannot upload files, storage cap exceeded.";
    assert_refused(refused, StatusCode::FORBIDDEN, words).await;
    it.store.abort(KEY, &upload).await.unwrap();
    it.put(KEY, 600).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_costs_transactions_and_sending_costs_none() {
    let it = bucket().await;
    let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
    it.account.set_caps(Caps { storage_bytes: None, transactions: Some(2) });
    assert!(it.store.head(KEY).await.is_ok());
    assert!(it.store.list_parts(KEY, &upload).await.is_ok());
    assert_denied(it.store.list_parts(KEY, &upload).await, "Transaction cap exceeded");
    assert_denied(it.store.list_uploads("").await, "AccessDenied");
    assert_eq!(it.put_part(&upload, 1, vec![1]).await.status(), StatusCode::OK);
    let (id, secret) = it.account.master_key();
    let (status, body) = it.authorize(id, secret).await;
    assert_eq!((status, &body["code"]), (StatusCode::FORBIDDEN, &Value::from("transaction_cap_exceeded")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_prefix_sees_nothing_else() {
    let it = bucket().await;
    it.put("ours/a", 1).await;
    it.put("theirs/a", 1).await;
    let narrow = |key: ApplicationKey| ApplicationKey { name_prefix: Some("ours/".into()), ..key.of_one_bucket() };
    let store = it.store_with(&it.key(narrow));
    assert_eq!(store.list_keys("ours/").await.unwrap(), ["ours/a"]);
    assert!(store.head("ours/a").await.unwrap().is_some());
    let upload = store.create_multipart("ours/b", &meta()).await.unwrap();
    store.abort("ours/b", &upload).await.unwrap();
    assert_denied(store.create_multipart("theirs/b", &meta()).await, "AccessDenied: not entitled");
    assert_denied(store.list_keys("theirs/").await, "not entitled");
    assert_denied(store.list_keys("").await, "not entitled");
    assert_denied(store.list_uploads("our").await, "not entitled");
    let put = store.sign_put("theirs/a", &meta()).await.unwrap();
    assert_refused(it.send(put, None, vec![1]).await, StatusCode::FORBIDDEN, "<Code>AccessDenied</Code>").await;
    // HEAD has no body to say why.
    assert_denied(store.head("theirs/a").await, "403");
    assert_denied(store.set_lifecycle(&[]).await, "not entitled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_what_its_capabilities_say() {
    let it = bucket().await;
    let version = it.put(KEY, 5).await;
    let reader = it.store_with(&it.key(|key| key.of_one_bucket().without("writeFiles").without("deleteFiles")));
    assert!(reader.head(KEY).await.unwrap().is_some());
    assert_denied(reader.create_multipart(KEY, &meta()).await, "not entitled");
    assert_denied(reader.delete(KEY, None).await, "not entitled");
    let put = reader.sign_put(KEY, &meta()).await.unwrap();
    assert_refused(it.send(put, None, vec![1]).await, StatusCode::FORBIDDEN, "<Code>AccessDenied</Code>").await;
    let writer = it.store_with(&it.key(|key| key.of_one_bucket().without("deleteFiles").without("readFiles")));
    assert_denied(writer.delete(KEY, Some(&version)).await, "not entitled");
    writer.delete(KEY, None).await.unwrap();
    assert_denied(writer.head(KEY).await, "403");
    assert!(it.store.head(KEY).await.unwrap().is_none(), "it was hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_an_unknown_and_the_master_key_are_refused_in_their_own_words() {
    let it = bucket().await;
    let mut key = it.key(ApplicationKey::of_one_bucket);
    let store = it.store_with(&key);
    let upload = store.create_multipart(KEY, &meta()).await.unwrap();
    let signed = store.sign_part(KEY, &upload, 1).await.unwrap();
    key.expires = Some(SystemTime::now() - Duration::from_secs(1));
    it.account.put_key(key.clone());
    assert_denied(store.list_parts(KEY, &upload).await, "AccessDenied");
    assert_refused(it.send(signed, None, vec![1]).await, StatusCode::FORBIDDEN, "<Code>AccessDenied</Code>").await;
    let unknown = ApplicationKey { id: "0040000000000000000000009".into(), ..key };
    let refused = it.store_with(&unknown).list_parts(KEY, &upload).await;
    assert_denied(refused, "InvalidAccessKeyId: The key '…' is not valid");
    let (id, secret) = it.account.master_key();
    let config = S3Config { access_key: id.into(), secret_key: secret.into(), ..it.local.config() };
    let refused = S3Store::new(config).list_parts(KEY, &upload).await;
    assert_denied(refused, "InvalidAccessKeyId: Malformed Access Key Id");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_has_more_than_a_thousand_entries_and_ours_reads_on() {
    let it = bucket().await;
    let upload = it.store.create_multipart(KEY, &meta()).await.unwrap();
    let sent = futures::stream::iter(1..=1_001).map(|part| it.put_part(&upload, part, vec![1])).buffer_unordered(16);
    assert!(sent.all(|answer| async move { answer.status() == StatusCode::OK }).await);
    let call = it.sdk().list_parts().bucket("lectern").key(KEY).upload_id(&upload).max_parts(5_000);
    let page = call.send().await.unwrap();
    assert_eq!((page.parts().len(), page.is_truncated()), (1_000, Some(true)));
    let parts = it.store.list_parts(KEY, &upload).await.unwrap();
    assert_eq!(parts.iter().map(|part| part.part).collect::<Vec<_>>(), (1..=1_001).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_come_back_one_for_each_deed_and_no_two_may_meet() {
    let it = bucket().await;
    let all = LifecycleRule { id: Some("mine".into()), prefix: "logs/".into(), enabled: true, ..Default::default() };
    let all = LifecycleRule { expire_after_days: Some(3), delete_hidden_after_days: Some(2), ..all };
    it.store.set_lifecycle(&[all]).await.unwrap();
    let found = it.store.lifecycle().await.unwrap();
    let deeds =
        |rule: &LifecycleRule| (rule.expire_after_days, rule.expire_lone_markers, rule.delete_hidden_after_days);
    let expected = [(Some(3), false, None), (None, true, None), (None, false, Some(2))];
    assert_eq!(found.iter().map(deeds).collect::<Vec<_>>(), expected);
    assert!(found.iter().all(|rule| rule.prefix == "logs/" && rule.id.as_deref() != Some("mine")));
    it.store.set_lifecycle(&with_abandoned_uploads_ended(&found, "space/", 90)).await.unwrap();
    let before = it.store.lifecycle().await.unwrap();
    assert_eq!((before.len(), before[3].abort_after_days), (4, Some(90)));
    let narrow = LifecycleRule { prefix: "logs/old/".into(), ..found[0].clone() };
    assert_denied(it.store.set_lifecycle(&[&found[..], &[narrow]].concat()).await, "InvalidRequest");
    assert_eq!(it.store.lifecycle().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_bucket_learns_which_and_where() {
    let it = bucket().await;
    let expires = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    let narrow = |key: ApplicationKey| ApplicationKey {
        name_prefix: Some("ours/".into()),
        expires: Some(expires),
        ..key.of_one_bucket().without("deleteFiles")
    };
    let key = it.key(narrow);
    let (status, body) = it.authorize(&key.id, key.secret.reveal()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(body["accountId"], it.account.master_key().0);
    assert_eq!(body["applicationKeyExpirationTimestamp"], 4_000_000_000_000_u64);
    assert!(body["authorizationToken"].as_str().unwrap().len() > 20);
    let api = &body["apiInfo"]["storageApi"];
    let endpoint = it.local.config().endpoint.as_str().trim_end_matches('/').to_owned();
    for name in ["s3ApiUrl", "apiUrl", "downloadUrl"] {
        assert_eq!(api[name], endpoint, "{name}");
    }
    assert_eq!((&api["bucketName"], &api["namePrefix"]), (&Value::from("lectern"), &Value::from("ours/")));
    assert_eq!(api["bucketId"].as_str().unwrap().len(), 24);
    assert_eq!(api["absoluteMinimumPartSize"], 5_000_000);
    assert_eq!(api["recommendedPartSize"], 100_000_000);
    let capabilities: Vec<&str> = api["capabilities"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let expected =
        ["listAllBucketNames", "listBuckets", "listFiles", "readBuckets", "readFiles", "shareFiles", "writeFiles"];
    assert_eq!(capabilities, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_signs_in_and_is_bound_to_nothing_also_by_post() {
    let it = bucket().await;
    let (id, secret) = it.account.master_key();
    let url = it.local.config().endpoint.join("b2api/v3/b2_authorize_account").unwrap();
    let answer = it.http.post(url).basic_auth(id, Some(secret)).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let body: Value = answer.json().await.unwrap();
    let api = &body["apiInfo"]["storageApi"];
    assert!(api["bucketId"].is_null() && api["bucketName"].is_null() && api["namePrefix"].is_null(), "{api}");
    assert!(api["capabilities"].as_array().unwrap().contains(&"writeBuckets".into()));
    assert!(body["applicationKeyExpirationTimestamp"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_sign_in_rightly_is_told_in_b2_s_words() {
    let it = bucket().await;
    let mut key = it.key(ApplicationKey::of_one_bucket);
    let unauthorized = |(status, body): (StatusCode, Value)| {
        assert_eq!((status, &body["status"]), (StatusCode::UNAUTHORIZED, &Value::from(401)));
        assert_eq!(body["code"], "unauthorized");
        assert!(body["message"].is_string());
    };
    unauthorized(it.authorize(&key.id, "K004wrong").await);
    unauthorized(it.authorize("0040000000000000000000009", key.secret.reveal()).await);
    key.expires = Some(SystemTime::now() - Duration::from_secs(1));
    it.account.put_key(key.clone());
    unauthorized(it.authorize(&key.id, key.secret.reveal()).await);
    let url = it.local.config().endpoint.join("b2api/v3/b2_authorize_account").unwrap();
    let undecodable = base64::engine::general_purpose::STANDARD.encode("no colon");
    for header in [None, Some("Bearer x".to_owned()), Some(format!("Basic {undecodable}"))] {
        let request =
            header.iter().fold(it.http.get(url.clone()), |request, text| request.header("authorization", text));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.json::<Value>().await.unwrap()["code"], "bad_auth_token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_s_own_store_knows_nothing_of_b2() {
    let folder = tempfile::tempdir().unwrap();
    let local = LocalStore::start_with(folder.path(), OPTIONS).await.unwrap();
    let http = Client::builder().no_proxy().build().unwrap();
    let url = local.config().endpoint.join("b2api/v3/b2_authorize_account").unwrap();
    assert!(http.get(url).basic_auth("a", Some("b")).send().await.unwrap().status().is_client_error());
    let put = local.store().sign_put(KEY, &meta()).await.unwrap();
    let request = put.headers.iter().fold(http.put(put.url), |request, (name, value)| request.header(name, value));
    let answer = request.header("if-none-match", "*").body("x").send().await.unwrap();
    let version = answer.headers()["x-amz-version-id"].to_str().unwrap().to_owned();
    local.store().delete(KEY, None).await.unwrap();
    let url = local.store().sign_get(KEY, Some(&version)).await.unwrap().url;
    assert_eq!(http.get(url).send().await.unwrap().status(), StatusCode::NOT_FOUND, "a delete frees at once");
}
