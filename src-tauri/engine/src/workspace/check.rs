//! The connection check: does with a small object of its own what uploads will do, and says which act fails.

use crate::remote::sender::{SenderError, get_small, put_small};
use lectern_server::object_store::{ObjectMeta, ObjectStore, StoreError, StoredObject};
use md5::{Digest as _, Md5};

const TEXT: &[u8] = b"Lectern checks that it can write here. This may be deleted.";

/// Which act of the check failed, and how.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    #[error("the bucket cannot be written to: {0}")]
    Upload(StoreError),
    #[error("a signed upload is refused: {0}")]
    Send(#[from] SenderError),
    #[error("unfinished uploads cannot be listed or ended: {0}")]
    List(StoreError),
    #[error("what was written cannot be read back: {0}")]
    Read(String),
    #[error("what was written cannot be deleted: {0}")]
    Delete(StoreError),
    /// Then no part could be checked against the store's word.
    #[error("the store's ETag is not the MD5 of the bytes")]
    OtherEtag,
}

/// Uploads, lists, reads and deletes a small object of a name that nobody else has.
///
/// # Errors
/// The first act that fails; what was written is taken away as far as the store lets us.
pub async fn check_store(store: &impl ObjectStore) -> Result<(), CheckError> {
    let key = format!("check/{}", uuid::Uuid::now_v7());
    let meta = ObjectMeta { content_type: "text/plain".to_owned(), entries: Vec::new() };
    let written = write(store, &key, &meta).await;
    // Whatever happened: nothing of ours stays behind.
    let head = store.head(&key).await;
    let read = match &head {
        Ok(Some(object)) if written.is_ok() => read_back(store, &key, object).await,
        _ => Ok(()),
    };
    let deleted = match &head {
        Ok(Some(object)) => store.delete(&key, object.version.as_deref()).await,
        _ => Ok(()),
    };
    written?;
    match head {
        Ok(Some(_)) => {}
        Ok(None) => return Err(CheckError::Read("the object is not there".to_owned())),
        Err(error) => return Err(CheckError::Read(error.to_string())),
    }
    read?;
    deleted.map_err(CheckError::Delete)
}

async fn write(store: &impl ObjectStore, key: &str, meta: &ObjectMeta) -> Result<(), CheckError> {
    let upload = store.create_multipart(key, meta).await.map_err(CheckError::Upload)?;
    let listed = store.list_parts(key, &upload).await;
    let aborted = store.abort(key, &upload).await;
    listed.map_err(CheckError::List)?;
    aborted.map_err(CheckError::List)?;
    let signed = store.sign_put(key, meta).await.map_err(CheckError::Upload)?;
    put_small(&[], &signed, TEXT.to_vec()).await?;
    Ok(())
}

async fn read_back(store: &impl ObjectStore, key: &str, object: &StoredObject) -> Result<(), CheckError> {
    let md5 = Md5::digest(TEXT);
    let md5: String = md5.iter().map(|byte| format!("{byte:02x}")).collect();
    if !object.etag.eq_ignore_ascii_case(&md5) {
        return Err(CheckError::OtherEtag);
    }
    let unread = |error: String| CheckError::Read(error);
    let signed = store.sign_get(key, object.version.as_deref()).await.map_err(|error| unread(error.to_string()))?;
    let bytes = get_small(&[], &signed).await.map_err(|error| unread(error.to_string()))?;
    if bytes == TEXT { Ok(()) } else { Err(unread("other bytes came back".to_owned())) }
}
