//! The upload journal: what was begun and what is confirmed, written before the act or on its 200, in a file and by a
//! thread of its own. Commits are grouped: a thousand small files must not wait for a thousand disk flushes.

use super::hashing::{Chaining, Md5Sum};
use super::source::SourceFacts;
use lectern_shared::SCHEMA;
use lectern_shared::ids::{AssetId, OperationId};
use lectern_shared::upload::Cause;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use uuid::Uuid;

/// Most writes in one commit: bounds how long the first of them waits.
const GROUP_MAX: usize = 512;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

const STEPS: &[M<'_>] = &[M::up(
    "CREATE TABLE upload (
        operation BLOB NOT NULL PRIMARY KEY,
        schema INTEGER NOT NULL,
        asset BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        part_bytes INTEGER NOT NULL,
        upload_id TEXT,
        modified_ns INTEGER NOT NULL,
        file_device INTEGER NOT NULL,
        file_index INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE part (
        operation BLOB NOT NULL REFERENCES upload(operation) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        md5 BLOB NOT NULL,
        etag TEXT NOT NULL,
        chaining BLOB NOT NULL,
        PRIMARY KEY (operation, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE failure (
        operation BLOB NOT NULL PRIMARY KEY,
        schema INTEGER NOT NULL,
        cause TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE cancelled (
        operation BLOB NOT NULL PRIMARY KEY,
        schema INTEGER NOT NULL,
        asset BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;",
)];
const MIGRATIONS: Migrations<'_> = Migrations::from_slice(STEPS);

#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    #[error("the upload journal could not be used: {0}")]
    Storage(String),
    #[error("the upload journal was written by a newer version of the app")]
    Newer,
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Storage(error.to_string())
    }
}

/// What the store has confirmed of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartProof {
    pub bytes: u64,
    pub md5: Md5Sum,
    /// As the store answered it.
    pub etag: String,
    pub chaining: Chaining,
    /// Of a whole object, as the store named it. Not journaled: after a crash the store is asked.
    pub version: Option<String>,
}

/// One upload as it was when the app ended.
#[derive(Clone, Debug)]
pub struct JournaledUpload {
    pub part_bytes: u64,
    /// The store's, once a multipart upload was opened there.
    pub upload_id: Option<String>,
    pub facts: SourceFacts,
    pub parts: BTreeMap<u32, PartProof>,
}

/// All there is at the start.
#[derive(Debug, Default)]
pub struct Journaled {
    pub uploads: HashMap<OperationId, JournaledUpload>,
    pub failures: HashMap<OperationId, Cause>,
    /// Cancelled, and the server has not confirmed it yet.
    pub cancelled: Vec<(OperationId, AssetId)>,
}

#[derive(Clone, Debug)]
pub enum Write {
    /// The store's side is about to be opened with these parts.
    Intent {
        operation: OperationId,
        asset: AssetId,
        part_bytes: u64,
        facts: SourceFacts,
    },
    /// It is open.
    Opened {
        operation: OperationId,
        part_bytes: u64,
        upload_id: Option<String>,
    },
    Part {
        operation: OperationId,
        number: u32,
        proof: PartProof,
    },
    /// These parts, or all of them, have to be sent again.
    ForgetParts {
        operation: OperationId,
        numbers: Option<Vec<u32>>,
    },
    /// The file was found to be the same under another time or identity.
    Facts {
        operation: OperationId,
        facts: SourceFacts,
    },
    Failure {
        operation: OperationId,
        cause: Option<Cause>,
    },
    Cancelled {
        operation: OperationId,
        asset: AssetId,
    },
    /// The cancellation did not take place.
    Uncancelled {
        operation: OperationId,
    },
    /// What was sent is of another file: nothing of it is worth anything.
    Anew {
        operation: OperationId,
    },
    /// Ready, or its cancellation confirmed: nothing needs to be known of it.
    Forget {
        operation: OperationId,
    },
    /// Nothing: its answer says that all before it is on the disk.
    Flush,
}

struct Entry {
    write: Write,
    done: Option<oneshot::Sender<Result<(), JournalError>>>,
}

