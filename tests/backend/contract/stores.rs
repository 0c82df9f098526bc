//! The stores that are asked, each started once and on this computer alone.

use super::differences::{MOTO, RCLONE};
use super::{Differs, Subject};
use crate::support::mending_proxy::MendingProxy;
use crate::support::moto::Moto;
use crate::support::rclone::{ACCESS_KEY, Rclone, SECRET_KEY};
use lectern_server::object_store::local::b2::Account;
use lectern_server::object_store::local::{LocalOptions, LocalStore};
use lectern_server::object_store::s3::S3Config;
use std::any::Any;
use std::io;

const BUCKET: &str = "contract";
const PREFIX: &str = "contract/";

/// A store, and what has to live as long as it is asked.
pub struct Started {
    pub subject: Subject,
    _alive: Box<dyn Any + Send>,
}

impl Started {
    fn new(name: &str, config: S3Config, differs: &'static [Differs], alive: impl Any + Send) -> io::Result<Self> {
        let subject = Subject::new(name, config, PREFIX, differs).map_err(io::Error::other)?;
        Ok(Self { subject, _alive: Box::new(alive) })
    }
}

/// Every store that can be had here.
///
/// # Errors
/// When one of them does not start.
pub async fn all() -> io::Result<Vec<Started>> {
    let (local, b2, rclone, moto) = tokio::join!(local(), b2(), rclone(), moto());
    Ok(vec![local?, b2?, rclone?, moto?])
}

/// Our own, as the app has it.
///
/// # Errors
/// When it does not start.
pub async fn local() -> io::Result<Started> {
    let folder = tempfile::tempdir()?;
    let store = LocalStore::start_with(folder.path(), roomy()).await.map_err(io::Error::other)?;
    Started::new("local", store.config(), &[], (store, folder))
}

/// Our own, answering as B2 does.
///
/// # Errors
/// When it does not start.
pub async fn b2() -> io::Result<Started> {
    let folder = tempfile::tempdir()?;
    let store = LocalStore::start_as_b2(folder.path(), roomy(), &Account::new()).await.map_err(io::Error::other)?;
    Started::new("B2 mode", store.config(), &[], (store, folder))
}

/// As in the app, on a disk however full.
fn roomy() -> LocalOptions {
    LocalOptions { reserve_bytes: 0, ..LocalOptions::default() }
}

/// `rclone serve s3`.
///
/// # Errors
/// When it cannot be installed or does not start.
pub async fn rclone() -> io::Result<Started> {
    let root = tempfile::tempdir()?;
    let served = root.path().to_owned();
    let rclone = tokio::task::spawn_blocking(move || Rclone::start(&served)).await??;
    rclone.bucket(BUCKET)?;
    let proxy = MendingProxy::start(rclone.address()).await?;
    Started::new("rclone", behind(&proxy)?, RCLONE, (proxy, rclone, root))
}

/// moto.
///
/// # Errors
/// When it cannot be installed or does not start.
pub async fn moto() -> io::Result<Started> {
    let moto = tokio::task::spawn_blocking(Moto::start).await??;
    moto.bucket(BUCKET).await.map_err(io::Error::other)?;
    let proxy = MendingProxy::start(moto.address()).await?;
    Started::new("moto", behind(&proxy)?, MOTO, (proxy, moto))
}

fn behind(proxy: &MendingProxy) -> io::Result<S3Config> {
    Ok(S3Config {
        endpoint: proxy.endpoint().parse().map_err(io::Error::other)?,
        region: "us-east-1".into(),
        bucket: BUCKET.into(),
        access_key: ACCESS_KEY.into(),
        secret_key: SECRET_KEY.into(),
    })
}

/// A bucket that a user names. Everything is written under `prefix` and taken away again.
///
/// # Errors
/// When no HTTP client can be made.
pub fn named(config: S3Config, prefix: &str) -> io::Result<Started> {
    let subject = Subject::new("yours", config, prefix, &[]).map_err(io::Error::other)?;
    Ok(Started { subject, _alive: Box::new(()) })
}
