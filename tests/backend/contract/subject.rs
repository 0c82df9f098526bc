//! A store under question, and what every row needs to question it.

use super::Differs;
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_server::object_store::{ObjectMeta, ObjectStore, StoreError, StoredObject};
use lectern_shared::protocol::SignedUrl;
use md5::{Digest, Md5};
use reqwest::{Client, Method, Response, StatusCode};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Small enough that a few entries make several pages.
const PAGE_SIZE: i32 = 3;
/// What S3 asks of every part but the last; B2 is content with 5,000,000 bytes.
pub const PART_BYTES: usize = 5 << 20;

/// How an answer differs from the contract, in words.
#[derive(Debug)]
pub struct Mismatch(String);

impl Mismatch {
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// So that `?` serves wherever nothing but an answer is expected.
impl From<StoreError> for Mismatch {
    fn from(error: StoreError) -> Self {
        Self(error.to_string())
    }
}

impl From<reqwest::Error> for Mismatch {
    fn from(error: reqwest::Error) -> Self {
        Self(error.without_url().to_string())
    }
}

pub type Checked<T = ()> = Result<T, Mismatch>;

/// One bucket, or one prefix of it.
pub struct Subject {
    pub name: String,
    pub store: S3Store,
    pub config: S3Config,
    http: Client,
    prefix: String,
    pub(super) differs: &'static [Differs],
    written: Mutex<Vec<(String, Option<String>)>>,
}

impl Subject {
    /// `prefix` is where everything is written; it ends with `/`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(name: &str, config: S3Config, prefix: &str, differs: &'static [Differs]) -> reqwest::Result<Self> {
        // As the sender has it: HTTP/1.1 alone.
        let http = Client::builder().http1_only().build()?;
        let store = S3Store::new(config.clone()).with_page_size(PAGE_SIZE);
        let (name, prefix) = (name.to_owned(), prefix.to_owned());
        Ok(Self { name, store, config, http, prefix, differs, written: Mutex::default() })
    }

    /// Another client of the same store.
    #[must_use]
    pub fn store_with(&self, change: impl FnOnce(&mut S3Config)) -> S3Store {
        let mut config = self.config.clone();
        change(&mut config);
        S3Store::new(config)
    }

    /// Deletes each version that was written and aborts each upload that was left: a user's bucket is as it was.
    pub(super) async fn clear(&self) -> Checked {
        let written = std::mem::take(&mut *self.written.lock().unwrap_or_else(PoisonError::into_inner));
        for (key, version) in written {
            self.store.delete(&key, version.as_deref()).await?;
        }
        for upload in self.store.list_uploads(&self.prefix).await? {
            self.store.abort(&upload.key, &upload.upload_id).await?;
        }
        let left = self.store.list_keys(&self.prefix).await?;
        if left.is_empty() { Ok(()) } else { Err(Mismatch(format!("left behind: {left:?}"))) }
    }
}

/// A row at work on a store: its own keys, so that rows do not meet.
pub struct Case<'a> {
    pub subject: &'a Subject,
    prefix: String,
}

impl<'a> Case<'a> {
    pub(super) fn new(subject: &'a Subject, index: usize) -> Self {
        Self { subject, prefix: format!("{}row-{index:02}/", subject.prefix) }
    }

    pub fn store(&self) -> &S3Store {
        &self.subject.store
    }

