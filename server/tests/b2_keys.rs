//! What a person is told about the key they paste, asked of our own store as it answers in B2's place.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers as well")]

use lectern_server::object_store::b2::{Access, KeyProblem, authorize, list_buckets};
use lectern_server::object_store::local::b2::{Account, ApplicationKey, Caps};
use lectern_server::object_store::local::{BUCKET, LocalOptions, LocalStore};
use url::Url;

struct Backblaze {
    account: Account,
    store: LocalStore,
    _folder: tempfile::TempDir,
}

impl Backblaze {
    async fn open() -> Self {
        let (account, folder) = (Account::new(), tempfile::tempdir().unwrap());
        let store = LocalStore::start_as_b2(folder.path(), LocalOptions::default(), &account).await.unwrap();
        Self { account, store, _folder: folder }
    }

    fn address(&self) -> Url {
        self.store.config().endpoint
    }

    async fn paste(&self, narrow: impl FnOnce(ApplicationKey) -> ApplicationKey) -> Result<Access, KeyProblem> {
        let key = narrow(self.account.new_key());
        self.account.put_key(key.clone());
        authorize(&self.address(), &key.id, key.secret.reveal()).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_bucket_brings_endpoint_bucket_and_prefix_along() {
    let backblaze = Backblaze::open().await;
    let narrow = |key: ApplicationKey| ApplicationKey { name_prefix: Some("lectern/".into()), ..key.of_one_bucket() };
    let access = backblaze.paste(narrow).await.unwrap();
    assert_eq!(access.endpoint, backblaze.address());
    assert_eq!((access.bucket.as_deref(), access.prefix.as_str()), (Some(BUCKET), "lectern/"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_all_buckets_names_none() {
    let backblaze = Backblaze::open().await;
    assert_eq!(backblaze.paste(|key| key).await.unwrap().bucket, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_all_buckets_lists_them_if_it_may() {
    let backblaze = Backblaze::open().await;
    backblaze.account.add_bucket("photos");
    let access = backblaze.paste(|key| key).await.unwrap();
    assert_eq!(list_buckets(&access).await.unwrap(), [BUCKET, "photos"]);
    let without = backblaze.paste(|key| key.without("listBuckets")).await.unwrap();
    assert_eq!(list_buckets(&without).await.unwrap(), Vec::<String>::new());
    let bound = backblaze.paste(ApplicationKey::of_one_bucket).await.unwrap();
    assert_eq!(list_buckets(&bound).await.unwrap(), Vec::<String>::new());
    assert!(!format!("{access:?}").contains("4_"), "the token is not printed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_write_is_refused_before_the_first_upload_is() {
    let backblaze = Backblaze::open().await;
    let told = backblaze.paste(|key| key.of_one_bucket().without("writeFiles").without("deleteFiles")).await;
    assert_eq!(told, Err(KeyProblem::Lacks(vec!["writeFiles".into(), "deleteFiles".into()])));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_master_key_is_named_as_what_it_is() {
    let backblaze = Backblaze::open().await;
    let (id, secret) = backblaze.account.master_key();
    assert_eq!(authorize(&backblaze.address(), id, secret).await, Err(KeyProblem::Master));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_key_and_one_that_has_expired_are_unknown() {
    let backblaze = Backblaze::open().await;
    let key = backblaze.account.new_key();
    backblaze.account.put_key(key.clone());
    assert_eq!(authorize(&backblaze.address(), &key.id, "K004wrong").await, Err(KeyProblem::Unknown));
    let expired = |key| ApplicationKey { expires: Some(std::time::SystemTime::UNIX_EPOCH), ..key };
    assert_eq!(backblaze.paste(expired).await, Err(KeyProblem::Unknown));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_that_is_used_up_is_not_mistaken_for_a_wrong_key() {
    let backblaze = Backblaze::open().await;
    backblaze.account.set_caps(Caps { transactions: Some(0), ..Caps::default() });
    assert_eq!(backblaze.paste(|key| key).await, Err(KeyProblem::CapReached));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_and_somebody_else_there_are_two_things() {
    let address = Url::parse("http://127.0.0.1:9").unwrap();
    assert!(matches!(authorize(&address, "id", "key").await, Err(KeyProblem::Unreachable(_))));
    let folder = tempfile::tempdir().unwrap();
    let other = LocalStore::start(folder.path()).await.unwrap();
    let told = authorize(&other.config().endpoint, "id", "key").await;
    assert!(matches!(told, Err(KeyProblem::NotB2(_))), "{told:?}");
}
