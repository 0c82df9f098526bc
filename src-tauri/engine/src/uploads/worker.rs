//! The steps of an upload that touch the world: each is one task, reports one event and owns nothing.

use super::batches::Batches;
use super::buffers::Buffers;
use super::content;
use super::hashing::{self, Chaining, TreeHasher, hex};
use super::job::{Event, Remote, StepFailure};
use super::journal::{Journal, PartProof, Write};
use super::parts::Plan;
use super::rest::{Sighting, is_at_rest};
use super::seam::{CatalogueError, Outcome, UploadCatalogue, UploadRecord};
use super::source::{Source, SourceFacts, SourceProblem, Standing};
use crate::remote::sender::PartSender;
use crate::remote::{CourseServer, RemoteError};
use lectern_md5::Md5Bench;
use lectern_shared::ids::{AssetId, OperationId};
use lectern_shared::protocol::{
    CompleteUpload, CompletedPart, OpenUpload, OpenedUpload, Problem, ProblemCode, UrlsRequest,
};
use lectern_shared::upload::Cause;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// How long a look at a file is worth something.
const LOOK_LASTS: Duration = Duration::from_secs(1);
const REHASH_READ_BYTES: usize = 1024 * 1024;
/// Pauses between tries to take a cancelled upload away from the store.
const CANCEL_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Everybody the steps talk to.
pub struct Outside {
    pub catalogue: Arc<dyn UploadCatalogue>,
    pub server: Arc<dyn CourseServer>,
    pub batches: Batches,
    pub journal: Journal,
    pub sender: PartSender,
    pub md5: Md5Bench,
    pub buffers: Buffers,
    /// See [`Patience`](crate::remote::Patience).
    pub rest: Duration,
    /// Server or store may be back.
    pub nudged: Notify,
}

/// What a step needs to know of its job.
pub struct Order {
    pub record: Arc<UploadRecord>,
    pub facts: SourceFacts,
    pub plan: Plan,
    pub upload_id: Option<String>,
    pub confirmed: BTreeMap<u32, PartProof>,
    /// See [`CompleteUpload::sent_once`].
    pub sent_once: bool,
    /// When the last part was.
    pub confirmed_at: Option<Instant>,
    /// The file as nothing wrote into it any more.
    pub rested: Option<SourceFacts>,
}

impl From<SourceProblem> for StepFailure {
    fn from(problem: SourceProblem) -> Self {
        Self::Source(problem)
    }
}

impl From<CatalogueError> for StepFailure {
    fn from(error: CatalogueError) -> Self {
        Self::Transient(error.to_string())
    }
}

impl From<RemoteError> for StepFailure {
    fn from(error: RemoteError) -> Self {
        match error {
            RemoteError::Unreachable(_) => Self::Unreachable(Remote::Server),
            RemoteError::Problem(Problem { code, detail }) => match code {
                ProblemCode::StoreUnreachable => Self::Unreachable(Remote::Store),
                // The connection is being renewed: no upload can do anything about it.
                ProblemCode::Unauthenticated => Self::Unreachable(Remote::Server),
                ProblemCode::NotEnoughSpace { needed, free } => Self::NeedsUser(Cause::NotEnoughSpace { needed, free }),
                ProblemCode::StoreDenied => Self::NeedsUser(Cause::KeyRefused),
                ProblemCode::CapReached => Self::NeedsUser(Cause::CapReached),
                ProblemCode::UpgradeNeeded => Self::NeedsUser(Cause::Refused { detail }),
                ProblemCode::UploadGone => Self::UploadGone,
                ProblemCode::Corrupted => Self::Corrupted(detail),
                ProblemCode::Internal | ProblemCode::TooMany => Self::Transient(detail),
                ProblemCode::NotFound
                | ProblemCode::Invalid
                | ProblemCode::Forbidden
                | ProblemCode::MutationGap { .. }
                | ProblemCode::ClientForked { .. }
                | ProblemCode::Restored
                | ProblemCode::TooLarge
                | ProblemCode::StoreRefused => Self::Refused(detail),
            },
        }
    }
}

/// A blocking call off the async threads.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SourceProblem> + Send + 'static,
) -> Result<T, SourceProblem> {
    let gave_up = |_| Err(SourceProblem::Unreadable("reading it was given up".to_owned()));
    tokio::task::spawn_blocking(work).await.unwrap_or_else(gave_up)
}

