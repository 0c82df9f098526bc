//! The live feed: data-free pokes, and progress that nobody keeps. A lost one costs a delay, never data: the pull is the
//! truth.

mod listeners;

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::{People, Spaces as _};
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use lectern_shared::ids::{DeviceId, SpaceId, UserId};
use lectern_shared::protocol::{ColleagueProgress, LiveMessage, Poke, Problem, Progress};
use listeners::{Heard, Listener, Listeners};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const PING_EVERY: Duration = Duration::from_secs(20);
const SEND_PATIENCE: Duration = Duration::from_secs(10);
/// What comes from an app is a pong or a goodbye, and each of thousands of feeds keeps so much for it.
const READ_BUFFER_BYTES: usize = 1024;

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

#[derive(Clone, Default)]
pub(crate) struct Feed {
    listeners: Arc<Listeners>,
    /// Where there are other nodes.
    said: Arc<OnceLock<mpsc::UnboundedSender<Said>>>,
    stop: CancellationToken,
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
        match news {
            News::Poke(poke) => self.listeners.poke(poke),
            News::Revoked(device) => self.listeners.revoke(device),
            News::Missed => self.listeners.have_missed(),
        }
    }

    pub(crate) fn hear_told(&self, told: Arc<Told>) {
        self.listeners.tell(&told);
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
        self.listeners.count()
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
    let upgrade = upgrade.max_message_size(64 * 1024).read_buffer_size(READ_BUFFER_BYTES);
    Ok(upgrade.on_upgrade(move |socket| feed(server, identity, socket)))
}

async fn feed(server: Server, identity: Identity, mut socket: WebSocket) {
    let listener = server.feed.listeners.add(identity);
    // Where one is a member. Asked for anew when one's own library is poked, which every change of it does, and at times.
    let mut is_let_in = look(&server, &listener).await;
    // Not all at once: after a restart thousands come in one second.
    let first_ping = Instant::now() + PING_EVERY.mul_f64(rand::random());
    let mut ping = tokio::time::interval_at(first_ping, PING_EVERY);
    // From here on everything is heard.
    let mut messages = vec![Message::Ping(bytes::Bytes::new())];
    loop {
        for message in messages.drain(..).take_while(|_| is_let_in) {
            // One that reads no more is not waited for.
            if !matches!(tokio::time::timeout(SEND_PATIENCE, socket.send(message)).await, Ok(Ok(()))) {
                return;
            }
        }
        if !is_let_in {
            return;
        }
        tokio::select! {
            heard = listener.hears() => {
                if heard.is_revoked {
                    return;
                }
                if heard.has_missed || heard.spaces.contains_key(&identity.user.into()) {
                    is_let_in = look(&server, &listener).await;
                }
                messages = told(identity, heard);
            }
            _ = ping.tick() => {
                // Courses one was taken out of on another node; a device that was locked out while nobody told us.
                is_let_in = look(&server, &listener).await;
                messages.push(Message::Ping(bytes::Bytes::new()));
            }
            () = server.feed.stop.cancelled() => return,
            heard = socket.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}

fn told(identity: Identity, heard: Heard) -> Vec<Message> {
    // Any poke makes the app ask for everything.
    let missed = heard.has_missed.then(|| Poke { space: identity.user.into(), version: 0 });
    let pokes = heard.spaces.into_iter().map(|(space, version)| Poke { space, version });
    let pokes = missed.into_iter().chain(pokes).map(|poke| text(&LiveMessage::Poke(poke)));
    let progress = heard.told.into_iter().map(|told| {
        let Told { by, by_name, items, .. } = told.as_ref().clone();
        text(&LiveMessage::Progress(ColleagueProgress { by, by_name, items }))
    });
    pokes.chain(progress).collect()
}

fn text(message: &LiveMessage) -> Message {
    Message::Text(serde_json::json!(message).to_string().into())
}

/// Asks where the person is a member, and answers whether the device is still let in. While the database is away, what was
/// known counts: nobody is thrown out for that.
async fn look(server: &Server, listener: &Listener) -> bool {
    let Identity { user, device } = listener.identity();
    let Ok(mut tx) = server.store.begin_read().await else { return true };
    if let Some(device) = device
        && !tx.is_let_in(device, user).await.unwrap_or(true)
    {
        return false;
    }
    if let Ok(spaces) = tx.spaces_of(user).await {
        listener.is_in(spaces);
    }
    true
}
