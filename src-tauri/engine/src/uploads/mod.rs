//! The upload engine: files in, checked objects out.

mod seam;

pub use seam::{Announced, CatalogueError, NewUpload, Outcome, UploadCatalogue, UploadRecord};
