//! Why the program ends with something else than 0.

use lectern_engine::workspace::control::ClientError;
use lectern_engine::workspace::{BackupFailure, JoinError, KeychainError, OpenError, SettingsError};
use lectern_shared::connect::ConnectProblem;
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
    There(#[from] ClientError),
    #[error("{0}")]
    Keychain(#[from] KeychainError),
    #[error("not joined: {0}")]
    Join(#[from] JoinError),
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
    #[error("this key is for all buckets: name one with --bucket {}", .0.join(", "))]
    NoBucket(Vec<String>),
    #[error("the store does not pass: {}", words(.0))]
    Store(ConnectProblem),
    #[error("no workspace lies in this bucket, or not below this prefix")]
    NothingThere,
    #[error("several workspaces lie there: choose one with --owner {}", .0.join(", or "))]
    SeveralThere(Vec<String>),
    #[error("not opened: {0}")]
    Copy(#[from] BackupFailure),
    /// Said in words already.
    #[error("not sent: {0}")]
    NotAll(usize),
}

impl Failure {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoBucket(_)
            | Self::Store(ConnectProblem::OtherBucket { .. } | ConnectProblem::InvalidEndpoint)
            | Self::BadName(_)
            | Self::NoWorkspace(_)
            | Self::Join(JoinError::Exists | JoinError::Address(_))
            | Self::NothingThere
            | Self::SeveralThere(_)
            | Self::Exists(_) => ExitCode::from(2),
            Self::Open(OpenError::InUse) | Self::There(_) => ExitCode::from(3),
            Self::Join(JoinError::Code | JoinError::TooMany)
            | Self::Keychain(_)
            | Self::NoKey
            | Self::BadCredentials(_)
            | Self::Store(_) => ExitCode::from(4),
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

/// The window has words of its own.
fn words(problem: &ConnectProblem) -> String {
    let text = match problem {
        ConnectProblem::UnknownKey => "it does not know this key: mistyped, expired or deleted",
        ConnectProblem::MasterKey => "this is the account's master key, which S3 does not take",
        ConnectProblem::LacksCapabilities { names } => return format!("this key lacks {}", names.join(", ")),
        ConnectProblem::BucketGone => "the bucket this key was made for has been deleted",
        ConnectProblem::OtherBucket { bucket } => return format!("this key is bound to the bucket {bucket:?}"),
        ConnectProblem::NoSuchBucket => "there is no such bucket",
        ConnectProblem::CapReached => "the account's daily cap is used up",
        ConnectProblem::Unreachable { detail } => return format!("it does not answer: {detail}"),
        ConnectProblem::NotBackblaze { detail } => return format!("what answers is not Backblaze: {detail}"),
        ConnectProblem::InvalidEndpoint => "its endpoint must be an https:// address",
        ConnectProblem::CannotWrite { detail } => return format!("it cannot be written to: {detail}"),
        ConnectProblem::CannotList { detail } => return format!("uploads cannot be listed or ended: {detail}"),
        ConnectProblem::CannotRead { detail } => return format!("what was written cannot be read: {detail}"),
        ConnectProblem::CannotDelete { detail } => return format!("what was written cannot be deleted: {detail}"),
        ConnectProblem::OtherEtag => "its ETag is not the MD5 of the bytes",
        ConnectProblem::AlreadyConnected { bucket } => return format!("the workspace has the bucket {bucket:?}"),
    };
    text.to_owned()
}
