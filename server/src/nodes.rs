//! What the nodes of one server tell each other, by LISTEN and NOTIFY of the PostgreSQL they share
//! (<https://www.postgresql.org/docs/current/sql-notify.html>). A word that is lost costs a delay: the pull is the truth.

use crate::live::{Feed, News, Said, Told};
use crate::{Server, StoreFailure};
use lectern_shared::ids::{DeviceId, OperationId, SpaceId};
use lectern_shared::protocol::Poke;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgListener, PgPool};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use uuid::Uuid;

pub(crate) const CHANNEL: &str = "lectern";
/// A commit that notifies takes a lock on the whole server: what happens meanwhile goes together.
const GATHER: Duration = Duration::from_millis(50);
/// A payload has less than 8,000 bytes; a space with its version about 65.
const POKES_MAX: usize = 100;
/// Progress is worth less: so often, and no more than a few payloads of it.
const PROGRESS_APART: Duration = Duration::from_millis(500);
const PROGRESS_WORDS_MAX: usize = 4;
const PROGRESS_BYTES: usize = 7_000;
const PAUSE: Duration = Duration::from_secs(1);
/// A node that says nothing else says that it is there, so that a dead connection is noticed.
const BEAT: Duration = Duration::from_secs(20);
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// One notification.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Word {
    /// The node that says it.
    node: Uuid,
    #[serde(default)]
    pokes: Vec<(SpaceId, u64)>,
    #[serde(default)]
    revoked: Vec<DeviceId>,
    #[serde(default)]
    progress: Vec<Told>,
}

impl Server {
    /// Tells the other nodes on this database what happens here, and hears what happens there, until the server is stopped.
    /// In SQLite there are none.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub async fn join_nodes(&self) -> Result<(), StoreFailure> {
        let Some(pool) = self.store.postgres() else { return Ok(()) };
        let listener = listen(pool).await?;
        let Some(said) = self.feed.said() else { return Ok(()) };
        let stop = self.feed.stopping();
        let (hearing, telling) =
            (hear(self.feed.clone(), self.node, listener, pool.clone()), tell(said, self.node, pool.clone()));
        tokio::spawn(stop.clone().run_until_cancelled_owned(hearing));
        tokio::spawn(stop.run_until_cancelled_owned(telling));
        Ok(())
    }
}

async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

async fn notify(pool: &PgPool, word: &Word) -> Result<(), StoreFailure> {
    let payload = serde_json::to_string(word)?;
    sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(pool).await?;
    Ok(())
}

/// The word that a device was locked out, for who says it within a transaction.
pub(crate) fn revoked(device: DeviceId) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Word { revoked: vec![device], ..Word::default() })
}

async fn hear(feed: Feed, node: Uuid, mut listener: PgListener, pool: PgPool) {
    loop {
        match tokio::time::timeout(SILENCE_MAX, listener.try_recv()).await {
            Ok(Ok(Some(notification))) => take(&feed, node, notification.payload()),
            // The connection is a new one: nobody knows what was said meanwhile.
            Ok(Ok(None)) => feed.hear(News::Missed),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("the other nodes are not heard");
                listener = loop {
                    tokio::time::sleep(PAUSE).await;
                    match listen(&pool).await {
                        Ok(listener) => break listener,
                        Err(error) => tracing::debug!(%error, "nor yet"),
                    }
                };
                feed.hear(News::Missed);
            }
        }
    }
}

fn take(feed: &Feed, node: Uuid, payload: &str) {
    match serde_json::from_str::<Word>(payload) {
        Ok(word) if word.node == node => {}
        Ok(word) => {
            word.pokes.into_iter().for_each(|(space, version)| feed.hear(News::Poke(Poke { space, version })));
            word.revoked.into_iter().for_each(|device| feed.hear(News::Revoked(device)));
            word.progress.into_iter().for_each(|told| feed.hear_told(Arc::new(told)));
        }
        Err(error) => tracing::warn!(%error, "another node says what this one does not understand"),
    }
}

