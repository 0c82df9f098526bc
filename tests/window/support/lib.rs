//! Drives the real app in a real window: a private desktop, file drops as a file manager makes them, real videos.

pub mod app;
pub mod desktop;
pub mod failure;
pub mod output;
pub mod page;
pub mod process;
pub mod screen;
pub mod store;
pub mod video;
pub mod xdnd;

pub use app::{App, Options, start_again};
pub use desktop::Desktop;
pub use failure::{Failure, Result};
pub use page::Page;
