//! A network that is another one than before.

use crate::support::world::{MIB, World, snapshot, until, until_state};
use lectern_shared::upload::UploadState;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn after_a_change_of_networks_nothing_waits_for_a_dead_connection_and_nothing_confirmed_goes_again() {
    const DEAD: Duration = Duration::from_secs(40);
    let world = World::new().await;
    let uploads = world.engine().await;
    let path = world.file("lecture.mp4", 80 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).is_some_and(|shown| shown.confirmed > 0)).await;
    // From here on the store takes bytes and says nothing, as an address that has lost its way back.
    world.server.with(|state| state.delay = DEAD);
    let began = Instant::now();
    until("parts wait for answers", || world.server.with(|state| state.at_once > 0)).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    world.server.with(|state| state.delay = Duration::ZERO);
    let confirmed = snapshot(&uploads, operation).unwrap().parts_confirmed;
    let before = world.puts_of(asset).len();
    uploads.line_changed();
    until_state(&uploads, operation, UploadState::Ready).await;
    assert!(began.elapsed() < DEAD, "nobody waited");
    world.assert_stored(asset, &path);
    world.assert_progress_was_honest(false);
    let sent = world.parts_put_since(asset, before);
    assert!(sent.len() <= 10 - confirmed as usize, "{sent:?} went, {confirmed} of 10 were confirmed");
}
