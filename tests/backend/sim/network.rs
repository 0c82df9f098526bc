//! The line between a device and the server. What it does wrong is drawn from a seed.

use futures::stream::BoxStream;
use lectern_engine::remote::in_process::InProcessServer;
use lectern_engine::remote::{CourseServer, RemoteError};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{
    CompleteUpload, LiveMessage, OpenUpload, OpenedUpload, PartsResponse, Problem, ProblemCode, PullRequest,
    PullResponse, PushRequest, PushResponse, Rendition, SignedUrl, UrlsRequest, UrlsResponse,
};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Passes,
    /// It does not arrive.
    Lost,
    /// It is carried out, and nobody hears of it.
    AnswerLost,
    /// It arrives twice.
    Doubled,
    /// It arrives when nobody waits for it any more, after others.
    Late,
    /// The server fails.
    Fails,
    /// The program ends before the call, or when it was carried out.
    CrashBefore,
    CrashAfter,
}

/// To one server, for all devices.
pub(super) struct Network {
    state: Arc<Mutex<State>>,
    /// From now on every call passes.
    pub(super) is_good: Arc<AtomicBool>,
}

struct State {
    random: StdRng,
    server: InProcessServer,
    late: Vec<PushRequest>,
    met: Vec<Fate>,
}

/// One device's end.
#[derive(Clone)]
pub(super) struct Line {
    state: Arc<Mutex<State>>,
    is_good: Arc<AtomicBool>,
    pub(super) crashed: Arc<Notify>,
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    pub(super) fn new(server: InProcessServer, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        let state = State { random, server, late: Vec::new(), met: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)), is_good: Arc::default() }
    }

    pub(super) fn line(&self) -> Line {
        Line { state: self.state.clone(), is_good: self.is_good.clone(), crashed: Arc::default() }
    }

    pub(super) fn lead_to(&self, server: InProcessServer) {
        lock(&self.state).server = server;
    }

    pub(super) fn take_met(&self) -> Vec<Fate> {
        std::mem::take(&mut lock(&self.state).met)
    }

    /// A push that was held up arrives at last. Answers whether there was one.
    pub(super) async fn deliver_late(&self) -> bool {
        let (late, server) = {
            let mut state = lock(&self.state);
            (state.late.pop(), state.server.clone())
        };
        let Some(late) = late else { return false };
        // Whatever it answers, nobody hears it.
        drop(server.push(&late).await);
        true
    }
}

impl Line {
    fn draw(&self) -> (Fate, InProcessServer) {
        let mut state = lock(&self.state);
        let fate = match state.random.random_range(0..100) {
            _ if self.is_good.load(Ordering::Relaxed) => Fate::Passes,
            0..62 => Fate::Passes,
            62..69 => Fate::Lost,
            69..77 => Fate::AnswerLost,
            77..84 => Fate::Doubled,
            84..88 => Fate::Late,
            88..92 => Fate::Fails,
            92..96 => Fate::CrashBefore,
            _ => Fate::CrashAfter,
        };
        state.met.push(fate);
        (fate, state.server.clone())
    }

    async fn crash<T>(&self) -> T {
        self.crashed.notify_one();
        std::future::pending().await
    }
}

fn silence<T>() -> Result<T, RemoteError> {
    Err(RemoteError::Unreachable("the line is down".to_owned()))
}

fn failing<T>() -> Result<T, RemoteError> {
    Err(RemoteError::Problem(Problem { code: ProblemCode::Internal, detail: "the disk is full".to_owned() }))
}

#[async_trait::async_trait]
impl CourseServer for Line {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, RemoteError> {
        let (fate, server) = self.draw();
        match fate {
            Fate::Passes => server.push(request).await,
            Fate::Lost => silence(),
            Fate::AnswerLost => {
                drop(server.push(request).await);
                silence()
            }
            Fate::Doubled => {
                drop(server.push(request).await);
                server.push(request).await
            }
            Fate::Late => {
                lock(&self.state).late.push(request.clone());
                silence()
            }
            Fate::Fails => failing(),
            Fate::CrashBefore => self.crash().await,
            Fate::CrashAfter => {
                drop(server.push(request).await);
                self.crash().await
            }
        }
    }

    async fn pull(&self, request: &PullRequest) -> Result<PullResponse, RemoteError> {
        let (fate, server) = self.draw();
        match fate {
            Fate::Passes => server.pull(request).await,
            Fate::Doubled => {
                drop(server.pull(request).await);
                server.pull(request).await
            }
            Fate::Lost | Fate::AnswerLost | Fate::Late => silence(),
            Fate::Fails => failing(),
            Fate::CrashBefore | Fate::CrashAfter => self.crash().await,
        }
    }

    async fn open_upload(&self, _: &OpenUpload) -> Result<OpenedUpload, RemoteError> {
        silence()
    }

    async fn part_urls(&self, _: AssetId, _: &UrlsRequest) -> Result<UrlsResponse, RemoteError> {
        silence()
    }

    async fn stored_parts(&self, _: AssetId) -> Result<PartsResponse, RemoteError> {
        silence()
    }

    async fn complete_upload(&self, _: AssetId, _: &CompleteUpload) -> Result<(), RemoteError> {
        silence()
    }

    async fn cancel_upload(&self, _: AssetId) -> Result<(), RemoteError> {
        silence()
    }

    async fn thumbnail_url(&self, _: AssetId) -> Result<SignedUrl, RemoteError> {
        silence()
    }

    async fn asset_url(&self, _: AssetId, _: Rendition) -> Result<SignedUrl, RemoteError> {
        silence()
    }

    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError> {
        silence()
    }
}
