//! When the line is ours: what people dropped goes first, and nothing goes while they teach.

use crate::uploads::Uploads;
use lectern_shared::upload::{UploadSnapshot, UploadState};
use std::time::Duration;

/// How often is looked: a hold must be felt within two seconds.
const LOOK: Duration = Duration::from_millis(500);

pub(super) struct Turn(pub(super) Uploads);

impl Turn {
    pub(super) async fn comes(&self) {
        while self.is_held() || self.is_busy() {
            tokio::time::sleep(LOOK).await;
        }
    }

    pub(super) async fn is_over(&self) {
        while !self.is_held() {
            tokio::time::sleep(LOOK).await;
        }
    }

    fn is_held(&self) -> bool {
        self.0.list().totals.hold.is_some()
    }

    /// One that waits for something does not need the line.
    fn is_busy(&self) -> bool {
        let is_sending = |upload: &UploadSnapshot| {
            let UploadSnapshot { state, cause, .. } = upload;
            cause.is_none() && !matches!(state, UploadState::Paused | UploadState::Ready | UploadState::Failed)
        };
        self.0.list().uploads.iter().any(is_sending)
    }
}
