//! What backend scenarios stand on: servers nobody here wrote, and what stands between them and us.

pub mod contract;
pub mod support;
