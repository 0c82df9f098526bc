//! What the course server has said to new assets: by its answer to a push at once, else by what a pull brought.

use super::{Catalogue, CatalogueFailure};
use crate::uploads::{Announced, CatalogueError};
use lectern_shared::ids::AssetId;
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{MutationResult, MutationStatus, PushedMutation};
use rusqlite::{OptionalExtension as _, Transaction};
use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What the server said since the last pull.
pub(super) struct Heard {
    /// Grows with each word of it.
    words: watch::Sender<u64>,
    since_pull: Mutex<SincePull>,
}

#[derive(Default)]
struct SincePull {
    /// How many pulls there were.
    pulls: u64,
    /// The server has them; base will, after the next pull.
    executed: HashSet<AssetId>,
    /// Base does not have them: nothing will change that but a pull.
    unknown: HashSet<AssetId>,
}

impl Default for Heard {
    fn default() -> Self {
        Self { words: watch::channel(0).0, since_pull: Mutex::default() }
    }
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, SincePull> {
        self.since_pull.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Base has everything that was executed before.
    pub(super) fn pulled(&self) {
        let mut since_pull = self.lock();
        *since_pull = SincePull { pulls: since_pull.pulls + 1, ..SincePull::default() };
        drop(since_pull);
        self.words.send_modify(|count| *count += 1);
    }

    fn executed(&self, assets: impl Iterator<Item = AssetId>) {
        let mut since_pull = self.lock();
        let before = since_pull.executed.len();
        since_pull.executed.extend(assets);
        let is_news = since_pull.executed.len() > before;
        drop(since_pull);
        if is_news {
            self.words.send_modify(|count| *count += 1);
        }
    }

    fn known(&self, assets: &[AssetId]) -> Vec<(AssetId, Announced)> {
        let since_pull = self.lock();
        let known = assets.iter().filter(|asset| since_pull.executed.contains(asset));
        known.map(|asset| (*asset, Announced::Confirmed)).collect()
    }

    /// Those that base may have, and how many pulls that is true of.
    fn to_look_for(&self, assets: &[AssetId]) -> (Vec<AssetId>, u64) {
        let since_pull = self.lock();
        let maybe = assets.iter().filter(|asset| !since_pull.unknown.contains(asset)).copied().collect();
        (maybe, since_pull.pulls)
    }

    fn not_there(&self, assets: Vec<AssetId>, pulls: u64) {
        let mut since_pull = self.lock();
        if since_pull.pulls == pulls {
            since_pull.unknown.extend(assets);
        }
    }
}

impl Catalogue {
    /// Takes the server's answer to a push. Edits stay in the outbox until a pull confirms them; new assets may have their
    /// bytes sent.
    pub fn take_push(&self, pushed: &[PushedMutation], results: &[MutationResult]) {
        let refused: HashSet<u64> =
            results.iter().filter(|result| result.status == MutationStatus::Rejected).map(|result| result.id).collect();
        let created = pushed.iter().filter(|pushed| !refused.contains(&pushed.id)).filter_map(|pushed| {
            if let Mutation::AssetCreate { asset, .. } = pushed.mutation { Some(asset) } else { None }
        });
        self.heard.executed(created);
    }

    pub(super) async fn until_announced(
        &self,
        assets: &[AssetId],
    ) -> Result<Vec<(AssetId, Announced)>, CatalogueError> {
        let mut words = self.heard.words.subscribe();
        loop {
            words.mark_unchanged();
            let known = self.heard.known(assets);
            if !known.is_empty() {
                return Ok(known);
            }
            let (looked_for, pulls) = self.heard.to_look_for(assets);
            let verdicts = self.verdicts(looked_for.clone()).await?;
            if !verdicts.is_empty() {
                return Ok(verdicts);
            }
            self.heard.not_there(looked_for, pulls);
            words.changed().await.map_err(|_| CatalogueError::Storage("closed".to_owned()))?;
        }
    }

    async fn verdicts(&self, assets: Vec<AssetId>) -> Result<Vec<(AssetId, Announced)>, CatalogueFailure> {
        if assets.is_empty() {
            return Ok(Vec::new());
        }
        self.database
            .read(move |tx| {
                let mut verdicts = Vec::new();
                for asset in assets {
                    verdicts.extend(verdict(tx, asset)?.map(|announced| (asset, announced)));
                }
                Ok(verdicts)
            })
            .await
    }
}

fn verdict(tx: &Transaction<'_>, asset: AssetId) -> Result<Option<Announced>, CatalogueFailure> {
    let id = asset.to_string();
    let mut base = tx.prepare_cached("SELECT 1 FROM base_row WHERE kind = 'asset' AND id = ?1")?;
    if base.exists([&id])? {
        return Ok(Some(Announced::Confirmed));
    }
    let mut rejected =
        tx.prepare_cached("SELECT detail FROM rejected WHERE name = 'asset.create' AND args ->> '$.args.asset' = ?1")?;
    let refused: Option<String> = rejected.query_row([&id], |row| row.get(0)).optional()?;
    Ok(refused.map(|detail| Announced::Rejected { detail }))
}
