//! Whether a file is finished: recorders and exporters write for hours, and what is sent before they end is waste.

use super::source::{Source, SourceFacts, SourceProblem, is_open_for_writing};
use crate::media::{MATROSKA_SEGMENT as SEGMENT, element_head};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// No file is waited for longer than this: one that lacks what its own head promises may be broken for good, and then it
/// is sent as it is.
const WAITS_MAX: Duration = Duration::from_secs(60);
/// A longer row of boxes says nothing: a recording in fragments has no end that could be told.
const BOXES_MAX: u32 = 1_000;

/// A file looked like this since then.
#[derive(Clone, Copy, Debug)]
pub struct Sighting {
    pub facts: SourceFacts,
    pub since: Instant,
    /// Something was seen to write into it: its own time may be another clock's, and is not asked.
    pub has_changed: bool,
}

impl Sighting {
    #[must_use]
    pub fn first(facts: SourceFacts, has_changed: bool) -> Self {
        Self { facts, since: Instant::now(), has_changed }
    }

    /// What is known when the file is seen again.
    #[must_use]
    pub fn next(self, facts: SourceFacts, now: Instant) -> Self {
        if self.facts == facts { self } else { Self { facts, since: now, has_changed: true } }
    }
}

/// Whether nothing has written to the file for `rest`, by its own time or by what was seen of it (a file server's clock
/// may be another), and the container is whole. Without `rest` every file is at rest. Blocks.
///
/// # Errors
/// When the file cannot be read.
pub fn is_at_rest(path: &Path, source: &Source, seen: Sighting, rest: Duration) -> Result<bool, SourceProblem> {
    if rest.is_zero() {
        return Ok(true);
    }
    // Programs keep documents open for hours without writing: not for longer than this.
    if is_open_for_writing(path) {
        return Ok(seen.since.elapsed() >= WAITS_MAX);
    }
    let by_its_time = since_modified(seen.facts).filter(|_| !seen.has_changed).unwrap_or_default();
    let quiet = by_its_time.max(seen.since.elapsed());
    Ok(quiet >= WAITS_MAX || (quiet >= rest && is_whole(source, seen.facts.bytes)?))
}

/// None: in the future.
fn since_modified(facts: SourceFacts) -> Option<Duration> {
    let modified = UNIX_EPOCH + Duration::from_nanos(u64::try_from(facts.modified_ns).unwrap_or(0));
    SystemTime::now().duration_since(modified).ok()
}

/// Whether a container has what its head says. Formats that do not say are whole.
fn is_whole(source: &Source, length: u64) -> Result<bool, SourceProblem> {
    // Emptied, to be written again.
    if length == 0 {
        return Ok(false);
    }
    let mut head = [0; 64];
    let head = &mut head[..usize::try_from(length).unwrap_or(usize::MAX).min(64)];
    source.read_at(head, 0)?;
    Ok(match (head.get(..4), head.get(4..8)) {
        (_, Some(b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot")) => {
            has_all_boxes(source, length)?
        }
        (Some(b"RIFF"), Some(size)) => riff_end(size) <= length,
        (Some(b"\x1a\x45\xdf\xa3"), _) => segment_end(head).is_none_or(|end| end <= length),
        _ => true,
    })
}

/// The movie's header is written last, or at the front of a file that is all there: ISO/IEC 14496-12, 4.2 and 8.2.
fn has_all_boxes(source: &Source, length: u64) -> Result<bool, SourceProblem> {
    let (mut at, mut has_movie) = (0_u64, false);
    for _ in 0..BOXES_MAX {
        let left = length.saturating_sub(at);
        if left < 8 {
            return Ok(has_movie && at <= length);
        }
        let mut head = [0; 16];
        let head = &mut head[..if left < 16 { 8 } else { 16 }];
        source.read_at(head, at)?;
        // Pictures in such a container have this instead.
        has_movie |= matches!(head.get(4..8), Some(b"moov" | b"meta"));
        let size = match (be_32(head), head.get(8..16)) {
            // To the end of the file.
            (0, _) => left,
            (1, Some(large)) => u64::from_be_bytes(large.try_into().unwrap_or_default()),
            (small, _) => u64::from(small),
        };
        if size < 8 {
            return Ok(has_movie);
        }
        at = at.saturating_add(size);
    }
    Ok(true)
}

fn be_32(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |value, byte| value << 8 | u32::from(*byte))
}

/// Writers put the length in when they are done: until then it is 0. Those who write to a pipe, or more than 4 GiB, say the
/// largest there is. <https://learn.microsoft.com/windows/win32/xaudio2/resource-interchange-file-format--riff->
fn riff_end(size: &[u8]) -> u64 {
    match u32::from_le_bytes(size.try_into().unwrap_or_default()) {
        0 => u64::MAX,
        u32::MAX => 0,
        size => u64::from(size),
    }
}

