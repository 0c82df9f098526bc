//! The one stream of events to the window. Events say what happened, not what the window should do.

use crate::change::CacheTag;
use crate::ids::{AssetId, DropId};
use crate::protocol::ColleagueProgress;
use crate::upload::{UploadSnapshot, UploadTotals};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AppEvent {
    /// Rows behind these tags changed: reads that provide them are stale.
    Changed {
        tags: Vec<CacheTag>,
    },
    /// At most ten a second, all uploads that moved.
    Progress {
        snapshots: Vec<UploadSnapshot>,
        totals: UploadTotals,
    },
    /// How far somebody else is with a piece of work, or oneself on another device. Without news for a while it is over.
    Elsewhere {
        progress: ColleagueProgress,
    },
    /// Files from the file manager are over the window. CSS pixels from its top left corner.
    DragOver {
        x: f64,
        y: f64,
        files: u32,
    },
    DragLeft,
    /// Files were dropped on the window: `accept_drop` says where they go.
    Dropped {
        drop: DropId,
        x: f64,
        y: f64,
        files: u32,
    },
    /// Files were opened with Lectern, in the file manager or at its start: `accept_drop` takes them to the library.
    Opened {
        drop: DropId,
        files: u32,
    },
    /// The window is asked to draw a poster frame of a local video and hand it to `save_poster`.
    PosterWanted {
        asset: AssetId,
        media_url: String,
    },
}
