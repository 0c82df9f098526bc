//! Answers from files of this computer, with types from a fixed list: the file's name is not trusted to be a page.

use super::range::{Wanted, wanted};
use crate::media::THUMBNAIL_BYTES_MAX;
use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use std::io::SeekFrom;
use std::path::Path;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

const CHUNK_BYTES: usize = 64 * 1024;
const UNNAMED: &str = "application/octet-stream";

/// `None` where the file is gone or cannot be read: the store may have it.
pub async fn media(path: &Path, range: Option<&str>) -> Option<Response> {
    let (mut file, length) = open(path).await?;
    let content_type = content_type(path);
    let (status, part) = match wanted(range, length) {
        Wanted::Whole => (StatusCode::OK, 0..length),
        Wanted::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Wanted::Nothing => {
            let headers = [(CONTENT_RANGE, format!("bytes */{length}")), (ACCEPT_RANGES, "bytes".to_owned())];
            return Some((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    file.seek(SeekFrom::Start(part.start)).await.ok()?;
    let bytes = part.end - part.start;
    let headers = [
        (CONTENT_TYPE, content_type.to_owned()),
        (CONTENT_LENGTH, bytes.to_string()),
        (ACCEPT_RANGES, "bytes".to_owned()),
    ];
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(bytes), CHUNK_BYTES));
    let mut response = (status, headers, body).into_response();
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = format!("bytes {}-{}/{length}", part.start, part.end - 1).parse()
    {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    Some(response)
}

pub async fn thumbnail(path: &Path) -> Option<Bytes> {
    let (file, _) = open(path).await?;
    let mut jpeg = Vec::new();
    file.take(THUMBNAIL_BYTES_MAX as u64 + 1).read_to_end(&mut jpeg).await.ok()?;
    Some(Bytes::from(jpeg)).filter(is_thumbnail)
}

pub fn is_thumbnail(bytes: &Bytes) -> bool {
    bytes.len() <= THUMBNAIL_BYTES_MAX && bytes.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// `versioned`: the address changes with the picture.
pub fn thumbnail_response(jpeg: Bytes, versioned: bool, request: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", &blake3::hash(&jpeg).to_hex()[..32]);
    let known = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let known = known.flat_map(|value| value.split(',')).any(|value| {
        let value = value.trim();
        value == "*" || value.strip_prefix("W/").unwrap_or(value) == etag
    });
    let cache = if versioned { "private, max-age=86400" } else { "private, max-age=60" };
    let headers = [(ETAG, etag), (CACHE_CONTROL, cache.to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(CONTENT_TYPE, "image/jpeg")], jpeg).into_response()
}

async fn open(path: &Path) -> Option<(File, u64)> {
    // Looked at before it is opened: opening a pipe would wait for a writer.
    if !tokio::fs::metadata(path).await.ok()?.is_file() {
        return None;
    }
    let file = File::open(path).await.ok()?;
    let metadata = file.metadata().await.ok()?;
    metadata.is_file().then_some((file, metadata.len()))
}

/// A type given elsewhere (by the store, from whoever uploaded it), if it is one that only shows or plays.
pub fn harmless(content_type: &str) -> &str {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let shown = ["video/", "audio/", "image/"].iter().any(|prefix| essence.starts_with(prefix));
    if shown || matches!(essence, "application/pdf" | "text/vtt" | "text/plain") { content_type } else { UNNAMED }
}

fn content_type(path: &Path) -> &'static str {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "mp4" | "m4v" => "video/mp4",
        "mov" | "qt" => "video/quicktime",
        "webm" => "video/webm",
        "mkv" => "video/x-matroska",
        "avi" => "video/x-msvideo",
        "ogv" => "video/ogg",
        "mpg" | "mpeg" => "video/mpeg",
        "ts" | "mts" | "m2ts" => "video/mp2t",
        "wmv" => "video/x-ms-wmv",
        "3gp" => "video/3gpp",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "aac" => "audio/aac",
        "wav" => "audio/wav",
        "flac" => "audio/flac",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "aif" | "aiff" => "audio/aiff",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "heic" | "heif" => "image/heic",
        "bmp" => "image/bmp",
        "svg" => "image/svg+xml",
        "tif" | "tiff" => "image/tiff",
        "pdf" => "application/pdf",
        "vtt" => "text/vtt; charset=utf-8",
        "txt" | "srt" => "text/plain; charset=utf-8",
        _ => UNNAMED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_never_served_as_a_page() {
        assert_eq!(content_type(Path::new("lecture.HTML")), UNNAMED);
        assert_eq!(content_type(Path::new("Lecture.MP4")), "video/mp4");
        assert_eq!(content_type(Path::new("noname")), UNNAMED);
        assert_eq!(harmless("text/html; charset=utf-8"), UNNAMED);
        assert_eq!(harmless("application/javascript"), UNNAMED);
        assert_eq!(harmless("video/mp4; codecs=avc1"), "video/mp4; codecs=avc1");
    }
}
