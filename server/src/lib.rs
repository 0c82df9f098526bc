//! The course server: executes mutations, holds the storage key, signs part URLs, pokes its clients. A library inside
//! the app (no TCP port) and, for teams, a binary.

pub mod object_store;
