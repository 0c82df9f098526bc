//! Looks into each new file: duration, size and codec first, then its picture. Nothing here can hold an upload up, and
//! what a crash interrupts is looked at again at the next start.

use crate::EventSink;
use crate::catalogue::Catalogue;
use crate::media::{
    Previews, ThumbnailCache, accept_poster, poster_at_ms, probe_in_child, thumbnail_in_child, video_poster_by_ffmpeg,
};
use crate::remote::CourseServer;
use crate::sync::Sync;
use crate::uploads::{Announced, UploadCatalogue, UploadRecord};
use base64::Engine;
use lectern_shared::change::CacheTag;
use lectern_shared::command::PosterArguments;
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::AssetId;
use lectern_shared::media::{AssetKind, Probe};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The window draws one frame in well under a second; with no window nobody answers.
const POSTER_WAIT: Duration = Duration::from_secs(12);
/// Base64 of 512 KiB.
const POSTER_TEXT_MAX: usize = 720 * 1024;
const AGAIN: Duration = Duration::from_secs(30);

pub(super) struct Parts {
    pub(super) prober: PathBuf,
    pub(super) catalogue: Catalogue,
    pub(super) server: Arc<dyn CourseServer>,
    pub(super) previews: Arc<Previews>,
    pub(super) thumbnails: ThumbnailCache,
    pub(super) sync: Sync,
    pub(super) events: EventSink,
}

type Waiting = Arc<Mutex<HashMap<AssetId, oneshot::Sender<PosterArguments>>>>;

pub(super) struct Describer {
    wanted: Arc<Notify>,
    waiting: Waiting,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Running {
    parts: Parts,
    wanted: Arc<Notify>,
    waiting: Waiting,
}

impl Describer {
    pub(super) fn start(parts: Parts) -> Self {
        let describer = Self {
            wanted: Arc::new(Notify::new()),
            waiting: Waiting::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let running = Running { parts, wanted: describer.wanted.clone(), waiting: describer.waiting.clone() };
        describer.tasks.spawn(describer.stop.clone().run_until_cancelled_owned(running.run()));
        describer.tasks.close();
        describer.look();
        describer
    }

    /// There are new files.
    pub(super) fn look(&self) {
        self.wanted.notify_one();
    }

    /// The window's answer to a wanted poster.
    pub(super) async fn poster(&self, poster: PosterArguments) -> Result<(), AppError> {
        if poster.jpeg.len() > POSTER_TEXT_MAX {
            return Err(AppError::new(ErrorCode::Invalid, "a poster has at most 512 KiB"));
        }
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&poster.asset);
        // Nobody asked, or nobody waits any more.
        if let Some(waiting) = waiting {
            let _ = waiting.send(poster);
        }
        Ok(())
    }

    pub(super) async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.wait().await;
    }
}

impl Running {
    async fn run(self) {
        loop {
            let left = self.round().await;
            if left {
                // The server or the store was not there for a picture: later.
                let _ = tokio::time::timeout(AGAIN, self.wanted.notified()).await;
            } else {
                self.wanted.notified().await;
            }
        }
    }

    /// Looks into every file nobody has looked into. Answers whether something must be done again.
    async fn round(&self) -> bool {
        let files = match self.parts.catalogue.undescribed().await {
            Ok(files) => files,
            Err(failure) => {
                tracing::warn!(%failure, "describe");
                return true;
            }
        };
        let mut left = false;
        for file in files {
            if self.describe(&file).await {
                let _ = self.parts.catalogue.set_described(file.operation).await;
            } else {
                left = true;
            }
        }
        left
    }

    async fn describe(&self, file: &UploadRecord) -> bool {
        let mut probe = match probe_in_child(&self.parts.prober, &file.path).await {
            Ok(probe) => probe,
            Err(error) => {
                tracing::info!(%error, "probe");
                Probe::default()
            }
        };
        // What is known shows at once; the picture follows.
        self.say(file, &probe, false).await;
        let Some(picture) = self.picture(file, &mut probe).await else {
            self.say(file, &probe, false).await;
            return true;
        };
        let (thumbnails, asset, jpeg) = (self.parts.thumbnails.clone(), file.asset, picture.clone());
        let kept = tokio::task::spawn_blocking(move || thumbnails.put(asset, &jpeg)).await;
        if matches!(kept, Ok(Ok(_))) {
            let mut tags = vec![CacheTag::Assets];
            tags.extend(file.course.map(CacheTag::Course));
            (self.parts.events)(AppEvent::Changed { tags });
        }
        if !self.publish(file.asset, picture).await {
            return false;
        }
        self.say(file, &probe, true).await;
        true
    }

    async fn say(&self, file: &UploadRecord, probe: &Probe, thumbnail: bool) {
        match self.parts.catalogue.describe(file.asset, probe.clone(), thumbnail).await {
            Ok(()) => {
                let mut tags = vec![CacheTag::Assets];
                tags.extend(file.course.map(CacheTag::Course));
                (self.parts.events)(AppEvent::Changed { tags });
                self.parts.sync.nudge();
            }
            // Cancelled meanwhile.
            Err(error) => tracing::debug!(%error, "describe"),
        }
    }

    async fn picture(&self, file: &UploadRecord, probe: &mut Probe) -> Option<Vec<u8>> {
        match file.kind {
            AssetKind::Image => thumbnail_in_child(&self.parts.prober, &file.path).await.ok(),
            AssetKind::Video => match self.poster_by_window(file, probe).await {
                Some(jpeg) => Some(jpeg),
                None => video_poster_by_ffmpeg(&file.path, poster_at_ms(probe.duration_ms)).await,
            },
            AssetKind::Audio | AssetKind::Document | AssetKind::Other => None,
        }
    }

    async fn poster_by_window(&self, file: &UploadRecord, probe: &mut Probe) -> Option<Vec<u8>> {
        let (answer, drawn) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(file.asset, answer);
        let media_url = self.parts.previews.media_url(file.asset);
        (self.parts.events)(AppEvent::PosterWanted { asset: file.asset, media_url });
        let drawn = tokio::time::timeout(POSTER_WAIT, drawn).await;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&file.asset);
        let poster = drawn.ok()?.ok()?;
        // The window's player knows containers that the probe does not.
        probe.duration_ms = probe.duration_ms.or(poster.duration_ms);
        probe.width = probe.width.or(poster.width);
        probe.height = probe.height.or(poster.height);
        let jpeg = base64::engine::general_purpose::STANDARD.decode(poster.jpeg).ok()?;
        tokio::task::spawn_blocking(move || accept_poster(&jpeg).ok()).await.ok()?
    }

    /// Puts the picture into the store, so that colleagues see it. False: again later.
    async fn publish(&self, asset: AssetId, jpeg: Vec<u8>) -> bool {
        match self.parts.catalogue.announced(asset).await {
            Ok(Announced::Confirmed) => {}
            // There is nothing to show it on.
            Ok(Announced::Rejected { .. }) | Err(_) => return true,
        }
        let Ok(signed) = self.parts.server.thumbnail_url(asset).await else { return false };
        crate::remote::sender::put_small(&signed, jpeg).await.is_ok()
    }
}
