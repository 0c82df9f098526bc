//! Lifecycle rules as B2 has them: one for a prefix, without an id, and none that holds for the keys of another.
//!
//! <https://www.backblaze.com/docs/cloud-storage-lifecycle-rules>

use crate::object_store::LifecycleRule;
use crate::object_store::lifecycle::overlapping;
use s3s::{S3Result, s3_error};

const RULES_MAX: usize = 100;

/// # Errors
/// InvalidRequest for rules that B2 cannot have beside each other. The words are ours: B2's are not documented.
pub(in super::super) fn check(rules: &[LifecycleRule]) -> S3Result<()> {
    if rules.iter().any(|rule| overlapping(rules, &rule.prefix).is_some()) {
        return Err(s3_error!(InvalidRequest, "Two lifecycle rules apply to the same files"));
    }
    if rules.len() > RULES_MAX {
        return Err(s3_error!(InvalidRequest, "A bucket has {RULES_MAX} lifecycle rules at most"));
    }
    Ok(())
}

/// A rule of its own for each thing that is done, and one more for the markers that hiding leaves:
/// <https://www.backblaze.com/apidocs/s3-get-lifecycle-configuration>
pub(in super::super) fn answered(rules: Vec<LifecycleRule>) -> Vec<LifecycleRule> {
    let mut answered = Vec::new();
    for rule in rules {
        let part = LifecycleRule { prefix: rule.prefix, enabled: rule.enabled, ..LifecycleRule::default() };
        // A rule for markers alone says what B2 does anyway: it is not kept.
        if rule.expire_after_days.is_some() {
            answered.push(LifecycleRule { expire_after_days: rule.expire_after_days, ..part.clone() });
            answered.push(LifecycleRule { expire_lone_markers: true, ..part.clone() });
        }
        if rule.delete_hidden_after_days.is_some() {
            answered.push(LifecycleRule { delete_hidden_after_days: rule.delete_hidden_after_days, ..part.clone() });
        }
        if rule.abort_after_days.is_some() {
            answered.push(LifecycleRule { abort_after_days: rule.abort_after_days, ..part });
        }
    }
    for (number, rule) in (1..).zip(&mut answered) {
        rule.id = Some(format!("b2-{number}"));
    }
    answered
}
