//! One workspace, running: the parts of the engine put together, and what the window may ask of them. One engine a
//! workspace: its folder is locked while it runs.

mod backups;
mod check;
mod cleaning;
mod connect;
mod connection;
pub mod control;
mod describe;
mod duplicates;
mod keys;
mod leaving;
mod local;
mod lock;
mod moving;
mod network;
mod people;
mod sending;
mod settings;
mod source;
mod team;
mod telling;
mod undo;
mod workspaces;

pub use backups::{BackupFailure, BackupName, FoundWorkspace, OpenedFrom, Settled, find_workspaces, open_from_bucket};
pub use check::{CheckError, check_store};
pub use connect::{Chosen, choose, try_bucket};
pub use connection::StoreConnection;
pub use keys::{Kept, KeyRing, KeychainError, StoreKey};
pub use local::{LocalWorkspace, OpenError, Opening, bucket_store};
pub use moving::Standing;
pub use settings::{BucketSettings, Provider, Settings, SettingsError, StoreSettings, TeamSettings};
pub use team::{JoinError, computer_name, join, team_key};
pub use workspaces::{Listeners, Workspaces};

use crate::EventSink;
use crate::catalogue::{Catalogue, CatalogueFailure};
use crate::media::{Previews, ThumbnailCache};
use crate::remote::{CourseServer, Line};
use crate::sync::Sync;
use crate::uploads::{UploadCatalogue as _, Uploads, UploadsConfig, UploadsError, take_in};
use describe::Describer;
use duplicates::Questions;
use lectern_shared::Millis;
use lectern_shared::change::CacheTag;
use lectern_shared::command::{EditReceipt, FindAnswer, PosterArguments, TeachArguments, WorkspaceState};
use lectern_shared::course::{CourseDetail, CourseList};
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{AssetId, CourseId, EditId, OperationId};
use lectern_shared::media::{AssetPage, AssetQuery};
use lectern_shared::mutation::Mutation;
use lectern_shared::upload::{Cause, Destination, IntakeReport, SendingRules, UploadAction, UploadList, UploadState};
use network::NetworkWatch;
use sending::{AtStart, Sending};
use source::Source;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use telling::telling;
use undo::{AddedFile, Done, UndoStack};

/// What a workspace is opened with.
pub struct WorkspaceConfig {
    /// The mirror, the journal and the pictures live here.
    pub folder: PathBuf,
    pub settings: Settings,
    /// A program whose first act is [`crate::media::child_main`]: looks into files in a process of its own.
    pub prober: PathBuf,
    pub line: Line,
    /// Looks at the queue and sends nothing.
    pub idle: bool,
    pub standing: Standing,
}

/// A running workspace.
pub struct Workspace {
    settings: Settings,
    standing: Standing,
    catalogue: Catalogue,
    sync: Sync,
    uploads: Uploads,
    previews: Arc<Previews>,
    thumbnails: ThumbnailCache,
    describer: Describer,
    undo: UndoStack,
    sending: Sending,
    questions: Questions,
    events: EventSink,
    _network: Option<NetworkWatch>,
}

impl Workspace {
    /// Starts everything and goes on where the last run ended.
    ///
    /// # Errors
    /// When the folder's databases cannot be opened.
    pub async fn open(
        config: WorkspaceConfig,
        server: Arc<dyn CourseServer>,
        events: EventSink,
    ) -> Result<Self, OpenError> {
        let catalogue = Catalogue::open(&config.folder.join("mirror.sqlite"), config.settings.user)?;
        let thumbnails = ThumbnailCache::open(config.folder.join("thumbnails"))?;
        let sync = Sync::start(catalogue.clone(), server.clone(), events.clone());
        let (roots, pace) = (config.line.roots.clone(), config.line.pace.clone());
        let at_start = AtStart::read(&config.folder, &pace);
        let uploads_config = UploadsConfig {
            hold: at_start.hold(),
            limit: at_start.limit(),
            journal: config.folder.join("journal.sqlite"),
            user: config.settings.user,
            line: config.line,
            idle: config.idle,
        };
        let told = match config.settings.store {
            StoreSettings::Team(_) => telling(events.clone(), server.clone()),
            _ => events.clone(),
        };
        let uploads = Uploads::start(uploads_config, Arc::new(catalogue.clone()), server.clone(), told).await?;
        let source = Source::new(uploads.clone(), server.clone(), thumbnails.clone());
        let previews = Arc::new(Previews::start(Arc::new(source), &roots).await?);
        let describer = Describer::start(describe::Parts {
            prober: config.prober,
            catalogue: catalogue.clone(),
            server,
            previews: previews.clone(),
            thumbnails: thumbnails.clone(),
            sync: sync.clone(),
            events: events.clone(),
            roots,
        });
        nudge_when_reachable(&sync, &uploads);
        let network = (!config.idle).then(|| NetworkWatch::start(uploads.clone()));
        let sending = Sending::start(&config.folder, at_start, pace, uploads.clone());
        let (settings, standing, undo) = (config.settings, config.standing, UndoStack::default());
        Ok(Self {
            settings,
            standing,
            catalogue,
            sync,
            uploads,
            previews,
            thumbnails,
            describer,
            undo,
            sending,
            questions: Questions::default(),
            events,
            _network: network,
        })
    }

