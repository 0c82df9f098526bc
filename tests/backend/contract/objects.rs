//! Objects as they are put, looked at, hidden and deleted.

use super::subject::{Case, Checked, header, md5_hex, meta, same};
use lectern_server::object_store::ObjectStore;

pub async fn a_single_put_keeps_type_name_and_md5(it: &Case<'_>) -> Checked {
    let (key, name) = (it.key("notes"), "Überblick – 第1回 100%.pdf");
    let (etag, version) = it.put(&key, &meta(name), b"hello").await?;
    same("the ETag", etag, md5_hex(b"hello"))?;
    let head = it.head(&key).await?;
    same("the length", head.bytes, 5)?;
    same("the ETag of HEAD", head.etag, md5_hex(b"hello"))?;
    same("the version", head.version, version)?;
    same("the name", head.entries, vec![("name".to_owned(), name.to_owned())])?;
    let answer = it.get(it.store().sign_get(&key, None).await?.url, "").await?;
    same("the type", header(&answer, "content-type"), "video/mp4".to_owned())?;
    same("the bytes", answer.text().await?, "hello".to_owned())
}

pub async fn an_empty_file_can_be_put(it: &Case<'_>) -> Checked {
    let key = it.key("empty");
    it.put(&key, &meta("empty"), b"").await?;
    same("the length", it.head(&key).await?.bytes, 0)
}

pub async fn a_later_put_shows_instead_of_the_former(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    it.put(&key, &meta("notes"), b"the former").await?;
    it.put(&key, &meta("notes"), b"the later").await?;
    let url = it.store().sign_get(&key, None).await?.url;
    same("the bytes", it.get(url, "").await?.text().await?, "the later".to_owned())?;
    same("the keys", it.store().list_keys(it.prefix()).await?, vec![key])
}

pub async fn an_absent_object_has_no_head(it: &Case<'_>) -> Checked {
    same("HEAD", it.store().head(&it.key("absent")).await?, None)
}

pub async fn deleting_the_latest_version_shows_the_former_one(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    let (_, former) = it.put(&key, &meta("notes"), b"the former").await?;
    let (_, later) = it.put(&key, &meta("notes"), b"the later").await?;
    same("every PUT has a version", (former.is_some(), later.is_some(), former != later), (true, true, true))?;
    let url = it.store().sign_get(&key, former.as_deref()).await?.url;
    same("the former version's bytes", it.get(url, "").await?.text().await?, "the former".to_owned())?;
    it.store().delete(&key, later.as_deref()).await?;
    same("the version that shows", it.head(&key).await?.version, former.clone())?;
    it.store().delete(&key, former.as_deref()).await?;
    same("HEAD without versions", it.store().head(&key).await?, None)
}

pub async fn a_delete_without_version_hides_the_object(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    it.put(&key, &meta("notes"), b"hello").await?;
    it.store().delete(&key, None).await?;
    same("HEAD", it.store().head(&key).await?, None)?;
    same("the keys", it.store().list_keys(it.prefix()).await?, vec![])
}

pub async fn deleting_what_is_gone_is_fine(it: &Case<'_>) -> Checked {
    let key = it.key("notes");
    let (_, version) = it.put(&key, &meta("notes"), b"hello").await?;
    it.store().delete(&key, version.as_deref()).await?;
    it.store().delete(&key, version.as_deref()).await?;
    same("HEAD", it.store().head(&key).await?, None)
}

pub async fn every_page_of_the_keys_is_read(it: &Case<'_>) -> Checked {
    let keys: Vec<String> = (0..8).map(|number| it.key(&format!("in/{number}"))).collect();
    for key in &keys {
        it.put(key, &meta("x"), b"x").await?;
    }
    it.put(&it.key("other"), &meta("x"), b"x").await?;
    same("the keys", it.store().list_keys(&it.key("in/")).await?, keys)
}
