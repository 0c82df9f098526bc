//! How far somebody is with an upload, as others see it.

use super::team::{Office, access_token};
use super::{Lecture, World, problem};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use lectern_engine::remote::CourseServer as _;
use lectern_shared::access::{Role, SetMember, Who};
use lectern_shared::ids::{CourseId, OperationId};
use lectern_shared::protocol::{
    ColleagueProgress, LiveMessage, PROGRESS_MAX, PROGRESS_NAME_BYTES_MAX, ProblemCode, Progress, ProgressRequest,
};
use lectern_shared::upload::{ProgressName, UploadContext};
use std::time::Duration;

fn on(context: UploadContext, sent: u64) -> Progress {
    let (operation, name, file_name) = (OperationId::new(), ProgressName::UploadProgress, "Lecture.mp4".to_owned());
    Progress { operation, name, context, asset: None, file_name, bytes: 1_000, sent }
}

const SOON: Duration = Duration::from_secs(5);
/// In which nothing comes that has not come.
const MOMENT: Duration = Duration::from_millis(300);

/// The next that is heard; none when there is nothing so long.
async fn heard(feed: &mut BoxStream<'static, LiveMessage>, patience: Duration) -> Option<ColleagueProgress> {
    loop {
        match tokio::time::timeout(patience, feed.next()).await.ok()?? {
            LiveMessage::Progress(progress) => return Some(progress),
            LiveMessage::Poke(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_a_course_sees_how_far_an_upload_to_it_is_and_nobody_else_does() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let (ada, bob, eve) = (
        office.person("ada@example.edu").await,
        office.person("bob@example.edu").await,
        office.person("eve@example.edu").await,
    );
    let course = Lecture::on(&office.device(&world, &ada), 1).await.course;
    let body = serde_json::to_string(&SetMember { who: Who::User(bob.user), role: Role::Viewer }).unwrap();
    let set = reqwest::Client::new().put(format!("{}/v1/courses/{course}/members", office.address)).body(body);
    let set = set.bearer_auth(access_token(&office, &ada).await).send().await.unwrap();
    assert_eq!(set.status(), 204);
    let second = office.pair(&office.invite("ada@example.edu").await.code).await.unwrap();
    let [sender, colleague, stranger, desktop] = [&ada, &bob, &eve, &second].map(|paired| office.remote(paired));
    let mut feeds = Vec::new();
    for remote in [&sender, &colleague, &stranger, &desktop] {
        feeds.push(remote.live().await.unwrap());
    }
    let tell = async |items: Vec<Progress>| sender.tell_progress(&ProgressRequest { items }).await;

    let in_course = on(UploadContext::Course(course), 400);
    // A feed begins when the server has taken the socket over, which nobody is told.
    let mut seen = None;
    for _ in 0..50 {
        tell(vec![in_course.clone()]).await.unwrap();
        seen = heard(&mut feeds[1], MOMENT).await;
        if seen.is_some() && heard(&mut feeds[3], MOMENT).await.is_some() {
            break;
        }
    }
    let wanted = ColleagueProgress { by: ada.user, by_name: "ada".to_owned(), items: vec![in_course] };
    assert_eq!(seen, Some(wanted));
    while heard(&mut feeds[3], MOMENT).await.is_some() {}
    while heard(&mut feeds[1], MOMENT).await.is_some() {}

    let in_library = on(UploadContext::User(ada.user), 10);
    tell(vec![in_library.clone()]).await.unwrap();
    assert_eq!(heard(&mut feeds[3], SOON).await.map(|seen| seen.items), Some(vec![in_library]), "her other computer");
    assert_eq!(heard(&mut feeds[1], MOMENT).await, None, "her library is hers");
    assert_eq!(
        (heard(&mut feeds[0], MOMENT).await, heard(&mut feeds[2], MOMENT).await),
        (None, None),
        "neither an echo nor a stranger"
    );
}

#[tokio::test]
async fn progress_that_nobody_may_tell_or_that_cannot_be_is_refused() {
    let world = World::new().await;
    let office = Office::of(&world).await;
    let (ada, eve) = (office.person("ada@example.edu").await, office.person("eve@example.edu").await);
    let course = UploadContext::Course(Lecture::on(&office.device(&world, &ada), 1).await.course);
    let (sender, stranger) = (office.remote(&ada), office.remote(&eve));
    let tell = |items| ProgressRequest { items };
    for context in [course, UploadContext::User(ada.user)] {
        let refused = stranger.tell_progress(&tell(vec![on(context, 1)])).await;
        assert_eq!(problem(refused), ProblemCode::NotFound, "{context:?}");
    }
    let too_long = Progress { file_name: "a".repeat(PROGRESS_NAME_BYTES_MAX + 1), ..on(course, 1) };
    for wrong in [on(course, 1_001), too_long] {
        assert_eq!(problem(sender.tell_progress(&tell(vec![wrong])).await), ProblemCode::Invalid);
    }
    let mixed = vec![on(course, 1), on(UploadContext::Course(CourseId::new()), 1)];
    sender.tell_progress(&tell(mixed)).await.expect("what may be told is told");
    let many = (0..=PROGRESS_MAX).map(|_| on(course, 1)).collect();
    assert_eq!(problem(sender.tell_progress(&tell(many)).await), ProblemCode::TooLarge);
}
