//! Small JPEGs of pictures nobody vouches for: decoded with limits, turned as EXIF says, encoded anew.

use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use std::fs::File;
use std::io::{BufReader, Cursor};
use std::path::Path;

/// Longest side, pixels.
pub const SIDE_MAX: u32 = 480;
/// What a thumbnail may weigh, wherever it comes from.
pub const THUMBNAIL_BYTES_MAX: usize = 512 * 1024;
const JPEG_QUALITY: u8 = 80;
/// Some decoders hold the file whole.
const FILE_BYTES_MAX: u64 = 96 * 1024 * 1024;
const PIXELS_MAX: u64 = 100_000_000;
const DECODER_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// A poster drawn by the window is small; one that claims more is not ours.
const POSTER_SIDE_MAX: u32 = 2048;
const POSTER_DECODER_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum ThumbnailError {
    #[error("the picture could not be read: {0}")]
    Read(#[from] std::io::Error),
    #[error("the picture is too large for a thumbnail")]
    TooLarge,
    #[error("not a picture that can be decoded here: {0}")]
    Decode(#[from] image::ImageError),
}

/// A JPEG of at most [`SIDE_MAX`] pixels. Blocks and takes much memory; hostile files belong into
/// [`super::thumbnail_in_child`].
pub fn image_thumbnail(path: &Path) -> Result<Vec<u8>, ThumbnailError> {
    let metadata = std::fs::metadata(path)?;
    // A pipe or a device would block, or never end.
    if !metadata.is_file() {
        return Err(std::io::Error::from(std::io::ErrorKind::InvalidInput).into());
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(ThumbnailError::TooLarge);
    }
    let reader = ImageReader::new(BufReader::new(File::open(path)?)).with_guessed_format()?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    small_jpeg(reader, limits)
}

/// Takes a poster from the window, which is not trusted: only the pixels survive.
pub fn accept_poster(bytes: &[u8]) -> Result<Vec<u8>, ThumbnailError> {
    if bytes.len() > THUMBNAIL_BYTES_MAX {
        return Err(ThumbnailError::TooLarge);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(POSTER_DECODER_BYTES_MAX);
    limits.max_image_width = Some(POSTER_SIDE_MAX);
    limits.max_image_height = Some(POSTER_SIDE_MAX);
    small_jpeg(ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg), limits)
}

fn small_jpeg<R: std::io::BufRead + std::io::Seek>(
    mut reader: ImageReader<R>,
    limits: Limits,
) -> Result<Vec<u8>, ThumbnailError> {
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    let bytes_max = limits.max_alloc.unwrap_or(DECODER_BYTES_MAX);
    if u64::from(width) * u64::from(height) > PIXELS_MAX || decoder.total_bytes() > bytes_max {
        return Err(ThumbnailError::TooLarge);
    }
    // Damaged EXIF is no reason to go without a picture.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder)?;
    if width > SIDE_MAX || height > SIDE_MAX {
        picture = picture.thumbnail(SIDE_MAX, SIDE_MAX);
    }
    picture.apply_orientation(orientation);

    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY).encode_image(&on_white(&picture))?;
    Ok(jpeg)
}

/// JPEG has no transparency: what lies behind a drawing is paper.
fn on_white(picture: &DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let rgba = picture.to_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [red, green, blue, alpha] = rgba.get_pixel(x, y).0.map(u16::from);
        let blend = |channel: u16| u8::try_from((channel * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        image::Rgb([blend(red), blend(green), blend(blue)])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let picture = RgbImage::from_pixel(width, height, image::Rgb([200, 30, 30]));
        JpegEncoder::new(&mut bytes).encode_image(&picture).unwrap();
        bytes
    }

    fn size(bytes: &[u8]) -> (u32, u32) {
        let picture = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap();
        (picture.width(), picture.height())
    }

    #[test]
    fn a_poster_is_made_small_and_a_small_one_is_not_blown_up() {
        assert_eq!(size(&accept_poster(&jpeg(1280, 720)).unwrap()), (480, 270));
        assert_eq!(size(&accept_poster(&jpeg(120, 90)).unwrap()), (120, 90));
    }

    #[test]
    fn a_poster_that_is_no_jpeg_or_too_large_is_refused() {
        let mut png = Cursor::new(Vec::new());
        RgbImage::new(8, 8).write_to(&mut png, ImageFormat::Png).unwrap();
        assert!(matches!(accept_poster(png.get_ref()), Err(ThumbnailError::Decode(_))));
        assert!(matches!(accept_poster(&vec![0xFF; THUMBNAIL_BYTES_MAX + 1]), Err(ThumbnailError::TooLarge)));
        assert!(accept_poster(b"").is_err());
        assert!(accept_poster(&jpeg(640, 480)[..200]).is_err());
        assert!(accept_poster(&jpeg(5000, 16)).is_err(), "wider than any window draws");
    }

    #[test]
    fn nothing_but_pixels_survives_of_a_poster() {
        let mut bytes = jpeg(64, 64);
        bytes.extend_from_slice(b"<script>alert(1)</script>");
        let accepted = accept_poster(&bytes).unwrap();
        assert!(!accepted.windows(7).any(|window| window == b"<script"));
    }

    #[test]
    fn a_transparent_drawing_is_put_on_white_paper() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("drawing.png");
        image::RgbaImage::new(600, 300).save(&path).unwrap();
        let thumbnail = image::load_from_memory(&image_thumbnail(&path).unwrap()).unwrap().to_rgb8();
        assert_eq!(thumbnail.dimensions(), (480, 240));
        assert!(thumbnail.get_pixel(10, 10).0.iter().all(|channel| *channel > 250));
    }

    #[test]
    fn a_picture_of_more_pixels_than_allowed_is_refused_before_it_is_decoded() {
        // A PNG header for 65,000 by 65,000 pixels with nothing behind it.
        let mut png = Cursor::new(Vec::new());
        RgbImage::new(1, 1).write_to(&mut png, ImageFormat::Png).unwrap();
        let mut png = png.into_inner();
        png[16..20].copy_from_slice(&65_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&65_000_u32.to_be_bytes());
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.png");
        std::fs::write(&path, png).unwrap();
        assert!(image_thumbnail(&path).is_err());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
        })
    }
}
