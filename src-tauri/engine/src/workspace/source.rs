//! Where the preview server finds bytes: the file being uploaded, the picture made here, else the store.

use crate::media::{PreviewSource, ThumbnailCache};
use crate::remote::CourseServer;
use crate::uploads::Uploads;
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{Rendition, SignedUrl};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) struct Source {
    uploads: Uploads,
    server: Arc<dyn CourseServer>,
    thumbnails: ThumbnailCache,
}

impl Source {
    pub(super) fn new(uploads: Uploads, server: Arc<dyn CourseServer>, thumbnails: ThumbnailCache) -> Self {
        Self { uploads, server, thumbnails }
    }
}

#[async_trait::async_trait]
impl PreviewSource for Source {
    async fn local_file(&self, asset: AssetId) -> Option<PathBuf> {
        self.uploads.local_path(asset)
    }

    async fn remote(&self, asset: AssetId, rendition: Rendition) -> Option<SignedUrl> {
        self.server.asset_url(asset, rendition).await.ok()
    }

    async fn local_thumbnail(&self, asset: AssetId) -> Option<PathBuf> {
        let thumbnails = self.thumbnails.clone();
        tokio::task::spawn_blocking(move || thumbnails.path(asset)).await.ok()?
    }
}
