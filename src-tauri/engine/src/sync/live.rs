//! Listens to the server: each poke asks for a pull, and what others do is shown.

use crate::EventSink;
use crate::remote::CourseServer;
use futures::StreamExt;
use lectern_shared::event::AppEvent;
use lectern_shared::protocol::LiveMessage;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const AGAIN_FIRST: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(30);

/// Runs until dropped. A lost feed is opened again, later and later; until then the regular pull finds what changed.
pub(super) async fn listen(server: Arc<dyn CourseServer>, poked: Arc<Notify>, events: EventSink) {
    let mut again = AGAIN_FIRST;
    loop {
        match server.live().await {
            Ok(mut feed) => {
                // What changed while nobody listened.
                poked.notify_one();
                again = AGAIN_FIRST;
                while let Some(message) = feed.next().await {
                    match message {
                        LiveMessage::Poke(_) => poked.notify_one(),
                        LiveMessage::Progress(progress) => events(AppEvent::Elsewhere { progress }),
                    }
                }
            }
            // A device that was locked out is to know it now, not at the next regular pull.
            Err(error) if error.is_signed_out() => poked.notify_one(),
            Err(_) => {}
        }
        tokio::time::sleep(again).await;
        again = (again * 2).min(AGAIN_MAX);
    }
}
