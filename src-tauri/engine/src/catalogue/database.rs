//! The file, its one writer thread and its few readers.

use super::CatalogueFailure;
use lectern_shared::ids::ClientId;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};
use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Earlier ones can lose a WAL that is reset while another connection reads: <https://sqlite.org/releaselog/3_51_3.html>.
const SQLITE_MIN: i32 = 3_051_003;
const READERS: usize = 3;

/// Most writes that share a transaction, and with it a flush of the disk.
const GROUP_MAX: usize = 64;

/// One write, inside a transaction that others may share; without one it is not done. What it gives back tells its caller
/// how that ended.
type Work = Box<dyn FnOnce(Option<&Transaction<'_>>) -> Answer + Send>;
type Answer = Box<dyn FnOnce(Option<CatalogueFailure>) + Send>;

#[derive(Clone)]
pub(super) struct Database {
    writer: Arc<Mutex<Option<mpsc::Sender<Work>>>>,
    thread: Arc<Mutex<Option<std::thread::JoinHandle<()>>>>,
    readers: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<tokio::sync::Semaphore>,
}

impl Database {
    pub(super) fn open(file: &Path) -> Result<Self, CatalogueFailure> {
        if rusqlite::version_number() < SQLITE_MIN {
            return Err(CatalogueFailure::SqliteTooOld(rusqlite::version().to_owned()));
        }
        let mut writer = Connection::open(file)?;
        prepare(&writer)?;
        Migrations::new(vec![
            M::up(include_str!("schema.sql")),
            M::up("ALTER TABLE upload ADD COLUMN needed_by INTEGER; CREATE INDEX asset_bytes ON asset (bytes);"),
            M::up(include_str!("replacing.sql")),
            M::up(include_str!("forking.sql")),
            // The server's clock, as the last pull told it: ours decides nothing.
            M::up("ALTER TABLE client ADD COLUMN server_time INTEGER NOT NULL DEFAULT 0"),
        ])
        .to_latest(&mut writer)?;
        let mut readers = Vec::with_capacity(READERS);
        for _ in 0..READERS {
            let reader =
                Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
            prepare_reader(&reader)?;
            readers.push(reader);
        }
        let (sender, work) = mpsc::channel::<Work>();
        let thread = std::thread::Builder::new()
            .name("catalogue".to_owned())
            .spawn(move || {
                while let Ok(first) = work.recv() {
                    let group = std::iter::once(first).chain(work.try_iter()).take(GROUP_MAX).collect();
                    commit(&mut writer, group);
                }
            })
            .map_err(|_| CatalogueFailure::Closed)?;
        Ok(Self {
            writer: Arc::new(Mutex::new(Some(sender))),
            thread: Arc::new(Mutex::new(Some(thread))),
            readers: Arc::new(Mutex::new(readers)),
            permits: Arc::new(tokio::sync::Semaphore::new(READERS)),
        })
    }

    /// Runs `work` in one transaction of the writer; an error rolls everything back.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, CatalogueFailure> + Send + 'static,
    ) -> Result<T, CatalogueFailure> {
        let (answer, result) = oneshot::channel();
        // A caller that has gone away does not undo its edit.
        self.send(work, |result| drop(answer.send(result)))?;
        result.await.map_err(|_| CatalogueFailure::Closed)?
    }

    fn send<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, CatalogueFailure> + Send + 'static,
        answer: impl FnOnce(Result<T, CatalogueFailure>) + Send + 'static,
    ) -> Result<(), CatalogueFailure> {
        let work: Work = Box::new(move |tx| {
            let result = tx.map_or(Err(CatalogueFailure::Closed), |tx| apart(tx, work));
            Box::new(move |failure| answer(failure.map_or(result, Err)))
        });
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.as_ref().ok_or(CatalogueFailure::Closed)?.send(work).map_err(|_| CatalogueFailure::Closed)
    }

    /// Runs `work` on one snapshot.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, CatalogueFailure> + Send + 'static,
    ) -> Result<T, CatalogueFailure> {
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| CatalogueFailure::Closed)?;
        let readers = self.readers.clone();
        let run = move || {
            let _permit = permit;
            let mut reader =
                readers.lock().unwrap_or_else(PoisonError::into_inner).pop().ok_or(CatalogueFailure::Closed)?;
            let result = reader.transaction().map_err(CatalogueFailure::from).and_then(|tx| work(&tx));
            readers.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            result
        };
        tokio::task::spawn_blocking(run).await.map_err(|_| CatalogueFailure::Closed)?
    }

    /// This installation's client id, made on the first start.
    pub(super) fn identify(&self) -> Result<ClientId, CatalogueFailure> {
        let (answer, result) = mpsc::channel();
        let work = |tx: &Transaction<'_>| {
            tx.execute(
                "INSERT INTO client (one, id, next_mid, confirmed_mid) VALUES (1, ?1, 1, 0) ON CONFLICT DO NOTHING",
                [ClientId::new().to_string()],
            )?;
            let id: String = tx.query_row("SELECT id FROM client", [], |row| row.get(0))?;
            Ok(ClientId(id.parse()?))
        };
        self.send(work, move |result| drop(answer.send(result)))?;
        result.recv().map_err(|_| CatalogueFailure::Closed)?
    }

    pub(super) fn close(&self) {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}

