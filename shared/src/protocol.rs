//! What app and course server say to each other. Changing a type here changes the wire.

use crate::Millis;
use crate::change::Row;
use crate::ids::{AssetId, ClientId, OperationId, SpaceId, UserId};
use crate::mutation::Mutation;
use crate::upload::{ProgressName, UploadContext};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use ts_rs::TS;

/// Most mutations in one push.
pub const PUSH_MUTATIONS_MAX: usize = 100;
/// Most bytes in one push or pull request.
pub const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// Most rows in one answer to a pull, unless one edit has written more.
pub const PULL_ROWS_MAX: usize = 2_000;
/// Most part URLs in one request.
pub const URLS_MAX: usize = 100;
/// Most uploads opened or completed in one request.
pub const UPLOADS_MAX: usize = 100;
/// Most of them in one request.
pub const PROGRESS_MAX: usize = 100;
/// Most bytes of a name in them: file systems allow as many.
pub const PROGRESS_NAME_BYTES_MAX: usize = 255;
/// How long a signed URL is good for.
pub const URL_SECONDS: u64 = 3_600;

/// `POST /v1/push`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushRequest {
    pub client: ClientId,
    pub schema: u32,
    /// The server's, as the last pull told it: another one has been restored since, and does not have what that one answered.
    #[serde(default)]
    pub incarnation: Option<u64>,
    /// In order, without gaps, the first one last+1 or lower.
    pub mutations: Vec<PushedMutation>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushedMutation {
    pub id: u64,
    /// BLAKE3 of the mutation's JSON as the client stored it, hex: a known id with another hash is a forked client.
    pub hash: String,
    pub mutation: Mutation,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PushResponse {
    pub incarnation: u64,
    pub last_mutation_id: u64,
    pub results: Vec<MutationResult>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MutationStatus {
    Ok,
    /// Nothing to change.
    Noop,
    Rejected,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MutationResult {
    pub id: u64,
    pub status: MutationStatus,
    pub code: Option<String>,
    pub detail: Option<String>,
}

/// How far a client has read a space. Another epoch than the server's means: start again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cookie {
    pub epoch: u64,
    pub version: u64,
    /// Of a pull whose next page is to come: what was cleaned up when its reading began. Rows that were gone by then are
    /// not among what it reads, so that it goes on although it has not come so far yet.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cleaned: u64,
}

impl Cookie {
    #[must_use]
    pub fn new(epoch: u64, version: u64) -> Self {
        Self { epoch, version, cleaned: 0 }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference.
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// `POST /v1/pull`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullRequest {
    pub client: ClientId,
    /// Last mutation of this client that a pull has confirmed.
    pub confirmed: u64,
    pub cookies: BTreeMap<SpaceId, Cookie>,
    /// With checksums of all spaces.
    #[serde(default)]
    pub check: bool,
}

/// All from one snapshot.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullResponse {
    /// By the server's clock, the only one that decides anything.
    pub now: Millis,
    /// Another one after each restore of the server's database.
    pub incarnation: u64,
    pub last_mutation_id: u64,
    /// Results after the request's `confirmed` that were not plain success.
    pub results: Vec<MutationResult>,
    pub spaces: BTreeMap<SpaceId, SpaceChanges>,
    /// Spaces the client has a cookie for and may not read any more.
    pub gone: Vec<SpaceId>,
    /// These are not all rows: ask again with the cookies of this answer. Take them together in the end, in between they
    /// make no sense.
    #[serde(default)]
    pub more: bool,
    /// See [`checksum`](crate::change::checksum). On the last page, when they were asked for.
    #[serde(default)]
    pub checksums: BTreeMap<SpaceId, String>,
}

impl PullResponse {
    /// This page and those before it, as if they had come in one.
    #[must_use]
    pub fn after(mut self, earlier: Self) -> Self {
        for (space, before) in earlier.spaces {
            match self.spaces.entry(space) {
                Entry::Vacant(_) if self.gone.contains(&space) => {}
                Entry::Vacant(place) => drop(place.insert(before)),
                Entry::Occupied(now) if now.get().reset => {}
                Entry::Occupied(mut now) => {
                    let later = std::mem::replace(&mut now.get_mut().rows, before.rows);
                    now.get_mut().rows.extend(later);
                    now.get_mut().reset = before.reset;
                }
            }
        }
        self
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpaceChanges {
    /// The rows are all there are: drop what you have of this space.
    pub reset: bool,
    pub cookie: Cookie,
    pub rows: Vec<VersionedRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionedRow {
    pub version: u64,
    pub row: Row,
}

/// Sent over `/v1/live`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LiveMessage {
    Poke(Poke),
    Progress(ColleagueProgress),
}

/// `POST /v1/progress`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProgressRequest {
    /// At most [`PROGRESS_MAX`].
    pub items: Vec<Progress>,
}

/// How far one piece of work is. A snapshot: any one may be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    pub operation: OperationId,
    pub name: ProgressName,
    /// Who is shown it: those in the course, or the person's own devices.
    pub context: UploadContext,
    pub asset: Option<AssetId>,
    /// At most [`PROGRESS_NAME_BYTES_MAX`].
    pub file_name: String,
    pub bytes: u64,
    /// `sent <= bytes`
    pub sent: u64,
}

/// What somebody else, or oneself on another device, is doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColleagueProgress {
    pub by: UserId,
    pub by_name: String,
    /// All in one course or library.
    pub items: Vec<Progress>,
}

/// Something in this space changed. A hint: the pull is the truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Poke {
    pub space: SpaceId,
    pub version: u64,
}

