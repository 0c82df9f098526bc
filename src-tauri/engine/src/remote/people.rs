//! A team's people, their devices and who is in a course: calls that only a team's server answers.

use super::RemoteError;
use super::rest::{Transport as _, json, parse};
use super::team::TeamServer;
use http::Method;
use lectern_shared::access::{Invite, Me, Members, OneTimeCode, SetMember};
use lectern_shared::ids::{CourseId, DeviceId, UserId};

impl TeamServer {
    /// Who this device is of, and their devices.
    ///
    /// # Errors
    /// As every call.
    pub async fn me(&self) -> Result<Me, RemoteError> {
        parse(&self.0.call(Method::GET, "/v1/me", None).await?)
    }

    /// A code for the person's next computer.
    ///
    /// # Errors
    /// As every call.
    pub async fn device_code(&self) -> Result<OneTimeCode, RemoteError> {
        parse(&self.0.call(Method::POST, "/v1/devices/code", None).await?)
    }

    /// Locks a device of the person out.
    ///
    /// # Errors
    /// `NotFound` when it is not theirs, or not let in any more.
    pub async fn revoke_device(&self, device: DeviceId) -> Result<(), RemoteError> {
        self.0.call(Method::DELETE, &format!("/v1/devices/{device}"), None).await.map(drop)
    }

    /// A code for somebody new.
    ///
    /// # Errors
    /// `Forbidden` unless this person may invite, and for somebody who has a computer here already.
    pub async fn invite(&self, invite: &Invite) -> Result<OneTimeCode, RemoteError> {
        self.post("/v1/people", invite).await
    }

    /// # Errors
    /// `NotFound` for a course the person is not in.
    pub async fn members(&self, course: CourseId) -> Result<Members, RemoteError> {
        parse(&self.0.call(Method::GET, &format!("/v1/courses/{course}/members"), None).await?)
    }

    /// # Errors
    /// `Forbidden` unless this person owns the course, and for the last owner; `NotFound` for an address nobody has.
    pub async fn set_member(&self, course: CourseId, member: &SetMember) -> Result<(), RemoteError> {
        let path = format!("/v1/courses/{course}/members");
        self.0.call(Method::PUT, &path, Some(json(member)?)).await.map(drop)
    }

    /// # Errors
    /// As [`TeamServer::set_member`]; everybody may take themselves out.
    pub async fn remove_member(&self, course: CourseId, user: UserId) -> Result<(), RemoteError> {
        self.0.call(Method::DELETE, &format!("/v1/courses/{course}/members/{user}"), None).await.map(drop)
    }
}