/// Looks at the file, writes the intent, opens the store's side and asks what it has.
pub async fn open(outside: &Outside, order: Order, fresh: bool) -> Result<Event, StepFailure> {
    let Order { record, facts, plan, upload_id, confirmed, rested, .. } = order;
    let (asset, operation) = (record.asset, record.operation);
    let (path, rest) = (record.path.clone(), outside.rest);
    let (found, media_type) = blocking(move || {
        let (source, found) = Source::open(&path)?;
        if rested != Some(found) && !is_at_rest(&path, &source, Sighting::first(found, false), rest)? {
            return Err(SourceProblem::StillWritten);
        }
        Ok((found, content::sniff(source.file(), &path)?.media_type))
    })
    .await?;
    if let Standing::Touched(found) = facts.compare(found)? {
        return Err(StepFailure::Touched(found));
    }
    if fresh {
        outside.server.cancel_upload(asset).await?;
    }
    let part_bytes = plan.part_bytes();
    let intent = Write::Intent { operation, asset, part_bytes, facts };
    outside.journal.write(intent).await.map_err(|error| StepFailure::Transient(error.to_string()))?;
    let request = OpenUpload { asset, bytes: facts.bytes, part_bytes, content_type: media_type };
    let answer = match plan.is_single() {
        true => outside.batches.open(request).await?,
        false => outside.server.open_upload(&request).await?,
    };
    let (plan, opened_id, url) = match answer {
        OpenedUpload::Ready { bytes } => {
            if bytes != facts.bytes {
                let stored = SourceFacts { bytes, ..facts };
                let kept = outside.catalogue.set_source(operation, record.path.clone(), stored).await;
                kept.map_err(|error| StepFailure::Transient(error.to_string()))?;
            }
            make_ready(outside, operation).await;
            return Ok(Event::FoundReady { bytes });
        }
        OpenedUpload::Single { url } => (Plan::single(facts.bytes), None, url),
        OpenedUpload::Multipart { part_bytes, upload_id } => {
            let plan = Plan::with_parts_of(facts.bytes, part_bytes);
            (plan.map_err(|error| StepFailure::Refused(error.to_string()))?, Some(upload_id), None)
        }
    };
    // Without it a restart would open again, which answers the same upload: no reason to wait for the disk.
    outside.journal.note(Write::Opened { operation, part_bytes: plan.part_bytes(), upload_id: opened_id.clone() });
    let may_have_parts = opened_id.is_some() && opened_id == upload_id && !confirmed.is_empty();
    let stored = if may_have_parts { outside.server.stored_parts(asset).await?.parts } else { Vec::new() };
    Ok(Event::Opened { plan, upload_id: opened_id, stored, url })
}

pub async fn urls(outside: &Outside, asset: AssetId, parts: Vec<u32>) -> Result<Event, StepFailure> {
    let answer = outside.server.part_urls(asset, &UrlsRequest { parts }).await?;
    if answer.urls.is_empty() {
        return Err(StepFailure::Transient("the server signed nothing".to_owned()));
    }
    Ok(Event::Urls(answer.urls))
}

/// Reads the confirmed parts again and compares their hashes.
pub async fn rehash(order: Order) -> Result<Event, StepFailure> {
    let stop = Arc::new(AtomicBool::new(false));
    let _stop_when_dropped = StopOnDrop(stop.clone());
    blocking(move || {
        let (source, found) = Source::open(&order.record.path)?;
        if found.bytes != order.facts.bytes {
            return Err(SourceProblem::Resized);
        }
        for (number, proof) in &order.confirmed {
            if read_chaining(&source, order.plan, *number, &stop)? != proof.chaining {
                return Ok(Event::OtherContent(found));
            }
        }
        // Written to while we read: look again.
        let (_, after) = Source::open(&order.record.path)?;
        Ok(if after == found { Event::SameContent(found) } else { Event::StepFailed(StepFailure::Touched(after)) })
    })
    .await
    .map_err(StepFailure::Source)
}

