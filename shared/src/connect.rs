//! Connecting a bucket: what the person gives, and what comes of it. The words are the window's.

use crate::command::StoreKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A bucket and its key. The key goes to the keychain and never comes back to the window.
#[derive(Clone, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Connection {
    BackblazeB2 {
        key_id: String,
        application_key: String,
        /// For a key of several buckets.
        bucket: Option<String>,
        /// Everything goes below it; empty for the bucket's top.
        folder: String,
    },
    S3Compatible {
        endpoint: String,
        region: String,
        bucket: String,
        folder: String,
        key_id: String,
        secret_key: String,
    },
}

/// No half of a key is ever printed.
impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection(…)")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConnectAnswer {
    /// The bucket passed the check and is the workspace's store now.
    Connected {
        store: StoreDetails,
    },
    /// The key is good for several buckets. Empty when it may not list them: then the person types the name.
    ChooseBucket {
        buckets: Vec<String>,
    },
    Refused {
        problem: ConnectProblem,
    },
}

/// Why a bucket cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ConnectProblem {
    /// Mistyped, expired or deleted.
    UnknownKey,
    /// S3 does not take the account's master key.
    MasterKey,
    LacksCapabilities {
        names: Vec<String>,
    },
    /// The bucket that the key was made for has been deleted.
    BucketGone,
    /// The key is for another bucket than the one named.
    OtherBucket {
        bucket: String,
    },
    NoSuchBucket,
    /// The account's daily cap is used up.
    CapReached,
    Unreachable {
        detail: String,
    },
    /// Something else answers at Backblaze's address: a captive portal, a proxy.
    NotBackblaze {
        detail: String,
    },
    InvalidEndpoint,
    CannotWrite {
        detail: String,
    },
    CannotList {
        detail: String,
    },
    CannotRead {
        detail: String,
    },
    CannotDelete {
        detail: String,
    },
    /// The store's ETag is not the MD5 of the bytes: no part could be checked.
    OtherEtag,
    /// The workspace has a bucket already, and this is another one.
    AlreadyConnected {
        bucket: String,
    },
}

/// The workspace's store, in facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct StoreDetails {
    pub kind: StoreKind,
    pub bucket: Option<String>,
    /// Host and port.
    pub endpoint: Option<String>,
    pub folder: String,
    /// None on this computer: there is no key.
    pub key: Option<KeyPlace>,
    /// Files that still lie on this computer only, on their way to the bucket.
    pub moving: Option<Moving>,
    pub cleaning: Option<Cleaning>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    Keychain,
    /// There is no keychain here, or it is locked: the key must be given again at the next start.
    ThisRunOnly,
    /// Nobody has it: nothing can be sent until it is given again.
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Moving {
    pub files: u32,
    pub bytes: u64,
}

/// The bucket's rule that ends uploads which nobody finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Cleaning {
    /// None is there; ours can join the bucket's other rules, which stay as they are.
    Offered {
        days: u32,
    },
    InPlace {
        days: u32,
    },
    /// The bucket has a rule for some of the same files, and takes no second one.
    OtherRule {
        prefix: String,
    },
    /// This key may not read or set rules.
    NotAllowed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CheckAnswer {
    Passed,
    Refused { problem: ConnectProblem },
}
