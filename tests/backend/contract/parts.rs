//! The life of a multipart upload: begun, sent, listed, completed or aborted.

use super::subject::{Case, Checked, PART_BYTES, composite_etag, md5_hex, meta, no_such_upload, refused_by, same};
use lectern_server::object_store::{ObjectStore, UnfinishedUpload};
use reqwest::{Method, StatusCode};

const UNKNOWN: &str = "0190aaaa0000700080000000000000ff";

pub async fn a_begun_upload_is_listed_until_it_is_aborted(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload_id = it.begin(&key).await?;
    let listed = it.store().list_uploads(it.prefix()).await?;
    let begun = UnfinishedUpload { key: key.clone(), upload_id: upload_id.clone() };
    same("the uploads", listed, vec![begun])?;
    it.store().abort(&key, &upload_id).await?;
    same("the uploads after the abort", it.store().list_uploads(it.prefix()).await?, vec![])
}

pub async fn parts_sent_in_any_order_are_listed_ascending_with_size_and_md5(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let bodies: [&[u8]; 3] = [b"one", b"three!", b"seventeen"];
    for part in [7, 1, 3] {
        let body = bodies[[1, 3, 7].iter().position(|known| *known == part).unwrap_or(0)];
        it.put_part(&key, &upload, part, body).await?;
    }
    let listed = it.store().list_parts(&key, &upload).await?;
    let listed: Vec<_> = listed.into_iter().map(|part| (part.part, part.bytes, part.etag)).collect();
    let expected = [1, 3, 7].iter().zip(bodies).map(|(part, body)| (*part, body.len() as u64, md5_hex(body)));
    same("the parts", listed, expected.collect())
}

/// What a sender does that never heard of its success.
pub async fn a_part_sent_twice_unchanged_is_one_part(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    it.put_part(&key, &upload, 1, b"the same").await?;
    let etag = it.put_part(&key, &upload, 1, b"the same").await?;
    let listed = it.store().list_parts(&key, &upload).await?;
    same("the parts", listed.iter().map(|part| (part.part, part.bytes)).collect(), vec![(1, 8)])?;
    it.complete(&key, &upload, &[(1, etag)]).await?;
    same("the length", it.head(&key).await?.bytes, 8)
}

pub async fn a_part_sent_again_replaces_the_former_one(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    it.put_part(&key, &upload, 1, b"the first try, and the longer one").await?;
    let etag = it.put_part(&key, &upload, 1, b"the second").await?;
    let listed = it.store().list_parts(&key, &upload).await?;
    same("the parts", listed.iter().map(|part| (part.part, part.bytes)).collect(), vec![(1, 10)])?;
    it.complete(&key, &upload, &[(1, etag)]).await?;
    let url = it.store().sign_get(&key, None).await?.url;
    same("the bytes", it.get(url, "").await?.text().await?, "the second".to_owned())
}

pub async fn every_page_of_the_parts_is_read(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    for part in 1..=8 {
        it.put_part(&key, &upload, part, b"x").await?;
    }
    let listed = it.store().list_parts(&key, &upload).await?;
    same("the parts", listed.iter().map(|part| part.part).collect(), (1..=8).collect::<Vec<_>>())
}

pub async fn every_page_of_the_uploads_is_read_and_no_other_prefix(it: &Case<'_>) -> Checked {
    let mut begun = Vec::new();
    // Two of them on one key: a page may end between them.
    for name in ["in/a", "in/b", "in/c", "in/c", "in/d", "in/e", "in/f", "in/g", "other/a"] {
        let key = it.key(name);
        let upload_id = it.begin(&key).await?;
        begun.push(UnfinishedUpload { key, upload_id });
    }
    begun.pop();
    let sorted = |mut uploads: Vec<UnfinishedUpload>| {
        uploads.sort_by(|a, b| (&a.key, &a.upload_id).cmp(&(&b.key, &b.upload_id)));
        uploads
    };
    same("the uploads", sorted(it.store().list_uploads(&it.key("in/")).await?), sorted(begun))
}

pub async fn complete_answers_the_composite_etag(it: &Case<'_>) -> Checked {
    let (first, last) = (vec![7; PART_BYTES], b"the rest".as_slice());
    let bodies: [&[u8]; 3] = [&first, &first, last];
    let done = it.upload(&it.key("film"), &bodies).await?;
    same("the ETag", done.etag, composite_etag(&bodies))
}

pub async fn head_of_a_completed_upload_has_the_composite_etag(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    it.upload(&key, &[b"all of it"]).await?;
    same("the ETag", it.head(&key).await?.etag, composite_etag(&[b"all of it"]))
}

pub async fn a_completed_upload_has_its_bytes_and_metadata(it: &Case<'_>) -> Checked {
    let (key, name) = (it.key("film"), "Überblick – 第1回 100%.mp4");
    let upload = it.store().create_multipart(&key, &meta(name)).await?;
    let first = vec![9; PART_BYTES];
    let parts =
        [(1, it.put_part(&key, &upload, 1, &first).await?), (2, it.put_part(&key, &upload, 2, b"the rest").await?)];
    let done = it.complete(&key, &upload, &parts).await?;
    let head = it.head(&key).await?;
    same("the length", head.bytes, PART_BYTES as u64 + 8)?;
    same("the version", head.version, done.version)?;
    same("the name", head.entries, vec![("name".to_owned(), name.to_owned())])?;
    let url = it.store().sign_get(&key, None).await?.url;
    let body = it.get(url, "").await?.bytes().await?;
    same("the bytes", md5_hex(&body), md5_hex(&[&first, b"the rest".as_slice()].concat()))
}

pub async fn parts_that_are_not_named_are_left_out(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    it.put_part(&key, &upload, 1, b"left out").await?;
    let named = it.put_part(&key, &upload, 2, b"named").await?;
    it.complete(&key, &upload, &[(2, named)]).await?;
    let url = it.store().sign_get(&key, None).await?.url;
    same("the bytes", it.get(url, "").await?.text().await?, "named".to_owned())
}

pub async fn completing_twice_says_no_such_upload(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    let parts = [(1, it.put_part(&key, &upload, 1, b"x").await?)];
    it.complete(&key, &upload, &parts).await?;
    let again = it.try_complete(&key, &upload, &parts).await;
    same("the length of the object", it.head(&key).await?.bytes, 1)?;
    no_such_upload("complete", again)
}

pub async fn an_unknown_upload_has_no_parts_to_list(it: &Case<'_>) -> Checked {
    no_such_upload("list", it.store().list_parts(&it.key("film"), UNKNOWN).await)
}

pub async fn an_unknown_upload_cannot_be_completed(it: &Case<'_>) -> Checked {
    no_such_upload("complete", it.try_complete(&it.key("film"), UNKNOWN, &[(1, md5_hex(b"x"))]).await)
}

pub async fn an_unknown_upload_takes_no_part(it: &Case<'_>) -> Checked {
    let signed = it.store().sign_part(&it.key("film"), UNKNOWN, 1).await?;
    // More than a socket buffers: a store that refuses without reading on would break the connection.
    refused_by(it.send(Method::PUT, signed, vec![1; 1 << 20]).await?, StatusCode::NOT_FOUND, "NoSuchUpload").await
}

pub async fn aborting_is_idempotent_and_forgets_the_parts(it: &Case<'_>) -> Checked {
    let key = it.key("film");
    let upload = it.begin(&key).await?;
    it.put_part(&key, &upload, 1, b"x").await?;
    it.store().abort(&key, &upload).await?;
    it.store().abort(&key, &upload).await?;
    no_such_upload("list", it.store().list_parts(&key, &upload).await)
}