/// The facts of the file at `path`, if it has the bytes that were sent so far.
pub async fn same_bytes(path: PathBuf, order: Arc<Order>) -> Option<SourceFacts> {
    let stop = Arc::new(AtomicBool::new(false));
    let _stop_when_dropped = StopOnDrop(stop.clone());
    let compared = blocking(move || {
        let (source, found) = Source::open(&path)?;
        if found.bytes != order.facts.bytes {
            return Ok(None);
        }
        for (number, proof) in &order.confirmed {
            if read_chaining(&source, order.plan, *number, &stop)? != proof.chaining {
                return Ok(None);
            }
        }
        Ok(Some(found))
    });
    compared.await.ok().flatten()
}

/// Tells a blocking call that nobody waits for it any more.
pub struct StopOnDrop(pub Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn read_chaining(source: &Source, plan: Plan, number: u32, stop: &AtomicBool) -> Result<Chaining, SourceProblem> {
    let range = plan.range(number);
    let mut hasher = TreeHasher::new(range.start, plan.is_single());
    let mut buffer = vec![0; REHASH_READ_BYTES];
    let mut offset = range.start;
    while offset < range.end {
        if stop.load(Ordering::Relaxed) {
            return Err(SourceProblem::Unreadable("reading it was given up".to_owned()));
        }
        let length = usize::try_from(range.end - offset).unwrap_or(usize::MAX).min(buffer.len());
        source.read_at(&mut buffer[..length], offset)?;
        hasher.update(&buffer[..length]);
        offset += length as u64;
    }
    Ok(hasher.finish())
}

/// Looks at the file a last time and has the store put it together.
pub async fn complete(outside: &Outside, order: Order) -> Result<Event, StepFailure> {
    // A file of one part was looked at when its last byte was read.
    let was_just_read = order.plan.is_single() && order.confirmed_at.is_some_and(|at| at.elapsed() < LOOK_LASTS);
    if !was_just_read {
        let path = order.record.path.clone();
        let found = blocking(move || super::source::look(&path)).await?;
        if let Standing::Touched(found) = order.facts.compare(found)? {
            return Err(StepFailure::Touched(found));
        }
    }
    let chaining: Vec<Chaining> = order.confirmed.values().map(|proof| proof.chaining).collect();
    let parts = order.confirmed.iter().map(|(part, proof)| CompletedPart {
        part: *part,
        etag: proof.etag.clone(),
        md5: hex(&proof.md5),
        version: proof.version.clone(),
    });
    let request = CompleteUpload {
        parts: parts.collect(),
        bytes: order.facts.bytes,
        blake3: hashing::whole(&chaining).map(|hash| hex(&hash)).unwrap_or_default(),
        sent_once: order.sent_once,
    };
    match order.sent_once {
        true => outside.batches.complete(order.record.asset, request).await?,
        false => outside.server.complete_upload(order.record.asset, &request).await?,
    }
    make_ready(outside, order.record.operation).await;
    Ok(Event::Completed)
}

/// A loss of either is found out at the next start: the server answers `Ready` again.
async fn make_ready(outside: &Outside, operation: OperationId) {
    if let Err(error) = outside.catalogue.set_outcome(operation, Some(Outcome::Ready)).await {
        tracing::warn!(%error, "an upload is ready and the catalogue does not know");
    }
    outside.journal.note(Write::Forget { operation });
}

/// Takes the store's side of a cancelled upload away, however long that takes. `last_step` may still be opening it.
pub async fn cancel(
    outside: Arc<Outside>,
    operation: OperationId,
    asset: AssetId,
    last_step: Option<impl Future<Output = ()>>,
) {
    if let Some(step) = last_step {
        step.await;
    }
    let mut pause = Duration::from_secs(1);
    loop {
        let nudged = outside.nudged.notified();
        match outside.server.cancel_upload(asset).await {
            Ok(()) => break,
            Err(RemoteError::Problem(Problem {
                code: ProblemCode::NotFound | ProblemCode::UploadGone | ProblemCode::Invalid,
                ..
            })) => break,
            Err(error) => tracing::debug!(%error, "a cancelled upload is still at the store"),
        }
        tokio::select! {
            () = nudged => {}
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(CANCEL_PAUSE_MAX),
        }
    }
    outside.journal.note(Write::Forget { operation });
}

/// Whether the file at `path` still has these facts.
///
/// # Errors
/// When it is gone or has another size.
pub fn stand(path: &Path, facts: SourceFacts) -> Result<Standing, SourceProblem> {
    facts.compare(super::source::look(path)?)
}
