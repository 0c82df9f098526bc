//! Looks into each new file: duration, size and codec first, then its picture. Nothing here can hold an upload up, and
//! what a crash interrupts is looked at again at the next start.

use crate::EventSink;
use crate::catalogue::Catalogue;
use crate::media::{
    Previews, ThumbnailCache, accept_poster, poster_at_ms, probe_in_child, thumbnail_in_child, video_poster_by_ffmpeg,
};
use crate::remote::{CourseServer, RootCertificate};
use crate::sync::Sync;
use crate::uploads::{Announced, UploadCatalogue, UploadRecord};
use base64::Engine;
use lectern_shared::change::CacheTag;
use lectern_shared::command::PosterArguments;
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{AssetId, OperationId};
use lectern_shared::media::{AssetKind, Probe};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
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
    pub(super) roots: Vec<RootCertificate>,
}

type Waiting = Arc<Mutex<HashMap<AssetId, oneshot::Sender<PosterArguments>>>>;

pub(super) struct Describer {
    wanted: Arc<Notify>,
    waiting: Waiting,
    stop: CancellationToken,
    tasks: TaskTracker,
}

struct Running {
    parts: Arc<Parts>,
    wanted: Arc<Notify>,
    waiting: Waiting,
    publishing: Publishing,
}

/// Pictures on their way to the store, beside the files that are looked into next. Dropped with their owner.
#[derive(Default)]
struct Publishing {
    tasks: JoinSet<()>,
    operations: Arc<Mutex<HashSet<OperationId>>>,
}

impl Publishing {
    fn has(&self, operation: OperationId) -> bool {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).contains(&operation)
    }

    fn start(&mut self, parts: &Arc<Parts>, file: UploadRecord, probe: Probe, jpeg: Vec<u8>) {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner).insert(file.operation);
        let (parts, operations) = (parts.clone(), self.operations.clone());
        self.tasks.spawn(async move {
            if parts.publish(file.asset, jpeg).await {
                parts.say(&file, &probe, true).await;
                let _ = parts.catalogue.set_described(&file).await;
            }
            operations.lock().unwrap_or_else(PoisonError::into_inner).remove(&file.operation);
        });
        // Those that ended are let go of.
        while self.tasks.try_join_next().is_some() {}
    }
}

impl Describer {
    /// Looks at nothing until [`Describer::look`]: a picture wanted before there is a window would be lost.
    pub(super) fn start(parts: Parts) -> Self {
        let describer = Self {
            wanted: Arc::new(Notify::new()),
            waiting: Waiting::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        let running = Running {
            parts: Arc::new(parts),
            wanted: describer.wanted.clone(),
            waiting: describer.waiting.clone(),
            publishing: Publishing::default(),
        };
        describer.tasks.spawn(describer.stop.clone().run_until_cancelled_owned(running.run()));
        describer.tasks.close();
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
    async fn run(mut self) {
        self.wanted.notified().await;
        loop {
            let is_left = self.round().await;
            let again = async {
                match is_left {
                    // A file, the server or the store was not there.
                    true => tokio::time::sleep(AGAIN).await,
                    false => std::future::pending().await,
                }
            };
            tokio::select! {
                () = again => {}
                () = self.wanted.notified() => {}
                () = self.parts.catalogue.resized() => {}
            }
        }
    }

    /// Looks into every file nobody has looked into. Answers whether something must be done again.
    async fn round(&mut self) -> bool {
        let files = match self.parts.catalogue.undescribed().await {
            Ok(files) => files,
            Err(failure) => {
                tracing::warn!(%failure, "describe");
                return true;
            }
        };
        let mut left = false;
        for file in files {
            left |= !self.describe(file).await;
        }
        left
    }

    /// False: not done yet.
    async fn describe(&mut self, file: UploadRecord) -> bool {
        if self.publishing.has(file.operation) {
            return false;
        }
        let mut probe = match probe_in_child(&self.parts.prober, &file.path).await {
            Ok(probe) => probe,
            // It may only be unplugged.
            Err(_) if !tokio::fs::try_exists(&file.path).await.unwrap_or(false) => return false,
            Err(error) => {
                tracing::info!(%error, "probe");
                Probe::default()
            }
        };
        // What is known shows at once; the picture follows.
        self.parts.say(&file, &probe, false).await;
        match self.picture(&file, &mut probe).await {
            Some(jpeg) => {
                self.parts.say(&file, &probe, false).await;
                self.publishing.start(&self.parts, file, probe, jpeg);
                false
            }
            None => {
                self.parts.say(&file, &probe, false).await;
                self.parts.catalogue.set_described(&file).await.is_ok()
            }
        }
    }

    /// The picture, kept here from the moment it is made.
    async fn picture(&self, file: &UploadRecord, probe: &mut Probe) -> Option<Vec<u8>> {
        let (thumbnails, asset) = (self.parts.thumbnails.clone(), file.asset);
        if let Some(known) = thumbnails.path_made_after(asset, file.modified_ns)
            && let Ok(jpeg) = tokio::fs::read(known).await
        {
            return Some(jpeg);
        }
        let jpeg = match file.kind {
            AssetKind::Image => thumbnail_in_child(&self.parts.prober, &file.path).await.ok(),
            AssetKind::Video => match self.poster_by_window(file, probe).await {
                Some(jpeg) => Some(jpeg),
                None => video_poster_by_ffmpeg(&file.path, poster_at_ms(probe.duration_ms)).await,
            },
            AssetKind::Audio | AssetKind::Document | AssetKind::Other => None,
        }?;
        let keeping = jpeg.clone();
        let kept = tokio::task::spawn_blocking(move || thumbnails.put(asset, &keeping)).await;
        if !matches!(kept, Ok(Ok(_))) {
            tracing::warn!("a thumbnail could not be kept");
        }
        Some(jpeg)
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
}

impl Parts {
    async fn say(&self, file: &UploadRecord, probe: &Probe, thumbnail: bool) {
        match self.catalogue.describe(file.asset, probe.clone(), thumbnail).await {
            Ok(()) => {
                let mut tags = vec![CacheTag::Assets];
                tags.extend(file.course.map(CacheTag::Course));
                (self.events)(AppEvent::Changed { tags });
                self.sync.nudge();
            }
            // Cancelled meanwhile.
            Err(error) => tracing::debug!(%error, "describe"),
        }
    }

    /// Puts the picture into the store, so that colleagues see it. False: again later.
    async fn publish(&self, asset: AssetId, jpeg: Vec<u8>) -> bool {
        match self.catalogue.announced(&[asset]).await.as_deref() {
            Ok([(_, Announced::Confirmed)]) => {}
            // There is nothing to show it on.
            _ => return true,
        }
        let Ok(signed) = self.server.thumbnail_url(asset).await else { return false };
        crate::remote::sender::put_small(&self.roots, &signed, jpeg).await.is_ok()
    }
}
