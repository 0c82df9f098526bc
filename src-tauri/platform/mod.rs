//! All that needs tauri's window, or differs between systems.

pub mod awake;
pub mod dialogs;
pub mod drops;
pub mod log;
pub mod opened;
pub mod places;
