//! Undo: an ordinary edit that puts back what another one changed, here and on the server.

use super::{Device, Lecture, World, after, before, end};
use lectern_shared::course::CourseDetail;
use lectern_shared::mutation::Mutation;
use std::sync::Arc;

async fn screen(device: &Device, lecture: &Lecture) -> CourseDetail {
    device.catalogue.course(lecture.course, Arc::new(|_, _| None)).await.unwrap()
}

/// Each in its turn: done, synced, undone, synced; then all is as before, on another device too.
#[tokio::test]
async fn undo_restores_what_delete_move_and_rename_changed() {
    let world = World::new().await;
    let user = world.person().await;
    let (device, other) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&device, 5).await;
    let Lecture { course, chapters: [first, second], videos, assets } = &lecture;
    let edits = [
        Mutation::CourseRename { course: *course, title: "Physics".into() },
        Mutation::ChapterRename { chapter: *first, title: "Waves".into() },
        Mutation::VideoRename { video: videos[0], title: "new".into() },
        Mutation::ChapterMove { ids: vec![*second], course: *course, place: before(*first) },
        Mutation::VideoMove { ids: vec![videos[0]], chapter: *first, place: end() },
        Mutation::VideoMove { ids: vec![videos[3], videos[1]], chapter: *first, place: after(videos[4]) },
        Mutation::VideoMove { ids: vec![videos[4], videos[0], videos[2]], chapter: *second, place: end() },
        Mutation::VideoMove { ids: videos.clone(), chapter: *second, place: end() },
        Mutation::VideoDelete { ids: vec![videos[1], videos[2]] },
        Mutation::ChapterDelete { ids: vec![*first] },
        Mutation::AssetDelete { ids: vec![assets[3]], uses: vec![videos[3]], attachments: Vec::new() },
        Mutation::AssetReplace { successor: assets[4], uses: vec![videos[0], videos[1]] },
        Mutation::AssetRename { asset: assets[0], name: "renamed.mp4".into() },
        Mutation::CourseDescribe { course: *course, description: "What it is about".into() },
        Mutation::VideoDescribe { video: videos[0], description: "What it is about".into() },
        Mutation::CoursePublish { course: *course },
    ];
    let (shown, begin) = (screen(&device, &lecture).await, device.view().len());
    for edit in edits {
        let text = format!("{edit:?}");
        let inverse = device.edit([edit]).await.expect(&text);
        assert_ne!(screen(&device, &lecture).await, shown, "{text} does something");
        device.sync().await;
        device.edit(inverse).await;
        device.sync().await;
        assert_eq!(device.catalogue.pending().await.unwrap().rejected, [], "{text}");
        assert_eq!(screen(&device, &lecture).await, shown, "{text} was undone");
        other.pull().await;
        assert_eq!(screen(&other, &lecture).await, shown, "{text} was undone on the other device");
        assert_eq!(device.view().len(), begin, "{text} left no row behind");
    }
}

#[tokio::test]
async fn undo_restores_a_deleted_course_with_all_it_held() {
    let world = World::new().await;
    let device = world.device(world.person().await);
    let lecture = Lecture::on(&device, 3).await;
    let shown = screen(&device, &lecture).await;
    let inverse = device.edit([Mutation::CourseDelete { course: lecture.course }]).await.unwrap();
    device.sync().await;
    assert!(device.catalogue.courses().await.unwrap().courses.is_empty());
    device.edit(inverse).await;
    device.sync().await;
    assert_eq!(screen(&device, &lecture).await, shown);
}
