//! Reads the workspace's store as a stranger would: folder, manifest and parts, without the app's own code.

use crate::failure::{Failure, Result};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A finished object.
#[derive(Clone, Debug)]
pub struct StoredObject {
    /// As S3 names it.
    pub key: String,
    pub bytes: u64,
    /// Names of the part files, in order. A part that is sent again gets another name.
    pub parts: Vec<String>,
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

/// Names of the whole parts the store holds for unfinished uploads.
pub fn received_parts(data: &Path) -> Result<Vec<String>> {
    let files = folders_named(data, "uploads")?.into_iter().flat_map(|folder| files_below(&folder));
    let names = files.filter_map(|file| Some(file.file_name()?.to_str()?.to_owned()));
    Ok(names.filter(|name| name.starts_with("part-")).collect())
}

/// BLAKE3 of a file.
pub fn blake3_of(path: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    add(&mut hasher, path)?;
    Ok(hasher.finalize().to_hex().to_string())
}

const MANIFEST: &str = "manifest.json";

/// The one place that knows the local store's layout: `objects/<key>/<version>/manifest.json` names the key and, in the
/// order of the bytes, the part files beside it.
fn read_object(objects: &Path, manifest: &Path) -> Result<StoredObject> {
    let folder = manifest.parent().unwrap_or(objects);
    let text = fs::read(manifest).map_err(Failure::io(manifest.display()))?;
    let unreadable = |why: &dyn std::fmt::Display| Failure::Store(format!("{}: {why}", manifest.display()));
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
    let key = value["meta"]["key"].as_str().ok_or_else(|| unreadable(&"no key"))?.to_owned();
    let names = value["parts"].as_array().ok_or_else(|| unreadable(&"no parts"))?;
    let parts: Option<Vec<String>> = names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
    let parts = parts.ok_or_else(|| unreadable(&"a part without a name"))?;
    let mut hasher = blake3::Hasher::new();
    let mut bytes = 0;
    for name in &parts {
        bytes += add(&mut hasher, &folder.join(name))?;
    }
    Ok(StoredObject { key, bytes, parts, blake3: hasher.finalize().to_hex().to_string() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_its_parts_in_the_manifest_s_order() {
        let data = tempfile::tempdir().unwrap();
        let version = data.path().join("store/objects/o-a+b/0011");
        fs::create_dir_all(&version).unwrap();
        fs::write(version.join("part-2"), "world").unwrap();
        fs::write(version.join("part-1"), "hello ").unwrap();
        fs::write(version.join(MANIFEST), r#"{"meta":{"key":"a/b"},"parts":["part-1","part-2"]}"#).unwrap();
        let upload = data.path().join("store/uploads/u1");
        fs::create_dir_all(&upload).unwrap();
        fs::write(upload.join("meta.json"), "{}").unwrap();
        fs::write(upload.join("part-1"), "x").unwrap();

        let objects = read_objects(data.path()).unwrap();
        assert_eq!((objects.len(), objects[0].key.as_str(), objects[0].bytes), (1, "a/b", 11));
        assert_eq!(objects[0].blake3, blake3::hash(b"hello world").to_hex().to_string());
        assert_eq!(received_parts(data.path()).unwrap(), ["part-1"]);
        assert_eq!(unfinished_uploads(data.path()).unwrap(), 1);
    }
}
