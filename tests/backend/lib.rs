//! What backend scenarios stand on: servers nobody here wrote, what stands between them and us, and the crash harness.

pub mod contract;
pub mod crashes;
pub mod sim;
pub mod support;
