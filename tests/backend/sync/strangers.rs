//! Another person's rows are answered like missing ones, whatever is asked of them.

use super::{Lecture, World, end, full_pull, problem, push_by_hand, pushed, shown};
use lectern_engine::remote::CourseServer;
use lectern_shared::ids::{AssetId, AttachmentId, ChapterId, ClientId, CourseId, VideoId};
use lectern_shared::media::{AttachmentRole, Probe};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, CompletedPart, MutationStatus, OpenUpload, OpenUploads, OpenedUpload, Problem,
    ProblemCode, Rendition, UPLOADS_MAX, UrlsRequest,
};

/// Every mutation there is that names a row, aimed at these.
pub(super) fn aimed_at(
    course: CourseId,
    chapter: ChapterId,
    video: VideoId,
    asset: AssetId,
    attachment: AttachmentId,
) -> Vec<Mutation> {
    let title = || "mine".to_owned();
    vec![
        Mutation::CourseRename { course, title: title() },
        Mutation::CourseDescribe { course, description: title() },
        Mutation::CoursePublish { course },
        Mutation::CourseUnpublish { course },
        Mutation::CourseDelete { course },
        Mutation::CourseRestore { course },
        Mutation::ChapterCreate { chapter: ChapterId::new(), course, title: title(), place: end() },
        Mutation::ChapterRename { chapter, title: title() },
        Mutation::ChapterMove { ids: vec![chapter], course, place: end() },
        Mutation::ChapterDelete { ids: vec![chapter] },
        Mutation::ChapterRestore { ids: vec![chapter] },
        shown(VideoId::new(), course, chapter, asset, "mine"),
        Mutation::VideoRename { video, title: title() },
        Mutation::VideoDescribe { video, description: title() },
        Mutation::VideoMove { ids: vec![video], chapter, place: Between { after: None, before: Some(video) } },
        Mutation::VideoDelete { ids: vec![video] },
        Mutation::VideoRestore { ids: vec![video] },
        Mutation::VideoAttach {
            attachment: AttachmentId::new(),
            video,
            asset,
            role: AttachmentRole::Handout,
            language: None,
        },
        Mutation::AttachmentLabel { attachment, language: Some("fr".to_owned()) },
        Mutation::AttachmentDelete { ids: vec![attachment] },
        Mutation::AttachmentRestore { ids: vec![attachment] },
        Mutation::AssetRename { asset, name: title() },
        Mutation::AssetDescribe { asset, probe: Probe::default(), thumbnail: true },
        Mutation::AssetReplace { successor: asset, uses: vec![video] },
        Mutation::AssetDelete { ids: vec![asset], uses: vec![video], attachments: Vec::new() },
        Mutation::AssetRestore { ids: vec![asset], uses: vec![video], attachments: Vec::new() },
    ]
}

#[tokio::test]
async fn a_push_that_names_a_stranger_s_rows_is_answered_as_if_they_were_not_there() {
    let world = World::new().await;
    let (owner, stranger) = (world.person().await, world.person().await);
    let device = world.device(owner);
    let theirs = Lecture::on(&device, 2).await;
    let handout = theirs.with_handout(&device).await;
    let everything = world.everything().await;
    let remote = world.remote(stranger);
    let foreign = aimed_at(theirs.course, theirs.chapters[0], theirs.videos[0], theirs.assets[0], handout);
    let missing = aimed_at(CourseId::new(), ChapterId::new(), VideoId::new(), AssetId::new(), AttachmentId::new());
    for (foreign, missing) in foreign.into_iter().zip(missing) {
        let name = foreign.name();
        let answer = |mutation| {
            let remote = &remote;
            async move {
                let answer = push_by_hand(remote, ClientId::new(), vec![pushed(1, mutation)]).await.unwrap();
                let result = answer.results.into_iter().next().unwrap();
                (result.status, result.code, result.detail)
            }
        };
        let (to_foreign, to_missing) = (answer(foreign).await, answer(missing).await);
        assert_eq!(to_foreign, to_missing, "{name}");
        assert_eq!(to_foreign.0, MutationStatus::Rejected, "{name}");
        assert_eq!(world.everything().await, everything, "{name} changed something");
    }
}

#[tokio::test]
async fn a_row_cannot_be_made_with_an_id_that_a_stranger_has() {
    let world = World::new().await;
    let (owner, stranger) = (world.person().await, world.person().await);
    let theirs = Lecture::on(&world.device(owner), 1).await;
    let mine = Lecture::on(&world.device(stranger), 1).await;
    let everything = world.everything().await;
    let attempts = [
        Mutation::CourseCreate { course: theirs.course, title: "mine".into() },
        // A course and a library are both spaces: neither id may become the other.
        Mutation::CourseCreate { course: CourseId(owner.0), title: "mine".into() },
        Mutation::ChapterCreate {
            chapter: theirs.chapters[0],
            course: mine.course,
            title: "mine".into(),
            place: end(),
        },
        shown(theirs.videos[0], mine.course, mine.chapters[0], mine.assets[0], "mine"),
        shown(VideoId::new(), mine.course, mine.chapters[0], theirs.assets[0], "mine"),
        shown(VideoId::new(), theirs.course, theirs.chapters[0], mine.assets[0], "mine"),
        Mutation::VideoMove { ids: vec![theirs.videos[0]], chapter: mine.chapters[0], place: end() },
        Mutation::VideoMove { ids: vec![mine.videos[0]], chapter: theirs.chapters[0], place: end() },
        super::announced(theirs.assets[0]),
    ];
    let remote = world.remote(stranger);
    for attempt in attempts {
        let text = format!("{attempt:?}");
        let answer = push_by_hand(&remote, ClientId::new(), vec![pushed(1, attempt)]).await.unwrap();
        assert!(super::is_rejected(&answer.results[0]), "{text}: {answer:?}");
        assert_eq!(world.everything().await, everything, "{text} changed something");
    }
}

