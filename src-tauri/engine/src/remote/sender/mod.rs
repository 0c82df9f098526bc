//! Sends one part to the object store by a signed URL. Ours, not an SDK's: back-pressure, exact lengths, stalls and
//! honest progress are what the app is for.

mod body;
mod dial;
mod outcome;
mod pace;
mod small;
mod stall;

pub use body::Gauge;
pub use outcome::PutOutcome;
pub use pace::Pace;
pub use small::{get_file, get_small, put_file, put_small};

use super::{Line, RootCertificate};
use body::{FRAME_BYTES_MAX, PartBody};
use bytes::Bytes;
use dial::Dial;
use http::{Method, Request, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use lectern_shared::protocol::PartUrl;
use stall::StallWatch;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use url::Url;

/// How long the store may take for what.
#[derive(Clone, Copy, Debug)]
pub struct SenderTimes {
    pub connect: Duration,
    /// No bytes accepted for this long: the attempt is over.
    pub stall: Duration,
    /// No answer this long after the last byte: the attempt is over.
    pub answer: Duration,
    pub pool_idle: Duration,
}

impl Default for SenderTimes {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(45),
            answer: Duration::from_secs(60),
            pool_idle: Duration::from_secs(15),
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error("no HTTP client could be made: {0}")]
    Client(String),
}

/// One part on its way.
pub struct PartPut<'a> {
    pub url: &'a PartUrl,
    pub bytes: u64,
    /// The part's bytes in order. Ends early: the attempt fails.
    pub chunks: mpsc::Receiver<Bytes>,
    pub gauge: Arc<Gauge>,
    /// Not on a connection that was used before: after a 5xx the next attempt should meet another node.
    pub fresh_connection: bool,
}

/// The HTTP clients parts are sent with. Cheap to clone.
#[derive(Clone)]
pub struct PartSender {
    times: SenderTimes,
    outside: Pair,
    loopback: Pair,
    /// Hardly anybody has TLS on this computer: made when it is needed.
    loopback_tls: Arc<OnceLock<Pair>>,
    line: Line,
}

type PartClient = Client<Dial, PartBody>;

#[derive(Clone)]
struct Pair {
    dial: Dial,
    times: SenderTimes,
    pooled: Arc<Mutex<PartClient>>,
    fresh: PartClient,
}

impl PartSender {
    /// Takes some milliseconds: it reads the system's trust store. Blocks.
    ///
    /// # Errors
    /// When TLS or the proxy settings cannot be set up.
    pub fn new(line: &Line) -> Result<Self, SenderError> {
        let (outside, loopback) = (Pair::new(line, Reach::Outside)?, Pair::new(line, Reach::Loopback)?);
        let (times, loopback_tls) = (line.patience.sending, Arc::default());
        Ok(Self { times, outside, loopback, loopback_tls, line: line.clone() })
    }

    fn pair(&self, url: &Url) -> &Pair {
        match (is_loopback(url), url.scheme()) {
            (false, _) => &self.outside,
            (true, "https") => self.loopback_tls.get_or_init(|| {
                let made = Pair::new(&self.line, Reach::LoopbackTls);
                made.unwrap_or_else(|_| self.loopback.clone())
            }),
            (true, _) => &self.loopback,
        }
    }

    /// No connection that was used before is used again.
    pub fn renew(&self) {
        for pair in [Some(&self.outside), Some(&self.loopback), self.loopback_tls.get()].into_iter().flatten() {
            *pair.pooled() = client(&pair.dial, pair.times, usize::MAX);
        }
    }

    /// Sends one part and says what came of it.
    pub async fn put(&self, put: PartPut<'_>) -> PutOutcome {
        let Ok(url) = Url::parse(&put.url.url) else {
            return PutOutcome::Refused { status: 0, code: "InvalidUrl".to_owned() };
        };
        let pair = self.pair(&url);
        let client = if put.fresh_connection { pair.fresh.clone() } else { pair.pooled().clone() };
        let mut request = Request::builder().method(Method::PUT).uri(url.as_str());
        for (name, value) in &put.url.headers {
            // Length and host are the client's to write: twice would break the signature.
            if !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("host") {
                request = request.header(name, value);
            }
        }
        let _stop_at_end = StopAtEnd(put.gauge.clone());
        let body = PartBody::new(put.chunks, put.bytes, put.gauge.clone(), self.line.pace.clone());
        let Ok(request) = request.header(header::ACCEPT, "*/*").body(body) else {
            return PutOutcome::Refused { status: 0, code: "InvalidUrl".to_owned() };
        };
        let sending = client.request(request);
        let mut sending = std::pin::pin!(sending);
        let mut watch = StallWatch::new(self.times, put.bytes, Instant::now());
        loop {
            tokio::select! {
                answer = &mut sending => return match answer {
                    Ok(response) => outcome::of_response(response).await,
                    Err(error) => outcome::of_error(error),
                },
                () = tokio::time::sleep(watch.look_every()) => {
                    if let Some(detail) = watch.look(&put.gauge, Instant::now()) {
                        return PutOutcome::Unreachable { detail };
                    }
                }
            }
        }
    }
}

/// However the attempt ends, also when its task is dropped.
struct StopAtEnd(Arc<Gauge>);

impl Drop for StopAtEnd {
    fn drop(&mut self) {
        self.0.stop();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    Outside,
    Loopback,
    LoopbackTls,
}

impl Pair {
    fn new(line: &Line, reach: Reach) -> Result<Self, SenderError> {
        let times = line.patience.sending;
        let dial = Dial::new(times, &line.roots, reach)?;
        let pooled = Arc::new(Mutex::new(client(&dial, times, usize::MAX)));
        Ok(Self { pooled, fresh: client(&dial, times, 0), dial, times })
    }

    fn pooled(&self) -> MutexGuard<'_, PartClient> {
        self.pooled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn client(dial: &Dial, times: SenderTimes, idle_max: usize) -> PartClient {
    // HTTP/1.1 only: 2 puts parallel parts on one connection, whose losses then stop them all. A redirect is not
    // followed: of a PUT it is a captive portal or a mistake, and the bytes must not go there.
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(times.pool_idle)
        .pool_max_idle_per_host(idle_max)
        // What the connection takes from a body before the socket takes it.
        .http1_max_buf_size(2 * FRAME_BYTES_MAX)
        .build(dial.clone())
}

/// For what is small, and goes by an ordinary client.
fn trusted(roots: &[RootCertificate]) -> Result<Vec<reqwest::Certificate>, SenderError> {
    roots.iter().map(|root| reqwest::Certificate::from_pem(&root.0).map_err(unusable)).collect()
}

/// Without the URL: a signed one is a key.
fn unusable(error: reqwest::Error) -> SenderError {
    SenderError::Client(error.without_url().to_string())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_computer_is_reached_past_the_proxy() {
        for (url, expected) in [
            ("http://127.0.0.1:9000/part", true),
            ("http://127.8.0.1/part", true),
            ("http://[::1]:9000/part", true),
            ("http://localhost/part", true),
            ("https://s3.us-west-004.backblazeb2.com/part", false),
            ("http://192.168.0.10/part", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
