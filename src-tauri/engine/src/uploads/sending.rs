//! Sends one part: one blocking reader hashes and feeds, the sender takes what the network takes, and the store's answer
//! is held against the hash.

use super::buffers::{Buffers, READ_BYTES};
use super::hashing::{PartHasher, hex};
use super::job::PartEnd;
use super::journal::{PartProof, Write};
use super::parts::Plan;
use super::seam::UploadRecord;
use super::source::{Source, SourceFacts, SourceProblem, Standing};
use super::worker::{Outside, blocking, stand};
use crate::remote::sender::{Gauge, PartPut, PutOutcome};
use bytes::Bytes;
use lectern_md5::Md5Bench;
use lectern_shared::protocol::PartUrl;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Reads that wait for the network. With one being read, one being sent and what the HTTP connection holds that is under
/// 2 MiB a part in flight: 32 MiB at 16.
const READS_AHEAD: usize = 3;
const READER_GRACE: Duration = Duration::from_secs(1);

pub struct PartOrder {
    pub record: Arc<UploadRecord>,
    pub facts: SourceFacts,
    pub plan: Plan,
    pub part: u32,
    pub url: Arc<PartUrl>,
    pub fresh_connection: bool,
    pub gauge: Arc<Gauge>,
}

struct Feed {
    chunks: mpsc::Sender<Bytes>,
    gauge: Arc<Gauge>,
    md5: Md5Bench,
    buffers: Buffers,
}

enum ReadEnd {
    Whole(Box<PartHasher>),
    Touched(SourceFacts),
    /// The network wanted no more.
    Stopped,
}

/// `off_line` is called when the part is through: the line is free, though the disk may still be writing that down.
pub async fn send_part(outside: &Outside, order: PartOrder, off_line: impl FnOnce()) -> PartEnd {
    let (chunks_in, chunks) = mpsc::channel(READS_AHEAD);
    let reader = {
        let (record, facts, plan, part) = (order.record.clone(), order.facts, order.plan, order.part);
        let (gauge, md5, buffers) = (order.gauge.clone(), outside.md5.clone(), outside.buffers.clone());
        let feed = Feed { chunks: chunks_in, gauge, md5, buffers };
        blocking(move || read_part(&record.path, facts, plan, part, &feed))
    };
    let bytes = order.plan.length(order.part);
    let put = outside.sender.put(PartPut {
        url: &order.url,
        bytes,
        chunks,
        gauge: order.gauge,
        fresh_connection: order.fresh_connection,
    });
    let (mut reader, mut put) = (pin!(reader), pin!(put));
    let (read, outcome) = tokio::select! {
        read = &mut reader => match read {
            // The file goes before what the network made of its sudden end.
            Err(problem) => return PartEnd::Source(problem),
            Ok(ReadEnd::Touched(facts)) => return PartEnd::Touched(facts),
            read => (read, put.await),
        },
        outcome = &mut put => {
            let read = if matches!(outcome, PutOutcome::Sent { .. }) {
                reader.await
            } else {
                // A reader of a failed attempt may hang on a dead disk or line: it gets a moment to say why.
                tokio::time::timeout(READER_GRACE, reader).await.unwrap_or(Ok(ReadEnd::Stopped))
            };
            (read, outcome)
        }
    };
    let hasher = match read {
        Err(problem) => return PartEnd::Source(problem),
        Ok(ReadEnd::Touched(facts)) => return PartEnd::Touched(facts),
        Ok(ReadEnd::Whole(hasher)) => Some(hasher),
        Ok(ReadEnd::Stopped) => None,
    };
    match (outcome, hasher) {
        (PutOutcome::Sent { etag, version }, Some(hasher)) => {
            // Not before: by now other parts have left their bytes, and all are hashed together.
            let hashes = match blocking(move || Ok(hasher.finish())).await {
                Ok(hashes) => hashes,
                Err(problem) => return PartEnd::Source(problem),
            };
            if !etag.eq_ignore_ascii_case(&hex(&hashes.md5)) {
                return PartEnd::Mismatch;
            }
            off_line();
            let proof = PartProof { bytes, md5: hashes.md5, etag, chaining: hashes.chaining, version };
            confirm(outside, &order.record, order.part, proof).await
        }
        (PutOutcome::Sent { .. }, None) => PartEnd::Mismatch,
        (PutOutcome::Expired { code }, _) => PartEnd::Expired { code },
        (PutOutcome::Transient { detail, retry_after, answered, slow_down }, _) => {
            tracing::debug!(part = order.part, %detail, "a part will be sent again");
            PartEnd::Transient { detail, retry_after, answered, slow_down }
        }
        (PutOutcome::Unreachable { detail }, _) => {
            tracing::debug!(part = order.part, %detail, "the store does not answer");
            PartEnd::Unreachable
        }
        (PutOutcome::UploadGone, _) => PartEnd::UploadGone,
        (PutOutcome::NoSpace, _) => PartEnd::NoSpace,
        (PutOutcome::CapReached, _) => PartEnd::CapReached,
        (PutOutcome::Refused { status, code }, _) => {
            PartEnd::Refused(format!("the store answered {status} {code}").trim_end().to_owned())
        }
    }
}

/// Journaled first: what the window counts as confirmed is never sent again, whatever happens.
async fn confirm(outside: &Outside, record: &UploadRecord, part: u32, proof: PartProof) -> PartEnd {
    let write = Write::Part { operation: record.operation, number: part, proof: proof.clone() };
    if let Err(error) = outside.journal.write(write).await {
        // After a crash this part is sent once more; stopping now would help nobody.
        tracing::warn!(%error, "a confirmed part is not in the journal");
    }
    PartEnd::Confirmed(proof)
}

fn read_part(path: &Path, facts: SourceFacts, plan: Plan, part: u32, feed: &Feed) -> Result<ReadEnd, SourceProblem> {
    let (source, found) = Source::open(path)?;
    if let Standing::Touched(found) = facts.compare(found)? {
        return Ok(ReadEnd::Touched(found));
    }
    let range = plan.range(part);
    let mut hasher = PartHasher::new(&feed.md5, range.start, plan.is_single());
    let mut offset = range.start;
    while offset < range.end {
        let length = usize::try_from(range.end - offset).unwrap_or(usize::MAX).min(READ_BYTES);
        let buffer = feed.buffers.filled(length, |buffer| source.read_at(buffer, offset))?;
        hasher.update(buffer.clone());
        offset += length as u64;
        // The last chunk goes only when the file is known to have rested: the store must not get a part that is a mix.
        if offset == range.end
            && let Standing::Touched(found) = stand(path, facts)?
        {
            return Ok(ReadEnd::Touched(found));
        }
        if feed.gauge.is_stopped() || feed.chunks.blocking_send(buffer).is_err() {
            return Ok(ReadEnd::Stopped);
        }
    }
    Ok(ReadEnd::Whole(Box::new(hasher)))
}
