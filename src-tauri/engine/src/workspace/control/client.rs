//! The side that found the workspace's lock held.

use super::{LINE_BYTES_MAX, Reply, Request, name};
use futures::{SinkExt as _, StreamExt as _};
use interprocess::local_socket::tokio::{Stream, prelude::*};
use std::io;
use std::path::Path;
use tokio_util::codec::{Framed, LinesCodec, LinesCodecError};

#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the Lectern that has this workspace open has ended; its queue is kept")]
    Ended,
    #[error("the Lectern that has this workspace open cannot be talked to: {0}")]
    Io(#[from] io::Error),
    #[error("the Lectern that has this workspace open answers what is not understood")]
    Strange,
}

/// A connection to the engine of a workspace, in another process.
pub struct Client(Framed<Stream, LinesCodec>);

impl Client {
    /// Nothing if nobody listens.
    pub async fn connect(folder: &Path) -> Option<Self> {
        let path = name::known(folder).ok()?;
        let stream = Stream::connect(name::of(&path).ok()?).await.ok()?;
        Some(Self(Framed::new(stream, LinesCodec::new_with_max_length(LINE_BYTES_MAX))))
    }

    /// # Errors
    /// When there is no answer. The request may have been carried out all the same.
    pub async fn ask(&mut self, request: &Request) -> Result<Reply, ClientError> {
        let line = serde_json::to_string(request).map_err(|_| ClientError::Strange)?;
        self.0.send(line).await.map_err(of_line)?;
        let answer = self.0.next().await.ok_or(ClientError::Ended)?.map_err(of_line)?;
        serde_json::from_str(&answer).map_err(|_| ClientError::Strange)
    }
}

fn of_line(error: LinesCodecError) -> ClientError {
    match error {
        LinesCodecError::MaxLineLengthExceeded => ClientError::Strange,
        LinesCodecError::Io(error) if is_the_end(error.kind()) => ClientError::Ended,
        LinesCodecError::Io(error) => ClientError::Io(error),
    }
}

fn is_the_end(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof)
}
