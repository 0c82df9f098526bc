//! Declares the app's commands, so that a window calls only what its capability grants.

fn main() {
    let mut commands: Vec<&'static str> = lectern_shared::command::NAMES.to_vec();
    commands.push("subscribe");
    let manifest = tauri_build::AppManifest::new().commands(Vec::leak(commands));
    let attributes =
        tauri_build::Attributes::new().app_manifest(manifest).capabilities_path_pattern("src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        println!("cargo::error={error:#}");
    }
}
