//! Finished objects: a folder for each version, with the parts as they came and a manifest that lists them.

use super::durable::{rename, sync_folder, write_json};
use super::fault::Fault;
use super::layout::{Layout, MANIFEST_FILE, PartFile, decode_key, encode_key, is_version_id};
use super::receive::Received;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, io};
use uuid::Uuid;

/// What a client says of an object when it begins one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) key: String,
    pub(super) content_type: Option<String>,
    pub(super) entries: BTreeMap<String, String>,
    pub(super) created_ms: u64,
}

impl Meta {
    pub(super) fn created(&self) -> SystemTime {
        UNIX_EPOCH + std::time::Duration::from_millis(self.created_ms)
    }
}

pub(super) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) meta: Meta,
    pub(super) etag: String,
    /// File names, in the order of the bytes.
    pub(super) parts: Vec<String>,
    /// A hide marker: as the latest version it makes the object look gone.
    #[serde(default)]
    pub(super) hides: bool,
}

/// A finished object and where it lies.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) version: String,
    pub(super) manifest: Manifest,
    folder: PathBuf,
}

impl Object {
    /// Each file and its length.
    pub(super) fn files(&self) -> Result<Vec<(PathBuf, u64)>, Fault> {
        let file = |name: &String| PartFile::parse(name).map(|part| (self.folder.join(name), part.bytes));
        let all: Option<Vec<_>> = self.manifest.parts.iter().map(file).collect();
        all.ok_or_else(|| Fault::Disk(io::Error::from(io::ErrorKind::InvalidData)))
    }

    pub(super) fn bytes(&self) -> Result<u64, Fault> {
        Ok(self.files()?.iter().map(|(_, bytes)| bytes).sum())
    }
}

/// A version as a listing names it.
pub(super) struct Listed {
    pub(super) object: Object,
    pub(super) is_latest: bool,
}

pub(super) struct Objects {
    layout: Layout,
    /// Two writers of one key must not take the same version, nor a remover the folder that a writer is about to use.
    names: Mutex<()>,
}

impl Objects {
    pub(super) fn new(layout: Layout) -> Self {
        Self { layout, names: Mutex::new(()) }
    }

    /// Turns a folder of parts into the latest version of its key. Copies no byte: the folder is renamed.
    pub(super) fn publish(&self, parts: &Path, manifest: &Manifest) -> Result<String, Fault> {
        let place = self.layout.object(&manifest.meta.key).ok_or(Fault::KeyTooLong)?;
        write_json(parts, MANIFEST_FILE, manifest)?;
        sync_folder(parts)?;
        let _alone = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if !place.is_dir() {
            fs::create_dir(&place)?;
            sync_folder(&self.layout.objects())?;
        }
        // A clock that was set back must not make the newest version look old.
        let last = versions(&place)?.last().and_then(|last| u128::from_str_radix(last, 16).ok());
        let id = Uuid::now_v7().as_u128().max(last.map_or(0, |last| last.saturating_add(1)));
        let version = Uuid::from_u128(id).simple().to_string();
        rename(parts, &place.join(&version))?;
        sync_folder(&place)?;
        Ok(version)
    }

    /// An object that came as one body: its only part.
    pub(super) fn publish_one(&self, received: Received, mut manifest: Manifest) -> Result<String, Fault> {
        let folder = self.layout.scratch().join(Uuid::now_v7().simple().to_string());
        fs::create_dir(&folder)?;
        let file = PartFile { part: 1, sequence: 1, bytes: received.bytes, md5: received.md5 };
        manifest.parts = vec![file.name()];
        let published = received.persist(&folder.join(file.name())).and_then(|()| self.publish(&folder, &manifest));
        if published.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        published
    }

    pub(super) fn find(&self, key: &str, version: Option<&str>) -> Result<Object, Fault> {
        let place = self.layout.object(key).ok_or(Fault::NoSuchKey)?;
        if let Some(version) = version {
            let known = is_version_id(version).then(|| open(&place, version)).transpose()?.flatten();
            let known = known.ok_or(Fault::NoSuchVersion)?;
            return if known.manifest.hides { Err(Fault::HidesOthers) } else { Ok(known) };
        }
        for version in versions(&place)?.iter().rev() {
            if let Some(object) = open(&place, version)? {
                return if object.manifest.hides { Err(Fault::NoSuchKey) } else { Ok(object) };
            }
        }
        Err(Fault::NoSuchKey)
    }

