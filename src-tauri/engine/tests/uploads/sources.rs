//! Files that go away, come back, turn up elsewhere or are still being written while they are uploaded.

use crate::support::world::{MIB, World, append, content, snapshot, until, until_state};
use lectern_engine::uploads::UploadCatalogue as _;
use lectern_shared::upload::{Cause, UploadState};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_put_back_goes_on_by_itself_from_what_is_confirmed() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(30));
    let uploads = world.engine().await;
    let (path, away) = (world.file("lecture.mp4", 64 * MIB), world.path("elsewhere.mp4"));
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).is_some_and(|shown| shown.confirmed > 0)).await;
    std::fs::rename(&path, &away).unwrap();
    let paused = until_state(&uploads, operation, UploadState::Paused).await;
    assert_eq!(paused.cause, Some(Cause::SourceGone));
    let before = world.puts_of(asset).len();
    std::fs::rename(&away, &path).unwrap();
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    let sent = world.parts_put_since(asset, before);
    let left = paused.parts - paused.parts_confirmed;
    assert!(sent.len() <= left as usize, "{sent:?} went, {left} were not confirmed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_shown_at_another_place_goes_on_and_another_file_is_turned_down() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(30));
    let uploads = world.engine().await;
    let (path, away) = (world.file("lecture.mp4", 64 * MIB), world.path("renamed.mp4"));
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).is_some_and(|shown| shown.confirmed > 0)).await;
    std::fs::rename(&path, &away).unwrap();
    let paused = until_state(&uploads, operation, UploadState::Paused).await;
    let other = world.path("other.mp4");
    std::fs::write(&other, content(64 * MIB, 99)).unwrap();
    assert!(!uploads.found(operation, other).await.unwrap(), "it has the size and not the bytes");
    assert_eq!(snapshot(&uploads, operation).unwrap().cause, Some(Cause::SourceGone));
    let before = world.puts_of(asset).len();
    assert!(uploads.found(operation, away.clone()).await.unwrap());
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &away);
    let sent = world.parts_put_since(asset, before);
    let left = paused.parts - paused.parts_confirmed;
    assert!(sent.len() <= left as usize, "{sent:?} went, {left} were not confirmed");
    assert_eq!(world.catalogue.records.lock().unwrap()[0].path, away, "a restart looks there too");
}