    /// # Errors
    /// [`ErrorCode::Storage`]
    pub async fn state(&self) -> Result<WorkspaceState, AppError> {
        let pending = self.catalogue.pending().await.map_err(app_error)?;
        let waiting = self.uploads.list().uploads.iter().filter(|upload| upload.state != UploadState::Ready).count();
        Ok(WorkspaceState {
            name: self.settings.name.clone(),
            store: self.settings.store.kind(),
            bucket: self.settings.store.bucket(),
            key_missing: self.standing.key_missing(),
            moving: self.standing.moving(),
            user: self.catalogue.user(),
            server_reachable: self.sync.is_reachable(),
            signed_out: self.is_signed_out(),
            edits_waiting: pending.edits,
            uploads_waiting: u32::try_from(waiting).unwrap_or(u32::MAX),
            rejected: pending.rejected,
            can_undo: !self.undo.is_empty(),
        })
    }

    /// # Errors
    /// [`ErrorCode::Storage`]
    pub async fn list_courses(&self) -> Result<CourseList, AppError> {
        self.catalogue.courses().await.map_err(app_error)
    }

    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::Storage`]
    pub async fn get_course(&self, course: CourseId) -> Result<CourseDetail, AppError> {
        self.catalogue.course(course, self.thumbnail_urls()).await.map_err(app_error)
    }

    /// # Errors
    /// [`ErrorCode::Storage`]
    pub async fn list_assets(&self, query: AssetQuery) -> Result<AssetPage, AppError> {
        self.catalogue.assets(query, self.thumbnail_urls()).await.map_err(app_error)
    }

    #[must_use]
    pub fn list_uploads(&self) -> UploadList {
        self.uploads.list()
    }

    /// # Errors
    /// [`ErrorCode::Rejected`] when the edit breaks a rule, [`ErrorCode::Storage`].
    pub async fn edit(&self, mutation: Mutation) -> Result<EditReceipt, AppError> {
        if !mutation.is_for_people() {
            return Err(AppError::new(ErrorCode::Invalid, "files are announced by adding them"));
        }
        let edited = self.catalogue.edit(vec![mutation]).await.map_err(app_error)?;
        self.edited(&edited.tags);
        Ok(EditReceipt { undo: edited.inverse.map(|inverse| self.undo.push(Done::Edit(inverse))), tags: edited.tags })
    }

    /// Undoes what was done in this run: the named edit, or the last one.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`] when there is nothing to undo, [`ErrorCode::Rejected`] when the rows have changed since.
    pub async fn undo(&self, edit: Option<EditId>) -> Result<EditReceipt, AppError> {
        let (id, done) =
            self.undo.take(edit).ok_or_else(|| AppError::new(ErrorCode::NotFound, "there is nothing to undo"))?;
        let mutations = match &done {
            Done::Edit(mutations) | Done::Undo(mutations) => mutations.clone(),
            Done::Files { files, inverse } => {
                let taken_back = self.take_files_back(files).await;
                let mut mutations = match taken_back {
                    Ok(mutations) => mutations,
                    Err(error) => {
                        self.undo.put_back(id, done);
                        return Err(error);
                    }
                };
                mutations.extend(inverse.iter().cloned());
                mutations
            }
        };
        match self.catalogue.edit(mutations).await {
            Ok(edited) => {
                self.edited(&edited.tags);
                let undo = edited.inverse.map(|inverse| self.undo.push(Done::Undo(inverse)));
                Ok(EditReceipt { undo, tags: edited.tags })
            }
            Err(failure) => {
                // What the rows refuse now they refuse again; what the disk refused may work later.
                if !matches!(failure, CatalogueFailure::Rejected(_)) {
                    self.undo.put_back(id, done);
                }
                (self.events)(AppEvent::Changed { tags: vec![CacheTag::Workspace] });
                Err(app_error(failure))
            }
        }
    }

    /// Cancels those that are still on their way; answers the edits that delete the others.
    async fn take_files_back(&self, files: &[AddedFile]) -> Result<Vec<Mutation>, AppError> {
        let listed = self.uploads.list().uploads;
        let is_on_its_way = |file: &&AddedFile| {
            listed.iter().any(|upload| upload.operation == file.operation && upload.state != UploadState::Ready)
        };
        let (cancelled, mut stored): (Vec<&AddedFile>, Vec<&AddedFile>) = files.iter().partition(is_on_its_way);
        if !cancelled.is_empty() {
            let operations = cancelled.iter().map(|file| file.operation).collect();
            self.control_uploads(UploadAction::Cancel, Some(operations)).await?;
            // One may have been ready just before.
            let kept = self.catalogue.uploads().await.map_err(|error| uploads_error(error.into()))?;
            stored.extend(cancelled.into_iter().filter(|file| kept.iter().any(|one| one.operation == file.operation)));
        }
        let mut mutations = Vec::with_capacity(stored.len());
        for file in stored {
            if let Some(replaces) = &file.replaces {
                // Where it is shown still: a later version stays.
                let mut uses = self.catalogue.all_places_of(file.asset).await.map_err(app_error)?;
                uses.retain(|video| replaces.uses.contains(video));
                let back = Mutation::AssetReplace { successor: replaces.asset, uses: uses.clone() };
                mutations.extend((!uses.is_empty()).then_some(back));
            }
            let uses = file.video.into_iter().collect();
            mutations.push(Mutation::AssetDelete { ids: vec![file.asset], uses, attachments: Vec::new() });
        }
        Ok(mutations)
    }

    fn edited(&self, tags: &[CacheTag]) {
        (self.events)(AppEvent::Changed { tags: tags.to_vec() });
        self.sync.nudge();
    }

    /// # Errors
    /// [`ErrorCode::Storage`]
    pub async fn discard_rejected(&self, mutation_id: u64) -> Result<(), AppError> {
        self.catalogue.discard_rejected(mutation_id).await.map_err(app_error)?;
        (self.events)(AppEvent::Changed { tags: vec![CacheTag::Workspace] });
        Ok(())
    }

    /// Takes files in: each gets its place at once.
    ///
    /// # Errors
    /// [`ErrorCode::Rejected`] when the chapter is gone, [`ErrorCode::Storage`].
    pub async fn add_files(&self, paths: Vec<PathBuf>, destination: Destination) -> Result<IntakeReport, AppError> {
        let course = match &destination {
            Destination::Chapter { course, .. } => Some(*course),
            Destination::Library => None,
        };
        let intake = take_in(paths, &destination).await;
        let (added, question) = self.queue_what_is_new(intake.files).await?;
        let operations = added.iter().map(|file| file.operation).collect();
        let undo = self.remember(added, Vec::new());
        let (refused, to_library) = (intake.refused, intake.to_library);
        let report = IntakeReport { operations, refused, to_library, question, undo };
        if !report.operations.is_empty() {
            let mut tags = vec![CacheTag::Workspace, CacheTag::Courses, CacheTag::Assets, CacheTag::Uploads];
            tags.extend(course.map(CacheTag::Course));
            self.edited(&tags);
            self.describer.look();
        }
        Ok(report)
    }

    /// # Errors
    /// [`ErrorCode::Storage`]
    pub async fn control_uploads(
        &self,
        action: UploadAction,
        operations: Option<Vec<OperationId>>,
    ) -> Result<(), AppError> {
        let controlled = self.uploads.control(action, operations).await.map_err(uploads_error);
        // Also when it failed half-way: what was cancelled is gone.
        if action == UploadAction::Cancel {
            // The place and the asset are deleted with it.
            self.sync.nudge();
            (self.events)(AppEvent::Changed { tags: vec![CacheTag::Courses, CacheTag::Assets] });
            for course in self.catalogue.courses().await.map_err(app_error)?.courses {
                (self.events)(AppEvent::Changed { tags: vec![CacheTag::Course(course.id)] });
            }
        }
        controlled
    }

    /// The file name of an upload, for the dialog that asks for it.
    #[must_use]
    pub fn name_of_upload(&self, operation: OperationId) -> String {
        let listed = self.uploads.list().uploads;
        listed
            .into_iter()
            .find(|upload| upload.operation == operation)
            .map(|upload| upload.file_name)
            .unwrap_or_default()
    }

    /// The user shows where an upload's file is. Others that miss theirs, and have one of the same name in the same
    /// folder, go on too.
    ///
    /// # Errors
    /// [`ErrorCode::Storage`]
    pub async fn found_file(&self, operation: OperationId, path: PathBuf) -> Result<FindAnswer, AppError> {
        if !self.uploads.found(operation, path.clone()).await.map_err(uploads_error)? {
            return Ok(FindAnswer::OtherFile);
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        for upload in self.uploads.list().uploads {
            let misses = matches!(upload.cause, Some(Cause::SourceGone | Cause::DriveGone { .. }));
            let sibling = folder.join(&upload.file_name);
            if misses && upload.operation != operation && sibling.is_file() {
                self.uploads.found(upload.operation, sibling).await.map_err(uploads_error)?;
            }
        }
        Ok(FindAnswer::Found)
    }

    /// When uploads are needed by: those named, or all that are not ready.
    ///
    /// # Errors
    /// [`ErrorCode::Storage`]
    pub async fn set_needed_by(
        &self,
        operations: Option<Vec<OperationId>>,
        at: Option<Millis>,
    ) -> Result<(), AppError> {
        self.uploads.set_needed_by(operations, at).await.map_err(uploads_error)
    }

    #[must_use]
    pub fn sending_rules(&self) -> SendingRules {
        self.sending.rules()
    }

    /// # Errors
    /// [`ErrorCode::Invalid`]; [`ErrorCode::Storage`] when they hold for this run only.
    pub async fn set_sending_rules(&self, rules: SendingRules) -> Result<(), AppError> {
        self.sending.set_rules(rules)
    }

    /// "I'm teaching now", and "I'm done".
    ///
    /// # Errors
    /// [`ErrorCode::Storage`] when it holds for this run only.
    pub async fn teach(&self, teach: TeachArguments) -> Result<(), AppError> {
        self.sending.teach(teach)
    }

    /// A window is there that can draw pictures.
    pub fn window_is_ready(&self) {
        self.describer.look();
    }

    /// A poster frame the window drew.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] when it is no small JPEG.
    pub async fn save_poster(&self, poster: PosterArguments) -> Result<(), AppError> {
        self.describer.poster(poster).await
    }

    /// Where the window plays an asset from; it changes with each opening of the workspace.
    #[must_use]
    pub fn media_url(&self, asset: AssetId) -> String {
        self.previews.media_url(asset)
    }

    fn thumbnail_urls(&self) -> Arc<dyn Fn(AssetId, bool) -> Option<String> + Send + std::marker::Sync> {
        let (previews, thumbnails) = (self.previews.clone(), self.thumbnails.clone());
        Arc::new(move |asset, stored| {
            (stored || thumbnails.path(asset).is_some()).then(|| previews.thumbnail_url(asset, None))
        })
    }

    /// Stops sending, writes what must be written, closes the databases.
    pub async fn shutdown(&self) {
        self.describer.shutdown().await;
        self.uploads.shutdown().await;
        self.sync.shutdown().await;
        self.previews.shutdown().await;
        let catalogue = self.catalogue.clone();
        // Joins the writer's thread.
        let _ = tokio::task::spawn_blocking(move || catalogue.close()).await;
    }
}

