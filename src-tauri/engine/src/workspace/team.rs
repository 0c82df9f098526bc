//! Joining a team: a one-time code becomes this computer's token and a workspace of the team's server.

use super::keys::{Kept, KeyRing, StoreKey};
use super::settings::{Settings, SettingsError, StoreSettings, TeamSettings};
use crate::remote::team::{DeviceToken, TeamError, pair};
use crate::remote::{Line, RemoteError};
use lectern_shared::SCHEMA;
use lectern_shared::access::{PairRequest, Paired};
use lectern_shared::ids::UserId;
use lectern_shared::protocol::{Problem, ProblemCode};
use std::io;
use std::path::Path;

/// What the keychain calls the token's first half: tokens have none.
const TOKEN_ID: &str = "device";

/// What people call this computer, as the system knows it.
#[must_use]
pub fn computer_name() -> String {
    let named = std::env::var("HOSTNAME").or_else(|_| std::env::var("COMPUTERNAME"));
    named
        .or_else(|_| std::fs::read_to_string("/etc/hostname"))
        .map_or_else(|_| "A computer".to_owned(), |name| name.trim().to_owned())
}

/// A device's token as keychains keep it.
#[must_use]
pub fn team_key(token: String) -> StoreKey {
    StoreKey { id: TOKEN_ID.to_owned(), secret: token }
}

#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    #[error("there is a workspace of this name already")]
    Exists,
    #[error("{0}")]
    Address(TeamError),
    /// The code was not right, was used, or has ended.
    #[error("this code is not good, or not any more: ask for another one")]
    Code,
    #[error("too many wrong codes were tried there: wait a minute")]
    TooMany,
    #[error("{0}")]
    Server(RemoteError),
    #[error("{0}")]
    Settings(#[from] SettingsError),
    #[error("the workspace's folder cannot be made: {0}")]
    Folder(#[from] io::Error),
}

impl From<TeamError> for JoinError {
    fn from(error: TeamError) -> Self {
        match error {
            TeamError::Remote(RemoteError::Problem(Problem { code: ProblemCode::NotFound, .. })) => Self::Code,
            TeamError::Remote(RemoteError::Problem(Problem { code: ProblemCode::TooMany, .. })) => Self::TooMany,
            TeamError::Remote(error) => Self::Server(error),
            address => Self::Address(address),
        }
    }
}

/// Makes the workspace in `folder`, and keeps the token. A code is good once: what can fail here is tried before it is used.
///
/// # Errors
/// See [`JoinError`].
pub async fn join(
    folder: &Path,
    name: &str,
    address: &str,
    request: &PairRequest,
    line: &Line,
    keys: &KeyRing,
) -> Result<(Kept, DeviceToken), JoinError> {
    if Settings::read(folder)?.is_some() {
        return Err(JoinError::Exists);
    }
    super::private_folder(folder)?;
    let Paired { device_token, user, .. } = pair(address, request, &line.roots).await?;
    let token = UserId::new();
    let store = StoreSettings::Team(TeamSettings { address: address.trim().to_owned(), token });
    let kept = keys.keep(token, team_key(device_token.clone())).await;
    Settings { schema: SCHEMA, name: name.to_owned(), user, store }.write(folder)?;
    Ok((kept, DeviceToken(device_token)))
}
