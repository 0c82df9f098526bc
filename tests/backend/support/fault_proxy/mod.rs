//! Stands in front of an S3 server and lets go wrong what goes wrong on real lines and in real stores: connections cut at
//! any byte, stalls, refusals, answers that are lost after the work was done. Scripted by a test or drawn from a seed.
//!
//! Every header passes as it is, the Host above all, because the signature covers it: clients must be given the proxy's
//! own endpoint. With TLS the proxy ends it and speaks plain HTTP to the server.

pub mod certificate;
mod passage;
mod request;
mod script;

pub use request::Kind;
pub use script::{FOR_EVER, Fault, Rule, Script, Storm};

use passage::Passage;
use script::Counts;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// One request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub kind: Kind,
    /// Bucket and key.
    pub path: String,
    pub began: Instant,
    pub fault: Option<Fault>,
    /// Request and a 2xx have passed, whole and unchanged.
    pub succeeded: bool,
}

/// Ends on drop, and with it every connection.
pub struct FaultProxy {
    address: SocketAddr,
    root: Option<String>,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    upstream: SocketAddr,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    script: Script,
    counts: Counts,
    exchanges: Vec<Exchange>,
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1. Fair until it is given a script.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        Self::listen(upstream, None).await
    }

    /// The same with TLS to its clients, who must trust [`FaultProxy::root`].
    ///
    /// # Errors
    /// When it cannot listen, or no certificate can be made.
    pub async fn start_tls(upstream: SocketAddr) -> io::Result<Self> {
        Self::listen(upstream, Some(certificate::acceptor()?)).await
    }

    async fn listen(upstream: SocketAddr, tls: Option<(TlsAcceptor, String)>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { upstream, state: Mutex::default() });
        let (acceptor, root) = tls.unzip();
        let task = tokio::spawn(accept(listener, acceptor, shared.clone()));
        Ok(Self { address, root, shared, task })
    }

    /// For an S3 client.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{}://{}", if self.root.is_some() { "https" } else { "http" }, self.address)
    }

    /// The certificate to trust, in PEM; none without TLS.
    #[must_use]
    pub fn root(&self) -> Option<&str> {
        self.root.as_deref()
    }

    /// From now on. Counts of requests begin anew.
    pub fn play(&self, script: Script) {
        let mut state = self.shared.state();
        (state.script, state.counts) = (script, Counts::default());
    }

    /// All so far, in the order they began.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.state().exchanges.clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request has arrived. Answers its number and what happens to it.
    fn begin(&self, kind: Kind, path: &str, body_bytes: u64) -> (usize, Option<Fault>) {
        let mut state = self.state();
        let nth = state.counts.next(kind);
        let fault = state.script.fault(kind, nth, body_bytes);
        state.exchanges.push(Exchange { kind, path: path.to_owned(), began: Instant::now(), fault, succeeded: false });
        (state.exchanges.len() - 1, fault)
    }

    fn succeeded(&self, number: usize) {
        if let Some(exchange) = self.state().exchanges.get_mut(number) {
            exchange.succeeded = true;
        }
    }
}

/// A connection that can be ended rudely.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {
    fn socket(&self) -> &TcpStream;
}

impl Wire for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

impl Wire for TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

async fn accept(listener: TcpListener, acceptor: Option<TlsAcceptor>, shared: Arc<Shared>) {
    // Ended with this task.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let (acceptor, shared) = (acceptor.clone(), shared.clone());
        connections.spawn(async move {
            // Answers are small and waited for.
            let _ = stream.set_nodelay(true);
            // A connection that breaks is what this is about: its client says whether that matters.
            let _ = match acceptor {
                None => Passage::new(stream, &shared).run().await,
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => Passage::new(stream, &shared).run().await,
                    Err(error) => Err(error),
                },
            };
        });
    }
}

#[cfg(test)]
mod tests;
