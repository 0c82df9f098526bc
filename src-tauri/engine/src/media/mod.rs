//! What is known of a file by looking into it, and showing it: probe, thumbnails, previews for the window.

mod matroska;
mod mp4;
pub mod probe;
mod probe_child;

mod poster;
mod thumbnail;
mod thumbnail_cache;

mod preview;

pub(crate) use matroska::{SEGMENT as MATROSKA_SEGMENT, element_head};
pub use poster::{poster_at_ms, video_poster_by_ffmpeg};
pub use preview::{PreviewSource, Previews};
pub use probe_child::{ProbeError, child_main, probe_in_child, thumbnail_in_child};
pub use thumbnail::{SIDE_MAX, THUMBNAIL_BYTES_MAX, ThumbnailError, accept_poster, image_thumbnail};
pub use thumbnail_cache::ThumbnailCache;
