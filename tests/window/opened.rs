//! "Open with Lectern": files named at the start, and files that a second start hands over.

use crate::READY_AT_MOST;
use lectern_window::page::Card;
use lectern_window::{App, Desktop, Failure, Options, Page, Result, output, start_again, store};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[tokio::test]
async fn files_and_folders_the_app_is_started_with_are_in_the_library() -> Result {
    let desktop = Desktop::start()?;
    let folder = desktop.folder("Papers")?;
    let file = paper(&folder, OsStr::new("Größe & Maß 100%.txt"))?;
    let (inner, empty) = (desktop.folder("Papers/Week 3")?, desktop.folder("Papers/Week 4")?);
    paper(&inner, OsStr::new("Handout.txt"))?;
    paper(&desktop.folder("Papers/Week 3/More")?, OsStr::new("Slides.txt"))?;
    let app = App::launch(&desktop, Options::opening(&[file.clone(), inner, empty])).await?;
    wait_for_ready_cards(&app.page, &["Größe & Maß 100%", "Handout", "Slides"]).await?;
    app.page.wait_for_text("“Week 4” is a folder with no files in it", Duration::from_secs(20)).await?;
    let objects = store::read_objects(&desktop.data())?;
    let source = store::blake3_of(&file)?;
    assert!(objects.iter().any(|object| object.blake3 == source), "{objects:?}");
    let shown = app.page.evaluate("document.documentElement.outerHTML").await?;
    assert!(!shown.to_string().contains(&*folder.to_string_lossy()), "the window never sees a path");
    app.close().await
}

#[tokio::test]
async fn a_second_start_hands_its_files_to_the_first_whatever_bytes_their_names_are() -> Result {
    let desktop = Desktop::start()?;
    let folder = desktop.folder("Papers")?;
    let app = App::launch(&desktop, Options::guarded()).await?;
    paper(&folder, OsStr::new("Reading list.txt"))?;
    // Latin-1: no text for the session bus, a name like any other for the disk.
    let no_text = paper(&folder, OsStr::from_bytes(b"caf\xe9.txt"))?;
    let files = [OsString::from("Reading list.txt"), no_text.into_os_string()];
    start_again(&desktop, &output::app_binary()?, &files, &folder).await?;
    wait_for_ready_cards(&app.page, &["Reading list", "caf\u{fffd}"]).await?;
    app.close().await
}

/// A small text of its own: the same bytes twice would be a duplicate.
fn paper(folder: &Path, name: &OsStr) -> Result<PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, name.as_bytes()).map_err(Failure::io(path.display()))?;
    Ok(path)
}

/// The library comes up by itself and shows exactly files with these words, ready.
async fn wait_for_ready_cards(page: &Page, words: &[&str]) -> Result {
    let end = Instant::now() + READY_AT_MOST;
    loop {
        let cards = page.cards().await?;
        let shows = |word: &&str| cards.iter().any(|card: &Card| card.text.contains(*word) && card.state == "ready");
        if cards.len() == words.len() && words.iter().all(shows) {
            return Ok(());
        }
        if Instant::now() > end {
            let what = format!("the library shows {words:?}, ready; it shows {cards:?}");
            return Err(page.never_happened(&what, READY_AT_MOST).await);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
