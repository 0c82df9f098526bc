//! Shows colleagues, and one's other devices, how far our uploads are: at most twice a second, the last of each. What does
//! not arrive is not said again: the next one says more.

use crate::EventSink;
use crate::remote::CourseServer;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::OperationId;
use lectern_shared::protocol::{PROGRESS_MAX, PROGRESS_NAME_BYTES_MAX, Progress, ProgressRequest};
use lectern_shared::upload::{UploadSnapshot, UploadState};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const APART: Duration = Duration::from_millis(500);
/// On a line that is dead: the next one says more.
const PATIENCE: Duration = Duration::from_secs(5);

type Latest = BTreeMap<OperationId, Progress>;

/// Passes every event on, and what it says of uploads to the server too.
pub fn telling(events: EventSink, server: Arc<dyn CourseServer>) -> EventSink {
    let (said, heard) = watch::channel(Latest::new());
    tokio::spawn(tell(server, heard));
    Arc::new(move |event| {
        if let AppEvent::Progress { snapshots, .. } = &event {
            let news: Vec<Progress> = snapshots.iter().filter_map(progress).collect();
            said.send_if_modified(|latest| {
                latest.extend(news.iter().map(|one| (one.operation, one.clone())));
                !news.is_empty()
            });
        }
        events(event);
    })
}

/// Until nobody has anything to say any more.
async fn tell(server: Arc<dyn CourseServer>, mut heard: watch::Receiver<Latest>) {
    let mut told = Latest::new();
    while heard.changed().await.is_ok() {
        let latest = heard.borrow_and_update().clone();
        let items: Vec<Progress> =
            latest.values().filter(|one| told.get(&one.operation) != Some(one)).cloned().collect();
        for items in items.chunks(PROGRESS_MAX) {
            let request = ProgressRequest { items: items.to_vec() };
            if let Ok(Err(error)) = tokio::time::timeout(PATIENCE, server.tell_progress(&request)).await {
                tracing::debug!(%error, "nobody was told how far the uploads are");
            }
        }
        told = latest;
        tokio::time::sleep(APART).await;
    }
}

/// None: nothing that others would want to see.
fn progress(upload: &UploadSnapshot) -> Option<Progress> {
    if !matches!(upload.state, UploadState::Uploading | UploadState::Ready) {
        return None;
    }
    let mut file_name = upload.file_name.clone();
    file_name.truncate(file_name.floor_char_boundary(PROGRESS_NAME_BYTES_MAX));
    Some(Progress {
        operation: upload.operation,
        name: upload.name,
        context: upload.context,
        asset: Some(upload.asset),
        file_name,
        bytes: upload.bytes,
        sent: upload.sent,
    })
}
