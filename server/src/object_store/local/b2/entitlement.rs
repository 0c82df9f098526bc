//! Which key may make which call: <https://www.backblaze.com/docs/cloud-storage-s3-compatible-app-keys>

use super::{Account, NOT_ENTITLED};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};
use std::time::SystemTime;

#[derive(Clone)]
pub(in super::super) struct Entitlement(pub(in super::super) Account);

#[async_trait::async_trait]
impl S3Auth for Entitlement {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.0.id {
            // The master key's id has the shape of an account's, and S3 takes none of those.
            return Err(s3_error!(InvalidAccessKeyId, "Malformed Access Key Id"));
        }
        let key = self.0.find(access_key);
        let key = key.ok_or_else(|| s3_error!(InvalidAccessKeyId, "The key '{access_key}' is not valid"))?;
        Ok(SecretKey::from(key.secret.reveal()))
    }
}

#[async_trait::async_trait]
impl S3Access for Entitlement {
    async fn check(&self, call: &mut S3AccessContext<'_>) -> S3Result<()> {
        let refusal = || s3_error!(AccessDenied, "{NOT_ENTITLED}");
        let id = call.credentials().map(|credentials| credentials.access_key.clone()).ok_or_else(refusal)?;
        let key = self.0.find(&id).ok_or_else(refusal)?;
        let query = |name: &str| {
            let query = call.uri().query().unwrap_or_default();
            let mut fields = url::form_urlencoded::parse(query.as_bytes());
            fields.find(|(field, _)| field == name).map(|(_, value)| value.into_owned())
        };
        let has_version = query("versionId").is_some();
        let able = capability(call.s3_op().name(), has_version).is_some_and(|needed| key.can(needed));
        let within = key.name_prefix.as_deref().is_none_or(|prefix| match call.s3_path().get_object_key() {
            Some(name) => name.starts_with(prefix),
            // A listing may say which names it wants; what it does not say is all of them.
            None => query("prefix").is_some_and(|asked| asked.starts_with(prefix)),
        });
        if able && within && !key.has_expired(SystemTime::now()) { Ok(()) } else { Err(refusal()) }
    }
}

/// None: a call that no key is good for here.
fn capability(operation: &str, has_version: bool) -> Option<&'static str> {
    match operation {
        "GetObject" | "HeadObject" => Some("readFiles"),
        "ListObjectsV2" | "ListObjectVersions" | "ListMultipartUploads" => Some("listFiles"),
        "PutObject"
        | "CreateMultipartUpload"
        | "UploadPart"
        | "CompleteMultipartUpload"
        | "AbortMultipartUpload"
        | "ListParts" => Some("writeFiles"),
        // By name alone it hides, which is writing.
        "DeleteObject" if has_version => Some("deleteFiles"),
        "DeleteObject" => Some("writeFiles"),
        "HeadBucket" => Some("listBuckets"),
        "GetBucketLifecycleConfiguration" => Some("readBuckets"),
        "PutBucketLifecycleConfiguration" | "DeleteBucketLifecycle" | "CreateBucket" => Some("writeBuckets"),
        _ => None,
    }
}
