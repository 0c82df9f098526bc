//! One installation of the app: its database, its clock, its line, and what must be true of it after each round.

use super::Failure;
use super::network::Line;
use super::oracle::{Timeless, replayed, timeless};
use lectern_engine::catalogue::{Catalogue, CatalogueFailure};
use lectern_engine::sync::Rounds;
use lectern_shared::change::Row;
use lectern_shared::ids::{CourseId, SpaceId};
use lectern_shared::mutation::Mutation;
use lectern_shared::sync::Actor;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use uuid::Uuid;

const KINDS: [&str; 6] = ["course", "chapter", "video", "attachment", "asset", "summary"];

/// Each transaction of a sync comes to one of these: when no more writes are allowed it fails there, and leaves what a program
/// leaves that ends before it has committed. An end between two commits is an end before the second one.
const FUSE: &str = "
    CREATE TABLE IF NOT EXISTS sim_fuse (left INTEGER NOT NULL);
    DELETE FROM sim_fuse;
    INSERT INTO sim_fuse VALUES (-1);
    CREATE TRIGGER IF NOT EXISTS sim_client BEFORE UPDATE ON client WHEN (SELECT left FROM sim_fuse) >= 0 BEGIN
        SELECT RAISE(ABORT, 'the fuse is burnt') WHERE (SELECT left FROM sim_fuse) = 0;
        UPDATE sim_fuse SET left = left - 1;
    END;
    CREATE TRIGGER IF NOT EXISTS sim_rejected BEFORE INSERT ON rejected WHEN (SELECT left FROM sim_fuse) >= 0 BEGIN
        SELECT RAISE(ABORT, 'the fuse is burnt') WHERE (SELECT left FROM sim_fuse) = 0;
        UPDATE sim_fuse SET left = left - 1;
    END;";

pub(super) struct Device {
    /// Whose it is.
    pub(super) person: usize,
    pub(super) file: PathBuf,
    pub(super) catalogue: Catalogue,
    /// None while a round of it is under way.
    pub(super) rounds: Option<Rounds>,
    pub(super) line: Line,
    /// By how much its clock is wrong.
    pub(super) skew: Arc<AtomicI64>,
    /// What undoes its last edits.
    pub(super) inverses: Vec<Vec<Mutation>>,
    pub(super) online: bool,
    /// Writes fail from some time on.
    pub(super) is_lit: bool,
    /// Its database, read behind its back.
    mirror: Connection,
}

pub(super) type Base = Vec<(String, String, String, i64, String)>;

impl Device {
    /// `now` is the time that is right.
    pub(super) fn open(
        file: PathBuf,
        person: usize,
        line: Line,
        now: &Arc<AtomicI64>,
        skew: Arc<AtomicI64>,
    ) -> Result<Self, Failure> {
        let (now, wrong_by) = (now.clone(), skew.clone());
        let clock = Arc::new(move || now.load(Ordering::Relaxed) + wrong_by.load(Ordering::Relaxed));
        let catalogue = Catalogue::open_with_clock(&file, line.user(), clock)?;
        let rounds = Some(Rounds::new(catalogue.clone(), Arc::new(line.clone()), Arc::new(drop)));
        let mirror = Connection::open(&file)?;
        mirror.execute_batch(FUSE)?;
        let inverses = Vec::new();
        Ok(Self { person, file, catalogue, rounds, line, skew, inverses, online: true, is_lit: false, mirror })
    }

    /// So many writes of the next round are done, and no more.
    pub(super) fn light(&mut self, left: u32) -> Result<(), Failure> {
        self.mirror.prepare_cached("UPDATE sim_fuse SET left = ?1")?.execute([left])?;
        self.is_lit = true;
        Ok(())
    }

