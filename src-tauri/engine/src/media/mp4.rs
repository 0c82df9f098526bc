//! A 40 GB recording is understood by its box headers alone: media data is skipped, sample tables are never read.
//!
//! Shapes: ISO/IEC 14496-12 (boxes), 14496-1 (descriptors in `esds`), and Apple's QuickTime File Format. Every length in
//! the file is a claim: a box never reaches beyond its parent, and the number of boxes and bytes read is limited.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// Enough for twelve hours in fragments of one second.
const BOXES_MAX: u32 = 100_000;
/// Kept for the header when the walk along the file has used all the others.
const BOXES_IN_MOVIE_MIN: u32 = 10_000;
const TRACKS_MAX: usize = 64;
/// Of a box that is read, not skipped. A `trun` of 100,000 samples fits.
const BODY_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// The fields looked at lie in the first hundred bytes; `esds` follows within a few hundred.
const SAMPLE_ENTRIES_BYTES_MAX: u64 = 4096;
/// Writers that give each track its own fragment end with one of each.
const LAST_FRAGMENTS: usize = 4;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Movie {
    /// Major brand of `ftyp`; old QuickTime files have none.
    pub brand: Option<[u8; 4]>,
    pub duration_ms: Option<u64>,
    /// As shown: a track that is turned by 90° has its sides swapped.
    pub dimensions: Option<(u32, u32)>,
    pub video_codec: Option<&'static str>,
    pub audio_codec: Option<&'static str>,
}

/// Reads what the boxes say. `length` is the file's. An unfinished, damaged or unreadable file gives what was found before
/// the damage.
pub fn read<R: Read + Seek>(reader: &mut R, length: u64) -> Movie {
    let mut movie = Movie::default();
    if let Err(error) = (Boxes { reader, left: BOXES_MAX }).file(length, &mut movie) {
        tracing::debug!(%error, "the boxes could not be read to their end");
    }
    movie
}

struct BoxHeader {
    kind: [u8; 4],
    body: Range<u64>,
}

#[derive(Default)]
struct Header {
    fragmented: bool,
    fragment_duration_ms: Option<u64>,
    tracks: Vec<Track>,
}

#[derive(Default)]
struct Track {
    id: u32,
    handler: [u8; 4],
    timescale: u32,
    duration_ms: Option<u64>,
    /// `trex`: what a fragment's sample lasts where the fragment does not say.
    sample_duration: u32,
    turned: bool,
    shown: Option<(u32, u32)>,
    entry: Option<SampleEntry>,
}

struct SampleEntry {
    format: [u8; 4],
    /// MPEG-4 object type from `esds`.
    object_type: Option<u8>,
    coded: Option<(u32, u32)>,
}

struct Boxes<'a, R> {
    reader: &'a mut R,
    left: u32,
}

