//! This computer as an object store: without an account anywhere, the same calls, checks and failures as with a bucket,
//! so that everything above has one path for bytes.

pub mod b2;
mod calls;
mod durable;
mod fault;
mod folder;
mod layout;
mod lifecycle;
mod objects;
mod read;
mod receive;
mod serve;
mod uploads;

use super::s3::{S3Config, S3Store};
use b2::{Account, Entitlement, Front};
use calls::Calls;
use fault::Fault;
use folder::Folder;
use rand::Rng;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use serve::Serving;
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use url::Url;

/// The folder is the bucket; this is what it is called.
pub const BUCKET: &str = "lectern";
const REGION: &str = "us-east-1";

/// What tests turn down to be quick. The defaults are what S3 and B2 do.
#[derive(Clone, Copy, Debug)]
pub struct LocalOptions {
    /// Most entries in one page of a listing.
    pub page_size: usize,
    /// Smallest part but the last one. B2: 5 MB, <https://www.backblaze.com/docs/cloud-storage-large-files>
    pub part_bytes_min: u64,
    /// Free space that no upload may touch.
    pub reserve_bytes: u64,
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self { page_size: 1_000, part_bytes_min: 5_000_000, reserve_bytes: 128 << 20 }
    }
}

/// Why a store could not start.
#[derive(Debug, thiserror::Error)]
pub enum LocalStoreError {
    #[error("another program is using the folder")]
    InUse,
    #[error("the folder cannot be used: {0}")]
    Folder(String),
    #[error("no port on this computer: {0}")]
    Listen(#[source] io::Error),
}

impl From<Fault> for LocalStoreError {
    fn from(fault: Fault) -> Self {
        Self::Folder(fault.to_string())
    }
}

/// A running store. Dropped: it ends at once; [`LocalStore::shutdown`] lets calls under way end first.
pub struct LocalStore {
    config: S3Config,
    root: PathBuf,
    options: LocalOptions,
    serving: Serving,
}

impl LocalStore {
    /// Serves the folder, which is made where there is none, on a free port of 127.0.0.1. Its keys are new at each start
    /// and nowhere but in memory: another program on this computer cannot read or write lectures.
    ///
    /// # Errors
    /// [`LocalStoreError`]
    pub async fn start(folder: &Path) -> Result<Self, LocalStoreError> {
        Self::start_with(folder, LocalOptions::default()).await
    }

    /// # Errors
    /// [`LocalStoreError`]
    pub async fn start_with(folder: &Path, options: LocalOptions) -> Result<Self, LocalStoreError> {
        Self::serve(folder, options, None).await
    }

    /// Answers as a bucket of B2 in this account would: for tests and tools. [`LocalStore::config`] has a key of the whole
    /// account.
    ///
    /// # Errors
    /// [`LocalStoreError`]
    pub async fn start_as_b2(folder: &Path, options: LocalOptions, account: &Account) -> Result<Self, LocalStoreError> {
        Self::serve(folder, options, Some(account.clone())).await
    }

    async fn serve(folder: &Path, options: LocalOptions, account: Option<Account>) -> Result<Self, LocalStoreError> {
        let root = folder.to_owned();
        let opening = tokio::task::spawn_blocking(move || Folder::open(&root, options)).await;
        let opened = Arc::new(opening.unwrap_or(Err(Fault::Stopped))?.ok_or(LocalStoreError::InUse)?);
        opened.sweep_in_background();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(LocalStoreError::Listen)?;
        let address = listener.local_addr().map_err(LocalStoreError::Listen)?;
        let endpoint = Url::parse(&format!("http://{address}"))
            .map_err(|error| LocalStoreError::Listen(io::Error::other(error)))?;
        let mut service = S3ServiceBuilder::new(Calls::new(opened, account.clone()));
        // With keys set, s3s refuses whatever is not signed with them.
        let (access_key, secret_key) = match &account {
            None => {
                let keys = (random_key(), random_key());
                service.set_auth(SimpleAuth::from_single(keys.0.as_str(), keys.1.as_str()));
                keys
            }
            Some(account) => {
                let key = account.new_key();
                account.put_key(key.clone());
                service.set_auth(Entitlement(account.clone()));
                service.set_access(Entitlement(account.clone()));
                (key.id, key.secret.reveal().to_owned())
            }
        };
        let front = account.map(|account| Front::new(account, endpoint.clone()));
        let serving = Serving::start(listener, service.build(), front);
        let config = S3Config { endpoint, region: REGION.into(), bucket: BUCKET.into(), access_key, secret_key };
        Ok(Self { config, root: folder.to_owned(), options, serving })
    }

    /// How to reach it, until it ends.
    #[must_use]
    pub fn config(&self) -> S3Config {
        self.config.clone()
    }

    /// The control plane over it, with the free space of its disk.
    #[must_use]
    pub fn store(&self) -> S3Store {
        S3Store::new(self.config()).with_free_space_of(self.root.clone(), self.options.reserve_bytes)
    }

    /// Ends it after the calls under way, or after ten seconds.
    pub async fn shutdown(self) {
        self.serving.shutdown().await;
    }
}

/// The local workspace's store: the folder and the control plane over it.
///
/// # Errors
/// [`LocalStoreError`]
pub async fn open_local(folder: &Path) -> Result<(LocalStore, S3Store), LocalStoreError> {
    let local = LocalStore::start(folder).await?;
    let store = local.store();
    Ok((local, store))
}

fn random_key() -> String {
    layout::hex(&rand::rng().random::<[u8; 32]>())
}
