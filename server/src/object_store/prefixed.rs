//! A part of a bucket as a store of its own: every key lies below a prefix, and nothing else is seen.

use super::{LifecycleRule, ObjectMeta, ObjectStore, StoreError, StoredObject, UnfinishedUpload};
use lectern_shared::protocol::{SignedUrl, StoredPart};

/// `store` below `prefix`, which is empty or ends with a slash.
#[derive(Clone, Debug)]
pub struct Prefixed<S> {
    store: S,
    prefix: String,
}

impl<S> Prefixed<S> {
    #[must_use]
    pub fn new(store: S, prefix: impl Into<String>) -> Self {
        Self { store, prefix: prefix.into() }
    }

    fn full(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

#[async_trait::async_trait]
impl<S: ObjectStore> ObjectStore for Prefixed<S> {
    async fn create_multipart(&self, key: &str, meta: &ObjectMeta) -> Result<String, StoreError> {
        self.store.create_multipart(&self.full(key), meta).await
    }

    async fn sign_part(&self, key: &str, upload_id: &str, part: u32) -> Result<SignedUrl, StoreError> {
        self.store.sign_part(&self.full(key), upload_id, part).await
    }

    async fn sign_put(&self, key: &str, meta: &ObjectMeta) -> Result<SignedUrl, StoreError> {
        self.store.sign_put(&self.full(key), meta).await
    }

    async fn sign_get(&self, key: &str, version: Option<&str>) -> Result<SignedUrl, StoreError> {
        self.store.sign_get(&self.full(key), version).await
    }

    async fn list_parts(&self, key: &str, upload_id: &str) -> Result<Vec<StoredPart>, StoreError> {
        self.store.list_parts(&self.full(key), upload_id).await
    }

    async fn complete(&self, key: &str, upload_id: &str, parts: &[(u32, String)]) -> Result<StoredObject, StoreError> {
        self.store.complete(&self.full(key), upload_id, parts).await
    }

    async fn abort(&self, key: &str, upload_id: &str) -> Result<(), StoreError> {
        self.store.abort(&self.full(key), upload_id).await
    }

    async fn head(&self, key: &str) -> Result<Option<StoredObject>, StoreError> {
        self.store.head(&self.full(key)).await
    }

    async fn delete(&self, key: &str, version: Option<&str>) -> Result<(), StoreError> {
        self.store.delete(&self.full(key), version).await
    }

    async fn versions(&self, key: &str) -> Result<Vec<String>, StoreError> {
        self.store.versions(&self.full(key)).await
    }

    async fn list_keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let keys = self.store.list_keys(&self.full(prefix)).await?.into_iter();
        Ok(keys.filter_map(|key| key.strip_prefix(&self.prefix).map(str::to_owned)).collect())
    }

    async fn list_uploads(&self, prefix: &str) -> Result<Vec<UnfinishedUpload>, StoreError> {
        let below = |upload: UnfinishedUpload| {
            let key = upload.key.strip_prefix(&self.prefix)?.to_owned();
            Some(UnfinishedUpload { key, ..upload })
        };
        Ok(self.store.list_uploads(&self.full(prefix)).await?.into_iter().filter_map(below).collect())
    }

    // Rules are the whole bucket's, their prefixes whole too.
    async fn lifecycle(&self) -> Result<Vec<LifecycleRule>, StoreError> {
        self.store.lifecycle().await
    }

    async fn set_lifecycle(&self, rules: &[LifecycleRule]) -> Result<(), StoreError> {
        self.store.set_lifecycle(rules).await
    }

    async fn free_bytes(&self) -> Option<u64> {
        self.store.free_bytes().await
    }
}
