//! Listens to the server's pokes; each one asks for a pull.

use crate::remote::CourseServer;
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

const AGAIN_FIRST: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(30);

/// Runs until dropped. A lost feed is opened again, later and later; until then the regular pull finds what changed.
pub(super) async fn listen(server: Arc<dyn CourseServer>, poked: Arc<Notify>) {
    let mut again = AGAIN_FIRST;
    loop {
        if let Ok(mut pokes) = server.live().await {
            // What changed while nobody listened.
            poked.notify_one();
            again = AGAIN_FIRST;
            while pokes.next().await.is_some() {
                poked.notify_one();
            }
        }
        tokio::time::sleep(again).await;
        again = (again * 2).min(AGAIN_MAX);
    }
}
