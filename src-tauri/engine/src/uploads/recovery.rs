//! Puts the uploads together again at the start, from what catalogue and journal hold: what was confirmed stays confirmed.

use super::job::Job;
use super::journal::{Journal, Journaled, Write};
use super::parts::Plan;
use super::seam::{Outcome, UploadRecord};
use super::source::SourceFacts;
use lectern_shared::ids::OperationId;
use lectern_shared::upload::Cause;
use std::collections::HashSet;

/// What the catalogue knows of the file.
#[must_use]
pub fn facts_of(record: &UploadRecord) -> SourceFacts {
    SourceFacts { bytes: record.bytes, modified_ns: record.modified_ns, file_id: record.file_id }
}

/// The jobs to go on with, oldest first. Journal rows that belong to none of them are forgotten.
#[must_use]
pub fn recover(records: Vec<UploadRecord>, mut journaled: Journaled, journal: &Journal) -> Vec<(UploadRecord, Job)> {
    let known: HashSet<OperationId> = records.iter().map(|record| record.operation).collect();
    let cancelled: HashSet<OperationId> = journaled.cancelled.iter().map(|(operation, _)| *operation).collect();
    let strays = journaled.uploads.keys().chain(journaled.failures.keys());
    for operation in strays.filter(|operation| !known.contains(operation) && !cancelled.contains(operation)) {
        journal.note(Write::Forget { operation: *operation });
    }
    records
        .into_iter()
        .map(|record| {
            let job = job_of(&record, &mut journaled);
            (record, job)
        })
        .collect()
}

fn job_of(record: &UploadRecord, journaled: &mut Journaled) -> Job {
    let facts = facts_of(record);
    if record.outcome == Some(Outcome::Ready) {
        return Job::ready(facts);
    }
    let mut job = Job::new(facts, record.paused);
    if let Some(upload) = journaled.uploads.remove(&record.operation)
        && let Ok(plan) = Plan::with_parts_of(record.bytes, upload.part_bytes)
    {
        job = job.with_journaled(upload.facts, plan, upload.upload_id, upload.parts);
    }
    match record.outcome {
        Some(Outcome::Failed) => {
            let unknown = Cause::Refused { detail: "it failed before the app was started".to_owned() };
            job.with_failure(journaled.failures.remove(&record.operation).unwrap_or(unknown))
        }
        _ => job,
    }
}
