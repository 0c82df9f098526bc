//! The live feed: data-free pokes. A lost one costs a delay, never data: the pull is the truth.

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::People;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use lectern_shared::ids::{DeviceId, SpaceId};
use lectern_shared::protocol::Poke;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

/// How much a slow listener may lag behind before it is told to pull everything.
const LAG_MAX: usize = 256;
const PING_EVERY: Duration = Duration::from_secs(20);
const SEND_PATIENCE: Duration = Duration::from_secs(10);

/// What a feed may have to tell.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News {
    Poke(Poke),
    /// The feeds of this device end.
    Revoked(DeviceId),
    /// Something may have happened elsewhere that nobody heard of.
    Missed,
}

#[derive(Clone)]
pub(crate) struct Feed {
    news: broadcast::Sender<News>,
    /// What happened on this node, for the others.
    said: broadcast::Sender<Poke>,
    stop: CancellationToken,
}

impl Default for Feed {
    fn default() -> Self {
        let (news, said) = (broadcast::channel(LAG_MAX).0, broadcast::channel(LAG_MAX).0);
        Self { news, said, stop: CancellationToken::new() }
    }
}

impl Feed {
    /// Ends all feeds.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// Cancelled when the server stops.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// From another node, or for this one alone.
    pub(crate) fn hear(&self, news: News) {
        // Nobody listening is fine.
        let _ = self.news.send(news);
    }

    pub(crate) fn poke(&self, pokes: impl IntoIterator<Item = (SpaceId, u64)>) {
        for (space, version) in pokes {
            let poke = Poke { space, version };
            self.hear(News::Poke(poke));
            let _ = self.said.send(poke);
        }
    }

    pub(crate) fn said(&self) -> broadcast::Receiver<Poke> {
        self.said.subscribe()
    }
}

/// `GET /v1/live`, upgraded.
pub(crate) async fn live(
    State(server): State<Server>,
    identity: Identity,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    Ok(upgrade.max_message_size(64 * 1024).on_upgrade(move |socket| feed(server, identity, socket)))
}

async fn feed(server: Server, identity: Identity, mut socket: WebSocket) {
    let mut news = server.feed.news.subscribe();
    let mut spaces = BTreeSet::new();
    let mut ping = tokio::time::interval(PING_EVERY);
    loop {
        let message = tokio::select! {
            heard = news.recv() => match heard {
                Ok(News::Poke(poke)) => match may_hear(&server, identity, poke.space, &mut spaces).await {
                    true => Some(text(poke)),
                    false => continue,
                },
                Ok(News::Revoked(device)) if identity.device != Some(device) => continue,
                Ok(News::Missed) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    spaces.clear();
                    // Any poke makes the app ask for everything.
                    let poke = Poke { space: identity.user.into(), version: 0 };
                    is_let_in(&server, identity).await.then(|| text(poke))
                }
                Ok(News::Revoked(_)) | Err(broadcast::error::RecvError::Closed) => None,
            },
            _ = ping.tick() => match is_let_in(&server, identity).await {
                true => {
                    // Courses one was taken out of on another node.
                    spaces.clear();
                    Some(Message::Ping(bytes::Bytes::new()))
                }
                false => None,
            },
            () = server.feed.stop.cancelled() => None,
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => None,
                Some(Ok(_)) => continue,
            },
        };
        let Some(message) = message else { return };
        // One that reads no more is not waited for.
        if !matches!(tokio::time::timeout(SEND_PATIENCE, socket.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
}

fn text(poke: Poke) -> Message {
    Message::Text(serde_json::json!(poke).to_string().into())
}

/// A device that was locked out while another node, or nobody, told us.
async fn is_let_in(server: &Server, identity: Identity) -> bool {
    let Some(device) = identity.device else { return true };
    match server.store.begin_read().await {
        Ok(mut tx) => tx.is_let_in(device, identity.user).await.unwrap_or(true),
        // Nobody is thrown out because the database is away.
        Err(_) => true,
    }
}

async fn may_hear(server: &Server, identity: Identity, space: SpaceId, known: &mut BTreeSet<SpaceId>) -> bool {
    // A poke of one's own library may be about what one may see now.
    if !known.contains(&space) || space == identity.user.into() {
        *known = server.store.spaces_of(identity.user).await.unwrap_or_default();
    }
    known.contains(&space)
}
