//! Real videos: H.264 and AAC in MP4, whole, of a wanted size.

use crate::failure::{Failure, Result};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Half a second of colour bars: some kilobytes, other bytes for each name.
pub fn small(path: &Path) -> Result {
    encode(path, "smptebars=size=320x180:rate=12", 0.5, &["-b:v", "100k"])
}

/// Small videos of these names, without extension, in a folder. Answers their paths.
pub fn several(folder: &Path, names: &[&str]) -> Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> = names.iter().map(|name| folder.join(format!("{name}.mp4"))).collect();
    paths.iter().try_for_each(|path| small(path))?;
    Ok(paths)
}

/// A lecture of some length, 1080p: one slide that stands still, of another colour for each `number`.
pub fn slides(path: &Path, number: usize, minutes: f64) -> Result {
    let (from, to) = SLIDES[number % SLIDES.len()];
    let width = 700 + 170 * (number % 5);
    let mut picture = format!(
        "gradients=size=1920x1080:rate=1/10:speed=0.00001:nb_colors=2:c0={from}:c1={to}:x0=0:y0=0:x1=1919:y1=1079"
    );
    picture += &format!(",drawbox=x=180:y=190:w={width}:h=120:color=white@0.95:t=fill");
    for line in 0..2 + number % 3 {
        let (top, width) = (420 + 130 * line, 1100 + 160 * ((number + 2 * line) % 4));
        picture += &format!(",drawbox=x=180:y={top}:w={width}:h=46:color=white@0.55:t=fill");
    }
    encode(path, &picture, minutes * 60.0, &["-tune", "stillimage"])
}

/// Two colours of a slide each.
const SLIDES: [(&str, &str); 7] = [
    ("0x24408e", "0x4f7ad9"),
    ("0x1f5f5b", "0x4da79a"),
    ("0x6b3a2e", "0xc58253"),
    ("0x4b2a6b", "0x8d63c4"),
    ("0x2d3b4a", "0x64809c"),
    ("0x6e2445", "0xc0577e"),
    ("0x35551f", "0x7ba84c"),
];

/// At least `mebibytes` of picture and sound that do not compress: 40 MiB take some seconds.
///
/// The encoder is held to a fixed quantiser over noise, which makes a rate well above 200 Mbit/s; the length is chosen
/// from that, and made longer until the file is large enough.
pub fn of_at_least(path: &Path, mebibytes: u64) -> Result {
    let mut seconds = 0.2 + mebibytes as f64 / MEBIBYTES_PER_SECOND;
    for _ in 0..4 {
        encode(path, "testsrc2=size=1280x720:rate=24,noise=alls=60:allf=t", seconds, &["-qp", "10"])?;
        let bytes = std::fs::metadata(path).map_err(Failure::io(path.display()))?.len();
        if bytes >= mebibytes << 20 {
            return Ok(());
        }
        seconds *= 1.1 * (mebibytes << 20) as f64 / bytes as f64;
    }
    Err(Failure::Missing(path.with_file_name(format!("encoder that fills {mebibytes} MiB"))))
}

/// Measured with the settings above.
const MEBIBYTES_PER_SECOND: f64 = 28.0;

fn encode(path: &Path, picture: &str, seconds: f64, rate: &[&str]) -> Result {
    // The tone tells files of different names apart: same bytes would be a duplicate.
    let tone =
        200 + path.as_os_str().as_encoded_bytes().iter().fold(7_u32, |sum, byte| (sum * 31 + u32::from(*byte)) % 997);
    let sound = format!("sine=frequency={tone}:sample_rate=44100");
    let output = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"])
        .args(["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", &sound])
        .args(["-t", &format!("{seconds:.2}")])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"])
        .args(rate)
        .args(["-c:a", "aac", "-b:a", "96k", "-movflags", "+faststart", "-f", "mp4"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::io("ffmpeg"))?;
    if output.status.success() {
        return long_finished(path);
    }
    Err(Failure::Ended {
        what: "ffmpeg".into(),
        status: output.status.to_string(),
        output: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

/// A recording that runs: it grows as a recorder's does, and its header is written when it ends after so many seconds.
pub fn recording(path: &Path, seconds: u32) -> Result<Child> {
    let recorder = Command::new("ffmpeg")
        .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-re"])
        .args(["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=24", "-t", &seconds.to_string()])
        .args(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-flush_packets", "1", "-f", "mp4"])
        .arg(path)
        .stdin(Stdio::null())
        .spawn();
    let recorder = recorder.map_err(Failure::io("ffmpeg"))?;
    let began = Instant::now();
    while std::fs::metadata(path).map_or(0, |file| file.len()) == 0 {
        if began.elapsed() > Duration::from_secs(20) {
            return Err(Failure::Missing(path.to_owned()));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(recorder)
}

/// What was written to a moment ago would be waited for.
pub fn long_finished(path: &Path) -> Result {
    let earlier = SystemTime::now() - Duration::from_secs(3600);
    let file = File::options().write(true).open(path).and_then(|file| file.set_modified(earlier));
    file.map_err(Failure::io(path.display()))
}
