//! A workspace and the store it is connected to: opens it, gives it another bucket or another key while it runs, and says
//! how the store is. Window and command line own one of these.

use super::connect::{Chosen, choose, try_bucket};
use super::keys::{Kept, StoreKey};
use super::local::{LocalWorkspace, OpenError, Opening};
use super::settings::{BucketSettings, Provider, Settings, StoreSettings};
use super::{Workspace, cleaning};
use crate::remote::team::TeamServer;
use lectern_server::object_store::{ObjectStore, StoreError, b2};
use lectern_shared::change::CacheTag;
use lectern_shared::connect::{
    CheckAnswer, Cleaning, ConnectAnswer, ConnectProblem, Connection, KeyPlace, StoreDetails,
};
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::event::AppEvent;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, RwLock, RwLockWriteGuard};
use url::Url;

/// Longest the details of a store wait for what the bucket says of its rules.
const RULES_PATIENCE: Duration = Duration::from_secs(5);
/// A folder or a port may be let go of a moment late.
const OPENINGS: u32 = 5;
const BETWEEN_OPENINGS: Duration = Duration::from_millis(300);

/// An open workspace whose store can be changed under it.
pub struct StoreConnection {
    pub(super) folder: PathBuf,
    pub(super) opening: Opening,
    b2: Url,
    /// None once it is closed.
    pub(super) open: RwLock<Option<LocalWorkspace>>,
    /// One change at a time; its checks take their time, and nothing else waits for them.
    pub(super) changing: Mutex<()>,
    /// As the bucket last said: asking costs a call.
    cleaning: std::sync::Mutex<Option<Cleaning>>,
}

/// What is known of the store without asking it.
struct Known {
    settings: Settings,
    objects: Arc<dyn ObjectStore>,
    key_missing: bool,
    details: StoreDetails,
}

impl StoreConnection {
    /// Opens the workspace in `folder`, or makes one.
    ///
    /// # Errors
    /// As [`LocalWorkspace::open`].
    pub async fn open(folder: &Path, opening: Opening) -> Result<Self, OpenError> {
        let open = LocalWorkspace::open_as(folder, opening.clone()).await?;
        let (folder, b2) = (folder.to_owned(), Url::parse(b2::ADDRESS).map_err(std::io::Error::other)?);
        let (open, cleaning) = (RwLock::new(Some(open)), std::sync::Mutex::default());
        Ok(Self { folder, opening, b2, open, changing: Mutex::default(), cleaning })
    }

    /// Keys of Backblaze sign in there: for tests.
    #[must_use]
    pub fn with_b2_at(mut self, address: Url) -> Self {
        self.b2 = address;
        self
    }

    /// Runs `work` on the open workspace.
    ///
    /// # Errors
    /// What `work` answers; [`ErrorCode::Internal`] when it is closed.
    pub async fn with<T>(&self, work: impl AsyncFnOnce(&Workspace) -> Result<T, AppError>) -> Result<T, AppError> {
        let open = self.open.read().await;
        work(&open.as_ref().ok_or_else(closed)?.workspace).await
    }

    /// Stops everything. What is asked afterwards fails.
    pub async fn close(&self) {
        if !self.opening.idle {
            self.publish_on_quit().await;
        }
        if let Some(open) = self.open.write().await.take() {
            open.shutdown().await;
        }
    }

    /// The store, in facts. Of a bucket that does not answer nothing is said about its rules.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when it is closed.
    pub async fn details(&self) -> Result<StoreDetails, AppError> {
        let known = self.known().await?;
        let StoreSettings::Bucket(bucket) = &known.settings.store else { return Ok(known.details) };
        let cached = self.cached_cleaning();
        let cleaning = match cached {
            None if !known.key_missing => {
                let asked = tokio::time::timeout(RULES_PATIENCE, cleaning::look(&*known.objects, &bucket.prefix)).await;
                let found = asked.ok().and_then(Result::ok);
                self.cache_cleaning(found.clone());
                found
            }
            known => known,
        };
        Ok(StoreDetails { cleaning, ..known.details })
    }

