//! Writes rows of tables `entity`, `space` and `history`: a transaction's rows at once, the lines beside them at its end,
//! many in one statement. Each statement costs a round to the database's thread, and on a server one over the network.

use super::entities::ensure_space;
use super::{StoreFailure, Tx};
use lectern_shared::change::{Row, RowKey, RowKind};
use lectern_shared::ids::{ClientId, SpaceId, UserId};
use sqlx::QueryBuilder;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Rows in one statement: eleven values each, and SQLite takes 32,766.
const ROWS_MAX: usize = 100;

/// Who writes, for the history.
#[derive(Clone, Copy)]
pub(crate) struct Author<'a> {
    pub actor: UserId,
    pub client: Option<(ClientId, u64)>,
    pub op: &'a str,
}

/// What one transaction has written so far.
#[derive(Default)]
pub(crate) struct Writing {
    /// Rows that are certainly not there.
    absent: BTreeSet<RowKey>,
    spaces: BTreeMap<SpaceId, Versions>,
    /// Spaces the writer was found to be a member of, or that were not there. One that is written for what it shows of an
    /// asset is not among them.
    is_allowed: BTreeSet<SpaceId>,
    history: Vec<HistoryLine>,
}

/// Of a space: grows with every write, and is written back at the end.
struct Versions {
    stored: u64,
    now: u64,
}

struct HistoryLine {
    key: RowKey,
    space: SpaceId,
    version: u64,
    at: i64,
    actor: UserId,
    client: Option<(ClientId, u64)>,
    op: String,
    before: Option<String>,
    after: String,
}

impl Writing {
    /// Looks for many rows in one go: of a thousand new ones each would be looked for twice.
    pub(crate) async fn look_for(&mut self, tx: &mut Tx, mut keys: BTreeSet<RowKey>) -> Result<(), StoreFailure> {
        for there in before(tx, &keys).await?.keys() {
            keys.remove(there);
        }
        self.absent = keys;
        Ok(())
    }

    /// Whether a row is known not to be there.
    pub(crate) fn lacks(&self, key: RowKey) -> bool {
        self.absent.contains(&key)
    }

    /// Writes rows, one new version for each space. False, and nothing written: an id is taken where the writer is not a
    /// member, which is answered like any other taken id.
    pub(crate) async fn write(&mut self, tx: &mut Tx, rows: &[Row], by: Author<'_>) -> Result<bool, StoreFailure> {
        let mut before = before(tx, &self.may_be_there(rows)).await?;
        let is_taken = |row: &Row| before.get(&row.key()).is_some_and(|(space, _)| *space != row.space());
        if rows.iter().any(is_taken) {
            return Ok(false);
        }
        let spaces: BTreeSet<SpaceId> = rows.iter().map(Row::space).collect();
        // What courses show of an asset is the server's to write.
        let by_people: BTreeSet<SpaceId> =
            rows.iter().filter(|row| !matches!(row, Row::Summary(_))).map(Row::space).collect();
        for space in &by_people {
            if !self.is_allowed.contains(space) {
                if is_others(tx, *space, by.actor).await? {
                    return Ok(false);
                }
                self.is_allowed.insert(*space);
            }
        }
        for row in rows {
            if let Row::Course(course) = row {
                ensure_space(tx, course.space(), "course", by.actor).await?;
            }
        }
        // In id order, so that two writers never wait for each other in a ring.
        for space in spaces {
            self.next_version(tx, space).await?;
        }
        for some in rows.chunks(ROWS_MAX) {
            self.write_some(tx, some, &mut before, by).await?;
        }
        for row in rows {
            self.absent.remove(&row.key());
        }
        Ok(true)
    }

    fn may_be_there(&self, rows: &[Row]) -> BTreeSet<RowKey> {
        rows.iter().map(Row::key).filter(|key| !self.lacks(*key)).collect()
    }

    /// The first time the row is locked and read, afterwards only counted.
    async fn next_version(&mut self, tx: &mut Tx, space: SpaceId) -> Result<(), StoreFailure> {
        if let Some(versions) = self.spaces.get_mut(&space) {
            versions.now += 1;
            return Ok(());
        }
        let sql = "UPDATE space SET version = version + 1 WHERE id = $1 RETURNING version";
        let version: i64 = on!(tx, c => sqlx::query_scalar(sql).bind(space.0).fetch_one(c).await)?;
        let version = version.cast_unsigned();
        self.spaces.insert(space, Versions { stored: version, now: version });
        Ok(())
    }

