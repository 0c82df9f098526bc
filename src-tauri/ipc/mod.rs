//! The window's way in: every command of the list in shared/, three lines each, and the one stream of events out.

mod commands;
mod events;

pub use commands::handler;
pub use events::Events;
