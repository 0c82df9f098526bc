//! The workspaces of this computer, a folder each, and which of them the window shows. The others go on sending.

use super::backups;
use super::connection::StoreConnection;
use super::local::{OpenError, Opening};
use super::settings::{Settings, StoreSettings};
use super::team::{JoinError, computer_name, join};
use crate::EventSink;
use lectern_shared::access::PairRequest;
use lectern_shared::change::CacheTag;
use lectern_shared::command::{JoinAnswer, JoinArguments, JoinProblem, WorkspaceEntry, WorkspaceList};
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::event::AppEvent;
use lectern_shared::names;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::OnceCell;
use url::Url;

/// Opens with no question asked, and is there always.
pub const LOCAL: &str = "local";
/// Names the folder of the workspace that was shown last.
const SHOWN_FILE: &str = "shown";
const ID_MAX: usize = 60;

/// Makes what hears every event of one workspace, shown or not.
pub type Listeners = Arc<dyn Fn() -> EventSink + Send + Sync>;

/// All workspaces. The window's commands are about the shown one.
pub struct Workspaces {
    pub(super) folder: PathBuf,
    pub(super) opening: Opening,
    listeners: Listeners,
    b2: Option<Url>,
    shown: Arc<RwLock<String>>,
    /// One that takes its time to open holds up no other.
    open: Mutex<BTreeMap<String, Arc<OnceCell<Arc<StoreConnection>>>>>,
    /// One removal at a time.
    pub(super) changing: tokio::sync::Mutex<()>,
    /// Whoever opens one is in; shut while one goes.
    pub(super) gate: tokio::sync::RwLock<()>,
}

impl Workspaces {
    /// Opens the one that was shown last, else the local one, which is made when there is none. `opening.events` hears of
    /// the shown one only.
    ///
    /// # Errors
    /// As [`StoreConnection::open`] of the local one.
    pub async fn open(
        folder: &Path,
        opening: Opening,
        listeners: Listeners,
        b2: Option<Url>,
    ) -> Result<Self, OpenError> {
        let all = Self {
            folder: folder.to_owned(),
            opening,
            listeners,
            b2,
            shown: Arc::new(RwLock::new(LOCAL.to_owned())),
            open: Mutex::default(),
            changing: tokio::sync::Mutex::default(),
            gate: tokio::sync::RwLock::default(),
        };
        let last = std::fs::read_to_string(folder.join(SHOWN_FILE)).unwrap_or_default();
        if all.ids()?.contains(&last) {
            match all.connection(&last).await {
                Ok(_) => {
                    all.set_shown(&last);
                    return Ok(all);
                }
                Err(error) => tracing::warn!(%error, "the workspace that was shown last does not open"),
            }
        }
        all.connection(LOCAL).await?;
        Ok(all)
    }

    /// Opens what is not open yet, so that everything that waits is sent, and ends what a crash has left undone.
    pub async fn open_all(&self) {
        let mut ids = self.ids().unwrap_or_default();
        if !ids.iter().any(|id| id == LOCAL) {
            ids.push(LOCAL.to_owned());
        }
        for id in ids {
            if let Err(error) = self.connection(&id).await {
                tracing::warn!(%error, "a workspace that is not shown does not open");
            }
        }
        // At the end: a server may have to be told, and that takes its time.
        self.finish_removals().await;
    }

    /// The one the window shows.
    ///
    /// # Errors
    /// [`ErrorCode::Storage`] when it does not open.
    pub async fn shown(&self) -> Result<Arc<StoreConnection>, AppError> {
        let id = self.shown_id();
        match self.connection(&id).await {
            // It went while this waited.
            Err(_) if self.shown_id() != id => self.connection(&self.shown_id()).await.map_err(does_not_open),
            opened => opened.map_err(does_not_open),
        }
    }

    /// # Errors
    /// [`ErrorCode::Storage`]
    pub fn list(&self) -> Result<WorkspaceList, AppError> {
        let shown = self.shown_id();
        let mut workspaces = Vec::new();
        for id in self.ids().map_err(|error| storage(&error))? {
            // One that cannot be read is nobody's to show.
            let Ok(Some(settings)) = Settings::read(&self.folder.join(&id)) else { continue };
            let address = match &settings.store {
                StoreSettings::Team(team) => Some(team.address.clone()),
                StoreSettings::ThisComputer | StoreSettings::Bucket(_) => None,
            };
            let (store, bucket, is_shown) = (settings.store.kind(), settings.store.bucket(), id == shown);
            workspaces.push(WorkspaceEntry { id, name: settings.name, store, bucket, address, shown: is_shown });
        }
        workspaces.sort_by_key(|entry| (entry.id != LOCAL, entry.name.to_lowercase()));
        Ok(WorkspaceList { workspaces })
    }

    /// Shows another one. What is being sent goes on.
    ///
    /// # Errors
    /// [`ErrorCode::NotFound`], [`ErrorCode::Storage`] when it does not open.
    pub async fn show(&self, id: &str) -> Result<(), AppError> {
        self.must_be_known(id)?;
        let connection = self.connection(id).await.map_err(does_not_open)?;
        self.set_shown(id);
        if let Err(error) = std::fs::write(self.folder.join(SHOWN_FILE), id) {
            // The next start shows the one of before.
            tracing::warn!(%error, "which workspace is shown was not written down");
        }
        connection
            .with(async |workspace| {
                workspace.window_is_ready();
                Ok(())
            })
            .await?;
        self.say_that_all_changed();
        Ok(())
    }

