//! A team's server: people with devices, let in by tokens. The server itself knows persons only; who they are is found out
//! here, before a request reaches it.

mod attempts;
mod description;
mod metrics;
mod routes;
mod tokens;

use crate::api::ApiError;
use crate::auth::Identity;
use crate::live::News;
use crate::store::{Account, People};
use crate::{Server, StoreFailure};
use attempts::Attempts;
use lectern_shared::access::{INVITATION_SECONDS, NAME_BYTES_MAX, OneTimeCode};
use lectern_shared::ids::UserId;
use lectern_shared::names;
use lectern_shared::protocol::ProblemCode;
use metrics::Metrics;
use std::sync::Arc;
use tokens::Seal;

/// A server, and what lets people in.
#[derive(Clone)]
pub struct Team {
    server: Server,
    seal: Arc<Seal>,
    attempts: Arc<Attempts>,
    metrics: Metrics,
}

/// One person of a team.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub user: UserId,
    pub name: String,
    pub email: Option<String>,
    pub admin: bool,
    pub devices: usize,
}

impl Team {
    /// Reads the key that access tokens are sealed with; the first node makes it.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn open(server: Server) -> Result<Self, StoreFailure> {
        let mut tx = server.store.begin_write().await?;
        let key = tx.secret("access", &Seal::new_key()).await?;
        tx.commit().await?;
        let seal = Seal::with_key(&key).ok_or(StoreFailure::Secret)?;
        Ok(Self { server, seal: Arc::new(seal), attempts: Arc::default(), metrics: Metrics::default() })
    }

    /// Makes the person, if nobody has this address yet, and a code for a device of theirs. The first person of all may
    /// invite others.
    ///
    /// # Errors
    /// [`ProblemCode::Invalid`] for what is no address, [`ProblemCode::Internal`].
    pub async fn invite(&self, email: &str, name: Option<&str>, admin: bool) -> Result<OneTimeCode, ApiError> {
        let email = email.trim().to_lowercase();
        let local = email.split_once('@').filter(|(local, host)| !local.is_empty() && host.contains('.'));
        let Some((local, _)) = local.filter(|_| email.len() <= NAME_BYTES_MAX && !email.contains(char::is_whitespace))
        else {
            return Err(ApiError::new(ProblemCode::Invalid, "this is no e-mail address"));
        };
        let mut tx = self.server.store.begin_write().await?;
        let user = match tx.account_of(&email).await? {
            Some(known) => known.user,
            None => {
                let name = name.and_then(names::clean).or_else(|| names::clean(local));
                let name = name.unwrap_or_else(|| email.clone());
                let admin = admin || tx.accounts().await?.iter().all(|account| account.email.is_none());
                let account = Account { user: UserId::new(), name, email: Some(email), admin };
                tx.put_account(&account).await?;
                account.user
            }
        };
        let code = make_code(&mut tx, user, INVITATION_SECONDS).await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Takes every device of a person back.
    ///
    /// # Errors
    /// [`ProblemCode::NotFound`] when nobody has the address.
    pub async fn revoke(&self, email: &str) -> Result<usize, ApiError> {
        let mut tx = self.server.store.begin_write().await?;
        let gone = || ApiError::new(ProblemCode::NotFound, "nobody has this address");
        let user = tx.account_of(email.trim()).await?.ok_or_else(gone)?.user;
        let devices = tx.devices(user).await?;
        for device in &devices {
            tx.revoke(device.id, user).await?;
        }
        tx.commit().await?;
        devices.iter().for_each(|device| self.server.feed.hear(News::Revoked(device.id)));
        Ok(devices.len())
    }

    /// Everybody who has an address here.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn people(&self) -> Result<Vec<Person>, StoreFailure> {
        let mut tx = self.server.store.begin_read().await?;
        let mut people = Vec::new();
        for Account { user, name, email, admin } in tx.accounts().await? {
            let devices = tx.devices(user).await?.len();
            people.push(Person { user, name, email, admin, devices });
        }
        Ok(people)
    }
}

async fn make_code(tx: &mut crate::store::Tx, user: UserId, seconds: u64) -> Result<OneTimeCode, ApiError> {
    let code = tokens::code();
    let expires_at = crate::now() + i64::try_from(seconds * 1_000).unwrap_or(i64::MAX);
    tx.put_code(&tokens::hash_of_code(&code), user, expires_at).await?;
    Ok(OneTimeCode { code, expires_at })
}

/// Who asks, and on which device: what lets in a request.
async fn admin(team: &Team, who: Identity) -> Result<Account, ApiError> {
    let mut tx = team.server.store.begin_read().await?;
    let account = tx.account(who.user).await?.filter(|account| account.admin);
    account.ok_or_else(|| ApiError::new(ProblemCode::Forbidden, "only those who run the server invite people"))
}

/// The version of a person's library, to poke them with: what they may see has changed.
async fn library_version(team: &Team, user: UserId) -> Result<u64, ApiError> {
    use crate::store::Entities as _;
    let mut tx = team.server.store.begin_read().await?;
    Ok(tx.cookie(user.into()).await?.version)
}
