//! What the app finds out about real files, made by ffmpeg, and about files that want to do harm.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers as well")]

use lectern_engine::media::probe::{probe, probe_reader};
use lectern_engine::media::{
    ProbeError, SIDE_MAX, poster_at_ms, probe_in_child, thumbnail_in_child, video_poster_by_ffmpeg,
};
use lectern_shared::media::Probe;
use std::cell::Cell;
use std::fs;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use tempfile::TempDir;

const H264: &[&str] = &["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"];
const AAC: &[&str] = &["-c:a", "aac"];

/// Two seconds of test picture and tone, made by ffmpeg into `name`.
fn make(folder: &Path, name: &str, size: Option<&str>, sound: bool, options: &[&[&str]]) -> PathBuf {
    let path = folder.join(name);
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-v", "error", "-y"]);
    if let Some(size) = size {
        ffmpeg.args(["-f", "lavfi", "-i", &format!("testsrc=size={size}:rate=10:duration=2")]);
    }
    if sound {
        ffmpeg.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"]);
    }
    ffmpeg.args(options.concat()).arg(&path);
    let output = ffmpeg.output().expect("ffmpeg is on the PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    path
}

/// One 1280x720 H.264/AAC recording with its index at the end, shared by the tests that take it apart.
static RECORDING: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    fs::read(make(folder.path(), "r.mp4", Some("1280x720"), true, &[H264, AAC])).unwrap()
});

static WEBM: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let codecs: &[&str] = &["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"];
    fs::read(make(folder.path(), "r.webm", Some("320x240"), true, &[codecs])).unwrap()
});

fn names(probe: &Probe) -> (Option<&str>, Option<&str>, Option<&str>) {
    (probe.container.as_deref(), probe.video_codec.as_deref(), probe.audio_codec.as_deref())
}

#[track_caller]
fn lasts_two_seconds(probe: &Probe) {
    let duration_ms = probe.duration_ms.expect("a duration");
    assert!((1900..=2150).contains(&duration_ms), "{duration_ms} ms");
}

fn position(bytes: &[u8], mark: &[u8; 4]) -> usize {
    bytes.windows(4).position(|window| window == mark).unwrap()
}

#[test]
fn an_mp4_is_described_wherever_its_index_stands() {
    let folder = TempDir::new().unwrap();
    let at_end = probe_reader(Cursor::new(&*RECORDING));
    let at_start = make(folder.path(), "fast.mp4", Some("1280x720"), true, &[H264, AAC, &["-movflags", "+faststart"]]);
    for probe in [at_end, probe(&at_start)] {
        assert_eq!(names(&probe), (Some("MP4"), Some("H.264"), Some("AAC")));
        assert_eq!((probe.width, probe.height), (Some(1280), Some(720)));
        lasts_two_seconds(&probe);
    }
}

#[test]
fn a_recording_in_fragments_without_a_duration_is_measured_by_its_last_one() {
    let folder = TempDir::new().unwrap();
    for flags in ["frag_keyframe+empty_moov", "frag_keyframe+empty_moov+default_base_moof+separate_moof"] {
        let options: &[&str] = &["-g", "5", "-movflags", flags];
        let probe = probe(&make(folder.path(), "f.mp4", Some("320x240"), true, &[H264, AAC, options]));
        assert_eq!(names(&probe), (Some("MP4"), Some("H.264"), Some("AAC")));
        lasts_two_seconds(&probe);
    }
}

#[test]
fn a_quicktime_file_is_named_as_such_and_so_are_its_codecs() {
    let folder = TempDir::new().unwrap();
    let codecs: &[&str] = &["-c:v", "prores_ks", "-profile:v", "0", "-c:a", "pcm_s16le"];
    let probe = probe(&make(folder.path(), "r.mov", Some("320x240"), true, &[codecs]));
    assert_eq!(names(&probe), (Some("QuickTime"), Some("ProRes"), Some("PCM")));
    assert_eq!((probe.width, probe.height), (Some(320), Some(240)));
    lasts_two_seconds(&probe);
}