    async fn write_some(
        &mut self,
        tx: &mut Tx,
        rows: &[Row],
        before: &mut HashMap<RowKey, (SpaceId, String)>,
        by: Author<'_>,
    ) -> Result<(), StoreFailure> {
        let mut lines = Vec::with_capacity(rows.len());
        for row in rows {
            let (key, space) = (row.key(), row.space());
            let version = self.spaces.get(&space).map_or(0, |versions| versions.now);
            let before = before.remove(&key).map(|(_, body)| body);
            let (at, after) = (crate::now(), serde_json::to_string(row)?);
            let (actor, client, op) = (by.actor, by.client, by.op.to_owned());
            lines.push(HistoryLine { key, space, version, at, actor, client, op, before, after });
        }
        let written = on!(tx, c => {
            let mut query =
                QueryBuilder::new("INSERT INTO entity (kind, id, space, version, deleted, parent, asset, body) ");
            query.push_values(rows.iter().zip(&lines), |mut values, (row, line)| {
                values.push_bind(line.key.kind.name()).push_bind(line.key.id).push_bind(line.space.0);
                values.push_bind(line.version.cast_signed()).push_bind(i64::from(row.is_deleted()));
                values.push_bind(row.parent()).push_bind(row.asset().map(|asset| asset.0)).push_bind(line.after.clone());
            });
            query.push(
                " ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, deleted = excluded.deleted,
                     parent = excluded.parent, asset = excluded.asset, body = excluded.body
                 WHERE entity.space = excluded.space",
            );
            query.build().execute(c).await.map(|done| done.rows_affected())
        })?;
        // Somebody else made a row of one of these ids since we looked.
        if written != rows.len() as u64 {
            return Err(StoreFailure::Taken);
        }
        self.history.extend(lines);
        Ok(())
    }

    /// Writes what was kept back. Answers the spaces' new versions: to be poked after the commit.
    pub(crate) async fn finish(self, tx: &mut Tx) -> Result<BTreeMap<SpaceId, u64>, StoreFailure> {
        for (space, versions) in self.spaces.iter().filter(|(_, versions)| versions.now > versions.stored) {
            let (sql, now) = ("UPDATE space SET version = $2 WHERE id = $1", versions.now.cast_signed());
            on!(&mut *tx, c => sqlx::query(sql).bind(space.0).bind(now).execute(c).await.map(drop))?;
        }
        for lines in self.history.chunks(ROWS_MAX) {
            write_history(tx, lines).await?;
        }
        Ok(self.spaces.into_iter().map(|(space, versions)| (space, versions.now)).collect())
    }
}

async fn write_history(tx: &mut Tx, lines: &[HistoryLine]) -> Result<(), StoreFailure> {
    Ok(on!(tx, c => {
        let mut query =
            QueryBuilder::new("INSERT INTO history (space, version, kind, id, at, actor, client, mid, op, before, after) ");
        query.push_values(lines, |mut values, line| {
            values.push_bind(line.space.0).push_bind(line.version.cast_signed());
            values.push_bind(line.key.kind.name()).push_bind(line.key.id).push_bind(line.at).push_bind(line.actor.0);
            values.push_bind(line.client.map(|(client, _)| client.0));
            values.push_bind(line.client.map(|(_, mid)| mid.cast_signed()));
            values.push_bind(line.op.clone()).push_bind(line.before.clone()).push_bind(line.after.clone());
        });
        query.build().execute(c).await.map(drop)
    })?)
}

/// The rows as they were, whosever they are.
async fn before(tx: &mut Tx, keys: &BTreeSet<RowKey>) -> Result<HashMap<RowKey, (SpaceId, String)>, StoreFailure> {
    let mut before = HashMap::new();
    for kind in RowKind::ALL {
        let ids: Vec<Uuid> = keys.iter().filter(|key| key.kind == kind).map(|key| key.id).collect();
        for some in ids.chunks(ROWS_MAX) {
            let found: Vec<(Uuid, Uuid, String)> = on!(&mut *tx, c => {
                let mut query = QueryBuilder::new("SELECT id, space, body FROM entity WHERE kind = ");
                query.push_bind(kind.name()).push(" AND id IN (");
                let mut list = query.separated(", ");
                for id in some {
                    list.push_bind(*id);
                }
                query.push(")");
                query.build_query_as().fetch_all(c).await
            })?;
            before.extend(found.into_iter().map(|(id, space, body)| (RowKey { kind, id }, (SpaceId(space), body))));
        }
    }
    Ok(before)
}

/// Whether the space is there and the writer is no member of it.
async fn is_others(tx: &mut Tx, space: SpaceId, writer: UserId) -> Result<bool, StoreFailure> {
    let sql = "SELECT COUNT(*) FROM space WHERE id = $1
               AND NOT EXISTS (SELECT 1 FROM member WHERE member.space = space.id AND member.account = $2)";
    let others: i64 = on!(tx, c => sqlx::query_scalar(sql).bind(space.0).bind(writer.0).fetch_one(c).await)?;
    Ok(others > 0)
}
