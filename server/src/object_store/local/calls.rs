//! Each S3 call in the terms of the folder. What S3 would answer is what is answered, so that a B2 bucket can take the
//! folder's place without the app noticing.

use super::BUCKET;
use super::b2::{self, Account};
use super::fault::Fault;
use super::folder::Folder;
use super::layout::hex;
use super::lifecycle;
use super::objects::{Listed, Manifest, Meta, Object, now_ms};
use super::read::Reader;
use super::receive::{Announced, Received, receive};
use base64::Engine;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CreateBucketInput, CreateBucketOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    DeleteBucketLifecycleInput, DeleteBucketLifecycleOutput, DeleteObjectInput, DeleteObjectOutput, ETag,
    GetBucketLifecycleConfigurationInput, GetBucketLifecycleConfigurationOutput, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ListPartsInput, ListPartsOutput, MultipartUpload, ObjectVersion, Part,
    PutBucketLifecycleConfigurationInput, PutBucketLifecycleConfigurationOutput, PutObjectInput, PutObjectOutput,
    StreamingBlob, Timestamp, UploadPartInput, UploadPartOutput,
};
use s3s::stream::ByteStream;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>
const PART_BYTES_MAX: u64 = 5 << 30;
const PART_NUMBER_MAX: i32 = 10_000;

#[derive(Clone)]
pub(super) struct Calls {
    folder: Arc<Folder>,
    /// Answers as B2 does.
    b2: Option<Account>,
}

impl Calls {
    pub(super) fn new(folder: Arc<Folder>, b2: Option<Account>) -> Self {
        Self { folder, b2 }
    }

    /// Disks block: every touch of one happens on a thread that may.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> Result<T, Fault> + Send + 'static,
    ) -> S3Result<T> {
        let folder = self.folder.clone();
        Ok(tokio::task::spawn_blocking(move || work(&folder)).await.unwrap_or(Err(Fault::Stopped))?)
    }

    async fn take_body(
        &self,
        body: Option<StreamingBlob>,
        bytes: Option<i64>,
        md5: Option<&str>,
    ) -> S3Result<Received> {
        let said = bytes.and_then(|bytes| u64::try_from(bytes).ok());
        // An empty body may come without a length (RFC 9112, 6.3); one in chunks may not.
        let known = || body.as_ref().map_or(Some(0), |body| body.remaining_length().exact());
        let bytes =
            said.or_else(|| known().map(|bytes| bytes as u64)).ok_or_else(|| s3_error!(MissingContentLength))?;
        if bytes > self.b2.as_ref().map_or(PART_BYTES_MAX, Account::part_bytes_max) {
            return Err(s3_error!(EntityTooLarge));
        }
        if let Some(account) = self.b2.as_ref().filter(|account| account.has_storage_cap()) {
            let stored = self.on_disk(Folder::stored_bytes).await?;
            account.room_for(stored, bytes)?;
        }
        let announced = Announced { bytes, md5: md5.map(decode_md5).transpose()? };
        self.on_disk(move |folder| folder.room_for(bytes)).await?;
        Ok(receive(body, announced, &self.folder.layout.scratch()).await?)
    }

    fn page(&self, asked: Option<i32>) -> usize {
        let most = self.folder.options.page_size;
        asked.and_then(|asked| usize::try_from(asked).ok()).map_or(most, |asked| asked.min(most))
    }
}

/// There is one bucket: the folder.
fn ours(bucket: &str) -> S3Result<()> {
    if bucket == BUCKET { Ok(()) } else { Err(s3_error!(NoSuchBucket)) }
}

fn decode_md5(text: &str) -> S3Result<[u8; 16]> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| s3_error!(InvalidDigest))?;
    bytes.try_into().map_err(|_| s3_error!(InvalidDigest))
}

