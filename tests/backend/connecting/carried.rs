//! What was on this computer goes to the bucket, and nothing of it changes on the way.

use super::office::{Backblaze, Office};
use crate::desk::{MIB, at_end, confirmed_row, until};
use lectern_server::object_store::ObjectStore as _;
use lectern_shared::change::CacheTag;
use lectern_shared::event::AppEvent;
use lectern_shared::upload::{Destination, UploadState};

#[tokio::test(flavor = "multi_thread")]
async fn every_file_and_picture_goes_to_the_bucket_and_keeps_its_place() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let place = office.course().await;
    let files = [("Lecture 1.mp4", 20 * MIB + 5), ("Lecture 2.mp4", 70_000), ("Lecture 3.mp4", MIB)];
    let stored = office.stored(&files, at_end(place)).await;
    office.draw(stored[1].0).await;
    office.without_sources().await;
    let rows: Vec<_> = stored.iter().map(|(asset, _)| confirmed_row(&office.place(), "asset", asset)).collect();

    office.pace.limit(Some(12 * MIB as u64));
    let details = office.connected(backblaze.bound()).await;
    let moving = details.moving.expect("they are on their way");
    assert_eq!((moving.files, moving.bytes), (3, (21 * MIB + 70_005) as u64));
    while office.state().await.moving.is_some() {
        // Ready and playable all the time, wherever it is.
        let playing = office.played(stored[0].0).await;
        assert!(playing.is_some_and(|bytes| bytes == stored[0].1));
    }
    office.until_carried().await;

    assert_eq!(office.titles(place.0).await, ["Lecture 1", "Lecture 2", "Lecture 3"]);
    for ((asset, bytes), row) in stored.iter().zip(rows) {
        assert!(backblaze.bytes(*asset) == *bytes, "the bucket's bytes are the file's");
        assert!(office.played(*asset).await.unwrap() == *bytes);
        assert_eq!(confirmed_row(&office.place(), "asset", asset), row, "no row knows that anything happened");
    }
    assert!(backblaze.has(stored[1].0, "thumb"));
    assert!(office.picture_in_store(stored[1].0).await.is_some());
    assert_eq!(backblaze.unfinished(), 0);
    assert_eq!(office.connection.details().await.unwrap().moving, None);
    let changed = AppEvent::Changed { tags: vec![CacheTag::Workspace] };
    let told = office.events.lock().unwrap().iter().filter(|event| **event == changed).count();
    assert!(told >= 3, "the window hears of each: {told}");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_the_bucket_says_whose_it_is_as_an_upload_does() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let stored = office.stored(&[("b.mp4", 9), ("Vorlesung 1 – Säuren.mp4", 20 * MIB)], Destination::Library).await;
    office.without_sources().await;
    office.connected(backblaze.bound()).await;
    office.until_carried().await;
    let store = backblaze.store.store();
    for ((asset, _), name) in stored.iter().zip(["b.mp4", "Vorlesung 1 – Säuren.mp4"]) {
        let keys = store.list_keys("lectern/").await.unwrap();
        let key = keys.iter().find(|key| key.contains(&asset.to_string())).unwrap();
        let entries = store.head(key).await.unwrap().unwrap().entries;
        assert!(entries.contains(&("lectern-name".to_owned(), name.to_owned())), "{entries:?}");
        assert!(entries.contains(&("lectern-asset".to_owned(), asset.to_string())));
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_upload_begins_again_to_the_bucket_and_goes_before_what_is_carried() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let place = office.course().await;
    let (old, bytes) = office.stored(&[("Lecture 1.mp4", 9 * MIB)], at_end(place)).await.remove(0);
    office.without_sources().await;
    office.pace.limit(Some(10 * MIB as u64));
    let (large, small) = (office.file("Lecture 2.mp4", 100 * MIB), office.file("Lecture 3.mp4", 14 * MIB));
    let operations = office.drop_on(&[&large, &small], at_end(place)).await;
    until("a part is confirmed here", async || office.upload(operations[0]).await.parts_confirmed >= 1).await;

    office.connected(backblaze.bound()).await;
    until("it is sent again", async || office.upload(operations[0]).await.state == UploadState::Uploading).await;
    assert!(!backblaze.has(old, "original"), "what people wait for goes first");
    office.pace.limit(None);
    for (operation, source) in operations.iter().zip([&large, &small]) {
        let ready = office.until_ready(*operation).await;
        assert!(backblaze.bytes(ready.asset) == std::fs::read(source).unwrap());
    }
    office.until_carried().await;
    assert!(backblaze.bytes(old) == bytes);
    assert_eq!((office.titles(place.0).await.len(), backblaze.unfinished()), (3, 0));
    office.close().await;
}

