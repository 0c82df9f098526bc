//! How other people's stores depart from the contract: facts about them, looked at in each run. None of them is asked of
//! our own store in either of its modes.

use super::Differs;

const fn differs(row: &'static str, seen: &'static str, instead: &'static str) -> Differs {
    Differs { row, seen, instead }
}

/// `rclone serve s3` 1.75: parts are streamed into the file they become, so nothing of them can be taken back.
pub(super) const RCLONE: &[Differs] = &[
    differs(
        "a_part_sent_again_replaces_the_former_one",
        "the status of a part: 501",
        "takes a part again only with the same bytes, else 501 NotImplemented",
    ),
    differs(
        "head_of_a_completed_upload_has_the_composite_etag",
        "\"1eac3d201685bb617a85ea2ff672b5b3\" instead of",
        "answers the MD5 of the whole object, though Complete answered the composite ETag",
    ),
    differs(
        "parts_that_are_not_named_are_left_out",
        "InvalidPart",
        "refuses with InvalidPart: every part has to be named",
    ),
    differs(
        "deleting_the_latest_version_shows_the_former_one",
        "every PUT has a version: (false, false, false)",
        "keeps no versions",
    ),
    differs(
        "a_range_is_answered_as_partial_content",
        "the status: 200 instead of 206",
        "sends the range and its Content-Range with status 200",
    ),
    differs("a_refused_range_says_the_length", "Content-Range: \"\"", "refuses without Content-Range"),
    differs("an_expired_url_is_refused", "the status: 400 instead of 403", "refuses with 400"),
    differs(
        "an_upload_goes_on_after_a_refused_part",
        "no such upload",
        "gives the whole upload up when one part has the wrong MD5",
    ),
    differs("a_small_part_before_the_last_is_refused", "Ok(StoredObject", "takes parts of any size"),
    differs("a_part_number_out_of_range_is_refused", "<Code>InvalidPart</Code>", "refuses with InvalidPart"),
    differs(
        "an_upload_goes_on_after_a_refused_completion",
        "no such upload",
        "gives the whole upload up when it refuses to complete it",
    ),
    differs(
        "our_rule_joins_the_rules_that_are_there_and_can_go_again",
        "HTTP status 200",
        "knows no lifecycle rules, and answers the question for them with a list of keys",
    ),
];

/// moto 5.2: it believes whatever it is told.
pub(super) const MOTO: &[Differs] = &[
    differs(
        "completing_twice_says_no_such_upload",
        "complete: Ok(StoredObject",
        "answers the same again, as Amazon does for a while",
    ),
    differs("an_unknown_upload_cannot_be_completed", "HTTP status 500", "breaks down: 500"),
    differs("an_unknown_upload_takes_no_part", "the status: 500", "breaks down: 500"),
    differs("a_refused_range_says_the_length", "Content-Range: \"\"", "refuses without Content-Range"),
    differs("a_tampered_part_url_is_refused", "the parts: 1 instead of 0", "checks no signature"),
    differs("a_tampered_put_url_is_refused", "HEAD: Some(", "checks no signature"),
    differs("a_tampered_get_url_is_refused", "the status: 200", "checks no signature"),
    differs("an_expired_url_is_refused", "HEAD: Some(", "does not look at the clock"),
    differs("a_url_for_one_part_takes_no_other", "the parts: 1 instead of 0", "checks no signature"),
    differs("a_stranger_s_key_is_refused", "Ok(", "knows everybody"),
    differs("a_part_that_is_not_what_its_md5_says_is_refused", "the status: 200", "checks no Content-MD5"),
    differs("an_upload_goes_on_after_a_refused_part", "the parts: 1 instead of 0", "checks no Content-MD5"),
    differs("a_put_that_is_not_what_its_md5_says_is_refused", "HEAD: Some(", "checks no Content-MD5"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::ROWS;

    #[test]
    fn every_difference_is_one_from_a_sentence_that_is_asked() {
        for differs in RCLONE.iter().chain(MOTO) {
            assert!(ROWS.iter().any(|row| row.name == differs.row), "{differs:?}");
            assert!(!differs.seen.is_empty() && !differs.instead.is_empty(), "{differs:?}");
        }
    }
}
