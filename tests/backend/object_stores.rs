//! Every object store under the one contract. The same rows as a table, and for a bucket of your own:
//! `cargo xtask contract`.

use lectern_backend_tests::contract::{self, Started};
use lectern_server::object_store::lifecycle::with_abandoned_uploads_ended;
use lectern_server::object_store::{ObjectMeta, ObjectStore};
use std::collections::HashSet;
use std::io;

async fn keeps_the_contract(started: io::Result<Started>) {
    let started = started.unwrap();
    let failures = contract::run(&started.subject).await.failures();
    assert!(failures.is_empty(), "\n  {}\n", failures.join("\n  "));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_local_store_keeps_the_contract() {
    keeps_the_contract(contract::local().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_local_store_in_b2_mode_keeps_the_contract() {
    keeps_the_contract(contract::b2().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone_s_store_keeps_the_contract() {
    keeps_the_contract(contract::rclone().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moto_s_store_keeps_the_contract() {
    keeps_the_contract(contract::moto().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_asked_for_the_contract_is_left_as_it_was() {
    let bucket = contract::local().await.unwrap();
    let store = &bucket.subject.store;
    let meta = ObjectMeta { content_type: "video/mp4".into(), entries: Vec::new() };
    store.create_multipart("theirs/film", &meta).await.unwrap();
    store.set_lifecycle(&with_abandoned_uploads_ended(&[], "theirs/", 365)).await.unwrap();
    let (uploads, rules) = (store.list_uploads("").await.unwrap(), store.lifecycle().await.unwrap());
    let named = contract::named(bucket.subject.config.clone(), "asked/").unwrap();
    assert!(contract::run(&named.subject).await.failures().is_empty());
    assert_eq!(store.list_keys("").await.unwrap(), Vec::<String>::new());
    assert_eq!((store.list_uploads("").await.unwrap(), store.lifecycle().await.unwrap()), (uploads, rules));
}

#[test]
fn every_sentence_of_the_contract_is_asked_once() {
    let names: HashSet<_> = contract::ROWS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), contract::ROWS.len());
}
