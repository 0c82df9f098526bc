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

/// The jobs to go on with, oldest first. Journal rows that none of them needs are forgotten.
#[must_use]
pub fn recover(records: Vec<UploadRecord>, mut journaled: Journaled, journal: &Journal) -> Vec<(UploadRecord, Job)> {
    // What is ready needs no journal: the app may have ended between the catalogue's knowing and the journal's forgetting.
    let wanted = |record: &&UploadRecord| record.outcome != Some(Outcome::Ready);
    let wanted: HashSet<OperationId> = records.iter().filter(wanted).map(|record| record.operation).collect();
    let cancelled: HashSet<OperationId> = journaled.cancelled.iter().map(|(operation, _)| *operation).collect();
    let strays = journaled.uploads.keys().chain(journaled.failures.keys());
    for operation in strays.filter(|operation| !wanted.contains(operation) && !cancelled.contains(operation)) {
        journal.note(Write::Forget { operation: *operation });
    }
    records
        .into_iter()
        .map(|record| {
            let job = job_of(&record, &mut journaled, journal);
            (record, job)
        })
        .collect()
}

fn job_of(record: &UploadRecord, journaled: &mut Journaled, journal: &Journal) -> Job {
    let facts = facts_of(record);
    if record.outcome == Some(Outcome::Ready) {
        return Job::ready(facts);
    }
    let mut job = Job::new(facts, record.paused);
    if let Some(upload) = journaled.uploads.remove(&record.operation) {
        match Plan::with_parts_of(record.bytes, upload.part_bytes) {
            Ok(plan) if upload.facts.bytes == record.bytes => {
                job = job.with_journaled(upload.facts, plan, upload.upload_id, upload.parts);
            }
            // Its file has another size by now, and the app ended before the journal knew.
            _ => journal.note(Write::Anew { operation: record.operation }),
        }
    }
    match record.outcome {
        Some(Outcome::Failed) => {
            let unknown = Cause::Refused { detail: "it failed before the app was started".to_owned() };
            job.with_failure(journaled.failures.remove(&record.operation).unwrap_or(unknown))
        }
        _ => job,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lectern_shared::ids::AssetId;
    use lectern_shared::media::AssetKind;

    fn record(outcome: Option<Outcome>) -> UploadRecord {
        UploadRecord {
            operation: OperationId::new(),
            asset: AssetId::new(),
            video: None,
            course: None,
            path: "/lecture.mp4".into(),
            name: "lecture.mp4".to_owned(),
            kind: AssetKind::Video,
            bytes: 10,
            modified_ns: 0,
            file_id: (0, 0),
            destination: String::new(),
            paused: false,
            outcome,
            needed_by: None,
        }
    }

    /// The app is killed when the catalogue has the outcome and the journal still has the parts.
    #[tokio::test]
    async fn what_is_ready_leaves_nothing_in_the_journal_and_what_is_not_keeps_its_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let records = [record(Some(Outcome::Ready)), record(None), record(Some(Outcome::Failed))];
        let (journal, _) = Journal::open(&path).unwrap();
        for record in &records {
            let (operation, asset, facts) = (record.operation, record.asset, facts_of(record));
            journal.write(Write::Intent { operation, asset, part_bytes: 10, facts }).await.unwrap();
        }
        drop(journal);

        let (journal, journaled) = Journal::open(&path).unwrap();
        assert_eq!(recover(records.to_vec(), journaled, &journal).len(), 3);
        journal.write(Write::Flush).await.unwrap();
        let (_, journaled) = Journal::open(&path).unwrap();
        let mut left: Vec<_> = journaled.uploads.keys().copied().collect();
        let mut wanted = vec![records[1].operation, records[2].operation];
        left.sort();
        wanted.sort();
        assert_eq!(left, wanted);
    }
}
