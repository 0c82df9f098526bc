//! Every object store under the one contract. The same rows as a table, and for a bucket of your own:
//! `cargo xtask contract`.

use lectern_backend_tests::contract::{self, Started};
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

#[test]
fn every_sentence_of_the_contract_is_asked_once() {
    let names: HashSet<_> = contract::ROWS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), contract::ROWS.len());
}