/// `POST /v1/uploads`. The same asset again: the upload that is there.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenUpload {
    pub asset: AssetId,
    pub bytes: u64,
    /// Length of every part but the last; as long as the file: one PUT.
    pub part_bytes: u64,
    /// Media type, for people who look into the bucket.
    pub content_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OpenedUpload {
    /// The store has the checked object already: of this size, whatever was asked for.
    Ready {
        bytes: u64,
    },
    /// One PUT, to this URL. Without one: ask for that of part 1.
    Single {
        url: Option<PartUrl>,
    },
    Multipart {
        part_bytes: u64,
        upload_id: String,
    },
}

/// `POST /v1/uploads/batch`: files of one PUT, which are many and small. Answered one for one, in this order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenUploads {
    /// At most [`UPLOADS_MAX`].
    pub uploads: Vec<OpenUpload>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenedUploads {
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<described::Opening>))]
    pub answers: Vec<Result<OpenedUpload, Problem>>,
}

/// `POST /v1/uploads/{asset}/urls`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UrlsRequest {
    /// Part numbers from 1, at most [`URLS_MAX`].
    pub parts: Vec<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UrlsResponse {
    pub urls: Vec<PartUrl>,
}

/// A capability: never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartUrl {
    pub part: u32,
    pub url: String,
    /// Headers that were signed and must be sent.
    pub headers: Vec<(String, String)>,
}

impl std::fmt::Debug for PartUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartUrl").field("part", &self.part).finish_non_exhaustive()
    }
}

/// `GET /v1/uploads/{asset}/parts`: what the store has.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PartsResponse {
    pub parts: Vec<StoredPart>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StoredPart {
    pub part: u32,
    pub bytes: u64,
    /// Without quotes.
    pub etag: String,
}

/// `POST /v1/uploads/{asset}/complete`. Again after success: success.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteUpload {
    /// Ascending, all of them.
    pub parts: Vec<CompletedPart>,
    pub bytes: u64,
    /// BLAKE3 of the whole file, hex.
    pub blake3: String,
    /// The one part was sent once, and the store said it has it: there can be no second version, and nothing to look for.
    #[serde(default)]
    pub sent_once: bool,
}

/// `POST /v1/uploads/complete`. Answered one for one, in this order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompleteUploads {
    /// At most [`UPLOADS_MAX`].
    pub uploads: Vec<(AssetId, CompleteUpload)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletedUploads {
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<described::Completion>))]
    pub answers: Vec<Result<(), Problem>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CompletedPart {
    pub part: u32,
    /// As the store answered it, without quotes.
    pub etag: String,
    /// MD5 of what was sent, hex.
    pub md5: String,
    /// The object version the store answered a PUT with.
    #[serde(default)]
    pub version: Option<String>,
}

/// `POST /v1/assets/{asset}/thumbnail` and `GET /v1/assets/{asset}/url?rendition=…`
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignedUrl {
    pub url: String,
    pub headers: Vec<(String, String)>,
}

/// Which bytes of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Rendition {
    Original,
    Thumb,
}

/// Body of every answer that is not 2xx.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    pub code: ProblemCode,
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum ProblemCode {
    /// 404. Also for what is there and not yours.
    NotFound,
    /// 400
    Invalid,
    /// 401
    Unauthenticated,
    /// 403: it is there, and this person may not.
    Forbidden,
    /// 429: too many wrong codes or tokens, from whomever.
    TooMany,
    /// 409: push from this number on.
    MutationGap { expected: u64 },
    /// 409: the server's database comes from a backup; pull first.
    Restored,
    /// 409: a known mutation id with another hash.
    ClientForked { mutation: u64 },
    /// 413
    TooLarge,
    /// 426: this app is older than the server's schema.
    UpgradeNeeded,
    /// 409: the store has no such upload any more; open it again.
    UploadGone,
    /// 422: what the store holds is not what was sent.
    Corrupted,
    /// 507
    NotEnoughSpace { needed: u64, free: u64 },
    /// 502: the object store refused.
    StoreRefused,
    /// 502: the object store does not take the key.
    StoreDenied,
    /// 502: the account's cap is used up.
    CapReached,
    /// 503: the object store does not answer.
    StoreUnreachable,
    /// 500
    Internal,
}

impl ProblemCode {
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::TooMany => 429,
            Self::MutationGap { .. } | Self::ClientForked { .. } | Self::Restored | Self::UploadGone => 409,
            Self::TooLarge => 413,
            Self::UpgradeNeeded => 426,
            Self::Corrupted => 422,
            Self::NotEnoughSpace { .. } => 507,
            Self::StoreRefused | Self::StoreDenied | Self::CapReached => 502,
            Self::StoreUnreachable => 503,
            Self::Internal => 500,
        }
    }
}

/// What the types above look like as JSON where that cannot be derived.
#[cfg(feature = "openapi")]
pub mod described {
    use super::{OpenedUpload, Problem};
    use utoipa::ToSchema;

    /// How one of several uploads was opened, or why it was not.
    #[derive(ToSchema)]
    pub enum Opening {
        Ok(OpenedUpload),
        Err(Problem),
    }

    /// `{"Ok": null}`, or why an upload is not complete.
    #[derive(ToSchema)]
    pub enum Completion {
        Ok(Option<bool>),
        Err(Problem),
    }
}