/// Uploads that wait for the server go on as soon as it answers again.
fn nudge_when_reachable(sync: &Sync, uploads: &Uploads) {
    let (mut reachable, uploads) = (sync.reachable(), uploads.clone());
    tokio::spawn(async move {
        while reachable.changed().await.is_ok() {
            if *reachable.borrow_and_update() {
                uploads.nudge();
            }
        }
    });
}

fn app_error(failure: CatalogueFailure) -> AppError {
    let code = match &failure {
        CatalogueFailure::Rejected(_) => ErrorCode::Rejected,
        CatalogueFailure::NotFound(_) => ErrorCode::NotFound,
        _ => ErrorCode::Storage,
    };
    let message = match &failure {
        CatalogueFailure::Rejected(rejection) => rejection.detail.clone(),
        other => other.to_string(),
    };
    AppError::new(code, message)
}

fn uploads_error(error: UploadsError) -> AppError {
    match error {
        UploadsError::Catalogue(crate::uploads::CatalogueError::Rejected(rejection)) => {
            AppError::new(ErrorCode::Rejected, rejection.detail)
        }
        other => AppError::new(ErrorCode::Storage, other.to_string()),
    }
}

/// Makes a folder that only its user can read: by its mode on Unix. On Windows what stands in a user's local app data
/// inherits that already (<https://learn.microsoft.com/windows/win32/shell/knownfolderid>).
fn private_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}
