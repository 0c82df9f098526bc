//! The rules of the folder: kept and repeated, so that what sets them can be tried here. Nothing acts on them: whoever
//! owns a folder deletes by hand.

use super::durable::{sync_folder, write_json};
use super::fault::Fault;
use super::layout::Layout;
use crate::object_store::LifecycleRule;
use s3s::dto::{
    AbortIncompleteMultipartUpload, ExpirationStatus, LifecycleExpiration, LifecycleRuleFilter,
    NoncurrentVersionExpiration,
};
use s3s::{S3Result, dto, s3_error};
use std::{fs, io};

const FILE: &str = "lifecycle.json";

pub(super) fn read(layout: &Layout) -> Result<Vec<LifecycleRule>, Fault> {
    match fs::read(layout.root().join(FILE)) {
        Ok(text) => Ok(serde_json::from_slice(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn write(layout: &Layout, rules: &[LifecycleRule]) -> Result<(), Fault> {
    write_json(layout.root(), FILE, &rules)?;
    Ok(sync_folder(layout.root())?)
}

/// What B2 does not have is refused, as B2 does: <https://www.backblaze.com/apidocs/s3-put-lifecycle-configuration>
pub(super) fn taken(rule: dto::LifecycleRule) -> S3Result<LifecycleRule> {
    let filter = rule.filter.unwrap_or_default();
    let odd_filter = filter.and.is_some()
        || filter.tag.is_some()
        || filter.object_size_greater_than.is_some()
        || filter.object_size_less_than.is_some();
    let (expiration, noncurrent) = (rule.expiration.unwrap_or_default(), rule.noncurrent_version_expiration);
    let odd_action = rule.transitions.is_some()
        || rule.noncurrent_version_transitions.is_some()
        || expiration.date.is_some()
        || noncurrent.as_ref().is_some_and(|it| it.newer_noncurrent_versions.is_some());
    if odd_filter || odd_action {
        return Err(s3_error!(NotImplemented, "A lifecycle rule knows prefixes and days"));
    }
    Ok(LifecycleRule {
        id: rule.id,
        prefix: filter.prefix.or(rule.prefix).unwrap_or_default(),
        enabled: rule.status.as_str() == ExpirationStatus::ENABLED,
        expire_after_days: days(expiration.days)?,
        expire_lone_markers: expiration.expired_object_delete_marker.unwrap_or(false),
        delete_hidden_after_days: days(noncurrent.and_then(|it| it.noncurrent_days))?,
        abort_after_days: days(rule.abort_incomplete_multipart_upload.and_then(|it| it.days_after_initiation))?,
    })
}

pub(super) fn given(rule: LifecycleRule) -> dto::LifecycleRule {
    let signed = |days: u32| i32::try_from(days).unwrap_or(i32::MAX);
    let status = if rule.enabled { ExpirationStatus::ENABLED } else { ExpirationStatus::DISABLED };
    let expires = rule.expire_after_days.is_some() || rule.expire_lone_markers;
    dto::LifecycleRule {
        id: rule.id,
        filter: Some(LifecycleRuleFilter { prefix: Some(rule.prefix), ..LifecycleRuleFilter::default() }),
        status: ExpirationStatus::from_static(status),
        expiration: expires.then(|| LifecycleExpiration {
            days: rule.expire_after_days.map(signed),
            expired_object_delete_marker: rule.expire_lone_markers.then_some(true),
            date: None,
        }),
        noncurrent_version_expiration: rule.delete_hidden_after_days.map(|days| NoncurrentVersionExpiration {
            noncurrent_days: Some(signed(days)),
            newer_noncurrent_versions: None,
        }),
        abort_incomplete_multipart_upload: rule
            .abort_after_days
            .map(|days| AbortIncompleteMultipartUpload { days_after_initiation: Some(signed(days)) }),
        noncurrent_version_transitions: None,
        prefix: None,
        transitions: None,
    }
}

fn days(days: Option<i32>) -> S3Result<Option<u32>> {
    let positive = |days: i32| u32::try_from(days).ok().filter(|days| *days > 0);
    days.map(|days| positive(days).ok_or_else(|| s3_error!(InvalidArgument, "Days are a positive number"))).transpose()
}
