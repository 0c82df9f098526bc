//! The app as its package installed it, used by nobody: it starts in a virtual desktop, and a file that is opened through
//! its entry in the menu arrives in the library.
//!
//! `installed BINARY MENU-ENTRY`. A picture goes to `target/lectern/bundle-installed.png`.

use lectern_window::page::part;
use lectern_window::{App, Desktop, Failure, Options, Result, output};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(20);
const READY_AT_MOST: Duration = Duration::from_secs(60);
/// For what the page shows to be on the screen.
const PAINTED: Duration = Duration::from_millis(500);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [binary, entry] = &arguments[..] else {
        eprintln!("usage: installed BINARY MENU-ENTRY");
        return ExitCode::from(2);
    };
    match check(Path::new(binary), Path::new(entry)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn check(binary: &Path, entry: &Path) -> Result {
    let desktop = Desktop::start()?;
    let start = Instant::now();
    let app = App::launch_binary(&desktop, Options::guarded(), binary).await?;
    app.page.wait_for_text("My courses", SOON).await?;
    println!("first screen of {} after {:.2} s, driver included", binary.display(), start.elapsed().as_secs_f64());
    tokio::time::sleep(PAINTED).await;
    save(&app, "bundle-installed.png")?;

    let file = desktop.folder("Papers")?.join("Größe & Maß 100%.pdf");
    std::fs::write(&file, b"%PDF-1.7\n% a reading list\n").map_err(Failure::io(file.display()))?;
    open_with(&desktop, entry, &file)?;
    let ready = format!("document.querySelector('{}')?.dataset.state === 'ready'", part("asset-card"));
    app.page.wait_for("a card that is ready", READY_AT_MOST, &ready).await?;
    let cards = app.page.cards().await?;
    if !cards.iter().any(|card| card.text.contains("Größe & Maß 100%")) {
        return Err(Failure::DropRefused(format!("the library shows {cards:?}")));
    }
    println!("opened with Lectern: {}", file.display());
    tokio::time::sleep(PAINTED).await;
    save(&app, "bundle-opened.png")?;
    app.close().await
}

/// What a file manager does: it reads the entry, and starts what stands there with the file. It ends once the app took it.
fn open_with(desktop: &Desktop, entry: &Path, file: &Path) -> Result {
    let output = Command::new("gio")
        .arg("launch")
        .args([entry, file])
        .envs(desktop.environment().iter().cloned())
        .env("LECTERN_DATA_DIR", desktop.data())
        .env_remove("TAURI_AUTOMATION")
        .output()
        .map_err(Failure::io("gio"))?;
    if output.status.success() {
        return Ok(());
    }
    let (status, output) = (output.status.to_string(), String::from_utf8_lossy(&output.stderr).into_owned());
    Err(Failure::Ended { what: "gio launch".into(), status, output })
}

fn save(app: &App, name: &str) -> Result {
    let path = output::pictures()?.join(name);
    app.save_screen(&path)?;
    println!("picture: {}", path.display());
    Ok(())
}
