//! Finds a workspace's folder and its key, and opens it.

use crate::arguments::Arguments;
use crate::failure::Failure;
use lectern_engine::EventSink;
use lectern_engine::remote::Line;
use lectern_engine::workspace::{KeyRing, LocalWorkspace, Opening, Settings, StoreKey, StoreSettings};
use std::path::PathBuf;

/// The app's own identifier, so that both find the same folder.
const IDENTIFIER: &str = "app.lectern.desktop";
const NAME_MAX: usize = 64;

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

pub async fn open(arguments: &Arguments, events: EventSink, idle: bool) -> Result<LocalWorkspace, Failure> {
    let folder = folder(arguments, &arguments.workspace)?;
    let keys = KeyRing::default();
    match Settings::read(&folder)? {
        Some(settings) => {
            if let StoreSettings::Bucket(_) = &settings.store {
                match key_from_outside()? {
                    Some(key) => keys.lend(settings.user, key),
                    // The window waits for a key; who calls this program waits for an exit code.
                    None => drop(keys.key(settings.user).await?.ok_or(Failure::NoKey)?),
                }
            }
        }
        // The app makes this one at its first start, and so do we.
        None if arguments.workspace == "local" => {}
        None => return Err(Failure::NoWorkspace(arguments.workspace.clone())),
    }
    let prober = std::env::current_exe()?;
    let opening = Opening { prober, line: Line::default(), events, keys, idle };
    Ok(LocalWorkspace::open_as(&folder, opening).await?)
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
