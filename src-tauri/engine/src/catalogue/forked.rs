//! What a client does when server and client disagree about the past: its database was cloned or restored, or the server's
//! was. No edit is lost, and none is executed twice.

use super::{Catalogue, CatalogueFailure};
use lectern_shared::ids::ClientId;
use lectern_shared::protocol::{MutationResult, MutationStatus, PushedMutation};
use rusqlite::{Transaction, params};

impl Catalogue {
    /// The server knows another mutation under the number `first` of ours: somebody else goes on under our name. From now on
    /// we have a name of our own, and what we have from `first` on is pushed under it. Those before it were executed, by the
    /// server's word: they stay in sight until the next pull brings what they did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fork(&self, first: u64) -> Result<(), CatalogueFailure> {
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        let new = self.database.write(move |tx| fork(tx, first)).await?;
        self.client.send_replace(new);
        tracing::warn!(first, "this workspace was cloned or restored: it goes on under a name of its own");
        Ok(())
    }

    /// The server's life that the last pull was of.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn incarnation(&self) -> Result<Option<u64>, CatalogueFailure> {
        self.database
            .read(|tx| {
                let number: Option<i64> = tx.query_row("SELECT incarnation FROM client", [], |row| row.get(0))?;
                Ok(number.map(i64::cast_unsigned))
            })
            .await
    }

    /// Whether the server was restored, and what it had of former names of ours was not looked for yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asks_for_former(&self) -> Result<bool, CatalogueFailure> {
        self.database.read(|tx| Ok(tx.query_row("SELECT former_first FROM client", [], |row| row.get(0))?)).await
    }

    /// It was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_asked_for_former(&self) -> Result<(), CatalogueFailure> {
        self.database.write(|tx| Ok(tx.execute("UPDATE client SET former_first = 0", []).map(drop)?)).await
    }

    /// What was confirmed under names we had before, the oldest name first: a server that was restored may have lost it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn under_former_names(&self) -> Result<Vec<(ClientId, Vec<PushedMutation>)>, CatalogueFailure> {
        self.database
            .read(|tx| {
                let mut statement = tx.prepare_cached(
                    "SELECT client, mid, hash, args FROM confirmed c WHERE client <> (SELECT id FROM client)
                     ORDER BY (SELECT min(confirmed_at) FROM confirmed o WHERE o.client = c.client), client, mid",
                )?;
                let rows = statement.query_map([], |row| {
                    let text = |index: usize| row.get::<_, String>(index);
                    Ok((text(0)?, row.get::<_, i64>(1)?, text(2)?, text(3)?))
                })?;
                let mut names: Vec<(ClientId, Vec<PushedMutation>)> = Vec::new();
                for row in rows {
                    let (client, mid, hash, args) = row?;
                    let client = ClientId(client.parse()?);
                    let one = PushedMutation { id: mid.cast_unsigned(), hash, mutation: serde_json::from_str(&args)? };
                    match names.last_mut() {
                        Some((last, mutations)) if *last == client => mutations.push(one),
                        _ => names.push((client, vec![one])),
                    }
                }
                Ok(names)
            })
            .await
    }

    /// What the server refuses of that it may have executed before it was restored: its author is told of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_refusals(&self, former: ClientId, results: Vec<MutationResult>) -> Result<(), CatalogueFailure> {
        let now = self.actor().now;
        self.database
            .write(move |tx| {
                for result in results.iter().filter(|result| result.status == MutationStatus::Rejected) {
                    let (code, detail) = (result.code.as_deref(), result.detail.as_deref().unwrap_or_default());
                    tx.prepare_cached(
                        "INSERT OR IGNORE INTO rejected (client, mid, name, args, code, detail, rejected_at)
                         SELECT client, mid, args ->> '$.name', args, ?3, ?4, ?5 FROM confirmed
                         WHERE client = ?1 AND mid = ?2",
                    )?
                    .execute(params![
                        former.to_string(),
                        result.id.cast_signed(),
                        code.unwrap_or("rejected"),
                        detail,
                        now
                    ])?;
                }
                Ok(())
            })
            .await
    }

    /// From this number on somebody else has a former name of ours, or the server waits for what we do not have: what we
    /// have of it goes under another name, before everything else.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_over(&self, former: ClientId, first: u64) -> Result<(), CatalogueFailure> {
        let first = i64::try_from(first).unwrap_or(i64::MAX);
        let new = self.database.write(move |tx| take_over(tx, former, first)).await?;
        self.client.send_replace(new);
        Ok(())
    }
}

