//! The folder as a bucket: opened by one store at a time, swept of what a crash left, never filled to the last byte.

use super::LocalOptions;
use super::fault::Fault;
use super::layout::{Layout, PartFile};
use super::objects::{Objects, names};
use super::uploads::Uploads;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A store that was just dropped lets go of its folder when its last connection has noticed.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Folder {
    pub(super) layout: Layout,
    pub(super) options: LocalOptions,
    pub(super) uploads: Uploads,
    pub(super) objects: Objects,
    /// Held as long as the folder is ours: the system lets go of it when we die.
    _lock: File,
}

impl Folder {
    /// None: another process has it.
    pub(super) fn open(root: &Path, options: LocalOptions) -> Result<Option<Self>, Fault> {
        let layout = Layout::new(root);
        fs::create_dir_all(root)?;
        let Some(lock) = lock(&layout.lock())? else { return Ok(None) };
        if let Err(error) = fs::remove_dir_all(layout.scratch())
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error.into());
        }
        for folder in [layout.uploads(), layout.objects(), layout.scratch()] {
            fs::create_dir_all(folder)?;
        }
        super::durable::sync_folder(root)?;
        let uploads = Uploads::load(layout.clone(), options.part_bytes_min)?;
        let objects = Objects::new(layout.clone());
        Ok(Some(Self { layout, options, uploads, objects, _lock: lock }))
    }

    /// Beside the serving: with years of lectures there are many folders to look into, and none of it is urgent.
    pub(super) fn sweep_in_background(self: &Arc<Self>) {
        let folder = Arc::downgrade(self);
        tokio::task::spawn_blocking(move || {
            let Some(folder) = folder.upgrade() else { return };
            if let Err(error) = folder.objects.sweep() {
                tracing::warn!(%error, "the object folder could not be swept");
            }
        });
    }

    /// Of all parts of all versions and unfinished uploads, as their names say: what a bucket would be billed for.
    pub(super) fn stored_bytes(&self) -> Result<u64, Fault> {
        let mut bytes = 0;
        let mut folders = vec![self.layout.objects(), self.layout.uploads()];
        while let Some(folder) = folders.pop() {
            // One that is gone by now holds nothing; a file of ours has a name that says so.
            for name in names(&folder).unwrap_or_default() {
                match PartFile::parse(&name) {
                    Some(part) => bytes += part.bytes,
                    None => folders.push(folder.join(name)),
                }
            }
        }
        Ok(bytes)
    }

    /// Asked before a body is taken: a disk filled to the last byte takes the catalogue's database with it.
    pub(super) fn room_for(&self, bytes: u64) -> Result<(), Fault> {
        let free = fs4::available_space(self.layout.root())?;
        if free < bytes.saturating_add(self.options.reserve_bytes) { Err(Fault::DiskFull) } else { Ok(()) }
    }
}

fn lock(path: &Path) -> io::Result<Option<File>> {
    let file = File::options().create(true).truncate(false).write(true).open(path)?;
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::WouldBlock) if since.elapsed() < LOCK_PATIENCE => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}
