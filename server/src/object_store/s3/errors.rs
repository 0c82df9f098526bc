//! Reads what the SDK says went wrong: may the same call work later, or never? In words without keys and URLs.

use crate::object_store::StoreError;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::sync::Arc;

/// Shorter ones are no secrets of a store, and would tear holes into every word.
const SECRET_BYTES_MIN: usize = 8;
const MESSAGE_CHARS_MAX: usize = 200;
/// A trace this deep is a loop.
const SOURCES_MAX: usize = 16;

/// Codes that pass, whatever the status beside them: S3 sends RequestTimeout with 400 and any of them inside a 200.
/// RequestTimeTooSkewed passes because the answer itself has told us the right time; the three about the body because it
/// was damaged on its way, not wrong.
/// Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
const PASSING: &[&str] = &[
    "BadDigest",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "XAmzContentSHA256Mismatch",
];

/// Knows the secrets that no message may repeat: B2 quotes the key id when it refuses it.
#[derive(Clone)]
pub(super) struct Translator {
    secrets: Arc<[String]>,
}

impl Translator {
    pub(super) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        Self { secrets: secrets.into_iter().filter(|secret| secret.len() >= SECRET_BYTES_MIN).collect() }
    }

    pub(super) fn error<E>(&self, error: SdkError<E>) -> StoreError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match &error {
            SdkError::ConstructionFailure(_) => StoreError::Refused("the request could not be built".into()),
            SdkError::TimeoutError(_) => StoreError::Unreachable("no answer in time".into()),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                StoreError::Unreachable("no connection in time".into())
            }
            SdkError::DispatchFailure(_) => StoreError::Unreachable(self.words(&innermost(&error))),
            SdkError::ResponseError(answer) => self.answer(answer.raw().status().as_u16(), None, None),
            SdkError::ServiceError(answer) => {
                let (code, message) = (answer.err().code(), answer.err().message());
                self.answer(answer.raw().status().as_u16(), code, message)
            }
            _ => StoreError::Unreachable("the answer was not understood".into()),
        }
    }

    fn answer(&self, status: u16, code: Option<&str>, message: Option<&str>) -> StoreError {
        let text = self.words(&match (code, message) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(text), None) | (None, Some(text)) => text.to_owned(),
            (None, None) => format!("HTTP status {status}"),
        });
        match (code.unwrap_or_default(), status) {
            (code, _) if PASSING.contains(&code) => StoreError::Unreachable(text),
            ("NoSuchUpload", _) => StoreError::NoSuchUpload,
            ("InvalidPart", _) => StoreError::InvalidPart(text),
            ("NoSuchKey" | "NoSuchVersion", _) => StoreError::NoSuchKey,
            ("NoSuchBucket", _) => StoreError::Refused(text),
            (_, 404) => StoreError::NoSuchKey,
            // A store that cannot do it, or has no room for it, will not tomorrow either.
            (_, 501 | 507) => StoreError::Refused(text),
            (_, 408 | 429 | 500..) => StoreError::Unreachable(text),
            (_, 400..) => StoreError::Refused(text),
            // An `<Error>` with a code of its own inside a 200; without one it is no answer of a store (captive portal).
            ("", _) => StoreError::Unreachable(text),
            _ => StoreError::Refused(text),
        }
    }

    fn words(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.iter() {
            text = text.replace(secret, "…");
        }
        let words = text.split_whitespace().map(|word| if word.contains("://") { "…" } else { word });
        words.collect::<Vec<_>>().join(" ").chars().take(MESSAGE_CHARS_MAX).collect()
    }
}

/// "Connection refused" and "invalid peer certificate" sit at the bottom; the layers above only say "dispatch failure".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut last = error;
    for _ in 0..SOURCES_MAX {
        let Some(source) = last.source() else { break };
        last = source;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, code: &str) -> StoreError {
        Translator::new([]).answer(status, Some(code).filter(|code| !code.is_empty()), Some("words"))
    }

    #[test]
    fn what_may_pass_is_told_from_what_stays() {
        for (status, code) in [
            (503, "SlowDown"),
            (500, "InternalError"),
            (200, "InternalError"),
            (400, "RequestTimeout"),
            (400, "XAmzContentSHA256Mismatch"),
            (502, ""),
            (200, ""),
        ] {
            assert!(matches!(told(status, code), StoreError::Unreachable(_)), "{status} {code}");
        }
        for (status, code) in
            [(403, "AccessDenied"), (501, "NotImplemented"), (507, "InsufficientStorage"), (200, "Odd")]
        {
            assert!(matches!(told(status, code), StoreError::Refused(_)), "{status} {code}");
        }
    }

    #[test]
    fn a_missing_upload_part_object_and_bucket_are_four_things() {
        assert!(matches!(told(400, "InvalidPart"), StoreError::InvalidPart(_)));
        assert!(matches!(told(404, "NoSuchUpload"), StoreError::NoSuchUpload));
        assert!(matches!(told(404, "NoSuchKey"), StoreError::NoSuchKey));
        assert!(matches!(told(404, "NotFound"), StoreError::NoSuchKey));
        assert!(matches!(told(404, "NoSuchBucket"), StoreError::Refused(_)));
    }

    #[test]
    fn a_refusal_repeats_neither_key_nor_url() {
        let translate = Translator::new(["K1234567".to_owned(), "s3cr3t-key".to_owned()]);
        let text =
            translate.answer(403, Some("InvalidAccessKeyId"), Some("The key 'K1234567' at https://x/y?z is bad"));
        assert_eq!(text.to_string(), "the object store refused: InvalidAccessKeyId: The key '…' at … is bad");
    }
}
