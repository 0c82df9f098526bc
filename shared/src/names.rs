//! Names people type or files bring: cleaned once, the same way on client and server.

use unicode_normalization::UnicodeNormalization;

/// Longest name or title, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 200;

/// Cleans a name: NFC, no control or bidirectional override characters, white space folded and trimmed, at most
/// [`NAME_BYTES_MAX`] bytes cut at a character. `None` when nothing is left.
#[must_use]
pub fn clean(raw: &str) -> Option<String> {
    // Four times the limit is more than NFC can shrink to it: a hostile megabyte is not normalised first.
    let visible: String = raw
        .chars()
        .take(NAME_BYTES_MAX * 4)
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_hidden(*c))
        .nfc()
        .collect();
    let mut name = visible.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if name.len() > NAME_BYTES_MAX {
        let end = (0..=NAME_BYTES_MAX).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        name.truncate(end);
        name.truncate(name.trim_end().len());
    }
    (!name.is_empty()).then_some(name)
}

/// The title a file's name suggests: without its extension.
#[must_use]
pub fn title_of_file(name: &str) -> Option<String> {
    let stem = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && extension.len() <= 5 => stem,
        _ => name,
    };
    clean(stem)
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_normalised_and_loses_what_cannot_be_seen() {
        assert_eq!(clean("  Cafe\u{301} \t noir\u{202E} ").as_deref(), Some("Café noir"));
        assert_eq!(clean("line\nbreak").as_deref(), Some("line break"));
        assert_eq!(clean("\u{200B}\u{0}  "), None);
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        let name = clean(&"é".repeat(300)).unwrap();
        assert_eq!(name, "é".repeat(100));
        assert_eq!(clean(&"a".repeat(1_000_000)).unwrap().len(), NAME_BYTES_MAX);
    }

    #[test]
    fn a_title_is_the_file_name_without_its_extension() {
        assert_eq!(title_of_file("1.2 Resonance.mp4").as_deref(), Some("1.2 Resonance"));
        assert_eq!(title_of_file("Lecture 1. An introduction").as_deref(), Some("Lecture 1. An introduction"));
        assert_eq!(title_of_file(".mp4").as_deref(), Some(".mp4"));
    }
}
