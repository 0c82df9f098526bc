//! Unfinished uploads. What is on the disk is the truth; it is read once at start, and held in memory after that, because
//! looking through ten thousand names for each part would cost more than the part.

use super::durable::{rename, sync_folder, write_json};
use super::fault::Fault;
use super::layout::{Layout, MANIFEST_FILE, META_FILE, PartFile, hex};
use super::objects::{Manifest, Meta, Objects, accepts_key, names};
use super::receive::Received;
use md5::{Digest, Md5};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use uuid::Uuid;

struct Unfinished {
    meta: Meta,
    parts: BTreeMap<u32, PartFile>,
    /// Completed or aborted while somebody waited for the lock.
    gone: bool,
}

pub(super) struct Uploads {
    layout: Layout,
    part_bytes_min: u64,
    open: Mutex<HashMap<String, Arc<Mutex<Unfinished>>>>,
}

impl Uploads {
    pub(super) fn load(layout: Layout, part_bytes_min: u64) -> Result<Self, Fault> {
        let mut open = HashMap::new();
        for id in names(&layout.uploads())? {
            match load_one(&layout.uploads().join(&id)) {
                Ok(Some(upload)) => drop(open.insert(id, Arc::new(Mutex::new(upload)))),
                Ok(None) => {}
                // One damaged upload must not keep every other file from its owner. Its files stay.
                Err(Fault::Damaged(error)) => tracing::warn!(%error, "an unfinished upload cannot be read"),
                Err(other) => return Err(other),
            }
        }
        Ok(Self { layout, part_bytes_min, open: Mutex::new(open) })
    }

    pub(super) fn create(&self, meta: Meta) -> Result<String, Fault> {
        if !accepts_key(&meta.key) {
            return Err(Fault::KeyTooLong);
        }
        let id = Uuid::now_v7().simple().to_string();
        let unfinished = self.layout.scratch().join(&id);
        fs::create_dir(&unfinished)?;
        let made = write_json(&unfinished, META_FILE, &meta)
            .and_then(|()| sync_folder(&unfinished))
            .and_then(|()| rename(&unfinished, &self.folder(&id)))
            .and_then(|()| sync_folder(&self.layout.uploads()));
        if let Err(error) = made {
            let _ = fs::remove_dir_all(&unfinished);
            return Err(error.into());
        }
        let upload = Unfinished { meta, parts: BTreeMap::new(), gone: false };
        lock(&self.open).insert(id.clone(), Arc::new(Mutex::new(upload)));
        Ok(id)
    }

    /// Whether parts may be sent: asked before a body is read.
    pub(super) fn check(&self, id: &str, key: &str) -> Result<(), Fault> {
        self.find(id, key).map(drop)
    }

    /// Takes over a body that has arrived whole. It is on the disk when this returns, in the place of a former one.
    pub(super) fn put_part(&self, id: &str, key: &str, part: u32, received: Received) -> Result<PartFile, Fault> {
        let upload = self.find(id, key)?;
        let folder = self.folder(id);
        let file = {
            let mut upload = current(&upload)?;
            let former = upload.parts.get(&part).copied();
            let sequence = former.map_or(1, |former| former.sequence.saturating_add(1));
            let file = PartFile { part, sequence, bytes: received.bytes, md5: received.md5 };
            received.persist(&folder.join(file.name()))?;
            upload.parts.insert(part, file);
            if let Some(former) = former {
                let _ = fs::remove_file(folder.join(former.name()));
            }
            file
        };
        match sync_folder(&folder) {
            Ok(()) => Ok(file),
            // Completed or aborted in between: nothing that this answer could still promise.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Fault::NoSuchUpload),
            Err(error) => Err(error.into()),
        }
    }

    /// Ascending, after the part named; and whether there are more.
    pub(super) fn parts(&self, id: &str, key: &str, after: u32, limit: usize) -> Result<(Vec<PartFile>, bool), Fault> {
        let upload = self.find(id, key)?;
        let upload = current(&upload)?;
        let mut parts: Vec<_> =
            upload.parts.range(after.saturating_add(1)..).take(limit + 1).map(|(_, p)| *p).collect();
        let more = parts.len() > limit;
        parts.truncate(limit);
        Ok((parts, more))
    }

    /// `(meta, id)` by key and id, after the pair named (without an id: after all of that key); and whether there are more.
    pub(super) fn list(
        &self,
        prefix: &str,
        after: &(String, Option<String>),
        limit: usize,
    ) -> (Vec<(Meta, String)>, bool) {
        let all: Vec<_> = lock(&self.open).iter().map(|(id, upload)| (id.clone(), upload.clone())).collect();
        let metas = all.into_iter().filter_map(|(id, upload)| current(&upload).ok().map(|u| (u.meta.clone(), id)));
        let mut found: Vec<_> =
            metas.filter(|(meta, id)| meta.key.starts_with(prefix) && is_after(&meta.key, id, after)).collect();
        found.sort_unstable_by(|a, b| (&a.0.key, &a.1).cmp(&(&b.0.key, &b.1)));
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }

    pub(super) fn abort(&self, id: &str, key: &str) -> Result<(), Fault> {
        let upload = self.find(id, key)?;
        let mut upload = current(&upload)?;
        let doomed = self.layout.scratch().join(Uuid::now_v7().simple().to_string());
        rename(&self.folder(id), &doomed)?;
        sync_folder(&self.layout.uploads())?;
        self.forget(id, &mut upload);
        drop(upload);
        // What is left of it is swept at the next start.
        let _ = fs::remove_dir_all(doomed);
        Ok(())
    }

