//! Files that something still writes into when they are dropped.

use crate::desk::{Desk, MIB, assert_ready_everywhere, at_end, listed, object_files, until};
use lectern_shared::media::AssetState;
use lectern_shared::upload::{Cause, UploadState};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

fn append(path: &Path, bytes: usize) {
    File::options().append(true).open(path).unwrap().write_all(&vec![7; bytes]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_dropped_while_it_runs_is_in_the_course_with_all_its_bytes_when_it_is_over() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let source = desk.file("recording.mp4", MIB);
    append(&source, 1);
    let operation = desk.drop_on(&[&source], at_end(place)).await.operations[0];
    until("it is waited for", async || desk.upload(operation).cause == Some(Cause::StillWritten)).await;
    for _ in 0..20 {
        append(&source, MIB);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(desk.upload(operation).state, UploadState::Queued);
    let ready = desk.until_ready(operation).await;
    assert_eq!((ready.bytes, ready.parts), ((21 * MIB + 1) as u64, 3));
    assert_eq!(object_files(&desk.place(), ready.asset).len(), 3);
    assert_ready_everywhere(&desk, ready.asset, &source).await;
    desk.until_synced().await;
    until("the chapter shows it as ready", async || {
        let video = desk.videos(place.0).await.remove(0);
        video.state == AssetState::Ready && video.bytes == ready.bytes
    })
    .await;
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_while_it_is_sent_leaves_nothing_of_its_first_upload() {
    let desk = Desk::open().await;
    desk.pace.limit(Some(16 << 20));
    let place = desk.course().await;
    let source = desk.file("lecture.mp4", 40 * MIB);
    let operation = desk.drop_on(&[&source], at_end(place)).await.operations[0];
    until("a part is confirmed", async || desk.upload(operation).parts_confirmed > 0).await;
    append(&source, MIB);
    desk.pace.limit(None);
    let ready = desk.until_ready(operation).await;
    assert_eq!((ready.bytes, ready.changed), (41 * MIB as u64, true));
    assert_ready_everywhere(&desk, ready.asset, &source).await;
    assert_eq!(listed(&desk.place().join("store/uploads")), [] as [std::path::PathBuf; 0]);
    desk.close().await;
}

/// One PUT, then parts: the first object must not stay below the second.
#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_that_becomes_a_large_one_has_one_version() {
    let desk = Desk::open().await;
    desk.pace.limit(Some(4 << 20));
    let source = desk.file("notes.bin", 10 * MIB);
    let operation = desk.drop_on(&[&source], lectern_shared::upload::Destination::Library).await.operations[0];
    until("it is being sent", async || desk.upload(operation).sent > 0).await;
    append(&source, 10 * MIB);
    desk.pace.limit(None);
    let ready = desk.until_ready(operation).await;
    assert_eq!(object_files(&desk.place(), ready.asset).len(), ready.parts as usize);
    assert_ready_everywhere(&desk, ready.asset, &source).await;
    desk.close().await;
}
