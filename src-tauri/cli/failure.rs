//! Why the program ends with something else than 0.

use lectern_engine::workspace::{KeychainError, OpenError, SettingsError};
use lectern_server::object_store::b2::KeyProblem;
use lectern_shared::error::AppError;
use serde_json::json;
use std::process::ExitCode;

#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error("{0}")]
    Settings(#[from] SettingsError),
    #[error("{0}")]
    App(#[from] AppError),
    #[error("{0}")]
    Keychain(#[from] KeychainError),
    #[error("there is no workspace {0:?}; `lectern-cli workspace list` names them")]
    NoWorkspace(String),
    #[error("{0:?} cannot be the name of a workspace: letters, digits, - and _, at most 64")]
    BadName(String),
    #[error("there is a workspace {0:?} already")]
    Exists(String),
    #[error("the system names no folder for app data: give --data-dir")]
    NoDataFolder,
    #[error("{0} has no id and key on a line each")]
    BadCredentials(String),
    #[error("set LECTERN_STORE_KEY_ID and LECTERN_STORE_KEY, or LECTERN_STORE_CREDENTIALS, and try again")]
    NoKey,
    #[error("{0}")]
    Key(#[from] KeyProblem),
    #[error("this key is bound to the bucket {0:?}")]
    OtherBucket(String),
    #[error("this key is for all buckets: name one with --bucket")]
    NoBucket,
    #[error("the store does not pass: {0}")]
    Check(String),
    /// Said in words already.
    #[error("not sent: {0}")]
    NotAll(usize),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoBucket | Self::OtherBucket(_) | Self::BadName(_) | Self::NoWorkspace(_) | Self::Exists(_) => {
                ExitCode::from(2)
            }
            Self::Open(OpenError::InUse) => ExitCode::from(3),
            Self::Open(OpenError::KeyMissing | OpenError::Keychain(_))
            | Self::Keychain(_)
            | Self::Key(_)
            | Self::NoKey
            | Self::BadCredentials(_)
            | Self::Check(_) => ExitCode::from(4),
            _ => ExitCode::FAILURE,
        }
    }

    pub fn say(&self, json: bool) {
        if json {
            // Its numbers are in the object that was printed already.
            if matches!(self, Self::NotAll(_)) {
                return;
            }
            println!("{}", json!({ "error": self.to_string() }));
        } else {
            eprintln!("lectern-cli: {self}");
        }
    }
}
