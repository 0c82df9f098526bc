//! Why a window test could not go on, in words that lead to the cause.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub type Result<T = ()> = std::result::Result<T, Failure>;

#[derive(thiserror::Error)]
pub enum Failure {
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("{program} did not start: {reason} (`cargo xtask setup` installs what is needed)")]
    NotStarted { program: String, reason: String },
    #[error("WebDriver: {0}")]
    WebDriver(String),
    #[error("X11: {0}")]
    X11(String),
    #[error("{what} ended with {status}: {output}")]
    Ended { what: String, status: String, output: String },
    /// A condition of the page did not come true.
    #[error("after {waited:?}: {what}\n{evidence}")]
    NeverHappened { what: String, waited: Duration, evidence: String },
    #[error("the drop was not taken: {0}")]
    DropRefused(String),
    #[error("store: {0}")]
    Store(String),
    #[error("no {0}")]
    Missing(PathBuf),
}

/// `cargo test` prints the error of a test with `Debug`: the words are what a reader needs there.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Failure {
    /// For `map_err`: an I/O error with what was being done.
    pub fn io(what: impl fmt::Display) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.to_string();
        move |source| Self::Io { what, source }
    }

    /// Whatever the X server's connection says.
    pub fn x11(error: impl fmt::Display) -> Self {
        Self::X11(error.to_string())
    }
}

impl From<fantoccini::error::CmdError> for Failure {
    fn from(error: fantoccini::error::CmdError) -> Self {
        Self::WebDriver(error.to_string())
    }
}
