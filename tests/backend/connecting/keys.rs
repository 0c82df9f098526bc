//! What is pasted, and what is said to it. Nothing is written down before a bucket has passed.

use super::office::{Backblaze, Office, by_key};
use crate::desk::at_end;
use lectern_server::object_store::local::b2::{ApplicationKey, Caps};
use lectern_server::object_store::local::{BUCKET, LocalStore};
use lectern_shared::command::StoreKind;
use lectern_shared::connect::{CheckAnswer, Cleaning, ConnectAnswer, ConnectProblem, Connection, KeyPlace};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_bucket_is_all_that_is_needed() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let details = office.connection.details().await.unwrap();
    assert_eq!((details.kind, details.key, details.cleaning), (StoreKind::ThisComputer, None, None));
    let store = office.connected(backblaze.bound()).await;
    assert_eq!((store.kind, store.bucket.as_deref()), (StoreKind::BackblazeB2, Some(BUCKET)));
    let address = backblaze.address();
    assert_eq!(store.endpoint, Some(format!("127.0.0.1:{}", address.port().unwrap())));
    assert_eq!((store.folder.as_str(), store.key), ("lectern", Some(KeyPlace::ThisRunOnly)));
    assert_eq!(store.cleaning, Some(Cleaning::Offered { days: 90 }));
    assert_eq!(office.connection.check().await.unwrap(), CheckAnswer::Passed);
    assert_eq!(office.state().await.bucket.as_deref(), Some(BUCKET));
    let place = office.course().await;
    let (asset, bytes) = office.stored(&[("Lecture 1.mp4", 20_000)], at_end(place)).await.remove(0);
    assert!(backblaze.bytes(asset) == bytes, "new files go to the bucket");
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_several_buckets_asks_which_one() {
    let backblaze = Backblaze::open().await;
    backblaze.account.add_bucket("photos");
    let office = Office::open_at(backblaze.address()).await;
    let key = backblaze.key(|key| key);
    let buckets = vec![BUCKET.to_owned(), "photos".to_owned()];
    assert_eq!(office.connect(by_key(&key, None)).await, ConnectAnswer::ChooseBucket { buckets });
    assert_eq!(office.connect(by_key(&key, Some(" "))).await, office.connect(by_key(&key, None)).await);
    let mute = backblaze.key(|key| key.without("listBuckets"));
    assert_eq!(office.connect(by_key(&mute, None)).await, ConnectAnswer::ChooseBucket { buckets: Vec::new() });
    assert_eq!(office.refused(by_key(&key, Some("nowhere"))).await, ConnectProblem::NoSuchBucket);
    assert!(office.is_on_this_computer());
    assert_eq!(office.connected(by_key(&key, Some(BUCKET))).await.bucket.as_deref(), Some(BUCKET));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_key_of_backblaze_is_said_and_nothing_is_changed() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let key = backblaze.key(ApplicationKey::of_one_bucket);
    let other = ConnectProblem::OtherBucket { bucket: BUCKET.to_owned() };
    assert_eq!(office.refused(by_key(&key, Some("photos"))).await, other);
    let unable = backblaze.key(|key| key.of_one_bucket().without("writeFiles"));
    let names = vec!["writeFiles".to_owned()];
    assert_eq!(office.refused(by_key(&unable, None)).await, ConnectProblem::LacksCapabilities { names });
    let typed = |id: &str, secret: &str| Connection::BackblazeB2 {
        key_id: id.to_owned(),
        application_key: secret.to_owned(),
        bucket: None,
        folder: String::new(),
    };
    assert_eq!(office.refused(typed(&key.id, "K004mistyped")).await, ConnectProblem::UnknownKey);
    let (id, master) = backblaze.account.master_key();
    assert_eq!(office.refused(typed(id, master)).await, ConnectProblem::MasterKey);
    backblaze.account.set_caps(Caps { transactions: Some(0), ..Caps::default() });
    assert_eq!(office.refused(by_key(&key, None)).await, ConnectProblem::CapReached);
    assert!(office.is_on_this_computer());
    assert_eq!(office.keys.key(office.settings().user).await.unwrap(), None);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_backblaze_s_address_and_somebody_else_there_are_two_things() {
    let other = tempfile::tempdir().unwrap();
    let other = LocalStore::start(other.path()).await.unwrap();
    let key = Backblaze::open().await.key(|key| key);
    let office = Office::open().await;
    assert!(matches!(office.refused(by_key(&key, None)).await, ConnectProblem::Unreachable { .. }));
    office.close().await;
    let office = Office::open_at(other.config().endpoint).await;
    assert!(matches!(office.refused(by_key(&key, None)).await, ConnectProblem::NotBackblaze { .. }));
    office.close().await;
}

/// A bucket of the plain S3 kind.
fn plain(store: &LocalStore, change: impl FnOnce(&mut String, &mut String, &mut String)) -> Connection {
    let config = store.config();
    let mut endpoint = config.endpoint.authority().to_owned();
    let (mut bucket, mut secret_key) = (config.bucket, config.secret_key);
    change(&mut endpoint, &mut bucket, &mut secret_key);
    let (region, folder, key_id) = (config.region, "/terms/spring/".to_owned(), format!(" {}\n", config.access_key));
    Connection::S3Compatible { endpoint, region, bucket, folder, key_id, secret_key }
}

#[tokio::test(flavor = "multi_thread")]
async fn any_s3_store_is_connected_by_its_address_alone_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::start(folder.path()).await.unwrap();
    let office = Office::open().await;
    for endpoint in ["http://example.org", "ftp://example.org", "https://a:b@example.org", "no host", ""] {
        let typed = plain(&store, |known, _, _| *known = endpoint.to_owned());
        assert_eq!(office.refused(typed).await, ConnectProblem::InvalidEndpoint, "{endpoint}");
    }
    let nobody = plain(&store, |endpoint, _, _| *endpoint = "127.0.0.1:9".to_owned());
    assert!(matches!(office.refused(nobody).await, ConnectProblem::Unreachable { .. }));
    let nowhere = plain(&store, |_, bucket, _| *bucket = "nowhere".to_owned());
    assert_eq!(office.refused(nowhere).await, ConnectProblem::NoSuchBucket);
    let mistyped = plain(&store, |_, _, secret| secret.push('x'));
    assert_eq!(office.refused(mistyped).await, ConnectProblem::UnknownKey);
    assert!(office.is_on_this_computer());
    let details = office.connected(plain(&store, |_, _, _| {})).await;
    assert_eq!((details.kind, details.folder.as_str()), (StoreKind::S3Compatible, "terms/spring"));
    assert_eq!(office.connection.check().await.unwrap(), CheckAnswer::Passed);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_takes_the_place_of_the_one_it_had_and_another_bucket_does_not() {
    let backblaze = Backblaze::open().await;
    let office = Office::open_at(backblaze.address()).await;
    let first = backblaze.key(ApplicationKey::of_one_bucket);
    office.connected(by_key(&first, None)).await;
    let (asset, bytes) = office.stored(&[("Lecture 1.mp4", 20_000)], at_end(office.course().await)).await.remove(0);
    backblaze.account.remove_key(&first.id);
    let refused = CheckAnswer::Refused { problem: ConnectProblem::UnknownKey };
    assert_eq!(office.connection.check().await.unwrap(), refused);
    let known = ConnectProblem::AlreadyConnected { bucket: BUCKET.to_owned() };
    let second = backblaze.key(|key| key);
    assert_eq!(office.refused(by_key(&second, Some("photos"))).await, known);
    let elsewhere = Connection::BackblazeB2 {
        key_id: second.id.clone(),
        application_key: second.secret.reveal().to_owned(),
        bucket: Some(BUCKET.to_owned()),
        folder: "elsewhere".to_owned(),
    };
    assert_eq!(office.refused(elsewhere).await, known);
    office.connected(by_key(&second, Some(BUCKET))).await;
    assert_eq!(office.connection.check().await.unwrap(), CheckAnswer::Passed);
    assert_eq!(office.state().await.moving, None);
    assert!(office.played(asset).await.unwrap() == bytes);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_for_an_s3_store_needs_neither_address_nor_region() {
    let backblaze = Backblaze::open().await;
    let office = Office::open().await;
    office.connected(backblaze.by_s3(backblaze.address().as_str())).await;
    let before = office.settings();
    office.connected(backblaze.by_s3("")).await;
    assert_eq!(office.settings(), before, "where it is stays as it was");
    assert!(matches!(office.connection.check().await.unwrap(), CheckAnswer::Passed));
    office.close().await;
}
