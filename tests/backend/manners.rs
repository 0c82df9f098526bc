//! What a person asked for about sending holds over a restart, from the first moment.

use crate::desk::{self, Desk, MIB};
use lectern_shared::command::TeachArguments;
use lectern_shared::event::AppEvent;
use lectern_shared::upload::{Destination, Hold, SendingRules, UploadState};
use std::sync::Arc;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_of_a_lecture_sends_nothing_until_it_is_over() {
    let desk = Desk::open().await;
    desk.workspace().teach(TeachArguments::UntilISay).await.unwrap();
    let rules = SendingRules { limit: Some(50_000_000), timetable: Vec::new() };
    desk.workspace().set_sending_rules(rules.clone()).await.unwrap();
    let file = desk.file("lecture.mp4", MIB);
    let operation = desk.drop_on(&[&file], Destination::Library).await.operations[0];
    let place = desk.place();
    let folder = desk.close().await;

    let events = Arc::default();
    let again = desk::open(&place, &events).await;
    let workspace = &again.workspace;
    assert_eq!(workspace.list_uploads().totals.hold, Some(Hold::Teaching { until: None }), "known at once");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let still = desk::upload(workspace, operation);
    assert_eq!((still.sent, still.state), (0, UploadState::Queued), "{still:?}");
    assert_eq!(workspace.sending_rules(), rules);
    let sent = |event: &AppEvent| matches!(event, AppEvent::Progress { snapshots, .. } if snapshots.iter().any(|one| one.sent > 0));
    assert!(!events.lock().unwrap().iter().any(sent), "not for a moment");

    workspace.teach(TeachArguments::Over).await.unwrap();
    desk::until_ready(workspace, operation).await;
    again.shutdown().await;
    drop(folder);
}
