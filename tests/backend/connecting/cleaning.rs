//! The bucket's rule for uploads that nobody finished.

use super::office::{Backblaze, Office, by_key};
use lectern_server::object_store::local::BUCKET;
use lectern_server::object_store::{LifecycleRule, ObjectStore as _};
use lectern_shared::connect::Cleaning;
use lectern_shared::error::ErrorCode;

fn rule(prefix: &str) -> LifecycleRule {
    LifecycleRule {
        id: Some("theirs".to_owned()),
        prefix: prefix.to_owned(),
        enabled: true,
        delete_hidden_after_days: Some(7),
        ..LifecycleRule::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_rule_joins_those_that_are_there() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let error = office.connection.set_cleaning().await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Invalid, "there is no bucket yet");
    backblaze.store.store().set_lifecycle(&[rule("logs/")]).await.unwrap();
    let before = backblaze.store.store().lifecycle().await.unwrap();
    let details = office.connected(by_key(&backblaze.key(|key| key), Some(BUCKET))).await;
    assert_eq!(details.cleaning, Some(Cleaning::Offered { days: 90 }));
    assert_eq!(office.connection.set_cleaning().await.unwrap(), Cleaning::InPlace { days: 90 });
    assert_eq!(office.connection.details().await.unwrap().cleaning, Some(Cleaning::InPlace { days: 90 }));
    let after = backblaze.store.store().lifecycle().await.unwrap();
    assert!(before.iter().all(|rule| after.contains(rule)), "{after:?}");
    assert_eq!(after.len(), before.len() + 1);
    assert_eq!(office.connection.set_cleaning().await.unwrap(), Cleaning::InPlace { days: 90 });
    assert_eq!(backblaze.store.store().lifecycle().await.unwrap(), after, "twice is once");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_rule_for_the_same_files_ours_is_not_offered() {
    let backblaze = Backblaze::open().await;
    backblaze.store.store().set_lifecycle(&[rule("")]).await.unwrap();
    let before = backblaze.store.store().lifecycle().await.unwrap();
    let office = Office::open_at(backblaze.address()).await;
    let details = office.connected(by_key(&backblaze.key(|key| key), Some(BUCKET))).await;
    let other = Cleaning::OtherRule { prefix: String::new() };
    assert_eq!(details.cleaning, Some(other.clone()));
    assert_eq!(office.connection.set_cleaning().await.unwrap(), other);
    assert_eq!(backblaze.store.store().lifecycle().await.unwrap(), before);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_see_or_set_rules_is_told_apart_from_a_bucket_without_any() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    // A key of one bucket may read rules and not write them.
    let details = office.connected(backblaze.bound()).await;
    assert_eq!(details.cleaning, Some(Cleaning::Offered { days: 90 }));
    assert_eq!(office.connection.set_cleaning().await.unwrap(), Cleaning::NotAllowed);
    assert_eq!(office.connection.details().await.unwrap().cleaning, Some(Cleaning::NotAllowed));
    let blind = backblaze.key(|key| key.of_one_bucket().without("readBuckets"));
    assert_eq!(office.connected(by_key(&blind, None)).await.cleaning, Some(Cleaning::NotAllowed));
    office.close().await;
}
