//! The rules of the sync (DESIGN 5), each named by a test: catalogues of several people and devices on one real server.

mod access;
mod attachments;
mod cleaning;
mod convergence;
mod forked;
mod members;
mod outbox;
mod pages;
mod progress;
mod protocol;
mod strangers;
mod team;
mod undo;

use lectern_backend_tests::support::postgres;
use lectern_engine::catalogue::Catalogue;
use lectern_engine::remote::in_process::InProcessServer;
use lectern_engine::remote::{CourseServer, RemoteError};
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_server::{Server, Store};
use lectern_shared::SCHEMA;
use lectern_shared::ids::{AssetId, AttachmentId, ChapterId, ClientId, CourseId, UserId, VideoId};
use lectern_shared::media::{AssetKind, AttachmentRole};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::protocol::{
    Cookie, MutationResult, MutationStatus, ProblemCode, PullRequest, PushRequest, PushResponse, PushedMutation,
};
use sqlx::PgPool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use uuid::Uuid;

/// One course server with its people.
struct World {
    folder: tempfile::TempDir,
    place: Place,
    server: Server,
    store: Store,
    /// The server's tables, read behind its back.
    database: Tables,
    devices: AtomicU32,
}

/// Where a server's database is.
enum Place {
    File(PathBuf),
    Address(String),
}

enum Tables {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

type Entity = (String, Uuid, i64, String);

/// Every row the window could read, by kind and id.
type View = BTreeMap<String, serde_json::Value>;

/// One installation of the app, synced by hand.
struct Device<R = InProcessServer> {
    catalogue: Catalogue,
    remote: R,
    file: PathBuf,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = if module_path!().contains("postgres") {
            Place::Address(tokio::task::spawn_blocking(postgres::database).await.unwrap().unwrap())
        } else {
            Place::File(folder.path().join("server.sqlite"))
        };
        Self::on(folder, place, AtomicU32::new(0)).await
    }

    async fn on(folder: tempfile::TempDir, place: Place, devices: AtomicU32) -> Self {
        let (store, database) = match &place {
            Place::Address(address) => {
                let store = Store::connect(address).await.unwrap();
                (store, Tables::Postgres(PgPool::connect(address).await.unwrap()))
            }
            Place::File(file) => {
                let store = Store::open(file).await.unwrap();
                let options = SqliteConnectOptions::new().filename(file);
                (store, Tables::Sqlite(SqlitePool::connect_with(options).await.unwrap()))
            }
        };
        // Nobody listens there: these tests move no bytes.
        let nowhere = S3Config {
            endpoint: "http://127.0.0.1:1".parse().unwrap(),
            region: "nowhere".into(),
            bucket: "none".into(),
            access_key: "none".into(),
            secret_key: "none".into(),
        };
        let server = Server::new(store.clone(), std::sync::Arc::new(S3Store::new(nowhere)));
        Self { folder, place, server, store, database, devices }
    }

    async fn person(&self) -> UserId {
        let user = UserId::new();
        self.store.ensure_account(user, "Somebody").await.unwrap();
        user
    }

    fn remote(&self, user: UserId) -> InProcessServer {
        InProcessServer::new(self.server.router_for(user))
    }

    fn new_file(&self) -> PathBuf {
        let number = self.devices.fetch_add(1, Ordering::Relaxed);
        self.folder.path().join(format!("device-{number}.sqlite"))
    }

    fn device(&self, user: UserId) -> Device {
        let file = self.new_file();
        Device { catalogue: Catalogue::open(&file, user).unwrap(), remote: self.remote(user), file }
    }

    /// What the server has of a row: its version and its body.
    async fn row(&self, kind: &str, id: Uuid) -> Option<(i64, serde_json::Value)> {
        let (.., version, body) =
            self.everything().await.into_iter().find(|(of, known, ..)| (of.as_str(), *known) == (kind, id))?;
        let row: serde_json::Value = serde_json::from_str(&body).unwrap();
        Some((version, row["body"].clone()))
    }

    /// As if the server's database came from elsewhere.
    async fn forget_secrets(&self) {
        let sql = "DELETE FROM secret";
        match &self.database {
            Tables::Sqlite(pool) => sqlx::query(sql).execute(pool).await.map(drop).unwrap(),
            Tables::Postgres(pool) => sqlx::query(sql).execute(pool).await.map(drop).unwrap(),
        }
    }

    /// The server's database as it is now.
    async fn back_up(&self) -> Place {
        match &self.place {
            Place::File(_) => {
                let copy = self.new_file();
                let sql = sqlx::AssertSqlSafe(format!("VACUUM INTO '{}'", copy.display()));
                let Tables::Sqlite(pool) = &self.database else { panic!("a file is SQLite's") };
                sqlx::query(sql).execute(pool).await.unwrap();
                Place::File(copy)
            }
            Place::Address(address) => {
                let address = address.clone();
                Place::Address(tokio::task::spawn_blocking(move || postgres::copy(&address)).await.unwrap().unwrap())
            }
        }
    }

    /// Another server, on what was backed up: its administrator says so.
    async fn restored_from(self, backup: Place) -> Self {
        self.server.close().await;
        let world = Self::on(self.folder, backup, self.devices).await;
        world.store.declare_restored().await.unwrap();
        world
    }

    /// Everything the server has, to see that nothing changed.
    async fn everything(&self) -> Vec<Entity> {
        let sql = "SELECT kind, id, version, body FROM entity ORDER BY kind, id";
        match &self.database {
            Tables::Sqlite(pool) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
            Tables::Postgres(pool) => sqlx::query_as(sql).fetch_all(pool).await.unwrap(),
        }
    }
}

