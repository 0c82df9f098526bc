//! Speaks to any S3-compatible bucket, so that Backblaze B2, another store and this computer's own store are one case.

mod clock;
mod errors;
mod lifecycle;
mod metadata;

use super::{LifecycleRule, ObjectMeta, ObjectStore, StoreError, StoredObject, UnfinishedUpload};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig, retry::RetryConfig,
};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};
use aws_sdk_s3::types::{
    BucketLifecycleConfiguration, BucketLocationConstraint, CompletedMultipartUpload, CompletedPart,
    CreateBucketConfiguration,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use clock::StoreClock;
use errors::Translator;
use lectern_shared::protocol::{SignedUrl, StoredPart, URL_SECONDS};
use metadata::{decode_entries, encode_entries};
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// The region in which a bucket is made without naming it.
const DEFAULT_REGION: &str = "us-east-1";

/// Where a bucket is, and the key to it.
#[derive(Clone)]
pub struct S3Config {
    pub endpoint: Url,
    pub region: String,
    pub bucket: String,
    pub access_key: String,
    pub secret_key: String,
}

/// How a bucket is reached. The defaults are for real lines; tests have less patience.
#[derive(Clone, Debug)]
pub struct S3Line {
    pub connect: Duration,
    /// One call, until its answer has been read.
    pub call: Duration,
    /// A store may put thousands of parts together before it answers.
    pub complete: Duration,
    /// Trusted beside the system's own roots; one certificate in PEM each.
    pub roots: Vec<Vec<u8>>,
}

impl Default for S3Line {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            call: Duration::from_secs(60),
            complete: Duration::from_secs(600),
            roots: Vec::new(),
        }
    }
}

impl std::fmt::Debug for S3Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Config")
            .field("endpoint", &self.endpoint.as_str())
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// The free space of a folder, as far as a store may fill it.
#[derive(Clone, Debug)]
struct FreeSpace {
    folder: PathBuf,
    reserve_bytes: u64,
}

/// One bucket. Each call is one try.
#[derive(Clone)]
pub struct S3Store {
    client: Client,
    bucket: String,
    region: String,
    line: S3Line,
    clock: StoreClock,
    translate: Translator,
    free_space: Option<FreeSpace>,
    page_size: Option<i32>,
    url_seconds: u64,
}

/// The SDK's client would print the key id, and two pages more.
impl std::fmt::Debug for S3Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Store").field("bucket", &self.bucket).field("region", &self.region).finish_non_exhaustive()
    }
}

impl S3Store {
    /// Connects to nothing yet.
    #[must_use]
    pub fn new(config: S3Config) -> Self {
        Self::over(config, S3Line::default())
    }

    /// The same over another line.
    #[must_use]
    pub fn over(config: S3Config, line: S3Line) -> Self {
        let clock = StoreClock::default();
        let client = Client::from_conf(sdk_config(&config, &line, &clock));
        let translate = Translator::new([config.access_key, config.secret_key]);
        let (bucket, region) = (config.bucket, config.region);
        let (free_space, page_size) = (None, None);
        Self { client, bucket, region, line, clock, translate, free_space, page_size, url_seconds: URL_SECONDS }
    }

    /// Asks for at most so many entries in a page of a listing, where the store's own thousand is too many to test with.
    #[must_use]
    pub fn with_page_size(mut self, entries: i32) -> Self {
        self.page_size = Some(entries);
        self
    }

    /// Signs URLs that hold so long, instead of [`URL_SECONDS`].
    #[must_use]
    pub fn with_url_seconds(mut self, seconds: u64) -> Self {
        self.url_seconds = seconds;
        self
    }

    /// Makes [`ObjectStore::free_bytes`] answer what fits on the disk of this folder and leaves `reserve_bytes` free.
    #[must_use]
    pub fn with_free_space_of(mut self, folder: PathBuf, reserve_bytes: u64) -> Self {
        self.free_space = Some(FreeSpace { folder, reserve_bytes });
        self
    }

    /// Makes the bucket where there is none: for this computer's store and for tests. Never for a user's own bucket,
    /// which they have set up themselves.
    ///
    /// # Errors
    /// As every call on a store; a bucket of this name that belongs to somebody else is refused.
    pub async fn ensure_bucket(&self) -> Result<(), StoreError> {
        match self.client.head_bucket().bucket(&self.bucket).send().await.map_err(|e| self.translate.error(e)) {
            Ok(_) => return Ok(()),
            Err(StoreError::NoSuchKey) => {}
            Err(other) => return Err(other),
        }
        let place = (self.region != DEFAULT_REGION).then(|| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(self.region.as_str()))
                .build()
        });
        let made = self.client.create_bucket().bucket(&self.bucket).set_create_bucket_configuration(place).send().await;
        match made {
            Ok(_) => Ok(()),
            Err(e) if e.as_service_error().is_some_and(|e| e.is_bucket_already_owned_by_you()) => Ok(()),
            Err(e) => Err(self.translate.error(e)),
        }
    }

    fn presigning(&self) -> Result<PresigningConfig, StoreError> {
        PresigningConfig::builder()
            .start_time(self.clock.now())
            .expires_in(Duration::from_secs(self.url_seconds))
            .build()
            .map_err(|_| StoreError::Refused("a URL cannot be signed for that long".into()))
    }
}

