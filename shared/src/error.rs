//! What crosses to the window when a command fails.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A code only where the window branches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The row is not there (any more).
    NotFound,
    /// The edit would break a rule: an empty title, a deleted parent, an asset in use.
    Rejected,
    /// The input is out of its limits.
    Invalid,
    /// The disk or the database failed.
    Storage,
    /// A fault of ours.
    Internal,
    /// Only the team's server can answer this, and it does not answer now.
    Offline,
    /// The team's server does not let this computer in any more.
    SignedOut,
    /// This workspace has no team: there is nobody to ask about people and devices.
    NoTeam,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, TS)]
#[error("{message}")]
pub struct AppError {
    pub code: ErrorCode,
    /// One sentence for a person, without paths, keys or URLs.
    pub message: String,
    /// Whether the same call can work later.
    pub retry: bool,
}

impl AppError {
    #[must_use]
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry: matches!(code, ErrorCode::Storage | ErrorCode::Internal | ErrorCode::Offline),
        }
    }
}
