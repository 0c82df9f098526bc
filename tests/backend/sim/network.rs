//! The line between a device and the server. What it does wrong is drawn from a seed. It carries calls as the app does: with
//! a token of some minutes, made anew when it is refused.

use super::hosted::{BREAKS_AT, Door, is_signed_out};
use futures::stream::BoxStream;
use http::Method;
use lectern_engine::remote::{CourseServer, RemoteError};
use lectern_shared::access::{AccessToken, Paired};
use lectern_shared::ids::{AssetId, DeviceId, SpaceId, UserId};
use lectern_shared::protocol::{
    CompleteUpload, LiveMessage, OpenUpload, OpenedUpload, PartsResponse, Problem, ProblemCode, PullRequest,
    PullResponse, PushRequest, PushResponse, Rendition, SignedUrl, UrlsRequest, UrlsResponse,
};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
    /// The server's database fails at this table, in the midst of the call's transaction.
    Breaks(&'static str),
    /// The token has ended, and no other one can be had just now.
    SignedOut,
    /// The program ends before the call, or when it was carried out.
    CrashBefore,
    CrashAfter,
}

/// To one server, for all devices.
pub(super) struct Network {
    state: Arc<Mutex<State>>,
    /// From now on every call passes.
    pub(super) is_good: Arc<AtomicBool>,
    /// A round may be held up between its calls for others to do something.
    pub(super) may_pause: Arc<AtomicBool>,
}

struct State {
    random: StdRng,
    door: Door,
    late: Vec<(Line, PushRequest)>,
    met: Vec<Fate>,
    /// What the server must never have done.
    breaches: Vec<String>,
}

/// What lets a computer in.
#[derive(Clone, Default)]
pub(super) struct Papers {
    pub(super) device: Option<(DeviceId, String)>,
    access: Option<String>,
    /// The server does not know this computer any more: somebody has to let it in again.
    pub(super) are_refused: bool,
}

/// One device's end.
#[derive(Clone)]
pub(super) struct Line {
    state: Arc<Mutex<State>>,
    is_good: Arc<AtomicBool>,
    may_pause: Arc<AtomicBool>,
    user: UserId,
    papers: Arc<Mutex<Papers>>,
    pub(super) crashed: Arc<Notify>,
    /// A round waits between two calls, and goes on.
    pub(super) pauses: Arc<Notify>,
    pub(super) goes_on: Arc<Notify>,
    /// The app's, as the server is told.
    pub(super) schema: Arc<AtomicU32>,
    /// Where the person was a member when the last pull was answered.
    members: Arc<Mutex<BTreeSet<SpaceId>>>,
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Network {
    pub(super) fn new(door: Door, seed: u64) -> Self {
        let random = StdRng::seed_from_u64(seed);
        let state = State { random, door, late: Vec::new(), met: Vec::new(), breaches: Vec::new() };
        let may_pause = Arc::new(AtomicBool::new(true));
        Self { state: Arc::new(Mutex::new(state)), is_good: Arc::default(), may_pause }
    }

    pub(super) fn line(&self, user: UserId, device: Option<(DeviceId, String)>) -> Line {
        Line {
            state: self.state.clone(),
            is_good: self.is_good.clone(),
            may_pause: self.may_pause.clone(),
            user,
            papers: Arc::new(Mutex::new(Papers { device, ..Papers::default() })),
            crashed: Arc::default(),
            pauses: Arc::default(),
            goes_on: Arc::default(),
            schema: Arc::new(AtomicU32::new(lectern_shared::SCHEMA)),
            members: Arc::default(),
        }
    }

    pub(super) fn lead_to(&self, door: Door) {
        lock(&self.state).door = door;
    }

    pub(super) fn take_met(&self) -> Vec<Fate> {
        std::mem::take(&mut lock(&self.state).met)
    }

    pub(super) fn breaches(&self) -> Vec<String> {
        lock(&self.state).breaches.clone()
    }

    /// A push that was held up arrives at last. Answers whether there was one.
    pub(super) async fn deliver_late(&self) -> bool {
        let late = lock(&self.state).late.pop();
        let Some((line, request)) = late else { return false };
        // Whatever it answers, nobody hears it.
        drop(line.deliver_push(&request).await);
        true
    }
}

impl Line {
    pub(super) fn user(&self) -> UserId {
        self.user
    }

    pub(super) fn papers(&self) -> MutexGuard<'_, Papers> {
        lock(&self.papers)
    }

    pub(super) fn takes(&self, paired: Paired) {
        *self.papers() = Papers { device: Some((paired.device, paired.device_token)), ..Papers::default() };
    }

    pub(super) fn members(&self) -> BTreeSet<SpaceId> {
        lock(&self.members).clone()
    }

    fn draw(&self) -> Fate {
        let mut state = lock(&self.state);
        let fate = match state.random.random_range(0..100) {
            _ if self.is_good.load(Ordering::Relaxed) => Fate::Passes,
            0..61 => Fate::Passes,
            61..67 => Fate::Lost,
            67..75 => Fate::AnswerLost,
            75..82 => Fate::Doubled,
            82..86 => Fate::Late,
            86..91 => Fate::Breaks(BREAKS_AT[state.random.random_range(..BREAKS_AT.len())]),
            91..93 => Fate::SignedOut,
            93..96 => Fate::CrashBefore,
            _ => Fate::CrashAfter,
        };
        state.met.push(fate);
        fate
    }

    /// Others may do something here.
    async fn pause(&self) {
        let is_possible = self.may_pause.load(Ordering::Relaxed) && !self.is_good.load(Ordering::Relaxed);
        if is_possible && lock(&self.state).random.random_range(0..100) < 7 {
            self.pauses.notify_one();
            self.goes_on.notified().await;
        }
    }

