//! From what a person types to a bucket that has passed: where a key leads, and why it leads nowhere. The window and the
//! command line ask the same questions here.

use super::check::{CheckError, check_store};
use super::keys::StoreKey;
use super::local::bucket_store;
use super::settings::{BucketSettings, Provider};
use lectern_server::object_store::StoreError;
use lectern_server::object_store::b2::{self, Access, KeyProblem};
use lectern_shared::connect::{ConnectProblem, Connection};
use url::{Host, Url};

/// The region of stores that have none.
const DEFAULT_REGION: &str = "us-east-1";

/// Where a key leads.
pub enum Chosen {
    Bucket(BucketSettings, StoreKey),
    /// To several buckets, and none was named. Empty when the key may not list them.
    Several(Vec<String>),
}

/// Finds out which bucket is meant. `known` is the one that the workspace has: an endpoint or a region that is not given
/// is that one's. `b2` is where Backblaze's keys sign in, [`b2::ADDRESS`] but for tests.
///
/// # Errors
/// What is wrong with the key or the words.
pub async fn choose(
    connection: &Connection,
    b2: &Url,
    known: Option<&BucketSettings>,
) -> Result<Chosen, ConnectProblem> {
    match connection {
        Connection::BackblazeB2 { key_id, application_key, bucket, folder } => {
            let key = key(key_id, application_key);
            let access = sign_in(b2, &key).await?;
            of_access(access, key, bucket.as_deref(), folder).await
        }
        Connection::S3Compatible { endpoint, region, bucket, folder, key_id, secret_key } => {
            let endpoint = match (endpoint.trim(), known) {
                ("", Some(known)) => known.endpoint.clone(),
                (typed, _) => parse_endpoint(typed).ok_or(ConnectProblem::InvalidEndpoint)?,
            };
            let region = match (region.trim(), known) {
                ("", Some(known)) => known.region.clone(),
                ("", None) => DEFAULT_REGION.to_owned(),
                (typed, _) => typed.to_owned(),
            };
            let bucket = bucket.trim();
            // A store would take the next word of the path for its name.
            if bucket.is_empty() || bucket.contains('/') {
                return Err(ConnectProblem::NoSuchBucket);
            }
            let (provider, bucket, prefix) = (Provider::S3Compatible, bucket.to_owned(), with_slash(folder));
            let settings = BucketSettings { provider, endpoint, region, bucket, prefix };
            Ok(Chosen::Bucket(settings, key(key_id, secret_key)))
        }
    }
}

/// Uploads, lists, reads and deletes a small object there; a key of Backblaze signs in first, which tells more of it.
///
/// # Errors
/// The first thing that does not work.
pub async fn try_bucket(bucket: &BucketSettings, key: StoreKey, b2: &Url) -> Result<(), ConnectProblem> {
    if bucket.provider == Provider::BackblazeB2 {
        sign_in(b2, &key).await?;
    }
    check_store(&bucket_store(bucket, key)).await.map_err(problem_of_check)
}

/// What is pasted often brings a blank along.
fn key(id: &str, secret: &str) -> StoreKey {
    StoreKey { id: id.trim().to_owned(), secret: secret.trim().to_owned() }
}

async fn sign_in(b2: &Url, key: &StoreKey) -> Result<Access, ConnectProblem> {
    b2::authorize(b2, &key.id, &key.secret).await.map_err(problem_of_key)
}

async fn of_access(access: Access, key: StoreKey, named: Option<&str>, folder: &str) -> Result<Chosen, ConnectProblem> {
    let named = named.map(str::trim).filter(|name| !name.is_empty());
    let bucket = match (&access.bucket, named) {
        (Some(bound), Some(named)) if bound != named => {
            return Err(ConnectProblem::OtherBucket { bucket: bound.clone() });
        }
        (Some(bound), _) => bound.clone(),
        (None, Some(named)) => named.to_owned(),
        (None, None) => {
            return match b2::list_buckets(&access).await {
                Ok(buckets) => Ok(Chosen::Several(buckets)),
                // It signed in a moment ago: it is the listing that it may not.
                Err(KeyProblem::Unknown) => Ok(Chosen::Several(Vec::new())),
                Err(problem) => Err(problem_of_key(problem)),
            };
        }
    };
    let folder = with_slash(folder);
    // The key's own prefix is a text, not a folder: what is below it is ours to name.
    let prefix = if folder.starts_with(&access.prefix) { folder } else { format!("{}{folder}", access.prefix) };
    let (provider, endpoint, region) = (Provider::BackblazeB2, access.endpoint, access.region);
    Ok(Chosen::Bucket(BucketSettings { provider, endpoint, region, bucket, prefix }, key))
}

/// A prefix is a folder: without the slash it would also take in its neighbours.
fn with_slash(prefix: &str) -> String {
    let bare = prefix.trim().trim_matches('/');
    if bare.is_empty() { String::new() } else { format!("{bare}/") }
}

/// The address of a store as people type it. Without a scheme it is HTTPS, but for this very computer; lectures go
/// nowhere else in plain HTTP. None: no such address.
fn parse_endpoint(typed: &str) -> Option<Url> {
    let typed = typed.trim();
    let url = if typed.contains("://") {
        Url::parse(typed).ok()?
    } else {
        let plain = Url::parse(&format!("http://{typed}")).ok()?;
        if is_this_computer(&plain) { plain } else { Url::parse(&format!("https://{typed}")).ok()? }
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_this_computer(&url));
    let is_bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (is_safe && is_bare && url.fragment().is_none() && url.has_host()).then_some(url)
}

