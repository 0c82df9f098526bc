//! Connections to the object store on sockets of our own: through the system's proxy, with its trust, and with little
//! of what is called sent still waiting in the computer.

use super::{Reach, SenderError, SenderTimes};
use crate::remote::RootCertificate;
use http::Uri;
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls_platform_verifier::Verifier;
use socket2::SockRef;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower::Service;

/// What the system may hold of a connection without having put it on the line. Enough for the time it takes to be told
/// that there is room, and little beside what a part has: "sent" and "stopped" should be true on a slow line too.
const UNSENT_BYTES_MAX: u32 = 128 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;
type Tcp = TokioIo<TcpStream>;
/// The inner layer is TLS to a proxy, the outer one TLS to the store.
pub(super) type Stream = MaybeHttpsStream<MaybeHttpsStream<Tcp>>;

/// Makes the connections of one HTTP client.
#[derive(Clone)]
pub(super) struct Dial {
    route: HttpsConnector<Route>,
    patience: Duration,
}

impl Dial {
    /// Reads the system's trust store where strangers may be met. Blocks.
    pub(super) fn new(times: SenderTimes, roots: &[RootCertificate], reach: Reach) -> Result<Self, SenderError> {
        let tls = Arc::new(tls(roots, reach)?);
        let proxies = (reach == Reach::Outside).then(|| Arc::new(Matcher::from_system()));
        let route = Route { socket: Socket::new(times), tls: tls.clone(), proxies };
        Ok(Self { route: (route, tls).into(), patience: times.connect })
    }
}

impl Service<Uri> for Dial {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting<Stream>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.route.poll_ready(context)
    }

    fn call(&mut self, store: Uri) -> Self::Future {
        let (connecting, patience) = (self.route.call(store), self.patience);
        Box::pin(async move {
            let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no connection in time");
            tokio::time::timeout(patience, connecting).await.map_err(late)?
        })
    }
}

/// Straight to the store, or through the proxy that the system names for it.
#[derive(Clone)]
struct Route {
    socket: Socket,
    tls: Arc<ClientConfig>,
    proxies: Option<Arc<Matcher>>,
}

impl Route {
    async fn through(self, proxy: Intercept, store: Uri) -> Result<MaybeHttpsStream<Tcp>, BoxError> {
        let address = proxy.uri().clone();
        match address.scheme_str() {
            // SOCKS 4 is for addresses only, and has hardly anybody left.
            Some("socks5" | "socks5h") => {
                let mut socks = SocksV5::new(address.clone(), self.socket);
                socks = socks.local_dns(address.scheme_str() == Some("socks5"));
                if let Some((user, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                Ok(MaybeHttpsStream::Http(socks.call(store).await?))
            }
            // A tunnel for plain HTTP too: the store's signature covers what a proxy would rewrite.
            Some("http" | "https") => {
                let mut tunnel = Tunnel::new(address, HttpsConnector::from((self.socket, self.tls)));
                if let Some(credentials) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(credentials.clone());
                }
                Ok(tunnel.call(store).await?)
            }
            _ => Err(io::Error::other("the system names a kind of proxy that is not supported").into()),
        }
    }
}

impl Service<Uri> for Route {
    type Response = MaybeHttpsStream<Tcp>;
    type Error = BoxError;
    type Future = Connecting<MaybeHttpsStream<Tcp>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.socket.poll_ready(context)
    }

    fn call(&mut self, store: Uri) -> Self::Future {
        match self.proxies.as_ref().and_then(|proxies| proxies.intercept(&store)) {
            Some(proxy) => Box::pin(self.clone().through(proxy, store)),
            None => {
                let connecting = self.socket.call(store);
                Box::pin(async move { Ok(MaybeHttpsStream::Http(connecting.await?)) })
            }
        }
    }
}

#[derive(Clone)]
struct Socket(HttpConnector);

impl Socket {
    fn new(times: SenderTimes) -> Self {
        let mut tcp = HttpConnector::new();
        // Its scheme is the layers' above.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(times.connect));
        Self(tcp)
    }
}

impl Service<Uri> for Socket {
    type Response = Tcp;
    type Error = BoxError;
    type Future = Connecting<Tcp>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connecting = self.0.call(address);
        Box::pin(async move {
            let stream = connecting.await?;
            hold_little(stream.inner())?;
            Ok(stream)
        })
    }
}

/// Left alone, a system takes some MiB from us long before they are on a slow line, and goes on sending them when the
/// connection is closed. A connection of ours is closed when its answer is there or nobody wants it any more: at once.
fn hold_little(stream: &TcpStream) -> io::Result<()> {
    stream.set_zero_linger()?;
    let socket = SockRef::from(stream);
    // Limits what waits, not what is on its way: a long fast line stays fast (tcp(7)).
    #[cfg(target_os = "linux")]
    socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
    // Elsewhere only both together can be limited: twice that is 16 MB/s over 16 connections at a quarter of a second.
    #[cfg(not(target_os = "linux"))]
    socket.set_send_buffer_size(2 * UNSENT_BYTES_MAX as usize)?;
    Ok(())
}

