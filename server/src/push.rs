//! Executes pushed mutations: exactly last+1, effects and result committed together.

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::{Author, Clients, Entities, Locking, Scope, Spaces, Tx, Writing};
use lectern_shared::SCHEMA;
use lectern_shared::change::Row;
use lectern_shared::ids::{ClientId, SpaceId};
use lectern_shared::protocol::{
    MutationResult, MutationStatus, PUSH_MUTATIONS_MAX, ProblemCode, PushRequest, PushResponse, PushedMutation,
};
use lectern_shared::sync::{self, Actor, Read, Rowset};
use std::collections::BTreeSet;

pub(crate) async fn push(server: &Server, who: Identity, request: PushRequest) -> Result<PushResponse, ApiError> {
    if request.mutations.len() > PUSH_MUTATIONS_MAX {
        return Err(ApiError::new(
            ProblemCode::TooLarge,
            format!("at most {PUSH_MUTATIONS_MAX} mutations in one push"),
        ));
    }
    if request.schema > SCHEMA {
        return Err(ApiError::new(ProblemCode::Invalid, "this server is older than the app"));
    }
    let mut tx = server.store.begin_write().await?;
    let Some(mut last) = tx.client(request.client, who.user, request.schema).await? else {
        return Err(ApiError::new(ProblemCode::Unauthenticated, "this device is not yours"));
    };
    let mut pushing = Pushing { who, spaces: tx.spaces_of(who.user).await?, writing: Writing::default() };
    let new = request.mutations.iter().filter(|pushed| pushed.id > last);
    let reads: Vec<Read> = new.flat_map(|pushed| sync::needs(&pushed.mutation, &Rowset::default())).collect();
    let mut scope = Scope::in_space(who.user.into());
    reads.iter().for_each(|read| scope.add(*read));
    tx.lock(&scope).await?;
    let named = reads.into_iter().filter_map(|read| if let Read::Row(key) = read { Some(key) } else { None });
    pushing.writing.look_for(&mut tx, named.collect()).await?;
    let (mut results, mut new) = (Vec::with_capacity(request.mutations.len()), Vec::new());
    for pushed in &request.mutations {
        if pushed.id <= last {
            results.push(stored_result(&mut tx, &request, pushed).await?);
            continue;
        }
        if pushed.id != last + 1 {
            return Err(ApiError::new(ProblemCode::MutationGap { expected: last + 1 }, "a mutation is missing"));
        }
        let result = pushing.execute(&mut tx, request.client, pushed).await?;
        last = pushed.id;
        new.push((pushed.hash.as_str(), results.len()));
        results.push(result);
    }
    let new: Vec<(&str, &MutationResult)> = new.into_iter().map(|(hash, index)| (hash, &results[index])).collect();
    tx.advance(request.client, &new).await?;
    let versions = pushing.writing.finish(&mut tx).await?;
    tx.commit().await?;
    server.feed.poke(versions);
    Ok(PushResponse { last_mutation_id: last, results })
}

/// The answer given the first time; another hash under a known number is a cloned or restored client.
async fn stored_result(
    tx: &mut Tx,
    request: &PushRequest,
    pushed: &PushedMutation,
) -> Result<MutationResult, ApiError> {
    match tx.known_mutation(request.client, pushed.id).await? {
        Some(known) if known.hash == pushed.hash => Ok(known.result),
        _ => Err(ApiError::new(
            ProblemCode::ClientForked { mutation: pushed.id },
            "this mutation was another one before",
        )),
    }
}

/// One push: what it has learnt and written so far.
struct Pushing {
    who: Identity,
    spaces: BTreeSet<SpaceId>,
    writing: Writing,
}

impl Pushing {
    async fn execute(
        &mut self,
        tx: &mut Tx,
        client: ClientId,
        pushed: &PushedMutation,
    ) -> Result<MutationResult, ApiError> {
        let user = self.who.user;
        let rows = self.load(tx, pushed).await?;
        let result = |status, code: Option<&str>, detail| MutationResult {
            id: pushed.id,
            status,
            code: code.map(str::to_owned),
            detail,
        };
        let effects = match sync::execute(&pushed.mutation, &rows, Actor { user, now: crate::now() }) {
            Ok(effects) => effects,
            Err(rejection) => {
                return Ok(result(MutationStatus::Rejected, Some(rejection.code), Some(rejection.detail)));
            }
        };
        if effects.is_empty() {
            return Ok(result(MutationStatus::Noop, None, None));
        }
        let by = Author { actor: user, client: Some((client, pushed.id)), op: pushed.mutation.name() };
        if !self.writing.write(tx, &effects, by).await? {
            return Ok(result(MutationStatus::Rejected, Some("exists"), Some("this id is taken".to_owned())));
        }
        // A new course is a new space.
        self.spaces.extend(effects.iter().filter(|row| matches!(row, Row::Course(_))).map(Row::space));
        Ok(result(MutationStatus::Ok, None, None))
    }

    async fn load(&self, tx: &mut Tx, pushed: &PushedMutation) -> Result<Rowset, ApiError> {
        let mut rows = Rowset::default();
        loop {
            let needs = sync::needs(&pushed.mutation, &rows);
            if needs.is_empty() {
                return Ok(rows);
            }
            for read in needs {
                let found = match read {
                    Read::Row(key) if self.writing.lacks(key) => Vec::new(),
                    read => tx.read(read, &self.spaces).await?,
                };
                rows.load(read, found);
            }
        }
    }
}
