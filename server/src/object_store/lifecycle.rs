//! What a bucket does by itself with old bytes, and how our one wish joins the rules that are there: writing rules
//! replaces them all, so a rule forgotten here would be a rule deleted.

use serde::{Deserialize, Serialize};

/// An upload that is paused over a term must still be there: our rule never ends one earlier.
pub const ABANDONED_DAYS_MIN: u32 = 90;
const OUR_ID: &str = "lectern-abandoned-uploads";

/// A rule, as far as B2 has them. A bucket with a rule that says more is refused whole rather than written back less:
/// <https://www.backblaze.com/apidocs/s3-put-lifecycle-configuration>
///
/// B2 answers each of its own `hide` rules as two, one with `expire_after_days` and one with `expire_lone_markers`:
/// <https://www.backblaze.com/apidocs/s3-get-lifecycle-configuration>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRule {
    pub id: Option<String>,
    /// Keys that begin so; empty for all.
    pub prefix: String,
    pub enabled: bool,
    /// `Expiration/Days`: the latest version is hidden.
    pub expire_after_days: Option<u32>,
    /// `Expiration/ExpiredObjectDeleteMarker`: a marker that hides nothing any more goes.
    pub expire_lone_markers: bool,
    /// `NoncurrentVersionExpiration/NoncurrentDays`: a version that is not the latest is deleted.
    pub delete_hidden_after_days: Option<u32>,
    /// `AbortIncompleteMultipartUpload/DaysAfterInitiation`
    pub abort_after_days: Option<u32>,
}

/// The rules that are there, with one that aborts uploads under our prefix which nobody finished in `days`, which count
/// as [`ABANDONED_DAYS_MIN`] at least. The very rules that are there, when one of them does so already.
#[must_use]
pub fn with_abandoned_uploads_ended(rules: &[LifecycleRule], prefix: &str, days: u32) -> Vec<LifecycleRule> {
    let days = days.max(ABANDONED_DAYS_MIN);
    let mut merged = rules.to_vec();
    // Not by its id: B2's own rules have none.
    let ends_ours =
        |rule: &&mut LifecycleRule| rule.enabled && rule.abort_after_days.is_some() && prefix.starts_with(&rule.prefix);
    if let Some(rule) = merged.iter_mut().find(ends_ours) {
        // One of a wider prefix is not ours to change; ours never ends uploads sooner than somebody wished before.
        if rule.prefix == prefix {
            rule.abort_after_days = rule.abort_after_days.max(Some(days));
        }
        return merged;
    }
    let id = free_id(rules);
    merged.push(LifecycleRule {
        id: Some(id),
        prefix: prefix.to_owned(),
        enabled: true,
        abort_after_days: Some(days),
        ..LifecycleRule::default()
    });
    merged
}

/// A rule for some of the same keys, under a wider or narrower prefix. B2 refuses two such rules, so there ours can only be
/// offered where this is none: <https://www.backblaze.com/docs/cloud-storage-lifecycle-rules>
#[must_use]
pub fn overlapping<'a>(rules: &'a [LifecycleRule], prefix: &str) -> Option<&'a LifecycleRule> {
    let meet = |other: &str| other != prefix && (other.starts_with(prefix) || prefix.starts_with(other));
    rules.iter().find(|rule| meet(&rule.prefix))
}

/// Ids are unique in a bucket, and another workspace may have its rule in this one.
fn free_id(rules: &[LifecycleRule]) -> String {
    let is_free = |id: &String| !rules.iter().any(|rule| rule.id.as_ref() == Some(id));
    let numbered = (2..).map(|number: u32| format!("{OUR_ID}-{number}"));
    std::iter::once(OUR_ID.to_owned()).chain(numbered).find(is_free).unwrap_or_else(|| OUR_ID.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theirs(id: &str, prefix: &str) -> LifecycleRule {
        let rule = LifecycleRule { id: Some(id.into()), prefix: prefix.into(), ..LifecycleRule::default() };
        LifecycleRule { expire_after_days: Some(3), delete_hidden_after_days: Some(1), ..rule }
    }

    #[test]
    fn every_rule_that_is_there_stays_as_it_is() {
        let rules = [theirs("logs", "logs/"), theirs("all", ""), theirs("same prefix", "lectern/")];
        let merged = with_abandoned_uploads_ended(&rules, "lectern/", 120);
        assert_eq!(merged[..3], rules);
        let ours = LifecycleRule {
            id: Some("lectern-abandoned-uploads".into()),
            prefix: "lectern/".into(),
            enabled: true,
            abort_after_days: Some(120),
            ..LifecycleRule::default()
        };
        assert_eq!(merged[3..], [ours]);
    }

    #[test]
    fn a_paused_upload_has_ninety_days_whatever_is_asked() {
        let merged = with_abandoned_uploads_ended(&[], "p/", 1);
        assert_eq!(merged[0].abort_after_days, Some(90));
        let longer = with_abandoned_uploads_ended(&merged, "p/", 200);
        assert_eq!((longer.len(), longer[0].abort_after_days), (1, Some(200)));
        assert_eq!(with_abandoned_uploads_ended(&longer, "p/", 90), longer);
    }

    #[test]
    fn merging_again_changes_nothing_also_when_the_store_made_up_another_id() {
        let mut merged = with_abandoned_uploads_ended(&[theirs("logs", "logs/")], "p/", 90);
        assert_eq!(with_abandoned_uploads_ended(&merged, "p/", 90), merged);
        merged[1].id = Some("4f1c".into());
        assert_eq!(with_abandoned_uploads_ended(&merged, "p/", 90), merged);
    }

    #[test]
    fn a_wider_rule_that_ends_uploads_already_is_enough_and_stays_as_it_is() {
        let all = LifecycleRule { enabled: true, abort_after_days: Some(7), ..theirs("all", "") };
        let kept = with_abandoned_uploads_ended(std::slice::from_ref(&all), "p/", 90);
        assert_eq!((kept.len(), &kept[0]), (1, &all));
        let elsewhere = LifecycleRule { prefix: "q/".into(), ..all };
        assert_eq!(with_abandoned_uploads_ended(&[elsewhere], "p/", 90).len(), 2);
    }

    #[test]
    fn rules_that_b2_would_not_have_beside_ours_are_found() {
        let rules = [theirs("logs", "logs/"), theirs("ours", "p/"), theirs("narrow", "p/q/")];
        assert_eq!(overlapping(&rules[..2], "p/"), None);
        assert_eq!(overlapping(&rules, "p/"), Some(&rules[2]));
        assert_eq!(overlapping(&[theirs("all", "")], "p/"), Some(&theirs("all", "")));
    }

    #[test]
    fn two_workspaces_in_a_bucket_have_two_rules_with_two_ids() {
        let one = with_abandoned_uploads_ended(&[], "a/", 90);
        let two = with_abandoned_uploads_ended(&one, "b/", 90);
        let three = with_abandoned_uploads_ended(&two, "c/", 90);
        assert_eq!(three[..2], two);
        let ids: Vec<_> = three.iter().filter_map(|rule| rule.id.as_deref()).collect();
        assert_eq!(ids, ["lectern-abandoned-uploads", "lectern-abandoned-uploads-2", "lectern-abandoned-uploads-3"]);
    }

    #[test]
    fn a_rule_that_is_switched_off_ends_nothing_so_ours_comes_beside_it() {
        let mut off = with_abandoned_uploads_ended(&[], "p/", 90);
        off[0].enabled = false;
        let merged = with_abandoned_uploads_ended(&off, "p/", 90);
        assert_eq!((merged.len(), &merged[0], merged[1].enabled), (2, &off[0], true));
    }
}
