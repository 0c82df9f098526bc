//! The same uploads into an S3 server that nobody here wrote.

use crate::desk::{Desk, MIB, assert_ready_everywhere, at_end, no_prober, until_ready, write_file};
use crate::resume::run_and_kill_into;
use lectern_backend_tests::support::mending_proxy::MendingProxy;
use lectern_backend_tests::support::rclone::{self, Rclone};
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::LocalWorkspace;
use lectern_server::object_store::ObjectStore;
use lectern_server::object_store::s3::S3Store;
use lectern_shared::ids::AssetId;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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
        let folder = rclone.bucket(rclone::BUCKET).unwrap();
        let proxy = MendingProxy::start(rclone.address()).await.unwrap();
        Self { folder, proxy, _rclone: rclone, _root: root }
    }

    fn store(&self) -> S3Store {
        rclone::store(self.proxy.endpoint().parse().unwrap())
    }

    /// The one object is this file.
    fn assert_holds(&self, asset: AssetId, source: &Path) {
        let stored = files(&self.folder);
        assert_eq!(stored.len(), 1, "{stored:?}");
        assert!(stored[0].ends_with(format!("{asset}.original")), "{stored:?}");
        assert!(
            std::fs::read(&stored[0]).unwrap() == std::fs::read(source).unwrap(),
            "the bucket's bytes are the file's"
        );
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
    bucket.assert_holds(ready.asset, &source);
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

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_the_upload_into_rclone_goes_on_from_the_confirmed_parts() {
    let bucket = Bucket::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (place, source) = (folder.path().join("workspace"), folder.path().join("Lecture 1.mp4"));
    write_file(&source, 64 * MIB + 7);
    let (at, from, endpoint) = (place.clone(), source.clone(), bucket.proxy.endpoint());
    let kill = move || run_and_kill_into(Some(&endpoint), &at, &from, (10 * MIB as u64, 2));
    tokio::task::spawn_blocking(kill).await.unwrap();

    let store = Arc::new(bucket.store());
    let opening = LocalWorkspace::open_with_store(&place, no_prober(), Pace::default(), Arc::new(drop), store.clone());
    let local = opening.await.unwrap();
    let [upload] = &local.workspace.list_uploads().uploads[..] else { panic!("one upload") };
    assert!(upload.parts_confirmed >= 2, "it goes on from what is confirmed: {upload:?}");
    let ready = until_ready(&local.workspace, upload.operation).await;
    bucket.assert_holds(ready.asset, &source);
    assert!(store.list_uploads("").await.unwrap().is_empty(), "nothing unfinished is left");
    local.shutdown().await;
}
