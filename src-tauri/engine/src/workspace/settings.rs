//! `workspace.json`: what must be known before any database is opened. No secret is in it.

use lectern_shared::command::StoreKind;
use lectern_shared::ids::UserId;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::path::Path;
use url::Url;

const FILE: &str = "workspace.json";

/// A workspace's description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub schema: u32,
    pub name: String,
    /// Owns every row of the workspace.
    pub user: UserId,
    /// Files of the first version have none: then it is this computer.
    #[serde(default)]
    pub store: StoreSettings,
}

/// Where the bytes go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StoreSettings {
    #[default]
    ThisComputer,
    Bucket(BucketSettings),
    /// A team's server has courses and bytes; its account is the owner of this workspace's rows.
    Team(TeamSettings),
}

/// A team's server. This device's token is in the system's keychain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamSettings {
    pub address: String,
    /// The token's name in the keychain, drawn here: an account's id is the server's word, and must lead to no other key.
    pub token: UserId,
}

/// A bucket of an S3-compatible store. Its key is in the system's keychain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketSettings {
    pub provider: Provider,
    pub endpoint: Url,
    pub region: String,
    pub bucket: String,
    /// Everything of this workspace lies below it; empty, or with a slash at its end.
    #[serde(default)]
    pub prefix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    BackblazeB2,
    S3Compatible,
}

/// Why a description cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the workspace's description cannot be read or written: {0}")]
    File(#[from] io::Error),
    #[error("the workspace's description is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
    #[error("this workspace was made by a newer Lectern")]
    Newer,
}

impl Settings {
    /// Whether there is a workspace in a folder, be it one that cannot be read.
    #[must_use]
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    #[must_use]
    pub fn new(name: &str, store: StoreSettings) -> Self {
        Self { schema: lectern_shared::SCHEMA, name: name.to_owned(), user: UserId::new(), store }
    }

    /// Under which name the keychain has this workspace's key.
    #[must_use]
    pub fn key_name(&self) -> UserId {
        match &self.store {
            StoreSettings::Team(team) => team.token,
            _ => self.user,
        }
    }

    /// None when the folder has no workspace.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn read(folder: &Path) -> Result<Option<Self>, SettingsError> {
        let text = match std::fs::read(folder.join(FILE)) {
            Ok(text) => text,
            // A file beside the workspaces is none either.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let settings: Self = serde_json::from_slice(&text)?;
        if settings.schema > lectern_shared::SCHEMA { Err(SettingsError::Newer) } else { Ok(Some(settings)) }
    }

    /// Whole or not at all: the user in it owns every row.
    ///
    /// # Errors
    /// See [`SettingsError`].
    pub fn write(&self, folder: &Path) -> Result<(), SettingsError> {
        let unfinished = folder.join(format!("{FILE}.new"));
        // Flushed by the handle that wrote: Windows lets no other one.
        let mut writing = std::fs::File::create(&unfinished)?;
        writing.write_all(&serde_json::to_vec_pretty(self)?)?;
        writing.sync_all()?;
        drop(writing);
        std::fs::rename(&unfinished, folder.join(FILE))?;
        Ok(())
    }
}

impl StoreSettings {
    /// The bucket's name, where there is one.
    #[must_use]
    pub fn bucket(&self) -> Option<String> {
        match self {
            Self::ThisComputer | Self::Team(_) => None,
            Self::Bucket(bucket) => Some(bucket.bucket.clone()),
        }
    }

    /// As the window names it.
    #[must_use]
    pub fn kind(&self) -> StoreKind {
        match self {
            Self::ThisComputer => StoreKind::ThisComputer,
            Self::Team(_) => StoreKind::Team,
            Self::Bucket(bucket) => match bucket.provider {
                Provider::BackblazeB2 => StoreKind::BackblazeB2,
                Provider::S3Compatible => StoreKind::S3Compatible,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_of_the_first_version_keeps_its_bytes_on_this_computer() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Settings::read(folder.path()).unwrap(), None);
        std::fs::write(folder.path().join("shown"), "local").unwrap();
        assert_eq!(Settings::read(&folder.path().join("shown")).unwrap(), None, "a file is no workspace");
        let user = UserId::new();
        let text = serde_json::json!({ "schema": 1, "name": "My courses", "user": user });
        std::fs::write(folder.path().join(FILE), text.to_string()).unwrap();
        let read = Settings::read(folder.path()).unwrap().unwrap();
        assert_eq!((read.user, read.store), (user, StoreSettings::ThisComputer));
    }

    #[test]
    fn a_description_is_read_as_it_was_written_and_a_newer_one_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let bucket = BucketSettings {
            provider: Provider::BackblazeB2,
            endpoint: Url::parse("https://s3.us-west-004.backblazeb2.com").unwrap(),
            region: "us-west-004".to_owned(),
            bucket: "lectures".to_owned(),
            prefix: "lectern/".to_owned(),
        };
        let mut settings = Settings::new("Chemistry", StoreSettings::Bucket(bucket));
        settings.write(folder.path()).unwrap();
        assert_eq!(Settings::read(folder.path()).unwrap().as_ref(), Some(&settings));
        settings.schema += 1;
        settings.write(folder.path()).unwrap();
        assert!(matches!(Settings::read(folder.path()), Err(SettingsError::Newer)));
    }
}