/// Everything the SDK would do on its own and B2 or we do not want: DESIGN.md section 4, rule 5.
fn sdk_config(config: &S3Config, line: &S3Line, clock: &StoreClock) -> aws_sdk_s3::Config {
    let credentials = Credentials::new(&config.access_key, &config.secret_key, None, None, "lectern");
    let mut builder = Builder::new()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .endpoint_url(config.endpoint.as_str().trim_end_matches('/'))
        .region(Region::new(config.region.clone()))
        .credentials_provider(credentials)
        .force_path_style(true)
        // https://www.backblaze.com/docs/cloud-storage-s3-compatible-api: the newer checksum headers are not taken.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .timeout_config(timeouts(line, line.call))
        .interceptor(clock.clone());
    if is_loopback(&config.endpoint) {
        // Past the proxy: it could not reach this computer's own store. And no trust store to load for plain HTTP.
        builder = builder.http_client(aws_smithy_http_client::Builder::new().build_http());
    } else if let Some(context) = trusting(&line.roots) {
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let client = aws_smithy_http_client::Builder::new().tls_provider(tls).tls_context(context);
        builder = builder.http_client(client.build_https());
    }
    builder.build()
}

/// None: the system's trust store alone, which is the SDK's own choice.
fn trusting(roots: &[Vec<u8>]) -> Option<TlsContext> {
    let trusted = roots.iter().fold(TrustStore::default(), |all, root| all.with_pem_certificate(root.clone()));
    TlsContext::builder().with_trust_store(trusted).build().ok().filter(|_| !roots.is_empty())
}

fn timeouts(line: &S3Line, call: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(line.connect).operation_timeout(call).build()
}

fn is_loopback(endpoint: &Url) -> bool {
    let here = match endpoint.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    here && endpoint.scheme() == "http"
}

/// The marker of the next page. A store that says "there is more" and repeats itself would have us ask forever.
fn advanced<T: PartialEq>(last: &Option<T>, next: Option<T>) -> Result<Option<T>, StoreError> {
    if next.is_none() || next == *last {
        return Err(StoreError::Unreachable("its listing does not come to an end".into()));
    }
    Ok(next)
}

fn signed(request: &PresignedRequest) -> SignedUrl {
    let headers = request.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    SignedUrl { url: request.uri().to_owned(), headers }
}

fn unquoted(etag: &str) -> String {
    etag.trim_matches('"').to_owned()
}

fn part_number(part: u32) -> Result<i32, StoreError> {
    i32::try_from(part)
        .ok()
        .filter(|part| (1..=10_000).contains(part))
        .ok_or_else(|| StoreError::Refused(format!("there is no part {part}: parts are 1 to 10,000")))
}

fn length(bytes: Option<i64>) -> u64 {
    bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0)
}

#[async_trait::async_trait]
impl ObjectStore for S3Store {
    async fn create_multipart(&self, key: &str, meta: &ObjectMeta) -> Result<String, StoreError> {
        let call = self.client.create_multipart_upload().bucket(&self.bucket).key(key);
        let call = call.content_type(&meta.content_type).set_metadata(Some(encode_entries(&meta.entries)));
        let answer = call.send().await.map_err(|e| self.translate.error(e))?;
        let upload_id = answer.upload_id().filter(|id| !id.is_empty());
        upload_id.map(str::to_owned).ok_or_else(|| StoreError::Unreachable("it answered without an upload id".into()))
    }

    async fn sign_part(&self, key: &str, upload_id: &str, part: u32) -> Result<SignedUrl, StoreError> {
        let call = self.client.upload_part().bucket(&self.bucket).key(key);
        let call = call.upload_id(upload_id).part_number(part_number(part)?);
        Ok(signed(&call.presigned(self.presigning()?).await.map_err(|e| self.translate.error(e))?))
    }

    async fn sign_put(&self, key: &str, meta: &ObjectMeta) -> Result<SignedUrl, StoreError> {
        let call = self.client.put_object().bucket(&self.bucket).key(key);
        let call = call.content_type(&meta.content_type).set_metadata(Some(encode_entries(&meta.entries)));
        Ok(signed(&call.presigned(self.presigning()?).await.map_err(|e| self.translate.error(e))?))
    }