    /// Checks a bucket and makes it the workspace's store: what is in the local one is carried over from then on. With the
    /// bucket it has, this is another key for it. Nothing is written down before the bucket has passed.
    ///
    /// # Errors
    /// [`ErrorCode::Storage`] when it cannot be written down or the workspace does not open again;
    /// [`ErrorCode::Internal`] when it is closed.
    pub async fn connect(&self, connection: Connection) -> Result<ConnectAnswer, AppError> {
        let _one = self.changing.lock().await;
        let settings = self.known().await?.settings;
        let had = match &settings.store {
            StoreSettings::ThisComputer => None,
            StoreSettings::Bucket(bucket) => Some(bucket),
            StoreSettings::Team(_) => {
                return Err(AppError::new(ErrorCode::Invalid, "where a team keeps its files is its server's affair"));
            }
        };
        let found = match choose(&connection, &self.b2, had).await {
            Ok(Chosen::Several(buckets)) => return Ok(ConnectAnswer::ChooseBucket { buckets }),
            Ok(Chosen::Bucket(wanted, key)) => self.passing(had, wanted, key).await,
            Err(problem) => Err(problem),
        };
        let (bucket, key) = match found {
            Ok(found) => found,
            Err(problem) => return Ok(ConnectAnswer::Refused { problem }),
        };
        self.opening.keys.keep(settings.user, key).await;
        self.switch(Settings { store: StoreSettings::Bucket(bucket), ..settings }).await?;
        Ok(ConnectAnswer::Connected { store: self.details().await? })
    }

    async fn passing(
        &self,
        had: Option<&BucketSettings>,
        wanted: BucketSettings,
        key: StoreKey,
    ) -> Result<(BucketSettings, StoreKey), ConnectProblem> {
        let bucket = match had {
            Some(had) if !is_same(had, &wanted) => {
                return Err(ConnectProblem::AlreadyConnected { bucket: had.bucket.clone() });
            }
            // A folder may be written in two ways; what lies in it lies there.
            Some(had) => BucketSettings { prefix: had.prefix.clone(), ..wanted },
            None => wanted,
        };
        try_bucket(&bucket, key.clone(), &self.b2).await?;
        Ok((bucket, key))
    }

    /// Closes the workspace and opens it with the new settings; whoever calls meanwhile waits.
    pub(super) async fn switch(&self, settings: Settings) -> Result<(), AppError> {
        let mut open = self.open.write().await;
        open.take().ok_or_else(closed)?.shutdown().await;
        let written = settings.write(&self.folder);
        self.cache_cleaning(None);
        // Also when it could not be written: then with the settings of before.
        self.open_again(open).await?;
        written.map_err(|error| AppError::new(ErrorCode::Storage, error.to_string()))
    }

    /// After it was closed to change something under it. The window looks at everything anew.
    pub(super) async fn open_again(
        &self,
        mut open: RwLockWriteGuard<'_, Option<LocalWorkspace>>,
    ) -> Result<(), AppError> {
        let reopened = self.reopen().await?;
        let courses = reopened.workspace.list_courses().await.map(|list| list.courses).unwrap_or_default();
        reopened.workspace.window_is_ready();
        *open = Some(reopened);
        drop(open);
        let mut tags = vec![CacheTag::Workspace, CacheTag::Courses, CacheTag::Assets, CacheTag::Uploads];
        // Addresses of previews are others than before.
        tags.extend(courses.into_iter().map(|course| CacheTag::Course(course.id)));
        (self.opening.events)(AppEvent::Changed { tags });
        Ok(())
    }

