//! Tables `account`, `device`, `pairing_code`, `member` and `secret`: who is let in, and what they may do.

use super::{StoreFailure, Tx};
use crate::nodes;
use lectern_shared::Millis;
use lectern_shared::access::{Device, Member, Role};
use lectern_shared::ids::{DeviceId, SpaceId, UserId};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) struct Account {
    pub user: UserId,
    pub name: String,
    pub email: Option<String>,
    pub admin: bool,
}

pub(crate) trait People {
    async fn account(&mut self, user: UserId) -> Result<Option<Account>, StoreFailure>;
    /// Addresses are compared in lower case.
    async fn account_of(&mut self, email: &str) -> Result<Option<Account>, StoreFailure>;
    async fn accounts(&mut self) -> Result<Vec<Account>, StoreFailure>;
    async fn put_account(&mut self, account: &Account) -> Result<(), StoreFailure>;

    async fn put_code(&mut self, hash: &str, user: UserId, expires_at: Millis) -> Result<(), StoreFailure>;
    /// Whose code it is, if it is good; it is no more afterwards.
    async fn use_code(&mut self, hash: &str, now: Millis) -> Result<Option<UserId>, StoreFailure>;
    async fn put_device(&mut self, id: DeviceId, user: UserId, name: &str, hash: &str) -> Result<(), StoreFailure>;
    /// The device with this token, if it was not revoked.
    async fn device_with(&mut self, hash: &str) -> Result<Option<(DeviceId, UserId)>, StoreFailure>;
    async fn has_been_seen(&mut self, device: DeviceId) -> Result<(), StoreFailure>;
    /// Not revoked, and of this person.
    async fn is_let_in(&mut self, device: DeviceId, user: UserId) -> Result<bool, StoreFailure>;
    async fn devices(&mut self, user: UserId) -> Result<Vec<Device>, StoreFailure>;
    /// With every code of the person that was not used yet. False: the person has no such device.
    async fn revoke(&mut self, device: DeviceId, user: UserId) -> Result<bool, StoreFailure>;

    /// Of each space the person is a member of.
    async fn roles(&mut self, user: UserId) -> Result<BTreeMap<SpaceId, Role>, StoreFailure>;
    async fn role(&mut self, space: SpaceId, user: UserId) -> Result<Option<Role>, StoreFailure>;
    async fn members(&mut self, space: SpaceId) -> Result<Vec<Member>, StoreFailure>;
    /// None takes the person out.
    async fn set_member(&mut self, space: SpaceId, user: UserId, role: Option<Role>) -> Result<(), StoreFailure>;

    /// All of them: new ones are made when they are needed.
    async fn forget_secrets(&mut self) -> Result<(), StoreFailure>;
    async fn known_secret(&mut self, name: &str) -> Result<Option<String>, StoreFailure>;
    /// The secret of this name: the one that is there, else this one from now on.
    async fn secret(&mut self, name: &str, new: &str) -> Result<String, StoreFailure>;
}

type AccountColumns = (Uuid, String, Option<String>, i64);

fn account((id, name, email, admin): AccountColumns) -> Account {
    Account { user: UserId(id), name, email, admin: admin != 0 }
}

impl People for Tx {
    async fn account(&mut self, user: UserId) -> Result<Option<Account>, StoreFailure> {
        let sql = "SELECT id, name, email, admin FROM account WHERE id = $1";
        let row: Option<AccountColumns> = on!(self, c => sqlx::query_as(sql).bind(user.0).fetch_optional(c).await)?;
        Ok(row.map(account))
    }

    async fn account_of(&mut self, email: &str) -> Result<Option<Account>, StoreFailure> {
        let sql = "SELECT id, name, email, admin FROM account WHERE email = $1";
        let email = email.to_lowercase();
        let row: Option<AccountColumns> = on!(self, c => sqlx::query_as(sql).bind(email).fetch_optional(c).await)?;
        Ok(row.map(account))
    }

    async fn accounts(&mut self) -> Result<Vec<Account>, StoreFailure> {
        let sql = "SELECT id, name, email, admin FROM account ORDER BY name, id";
        let rows: Vec<AccountColumns> = on!(self, c => sqlx::query_as(sql).fetch_all(c).await)?;
        Ok(rows.into_iter().map(account).collect())
    }

