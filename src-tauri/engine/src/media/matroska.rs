//! Matroska and WebM by their headers: clusters are skipped, and a recording that was never closed (a browser's
//! MediaRecorder writes no duration) is measured by its last cluster.
//!
//! Shapes: RFC 8794 (EBML), RFC 9559 (Matroska). Lengths are claims: each is cut to its parent, and what is read is limited.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

const ELEMENTS_MAX: u32 = 50_000;
const HEADER_BYTES_MAX: u64 = 4096;
const INFO_BYTES_MAX: u64 = 64 * 1024;
/// Codec private data may be long; attachments are elements of their own.
const TRACKS_BYTES_MAX: u64 = 1024 * 1024;
/// Where the last cluster must begin for an open recording to be measured: browsers close one every few seconds.
const TAIL_BYTES_MAX: u64 = 8 * 1024 * 1024;
const CODEC_ID_BYTES_MAX: usize = 64;

mod id {
    pub const EBML: u32 = 0x1A45_DFA3;
    pub const DOC_TYPE: u32 = 0x4282;
    pub const SEGMENT: u32 = 0x1853_8067;
    pub const INFO: u32 = 0x1549_A966;
    pub const TIMESTAMP_SCALE: u32 = 0x002A_D7B1;
    pub const DURATION: u32 = 0x4489;
    pub const TRACKS: u32 = 0x1654_AE6B;
    pub const TRACK_ENTRY: u32 = 0xAE;
    pub const TRACK_TYPE: u32 = 0x83;
    pub const CODEC_ID: u32 = 0x86;
    pub const VIDEO: u32 = 0xE0;
    pub const PIXEL_WIDTH: u32 = 0xB0;
    pub const PIXEL_HEIGHT: u32 = 0xBA;
    pub const CLUSTER: u32 = 0x1F43_B675;
    pub const TIMESTAMP: u32 = 0xE7;
    pub const SIMPLE_BLOCK: u32 = 0xA3;
    pub const BLOCK_GROUP: u32 = 0xA0;
    pub const BLOCK: u32 = 0xA1;
}

pub(crate) use id::SEGMENT;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Segment {
    pub webm: bool,
    pub duration_ms: Option<u64>,
    pub dimensions: Option<(u32, u32)>,
    pub video_codec: Option<&'static str>,
    pub audio_codec: Option<&'static str>,
}

/// Reads the headers. An unfinished, damaged or unreadable file gives what was found before the damage.
pub fn read<R: Read + Seek>(reader: &mut R, length: u64) -> Segment {
    let mut segment = Segment::default();
    if let Err(error) = (Elements { reader, left: ELEMENTS_MAX }).file(length, &mut segment) {
        tracing::debug!(%error, "the elements could not be read to their end");
    }
    segment
}

struct Element {
    id: u32,
    body: Range<u64>,
    /// A live writer did not know yet: the body is taken to reach its parent's end.
    unknown_size: bool,
}

struct Elements<'a, R> {
    reader: &'a mut R,
    left: u32,
}

