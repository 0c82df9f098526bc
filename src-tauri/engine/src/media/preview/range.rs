//! Which bytes a Range header asks for (RFC 9110, section 14): one range, as media elements send it.

use std::ops::Range;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// No range, or one that a server may ignore: malformed, several, another unit.
    Whole,
    Part(Range<u64>),
    /// Beyond the end: 416.
    Nothing,
}

pub fn wanted(header: Option<&str>, length: u64) -> Wanted {
    match header.and_then(parse) {
        None => Wanted::Whole,
        Some(_) if length == 0 => Wanted::Nothing,
        Some(Spec::From(first, _)) if first >= length => Wanted::Nothing,
        Some(Spec::From(first, last)) => {
            Wanted::Part(first..last.map_or(length, |last| last.saturating_add(1).min(length)))
        }
        Some(Spec::Last(0)) => Wanted::Nothing,
        Some(Spec::Last(count)) => Wanted::Part(length.saturating_sub(count)..length),
    }
}

/// Whether the header is one that is passed on to a store.
pub fn is_single(header: &str) -> bool {
    parse(header).is_some()
}

enum Spec {
    From(u64, Option<u64>),
    Last(u64),
}

fn parse(header: &str) -> Option<Spec> {
    let (first, last) = header.trim().strip_prefix("bytes=")?.trim().split_once('-')?;
    match (first, last) {
        ("", count) => Some(Spec::Last(number(count)?)),
        (first, "") => Some(Spec::From(number(first)?, None)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Spec::From(first, Some(last)))
        }
    }
}

/// Digits only: `parse` alone takes a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_the_file_and_one_beyond_it_is_refused() {
        let table = [
            (None, Wanted::Whole),
            (Some("bytes=0-"), Wanted::Part(0..100)),
            (Some("bytes=0-0"), Wanted::Part(0..1)),
            (Some("bytes=10-19"), Wanted::Part(10..20)),
            (Some("bytes=90-200"), Wanted::Part(90..100)),
            (Some("bytes=99-18446744073709551615"), Wanted::Part(99..100)),
            (Some("bytes=-30"), Wanted::Part(70..100)),
            (Some("bytes=-300"), Wanted::Part(0..100)),
            (Some("bytes=-0"), Wanted::Nothing),
            (Some("bytes=100-"), Wanted::Nothing),
            (Some("bytes=100-110"), Wanted::Nothing),
        ];
        for (header, expected) in table {
            assert_eq!(wanted(header, 100), expected, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
    }

    #[test]
    fn what_is_no_single_range_of_bytes_is_ignored() {
        for header in
            ["", "bytes", "bytes=", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "items=0-5", "bytes=+1-2", "bytes=a-b"]
        {
            assert_eq!(wanted(Some(header), 100), Wanted::Whole, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=99999999999999999999999-"), 100), Wanted::Whole);
    }
}
