//! A store that keeps no lecture: so much of S3 that uploads believe it, at the price of a quick checksum. What is slow
//! against it is the client. Only what is as small as the connection check's object can be read back.

use super::known::{self, Known};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use lectern_server::object_store::s3::S3Config;
use md5::{Digest as _, Md5};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

/// Objects up to this length can be read again.
const READABLE_BYTES_MAX: usize = 1024;

#[derive(Clone, Default)]
pub struct Sink {
    kept: Arc<Mutex<Kept>>,
    known: Known,
}

#[derive(Default)]
struct Kept {
    uploads: HashMap<String, Upload>,
    /// Completed uploads and their ETags: a client may not have heard it the first time.
    completed: HashMap<String, String>,
    objects: HashMap<String, Object>,
    /// Of bodies that came whole.
    received: u64,
    /// Bodies that are coming, and the most there were.
    coming: usize,
    most_at_once: usize,
}

struct Upload {
    key: String,
    meta: HeaderMap,
    parts: BTreeMap<u32, (u64, [u8; 16])>,
}

#[derive(Clone)]
struct Object {
    bytes: u64,
    etag: String,
    meta: HeaderMap,
    text: Option<Bytes>,
}

/// What came in one body.
struct Drained {
    bytes: u64,
    md5: [u8; 16],
    text: Option<Bytes>,
}

/// What a request's query may say.
#[derive(serde::Deserialize)]
struct Asked {
    uploads: Option<String>,
    versions: Option<String>,
    #[serde(rename = "uploadId")]
    upload_id: Option<String>,
    #[serde(rename = "partNumber")]
    part: Option<u32>,
}

/// Serves on a free port of 127.0.0.1 until the process ends. Any key is right.
pub async fn start(tls: Option<TlsAcceptor>) -> io::Result<(S3Config, Sink)> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    // By name: not every client believes a certificate of an address.
    let endpoint = if tls.is_some() { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
    let endpoint = endpoint.parse().map_err(io::Error::other)?;
    let sink = Sink::default();
    let router = Router::new().fallback(answer).with_state(sink.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (router, tls) = (router.clone(), tls.clone());
            tokio::spawn(async move {
                drop(stream.set_nodelay(true));
                match tls {
                    Some(tls) => serve(tls.accept(stream).await?, router).await,
                    None => serve(stream, router).await,
                }
                Ok::<_, io::Error>(())
            });
        }
    });
    let (access_key, secret_key) = ("bench".to_owned(), "no-secret-at-all".to_owned());
    let (region, bucket) = ("us-east-1".to_owned(), "bench".to_owned());
    Ok((S3Config { endpoint, region, bucket, access_key, secret_key }, sink))
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + 'static, router: Router) {
    let service = TowerToHyperService::new(router);
    // A connection that ends badly is its client's trouble.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(State(sink): State<Sink>, Query(asked): Query<Asked>, request: Request) -> Response {
    let key = request.uri().path().to_owned();
    let meta = meta_of(request.headers());
    match (request.method().clone(), asked) {
        (Method::PUT, Asked { part, upload_id, .. }) => {
            let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
            let _coming = Coming::begin(&sink);
            match drained(request.into_body(), sink.known.body(length.unwrap_or(0))).await {
                Ok(Some(drained)) => sink.put(key, meta, upload_id.zip(part), drained),
                Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
                Err(_) => StatusCode::BAD_REQUEST.into_response(),
            }
        }
        (Method::POST, Asked { uploads: Some(_), .. }) => sink.create(key, meta),
        (Method::POST, Asked { upload_id: Some(id), .. }) => sink.complete(&id),
        (Method::GET, Asked { uploads: Some(_), .. }) => xml("<ListMultipartUploadsResult/>".to_owned()),
        (Method::GET, Asked { versions: Some(_), .. }) => xml("<ListVersionsResult/>".to_owned()),
        (Method::GET, Asked { upload_id: Some(id), .. }) => sink.list_parts(&id),
        (Method::GET, _) => sink.get(&key),
        (Method::HEAD, _) => sink.head(&key),
        (Method::DELETE, _) => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}

fn meta_of(headers: &HeaderMap) -> HeaderMap {
    let ours = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-amz-meta-"));
    // A clone would keep the whole buffer that it was read into.
    ours.filter_map(|(name, value)| Some((name.clone(), HeaderValue::from_bytes(value.as_bytes()).ok()?))).collect()
}

/// A body that comes.
struct Coming(Sink);

impl Coming {
    fn begin(sink: &Sink) -> Self {
        sink.kept(|kept| {
            kept.coming += 1;
            kept.most_at_once = kept.most_at_once.max(kept.coming);
        });
        Self(sink.clone())
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.0.kept(|kept| kept.coming -= 1);
    }
}

