//! Keeps writers of the same spaces apart. In SQLite there is one writer; in PostgreSQL each locks the rows of the spaces it
//! is about before it reads what it will write.

use super::{StoreFailure, Tx};
use lectern_shared::change::{RowKey, RowKind};
use lectern_shared::ids::{AssetId, SpaceId};
use lectern_shared::sync::Read;
use sqlx::{Postgres, Transaction};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What a transaction is about.
#[derive(Default)]
pub(crate) struct Scope {
    rows: BTreeSet<RowKey>,
    /// With every course that shows them.
    assets: BTreeSet<AssetId>,
    spaces: BTreeSet<SpaceId>,
}

impl Scope {
    /// Rows that are made in these spaces cannot be found by their ids yet.
    pub(crate) fn in_space(space: SpaceId) -> Self {
        Self { spaces: BTreeSet::from([space]), ..Self::default() }
    }

    /// The asset, its library, and every course that shows it.
    pub(crate) fn of_assets(assets: impl IntoIterator<Item = AssetId>) -> Self {
        let mut scope = Self::default();
        for asset in assets {
            scope.add(Read::Row(RowKey { kind: RowKind::Asset, id: asset.0 }));
            scope.add(Read::OfAsset(RowKind::Summary, asset));
        }
        scope
    }

    /// What is found by following a row stays in that row's space, or is read only.
    pub(crate) fn add(&mut self, read: Read) {
        match read {
            Read::Row(key) => drop(self.rows.insert(key)),
            Read::OfAsset(_, asset) => drop(self.assets.insert(asset)),
            // Its parent is named too.
            Read::Children(..) => {}
        }
    }
}

pub(crate) trait Locking {
    /// Keeps other writers out of these spaces until the transaction ends. To be called once, before anything is read that
    /// will be written. It holds because a row never changes its space, and because who makes the first place for an
    /// asset in a course names the asset, and so locks its library too. In the order of ids, so that two writers never wait
    /// for each other in a ring.
    async fn lock(&mut self, scope: &Scope) -> Result<(), StoreFailure>;
}

impl Locking for Tx {
    async fn lock(&mut self, scope: &Scope) -> Result<(), StoreFailure> {
        let Self::Postgres(tx) = self else { return Ok(()) };
        let spaces = spaces_of(tx, scope).await?;
        let lock = "SELECT id FROM space WHERE id = ANY($1) ORDER BY id FOR UPDATE";
        sqlx::query(lock).bind(spaces.iter().copied().collect::<Vec<_>>()).execute(&mut **tx).await?;
        // A course that began to show an asset while we waited: another try locks it in its order.
        match spaces_of(tx, scope).await?.is_subset(&spaces) {
            true => Ok(()),
            false => Err(StoreFailure::Overtaken),
        }
    }
}

async fn spaces_of(tx: &mut Transaction<'static, Postgres>, scope: &Scope) -> Result<BTreeSet<Uuid>, StoreFailure> {
    let mut spaces: BTreeSet<Uuid> = scope.spaces.iter().map(|space| space.0).collect();
    for kind in RowKind::ALL {
        let ids: Vec<Uuid> = scope.rows.iter().filter(|key| key.kind == kind).map(|key| key.id).collect();
        if !ids.is_empty() {
            let sql = "SELECT DISTINCT space FROM entity WHERE kind = $1 AND id = ANY($2)";
            let found = sqlx::query_scalar::<_, Uuid>(sql).bind(kind.name()).bind(ids);
            spaces.extend(found.fetch_all(&mut **tx).await?);
        }
    }
    if !scope.assets.is_empty() {
        let ids: Vec<Uuid> = scope.assets.iter().map(|asset| asset.0).collect();
        let found = sqlx::query_scalar::<_, Uuid>("SELECT DISTINCT space FROM entity WHERE asset = ANY($1)");
        spaces.extend(found.bind(ids).fetch_all(&mut **tx).await?);
    }
    Ok(spaces)
}
