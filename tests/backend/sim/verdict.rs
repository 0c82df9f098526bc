//! What must hold when the faults are over.

use super::edits::made_by;
use super::{Failure, Trace, World};
use lectern_engine::remote::CourseServer as _;
use lectern_engine::remote::in_process::InProcessServer;
use lectern_shared::SCHEMA;
use lectern_shared::change::Row;
use lectern_shared::ids::ClientId;
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{PullRequest, PushRequest, PushedMutation};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(super) async fn judge(world: &mut World) -> Result<(), Failure> {
    every_device_is_what_a_fresh_one_of_its_person_is(world).await?;
    let rows = world.hosted.door.tables().rows()?;
    every_order_is_total(&rows)?;
    every_row_is_there_or_was_refused(world, &rows)?;
    every_edit_has_ended(world)?;
    let contradictions = world.hosted.door.tables().contradictions()?;
    if !contradictions.is_empty() {
        return Err(contradictions.join("\n").into());
    }
    pushing_again_changes_nothing(world, &rows).await?;
    a_stranger_sees_nothing(world).await?;
    let digest = digest(&rows);
    world.trace.push(digest);
    let breaches = world.network.breaches();
    if breaches.is_empty() { Ok(()) } else { Err(breaches.join("\n").into()) }
}

/// Incremental equals fresh, and so all of one person are equal, and all of a course that several are in.
async fn every_device_is_what_a_fresh_one_of_its_person_is(world: &mut World) -> Result<(), Failure> {
    for person in 0..world.people.len() {
        let fresh = world.new_device(person).await?;
        let mut fresh = world.devices.remove(fresh);
        if let Some(rounds) = &mut fresh.rounds {
            rounds.round().await?;
        }
        fresh.holds()?;
        let (wanted, base) = (fresh.view()?, fresh.base()?);
        for (number, device) in world.devices.iter().enumerate().filter(|(_, device)| device.person == person) {
            device.holds().map_err(|breach| format!("device {number}: {breach}"))?;
            let found = device.view()?;
            if found != wanted {
                let differs = |key: &&String| found.get(*key) != wanted.get(*key);
                let keys: BTreeSet<&String> = found.keys().chain(wanted.keys()).filter(differs).collect();
                let rows: Vec<_> = keys.iter().map(|key| (key, found.get(*key), wanted.get(*key))).collect();
                return Err(format!("device {number} sees something else than a fresh one: {rows:#?}").into());
            }
            if device.base()? != base {
                return Err(format!("device {number} sees the same and has another base than a fresh one").into());
            }
            let waiting = device.waiting()?;
            if waiting != 0 {
                return Err(format!("device {number} still has {waiting} edits waiting").into());
            }
        }
        fresh.catalogue.close();
    }
    Ok(())
}

fn every_order_is_total(rows: &[(i64, Row)]) -> Result<(), Failure> {
    let mut places: BTreeSet<(Uuid, i64)> = BTreeSet::new();
    for (_, row) in rows {
        let place = match row {
            Row::Chapter(row) => (row.course.0, row.position),
            Row::Video(row) => (row.chapter.0, row.position),
            _ => continue,
        };
        if !places.insert(place) {
            return Err(format!("two rows at one place: {row:?}").into());
        }
    }
    Ok(())
}

/// What made a row made it, or was visibly refused.
fn every_row_is_there_or_was_refused(world: &World, rows: &[(i64, Row)]) -> Result<(), Failure> {
    let there: BTreeSet<_> = rows.iter().map(|(_, row)| row.key()).collect();
    let mut refused = BTreeSet::new();
    for device in &world.devices {
        for args in device.refused()? {
            refused.extend(made_by(&serde_json::from_str::<Mutation>(&args)?));
        }
    }
    let lost = |made: &&super::Made| {
        made_by(&made.mutation).is_some_and(|key| !there.contains(&key) && !refused.contains(&key))
    };
    match world.made.iter().find(lost) {
        Some(lost) => Err(format!("lost without a word: {:?}", lost.mutation).into()),
        None => Ok(()),
    }
}

/// Executed, without effect, or refused so that its author is told.
fn every_edit_has_ended(world: &World) -> Result<(), Failure> {
    for (person, of) in world.people.iter().enumerate() {
        let mut results: BTreeMap<String, bool> = BTreeMap::new();
        for (hash, status) in world.hosted.door.tables().results(of.user)? {
            *results.entry(hash).or_default() |= status != "rejected";
        }
        let mut told = BTreeSet::new();
        for device in world.devices.iter().filter(|device| device.person == person) {
            told.extend(device.refused()?.iter().map(|args| blake3::hash(args.as_bytes()).to_hex().to_string()));
        }
        for made in world.made.iter().filter(|made| made.person == person) {
            let words = match results.get(&made.hash) {
                Some(true) => continue,
                Some(false) if told.contains(&made.hash) => continue,
                Some(false) => "refused without a word",
                None => "never answered, and waits no more",
            };
            return Err(format!("{words}: {:?}", made.mutation).into());
        }
    }
    Ok(())
}

/// Any replay of anything that was executed.
async fn pushing_again_changes_nothing(world: &World, before: &[(i64, Row)]) -> Result<(), Failure> {
    for device in &world.devices {
        let remote = InProcessServer::new(world.hosted.server.router_for(device.line.user()));
        for (mid, args, hash) in device.confirmed()? {
            let mutation = serde_json::from_str(&args)?;
            let mutations = vec![PushedMutation { id: mid.cast_unsigned(), hash, mutation }];
            let request =
                PushRequest { client: device.catalogue.client(), schema: SCHEMA, incarnation: None, mutations };
            remote.push(&request).await?;
        }
    }
    if world.hosted.door.tables().rows()? != before {
        return Err("pushing again what was executed has changed something".into());
    }
    Ok(())
}

async fn a_stranger_sees_nothing(world: &World) -> Result<(), Failure> {
    let request = PullRequest { client: ClientId::new(), confirmed: 0, cookies: BTreeMap::new(), check: true };
    let remote = InProcessServer::new(world.hosted.server.router_for(world.stranger.user));
    let answer = remote.pull(&request).await?;
    let own = |space: &lectern_shared::ids::SpaceId| *space == world.stranger.user.into();
    let is_shown = answer.spaces.values().any(|space| !space.rows.is_empty())
        || !answer.spaces.keys().chain(answer.checksums.keys()).all(own);
    if is_shown { Err("a stranger was shown rows, or that there are courses".into()) } else { Ok(()) }
}

/// What is the same each time.
fn digest(rows: &[(i64, Row)]) -> String {
    let line =
        |(version, row): &(i64, Row)| format!("{version} {:?} {} {:?}", row.key(), row.is_deleted(), row.parent());
    let mut lines: Trace = rows.iter().map(line).collect();
    lines.sort();
    blake3::hash(lines.join("\n").as_bytes()).to_hex().to_string()
}
