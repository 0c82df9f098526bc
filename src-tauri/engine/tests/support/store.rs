//! A course server and its store: uploads in memory, parts by HTTP PUT with MD5 ETags, and faults on request.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::put;
use futures::stream::BoxStream;
use http_body_util::BodyExt as _;
use lectern_engine::remote::{CourseServer, RemoteError};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{
    CompleteUpload, LiveMessage, OpenUpload, OpenedUpload, PartUrl, PartsResponse, Problem, ProblemCode, PullRequest,
    PullResponse, PushRequest, PushResponse, Rendition, SignedUrl, StoredPart, UrlsRequest, UrlsResponse,
};
use md5::{Digest as _, Md5};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// What happens to the next PUT.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A 5xx before the body is read, others after it.
    Status(u16, Option<&'static str>),
    /// The connection is cut in the middle of the body.
    Cut,
    /// Stored, but the answer is lost.
    LoseAnswer,
    WrongEtag,
    /// Changed on its way: stored wrongly and said so.
    Flip,
}

#[derive(Default)]
pub struct StoreState {
    pub faults: VecDeque<Fault>,
    /// Every PUT that was answered 200, in order.
    pub puts: Vec<(AssetId, u32)>,
    pub open: HashMap<AssetId, OpenOne>,
    pub objects: HashMap<AssetId, Vec<u8>>,
    pub hashes: HashMap<AssetId, String>,
    pub cancels: Vec<AssetId>,
    pub most_at_once: usize,
    pub at_once: usize,
    /// Of the answer to a large part.
    pub delay: Duration,
    /// Opening takes this long and then happens, whether anybody still waits for it or not.
    pub open_delay: Duration,
    pub server_is_down: bool,
    pub no_space: bool,
    /// Completing answers `Corrupted` this often.
    pub corrupt_completes: u32,
    pub opened: u32,
}

#[derive(Clone, Debug)]
pub struct OpenOne {
    pub upload_id: String,
    pub part_bytes: u64,
    pub bytes: u64,
    pub parts: BTreeMap<u32, Vec<u8>>,
}

pub struct TestServer {
    pub state: Arc<Mutex<StoreState>>,
    address: SocketAddr,
    running: Mutex<Option<AbortOnDropHandle<()>>>,
}

impl TestServer {
    pub async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Arc::new(Self { state: Arc::default(), address, running: Mutex::default() });
        server.serve(listener);
        server
    }

    fn serve(&self, listener: tokio::net::TcpListener) {
        let router = Router::new().route("/{upload}/{asset}/{part}", put(store_part)).with_state(self.state.clone());
        // hyper connections are tasks of their own: a listener that ends does not end them, so each is held.
        let task = tokio::spawn(async move {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service = hyper_util::service::TowerToHyperService::new(router.clone());
                let io = hyper_util::rt::TokioIo::new(stream);
                connections.push(AbortOnDropHandle::new(tokio::spawn(async move {
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(io, service).await;
                })));
            }
        });
        *self.running.lock().unwrap() = Some(AbortOnDropHandle::new(task));
    }

    /// The store goes away: connections break, new ones are refused.
    pub fn go_away(&self) {
        self.running.lock().unwrap().take();
    }

    pub async fn come_back(&self) {
        let listener = loop {
            match tokio::net::TcpListener::bind(self.address).await {
                Ok(listener) => break listener,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        self.serve(listener);
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut StoreState) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }

    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.with(|state| state.faults.extend(faults));
    }

    fn check(&self) -> Result<(), RemoteError> {
        if self.with(|state| state.server_is_down) {
            return Err(RemoteError::Unreachable("switched off".to_owned()));
        }
        Ok(())
    }
}

fn problem(code: ProblemCode) -> RemoteError {
    RemoteError::Problem(Problem { code, detail: format!("{code:?}") })
}

async fn store_part(
    State(state): State<Arc<Mutex<StoreState>>>,
    Path((upload, asset, part)): Path<(String, uuid::Uuid, u32)>,
    mut body: Body,
) -> Response {
    let asset = AssetId(asset);
    let (fault, delay) = {
        let mut state = state.lock().unwrap();
        state.at_once += 1;
        state.most_at_once = state.most_at_once.max(state.at_once);
        (state.faults.pop_front(), state.delay)
    };
    let _leaves = Leaves(state.clone());
    match fault {
        Some(Fault::Status(status, retry_after)) => {
            // An early refusal can be lost with its connection (that is tried again): only 5xx are early here.
            while status < 500 && body.frame().await.is_some() {}
            return refusal(status, retry_after);
        }
        Some(Fault::Cut) => {
            let _ = body.frame().await;
            // A panic in a handler breaks its connection.
            std::panic::panic_any(Cut);
        }
        _ => {}
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return refusal(400, None) };
        if let Ok(data) = frame.into_data() {
            bytes.extend_from_slice(&data);
        }
    }
    if bytes.len() > 1024 * 1024 {
        tokio::time::sleep(delay).await;
    }
    if matches!(fault, Some(Fault::Flip)) {
        bytes[0] ^= 1;
    }
    let mut etag = format!("{:032x}", u128::from_be_bytes(Md5::digest(&bytes).into()));
    {
        let mut state = state.lock().unwrap();
        match state.open.get_mut(&asset).filter(|open| open.upload_id == upload) {
            Some(open) => {
                open.parts.insert(part, bytes);
            }
            None => return refusal(404, None),
        }
        state.puts.push((asset, part));
    }
    match fault {
        Some(Fault::LoseAnswer) => std::panic::panic_any(Cut),
        Some(Fault::WrongEtag) => etag = "0".repeat(32),
        _ => {}
    }
    let mut response = Response::new(Body::empty());
    response.headers_mut().insert(header::ETAG, HeaderValue::from_str(&format!("\"{etag}\"")).unwrap());
    response
}

