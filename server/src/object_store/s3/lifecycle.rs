//! Lifecycle rules in the SDK's terms and ours.

use crate::object_store::{LifecycleRule, StoreError};
use aws_sdk_s3::config::http::HttpRequest;
use aws_sdk_s3::error::BuildError;
use aws_sdk_s3::types::{
    self, AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleExpiration, LifecycleRuleFilter,
    NoncurrentVersionExpiration,
};
use base64::Engine;
use md5::{Digest, Md5};

/// The code of a bucket that never had rules:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLifecycleConfiguration.html>
pub(super) const NO_RULES: &str = "NoSuchLifecycleConfiguration";
/// Bits of a request that B2 does not take; they go, and Content-MD5 comes in their place.
const CHECKSUM_HEADERS: &[&str] = &["x-amz-checksum-", "x-amz-sdk-checksum-algorithm", "x-amz-trailer"];

/// # Errors
/// [`StoreError::Refused`] for a rule that says more than ours can: written back, it would say less.
pub(super) fn ours(rule: &types::LifecycleRule) -> Result<LifecycleRule, StoreError> {
    #[allow(deprecated)]
    let old_prefix = rule.prefix();
    let filter = rule.filter();
    let odd_filter = filter.is_some_and(|filter| {
        filter.tag().is_some()
            || filter.and().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    });
    let noncurrent = rule.noncurrent_version_expiration();
    let odd_action = !rule.transitions().is_empty()
        || !rule.noncurrent_version_transitions().is_empty()
        || rule.expiration().is_some_and(|expiration| expiration.date().is_some())
        || noncurrent.is_some_and(|noncurrent| noncurrent.newer_noncurrent_versions().is_some());
    if odd_filter || odd_action {
        return Err(StoreError::Refused("the bucket has a lifecycle rule that cannot be repeated unchanged".into()));
    }
    Ok(LifecycleRule {
        id: rule.id().map(str::to_owned),
        prefix: filter.and_then(LifecycleRuleFilter::prefix).or(old_prefix).unwrap_or_default().to_owned(),
        enabled: *rule.status() == ExpirationStatus::Enabled,
        expire_after_days: rule.expiration().and_then(LifecycleExpiration::days).and_then(positive),
        expire_lone_markers: rule.expiration().and_then(|it| it.expired_object_delete_marker()).unwrap_or(false),
        delete_hidden_after_days: noncurrent.and_then(|it| it.noncurrent_days()).and_then(positive),
        abort_after_days: rule
            .abort_incomplete_multipart_upload()
            .and_then(|it| it.days_after_initiation())
            .and_then(positive),
    })
}

/// # Errors
/// [`BuildError`], as the SDK says it.
pub(super) fn theirs(rule: &LifecycleRule) -> Result<types::LifecycleRule, BuildError> {
    let status = if rule.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled };
    let expires = rule.expire_after_days.is_some() || rule.expire_lone_markers;
    let expiration = expires.then(|| {
        let expiration = LifecycleExpiration::builder().set_days(rule.expire_after_days.map(signed));
        expiration.set_expired_object_delete_marker(rule.expire_lone_markers.then_some(true)).build()
    });
    let hidden = rule
        .delete_hidden_after_days
        .map(|days| NoncurrentVersionExpiration::builder().noncurrent_days(signed(days)).build());
    let abandoned = rule
        .abort_after_days
        .map(|days| AbortIncompleteMultipartUpload::builder().days_after_initiation(signed(days)).build());
    types::LifecycleRule::builder()
        .set_id(rule.id.clone())
        .filter(LifecycleRuleFilter::builder().prefix(&rule.prefix).build())
        .status(status)
        .set_expiration(expiration)
        .set_noncurrent_version_expiration(hidden)
        .set_abort_incomplete_multipart_upload(abandoned)
        .build()
}

/// The SDK sends a CRC32 with this call also where it was told to send none; B2 refuses any such header. What S3 asked
/// for before there were any is taken by all.
pub(super) fn with_md5_alone(request: &mut HttpRequest) {
    let Some(md5) = request.body().bytes().map(Md5::digest) else { return };
    let headers = request.headers_mut();
    let is_checksum = |name: &str| CHECKSUM_HEADERS.iter().any(|start| name.starts_with(start));
    let names: Vec<String> = headers.iter().map(|(name, _)| name.to_owned()).filter(|name| is_checksum(name)).collect();
    for name in names {
        headers.remove(name);
    }
    headers.insert("content-md5", base64::engine::general_purpose::STANDARD.encode(md5));
}

fn positive(days: i32) -> Option<u32> {
    u32::try_from(days).ok()
}

fn signed(days: u32) -> i32 {
    i32::try_from(days).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_s3::types::{LifecycleRuleAndOperator, Transition};

    #[test]
    fn a_rule_is_the_same_after_going_there_and_back() {
        let rule = LifecycleRule {
            id: Some("all of it".into()),
            prefix: "a/".into(),
            enabled: false,
            expire_after_days: Some(7),
            expire_lone_markers: false,
            delete_hidden_after_days: Some(30),
            abort_after_days: Some(90),
        };
        let markers = LifecycleRule { enabled: true, expire_lone_markers: true, ..LifecycleRule::default() };
        for rule in [rule, markers] {
            assert_eq!(ours(&theirs(&rule).unwrap()).unwrap(), rule);
        }
    }

    #[test]
    fn a_rule_that_says_more_than_ours_can_is_refused() {
        let plain = || types::LifecycleRule::builder().status(ExpirationStatus::Enabled);
        let both = LifecycleRuleAndOperator::builder().prefix("a/").object_size_less_than(5).build();
        let odd = [
            plain().transitions(Transition::builder().days(3).build()).build(),
            plain().filter(LifecycleRuleFilter::builder().and(both).build()).build(),
            plain().filter(LifecycleRuleFilter::builder().object_size_greater_than(9).build()).build(),
        ];
        for rule in odd {
            assert!(matches!(ours(&rule.unwrap()), Err(StoreError::Refused(_))));
        }
        assert!(ours(&plain().build().unwrap()).is_ok());
    }
}
