//! The bucket's rule that ends uploads which nobody finished: is it there, may it be, and how it comes in beside the others.

use lectern_server::object_store::lifecycle::{ABANDONED_DAYS_MIN, overlapping, with_abandoned_uploads_ended};
use lectern_server::object_store::{LifecycleRule, ObjectStore, StoreError};
use lectern_shared::connect::Cleaning;

/// # Errors
/// [`StoreError::Unreachable`]; a refusal is an answer.
pub(super) async fn look(store: &dyn ObjectStore, prefix: &str) -> Result<Cleaning, StoreError> {
    match store.lifecycle().await {
        Ok(rules) => Ok(of_rules(&rules, prefix)),
        Err(error) => not_allowed(error),
    }
}

/// Adds our rule where it may be added; every other one stays as it is. Answers what the bucket has afterwards.
///
/// # Errors
/// [`StoreError::Unreachable`]; a refusal is an answer.
pub(super) async fn add(store: &dyn ObjectStore, prefix: &str) -> Result<Cleaning, StoreError> {
    let rules = match store.lifecycle().await {
        Ok(rules) => rules,
        Err(error) => return not_allowed(error),
    };
    let found = of_rules(&rules, prefix);
    if !matches!(found, Cleaning::Offered { .. }) {
        return Ok(found);
    }
    let merged = with_abandoned_uploads_ended(&rules, prefix, ABANDONED_DAYS_MIN);
    match store.set_lifecycle(&merged).await {
        Ok(()) => look(store, prefix).await,
        Err(error) => not_allowed(error),
    }
}

fn not_allowed(error: StoreError) -> Result<Cleaning, StoreError> {
    match error {
        StoreError::Unreachable(_) => Err(error),
        refused => {
            tracing::info!(%refused, "the bucket's rules");
            Ok(Cleaning::NotAllowed)
        }
    }
}

fn of_rules(rules: &[LifecycleRule], prefix: &str) -> Cleaning {
    let merged = with_abandoned_uploads_ended(rules, prefix, ABANDONED_DAYS_MIN);
    let ends_ours = |rule: &&LifecycleRule| rule.enabled && prefix.starts_with(&rule.prefix);
    let days = merged.iter().filter(ends_ours).find_map(|rule| rule.abort_after_days).unwrap_or(ABANDONED_DAYS_MIN);
    if merged == rules {
        return Cleaning::InPlace { days };
    }
    match overlapping(rules, prefix) {
        Some(rule) => Cleaning::OtherRule { prefix: rule.prefix.clone() },
        None => Cleaning::Offered { days },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str, abort_after_days: Option<u32>) -> LifecycleRule {
        LifecycleRule { prefix: prefix.to_owned(), enabled: true, abort_after_days, ..LifecycleRule::default() }
    }

    #[test]
    fn what_the_bucket_has_decides_what_is_offered() {
        for (rules, expected) in [
            (vec![], Cleaning::Offered { days: 90 }),
            (vec![rule("logs/", None)], Cleaning::Offered { days: 90 }),
            (vec![rule("p/", Some(90))], Cleaning::InPlace { days: 90 }),
            (vec![rule("p/", Some(200))], Cleaning::InPlace { days: 200 }),
            (vec![rule("p/", Some(7))], Cleaning::Offered { days: 90 }),
            (vec![rule("", Some(7))], Cleaning::InPlace { days: 7 }),
            (vec![rule("", None)], Cleaning::OtherRule { prefix: String::new() }),
            (vec![rule("p/q/", Some(7))], Cleaning::OtherRule { prefix: "p/q/".to_owned() }),
        ] {
            assert_eq!(of_rules(&rules, "p/"), expected, "{rules:?}");
        }
    }
}
