//! What the window asks about a team's people and devices, and about leaving a workspace.

use crate::access::{Role, Who};
use crate::ids::{CourseId, DeviceId, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct DeviceArguments {
    pub device: DeviceId,
}

/// Takes somebody into a course, or gives them another role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct MemberArguments {
    pub course: CourseId,
    pub who: Who,
    pub role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MemberAnswer {
    Done,
    /// Nobody on this server has the address: they are to be invited first.
    Nobody,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RemoveMemberArguments {
    pub course: CourseId,
    pub user: UserId,
}

/// A new code for the workspace that is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct SignInArguments {
    pub code: String,
    /// What people call this computer; empty: as the system knows it.
    pub computer: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct WorkspaceArguments {
    pub id: String,
}

/// What is on this computer and nowhere else, of one workspace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Losses {
    /// That a team's server has not confirmed. In other workspaces edits go with their courses.
    pub edits: u32,
    /// That are not ready, paused ones included.
    pub uploads: u32,
    /// Of a workspace without a team: they are kept on this computer alone, also with a bucket.
    pub courses: u32,
    /// Finished files that no bucket has.
    pub files: u32,
    /// Of those files.
    pub bytes: u64,
}

impl Losses {
    /// Whether somebody who agreed to lose `said` has agreed to lose this.
    #[must_use]
    pub fn is_within(&self, said: &Self) -> bool {
        self.edits <= said.edits
            && self.uploads <= said.uploads
            && self.courses <= said.courses
            && self.files <= said.files
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct RemoveArguments {
    pub id: String,
    /// What the person was told and has said yes to.
    pub agreed: Losses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RemoveAnswer {
    Removed {
        /// False: a team's server could not be told, and goes on letting this computer's token in.
        server_told: bool,
    },
    /// There is more to lose than the person was told. Nothing was done.
    Grown { losses: Losses },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_covers_what_was_said_and_less_and_nothing_more() {
        let said = Losses { edits: 3, uploads: 1, courses: 2, files: 4, bytes: 10 };
        assert!(said.is_within(&said));
        assert!(Losses::default().is_within(&said));
        for more in [
            Losses { edits: 4, ..said },
            Losses { uploads: 2, ..said },
            Losses { courses: 3, ..said },
            Losses { files: 5, ..said },
        ] {
            assert!(!more.is_within(&said), "{more:?}");
        }
    }
}