    async fn put_account(&mut self, account: &Account) -> Result<(), StoreFailure> {
        let sql = "INSERT INTO account (id, name, email, admin, created_at) VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, admin = excluded.admin";
        let (email, admin) = (account.email.as_ref().map(|email| email.to_lowercase()), i64::from(account.admin));
        on!(&mut *self, c => {
            let query = sqlx::query(sql).bind(account.user.0).bind(&account.name).bind(email).bind(admin);
            query.bind(crate::now()).execute(c).await.map(drop)
        })?;
        super::entities::ensure_space(self, account.user.into(), "library", account.user).await
    }

    async fn put_code(&mut self, hash: &str, user: UserId, expires_at: Millis) -> Result<(), StoreFailure> {
        let sql = "DELETE FROM pairing_code WHERE expires_at < $1";
        on!(&mut *self, c => sqlx::query(sql).bind(crate::now()).execute(c).await.map(drop))?;
        let sql = "INSERT INTO pairing_code (code_hash, account, expires_at) VALUES ($1, $2, $3)";
        Ok(on!(self, c => sqlx::query(sql).bind(hash).bind(user.0).bind(expires_at).execute(c).await.map(drop))?)
    }

    async fn use_code(&mut self, hash: &str, now: Millis) -> Result<Option<UserId>, StoreFailure> {
        let sql = "DELETE FROM pairing_code WHERE code_hash = $1 AND expires_at >= $2 RETURNING account";
        let user: Option<Uuid> = on!(self, c => sqlx::query_scalar(sql).bind(hash).bind(now).fetch_optional(c).await)?;
        Ok(user.map(UserId))
    }

    async fn put_device(&mut self, id: DeviceId, user: UserId, name: &str, hash: &str) -> Result<(), StoreFailure> {
        let sql = "INSERT INTO device (id, account, name, token_hash, created_at, last_seen)
                   VALUES ($1, $2, $3, $4, $5, $5)";
        Ok(on!(self, c => {
            let query = sqlx::query(sql).bind(id.0).bind(user.0).bind(name).bind(hash).bind(crate::now());
            query.execute(c).await.map(drop)
        })?)
    }

    async fn device_with(&mut self, hash: &str) -> Result<Option<(DeviceId, UserId)>, StoreFailure> {
        let sql = "SELECT id, account FROM device WHERE token_hash = $1 AND revoked_at IS NULL";
        let found: Option<(Uuid, Uuid)> = on!(self, c => sqlx::query_as(sql).bind(hash).fetch_optional(c).await)?;
        Ok(found.map(|(device, user)| (DeviceId(device), UserId(user))))
    }

    async fn has_been_seen(&mut self, device: DeviceId) -> Result<(), StoreFailure> {
        let sql = "UPDATE device SET last_seen = $2 WHERE id = $1";
        Ok(on!(self, c => sqlx::query(sql).bind(device.0).bind(crate::now()).execute(c).await.map(drop))?)
    }

    async fn is_let_in(&mut self, device: DeviceId, user: UserId) -> Result<bool, StoreFailure> {
        let sql = "SELECT COUNT(*) FROM device WHERE id = $1 AND account = $2 AND revoked_at IS NULL";
        let found: i64 = on!(self, c => sqlx::query_scalar(sql).bind(device.0).bind(user.0).fetch_one(c).await)?;
        Ok(found == 1)
    }

    async fn devices(&mut self, user: UserId) -> Result<Vec<Device>, StoreFailure> {
        let sql = "SELECT id, name, created_at, last_seen FROM device
                   WHERE account = $1 AND revoked_at IS NULL ORDER BY created_at, id";
        let rows: Vec<(Uuid, String, i64, i64)> = on!(self, c => sqlx::query_as(sql).bind(user.0).fetch_all(c).await)?;
        let device = |(id, name, created_at, last_seen)| Device {
            id: DeviceId(id),
            name,
            created_at,
            last_seen,
            is_this: false,
        };
        Ok(rows.into_iter().map(device).collect())
    }