impl<R: CourseServer> Device<R> {
    async fn edit(&self, mutations: impl Into<Vec<Mutation>>) -> Option<Vec<Mutation>> {
        self.catalogue.edit(mutations.into()).await.unwrap().inverse
    }

    async fn push(&self) -> PushResponse {
        let mutations = self.catalogue.outbox(0, 100).await.unwrap();
        let request = PushRequest { client: self.catalogue.client(), schema: SCHEMA, incarnation: None, mutations };
        self.remote.push(&request).await.unwrap()
    }

    async fn pull(&self) {
        let request = self.catalogue.pull_request().await.unwrap();
        let response = self.remote.pull(&request).await.unwrap();
        // These tests push by hand, and everything.
        self.catalogue.take_pull(response, u64::MAX).await.unwrap();
    }

    async fn sync(&self) {
        self.push().await;
        self.pull().await;
    }

    async fn waiting(&self) -> u32 {
        self.catalogue.pending().await.unwrap().edits
    }

    /// Titles of a course's videos, chapter after chapter.
    async fn titles(&self, course: CourseId) -> Vec<Vec<String>> {
        let shown = self.catalogue.course(course, std::sync::Arc::new(|_, _| None)).await.unwrap();
        let titles = |videos: Vec<lectern_shared::course::VideoDetail>| videos.into_iter().map(|v| v.title).collect();
        shown.chapters.into_iter().map(|chapter| titles(chapter.videos)).collect()
    }

    /// What the window reads, without the clock's part, which is the server's alone.
    fn view(&self) -> View {
        let mirror = rusqlite::Connection::open(&self.file).unwrap();
        let mut rows = BTreeMap::new();
        for kind in ["course", "chapter", "video", "attachment", "asset", "summary"] {
            let mut statement = mirror.prepare(&format!("SELECT id, body -> '$.body' FROM {kind}")).unwrap();
            let found =
                statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
            for (id, body) in found.map(Result::unwrap) {
                let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
                let fields = body.as_object_mut().unwrap();
                fields.remove("created_at");
                let deleted = fields.remove("deleted_at").is_some_and(|at| !at.is_null());
                fields.insert("deleted".into(), deleted.into());
                rows.insert(format!("{kind} {id}"), body);
            }
        }
        rows
    }
}

/// A course with two chapters and videos "a", "b", … in the first.
struct Lecture {
    course: CourseId,
    chapters: [ChapterId; 2],
    videos: Vec<VideoId>,
    assets: Vec<AssetId>,
}

impl Lecture {
    async fn on(device: &Device<impl CourseServer>, videos: usize) -> Self {
        let (course, chapters) = (CourseId::new(), [ChapterId::new(), ChapterId::new()]);
        let mut lecture = Self { course, chapters, videos: Vec::new(), assets: Vec::new() };
        device.edit([Mutation::CourseCreate { course, title: "Chemistry".into() }]).await;
        for chapter in chapters {
            let place = end();
            device.edit([Mutation::ChapterCreate { chapter, course, title: "Kinetics".into(), place }]).await;
        }
        for index in 0..videos {
            let (asset, video) = (AssetId::new(), VideoId::new());
            let title = char::from(b'a' + u8::try_from(index).unwrap()).to_string();
            device.edit([announced(asset), shown(video, course, chapters[0], asset, &title)]).await;
            lecture.videos.push(video);
            lecture.assets.push(asset);
        }
        device.sync().await;
        assert_eq!(device.waiting().await, 0);
        lecture
    }
}

impl Lecture {
    /// Ties the second file to the first video.
    async fn with_handout(&self, device: &Device<impl CourseServer>) -> AttachmentId {
        let (attachment, video, asset) = (AttachmentId::new(), self.videos[0], self.assets[1]);
        let role = AttachmentRole::Handout;
        device.edit([Mutation::VideoAttach { attachment, video, asset, role, language: None }]).await;
        device.sync().await;
        attachment
    }
}

fn end<Id>() -> Between<Id> {
    Between { after: None, before: None }
}

fn after<Id>(id: Id) -> Between<Id> {
    Between { after: Some(id), before: None }
}

fn before<Id>(id: Id) -> Between<Id> {
    Between { after: None, before: Some(id) }
}

fn announced(asset: AssetId) -> Mutation {
    Mutation::AssetCreate { asset, name: "a.mp4".into(), kind: AssetKind::Video, bytes: 1_000, predecessor: None }
}

fn shown(video: VideoId, course: CourseId, chapter: ChapterId, asset: AssetId, title: &str) -> Mutation {
    Mutation::VideoCreate { video, course, chapter, asset, title: title.into(), place: end() }
}

fn pushed(id: u64, mutation: Mutation) -> PushedMutation {
    let hash = blake3::hash(&serde_json::to_vec(&mutation).unwrap()).to_hex().to_string();
    PushedMutation { id, hash, mutation }
}

/// A client of its own that pushes by hand.
async fn push_by_hand(
    remote: &InProcessServer,
    client: ClientId,
    mutations: Vec<PushedMutation>,
) -> Result<PushResponse, RemoteError> {
    remote.push(&PushRequest { client, schema: SCHEMA, incarnation: None, mutations }).await
}

fn problem<T: std::fmt::Debug>(answer: Result<T, RemoteError>) -> ProblemCode {
    match answer {
        Err(RemoteError::Problem(problem)) => problem.code,
        other => panic!("expected a problem: {other:?}"),
    }
}

fn is_rejected(result: &MutationResult) -> bool {
    result.status == MutationStatus::Rejected
}

fn full_pull(client: ClientId) -> PullRequest {
    PullRequest { client, confirmed: 0, cookies: BTreeMap::<_, Cookie>::new(), check: false }
}
