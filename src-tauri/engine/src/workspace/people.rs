//! What the window asks a team's server about people, computers and courses. Nobody else can answer: without a team or
//! without a network that is said at once, and no call holds the workspace open.

use super::connection::StoreConnection;
use super::settings::StoreSettings;
use super::team::{computer_name, team_key};
use crate::remote::RemoteError;
use crate::remote::team::{DeviceToken, TeamError, TeamServer, pair};
use lectern_shared::access::{Invite, Me, Members, OneTimeCode, PairRequest, SetMember, Who};
use lectern_shared::command::{JoinAnswer, JoinProblem};
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::ids::{CourseId, DeviceId, UserId};
use lectern_shared::names;
use lectern_shared::people::{MemberAnswer, MemberArguments, SignInArguments};
use lectern_shared::protocol::{Problem, ProblemCode};

impl StoreConnection {
    /// Who I am to the team, and my computers.
    ///
    /// # Errors
    /// Of all of these: [`ErrorCode::NoTeam`] in a workspace of one person, [`ErrorCode::Offline`] when the server does not
    /// answer in time, [`ErrorCode::SignedOut`] when it does not let this computer in, [`ErrorCode::Rejected`] for what this
    /// person may not do, [`ErrorCode::NotFound`] for what is not there or not theirs to see.
    pub async fn account(&self) -> Result<Me, AppError> {
        self.ask(async |server| server.me().await).await
    }

    /// A code for this person's next computer.
    ///
    /// # Errors
    /// See [`StoreConnection::account`].
    pub async fn make_device_code(&self) -> Result<OneTimeCode, AppError> {
        self.ask(async |server| server.device_code().await).await
    }

    /// # Errors
    /// See [`StoreConnection::account`].
    pub async fn revoke_device(&self, device: DeviceId) -> Result<(), AppError> {
        self.ask(async |server| server.revoke_device(device).await).await
    }

    /// # Errors
    /// See [`StoreConnection::account`].
    pub async fn invite_person(&self, invite: Invite) -> Result<OneTimeCode, AppError> {
        self.ask(async |server| server.invite(&invite).await).await
    }

    /// # Errors
    /// See [`StoreConnection::account`].
    pub async fn course_members(&self, course: CourseId) -> Result<Members, AppError> {
        self.ask(async |server| server.members(course).await).await
    }

    /// # Errors
    /// See [`StoreConnection::account`]. An address that nobody has is an answer.
    pub async fn set_member(&self, args: MemberArguments) -> Result<MemberAnswer, AppError> {
        let MemberArguments { course, who, role } = args;
        let is_by_address = matches!(who, Who::Email(_));
        let member = SetMember { who, role };
        match self.ask(async |server| server.set_member(course, &member).await).await {
            Ok(()) => Ok(MemberAnswer::Done),
            // The server answers a course that is not there alike.
            Err(error) if is_by_address && error.code == ErrorCode::NotFound => {
                self.course_members(course).await.map(|_| MemberAnswer::Nobody)
            }
            Err(error) => Err(error),
        }
    }

    /// # Errors
    /// See [`StoreConnection::account`].
    pub async fn remove_member(&self, course: CourseId, user: UserId) -> Result<(), AppError> {
        self.ask(async |server| server.remove_member(course, user).await).await
    }

    /// Lets this computer in again, with a code of the same person: what was not sent is still theirs.
    ///
    /// # Errors
    /// [`ErrorCode::NoTeam`]; [`ErrorCode::Storage`] when the workspace does not open again. What is wrong with the code is an
    /// answer.
    pub async fn sign_in(&self, args: SignInArguments) -> Result<JoinAnswer, AppError> {
        let _one = self.one_change().await;
        let settings = self.settings().await?;
        let StoreSettings::Team(team) = &settings.store else { return Err(no_team()) };
        let refused = |problem| Ok(JoinAnswer::Refused { problem });
        let device_name = names::clean(&args.computer).unwrap_or_else(computer_name);
        let request = PairRequest { code: args.code, device_name };
        let opening = self.opening();
        let paired = match pair(&team.address, &request, &opening.line.roots).await {
            Ok(paired) => paired,
            Err(error) => return refused(error.into()),
        };
        if paired.user != settings.user {
            // Their computer this is not: the token goes back unused.
            let token = DeviceToken(paired.device_token);
            if let Ok(theirs) = TeamServer::new(&team.address, token, &opening.line.roots)
                && let Err(error) = theirs.revoke_device(paired.device).await
            {
                tracing::warn!(%error, "a token of somebody else was not given back");
            }
            return refused(JoinProblem::OtherPerson { name: paired.name });
        }
        let kept = opening.keys.keep(settings.key_name(), team_key(paired.device_token)).await;
        self.switch(settings).await?;
        Ok(JoinAnswer::Joined { in_keychain: kept == super::Kept::Keychain })
    }

    async fn ask<T>(&self, call: impl AsyncFnOnce(&TeamServer) -> Result<T, RemoteError>) -> Result<T, AppError> {
        let server = self.team().await?.ok_or_else(no_team)?;
        let patience = self.opening().line.patience.person;
        match tokio::time::timeout(patience, call(&server)).await {
            Ok(answer) => answer.map_err(in_words),
            Err(_) => Err(offline()),
        }
    }
}

impl From<TeamError> for JoinProblem {
    fn from(error: TeamError) -> Self {
        match error {
            TeamError::Remote(RemoteError::Problem(Problem { code: ProblemCode::NotFound, .. })) => Self::Code,
            TeamError::Remote(RemoteError::Problem(Problem { code: ProblemCode::TooMany, .. })) => Self::TooMany,
            TeamError::Remote(error) => Self::Server { detail: error.to_string() },
            address => Self::Address { detail: address.to_string() },
        }
    }
}

fn no_team() -> AppError {
    AppError::new(ErrorCode::NoTeam, "this workspace is yours alone: there is no team to ask")
}

fn offline() -> AppError {
    AppError::new(ErrorCode::Offline, "this needs the team's server, which does not answer")
}

fn in_words(error: RemoteError) -> AppError {
    let Problem { code, detail } = match error {
        RemoteError::Unreachable(why) => {
            tracing::debug!(why, "the team's server");
            return offline();
        }
        RemoteError::Problem(problem) => problem,
    };
    let code = match code {
        ProblemCode::Unauthenticated => ErrorCode::SignedOut,
        ProblemCode::NotFound => ErrorCode::NotFound,
        ProblemCode::Forbidden => ErrorCode::Rejected,
        ProblemCode::Invalid | ProblemCode::TooLarge => ErrorCode::Invalid,
        _ => ErrorCode::Internal,
    };
    AppError::new(code, detail)
}
