//! Finds a workspace's folder and its key, and whoever has its engine: this program, or another one.

use crate::arguments::Arguments;
use crate::failure::Failure;
use lectern_engine::EventSink;
use lectern_engine::remote::Line;
use lectern_engine::workspace::control::{Client, Reply, Request};
use lectern_engine::workspace::{
    KeyRing, OpenError, Opening, Settings, StoreConnection, StoreKey, StoreSettings, team_key,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

/// The app's own identifier, so that both find the same folder.
const IDENTIFIER: &str = "app.lectern.desktop";
const NAME_MAX: usize = 64;
/// Who has the lock may be about to listen, or about to end.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(100);
/// Looks at a queue this often: at the own one if nothing rings before, at another program's.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const ASK_EVERY: Duration = Duration::from_millis(500);

/// The one engine of a workspace.
pub enum Engine {
    Here {
        open: Box<StoreConnection>,
        news: Arc<Notify>,
    },
    /// In the window, or in another run of this program.
    There(Mutex<Client>),
}

impl Engine {
    /// `idle`: to look and not to send.
    pub async fn reach(arguments: &Arguments, idle: bool) -> Result<Self, Failure> {
        let folder = folder(arguments, &arguments.workspace)?;
        let mut tries = 0;
        loop {
            if let Some(client) = Client::connect(&folder).await {
                return Ok(Self::There(Mutex::new(client)));
            }
            let news = Arc::new(Notify::new());
            let bell = news.clone();
            match open(arguments, &folder, Arc::new(move |_| bell.notify_one()), idle).await {
                Ok(open) => return Ok(Self::Here { open: Box::new(open), news }),
                Err(Failure::Open(OpenError::InUse)) if tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(BETWEEN_TRIES).await;
                }
                Err(failure) => return Err(failure),
            }
        }
    }

    pub async fn ask(&self, request: Request) -> Result<Reply, Failure> {
        let reply = match self {
            Self::Here { open, .. } => open.with(async |workspace| Ok(workspace.answer_to(request).await)).await?,
            Self::There(client) => client.lock().await.ask(&request).await?,
        };
        match reply {
            Reply::Failed(error) => Err(error.into()),
            reply => Ok(reply),
        }
    }

    /// Until there may be something to see.
    pub async fn news(&self) {
        match self {
            // Every event rings; the clock is for what changes without one.
            Self::Here { news, .. } => drop(tokio::time::timeout(LOOK_EVERY, news.notified()).await),
            Self::There(_) => tokio::time::sleep(ASK_EVERY).await,
        }
    }

    /// What was begun is flushed, and the next run goes on from there. A bucket gets a copy of what was changed.
    pub async fn close(self) {
        if let Self::Here { open, .. } = self {
            open.close().await;
        }
    }
}

/// Where the workspaces are: each in a folder of its name.
pub fn data_folder(arguments: &Arguments) -> Result<PathBuf, Failure> {
    if let Some(folder) = &arguments.data_dir {
        return Ok(folder.clone());
    }
    let base = directories::BaseDirs::new().ok_or(Failure::NoDataFolder)?;
    Ok(base.data_local_dir().join(IDENTIFIER).join("workspaces"))
}

/// The folder of the workspace named on the command line, which need not be there.
pub fn folder(arguments: &Arguments, name: &str) -> Result<PathBuf, Failure> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || name.len() > NAME_MAX || !name.chars().all(fits) {
        return Err(Failure::BadName(name.to_owned()));
    }
    Ok(data_folder(arguments)?.join(name))
}

async fn open(arguments: &Arguments, folder: &Path, events: EventSink, idle: bool) -> Result<StoreConnection, Failure> {
    let keys = KeyRing::default();
    match Settings::read(folder)? {
        Some(settings) => {
            let brought = match &settings.store {
                StoreSettings::ThisComputer => None,
                StoreSettings::Bucket(_) => Some(key_from_outside()?),
                StoreSettings::Team(_) => Some(token_from_outside()?),
            };
            match brought {
                Some(Some(key)) => keys.lend(settings.key_name(), key),
                // The window waits for a key; who calls this program waits for an exit code.
                Some(None) => drop(keys.key(settings.key_name()).await?.ok_or(Failure::NoKey)?),
                None => {}
            }
        }
        // The app makes this one at its first start, and so do we.
        None if arguments.workspace == "local" => {}
        None => return Err(Failure::NoWorkspace(arguments.workspace.clone())),
    }
    let prober = std::env::current_exe()?;
    let opening = Opening { prober, line: Line::default(), events, keys, idle };
    Ok(StoreConnection::open(folder, opening).await?)
}

/// The token of this computer, from the environment or a file; none when neither is named.
fn token_from_outside() -> Result<Option<StoreKey>, Failure> {
    let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(token) = text("LECTERN_DEVICE_TOKEN") {
        return Ok(Some(team_key(token)));
    }
    let Some(file) = text("LECTERN_DEVICE_TOKEN_FILE") else { return Ok(None) };
    Ok(Some(team_key(std::fs::read_to_string(&file)?.trim().to_owned())))
}

/// The key of the environment, or of the credentials file that it names.
pub fn key_from_outside() -> Result<Option<StoreKey>, Failure> {
    let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let (Some(id), Some(secret)) = (text("LECTERN_STORE_KEY_ID"), text("LECTERN_STORE_KEY")) {
        return Ok(Some(StoreKey { id, secret }));
    }
    let Some(file) = text("LECTERN_STORE_CREDENTIALS") else { return Ok(None) };
    let content = std::fs::read_to_string(&file)?;
    let mut lines = content.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next()) {
        (Some(id), Some(secret)) => Ok(Some(StoreKey { id: id.to_owned(), secret: secret.to_owned() })),
        _ => Err(Failure::BadCredentials(file)),
    }
}
