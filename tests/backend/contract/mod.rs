//! One contract for every object store: what the uploads above rely on, asked of each store in the same words. A store
//! that answers otherwise is no reason to ask less: how it differs is written down beside it, and asked as well.

mod differences;
mod objects;
mod parts;
mod refusals;
mod rules;
mod stores;
mod subject;
mod table;
mod urls;

pub use stores::{Started, all, b2, local, moto, named, rclone};
pub use subject::{Case, Mismatch, Subject};
pub use table::{Report, print};

use futures::StreamExt;
use futures::future::BoxFuture;
use std::time::Duration;

/// Some rows wait for the clock, most for the store: a few at a time are enough to hide it.
const ROWS_AT_ONCE: usize = 4;
/// No store here needs a tenth of it.
const ROW_PATIENCE: Duration = Duration::from_secs(60);

type Check = for<'a> fn(&'a Case<'a>) -> BoxFuture<'a, Result<(), Mismatch>>;

/// One sentence of the contract.
pub struct Row {
    pub name: &'static str,
    check: Check,
}

/// How a store departs from one sentence. Held as firmly as the sentence: the row must fail, and with these words.
#[derive(Clone, Copy, Debug)]
pub struct Differs {
    pub row: &'static str,
    /// What the row says when it fails so: a part of it that is always the same.
    pub seen: &'static str,
    /// For the table: what the store does instead.
    pub instead: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Differs(&'static str),
    Failed(String),
}

/// A row from a function: the sentence is its name.
macro_rules! rows {
    ($($module:ident::$check:ident),* $(,)?) => {
        &[$(Row { name: stringify!($check), check: |case| Box::pin($module::$check(case)) }),*]
    };
}

/// Every sentence, in the order of an upload's life.
pub const ROWS: &[Row] = rows![
    parts::a_begun_upload_is_listed_until_it_is_aborted,
    parts::parts_sent_in_any_order_are_listed_ascending_with_size_and_md5,
    parts::a_part_sent_twice_unchanged_is_one_part,
    parts::a_part_sent_again_replaces_the_former_one,
    parts::every_page_of_the_parts_is_read,
    parts::every_page_of_the_uploads_is_read_and_no_other_prefix,
    parts::complete_answers_the_composite_etag,
    parts::head_of_a_completed_upload_has_the_composite_etag,
    parts::a_completed_upload_has_its_bytes_and_metadata,
    parts::parts_that_are_not_named_are_left_out,
    parts::completing_twice_says_no_such_upload,
    parts::an_unknown_upload_has_no_parts_to_list,
    parts::an_unknown_upload_cannot_be_completed,
    parts::an_unknown_upload_takes_no_part,
    parts::aborting_is_idempotent_and_forgets_the_parts,
    objects::a_single_put_keeps_type_name_and_md5,
    objects::an_empty_file_can_be_put,
    objects::a_later_put_shows_instead_of_the_former,
    objects::an_absent_object_has_no_head,
    objects::deleting_the_latest_version_shows_the_former_one,
    objects::a_delete_without_version_hides_the_object,
    objects::deleting_what_is_gone_is_fine,
    objects::every_page_of_the_keys_is_read,
    urls::a_signed_get_answers_the_bytes_of_a_range,
    urls::a_range_is_answered_as_partial_content,
    urls::a_range_beyond_the_end_is_refused,
    urls::a_refused_range_says_the_length,
    urls::a_tampered_part_url_is_refused,
    urls::a_tampered_put_url_is_refused,
    urls::a_tampered_get_url_is_refused,
    urls::an_expired_url_is_refused,
    urls::a_url_for_one_part_takes_no_other,
    urls::a_stranger_s_key_is_refused,
    refusals::a_missing_bucket_is_no_missing_object,
    refusals::a_part_that_is_not_what_its_md5_says_is_refused,
    refusals::an_upload_goes_on_after_a_refused_part,
    refusals::a_put_that_is_not_what_its_md5_says_is_refused,
    refusals::a_small_part_before_the_last_is_refused,
    refusals::a_part_number_out_of_range_is_refused,
    refusals::a_wrong_etag_is_an_invalid_part,
    refusals::an_upload_goes_on_after_a_refused_completion,
    refusals::a_part_that_was_never_sent_is_an_invalid_part,
    rules::our_rule_joins_the_rules_that_are_there_and_can_go_again,
];

/// Asks every sentence of a store, and takes away what that left there.
pub async fn run(subject: &Subject) -> Report {
    let asked = ROWS.iter().enumerate().map(|(index, row)| async move {
        let case = Case::new(subject, index);
        let late = || Err(Mismatch::new("no answer in time"));
        let found = tokio::time::timeout(ROW_PATIENCE, (row.check)(&case)).await.unwrap_or_else(|_| late());
        (index, judge(subject.differs.iter().find(|differs| differs.row == row.name), found))
    });
    let mut outcomes: Vec<_> = futures::stream::iter(asked).buffer_unordered(ROWS_AT_ONCE).collect().await;
    outcomes.sort_by_key(|(index, _)| *index);
    let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    Report { store: subject.name.clone(), outcomes, left_behind: subject.clear().await.err() }
}

fn judge(differs: Option<&Differs>, found: Result<(), Mismatch>) -> Outcome {
    match (differs, found) {
        (None, Ok(())) => Outcome::Passed,
        (Some(_), Ok(())) => Outcome::Failed("it keeps this now: delete its entry under Differs".to_owned()),
        (Some(differs), Err(mismatch)) if mismatch.to_string().contains(differs.seen) => {
            Outcome::Differs(differs.instead)
        }
        (_, Err(mismatch)) => Outcome::Failed(mismatch.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIFFERS: Differs = Differs { row: "r", seen: "status 500", instead: "says 500" };

    #[test]
    fn a_difference_is_held_as_firmly_as_the_contract() {
        let mismatch = || Err(Mismatch::new("the answer has status 500, not 403"));
        assert_eq!(judge(None, Ok(())), Outcome::Passed);
        assert!(matches!(judge(None, mismatch()), Outcome::Failed(_)));
        assert_eq!(judge(Some(&DIFFERS), mismatch()), Outcome::Differs("says 500"));
        assert!(matches!(judge(Some(&DIFFERS), Err(Mismatch::new("status 200"))), Outcome::Failed(_)));
        let behaves = judge(Some(&DIFFERS), Ok(()));
        assert!(matches!(behaves, Outcome::Failed(words) if words.contains("delete its entry")));
    }
}
