//! The upload engine against a real HTTP store that misbehaves: nothing is lost, nothing confirmed is sent twice, and the
//! window is never told more than is true.

#[path = "uploads/line.rs"]
mod line;
#[path = "uploads/sources.rs"]
mod sources;
mod support;

use lectern_engine::uploads::Outcome;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{ChapterId, CourseId, OperationId};
use lectern_shared::upload::{
    Cause, Destination, Hold, ProgressName, RefusedReason, UploadAction, UploadContext, UploadState,
};
use std::time::{Duration, Instant};
use support::store::Fault;
use support::world::{MIB, World, content, snapshot, until, until_state};

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_sent_in_parts_and_put_together_with_its_hash() {
    let world = World::new().await;
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 40 * MIB + 5);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    let ready = until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    assert_eq!((ready.parts, ready.parts_confirmed, ready.confirmed), (6, 6, ready.bytes));
    let mut puts = world.puts_of(asset);
    puts.sort_unstable();
    assert_eq!(puts, [1, 2, 3, 4, 5, 6]);
    assert!(world.server.with(|state| state.most_at_once) <= 4);
    assert_eq!(world.catalogue.records.lock().unwrap()[0].outcome, Some(Outcome::Ready));
    until("the window was told", || {
        world.snapshots().last().is_some_and(|shown| shown.name == ProgressName::MediaUploadComplete)
    })
    .await;
    uploads.shutdown().await;
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_is_sent_by_one_put() {
    let world = World::new().await;
    let uploads = world.engine().await;
    let path = world.file("small.bin", 3 * MIB + 1);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    assert_eq!(uploads.local_path(asset), Some(path.clone()));
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    assert_eq!(world.puts_of(asset), [1]);
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_resumes_at_the_confirmed_parts_after_a_crash() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(60));
    let path = world.file("lecture.bin", 80 * MIB);
    let uploads = world.engine().await;
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("three parts are confirmed", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 3).await;
    let confirmed = snapshot(&uploads, operation).unwrap().parts_confirmed;
    drop(uploads);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = world.puts_of(asset);

    let uploads = world.engine().await;
    let recovered = snapshot(&uploads, operation).unwrap();
    assert!(recovered.parts_confirmed >= confirmed, "{recovered:?}");
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    let after = world.puts_of(asset).len() - before.len();
    assert_eq!(after, 10 - recovered.parts_confirmed as usize, "confirmed parts are not sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_dropped_while_the_store_is_away_goes_when_it_is_back() {
    let world = World::new().await;
    world.server.go_away();
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 20 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("the store is missed", || snapshot(&uploads, operation).unwrap().cause == Some(Cause::StoreUnreachable))
        .await;
    assert_eq!(snapshot(&uploads, operation).unwrap().state, UploadState::Queued);
    world.server.come_back().await;
    uploads.nudge();
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_outlives_the_store_going_away_in_the_middle_and_needs_no_nudge() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(60));
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 60 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 1).await;
    world.server.go_away();
    until("the store is missed", || snapshot(&uploads, operation).unwrap().cause == Some(Cause::StoreUnreachable))
        .await;
    world.server.come_back().await;
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_dropped_without_a_course_server_waits_for_it() {
    let world = World::new().await;
    world.server.with(|state| state.server_is_down = true);
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("the server is missed", || snapshot(&uploads, operation).unwrap().cause == Some(Cause::ServerUnreachable))
        .await;
    world.server.with(|state| state.server_is_down = false);
    uploads.nudge();
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_arrives_as_something_else_is_sent_again() {
    let world = World::new().await;
    world.server.fail_next([Fault::WrongEtag, Fault::Flip]);
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 20 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    assert_eq!(world.puts_of(asset).len(), 5);
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overloaded_store_is_left_alone_as_long_as_it_asks() {
    let world = World::new().await;
    world.server.fail_next([Fault::Status(503, Some("1"))]);
    let uploads = world.engine().await;
    // In one write: of a longer body the answer may come too early to be read, and is a broken connection then.
    let path = world.file("lecture.bin", 1_000);
    let began = Instant::now();
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until_state(&uploads, operation, UploadState::Ready).await;
    assert!(began.elapsed() >= Duration::from_secs(1));
    world.assert_stored(asset, &path);
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_connections_lost_answers_and_old_signatures_cost_nothing_but_another_attempt() {
    let world = World::new().await;
    world.server.fail_next([Fault::Cut, Fault::LoseAnswer, Fault::Status(403, None), Fault::Status(500, Some("0"))]);
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 33 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_the_store_forgot_is_opened_again() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(60));
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 60 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 1).await;
    world.server.with(|state| state.open.clear());
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    world.assert_progress_was_honest(true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_part_fails_the_upload_and_a_retry_goes_on_with_what_is_confirmed() {
    let world = World::new().await;
    world.server.fail_next([Fault::Status(400, None)]);
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 20 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    let failed = until_state(&uploads, operation, UploadState::Failed).await;
    assert!(matches!(failed.cause, Some(Cause::Refused { .. })), "{failed:?}");
    until("the catalogue knows", || world.catalogue.records.lock().unwrap()[0].outcome == Some(Outcome::Failed)).await;
    uploads.shutdown().await;

    let uploads = world.engine().await;
    assert_eq!(snapshot(&uploads, operation).unwrap().cause, failed.cause, "the cause outlives a restart");
    uploads.control(UploadAction::Retry, None).await.unwrap();
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_put_together_wrongly_is_sent_again_once() {
    let world = World::new().await;
    world.server.with(|state| state.corrupt_completes = 1);
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 20 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    assert_eq!(world.puts_of(asset).len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_space_pauses_only_the_upload_it_is_for() {
    let world = World::new().await;
    let uploads = world.engine().await;
    world.server.with(|state| state.no_space = true);
    let (full, _) = world.add(&uploads, world.file("a.bin", MIB)).await;
    let paused = until_state(&uploads, full, UploadState::Paused).await;
    assert_eq!(paused.cause, Some(Cause::NotEnoughSpace { needed: MIB as u64, free: 1 }));
    world.server.with(|state| state.no_space = false);
    let (other, _) = world.add(&uploads, world.file("b.bin", MIB)).await;
    until_state(&uploads, other, UploadState::Ready).await;
    assert_eq!(snapshot(&uploads, full).unwrap().state, UploadState::Paused);
    uploads.control(UploadAction::Resume, Some(vec![full])).await.unwrap();
    until_state(&uploads, full, UploadState::Ready).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_upload_stops_at_once_stays_paused_over_a_restart_and_resumes() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(60));
    let uploads = world.engine().await;
    let path = world.file("lecture.bin", 60 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 1).await;
    let began = Instant::now();
    uploads.control(UploadAction::Pause, None).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2));
    let paused = snapshot(&uploads, operation).unwrap();
    assert_eq!((paused.state, paused.cause.clone()), (UploadState::Paused, Some(Cause::ByUser)));
    assert_eq!(paused.sent, paused.confirmed, "what was in flight is subtracted");
    assert!(uploads.list().totals.paused);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let puts = world.puts_of(asset).len();
    uploads.shutdown().await;

    let uploads = world.engine().await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(snapshot(&uploads, operation).unwrap().state, UploadState::Paused);
    assert_eq!(world.puts_of(asset).len(), puts);
    uploads.control(UploadAction::Resume, Some(vec![operation])).await.unwrap();
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    assert!(!world.catalogue.records.lock().unwrap()[0].paused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_is_taken_away_everywhere_also_when_the_server_comes_back_after_a_restart() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(60));
    let uploads = world.engine().await;
    let (operation, asset) = world.add(&uploads, world.file("lecture.bin", 60 * MIB)).await;
    until("a part is confirmed", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 1).await;
    world.server.with(|state| state.server_is_down = true);
    uploads.control(UploadAction::Cancel, Some(vec![operation])).await.unwrap();
    assert_eq!(snapshot(&uploads, operation), None);
    assert_eq!(*world.catalogue.cancelled.lock().unwrap(), [operation]);
    uploads.shutdown().await;

    let _uploads = world.engine().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(world.server.with(|state| state.open.contains_key(&asset)));
    world.server.with(|state| state.server_is_down = false);
    until("the store's side is gone", || world.server.with(|state| !state.open.contains_key(&asset))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_cancelled_while_it_is_being_opened_leaves_nothing_at_the_store() {
    let world = World::new().await;
    world.server.with(|state| state.open_delay = Duration::from_millis(300));
    let uploads = world.engine().await;
    let (_, asset) = world.add(&uploads, world.file("lecture.bin", 40 * MIB)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    uploads.control(UploadAction::Cancel, None).await.unwrap();
    assert_eq!(uploads.list().uploads, []);
    until("it was cancelled after it was opened", || {
        world.server.with(|state| state.cancels.contains(&asset) && !state.open.contains_key(&asset))
    })
    .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(world.server.with(|state| state.open.is_empty() && state.puts.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_touched_file_goes_on_and_an_edited_one_is_sent_as_it_is_now() {
    let world = World::new().await;
    let uploads = world.engine().await;
    world.server.with(|state| state.delay = Duration::from_millis(60));
    let touched = world.file("touched.bin", 60 * MIB);
    let (operation, asset) = world.add(&uploads, touched.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 1).await;
    let later = std::time::SystemTime::now() + Duration::from_secs(5);
    std::fs::File::options().write(true).open(&touched).unwrap().set_modified(later).unwrap();
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &touched);
    world.assert_progress_was_honest(false);

    let edited = world.file("edited.bin", 60 * MIB);
    let (operation, asset) = world.add(&uploads, edited.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).unwrap().parts_confirmed >= 1).await;
    std::fs::write(&edited, content(60 * MIB, 99)).unwrap();
    let ready = until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &edited);
    assert!(ready.changed, "and says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_stops_its_own_upload_only() {
    let world = World::new().await;
    let uploads = world.engine().await;
    world.server.with(|state| state.delay = Duration::from_millis(60));
    let (gone, fine) = (world.file("gone.bin", 40 * MIB), world.file("fine.bin", 40 * MIB));
    let (gone_operation, gone_asset) = world.add(&uploads, gone.clone()).await;
    let (fine_operation, fine_asset) = world.add(&uploads, fine.clone()).await;
    let away = world.path("away.bin");
    std::fs::rename(&gone, &away).unwrap();
    let paused = until_state(&uploads, gone_operation, UploadState::Paused).await;
    assert_eq!(paused.cause, Some(Cause::SourceGone));
    until_state(&uploads, fine_operation, UploadState::Ready).await;
    world.assert_stored(fine_asset, &fine);

    std::fs::rename(&away, &gone).unwrap();
    uploads.control(UploadAction::Retry, Some(vec![gone_operation])).await.unwrap();
    until_state(&uploads, gone_operation, UploadState::Ready).await;
    world.assert_stored(gone_asset, &gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_and_the_rest_of_the_drop_is_taken() {
    let world = World::new().await;
    let uploads = world.engine().await;
    std::fs::create_dir(world.path("1 folder")).unwrap();
    let mut paths = vec![world.path("1 folder"), world.file("2 empty.mp4", 0), world.path("3 gone.mp4")];
    let mut expected = vec![RefusedReason::EmptyFolder, RefusedReason::Empty, RefusedReason::Gone];
    #[cfg(unix)]
    {
        // Unreadable also for root, whom no permission stops.
        std::os::unix::fs::symlink(world.path("4 loop"), world.path("4 loop")).unwrap();
        let socket = std::os::unix::net::UnixListener::bind(world.path("5 socket"));
        paths.extend([world.path("4 loop"), world.path("5 socket")]);
        let detail = std::fs::metadata(world.path("4 loop")).unwrap_err().to_string();
        expected.extend([RefusedReason::Unreadable { detail }, RefusedReason::NotAFile]);
        drop(socket);
    }
    let fine = world.file("fine.bin", MIB);
    paths.push(fine.clone());
    let report = world.add_all(&uploads, paths, Destination::Library).await;
    let reasons: Vec<RefusedReason> = report.refused.into_iter().map(|file| file.reason).collect();
    assert_eq!(reasons, expected);
    assert_eq!(report.operations.len(), 1);
    until_state(&uploads, report.operations[0], UploadState::Ready).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_small_files_are_one_drop_and_do_not_wait_behind_a_huge_one() {
    let world = World::new().await;
    let uploads = world.engine().await;
    world.server.with(|state| state.delay = Duration::from_millis(300));
    let huge = world.file("huge.bin", 200 * MIB);
    let (huge_operation, huge_asset) = world.add(&uploads, huge.clone()).await;
    let course = CourseId::new();
    let chapter = Destination::Chapter { course, chapter: ChapterId::new(), after: None, before: None };
    let mut paths = Vec::new();
    for number in 1..=300 {
        let path = world.path(&format!("clip {number}.mp4"));
        let mut bytes = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42".to_vec();
        bytes.extend(content(20_000, number));
        std::fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    let last = paths[299].clone();
    paths.reverse();
    let report = world.add_all(&uploads, paths, chapter).await;
    assert_eq!(report.operations.len(), 300);
    until("all small ones are ready", || uploads.list().totals.ready >= 300).await;
    assert_ne!(snapshot(&uploads, huge_operation).unwrap().state, UploadState::Ready, "they went past it");
    until_state(&uploads, huge_operation, UploadState::Ready).await;
    world.assert_stored(huge_asset, &huge);

    let queued = world.catalogue.queued.lock().unwrap().clone();
    assert_eq!((queued[1].title.as_str(), queued[300].title.as_str()), ("clip 1", "clip 300"), "natural order");
    world.assert_stored(queued[300].asset, &last);
    until("the window was told of each", || {
        let shown = world.snapshots();
        let of_course = shown.iter().filter(|shown| shown.context == UploadContext::Course(course));
        of_course.filter(|shown| shown.name == ProgressName::UploadComplete).count() == 300
    })
    .await;
    uploads.shutdown().await;
    world.assert_progress_was_honest(false);
    let events = world.events.lock().unwrap();
    assert!(events.iter().any(|(_, event)| matches!(event, AppEvent::Changed { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_uploads_are_cleared_and_the_order_can_be_changed() {
    let world = World::new().await;
    let uploads = world.engine().await;
    let (done, _) = world.add(&uploads, world.file("done.bin", MIB)).await;
    until_state(&uploads, done, UploadState::Ready).await;
    world.server.with(|state| state.server_is_down = true);
    let (first, _) = world.add(&uploads, world.file("first.bin", MIB)).await;
    let (second, _) = world.add(&uploads, world.file("second.bin", MIB)).await;
    uploads.control(UploadAction::Clear, None).await.unwrap();
    uploads.control(UploadAction::MoveToTop, Some(vec![second])).await.unwrap();
    let order: Vec<_> = uploads.list().uploads.iter().map(|upload| upload.operation).collect();
    assert_eq!(order, [second, first]);
    assert_eq!(world.catalogue.records.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_teaches_nothing_is_on_the_line_and_then_it_goes_on_from_what_is_confirmed() {
    let world = World::new().await;
    world.server.with(|state| state.delay = Duration::from_millis(50));
    let uploads = world.engine().await;
    let path = world.file("lecture.mp4", 80 * MIB);
    let (operation, asset) = world.add(&uploads, path.clone()).await;
    until("a part is confirmed", || snapshot(&uploads, operation).is_some_and(|shown| shown.confirmed > 0)).await;
    let hold = Hold::Teaching { until: None };
    uploads.hold(Some(hold), None);
    until("it is told", || uploads.list().totals.hold == Some(hold)).await;
    until("none is in flight", || snapshot(&uploads, operation).is_some_and(|shown| shown.sent == shown.confirmed))
        .await;
    world.until_the_line_is_empty().await;
    let before = world.puts_of(asset);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let still = snapshot(&uploads, operation).unwrap();
    assert!(still.confirmed < still.bytes && still.cause.is_none(), "{still:?}");
    assert_eq!(world.puts_of(asset), before);

    uploads.hold(None, None);
    until_state(&uploads, operation, UploadState::Ready).await;
    world.assert_stored(asset, &path);
    world.assert_progress_was_honest(false);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_needed_first_is_sent_first_and_what_will_be_late_is_said() {
    let world = World::new().await;
    let uploads = world.engine().await;
    uploads.hold(Some(Hold::Teaching { until: None }), None);
    until("it is held", || uploads.list().totals.hold.is_some()).await;
    let (first, _) = world.add(&uploads, world.file("first.mp4", 40 * MIB)).await;
    let (urgent, _) = world.add(&uploads, world.file("urgent lecture.mp4", 40 * MIB)).await;
    uploads.set_needed_by(Some(vec![urgent]), Some(1_000)).await.unwrap();
    let listed = uploads.list();
    let order: Vec<OperationId> = listed.uploads.iter().map(|upload| upload.operation).collect();
    assert_eq!(order, [urgent, first]);
    until("1970 is over", || snapshot(&uploads, urgent).is_some_and(|shown| shown.late)).await;
    assert_eq!(uploads.list().totals.late, 1);
    assert_eq!(world.catalogue.records.lock().unwrap()[1].needed_by, Some(1_000), "a restart knows it too");
    uploads.set_needed_by(None, None).await.unwrap();
    until("there is no time to miss", || uploads.list().totals.late == 0).await;
    uploads.hold(None, None);
    until_state(&uploads, first, UploadState::Ready).await;
    until_state(&uploads, urgent, UploadState::Ready).await;
}
