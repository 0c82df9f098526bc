//! A workspace of one person: course server and, unless the bytes go to a bucket, object store run in this process, on a
//! folder of this computer. It opens with no question asked.

use super::keys::{KeyRing, KeychainError, StoreKey};
use super::lock::FolderLock;
use super::settings::{BucketSettings, Settings, SettingsError, StoreSettings};
use super::{Workspace, WorkspaceConfig, private_folder};
use crate::EventSink;
use crate::catalogue::CatalogueFailure;
use crate::remote::Line;
use crate::remote::in_process::InProcessServer;
use crate::uploads::UploadsError;
use lectern_server::object_store::ObjectStore;
use lectern_server::object_store::local::{LocalStore, LocalStoreError, open_local};
use lectern_server::object_store::prefixed::Prefixed;
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_server::{Server, Store, StoreFailure};
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
    #[error("{0}")]
    Keychain(#[from] KeychainError),
    /// The keychain has no key for the workspace's bucket, or there is no keychain.
    #[error("the key of the bucket is missing: connect it again")]
    KeyMissing,
}

/// What a workspace is opened with.
pub struct Opening {
    /// A program whose first act is [`crate::media::child_main`].
    pub prober: PathBuf,
    pub line: Line,
    pub events: EventSink,
    pub keys: KeyRing,
    /// Looks at the queue and sends nothing.
    pub held: bool,
}

/// A workspace with its server and its store.
pub struct LocalWorkspace {
    pub workspace: Workspace,
    server: Server,
    store: Option<LocalStore>,
    _lock: FolderLock,
}

impl LocalWorkspace {
    /// Opens the workspace in `folder`, or makes one that keeps its bytes beside it, on this computer.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it; [`OpenError::KeyMissing`]; else what could not be opened.
    pub async fn open(
        folder: &Path,
        prober: PathBuf,
        line: impl Into<Line>,
        events: EventSink,
    ) -> Result<Self, OpenError> {
        let opening = Opening { prober, line: line.into(), events, keys: KeyRing::default(), held: false };
        Self::open_as(folder, opening).await
    }

    /// The same, with a say in everything.
    ///
    /// # Errors
    /// As [`LocalWorkspace::open`].
    pub async fn open_as(folder: &Path, opening: Opening) -> Result<Self, OpenError> {
        private_folder(folder)?;
        let lock = FolderLock::take(folder)?;
        let settings = read_or_make(folder)?;
        let (local, store): (_, Arc<dyn ObjectStore>) = match &settings.store {
            StoreSettings::ThisComputer => {
                let (local, store) = open_local(&folder.join("store")).await?;
                (Some(local), Arc::new(store))
            }
            StoreSettings::Bucket(bucket) => {
                let key = opening.keys.key(settings.user).await?.ok_or(OpenError::KeyMissing)?;
                (None, Arc::new(bucket_store(bucket, key)))
            }
        };
        Self::start(folder, settings, opening, lock, (local, store)).await
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
        let opening = Opening { prober, line: line.into(), events, keys: KeyRing::of_this_run(), held: false };
        Self::start(folder, settings, opening, lock, (None, store)).await
    }

    async fn start(
        folder: &Path,
        settings: Settings,
        opening: Opening,
        lock: FolderLock,
        (local, store): (Option<LocalStore>, Arc<dyn ObjectStore>),
    ) -> Result<Self, OpenError> {
        let database = Store::open(&folder.join("server.sqlite")).await?;
        database.ensure_account(settings.user, &settings.name).await?;
        let server = Server::new(database, store);
        let client = InProcessServer::new(server.router_for(settings.user));
        let Opening { prober, line, events, held, .. } = opening;
        let config = WorkspaceConfig { folder: folder.to_owned(), settings, prober, line, held };
        let workspace = Workspace::open(config, Arc::new(client), events).await?;
        Ok(Self { workspace, server, store: local, _lock: lock })
    }

    /// Stops in order: what sends, what answers, what keeps.
    pub async fn shutdown(self) {
        self.workspace.shutdown().await;
        self.server.close().await;
        if let Some(store) = self.store {
            store.shutdown().await;
        }
    }
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