    /// Makes an object of the listed parts and answers its version and ETag. Parts not listed are dropped.
    pub(super) fn complete(
        &self,
        id: &str,
        key: &str,
        listed: &[(u32, String)],
        objects: &Objects,
    ) -> Result<(String, String), Fault> {
        let upload = self.find(id, key)?;
        let mut upload = current(&upload)?;
        let folder = self.folder(id);
        // Somebody may have cleaned up behind our back: what is gone was never received.
        upload
            .parts
            .retain(|_, part| fs::metadata(folder.join(part.name())).is_ok_and(|file| file.len() == part.bytes));
        let chosen = choose(&upload.parts, listed, self.part_bytes_min)?;
        let etag = composite_etag(&chosen);
        let parts = chosen.iter().map(PartFile::name).collect();
        let manifest = Manifest { meta: upload.meta.clone(), etag: etag.clone(), parts, hides: false };
        for unlisted in upload.parts.values().filter(|part| !manifest.parts.contains(&part.name())) {
            fs::remove_file(folder.join(unlisted.name()))?;
        }
        upload.parts = chosen.into_iter().map(|part| (part.part, part)).collect();
        let version = objects.publish(&folder, &manifest)?;
        self.forget(id, &mut upload);
        Ok((version, etag))
    }

    fn folder(&self, id: &str) -> PathBuf {
        self.layout.uploads().join(id)
    }

    fn find(&self, id: &str, key: &str) -> Result<Arc<Mutex<Unfinished>>, Fault> {
        let upload = lock(&self.open).get(id).cloned().ok_or(Fault::NoSuchUpload)?;
        let ours = current(&upload)?.meta.key == key;
        if ours { Ok(upload) } else { Err(Fault::NoSuchUpload) }
    }

    fn forget(&self, id: &str, upload: &mut Unfinished) {
        upload.gone = true;
        lock(&self.open).remove(id);
    }
}

/// A thread that panicked has changed nothing: the map is changed last, after the disk.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn current(upload: &Mutex<Unfinished>) -> Result<MutexGuard<'_, Unfinished>, Fault> {
    let upload = lock(upload);
    if upload.gone { Err(Fault::NoSuchUpload) } else { Ok(upload) }
}

fn is_after(key: &str, id: &str, after: &(String, Option<String>)) -> bool {
    match &after.1 {
        Some(marker) => (key, id) > (after.0.as_str(), marker.as_str()),
        None => key > after.0.as_str(),
    }
}

/// None: not an upload. Takes away what a crash left between two steps of which only the last one counts.
fn load_one(folder: &std::path::Path) -> Result<Option<Unfinished>, Fault> {
    let meta = match fs::read(folder.join(META_FILE)) {
        Ok(text) => serde_json::from_slice(&text)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        // A file of the system's own among the folders.
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let mut parts: BTreeMap<u32, PartFile> = BTreeMap::new();
    for name in names(folder)? {
        let Some(file) = PartFile::parse(&name) else {
            // A manifest whose folder was not renamed was never answered for.
            if name.starts_with(MANIFEST_FILE) {
                fs::remove_file(folder.join(name))?;
            }
            continue;
        };
        let older = match parts.get(&file.part) {
            Some(known) if known.sequence > file.sequence => Some(file),
            _ => parts.insert(file.part, file),
        };
        if let Some(older) = older {
            fs::remove_file(folder.join(older.name()))?;
        }
    }
    Ok(Some(Unfinished { meta, parts, gone: false }))
}

/// The rules of CompleteMultipartUpload:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
fn choose(there: &BTreeMap<u32, PartFile>, listed: &[(u32, String)], bytes_min: u64) -> Result<Vec<PartFile>, Fault> {
    if listed.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
        return Err(Fault::InvalidPartOrder);
    }
    let find = |(part, etag): &(u32, String)| {
        let known = there.get(part).filter(|known| hex(&known.md5) == *etag);
        known.copied().ok_or(Fault::InvalidPart(*part))
    };
    let chosen = listed.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let small = chosen.iter().rev().skip(1).find(|part| part.bytes < bytes_min);
    small.map_or(Ok(()), |part| Err(Fault::EntityTooSmall(part.part)))?;
    Ok(chosen)
}

/// MD5 over the parts' MD5s, and their number: what S3 and B2 answer, so the same check holds for every store.
fn composite_etag(parts: &[PartFile]) -> String {
    let mut md5 = Md5::new();
    for part in parts {
        md5.update(part.md5);
    }
    format!("{}-{}", hex(&md5.finalize()), parts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(part: u32, bytes: u64) -> (u32, PartFile) {
        (part, PartFile { part, sequence: 1, bytes, md5: [part as u8; 16] })
    }

    fn listed(parts: &[u32]) -> Vec<(u32, String)> {
        parts.iter().map(|part| (*part, hex(&[*part as u8; 16]))).collect()
    }

    #[test]
    fn complete_takes_only_what_is_there_in_order_and_large_enough() {
        let there = BTreeMap::from([part(1, 10), part(2, 3), part(4, 1)]);
        assert!(choose(&there, &listed(&[1, 2]), 10).is_ok());
        assert!(matches!(choose(&there, &listed(&[2, 1]), 0), Err(Fault::InvalidPartOrder)));
        assert!(matches!(choose(&there, &listed(&[1, 1]), 0), Err(Fault::InvalidPartOrder)));
        assert!(matches!(choose(&there, &listed(&[1, 3]), 0), Err(Fault::InvalidPart(3))));
        assert!(matches!(choose(&there, &listed(&[1, 2, 4]), 10), Err(Fault::EntityTooSmall(2))));
        let other = [(1, hex(&[9; 16]))];
        assert!(matches!(choose(&there, &other, 0), Err(Fault::InvalidPart(1))));
    }
}