#[test]
fn a_video_filmed_upright_has_its_sides_as_they_are_shown() {
    let mut file = RECORDING.clone();
    let matrix = position(&file, b"tkhd") + 4 + 40;
    let quarter_turn: [i32; 5] = [0, 0x1_0000, 0, -0x1_0000, 0];
    for (index, cell) in quarter_turn.into_iter().enumerate() {
        file[matrix + 4 * index..][..4].copy_from_slice(&cell.to_be_bytes());
    }
    let probe = probe_reader(Cursor::new(file));
    assert_eq!((probe.width, probe.height), (Some(720), Some(1280)));
}

#[test]
fn matroska_and_webm_are_told_apart_and_described() {
    let folder = TempDir::new().unwrap();
    let matroska = probe(&make(folder.path(), "r.mkv", Some("320x240"), true, &[H264, &["-c:a", "libmp3lame"]]));
    assert_eq!(names(&matroska), (Some("Matroska"), Some("H.264"), Some("MP3")));
    lasts_two_seconds(&matroska);
    let webm = probe_reader(Cursor::new(&*WEBM));
    assert_eq!(names(&webm), (Some("WebM"), Some("VP9"), Some("Opus")));
    assert_eq!((webm.width, webm.height), (Some(320), Some(240)));
    lasts_two_seconds(&webm);
}

#[test]
fn a_browser_recording_that_was_never_closed_is_measured_by_its_last_cluster() {
    let folder = TempDir::new().unwrap();
    let live: &[&str] = &["-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus", "-live", "1"];
    let probe = probe(&make(folder.path(), "live.webm", Some("320x240"), true, &[live]));
    assert_eq!(names(&probe), (Some("WebM"), Some("VP8"), Some("Opus")));
    let duration_ms = probe.duration_ms.unwrap();
    assert!((1800..=2100).contains(&duration_ms), "{duration_ms} ms: the last frame begins before the end");
}

#[test]
fn sound_is_described_by_its_codec_and_duration() {
    let folder = TempDir::new().unwrap();
    let table = [
        ("s.mp3", "MP3", "MP3"),
        ("s.wav", "WAV", "PCM"),
        ("s.flac", "FLAC", "FLAC"),
        ("s.opus", "Ogg", "Opus"),
        ("s.ogg", "Ogg", "Vorbis"),
        ("s.m4a", "MP4", "AAC"),
        ("s.aac", "AAC", "AAC"),
    ];
    for (name, container, codec) in table {
        let codec_option: &[&str] = if codec == "Vorbis" { &["-c:a", "libvorbis"] } else { &[] };
        let probe = probe(&make(folder.path(), name, None, true, &[codec_option]));
        assert_eq!(names(&probe), (Some(container), None, Some(codec)), "{name}");
        assert_eq!(probe.width, None, "{name}");
        let duration_ms = probe.duration_ms.expect(name);
        assert!((1800..=2300).contains(&duration_ms), "{name}: {duration_ms} ms");
    }
}

/// A JPEG, left half red, right half blue, that says how it is to be turned: APP1 with one TIFF entry.
fn jpeg_with_orientation(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let mut jpeg = Cursor::new(Vec::new());
    let picture = image::RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { image::Rgb([250, 0, 0]) } else { image::Rgb([0, 0, 250]) }
    });
    picture.write_to(&mut jpeg, image::ImageFormat::Jpeg).unwrap();
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    let mut bytes = vec![0xFF, 0xD8, 0xFF, 0xE1];
    bytes.extend_from_slice(&u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
    bytes.extend_from_slice(&exif);
    bytes.extend_from_slice(&jpeg.into_inner()[2..]);
    bytes
}

