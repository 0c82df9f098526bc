//! Why the folder could not do what was asked, and what S3 calls it.

use s3s::{S3Error, S3ErrorCode};
use std::io;

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("there is no such upload")]
    NoSuchUpload,
    #[error("there is no such object")]
    NoSuchKey,
    #[error("there is no such version")]
    NoSuchVersion,
    #[error("this version hides the others and holds nothing")]
    HidesOthers,
    #[error("part {0} is not there, or is another one")]
    InvalidPart(u32),
    #[error("parts must be listed in ascending order")]
    InvalidPartOrder,
    #[error("part {0} is too small: only the last one may be")]
    EntityTooSmall(u32),
    #[error("the key is too long")]
    KeyTooLong,
    #[error("the body ended early")]
    IncompleteBody,
    #[error("nothing was sent for too long")]
    RequestTimeout,
    #[error("the Content-MD5 is not that of the body")]
    BadDigest,
    #[error("the disk is full")]
    DiskFull,
    #[error("the disk: {0}")]
    Disk(io::Error),
    #[error("a description on the disk cannot be read: {0}")]
    Damaged(#[from] serde_json::Error),
    #[error("the work was stopped")]
    Stopped,
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Disk(error),
        }
    }
}

impl From<Fault> for S3Error {
    fn from(fault: Fault) -> Self {
        let code = match &fault {
            Fault::NoSuchUpload => S3ErrorCode::NoSuchUpload,
            Fault::NoSuchKey => S3ErrorCode::NoSuchKey,
            Fault::NoSuchVersion => S3ErrorCode::NoSuchVersion,
            // https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
            Fault::HidesOthers => S3ErrorCode::MethodNotAllowed,
            Fault::InvalidPart(_) => S3ErrorCode::InvalidPart,
            Fault::InvalidPartOrder => S3ErrorCode::InvalidPartOrder,
            Fault::EntityTooSmall(_) => S3ErrorCode::EntityTooSmall,
            Fault::KeyTooLong => S3ErrorCode::KeyTooLongError,
            Fault::IncompleteBody => S3ErrorCode::IncompleteBody,
            Fault::RequestTimeout => S3ErrorCode::RequestTimeout,
            Fault::BadDigest => S3ErrorCode::BadDigest,
            // S3 has no word for it. Senders know the status.
            Fault::DiskFull => S3ErrorCode::Custom("InsufficientStorage".into()),
            Fault::Disk(_) | Fault::Damaged(_) | Fault::Stopped => S3ErrorCode::InternalError,
        };
        let full = matches!(fault, Fault::DiskFull);
        let mut error = Self::with_message(code, fault.to_string());
        if full {
            error.set_status_code(http::StatusCode::INSUFFICIENT_STORAGE);
        }
        error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_broken_one() {
        let full = S3Error::from(Fault::from(io::Error::from(io::ErrorKind::StorageFull)));
        assert_eq!(full.status_code(), Some(http::StatusCode::INSUFFICIENT_STORAGE));
        assert_eq!(full.code().as_str(), "InsufficientStorage");
        let broken = S3Error::from(Fault::from(io::Error::from(io::ErrorKind::PermissionDenied)));
        assert_eq!(broken.code(), &S3ErrorCode::InternalError);
    }
}
