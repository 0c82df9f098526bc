//! The folder as a bucket of Backblaze B2, for tests: what B2 refuses that S3 takes, what it keeps that S3 would free, and
//! what an account may run into. No setting of the app leads here.
//!
//! <https://www.backblaze.com/docs/cloud-storage-s3-compatible-api>

mod authorize;
mod entitlement;
mod front;
mod keys;
pub(super) mod rules;

pub use keys::ApplicationKey;

pub(super) use entitlement::Entitlement;
pub(super) use front::Front;

use keys::Secret;
use s3s::{S3Result, s3_error};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// <https://www.backblaze.com/docs/cloud-storage-large-files>: a part has 5 MB to 5 GB, the last one as little as a byte.
pub const PART_BYTES_MAX: u64 = 5_000_000_000;
/// The words beside AccessDenied where a key may not do what it asks.
const NOT_ENTITLED: &str = "not entitled";
const STORAGE_CAP: &str = "Cannot upload files, storage cap exceeded. See the Caps & Alerts page to increase your cap.";
const TRANSACTION_CAP: &str = "Transaction cap exceeded, see the Caps & Alerts page to increase your cap.";

/// What the owner of an account allows it to cost: <https://www.backblaze.com/docs/cloud-storage-data-caps-and-alerts>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Every version counts, the hidden ones and the parts of unfinished uploads too.
    pub storage_bytes: Option<u64>,
    /// From now on. Looking costs one; uploading, hiding and deleting cost none:
    /// <https://www.backblaze.com/b2/b2-transactions-price.html>
    pub transactions: Option<u64>,
}

/// Calls that are answered with 503 SlowDown, whatever they ask, as above a rate limit
/// (<https://backblaze.com/blog/?p=111740>) or where no room was found for a part:
/// <https://www.backblaze.com/docs/cloud-storage-integration-checklist>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    pub calls: u32,
    /// Only those that send a part; others pass, and count as none.
    pub parts_alone: bool,
    pub retry_after_seconds: Option<u64>,
}

/// The account that the bucket belongs to: keys, caps, and what it is told to refuse. Clones are the same account, so that
/// a test can change it while the bucket is being used.
#[derive(Clone)]
pub struct Account {
    id: String,
    master_key: String,
    part_bytes_max: u64,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    keys: Vec<ApplicationKey>,
    caps: Caps,
    busy: VecDeque<Busy>,
    /// Of those who signed in, with the id of their key.
    tokens: Vec<(String, String)>,
    other_buckets: Vec<String>,
}

impl Default for Account {
    fn default() -> Self {
        Self::new()
    }
}

impl Account {
    /// With its master key and no other, and no caps.
    #[must_use]
    pub fn new() -> Self {
        let id = super::random_key()[..12].to_owned();
        let master_key = format!("0004{}", &super::random_key()[..36]);
        Self { id, master_key, part_bytes_max: PART_BYTES_MAX, state: Arc::default() }
    }

    /// Turns [`PART_BYTES_MAX`] down: no test sends so much.
    #[must_use]
    pub fn with_part_bytes_max(mut self, bytes: u64) -> Self {
        self.part_bytes_max = bytes;
        self
    }

    /// Id and key of the master key: good for [b2_authorize_account][docs], never for S3.
    ///
    /// [docs]: https://www.backblaze.com/apidocs/b2-authorize-account
    #[must_use]
    pub fn master_key(&self) -> (&str, &str) {
        (&self.id, &self.master_key)
    }

    /// A new key that may do everything, in every bucket; narrow it by its fields and hand it to [`Account::put_key`].
    #[must_use]
    pub fn new_key(&self) -> ApplicationKey {
        let number = self.state().keys.len() + 1;
        ApplicationKey::new(format!("004{}{number:010}", self.id), format!("K004{}", &super::random_key()[..27]))
    }

    /// Adds it, or takes the place of the one with this id.
    pub fn put_key(&self, key: ApplicationKey) {
        let mut state = self.state();
        state.keys.retain(|known| known.id != key.id);
        state.keys.push(key);
    }

