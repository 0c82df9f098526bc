//! A bucket whose key nobody has: every call fails as if nobody were there, so that courses can be edited and files be
//! dropped, and all of it waits for the key.

use super::{LifecycleRule, ObjectMeta, ObjectStore, StoreError, StoredObject, UnfinishedUpload};
use lectern_shared::protocol::{SignedUrl, StoredPart};

#[derive(Clone, Copy, Debug)]
pub struct Keyless;

fn missing<T>() -> Result<T, StoreError> {
    Err(StoreError::Unreachable("the key of the bucket is missing".to_owned()))
}

#[async_trait::async_trait]
impl ObjectStore for Keyless {
    async fn create_multipart(&self, _: &str, _: &ObjectMeta) -> Result<String, StoreError> {
        missing()
    }

    async fn sign_part(&self, _: &str, _: &str, _: u32) -> Result<SignedUrl, StoreError> {
        missing()
    }

    async fn sign_put(&self, _: &str, _: &ObjectMeta) -> Result<SignedUrl, StoreError> {
        missing()
    }

    async fn sign_get(&self, _: &str, _: Option<&str>) -> Result<SignedUrl, StoreError> {
        missing()
    }

    async fn list_parts(&self, _: &str, _: &str) -> Result<Vec<StoredPart>, StoreError> {
        missing()
    }

    async fn complete(&self, _: &str, _: &str, _: &[(u32, String)]) -> Result<StoredObject, StoreError> {
        missing()
    }

    async fn abort(&self, _: &str, _: &str) -> Result<(), StoreError> {
        missing()
    }

    async fn head(&self, _: &str) -> Result<Option<StoredObject>, StoreError> {
        missing()
    }

    async fn delete(&self, _: &str, _: Option<&str>) -> Result<(), StoreError> {
        missing()
    }

    async fn versions(&self, _: &str) -> Result<Vec<String>, StoreError> {
        missing()
    }

    async fn list_keys(&self, _: &str) -> Result<Vec<String>, StoreError> {
        missing()
    }

    async fn list_uploads(&self, _: &str) -> Result<Vec<UnfinishedUpload>, StoreError> {
        missing()
    }

    async fn lifecycle(&self) -> Result<Vec<LifecycleRule>, StoreError> {
        missing()
    }

    async fn set_lifecycle(&self, _: &[LifecycleRule]) -> Result<(), StoreError> {
        missing()
    }

    async fn free_bytes(&self) -> Option<u64> {
        None
    }
}
