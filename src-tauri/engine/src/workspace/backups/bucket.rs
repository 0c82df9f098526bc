//! Copies of the catalogue on their way into a bucket and out of it.

use super::BackupFailure;
use super::names::{BackupName, FOLDER};
use crate::remote::RootCertificate;
use crate::remote::sender::{get_file, put_file};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use lectern_server::object_store::{ObjectMeta, ObjectStore};
use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::Arc;

/// A catalogue of a hundred thousand files is a tenth of it. What is larger was not made by us.
const COPY_BYTES_MAX: u64 = 8 << 30;
/// Copies that are kept.
const KEPT: usize = 30;

pub(super) struct Bucket {
    pub store: Arc<dyn ObjectStore>,
    pub roots: Vec<RootCertificate>,
}

impl Bucket {
    pub(super) async fn names(&self) -> Result<Vec<BackupName>, BackupFailure> {
        let keys = self.store.list_keys(FOLDER).await?;
        Ok(keys.iter().filter_map(|key| BackupName::parse(key)).collect())
    }

    /// A database in one file that nobody writes to.
    pub(super) async fn put(&self, name: &BackupName, file: &Path) -> Result<(), BackupFailure> {
        let packed = in_background(file, pack).await?;
        let meta = ObjectMeta { content_type: "application/gzip".to_owned(), entries: Vec::new() };
        let signed = self.store.sign_put(&name.key(), &meta).await?;
        put_file(&self.roots, &signed, packed).await?;
        Ok(())
    }

    /// Into a file that is not there yet.
    pub(super) async fn get(&self, name: &BackupName, file: &Path) -> Result<(), BackupFailure> {
        let signed = self.store.sign_get(&name.key(), None).await?;
        let packed = get_file(&self.roots, &signed).await?;
        in_background(file, move |file| unpack(&packed, file)).await
    }

    /// All but the newest few of an owner's, by version: without one a delete only hides them on B2.
    pub(super) async fn forget_old(&self, mut names: Vec<BackupName>) -> Result<(), BackupFailure> {
        names.sort_by_key(|name| std::cmp::Reverse(name.rank()));
        for old in names.iter().skip(KEPT) {
            let versions = self.store.versions(&old.key()).await.unwrap_or_default();
            for version in &versions {
                self.store.delete(&old.key(), Some(version)).await?;
            }
            if versions.is_empty() {
                self.store.delete(&old.key(), None).await?;
            }
        }
        Ok(())
    }
}

async fn in_background<T: Send + 'static>(
    file: &Path,
    work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> Result<T, BackupFailure> {
    let file = file.to_owned();
    let done = tokio::task::spawn_blocking(move || work(&file)).await;
    Ok(done.map_err(io::Error::other)??)
}

fn pack(file: &Path) -> io::Result<Vec<u8>> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    io::copy(&mut File::open(file)?, &mut packed)?;
    packed.finish()
}

/// The end of a gzip has length and checksum of what was packed (RFC 1952): cut short or changed on its way it does not
/// unpack.
fn unpack(packed: &[u8], file: &Path) -> io::Result<()> {
    let mut writing = File::create(file)?;
    let mut unpacked = GzDecoder::new(packed).take(COPY_BYTES_MAX + 1);
    if io::copy(&mut unpacked, &mut writing)? > COPY_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "larger than any catalogue"));
    }
    writing.flush()?;
    writing.sync_all()
}
