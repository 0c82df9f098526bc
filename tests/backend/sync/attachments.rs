//! Captions, handouts and posters: tied to a video here, seen there.

use super::{Lecture, World};
use lectern_shared::course::CourseDetail;
use lectern_shared::ids::{AssetId, AttachmentId, CourseId};
use lectern_shared::media::{AssetKind, AssetQuery, AttachmentRole, Usage};
use lectern_shared::mutation::Mutation;
use std::sync::Arc;

fn file(name: &str, kind: AssetKind) -> (AssetId, Mutation) {
    let asset = AssetId::new();
    (asset, Mutation::AssetCreate { asset, name: name.to_owned(), kind, bytes: 10, predecessor: None })
}

fn attach(lecture: &Lecture, asset: AssetId, role: AttachmentRole, language: Option<&str>) -> (AttachmentId, Mutation) {
    let (attachment, video) = (AttachmentId::new(), lecture.videos[0]);
    let language = language.map(str::to_owned);
    (attachment, Mutation::VideoAttach { attachment, video, asset, role, language })
}

async fn screen(device: &super::Device, course: CourseId) -> CourseDetail {
    device.catalogue.course(course, Arc::new(|_, _| None)).await.unwrap()
}

async fn attached(device: &super::Device, course: CourseId) -> Vec<String> {
    let tied = screen(device, course).await.chapters.remove(0).videos.remove(0).attachments.into_iter();
    tied.map(|tied| format!("{:?} {} {}", tied.role, tied.language.unwrap_or_default(), tied.name)).collect()
}

#[tokio::test]
async fn what_is_attached_here_is_seen_on_another_device_and_undo_takes_it_back() {
    let world = World::new().await;
    let user = world.person().await;
    let (device, other) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&device, 2).await;
    let (captions, announce_captions) = file("a.en.vtt", AssetKind::Other);
    let (slides, announce_slides) = file("slides.pdf", AssetKind::Document);
    let (_, tie_captions) = attach(&lecture, captions, AttachmentRole::Captions, Some("en"));
    let (_, tie_slides) = attach(&lecture, slides, AttachmentRole::Handout, None);
    device.edit([announce_captions, announce_slides]).await;
    let undo = device.edit([tie_slides, tie_captions]).await.unwrap();
    let expected = ["Captions en a.en.vtt", "Handout  slides.pdf"];
    assert_eq!(attached(&device, lecture.course).await, expected, "at once, without a server");
    device.sync().await;
    other.pull().await;
    assert_eq!(attached(&other, lecture.course).await, expected);
    let query =
        AssetQuery { search: String::new(), kind: None, usage: None, sort: Default::default(), offset: 0, limit: 9 };
    let page = other.catalogue.assets(query, Arc::new(|_, _| None)).await.unwrap();
    let card = page.items.iter().find(|card| card.id == slides).unwrap();
    assert_eq!((card.usage, card.uses[0].attached.map(|tied| tied.role)), (Usage::Used, Some(AttachmentRole::Handout)));
    assert_eq!(page.unused, 0);

    device.edit(undo).await;
    device.sync().await;
    other.pull().await;
    for device in [&device, &other] {
        assert_eq!(attached(device, lecture.course).await, Vec::<String>::new());
    }
    assert_eq!(device.view(), other.view());
}

/// Both are offline; the second one to arrive counts, on both.
#[tokio::test]
async fn of_two_posters_given_on_two_devices_the_last_one_counts_and_the_other_is_not_lost() {
    let world = World::new().await;
    let user = world.person().await;
    let (first, second) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&first, 1).await;
    second.pull().await;
    let mut posters = Vec::new();
    for (device, name) in [(&first, "first.png"), (&second, "second.png")] {
        let (asset, announce) = file(name, AssetKind::Image);
        let (attachment, tie) = attach(&lecture, asset, AttachmentRole::Poster, None);
        device.edit([announce, tie]).await;
        posters.push(attachment);
    }
    first.sync().await;
    second.sync().await;
    first.pull().await;
    for device in [&first, &second] {
        assert_eq!(attached(device, lecture.course).await, ["Poster  second.png"]);
        assert_eq!(device.catalogue.pending().await.unwrap().rejected, []);
    }
    first.edit([Mutation::AttachmentRestore { ids: vec![posters[0]] }]).await;
    first.sync().await;
    second.pull().await;
    for device in [&first, &second] {
        assert_eq!(attached(device, lecture.course).await, ["Poster  first.png"]);
    }
}

#[tokio::test]
async fn a_description_and_that_a_course_is_published_are_seen_on_another_device() {
    let world = World::new().await;
    let user = world.person().await;
    let (device, other) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&device, 1).await;
    let (course, description) = (lecture.course, "Rates,\nand why.".to_owned());
    device
        .edit([
            Mutation::CourseDescribe { course, description: description.clone() },
            Mutation::VideoDescribe { video: lecture.videos[0], description: description.clone() },
            Mutation::CoursePublish { course },
        ])
        .await;
    device.sync().await;
    other.pull().await;
    let shown = screen(&other, course).await;
    assert_eq!((&shown.description, &shown.chapters[0].videos[0].description), (&description, &description));
    assert!(shown.published_at.is_some());
}