    fn door(&self) -> Door {
        lock(&self.state).door.clone()
    }

    async fn crash<T>(&self) -> T {
        self.crashed.notify_one();
        std::future::pending().await
    }

    /// An access token, made anew unless there is another one than this.
    async fn access(&self, not: Option<&str>) -> Result<String, RemoteError> {
        let (device, known) = {
            let papers = self.papers();
            (papers.device.clone(), papers.access.clone())
        };
        if let Some(known) = known.filter(|known| not != Some(known)) {
            return Ok(known);
        }
        let device = device.map(|(_, token)| token).unwrap_or_default();
        let asked = self.door().ask::<AccessToken>(Method::POST, "/v1/token", Some(&device), Vec::new()).await;
        let mut papers = self.papers();
        papers.are_refused = asked.as_ref().is_err_and(is_signed_out);
        papers.access = asked.as_ref().ok().map(|made| made.access_token.clone());
        asked.map(|made| made.access_token)
    }

    /// One call, without anything going wrong on its way.
    pub(super) async fn call<A: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &A,
    ) -> Result<T, RemoteError> {
        let body = serde_json::to_vec(body).map_err(|error| RemoteError::Unreachable(error.to_string()))?;
        let token = self.access(None).await?;
        match self.door().ask(method.clone(), path, Some(&token), body.clone()).await {
            Err(error) if is_signed_out(&error) => {
                let token = self.access(Some(&token)).await?;
                self.door().ask(method, path, Some(&token), body).await
            }
            answer => answer,
        }
    }

    async fn deliver_push(&self, request: &PushRequest) -> Result<PushResponse, RemoteError> {
        let answer = self.call(Method::POST, "/v1/push", request).await;
        let mut state = lock(&self.state);
        let trespasses = state.door.tables().trespasses();
        state.breaches.extend(trespasses.unwrap_or_else(|error| vec![error.to_string()]));
        answer
    }

    async fn deliver_pull(&self, request: &PullRequest) -> Result<PullResponse, RemoteError> {
        let answer: PullResponse = self.call(Method::POST, "/v1/pull", request).await?;
        let mut state = lock(&self.state);
        let members = state.door.tables().spaces_of(self.user).unwrap_or_default();
        let foreign = |space: &&SpaceId| !members.contains(*space);
        let foreign = answer.spaces.keys().chain(answer.checksums.keys()).filter(foreign);
        let mut breaches: Vec<String> =
            foreign.map(|space| format!("a pull answered of {space} to a stranger")).collect();
        for (space, changes) in &answer.spaces {
            let strays = changes.rows.iter().filter(|row| row.row.space() != *space);
            breaches.extend(strays.map(|row| format!("a row of another space: {:?}", row.row)));
        }
        state.breaches.append(&mut breaches);
        if !answer.more {
            *lock(&self.members) = members;
        }
        Ok(answer)
    }

    /// The server's database fails on the way through a call.
    async fn broken<T>(&self, at: &str, call: impl Future<Output = Result<T, RemoteError>>) -> Result<T, RemoteError> {
        let arm = |table: Option<&str>| {
            let armed = self.door().tables().arm(table);
            armed.map_err(|error| RemoteError::Unreachable(error.to_string()))
        };
        arm(Some(at))?;
        let answer = call.await;
        arm(None)?;
        answer
    }
}

fn silence<T>() -> Result<T, RemoteError> {
    Err(RemoteError::Unreachable("the line is down".to_owned()))
}

fn signed_out<T>() -> Result<T, RemoteError> {
    Err(RemoteError::Problem(Problem { code: ProblemCode::Unauthenticated, detail: "sign in first".to_owned() }))
}

#[async_trait::async_trait]
impl CourseServer for Line {
    async fn push(&self, request: &PushRequest) -> Result<PushResponse, RemoteError> {
        self.pause().await;
        let request = &PushRequest { schema: self.schema.load(Ordering::Relaxed), ..request.clone() };
        let answer = match self.draw() {
            Fate::Passes => self.deliver_push(request).await,
            Fate::Lost => silence(),
            Fate::AnswerLost => {
                drop(self.deliver_push(request).await);
                silence()
            }
            Fate::Doubled => {
                drop(self.deliver_push(request).await);
                self.deliver_push(request).await
            }
            Fate::Late => {
                lock(&self.state).late.push((self.clone(), request.clone()));
                silence()
            }
            Fate::Breaks(at) => self.broken(at, self.deliver_push(request)).await,
            Fate::SignedOut => signed_out(),
            Fate::CrashBefore => self.crash().await,
            Fate::CrashAfter => {
                drop(self.deliver_push(request).await);
                self.crash().await
            }
        };
        self.pause().await;
        answer
    }

    async fn pull(&self, request: &PullRequest) -> Result<PullResponse, RemoteError> {
        self.pause().await;
        let answer = match self.draw() {
            Fate::Passes => self.deliver_pull(request).await,
            Fate::Doubled => {
                drop(self.deliver_pull(request).await);
                self.deliver_pull(request).await
            }
            Fate::Lost | Fate::Late => silence(),
            Fate::AnswerLost => {
                drop(self.deliver_pull(request).await);
                silence()
            }
            Fate::Breaks(at) => self.broken(at, self.deliver_pull(request)).await,
            Fate::SignedOut => signed_out(),
            Fate::CrashBefore => self.crash().await,
            Fate::CrashAfter => {
                drop(self.deliver_pull(request).await);
                self.crash().await
            }
        };
        self.pause().await;
        answer
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
