//! The bucket's lifecycle rules. One row, because rules are the bucket's: rows beside each other would meet.

use super::subject::{Case, Checked, same};
use lectern_server::object_store::lifecycle::with_abandoned_uploads_ended;
use lectern_server::object_store::{LifecycleRule, ObjectStore};

pub async fn our_rule_joins_the_rules_that_are_there_and_can_go_again(it: &Case<'_>) -> Checked {
    let before = it.store().lifecycle().await?;
    let asked = ask(it, &before).await;
    // A user's bucket gets back what it had, whatever was found out.
    let restored = it.store().set_lifecycle(&before).await;
    asked?;
    restored?;
    same("the rules put back", it.store().lifecycle().await?, before)
}

async fn ask(it: &Case<'_>, before: &[LifecycleRule]) -> Checked {
    let prefix = it.key("somebody-else/");
    let id = Some("somebody-else".to_owned());
    let theirs = LifecycleRule { id, prefix, enabled: true, ..LifecycleRule::default() };
    let theirs = LifecycleRule { expire_after_days: Some(700), delete_hidden_after_days: Some(30), ..theirs };
    let there = [before, &[theirs]].concat();
    it.store().set_lifecycle(&there).await?;
    let found = it.store().lifecycle().await?;
    same("their rules", without_ids(&found), without_ids(&there))?;
    let merged = with_abandoned_uploads_ended(&found, &it.key("ours/"), 1);
    it.store().set_lifecycle(&merged).await?;
    let found = it.store().lifecycle().await?;
    same("the rules with ours", without_ids(&found), without_ids(&merged))?;
    same("merging again", with_abandoned_uploads_ended(&found, &it.key("ours/"), 1), found)
}

/// B2's own rules have none: it may make them up.
fn without_ids(rules: &[LifecycleRule]) -> Vec<LifecycleRule> {
    rules.iter().map(|rule| LifecycleRule { id: None, ..rule.clone() }).collect()
}
