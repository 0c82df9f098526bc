//! The outbox: edits that were made here and that no pull has confirmed yet. An edit and its effect on the view are one
//! transaction.

use super::{Catalogue, CatalogueFailure, distinct, rows};
use lectern_shared::SCHEMA;
use lectern_shared::change::{CacheTag, Row, RowKey};
use lectern_shared::command::RejectedEdit;
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{PushedMutation, REQUEST_BYTES_MAX};
use lectern_shared::sync::{self, Actor, Effects, Read, Rejection, Rowset};
use rusqlite::{Transaction, params};

/// Half of what one push may carry.
const MUTATION_BYTES_MAX: usize = REQUEST_BYTES_MAX / 2;

/// What an edit did.
#[derive(Debug)]
pub struct Edited {
    pub tags: Vec<CacheTag>,
    /// What undoes it, in order; none when it cannot be undone.
    pub inverse: Option<Vec<Mutation>>,
}

/// What waits for the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pending {
    pub edits: u32,
    pub rejected: Vec<RejectedEdit>,
}

impl Catalogue {
    /// Executes mutations on the view and puts them into the outbox, all or none.
    ///
    /// # Errors
    /// [`CatalogueFailure::Rejected`] when one breaks a rule already here.
    pub async fn edit(&self, mutations: Vec<Mutation>) -> Result<Edited, CatalogueFailure> {
        let by = self.actor();
        let edited = self.database.write(move |tx| apply(tx, by, &mutations)).await?;
        self.changed();
        Ok(edited)
    }

    /// The next mutations to push: those after `after`, at most `count`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outbox(&self, after: u64, count: usize) -> Result<Vec<PushedMutation>, CatalogueFailure> {
        self.database
            .read(move |tx| {
                let mut statement =
                    tx.prepare_cached("SELECT mid, hash, args FROM outbox WHERE mid > ?1 ORDER BY mid LIMIT ?2")?;
                let rows = statement.query_map(params![after.cast_signed(), count as i64], |row| {
                    Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
                })?;
                rows.map(|row| {
                    let (mid, hash, args) = row?;
                    Ok(PushedMutation { id: mid.cast_unsigned(), hash, mutation: serde_json::from_str(&args)? })
                })
                .collect()
            })
            .await
    }

    /// # Errors
    /// When the database fails.
    pub async fn pending(&self) -> Result<Pending, CatalogueFailure> {
        self.database
            .read(|tx| {
                let edits = tx.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?;
                let mut statement = tx.prepare_cached("SELECT seq, name, code, detail FROM rejected ORDER BY seq")?;
                let rejected = statement.query_map([], |row| {
                    Ok(RejectedEdit {
                        mutation_id: row.get::<_, i64>(0)?.cast_unsigned(),
                        name: row.get(1)?,
                        code: row.get(2)?,
                        detail: row.get(3)?,
                    })
                })?;
                Ok(Pending { edits, rejected: rejected.collect::<Result<_, _>>()? })
            })
            .await
    }

    /// Forgets a refused edit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn discard_rejected(&self, id: u64) -> Result<(), CatalogueFailure> {
        self.database
            .write(move |tx| {
                tx.execute("DELETE FROM rejected WHERE seq = ?1", [id.cast_signed()])?;
                Ok(())
            })
            .await?;
        self.changed();
        Ok(())
    }
}

/// Executes and queues several mutations in a running transaction.
pub(super) fn apply(tx: &Transaction<'_>, by: Actor, mutations: &[Mutation]) -> Result<Edited, CatalogueFailure> {
    let mut tags = vec![CacheTag::Workspace];
    let mut inverse = Some(Vec::new());
    for mutation in mutations {
        let (before, effects) = execute(|read| rows::read(tx, read), by, mutation)?;
        let effects = effects?;
        if effects.is_empty() {
            continue;
        }
        // The last one done is the first one undone.
        inverse = match (inverse, sync::inverse(mutation, &before)) {
            (Some(later), Some(mut first)) => {
                first.extend(later);
                Some(first)
            }
            _ => None,
        };
        let mid = append(tx, by, mutation)?;
        show(tx, mid, &effects)?;
        tags.extend(effects.iter().flat_map(Row::tags));
    }
    let inverse = inverse.filter(|undo| !undo.is_empty());
    Ok(Edited { tags: distinct(tags), inverse })
}

type Executed = (Rowset, Result<Effects, Rejection>);

/// Runs a mutation on what is read, without writing.
pub(super) fn execute(
    mut found: impl FnMut(Read) -> Result<Vec<Row>, CatalogueFailure>,
    by: Actor,
    mutation: &Mutation,
) -> Result<Executed, CatalogueFailure> {
    let mut loaded = Rowset::default();
    loop {
        let needs = sync::needs(mutation, &loaded);
        if needs.is_empty() {
            break;
        }
        for read in needs {
            loaded.load(read, found(read)?);
        }
    }
    let effects = sync::execute(mutation, &loaded, by);
    Ok((loaded, effects))
}

/// Writes effects into the view and remembers which rows they touched.
pub(super) fn show(tx: &Transaction<'_>, mid: i64, effects: &Effects) -> Result<(), CatalogueFailure> {
    for row in effects {
        rows::write_view(tx, row)?;
        mark(tx, mid, row.key())?;
    }
    Ok(())
}

/// Remembers that an edit has touched a row.
pub(super) fn mark(tx: &Transaction<'_>, mid: i64, key: RowKey) -> Result<(), CatalogueFailure> {
    tx.prepare_cached("INSERT OR IGNORE INTO outbox_row (mid, kind, id) VALUES (?1, ?2, ?3)")?.execute(params![
        mid,
        key.kind.name(),
        key.id.to_string()
    ])?;
    Ok(())
}

fn append(tx: &Transaction<'_>, by: Actor, mutation: &Mutation) -> Result<i64, CatalogueFailure> {
    let args = serde_json::to_string(mutation)?;
    // One that no push could carry would stand in front of all others for ever.
    if args.len() > MUTATION_BYTES_MAX {
        return Err(Rejection { code: "invalid", detail: "this edit is too large".to_owned() }.into());
    }
    let mid: i64 = tx
        .prepare_cached("UPDATE client SET next_mid = next_mid + 1 RETURNING next_mid - 1")?
        .query_row([], |row| row.get(0))?;
    tx.prepare_cached(
        "INSERT INTO outbox (mid, schema_number, name, args, hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        mid,
        SCHEMA,
        mutation.name(),
        args,
        blake3::hash(args.as_bytes()).to_hex().as_str(),
        by.now
    ])?;
    Ok(mid)
}