#[test]
fn pictures_have_the_size_they_are_shown_in() {
    let folder = TempDir::new().unwrap();
    let png = probe(&make(folder.path(), "p.png", Some("640x360"), false, &[&["-frames:v", "1"]]));
    assert_eq!((png.container.as_deref(), png.width, png.height), (Some("PNG"), Some(640), Some(360)));
    assert_eq!((png.duration_ms, png.video_codec), (None, None));
    for (orientation, size) in [(1, (800, 600)), (3, (800, 600)), (6, (600, 800)), (8, (600, 800))] {
        let probe = probe_reader(Cursor::new(jpeg_with_orientation(800, 600, orientation)));
        assert_eq!(probe.container.as_deref(), Some("JPEG"));
        assert_eq!((probe.width, probe.height), (Some(size.0), Some(size.1)), "orientation {orientation}");
    }
}

#[test]
fn a_file_that_is_no_media_is_not_taken_for_any() {
    let folder = TempDir::new().unwrap();
    for (name, bytes) in [
        ("empty", b"".as_slice()),
        ("one", b"x"),
        ("zeros", &[0; 100_000]),
        ("ones", &[0xFF; 100_000]),
        ("text", b"BMW makes cars; RIFF is a word, and so is ID."),
        ("utf16", b"\xFF\xFEH\0e\0l\0l\0o\0"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        assert_eq!(probe(&path), Probe::default(), "{name}");
    }
    assert_eq!(probe(&folder.path().join("missing")), Probe::default());
    assert_eq!(probe(folder.path()), Probe::default(), "a folder");
}

#[test]
fn a_file_cut_anywhere_or_with_bytes_turned_is_probed_without_a_panic() {
    let moov = position(&RECORDING, b"moov") - 4;
    // Headers only: media data does not matter to a probe.
    let mp4 = [&RECORDING[..32], &RECORDING[moov..]].concat();
    let webm = WEBM[..WEBM.len().min(2000)].to_vec();
    let jpeg = jpeg_with_orientation(32, 32, 6);
    for sample in [mp4, webm, jpeg] {
        for cut in 0..sample.len() {
            probe_reader(Cursor::new(&sample[..cut]));
        }
        // A small generator keeps each run the same.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut next = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..2000 {
            let mut turned = sample.clone();
            for _ in 0..=next(8) {
                let at = next(turned.len());
                turned[at] = [0, 0xFF, 0x7F, 0x80, 1][next(5)];
            }
            probe_reader(Cursor::new(turned));
        }
    }
}

struct Counting<'a, R> {
    reader: R,
    bytes: &'a Cell<u64>,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.bytes.set(self.bytes.get() + read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counting<'_, R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.reader.seek(position)
    }
}

/// The recording with its media blown up to 5 GB of nothing, index at the end.
fn five_gigabytes(folder: &Path) -> PathBuf {
    let moov = position(&RECORDING, b"moov") - 4;
    let mdat_bytes: u64 = 5_000_000_000;
    let path = folder.join("long.mp4");
    let mut file = fs::File::create(&path).unwrap();
    let ftyp_bytes = u32::from_be_bytes(RECORDING[..4].try_into().unwrap()) as usize;
    file.write_all(&RECORDING[..ftyp_bytes]).unwrap();
    file.write_all(b"\0\0\0\x01mdat").unwrap();
    file.write_all(&mdat_bytes.to_be_bytes()).unwrap();
    file.seek(SeekFrom::Start(ftyp_bytes as u64 + mdat_bytes)).unwrap();
    file.write_all(&RECORDING[moov..]).unwrap();
    path
}

#[test]
fn five_gigabytes_are_described_by_reading_a_few_kilobytes() {
    let folder = TempDir::new().unwrap();
    let bytes = Cell::new(0);
    let reader = fs::File::open(five_gigabytes(folder.path())).unwrap();
    let probe = probe_reader(Counting { reader, bytes: &bytes });
    assert_eq!((probe.width, probe.height), (Some(1280), Some(720)));
    lasts_two_seconds(&probe);
    assert!(bytes.get() < 16 * 1024, "{} bytes", bytes.get());
}