/// All of a group in one transaction: nobody is told anything before it is on the disk.
fn commit(connection: &mut Connection, group: Vec<Work>) {
    let (mut answers, mut left) = (Vec::with_capacity(group.len()), group.into_iter());
    let committed = connection.transaction_with_behavior(TransactionBehavior::Immediate).and_then(|tx| {
        for work in left.by_ref() {
            answers.push(work(Some(&tx)));
            // A full disk ends the whole transaction: what came now would be committed alone.
            if tx.is_autocommit() {
                break;
            }
        }
        tx.commit()
    });
    let failure = committed.err().map(|error| error.to_string());
    answers.extend(left.map(|work| work(None)));
    for answer in answers {
        answer(failure.clone().map(CatalogueFailure::NotCommitted));
    }
}

/// One write of a group: its error takes back what it did and nothing of the others.
fn apart<T>(
    tx: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, CatalogueFailure>,
) -> Result<T, CatalogueFailure> {
    let run = |sql: &str| tx.prepare_cached(sql)?.execute([]);
    run("SAVEPOINT one")?;
    match work(tx) {
        Ok(value) => {
            run("RELEASE one")?;
            Ok(value)
        }
        Err(failure) => {
            // Fails when the whole transaction is gone, of which `commit` tells everybody.
            let _ = run("ROLLBACK TO one").and_then(|_| run("RELEASE one"));
            Err(failure)
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // What a statement may have to take back: else a file is made for it, for every statement.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn prepare_reader(connection: &Connection) -> rusqlite::Result<()> {
    // KiB for each of them: the system's own cache has the file.
    connection.pragma_update(None, "cache_size", -1024)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The writer is kept busy until all have been sent: they share one transaction.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_write_that_fails_takes_back_its_own_and_nothing_of_those_it_shares_a_transaction_with() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("mirror.sqlite")).unwrap();
        let (go, wait) = mpsc::channel::<()>();
        let busy = tokio::spawn({
            let database = database.clone();
            async move { database.write(move |_| Ok(wait.recv().is_ok())).await }
        });
        let insert = |id: usize| {
            database.write(move |tx| {
                tx.execute("INSERT INTO course (id, body) VALUES (?1, '{}')", [id.to_string()])?;
                if id.is_multiple_of(2) { Err(CatalogueFailure::NotFound("an even one")) } else { Ok(id) }
            })
        };
        let (send, results) = tokio::join!(
            async {
                tokio::task::yield_now().await;
                go.send(())
            },
            futures::future::join_all((0..10).map(insert)),
        );
        send.unwrap();
        assert!(busy.await.unwrap().unwrap());
        for (id, result) in results.into_iter().enumerate() {
            assert_eq!(result.is_ok(), !id.is_multiple_of(2), "{id}");
        }
        let kept = database.read(|tx| {
            let mut statement = tx.prepare("SELECT id FROM course ORDER BY id")?;
            let ids = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(ids.collect::<Result<Vec<_>, _>>()?)
        });
        assert_eq!(kept.await.unwrap(), ["1", "3", "5", "7", "9"]);
        database.close();
    }
}
