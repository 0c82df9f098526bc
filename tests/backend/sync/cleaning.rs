//! What was deleted long ago goes for good, and whoever was away for longer reads everything anew.

use super::{Device, Lecture, World, announced, end, shown};
use lectern_server::cleaning::{Cleaned, Keep};
use lectern_shared::ids::{AssetId, ChapterId, VideoId};
use lectern_shared::mutation::Mutation;
use std::sync::Arc;

/// As if everything that is deleted had been for years.
const AT_ONCE: Keep = Keep { bytes_days: 0, rows_days: 0 };

async fn rejections(device: &Device) -> Vec<String> {
    let rejected = device.catalogue.pending().await.unwrap().rejected;
    rejected.into_iter().map(|edit| edit.code).collect()
}

/// The same rows as a device that was never there before.
async fn assert_fresh(world: &World, device: &Device, user: lectern_shared::ids::UserId) {
    let fresh = world.device(user);
    fresh.pull().await;
    let live = |device: &Device| -> Vec<String> {
        let view = device.view().into_iter();
        view.filter(|(_, body)| body["deleted"] != true).map(|(key, body)| format!("{key} {body}")).collect()
    };
    assert_eq!(live(device), live(&fresh));
}

#[tokio::test]
async fn what_is_in_the_trash_stays_until_its_time_has_come() {
    let world = World::new().await;
    let device = world.device(world.person().await);
    let lecture = Lecture::on(&device, 2).await;
    let (ids, uses) = (vec![lecture.assets[0]], vec![lecture.videos[0]]);
    let inverse = device.edit([Mutation::AssetDelete { ids, uses, attachments: Vec::new() }]).await.unwrap();
    device.edit([Mutation::ChapterDelete { ids: vec![lecture.chapters[1]] }]).await;
    device.sync().await;
    let before = world.everything().await;
    assert_eq!(world.server.clean(Keep::default()).await.unwrap(), Cleaned::default());
    assert_eq!(world.everything().await, before);
    device.edit(inverse).await;
    device.sync().await;
    assert_eq!(
        (device.titles(lecture.course).await, rejections(&device).await),
        (vec![vec!["a".into(), "b".into()]], vec![])
    );
}

#[tokio::test]
async fn a_file_whose_bytes_are_gone_for_good_cannot_be_brought_back_and_that_is_said() {
    let world = World::new().await;
    let device = world.device(world.person().await);
    let lecture = Lecture::on(&device, 2).await;
    let (ids, uses) = (vec![lecture.assets[0]], vec![lecture.videos[0]]);
    let inverse = device.edit([Mutation::AssetDelete { ids, uses, attachments: Vec::new() }]).await.unwrap();
    device.sync().await;
    world.server.clean(Keep { bytes_days: 0, rows_days: 180 }).await.unwrap();
    let (_, body) = world.row("asset", lecture.assets[0].0).await.unwrap();
    assert_eq!(body["state"], "purged");
    // It does not know yet.
    device.edit(inverse).await;
    device.sync().await;
    assert_eq!(rejections(&device).await, ["purged"]);
    assert_eq!(device.titles(lecture.course).await, [vec!["b"], vec![]]);
    let restore = Mutation::VideoRestore { ids: vec![lecture.videos[0]] };
    assert!(device.catalogue.edit(vec![restore]).await.is_err(), "nor the place that showed it");
}

