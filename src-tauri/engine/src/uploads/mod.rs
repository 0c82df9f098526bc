//! The upload engine: files in, checked objects out.
//!
//! A drop goes through `intake` into the catalogue; `scheduler` owns one `job` (a pure state machine) for each upload and
//! runs its steps (`worker`) and parts (`sending`); `journal` remembers across crashes; `progress` is what the window sees.

mod batches;
mod buffers;
mod content;
mod drives;
mod folders;
mod gate;
pub(crate) mod hashing;
mod intake;
mod job;
mod journal;
pub(crate) mod parts;
mod progress;
mod recovery;
mod rest;
mod scheduler;
mod seam;
mod search;
mod sending;
mod slots;
mod source;
mod worker;

pub use intake::{Intake, take_in};
pub use journal::JournalError;
pub use seam::{Announced, CatalogueError, NewUpload, Outcome, Replaces, UploadCatalogue, UploadRecord};
pub use source::SourceFacts;

use crate::EventSink;
use crate::remote::sender::{PartSender, SenderError};
use crate::remote::{CourseServer, Line};
use buffers::Buffers;
use futures::{StreamExt as _, TryStreamExt as _};
use journal::{Journal, Write};
use lectern_md5::Md5Bench;
use lectern_shared::Millis;
use lectern_shared::ids::{AssetId, OperationId, UserId};
use lectern_shared::upload::{Hold, UploadAction, UploadList, UploadState};
use progress::Board;
use scheduler::{Keep, Message, Parts, Scheduler, ToKeep};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};
use worker::Outside;

/// Catalogue writes side by side: its own writer groups them.
const KEEPING_MAX: usize = 16;

pub struct UploadsConfig {
    /// The journal's SQLite file; made when it is not there.
    pub journal: PathBuf,
    pub user: UserId,
    pub line: Line,
    /// Looks at everything and sends nothing: for who only wants to know.
    pub idle: bool,
    /// Nothing is sent from the start on; see [`Uploads::hold`].
    pub hold: Option<Hold>,
    pub limit: Option<u64>,
}

#[derive(Debug, thiserror::Error)]
pub enum UploadsError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    #[error(transparent)]
    Sender(#[from] SenderError),
    #[error("the upload engine has been shut down")]
    Stopped,
}

/// The upload engine. Cheap to clone; with the last clone it stops like in a crash, which it is made for.
#[derive(Clone)]
pub struct Uploads {
    inner: Arc<Inner>,
}

struct Inner {
    messages: mpsc::UnboundedSender<Message>,
    board: Arc<Board>,
    catalogue: Arc<dyn UploadCatalogue>,
    journal: Journal,
    /// One control at a time: what the catalogue keeps must be the last that was said.
    controls: Mutex<()>,
    _gone: DropGuard,
}

