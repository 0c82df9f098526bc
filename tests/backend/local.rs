//! Files dropped on a workspace that keeps everything on this computer.

use crate::desk::{
    Desk, MIB, assert_ready_everywhere, at_end, between, confirmed_row, listed, object_bytes, object_files, until,
};
use lectern_server::cleaning::{Cleaned, Keep};
use lectern_server::object_store::local::open_local;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::VideoId;
use lectern_shared::media::{AssetQuery, AssetState};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::{Destination, ProgressName, RefusedReason, UploadAction, UploadState};

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_dropped_into_a_chapter_is_in_the_store_in_parts_with_its_hash() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let source = desk.file("Lecture 1.mp4", 40 * MIB + 5);
    let report = desk.drop_on(&[&source], at_end(place)).await;
    assert_eq!((report.operations.len(), report.refused.len()), (1, 0));
    assert_eq!(desk.titles(place.0).await, ["Lecture 1"], "its place is there at once");
    let ready = desk.until_ready(report.operations[0]).await;
    assert_eq!((ready.parts, ready.parts_confirmed, ready.confirmed), (6, 6, (40 * MIB + 5) as u64));
    assert_eq!(object_files(&desk.place(), ready.asset).len(), 6);
    let stored = blake3::hash(&object_bytes(&desk.place(), ready.asset));
    assert_eq!(stored, blake3::hash(&std::fs::read(&source).unwrap()), "the store's bytes are the file's");
    assert_ready_everywhere(&desk, ready.asset, &source).await;
    desk.until_synced().await;
    until("the chapter shows it as ready", async || desk.videos(place.0).await[0].state == AssetState::Ready).await;
    let told = |name| {
        desk.events.lock().unwrap().iter().any(|event| match event {
            AppEvent::Progress { snapshots, .. } => snapshots.iter().any(|shown| shown.name == name),
            _ => false,
        })
    };
    until("the window was told", async || told(ProgressName::UploadProgress) && told(ProgressName::UploadComplete))
        .await;
    assert!(desk.place().join("store/uploads").read_dir().unwrap().next().is_none(), "nothing unfinished is left");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_goes_by_one_put() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let source = desk.file("short.mp4", 3 * MIB + 1);
    let report = desk.drop_on(&[&source], at_end(place)).await;
    let ready = desk.until_ready(report.operations[0]).await;
    assert_eq!(object_bytes(&desk.place(), ready.asset), std::fs::read(&source).unwrap());
    assert_ready_everywhere(&desk, ready.asset, &source).await;
    let server = rusqlite::Connection::open(desk.place().join("server.sqlite")).unwrap();
    let sql = "SELECT state, upload_id IS NULL, part_bytes FROM object WHERE asset = ?1";
    let object: (String, bool, i64) =
        server.query_row(sql, [ready.asset.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    assert_eq!(object, ("ready".to_owned(), true, (3 * MIB + 1) as i64), "no multipart upload was opened");
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_land_in_natural_order_between_two_videos_and_stay_there() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let (first, last) = (desk.file("Welcome.mp4", 1_000), desk.file("Goodbye.mp4", 1_000));
    desk.drop_on(&[&first], at_end(place)).await;
    desk.drop_on(&[&last], at_end(place)).await;
    let videos = desk.videos(place.0).await;
    let files =
        [desk.file("Lecture 10.mp4", 2_000), desk.file("lecture 2.mp4", 2_000), desk.file("Lecture 1.mp4", 2_000)];
    let report = desk.drop_on(&[&files[0], &files[1], &files[2]], between(place, videos[0].id, videos[1].id)).await;
    let expected = ["Welcome", "Lecture 1", "lecture 2", "Lecture 10", "Goodbye"];
    assert_eq!(desk.titles(place.0).await, expected);
    for operation in report.operations {
        desk.until_ready(operation).await;
    }
    desk.until_synced().await;
    assert_eq!(desk.titles(place.0).await, expected, "the course server puts them in the same order");
    for video in desk.videos(place.0).await {
        let row = confirmed_row(&desk.place(), "video", &video.id).expect("a confirmed place");
        assert_eq!(row["asset"], video.asset.to_string());
    }
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_dropped_on_the_library_is_there_and_in_no_course() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let source = desk.file("spare.mp4", 70_000);
    let report = desk.drop_on(&[&source], Destination::Library).await;
    let ready = desk.until_ready(report.operations[0]).await;
    assert_eq!(ready.video, None);
    assert_eq!(object_bytes(&desk.place(), ready.asset), std::fs::read(&source).unwrap());
    assert_ready_everywhere(&desk, ready.asset, &source).await;
    let query =
        AssetQuery { search: String::new(), kind: None, usage: None, sort: Default::default(), offset: 0, limit: 9 };
    let page = desk.workspace().list_assets(query).await.unwrap();
    assert_eq!((page.total, page.unused, page.total_bytes), (1, 1, 70_000));
    assert_eq!(page.items[0].name, "spare.mp4");
    assert!(desk.videos(place.0).await.is_empty());
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_is_refused_by_name_and_the_others_go_on() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let good = desk.file("Lecture 1.mp4", 5_000);
    let empty = desk.file("empty.mp4", 0);
    let (folder, gone) = (desk.folder.path().join("folder.mp4"), desk.folder.path().join("gone.mp4"));
    std::fs::create_dir(&folder).unwrap();
    let report = desk.drop_on(&[&empty, &folder, &gone, &good], at_end(place)).await;
    let mut refused: Vec<_> = report.refused.iter().map(|file| (file.name.as_str(), &file.reason)).collect();
    refused.sort_by_key(|(name, _)| *name);
    let expected = [
        ("empty.mp4", &RefusedReason::Empty),
        ("folder.mp4", &RefusedReason::Folder),
        ("gone.mp4", &RefusedReason::Gone),
    ];
    assert_eq!(refused, expected);
    assert_eq!(report.operations.len(), 1);
    desk.until_ready(report.operations[0]).await;
    assert_eq!(desk.titles(place.0).await, ["Lecture 1"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_uploaded_is_still_there_when_the_workspace_is_opened_again() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let source = desk.file("Lecture 1.mp4", 50_000);
    let report = desk.drop_on(&[&source], at_end(place)).await;
    let ready = desk.until_ready(report.operations[0]).await;
    desk.until_synced().await;
    let folder = desk.close().await;
    let again = crate::desk::open(&folder.path().join("workspace"), &Default::default()).await;
    let course = again.workspace.get_course(place.0).await.unwrap();
    assert_eq!((course.chapters[0].videos[0].asset, course.pending), (ready.asset, false));
    assert_eq!(crate::desk::upload(&again.workspace, report.operations[0]).state, UploadState::Ready);
    assert_eq!(object_bytes(&folder.path().join("workspace"), ready.asset), std::fs::read(&source).unwrap());
    again.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_upload_takes_every_place_of_its_file_away() {
    let desk = Desk::open().await;
    desk.pace.limit(Some(MIB as u64));
    let (course, chapter) = desk.course().await;
    let report = desk.drop_on(&[&desk.file("Lecture 1.mp4", 40 * MIB)], at_end((course, chapter))).await;
    let asset = desk.upload(report.operations[0]).asset;
    let place = Between { after: None, before: None };
    let again =
        Mutation::VideoCreate { video: VideoId::new(), course, chapter, asset, title: "Again".to_owned(), place };
    desk.workspace().edit(again).await.unwrap();
    assert_eq!(desk.titles(course).await, ["Lecture 1", "Again"]);
    desk.workspace().control_uploads(UploadAction::Cancel, Some(report.operations)).await.unwrap();
    until("no place waits for bytes that never come", async || desk.titles(course).await.is_empty()).await;
    until("nothing unfinished is left", async || listed(&desk.place().join("store/uploads")).is_empty()).await;
    desk.until_synced().await;
    desk.close().await;
}

/// The trash is thirty days; here it is none.
#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_of_a_file_that_was_long_in_the_trash_are_deleted_and_no_others() {
    let desk = Desk::open().await;
    let place = desk.course().await;
    let (kept, gone) = (desk.file("kept.mp4", 20 * MIB), desk.file("gone.mp4", 20 * MIB));
    let report = desk.drop_on(&[&kept, &gone], at_end(place)).await;
    for operation in &report.operations {
        desk.until_ready(*operation).await;
    }
    let videos = desk.videos(place.0).await;
    let find = |title: &str| videos.iter().find(|video| video.title == title).unwrap();
    let (ids, uses) = (vec![find("gone").asset], vec![find("gone").id]);
    desk.workspace().edit(Mutation::AssetDelete { ids, uses, attachments: Vec::new() }).await.unwrap();
    desk.until_synced().await;
    let folder = desk.close().await;
    let workspace = folder.path().join("workspace");
    let objects = || listed(&workspace.join("store/objects")).len();
    assert_eq!(objects(), 2);

    let store = lectern_server::Store::open(&workspace.join("server.sqlite")).await.unwrap();
    let (local, objects_store) = open_local(&workspace.join("store")).await.unwrap();
    let here = lectern_server::Place { name: "this_computer", store: std::sync::Arc::new(objects_store) };
    let server = lectern_server::Server::with_places(store, here, None);
    let cleaned = server.clean(Keep { bytes_days: 0, rows_days: 180 }).await.unwrap();
    assert_eq!((cleaned.files, cleaned.bytes), (1, 20 * MIB as u64));
    assert_eq!(object_files(&workspace, find("kept").asset).len(), 3);
    assert_eq!(objects(), 1);
    assert_eq!(server.clean(Keep { bytes_days: 0, rows_days: 180 }).await.unwrap(), Cleaned::default());
    server.close().await;
    local.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_the_store_lost_is_sent_again_and_no_other() {
    let desk = Desk::open().await;
    desk.pace.limit(Some(24 * MIB as u64));
    let source = desk.file("Lecture 1.mp4", 80 * MIB);
    let report = desk.drop_on(&[&source], Destination::Library).await;
    until("some parts are confirmed", async || desk.upload(report.operations[0]).parts_confirmed >= 2).await;
    let parts = || -> Vec<std::path::PathBuf> {
        let uploads = listed(&desk.place().join("store/uploads"));
        let files = uploads.iter().filter(|path| path.is_dir()).flat_map(|upload| listed(upload));
        files.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("part-0000")).collect()
    };
    let kept = parts();
    std::fs::remove_file(&kept[0]).unwrap();
    desk.pace.limit(None);
    let ready = desk.until_ready(report.operations[0]).await;
    let names: Vec<_> = object_files(&desk.place(), ready.asset)
        .iter()
        .map(|p| (p.file_name().unwrap().to_owned(), p.metadata().unwrap().len()))
        .collect();
    assert!(object_bytes(&desk.place(), ready.asset) == std::fs::read(&source).unwrap(), "{kept:?} {names:?}");
    let now: Vec<_> =
        object_files(&desk.place(), ready.asset).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert!(now.contains(&kept[1].file_name().unwrap().to_owned()), "{kept:?} {now:?}");
    desk.close().await;
}
