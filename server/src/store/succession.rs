//! When a copy of the database takes the place of another one: what the other knew of the store's side goes with it. All
//! else comes again from the apps.

use super::objects::Columns;
use super::{Author, Entities, ObjectRow, ObjectState, Objects, Store, StoreFailure, Tx, Writing};
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::{AssetId, UserId};
use lectern_shared::media::AssetState;
use lectern_shared::sync::{self, Read, Rowset};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::path::Path;
use uuid::Uuid;

impl Store {
    /// Takes over what a former database of the same workspace, of SQLite, knew of objects and this one does not: bytes that
    /// arrived and uploads that are under way. Assets that are announced again only later find it then. `place` is the store
    /// that both have: what lies there counts more than what lies on one computer.
    ///
    /// # Errors
    /// When either cannot be read, or this one not be written.
    pub async fn take_objects_of(&self, former: &Path, place: &str) -> Result<u64, StoreFailure> {
        let options = SqliteConnectOptions::new().filename(former);
        let pool = SqlitePool::connect_with(options).await?;
        let theirs: Result<Vec<Columns>, _> =
            sqlx::query_as("SELECT * FROM object ORDER BY asset").fetch_all(&pool).await;
        pool.close().await;
        let mut tx = self.begin_write().await?;
        let mut writing = Writing::default();
        let mut taken = 0;
        for row in theirs?.into_iter().map(ObjectRow::from) {
            let ours = tx.object(row.asset).await?;
            if ours.is_some_and(|ours| !is_better(&row, &ours, place)) {
                continue;
            }
            tx.put_objects(std::slice::from_ref(&row)).await?;
            let effects = with_bytes_of(&mut tx, &row).await?;
            if let Some(owner) = effects.iter().find_map(owner) {
                writing.write(&mut tx, &effects, Author { actor: owner, client: None, op: "asset.stored" }).await?;
            }
            taken += 1;
        }
        writing.finish(&mut tx).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// The one person of a database that is one person's, and what their workspace is called.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn only_person(&self) -> Result<Option<(UserId, String)>, StoreFailure> {
        use super::People as _;
        let mut people = self.begin_read().await?.accounts().await?;
        Ok((people.len() == 1).then(|| people.remove(0)).map(|person| (person.user, person.name)))
    }

    /// Another one after each change that a backup must have: versions of the spaces, and what the store has.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn fingerprint(&self) -> Result<String, StoreFailure> {
        let mut tx = self.begin_read().await?;
        let spaces: Vec<(Uuid, i64)> = on!(&mut tx, c => {
            sqlx::query_as("SELECT id, version FROM space ORDER BY id").fetch_all(c).await
        })?;
        let objects: Vec<(Uuid, String, String)> = on!(&mut tx, c => {
            sqlx::query_as("SELECT asset, state, place FROM object ORDER BY asset").fetch_all(c).await
        })?;
        let mut hasher = blake3::Hasher::new();
        for (space, version) in spaces {
            hasher.update(space.as_bytes()).update(&version.to_be_bytes());
        }
        for (asset, state, place) in objects {
            hasher.update(asset.as_bytes()).update(state.as_bytes()).update(&[0]).update(place.as_bytes()).update(&[0]);
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// What arrived counts more than what is under way; what is under way there is its own to go on with.
fn is_better(theirs: &ObjectRow, ours: &ObjectRow, place: &str) -> bool {
    match (theirs.state, ours.state) {
        (ObjectState::Ready, ObjectState::Ready) => theirs.place == place && ours.place != place,
        (_, ObjectState::Ready) => false,
        _ => true,
    }
}

/// What is to be written of an asset whose object is there: none when it is not, or is no news.
pub(crate) async fn with_bytes_of(tx: &mut Tx, object: &ObjectRow) -> Result<Vec<Row>, StoreFailure> {
    let id = object.asset;
    let asset = Read::Row(RowKey { kind: RowKind::Asset, id: id.0 });
    let found = tx.read_all(asset).await?;
    let Some(Row::Asset(row)) = found.first() else { return Ok(Vec::new()) };
    if row.state != AssetState::Expected {
        return Ok(Vec::new());
    }
    let mut rows = loaded(id, found.clone(), tx.summaries(&[id]).await?);
    let mut effects = sync::measured(id, object.bytes, &rows);
    if let (ObjectState::Ready, Some(blake3)) = (object.state, &object.blake3) {
        let (asset, summaries) = effects.into_iter().partition(|row| matches!(row, Row::Asset(_)));
        rows = loaded(id, asset, summaries);
        effects = sync::stored(id, blake3, &rows);
    }
    effects.retain(|row| !found.contains(row));
    Ok(effects)
}

fn loaded(id: AssetId, asset: Vec<Row>, summaries: Vec<Row>) -> Rowset {
    let mut rows = Rowset::default();
    rows.load(Read::Row(RowKey { kind: RowKind::Asset, id: id.0 }), asset);
    rows.load(Read::OfAsset(RowKind::Summary, id), summaries);
    rows
}

fn owner(row: &Row) -> Option<UserId> {
    match row {
        Row::Asset(asset) => Some(asset.owner),
        _ => None,
    }
}
