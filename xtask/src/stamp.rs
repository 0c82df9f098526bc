//! Remembers the contents a step was done for, so that it is done again only when they change.

use crate::run::{Result, io};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// A file that holds the fingerprint of what was done.
pub struct Stamp {
    file: PathBuf,
    fingerprint: String,
}

impl Stamp {
    /// Of the contents of files and folders; one that is not there counts as empty.
    pub fn of(file: PathBuf, sources: &[PathBuf]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for source in sources {
            add(&mut hasher, source)?;
        }
        Ok(Self { file, fingerprint: format!("{:016x}", hasher.finish()) })
    }

    pub fn is_fresh(&self) -> bool {
        fs::read_to_string(&self.file).is_ok_and(|text| text == self.fingerprint)
    }

    pub fn keep(&self) -> Result {
        fs::write(&self.file, &self.fingerprint).map_err(io(self.file.display()))
    }
}

fn add(hasher: &mut DefaultHasher, path: &Path) -> Result {
    path.hash(hasher);
    if path.is_dir() {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(io(path.display()))? {
            entries.push(entry.map_err(io(path.display()))?.path());
        }
        entries.sort();
        entries.iter().try_for_each(|entry| add(hasher, entry))
    } else if path.exists() {
        fs::read(path).map_err(io(path.display()))?.hash(hasher);
        Ok(())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_anywhere_below_is_noticed() {
        let folder = std::env::temp_dir().join(format!("lectern-stamp-{}", std::process::id()));
        fs::create_dir_all(folder.join("src/inner")).unwrap();
        let stamp = || Stamp::of(folder.join("stamp"), &[folder.join("src"), folder.join("absent")]).unwrap();
        assert!(!stamp().is_fresh());
        stamp().keep().unwrap();
        assert!(stamp().is_fresh());
        fs::write(folder.join("src/inner/new.ts"), "").unwrap();
        assert!(!stamp().is_fresh());
        fs::remove_dir_all(folder).unwrap();
    }
}
