//! The keys of buckets: in the system's keychain, and nowhere else. With no keychain, for this run only.

use lectern_shared::ids::UserId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Whose entries these are in the keychain.
const KEYCHAIN_NAME: &str = "app.lectern.store";

/// A key to a bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreKey {
    pub id: String,
    pub secret: String,
}

/// Neither half is ever printed.
impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreKey(…)")
    }
}

/// Where a key ended up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Keychain,
    /// There is no keychain here, or it is locked: to be said to the user.
    ThisRunOnly,
}

#[derive(Debug, thiserror::Error)]
#[error("the system's keychain does not work: {0}")]
pub struct KeychainError(String);

/// The keys this process knows, and the system's keychain behind them. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    this_run: Arc<Mutex<HashMap<UserId, (StoreKey, Kept)>>>,
    /// Tests and scripts bring their own keys and ask nobody.
    without_keychain: bool,
}

impl KeyRing {
    /// One that never asks the system's keychain.
    #[must_use]
    pub fn of_this_run() -> Self {
        Self { without_keychain: true, ..Self::default() }
    }

    /// Uses a key for this run, as from the environment or a credentials file.
    pub fn lend(&self, workspace: UserId, key: StoreKey) {
        self.know(workspace, key, Kept::ThisRunOnly);
    }

    fn know(&self, workspace: UserId, key: StoreKey, kept: Kept) {
        self.this_run.lock().unwrap_or_else(PoisonError::into_inner).insert(workspace, (key, kept));
    }

    fn known(&self, workspace: UserId) -> Option<(StoreKey, Kept)> {
        self.this_run.lock().unwrap_or_else(PoisonError::into_inner).get(&workspace).cloned()
    }

    /// Where the key is that this process has used; none when it has not had it.
    #[must_use]
    pub fn place(&self, workspace: UserId) -> Option<Kept> {
        self.known(workspace).map(|(_, kept)| kept)
    }

    /// The key of a workspace; none when nobody has it.
    ///
    /// # Errors
    /// When there is a keychain and it fails.
    pub async fn key(&self, workspace: UserId) -> Result<Option<StoreKey>, KeychainError> {
        let known = self.known(workspace).map(|(key, _)| key);
        if known.is_some() || self.without_keychain {
            return Ok(known);
        }
        let found = blocking(move || keychain::read(workspace)).await?;
        if let Some(key) = &found {
            self.know(workspace, key.clone(), Kept::Keychain);
        }
        Ok(found)
    }

    /// Keeps a key, in the keychain where there is one.
    pub async fn keep(&self, workspace: UserId, key: StoreKey) -> Kept {
        self.lend(workspace, key.clone());
        if self.without_keychain {
            return Kept::ThisRunOnly;
        }
        let written = key.clone();
        match blocking(move || keychain::write(workspace, &written)).await {
            Ok(()) => {
                self.know(workspace, key, Kept::Keychain);
                Kept::Keychain
            }
            Err(error) => {
                tracing::warn!(%error, "the key is kept for this run only");
                Kept::ThisRunOnly
            }
        }
    }

    /// Forgets a key everywhere.
    ///
    /// # Errors
    /// When there is a keychain and it fails.
    pub async fn forget(&self, workspace: UserId) -> Result<(), KeychainError> {
        self.this_run.lock().unwrap_or_else(PoisonError::into_inner).remove(&workspace);
        if self.without_keychain {
            return Ok(());
        }
        blocking(move || keychain::remove(workspace)).await
    }
}

/// The Secret Service client starts a runtime of its own, which panics inside ours.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, keyring_core::Error> + Send + 'static,
) -> Result<T, KeychainError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| KeychainError(error.to_string()))?;
    done.map_err(|error| KeychainError(error.to_string()))
}

mod keychain {
    use super::{KEYCHAIN_NAME, StoreKey};
    use keyring_core::api::CredentialStoreApi;
    use keyring_core::{Entry, Error, Result};
    use lectern_shared::ids::UserId;
    use std::sync::Arc;

    fn entry(workspace: UserId) -> Result<Entry> {
        system()?.build(KEYCHAIN_NAME, &workspace.to_string(), None)
    }

    /// <https://docs.rs/zbus-secret-service-keyring-store/1.0.1>: GNOME Keyring, KWallet, KeePassXC.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn system() -> Result<Arc<zbus_secret_service_keyring_store::Store>> {
        zbus_secret_service_keyring_store::Store::new()
    }

    /// <https://docs.rs/apple-native-keyring-store/1.0.0>
    #[cfg(target_os = "macos")]
    fn system() -> Result<Arc<apple_native_keyring_store::keychain::Store>> {
        apple_native_keyring_store::keychain::Store::new()
    }

    /// <https://docs.rs/windows-native-keyring-store/1.1.0>: Credential Manager.
    #[cfg(windows)]
    fn system() -> Result<Arc<windows_native_keyring_store::Store>> {
        windows_native_keyring_store::Store::new()
    }

    /// Id and secret on a line each: neither can have a line break.
    pub(super) fn write(workspace: UserId, key: &StoreKey) -> Result<()> {
        entry(workspace)?.set_password(&format!("{}\n{}", key.id, key.secret))
    }

    pub(super) fn read(workspace: UserId) -> Result<Option<StoreKey>> {
        match entry(workspace)?.get_password() {
            Ok(text) => {
                let (id, secret) = text.split_once('\n').unwrap_or((&text, ""));
                Ok(Some(StoreKey { id: id.to_owned(), secret: secret.to_owned() }))
            }
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(super) fn remove(workspace: UserId) -> Result<()> {
        match entry(workspace)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_key_without_a_keychain_lasts_as_long_as_the_process_and_is_never_printed() {
        let (ring, workspace) = (KeyRing::of_this_run(), UserId::new());
        let key = StoreKey { id: "k1".to_owned(), secret: "swordfish".to_owned() };
        assert_eq!(ring.keep(workspace, key.clone()).await, Kept::ThisRunOnly);
        assert_eq!(ring.key(workspace).await.unwrap(), Some(key));
        assert!(!format!("{ring:?}").contains("swordfish"));
        ring.forget(workspace).await.unwrap();
        assert_eq!(ring.key(workspace).await.unwrap(), None);
    }
}