    pub(super) fn say_that_all_changed(&self) {
        let tags = vec![CacheTag::Workspace, CacheTag::Courses, CacheTag::Assets, CacheTag::Uploads];
        (self.opening.events)(AppEvent::Changed { tags });
    }

    /// # Errors
    /// [`ErrorCode::NotFound`]
    pub(super) fn must_be_known(&self, id: &str) -> Result<(), AppError> {
        let known = self.ids().unwrap_or_default();
        let gone = || AppError::new(ErrorCode::NotFound, "there is no such workspace");
        known.iter().any(|one| one == id).then_some(()).ok_or_else(gone)
    }

    /// Joins a team with a one-time code, and shows its workspace.
    ///
    /// # Errors
    /// [`ErrorCode::Storage`] when the workspace cannot be made. What is wrong with code or address is an answer.
    pub async fn join(&self, args: JoinArguments) -> Result<JoinAnswer, AppError> {
        let refused = |problem| Ok(JoinAnswer::Refused { problem });
        let Some(host) = host_of(&args.address) else {
            return refused(JoinProblem::Address {
                detail: "an address looks like https://lectern.example.edu".into(),
            });
        };
        let name = names::clean(&args.name).unwrap_or_else(|| host.clone());
        let id = self.free_id(&host);
        let device_name = names::clean(&args.computer).unwrap_or_else(computer_name);
        let request = PairRequest { code: args.code, device_name };
        let (folder, line) = (self.folder.join(&id), &self.opening.line);
        match join(&folder, &name, &args.address, &request, line, &self.opening.keys).await {
            Ok((kept, _)) => {
                self.show(&id).await?;
                Ok(JoinAnswer::Joined { in_keychain: kept == super::Kept::Keychain })
            }
            Err(JoinError::Address(error)) => refused(JoinProblem::Address { detail: error.to_string() }),
            Err(JoinError::Code) => refused(JoinProblem::Code),
            Err(JoinError::TooMany) => refused(JoinProblem::TooMany),
            Err(JoinError::Server(error)) => refused(JoinProblem::Server { detail: error.to_string() }),
            Err(error @ (JoinError::Exists | JoinError::Settings(_) | JoinError::Folder(_))) => {
                Err(AppError::new(ErrorCode::Storage, error.to_string()))
            }
        }
    }

    /// Stops everything.
    pub async fn close(&self) {
        let cells = std::mem::take(&mut *self.open.lock().unwrap_or_else(PoisonError::into_inner));
        let open = cells.values().filter_map(|cell| cell.get());
        futures::future::join_all(open.map(|connection| connection.close())).await;
    }

    pub(super) async fn connection(&self, id: &str) -> Result<Arc<StoreConnection>, OpenError> {
        let _through = self.gate.read().await;
        let cell = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.entry(id.to_owned()).or_default().clone()
        };
        let opened = cell.get_or_try_init(async || {
            // Whoever asks late for one that was removed must not make another one in its place.
            if id != LOCAL && !Settings::is_in(&self.folder.join(id)) {
                return Err(OpenError::Folder(io::ErrorKind::NotFound.into()));
            }
            let opening = Opening { events: self.sink(id), ..self.opening.clone() };
            let mut connection = StoreConnection::open(&self.folder.join(id), opening).await?;
            if let Some(b2) = &self.b2 {
                connection = connection.with_b2_at(b2.clone());
            }
            let connection = Arc::new(connection);
            if !self.opening.idle {
                tokio::spawn(backups::keep(Arc::downgrade(&connection)));
            }
            Ok::<_, OpenError>(connection)
        });
        opened.await.cloned()
    }

    /// The one that is open, which nobody finds from now on.
    pub(super) fn forget_open(&self, id: &str) -> Option<Arc<StoreConnection>> {
        let cell = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        cell.and_then(|cell| cell.get().cloned())
    }

    fn sink(&self, id: &str) -> EventSink {
        let (own, window) = ((self.listeners)(), self.opening.events.clone());
        let (shown, id) = (self.shown.clone(), id.to_owned());
        Arc::new(move |event: AppEvent| {
            own(event.clone());
            if *shown.read().unwrap_or_else(PoisonError::into_inner) == id {
                window(event);
            }
        })
    }

    pub(super) fn shown_id(&self) -> String {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set_shown(&self, id: &str) {
        id.clone_into(&mut self.shown.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// Folders that have a workspace.
    fn ids(&self) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let entry = entry?;
            if Settings::is_in(&entry.path())
                && let Ok(id) = entry.file_name().into_string()
            {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// After the server's host, as the command line takes names too.
    fn free_id(&self, host: &str) -> String {
        let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let base: String = host.chars().map(fits).take(ID_MAX).collect();
        let is_free = |id: &String| !Settings::is_in(&self.folder.join(id));
        let mut numbered = (2..).map(|number: u32| format!("{base}-{number}"));
        if is_free(&base) { base } else { numbered.find(is_free).unwrap_or_default() }
    }
}

fn host_of(address: &str) -> Option<String> {
    Url::parse(address.trim()).ok()?.host_str().map(str::to_owned)
}

pub(super) fn does_not_open(error: OpenError) -> AppError {
    storage(&error)
}

pub(super) fn storage(error: &impl ToString) -> AppError {
    AppError::new(ErrorCode::Storage, error.to_string())
}
