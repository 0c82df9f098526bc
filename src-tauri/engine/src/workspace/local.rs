//! A workspace on this computer, opened. Of one person: course server and, unless the bytes go to a bucket, object store run
//! in this process, on a folder of this computer; the first one opens with no question asked. Of a team: the server is
//! elsewhere, and the folder has what is known of it.

use super::backups::finish_exchange;
use super::control::Host;
use super::keys::{KeyRing, StoreKey};
use super::lock::FolderLock;
use super::moving::{self, Mover, SharedLocal, Standing};
use super::settings::{BucketSettings, Settings, SettingsError, StoreSettings, TeamSettings};
use super::{Workspace, WorkspaceConfig, private_folder};
use crate::EventSink;
use crate::catalogue::CatalogueFailure;
use crate::remote::Line;
use crate::remote::in_process::InProcessServer;
use crate::remote::sender::SenderError;
use crate::remote::team::{DeviceToken, TeamError, TeamServer};
use crate::uploads::UploadsError;
use lectern_server::object_store::ObjectStore;
use lectern_server::object_store::keyless::Keyless;
use lectern_server::object_store::local::{LocalStore, LocalStoreError, open_local};
use lectern_server::object_store::prefixed::Prefixed;
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_server::{Former, Place, Server, Store, StoreFailure};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("this workspace is open in another Lectern")]
    InUse,
    #[error("the workspace's folder cannot be used: {0}")]
    Folder(#[from] io::Error),
    #[error("{0}")]
    Catalogue(#[from] CatalogueFailure),
    #[error("{0}")]
    Uploads(#[from] UploadsError),
    #[error("the course server cannot start: {0}")]
    Server(#[from] StoreFailure),
    #[error("the local store cannot start: {0}")]
    Store(#[from] LocalStoreError),
    #[error("{0}")]
    Settings(#[from] SettingsError),
    #[error("no file can be carried to the bucket: {0}")]
    Sender(#[from] SenderError),
    #[error("the team's server: {0}")]
    Team(#[from] TeamError),
}

/// Names of stores in the server's rows: on the disk, never to be changed.
const THIS_COMPUTER: &str = "this_computer";
pub(super) const BUCKET: &str = "bucket";
/// No row of ours: the server's own are elsewhere.
const TEAM: &str = "team";

/// What a workspace is opened with.
#[derive(Clone)]
pub struct Opening {
    /// A program whose first act is [`crate::media::child_main`].
    pub prober: PathBuf,
    pub line: Line,
    pub events: EventSink,
    pub keys: KeyRing,
    /// Looks at the queue and sends nothing.
    pub idle: bool,
}

/// A workspace with its server and its stores.
pub struct LocalWorkspace {
    pub workspace: Arc<Workspace>,
    /// Other programs ask here. Not while only looking.
    host: Option<Host>,
    /// None: a team's is elsewhere.
    server: Option<Server>,
    /// The one elsewhere, of a team.
    team: Option<TeamServer>,
    objects: Arc<dyn ObjectStore>,
    local: SharedLocal,
    mover: Option<Mover>,
    /// Removes what was deleted long ago: here nobody else does.
    cleaning: Option<tokio::task::AbortHandle>,
    _lock: FolderLock,
}

/// The stores of a workspace.
struct Stores {
    current: Place,
    /// Has what a bucket that was connected later has not got yet.
    former: Option<Former>,
    /// The one on this computer, as either of them.
    local: Option<LocalStore>,
    key_missing: bool,
}

impl LocalWorkspace {
    /// Opens the workspace in `folder`, or makes one that keeps its bytes beside it, on this computer.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it; else what could not be opened. A key that is missing is no error:
    /// courses can be edited, and uploads wait.
    pub async fn open(
        folder: &Path,
        prober: PathBuf,
        line: impl Into<Line>,
        events: EventSink,
    ) -> Result<Self, OpenError> {
        let opening = Opening { prober, line: line.into(), events, keys: KeyRing::default(), idle: false };
        Self::open_as(folder, opening).await
    }

    /// The same, with a say in everything.
    ///
    /// # Errors
    /// As [`LocalWorkspace::open`].
    pub async fn open_as(folder: &Path, opening: Opening) -> Result<Self, OpenError> {
        private_folder(folder)?;
        let lock = FolderLock::take(folder)?;
        finish_exchange(folder)?;
        let settings = read_or_make(folder)?;
        if let StoreSettings::Team(team) = &settings.store {
            let team = team.clone();
            return Self::start_of_team(folder, settings, team, opening, lock).await;
        }
        let stores = stores(folder, &settings, &opening.keys).await?;
        Self::start(folder, settings, opening, lock, stores).await
    }

    /// The same with an object store that the caller brings.
    ///
    /// # Errors
    /// As [`LocalWorkspace::open`].
    pub async fn open_with_store(
        folder: &Path,
        prober: PathBuf,
        line: impl Into<Line>,
        events: EventSink,
        store: Arc<dyn ObjectStore>,
    ) -> Result<Self, OpenError> {
        private_folder(folder)?;
        let lock = FolderLock::take(folder)?;
        let settings = read_or_make(folder)?;
        let opening = Opening { prober, line: line.into(), events, keys: KeyRing::of_this_run(), idle: false };
        let current = Place { name: name_of(&settings.store), store };
        let stores = Stores { current, former: None, local: None, key_missing: false };
        Self::start(folder, settings, opening, lock, stores).await
    }

    async fn start(
        folder: &Path,
        settings: Settings,
        opening: Opening,
        lock: FolderLock,
        stores: Stores,
    ) -> Result<Self, OpenError> {
        let database = Store::open(&folder.join("server.sqlite")).await?;
        database.ensure_account(settings.user, &settings.name).await?;
        let Stores { current, former, local, key_missing } = stores;
        database.name_places(former.as_ref().map_or(current.name, |former| former.name)).await?;
        let (objects, has_former) = (current.store.clone(), former.is_some());
        let server = Server::with_places(database, current, former);
        let standing = Standing::new(key_missing);
        if let Err(error) = moving::count(&server, &standing).await {
            tracing::warn!(%error, "what is left on this computer cannot be counted");
        }
        let client = InProcessServer::new(server.router_for(settings.user));
        let Opening { prober, line, events, idle, .. } = opening;
        let (config_line, config_standing) = (line.clone(), standing.clone());
        let config = WorkspaceConfig {
            folder: folder.to_owned(),
            settings,
            prober,
            line: config_line,
            idle,
            standing: config_standing,
        };
        let workspace = Arc::new(Workspace::open(config, Arc::new(client), events.clone()).await?);
        let host = if idle { None } else { listen(folder, &workspace) };
        let local: SharedLocal = Arc::new(tokio::sync::Mutex::new(local));
        let mover = if has_former && !key_missing && !idle {
            let (uploads, folder) = (workspace.uploads.clone(), store_folder(folder));
            let (server, local) = (server.clone(), local.clone());
            Some(Mover::start(moving::Parts { server, local, folder, uploads, line, events, standing }).await?)
        } else {
            None
        };
        let cleaning = (!idle && !key_missing).then(|| {
            let server = server.clone();
            tokio::spawn(async move { server.clean_daily().await }).abort_handle()
        });
        Ok(Self { workspace, host, server: Some(server), team: None, objects, local, mover, cleaning, _lock: lock })
    }

    /// Without a token nothing is asked: courses can be edited, and what waits goes when the device is let in again.
    async fn start_of_team(
        folder: &Path,
        settings: Settings,
        team: TeamSettings,
        opening: Opening,
        lock: FolderLock,
    ) -> Result<Self, OpenError> {
        let key = opening.keys.key(settings.key_name()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the token of this computer");
            None
        });
        let standing = Standing::new(key.is_none());
        let token = DeviceToken(key.map(|key| key.secret).unwrap_or_default());
        let Opening { prober, line, events, idle, .. } = opening;
        let server = TeamServer::new(&team.address, token, &line.roots)?;
        let config = WorkspaceConfig { folder: folder.to_owned(), settings, prober, line, idle, standing };
        let workspace = Arc::new(Workspace::open(config, Arc::new(server.clone()), events).await?);
        let host = if idle { None } else { listen(folder, &workspace) };
        let (objects, local, team) = (Arc::new(Keyless), SharedLocal::default(), Some(server));
        Ok(Self { workspace, host, server: None, team, objects, local, mover: None, cleaning: None, _lock: lock })
    }

    /// None for a team's, which is elsewhere.
    pub(super) fn server(&self) -> Option<Server> {
        self.server.clone()
    }

    /// The control plane of the store that new bytes go to.
    pub(super) fn objects(&self) -> Arc<dyn ObjectStore> {
        self.objects.clone()
    }

    /// Cheap to clone: it shares the access token.
    pub(super) fn team(&self) -> Option<TeamServer> {
        self.team.clone()
    }

    /// Stops in order: what sends, what answers, what keeps.
    pub async fn shutdown(self) {
        drop(self.host);
        if let Some(cleaning) = &self.cleaning {
            cleaning.abort();
        }
        if let Some(mover) = &self.mover {
            mover.shutdown().await;
        }
        self.workspace.shutdown().await;
        if let Some(server) = &self.server {
            server.close().await;
        }
        if let Some(store) = self.local.lock().await.take() {
            store.shutdown().await;
        }
    }
}

fn listen(folder: &Path, workspace: &Arc<Workspace>) -> Option<Host> {
    let host = Host::listen(folder, workspace);
    host.inspect_err(|error| tracing::warn!(%error, "the command line cannot hand its work to this window")).ok()
}

/// Of the store on this computer.
fn store_folder(folder: &Path) -> PathBuf {
    folder.join("store")
}

fn name_of(store: &StoreSettings) -> &'static str {
    match store {
        StoreSettings::ThisComputer => THIS_COMPUTER,
        StoreSettings::Bucket(_) => BUCKET,
        StoreSettings::Team(_) => TEAM,
    }
}

async fn stores(folder: &Path, settings: &Settings, keys: &KeyRing) -> Result<Stores, OpenError> {
    let (name, local_folder) = (name_of(&settings.store), store_folder(folder));
    let StoreSettings::Bucket(bucket) = &settings.store else {
        let (local, store) = open_local(&local_folder).await?;
        let current = Place { name, store: Arc::new(store) };
        return Ok(Stores { current, former: None, local: Some(local), key_missing: false });
    };
    let key = keys.key(settings.user).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the bucket's key");
        None
    });
    let key_missing = key.is_none();
    let store: Arc<dyn ObjectStore> = match key {
        Some(key) => Arc::new(bucket_store(bucket, key)),
        None => Arc::new(Keyless),
    };
    let current = Place { name, store };
    // It is taken away when the bucket has everything.
    if !local_folder.exists() {
        return Ok(Stores { current, former: None, local: None, key_missing });
    }
    let (local, store) = open_local(&local_folder).await?;
    let former = Some(Former { name: THIS_COMPUTER, store });
    Ok(Stores { current, former, local: Some(local), key_missing })
}

fn read_or_make(folder: &Path) -> Result<Settings, SettingsError> {
    if let Some(settings) = Settings::read(folder)? {
        return Ok(settings);
    }
    let new = Settings::new("My courses", StoreSettings::ThisComputer);
    new.write(folder)?;
    Ok(new)
}

/// The store a bucket's settings and key make. Connects to nothing yet.
#[must_use]
pub fn bucket_store(bucket: &BucketSettings, key: StoreKey) -> Prefixed<S3Store> {
    let store = S3Store::new(S3Config {
        endpoint: bucket.endpoint.clone(),
        region: bucket.region.clone(),
        bucket: bucket.bucket.clone(),
        access_key: key.id,
        secret_key: key.secret,
    });
    Prefixed::new(store, bucket.prefix.clone())
}