fn part_number(part: i32) -> S3Result<u32> {
    let valid = u32::try_from(part).ok().filter(|_| (1..=PART_NUMBER_MAX).contains(&part));
    valid.ok_or_else(|| s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"))
}

/// Sizes and counts of ours fit; a file of 8 EiB does not exist.
fn signed<T, U: TryFrom<T> + Default>(number: T) -> U {
    U::try_from(number).unwrap_or_default()
}

fn meta(key: String, content_type: Option<String>, metadata: Option<HashMap<String, String>>) -> Meta {
    Meta { key, content_type, entries: metadata.unwrap_or_default().into_iter().collect(), created_ms: now_ms() }
}

fn metadata(object: &Object) -> Option<HashMap<String, String>> {
    Some(object.manifest.meta.entries.clone().into_iter().collect())
}

fn created(object: &Object) -> Option<Timestamp> {
    Some(Timestamp::from(object.manifest.meta.created()))
}

fn etag(object: &Object) -> Option<ETag> {
    Some(ETag::Strong(object.manifest.etag.clone()))
}

/// A range of nothing has no first and last byte to name.
fn stretch(range: Option<s3s::dto::Range>, bytes: u64) -> S3Result<Range<u64>> {
    let Some(range) = range else { return Ok(0..bytes) };
    let asked = range.check(bytes).map_err(|_| out_of_range(bytes))?;
    if asked.is_empty() { Err(out_of_range(bytes)) } else { Ok(asked) }
}

/// RFC 9110, 15.5.17: the refusal says how long the object is.
fn out_of_range(bytes: u64) -> S3Error {
    let mut error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    if let Ok(value) = http::HeaderValue::try_from(format!("bytes */{bytes}")) {
        let mut headers = http::HeaderMap::from_iter([(http::header::CONTENT_RANGE, value)]);
        headers.insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/xml"));
        error.set_headers(headers);
    }
    error
}

#[async_trait::async_trait]
impl S3 for Calls {
    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        ours(&req.input.bucket)?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn create_bucket(&self, req: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        ours(&req.input.bucket).map_err(|_| s3_error!(TooManyBuckets, "There is one bucket"))?;
        Err(s3_error!(BucketAlreadyOwnedByYou))
    }

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        let meta = meta(input.key.clone(), input.content_type, input.metadata);
        let id = self.on_disk(move |folder| folder.uploads.create(meta)).await?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..Default::default()
        }))
    }

    async fn upload_part(&self, req: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        let part = part_number(input.part_number)?;
        // A body for an upload that is gone is not worth a byte on the disk.
        self.folder.uploads.check(&input.upload_id, &input.key)?;
        let received = self.take_body(input.body, input.content_length, input.content_md5.as_deref()).await?;
        let (id, key) = (input.upload_id, input.key);
        let file = self.on_disk(move |folder| folder.uploads.put_part(&id, &key, part, received)).await?;
        let e_tag = Some(ETag::Strong(hex(&file.md5)));
        Ok(S3Response::new(UploadPartOutput { e_tag, ..Default::default() }))
    }

    async fn list_parts(&self, req: S3Request<ListPartsInput>) -> S3Result<S3Response<ListPartsOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        let after = signed(input.part_number_marker.unwrap_or(0));
        let limit = self.page(input.max_parts);
        let (parts, more) = self.folder.uploads.parts(&input.upload_id, &input.key, after, limit)?;
        let last = parts.last().map(|part| signed(part.part));
        let part = |part: super::layout::PartFile| Part {
            part_number: Some(signed(part.part)),
            size: Some(signed(part.bytes)),
            e_tag: Some(ETag::Strong(hex(&part.md5))),
            ..Default::default()
        };
        Ok(S3Response::new(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            max_parts: Some(signed(limit)),
            part_number_marker: input.part_number_marker,
            next_part_number_marker: last.filter(|_| more),
            is_truncated: Some(more),
            parts: Some(parts.into_iter().map(part).collect()),
            ..Default::default()
        }))
    }

    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented, "Delimiters are not supported"));
        }
        let after = (input.key_marker.clone().unwrap_or_default(), input.upload_id_marker.clone());
        let prefix = input.prefix.clone().unwrap_or_default();
        let limit = self.page(input.max_uploads);
        let (uploads, more) = self.folder.uploads.list(&prefix, &after, limit);
        let last = uploads.last().filter(|_| more).cloned();
        let upload = |(meta, id): (Meta, String)| MultipartUpload {
            initiated: Some(Timestamp::from(meta.created())),
            key: Some(meta.key),
            upload_id: Some(id),
            ..Default::default()
        };
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            key_marker: input.key_marker,
            upload_id_marker: input.upload_id_marker,
            max_uploads: Some(signed(limit)),
            is_truncated: Some(more),
            next_key_marker: last.as_ref().map(|(meta, _)| meta.key.clone()),
            next_upload_id_marker: last.map(|(_, id)| id),
            uploads: Some(uploads.into_iter().map(upload).collect()),
            ..Default::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        let mut listed = Vec::new();
        for part in input.multipart_upload.and_then(|list| list.parts).unwrap_or_default() {
            let (Some(number), Some(etag)) = (part.part_number, part.e_tag) else {
                return Err(s3_error!(MalformedXML));
            };
            listed.push((part_number(number)?, etag.into_value()));
        }
        if listed.is_empty() {
            return Err(s3_error!(MalformedXML, "You must specify at least one part"));
        }
        let (id, key) = (input.upload_id, input.key.clone());
        let (version, etag) =
            self.on_disk(move |folder| folder.uploads.complete(&id, &key, &listed, &folder.objects)).await?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag)),
            version_id: Some(version),
            ..Default::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        self.on_disk(move |folder| folder.uploads.abort(&input.upload_id, &input.key)).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        if !super::objects::accepts_key(&input.key) {
            return Err(Fault::KeyTooLong.into());
        }
        let received = self.take_body(input.body, input.content_length, input.content_md5.as_deref()).await?;
        let meta = meta(input.key, input.content_type, input.metadata);
        let (version, etag) = self
            .on_disk(move |folder| {
                let etag = hex(&received.md5);
                let manifest = Manifest { meta, etag: etag.clone(), parts: Vec::new(), hides: false };
                Ok((folder.objects.publish_one(received, manifest)?, etag))
            })
            .await?;
        let e_tag = Some(ETag::Strong(etag));
        Ok(S3Response::new(PutObjectOutput { e_tag, version_id: Some(version), ..Default::default() }))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        let find = move |folder: &Folder| {
            let object = folder.objects.find(&input.key, input.version_id.as_deref())?;
            Ok((object.bytes()?, object))
        };
        let (bytes, object) = self.on_disk(find).await?;
        let range = stretch(input.range, bytes)?;
        let files = object.files()?;
        let wanted = range.clone();
        let reader = self.on_disk(move |_| Ok(Reader::open(files, &wanted)?)).await?;
        let content_range = input.range.map(|_| format!("bytes {}-{}/{bytes}", range.start, range.end - 1));
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            body: Some(StreamingBlob::wrap(reader.stream())),
            content_length: Some(signed(range.end - range.start)),
            content_range,
            content_type: object.manifest.meta.content_type.clone(),
            e_tag: etag(&object),
            last_modified: created(&object),
            metadata: metadata(&object),
            version_id: Some(object.version),
            ..Default::default()
        }))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        let find = move |folder: &Folder| {
            let object = folder.objects.find(&input.key, input.version_id.as_deref())?;
            Ok((object.bytes()?, object))
        };
        let (bytes, object) = self.on_disk(find).await?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".into()),
            content_length: Some(signed(bytes)),
            content_type: object.manifest.meta.content_type.clone(),
            e_tag: etag(&object),
            last_modified: created(&object),
            metadata: metadata(&object),
            version_id: Some(object.version),
            ..Default::default()
        }))
    }

    async fn delete_object(&self, req: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        if self.b2.is_some() && input.version_id.is_none() {
            let marker = self.on_disk(move |folder| folder.objects.hide(&input.key)).await?;
            let output =
                DeleteObjectOutput { delete_marker: Some(true), version_id: Some(marker), ..Default::default() };
            return Ok(S3Response::new(output));
        }
        let version_id = input.version_id.clone();
        self.on_disk(move |folder| folder.objects.delete(&input.key, input.version_id.as_deref())).await?;
        Ok(S3Response::new(DeleteObjectOutput { version_id, ..Default::default() }))
    }

    async fn get_bucket_lifecycle_configuration(
        &self,
        req: S3Request<GetBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<GetBucketLifecycleConfigurationOutput>> {
        ours(&req.input.bucket)?;
        let rules = self.on_disk(|folder| lifecycle::read(&folder.layout)).await?;
        if rules.is_empty() {
            return Err(s3_error!(NoSuchLifecycleConfiguration));
        }
        let rules = if self.b2.is_some() { b2::rules::answered(rules) } else { rules };
        let rules = Some(rules.into_iter().map(lifecycle::given).collect());
        Ok(S3Response::new(GetBucketLifecycleConfigurationOutput { rules, ..Default::default() }))
    }

    async fn put_bucket_lifecycle_configuration(
        &self,
        req: S3Request<PutBucketLifecycleConfigurationInput>,
    ) -> S3Result<S3Response<PutBucketLifecycleConfigurationOutput>> {
        ours(&req.input.bucket)?;
        let rules = req.input.lifecycle_configuration.ok_or_else(|| s3_error!(MalformedXML))?.rules;
        let rules = rules.into_iter().map(lifecycle::taken).collect::<S3Result<Vec<_>>>()?;
        if self.b2.is_some() {
            b2::rules::check(&rules)?;
        }
        self.on_disk(move |folder| lifecycle::write(&folder.layout, &rules)).await?;
        Ok(S3Response::new(PutBucketLifecycleConfigurationOutput::default()))
    }

    async fn delete_bucket_lifecycle(
        &self,
        req: S3Request<DeleteBucketLifecycleInput>,
    ) -> S3Result<S3Response<DeleteBucketLifecycleOutput>> {
        ours(&req.input.bucket)?;
        self.on_disk(|folder| lifecycle::write(&folder.layout, &[])).await?;
        Ok(S3Response::new(DeleteBucketLifecycleOutput::default()))
    }

    async fn list_object_versions(
        &self,
        req: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = req.input;
        ours(&input.bucket)?;
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented, "Delimiters are not supported"));
        }
        let limit = self.page(input.max_keys);
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = (input.key_marker.clone().unwrap_or_default(), input.version_id_marker.clone());
        let (found, more) = self.on_disk(move |folder| folder.objects.list_versions(&prefix, &after, limit)).await?;
        let last = found.last().filter(|_| more).map(|last| last.object.clone());
        let mut versions = Vec::with_capacity(found.len());
        for Listed { object, is_latest } in found {
            versions.push(ObjectVersion {
                e_tag: etag(&object),
                is_latest: Some(is_latest),
                last_modified: created(&object),
                size: Some(signed(object.bytes()?)),
                key: Some(object.manifest.meta.key),
                version_id: Some(object.version),
                ..Default::default()
            });
        }
        Ok(S3Response::new(ListObjectVersionsOutput {
            name: Some(input.bucket),
            prefix: input.prefix,
            key_marker: input.key_marker,
            version_id_marker: input.version_id_marker,
            max_keys: Some(signed(limit)),
            is_truncated: Some(more),
            next_key_marker: last.as_ref().map(|object| object.manifest.meta.key.clone()),
            next_version_id_marker: last.map(|object| object.version),
            versions: Some(versions),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(&self, req: S3Request<ListObjectsV2Input>) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        ours(&input.bucket)?;
        if input.delimiter.is_some() {
            return Err(s3_error!(NotImplemented, "Delimiters are not supported"));
        }
        let prefix = input.prefix.clone().unwrap_or_default();
        let after = input.continuation_token.clone().or_else(|| input.start_after.clone()).unwrap_or_default();
        let limit = self.page(input.max_keys);
        let (objects, more) = self.on_disk(move |folder| folder.objects.list(&prefix, &after, limit)).await?;
        let mut contents = Vec::with_capacity(objects.len());
        for object in objects {
            contents.push(s3s::dto::Object {
                e_tag: etag(&object),
                last_modified: created(&object),
                size: Some(signed(object.bytes()?)),
                key: Some(object.manifest.meta.key),
                ..Default::default()
            });
        }
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix,
            max_keys: Some(signed(limit)),
            key_count: Some(signed(contents.len())),
            continuation_token: input.continuation_token,
            is_truncated: Some(more),
            next_continuation_token: contents.last().and_then(|last| last.key.clone()).filter(|_| more),
            contents: Some(contents),
            ..Default::default()
        }))
    }
}
