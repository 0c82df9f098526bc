//! A copy of the database in one file, checked before it is called a copy.

use crate::Server;
use crate::store::{Store, StoreFailure};
use std::path::{Path, PathBuf};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("the database: {0}")]
    Database(#[from] StoreFailure),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// PostgreSQL is copied by its own tools.
    #[error("only a SQLite database is copied to a file")]
    NoFile,
    #[error("the copy is damaged: {0}")]
    Damaged(String),
}

impl Store {
    /// Copies a SQLite database while it is in use, as of one moment. The file is there whole or not at all.
    ///
    /// # Errors
    /// When it is on PostgreSQL, cannot be read, does not fit, or the copy does not pass SQLite's own check.
    pub async fn back_up(&self, file: &Path) -> Result<(), BackupError> {
        let partial = partial_name(file);
        let _ = std::fs::remove_file(&partial);
        let done = match self.copy_to(&partial).await {
            Ok(()) => Self::check(&partial).await,
            Err(error) => Err(error),
        };
        let done = done.and_then(|()| {
            std::fs::File::open(&partial)?.sync_all()?;
            Ok(std::fs::rename(&partial, file)?)
        });
        if done.is_err() {
            let _ = std::fs::remove_file(&partial);
        }
        done
    }
}

impl Server {
    /// As [`Store::back_up`].
    ///
    /// # Errors
    /// As there.
    pub async fn back_up(&self, file: &Path) -> Result<(), BackupError> {
        self.store.back_up(file).await
    }

    /// As [`Store::fingerprint`].
    ///
    /// # Errors
    /// As there.
    pub async fn fingerprint(&self) -> Result<String, StoreFailure> {
        self.store.fingerprint().await
    }
}

fn partial_name(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    file.with_file_name(name)
}