    async fn revoke(&mut self, device: DeviceId, user: UserId) -> Result<bool, StoreFailure> {
        // A code that the device has made lets in nobody either.
        let sql = "DELETE FROM pairing_code WHERE account = $1";
        on!(&mut *self, c => sqlx::query(sql).bind(user.0).execute(c).await.map(drop))?;
        let sql = "UPDATE device SET revoked_at = $3 WHERE id = $1 AND account = $2 AND revoked_at IS NULL";
        let revoked = on!(self, c => {
            let query = sqlx::query(sql).bind(device.0).bind(user.0).bind(crate::now());
            query.execute(c).await.map(|done| done.rows_affected())
        })?;
        if let Tx::Postgres(tx) = self {
            // With the commit: the other nodes end its feeds, whoever locks it out.
            let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(nodes::CHANNEL);
            notify.bind(nodes::revoked(device)?).execute(&mut **tx).await?;
        }
        Ok(revoked == 1)
    }

    async fn roles(&mut self, user: UserId) -> Result<BTreeMap<SpaceId, Role>, StoreFailure> {
        let sql = "SELECT space, role FROM member WHERE account = $1";
        let rows: Vec<(Uuid, String)> = on!(self, c => sqlx::query_as(sql).bind(user.0).fetch_all(c).await)?;
        Ok(rows.into_iter().map(|(space, role)| (SpaceId(space), Role::from_name(&role))).collect())
    }

    async fn role(&mut self, space: SpaceId, user: UserId) -> Result<Option<Role>, StoreFailure> {
        let sql = "SELECT role FROM member WHERE space = $1 AND account = $2";
        let role: Option<String> =
            on!(self, c => sqlx::query_scalar(sql).bind(space.0).bind(user.0).fetch_optional(c).await)?;
        Ok(role.map(|name| Role::from_name(&name)))
    }

    async fn members(&mut self, space: SpaceId) -> Result<Vec<Member>, StoreFailure> {
        let sql = "SELECT account.id, account.name, account.email, member.role
                   FROM member JOIN account ON account.id = member.account WHERE member.space = $1
                   ORDER BY account.name, account.id";
        let rows: Vec<(Uuid, String, Option<String>, String)> =
            on!(self, c => sqlx::query_as(sql).bind(space.0).fetch_all(c).await)?;
        let member = |(user, name, email, role): (_, _, _, String)| Member {
            user: UserId(user),
            name,
            email,
            role: Role::from_name(&role),
        };
        Ok(rows.into_iter().map(member).collect())
    }

    async fn set_member(&mut self, space: SpaceId, user: UserId, role: Option<Role>) -> Result<(), StoreFailure> {
        let Some(role) = role else {
            let sql = "DELETE FROM member WHERE space = $1 AND account = $2";
            return Ok(on!(self, c => sqlx::query(sql).bind(space.0).bind(user.0).execute(c).await.map(drop))?);
        };
        let sql = "INSERT INTO member (space, account, role) VALUES ($1, $2, $3)
                   ON CONFLICT (space, account) DO UPDATE SET role = excluded.role";
        Ok(on!(self, c => sqlx::query(sql).bind(space.0).bind(user.0).bind(role.name()).execute(c).await.map(drop))?)
    }

    async fn forget_secrets(&mut self) -> Result<(), StoreFailure> {
        Ok(on!(self, c => sqlx::query("DELETE FROM secret").execute(c).await.map(drop))?)
    }

    async fn known_secret(&mut self, name: &str) -> Result<Option<String>, StoreFailure> {
        let sql = "SELECT value FROM secret WHERE name = $1";
        Ok(on!(self, c => sqlx::query_scalar(sql).bind(name).fetch_optional(c).await)?)
    }

    async fn secret(&mut self, name: &str, new: &str) -> Result<String, StoreFailure> {
        let sql = "INSERT INTO secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        on!(&mut *self, c => sqlx::query(sql).bind(name).bind(new).execute(c).await.map(drop))?;
        let sql = "SELECT value FROM secret WHERE name = $1";
        Ok(on!(self, c => sqlx::query_scalar(sql).bind(name).fetch_one(c).await)?)
    }
}
