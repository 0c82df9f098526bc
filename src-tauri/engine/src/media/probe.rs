//! What is in a file, for people: how long, how large, which codecs. Reads headers only, and never more than a limit.

use super::{matroska, mp4};
use lectern_shared::media::Probe;
use lofty::config::ParseOptions;
use lofty::file::{AudioFile, FileType};
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

/// Whatever the file claims: more is never read to describe it.
pub const BYTES_READ_MAX: u64 = 48 * 1024 * 1024;
const HEAD_BYTES: u64 = 64;
/// EXIF stands before the pixels: so much of an image's start is looked at for its orientation.
const IMAGE_HEAD_BYTES: u64 = 1024 * 1024;

/// Describes the file. Never fails: what cannot be found out is `None`. Blocks; hostile files belong into
/// [`super::probe_in_child`].
#[must_use]
pub fn probe(path: &Path) -> Probe {
    // A pipe or a device would block, or never end.
    let regular = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !regular {
        return Probe::default();
    }
    File::open(path).map(probe_reader).unwrap_or_default()
}

/// [`probe`] for anything that can be read at positions.
pub fn probe_reader(reader: impl Read + Seek) -> Probe {
    let mut reader = Limited { reader, left: BYTES_READ_MAX };
    look(&mut reader).unwrap_or_else(|error| {
        tracing::debug!(%error, "a file could not be probed");
        Probe::default()
    })
}

fn look<R: Read + Seek>(reader: &mut Limited<R>) -> io::Result<Probe> {
    let length = reader.seek(SeekFrom::End(0))?;
    reader.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    reader.by_ref().take(HEAD_BYTES).read_to_end(&mut head)?;
    reader.seek(SeekFrom::Start(0))?;

    if let Some(container) = image_container(&head) {
        return image(reader, container);
    }
    if head.starts_with(&[0x1A, 0x45, 0xDF, 0xA3]) {
        return Ok(of_segment(matroska::read(reader, length)));
    }
    if let Some(b"ftyp" | b"moov" | b"mdat" | b"wide" | b"free" | b"skip" | b"pnot") = head.get(4..8) {
        return Ok(of_movie(mp4::read(reader, length)));
    }
    if looks_like_audio(&head) {
        return Ok(audio(reader));
    }
    Ok(Probe { container: other_container(&head).map(str::to_owned), ..Probe::default() })
}

fn of_movie(movie: mp4::Movie) -> Probe {
    let container = match movie.brand {
        Some(brand) if &brand == b"qt  " => "QuickTime",
        Some([b'3', b'g', ..]) => "3GP",
        Some(_) => "MP4",
        None => "QuickTime",
    };
    Probe {
        duration_ms: movie.duration_ms,
        width: movie.dimensions.map(|(width, _)| width),
        height: movie.dimensions.map(|(_, height)| height),
        video_codec: movie.video_codec.map(str::to_owned),
        audio_codec: movie.audio_codec.map(str::to_owned),
        container: Some(container.to_owned()),
    }
}

fn of_segment(segment: matroska::Segment) -> Probe {
    Probe {
        duration_ms: segment.duration_ms,
        width: segment.dimensions.map(|(width, _)| width),
        height: segment.dimensions.map(|(_, height)| height),
        video_codec: segment.video_codec.map(str::to_owned),
        audio_codec: segment.audio_codec.map(str::to_owned),
        container: Some(if segment.webm { "WebM" } else { "Matroska" }.to_owned()),
    }
}

fn looks_like_audio(head: &[u8]) -> bool {
    // UTF-16 text begins like a frame of MPEG layer I, which nobody has.
    let utf16 = head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFF, 0xFF]);
    head.starts_with(b"ID3") || (!utf16 && FileType::from_buffer(head).is_some())
}

