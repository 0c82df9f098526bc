//! The same uploads into an S3 server that nobody here wrote.

use crate::desk::{Desk, MIB, assert_ready_everywhere, at_end};
use lectern_backend_tests::support::mending_proxy::MendingProxy;
use lectern_backend_tests::support::rclone::{ACCESS_KEY, Rclone, SECRET_KEY};
use lectern_server::object_store::s3::{S3Config, S3Store};
use std::path::{Path, PathBuf};

const BUCKET: &str = "lectures";

struct Bucket {
    folder: PathBuf,
    proxy: MendingProxy,
    _rclone: Rclone,
    _root: tempfile::TempDir,
}

impl Bucket {
    async fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        let served = root.path().to_owned();
        let rclone = tokio::task::spawn_blocking(move || Rclone::start(&served)).await.unwrap().unwrap();
        let folder = rclone.bucket(BUCKET).unwrap();
        let proxy = MendingProxy::start(rclone.address()).await.unwrap();
        Self { folder, proxy, _rclone: rclone, _root: root }
    }

    fn store(&self) -> S3Store {
        S3Store::new(S3Config {
            endpoint: self.proxy.endpoint().parse().unwrap(),
            region: "us-east-1".into(),
            bucket: BUCKET.into(),
            access_key: ACCESS_KEY.into(),
            secret_key: SECRET_KEY.into(),
        })
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut found): (Vec<_>, Vec<_>) =
        crate::desk::listed(folder).into_iter().partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

async fn a_file_of(bytes: usize, parts: u32) {
    let bucket = Bucket::start().await;
    let desk = Desk::open_on(bucket.store()).await;
    let place = desk.course().await;
    let source = desk.file("Lecture 1.mp4", bytes);
    let report = desk.drop_on(&[&source], at_end(place)).await;
    let ready = desk.until_ready(report.operations[0]).await;
    assert_eq!((ready.parts, ready.confirmed), (parts, bytes as u64));
    let stored = files(&bucket.folder);
    assert_eq!(stored.len(), 1, "{stored:?}");
    assert!(stored[0].ends_with(format!("{}/original", ready.asset)), "{stored:?}");
    assert!(std::fs::read(&stored[0]).unwrap() == std::fs::read(&source).unwrap(), "the bucket's bytes are the file's");
    assert_ready_everywhere(&desk, ready.asset, &source).await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_into_a_bucket_of_rclone_in_parts() {
    a_file_of(40 * MIB + 5, 6).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_goes_into_a_bucket_of_rclone_by_one_put() {
    a_file_of(2 * MIB + 1, 1).await;
}