    async fn reopen(&self) -> Result<LocalWorkspace, AppError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match LocalWorkspace::open_as(&self.folder, self.opening.clone()).await {
                Ok(open) => return Ok(open),
                Err(error) if tries == OPENINGS => {
                    tracing::error!(%error, "the workspace does not open again");
                    return Err(AppError::new(ErrorCode::Storage, error.to_string()));
                }
                Err(error) => tracing::warn!(%error, "the workspace does not open again yet"),
            }
            tokio::time::sleep(BETWEEN_OPENINGS).await;
        }
    }

    /// Tries the store as at its connecting.
    ///
    /// # Errors
    /// [`ErrorCode::Internal`] when it is closed.
    pub async fn check(&self) -> Result<CheckAnswer, AppError> {
        let settings = self.known().await?.settings;
        let StoreSettings::Bucket(bucket) = &settings.store else { return Ok(CheckAnswer::Passed) };
        let passed = match self.opening.keys.key(settings.user).await {
            Ok(Some(key)) => try_bucket(bucket, key, &self.b2).await,
            Ok(None) | Err(_) => Err(ConnectProblem::UnknownKey),
        };
        Ok(passed.map_or_else(|problem| CheckAnswer::Refused { problem }, |()| CheckAnswer::Passed))
    }

    /// Adds our rule to the bucket's, all of which stay.
    ///
    /// # Errors
    /// [`ErrorCode::Invalid`] without a bucket; [`ErrorCode::Storage`] when it does not answer.
    pub async fn set_cleaning(&self) -> Result<Cleaning, AppError> {
        let _one = self.changing.lock().await;
        let known = self.known().await?;
        let StoreSettings::Bucket(bucket) = &known.settings.store else {
            return Err(AppError::new(ErrorCode::Invalid, "this workspace has no bucket"));
        };
        let away = |error: StoreError| AppError::new(ErrorCode::Storage, error.to_string());
        let found = cleaning::add(&*known.objects, &bucket.prefix).await.map_err(away)?;
        self.cache_cleaning(Some(found.clone()));
        (self.opening.events)(AppEvent::Changed { tags: vec![CacheTag::Workspace] });
        Ok(found)
    }

    /// The team's server, where there is one. Calls to it hold nothing here.
    pub(super) async fn team(&self) -> Result<Option<TeamServer>, AppError> {
        Ok(self.open.read().await.as_ref().ok_or_else(closed)?.team())
    }

    pub(super) async fn settings(&self) -> Result<Settings, AppError> {
        Ok(self.known().await?.settings)
    }

    pub(super) fn opening(&self) -> &Opening {
        &self.opening
    }

    /// Held by whatever changes the settings.
    pub(super) async fn one_change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().await
    }

    async fn known(&self) -> Result<Known, AppError> {
        let open = self.open.read().await;
        let open = open.as_ref().ok_or_else(closed)?;
        let Workspace { settings, standing, .. } = &*open.workspace;
        let key = match &settings.store {
            StoreSettings::ThisComputer => None,
            _ if standing.key_missing() => Some(KeyPlace::Missing),
            _ => match self.opening.keys.place(settings.key_name()) {
                Some(Kept::Keychain) => Some(KeyPlace::Keychain),
                Some(Kept::ThisRunOnly) => Some(KeyPlace::ThisRunOnly),
                None => Some(KeyPlace::Missing),
            },
        };
        let (endpoint, folder) = match &settings.store {
            StoreSettings::ThisComputer => (None, String::new()),
            StoreSettings::Team(team) => (Some(team.address.clone()), String::new()),
            StoreSettings::Bucket(bucket) => {
                (Some(address_of(&bucket.endpoint)), bucket.prefix.trim_end_matches('/').to_owned())
            }
        };
        let details = StoreDetails {
            kind: settings.store.kind(),
            bucket: settings.store.bucket(),
            endpoint,
            folder,
            key,
            moving: standing.moving(),
            cleaning: None,
        };
        let (settings, objects, key_missing) = (settings.clone(), open.objects(), standing.key_missing());
        Ok(Known { settings, objects, key_missing, details })
    }

    fn cached_cleaning(&self) -> Option<Cleaning> {
        self.cleaning.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn cache_cleaning(&self, cleaning: Option<Cleaning>) {
        *self.cleaning.lock().unwrap_or_else(PoisonError::into_inner) = cleaning;
    }
}

fn closed() -> AppError {
    AppError::new(ErrorCode::Internal, "Lectern is closing")
}

/// Host and port.
fn address_of(endpoint: &Url) -> String {
    let host = endpoint.host_str().unwrap_or_default();
    endpoint.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether both are the same place. At Backblaze a bucket's name is enough
/// (<https://www.backblaze.com/docs/cloud-storage-buckets>): its endpoint comes with each key.
fn is_same(had: &BucketSettings, wanted: &BucketSettings) -> bool {
    let is_same_store = match wanted.provider {
        Provider::BackblazeB2 => true,
        Provider::S3Compatible => had.endpoint == wanted.endpoint,
    };
    let folder = |bucket: &BucketSettings| bucket.prefix.trim_matches('/').to_owned();
    had.provider == wanted.provider && is_same_store && had.bucket == wanted.bucket && folder(had) == folder(wanted)
}