/// Where a Matroska segment says it ends: RFC 9559, 5.1. None: it does not say.
fn segment_end(head: &[u8]) -> Option<u64> {
    let (_, header, header_bytes) = element_head(head)?;
    let segment = header_bytes + usize::try_from(header?).ok()?;
    let (id, size, size_bytes) = element_head(head.get(segment..)?)?;
    (id == SEGMENT).then_some((segment + size_bytes) as u64 + size?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(bytes: &[u8]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording");
        std::fs::write(&path, bytes).unwrap();
        let (source, facts) = Source::open(&path).unwrap();
        is_whole(&source, facts.bytes).unwrap()
    }

    fn boxes(boxes: &[(&[u8; 4], usize)]) -> Vec<u8> {
        let one = |(kind, body): &(&[u8; 4], usize)| {
            [&u32::try_from(body + 8).unwrap().to_be_bytes()[..], *kind, &vec![7; *body]].concat()
        };
        boxes.iter().flat_map(one).collect()
    }

    #[test]
    fn a_movie_is_whole_when_its_header_is_there_and_every_box_ends_in_the_file() {
        let recorded = boxes(&[(b"ftyp", 16), (b"mdat", 1_000), (b"moov", 200)]);
        let for_the_web = boxes(&[(b"ftyp", 16), (b"moov", 200), (b"mdat", 1_000)]);
        assert!(whole(&recorded));
        assert!(!whole(&recorded[..recorded.len() - 1]), "its header is being written");
        assert!(!whole(&boxes(&[(b"ftyp", 16), (b"mdat", 1_000)])), "no header yet");
        assert!(whole(&for_the_web));
        assert!(!whole(&for_the_web[..800]), "its media are being written");
        // A recorder that does not know the length yet: 0 is "to the end".
        assert!(!whole(&[&boxes(&[(b"ftyp", 16)])[..], b"\0\0\0\0mdat", &[7; 99]].concat()));
        let large = [b"\0\0\0\x01mdat", &1_016_u64.to_be_bytes()[..], &[7; 1_000]].concat();
        assert!(whole(&[&large[..], &boxes(&[(b"moov", 20)])].concat()));
        assert!(!whole(&[&large[..], &boxes(&[(b"free", 20)])].concat()));
        let endless = [b"\0\0\0\x01mdat", &u64::MAX.to_be_bytes()[..], &[7; 100]].concat();
        assert!(!whole(&endless));
        assert!(whole(&boxes(&[(b"ftyp", 16), (b"meta", 100), (b"mdat", 1_000)])), "HEIC, AVIF");
        assert!(!whole(b""), "emptied");
    }

    #[test]
    fn what_says_its_length_is_whole_at_that_length_and_what_does_not_is_whole() {
        let riff = |size: u32, body: usize| [b"RIFF", &size.to_le_bytes()[..], b"WAVE", &vec![0; body]].concat();
        assert!(whole(&riff(104, 100)));
        assert!(!whole(&riff(104, 50)));
        assert!(!whole(&riff(0, 50)), "the length is written at the end");
        assert!(whole(&riff(u32::MAX, 50)));
        let matroska = |size: &[u8]| [b"\x1a\x45\xdf\xa3\x83abc\x18\x53\x80\x67", size, &[0; 100]].concat();
        assert!(whole(&matroska(&[0x80 | 100])));
        assert!(!whole(&matroska(&[0x80 | 101])));
        assert!(whole(&matroska(&[0xff])), "unknown");
        assert!(whole(b"just some words"));
        assert!(whole(b"x"));
    }

    #[test]
    fn a_file_rests_when_nothing_wrote_to_it_and_a_broken_one_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recording.mp4");
        std::fs::write(&path, boxes(&[(b"ftyp", 16), (b"moov", 20)])).unwrap();
        let modified_before = |age: u64| {
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
            Source::open(&path).unwrap()
        };
        let seen = |(source, facts): &(Source, SourceFacts), seen_for: u64, has_changed: bool| {
            let since = Instant::now() - Duration::from_secs(seen_for);
            is_at_rest(&path, source, Sighting { facts: *facts, since, has_changed }, Duration::from_secs(3)).unwrap()
        };
        let rests = |file: &(Source, SourceFacts), seen_for: u64| seen(file, seen_for, false);
        assert!(!rests(&modified_before(0), 0));
        assert!(rests(&modified_before(4), 0));
        assert!(rests(&modified_before(0), 4), "its clock is another one");
        assert!(!seen(&modified_before(100), 0, true), "and behind ours: it has just been seen to grow");
        assert!(seen(&modified_before(100), 4, true));
        std::fs::write(&path, boxes(&[(b"ftyp", 16), (b"mdat", 20)])).unwrap();
        assert!(!rests(&modified_before(30), 0));
        assert!(rests(&modified_before(61), 0), "broken");
    }

    #[test]
    fn what_was_seen_counts_from_when_the_file_looked_like_that() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let facts = SourceFacts { bytes: 1, modified_ns: 1, file_id: (1, 1) };
        let grown = SourceFacts { bytes: 2, ..facts };
        let first = Sighting { since: now, ..Sighting::first(facts, false) };
        assert_eq!(first.next(facts, later).since, now);
        let second = first.next(grown, later);
        assert_eq!((second.since, first.has_changed, second.has_changed), (later, false, true));
        assert!(second.next(grown, later).has_changed);
    }
}
