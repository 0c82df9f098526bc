//! Opens a workspace from its bucket alone, on a computer that has never seen it.

use super::bucket::Bucket;
use super::names::{BackupName, Standing};
use super::state::{CATALOGUE, State};
use super::{BackupFailure, adopt};
use crate::remote::RootCertificate;
use crate::workspace::keys::{Kept, KeyRing, StoreKey};
use crate::workspace::local::bucket_store;
use crate::workspace::private_folder;
use crate::workspace::settings::{BucketSettings, Settings, SettingsError, StoreSettings};
use lectern_server::Store;
use lectern_shared::ids::UserId;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Copies of one workspace that are tried: the newest may be one that was cut short.
const TRIES: usize = 3;

/// A workspace that lies in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundWorkspace {
    pub owner: UserId,
    /// The newest copy.
    pub newest: BackupName,
}

/// What was opened.
#[derive(Debug)]
pub struct OpenedFrom {
    pub name: String,
    pub copy: BackupName,
    pub key: Kept,
}

/// The workspaces that lie in a bucket, one with more copies first.
///
/// # Errors
/// When it cannot be listed.
pub async fn find_workspaces(bucket: &BucketSettings, key: &StoreKey) -> Result<Vec<FoundWorkspace>, BackupFailure> {
    let bucket = Bucket { store: Arc::new(bucket_store(bucket, key.clone())), roots: Vec::new() };
    let mut found: BTreeMap<UserId, (usize, BackupName)> = BTreeMap::new();
    for name in bucket.names().await? {
        let (count, newest) = found.entry(name.owner).or_insert((0, name));
        *count += 1;
        if newest.rank() < name.rank() {
            *newest = name;
        }
    }
    let mut found: Vec<(usize, FoundWorkspace)> =
        found.into_iter().map(|(owner, (count, newest))| (count, FoundWorkspace { owner, newest })).collect();
    found.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    Ok(found.into_iter().map(|(_, workspace)| workspace).collect())
}

/// Makes a workspace in an empty folder from the newest good copy in the bucket. It is there whole or not at all: its
/// description is written last.
///
/// # Errors
/// See [`BackupFailure`]; the folder has no workspace then.
pub async fn open_from_bucket(
    folder: &Path,
    settings: &BucketSettings,
    key: StoreKey,
    owner: UserId,
    roots: &[RootCertificate],
    keys: &KeyRing,
) -> Result<OpenedFrom, BackupFailure> {
    private_folder(folder)?;
    let bucket = Bucket { store: Arc::new(bucket_store(settings, key.clone())), roots: roots.to_vec() };
    let mut names: Vec<BackupName> = bucket.names().await?.into_iter().filter(|name| name.owner == owner).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.rank()));
    let file = folder.join(CATALOGUE);
    let mut failure = BackupFailure::Foreign;
    for copy in names.into_iter().take(TRIES) {
        match take(&bucket, &copy, &file).await {
            Ok((fingerprint, name)) => {
                let standing = Standing::new().after(copy);
                State { standing, fingerprint }.write(folder)?;
                let store = StoreSettings::Bucket(settings.clone());
                let described = Settings { schema: lectern_shared::SCHEMA, name: name.clone(), user: owner, store };
                let kept = keys.keep(owner, key).await;
                described.write(folder).map_err(unwritten)?;
                return Ok(OpenedFrom { name, copy, key: kept });
            }
            Err(error) => {
                tracing::warn!(%error, generation = copy.generation, number = copy.number, "a copy is not good");
                let _ = std::fs::remove_file(&file);
                failure = error;
            }
        }
    }
    Err(failure)
}

async fn take(bucket: &Bucket, copy: &BackupName, file: &Path) -> Result<(String, String), BackupFailure> {
    bucket.get(copy, file).await?;
    let fingerprint = adopt(file, None, *copy).await?;
    let store = Store::open(file).await?;
    let person = store.only_person().await;
    store.shut().await;
    let (_, name) = person?.ok_or(BackupFailure::Foreign)?;
    Ok((fingerprint, name))
}

fn unwritten(error: SettingsError) -> BackupFailure {
    match error {
        SettingsError::File(error) => error.into(),
        other => std::io::Error::other(other).into(),
    }
}