#[test]
fn boxes_that_are_too_many_end_the_walk_and_not_the_program() {
    let mut file = b"\0\0\0\x08free".repeat(200_000);
    file.extend_from_slice(&RECORDING);
    let bytes = Cell::new(0);
    let probe = probe_reader(Counting { reader: Cursor::new(file), bytes: &bytes });
    assert_eq!(probe.duration_ms, None);
    assert!(bytes.get() < 1_000_000, "{} bytes", bytes.get());
}

/// The program that stands for the app.
fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_probe"))
}

#[tokio::test]
async fn the_child_says_what_the_probe_says() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("--probe --help.mp4");
    fs::write(&path, &*RECORDING).unwrap();
    assert_eq!(probe_in_child(program(), &path).await.unwrap(), probe(&path));
    let missing = probe_in_child(program(), &folder.path().join("missing")).await.unwrap();
    assert_eq!(missing, Probe::default());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_child_is_given_names_that_are_no_text() {
    use std::os::unix::ffi::OsStringExt;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join(std::ffi::OsString::from_vec(b"lecture \xFF\xFE.mp4".to_vec()));
    fs::write(&path, &*RECORDING).unwrap();
    lasts_two_seconds(&probe_in_child(program(), &path).await.unwrap());
}

#[tokio::test]
async fn a_program_that_is_missing_or_talks_nonsense_is_an_error_and_no_description() {
    let folder = TempDir::new().unwrap();
    let missing = probe_in_child(&folder.path().join("nothing"), Path::new("x")).await;
    assert!(matches!(missing, Err(ProbeError::Spawn(_))));
    if cfg!(unix) {
        let echoed = probe_in_child(Path::new("echo"), Path::new("x")).await;
        assert!(matches!(echoed, Err(ProbeError::Answer)));
    }
}

#[tokio::test]
async fn a_thumbnail_is_small_and_stands_upright() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("photo.jpg");
    fs::write(&path, jpeg_with_orientation(1200, 800, 6)).unwrap();
    let thumbnail = thumbnail_in_child(program(), &path).await.unwrap();
    let picture = image::load_from_memory(&thumbnail).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (320, SIDE_MAX));
    // Turned clockwise, what was left is now on top.
    assert!(picture.get_pixel(160, 20)[0] > 200 && picture.get_pixel(160, 460)[2] > 200);
}

#[tokio::test]
async fn a_video_or_a_damaged_picture_has_no_image_thumbnail() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("damaged.png");
    for bytes in [&RECORDING[..], b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b""] {
        fs::write(&path, bytes).unwrap();
        let thumbnail = thumbnail_in_child(program(), &path).await;
        assert!(matches!(thumbnail, Err(ProbeError::GaveUp(_))), "{thumbnail:?}");
    }
}

#[tokio::test]
async fn ffmpeg_draws_a_poster_even_for_a_name_that_looks_like_an_option() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("-y http:lecture.mp4");
    fs::write(&path, &*RECORDING).unwrap();
    for at_ms in [poster_at_ms(Some(2_000)), poster_at_ms(None)] {
        let poster = video_poster_by_ffmpeg(&path, at_ms).await.unwrap();
        let picture = image::load_from_memory(&poster).unwrap();
        assert_eq!((picture.width(), picture.height()), (480, 270), "at {at_ms} ms");
    }
    let script = folder.path().join("playlist.mp4");
    fs::write(&script, "ffconcat version 1.0\nfile 'other.mp4'\n").unwrap();
    fs::write(folder.path().join("other.mp4"), &*RECORDING).unwrap();
    assert_eq!(video_poster_by_ffmpeg(&script, 0).await, None, "a script of other files is not followed");
    assert_eq!(video_poster_by_ffmpeg(&folder.path().join("missing.mp4"), 0).await, None);
}
