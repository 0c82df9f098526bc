//! Thumbnails of this computer, one file an asset: what the library shows while it is offline.

use lectern_shared::ids::AssetId;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;
use std::{fs, io};

const UNFINISHED: &str = "part";

/// A folder of JPEGs. Its calls are short but block; clones share nothing but the folder.
#[derive(Clone, Debug)]
pub struct ThumbnailCache {
    folder: Arc<Path>,
}

impl ThumbnailCache {
    /// Makes the folder if need be and sweeps what a crash left half-written.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == UNFINISHED) {
                fs::remove_file(path)?;
            }
        }
        Ok(Self { folder: folder.into() })
    }

    /// Readers see the old thumbnail or the new one, never a part of one.
    pub fn put(&self, asset: AssetId, jpeg: &[u8]) -> io::Result<PathBuf> {
        let unfinished = self.folder.join(format!("{}.{UNFINISHED}", uuid::Uuid::new_v4()));
        let path = self.name(asset);
        let written = write_through(&unfinished, jpeg).and_then(|()| fs::rename(&unfinished, &path));
        if let Err(error) = written {
            // Best effort: the next start sweeps it.
            let _ = fs::remove_file(&unfinished);
            return Err(error);
        }
        Ok(path)
    }

    #[must_use]
    pub fn path(&self, asset: AssetId) -> Option<PathBuf> {
        Some(self.name(asset)).filter(|path| path.is_file())
    }

    /// The thumbnail, if it was made after this moment (nanoseconds since 1970): a file written to since may look otherwise.
    #[must_use]
    pub fn path_made_after(&self, asset: AssetId, moment_ns: i64) -> Option<PathBuf> {
        let path = self.path(asset)?;
        let made = fs::metadata(&path).and_then(|metadata| metadata.modified()).ok()?;
        let made_ns = made.duration_since(UNIX_EPOCH).ok()?.as_nanos();
        (i128::try_from(made_ns).ok()? > i128::from(moment_ns)).then_some(path)
    }

    /// Forgets the thumbnail; one that is not there is no error.
    pub fn remove(&self, asset: AssetId) -> io::Result<()> {
        match fs::remove_file(self.name(asset)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn name(&self, asset: AssetId) -> PathBuf {
        self.folder.join(format!("{asset}.jpg"))
    }
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = fs::File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_data()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbnail_is_found_again_replaced_and_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ThumbnailCache::open(folder.path().join("thumbnails")).unwrap();
        let asset = AssetId::new();
        assert_eq!(cache.path(asset), None);
        cache.put(asset, b"first").unwrap();
        let path = cache.put(asset, b"second").unwrap();
        assert_eq!(cache.path(asset), Some(path.clone()));
        assert_eq!(fs::read(path).unwrap(), b"second");
        cache.remove(asset).unwrap();
        cache.remove(asset).unwrap();
        assert_eq!(cache.path(asset), None);
    }

    #[test]
    fn a_thumbnail_of_before_the_file_was_written_to_counts_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ThumbnailCache::open(folder.path()).unwrap();
        let asset = AssetId::new();
        let path = cache.put(asset, b"picture").unwrap();
        let made = fs::metadata(&path).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
        let made_ns = i64::try_from(made.as_nanos()).unwrap();
        assert_eq!(cache.path_made_after(asset, made_ns - 1), Some(path));
        assert_eq!(cache.path_made_after(asset, made_ns), None);
        assert_eq!(cache.path_made_after(AssetId::new(), 0), None);
    }

    #[test]
    fn what_a_crash_left_half_written_is_swept_at_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ThumbnailCache::open(folder.path()).unwrap();
        cache.put(AssetId::new(), b"whole").unwrap();
        fs::write(folder.path().join("x.part"), b"ha").unwrap();
        ThumbnailCache::open(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