fn audio<R: Read + Seek>(reader: &mut Limited<R>) -> Probe {
    let options = ParseOptions::new().read_tags(false).read_cover_art(false);
    let guessed = lofty::probe::Probe::new(BufReader::new(reader)).options(options).guess_file_type();
    let Ok(guessed) = guessed else { return Probe::default() };
    let (container, codec) = match guessed.file_type() {
        Some(FileType::Mpeg) => ("MP3", "MP3"),
        Some(FileType::Flac) => ("FLAC", "FLAC"),
        Some(FileType::Wav) => ("WAV", "PCM"),
        Some(FileType::Aiff) => ("AIFF", "PCM"),
        Some(FileType::Opus) => ("Ogg", "Opus"),
        Some(FileType::Vorbis) => ("Ogg", "Vorbis"),
        Some(FileType::Speex) => ("Ogg", "Speex"),
        Some(FileType::Aac) => ("AAC", "AAC"),
        Some(FileType::WavPack) => ("WavPack", "WavPack"),
        Some(FileType::Ape) => ("Monkey's Audio", "Monkey's Audio"),
        Some(FileType::Mpc) => ("Musepack", "Musepack"),
        _ => return Probe::default(),
    };
    // A frame sync alone is no proof: without readable properties nothing is claimed.
    let Ok(file) = guessed.read() else { return Probe::default() };
    let duration_ms = u64::try_from(file.properties().duration().as_millis()).ok().filter(|ms| *ms > 0);
    Probe {
        duration_ms,
        audio_codec: Some(codec.to_owned()),
        container: Some(container.to_owned()),
        ..Probe::default()
    }
}

/// Formats people put into courses; the crate knows game textures as well, some by a single byte.
fn image_container(head: &[u8]) -> Option<&'static str> {
    use imagesize::ImageType;
    Some(match imagesize::image_type(head).ok()? {
        ImageType::Jpeg => "JPEG",
        ImageType::Png => "PNG",
        ImageType::Gif => "GIF",
        ImageType::Webp => "WebP",
        // Any file of boxes is one to the crate, a video as well: the major brand decides.
        ImageType::Heif(_) => match head.get(8..12)? {
            b"avif" | b"avis" => "AVIF",
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"mif2" | b"msf1" | b"miaf" => "HEIF",
            _ => return None,
        },
        ImageType::Tiff => "TIFF",
        // Two letters begin a text as well; the reserved fields do not.
        ImageType::Bmp if head.get(6..10) == Some(&[0; 4]) => "BMP",
        ImageType::Jxl => "JPEG XL",
        ImageType::Psd => "Photoshop",
        _ => return None,
    })
}

fn image<R: Read + Seek>(reader: &mut Limited<R>, container: &str) -> io::Result<Probe> {
    let size = imagesize::reader_size(BufReader::new(&mut *reader)).ok();
    let size = size.and_then(|size| Some((u32::try_from(size.width).ok()?, u32::try_from(size.height).ok()?)));
    let turned = matches!(container, "JPEG" | "PNG" | "WebP") && turned(reader)?;
    let size = size.filter(|(w, h)| *w > 0 && *h > 0).map(|(w, h)| if turned { (h, w) } else { (w, h) });
    Ok(Probe {
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        container: Some(container.to_owned()),
        ..Probe::default()
    })
}

/// Whether EXIF says that the picture is shown on its side.
fn turned<R: Read + Seek>(reader: &mut Limited<R>) -> io::Result<bool> {
    use image::ImageDecoder;
    use image::metadata::Orientation;
    reader.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    reader.by_ref().take(IMAGE_HEAD_BYTES).read_to_end(&mut head)?;
    let decoder = image::ImageReader::new(Cursor::new(head)).with_guessed_format()?.into_decoder();
    let orientation = decoder.and_then(|mut decoder| decoder.orientation());
    Ok(matches!(
        orientation,
        Ok(Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH)
    ))
}

/// Named, not understood.
fn other_container(head: &[u8]) -> Option<&'static str> {
    match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'A', b'V', b'I', ..] => Some("AVI"),
        [b'F', b'L', b'V', 1, ..] => Some("Flash Video"),
        [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, ..] => Some("Windows Media"),
        [0, 0, 1, 0xBA, ..] => Some("MPEG-PS"),
        [b'O', b'g', b'g', b'S', ..] => Some("Ogg"),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("PDF"),
        _ => None,
    }
}

/// Ends the work, not the file: a parser that is led in circles runs into an error.
struct Limited<R> {
    reader: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return Err(io::Error::other("more would have to be read than a description is worth"));
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.reader.read(&mut buffer[..most])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl<R: Seek> Seek for Limited<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.reader.seek(position)
    }
}