impl<R: Read + Seek> Elements<'_, R> {
    fn file(&mut self, length: u64, segment: &mut Segment) -> io::Result<()> {
        let Some(header) = self.element(0, length)?.filter(|element| element.id == id::EBML) else { return Ok(()) };
        let header_body = self.body(&header, HEADER_BYTES_MAX)?;
        segment.webm = find(&header_body, id::DOC_TYPE).is_some_and(|doc_type| doc_type.starts_with(b"webm"));

        let mut at = header.body.end;
        while let Some(element) = self.element(at, length)? {
            if element.id == id::SEGMENT {
                return self.segment(element.body, segment);
            }
            at = element.body.end;
        }
        Ok(())
    }

    fn segment(&mut self, range: Range<u64>, segment: &mut Segment) -> io::Result<()> {
        let mut info = None;
        let mut tracks = None;
        let mut at = range.start;
        while let Some(element) = self.element(at, range.end)? {
            match element.id {
                id::INFO => info = Some(self.body(&element, INFO_BYTES_MAX)?),
                id::TRACKS => tracks = Some(self.body(&element, TRACKS_BYTES_MAX)?),
                _ => {}
            }
            if element.unknown_size || (info.is_some() && tracks.is_some()) {
                break;
            }
            at = element.body.end;
        }
        describe(&tracks.unwrap_or_default(), segment);
        let info = info.unwrap_or_default();
        // Nanoseconds a tick.
        let scale = find(&info, id::TIMESTAMP_SCALE).and_then(unsigned).unwrap_or(1_000_000);
        segment.duration_ms = match find(&info, id::DURATION).and_then(float) {
            Some(ticks) => ticks_ms(ticks, scale),
            None => self.last_block_ticks(range)?.and_then(|ticks| {
                u64::try_from(u128::from(ticks) * u128::from(scale) / 1_000_000).ok().filter(|duration| *duration > 0)
            }),
        };
        Ok(())
    }

    fn element(&mut self, at: u64, parent_end: u64) -> io::Result<Option<Element>> {
        if at >= parent_end || self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.reader.seek(SeekFrom::Start(at))?;
        let mut head = Vec::with_capacity(12);
        self.reader.by_ref().take(12.min(parent_end - at)).read_to_end(&mut head)?;
        let Some((id, size, head_bytes)) = element_head(&head) else { return Ok(None) };
        let start = at + head_bytes as u64;
        let end = size.map_or(parent_end, |size| start.saturating_add(size)).min(parent_end);
        Ok(Some(Element { id, body: start..end, unknown_size: size.is_none() }))
    }

    fn body(&mut self, element: &Element, bytes_max: u64) -> io::Result<Vec<u8>> {
        self.reader.seek(SeekFrom::Start(element.body.start))?;
        let mut body = Vec::new();
        let length = (element.body.end - element.body.start).min(bytes_max);
        self.reader.by_ref().take(length).read_to_end(&mut body)?;
        Ok(body)
    }

    /// The latest timestamp in the last cluster that begins within the tail of the segment.
    fn last_block_ticks(&mut self, segment: Range<u64>) -> io::Result<Option<u64>> {
        let start = segment.end.saturating_sub(TAIL_BYTES_MAX).max(segment.start);
        let tail = self.body(&Element { id: 0, body: start..segment.end, unknown_size: false }, TAIL_BYTES_MAX)?;
        let mark = id::CLUSTER.to_be_bytes();
        // The mark may occur in media data: the first from the end that begins like a cluster is taken.
        let last = (0..tail.len().saturating_sub(4)).rev().filter(|at| tail[*at..].starts_with(&mark)).take(64);
        Ok(last.filter_map(|at| cluster_end_ticks(&tail[at..])).next())
    }
}

fn cluster_end_ticks(bytes: &[u8]) -> Option<u64> {
    let (_, size, head_bytes) = element_head(bytes)?;
    let body = bytes.get(head_bytes..)?;
    let body = size.and_then(|size| body.get(..usize::try_from(size).ok()?)).unwrap_or(body);
    let mut children = Children(body);
    let start = children.next().filter(|(id, _)| *id == id::TIMESTAMP).and_then(|(_, value)| unsigned(value))?;
    let last = children
        .filter_map(|(id, value)| match id {
            id::SIMPLE_BLOCK => Some(value),
            id::BLOCK_GROUP => find(value, id::BLOCK),
            _ => None,
        })
        .filter_map(block_offset_ticks)
        .max();
    Some(start.saturating_add(last.unwrap_or(0)))
}

/// Track number (one vint), then 16 bits relative to the cluster.
fn block_offset_ticks(block: &[u8]) -> Option<u64> {
    let (_, track_bytes) = vint(block)?;
    let offset = block.get(track_bytes..track_bytes + 2)?.try_into().ok().map(i16::from_be_bytes)?;
    u64::try_from(offset).ok()
}

fn describe(tracks: &[u8], segment: &mut Segment) {
    for (_, entry) in Children(tracks).filter(|(id, _)| *id == id::TRACK_ENTRY) {
        let codec = find(entry, id::CODEC_ID).map(|codec| {
            let codec = &codec[..codec.len().min(CODEC_ID_BYTES_MAX)];
            String::from_utf8_lossy(codec).trim_end_matches('\0').to_owned()
        });
        match find(entry, id::TRACK_TYPE).and_then(unsigned) {
            Some(1) if segment.dimensions.is_none() => {
                segment.video_codec = segment.video_codec.or_else(|| video_codec(codec.as_deref()?));
                let video = find(entry, id::VIDEO).unwrap_or_default();
                let side = |id| find(video, id).and_then(unsigned).and_then(|side| u32::try_from(side).ok());
                segment.dimensions =
                    side(id::PIXEL_WIDTH).zip(side(id::PIXEL_HEIGHT)).filter(|(w, h)| *w > 0 && *h > 0);
            }
            Some(2) => segment.audio_codec = segment.audio_codec.or_else(|| audio_codec(codec.as_deref()?)),
            _ => {}
        }
    }
}

