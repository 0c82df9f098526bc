//! A team's server over HTTP: a device's token makes access tokens of some minutes, one at a time, and nobody notices
//! when one ends.

use super::rest::{Rest, Transport, parse, pokes, refusal};
use super::{RemoteError, RootCertificate};
use futures::stream::BoxStream;
use http::{HeaderValue, Method, StatusCode, header};
use lectern_shared::access::{ACCESS_SECONDS, AccessToken, PairRequest, Paired};
use lectern_shared::protocol::LiveMessage;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use url::Url;

const CONNECT: Duration = Duration::from_secs(10);
/// Completing a large file waits for the store, which may put it together for minutes.
const CALL: Duration = Duration::from_secs(10 * 60);
/// Everybody waits for it.
const TOKEN: Duration = Duration::from_secs(30);
/// A token is made anew so long before it ends: clocks differ, and calls take their time.
const BEFORE_IT_ENDS: Duration = Duration::from_secs(60);
/// Answers of ours are shorter; of somebody else's we read no more.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Speaks to a team's server.
pub type TeamServer = Rest<Http>;

/// What lets this device in: as long as a password, and as secret.
#[derive(Clone)]
pub struct DeviceToken(pub String);

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

/// HTTP to one server, as one device.
#[derive(Clone)]
pub struct Http(Arc<Shared>);

struct Shared {
    client: reqwest::Client,
    base: Url,
    device: DeviceToken,
    /// Locked while a new one is asked for: everybody who needs one waits for that.
    access: Mutex<Option<Access>>,
}

struct Access {
    token: String,
    ends: Instant,
}

/// Why a server cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum TeamError {
    #[error("this is no address of a server")]
    Address,
    #[error("a server that is not this computer needs an address that begins with https://")]
    NotEncrypted,
    #[error("{0}")]
    Remote(#[from] RemoteError),
}

impl TeamServer {
    /// # Errors
    /// For an address that no server can have. Nothing is asked yet.
    pub fn new(address: &str, device: DeviceToken, roots: &[RootCertificate]) -> Result<Self, TeamError> {
        let base = base(address)?;
        let shared = Shared { client: client(&base, roots)?, base, device, access: Mutex::new(None) };
        Ok(Self(Http(Arc::new(shared))))
    }
}

/// Turns a one-time code into this device's token.
///
/// # Errors
/// [`lectern_shared::protocol::ProblemCode::NotFound`] for a code that is not good, else what keeps the server from answering.
pub async fn pair(address: &str, request: &PairRequest, roots: &[RootCertificate]) -> Result<Paired, TeamError> {
    let base = base(address)?;
    let client = client(&base, roots)?;
    let asked = client.post(at(&base, "/v1/pair")).json(request).timeout(TOKEN).send().await;
    Ok(parse(&body_of(asked.map_err(unreachable)?).await?)?)
}

