//! A line between client and store: so many bits a second towards the store, and so long until an answer.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

const ONE_WAY: Duration = Duration::from_millis(10);
/// What is on its way at once, for one connection: two round trips of the whole line.
const ON_ITS_WAY_MAX: usize = 32;
const PIECE_BYTES: usize = 8 * 1024;

/// When the line is free again, for all connections together.
#[derive(Clone)]
struct Free {
    at: Arc<Mutex<Instant>>,
    bytes_per_second: f64,
}

/// Listens until the process ends.
pub async fn start(upstream: SocketAddr, megabits: f64) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let free = Free { at: Arc::new(Mutex::new(Instant::now())), bytes_per_second: megabits * 1e6 / 8.0 };
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(pass(client, upstream, free.clone()));
        }
    });
    Ok(address)
}

async fn pass(client: TcpStream, upstream: SocketAddr, free: Free) {
    let Ok(store) = TcpStream::connect(upstream).await else { return };
    let _ = (client.set_nodelay(true), store.set_nodelay(true));
    let ((from_client, to_client), (from_store, to_store)) = (client.into_split(), store.into_split());
    tokio::join!(carry(from_client, to_store, Some(free)), carry(from_store, to_client, None));
}

async fn carry(mut from: impl AsyncRead + Unpin + Send + 'static, mut to: impl AsyncWrite + Unpin, free: Option<Free>) {
    let (pieces, mut on_their_way) = mpsc::channel::<(Instant, Vec<u8>)>(ON_ITS_WAY_MAX);
    tokio::spawn(async move {
        let mut piece = vec![0; PIECE_BYTES];
        while let Ok(count @ 1..) = from.read(&mut piece).await {
            let sent = free.as_ref().map_or_else(Instant::now, |free| turn(free, count));
            tokio::time::sleep_until(sent).await;
            if pieces.send((sent + ONE_WAY, piece[..count].to_vec())).await.is_err() {
                return;
            }
        }
    });
    while let Some((there, piece)) = on_their_way.recv().await {
        tokio::time::sleep_until(there).await;
        if to.write_all(&piece).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

fn turn(free: &Free, bytes: usize) -> Instant {
    let mut at = free.at.lock().unwrap_or_else(PoisonError::into_inner);
    *at = (*at).max(Instant::now()) + Duration::from_secs_f64(bytes as f64 / free.bytes_per_second);
    *at
}
