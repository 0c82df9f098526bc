//! Takes a pull: base becomes what the server says, confirmed edits leave the outbox, and the view becomes
//! base + replayed outbox again, in one transaction.

use super::overlay::Overlay;
use super::{Catalogue, CatalogueFailure, distinct, outbox, rows};
use lectern_shared::change::{CacheTag, Row, RowKey, checksum};
use lectern_shared::ids::{ClientId, SpaceId};
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{Cookie, PullRequest, PullResponse, SpaceChanges};
use lectern_shared::sync::Actor;
use rusqlite::{OptionalExtension as _, Transaction, params};
use std::collections::{BTreeMap, BTreeSet};

/// How long a confirmed mutation is kept, to be pushed again to a server restored from a backup: by the server's clock, so
/// that one here that is set forth or back loses none.
const CONFIRMED_KEPT_MS: i64 = 30 * 24 * 3_600 * 1_000;

/// What a pull changed.
#[derive(Debug, Default)]
pub struct Pulled {
    pub tags: Vec<CacheTag>,
    pub confirmed: u64,
    /// The push begins again with the first of the outbox.
    pub again: bool,
    /// A space is not what the server has of it: the next pull brings all of it.
    pub differed: bool,
    /// Under this name from now on.
    client: Option<ClientId>,
}

impl Catalogue {
    /// What to ask the server for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pull_request(&self) -> Result<PullRequest, CatalogueFailure> {
        let client = self.client();
        self.database
            .read(move |tx| {
                let confirmed: i64 = tx.query_row("SELECT confirmed_mid FROM client", [], |row| row.get(0))?;
                let mut statement = tx.prepare_cached("SELECT space, epoch, version FROM space_state")?;
                let states = statement.query_map([], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
                })?;
                let mut cookies = BTreeMap::new();
                for state in states {
                    let (space, epoch, version) = state?;
                    let cookie = Cookie::new(epoch.cast_unsigned(), version.cast_unsigned());
                    cookies.insert(SpaceId(space.parse()?), cookie);
                }
                Ok(PullRequest { client, confirmed: confirmed.cast_unsigned(), cookies, check: false })
            })
            .await
    }

    /// Takes the server's answer. `pushed`: the last mutation of ours whose push the server has answered. Those after it may
    /// be known there by their numbers alone, from a clone of this client: their pushes will tell.
    ///
    /// # Errors
    /// When the database fails; then nothing of the answer is kept.
    pub async fn take_pull(&self, response: PullResponse, pushed: u64) -> Result<Pulled, CatalogueFailure> {
        let (by, pushed) = (self.actor(), i64::try_from(pushed).unwrap_or(i64::MAX));
        let pulled = self.database.write(move |tx| take(tx, by, &response, pushed)).await?;
        if let Some(client) = pulled.client {
            self.client.send_replace(client);
        }
        self.heard.pulled();
        if !pulled.tags.is_empty() {
            self.changed();
        }
        Ok(pulled)
    }
}

fn take(tx: &Transaction<'_>, by: Actor, response: &PullResponse, pushed: i64) -> Result<Pulled, CatalogueFailure> {
    // Everything an edit has touched is stale as soon as anything is: its edits run again on the new base.
    let mut stale: BTreeSet<RowKey> = BTreeSet::new();
    // Forwards only: a clock that was set back makes nothing old young again.
    tx.execute("UPDATE client SET server_time = max(server_time, ?1)", [response.now])?;
    let mut is_new_epoch = begins_anew(tx, response.incarnation)?;
    for (space, changes) in &response.spaces {
        is_new_epoch |= take_space(tx, *space, changes, &mut stale)?;
    }
    for space in &response.gone {
        stale.extend(rows::drop_space(tx, *space)?);
        tx.execute("DELETE FROM space_state WHERE space = ?1", [space.to_string()])?;
    }
    let is_other = forget_what_differs(tx, &response.checksums)?;
    let left = outbox_rows(tx)?;
    let confirmed = confirm(tx, by, response, pushed)?;
    let last = response.last_mutation_id.cast_signed();
    let again = super::forked::push_again(tx, last, is_new_epoch)?;
    let client = super::forked::close_gaps(tx, last)?;
    forget_old_confirmed(tx)?;
    let pulled = Pulled {
        confirmed: response.last_mutation_id,
        again: again || is_other || client.is_some(),
        differed: is_other,
        client,
        ..Pulled::default()
    };
    if stale.is_empty() && !confirmed && !pulled.again {
        return Ok(pulled);
    }
    stale.extend(left);
    Ok(Pulled { tags: show_again(tx, by, &stale)?, ..pulled })
}

/// Makes the view what the server says with the whole outbox on top. `stale`: all rows that one of them is about. Answers what
/// may look different now.
pub(super) fn show_again(
    tx: &Transaction<'_>,
    by: Actor,
    stale: &BTreeSet<RowKey>,
) -> Result<Vec<CacheTag>, CatalogueFailure> {
    let (mut view, mut tags) = (Overlay::on(tx), vec![CacheTag::Workspace]);
    for key in stale {
        let base = rows::base(tx, *key)?;
        tags.extend(base.iter().flat_map(Row::tags));
        tags.extend(view.row(*key)?.iter().copied().flat_map(Row::tags));
        view.put(*key, base)?;
    }
    replay(tx, by, &mut view, &mut tags)?;
    view.write()?;
    Ok(distinct(tags))
}

