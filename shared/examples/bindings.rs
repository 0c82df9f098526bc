//! Writes the TypeScript of every type and command: `cargo run -p lectern-shared --example bindings -- FOLDER`.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: bindings FOLDER")?);
    lectern_shared::command::export_bindings(&folder)?;
    Ok(())
}
