//! What leaves the outbox and what becomes of it (invariants 4 and 5).

use super::{Lecture, World, after};
use crate::desk::until;
use futures::stream::BoxStream;
use lectern_engine::remote::in_process::InProcessServer;
use lectern_engine::remote::{CourseServer, RemoteError};
use lectern_engine::sync::Sync;
use lectern_engine::uploads::{Announced, UploadCatalogue as _};
use lectern_shared::ids::AssetId;
use lectern_shared::media::AssetKind;
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{
    CompleteUpload, LiveMessage, OpenUpload, OpenedUpload, PartsResponse, PullRequest, PullResponse, PushRequest,
    PushResponse, Rendition, SignedUrl, UrlsRequest, UrlsResponse,
};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The server behind a bad line: executes, and its answers to the next pushes and pulls are lost.
pub(super) struct Lossy {
    server: InProcessServer,
    lose_pushes: AtomicU32,
    /// Counted from 0.
    lose_pulls: Range<u32>,
    pushes: AtomicU32,
    pub(super) pulls: AtomicU32,
}

impl Lossy {
    pub(super) fn new(server: InProcessServer, lose_pushes: u32, lose_pulls: Range<u32>) -> Self {
        let (pushes, pulls) = (AtomicU32::new(0), AtomicU32::new(0));
        Self { server, lose_pushes: AtomicU32::new(lose_pushes), lose_pulls, pushes, pulls }
    }
}

fn is_lost(counter: &AtomicU32) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

fn lost<T>() -> Result<T, RemoteError> {
    Err(RemoteError::Unreachable("the answer was lost".into()))
}

#[async_trait::async_trait]
impl CourseServer for Lossy {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, RemoteError> {
        self.pushes.fetch_add(1, Ordering::SeqCst);
        let answer = self.server.push(request).await;
        if is_lost(&self.lose_pushes) { lost() } else { answer }
    }
    async fn pull(&self, request: &PullRequest) -> Result<PullResponse, RemoteError> {
        let answer = self.server.pull(request).await;
        let number = self.pulls.fetch_add(1, Ordering::SeqCst);
        if self.lose_pulls.contains(&number) { lost() } else { answer }
    }
    async fn open_upload(&self, request: &OpenUpload) -> Result<OpenedUpload, RemoteError> {
        self.server.open_upload(request).await
    }
    async fn part_urls(&self, asset: AssetId, request: &UrlsRequest) -> Result<UrlsResponse, RemoteError> {
        self.server.part_urls(asset, request).await
    }
    async fn stored_parts(&self, asset: AssetId) -> Result<PartsResponse, RemoteError> {
        self.server.stored_parts(asset).await
    }
    async fn complete_upload(&self, asset: AssetId, request: &CompleteUpload) -> Result<(), RemoteError> {
        self.server.complete_upload(asset, request).await
    }
    async fn cancel_upload(&self, asset: AssetId) -> Result<(), RemoteError> {
        self.server.cancel_upload(asset).await
    }
    async fn thumbnail_url(&self, asset: AssetId) -> Result<SignedUrl, RemoteError> {
        self.server.thumbnail_url(asset).await
    }
    async fn asset_url(&self, asset: AssetId, rendition: Rendition) -> Result<SignedUrl, RemoteError> {
        self.server.asset_url(asset, rendition).await
    }
    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError> {
        self.server.live().await
    }
}

