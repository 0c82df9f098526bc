//! Tables `client` and `mutation_result`: how far each installation of the app has been executed.

use super::{StoreFailure, Tx};
use lectern_shared::ids::{ClientId, UserId};
use lectern_shared::protocol::{MutationResult, MutationStatus};
use sqlx::QueryBuilder;

pub(crate) struct KnownMutation {
    pub hash: String,
    pub result: MutationResult,
}

pub(crate) trait Clients {
    /// The client's last executed mutation, if it was here before. Inner none: another person's client.
    async fn known_client(&mut self, id: ClientId, user: UserId) -> Result<Option<Option<u64>>, StoreFailure>;
    /// The same; a new client starts at 0.
    async fn client(&mut self, id: ClientId, user: UserId, schema: u32) -> Result<Option<u64>, StoreFailure>;
    async fn known_mutation(&mut self, client: ClientId, mid: u64) -> Result<Option<KnownMutation>, StoreFailure>;
    /// Stores the results of mutations, each with its hash and in order, and advances the client to the last of them.
    async fn advance(&mut self, client: ClientId, results: &[(&str, &MutationResult)]) -> Result<(), StoreFailure>;
    /// Results after `confirmed` that the user must hear of.
    async fn rejections(&mut self, client: ClientId, confirmed: u64) -> Result<Vec<MutationResult>, StoreFailure>;
}

impl Clients for Tx {
    async fn known_client(&mut self, id: ClientId, user: UserId) -> Result<Option<Option<u64>>, StoreFailure> {
        let sql = "SELECT account, last_mutation_id FROM client WHERE id = $1 AND revoked_at IS NULL";
        let known: Option<(uuid::Uuid, i64)> = on!(self, c => sqlx::query_as(sql).bind(id.0).fetch_optional(c).await)?;
        Ok(known.map(|(account, last)| (account == user.0).then_some(last.cast_unsigned())))
    }

    async fn client(&mut self, id: ClientId, user: UserId, schema: u32) -> Result<Option<u64>, StoreFailure> {
        // Made before it is looked for: who finds it waits until the one that made it has committed.
        let sql = "INSERT INTO client (id, account, last_mutation_id, schema_number, last_seen)
                   VALUES ($1, $2, 0, $3, $4) ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen
                   RETURNING account, last_mutation_id, revoked_at";
        let (schema, now) = (i64::from(schema), crate::now());
        let (account, last, revoked): (uuid::Uuid, i64, Option<i64>) = on!(self, c => {
            sqlx::query_as(sql).bind(id.0).bind(user.0).bind(schema).bind(now).fetch_one(c).await
        })?;
        Ok((account == user.0 && revoked.is_none()).then_some(last.cast_unsigned()))
    }

    async fn known_mutation(&mut self, client: ClientId, mid: u64) -> Result<Option<KnownMutation>, StoreFailure> {
        let sql = "SELECT hash, status, code, detail FROM mutation_result WHERE client = $1 AND mid = $2";
        let row: Option<(String, String, Option<String>, Option<String>)> = on!(self, c => {
            sqlx::query_as(sql).bind(client.0).bind(mid.cast_signed()).fetch_optional(c).await
        })?;
        Ok(row.map(|(hash, status, code, detail)| KnownMutation {
            hash,
            result: MutationResult { id: mid, status: status_from(&status), code, detail },
        }))
    }

    async fn advance(&mut self, client: ClientId, results: &[(&str, &MutationResult)]) -> Result<(), StoreFailure> {
        let Some((_, last)) = results.last() else { return Ok(()) };
        on!(self, c => {
            let mut query = QueryBuilder::new("INSERT INTO mutation_result (client, mid, hash, status, code, detail) ");
            query.push_values(results, |mut values, (hash, result)| {
                values.push_bind(client.0).push_bind(result.id.cast_signed()).push_bind((*hash).to_owned());
                values.push_bind(status_name(result.status));
                values.push_bind(result.code.clone()).push_bind(result.detail.clone());
            });
            query.build().execute(c).await.map(drop)
        })?;
        let sql = "UPDATE client SET last_mutation_id = $2, last_seen = $3 WHERE id = $1";
        let (last, now) = (last.id.cast_signed(), crate::now());
        Ok(on!(self, c => sqlx::query(sql).bind(client.0).bind(last).bind(now).execute(c).await.map(drop))?)
    }

    async fn rejections(&mut self, client: ClientId, confirmed: u64) -> Result<Vec<MutationResult>, StoreFailure> {
        let sql = "SELECT mid, code, detail FROM mutation_result
                   WHERE client = $1 AND mid > $2 AND status = 'rejected' ORDER BY mid";
        let rows: Vec<(i64, Option<String>, Option<String>)> = on!(self, c => {
            sqlx::query_as(sql).bind(client.0).bind(confirmed.cast_signed()).fetch_all(c).await
        })?;
        Ok(rows
            .into_iter()
            .map(|(mid, code, detail)| MutationResult {
                id: mid.cast_unsigned(),
                status: MutationStatus::Rejected,
                code,
                detail,
            })
            .collect())
    }
}

fn status_name(status: MutationStatus) -> &'static str {
    match status {
        MutationStatus::Ok => "ok",
        MutationStatus::Noop => "noop",
        MutationStatus::Rejected => "rejected",
    }
}

fn status_from(name: &str) -> MutationStatus {
    match name {
        "ok" => MutationStatus::Ok,
        "noop" => MutationStatus::Noop,
        _ => MutationStatus::Rejected,
    }
}