/// `https://host[:port][/folder]`. Without a scheme it is HTTPS; plain HTTP goes to this computer only.
fn base(address: &str) -> Result<Url, TeamError> {
    let address = address.trim();
    let with_scheme = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    let url: Url = with_scheme.parse().map_err(|_| TeamError::Address)?;
    if url.host().is_none() || !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(TeamError::Address);
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_here(&url) => Ok(url),
        "http" => Err(TeamError::NotEncrypted),
        _ => Err(TeamError::Address),
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn at(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

fn client(base: &Url, roots: &[RootCertificate]) -> Result<reqwest::Client, RemoteError> {
    let builder = reqwest::Client::builder().connect_timeout(CONNECT).timeout(CALL).http1_only();
    // What goes to this computer passes no proxy: it is not encrypted.
    let builder = if is_here(base) { builder.no_proxy() } else { builder };
    // An answer that points elsewhere is not followed: the token would go there too.
    let builder = builder.redirect(reqwest::redirect::Policy::none());
    let certificates: Result<Vec<_>, _> = roots.iter().map(|root| reqwest::Certificate::from_pem(&root.0)).collect();
    let builder = certificates
        .map_err(unreachable)?
        .into_iter()
        .fold(builder, |builder, root| builder.add_root_certificate(root));
    builder.build().map_err(unreachable)
}

fn unreachable(error: impl fmt::Display) -> RemoteError {
    RemoteError::Unreachable(error.to_string())
}

async fn body_of(mut response: reqwest::Response) -> Result<Vec<u8>, RemoteError> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(RemoteError::Unreachable("the answer has no end".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() { Ok(body) } else { Err(refusal(status, &body)) }
}

impl Http {
    /// A token that is good for a while. `not`: the one that was just refused.
    async fn access(&self, not: Option<&str>) -> Result<String, RemoteError> {
        let mut access = self.0.access.lock().await;
        if let Some(known) = &*access
            && not != Some(known.token.as_str())
            && Instant::now() + BEFORE_IT_ENDS < known.ends
        {
            return Ok(known.token.clone());
        }
        let asked = self.0.client.post(at(&self.0.base, "/v1/token")).bearer_auth(&self.0.device.0).timeout(TOKEN);
        let asked_at = Instant::now();
        let made: AccessToken = parse(&body_of(asked.send().await.map_err(unreachable)?).await?)?;
        let ends = asked_at + Duration::from_secs(made.seconds.min(ACCESS_SECONDS));
        *access = Some(Access { token: made.access_token.clone(), ends });
        Ok(made.access_token)
    }

    async fn try_call(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Vec<u8>, RemoteError> {
        let mut request = self.0.client.request(method, at(&self.0.base, path)).bearer_auth(token);
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        body_of(request.send().await.map_err(unreachable)?).await
    }

    async fn open_live(&self, token: &str) -> Result<BoxStream<'static, LiveMessage>, RemoteError> {
        let mut url = at(&self.0.base, "/v1/live");
        url.replace_range(..4, "ws");
        let mut request = url.into_client_request().map_err(unreachable)?;
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(unreachable)?;
        request.headers_mut().insert(header::AUTHORIZATION, bearer);
        let upgraded = self.0.client.execute(upgrade(request)?).await.map_err(unreachable)?;
        if upgraded.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(body_of(upgraded).await.err().unwrap_or_else(|| unreachable("no live feed")));
        }
        let socket = upgraded.upgrade().await.map_err(unreachable)?;
        let role = tokio_tungstenite::tungstenite::protocol::Role::Client;
        Ok(pokes(tokio_tungstenite::WebSocketStream::from_raw_socket(socket, role, None).await))
    }
}

/// The same request for the HTTP client: it knows proxies and certificates, which the socket's own would not.
fn upgrade(request: http::Request<()>) -> Result<reqwest::Request, RemoteError> {
    let url: Url = request.uri().to_string().replacen("ws", "http", 1).parse().map_err(unreachable)?;
    let mut upgrade = reqwest::Request::new(Method::GET, url);
    *upgrade.headers_mut() = request.headers().clone();
    Ok(upgrade)
}

#[async_trait::async_trait]
impl Transport for Http {
    async fn call(&self, method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Vec<u8>, RemoteError> {
        let token = self.access(None).await?;
        match self.try_call(&token, method.clone(), path, body.clone()).await {
            Err(error) if error.is_signed_out() => {
                let token = self.access(Some(&token)).await?;
                self.try_call(&token, method, path, body).await
            }
            answer => answer,
        }
    }

    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError> {
        let token = self.access(None).await?;
        match self.open_live(&token).await {
            Err(error) if error.is_signed_out() => {
                let token = self.access(Some(&token)).await?;
                self.open_live(&token).await
            }
            feed => feed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_s_address_is_https_unless_it_is_this_computer() {
        let shown = |address: &str| base(address).map(|url| at(&url, "/v1/me")).map_err(|error| error.to_string());
        assert_eq!(shown("lectern.example.edu").as_deref(), Ok("https://lectern.example.edu/v1/me"));
        assert_eq!(shown(" https://example.edu/lectern/ ").as_deref(), Ok("https://example.edu/lectern/v1/me"));
        assert_eq!(shown("http://127.0.0.1:8080").as_deref(), Ok("http://127.0.0.1:8080/v1/me"));
        assert_eq!(shown("http://[::1]:8080").as_deref(), Ok("http://[::1]:8080/v1/me"));
        for plain in ["http://example.edu", "http://127.0.0.1.example.edu", "http://localhost.example.edu"] {
            assert!(matches!(base(plain), Err(TeamError::NotEncrypted)), "{plain}");
        }
        for other in ["", "https://", "ftp://example.edu", "https://user:secret@example.edu", "https://example.edu?x=1"]
        {
            assert!(matches!(base(other), Err(TeamError::Address)), "{other}");
        }
    }
}
