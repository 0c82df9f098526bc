//! A course server, its object store and a catalogue in memory, so that the upload engine meets real HTTP and every kind
//! of bad day.

#![allow(clippy::unwrap_used, reason = "tests; clippy looks for #[test] and sees none here")]

pub mod catalogue;
pub mod store;
pub mod world;
