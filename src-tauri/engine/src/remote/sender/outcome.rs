//! What came of one PUT, sorted by what to do next. No URL gets in here: a signed one is a key.

use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::client::legacy;
use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

/// Longest `Retry-After` we follow.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(600);
/// Most bytes of an error answer we read for its code.
const ERROR_BYTES_MAX: usize = 16 * 1024;
const CAP: &str = "CapExceeded";
const ERROR_READ_MAX: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// The store has the part and says its ETag (without quotes), and of a whole object its version.
    Sent { etag: String, version: Option<String> },
    /// The signature is not taken (any more): sign again.
    Expired { code: String },
    /// Another attempt may well work. `answered`: the store itself said so; `slow_down`: and that it has too much to do.
    Transient { detail: String, retry_after: Option<Duration>, answered: bool, slow_down: bool },
    /// Nobody there: refused, no name, no route, no answer in time.
    Unreachable { detail: String },
    /// The store does not know the multipart upload.
    UploadGone,
    /// The store is full.
    NoSpace,
    /// The account's cap is used up.
    CapReached,
    /// No, and the same again will be no.
    Refused { status: u16, code: String },
}

pub(super) async fn of_response(response: Response<Incoming>) -> PutOutcome {
    let status = response.status();
    let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    if status.is_success() {
        return match header("etag") {
            Some(etag) => PutOutcome::Sent {
                etag: etag.trim_matches('"').to_owned(),
                version: header("x-amz-version-id").filter(|version| version != "null"),
            },
            // A store always says it; a captive portal's friendly page does not.
            None => PutOutcome::Unreachable { detail: "an answer that is not a store's".to_owned() },
        };
    }
    let retry_after = header("retry-after").and_then(|value| retry_after(&value));
    let code = tokio::time::timeout(ERROR_READ_MAX, error_code(response.into_body())).await.unwrap_or_default();
    of_refusal(status, code, retry_after)
}

fn of_refusal(status: StatusCode, code: String, retry_after: Option<Duration>) -> PutOutcome {
    match (status.as_u16(), code.as_str()) {
        (404, _) => PutOutcome::UploadGone,
        (403, CAP) => PutOutcome::CapReached,
        (401 | 403, _) => PutOutcome::Expired { code },
        (507, _) => PutOutcome::NoSpace,
        // A portal or a proxy speaks, not the store.
        (300..=399 | 407 | 511, _) => PutOutcome::Unreachable { detail: format!("status {}", status.as_u16()) },
        (408 | 425 | 429 | 500..=599, _)
        | (400, "RequestTimeout" | "BadDigest" | "IncompleteBody" | "InternalError" | "SlowDown") => {
            let detail = format!("the store answered {} {code}", status.as_u16()).trim_end().to_owned();
            let slow_down = matches!(status.as_u16(), 429 | 503) || code == "SlowDown";
            PutOutcome::Transient { detail, retry_after, answered: true, slow_down }
        }
        (status, _) => PutOutcome::Refused { status, code },
    }
}

/// The text between `<Code>` and `</Code>`: of S3's error document nothing else is needed.
async fn error_code(mut body: Incoming) -> String {
    let mut text = Vec::new();
    while text.len() < ERROR_BYTES_MAX {
        let Some(Ok(frame)) = body.frame().await else { break };
        if let Ok(chunk) = frame.into_data() {
            text.extend_from_slice(&chunk[..chunk.len().min(ERROR_BYTES_MAX)]);
        }
    }
    let text = String::from_utf8_lossy(&text);
    // B2's code for it is a plain AccessDenied; only the words tell
    // (<https://www.backblaze.com/docs/cloud-storage-caps-and-alerts>).
    if text.to_ascii_lowercase().contains("cap exceeded") {
        return CAP.to_owned();
    }
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>")).map(|(code, _)| code);
    code.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).take(64).collect()
}

fn retry_after(value: &str) -> Option<Duration> {
    value.trim().parse().ok().map(Duration::from_secs).map(|wait| wait.min(RETRY_AFTER_MAX))
}

pub(super) fn of_error(error: legacy::Error) -> PutOutcome {
    let mut detail = error.to_string();
    let mut unreachable = error.is_connect();
    let mut cause = error.source();
    while let Some(inner) = cause {
        detail = inner.to_string();
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            unreachable |= matches!(
                io.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::NetworkDown
                    | ErrorKind::TimedOut
            );
        }
        cause = inner.source();
    }
    if unreachable {
        PutOutcome::Unreachable { detail }
    } else {
        PutOutcome::Transient { detail, retry_after: None, answered: false, slow_down: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_sorted_by_what_to_do_next() {
        let transient = |outcome: &PutOutcome| matches!(outcome, PutOutcome::Transient { .. });
        let sorted = |status: u16, code: &str| {
            of_refusal(StatusCode::from_u16(status).unwrap(), code.to_owned(), Some(Duration::from_secs(1)))
        };
        assert!(transient(&sorted(503, "SlowDown")));
        assert!(transient(&sorted(500, "")));
        assert!(transient(&sorted(429, "")));
        assert!(transient(&sorted(400, "BadDigest")));
        assert_eq!(sorted(404, "NoSuchUpload"), PutOutcome::UploadGone);
        assert_eq!(sorted(403, "AccessDenied"), PutOutcome::Expired { code: "AccessDenied".to_owned() });
        assert_eq!(sorted(507, ""), PutOutcome::NoSpace);
        assert_eq!(sorted(403, CAP), PutOutcome::CapReached);
        assert!(matches!(sorted(302, ""), PutOutcome::Unreachable { .. }));
        assert_eq!(
            sorted(400, "InvalidArgument"),
            PutOutcome::Refused { status: 400, code: "InvalidArgument".to_owned() }
        );
    }

    #[test]
    fn retry_after_is_followed_within_limits() {
        assert_eq!(retry_after(" 7 "), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("99999"), Some(RETRY_AFTER_MAX));
        assert_eq!(retry_after("Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }
}