#[tokio::test]
async fn a_pull_shows_nothing_of_a_stranger_and_a_stranger_s_client_id_is_not_taken() {
    let world = World::new().await;
    let (owner, stranger) = (world.person().await, world.person().await);
    let device = world.device(owner);
    let theirs = Lecture::on(&device, 1).await;
    let remote = world.remote(stranger);
    let mut request = full_pull(ClientId::new());
    request.cookies = device.catalogue.pull_request().await.unwrap().cookies;
    let answer = remote.pull(&request).await.unwrap();
    assert!(!answer.spaces.contains_key(&theirs.course.into()) && !answer.spaces.contains_key(&owner.into()));
    assert!(answer.spaces.values().all(|space| space.rows.is_empty()));
    let client = device.catalogue.client();
    assert_eq!(problem(remote.pull(&full_pull(client)).await), ProblemCode::Unauthenticated);
    let next = pushed(1, Mutation::CourseCreate { course: CourseId::new(), title: "mine".into() });
    assert_eq!(problem(push_by_hand(&remote, client, vec![next]).await), ProblemCode::Unauthenticated);
}

#[tokio::test]
async fn upload_calls_for_a_stranger_s_asset_find_nothing() {
    let world = World::new().await;
    let (owner, stranger) = (world.person().await, world.person().await);
    let theirs = Lecture::on(&world.device(owner), 1).await;
    let remote = world.remote(stranger);
    let asset = theirs.assets[0];
    let open = OpenUpload { asset, bytes: 1_000, part_bytes: 1_000, content_type: "video/mp4".into() };
    let complete = CompleteUpload { parts: Vec::new(), bytes: 1_000, blake3: "0".repeat(64), sent_once: false };
    assert_eq!(problem(remote.open_upload(&open).await), ProblemCode::NotFound);
    assert_eq!(
        problem(remote.part_urls(asset, &UrlsRequest { parts: vec![1] }).await.map(drop)),
        ProblemCode::NotFound
    );
    assert_eq!(problem(remote.stored_parts(asset).await), ProblemCode::NotFound);
    assert_eq!(problem(remote.complete_upload(asset, &complete).await), ProblemCode::NotFound);
    assert_eq!(problem(remote.cancel_upload(asset).await), ProblemCode::NotFound);
    assert_eq!(problem(remote.thumbnail_url(asset).await.map(drop)), ProblemCode::NotFound);
    for rendition in [Rendition::Original, Rendition::Thumb] {
        assert_eq!(problem(remote.asset_url(asset, rendition).await.map(drop)), ProblemCode::NotFound);
    }
    // The same calls by the owner are answered: it is the person that makes the difference.
    world.remote(owner).open_upload(&open).await.unwrap();
}

#[tokio::test]
async fn in_a_batch_a_stranger_s_asset_is_not_found_and_holds_up_nobody() {
    let world = World::new().await;
    let (owner, stranger) = (world.person().await, world.person().await);
    let theirs = Lecture::on(&world.device(owner), 1).await.assets[0];
    let own = Lecture::on(&world.device(stranger), 1).await.assets[0];
    let remote = world.remote(stranger);
    let open = |asset| OpenUpload { asset, bytes: 1_000, part_bytes: 1_000, content_type: "video/mp4".into() };
    let opened = remote.open_uploads(&OpenUploads { uploads: vec![open(theirs), open(own)] }).await.unwrap();
    assert!(matches!(&opened.answers[0], Err(Problem { code: ProblemCode::NotFound, .. })));
    assert!(matches!(&opened.answers[1], Ok(OpenedUpload::Single { url: Some(_) })));

    let md5 = "0".repeat(32);
    let part = CompletedPart { part: 1, etag: md5.clone(), md5, version: None };
    let complete = CompleteUpload { parts: vec![part], bytes: 1_000, blake3: "0".repeat(64), sent_once: true };
    let both = CompleteUploads { uploads: vec![(theirs, complete.clone()), (own, complete.clone())] };
    let completed = remote.complete_uploads(&both).await.unwrap();
    assert!(matches!(&completed.answers[0], Err(Problem { code: ProblemCode::NotFound, .. })));
    assert!(completed.answers[1].is_ok());

    // Nothing was written for them, whoever asked: the owner's upload is still to be opened.
    let missing = world.remote(owner).complete_upload(theirs, &complete).await;
    assert_eq!(problem(missing), ProblemCode::UploadGone);
    let twice = OpenUploads { uploads: vec![open(own), open(own)] };
    assert_eq!(problem(remote.open_uploads(&twice).await.map(drop)), ProblemCode::Invalid);
    let many = OpenUploads { uploads: (0..=UPLOADS_MAX).map(|_| open(AssetId::new())).collect() };
    assert_eq!(problem(remote.open_uploads(&many).await.map(drop)), ProblemCode::TooLarge);
}