impl<R: Read + Seek> Boxes<'_, R> {
    fn file(&mut self, length: u64, movie: &mut Movie) -> io::Result<()> {
        let top = self.children(0..length)?;
        let whole_file_walked = self.left > 0;
        if let Some(ftyp) = top.iter().find(|b| &b.kind == b"ftyp") {
            movie.brand = array(&self.body(ftyp, 16)?, 0);
        }
        let Some(moov) = top.iter().find(|b| &b.kind == b"moov") else { return Ok(()) };
        self.left = self.left.max(BOXES_IN_MOVIE_MIN);
        let header = self.movie(moov, movie)?;
        if header.fragmented && header.fragment_duration_ms.is_none() && whole_file_walked {
            for moof in top.iter().rev().filter(|b| &b.kind == b"moof").take(LAST_FRAGMENTS) {
                movie.duration_ms = movie.duration_ms.max(self.fragment_end_ms(moof, &header.tracks)?);
            }
        }
        Ok(())
    }

    fn children(&mut self, range: Range<u64>) -> io::Result<Vec<BoxHeader>> {
        let mut children = Vec::new();
        let mut at = range.start;
        while at.saturating_add(8) <= range.end && self.left > 0 {
            self.left -= 1;
            let Some(child) = self.header(at, range.end)? else { break };
            at = child.body.end;
            children.push(child);
        }
        Ok(children)
    }

    /// `None` where no box can be: the walk of this parent ends there.
    fn header(&mut self, at: u64, parent_end: u64) -> io::Result<Option<BoxHeader>> {
        self.reader.seek(SeekFrom::Start(at))?;
        let mut bytes = [0; 8];
        self.reader.read_exact(&mut bytes)?;
        let [a, b, c, d, kind @ ..] = bytes;
        let (size, header_bytes) = match u32::from_be_bytes([a, b, c, d]) {
            // To the end of the file, the standard says: only the last box may.
            0 => (parent_end - at, 8),
            1 if parent_end - at >= 16 => {
                self.reader.read_exact(&mut bytes)?;
                (u64::from_be_bytes(bytes), 16)
            }
            size => (u64::from(size), 8),
        };
        if size < header_bytes {
            return Ok(None);
        }
        let end = at.saturating_add(size).min(parent_end);
        Ok(Some(BoxHeader { kind, body: at + header_bytes..end }))
    }

    fn body(&mut self, of: &BoxHeader, bytes_max: u64) -> io::Result<Vec<u8>> {
        self.reader.seek(SeekFrom::Start(of.body.start))?;
        let mut body = Vec::new();
        let length = (of.body.end - of.body.start).min(bytes_max);
        self.reader.by_ref().take(length).read_to_end(&mut body)?;
        Ok(body)
    }

    fn movie(&mut self, moov: &BoxHeader, movie: &mut Movie) -> io::Result<Header> {
        let mut header = Header::default();
        let mut timescale = 0;
        let mut extends = Vec::new();
        for child in self.children(moov.body.clone())? {
            match &child.kind {
                b"mvhd" => {
                    let clock = clock(&self.body(&child, 120)?);
                    timescale = clock.map_or(0, |clock| clock.timescale);
                    movie.duration_ms = clock.and_then(Clock::duration_ms);
                }
                b"trak" if header.tracks.len() < TRACKS_MAX => {
                    let track = self.track(&child)?;
                    header.tracks.push(track);
                }
                b"mvex" => {
                    header.fragmented = true;
                    extends = self.children(child.body)?;
                }
                _ => {}
            }
        }
        for child in extends {
            let body = self.body(&child, 32)?;
            match &child.kind {
                b"mehd" => {
                    let ticks =
                        if body.first() == Some(&1) { u64_at(&body, 4) } else { u32_at(&body, 4).map(u64::from) };
                    header.fragment_duration_ms = ticks.and_then(|ticks| Clock { timescale, ticks }.duration_ms());
                }
                b"trex" => {
                    let track = header.tracks.iter_mut().find(|track| Some(track.id) == u32_at(&body, 4));
                    if let (Some(track), Some(duration)) = (track, u32_at(&body, 12)) {
                        track.sample_duration = duration;
                    }
                }
                _ => {}
            }
        }
        movie.duration_ms = movie.duration_ms.max(header.fragment_duration_ms);
        if movie.duration_ms.is_none() {
            movie.duration_ms = header.tracks.iter().filter_map(|track| track.duration_ms).max();
        }
        describe(movie, &header.tracks);
        Ok(header)
    }

    fn track(&mut self, trak: &BoxHeader) -> io::Result<Track> {
        let mut track = Track::default();
        for child in self.children(trak.body.clone())? {
            match &child.kind {
                b"tkhd" => track_header(&self.body(&child, 120)?, &mut track),
                b"mdia" => self.track_media(&child, &mut track)?,
                _ => {}
            }
        }
        Ok(track)
    }

    fn track_media(&mut self, mdia: &BoxHeader, track: &mut Track) -> io::Result<()> {
        for child in self.children(mdia.body.clone())? {
            match &child.kind {
                b"mdhd" => {
                    if let Some(clock) = clock(&self.body(&child, 48)?) {
                        track.timescale = clock.timescale;
                        track.duration_ms = clock.duration_ms();
                    }
                }
                b"hdlr" => track.handler = array(&self.body(&child, 24)?, 8).unwrap_or_default(),
                b"minf" => {
                    if let Some(stbl) = self.child(&child, b"stbl")?
                        && let Some(stsd) = self.child(&stbl, b"stsd")?
                    {
                        track.entry = sample_entry(&self.body(&stsd, SAMPLE_ENTRIES_BYTES_MAX)?);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn child(&mut self, parent: &BoxHeader, kind: &[u8; 4]) -> io::Result<Option<BoxHeader>> {
        Ok(self.children(parent.body.clone())?.into_iter().find(|child| &child.kind == kind))
    }

    /// Where the samples of one fragment end: what a recording is long that was cut off before its header was written.
    fn fragment_end_ms(&mut self, moof: &BoxHeader, tracks: &[Track]) -> io::Result<Option<u64>> {
        let mut end_ms = None;
        for traf in self.children(moof.body.clone())?.into_iter().filter(|child| &child.kind == b"traf") {
            let mut of = None;
            let mut sample_duration = 0;
            let mut ticks = None;
            for child in self.children(traf.body)? {
                match &child.kind {
                    b"tfhd" => {
                        let body = self.body(&child, 32)?;
                        of = tracks.iter().find(|track| Some(track.id) == u32_at(&body, 4));
                        sample_duration = fragment_sample_duration(&body, of);
                    }
                    b"tfdt" => {
                        let body = self.body(&child, 16)?;
                        ticks =
                            if body.first() == Some(&1) { u64_at(&body, 4) } else { u32_at(&body, 4).map(u64::from) };
                    }
                    b"trun" => {
                        let run = run_ticks(&self.body(&child, BODY_BYTES_MAX)?, sample_duration);
                        ticks = ticks.map(|ticks| ticks.saturating_add(run));
                    }
                    _ => {}
                }
            }
            if let (Some(track), Some(ticks)) = (of, ticks) {
                end_ms = end_ms.max(Clock { timescale: track.timescale, ticks }.duration_ms());
            }
        }
        Ok(end_ms)
    }
}

#[derive(Clone, Copy)]
struct Clock {
    timescale: u32,
    ticks: u64,
}

impl Clock {
    /// `None` where the writer left it open: nothing, or all bits set.
    fn duration_ms(self) -> Option<u64> {
        if self.timescale == 0 || self.ticks == 0 || self.ticks == u64::from(u32::MAX) || self.ticks == u64::MAX {
            return None;
        }
        u64::try_from(u128::from(self.ticks) * 1000 / u128::from(self.timescale)).ok()
    }
}

/// `mvhd` and `mdhd` begin alike.
fn clock(body: &[u8]) -> Option<Clock> {
    if body.first() == Some(&1) {
        Some(Clock { timescale: u32_at(body, 20)?, ticks: u64_at(body, 24)? })
    } else {
        Some(Clock { timescale: u32_at(body, 12)?, ticks: u32_at(body, 16)?.into() })
    }
}

fn track_header(body: &[u8], track: &mut Track) {
    let (id_at, matrix_at) = if body.first() == Some(&1) { (20, 52) } else { (12, 40) };
    track.id = u32_at(body, id_at).unwrap_or(0);
    let cell = |index: usize| u32_at(body, matrix_at + 4 * index).unwrap_or(0);
    // [a b u, c d v, x y w]: a quarter turn has nothing on the diagonal.
    track.turned = cell(0) == 0 && cell(4) == 0 && cell(1) != 0 && cell(3) != 0;
    // 16.16 fixed point.
    track.shown = sides(cell(9) >> 16, cell(10) >> 16);
}

fn sample_entry(stsd: &[u8]) -> Option<SampleEntry> {
    let entry = stsd.get(8..)?;
    let coded = u16_at(entry, 32).zip(u16_at(entry, 34)).and_then(|(w, h)| sides(w.into(), h.into()));
    Some(SampleEntry { format: array(entry, 4)?, object_type: object_type(entry), coded })
}

/// `esds` hides at different depths in MP4 and in QuickTime sound descriptions: it is looked for by name.
fn object_type(entry: &[u8]) -> Option<u8> {
    let at = entry.windows(4).position(|window| window == b"esds")? + 8;
    let stream = descriptor(entry.get(at..)?, 0x03)?;
    let flags = *stream.get(2)?;
    let mut config_at = 3;
    if flags & 0x80 != 0 {
        config_at += 2;
    }
    if flags & 0x40 != 0 {
        config_at += 1 + usize::from(*stream.get(config_at)?);
    }
    if flags & 0x20 != 0 {
        config_at += 2;
    }
    descriptor(stream.get(config_at..)?, 0x04)?.first().copied()
}

/// The bytes after the tag and its length of one to four bytes.
fn descriptor(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    if bytes.first() != Some(&tag) {
        return None;
    }
    let length_bytes = bytes.iter().skip(1).take(4).take_while(|byte| **byte & 0x80 != 0).count() + 1;
    bytes.get(1 + length_bytes..)
}

fn fragment_sample_duration(tfhd: &[u8], track: Option<&Track>) -> u32 {
    let flags = u32_at(tfhd, 0).unwrap_or(0);
    let at = 8 + if flags & 0x1 != 0 { 8 } else { 0 } + if flags & 0x2 != 0 { 4 } else { 0 };
    let own = if flags & 0x8 != 0 { u32_at(tfhd, at) } else { None };
    own.or(track.map(|track| track.sample_duration)).unwrap_or(0)
}

fn run_ticks(trun: &[u8], sample_duration: u32) -> u64 {
    let flags = u32_at(trun, 0).unwrap_or(0);
    let count = u32_at(trun, 4).unwrap_or(0);
    if flags & 0x100 == 0 {
        return u64::from(count).saturating_mul(sample_duration.into());
    }
    let first = 8 + if flags & 0x1 != 0 { 4 } else { 0 } + if flags & 0x4 != 0 { 4 } else { 0 };
    let sample_bytes = 4 * (flags & 0xf00).count_ones() as usize;
    let samples = trun.get(first..).unwrap_or_default().chunks_exact(sample_bytes).take(count as usize);
    samples.filter_map(|sample| u32_at(sample, 0)).map(u64::from).fold(0, u64::saturating_add)
}

fn describe(movie: &mut Movie, tracks: &[Track]) {
    let entries = |handler: &'static [u8; 4]| {
        tracks
            .iter()
            .filter(move |track| &track.handler == handler)
            .filter_map(|track| Some((track, track.entry.as_ref()?)))
    };
    if let Some((track, entry)) = entries(b"vide").next() {
        movie.video_codec = video_codec(entry);
        movie.dimensions = entry.coded.or(track.shown).map(|(w, h)| if track.turned { (h, w) } else { (w, h) });
    }
    if let Some((_, entry)) = entries(b"soun").next() {
        movie.audio_codec = audio_codec(entry);
    }
}

/// Registered at <https://mp4ra.org/registered-types/sampleentries>.
fn video_codec(entry: &SampleEntry) -> Option<&'static str> {
    Some(match &entry.format {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dva1" | b"dvav" => "H.264",
        b"hvc1" | b"hev1" | b"hvc2" | b"hev2" | b"dvh1" | b"dvhe" => "HEVC",
        b"vvc1" | b"vvi1" => "VVC",
        b"av01" => "AV1",
        b"vp09" => "VP9",
        b"vp08" => "VP8",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "ProRes",
        b"AVdn" | b"AVdh" => "DNxHD",
        b"jpeg" | b"mjpa" | b"mjpb" => "Motion JPEG",
        b"mp4v" => match entry.object_type {
            Some(0x60..=0x65) => "MPEG-2",
            Some(0x6a) => "MPEG-1",
            Some(0x6c) => "Motion JPEG",
            _ => "MPEG-4",
        },
        b"h263" | b"s263" => "H.263",
        b"rle " => "QuickTime Animation",
        _ => return None,
    })
}

fn audio_codec(entry: &SampleEntry) -> Option<&'static str> {
    Some(match &entry.format {
        b"mp4a" => match entry.object_type {
            Some(0x69 | 0x6b) => "MP3",
            Some(0xa9) => "DTS",
            Some(0xad) => "Opus",
            _ => "AAC",
        },
        b".mp3" | b"ms\0\x55" => "MP3",
        b"Opus" => "Opus",
        b"fLaC" => "FLAC",
        b"alac" => "ALAC",
        b"ac-3" => "AC-3",
        b"ec-3" => "E-AC-3",
        b"ac-4" => "AC-4",
        b"dtsc" | b"dtsh" | b"dtsl" | b"dtse" => "DTS",
        b"sowt" | b"twos" | b"lpcm" | b"raw " | b"NONE" | b"in24" | b"in32" | b"fl32" | b"fl64" | b"ipcm" | b"fpcm" => {
            "PCM"
        }
        b"ulaw" | b"alaw" => "G.711",
        b"samr" | b"sawb" => "AMR",
        _ => return None,
    })
}

fn sides(width: u32, height: u32) -> Option<(u32, u32)> {
    (width > 0 && height > 0).then_some((width, height))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    array(bytes, at).map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    array(bytes, at).map(u32::from_be_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    array(bytes, at).map(u64::from_be_bytes)
}
