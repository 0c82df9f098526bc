//! Scenarios of the backend, and the rules of the house.

// Clippy's `allow-unwrap-in-tests` sees test functions, not what they call.
#![allow(clippy::unwrap_used)]

mod connecting;
mod desk;
mod duplicates;
mod faults;
mod growing;
mod local;
mod manners;
mod nodes;
mod object_stores;
mod offline;
mod people;
mod rclone;
mod resume;
mod simulation;
mod sync;
/// The same, word for word, on the database for teams.
#[allow(clippy::duplicate_mod, reason = "the same tests on two databases")]
#[path = "sync/mod.rs"]
mod sync_on_postgres;
mod tidy;
mod torment;
mod versions;
mod workspaces;