async fn drained(body: Body, mut sums: known::Body) -> Result<Option<Drained>, axum::Error> {
    let (mut chunks, mut text) = (body.into_data_stream(), Some(Vec::new()));
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        text = text.filter(|text| text.len() + chunk.len() <= READABLE_BYTES_MAX);
        if let Some(text) = &mut text {
            text.extend_from_slice(&chunk);
        }
        sums.update(chunk);
    }
    Ok(sums.finish().map(|(bytes, md5)| Drained { bytes, md5, text: text.map(Bytes::from) }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn xml(document: String) -> Response {
    ([("content-type", "application/xml")], format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{document}"))
        .into_response()
}

fn with_etag(etag: &str) -> HeaderMap {
    HeaderValue::from_str(&format!("\"{etag}\""))
        .map(|etag| (HeaderName::from_static("etag"), etag))
        .into_iter()
        .collect()
}

impl Sink {
    fn kept<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Bytes of all bodies that came whole so far.
    pub fn received(&self) -> u64 {
        self.kept(|kept| kept.received)
    }

    pub fn most_at_once(&self) -> usize {
        self.kept(|kept| kept.most_at_once)
    }

    fn put(&self, key: String, meta: HeaderMap, part: Option<(String, u32)>, drained: Drained) -> Response {
        let Drained { bytes, md5, text } = drained;
        self.kept(|kept| kept.received += bytes);
        let known = self.kept(|kept| match part {
            Some((id, part)) => kept.uploads.get_mut(&id).map(|upload| {
                upload.parts.insert(part, (bytes, md5));
            }),
            None => {
                kept.objects.insert(key, Object { bytes, etag: hex(&md5), meta, text });
                Some(())
            }
        });
        if known.is_some() { with_etag(&hex(&md5)).into_response() } else { no_such_upload() }
    }

    fn create(&self, key: String, meta: HeaderMap) -> Response {
        let id = uuid::Uuid::new_v4().to_string();
        let upload = Upload { key: key.clone(), meta, parts: BTreeMap::new() };
        self.kept(|kept| kept.uploads.insert(id.clone(), upload));
        let key = key.trim_start_matches('/').split_once('/').map_or("", |(_, key)| key);
        xml(format!(
            "<InitiateMultipartUploadResult><Bucket>bench</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
        ))
    }

    fn list_parts(&self, id: &str) -> Response {
        let listed = self.kept(|kept| {
            let parts = kept.uploads.get(id)?.parts.iter().map(|(number, (bytes, md5))| {
                let etag = hex(md5);
                format!("<Part><PartNumber>{number}</PartNumber><ETag>\"{etag}\"</ETag><Size>{bytes}</Size></Part>")
            });
            Some(parts.collect::<String>())
        });
        listed.map_or_else(no_such_upload, |parts| {
            xml(format!("<ListPartsResult><IsTruncated>false</IsTruncated>{parts}</ListPartsResult>"))
        })
    }

    fn complete(&self, id: &str) -> Response {
        let Some(upload) = self.kept(|kept| kept.uploads.remove(id)) else {
            return self
                .kept(|kept| kept.completed.get(id).cloned())
                .map_or_else(no_such_upload, |etag| completed(&etag));
        };
        let all = upload.parts.values().fold(Md5::new(), |all, (_, md5)| all.chain_update(md5));
        let etag = format!("{}-{}", hex(&all.finalize()), upload.parts.len());
        let bytes = upload.parts.values().map(|(bytes, _)| bytes).sum();
        let object = Object { bytes, etag: etag.clone(), meta: upload.meta, text: None };
        self.kept(|kept| {
            kept.objects.insert(upload.key, object);
            kept.completed.insert(id.to_owned(), etag.clone());
        });
        completed(&etag)
    }

    fn get(&self, key: &str) -> Response {
        match self.kept(|kept| kept.objects.get(key).and_then(|object| object.text.clone())) {
            Some(text) => text.into_response(),
            None => xml("<ListBucketResult/>".to_owned()),
        }
    }

    fn head(&self, key: &str) -> Response {
        let Some(object) = self.kept(|kept| kept.objects.get(key).cloned()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let mut headers = with_etag(&object.etag);
        headers.extend(object.meta);
        headers.insert("content-length", HeaderValue::from(object.bytes));
        headers.into_response()
    }
}

fn completed(etag: &str) -> Response {
    xml(format!("<CompleteMultipartUploadResult><ETag>\"{etag}\"</ETag></CompleteMultipartUploadResult>"))
}

fn no_such_upload() -> Response {
    (StatusCode::NOT_FOUND, "<Error><Code>NoSuchUpload</Code></Error>").into_response()
}
