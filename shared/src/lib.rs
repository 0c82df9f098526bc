//! The words of Lectern as types, and the pure core both sides of the sync run. No I/O lives here: no tokio, no
//! tauri, no SQL; app, server and tests all depend on it, it depends on none of them.

pub mod ids;
pub mod names;
pub mod people;

pub mod course;
pub mod media;
pub mod upload;

pub mod change;
pub mod mutation;
pub mod sync;

pub mod access;
pub mod protocol;

pub mod command;
pub mod connect;
pub mod error;
pub mod event;

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = i64;

/// The schema number written beside every outbox and journal row. Raised when an old app could misread a new row.
pub const SCHEMA: u32 = 1;
/// The oldest whose edits a server still understands.
pub const SCHEMA_OLDEST: u32 = 1;
