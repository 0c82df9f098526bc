//! The side that has the engine.

use super::{LINE_BYTES_MAX, Reply, Request, name};
use crate::workspace::Workspace;
use futures::{SinkExt as _, StreamExt as _};
use interprocess::local_socket::ListenerOptions;
use interprocess::local_socket::tokio::{Listener, Stream, prelude::*};
use lectern_shared::error::{AppError, ErrorCode};
use std::io;
use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::codec::{Framed, LinesCodec};

/// Programs that ask at once. More wait.
const CLIENTS_MAX: usize = 16;
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Listens until it is dropped.
pub(in crate::workspace) struct Host(JoinHandle<()>);

impl Host {
    /// Only the holder of the workspace's lock may.
    ///
    /// # Errors
    /// When the system has no socket here. The workspace is all right without.
    pub(in crate::workspace) fn listen(folder: &Path, workspace: &Arc<Workspace>) -> io::Result<Self> {
        let path = name::new(folder)?;
        let listener = ListenerOptions::new().name(name::of(&path)?).create_tokio()?;
        Ok(Self(tokio::spawn(accept(listener, Arc::downgrade(workspace)))))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The clients end with this task.
async fn accept(listener: Listener, workspace: Weak<Workspace>) {
    let mut clients = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok(stream) => drop(clients.spawn(serve(stream, workspace.clone()))),
            Err(error) => {
                tracing::debug!(%error, "nobody could be let in");
                tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
            }
        }
        while clients.try_join_next().is_some() {}
        if clients.len() >= CLIENTS_MAX {
            clients.join_next().await;
        }
    }
}

async fn serve(stream: Stream, workspace: Weak<Workspace>) {
    let mut lines = Framed::new(stream, LinesCodec::new_with_max_length(LINE_BYTES_MAX));
    while let Some(Ok(line)) = lines.next().await {
        let Some(workspace) = workspace.upgrade() else { return };
        let reply = match serde_json::from_str::<Request>(&line) {
            Ok(request) => workspace.answer_to(request).await,
            Err(_) => Reply::Failed(AppError::new(ErrorCode::Invalid, "another version of Lectern is open here")),
        };
        drop(workspace);
        let Ok(reply) = serde_json::to_string(&reply) else { return };
        if lines.send(reply).await.is_err() {
            return;
        }
    }
}