/// Whether the server was restored since it was pulled last.
fn begins_anew(tx: &Transaction<'_>, incarnation: u64) -> Result<bool, CatalogueFailure> {
    let now = incarnation.cast_signed();
    let known: Option<i64> = tx.query_row("SELECT incarnation FROM client", [], |row| row.get(0))?;
    if known != Some(now) {
        tx.execute("UPDATE client SET incarnation = ?1", [now])?;
    }
    Ok(known.is_some_and(|known| known != now))
}

/// Answers whether the space began anew since it was pulled last.
fn take_space(
    tx: &Transaction<'_>,
    space: SpaceId,
    changes: &SpaceChanges,
    stale: &mut BTreeSet<RowKey>,
) -> Result<bool, CatalogueFailure> {
    let epoch: Option<i64> = tx
        .prepare_cached("SELECT epoch FROM space_state WHERE space = ?1")?
        .query_row([space.to_string()], |row| row.get(0))
        .optional()?;
    if changes.reset {
        stale.extend(rows::drop_space(tx, space)?);
    }
    for versioned in &changes.rows {
        rows::write_base(tx, versioned)?;
        stale.insert(versioned.row.key());
    }
    tx.prepare_cached(
        "INSERT INTO space_state (space, epoch, version) VALUES (?1, ?2, ?3)
         ON CONFLICT (space) DO UPDATE SET epoch = excluded.epoch, version = excluded.version",
    )?
    .execute(params![
        space.to_string(),
        changes.cookie.epoch.cast_signed(),
        changes.cookie.version.cast_signed()
    ])?;
    Ok(epoch.is_some_and(|epoch| epoch != changes.cookie.epoch.cast_signed()))
}

/// Spaces whose rows are not the server's are pulled again from their beginning. Answers whether there are any.
fn forget_what_differs(tx: &Transaction<'_>, checksums: &BTreeMap<SpaceId, String>) -> Result<bool, CatalogueFailure> {
    let mut differs = false;
    for (space, theirs) in checksums {
        if checksum(rows::versions(tx, *space)?) != *theirs {
            tracing::error!(%space, "the mirror of a space is not what the server has: it is pulled again");
            // Ahead of any the server has, so that it begins again; no cookie at all would not be told that the space is gone.
            tx.execute("UPDATE space_state SET version = ?2 WHERE space = ?1", params![space.to_string(), i64::MAX])?;
            differs = true;
        }
    }
    Ok(differs)
}

pub(super) fn outbox_rows(tx: &Transaction<'_>) -> Result<Vec<RowKey>, CatalogueFailure> {
    let mut statement = tx.prepare_cached("SELECT DISTINCT kind, id FROM outbox_row")?;
    let keys = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    keys.map(|key| rows::key_from(key?)).collect()
}

/// Moves what the server has executed out of the outbox. Answers whether anything moved.
fn confirm(tx: &Transaction<'_>, by: Actor, response: &PullResponse, pushed: i64) -> Result<bool, CatalogueFailure> {
    let known = response.last_mutation_id.cast_signed();
    let last = known.min(pushed);
    for result in response.results.iter().filter(|result| result.id.cast_signed() <= last) {
        tx.execute(
            "INSERT OR IGNORE INTO rejected (client, mid, name, args, code, detail, rejected_at)
             SELECT (SELECT id FROM client), mid, name, args, ?2, ?3, ?4 FROM outbox WHERE mid = ?1",
            params![
                result.id.cast_signed(),
                result.code.as_deref().unwrap_or("rejected"),
                result.detail.as_deref().unwrap_or(""),
                by.now
            ],
        )?;
    }
    tx.execute(
        "INSERT OR IGNORE INTO confirmed (client, mid, args, hash, confirmed_at)
         SELECT client.id, mid, args, hash, client.server_time FROM outbox, client WHERE mid BETWEEN 1 AND ?1",
        [last],
    )?;
    let left = tx.execute("DELETE FROM outbox WHERE mid <= ?1", [last])?;
    tx.execute(
        "UPDATE client SET confirmed_mid = max(confirmed_mid, ?1), next_mid = max(next_mid, ?2 + 1)",
        params![last, known],
    )?;
    Ok(left > 0)
}

/// What no server asks for again. After a restore not before all of it was looked for: who was away for weeks hears of that
/// now.
fn forget_old_confirmed(tx: &Transaction<'_>) -> Result<(), CatalogueFailure> {
    tx.prepare_cached(
        "DELETE FROM confirmed WHERE confirmed_at < (SELECT server_time FROM client) - ?1
         AND NOT (SELECT former_first FROM client)",
    )?
    .execute([CONFIRMED_KEPT_MS])?;
    Ok(())
}

/// Executes the whole outbox again, in order. One that is refused here shows nothing; only the server decides.
fn replay(
    tx: &Transaction<'_>,
    by: Actor,
    view: &mut Overlay<'_>,
    tags: &mut Vec<CacheTag>,
) -> Result<(), CatalogueFailure> {
    tx.execute("DELETE FROM outbox_row", [])?;
    for (mid, mutation) in entries(tx)? {
        if let (_, Ok(effects)) = outbox::execute(|read| view.read(read), by, &mutation)? {
            for row in effects {
                tags.extend(row.tags());
                outbox::mark(tx, mid, row.key())?;
                view.put(row.key(), Some(row))?;
            }
        }
    }
    Ok(())
}

pub(super) fn entries(tx: &Transaction<'_>) -> Result<Vec<(i64, Mutation)>, CatalogueFailure> {
    let mut statement = tx.prepare_cached("SELECT mid, args FROM outbox ORDER BY mid")?;
    let entries = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    entries
        .map(|entry| {
            entry.map_err(CatalogueFailure::from).and_then(|(mid, args)| Ok((mid, serde_json::from_str(&args)?)))
        })
        .collect()
}
