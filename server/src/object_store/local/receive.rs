//! Takes a body to the disk in bounded memory. Only one that has arrived whole is handed on; any other leaves nothing.

use super::durable::rename;
use super::fault::Fault;
use bytes::Bytes;
use futures::StreamExt;
use md5::{Digest, Md5};
use s3s::dto::StreamingBlob;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Pieces of at most 256 KiB wait for the disk: what a part in flight may hold in memory.
const PIECES_WAITING: usize = 2;
/// Longer than any sender of ours pauses inside a part; a thread waits for each body.
const IDLE_MAX: Duration = Duration::from_secs(600);

/// What the client says it will send.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    pub(super) bytes: u64,
    pub(super) md5: Option<[u8; 16]>,
}

enum Piece {
    Bytes(Bytes),
    /// Said by us alone, after a clean end: a channel that merely closes is a connection that broke.
    End,
}

/// A body on the disk, flushed, under a name that means nothing yet. Dropped: gone.
#[derive(Debug)]
pub(super) struct Received {
    path: PathBuf,
    pub(super) bytes: u64,
    pub(super) md5: [u8; 16],
}

impl Received {
    pub(super) fn persist(mut self, to: &Path) -> Result<(), Fault> {
        rename(&self.path, to)?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

pub(super) async fn receive(
    body: Option<StreamingBlob>,
    announced: Announced,
    scratch: &Path,
) -> Result<Received, Fault> {
    let path = scratch.join(Uuid::now_v7().simple().to_string());
    let (pieces, writer) = mpsc::channel(PIECES_WAITING);
    // One thread per body hashes and writes: MD5 is the price of a byte, and parts are paid for side by side.
    let writing = tokio::task::spawn_blocking(move || write(path, writer));
    let sent = forward(body, announced.bytes, pieces).await;
    let written = writing.await.map_err(|_| Fault::Stopped)?;
    // The disk's complaint says more than "nobody takes the body any more".
    let received = match (sent, written) {
        (_, Err(fault)) if !matches!(fault, Fault::IncompleteBody) => return Err(fault),
        (Err(fault), _) | (Ok(()), Err(fault)) => return Err(fault),
        (Ok(()), Ok(received)) => received,
    };
    if announced.md5.is_some_and(|md5| md5 != received.md5) {
        return Err(Fault::BadDigest);
    }
    Ok(received)
}

async fn forward(body: Option<StreamingBlob>, bytes: u64, pieces: mpsc::Sender<Piece>) -> Result<(), Fault> {
    let mut arrived = 0;
    if let Some(mut body) = body {
        loop {
            let next = tokio::time::timeout(IDLE_MAX, body.next()).await.map_err(|_| Fault::RequestTimeout)?;
            let Some(piece) = next else { break };
            let piece = piece.map_err(|_| Fault::IncompleteBody)?;
            arrived += piece.len() as u64;
            pieces.send(Piece::Bytes(piece)).await.map_err(|_| Fault::Stopped)?;
        }
    }
    if arrived != bytes {
        return Err(Fault::IncompleteBody);
    }
    pieces.send(Piece::End).await.map_err(|_| Fault::Stopped)
}

fn write(path: PathBuf, mut pieces: mpsc::Receiver<Piece>) -> Result<Received, Fault> {
    let mut file = File::create_new(&path)?;
    let mut received = Received { path, bytes: 0, md5: [0; 16] };
    let mut md5 = Md5::new();
    loop {
        match pieces.blocking_recv() {
            Some(Piece::Bytes(piece)) => {
                md5.update(&piece);
                file.write_all(&piece)?;
                received.bytes += piece.len() as u64;
            }
            Some(Piece::End) => break,
            None => {
                // Closed before it is removed: Windows would refuse.
                drop(file);
                return Err(Fault::IncompleteBody);
            }
        }
    }
    file.sync_all()?;
    received.md5 = md5.finalize().into();
    Ok(received)
}
