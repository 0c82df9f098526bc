//! What is much is pulled page by page, and the mirror is held against what the server has (invariant 7).

use super::outbox::Lossy;
use super::{Device, Lecture, World};
use lectern_engine::remote::CourseServer;
use lectern_engine::remote::in_process::InProcessServer;
use lectern_engine::sync::Rounds;
use lectern_shared::mutation::Mutation;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn rounds(device: &Device, server: Arc<dyn CourseServer>) -> Rounds {
    Rounds::new(device.catalogue.clone(), server, Arc::new(drop))
}

#[tokio::test]
async fn a_first_pull_of_many_pages_shows_nothing_until_it_is_whole_and_goes_on_where_it_was_cut_off() {
    let world = World::new().await;
    let user = world.person().await;
    let (here, there) = (world.device(user), world.device(user));
    let lecture = Lecture::on(&here, 8).await;
    let in_pages = InProcessServer::new(world.server.clone().with_pages_of(5).router_for(user));
    let line = Arc::new(Lossy::new(in_pages, 0, 2..3));
    let mut rounds = rounds(&there, line.clone());
    assert!(rounds.round().await.unwrap_err().is_silence(), "the third page is lost");
    assert!(there.view().is_empty(), "half a course makes no sense");
    // Meanwhile something of the first page changes.
    here.edit([Mutation::CourseRename { course: lecture.course, title: "Physics".into() }]).await;
    here.sync().await;
    rounds.round().await.unwrap();
    assert_eq!(there.view(), here.view());
    // A course, two chapters, eight videos with an asset and a summary each, and the course again.
    let pages = 28_u32.div_ceil(5);
    assert_eq!(line.pulls.load(Ordering::SeqCst), pages + 1, "no page came twice, but for the lost one");
    rounds.round().await.unwrap();
    assert_eq!(line.pulls.load(Ordering::SeqCst), pages + 2, "then one is enough");
}

#[tokio::test]
async fn a_mirror_that_has_lost_something_is_noticed_at_the_next_start_and_keeps_what_was_not_sent() {
    let world = World::new().await;
    let device = world.device(world.person().await);
    let lecture = Lecture::on(&device, 3).await;
    let whole = device.view();
    let mirror = rusqlite::Connection::open(&device.file).unwrap();
    for table in ["base_row", "video"] {
        let sql = format!("DELETE FROM {table} WHERE id = ?1");
        assert_eq!(mirror.execute(&sql, [lecture.videos[1].to_string()]).unwrap(), 1);
    }
    device.edit([Mutation::VideoRename { video: lecture.videos[0], title: "new".into() }]).await;
    let mut rounds = rounds(&device, Arc::new(device.remote.clone()));
    rounds.round().await.unwrap();
    let view = device.view();
    assert_eq!(view.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
    assert_eq!(device.titles(lecture.course).await, [vec!["new", "b", "c"], vec![]]);
}
