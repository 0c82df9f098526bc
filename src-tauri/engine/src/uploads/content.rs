//! What a file is, by looking into it: names lie, and a chapter shows video and audio only.

use file_format::{FileFormat, Kind};
use lectern_shared::media::AssetKind;
use std::fs::File;
use std::io::{self, BufReader, Seek as _};
use std::path::Path;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub kind: AssetKind,
    /// Media type, for people who look into the bucket.
    pub media_type: String,
}

/// Reads the beginning of the file (and of some containers the end). Blocks.
///
/// # Errors
/// When the file cannot be read.
pub fn sniff(file: &File, path: &Path) -> io::Result<Content> {
    let mut reader = BufReader::new(file);
    reader.rewind()?;
    let format = FileFormat::from_reader(reader)?;
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    Ok(content(format, &extension))
}

fn content(format: FileFormat, extension: &str) -> Content {
    let by_content = kind_of(format.kind());
    match format {
        // Bytes that say nothing: the extension is all there is.
        FileFormat::ArbitraryBinaryData | FileFormat::Empty => by_extension(extension),
        // A container whose tracks could not be told: a video, unless its name says that it is only heard.
        FileFormat::Mpeg4Part14
        | FileFormat::ExtensibleBinaryMetaLanguage
        | FileFormat::AdvancedSystemsFormat
        | FileFormat::Realmedia
        | FileFormat::OggMultiplexedMedia => {
            let named = by_extension(extension);
            let is_audio = named.kind == AssetKind::Audio;
            let media_type = if is_audio { named.media_type } else { format.media_type().to_owned() };
            Content { kind: if is_audio { AssetKind::Audio } else { AssetKind::Video }, media_type }
        }
        // Any text is text; captions and outlines are what people bring.
        FileFormat::PlainText if is_text_document(extension) => {
            Content { kind: AssetKind::Document, media_type: format.media_type().to_owned() }
        }
        _ => Content { kind: by_content, media_type: format.media_type().to_owned() },
    }
}

fn kind_of(kind: Kind) -> AssetKind {
    match kind {
        Kind::Video => AssetKind::Video,
        Kind::Audio => AssetKind::Audio,
        Kind::Image => AssetKind::Image,
        Kind::Document
        | Kind::Presentation
        | Kind::Spreadsheet
        | Kind::Ebook
        | Kind::Diagram
        | Kind::Formula
        | Kind::Subtitle => AssetKind::Document,
        _ => AssetKind::Other,
    }
}

fn by_extension(extension: &str) -> Content {
    let (kind, media_type) = match extension {
        "mp4" | "m4v" => (AssetKind::Video, "video/mp4"),
        "mov" | "qt" => (AssetKind::Video, "video/quicktime"),
        "mkv" => (AssetKind::Video, "video/matroska"),
        "webm" => (AssetKind::Video, "video/webm"),
        "avi" => (AssetKind::Video, "video/vnd.avi"),
        "mpg" | "mpeg" => (AssetKind::Video, "video/mpeg"),
        "ts" | "mts" | "m2ts" => (AssetKind::Video, "video/mp2t"),
        "wmv" => (AssetKind::Video, "video/x-ms-wmv"),
        "mp3" => (AssetKind::Audio, "audio/mpeg"),
        "m4a" => (AssetKind::Audio, "audio/mp4"),
        "aac" => (AssetKind::Audio, "audio/aac"),
        "wav" => (AssetKind::Audio, "audio/vnd.wave"),
        "flac" => (AssetKind::Audio, "audio/flac"),
        "ogg" | "oga" | "opus" => (AssetKind::Audio, "audio/ogg"),
        "jpg" | "jpeg" => (AssetKind::Image, "image/jpeg"),
        "png" => (AssetKind::Image, "image/png"),
        "pdf" => (AssetKind::Document, "application/pdf"),
        text if is_text_document(text) => (AssetKind::Document, "text/plain"),
        _ => (AssetKind::Other, "application/octet-stream"),
    };
    Content { kind, media_type: media_type.to_owned() }
}

fn is_text_document(extension: &str) -> bool {
    matches!(extension, "txt" | "md" | "vtt" | "srt" | "tex" | "csv" | "html" | "htm" | "rtf")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_goes_before_the_extension() {
        for (bytes, name, kind) in [
            (&b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isommp42"[..], "lecture.txt", AssetKind::Video),
            (b"\x89PNG\r\n\x1a\n0000", "lecture.mp4", AssetKind::Image),
            (b"%PDF-1.7\n", "slides", AssetKind::Document),
            (b"\x01\x02\x03\x04\x05\x06\x07\x08", "lecture.MP4", AssetKind::Video),
            (b"\x01\x02\x03\x04\x05\x06\x07\x08", "lecture.bin", AssetKind::Other),
            (b"WEBVTT\n\n00:00.000 --> 00:01.000\nHello", "captions.vtt", AssetKind::Document),
            (b"just some words\n", "program.ts", AssetKind::Other),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(sniff(&File::open(&path).unwrap(), &path).unwrap().kind, kind, "{name}");
        }
    }
}
