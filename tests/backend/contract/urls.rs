//! Signed URLs, used as the sender and the preview use them: by plain HTTP, without a key.

use super::subject::{Case, Checked, Mismatch, header, meta, same};
use lectern_server::object_store::{ObjectStore, StoreError};
use lectern_shared::protocol::SignedUrl;
use reqwest::{Method, StatusCode};
use std::time::Duration;

pub async fn a_signed_get_answers_the_bytes_of_a_range(it: &Case<'_>) -> Checked {
    let url = ten_digits(it).await?;
    for (range, content_range, body) in [
        ("bytes=0-0", "bytes 0-0/10", "0"),
        ("bytes=3-5", "bytes 3-5/10", "345"),
        ("bytes=7-", "bytes 7-9/10", "789"),
        ("bytes=-2", "bytes 8-9/10", "89"),
        ("bytes=8-900", "bytes 8-9/10", "89"),
    ] {
        let answer = it.get(url.clone(), range).await?;
        same(range, header(&answer, "content-range"), content_range.to_owned())?;
        same(range, answer.text().await?, body.to_owned())?;
    }
    Ok(())
}

pub async fn a_range_is_answered_as_partial_content(it: &Case<'_>) -> Checked {
    let url = ten_digits(it).await?;
    same("the status", it.get(url, "bytes=3-5").await?.status(), StatusCode::PARTIAL_CONTENT)
}

pub async fn a_range_beyond_the_end_is_refused(it: &Case<'_>) -> Checked {
    let url = ten_digits(it).await?;
    same("the status", it.get(url, "bytes=10-").await?.status(), StatusCode::RANGE_NOT_SATISFIABLE)
}

pub async fn a_refused_range_says_the_length(it: &Case<'_>) -> Checked {
    let url = ten_digits(it).await?;
    let answer = it.get(url, "bytes=10-").await?;
    same("Content-Range", header(&answer, "content-range"), "bytes */10".to_owned())
}

async fn ten_digits(it: &Case<'_>) -> Checked<String> {
    let key = it.key("film");
    it.put(&key, &meta("film"), b"0123456789").await?;
    Ok(it.store().sign_get(&key, None).await?.url)
}

pub async fn a_tampered_part_url_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let signed = bent(it.store().sign_part(&key, &upload, 1).await?)?;
    // More than fits into any buffer on the way: a store that does not read on breaks the connection instead.
    let answer = it.send(Method::PUT, signed, vec![1; 2 << 20]).await?;
    same("the parts", it.store().list_parts(&key, &upload).await?.len(), 0)?;
    same("the status", answer.status(), StatusCode::FORBIDDEN)
}

pub async fn a_tampered_put_url_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    let signed = bent(it.store().sign_put(&key, &meta("notes")).await?)?;
    let answer = it.try_put(&key, signed, b"x").await?;
    same("HEAD", it.store().head(&key).await?, None)?;
    same("the status", answer.status(), StatusCode::FORBIDDEN)
}

pub async fn a_tampered_get_url_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    it.put(&key, &meta("notes"), b"for members only").await?;
    let signed = bent(it.store().sign_get(&key, None).await?)?;
    same("the status", it.get(signed.url, "").await?.status(), StatusCode::FORBIDDEN)
}

pub async fn an_expired_url_is_refused(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    let signed = it.store().clone().with_url_seconds(1).sign_put(&key, &meta("notes")).await?;
    // Stores count whole seconds.
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let answer = it.try_put(&key, signed, b"x").await?;
    same("HEAD", it.store().head(&key).await?, None)?;
    same("the status", answer.status(), StatusCode::FORBIDDEN)
}

pub async fn a_url_for_one_part_takes_no_other(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let mut signed = it.store().sign_part(&key, &upload, 1).await?;
    signed.url = signed.url.replace("partNumber=1", "partNumber=2");
    let answer = it.send(Method::PUT, signed, b"x".to_vec()).await?;
    same("the parts", it.store().list_parts(&key, &upload).await?.len(), 0)?;
    same("the status", answer.status(), StatusCode::FORBIDDEN)
}

pub async fn a_stranger_s_key_is_refused(it: &Case<'_>) -> Checked {
    let stranger = it.subject.store_with(|config| config.secret_key = "guessed-and-wrong".into());
    match stranger.create_multipart(&it.key("film"), &meta("film")).await {
        Err(StoreError::Refused(_)) => Ok(()),
        other => Err(Mismatch::new(format!("{other:?} instead of a refusal"))),
    }
}

/// The same URL with its signature turned round.
fn bent(signed: SignedUrl) -> Checked<SignedUrl> {
    let (head, signature) = signed.url.split_once("X-Amz-Signature=").ok_or_else(|| Mismatch::new("no signature"))?;
    let (signature, tail) = signature.split_once('&').unwrap_or((signature, ""));
    let turned: String = signature.chars().rev().collect();
    let tail = if tail.is_empty() { String::new() } else { format!("&{tail}") };
    Ok(SignedUrl { url: format!("{head}X-Amz-Signature={turned}{tail}"), headers: signed.headers })
}
