//! Backblaze B2's own sign-in: where the S3 endpoint of a key's account is, which bucket the key is for, and what it may
//! do; and the names of the account's buckets, for a key of all of them. Everything else goes by S3.
//!
//! <https://www.backblaze.com/apidocs/b2-authorize-account>

use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;

/// Where keys of every region sign in.
pub const ADDRESS: &str = "https://api.backblazeb2.com";
const PATIENCE: Duration = Duration::from_secs(30);
/// An answer is some hundred bytes, a bucket in a list as many: more is somebody else's page.
const ANSWER_BYTES_MAX: u64 = 1 << 20;
/// Without one of these an upload would fail in the middle
/// (<https://www.backblaze.com/docs/cloud-storage-application-key-capabilities>).
const NEEDED: [&str; 4] = ["listFiles", "readFiles", "writeFiles", "deleteFiles"];

/// What a key is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub endpoint: Url,
    pub region: String,
    /// The one bucket the key is bound to; none for a key of all buckets.
    pub bucket: Option<String>,
    /// The key sees only what begins so; empty for everything.
    pub prefix: String,
    /// To ask for the account's buckets with; none when the key may not.
    listing: Option<Listing>,
}

/// Signed in, for one more call.
#[derive(Clone, PartialEq, Eq)]
struct Listing {
    address: Url,
    account: String,
    token: String,
}

/// The token is a key for a day.
impl std::fmt::Debug for Listing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listing(…)")
    }
}

/// Why a key cannot be used, in words for the person who pasted it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyProblem {
    #[error("Backblaze does not know this key: the key ID or the application key is mistyped, expired or deleted")]
    Unknown,
    #[error("this is the account's master key, which Backblaze does not take over S3: make an application key")]
    Master,
    #[error("this key lacks {}: make one with read and write access", .0.join(", "))]
    Lacks(Vec<String>),
    #[error("the bucket this key was made for has been deleted")]
    BucketGone,
    #[error("the account's daily cap of calls is used up: raise it, or wait until midnight GMT")]
    CapReached,
    #[error("Backblaze does not answer: {0}")]
    Unreachable(String),
    #[error("what answers is not Backblaze: {0}")]
    NotB2(String),
}

/// Signs in. One try.
///
/// # Errors
/// See [`KeyProblem`].
pub async fn authorize(address: &Url, key_id: &str, application_key: &str) -> Result<Access, KeyProblem> {
    let call = client()?.get(url(address, "b2_authorize_account")?).basic_auth(key_id, Some(application_key));
    let answer: Answer = ask(call).await?;
    answer.access(key_id)
}

/// The names of the account's buckets. Empty when the key may not list them: it needs `listBuckets`, and must be for all
/// buckets (<https://www.backblaze.com/apidocs/b2-list-buckets>).
///
/// # Errors
/// See [`KeyProblem`].
pub async fn list_buckets(access: &Access) -> Result<Vec<String>, KeyProblem> {
    let Some(Listing { address, account, token }) = &access.listing else { return Ok(Vec::new()) };
    let call = client()?.post(url(address, "b2_list_buckets")?).header(reqwest::header::AUTHORIZATION, token);
    let answer: Buckets = ask(call.json(&serde_json::json!({ "accountId": account }))).await?;
    Ok(answer.buckets.into_iter().map(|bucket| bucket.bucket_name).collect())
}

fn url(address: &Url, call: &str) -> Result<Url, KeyProblem> {
    address.join(&format!("b2api/v3/{call}")).map_err(|error| KeyProblem::NotB2(error.to_string()))
}

fn silent(error: reqwest::Error) -> KeyProblem {
    KeyProblem::Unreachable(error.without_url().to_string())
}

fn client() -> Result<reqwest::Client, KeyProblem> {
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
    client.build().map_err(silent)
}

async fn ask<T: DeserializeOwned>(call: reqwest::RequestBuilder) -> Result<T, KeyProblem> {
    let answer = call.send().await.map_err(silent)?;
    match answer.status().as_u16() {
        200 => {}
        401 => return Err(KeyProblem::Unknown),
        403 => return Err(refusal(answer).await),
        429 | 500.. => return Err(KeyProblem::Unreachable(answer.status().to_string())),
        _ => return Err(KeyProblem::NotB2(answer.status().to_string())),
    }
    if answer.content_length().is_none_or(|bytes| bytes > ANSWER_BYTES_MAX) {
        return Err(KeyProblem::NotB2("its answer is too long".to_owned()));
    }
    answer.json().await.map_err(|error| KeyProblem::NotB2(error.without_url().to_string()))
}

/// <https://www.backblaze.com/docs/cloud-storage-native-api-error-handling-and-status-codes>
async fn refusal(answer: reqwest::Response) -> KeyProblem {
    #[derive(Deserialize)]
    struct Refusal {
        code: String,
    }
    match answer.json::<Refusal>().await {
        Ok(refusal) if refusal.code.ends_with("cap_exceeded") => KeyProblem::CapReached,
        _ => KeyProblem::NotB2("it refuses without a reason".to_owned()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Buckets {
    buckets: Vec<Bucket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    bucket_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    account_id: String,
    authorization_token: String,
    api_info: ApiInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiInfo {
    storage_api: StorageApi,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StorageApi {
    api_url: Url,
    s3_api_url: Url,
    bucket_id: Option<String>,
    bucket_name: Option<String>,
    name_prefix: Option<String>,
    capabilities: Vec<String>,
}

impl Answer {
    fn access(self, key_id: &str) -> Result<Access, KeyProblem> {
        let api = self.api_info.storage_api;
        // The master key's id is the account's.
        if key_id == self.account_id {
            return Err(KeyProblem::Master);
        }
        let can = |wanted: &str| api.capabilities.iter().any(|known| known == wanted);
        let lacks: Vec<String> = NEEDED.into_iter().filter(|needed| !can(needed)).map(str::to_owned).collect();
        if !lacks.is_empty() {
            return Err(KeyProblem::Lacks(lacks));
        }
        if api.bucket_id.is_some() && api.bucket_name.is_none() {
            return Err(KeyProblem::BucketGone);
        }
        let may_list = api.bucket_id.is_none() && can("listBuckets");
        let listing =
            Listing { address: api.api_url.clone(), account: self.account_id, token: self.authorization_token };
        let region = region_of(&api.s3_api_url);
        let prefix = api.name_prefix.unwrap_or_default();
        let listing = may_list.then_some(listing);
        Ok(Access { endpoint: api.s3_api_url, region, bucket: api.bucket_name, prefix, listing })
    }
}

/// `s3.<region>.backblazeb2.com` (<https://www.backblaze.com/docs/cloud-storage-s3-compatible-api>).
fn region_of(endpoint: &Url) -> String {
    let labels: Vec<&str> = endpoint.domain().unwrap_or_default().split('.').collect();
    match labels[..] {
        ["s3", region, ..] => region.to_owned(),
        _ => "us-east-1".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_in_the_endpoint_s_name() {
        for (endpoint, region) in [
            ("https://s3.us-west-004.backblazeb2.com", "us-west-004"),
            ("https://s3.eu-central-003.backblazeb2.com/", "eu-central-003"),
            ("http://127.0.0.1:9000", "us-east-1"),
        ] {
            assert_eq!(region_of(&Url::parse(endpoint).unwrap()), region);
        }
    }
}
