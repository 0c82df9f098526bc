//! Application keys: <https://www.backblaze.com/docs/cloud-storage-application-keys>

use std::fmt;
use std::time::SystemTime;

/// All that a key may be for in one bucket, by the names of
/// <https://www.backblaze.com/docs/cloud-storage-application-key-capabilities>. `writeBuckets` is for keys of the whole
/// account alone.
pub(super) const CAPABILITIES: &[&str] = &[
    "deleteFiles",
    "listAllBucketNames",
    "listBuckets",
    "listFiles",
    "readBuckets",
    "readFiles",
    "shareFiles",
    "writeBuckets",
    "writeFiles",
];

/// Not shown when printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What B2 calls `keyID` and `applicationKey`, and what they are good for.
#[derive(Clone, Debug)]
pub struct ApplicationKey {
    pub id: String,
    pub secret: Secret,
    pub capabilities: Vec<String>,
    /// Good for this bucket alone.
    pub one_bucket: bool,
    /// Good for keys that begin so. Only together with `one_bucket`.
    pub name_prefix: Option<String>,
    pub expires: Option<SystemTime>,
}

impl ApplicationKey {
    pub(super) fn new(id: String, secret: String) -> Self {
        let capabilities = CAPABILITIES.iter().map(|name| (*name).to_owned()).collect();
        let secret = Secret(secret);
        Self { id, secret, capabilities, one_bucket: false, name_prefix: None, expires: None }
    }

    /// Good for the bucket alone, and for all that a key of one bucket can be good for.
    #[must_use]
    pub fn of_one_bucket(mut self) -> Self {
        self.one_bucket = true;
        self.without("writeBuckets")
    }

    #[must_use]
    pub fn without(mut self, capability: &str) -> Self {
        self.capabilities.retain(|known| known != capability);
        self
    }

    pub(super) fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|known| known == capability)
    }

    pub(super) fn has_expired(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}
