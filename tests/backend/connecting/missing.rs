//! A key that nobody has any more: the courses open, and what needs the bucket waits.

use super::office::{Backblaze, Office, by_key};
use crate::desk::{at_end, until};
use lectern_engine::workspace::KeyRing;
use lectern_server::object_store::local::b2::ApplicationKey;
use lectern_shared::connect::KeyPlace;
use lectern_shared::upload::{Cause, UploadState};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_key_a_workspace_takes_edits_and_files_which_go_when_it_is_given() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let key = backblaze.key(ApplicationKey::of_one_bucket);
    office.connected(by_key(&key, None)).await;
    let place = office.course().await;
    office.stored(&[("Lecture 1.mp4", 20_000)], at_end(place)).await;

    let office = office.reopened(KeyRing::of_this_run()).await;
    assert!(office.state().await.key_missing);
    let details = office.connection.details().await.unwrap();
    assert_eq!((details.key, details.cleaning), (Some(KeyPlace::Missing), None));
    let (small, large) = (office.file("Lecture 2.mp4", 30_000), office.file("Lecture 3.mp4", 20 << 20));
    let operations = office.drop_on(&[&small, &large], at_end(place)).await;
    assert_eq!(office.titles(place.0).await, ["Lecture 1", "Lecture 2", "Lecture 3"]);
    until("edits are confirmed all the same", async || office.state().await.edits_waiting == 0).await;
    for operation in &operations {
        let waits = async || office.upload(*operation).await.cause == Some(Cause::StoreUnreachable);
        until("it waits for the bucket", waits).await;
        assert_eq!(office.upload(*operation).await.state, UploadState::Queued);
    }

    let details = office.connected(by_key(&key, None)).await;
    assert_eq!(details.key, Some(KeyPlace::ThisRunOnly));
    assert!(!office.state().await.key_missing);
    for (operation, source) in operations.iter().zip([&small, &large]) {
        let ready = office.until_ready(*operation).await;
        assert!(backblaze.bytes(ready.asset) == std::fs::read(source).unwrap());
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_key_what_is_still_here_can_be_played_and_stays() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let place = office.course().await;
    let (asset, bytes) = office.stored(&[("Lecture 1.mp4", 20 << 20)], at_end(place)).await.remove(0);
    office.without_sources().await;
    office.pace.limit(Some(1 << 20));
    let key = backblaze.key(ApplicationKey::of_one_bucket);
    office.connected(by_key(&key, None)).await;

    let office = office.reopened(KeyRing::of_this_run()).await;
    let moving = office.state().await.moving.unwrap();
    assert_eq!((moving.files, moving.bytes), (1, 20 << 20));
    assert!(office.played(asset).await.unwrap() == bytes);

    office.connected(by_key(&key, None)).await;
    office.until_carried().await;
    assert!(backblaze.bytes(asset) == bytes);
    office.close().await;
}
