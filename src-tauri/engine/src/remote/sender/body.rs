//! The body of one PUT: exactly as long as promised, counted as the connection takes it.

use super::pace::Pace;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::time::Sleep;

/// Small enough that progress moves and a slow line is not taken for a stalled one.
pub(super) const FRAME_BYTES_MAX: usize = 64 * 1024;

/// How far one attempt is, readable while it runs.
#[derive(Debug, Default)]
pub struct Gauge {
    pulled: AtomicU64,
    starved: AtomicBool,
    stopped: AtomicBool,
}

impl Gauge {
    /// Bytes the connection has taken so far. The system's send buffer may still hold the last of them.
    #[must_use]
    pub fn pulled(&self) -> u64 {
        self.pulled.load(Ordering::Relaxed)
    }

    /// The connection waits for us, not we for it: a slow disk is no stall.
    #[must_use]
    pub fn is_starved(&self) -> bool {
        self.starved.load(Ordering::Relaxed)
    }

    /// The attempt is over: nobody needs more bytes.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// An answer may come before the last byte: the connection would go on pulling the rest.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

pub(super) struct PartBody {
    chunks: mpsc::Receiver<Bytes>,
    current: Bytes,
    left: u64,
    gauge: Arc<Gauge>,
    pace: Pace,
    /// A frame of this length has its turn when the sleep is over.
    turn: Option<(usize, Pin<Box<Sleep>>)>,
}

impl PartBody {
    pub(super) fn new(chunks: mpsc::Receiver<Bytes>, bytes: u64, gauge: Arc<Gauge>, pace: Pace) -> Self {
        Self { chunks, current: Bytes::new(), left: bytes, gauge, pace, turn: None }
    }

    /// Waits for the next frame's turn. Waiting for bandwidth is no stall.
    fn poll_turn(&mut self, context: &mut Context<'_>) -> Poll<usize> {
        if self.turn.is_none() {
            let length = self.current.len().min(FRAME_BYTES_MAX).min(usize::try_from(self.left).unwrap_or(usize::MAX));
            let wait = self.pace.turn(length, Instant::now());
            // Even a sleep of nothing would last until the timer's next tick.
            if wait.is_zero() {
                return Poll::Ready(length);
            }
            self.turn = Some((length, Box::pin(tokio::time::sleep(wait))));
        }
        let Some((length, sleep)) = &mut self.turn else { return Poll::Pending };
        let length = *length;
        if sleep.as_mut().poll(context).is_pending() {
            self.gauge.starved.store(true, Ordering::Relaxed);
            return Poll::Pending;
        }
        self.turn = None;
        Poll::Ready(length)
    }
}

impl Body for PartBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        if this.left == 0 {
            return Poll::Ready(None);
        }
        if this.gauge.is_stopped() {
            return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())));
        }
        while this.current.is_empty() {
            match this.chunks.poll_recv(context) {
                Poll::Pending => {
                    this.gauge.starved.store(true, Ordering::Relaxed);
                    return Poll::Pending;
                }
                // An error and not an end: the connection must be dropped, the store must not see a short part.
                Poll::Ready(None) => return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into()))),
                Poll::Ready(Some(chunk)) => this.current = chunk,
            }
        }
        let length = std::task::ready!(this.poll_turn(context));
        this.gauge.starved.store(false, Ordering::Relaxed);
        let frame = this.current.split_to(length);
        this.left -= length as u64;
        this.gauge.pulled.fetch_add(length as u64, Ordering::Relaxed);
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
