//! What a person would see on the screen, as a PNG.

use crate::failure::{Failure, Result};
use crate::xdnd;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt, ImageFormat, ImageOrder, Window};
use x11rb::rust_connection::RustConnection;

/// Saves the whole screen of an X display.
pub fn save(display: &str, path: &Path) -> Result {
    let (connection, number) = x11rb::connect(Some(display)).map_err(Failure::x11)?;
    save_drawable(&connection, connection.setup().roots[number].root, path)
}

/// Saves what a process shows in its window, without the frame around it.
pub fn save_window(display: &str, pid: u32, path: &Path) -> Result {
    let (connection, number) = x11rb::connect(Some(display)).map_err(Failure::x11)?;
    let window = xdnd::window_of(&connection, connection.setup().roots[number].root, pid)?;
    save_drawable(&connection, window, path)
}

fn save_drawable(connection: &RustConnection, drawable: Window, path: &Path) -> Result {
    let geometry = connection.get_geometry(drawable).map_err(Failure::x11)?.reply().map_err(Failure::x11)?;
    let (width, height) = (geometry.width, geometry.height);
    let image = connection
        .get_image(ImageFormat::Z_PIXMAP, drawable, 0, 0, width, height, u32::MAX)
        .map_err(Failure::x11)?
        .reply()
        .map_err(Failure::x11)?;
    let is_lsb_first = connection.setup().image_byte_order == ImageOrder::LSB_FIRST;
    if !is_lsb_first || image.data.len() != usize::from(width) * usize::from(height) * 4 {
        return Err(Failure::X11(format!("a picture of depth {} in this byte order", image.depth)));
    }
    // Four bytes a pixel: blue, green, red, nothing.
    let rgb: Vec<u8> = image.data.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0]]).collect();
    write(path, u32::from(width), u32::from(height), &rgb)
}

fn write(path: &Path, width: u32, height: u32, rgb: &[u8]) -> Result {
    let file = File::create(path).map_err(Failure::io(path.display()))?;
    let mut encoder = png::Encoder::new(BufWriter::new(file), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let failed = |error: png::EncodingError| Failure::Io { what: path.display().to_string(), source: error.into() };
    encoder.write_header().and_then(|mut writer| writer.write_image_data(rgb)).map_err(failed)
}
