//! Object metadata travels in HTTP headers, which hold plain ASCII; file names do not.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use std::collections::HashMap;

const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b'=').add(b'?');

pub(super) fn encode_entries(entries: &[(String, String)]) -> HashMap<String, String> {
    entries.iter().map(|(name, value)| (name.to_ascii_lowercase(), encode(value))).collect()
}

/// Sorted by name: a map of the SDK has no order.
pub(super) fn decode_entries(metadata: Option<&HashMap<String, String>>) -> Vec<(String, String)> {
    let mut entries: Vec<_> = metadata
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), percent_decode_str(value).decode_utf8_lossy().into_owned()))
        .collect();
    entries.sort();
    entries
}

/// A value that a header carries unchanged is left readable; any other is escaped as a whole.
fn encode(value: &str) -> String {
    if survives_a_header(value) { value.to_owned() } else { utf8_percent_encode(value, ESCAPED).to_string() }
}

/// Headers are trimmed, the signature sees runs of blanks as one, and `=?` begins RFC 2047's encoding, which some stores
/// undo. A percent sign would be taken for our own escape.
fn survives_a_header(value: &str) -> bool {
    value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'%')
        && value.trim() == value
        && !value.contains("  ")
        && !value.contains("=?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_as_it_was_and_is_ascii_on_the_way() {
        for value in
            ["Week 1.mp4", "Überblick – 1.mp4", "100%25.mp4", " two  blanks ", "=?utf-8?q?x?=", "", "a\nb", "讲座"]
        {
            let sent = encode_entries(&[("name".into(), value.into())]);
            assert!(sent["name"].bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value}");
            assert_eq!(decode_entries(Some(&sent)), [("name".to_owned(), value.to_owned())]);
        }
    }

    #[test]
    fn a_plain_name_stays_readable() {
        assert_eq!(encode("Week 1 (intro).mp4"), "Week 1 (intro).mp4");
    }
}