impl Entry {
    /// How long it may wait for company: a flush of the disk is dear, and one does for all.
    fn patience(&self) -> Duration {
        Duration::from_millis(match (&self.done, &self.write) {
            (None, _) => 100,
            // It has given its place on the line away: nothing stands still.
            (Some(_), Write::Part { .. }) => 10,
            // Files are opened ahead of the line.
            (Some(_), Write::Intent { .. }) => 3,
            (Some(_), _) => 0,
        })
    }
}

/// A handle to the writer thread, which ends after the last handle.
#[derive(Clone)]
pub struct Journal {
    entries: mpsc::Sender<Entry>,
}

impl Journal {
    /// Opens or creates the file and reads what is in it. Blocks.
    ///
    /// # Errors
    /// When the file cannot be used, or is a newer app's.
    pub fn open(path: &Path) -> Result<(Self, Journaled), JournalError> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // What a statement may have to take back: else a file is made for it, for every statement.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // KiB. It is written, and read at the start alone.
        connection.pragma_update(None, "cache_size", -512)?;
        MIGRATIONS.to_latest(&mut connection).map_err(|error| match error {
            rusqlite_migration::Error::MigrationDefinition(
                rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead,
            ) => JournalError::Newer,
            other => JournalError::Storage(other.to_string()),
        })?;
        let journaled = read_all(&connection)?;
        let (entries, incoming) = mpsc::channel();
        std::thread::Builder::new()
            .name("upload-journal".to_owned())
            .spawn(move || write_until_closed(&mut connection, &incoming))
            .map_err(|error| JournalError::Storage(error.to_string()))?;
        Ok((Self { entries }, journaled))
    }

    /// Writes and waits until it is on the disk.
    ///
    /// # Errors
    /// When it could not be written.
    pub async fn write(&self, write: Write) -> Result<(), JournalError> {
        let (done, written) = oneshot::channel();
        let closed = || JournalError::Storage("its writer has ended".to_owned());
        self.entries.send(Entry { write, done: Some(done) }).map_err(|_| closed())?;
        written.await.map_err(|_| closed())?
    }

    /// Writes soon, after everything written before. A loss costs time after a crash, never correctness.
    pub fn note(&self, write: Write) {
        if self.entries.send(Entry { write, done: None }).is_err() {
            tracing::warn!("the upload journal's writer has ended");
        }
    }
}

fn write_until_closed(connection: &mut Connection, incoming: &mpsc::Receiver<Entry>) {
    while let Ok(first) = incoming.recv() {
        let mut until = Instant::now() + first.patience();
        let mut group = vec![first];
        while group.len() < GROUP_MAX
            && !group.last().is_some_and(|entry| matches!(entry.write, Write::Flush))
            && let Ok(entry) = incoming.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            until = until.min(Instant::now() + entry.patience());
            group.push(entry);
        }
        if commit(connection, &group).is_ok() {
            for entry in group {
                answer(entry, Ok(()));
            }
            continue;
        }
        // One of them is bad, or the disk is: each alone, so that a bad one harms no other.
        for entry in group {
            let result = commit(connection, std::slice::from_ref(&entry));
            answer(entry, result);
        }
    }
}

fn answer(entry: Entry, result: Result<(), JournalError>) {
    if let Err(error) = &result {
        tracing::warn!(%error, "an upload journal entry was not written");
    }
    if let Some(done) = entry.done {
        let _ = done.send(result);
    }
}