    pub(super) fn put_out(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_lit) {
            self.mirror.prepare_cached("UPDATE sim_fuse SET left = -1")?.execute([])?;
        }
        Ok(())
    }

    /// Whether this is what a write that the fuse has ended answers.
    pub(super) fn is_burnt(&self, failure: &CatalogueFailure) -> bool {
        self.is_lit && failure.to_string().contains("the fuse is burnt")
    }

    pub(super) fn ids_in_sight(&self) -> Result<BTreeSet<Uuid>, Failure> {
        let mut ids = BTreeSet::new();
        for kind in ["course", "chapter", "video", "asset"] {
            let mut statement = self.mirror.prepare_cached(&format!("SELECT id FROM {kind}"))?;
            for id in statement.query_map([], |row| row.get::<_, String>(0))? {
                ids.insert(id?.parse()?);
            }
        }
        Ok(ids)
    }

    /// Hashes of the last edits that wait.
    pub(super) fn last_waiting(&self, count: usize) -> Result<BTreeSet<String>, Failure> {
        let mut statement = self.mirror.prepare_cached("SELECT hash FROM outbox ORDER BY mid DESC LIMIT ?1")?;
        Ok(statement.query_map([count as i64], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    pub(super) fn waiting(&self) -> Result<u32, Failure> {
        Ok(self.mirror.query_row("SELECT count(*) FROM outbox", [], |row| row.get(0))?)
    }

    /// What its author was told is refused.
    pub(super) fn refused(&self) -> Result<Vec<String>, Failure> {
        let mut statement = self.mirror.prepare("SELECT args FROM rejected")?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    /// What was executed under the name it has now: number, mutation and hash.
    pub(super) fn confirmed(&self) -> Result<Vec<(i64, String, String)>, Failure> {
        let sql = "SELECT mid, args, hash FROM confirmed WHERE client = (SELECT id FROM client) ORDER BY mid";
        let mut statement = self.mirror.prepare(sql)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn base(&self) -> Result<Base, Failure> {
        let sql = "SELECT kind, id, space, version, body FROM base_row ORDER BY kind, id";
        let mut statement = self.mirror.prepare(sql)?;
        let rows =
            statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The rows the window could read.
    pub(super) fn view(&self) -> Result<BTreeMap<String, String>, Failure> {
        let mut rows = BTreeMap::new();
        for kind in KINDS {
            let mut statement = self.mirror.prepare_cached(&format!("SELECT id, body FROM {kind}"))?;
            let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
            for row in found {
                let (id, body) = row?;
                rows.insert(format!("{kind} {id}"), body);
            }
        }
        Ok(rows)
    }

    /// What is true after every pull that was taken: it was answered when the person was a member there.
    pub(super) fn holds(&self) -> Result<(), Failure> {
        let members = self.line.members();
        let mut statement = self.mirror.prepare_cached("SELECT DISTINCT space FROM base_row")?;
        for space in statement.query_map([], |row| row.get::<_, String>(0))? {
            let space = SpaceId(space?.parse()?);
            if !members.contains(&space) {
                return Err(format!("base has rows of {space}, where its person is no member").into());
            }
        }
        self.view_is_base_where_nothing_waits()?;
        self.what_waits_shows_nobody_else_s(&members)?;
        self.view_is_base_and_what_waits()
    }

    fn view_is_base_where_nothing_waits(&self) -> Result<(), Failure> {
        for kind in KINDS {
            let sql = format!(
                "SELECT coalesce(v.id, b.id) FROM (SELECT * FROM base_row WHERE kind = '{kind}') b
                 FULL JOIN {kind} v ON v.id = b.id WHERE b.body IS NOT v.body
                 AND NOT EXISTS (SELECT 1 FROM outbox_row o WHERE o.kind = '{kind}' AND o.id = coalesce(v.id, b.id)) LIMIT 1"
            );
            let mut statement = self.mirror.prepare_cached(&sql)?;
            if let Some(differs) = statement.query_map([], |row| row.get::<_, String>(0))?.next() {
                return Err(
                    format!("{kind} {} is another one in view than in base, and nothing waits", differs?).into()
                );
            }
        }
        Ok(())
    }

    fn view_is_base_and_what_waits(&self) -> Result<(), Failure> {
        if self.waiting()? == 0 {
            return Ok(());
        }
        let mut statement = self.mirror.prepare_cached("SELECT args FROM outbox ORDER BY mid")?;
        let outbox = statement.query_map([], |row| row.get::<_, String>(0))?;
        let outbox: Vec<Mutation> =
            outbox.map(|args| Ok(serde_json::from_str(&args?)?)).collect::<Result<_, Failure>>()?;
        let base = self.base()?.into_iter().map(|(.., body)| Ok(serde_json::from_str(&body)?));
        let by = Actor { user: self.line.user(), now: 0 };
        let wanted = replayed(base.collect::<Result<_, Failure>>()?, &outbox, by)?;
        let view = self.view()?.into_values().map(|body| timeless(&serde_json::from_str(&body)?));
        let found: Timeless = view.collect::<Result<_, Failure>>()?;
        if found == wanted {
            return Ok(());
        }
        let keys = found.keys().chain(wanted.keys()).filter(|key| found.get(key) != wanted.get(key));
        let differs: Vec<_> = keys.map(|key| (key, found.get(key), wanted.get(key))).collect();
        Err(format!("view is not base and what waits: {differs:#?}").into())
    }

    /// Edits that wait are executed on base, and on courses they make.
    fn what_waits_shows_nobody_else_s(&self, members: &BTreeSet<SpaceId>) -> Result<(), Failure> {
        let sql = "SELECT args ->> '$.args.course' FROM outbox WHERE name = 'course.create'";
        let mut allowed = members.clone();
        for course in self.mirror.prepare_cached(sql)?.query_map([], |row| row.get::<_, String>(0))? {
            allowed.insert(CourseId(course?.parse()?).into());
        }
        for kind in KINDS {
            let sql = format!("SELECT body FROM {kind} WHERE id IN (SELECT id FROM outbox_row WHERE kind = '{kind}')");
            for body in self.mirror.prepare_cached(&sql)?.query_map([], |row| row.get::<_, String>(0))? {
                let row: Row = serde_json::from_str(&body?)?;
                if !allowed.contains(&row.space()) {
                    return Err(format!("an edit that waits shows a row of somebody else: {row:?}").into());
                }
            }
        }
        Ok(())
    }
}
