//! The store's HTTP side: this computer only, HTTP/1.1, and a refusal that its sender gets to read.

use super::b2::Front;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use s3s::HttpError;
use s3s::service::S3Service;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Read buffer of a connection, and so the largest piece of a body.
const BUFFER_BYTES: usize = 256 * 1024;
/// A sender that stalls while being refused is not waited for.
const DRAIN_IDLE: Duration = Duration::from_secs(10);
/// Calls that are under way may end; a paused player would never.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// The accepting task and its connections. Dropped: all of them end at once.
pub(super) struct Serving {
    closing: CancellationToken,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

/// What a connection is answered by.
#[derive(Clone)]
struct Door {
    service: S3Service,
    front: Option<Front>,
}

impl Serving {
    /// `front` is asked first, where there is one.
    pub(super) fn start(listener: TcpListener, service: S3Service, front: Option<Front>) -> Self {
        let door = Door { service, front };
        let serving =
            Self { closing: CancellationToken::new(), stopping: CancellationToken::new(), tasks: TaskTracker::new() };
        serving.tasks.spawn(accept(
            listener,
            door,
            serving.closing.clone(),
            serving.stopping.clone(),
            serving.tasks.clone(),
        ));
        serving
    }

    /// Lets calls under way end, and waits for it.
    pub(super) async fn shutdown(&self) {
        self.closing.cancel();
        self.tasks.close();
        if tokio::time::timeout(SHUTDOWN_PATIENCE, self.tasks.wait()).await.is_err() {
            self.stopping.cancel();
            self.tasks.wait().await;
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.closing.cancel();
        self.stopping.cancel();
    }
}

async fn accept(
    listener: TcpListener,
    door: Door,
    closing: CancellationToken,
    stopping: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let accepted = tokio::select! {
            () = closing.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(connection(stream, door.clone(), closing.clone(), stopping.clone()));
            }
            Err(error) => {
                // Out of file handles, mostly: that passes when a connection ends.
                tracing::warn!(%error, "the object store could not accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, door: Door, closing: CancellationToken, stopping: CancellationToken) {
    // Answers are small and waited for.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let answer = service_fn(move |request| respond(door.clone(), request));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), answer);
    tokio::pin!(serving);
    let mut leaving = false;
    loop {
        tokio::select! {
            // A sender that went away is its own affair: it knows, and nothing half came to stay.
            _ = serving.as_mut() => return,
            () = stopping.cancelled() => return,
            () = closing.cancelled(), if !leaving => {
                leaving = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn respond(door: Door, request: Request<Incoming>) -> Result<Response<s3s::Body>, HttpError> {
    let (head, body) = request.into_parts();
    let body = SharedBody(Arc::new(Mutex::new(body)));
    let response = match door.front.as_ref().and_then(|front| front.answer(&head)) {
        Some(response) => response,
        None => door.service.call(Request::from_parts(head, s3s::Body::http_body(body.clone()))).await?,
    };
    let refused = response.status().is_client_error() || response.status().is_server_error();
    if refused {
        // Closing on a sender in the middle of its body resets the connection, and it never reads why.
        drain(body).await;
    }
    Ok(response)
}

async fn drain(mut body: SharedBody) {
    while let Ok(Some(Ok(_))) = tokio::time::timeout(DRAIN_IDLE, body.frame()).await {}
}

/// A body that the service reads, and we read to its end when the service did not. Never both at once.
#[derive(Clone)]
struct SharedBody(Arc<Mutex<Incoming>>);

impl SharedBody {
    fn with<T>(&self, read: impl FnOnce(Pin<&mut Incoming>) -> T) -> T {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read(Pin::new(&mut *body))
    }
}

impl Body for SharedBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.with(|body| body.poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}