fn commit(connection: &mut Connection, group: &[Entry]) -> Result<(), JournalError> {
    if group.iter().all(|entry| matches!(entry.write, Write::Flush)) {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for entry in group {
        apply(&transaction, &entry.write)?;
    }
    transaction.commit()?;
    Ok(())
}

fn apply(transaction: &Transaction<'_>, write: &Write) -> Result<(), JournalError> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<(), JournalError> {
        transaction.prepare_cached(sql)?.execute(values)?;
        Ok(())
    };
    match write {
        Write::Intent { operation, asset, part_bytes, facts } => run(
            "INSERT INTO upload
                 (operation, schema, asset, bytes, part_bytes, modified_ns, file_device, file_index)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (operation) DO UPDATE SET
                 part_bytes = excluded.part_bytes, modified_ns = excluded.modified_ns,
                 file_device = excluded.file_device, file_index = excluded.file_index",
            &[
                &operation.0.into_bytes(),
                &SCHEMA,
                &asset.0.into_bytes(),
                &facts.bytes.cast_signed(),
                &part_bytes.cast_signed(),
                &facts.modified_ns,
                &facts.file_id.0.cast_signed(),
                &facts.file_id.1.cast_signed(),
            ],
        ),
        Write::Opened { operation, part_bytes, upload_id } => run(
            "UPDATE upload SET part_bytes = ?2, upload_id = ?3 WHERE operation = ?1",
            &[&operation.0.into_bytes(), &part_bytes.cast_signed(), upload_id],
        ),
        // From an upload that was forgotten meanwhile a part may still come in.
        Write::Part { operation, number, proof } => run(
            "INSERT OR REPLACE INTO part (operation, number, bytes, md5, etag, chaining)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM upload WHERE operation = ?1)",
            &[&operation.0.into_bytes(), number, &proof.bytes.cast_signed(), &proof.md5, &proof.etag, &proof.chaining],
        ),
        Write::ForgetParts { operation, numbers: None } => {
            run("DELETE FROM part WHERE operation = ?1", &[&operation.0.into_bytes()])
        }
        Write::ForgetParts { operation, numbers: Some(numbers) } => numbers.iter().try_for_each(|number| {
            run("DELETE FROM part WHERE operation = ?1 AND number = ?2", &[&operation.0.into_bytes(), number])
        }),
        Write::Facts { operation, facts } => run(
            "UPDATE upload SET modified_ns = ?2, file_device = ?3, file_index = ?4 WHERE operation = ?1",
            &[
                &operation.0.into_bytes(),
                &facts.modified_ns,
                &facts.file_id.0.cast_signed(),
                &facts.file_id.1.cast_signed(),
            ],
        ),
        Write::Failure { operation, cause: Some(cause) } => run(
            "INSERT OR REPLACE INTO failure (operation, schema, cause) VALUES (?1, ?2, ?3)",
            &[&operation.0.into_bytes(), &SCHEMA, &serde_json::to_string(cause).unwrap_or_default()],
        ),
        Write::Failure { operation, cause: None } => {
            run("DELETE FROM failure WHERE operation = ?1", &[&operation.0.into_bytes()])
        }
        Write::Cancelled { operation, asset } => run(
            "INSERT OR REPLACE INTO cancelled (operation, schema, asset) VALUES (?1, ?2, ?3)",
            &[&operation.0.into_bytes(), &SCHEMA, &asset.0.into_bytes()],
        ),
        Write::Uncancelled { operation } => {
            run("DELETE FROM cancelled WHERE operation = ?1", &[&operation.0.into_bytes()])
        }
        Write::Anew { operation } => run("DELETE FROM upload WHERE operation = ?1", &[&operation.0.into_bytes()]),
        Write::Forget { operation } => ["upload", "failure", "cancelled"].iter().try_for_each(|table| {
            run(&format!("DELETE FROM {table} WHERE operation = ?1"), &[&operation.0.into_bytes()])
        }),
        Write::Flush => Ok(()),
    }
}

fn read_all(connection: &Connection) -> Result<Journaled, JournalError> {
    let newest: Option<u32> = connection
        .query_row(
            "SELECT MAX(schema) FROM (SELECT schema FROM upload UNION SELECT schema FROM failure
             UNION SELECT schema FROM cancelled)",
            [],
            |row| row.get(0),
        )
        .optional()?
        .flatten();
    if newest.is_some_and(|schema| schema > SCHEMA) {
        return Err(JournalError::Newer);
    }
    let mut journaled = Journaled { uploads: read_uploads(connection)?, ..Journaled::default() };
    read_parts(connection, &mut journaled.uploads)?;
    let mut failures = connection.prepare("SELECT operation, cause FROM failure")?;
    for row in failures.query_map([], |row| Ok((OperationId(id(row, 0)?), row.get::<_, String>(1)?)))? {
        let (operation, cause) = row?;
        if let Ok(cause) = serde_json::from_str(&cause) {
            journaled.failures.insert(operation, cause);
        }
    }
    let mut cancelled = connection.prepare("SELECT operation, asset FROM cancelled")?;
    for row in cancelled.query_map([], |row| Ok((OperationId(id(row, 0)?), AssetId(id(row, 1)?))))? {
        journaled.cancelled.push(row?);
    }
    Ok(journaled)
}

