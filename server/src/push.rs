//! Executes pushed mutations: exactly last+1, effects and result committed together.

use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::{Author, Clients, Entities, Locking, Objects, People, Scope, Tx, Writing, with_bytes_of};
use crate::{Clock, Server};
use lectern_shared::access::Role;
use lectern_shared::change::{Row, RowKind};
use lectern_shared::ids::{AssetId, ClientId, SpaceId};
use lectern_shared::mutation::{IDS_MAX, Mutation};
use lectern_shared::protocol::{
    MutationResult, MutationStatus, PUSH_MUTATIONS_MAX, ProblemCode, PushRequest, PushResponse, PushedMutation,
};
use lectern_shared::sync::{self, Actor, Read, Rowset};
use lectern_shared::{SCHEMA, SCHEMA_OLDEST};
use std::collections::BTreeMap;

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
    if request.schema < SCHEMA_OLDEST {
        return Err(ApiError::new(ProblemCode::UpgradeNeeded, "the app is too old for this server: update it"));
    }
    let incarnation = server.incarnation().await?;
    if request.incarnation.is_some_and(|known| known != incarnation) {
        return Err(ApiError::new(ProblemCode::Restored, "the server was restored from a backup"));
    }
    let mut tx = server.store.begin_write().await?;
    let Some(mut last) = tx.client(request.client, who.user, request.schema).await? else {
        return Err(ApiError::new(ProblemCode::Unauthenticated, "this device is not yours"));
    };
    let new = request.mutations.iter().filter(|pushed| pushed.id > last);
    let reads: Vec<Read> = new.flat_map(|pushed| sync::needs(&pushed.mutation, &Rowset::default())).collect();
    let mut scope = Scope::in_space(who.user.into());
    reads.iter().for_each(|read| scope.add(*read));
    tx.lock(&scope).await?;
    // What changes a role locks its space too: this is what holds until the end.
    let mut pushing = Pushing {
        who,
        clock: server.clock.clone(),
        roles: tx.roles(who.user).await?,
        writing: Writing::default(),
        made_course: false,
        may_be_stored: server.was_restored().await?,
    };
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
    // Whoever makes a course is in one more: their other feeds look again before they hear of it.
    let library = pushing.made_course.then_some((who.user.into(), 0));
    server.feed.poke(library.into_iter().chain(versions));
    Ok(PushResponse { incarnation, last_mutation_id: last, results })
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

/// What one mutation may name: rows, and what is found by them.
const READS_MAX: usize = 4 * IDS_MAX;

/// One push: what it has learnt and written so far.
struct Pushing {
    who: Identity,
    clock: Clock,
    /// What the person may do where.
    roles: BTreeMap<SpaceId, Role>,
    writing: Writing,
    made_course: bool,
    /// The database was restored: it may know of bytes whose asset it does not know yet.
    may_be_stored: bool,
}

impl Pushing {
    async fn execute(
        &mut self,
        tx: &mut Tx,
        client: ClientId,
        pushed: &PushedMutation,
    ) -> Result<MutationResult, ApiError> {
        let user = self.who.user;
        let result = |status, code: Option<&str>, detail| MutationResult {
            id: pushed.id,
            status,
            code: code.map(str::to_owned),
            detail,
        };
        // No app of ours makes one; somebody else's must not keep everybody waiting.
        if sync::needs(&pushed.mutation, &Rowset::default()).len() > READS_MAX {
            return Ok(result(MutationStatus::Rejected, Some("invalid"), Some("too many rows in one edit".to_owned())));
        }
        let rows = self.load(tx, pushed).await?;
        let effects = match sync::execute(&pushed.mutation, &rows, Actor { user, now: (self.clock)() }) {
            Ok(effects) => effects,
            Err(rejection) => {
                return Ok(result(MutationStatus::Rejected, Some(rejection.code), Some(rejection.detail)));
            }
        };
        if effects.is_empty() {
            return Ok(result(MutationStatus::Noop, None, None));
        }
        if let Some(words) = self.forbidden(&pushed.mutation, &effects) {
            return Ok(result(MutationStatus::Rejected, Some("forbidden"), Some(words.to_owned())));
        }
        if self.is_shown_elsewhere(tx, &pushed.mutation).await? {
            let words = "a course that you are not in still shows this file";
            return Ok(result(MutationStatus::Rejected, Some("in_use"), Some(words.to_owned())));
        }
        let by = Author { actor: user, client: Some((client, pushed.id)), op: pushed.mutation.name() };
        if !self.writing.write(tx, &effects, by).await? {
            return Ok(result(MutationStatus::Rejected, Some("exists"), Some("this id is taken".to_owned())));
        }
        if let Mutation::AssetCreate { asset, .. } = pushed.mutation
            && self.may_be_stored
        {
            self.take_stored(tx, asset, by).await?;
        }
        // A new course is a new space.
        for course in effects.iter().filter(|row| matches!(row, Row::Course(_))).map(Row::space) {
            self.made_course |= !self.roles.contains_key(&course);
            self.roles.entry(course).or_insert(Role::Owner);
        }
        Ok(result(MutationStatus::Ok, None, None))
    }

    /// A file that was announced to a database that this one has taken the place of: its bytes are there.
    async fn take_stored(&mut self, tx: &mut Tx, asset: AssetId, by: Author<'_>) -> Result<(), ApiError> {
        if let Some(object) = tx.object(asset).await? {
            let effects = with_bytes_of(tx, &object).await?;
            if !effects.is_empty() {
                self.writing.write(tx, &effects, Author { op: "asset.stored", ..by }).await?;
            }
        }
        Ok(())
    }

    /// Of a file that is to be deleted: by a course that its owner has left.
    async fn is_shown_elsewhere(&self, tx: &mut Tx, mutation: &Mutation) -> Result<bool, ApiError> {
        let Mutation::AssetDelete { ids, .. } = mutation else { return Ok(false) };
        for asset in ids {
            for kind in [RowKind::Video, RowKind::Attachment] {
                let shown = tx.read_all(Read::OfAsset(kind, *asset)).await?;
                if shown.iter().any(|row| !row.is_deleted() && !self.roles.contains_key(&row.space())) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What a person may not do to what they may see. What courses show of an asset is the server's to keep true.
    fn forbidden(&self, mutation: &Mutation, effects: &[Row]) -> Option<&'static str> {
        let mut spaces = effects.iter().filter(|row| !matches!(row, Row::Summary(_))).map(Row::space);
        if spaces.any(|space| self.roles.get(&space) == Some(&Role::Viewer)) {
            return Some("you may look at this course, and not change it");
        }
        let course = match mutation {
            Mutation::CourseDelete { course }
            | Mutation::CourseRestore { course }
            | Mutation::CoursePublish { course }
            | Mutation::CourseUnpublish { course } => *course,
            _ => return None,
        };
        let is_owner = self.roles.get(&course.into()) == Some(&Role::Owner);
        (!is_owner).then_some("only an owner of this course may delete or publish it")
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
                    read => tx.read(read, |space| self.roles.contains_key(&space)).await?,
                };
                rows.load(read, found);
            }
        }
    }
}