/// Beside it lies another file of its size and time.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_renamed_with_its_folder_is_found_by_its_hashes_and_goes_on_by_itself() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(30));
    let uploads = world.engine().await;
    let (week, renamed) = (world.path("week 1"), world.path("Week One"));
    std::fs::create_dir(&week).unwrap();
    let path = world.file("week 1/lecture.mp4", 64 * MIB);
    let written = std::fs::metadata(&path).unwrap().modified().unwrap();
    let other = world.path("week 1/a.mp4");
    std::fs::write(&other, content(64 * MIB, 99)).unwrap();
    std::fs::File::options().write(true).open(&other).unwrap().set_modified(written).unwrap();
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).is_some_and(|shown| shown.confirmed > 0)).await;
    std::fs::rename(&path, world.path("week 1/Introduction.mp4")).unwrap();
    std::fs::rename(&week, &renamed).unwrap();
    let paused = until_state(&uploads, operation, UploadState::Paused).await;
    let before = world.puts_of(asset).len();
    until_state(&uploads, operation, UploadState::Ready).await;
    let found = renamed.join("Introduction.mp4");
    world.assert_stored(asset, &found);
    let sent = world.parts_put_since(asset, before);
    let left = paused.parts - paused.parts_confirmed;
    assert!(sent.len() <= left as usize, "{sent:?} went, {left} were not confirmed");
    assert_eq!(world.catalogue.records.lock().unwrap()[0].path, found, "a restart looks there too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_sent_when_its_recorder_has_ended_and_not_a_byte_before() {
    let world = World::with_rest(Duration::from_millis(600)).await;
    let uploads = world.engine().await;
    let path = world.file("recording.bin", 2 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    for minute in 0..15_u64 {
        append(&path, &content(2 * MIB, minute));
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
    let waiting = snapshot(&uploads, operation).unwrap();
    assert_eq!((waiting.state, waiting.cause), (UploadState::Queued, Some(Cause::StillWritten)));
    assert_eq!(world.puts_of(asset), [] as [u32; 0]);
    let ready = until_state(&uploads, operation, UploadState::Ready).await;
    assert_eq!((ready.bytes, ready.confirmed), (32 * MIB as u64, 32 * MIB as u64));
    world.assert_stored(asset, &path);
    assert_eq!(world.puts_of(asset).len(), 4, "nothing went twice");
    assert_eq!(world.catalogue.records.lock().unwrap()[0].bytes, 32 * MIB as u64, "a restart knows its size");
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_movie_whose_header_is_not_written_yet_is_waited_for() {
    let world = World::with_rest(Duration::from_millis(30)).await;
    let uploads = world.engine().await;
    let path = world.path("export.mp4");
    let media = [&b"\0\0\0\x18ftypmp42\0\0\0\0isommp42"[..], b"\0\x10\0\x08mdat", &content(MIB, 1)].concat();
    std::fs::write(&path, media).unwrap();
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let waiting = snapshot(&uploads, operation).unwrap();
    assert_eq!((waiting.cause, world.puts_of(asset)), (Some(Cause::StillWritten), vec![]));
    append(&path, b"\0\0\0\x10moov12345678");
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grows_while_it_is_sent_is_sent_anew_with_all_its_bytes() {
    let world = World::new().await;
    let uploads = world.engine().await;
    let (path, operation, asset) = world.half_sent(&uploads, "lecture.bin").await;
    append(&path, &content(MIB, 5));
    let ready = until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    assert_eq!((ready.bytes, ready.changed), (41 * MIB as u64, true));
    world.assert_progress_was_honest(true);
}

/// The app ends between the catalogue's knowing and the journal's.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grew_and_a_crash_are_survived_together() {
    let world = World::new().await;
    let uploads = world.engine().await;
    let (path, operation, asset) = world.half_sent(&uploads, "lecture.bin").await;
    drop(uploads);
    append(&path, &content(MIB, 5));
    let length = std::fs::metadata(&path).unwrap().len();
    let mut facts = lectern_engine::uploads::SourceFacts { bytes: length, modified_ns: 0, file_id: (0, 0) };
    facts.modified_ns = world.catalogue.records.lock().unwrap()[0].modified_ns;
    world.catalogue.set_source(operation, path.clone(), facts).await.unwrap();
    let uploads = world.engine().await;
    until("parts are confirmed again", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 2).await;
    uploads.shutdown().await;
    drop(uploads);
    world.until_the_line_is_empty().await;
    let before = world.puts_of(asset).len();
    let uploads = world.engine().await;
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    let sent = world.parts_put_since(asset, before);
    assert!(sent.len() <= 4, "of six parts two were confirmed: {sent:?}");
}

/// The app ends before it hears that all was there.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_grew_after_it_was_sent_is_shown_with_the_size_that_was_sent() {
    let world = World::new().await;
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until_state(&uploads, operation, UploadState::Ready).await;
    uploads.shutdown().await;
    world.catalogue.set_outcome(operation, None).await.unwrap();
    append(&path, &content(MIB, 5));
    for _ in 0..2 {
        let uploads = world.engine().await;
        let ready = until_state(&uploads, operation, UploadState::Ready).await;
        assert_eq!((ready.bytes, ready.confirmed), (MIB as u64, MIB as u64));
        assert_eq!(world.object(asset).map(|object| object.len()), Some(MIB));
        uploads.shutdown().await;
    }
    assert_eq!(world.catalogue.records.lock().unwrap()[0].bytes, MIB as u64, "the next start knows it too");
}

/// Each burst looks like the end to who is not patient.
#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_writes_in_bursts_is_waited_for_longer_each_time() {
    let world = World::with_rest(Duration::from_millis(100)).await;
    // It is never through before the next burst.
    world.server.with(|state| state.delay = Duration::from_millis(400));
    let uploads = world.engine().await;
    let path = world.file("recording.bin", 17 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    for minute in 0..15_u64 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        append(&path, &content(MIB, minute));
    }
    let ready = until_state(&uploads, operation, UploadState::Ready).await;
    assert_eq!(ready.bytes, 32 * MIB as u64);
    world.assert_stored(asset, &path);
    let opened = world.server.with(|state| state.opened);
    assert!(opened <= 5, "it was begun {opened} times");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_gone_while_it_was_waited_for_is_missed() {
    let world = World::with_rest(Duration::from_secs(30)).await;
    let uploads = world.engine().await;
    let path = world.file("recording.bin", MIB);
    let (operation, _) = world.add(&uploads, path.clone()).await;
    until("it is waited for", || snapshot(&uploads, operation).unwrap().cause == Some(Cause::StillWritten)).await;
    std::fs::remove_file(&path).unwrap();
    let paused = until_state(&uploads, operation, UploadState::Paused).await;
    assert_eq!(paused.cause, Some(Cause::SourceGone));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_hangs_while_it_is_looked_at_holds_up_no_other() {
    let world = World::with_rest(Duration::from_millis(200)).await;
    let uploads = world.engine().await;
    let (hanging, fine) = (world.file("hanging.bin", MIB), world.file("fine.bin", MIB));
    let (stuck, _) = world.add(&uploads, hanging.clone()).await;
    *world.catalogue.hangs.lock().unwrap() = Some(stuck);
    append(&hanging, b"more");
    let (operation, asset) = world.add(&uploads, fine.clone()).await;
    append(&fine, b"more");
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &fine);
    assert_eq!(snapshot(&uploads, stuck).unwrap().cause, Some(Cause::StillWritten));
}
