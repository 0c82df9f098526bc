//! The live feed: data-free pokes. A lost one costs a delay, never data: the pull is the truth.

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use lectern_shared::ids::SpaceId;
use lectern_shared::protocol::Poke;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::broadcast;

/// Pokes a slow listener may lag behind before it is told to pull everything.
const LAG_MAX: usize = 256;
const PING_EVERY: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct Feed(broadcast::Sender<Poke>);

impl Default for Feed {
    fn default() -> Self {
        Self(broadcast::channel(LAG_MAX).0)
    }
}

impl Feed {
    pub(crate) fn poke(&self, pokes: impl IntoIterator<Item = (SpaceId, u64)>) {
        for (space, version) in pokes {
            // Nobody listening is fine.
            let _ = self.0.send(Poke { space, version });
        }
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
    let mut pokes = server.feed.0.subscribe();
    let mut spaces = BTreeSet::new();
    let mut ping = tokio::time::interval(PING_EVERY);
    loop {
        let message = tokio::select! {
            poke = pokes.recv() => match poke {
                Ok(poke) => {
                    if !may_hear(&server, identity, poke.space, &mut spaces).await {
                        continue;
                    }
                    serde_json::to_string(&poke).map(|text| Message::Text(text.into())).ok()
                }
                Err(broadcast::error::RecvError::Lagged(_)) => continue,
                Err(broadcast::error::RecvError::Closed) => None,
            },
            _ = ping.tick() => Some(Message::Ping(bytes::Bytes::new())),
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => None,
                Some(Ok(_)) => continue,
            },
        };
        let Some(message) = message else { return };
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn may_hear(server: &Server, identity: Identity, space: SpaceId, known: &mut BTreeSet<SpaceId>) -> bool {
    if !known.contains(&space) {
        *known = server.store.spaces_of(identity.user).await.unwrap_or_default();
    }
    known.contains(&space)
}
