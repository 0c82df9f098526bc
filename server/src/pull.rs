//! Answers what changed since a client's cookies, all from one snapshot.

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::{Clients, Entities, Spaces};
use lectern_shared::SCHEMA;
use lectern_shared::protocol::{ProblemCode, PullRequest, PullResponse, SpaceChanges};
use std::collections::BTreeMap;

pub(crate) async fn pull(server: &Server, who: Identity, request: PullRequest) -> Result<PullResponse, ApiError> {
    let incarnation = server.incarnation().await?;
    let mut tx = server.store.begin_read().await?;
    let known = match tx.known_client(request.client, who.user).await? {
        Some(known) => known,
        None => {
            // Only the first of a device's pulls writes: the others would wait for those who do.
            drop(tx);
            let mut making = server.store.begin_write().await?;
            let made = making.client(request.client, who.user, SCHEMA).await?;
            making.commit().await?;
            tx = server.store.begin_read().await?;
            made
        }
    };
    let Some(last_mutation_id) = known else {
        return Err(ApiError::new(ProblemCode::Unauthenticated, "this device is not yours"));
    };
    let results = tx.rejections(request.client, request.confirmed).await?;
    let members = tx.spaces_of(who.user).await?;
    let mut spaces = BTreeMap::new();
    for space in &members {
        let now = tx.cookie(*space).await?;
        let known = request.cookies.get(space).copied();
        // A cookie of another epoch, or ahead of us, comes from another history: start again.
        let valid = known.filter(|known| known.epoch == now.epoch && known.version <= now.version);
        if valid == Some(now) {
            continue;
        }
        let rows = tx.since(*space, valid.map_or(0, |cookie| cookie.version)).await?;
        spaces.insert(*space, SpaceChanges { reset: valid.is_none(), cookie: now, rows });
    }
    tx.commit().await?;
    let gone = request.cookies.keys().filter(|space| !members.contains(space)).copied().collect();
    Ok(PullResponse { incarnation, last_mutation_id, results, spaces, gone })
}
