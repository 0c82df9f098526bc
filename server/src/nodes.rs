//! What the nodes of one server tell each other, by LISTEN and NOTIFY of the PostgreSQL they share
//! (<https://www.postgresql.org/docs/current/sql-notify.html>). A word that is lost costs a delay: the pull is the truth.

use crate::live::{Feed, News};
use crate::{Server, StoreFailure};
use lectern_shared::ids::{DeviceId, SpaceId};
use lectern_shared::protocol::Poke;
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgListener, PgPool};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

pub(crate) const CHANNEL: &str = "lectern";
/// A commit that notifies takes a lock on the whole server: what happens meanwhile goes together.
const GATHER: Duration = Duration::from_millis(50);
/// A payload has less than 8,000 bytes; a space with its version about 65.
const POKES_MAX: usize = 100;
const PAUSE: Duration = Duration::from_secs(1);

/// One notification.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Word {
    /// The node that says it.
    node: Uuid,
    #[serde(default)]
    pokes: Vec<(SpaceId, u64)>,
    #[serde(default)]
    revoked: Vec<DeviceId>,
}

impl Server {
    /// Tells the other nodes on this database what happens here, and hears what happens there, until the server is stopped.
    /// In SQLite there are none.
    ///
    /// # Errors
    /// When the database cannot be listened to.
    pub async fn join_nodes(&self) -> Result<(), StoreFailure> {
        let Some(pool) = self.store.postgres() else { return Ok(()) };
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        let (feed, stop) = (self.feed.clone(), self.feed.stopping());
        tokio::spawn(stop.clone().run_until_cancelled_owned(hear(feed.clone(), self.node, listener)));
        tokio::spawn(stop.run_until_cancelled_owned(tell(feed, self.node, pool.clone())));
        Ok(())
    }
}

/// The word that a device was locked out, for who says it within a transaction.
pub(crate) fn revoked(device: DeviceId) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Word { revoked: vec![device], ..Word::default() })
}

async fn hear(feed: Feed, node: Uuid, mut listener: PgListener) {
    loop {
        match listener.try_recv().await {
            Ok(Some(notification)) => match serde_json::from_str::<Word>(notification.payload()) {
                Ok(word) if word.node == node => {}
                Ok(word) => {
                    word.pokes.into_iter().for_each(|(space, version)| feed.hear(News::Poke(Poke { space, version })));
                    word.revoked.into_iter().for_each(|device| feed.hear(News::Revoked(device)));
                }
                Err(error) => tracing::warn!(%error, "another node says what this one does not understand"),
            },
            // The connection is a new one: nobody knows what was said meanwhile.
            Ok(None) => feed.hear(News::Missed),
            Err(error) => {
                tracing::warn!(%error, "the other nodes are not heard");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn tell(feed: Feed, node: Uuid, pool: PgPool) {
    let mut said = feed.said();
    loop {
        let mut spaces = BTreeMap::new();
        match said.recv().await {
            Ok(poke) => note(&mut spaces, poke),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
        tokio::time::sleep(GATHER).await;
        while let Ok(poke) = said.try_recv() {
            note(&mut spaces, poke);
        }
        let pokes: Vec<(SpaceId, u64)> = spaces.into_iter().collect();
        for pokes in pokes.chunks(POKES_MAX) {
            let word = Word { node, pokes: pokes.to_vec(), ..Word::default() };
            let Ok(payload) = serde_json::to_string(&word) else { continue };
            let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(payload);
            if let Err(error) = notify.execute(&pool).await {
                tracing::warn!(%error, "the other nodes were not told");
            }
        }
    }
}

/// Of one space the last version says it all.
fn note(spaces: &mut BTreeMap<SpaceId, u64>, poke: Poke) {
    let version = spaces.entry(poke.space).or_default();
    *version = (*version).max(poke.version);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_as_many_spaces_as_go_together_fits_into_a_notification() {
        let pokes = (0..POKES_MAX).map(|_| (SpaceId(Uuid::now_v7()), u64::MAX)).collect();
        let word = Word { node: Uuid::now_v7(), pokes, revoked: Vec::new() };
        assert!(serde_json::to_string(&word).unwrap().len() < 8_000);
    }

    #[test]
    fn of_several_pokes_of_a_space_the_last_version_is_told_once() {
        let (space, mut spaces) = (SpaceId(Uuid::now_v7()), BTreeMap::new());
        [3, 5, 4].into_iter().for_each(|version| note(&mut spaces, Poke { space, version }));
        assert_eq!(spaces, BTreeMap::from([(space, 5)]));
    }
}