    /// Adds a version that hides the others and frees nothing, each time, as a delete without a version does on B2:
    /// <https://www.backblaze.com/apidocs/s3-delete-object>
    pub(super) fn hide(&self, key: &str) -> Result<String, Fault> {
        let folder = self.layout.scratch().join(Uuid::now_v7().simple().to_string());
        fs::create_dir(&folder)?;
        let (entries, created_ms) = (BTreeMap::new(), now_ms());
        let meta = Meta { key: key.to_owned(), content_type: None, entries, created_ms };
        let marker = Manifest { meta, etag: String::new(), parts: Vec::new(), hides: true };
        self.publish(&folder, &marker)
    }

    /// One version, or with none named all of them: a folder has no use for hidden bytes.
    pub(super) fn delete(&self, key: &str, version: Option<&str>) -> Result<(), Fault> {
        let Some(place) = self.layout.object(key) else { return Ok(()) };
        let doomed = match version {
            Some(version) if is_version_id(version) => vec![version.to_owned()],
            Some(_) => Vec::new(),
            None => versions(&place)?,
        };
        for version in doomed {
            remove_version(&place.join(version))?;
        }
        let _alone = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        // Refused while versions are left.
        let _ = fs::remove_dir(&place);
        Ok(())
    }

    /// Keys in ascending order, after the one named.
    pub(super) fn list(&self, prefix: &str, after: &str, limit: usize) -> Result<(Vec<Object>, bool), Fault> {
        let mut keys: Vec<String> = names(&self.layout.objects())?.iter().filter_map(|name| decode_key(name)).collect();
        keys.retain(|key| key.starts_with(prefix) && key.as_str() > after);
        keys.sort_unstable();
        let mut page = Vec::new();
        for key in keys {
            match self.find(&key, None) {
                Ok(_) if page.len() == limit => return Ok((page, true)),
                Ok(object) => page.push(object),
                Err(Fault::NoSuchKey) => {}
                Err(other) => return Err(other),
            }
        }
        Ok((page, false))
    }

    /// Every version, by key and then the latest first, after the pair named (without a version: after all of that key).
    pub(super) fn list_versions(
        &self,
        prefix: &str,
        after: &(String, Option<String>),
        limit: usize,
    ) -> Result<(Vec<Listed>, bool), Fault> {
        let mut keys: Vec<String> = names(&self.layout.objects())?.iter().filter_map(|name| decode_key(name)).collect();
        keys.retain(|key| key.starts_with(prefix) && *key >= after.0);
        keys.sort_unstable();
        let mut page = Vec::new();
        for key in keys {
            let Some(place) = self.layout.object(&key) else { continue };
            let mut is_latest = true;
            for version in versions(&place)?.iter().rev() {
                let Some(object) = open(&place, version)? else { continue };
                let is_listed = key != after.0 || after.1.as_ref().is_some_and(|marker| version < marker);
                if is_listed && page.len() == limit {
                    return Ok((page, true));
                }
                if is_listed {
                    page.push(Listed { object, is_latest });
                }
                is_latest = false;
            }
        }
        Ok((page, false))
    }

    /// Takes away what a deletion left: versions without a manifest, and keys without a version.
    pub(super) fn sweep(&self) -> Result<(), Fault> {
        for name in names(&self.layout.objects())? {
            let place = self.layout.objects().join(name);
            for version in versions(&place)? {
                let folder = place.join(version);
                if !folder.join(MANIFEST_FILE).exists() {
                    remove_version(&folder)?;
                }
            }
            let _alone = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            let _ = fs::remove_dir(&place);
        }
        Ok(())
    }
}

pub(super) fn accepts_key(key: &str) -> bool {
    encode_key(key).is_some()
}

/// The manifest goes first: from then on there is no such object, whatever becomes of its files.
fn remove_version(folder: &Path) -> Result<(), Fault> {
    match fs::remove_file(folder.join(MANIFEST_FILE)) {
        Ok(()) => sync_folder(folder)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error.into()),
    }
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        // On Windows a file that is being read cannot go yet. The next start tries again.
        tracing::info!(%error, "a deleted object's files are left for later");
    }
    Ok(())
}

/// None: it was deleted, or never finished.
fn open(place: &Path, version: &str) -> Result<Option<Object>, Fault> {
    let folder = place.join(version);
    match fs::read(folder.join(MANIFEST_FILE)) {
        Ok(text) => Ok(Some(Object { version: version.to_owned(), manifest: serde_json::from_slice(&text)?, folder })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Ascending, so the latest is the last.
fn versions(place: &Path) -> Result<Vec<String>, Fault> {
    let mut versions = names(place)?;
    versions.retain(|name| is_version_id(name));
    versions.sort_unstable();
    Ok(versions)
}

/// Of a folder that is not there: none.
pub(super) fn names(folder: &Path) -> Result<Vec<String>, Fault> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut names = Vec::new();
    for entry in entries {
        // A name that is not UTF-8 is none of ours.
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}