fn is_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

fn problem_of_key(problem: KeyProblem) -> ConnectProblem {
    match problem {
        KeyProblem::Unknown => ConnectProblem::UnknownKey,
        KeyProblem::Master => ConnectProblem::MasterKey,
        KeyProblem::Lacks(names) => ConnectProblem::LacksCapabilities { names },
        KeyProblem::BucketGone => ConnectProblem::BucketGone,
        KeyProblem::CapReached => ConnectProblem::CapReached,
        KeyProblem::Unreachable(detail) => ConnectProblem::Unreachable { detail },
        KeyProblem::NotB2(detail) => ConnectProblem::NotBackblaze { detail },
    }
}

fn problem_of_check(error: CheckError) -> ConnectProblem {
    match error {
        // The first call is on the bucket itself: what is not there is the bucket.
        CheckError::Upload(StoreError::NoSuchKey) => ConnectProblem::NoSuchBucket,
        CheckError::Upload(error) => problem_of_store(error, |detail| ConnectProblem::CannotWrite { detail }),
        CheckError::Send(error) => ConnectProblem::CannotWrite { detail: error.to_string() },
        CheckError::List(error) => problem_of_store(error, |detail| ConnectProblem::CannotList { detail }),
        CheckError::Read(detail) => ConnectProblem::CannotRead { detail },
        CheckError::Delete(error) => problem_of_store(error, |detail| ConnectProblem::CannotDelete { detail }),
        CheckError::OtherEtag => ConnectProblem::OtherEtag,
    }
}

/// A refusal begins with the store's code
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList>), if it gave one.
fn problem_of_store(error: StoreError, otherwise: impl FnOnce(String) -> ConnectProblem) -> ConnectProblem {
    let text = match error {
        StoreError::Unreachable(detail) => return ConnectProblem::Unreachable { detail },
        StoreError::Refused(text) => text,
        other => return otherwise(other.to_string()),
    };
    match text.split(':').next().unwrap_or_default() {
        "NoSuchBucket" => ConnectProblem::NoSuchBucket,
        // B2's words for the master key (<https://www.backblaze.com/docs/cloud-storage-s3-compatible-app-keys>).
        "InvalidAccessKeyId" if text.contains("Malformed") => ConnectProblem::MasterKey,
        // The last one is what our own store says of a key it never gave.
        "InvalidAccessKeyId" | "SignatureDoesNotMatch" | "NotSignedUp" => ConnectProblem::UnknownKey,
        "AccessDenied" if text.contains("cap exceeded") => ConnectProblem::CapReached,
        _ => otherwise(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_https_unless_it_is_this_computer() {
        let parsed = |typed: &str| parse_endpoint(typed).map(String::from);
        for (typed, expected) in [
            (" s3.us-west-004.backblazeb2.com ", Some("https://s3.us-west-004.backblazeb2.com/")),
            ("https://minio.example.org:9000", Some("https://minio.example.org:9000/")),
            ("127.0.0.1:9000", Some("http://127.0.0.1:9000/")),
            ("http://localhost:9000", Some("http://localhost:9000/")),
            ("https://127.0.0.1:9000", Some("https://127.0.0.1:9000/")),
            ("http://minio.example.org", None),
            ("ftp://example.org", None),
            ("https://user:word@example.org", None),
            ("https://example.org/?a=b", None),
            ("not a host", None),
            ("", None),
        ] {
            assert_eq!(parsed(typed).as_deref(), expected, "{typed:?}");
        }
    }

    #[test]
    fn each_refusal_of_a_store_is_told_by_its_code() {
        let told = |text: &str| problem_of_check(CheckError::Upload(StoreError::Refused(text.to_owned())));
        assert_eq!(told("NoSuchBucket: The specified bucket does not exist"), ConnectProblem::NoSuchBucket);
        assert_eq!(told("InvalidAccessKeyId: Malformed Access Key Id"), ConnectProblem::MasterKey);
        assert_eq!(told("InvalidAccessKeyId: The key '…' is not valid"), ConnectProblem::UnknownKey);
        assert_eq!(told("SignatureDoesNotMatch: words"), ConnectProblem::UnknownKey);
        assert_eq!(told("AccessDenied: Transaction cap exceeded, see"), ConnectProblem::CapReached);
        let detail = "AccessDenied: not entitled".to_owned();
        assert_eq!(told(&detail), ConnectProblem::CannotWrite { detail: detail.clone() });
        let list = problem_of_check(CheckError::List(StoreError::Refused(detail.clone())));
        assert_eq!(list, ConnectProblem::CannotList { detail: detail.clone() });
        let delete = problem_of_check(CheckError::Delete(StoreError::Refused(detail.clone())));
        assert_eq!(delete, ConnectProblem::CannotDelete { detail });
        let away = CheckError::List(StoreError::Unreachable("no answer".to_owned()));
        assert_eq!(problem_of_check(away), ConnectProblem::Unreachable { detail: "no answer".to_owned() });
    }

    #[test]
    fn a_folder_ends_with_one_slash_and_the_bucket_s_top_has_none() {
        for (typed, expected) in [("", ""), (" / ", ""), ("lectern", "lectern/"), ("/a/b/", "a/b/")] {
            assert_eq!(with_slash(typed), expected);
        }
    }
}