fn take_over(tx: &Transaction<'_>, former: ClientId, first: i64) -> Result<ClientId, CatalogueFailure> {
    let former = former.to_string();
    let lowest: Option<i64> = tx.query_row("SELECT min(mid) FROM outbox", [], |row| row.get(0))?;
    let (count, highest): (i64, Option<i64>) = tx.query_row(
        "SELECT count(*), max(mid) FROM confirmed WHERE client = ?1 AND mid >= ?2",
        params![former, first],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    // Before the first of the outbox, in their order.
    let shift = highest.unwrap_or_default() + 1 - lowest.unwrap_or(1).min(1);
    tx.execute(
        "INSERT INTO outbox (mid, schema_number, name, args, hash, created_at)
         SELECT mid - ?3, ?4, args ->> '$.name', args, hash, confirmed_at FROM confirmed WHERE client = ?1 AND mid >= ?2",
        params![former, first, shift, lectern_shared::SCHEMA],
    )?;
    tx.execute("DELETE FROM confirmed WHERE client = ?1 AND mid >= ?2", params![former, first])?;
    tracing::warn!(count, "edits of a former name are pushed under another one");
    fork(tx, i64::MIN / 2)
}

/// Numbers begin at 1 again for what is to be pushed, without gaps; what was executed has 0 and less.
fn fork(tx: &Transaction<'_>, first: i64) -> Result<ClientId, CatalogueFailure> {
    let mids: Vec<i64> = tx
        .prepare_cached("SELECT mid FROM outbox ORDER BY mid")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let executed = i64::try_from(mids.iter().filter(|mid| **mid < first).count()).unwrap_or(i64::MAX);
    // Under the former name: it is asked for them should the server be restored.
    tx.execute(
        "INSERT OR IGNORE INTO confirmed (client, mid, args, hash, confirmed_at)
         SELECT client.id, mid, args, hash, client.server_time FROM outbox, client WHERE mid >= 1 AND mid < ?1",
        [first],
    )?;
    tx.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    // Out of the way first: no two may have one number in between.
    const AWAY: i64 = 1 << 60;
    for table in ["outbox_row", "outbox"] {
        tx.execute(&format!("UPDATE {table} SET mid = mid + ?1"), [AWAY])?;
    }
    for (mid, index) in mids.iter().zip(1_i64..) {
        for table in ["outbox_row", "outbox"] {
            let sql = format!("UPDATE {table} SET mid = ?2 WHERE mid = ?1");
            tx.prepare_cached(&sql)?.execute(params![mid + AWAY, index - executed])?;
        }
    }
    let next = i64::try_from(mids.len()).unwrap_or(i64::MAX) - executed + 1;
    let new = ClientId::new();
    tx.execute("UPDATE client SET id = ?1, next_mid = ?2, confirmed_mid = 0", params![new.to_string(), next])?;
    Ok(new)
}

/// The server comes from a backup: it has executed less of ours than it once confirmed, or its spaces begin anew. What was
/// confirmed is pushed again, before everything else: what it still knows it answers as it did, the rest it executes.
/// Answers whether that is so.
pub(super) fn push_again(tx: &Transaction<'_>, last: i64, is_new_epoch: bool) -> Result<bool, CatalogueFailure> {
    let (client, confirmed): (String, i64) =
        tx.query_row("SELECT id, confirmed_mid FROM client", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if last >= confirmed && !is_new_epoch {
        return Ok(false);
    }
    tracing::warn!(last, confirmed, "the server was restored: edits it may have lost are pushed again");
    tx.execute(
        "INSERT OR IGNORE INTO outbox (mid, schema_number, name, args, hash, created_at)
         SELECT mid, ?1, args ->> '$.name', args, hash, confirmed_at FROM confirmed WHERE client = ?2",
        params![lectern_shared::SCHEMA, client],
    )?;
    tx.execute("DELETE FROM confirmed WHERE client = ?1", [&client])?;
    // They are among what is looked for under former names.
    tx.execute("DELETE FROM outbox WHERE mid <= 0", [])?;
    // They are answered anew.
    tx.execute("DELETE FROM rejected WHERE client = ?1 AND mid > ?2", params![client, last])?;
    tx.execute("UPDATE client SET confirmed_mid = min(confirmed_mid, ?1), former_first = 1", [last])?;
    Ok(true)
}

/// The server waits for the number after its last: one that is missing here, by age or because a clone of ours had it, it
/// would wait for for ever. Answers the name under which what is left is pushed without gaps.
pub(super) fn close_gaps(tx: &Transaction<'_>, last: i64) -> Result<Option<ClientId>, CatalogueFailure> {
    let (highest, count): (Option<i64>, i64) = tx
        .prepare_cached("SELECT max(mid), count(*) FROM outbox WHERE mid > ?1")?
        .query_row([last], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match highest {
        Some(highest) if highest - last != count => Ok(Some(fork(tx, last + 1)?)),
        _ => Ok(None),
    }
}