    /// From now on; what was used before does not count for the transactions.
    pub fn set_caps(&self, caps: Caps) {
        self.state().caps = caps;
    }

    /// After what is in line already.
    pub fn be_busy(&self, busy: Busy) {
        self.state().busy.push_back(busy);
    }

    /// Deletes it: nobody knows it any more.
    pub fn remove_key(&self, id: &str) {
        self.state().keys.retain(|known| known.id != id);
    }

    /// The account has a bucket of this name too, which nothing can be done with but list it.
    pub fn add_bucket(&self, name: &str) {
        self.state().other_buckets.push(name.to_owned());
    }

    fn buckets(&self) -> Vec<String> {
        let ours = std::iter::once(super::BUCKET.to_owned());
        ours.chain(self.state().other_buckets.iter().cloned()).collect()
    }

    fn new_token(&self, key: &ApplicationKey) -> String {
        let token = format!("4_{}", super::random_key());
        self.state().tokens.push((token.clone(), key.id.clone()));
        token
    }

    /// The key that somebody signed in with.
    fn holder(&self, token: &str) -> Option<ApplicationKey> {
        let id = self.state().tokens.iter().find(|(known, _)| known == token).map(|(_, id)| id.clone())?;
        self.find(&id)
    }

    pub(super) fn part_bytes_max(&self) -> u64 {
        self.part_bytes_max
    }

    /// Asked before a body is taken.
    pub(super) fn room_for(&self, stored_bytes: u64, bytes: u64) -> S3Result<()> {
        match self.state().caps.storage_bytes {
            Some(cap) if stored_bytes.saturating_add(bytes) > cap => Err(s3_error!(AccessDenied, "{STORAGE_CAP}")),
            _ => Ok(()),
        }
    }

    pub(super) fn has_storage_cap(&self) -> bool {
        self.state().caps.storage_bytes.is_some()
    }

    /// False when the cap is reached.
    fn take_transaction(&self) -> bool {
        match &mut self.state().caps.transactions {
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
            None => true,
        }
    }

    /// What stands first in line, if this call is one it means.
    fn take_busy(&self, is_part: bool) -> Option<Busy> {
        let mut state = self.state();
        let first = state.busy.front_mut().filter(|first| is_part || !first.parts_alone)?;
        first.calls = first.calls.saturating_sub(1);
        let first = *first;
        if first.calls == 0 {
            state.busy.pop_front();
        }
        Some(first)
    }

    fn find(&self, id: &str) -> Option<ApplicationKey> {
        self.state().keys.iter().find(|key| key.id == id).cloned()
    }

    /// The key of these words, the master key among them; none when either is wrong.
    fn sign_in(&self, id: &str, secret: &str) -> Option<ApplicationKey> {
        let known = if id == self.id {
            Some(ApplicationKey::new(self.id.clone(), self.master_key.clone()))
        } else {
            self.find(id)
        };
        known.filter(|key| key.secret == Secret::from(secret) && !key.has_expired(SystemTime::now()))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_served_in_order_and_only_to_those_it_means() {
        let account = Account::new();
        let parts = Busy { calls: 2, parts_alone: true, retry_after_seconds: Some(7) };
        let all = Busy { calls: 1, parts_alone: false, retry_after_seconds: None };
        account.be_busy(parts);
        account.be_busy(all);
        let taken: Vec<_> = [false, true, true, false, true].map(|is_part| account.take_busy(is_part)).to_vec();
        let seconds: Vec<_> = taken.iter().map(|busy| busy.map(|busy| busy.retry_after_seconds)).collect();
        assert_eq!(seconds, [None, Some(Some(7)), Some(Some(7)), Some(None), None]);
    }

    #[test]
    fn the_limits_are_b2_s() {
        assert_eq!(Account::new().part_bytes_max(), 5_000_000_000);
        assert_eq!(super::super::LocalOptions::default().part_bytes_min, 5_000_000);
        assert_eq!(super::super::LocalOptions::default().page_size, 1_000);
    }
}
