//! A still of a video where no window can draw one: by the ffmpeg on the PATH, if there is one.

use super::probe_child::output;
use super::thumbnail::{SIDE_MAX, THUMBNAIL_BYTES_MAX, accept_poster};
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;

const TIME_MAX: Duration = Duration::from_secs(10);
/// For a video of unknown length: past the black frames of most recordings.
const DEFAULT_AT_MS: u64 = 3_000;
/// What teachers upload, and nothing that reads further files or the network (playlists, `concat` scripts).
const FORMATS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg";
/// A single block that ffmpeg may allocate, bytes.
const BLOCK_BYTES_MAX: &str = "268435456";

/// Where a still says most: a tenth into the video.
#[must_use]
pub fn poster_at_ms(duration_ms: Option<u64>) -> u64 {
    duration_ms.map_or(DEFAULT_AT_MS, |duration_ms| duration_ms / 10)
}

/// A JPEG of at most 480 pixels from `at_ms`, or from the start of a shorter video. `None` without ffmpeg, and for
/// whatever ffmpeg cannot open within 10 s.
pub async fn video_poster_by_ffmpeg(path: &Path, at_ms: u64) -> Option<Vec<u8>> {
    let still = async {
        match still(path, at_ms).await {
            None if at_ms > 0 => still(path, 0).await,
            still => still,
        }
    };
    let jpeg = tokio::time::timeout(TIME_MAX, still).await.ok()??;
    // ffmpeg has read a file nobody vouches for: what it made of it is not trusted either.
    tokio::task::spawn_blocking(move || accept_poster(&jpeg).ok()).await.ok()?
}

async fn still(path: &Path, at_ms: u64) -> Option<Vec<u8>> {
    // With the protocol named, a file name is never taken for an option or an address.
    let mut input = OsString::from("file:");
    input.push(path);
    let at = format!("{}.{:03}", at_ms / 1000, at_ms % 1000);
    let scale = format!("scale=w='min({SIDE_MAX},iw)':h='min({SIDE_MAX},ih)':force_original_aspect_ratio=decrease");

    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "quiet", "-max_alloc", BLOCK_BYTES_MAX]);
    command.args(["-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-threads", "1", "-ss", &at, "-i"]);
    command.arg(input);
    command.args(["-map", "0:v:0", "-an", "-sn", "-dn", "-frames:v", "1", "-vf", &scale]);
    command.args(["-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p", "-f", "image2pipe", "pipe:1"]);
    output(command, THUMBNAIL_BYTES_MAX, TIME_MAX).await.ok().filter(|jpeg| !jpeg.is_empty())
}