struct Cut;

struct Leaves(Arc<Mutex<StoreState>>);

impl Drop for Leaves {
    fn drop(&mut self) {
        self.0.lock().unwrap().at_once -= 1;
    }
}

fn refusal(status: u16, retry_after: Option<&'static str>) -> Response {
    let text = format!("<Error><Code>Status{status}</Code></Error>");
    let mut response = Response::new(Body::from(Bytes::from(text)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(seconds));
    }
    response
}

#[async_trait::async_trait]
impl CourseServer for TestServer {
    async fn push(&self, _request: &PushRequest) -> Result<PushResponse, RemoteError> {
        Err(problem(ProblemCode::Internal))
    }

    async fn pull(&self, _request: &PullRequest) -> Result<PullResponse, RemoteError> {
        Err(problem(ProblemCode::Internal))
    }

    async fn open_upload(&self, request: &OpenUpload) -> Result<OpenedUpload, RemoteError> {
        self.check()?;
        tokio::time::sleep(self.with(|state| state.open_delay)).await;
        self.with(|state| {
            if state.no_space {
                return Err(problem(ProblemCode::NotEnoughSpace { needed: request.bytes, free: 1 }));
            }
            if let Some(object) = state.objects.get(&request.asset) {
                return Ok(OpenedUpload::Ready { bytes: object.len() as u64 });
            }
            // The file was still being written when it was opened before.
            if state.open.get(&request.asset).is_some_and(|open| open.bytes != request.bytes) {
                state.open.remove(&request.asset);
            }
            state.opened += 1;
            let upload_id = format!("up-{}", state.opened);
            let open = state.open.entry(request.asset).or_insert_with(|| OpenOne {
                upload_id,
                part_bytes: request.part_bytes,
                bytes: request.bytes,
                parts: BTreeMap::new(),
            });
            if open.part_bytes >= open.bytes {
                return Ok(OpenedUpload::Single { url: None });
            }
            Ok(OpenedUpload::Multipart { part_bytes: open.part_bytes, upload_id: open.upload_id.clone() })
        })
    }

    async fn part_urls(&self, asset: AssetId, request: &UrlsRequest) -> Result<UrlsResponse, RemoteError> {
        self.check()?;
        assert!(request.parts.len() <= lectern_shared::protocol::URLS_MAX);
        self.with(|state| {
            let open = state.open.get(&asset).ok_or_else(|| problem(ProblemCode::UploadGone))?;
            let url = |part: u32| format!("http://{}/{}/{asset}/{part}", self.address, open.upload_id);
            let sign = |part: &u32| PartUrl { part: *part, url: url(*part), headers: Vec::new() };
            Ok(UrlsResponse { urls: request.parts.iter().map(sign).collect() })
        })
    }

    async fn stored_parts(&self, asset: AssetId) -> Result<PartsResponse, RemoteError> {
        self.check()?;
        self.with(|state| {
            let open = state.open.get(&asset).ok_or_else(|| problem(ProblemCode::UploadGone))?;
            let part = |(part, bytes): (&u32, &Vec<u8>)| StoredPart {
                part: *part,
                bytes: bytes.len() as u64,
                etag: format!("{:032x}", u128::from_be_bytes(Md5::digest(bytes).into())),
            };
            Ok(PartsResponse { parts: open.parts.iter().map(part).collect() })
        })
    }

    async fn complete_upload(&self, asset: AssetId, request: &CompleteUpload) -> Result<(), RemoteError> {
        self.check()?;
        self.with(|state| {
            if state.objects.contains_key(&asset) {
                return Ok(());
            }
            if state.corrupt_completes > 0 {
                state.corrupt_completes -= 1;
                return Err(problem(ProblemCode::Corrupted));
            }
            let open = state.open.get(&asset).ok_or_else(|| problem(ProblemCode::UploadGone))?;
            let whole: Vec<u8> = open.parts.values().map(Vec::as_slice).collect::<Vec<_>>().concat();
            let listed: Vec<u32> = request.parts.iter().map(|part| part.part).collect();
            let here: Vec<u32> = open.parts.keys().copied().collect();
            if listed != here || whole.len() as u64 != request.bytes || open.bytes != request.bytes {
                return Err(problem(ProblemCode::Corrupted));
            }
            state.open.remove(&asset);
            state.hashes.insert(asset, request.blake3.clone());
            state.objects.insert(asset, whole);
            Ok(())
        })
    }

    async fn cancel_upload(&self, asset: AssetId) -> Result<(), RemoteError> {
        self.check()?;
        self.with(|state| {
            state.open.remove(&asset);
            state.cancels.push(asset);
        });
        Ok(())
    }

    async fn thumbnail_url(&self, _asset: AssetId) -> Result<SignedUrl, RemoteError> {
        Err(problem(ProblemCode::NotFound))
    }

    async fn asset_url(&self, _asset: AssetId, _rendition: Rendition) -> Result<SignedUrl, RemoteError> {
        Err(problem(ProblemCode::NotFound))
    }

    async fn live(&self) -> Result<BoxStream<'static, LiveMessage>, RemoteError> {
        Err(problem(ProblemCode::NotFound))
    }
}