impl Uploads {
    /// Starts and goes on with everything that journal and catalogue hold.
    ///
    /// # Errors
    /// When the journal or the catalogue cannot be read.
    pub async fn start(
        config: UploadsConfig,
        catalogue: Arc<dyn UploadCatalogue>,
        server: Arc<dyn CourseServer>,
        events: EventSink,
    ) -> Result<Self, UploadsError> {
        let (patience, slots) = (config.line.patience, config.line.slots);
        let opened = tokio::task::spawn_blocking(move || {
            let (journal, journaled) = Journal::open(&config.journal)?;
            Ok::<_, UploadsError>((journal, journaled, PartSender::new(&config.line)?))
        });
        let (journal, journaled, sender) = opened.await.map_err(|_| UploadsError::Stopped)??;
        let mut records = catalogue.uploads().await?;
        // Cancelled, and the app ended before the catalogue knew.
        for (operation, _) in &journaled.cancelled {
            if records.iter().any(|record| record.operation == *operation) {
                catalogue.cancel(*operation).await?;
                records.retain(|record| record.operation != *operation);
            }
        }

        let board = Arc::new(Board::default());
        board.set_hold(config.hold, config.limit);
        let (outbox, inbox) = mpsc::unbounded_channel();
        let (keeper, to_keep) = mpsc::unbounded_channel();
        let outside = Arc::new(Outside {
            catalogue: catalogue.clone(),
            batches: batches::Batches::start(&server),
            server,
            journal: journal.clone(),
            sender,
            md5: Md5Bench::default(),
            buffers: Buffers::default(),
            rest: patience.rest,
            nudged: Notify::new(),
        });
        let mut scheduler = Scheduler::new(Parts {
            user: config.user,
            slots,
            idle: config.idle,
            hold: config.hold,
            patience,
            outside,
            board: board.clone(),
            events,
            inbox,
            outbox: outbox.clone(),
            keeper,
        });
        for (operation, asset) in journaled.cancelled.clone() {
            scheduler.cancel_at_store(operation, asset, None);
        }
        for (record, job) in recovery::recover(records, journaled, &journal) {
            scheduler.insert(record, job);
        }
        scheduler.put_all_on_board();
        let gone = CancellationToken::new();
        tokio::spawn(keep_all_that_comes(catalogue.clone(), to_keep));
        tokio::spawn(scheduler.run(gone.clone()));
        let inner =
            Inner { messages: outbox, board, catalogue, journal, controls: Mutex::new(()), _gone: gone.drop_guard() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Queues files in one step, in this order.
    ///
    /// # Errors
    /// When the catalogue cannot be written, or the place does not exist any more.
    pub async fn queue(&self, files: Vec<NewUpload>) -> Result<Vec<OperationId>, UploadsError> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let records = self.inner.catalogue.queue(files).await?;
        let operations = records.iter().map(|record| record.operation).collect();
        self.ask(|done| Message::Add { records, done }).await?;
        Ok(operations)
    }

    /// Does something to these uploads, or to all it fits. `Cancel` fits what is not ready, `Clear` what is.
    ///
    /// # Errors
    /// When the catalogue could not be told; what runs obeys all the same.
    pub async fn control(
        &self,
        action: UploadAction,
        operations: Option<Vec<OperationId>>,
    ) -> Result<(), UploadsError> {
        let _one_at_a_time = self.inner.controls.lock().await;
        match action {
            UploadAction::Cancel => self.cancel(operations.as_deref()).await,
            UploadAction::Clear => self.clear(operations.as_deref()).await,
            _ => {
                let to_keep = self.ask(|done| Message::Control { action, operations, done }).await?;
                keep_all(&*self.inner.catalogue, to_keep).await.map_err(UploadsError::from)
            }
        }
    }

    /// Journal first, so that a cancellation outlives a crash; catalogue second; the store's side when it answers.
    async fn cancel(&self, operations: Option<&[OperationId]>) -> Result<(), UploadsError> {
        let chosen = self.inner.board.unfinished(operations);
        let marks =
            chosen.iter().map(|&(operation, asset)| self.inner.journal.write(Write::Cancelled { operation, asset }));
        futures::future::try_join_all(marks).await?;
        let answers = futures::stream::iter(chosen)
            .map(|(operation, asset)| async move { (operation, asset, self.inner.catalogue.cancel(operation).await) })
            .buffered(KEEPING_MAX)
            .collect::<Vec<_>>()
            .await;
        let mut cancelled = Vec::new();
        let mut result = Ok(());
        for (operation, asset, answer) in answers {
            match answer {
                Ok(()) => cancelled.push((operation, asset)),
                Err(error) => {
                    self.inner.journal.note(Write::Uncancelled { operation });
                    result = Err(error.into());
                }
            }
        }
        self.ask(|done| Message::Cancelled { operations: cancelled, done }).await?;
        result
    }

    async fn clear(&self, operations: Option<&[OperationId]>) -> Result<(), UploadsError> {
        let uploads = self.inner.board.list().uploads;
        let ready = uploads.iter().filter(|upload| upload.state == UploadState::Ready);
        let chosen = ready.filter(|upload| operations.is_none_or(|wanted| wanted.contains(&upload.operation)));
        let chosen: Vec<OperationId> = chosen.map(|upload| upload.operation).collect();
        let answers = futures::stream::iter(chosen)
            .map(|operation| async move { (operation, self.inner.catalogue.clear(operation).await) })
            .buffered(KEEPING_MAX)
            .collect::<Vec<_>>()
            .await;
        let cleared = answers.iter().filter(|(_, answer)| answer.is_ok()).map(|(operation, _)| *operation).collect();
        self.ask(|done| Message::Cleared { operations: cleared, done }).await?;
        answers.into_iter().try_for_each(|(_, answer)| answer.map_err(UploadsError::from))
    }

    /// All uploads in the order they go, as they are now.
    #[must_use]
    pub fn list(&self) -> UploadList {
        self.inner.board.list()
    }

    /// Where the asset's file is, while its upload is in the list.
    #[must_use]
    pub fn local_path(&self, asset: AssetId) -> Option<PathBuf> {
        self.inner.board.path(asset)
    }

    /// Server or store may be back: try again now. Costs no tries.
    pub fn nudge(&self) {
        let _ = self.inner.messages.send(Message::Nudge);
    }

    /// The network is another one: every connection is made anew. Costs no tries. A sleep of the computer is noticed
    /// without being told.
    pub fn line_changed(&self) {
        let _ = self.inner.messages.send(Message::LineChanged);
    }

    /// Sends nothing from now on, or goes on. `limit` is only shown: the pace is its owner's to set.
    pub fn hold(&self, hold: Option<Hold>, limit: Option<u64>) {
        let _ = self.inner.messages.send(Message::Hold { hold, limit });
    }

    /// When these, or all that are not ready, are needed by; what is needed first is sent first.
    ///
    /// # Errors
    /// When the catalogue could not be told.
    pub async fn set_needed_by(
        &self,
        operations: Option<Vec<OperationId>>,
        at: Option<Millis>,
    ) -> Result<(), UploadsError> {
        let chosen = self.inner.board.unfinished(operations.as_deref());
        let operations: Vec<OperationId> = chosen.into_iter().map(|(operation, _)| operation).collect();
        self.inner.catalogue.set_needed_by(&operations, at).await?;
        self.ask(|done| Message::NeededBy { operations, at, done }).await
    }

    /// The upload's file may be at `path` now: compared by size, and by hash as far as parts were confirmed. False: it is
    /// another file, and nothing is changed.
    ///
    /// # Errors
    /// When the catalogue could not be told.
    pub async fn found(&self, operation: OperationId, path: PathBuf) -> Result<bool, UploadsError> {
        let Some(order) = self.ask(|done| Message::OrderFor { operation, done }).await? else { return Ok(false) };
        let Some(facts) = worker::same_bytes(path.clone(), Arc::new(order)).await else { return Ok(false) };
        self.inner.catalogue.set_source(operation, path.clone(), facts).await?;
        self.ask(|done| Message::Moved { operation, path, facts, done }).await?;
        Ok(true)
    }

    /// Stops sending, drops what is in flight, flushes the journal.
    pub async fn shutdown(&self) {
        let _ = self.ask(|done| Message::Shutdown { done }).await;
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, UploadsError> {
        let (done, answer) = oneshot::channel();
        self.inner.messages.send(message(done)).map_err(|_| UploadsError::Stopped)?;
        answer.await.map_err(|_| UploadsError::Stopped)
    }
}

/// BLAKE3 of a whole file, hex; none when it cannot be read.
pub async fn whole_file_hash(path: PathBuf) -> Option<String> {
    worker::blocking(move || {
        let (source, found) = source::Source::open(&path)?;
        hashing::whole_file(&source, found.bytes)
    })
    .await
    .ok()
    .map(|hash| hashing::hex(&hash))
}

async fn keep_all(catalogue: &dyn UploadCatalogue, to_keep: Vec<ToKeep>) -> Result<(), CatalogueError> {
    let writes = to_keep.into_iter().map(|(operation, keep)| keep_one(catalogue, operation, keep));
    futures::stream::iter(writes).buffer_unordered(KEEPING_MAX).try_collect().await
}

async fn keep_one(catalogue: &dyn UploadCatalogue, operation: OperationId, keep: Keep) -> Result<(), CatalogueError> {
    match keep {
        Keep::Paused(paused) => catalogue.set_paused(operation, paused).await,
        Keep::Outcome(outcome) => catalogue.set_outcome(operation, outcome).await,
        Keep::Source(path, facts) => catalogue.set_source(operation, path, facts).await,
    }
}

/// What comes from within: nobody waits for it to be kept.
async fn keep_all_that_comes(catalogue: Arc<dyn UploadCatalogue>, mut to_keep: mpsc::UnboundedReceiver<ToKeep>) {
    while let Some((operation, keep)) = to_keep.recv().await {
        if let Err(error) = keep_one(&*catalogue, operation, keep).await {
            tracing::warn!(%error, "the catalogue does not know what became of an upload");
        }
    }
}
