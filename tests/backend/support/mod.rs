//! Other people's servers, and proxies in front of them.

pub mod fault_proxy;
pub mod mending_proxy;
pub mod moto;
pub mod postgres;
pub mod python;
pub mod rclone;

use std::path::PathBuf;

/// The top of the clone, as Cargo names it when it runs this: what it was when this was built may be another clone that
/// shares the target folder.
#[must_use]
pub fn repository() -> PathBuf {
    let built = || PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let own = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(built, PathBuf::from);
    own.ancestors().find(|folder| folder.join("Cargo.lock").is_file()).unwrap_or(&own).to_owned()
}
