//! The team's server of a history: its real routes and tokens, a look into its tables behind its back, and a fuse in them
//! that ends a transaction half-way.

use super::{Failure, Person};
use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, StatusCode, header};
use lectern_engine::remote::RemoteError;
use lectern_server::access::Team;
use lectern_server::object_store::keyless::Keyless;
use lectern_server::{Clock, Server, Store};
use lectern_shared::access::{PairRequest, Paired, Role};
use lectern_shared::change::Row;
use lectern_shared::ids::{CourseId, SpaceId, UserId};
use lectern_shared::protocol::{Problem, ProblemCode};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tower::ServiceExt as _;
use uuid::Uuid;

/// Small ones, so that many a pull has several.
const PAGE_ROWS: usize = 7;

/// What a transaction may fail at: everything a push writes, in its order, and what else is written.
pub(super) const BREAKS_AT: [&str; 6] = ["entity", "space", "history", "mutation_result", "client", "member"];

/// One server, as those who ask it know it.
#[derive(Clone)]
pub(super) struct Door {
    router: Router,
    tables: Arc<Mutex<Tables>>,
}

/// The server's database, read without it.
pub(super) struct Tables {
    connection: Connection,
    /// Lines of the history that were looked at.
    looked_at: i64,
}

pub(super) struct Hosted {
    pub(super) file: PathBuf,
    pub(super) server: Server,
    team: Team,
    pub(super) door: Door,
}

impl Hosted {
    pub(super) async fn open<'a>(
        file: PathBuf,
        people: impl Iterator<Item = &'a Person> + Clone,
        clock: Clock,
    ) -> Result<Self, Failure> {
        let store = Store::open(&file).await?;
        for person in people.clone() {
            store.ensure_account(person.user, person.name).await?;
        }
        let connection = Connection::open(&file)?;
        connection.execute_batch(&fuse())?;
        for person in people {
            let id = person.user.0.as_bytes().as_slice();
            connection.execute("UPDATE account SET email = ?2 WHERE id = ?1", params![id, person.email()])?;
        }
        let looked_at = connection.query_row("SELECT coalesce(max(rowid), 0) FROM history", [], |row| row.get(0))?;
        let server = Server::new(store, Arc::new(Keyless)).with_pages_of(PAGE_ROWS).with_clock(clock);
        let team = Team::open(server.clone()).await?;
        let tables = Arc::new(Mutex::new(Tables { connection, looked_at }));
        let door = Door { router: team.router(), tables };
        Ok(Self { file, server, team, door })
    }

    /// A computer of this person is let in, as a person does it: with a code.
    pub(super) async fn let_in(&self, person: &Person) -> Result<Paired, Failure> {
        let code = self.team.invite(&person.email(), None, false).await;
        let code = code.map_err(|error| Problem::from(error).detail)?.code;
        let request = PairRequest { code, device_name: "Laptop".to_owned() };
        Ok(self.door.ask(Method::POST, "/v1/pair", None, serde_json::to_vec(&request)?).await?)
    }
}

/// What an administrator does with a backup.
pub(super) async fn declare_restored(file: &Path) -> Result<(), Failure> {
    let store = Store::open(file).await?;
    store.declare_restored().await?;
    Ok(())
}

fn fuse() -> String {
    let trigger = |when: &str, table: &str| {
        format!(
            "CREATE TRIGGER IF NOT EXISTS sim_{table}_{when} BEFORE {when} ON {table}
             WHEN (SELECT armed FROM sim_fuse) = '{table}' BEGIN SELECT RAISE(ABORT, 'the fuse is burnt'); END;"
        )
    };
    let triggers = BREAKS_AT.map(|table| trigger("INSERT", table) + &trigger("UPDATE", table)).concat();
    format!(
        "CREATE TABLE IF NOT EXISTS sim_fuse (armed TEXT);
         DELETE FROM sim_fuse; INSERT INTO sim_fuse VALUES (NULL); {triggers}"
    )
}

impl Door {
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request and its answer.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Vec<u8>,
    ) -> Result<T, RemoteError> {
        let unreadable = |error: &dyn std::fmt::Display| RemoteError::Unreachable(error.to_string());
        let (status, body) = self.send(method, path, token, body).await?;
        match (status.is_success(), body.is_empty()) {
            (true, true) => serde_json::from_slice(b"null").map_err(|error| unreadable(&error)),
            (true, false) => serde_json::from_slice(&body).map_err(|error| unreadable(&error)),
            (false, _) => Err(match serde_json::from_slice(&body) {
                Ok(problem) => RemoteError::Problem(problem),
                Err(error) => unreadable(&error),
            }),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Vec<u8>), RemoteError> {
        let broken = |error: &dyn std::fmt::Display| RemoteError::Unreachable(error.to_string());
        let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Body::from(body)).map_err(|error| broken(&error))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.map_err(|error| broken(&error))?;
        Ok((status, body.to_vec()))
    }
}

pub(super) fn is_signed_out(error: &RemoteError) -> bool {
    matches!(error, RemoteError::Problem(Problem { code: ProblemCode::Unauthenticated, .. }))
}

impl Tables {
    /// From now on every transaction that comes to this table fails there; none: none does.
    pub(super) fn arm(&self, table: Option<&str>) -> Result<(), rusqlite::Error> {
        self.connection.prepare_cached("UPDATE sim_fuse SET armed = ?1")?.execute([table]).map(drop)
    }

