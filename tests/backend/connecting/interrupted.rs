//! The way to the bucket is interrupted: by a crash, by a network that is down, by a bucket that fails.

use super::office::{Backblaze, Office};
use crate::desk::{MIB, at_end, until};
use crate::offline::Wire;
use lectern_backend_tests::support::fault_proxy::{Fault, FaultProxy, Kind, Rule, Script};
use lectern_engine::workspace::KeyRing;
use lectern_shared::connect::Connection;
use lectern_shared::ids::AssetId;
use std::time::Duration;

const FILES: [(&str, usize); 3] = [("Lecture 1.mp4", 40 * MIB + 3), ("Lecture 2.mp4", 50_000), ("Lecture 3.mp4", MIB)];

async fn assert_carried(office: &Office, backblaze: &Backblaze, stored: &[(AssetId, Vec<u8>)]) {
    office.until_carried().await;
    for (asset, bytes) in stored {
        assert!(backblaze.bytes(*asset) == *bytes, "one version, and its bytes are the file's");
        assert!(office.played(*asset).await.unwrap() == *bytes);
    }
    assert_eq!(backblaze.unfinished(), 0, "nothing unfinished is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_nothing_is_lost_and_nothing_comes_twice() {
    let backblaze = Backblaze::open().await;
    let mut office = Office::open_at(backblaze.address()).await;
    let place = office.course().await;
    let stored = office.stored(&FILES, at_end(place)).await;
    office.without_sources().await;
    office.pace.limit(Some(20 * MIB as u64));
    office.connected(backblaze.bound()).await;
    for wait_ms in [50, 400, 900, 150] {
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        office = office.killed().await;
        office.pace.limit(Some(20 * MIB as u64));
        for (asset, bytes) in &stored {
            assert!(office.played(*asset).await.is_some_and(|played| played == *bytes), "playable at once");
        }
    }
    office.pace.limit(None);
    assert_carried(&office, &backblaze, &stored).await;
    assert_eq!(office.titles(place.0).await, ["Lecture 1", "Lecture 2", "Lecture 3"]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_had_arrived_are_not_sent_again_after_a_crash() {
    let backblaze = Backblaze::open().await;
    let proxy = FaultProxy::start(backblaze.address().socket_addrs(|| None).unwrap()[0]).await.unwrap();
    let office = Office::open().await;
    let stored = office.stored(&[("Lecture 1.mp4", 40 * MIB)], at_end(office.course().await)).await;
    office.without_sources().await;
    office.pace.limit(Some(16 * MIB as u64));
    office.connected(backblaze.by_s3(&proxy.endpoint())).await;
    let sent = |number: u32| {
        let sent = |exchange: &&lectern_backend_tests::support::fault_proxy::Exchange| {
            exchange.kind == Kind::Part(number) && exchange.succeeded
        };
        proxy.exchanges().iter().filter(sent).count()
    };
    until("two parts have arrived", async || sent(2) == 1).await;
    let office = office.killed().await;
    assert_carried(&office, &backblaze, &stored).await;
    assert_eq!([sent(1), sent(2)], [1, 1]);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn started_again_without_a_network_it_plays_what_is_here_and_goes_on_when_the_network_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut wire = Wire::new(&folder.path().join("store")).await;
    wire.connect().await;
    let office = Office::open().await;
    let place = office.course().await;
    let stored = office.stored(&FILES, at_end(place)).await;
    office.without_sources().await;
    office.pace.limit(Some(10 * MIB as u64));
    let config = wire.store.config();
    let connection = Connection::S3Compatible {
        endpoint: format!("http://{}", wire.address),
        region: config.region,
        bucket: config.bucket,
        folder: String::new(),
        key_id: config.access_key,
        secret_key: config.secret_key,
    };
    office.connected(connection).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    wire.cut().await;

    let keys = office.keys.clone();
    let office = office.reopened(keys).await;
    let state = office.state().await;
    assert!(state.moving.is_some() && !state.key_missing);
    let large = &stored[0];
    assert!(office.played(large.0).await.is_some_and(|bytes| bytes == large.1), "it is still here");
    let more = office.file("Lecture 4.mp4", 10_000);
    let operation = office.drop_on(&[&more], at_end(place)).await[0];
    assert_eq!(office.titles(place.0).await.len(), 4, "the place is taken without a network");

    wire.connect().await;
    let asset = office.until_ready(operation).await.asset;
    office.until_carried().await;
    for (asset, bytes) in stored.iter().chain([&(asset, std::fs::read(&more).unwrap())]) {
        assert!(crate::desk::object_bytes(folder.path(), *asset) == *bytes);
    }
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_in_every_way_has_everything_once_in_the_end() {
    for seed in [3, 4] {
        let backblaze = Backblaze::open().await;
        let proxy = FaultProxy::start(backblaze.address().socket_addrs(|| None).unwrap()[0]).await.unwrap();
        let office = Office::open().await;
        let stored = office.stored(&FILES, at_end(office.course().await)).await;
        office.without_sources().await;
        office.connected(backblaze.by_s3(&proxy.endpoint())).await;
        let refusal = Fault::Refuse { status: 503, code: "SlowDown", retry_after: None, drains: true };
        let rule = |kind, fault| Rule { kind, nth: 1, times: 2, fault };
        proxy.play(Script::Rules(vec![
            rule(Kind::Part(1), Fault::FlipRequest { at: seed * 1_000 }),
            rule(Kind::Part(2), Fault::CutRequest { after: 9_000 }),
            rule(Kind::Part(3), refusal),
            rule(Kind::Part(4), Fault::DropAnswer),
            rule(Kind::Put, Fault::DropAnswer),
            rule(Kind::Complete, Fault::DropAnswer),
            rule(Kind::Create, Fault::DropAnswer),
            rule(Kind::Head, refusal),
            rule(Kind::ListVersions, refusal),
        ]));
        assert_carried(&office, &backblaze, &stored).await;
        office.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bucket_does_not_take_stays_here_and_playable() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let stored = office.stored(&FILES, at_end(office.course().await)).await;
    office.without_sources().await;
    let caps = lectern_server::object_store::local::b2::Caps { storage_bytes: Some(2 << 20), ..Default::default() };
    backblaze.account.set_caps(caps);
    office.connected(backblaze.bound()).await;
    until("the small ones are over", async || office.state().await.moving.is_some_and(|left| left.files == 1)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(office.played(stored[0].0).await.is_some_and(|bytes| bytes == stored[0].1));
    backblaze.account.set_caps(Default::default());
    assert_carried(&office, &backblaze, &stored).await;
    let office = office.reopened(KeyRing::of_this_run()).await;
    assert_eq!(office.state().await.moving, None);
    office.close().await;
}
