//! Who is let in to a team's server, and what they may do there. Changing a type here changes the wire.

use crate::Millis;
use crate::ids::{DeviceId, UserId};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How long an access token is good for. The device's own token makes another one.
pub const ACCESS_SECONDS: u64 = 15 * 60;
/// How long a code for one's own second computer is good for.
pub const DEVICE_CODE_SECONDS: u64 = 15 * 60;
/// How long an invitation is good for.
pub const INVITATION_SECONDS: u64 = 7 * 24 * 60 * 60;
/// Most bytes of a person's or a device's name.
pub const NAME_BYTES_MAX: usize = 200;

/// What a person may do in a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Edits.
    Editor,
    /// Edits, deletes the course, and says who is in it. A course has one at least.
    Owner,
}

impl Role {
    /// Its name in tables and on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }

    /// Least rights for a name that is not known.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "owner" => Self::Owner,
            "editor" => Self::Editor,
            _ => Self::Viewer,
        }
    }
}

/// `POST /v1/pair`: a one-time code for a device's token. Answered with [`Paired`].
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PairRequest {
    /// As it was shown; spaces, hyphens and case do not matter.
    pub code: String,
    /// What people call this computer.
    pub device_name: String,
}

/// The token is shown once: the server keeps its hash.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Paired {
    pub device: DeviceId,
    pub device_token: String,
    pub user: UserId,
    pub name: String,
}

/// `POST /v1/token`, with the device's token as bearer.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AccessToken {
    pub access_token: String,
    pub seconds: u64,
}

/// `GET /v1/me`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    pub user: UserId,
    pub name: String,
    pub email: Option<String>,
    /// May invite people.
    pub admin: bool,
    pub devices: Vec<Device>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Device {
    pub id: DeviceId,
    pub name: String,
    pub created_at: Millis,
    pub last_seen: Millis,
    /// The one that asks.
    pub is_this: bool,
}

/// `POST /v1/people`, for admins. Inviting somebody who is there makes a code for another computer of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Invite {
    pub email: String,
    /// The part of the address before the @ unless given.
    #[serde(default)]
    pub name: Option<String>,
}

/// The answer to an invitation and to `POST /v1/devices/code`. The code is shown once.
#[derive(Clone, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OneTimeCode {
    pub code: String,
    pub expires_at: Millis,
}

/// `GET /v1/courses/{course}/members`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Members {
    pub members: Vec<Member>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    pub user: UserId,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
}

/// `PUT /v1/courses/{course}/members`, for owners.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetMember {
    pub who: Who,
    pub role: Role,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Who {
    User(UserId),
    Email(String),
}
