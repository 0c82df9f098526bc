//! What a job hears and says.

use super::PartProof;
use crate::uploads::parts::Plan;
use crate::uploads::seam::Announced;
use crate::uploads::source::{SourceFacts, SourceProblem};
use lectern_shared::protocol::{PartUrl, StoredPart};
use lectern_shared::upload::Cause;
use std::time::Duration;

/// One step beside the parts; a job does one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `fresh`: take the store's side away first.
    Open {
        fresh: bool,
    },
    Urls {
        parts: Vec<u32>,
    },
    Rehash,
    Complete,
}

#[derive(Debug)]
pub enum Event {
    Announced(Announced),
    /// The store has the checked object, of this size.
    FoundReady {
        bytes: u64,
    },
    Opened {
        plan: Plan,
        upload_id: Option<String>,
        stored: Vec<StoredPart>,
        /// Of a file of one PUT.
        url: Option<PartUrl>,
    },
    Urls(Vec<PartUrl>),
    /// The file's bytes are the ones that were sent.
    SameContent(SourceFacts),
    OtherContent(SourceFacts),
    Completed,
    StepFailed(StepFailure),
    PartEnded {
        part: u32,
        end: PartEnd,
    },
    Pause,
    Resume,
    Retry,
    /// Something may be back: no more waiting.
    Nudge,
    /// The file is there again, or was shown by the user at another place.
    SourceBack,
    /// Nothing writes into the file any more, which is now like this.
    SourceRests(SourceFacts),
}

/// Who could not be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remote {
    Server,
    Store,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepFailure {
    /// Costs no try: a gate decides when to go on.
    Unreachable(Remote),
    Transient(String),
    /// Only the user can help.
    NeedsUser(Cause),
    UploadGone,
    Corrupted(String),
    Refused(String),
    Source(SourceProblem),
    Touched(SourceFacts),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartEnd {
    Confirmed(PartProof),
    /// The store's ETag is not the MD5 of what was sent.
    Mismatch,
    /// The signature was not taken.
    Expired {
        code: String,
    },
    Transient {
        detail: String,
        retry_after: Option<Duration>,
        answered: bool,
        slow_down: bool,
    },
    Unreachable,
    UploadGone,
    NoSpace,
    CapReached,
    Refused(String),
    Source(SourceProblem),
    Touched(SourceFacts),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Attempts in flight are void.
    DropAttempts,
    /// The running step's result is not wanted any more.
    DropStep,
    ForgetParts(Option<Vec<u32>>),
    KeepFacts(SourceFacts),
    /// Tell journal and catalogue.
    Failed(Cause),
    /// It goes on: take the failure back.
    Revived,
    /// What the journal knows is of another file.
    Anew,
}
