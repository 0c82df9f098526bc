//! Files that go away, come back, or turn up elsewhere while they are uploaded.

use crate::support::world::{MIB, World, content, snapshot, until, until_state};
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