async fn tell(mut said: mpsc::UnboundedReceiver<Said>, node: Uuid, pool: PgPool) {
    let mut gathered = Gathered::default();
    loop {
        match tokio::time::timeout(BEAT, said.recv()).await {
            Ok(Some(first)) => gathered.add(first),
            Ok(None) => return,
            Err(_) => drop(notify(&pool, &Word { node, ..Word::default() }).await),
        }
        while !gathered.is_empty() {
            tokio::time::sleep(GATHER).await;
            while let Ok(said) = said.try_recv() {
                gathered.add(said);
            }
            if let Err(error) = gathered.tell(&pool, node).await {
                tracing::warn!(%error, "the other nodes were not told yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Of one space the last version says it all, and of one piece of work how far it is now.
#[derive(Default)]
struct Gathered {
    spaces: BTreeMap<SpaceId, u64>,
    progress: BTreeMap<OperationId, Told>,
    told_at: Option<Instant>,
}

impl Gathered {
    fn is_empty(&self) -> bool {
        self.spaces.is_empty() && self.progress.is_empty()
    }

    fn add(&mut self, said: Said) {
        match said {
            Said::Poke(poke) => {
                let version = self.spaces.entry(poke.space).or_default();
                *version = (*version).max(poke.version);
            }
            Said::Progress(told) => {
                for item in &told.items {
                    let one = Told { items: vec![item.clone()], by_name: told.by_name.clone(), ..*told };
                    self.progress.insert(item.operation, one);
                }
            }
        }
    }

    /// Pokes stay until the others have them.
    async fn tell(&mut self, pool: &PgPool, node: Uuid) -> Result<(), StoreFailure> {
        while !self.spaces.is_empty() {
            let pokes: Vec<(SpaceId, u64)> =
                self.spaces.iter().take(POKES_MAX).map(|(space, version)| (*space, *version)).collect();
            let word = Word { node, pokes, ..Word::default() };
            notify(pool, &word).await?;
            for (space, _) in &word.pokes {
                self.spaces.remove(space);
            }
        }
        if self.told_at.is_none_or(|at| at.elapsed() >= PROGRESS_APART) {
            self.told_at = Some(Instant::now());
            for progress in packed(std::mem::take(&mut self.progress).into_values()) {
                notify(pool, &Word { node, progress, ..Word::default() }).await?;
            }
        }
        Ok(())
    }
}

/// As much as fits into a few payloads.
fn packed(progress: impl Iterator<Item = Told>) -> Vec<Vec<Told>> {
    let (mut words, mut bytes) = (Vec::<Vec<Told>>::new(), usize::MAX);
    for told in progress {
        let more = serde_json::to_string(&told).map_or(0, |json| json.len() + 1);
        if bytes.saturating_add(more) > PROGRESS_BYTES {
            if words.len() == PROGRESS_WORDS_MAX {
                break;
            }
            words.push(Vec::new());
            bytes = 0;
        }
        bytes += more;
        words.last_mut().into_iter().for_each(|word| word.push(told.clone()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use lectern_shared::ids::UserId;
    use lectern_shared::protocol::{PROGRESS_NAME_BYTES_MAX, Progress};
    use lectern_shared::upload::{ProgressName, UploadContext};

    fn told(operation: OperationId, file_name: String, sent: u64) -> Told {
        let (by, name, bytes) = (UserId::new(), ProgressName::MediaBulkDeleteProgress, u64::MAX);
        let item = Progress { operation, name, context: UploadContext::User(by), asset: None, file_name, bytes, sent };
        let device = Some(DeviceId::new());
        Told { device, space: by.into(), by, by_name: "\u{1}".repeat(200), items: vec![item] }
    }

    fn longest() -> Told {
        // Each byte of them becomes six.
        told(OperationId::new(), "\u{1}".repeat(PROGRESS_NAME_BYTES_MAX), u64::MAX)
    }

    #[test]
    fn as_much_as_goes_together_fits_into_a_notification() {
        let pokes = (0..POKES_MAX).map(|_| (SpaceId(Uuid::now_v7()), u64::MAX)).collect();
        let node = Uuid::now_v7();
        let mut words = vec![Word { node, pokes, ..Word::default() }];
        let packed = packed((0..100).map(|_| longest()));
        assert_eq!(packed.len(), PROGRESS_WORDS_MAX);
        words.extend(packed.into_iter().map(|progress| Word { node, progress, ..Word::default() }));
        for word in words {
            let length = serde_json::to_string(&word).unwrap().len();
            assert!(length < 8_000, "{length}");
        }
        let short = || Told { by_name: "Ada".to_owned(), ..told(OperationId::new(), "a.mp4".to_owned(), 1) };
        let few = super::packed((0..20).map(|_| short()));
        assert_eq!(few.iter().map(Vec::len).sum::<usize>(), 20, "none is lost of a few");
    }

    #[test]
    fn of_what_is_said_several_times_the_last_is_told_once() {
        let (space, mut gathered) = (SpaceId(Uuid::now_v7()), Gathered::default());
        [3, 5, 4].into_iter().for_each(|version| gathered.add(Said::Poke(Poke { space, version })));
        let operation = OperationId::new();
        [1, 2].into_iter().for_each(|sent| gathered.add(Said::Progress(Arc::new(told(operation, "a".into(), sent)))));
        assert_eq!(gathered.spaces, BTreeMap::from([(space, 5)]));
        let sent: Vec<u64> = gathered.progress.values().map(|told| told.items[0].sent).collect();
        assert_eq!(sent, [2]);
    }
}