    /// All keys of this row begin so.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub async fn begin(&self, key: &str) -> Checked<String> {
        Ok(self.store().create_multipart(key, &meta("film.mp4")).await?)
    }

    pub async fn send(&self, method: Method, signed: SignedUrl, body: Vec<u8>) -> Checked<Response> {
        // Said also of nothing: some stores ask for it.
        let request = self.subject.http.request(method, signed.url).header("content-length", body.len()).body(body);
        let request = signed.headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        Ok(request.send().await?)
    }

    pub async fn get(&self, url: String, range: &str) -> Checked<Response> {
        let request = self.subject.http.get(url);
        let request = if range.is_empty() { request } else { request.header("range", range) };
        Ok(request.send().await?)
    }

    /// Answers the ETag.
    pub async fn put_part(&self, key: &str, upload: &str, part: u32, body: &[u8]) -> Checked<String> {
        let answer = self.send(Method::PUT, self.store().sign_part(key, upload, part).await?, body.to_vec()).await?;
        same("the status of a part", answer.status(), StatusCode::OK)?;
        let etag = etag(&answer);
        same("the ETag of a part", &etag, &md5_hex(body))?;
        Ok(etag)
    }

    /// Answers the ETag and the version.
    pub async fn put(&self, key: &str, meta: &ObjectMeta, body: &[u8]) -> Checked<(String, Option<String>)> {
        let answer = self.try_put(key, self.store().sign_put(key, meta).await?, body).await?;
        same("the status of a PUT", answer.status(), StatusCode::OK)?;
        Ok((etag(&answer), version(&answer)))
    }

    /// A PUT of an object that may be refused.
    pub async fn try_put(&self, key: &str, signed: SignedUrl, body: &[u8]) -> Checked<Response> {
        let answer = self.send(Method::PUT, signed, body.to_vec()).await?;
        if answer.status().is_success() {
            self.remember(key, version(&answer));
        }
        Ok(answer)
    }

    pub async fn complete(&self, key: &str, upload: &str, parts: &[(u32, String)]) -> Checked<StoredObject> {
        Ok(self.try_complete(key, upload, parts).await?)
    }

    /// # Errors
    /// As the store says it.
    pub async fn try_complete(
        &self,
        key: &str,
        upload: &str,
        parts: &[(u32, String)],
    ) -> Result<StoredObject, StoreError> {
        let done = self.store().complete(key, upload, parts).await?;
        self.remember(key, done.version.clone());
        Ok(done)
    }

    /// Sends the bodies as parts 1, 2, … and completes them.
    pub async fn upload(&self, key: &str, bodies: &[&[u8]]) -> Checked<StoredObject> {
        let upload = self.begin(key).await?;
        let mut parts = Vec::new();
        for (part, body) in (1..).zip(bodies) {
            parts.push((part, self.put_part(key, &upload, part, body).await?));
        }
        self.complete(key, &upload, &parts).await
    }

    pub async fn head(&self, key: &str) -> Checked<StoredObject> {
        self.store().head(key).await?.ok_or_else(|| Mismatch::new("the object is not there"))
    }

    fn remember(&self, key: &str, version: Option<String>) {
        let mut written = self.subject.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.push((key.to_owned(), version));
    }
}

pub fn meta(name: &str) -> ObjectMeta {
    ObjectMeta { content_type: "video/mp4".into(), entries: vec![("name".into(), name.into())] }
}

pub fn md5_hex(body: &[u8]) -> String {
    hex(&Md5::digest(body))
}

/// MD5 over the parts' MD5s, and their number.
pub fn composite_etag(bodies: &[&[u8]]) -> String {
    let joined: Vec<u8> = bodies.iter().flat_map(|body| Md5::digest(body).to_vec()).collect();
    format!("{}-{}", md5_hex(&joined), bodies.len())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn etag(answer: &Response) -> String {
    header(answer, "etag").trim_matches('"').to_owned()
}

fn version(answer: &Response) -> Option<String> {
    answer.headers().get("x-amz-version-id").and_then(|id| id.to_str().ok()).map(str::to_owned)
}

pub fn header(answer: &Response, name: &str) -> String {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

/// # Errors
/// With both in words.
pub fn same<T: PartialEq + fmt::Debug>(what: &str, found: T, expected: T) -> Checked {
    if found == expected { Ok(()) } else { Err(Mismatch(format!("{what}: {found:?} instead of {expected:?}"))) }
}

/// A refusal for good that says why in S3's word.
pub fn refused<T: fmt::Debug>(what: &str, answer: Result<T, StoreError>, code: &str) -> Checked {
    match answer {
        Err(StoreError::Refused(words) | StoreError::InvalidPart(words)) if words.contains(code) => Ok(()),
        other => Err(Mismatch(format!("{what}: {other:?} instead of {code}"))),
    }
}

pub fn no_such_upload<T: fmt::Debug>(what: &str, answer: Result<T, StoreError>) -> Checked {
    match answer {
        Err(StoreError::NoSuchUpload) => Ok(()),
        other => Err(Mismatch(format!("{what}: {other:?} instead of NoSuchUpload"))),
    }
}

/// An answer of plain HTTP: its status, and S3's word in the body.
pub async fn refused_by(answer: Response, status: StatusCode, code: &str) -> Checked {
    let found = answer.status();
    let body = answer.text().await?;
    same("the status", found, status)?;
    if body.contains(code) { Ok(()) } else { Err(Mismatch(format!("{body:?} instead of {code}"))) }
}