#[tokio::test]
async fn an_edit_stays_in_the_outbox_after_a_push_and_leaves_with_the_pull() {
    let world = World::new().await;
    let device = world.device(world.person().await);
    let lecture = Lecture::on(&device, 1).await;
    device.edit([Mutation::VideoRename { video: lecture.videos[0], title: "new".into() }]).await;
    device.push().await;
    assert_eq!(device.waiting().await, 1, "a push confirms nothing");
    device.pull().await;
    assert_eq!(device.waiting().await, 0);
    assert_eq!(device.titles(lecture.course).await, [vec!["new"], vec![]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_whose_answers_are_lost_are_executed_once_and_leave_with_a_pull() {
    let world = World::new().await;
    let user = world.person().await;
    let device = world.device(user);
    let lecture = Lecture::on(&device, 3).await;
    let (begin, _) = world.row("video", lecture.videos[2].0).await.unwrap();
    let line = Arc::new(Lossy::new(world.remote(user), 2, 0..1));
    let moved = Mutation::VideoMove {
        ids: vec![lecture.videos[0]],
        chapter: lecture.chapters[0],
        place: after(lecture.videos[1]),
    };
    device.edit([moved]).await;
    device.edit([Mutation::VideoRename { video: lecture.videos[0], title: "new".into() }]).await;
    let sync = Sync::start(device.catalogue.clone(), line.clone(), Arc::new(|_| {}));
    until("the first push was taken and its answer lost", async || line.pushes.load(Ordering::SeqCst) >= 1).await;
    assert_eq!(device.waiting().await, 2, "without an answer nothing leaves");
    until("everything is confirmed", async || device.waiting().await == 0).await;
    sync.shutdown().await;
    assert!(line.pushes.load(Ordering::SeqCst) >= 3, "it was pushed again");
    assert_eq!(device.titles(lecture.course).await, [vec!["b", "new", "c"], vec![]]);
    let (version, row) = world.row("video", lecture.videos[0].0).await.unwrap();
    assert_eq!((version, row["title"].as_str()), (begin + 2, Some("new")), "each edit was executed once");
    assert!(device.catalogue.pending().await.unwrap().rejected.is_empty());
}

#[tokio::test]
async fn a_rejected_edit_is_kept_for_its_author_and_the_view_drops_its_effect() {
    let world = World::new().await;
    let user = world.person().await;
    let (here, there) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&here, 2).await;
    there.pull().await;
    there.edit([Mutation::VideoDelete { ids: vec![lecture.videos[0]] }]).await;
    there.sync().await;
    here.edit([Mutation::VideoRename { video: lecture.videos[0], title: "too late".into() }]).await;
    here.edit([Mutation::VideoRename { video: lecture.videos[1], title: "in time".into() }]).await;
    assert_eq!(here.titles(lecture.course).await, [vec!["too late", "in time"], vec![]]);
    here.sync().await;
    let pending = here.catalogue.pending().await.unwrap();
    assert_eq!(pending.edits, 0);
    let rejected: Vec<_> = pending.rejected.iter().map(|edit| (edit.name.as_str(), edit.code.as_str())).collect();
    assert_eq!(rejected, [("video.rename", "deleted")]);
    assert_eq!(here.titles(lecture.course).await, [vec!["in time"], vec![]]);
    assert_eq!(here.view(), world_view(&world, user).await, "nothing of it is left in the view");
    here.catalogue.discard_rejected(pending.rejected[0].mutation_id).await.unwrap();
    here.pull().await;
    assert!(here.catalogue.pending().await.unwrap().rejected.is_empty(), "discarded is discarded");
}

/// What a new device of this person sees.
async fn world_view(world: &World, user: lectern_shared::ids::UserId) -> super::View {
    let fresh = world.device(user);
    fresh.pull().await;
    fresh.view()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_asset_may_be_sent_from_the_answer_to_its_push_on_and_a_refused_one_hears_it_by_the_pull() {
    let world = World::new().await;
    let user = world.person().await;
    let device = world.device(user);
    let (fine, taken) = (AssetId::new(), AssetId::new());
    let create = |asset| Mutation::AssetCreate {
        asset,
        name: "a.mp4".into(),
        kind: AssetKind::Video,
        bytes: 5,
        predecessor: None,
    };
    // Somebody else has made an asset of that id.
    let other = world.device(world.person().await);
    other.edit([create(taken)]).await;
    other.sync().await;
    device.edit([create(taken), create(fine)]).await;
    let line = Arc::new(Lossy::new(world.remote(user), 0, 0..3));
    let sync = Sync::start(device.catalogue.clone(), line.clone(), Arc::new(|_| {}));
    let first = device.catalogue.announced(&[taken, fine]).await.unwrap();
    assert!(matches!(&first[..], [(asset, Announced::Confirmed)] if *asset == fine), "{first:?}");
    assert!(line.pulls.load(Ordering::SeqCst) < 4, "no pull has come through yet");
    let second = device.catalogue.announced(&[taken]).await.unwrap();
    assert!(matches!(&second[..], [(_, Announced::Rejected { .. })]), "{second:?}");
    assert_eq!(device.waiting().await, 0);
    let later = device.catalogue.announced(&[fine]).await.unwrap();
    assert!(matches!(&later[..], [(_, Announced::Confirmed)]), "known after the pull too: {later:?}");
    sync.shutdown().await;
}
