//! Five thousand devices that listen, each as the app does (`engine/src/sync/live.rs`): one that is cut off tries again after
//! a second, then later and later, and pulls when it is heard again. They do not pull at each poke.

use super::Outcome;
use super::faculty::{COURSES, Calls, Faculty};
use super::figures::{Figures, percentile};
use super::program::Program;
use super::pushes::Pushed;
use futures::StreamExt as _;
use lectern_shared::ids::CourseId;
use lectern_shared::protocol::{LiveMessage, PullRequest};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// The first time they come in some order.
const OPENING_AT_ONCE: usize = 100;
const AGAIN_FIRST: Duration = Duration::from_secs(1);
const AGAIN_MAX: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(180);
/// Until the last poke has come, after the last push was answered.
const AFTER: Duration = Duration::from_secs(3);

const POKE_LIMIT_MS: f64 = 250.0;
const RECONNECT_LIMIT_S: f64 = 60.0;

type Heard = Arc<Mutex<Vec<(u64, Instant)>>>;

pub struct Feeds {
    /// Of whom, and what they heard of their course.
    listeners: Vec<(CourseId, Heard)>,
    /// One a feed that was opened, and pulled for when it is not the first.
    opened: mpsc::UnboundedReceiver<()>,
    /// What a device asks for when it is back.
    news: Vec<Arc<Mutex<PullRequest>>>,
    _tasks: JoinSet<()>,
}

impl Feeds {
    pub async fn open(figures: &mut Figures, program: &Program, faculty: &Faculty) -> Outcome<Self> {
        let (at_rest, begun) = (program.resident_mib(), Instant::now());
        let (tell, opened) = mpsc::unbounded_channel();
        let mut feeds = Self { listeners: Vec::new(), opened, news: Vec::new(), _tasks: JoinSet::new() };
        let room = Arc::new(Semaphore::new(OPENING_AT_ONCE));
        // Each has connections of its own, as devices have.
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build()?;
        let address = program.socket_address()?;
        for (number, person) in faculty.people.iter().enumerate() {
            let course = faculty.courses[number % COURSES].course;
            let (heard, news) = (Heard::default(), Arc::new(Mutex::new(person.news())));
            feeds.listeners.push((course, heard.clone()));
            feeds.news.push(news.clone());
            let device = Device { address, course, calls: person.calls.over(&http), heard, news, opened: tell.clone() };
            feeds._tasks.spawn(device.listen(room.clone()));
        }
        feeds.are_open().await?;
        figures.beside("5,000 feeds opened, a hundred at once, in", Some(begun.elapsed().as_secs_f64()), "s");
        figures.beside("memory of the program before", at_rest, "MiB");
        figures.at_most("memory of the program with 5,000 feeds, at its largest", program.peak_mib(), 512.0, "MiB");
        Ok(feeds)
    }

    async fn are_open(&mut self) -> Outcome {
        let wait = async {
            for number in 0..self.listeners.len() {
                self.opened.recv().await.ok_or_else(|| format!("the feeds end after {number}"))?;
            }
            Ok::<(), String>(())
        };
        Ok(tokio::time::timeout(PATIENCE, wait).await.map_err(|_| "not all feeds came to be open")??)
    }

    /// How long it took from when a push was due until each of the hundred who listen heard of it: the commit is somewhere
    /// between, so this is more than what is asked for.
    pub async fn have_heard(&mut self, figures: &mut Figures, pushed: &Pushed) -> Outcome {
        tokio::time::sleep(AFTER).await;
        let (mut took, mut unheard) = (Vec::new(), 0_u32);
        for (course, heard) in &self.listeners {
            let heard = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
            let (before, due) = pushed.courses.get(course).ok_or("a course is missing")?;
            let mut heard = heard.iter().peekable();
            for (version, due) in (before + 1..).zip(due) {
                // A later version says it as well.
                while heard.next_if(|(known, _)| *known < version).is_some() {}
                match heard.peek() {
                    Some((_, at)) => took.push(at.duration_since(*due)),
                    None => unheard += 1,
                }
            }
        }
        figures.beside("pokes that were due, a hundred a push", Some(took.len() as f64 + f64::from(unheard)), "");
        figures.at_most("pokes that never came", Some(f64::from(unheard)), 1.0, "");
        figures.beside("push due to poke heard, median", percentile(&mut took, 0.5), "ms");
        figures.at_most("push due to poke heard, 99 of 100", percentile(&mut took, 0.99), POKE_LIMIT_MS, "ms");
        figures.beside("push due to poke heard, the longest", percentile(&mut took, 1.0), "ms");
        Ok(())
    }

    /// From the moment the server is killed until the last device has its feed and the answer to its pull.
    pub async fn come_back(mut self, figures: &mut Figures, program: &mut Program, faculty: &Faculty) -> Outcome {
        for (news, person) in self.news.iter().zip(&faculty.people) {
            *news.lock().unwrap_or_else(PoisonError::into_inner) = person.news();
        }
        let begun = Instant::now();
        program.restart()?;
        let started = begun.elapsed();
        self.are_open().await?;
        let settled = Some(begun.elapsed().as_secs_f64());
        figures.beside("killed and started again in", Some(started.as_secs_f64()), "s");
        figures.at_most("5,000 reconnects after it, with their pulls", settled, RECONNECT_LIMIT_S, "s");
        figures.beside("memory of the program after it, at its largest", program.peak_mib(), "MiB");
        Ok(())
    }
}

struct Device {
    address: SocketAddr,
    course: CourseId,
    calls: Calls,
    heard: Heard,
    news: Arc<Mutex<PullRequest>>,
    opened: mpsc::UnboundedSender<()>,
}

impl Device {
    async fn listen(self, room: Arc<Semaphore>) {
        let mut first = room.acquire_owned().await.ok();
        let mut again = AGAIN_FIRST;
        loop {
            if let Ok(mut feed) = self.open().await {
                // The server says something as soon as it listens to what is said.
                let begins = feed.next().await.is_some_and(|message| message.is_ok());
                let is_back = begins && (first.take().is_some() || self.pulls().await);
                if is_back {
                    let _ = self.opened.send(());
                    again = AGAIN_FIRST;
                    self.hear(feed).await;
                }
            }
            tokio::time::sleep(again).await;
            again = (again * 2).min(AGAIN_MAX);
        }
    }

    async fn open(&self) -> Outcome<WebSocketStream<TcpStream>> {
        let mut request = format!("ws://{}/v1/live", self.address).into_client_request()?;
        let bearer = format!("Bearer {}", self.calls.token).parse()?;
        request.headers_mut().insert(http::header::AUTHORIZATION, bearer);
        let stream = TcpStream::connect(self.address).await?;
        // Of ours, not of what is measured.
        let config = WebSocketConfig::default().read_buffer_size(4 * 1024);
        Ok(tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await?.0)
    }

    async fn pulls(&self) -> bool {
        let news = self.news.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.calls.pull(&news).await.is_ok()
    }

    async fn hear(&self, mut feed: WebSocketStream<TcpStream>) {
        while let Some(Ok(message)) = feed.next().await {
            let Message::Text(text) = message else { continue };
            let at = Instant::now();
            if let Ok(LiveMessage::Poke(poke)) = serde_json::from_str(&text)
                && poke.space == self.course.into()
            {
                self.heard.lock().unwrap_or_else(PoisonError::into_inner).push((poke.version, at));
            }
        }
    }
}