/// The app was closed when the store here had the only part of a small file, and nobody had said so yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_that_only_the_former_store_has_is_not_taken_for_one_of_the_bucket() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let source = office.file("short.mp4", 60_000);
    let operation = office.drop_on(&[&source], Destination::Library).await[0];
    let asset = office.until_ready(operation).await.asset;
    until("every edit is confirmed", async || office.state().await.edits_waiting == 0).await;
    let (folder, keys) = (office.place(), office.keys.clone());
    office.connection.close().await;
    // Back to the moment after the PUT: row, journal and mirror as they were then.
    let run =
        |file: &str, sql: &str| rusqlite::Connection::open(folder.join(file)).unwrap().execute_batch(sql).unwrap();
    run("server.sqlite", "UPDATE object SET state = 'single', etag = NULL, blake3 = NULL, store_version = NULL");
    run("mirror.sqlite", "UPDATE upload SET outcome = NULL");
    let bytes = std::fs::read(&source).unwrap();
    let (md5, facts) = (md5_of(&bytes), facts_of(&folder));
    let journal = rusqlite::Connection::open(folder.join("journal.sqlite")).unwrap();
    let sql = "INSERT INTO upload (operation, schema, asset, bytes, part_bytes, modified_ns, file_device, file_index)
        VALUES (?1, 1, ?2, 60000, 60000, ?3, ?4, ?5)";
    let (id, of) = (operation.0.as_bytes(), asset.0.as_bytes());
    journal.execute(sql, rusqlite::params![id, of, facts.0, facts.1, facts.2]).unwrap();
    let sql = "INSERT INTO part (operation, number, bytes, md5, etag, chaining) VALUES (?1, 1, 60000, ?2, ?3, ?4)";
    let etag: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
    journal.execute(sql, rusqlite::params![id, md5, etag, blake3::hash(&bytes).as_bytes()]).unwrap();
    drop(journal);

    // The bucket comes before the app does: what counts is which store a row names.
    let settings = office.settings();
    let other = Office::open_at(backblaze.address()).await;
    other.connected(backblaze.bound()).await;
    let bucket = other.settings().store;
    let key = other.keys.key(other.settings().user).await.unwrap().unwrap();
    lectern_engine::workspace::Settings { store: bucket, ..settings.clone() }.write(&folder).unwrap();
    keys.lend(settings.user, key);
    let office = Office::open_in(office.folder, keys, backblaze.address()).await;
    office.until_ready(operation).await;
    office.until_carried().await;
    assert!(backblaze.bytes(asset) == bytes, "ready means that the bucket has it");
    office.close().await;
    other.close().await;
}

fn md5_of(bytes: &[u8]) -> [u8; 16] {
    use md5::Digest as _;
    md5::Md5::digest(bytes).into()
}

fn facts_of(folder: &std::path::Path) -> (i64, i64, i64) {
    let mirror = rusqlite::Connection::open(folder.join("mirror.sqlite")).unwrap();
    let sql = "SELECT modified_ns, file_device, file_number FROM upload";
    mirror.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap()
}