fn tls(roots: &[RootCertificate], reach: Reach) -> Result<ClientConfig, SenderError> {
    let unusable = |error: &dyn std::fmt::Display| SenderError::Client(error.to_string());
    let roots: Vec<CertificateDer<'static>> = roots
        .iter()
        .map(|root| CertificateDer::from_pem_slice(&root.0).map_err(|error| unusable(&error)))
        .collect::<Result<_, _>>()?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| unusable(&error))?;
    // The system's roots need not be read for this computer, which takes milliseconds.
    if reach == Reach::Loopback {
        let mut trusted = RootCertStore::empty();
        trusted.add_parsable_certificates(roots);
        return Ok(config.with_root_certificates(trusted).with_no_client_auth());
    }
    let verifier = Verifier::new_with_extra_roots(roots, provider).map_err(|error| unusable(&error))?;
    Ok(config.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::super::{Gauge, PartPut, PartSender, PutOutcome};
    use super::*;
    use crate::remote::Line;
    use bytes::Bytes;
    use lectern_shared::protocol::PartUrl;
    use std::time::Instant;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpSocket};
    use tokio::sync::mpsc;

    const PART: u64 = 64 * 1024 * 1024;

    /// A store whose network is so slow that it takes nothing at all: it accepts, and does not read.
    fn deaf_store() -> TcpListener {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(64 * 1024).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        socket.listen(4).unwrap()
    }

    /// All the chunks anybody may want, as fast as they are taken.
    fn chunks() -> mpsc::Receiver<Bytes> {
        let (chunks, taken) = mpsc::channel(1);
        let send = async move { while chunks.send(Bytes::from_static(&[7; 256 * 1024])).await.is_ok() {} };
        tokio::spawn(send);
        taken
    }

    async fn until_it_rests(gauge: &Gauge) -> u64 {
        let (mut pulled, mut since) = (0, Instant::now());
        while pulled == 0 || since.elapsed() < Duration::from_millis(300) {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if gauge.pulled() != pulled {
                (pulled, since) = (gauge.pulled(), Instant::now());
            }
        }
        pulled
    }

    /// On one thread, so that nothing is read between the connection's farewell and its end.
    #[tokio::test]
    async fn a_line_that_takes_nothing_leaves_little_called_sent_and_gets_nothing_more_once_it_is_given_up() {
        let store = deaf_store();
        let url = format!("http://{}/part", store.local_addr().unwrap());
        let sender = PartSender::new(&Line::default()).unwrap();
        let gauge = Arc::new(Gauge::default());
        let putting = tokio::spawn({
            let gauge = gauge.clone();
            async move {
                let url = PartUrl { part: 1, url, headers: Vec::new() };
                sender.put(PartPut { url: &url, bytes: PART, chunks: chunks(), gauge, fresh_connection: false }).await
            }
        });
        let (mut connection, _) = store.accept().await.unwrap();
        let pulled = until_it_rests(&gauge).await;
        assert!(pulled < 1024 * 1024, "{pulled} bytes are called sent");

        putting.abort();
        assert!(putting.await.unwrap_err().is_cancelled());
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (mut received, mut buffer) = (0_u64, vec![0; 64 * 1024]);
        // What was on its way arrives, what waited in this computer does not.
        let ended = loop {
            match connection.read(&mut buffer).await {
                Ok(0) => break Ok(()),
                Ok(read) => received += read as u64,
                Err(error) => break Err(error.kind()),
            }
        };
        assert_eq!(ended, Err(io::ErrorKind::ConnectionReset));
        assert!(received + 64 * 1024 < pulled, "{received} of {pulled} arrived");
    }

    /// A network whose way out is this proxy. Whatever address it is asked for, it reaches the store.
    async fn proxied(proxy: &str, listener: &TcpListener) -> HttpsConnector<Route> {
        let tls = Arc::new(tls(&[], Reach::Loopback).unwrap());
        let proxy = proxy.replace("PORT", &listener.local_addr().unwrap().port().to_string());
        let proxies = Some(Arc::new(Matcher::builder().all(proxy).build()));
        (Route { socket: Socket::new(SenderTimes::default()), tls: tls.clone(), proxies }, tls).into()
    }

    async fn put_by(route: HttpsConnector<Route>) -> Result<u16, String> {
        use http_body_util::Full;
        use hyper_util::client::legacy::Client;
        let client = Client::builder(hyper_util::rt::TokioExecutor::new()).build(route);
        let request = http::Request::put("http://store.invalid:9000/part").body(Full::new(Bytes::from("bytes")));
        let answer = client.request(request.unwrap()).await;
        answer
            .map(|answer| answer.status().as_u16())
            .map_err(|error| format!("{:?}", crate::remote::sender::outcome::of_error(error)))
    }

    async fn read_until(connection: &mut TcpStream, end: &[u8]) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end) {
            text.push(connection.read_u8().await.unwrap());
        }
        String::from_utf8(text).unwrap()
    }

    async fn answer_the_put(connection: &mut TcpStream) {
        let asked = read_until(connection, b"bytes").await;
        assert!(asked.starts_with("PUT /part HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("host: store.invalid:9000"), "{asked}");
        connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
    }

    #[tokio::test]
    async fn a_proxy_with_a_password_tunnels_to_the_store_it_alone_can_name() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let put = put_by(proxied("http://ada:secret@127.0.0.1:PORT", &proxy).await);
        let serve = async {
            let (mut connection, _) = proxy.accept().await.unwrap();
            let asked = read_until(&mut connection, b"\r\n\r\n").await;
            assert!(asked.starts_with("CONNECT store.invalid:9000 HTTP/1.1\r\n"), "{asked}");
            assert!(asked.to_lowercase().contains("proxy-authorization: basic ywrhonnly3jlda=="), "{asked}");
            connection.write_all(b"HTTP/1.1 200 Established\r\n\r\n").await.unwrap();
            answer_the_put(&mut connection).await;
        };
        assert_eq!(tokio::join!(put, serve).0, Ok(200));
    }

    #[tokio::test]
    async fn a_proxy_that_wants_another_password_is_nobody_there_and_not_the_store_s_answer() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let put = put_by(proxied("http://127.0.0.1:PORT", &proxy).await);
        let serve = async {
            let (mut connection, _) = proxy.accept().await.unwrap();
            read_until(&mut connection, b"\r\n\r\n").await;
            connection.write_all(b"HTTP/1.1 407 Who are you\r\n\r\n").await.unwrap();
        };
        let outcome = tokio::join!(put, serve).0.unwrap_err();
        assert!(outcome.starts_with("Unreachable"), "{outcome}");
    }

    #[tokio::test]
    async fn a_socks_proxy_is_given_the_name_of_the_store_and_not_an_address() {
        let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let put = put_by(proxied("socks5h://127.0.0.1:PORT", &proxy).await);
        let serve = async {
            let (mut connection, _) = proxy.accept().await.unwrap();
            // RFC 1928: version 5 and its methods; then "connect" by name, and an answer without an address of interest.
            let mut hello = [0; 2];
            connection.read_exact(&mut hello).await.unwrap();
            let mut methods = vec![0; usize::from(hello[1])];
            connection.read_exact(&mut methods).await.unwrap();
            connection.write_all(&[5, 0]).await.unwrap();
            let mut asked = [0; 5 + "store.invalid".len() + 2];
            connection.read_exact(&mut asked).await.unwrap();
            assert_eq!(&asked[..5], [5, 1, 0, 3, 13]);
            assert_eq!(&asked[5..18], b"store.invalid");
            connection.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            answer_the_put(&mut connection).await;
        };
        assert_eq!(tokio::join!(put, serve).0, Ok(200));
    }

    #[tokio::test]
    async fn a_connection_is_used_again_until_the_line_is_renewed() {
        let store = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/part", store.local_addr().unwrap());
        let sender = PartSender::new(&Line::default()).unwrap();
        let put = async || {
            let url = PartUrl { part: 1, url: url.clone(), headers: Vec::new() };
            let (chunks, taken) = mpsc::channel(1);
            chunks.send(Bytes::from_static(b"bytes")).await.unwrap();
            let put = PartPut { url: &url, bytes: 5, chunks: taken, gauge: Arc::default(), fresh_connection: false };
            assert!(matches!(sender.put(put).await, PutOutcome::Sent { .. }));
        };
        let answer = async |connection: &mut TcpStream| {
            read_until(connection, b"bytes").await;
            connection.write_all(b"HTTP/1.1 200 OK\r\netag: x\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        };
        let serve = async {
            let (mut first, _) = store.accept().await.unwrap();
            answer(&mut first).await;
            answer(&mut first).await;
            let (mut second, _) = store.accept().await.unwrap();
            answer(&mut second).await;
        };
        let send = async {
            put().await;
            put().await;
            sender.renew();
            put().await;
        };
        tokio::join!(serve, send);
    }

    #[tokio::test]
    async fn a_store_that_is_not_there_is_nobody_there() {
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let url = PartUrl { part: 1, url: format!("http://{nobody}/part"), headers: Vec::new() };
        let gauge = Arc::default();
        let put = PartPut { url: &url, bytes: PART, chunks: chunks(), gauge, fresh_connection: false };
        let outcome = PartSender::new(&Line::default()).unwrap().put(put).await;
        assert!(matches!(outcome, PutOutcome::Unreachable { .. }), "{outcome:?}");
    }
}
