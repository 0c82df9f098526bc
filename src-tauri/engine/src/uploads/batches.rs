//! Calls for small files, gathered while one is under way: a thousand files cost a dozen calls, and one alone does not wait.

use crate::remote::{CourseServer, RemoteError};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{
    CompleteUpload, CompleteUploads, OpenUpload, OpenUploads, OpenedUpload, Problem, UPLOADS_MAX,
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// A call that waits for its turn, and for whom its answer is.
type Waiting<Q, A> = (Q, oneshot::Sender<Result<A, RemoteError>>);

/// Ends with its last clone.
#[derive(Clone)]
pub struct Batches {
    opens: mpsc::UnboundedSender<Waiting<OpenUpload, OpenedUpload>>,
    completes: mpsc::UnboundedSender<Waiting<(AssetId, CompleteUpload), ()>>,
}

impl Batches {
    pub fn start(server: &Arc<dyn CourseServer>) -> Self {
        let (opens, to_open) = mpsc::unbounded_channel();
        let (completes, to_complete) = mpsc::unbounded_channel();
        let opener = server.clone();
        tokio::spawn(run(to_open, move |uploads| {
            let server = opener.clone();
            async move { server.open_uploads(&OpenUploads { uploads }).await.map(|opened| opened.answers) }
        }));
        let completer = server.clone();
        tokio::spawn(run(to_complete, move |uploads| {
            let server = completer.clone();
            async move { server.complete_uploads(&CompleteUploads { uploads }).await.map(|done| done.answers) }
        }));
        Self { opens, completes }
    }

    pub async fn open(&self, upload: OpenUpload) -> Result<OpenedUpload, RemoteError> {
        ask(&self.opens, upload).await
    }

    pub async fn complete(&self, asset: AssetId, upload: CompleteUpload) -> Result<(), RemoteError> {
        ask(&self.completes, (asset, upload)).await
    }
}

async fn ask<Q, A>(calls: &mpsc::UnboundedSender<Waiting<Q, A>>, call: Q) -> Result<A, RemoteError> {
    let (to, answer) = oneshot::channel();
    // Both can only fail when the engine is being taken down.
    let ended = || RemoteError::Unreachable("the engine ends".to_owned());
    calls.send((call, to)).map_err(|_| ended())?;
    answer.await.map_err(|_| ended())?
}

async fn run<Q, A, F>(mut calls: mpsc::UnboundedReceiver<Waiting<Q, A>>, send: impl Fn(Vec<Q>) -> F)
where
    F: Future<Output = Result<Vec<Result<A, Problem>>, RemoteError>>,
{
    let mut waiting = Vec::new();
    while calls.recv_many(&mut waiting, UPLOADS_MAX).await > 0 {
        let (batch, to): (Vec<Q>, Vec<_>) = waiting.drain(..).unzip();
        match send(batch).await {
            Ok(answers) => {
                for (to, answer) in to.into_iter().zip(answers) {
                    let _ = to.send(answer.map_err(RemoteError::Problem));
                }
            }
            Err(silence) => {
                for to in to {
                    let _ = to.send(Err(silence.clone()));
                }
            }
        }
    }
}