/// One that has read everything, one that has read less than was removed, one in the middle of reading.
#[tokio::test]
async fn whoever_was_away_for_longer_than_it_is_known_what_was_deleted_reads_everything_anew() {
    let world = World::new().await;
    let user = world.person().await;
    let (device, away) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&device, 3).await;
    away.pull().await;
    let Lecture { course, chapters: [first, second], videos, assets } = &lecture;
    let (asset, video) = (AssetId::new(), VideoId::new());
    device.edit([announced(asset), shown(video, *course, *second, asset, "under a chapter")]).await;
    device.edit([Mutation::VideoDelete { ids: vec![videos[0]] }]).await;
    device.edit([Mutation::ChapterDelete { ids: vec![*second] }]).await;
    let uses = vec![videos[1]];
    device.edit([Mutation::AssetDelete { ids: vec![assets[1]], uses, attachments: Vec::new() }]).await;
    device.sync().await;
    let offline = Mutation::VideoRename { video: videos[0], title: "renamed while away".into() };
    away.edit([offline]).await;

    let cleaned = world.server.clean(AT_ONCE).await.unwrap();
    assert!(cleaned.rows >= 4, "two videos, a chapter, what was in it: {cleaned:?}");
    for gone in [videos[0], videos[1], video] {
        assert_eq!(world.row("video", gone.0).await, None);
    }
    // The file's row goes when no place knows of it any more.
    world.server.clean(AT_ONCE).await.unwrap();
    assert_eq!(world.row("asset", assets[1].0).await, None);
    assert!(world.row("asset", asset.0).await.is_some(), "a file that nobody deleted stays in the library");

    device.pull().await;
    assert_fresh(&world, &device, user).await;
    away.sync().await;
    assert_eq!(away.titles(*course).await, [vec!["c"]]);
    assert_eq!(rejections(&away).await, ["not_found"], "an edit of what is gone is not lost without a word");
    assert_fresh(&world, &away, user).await;
    assert_eq!(world.server.clean(AT_ONCE).await.unwrap(), Cleaned::default(), "there is nothing left to do");
    device.edit([Mutation::ChapterRename { chapter: *first, title: "It goes on".into() }]).await;
    device.sync().await;
    assert_eq!(rejections(&device).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_reading_of_many_pages_that_begins_after_something_was_removed_comes_to_its_end() {
    let world = World::new().await;
    let user = world.person().await;
    let device = world.device(user);
    let lecture = Lecture::on(&device, 8).await;
    device.edit([Mutation::VideoDelete { ids: vec![lecture.videos[7]] }]).await;
    device.sync().await;
    world.server.clean(AT_ONCE).await.unwrap();
    let server = world.server.clone().with_pages_of(2);
    let remote = Arc::new(lectern_engine::remote::in_process::InProcessServer::new(server.router_for(user)));
    let fresh = world.device(user);
    let mut rounds = lectern_engine::sync::Rounds::new(fresh.catalogue.clone(), remote, Arc::new(|_| {}));
    rounds.round().await.unwrap();
    assert_eq!(fresh.titles(lecture.course).await[0].len(), 7);
}

#[tokio::test]
async fn a_course_that_was_deleted_long_ago_goes_with_all_that_was_in_it() {
    let world = World::new().await;
    let user = world.person().await;
    let (device, away) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&device, 2).await;
    away.pull().await;
    device.edit([Mutation::CourseDelete { course: lecture.course }]).await;
    device.sync().await;
    let cleaned = world.server.clean(AT_ONCE).await.unwrap();
    assert_eq!((cleaned.courses, cleaned.files), (1, 0));
    assert!(world.everything().await.iter().all(|(kind, ..)| kind == "asset"), "the files stay in the library");
    let chapter = Mutation::ChapterCreate {
        chapter: ChapterId::new(),
        course: lecture.course,
        title: "Late".into(),
        place: end(),
    };
    away.edit([chapter]).await;
    away.sync().await;
    assert_eq!(rejections(&away).await, ["not_found"]);
    for device in [&device, &away] {
        device.pull().await;
        assert_eq!(device.catalogue.courses().await.unwrap().courses, []);
        assert_fresh(&world, device, user).await;
    }
}

/// Apps may know of something that makes a file be there still.
#[tokio::test]
async fn after_a_restore_nothing_is_removed_for_a_month() {
    let world = World::new().await;
    let device = world.device(world.person().await);
    let lecture = Lecture::on(&device, 1).await;
    let (ids, uses) = (lecture.assets.clone(), lecture.videos.clone());
    device.edit([Mutation::AssetDelete { ids, uses, attachments: Vec::new() }]).await;
    device.sync().await;
    let backup = world.back_up().await;
    let world = world.restored_from(backup).await;
    let before = world.everything().await;
    let cleaned = world.server.clean(AT_ONCE).await.unwrap();
    assert_eq!(cleaned, Cleaned { is_too_soon: true, ..Cleaned::default() });
    assert_eq!(world.everything().await, before);
}
