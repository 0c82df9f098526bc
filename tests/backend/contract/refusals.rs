//! What a store must refuse, and in which words: the uploads above choose what to do next by them.

use super::subject::{Case, Checked, md5_hex, meta, refused, refused_by, same};
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region, RequestChecksumCalculation};
use aws_sdk_s3::presigning::PresigningConfig;
use base64::Engine;
use lectern_server::object_store::ObjectStore;
use lectern_shared::protocol::SignedUrl;
use md5::{Digest, Md5};
use reqwest::{Method, StatusCode};
use std::time::Duration;

pub async fn a_missing_bucket_is_no_missing_object(it: &Case<'_>) -> Checked {
    let elsewhere = it.subject.store_with(|config| config.bucket = "lectern-no-such-bucket-0190".into());
    refused("create", elsewhere.create_multipart(&it.key("film"), &meta("film")).await, "NoSuchBucket")
}

pub async fn a_part_that_is_not_what_its_md5_says_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let signed = with_md5_of(b"another", it.store().sign_part(&key, &upload, 1).await?);
    let answer = it.send(Method::PUT, signed, b"body".to_vec()).await?;
    refused_by(answer, StatusCode::BAD_REQUEST, "BadDigest").await
}

pub async fn an_upload_goes_on_after_a_refused_part(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let signed = with_md5_of(b"another", it.store().sign_part(&key, &upload, 1).await?);
    it.send(Method::PUT, signed, b"body".to_vec()).await?;
    same("the parts", it.store().list_parts(&key, &upload).await?.len(), 0)?;
    let signed = with_md5_of(b"body", it.store().sign_part(&key, &upload, 1).await?);
    let answer = it.send(Method::PUT, signed, b"body".to_vec()).await?;
    same("the status with the right MD5", answer.status(), StatusCode::OK)?;
    it.complete(&key, &upload, &[(1, md5_hex(b"body"))]).await.map(drop)
}

pub async fn a_put_that_is_not_what_its_md5_says_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    let signed = with_md5_of(b"another", it.store().sign_put(&key, &meta("notes")).await?);
    let answer = it.try_put(&key, signed, b"body").await?;
    same("HEAD", it.store().head(&key).await?, None)?;
    refused_by(answer, StatusCode::BAD_REQUEST, "BadDigest").await
}

pub async fn a_small_part_before_the_last_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let mut parts = Vec::new();
    for part in [1, 2] {
        parts.push((part, it.put_part(&key, &upload, part, b"small").await?));
    }
    refused("complete", it.try_complete(&key, &upload, &parts).await, "EntityTooSmall")
}

/// Our own client asks for none; a URL that somebody else signs does.
pub async fn a_part_number_out_of_range_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    for part in [0, 10_001] {
        let signed = it.store().sign_part(&key, &upload, part).await.map(drop);
        refused("our client", signed, "parts are 1 to 10,000")?;
    }
    let last = it.put_part(&key, &upload, 10_000, b"x").await;
    let answer = it.send(Method::PUT, part_url(it, &key, &upload, 10_001).await?, b"x".to_vec()).await?;
    refused_by(answer, StatusCode::BAD_REQUEST, "InvalidArgument").await?;
    last.map(drop)
}

pub async fn a_wrong_etag_is_an_invalid_part(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    it.put_part(&key, &upload, 1, b"one").await?;
    refused("complete", it.try_complete(&key, &upload, &[(1, md5_hex(b"other"))]).await, "InvalidPart")
}

pub async fn an_upload_goes_on_after_a_refused_completion(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let etag = it.put_part(&key, &upload, 1, b"one").await?;
    // How it was refused is another row's.
    drop(it.try_complete(&key, &upload, &[(1, md5_hex(b"other"))]).await);
    it.complete(&key, &upload, &[(1, etag)]).await?;
    same("the length", it.head(&key).await?.bytes, 3)
}

pub async fn a_part_that_was_never_sent_is_an_invalid_part(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    it.put_part(&key, &upload, 1, b"one").await?;
    refused("complete", it.try_complete(&key, &upload, &[(2, md5_hex(b"one"))]).await, "InvalidPart")
}

fn with_md5_of(body: &[u8], mut signed: SignedUrl) -> SignedUrl {
    let md5 = base64::engine::general_purpose::STANDARD.encode(Md5::digest(body));
    signed.headers.push(("content-md5".to_owned(), md5));
    signed
}

/// Signed without our client, which would not.
async fn part_url(it: &Case<'_>, key: &str, upload: &str, part: i32) -> Checked<SignedUrl> {
    let config = &it.subject.config;
    let client = aws_sdk_s3::Client::from_conf(
        Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(config.endpoint.as_str().trim_end_matches('/'))
            .region(Region::new(config.region.clone()))
            .credentials_provider(Credentials::new(&config.access_key, &config.secret_key, None, None, "contract"))
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .build(),
    );
    let unsigned = |words: String| super::Mismatch::new(format!("the SDK does not sign it: {words}"));
    let life = PresigningConfig::expires_in(Duration::from_secs(60)).map_err(|error| unsigned(error.to_string()))?;
    let call = client.upload_part().bucket(&config.bucket).key(key).upload_id(upload).part_number(part);
    let signed = call.presigned(life).await.map_err(|error| unsigned(error.to_string()))?;
    Ok(SignedUrl { url: signed.uri().to_owned(), headers: Vec::new() })
}
