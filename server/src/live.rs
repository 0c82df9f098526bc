//! The live feed: data-free pokes, and progress that nobody keeps. A lost one costs a delay, never data: the pull is the
//! truth.

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::People;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use lectern_shared::ids::{DeviceId, SpaceId, UserId};
use lectern_shared::protocol::{ColleagueProgress, LiveMessage, Poke, Problem, Progress};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How much a slow listener may lag behind before it is told to pull everything.
const LAG_MAX: usize = 256;
const PING_EVERY: Duration = Duration::from_secs(20);
const SEND_PATIENCE: Duration = Duration::from_secs(10);

/// What a feed may have to tell.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Poke(Poke),
    /// The feeds of this device end.
    Revoked(DeviceId),
    /// Something may have happened elsewhere that nobody heard of.
    Missed,
}

/// Progress in one space, and the device that told it: its own feed needs no echo.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) device: Option<DeviceId>,
    pub(crate) space: SpaceId,
    pub(crate) by: UserId,
    pub(crate) by_name: String,
    pub(crate) items: Vec<Progress>,
}

/// What happened on this node, for the others.
#[derive(Clone, Debug)]
pub(crate) enum Said {
    Poke(Poke),
    Progress(Arc<Told>),
}

#[derive(Clone)]
pub(crate) struct Feed {
    news: broadcast::Sender<News>,
    /// Apart from the news: it comes in masses, and what is lost of it nobody misses.
    progress: broadcast::Sender<Arc<Told>>,
    /// Where there are other nodes.
    said: Arc<OnceLock<mpsc::UnboundedSender<Said>>>,
    stop: CancellationToken,
}

impl Default for Feed {
    fn default() -> Self {
        let (news, progress) = (broadcast::channel(LAG_MAX).0, broadcast::channel(LAG_MAX).0);
        Self { news, progress, said: Arc::default(), stop: CancellationToken::new() }
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

    pub(crate) fn hear_told(&self, told: Arc<Told>) {
        let _ = self.progress.send(told);
    }

    pub(crate) fn poke(&self, pokes: impl IntoIterator<Item = (SpaceId, u64)>) {
        for (space, version) in pokes {
            let poke = Poke { space, version };
            self.hear(News::Poke(poke));
            self.say(Said::Poke(poke));
        }
    }

    pub(crate) fn tell(&self, told: Arc<Told>) {
        self.hear_told(told.clone());
        self.say(Said::Progress(told));
    }

    fn say(&self, said: Said) {
        if let Some(others) = self.said.get() {
            let _ = others.send(said);
        }
    }

    /// What is said from now on. None: somebody listens already.
    pub(crate) fn said(&self) -> Option<mpsc::UnboundedReceiver<Said>> {
        let (say, said) = mpsc::unbounded_channel();
        self.said.set(say).is_ok().then_some(said)
    }

    /// Feeds that are open.
    pub(crate) fn count(&self) -> usize {
        self.news.receiver_count()
    }
}

/// A WebSocket of `LiveMessage`s: which spaces have changed, and how far others are with their work. Hints; the pull is the
/// truth.
#[utoipa::path(get, path = "/v1/live", tag = "sync",
    responses((status = SWITCHING_PROTOCOLS, body = LiveMessage), (status = "default", body = Problem)))]
pub(crate) async fn live(
    State(server): State<Server>,
    identity: Identity,
    upgrade: WebSocketUpgrade,
) -> Result<Response, ApiError> {
    Ok(upgrade.max_message_size(64 * 1024).on_upgrade(move |socket| feed(server, identity, socket)))
}

async fn feed(server: Server, identity: Identity, mut socket: WebSocket) {
    let (mut news, mut progress) = (server.feed.news.subscribe(), server.feed.progress.subscribe());
    // Where one is a member. Asked for anew when one's own library is poked, which every change of it does, and at times.
    let mut spaces = BTreeSet::new();
    look(&server, identity, &mut spaces).await;
    let mut ping = tokio::time::interval(PING_EVERY);
    loop {
        let message = tokio::select! {
            heard = news.recv() => match heard {
                Ok(News::Poke(poke)) => {
                    if poke.space == identity.user.into() {
                        look(&server, identity, &mut spaces).await;
                    }
                    if !spaces.contains(&poke.space) {
                        continue;
                    }
                    Some(text(&LiveMessage::Poke(poke)))
                }
                Ok(News::Revoked(device)) if identity.device != Some(device) => continue,
                Ok(News::Missed) | Err(RecvError::Lagged(_)) => {
                    look(&server, identity, &mut spaces).await;
                    // Any poke makes the app ask for everything.
                    let poke = Poke { space: identity.user.into(), version: 0 };
                    is_let_in(&server, identity).await.then(|| text(&LiveMessage::Poke(poke)))
                }
                Ok(News::Revoked(_)) | Err(RecvError::Closed) => None,
            },
            told = progress.recv() => match told {
                Ok(told) if told.device != identity.device && spaces.contains(&told.space) => {
                    let Told { by, by_name, items, .. } = told.as_ref().clone();
                    Some(text(&LiveMessage::Progress(ColleagueProgress { by, by_name, items })))
                }
                Ok(_) | Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => None,
            },
            _ = ping.tick() => match is_let_in(&server, identity).await {
                true => {
                    // Courses one was taken out of on another node.
                    look(&server, identity, &mut spaces).await;
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

fn text(message: &LiveMessage) -> Message {
    Message::Text(serde_json::json!(message).to_string().into())
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

/// While the database is away, what was known counts.
async fn look(server: &Server, identity: Identity, known: &mut BTreeSet<SpaceId>) {
    if let Ok(spaces) = server.store.spaces_of(identity.user).await {
        *known = spaces;
    }
}