    /// The spaces a person is a member of.
    pub(super) fn spaces_of(&self, user: UserId) -> Result<BTreeSet<SpaceId>, rusqlite::Error> {
        let mut statement = self.connection.prepare_cached("SELECT space FROM member WHERE account = ?1")?;
        let spaces = statement.query_map([user.0.as_bytes().as_slice()], |row| id(row, 0))?;
        spaces.map(|space| space.map(SpaceId)).collect()
    }

    pub(super) fn role(&self, course: CourseId, user: UserId) -> Result<Option<Role>, rusqlite::Error> {
        let sql = "SELECT role FROM member WHERE space = ?1 AND account = ?2";
        let ids = [course.0.as_bytes().as_slice(), user.0.as_bytes().as_slice()];
        let role = self.connection.prepare_cached(sql)?.query_row(ids, |row| row.get::<_, String>(0)).optional()?;
        Ok(role.map(|name| Role::from_name(&name)))
    }

    pub(super) fn owners(&self, course: CourseId) -> Result<BTreeSet<UserId>, rusqlite::Error> {
        let sql = "SELECT account FROM member WHERE space = ?1 AND role = 'owner'";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([course.0.as_bytes().as_slice()], |row| id(row, 0).map(UserId))?.collect()
    }

    /// What was written since this was asked last by somebody who may not write there.
    pub(super) fn trespasses(&mut self) -> Result<Vec<String>, rusqlite::Error> {
        // What courses show of a file is the server's to write.
        let sql = "SELECT h.op, h.kind, m.role FROM history h
                   LEFT JOIN member m ON m.space = h.space AND m.account = h.actor
                   WHERE h.rowid > ?1 AND h.kind <> 'summary'
                   AND m.role IS NOT 'owner'
                   AND (m.role IS NOT 'editor' OR h.op IN ('course.delete', 'course.restore'))";
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_map([self.looked_at], |row| {
            let (op, kind, role) =
                (row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?);
            Ok(format!("{op} wrote a {kind} for somebody who is {role:?} there"))
        })?;
        let mut found: Vec<String> = found.collect::<Result<_, _>>()?;
        // A file that a course shows whose members the file's owner is not among.
        let sql =
            "SELECT DISTINCT v.id FROM history h JOIN entity a ON a.kind = 'asset' AND a.id = h.id AND a.deleted = 1
                   JOIN entity v ON v.asset = h.id AND v.kind = 'video' AND v.deleted = 0
                   WHERE h.rowid > ?1 AND h.kind = 'asset' AND h.op = 'asset.delete'";
        let mut statement = self.connection.prepare_cached(sql)?;
        for video in statement.query_map([self.looked_at], |row| id(row, 0))? {
            found.push(format!("asset.delete took a file that video {} shows", video?));
        }
        let last = "SELECT coalesce(max(rowid), 0) FROM history";
        self.looked_at = self.connection.prepare_cached(last)?.query_row([], |row| row.get(0))?;
        Ok(found)
    }

    /// Every row there is, whosever.
    pub(super) fn rows(&self) -> Result<Vec<(i64, Row)>, Failure> {
        let mut statement = self.connection.prepare("SELECT version, body FROM entity ORDER BY kind, id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        rows.map(|row| {
            let (version, body) = row?;
            Ok((version, serde_json::from_str(&body)?))
        })
        .collect()
    }

    /// What was executed twice, or otherwise than its result says.
    pub(super) fn contradictions(&self) -> Result<Vec<String>, rusqlite::Error> {
        let sql =
            "SELECT h.op || ' ' || hex(h.client) || ' ' || h.mid, count(DISTINCT h.version), r.status FROM history h
                   LEFT JOIN mutation_result r ON r.client = h.client AND r.mid = h.mid
                   WHERE h.client IS NOT NULL GROUP BY h.space, h.client, h.mid
                   HAVING count(DISTINCT h.version) > 1 OR r.status IS NOT 'ok'
                   UNION ALL
                   SELECT 'a mutation ' || hex(r.client) || ' ' || r.mid, 0, r.status FROM mutation_result r
                   WHERE r.status = 'ok'
                   AND NOT EXISTS (SELECT 1 FROM history h WHERE h.client = r.client AND h.mid = r.mid)
                   UNION ALL
                   SELECT 'what made ' || e.kind || ' ' || hex(e.id), 0, NULL FROM entity e
                   WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.space = e.space AND h.version = e.version
                       AND h.kind = e.kind AND h.id = e.id AND h.after = e.body)";
        let mut statement = self.connection.prepare(sql)?;
        let found = statement.query_map([], |row| {
            let (what, times, says) =
                (row.get::<_, String>(0)?, row.get::<_, u32>(1)?, row.get::<_, Option<String>>(2)?);
            Ok(format!("{what} was executed {times} times in one space, and its result is {says:?}"))
        })?;
        found.collect()
    }

    /// Hash and status of all that clients of this person had executed.
    pub(super) fn results(&self, user: UserId) -> Result<Vec<(String, String)>, rusqlite::Error> {
        let sql =
            "SELECT r.hash, r.status FROM mutation_result r JOIN client c ON c.id = r.client WHERE c.account = ?1";
        let mut statement = self.connection.prepare(sql)?;
        statement.query_map([user.0.as_bytes().as_slice()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    }
}

fn id(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Uuid> {
    Ok(Uuid::from_bytes(row.get::<_, [u8; 16]>(column)?))
}
