//! What must hold when the faults are over.

use super::edits::made_by;
use super::{Device, Failure, Trace, World, router};
use lectern_engine::remote::CourseServer as _;
use lectern_shared::SCHEMA;
use lectern_shared::change::Row;
use lectern_shared::ids::ClientId;
use lectern_shared::protocol::{PullRequest, PushRequest, PushedMutation};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

pub(super) async fn judge(world: &mut World) -> Result<(), Failure> {
    let server = server_rows(world).await?;
    every_device_sees_what_a_fresh_one_sees(world).await?;
    every_order_is_total(&server)?;
    every_edit_has_ended(world, &server)?;
    pushing_again_changes_nothing(world, &server).await?;
    a_stranger_sees_nothing(world).await?;
    let digest = digest(&server);
    world.trace.push(digest);
    Ok(())
}

/// Every row of the person's spaces.
async fn server_rows(world: &World) -> Result<Vec<Row>, Failure> {
    let request = PullRequest { client: ClientId::new(), confirmed: 0, cookies: BTreeMap::new(), check: false };
    let in_one_page = world.server.clone().with_pages_of(usize::MAX);
    let answer = router(&in_one_page, world.user).pull(&request).await?;
    Ok(answer.spaces.into_values().flat_map(|space| space.rows).map(|row| row.row).collect())
}

/// The rows the window could read, without times, which are the server's alone.
fn view(device: &Device) -> Result<BTreeMap<String, String>, Failure> {
    let mirror = rusqlite::Connection::open(&device.file)?;
    let mut rows = BTreeMap::new();
    for kind in ["course", "chapter", "video", "asset", "summary"] {
        let sql = format!(
            "SELECT id, json_set(json_remove(body, '$.body.created_at'), '$.body.deleted_at',
                 body ->> '$.body.deleted_at' IS NOT NULL) FROM {kind}"
        );
        let mut statement = mirror.prepare(&sql)?;
        let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        for row in found {
            let (id, body) = row?;
            rows.insert(format!("{kind} {id}"), body);
        }
    }
    Ok(rows)
}

/// Incremental equals fresh, and all are equal.
async fn every_device_sees_what_a_fresh_one_sees(world: &mut World) -> Result<(), Failure> {
    let file = world.new_file();
    let mut fresh = world.open(file)?;
    fresh.rounds.round().await?;
    let wanted = view(&fresh)?;
    for (number, device) in world.devices.iter().enumerate() {
        let found = view(device)?;
        if found != wanted {
            let differs = |key: &&String| found.get(*key) != wanted.get(*key);
            let keys: BTreeSet<&String> = found.keys().chain(wanted.keys()).filter(|key| differs(key)).collect();
            let rows: Vec<_> = keys.iter().map(|key| (key, found.get(*key), wanted.get(*key))).collect();
            return Err(format!("device {number} sees something else than a fresh one: {rows:#?}").into());
        }
        let pending =
            rusqlite::Connection::open(&device.file)?
                .query_row("SELECT count(*) FROM outbox", [], |row| row.get::<_, u32>(0))?;
        if pending != 0 {
            return Err(format!("device {number} still has {pending} edits waiting").into());
        }
    }
    Ok(())
}

fn every_order_is_total(rows: &[Row]) -> Result<(), Failure> {
    let mut places: BTreeSet<(Uuid, i64)> = BTreeSet::new();
    for row in rows {
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
fn every_edit_has_ended(world: &World, server: &[Row]) -> Result<(), Failure> {
    let there: BTreeSet<_> = server.iter().map(Row::key).collect();
    let mut refused = BTreeSet::new();
    for device in &world.devices {
        let mirror = rusqlite::Connection::open(&device.file)?;
        let mut statement = mirror.prepare("SELECT args FROM rejected")?;
        for args in statement.query_map([], |row| row.get::<_, String>(0))? {
            refused.extend(made_by(&serde_json::from_str(&args?)?));
        }
    }
    for mutation in &world.made {
        if let Some(key) = made_by(mutation)
            && !there.contains(&key)
            && !refused.contains(&key)
        {
            return Err(format!("lost without a word: {mutation:?}").into());
        }
    }
    Ok(())
}

/// Any replay of anything that was executed.
async fn pushing_again_changes_nothing(world: &World, before: &[Row]) -> Result<(), Failure> {
    let remote = router(&world.server, world.user);
    for device in &world.devices {
        let mirror = rusqlite::Connection::open(&device.file)?;
        let mut statement = mirror.prepare(
            "SELECT mid, args, hash FROM confirmed
             WHERE client = (SELECT id FROM client) ORDER BY mid",
        )?;
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?)))?;
        let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
        for (mid, args, hash) in rows {
            let mutation = serde_json::from_str(&args)?;
            let mutations = vec![PushedMutation { id: mid.cast_unsigned(), hash, mutation }];
            let request =
                PushRequest { client: device.catalogue.client(), schema: SCHEMA, incarnation: None, mutations };
            remote.push(&request).await?;
        }
    }
    if server_rows(world).await? != before {
        return Err("pushing again what was executed has changed something".into());
    }
    Ok(())
}

async fn a_stranger_sees_nothing(world: &World) -> Result<(), Failure> {
    let request = PullRequest { client: ClientId::new(), confirmed: 0, cookies: BTreeMap::new(), check: false };
    let answer = router(&world.server, world.stranger).pull(&request).await?;
    let is_shown = answer.spaces.values().any(|space| !space.rows.is_empty());
    if is_shown { Err("a stranger was shown rows".into()) } else { Ok(()) }
}

/// What is the same each time.
fn digest(rows: &[Row]) -> String {
    let mut lines: Trace =
        rows.iter().map(|row| format!("{:?} {} {:?}", row.key(), row.is_deleted(), row.parent())).collect();
    lines.sort();
    blake3::hash(lines.join("\n").as_bytes()).to_hex().to_string()
}