    async fn sign_get(&self, key: &str, version: Option<&str>) -> Result<SignedUrl, StoreError> {
        let call = self.client.get_object().bucket(&self.bucket).key(key);
        let call = call.set_version_id(version.map(str::to_owned));
        Ok(signed(&call.presigned(self.presigning()?).await.map_err(|e| self.translate.error(e))?))
    }

    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Vec<StoredPart>, StoreError> {
        let mut parts = Vec::new();
        let mut marker: Option<String> = None;
        loop {
            let call = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload_id);
            let call = call.set_max_parts(self.page_size).set_part_number_marker(marker.clone());
            let page = call.send().await.map_err(|e| self.translate.error(e))?;
            for part in page.parts() {
                let (Some(number), Some(etag)) = (part.part_number(), part.e_tag()) else { continue };
                let Ok(number) = u32::try_from(number) else { continue };
                parts.push(StoredPart { part: number, bytes: length(part.size()), etag: unquoted(etag) });
            }
            if !page.is_truncated().unwrap_or(false) {
                break;
            }
            marker = advanced(&marker, page.next_part_number_marker().map(str::to_owned))?;
        }
        parts.sort_by_key(|part| part.part);
        Ok(parts)
    }

    async fn complete(&self, key: &str, upload_id: &str, parts: &[(u32, String)]) -> Result<StoredObject, StoreError> {
        let mut list = Vec::with_capacity(parts.len());
        for (part, etag) in parts {
            let etag = format!("\"{}\"", etag.trim_matches('"'));
            list.push(CompletedPart::builder().part_number(part_number(*part)?).e_tag(etag).build());
        }
        list.sort_by_key(CompletedPart::part_number);
        let call = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload_id);
        let call = call.multipart_upload(CompletedMultipartUpload::builder().set_parts(Some(list)).build());
        let patient = aws_sdk_s3::config::Config::builder().timeout_config(timeouts(&self.line, self.line.complete));
        // The SDK reads an `<Error>` inside a 200 as the error it is.
        let answer = call.customize().config_override(patient).send().await.map_err(|e| self.translate.error(e))?;
        let etag = answer.e_tag().map(unquoted).filter(|etag| !etag.is_empty());
        let etag = etag.ok_or_else(|| StoreError::Unreachable("it answered without an ETag".into()))?;
        Ok(StoredObject { bytes: 0, etag, version: answer.version_id().map(str::to_owned), entries: Vec::new() })
    }

    async fn abort(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        let call = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload_id);
        match call.send().await.map_err(|e| self.translate.error(e)) {
            Ok(_) | Err(StoreError::NoSuchUpload) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn head(&self, key: &str) -> Result<Option<StoredObject>, StoreError> {
        let call = self.client.head_object().bucket(&self.bucket).key(key);
        let answer = match call.send().await.map_err(|e| self.translate.error(e)) {
            Ok(answer) => answer,
            Err(StoreError::NoSuchKey) => return Ok(None),
            Err(other) => return Err(other),
        };
        Ok(Some(StoredObject {
            bytes: length(answer.content_length()),
            etag: answer.e_tag().map(unquoted).unwrap_or_default(),
            version: answer.version_id().map(str::to_owned),
            entries: decode_entries(answer.metadata()),
        }))
    }

    async fn delete(&self, key: &str, version: Option<&str>) -> Result<(), StoreError> {
        let call = self.client.delete_object().bucket(&self.bucket).key(key);
        match call.set_version_id(version.map(str::to_owned)).send().await.map_err(|e| self.translate.error(e)) {
            Ok(_) | Err(StoreError::NoSuchKey) => Ok(()),
            Err(other) => Err(other),
        }
    }

    async fn versions(&self, key: &str) -> Result<Vec<String>, StoreError> {
        let mut versions = Vec::new();
        let mut marker: Option<(String, Option<String>)> = None;
        loop {
            let (key_marker, id_marker) = marker.clone().map_or((None, None), |(key, id)| (Some(key), id));
            let call = self.client.list_object_versions().bucket(&self.bucket).prefix(key);
            let call = call.set_key_marker(key_marker).set_version_id_marker(id_marker);
            let page = call.send().await.map_err(|e| self.translate.error(e))?;
            // The prefix of one key may be the beginning of another.
            let ours = page.versions().iter().filter(|version| version.key() == Some(key));
            versions.extend(ours.filter_map(|version| version.version_id().map(str::to_owned)));
            if !page.is_truncated().unwrap_or(false) {
                return Ok(versions);
            }
            let next_id = page.next_version_id_marker().map(str::to_owned);
            marker = advanced(&marker, page.next_key_marker().map(|key| (key.to_owned(), next_id)))?;
        }
    }

    async fn list_keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let mut keys = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let call = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).set_max_keys(self.page_size);
            let page = call.set_continuation_token(next.clone()).send().await.map_err(|e| self.translate.error(e))?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            let following = page.next_continuation_token().map(str::to_owned);
            if !page.is_truncated().unwrap_or(false) {
                return Ok(keys);
            }
            next = advanced(&next, following)?;
        }
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UnfinishedUpload>, StoreError> {
        let mut uploads = Vec::new();
        let mut marker: Option<(String, Option<String>)> = None;
        loop {
            let (key_marker, id_marker) = marker.clone().map_or((None, None), |(key, id)| (Some(key), id));
            let call = self.client.list_multipart_uploads().bucket(&self.bucket).prefix(prefix);
            let call = call.set_max_uploads(self.page_size).set_key_marker(key_marker).set_upload_id_marker(id_marker);
            let page = match call.send().await.map_err(|e| self.translate.error(e)) {
                // rclone's word for a bucket without unfinished uploads: a listing names none that could be missing.
                Err(StoreError::NoSuchUpload) => return Ok(uploads),
                answer => answer?,
            };
            for upload in page.uploads() {
                let (Some(key), Some(upload_id)) = (upload.key(), upload.upload_id()) else { continue };
                uploads.push(UnfinishedUpload { key: key.to_owned(), upload_id: upload_id.to_owned() });
            }
            if !page.is_truncated().unwrap_or(false) {
                return Ok(uploads);
            }
            let next_id = page.next_upload_id_marker().map(str::to_owned);
            marker = advanced(&marker, page.next_key_marker().map(|key| (key.to_owned(), next_id)))?;
        }
    }

    async fn lifecycle(&self) -> Result<Vec<LifecycleRule>, StoreError> {
        let call = self.client.get_bucket_lifecycle_configuration().bucket(&self.bucket);
        match call.send().await {
            Ok(answer) => answer.rules().iter().map(lifecycle::ours).collect(),
            Err(error) if error.code() == Some(lifecycle::NO_RULES) => Ok(Vec::new()),
            Err(error) => Err(self.translate.error(error)),
        }
    }

    async fn set_lifecycle(&self, rules: &[LifecycleRule]) -> Result<(), StoreError> {
        if rules.is_empty() {
            // S3 takes no empty list.
            let call = self.client.delete_bucket_lifecycle().bucket(&self.bucket);
            return call.send().await.map(drop).map_err(|e| self.translate.error(e));
        }
        let unbuildable = |_| StoreError::Refused("the lifecycle rules could not be written".into());
        let rules = rules.iter().map(lifecycle::theirs).collect::<Result<Vec<_>, _>>().map_err(unbuildable)?;
        let rules = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().map_err(unbuildable)?;
        let call = self.client.put_bucket_lifecycle_configuration().bucket(&self.bucket).lifecycle_configuration(rules);
        let sent = call.customize().mutate_request(lifecycle::with_md5_alone).send().await;
        sent.map(drop).map_err(|e| self.translate.error(e))
    }

    async fn free_bytes(&self) -> Option<u64> {
        let FreeSpace { folder, reserve_bytes } = self.free_space.clone()?;
        // A sleeping or far disk answers late: not on a thread that serves others.
        let free = tokio::task::spawn_blocking(move || fs4::available_space(folder)).await.ok()?.ok()?;
        Some(free.saturating_sub(reserve_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_shows_no_key_when_printed() {
        let config = S3Config {
            endpoint: "http://127.0.0.1:9".parse().unwrap(),
            region: "r".into(),
            bucket: "b".into(),
            access_key: "the-access".into(),
            secret_key: "the-secret".into(),
        };
        let printed = format!("{config:?} {:?}", S3Store::new(config.clone()));
        assert!(!printed.contains("the-access") && !printed.contains("the-secret"), "{printed}");
    }

    #[test]
    fn a_listing_that_repeats_its_marker_ends_in_an_error() {
        assert!(advanced(&Some(3), Some(3)).is_err());
        assert!(advanced(&Some(3), None).is_err());
        assert_eq!(advanced(&None, Some(3)).unwrap(), Some(3));
    }

    #[test]
    fn only_plain_http_to_this_computer_goes_past_the_proxy() {
        let loopback = |url: &str| is_loopback(&url.parse().unwrap());
        assert!(loopback("http://127.0.0.1:81") && loopback("http://[::1]:81") && loopback("http://localhost"));
        assert!(!loopback("https://127.0.0.1") && !loopback("http://10.0.0.1") && !loopback("https://example.org"));
    }
}