fn id(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    row.get(column).map(Uuid::from_bytes)
}

fn read_uploads(connection: &Connection) -> Result<HashMap<OperationId, JournaledUpload>, JournalError> {
    let mut statement = connection
        .prepare("SELECT operation, part_bytes, upload_id, bytes, modified_ns, file_device, file_index FROM upload")?;
    let rows = statement.query_map([], |row| {
        let facts = SourceFacts {
            bytes: row.get::<_, i64>(3)?.cast_unsigned(),
            modified_ns: row.get(4)?,
            file_id: (row.get::<_, i64>(5)?.cast_unsigned(), row.get::<_, i64>(6)?.cast_unsigned()),
        };
        let upload = JournaledUpload {
            part_bytes: row.get::<_, i64>(1)?.cast_unsigned(),
            upload_id: row.get(2)?,
            facts,
            parts: BTreeMap::new(),
        };
        Ok((OperationId(id(row, 0)?), upload))
    })?;
    rows.map(|row| row.map_err(JournalError::from)).collect()
}

fn read_parts(
    connection: &Connection,
    uploads: &mut HashMap<OperationId, JournaledUpload>,
) -> Result<(), JournalError> {
    let mut statement = connection.prepare("SELECT operation, number, bytes, md5, etag, chaining FROM part")?;
    let rows = statement.query_map([], |row| {
        let proof = PartProof {
            bytes: row.get::<_, i64>(2)?.cast_unsigned(),
            md5: row.get(3)?,
            etag: row.get(4)?,
            chaining: row.get(5)?,
            version: None,
        };
        Ok((OperationId(id(row, 0)?), row.get::<_, u32>(1)?, proof))
    })?;
    for row in rows {
        let (operation, number, proof) = row?;
        if let Some(upload) = uploads.get_mut(&operation) {
            upload.parts.insert(number, proof);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(byte: u8) -> PartProof {
        PartProof { bytes: 8, md5: [byte; 16], etag: "e".to_owned(), chaining: [byte; 32], version: None }
    }

    #[tokio::test]
    async fn what_was_written_is_there_after_a_restart_and_what_was_forgotten_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        let (kept, gone, asset) = (OperationId::new(), OperationId::new(), AssetId::new());
        let facts = SourceFacts { bytes: 24, modified_ns: -5, file_id: (u64::MAX, 7) };
        {
            let (journal, empty) = Journal::open(&path).unwrap();
            assert!(empty.uploads.is_empty());
            for operation in [kept, gone] {
                journal.write(Write::Intent { operation, asset, part_bytes: 8, facts }).await.unwrap();
                let upload_id = Some("store-1".to_owned());
                journal.note(Write::Opened { operation, part_bytes: 8, upload_id });
                for number in 1..=3 {
                    journal.note(Write::Part { operation, number, proof: proof(number as u8) });
                }
            }
            journal.note(Write::ForgetParts { operation: kept, numbers: Some(vec![2]) });
            journal.note(Write::Failure { operation: kept, cause: Some(Cause::SourceChanged) });
            journal.note(Write::Forget { operation: gone });
            journal.note(Write::Part { operation: gone, number: 9, proof: proof(9) });
            journal.note(Write::Cancelled { operation: gone, asset });
            journal.note(Write::Anew { operation: gone });
            journal.write(Write::Flush).await.unwrap();
        }
        let (_journal, again) = Journal::open(&path).unwrap();
        assert_eq!(again.uploads.len(), 1);
        let upload = &again.uploads[&kept];
        assert_eq!((upload.facts, upload.upload_id.as_deref()), (facts, Some("store-1")));
        assert_eq!(upload.parts, BTreeMap::from([(1, proof(1)), (3, proof(3))]));
        assert_eq!(again.failures[&kept], Cause::SourceChanged);
        assert_eq!(again.cancelled, [(gone, asset)]);
    }

    #[tokio::test]
    async fn a_newer_journal_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(Journal::open(&path), Err(JournalError::Newer)));
    }
}
