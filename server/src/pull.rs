//! Answers what changed since a client's cookies, all from one snapshot; page by page when it is much.

use crate::Server;
use crate::api::ApiError;
use crate::auth::Identity;
use crate::store::{Clients, Entities, Spaces, Tx};
use lectern_shared::SCHEMA;
use lectern_shared::change::checksum;
use lectern_shared::ids::{ClientId, SpaceId};
use lectern_shared::protocol::{Cookie, ProblemCode, PullRequest, PullResponse, SpaceChanges};
use std::collections::{BTreeMap, BTreeSet};

pub(crate) async fn pull(server: &Server, who: Identity, request: PullRequest) -> Result<PullResponse, ApiError> {
    let incarnation = server.incarnation().await?;
    let (mut tx, known) = begin(server, who, request.client).await?;
    let Some(last_mutation_id) = known else {
        return Err(ApiError::new(ProblemCode::Unauthenticated, "this device is not yours"));
    };
    let results = tx.rejections(request.client, request.confirmed).await?;
    let members = tx.spaces_of(who.user).await?;
    let (spaces, more) = changes(&mut tx, &members, &request.cookies, server.page_rows).await?;
    let mut checksums = BTreeMap::new();
    if request.check && !more {
        for space in &members {
            checksums.insert(*space, checksum(tx.versions(*space).await?));
        }
    }
    tx.commit().await?;
    let gone = request.cookies.keys().filter(|space| !members.contains(space)).copied().collect();
    let now = server.now();
    Ok(PullResponse { now, incarnation, last_mutation_id, results, spaces, gone, more, checksums })
}

/// A snapshot, and the last mutation of the client; none when it is somebody else's.
async fn begin(server: &Server, who: Identity, client: ClientId) -> Result<(Tx, Option<u64>), ApiError> {
    let mut tx = server.store.begin_read().await?;
    if let Some(known) = tx.known_client(client, who.user).await? {
        return Ok((tx, known));
    }
    // Only the first of a device's pulls writes: the others would wait for those who do.
    drop(tx);
    let mut making = server.store.begin_write().await?;
    let made = making.client(client, who.user, SCHEMA).await?;
    making.commit().await?;
    Ok((server.store.begin_read().await?, made))
}

/// What changed in these spaces, as far as it fits; whether there is more.
async fn changes(
    tx: &mut Tx,
    members: &BTreeSet<SpaceId>,
    cookies: &BTreeMap<SpaceId, Cookie>,
    rows_max: usize,
) -> Result<(BTreeMap<SpaceId, SpaceChanges>, bool), ApiError> {
    let (mut spaces, mut room) = (BTreeMap::new(), rows_max);
    for space in members {
        let now = tx.cookie(*space).await?;
        let known = cookies.get(space).copied();
        // A cookie of another epoch, or ahead of us, comes from another history: start again.
        let valid = known.filter(|known| known.epoch == now.epoch && known.version <= now.version);
        // Rows that it has and that were removed since would stay there for ever.
        let valid = valid.filter(|known| known.version >= now.cleaned || known.cleaned == now.cleaned);
        if valid.is_some_and(|known| known.version == now.version) {
            continue;
        }
        if room == 0 {
            return Ok((spaces, true));
        }
        let (rows, is_all) = tx.since(*space, valid.map_or(0, |cookie| cookie.version), room).await?;
        room = room.saturating_sub(rows.len());
        // Where a page ends there the next one begins.
        let read = rows.last().filter(|_| !is_all).map_or(now.version, |last| last.version);
        let cookie = Cookie { version: read, cleaned: if is_all { 0 } else { now.cleaned }, ..now };
        spaces.insert(*space, SpaceChanges { reset: valid.is_none(), cookie, rows });
        if !is_all {
            return Ok((spaces, true));
        }
    }
    Ok((spaces, false))
}
