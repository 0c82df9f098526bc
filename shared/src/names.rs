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

/// Longest description, in bytes of UTF-8.
pub const TEXT_BYTES_MAX: usize = 8 * 1024;

/// Cleans lines of plain text: NFC, line feeds alone, no other control and no bidirectional override characters, no white
/// space at the end of a line or of the text, at most [`TEXT_BYTES_MAX`] bytes cut at a character.
#[must_use]
pub fn clean_text(raw: &str) -> String {
    let unified = raw.chars().take(TEXT_BYTES_MAX * 4).collect::<String>().replace("\r\n", "\n").replace('\r', "\n");
    let visible: String = unified.chars().filter(|c| *c == '\n' || *c == '\t' || !is_hidden(*c)).nfc().collect();
    let mut text = visible.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    if text.len() > TEXT_BYTES_MAX {
        let end = (0..=TEXT_BYTES_MAX).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
    }
    text.trim_end().trim_start_matches('\n').to_owned()
}

/// A BCP 47 tag as it is written: `pt-BR`, `zh-Hant`. None when it cannot be one.
#[must_use]
pub fn clean_language(raw: &str) -> Option<String> {
    let raw = raw.trim();
    let mut subtags = raw.split('-');
    let is_language = |tag: &str| (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic());
    let is_subtag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    let fits = raw.len() <= 35 && subtags.next().is_some_and(is_language) && subtags.all(is_subtag);
    // RFC 5646, 2.1.1: a language in lower case, a script with a capital, a region in capitals.
    let written = raw.split('-').enumerate().map(|(index, tag)| match tag.len() {
        2 if index > 0 => tag.to_ascii_uppercase(),
        4 if index > 0 && tag.bytes().all(|b| b.is_ascii_alphabetic()) => {
            tag[..1].to_ascii_uppercase() + &tag[1..].to_ascii_lowercase()
        }
        _ => tag.to_ascii_lowercase(),
    });
    fits.then(|| written.collect::<Vec<_>>().join("-"))
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
    fn a_text_keeps_its_lines_and_loses_what_cannot_be_seen() {
        assert_eq!(clean_text("\n What we do \r\n\r\n\tand\u{202E} why\u{0} \n\n"), " What we do\n\n\tand why");
        assert_eq!(clean_text(&"é\n".repeat(9_000)).len(), TEXT_BYTES_MAX);
        assert_eq!(clean_text(" \n "), "");
    }

    #[test]
    fn a_language_is_written_as_its_registry_writes_it() {
        assert_eq!(clean_language(" PT-br ").as_deref(), Some("pt-BR"));
        assert_eq!(clean_language("zh-hANT-tw").as_deref(), Some("zh-Hant-TW"));
        for wrong in ["", "e", "en_US", "en-", "12", "a-very-long-tag-that-nobody-would-ever-register"] {
            assert_eq!(clean_language(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_title_is_the_file_name_without_its_extension() {
        assert_eq!(title_of_file("1.2 Resonance.mp4").as_deref(), Some("1.2 Resonance"));
        assert_eq!(title_of_file("Lecture 1. An introduction").as_deref(), Some("Lecture 1. An introduction"));
        assert_eq!(title_of_file(".mp4").as_deref(), Some(".mp4"));
    }
}