/// Registered at <https://www.matroska.org/technical/codec_specs.html>.
fn video_codec(id: &str) -> Option<&'static str> {
    Some(match id {
        "V_MPEG4/ISO/AVC" => "H.264",
        "V_MPEGH/ISO/HEVC" => "HEVC",
        "V_MPEGI/ISO/VVC" => "VVC",
        "V_AV1" => "AV1",
        "V_VP9" => "VP9",
        "V_VP8" => "VP8",
        "V_PRORES" => "ProRes",
        "V_MPEG4/ISO/ASP" | "V_MPEG4/ISO/SP" | "V_MPEG4/ISO/AP" => "MPEG-4",
        "V_MPEG2" => "MPEG-2",
        "V_MPEG1" => "MPEG-1",
        "V_THEORA" => "Theora",
        "V_MJPEG" => "Motion JPEG",
        "V_FFV1" => "FFV1",
        _ => return None,
    })
}

fn audio_codec(id: &str) -> Option<&'static str> {
    Some(match id {
        "A_OPUS" => "Opus",
        "A_VORBIS" => "Vorbis",
        "A_FLAC" => "FLAC",
        "A_ALAC" => "ALAC",
        "A_MPEG/L3" => "MP3",
        "A_MPEG/L2" => "MP2",
        "A_AC3" => "AC-3",
        "A_EAC3" => "E-AC-3",
        _ if id.starts_with("A_AAC") => "AAC",
        _ if id.starts_with("A_PCM/") => "PCM",
        _ if id.starts_with("A_DTS") => "DTS",
        _ => return None,
    })
}

/// The elements of one level, from memory. Ends where they stop making sense.
struct Children<'a>(&'a [u8]);

impl<'a> Iterator for Children<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (id, size, head_bytes) = element_head(self.0)?;
        let rest = self.0.get(head_bytes..)?;
        let length = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX).min(rest.len());
        let (body, after) = rest.split_at(length);
        self.0 = after;
        Some((id, body))
    }
}

fn find(bytes: &[u8], id: u32) -> Option<&[u8]> {
    Children(bytes).find(|(found, _)| *found == id).map(|(_, body)| body)
}

/// Id, size (`None`: unknown) and the bytes both take.
pub(crate) fn element_head(bytes: &[u8]) -> Option<(u32, Option<u64>, usize)> {
    let id_bytes = bytes.first()?.leading_zeros() as usize + 1;
    if id_bytes > 4 {
        return None;
    }
    let id = bytes.get(..id_bytes)?.iter().fold(0, |id, byte| (id << 8) | u32::from(*byte));
    let (size, size_bytes) = vint(bytes.get(id_bytes..)?)?;
    Some((id, size, id_bytes + size_bytes))
}

/// RFC 8794, section 4: the leading zeros tell the length; all data bits set means unknown.
fn vint(bytes: &[u8]) -> Option<(Option<u64>, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    if length > 8 {
        return None;
    }
    let all_set = (1_u64 << (7 * length)) - 1;
    let value = bytes.get(..length)?.iter().fold(0_u64, |value, byte| (value << 8) | u64::from(*byte)) & all_set;
    Some(((value != all_set).then_some(value), length))
}

fn unsigned(bytes: &[u8]) -> Option<u64> {
    (bytes.len() <= 8).then(|| bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

fn float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f32::from_be_bytes(bytes.try_into().ok()?).into()),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

fn ticks_ms(ticks: f64, scale_ns: u64) -> Option<u64> {
    let ms = ticks * scale_ns as f64 / 1e6;
    // Beyond a century it is no lecture; within, the cast is exact enough.
    (1.0..3.2e12).contains(&ms).then_some(ms.round() as u64)
}
