//! Who is in which course, changed by those who may and tried by those who may not, over the routes of a team.

use super::hosted::Tables;
use super::{Failure, World, one_of};
use http::Method;
use lectern_engine::remote::RemoteError;
use lectern_shared::access::{Role, SetMember, Who};
use lectern_shared::ids::{CourseId, UserId};
use lectern_shared::protocol::ProblemCode;
use rand::Rng as _;

impl World {
    /// Somebody gives somebody a role in a course, another one, or none any more.
    pub(super) async fn change_members(&mut self) -> Result<(), Failure> {
        let Some(course) = self.known.course(&mut self.random) else { return Ok(()) };
        // Mostly by an owner, else nothing would ever be shared.
        let owners = self.hosted.door.tables().owners(course)?;
        let of_owners = (0..self.devices.len()).filter(|device| owners.contains(&self.devices[*device].line.user()));
        let of_owners: Vec<usize> = of_owners.collect();
        let any = self.random.random_range(..self.devices.len());
        let by_owner = if self.random.random_range(0..5) > 0 { one_of(&mut self.random, &of_owners) } else { None };
        let device = by_owner.copied().unwrap_or(any);
        let whom = self.random.random_range(..self.people.len());
        let role = match self.random.random_range(0..10) {
            0..2 => Some(Role::Viewer),
            2..6 => Some(Role::Editor),
            6..8 => Some(Role::Owner),
            _ => None,
        };
        self.set_member(device, course, whom, role).await
    }

    pub(super) async fn set_member(
        &mut self,
        device: usize,
        course: CourseId,
        whom: usize,
        role: Option<Role>,
    ) -> Result<(), Failure> {
        if !self.devices[device].online {
            return Ok(());
        }
        let (line, user) = (self.devices[device].line.clone(), self.people[whom].user);
        let wanted = allowed(&self.hosted.door.tables(), course, line.user(), user, role)?;
        let path = format!("/v1/courses/{course}/members");
        let answer: Result<(), RemoteError> = match role {
            Some(role) => line.call(Method::PUT, &path, &SetMember { who: Who::User(user), role }).await,
            None => line.call(Method::DELETE, &format!("{path}/{user}"), &()).await,
        };
        let found = match &answer {
            Ok(()) => 204,
            // Of this computer, and not of what it asked for.
            Err(RemoteError::Problem(problem)) if problem.code == ProblemCode::Unauthenticated => return Ok(()),
            Err(RemoteError::Problem(problem)) => problem.code.status(),
            Err(RemoteError::Unreachable(_)) => 0,
        };
        self.say(format!("{device} makes {whom} {role:?} of {course}: {found}"));
        if found != wanted {
            return Err(format!("a change of members was answered {found} and not {wanted}").into());
        }
        let now = self.hosted.door.tables().role(course, user)?;
        if found == 204 && now != role {
            return Err(format!("{now:?} where {role:?} was given").into());
        }
        Ok(())
    }
}

/// What the rules say: of somebody else's course nothing is known, owners say who is in it, everybody may leave, and an
/// owner stays.
fn allowed(
    tables: &Tables,
    course: CourseId,
    by: UserId,
    whom: UserId,
    role: Option<Role>,
) -> Result<u16, rusqlite::Error> {
    let (mine, theirs, owners) = (tables.role(course, by)?, tables.role(course, whom)?, tables.owners(course)?);
    Ok(match mine {
        None => 404,
        Some(mine) if mine != Role::Owner && (role.is_some() || by != whom) => 403,
        _ if role.is_none() && theirs.is_none() => 404,
        _ if role != Some(Role::Owner) && owners.iter().all(|owner| *owner == whom) => 403,
        _ => 204,
    })
}
