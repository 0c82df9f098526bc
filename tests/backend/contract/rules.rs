//! The bucket's lifecycle rules. One row, because rules are the bucket's: rows beside each other would meet.

use super::subject::{Case, Checked, same};
use lectern_server::object_store::lifecycle::with_abandoned_uploads_ended;
use lectern_server::object_store::{LifecycleRule, ObjectStore};
use std::collections::BTreeSet;

pub async fn our_rule_joins_the_rules_that_are_there_and_can_go_again(it: &Case<'_>) -> Checked {
    let before = it.store().lifecycle().await?;
    let asked = ask(it, &before).await;
    // A user's bucket gets back what it had, whatever was found out.
    let restored = it.store().set_lifecycle(&before).await;
    asked?;
    restored?;
    same("the rules put back", deeds(&it.store().lifecycle().await?), deeds(&before))
}

async fn ask(it: &Case<'_>, before: &[LifecycleRule]) -> Checked {
    let prefix = it.key("somebody-else/");
    let id = Some("somebody-else".to_owned());
    let theirs = LifecycleRule { id, prefix, enabled: true, ..LifecycleRule::default() };
    let theirs = LifecycleRule { expire_after_days: Some(700), delete_hidden_after_days: Some(30), ..theirs };
    let there = [before, &[theirs]].concat();
    it.store().set_lifecycle(&there).await?;
    let found = it.store().lifecycle().await?;
    same("their rules", deeds(&found), deeds(&there))?;
    let merged = with_abandoned_uploads_ended(&found, &it.key("ours/"), 1);
    it.store().set_lifecycle(&merged).await?;
    let found = it.store().lifecycle().await?;
    same("the rules with ours", deeds(&found), deeds(&merged))?;
    same("merging again", with_abandoned_uploads_ended(&found, &it.key("ours/"), 1), found)
}

/// What is done, by prefix, and after how many days. B2 answers each deed as a rule of its own with an id of its own, and
/// one for lone markers that nobody wrote.
fn deeds(rules: &[LifecycleRule]) -> BTreeSet<(String, bool, &'static str, u32)> {
    let all = rules.iter().flat_map(|rule| {
        let days = [
            ("hide", rule.expire_after_days),
            ("delete hidden", rule.delete_hidden_after_days),
            ("abort", rule.abort_after_days),
        ];
        days.map(|(deed, days)| days.map(|days| (rule.prefix.clone(), rule.enabled, deed, days)))
    });
    all.flatten().collect()
}
