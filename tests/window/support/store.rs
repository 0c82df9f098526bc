//! Reads the workspace's store as a stranger would: folder, manifest and parts, without the app's own code.

use crate::failure::{Failure, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A finished object.
#[derive(Clone, Debug)]
pub struct StoredObject {
    /// The folder below `objects`.
    pub key: String,
    pub bytes: u64,
    pub parts: usize,
    pub blake3: String,
}

/// Every finished object under a data folder, read whole and hashed.
pub fn read_objects(data: &Path) -> Result<Vec<StoredObject>> {
    folders_named(data, "objects")?
        .iter()
        .flat_map(|objects| files_below(objects).into_iter().map(move |file| (objects.clone(), file)))
        .filter(|(_, file)| file.file_name().is_some_and(|name| name == MANIFEST))
        .map(|(objects, manifest)| read_object(&objects, &manifest))
        .collect()
}

/// How many uploads the store still holds unfinished.
pub fn unfinished_uploads(data: &Path) -> Result<usize> {
    let mut count = 0;
    for uploads in folders_named(data, "uploads")? {
        let entries = fs::read_dir(&uploads).map_err(Failure::io(uploads.display()))?;
        count += entries.filter_map(io::Result::ok).filter(|entry| entry.path().is_dir()).count();
    }
    Ok(count)
}

/// Files the store holds for unfinished uploads.
pub fn received_parts(data: &Path) -> Result<Vec<PathBuf>> {
    Ok(folders_named(data, "uploads")?.iter().flat_map(|folder| files_below(folder)).collect())
}

/// BLAKE3 of a file.
pub fn blake3_of(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    add(&mut hasher, path)?;
    Ok(hasher.finalize().to_hex().to_string())
}

const MANIFEST: &str = "manifest.json";

/// The one place that knows the local store's layout: a manifest names the part files in order.
fn read_object(objects: &Path, manifest: &Path) -> Result<StoredObject> {
    let folder = manifest.parent().unwrap_or(objects);
    let text = fs::read(manifest).map_err(Failure::io(manifest.display()))?;
    let value: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| Failure::Store(format!("{}: {error}", manifest.display())))?;
    let parts = value["parts"].as_array().ok_or_else(|| Failure::Store(format!("{value}: no parts")))?;
    let mut hasher = blake3::Hasher::new();
    let mut bytes = 0;
    for part in parts {
        let name = part["file"].as_str().ok_or_else(|| Failure::Store(format!("{part}: no file")))?;
        bytes += add(&mut hasher, &folder.join(name))?;
    }
    let key = folder.strip_prefix(objects).unwrap_or(folder).to_string_lossy().into_owned();
    Ok(StoredObject { key, bytes, parts: parts.len(), blake3: hasher.finalize().to_hex().to_string() })
}

fn add(hasher: &mut blake3::Hasher, path: &Path) -> Result<u64> {
    let mut file = File::open(path).map_err(Failure::io(path.display()))?;
    io::copy(&mut file, hasher).map_err(Failure::io(path.display()))
}

/// Folders of this name, not looking inside them.
fn folders_named(top: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![top.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(Failure::io(folder.display()))? {
            let path = entry.map_err(Failure::io(folder.display()))?.path();
            if path.is_dir() && path.file_name().is_some_and(|own| own == name) {
                found.push(path);
            } else if path.is_dir() {
                waiting.push(path);
            }
        }
    }
    Ok(found)
}

fn files_below(top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![top.to_owned()];
    while let Some(folder) = waiting.pop() {
        for path in fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
