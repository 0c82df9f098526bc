//! The local workspace: course server and object store run in this process, on a folder of this computer. It opens with
//! no question asked.

use super::lock::FolderLock;
use super::{Workspace, WorkspaceConfig, private_folder};
use crate::EventSink;
use crate::catalogue::CatalogueFailure;
use crate::remote::Line;
use crate::remote::in_process::InProcessServer;
use crate::uploads::UploadsError;
use lectern_server::object_store::ObjectStore;
use lectern_server::object_store::local::{LocalStore, LocalStoreError, open_local};
use lectern_server::{Server, Store, StoreFailure};
use lectern_shared::command::StoreKind;
use lectern_shared::ids::UserId;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
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
    #[error("the workspace's description cannot be read: {0}")]
    Description(#[from] serde_json::Error),
}

/// `workspace.json`: what must be known before any database is opened.
#[derive(Serialize, Deserialize)]
struct Description {
    schema: u32,
    name: String,
    user: UserId,
}

/// A workspace with its server and its store.
pub struct LocalWorkspace {
    pub workspace: Workspace,
    server: Server,
    store: Option<LocalStore>,
    _lock: FolderLock,
}

impl LocalWorkspace {
    /// Opens or makes the workspace in `folder`, with its store beside it.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another process has it; else what could not be opened.
    pub async fn open(
        folder: &Path,
        prober: PathBuf,
        line: impl Into<Line>,
        events: EventSink,
    ) -> Result<Self, OpenError> {
        private_folder(folder)?;
        let lock = FolderLock::take(folder)?;
        let (local, store) = open_local(&folder.join("store")).await?;
        Self::start(folder, prober, line.into(), events, lock, (Some(local), Arc::new(store))).await
    }

    /// The same with an object store elsewhere.
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
        Self::start(folder, prober, line.into(), events, lock, (None, store)).await
    }

    async fn start(
        folder: &Path,
        prober: PathBuf,
        line: Line,
        events: EventSink,
        lock: FolderLock,
        (local, store): (Option<LocalStore>, Arc<dyn ObjectStore>),
    ) -> Result<Self, OpenError> {
        let description = describe(folder)?;
        let database = Store::open(&folder.join("server.sqlite")).await?;
        database.ensure_account(description.user, &description.name).await?;
        let server = Server::new(database, store);
        let client = InProcessServer::new(server.router_for(description.user));
        let config = WorkspaceConfig {
            folder: folder.to_owned(),
            name: description.name,
            user: description.user,
            store: StoreKind::ThisComputer,
            prober,
            line,
        };
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

fn describe(folder: &Path) -> Result<Description, OpenError> {
    let file = folder.join("workspace.json");
    match std::fs::read(&file) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let new =
                Description { schema: lectern_shared::SCHEMA, name: "My courses".to_owned(), user: UserId::new() };
            // Whole or not at all: its user owns every row.
            let unfinished = folder.join("workspace.json.new");
            // Flushed by the handle that wrote: Windows lets no other one.
            let mut writing = std::fs::File::create(&unfinished)?;
            writing.write_all(&serde_json::to_vec_pretty(&new)?)?;
            writing.sync_all()?;
            drop(writing);
            std::fs::rename(&unfinished, &file)?;
            Ok(new)
        }
        Err(error) => Err(error.into()),
    }
}
