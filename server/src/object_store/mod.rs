//! The control plane of an object store. Bytes never pass here: the app sends them to the URLs signed here.

pub mod b2;
pub mod keyless;
pub mod lifecycle;
pub mod local;
pub mod prefixed;
pub mod s3;

pub use lifecycle::LifecycleRule;

use lectern_shared::protocol::{SignedUrl, StoredPart};

/// Log targets of the libraries below that print signed URLs.
const LOG_TARGETS_WITH_SECRETS: &[&str] =
    &["s3s", "hyper", "hyper_util", "reqwest", "aws_config", "aws_runtime", "aws_sdk_s3", "aws_sigv4", "aws_smithy"];

/// A log's filter (<https://docs.rs/tracing-subscriber/latest/tracing_subscriber/filter/struct.EnvFilter.html>) without what
/// would print signed URLs. A directive for a part of such a library would win against one that turns all of it off.
#[must_use]
pub fn log_filter_without_secrets(wanted: &str) -> String {
    let tells = |directive: &&str| LOG_TARGETS_WITH_SECRETS.iter().any(|target| directive.contains(target));
    let kept = wanted.split(',').map(str::trim).filter(|directive| !tells(directive)).map(str::to_owned);
    kept.chain(LOG_TARGETS_WITH_SECRETS.iter().map(|target| format!("{target}=off"))).collect::<Vec<_>>().join(",")
}

/// Why a call on a store failed. Retrying is the caller's: each call here is one try.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No answer, a broken connection, a 5xx: the same call may work later.
    #[error("the object store does not answer: {0}")]
    Unreachable(String),
    /// The upload id is not known (any more).
    #[error("the object store has no such upload")]
    NoSuchUpload,
    /// A part named at completion is not there, or is another one.
    #[error("the object store does not have the parts: {0}")]
    InvalidPart(String),
    #[error("the object store has no such object")]
    NoSuchKey,
    /// A 4xx that will stay one.
    #[error("the object store refused: {0}")]
    Refused(String),
}

/// Codes with which stores turn a key away (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>), and
/// what a HEAD says, which has no room for a code.
const DENIALS: &[&str] = &[
    "AccessDenied",
    "ExpiredToken",
    "HTTP status 401",
    "HTTP status 403",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnauthorizedAccess",
];

impl StoreError {
    /// Another key may be taken where this one is not.
    #[must_use]
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::Refused(words) if DENIALS.iter().any(|denial| words.starts_with(denial)))
    }

    /// B2 says so in the words of an AccessDenied, also over S3
    /// (<https://www.backblaze.com/docs/cloud-storage-caps-and-alerts>).
    #[must_use]
    pub fn is_cap(&self) -> bool {
        matches!(self, Self::Refused(words) if words.to_ascii_lowercase().contains("cap exceeded"))
    }
}

/// Metadata written with an object, so that a bare bucket can still be read by a person.
#[derive(Clone, Debug)]
pub struct ObjectMeta {
    pub content_type: String,
    /// `x-amz-meta-…`, values percent-encoded by the store's implementation where they are not plain ASCII.
    pub entries: Vec<(String, String)>,
}

/// A finished object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    pub bytes: u64,
    /// Without quotes.
    pub etag: String,
    /// On a versioned bucket: deleting without it only hides.
    pub version: Option<String>,
    pub entries: Vec<(String, String)>,
}

/// An unfinished multipart upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnfinishedUpload {
    pub key: String,
    pub upload_id: String,
}

/// One bucket, or one prefix of it.
#[async_trait::async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// CreateMultipartUpload. Answers the upload id.
    async fn create_multipart(&self, key: &str, meta: &ObjectMeta) -> Result<String, StoreError>;
    /// A URL for UploadPart. `part` is 1..=10,000.
    async fn sign_part(&self, key: &str, upload_id: &str, part: u32) -> Result<SignedUrl, StoreError>;
    /// A URL for PutObject. Its headers carry the metadata and must be sent.
    async fn sign_put(&self, key: &str, meta: &ObjectMeta) -> Result<SignedUrl, StoreError>;
    /// A URL for GetObject.
    async fn sign_get(&self, key: &str, version: Option<&str>) -> Result<SignedUrl, StoreError>;
    /// ListParts, all pages, ascending.
    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Vec<StoredPart>, StoreError>;
    /// CompleteMultipartUpload with `(part, etag)` ascending. An `<Error>` inside a 200 is an error. Answers the ETag and
    /// version of the answer; `bytes` and `entries` are filled by [`ObjectStore::head`], not here.
    async fn complete(&self, key: &str, upload_id: &str, parts: &[(u32, String)]) -> Result<StoredObject, StoreError>;
    /// AbortMultipartUpload; one that is gone already is fine.
    async fn abort(&self, key: &str, upload_id: &str) -> Result<(), StoreError>;
    /// HeadObject; none when there is no such object.
    async fn head(&self, key: &str) -> Result<Option<StoredObject>, StoreError>;
    /// DeleteObject by version; one that is gone already is fine.
    async fn delete(&self, key: &str, version: Option<&str>) -> Result<(), StoreError>;
    /// ListObjectVersions of this key, latest first. On a store without versions it may be refused.
    async fn versions(&self, key: &str) -> Result<Vec<String>, StoreError>;
    /// ListObjectsV2 under the prefix, all pages: the keys, in the store's order.
    async fn list_keys(&self, prefix: &str) -> Result<Vec<String>, StoreError>;
    /// ListMultipartUploads under the prefix, all pages.
    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UnfinishedUpload>, StoreError>;
    /// GetBucketLifecycleConfiguration; empty when the bucket has none. Refused for a rule that ours cannot repeat.
    async fn lifecycle(&self) -> Result<Vec<LifecycleRule>, StoreError>;
    /// PutBucketLifecycleConfiguration, which replaces every rule that is there; DeleteBucketLifecycle for none.
    async fn set_lifecycle(&self, rules: &[LifecycleRule]) -> Result<(), StoreError>;
    /// Bytes that still fit, where the store can tell (a folder of this computer).
    async fn free_bytes(&self) -> Option<u64>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_filter_lets_a_library_speak_that_prints_signed_urls() {
        let filter =
            log_filter_without_secrets("info, aws_sigv4::http_request=trace,lectern_engine=debug,[hyper]=trace");
        let mut directives = filter.split(',');
        assert_eq!((directives.next(), directives.next()), (Some("info"), Some("lectern_engine=debug")));
        assert!(directives.all(|directive| directive.ends_with("=off")), "{filter}");
    }
}
