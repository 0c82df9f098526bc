//! Uploads while they run: killed, paused, hidden, and still whole at the end.

use crate::Scene;
use lectern_window::page::{UploadItem, chapter, part};
use lectern_window::{App, Failure, Options, Page, Result, store, video};
use std::path::Path;
use std::time::{Duration, Instant};

const MEBIBYTE: u64 = 1 << 20;

#[tokio::test]
async fn an_upload_killed_in_the_middle_goes_on_from_its_confirmed_parts() -> Result {
    // Parts of 8 MiB: half a minute of sending at this rate, several parts confirmed on the way.
    let scene = Scene::open_with(Options::bytes_per_second(8 * MEBIBYTE)).await?;
    let file = scene.desktop.folder("Videos")?.join("Long lecture.mp4");
    video::of_at_least(&file, 96)?;
    scene.app.drop_on(&chapter(&scene.chapter), std::slice::from_ref(&file)).await?;
    let before = wait_for_percent(&scene.app.page, |percent| (25.0..90.0).contains(&percent)).await?;
    scene.app.kill().await?;
    let received = store::received_parts(&scene.desktop.data())?;
    assert!(!received.is_empty(), "the store has no part at {before} %");

    let app = App::launch(&scene.desktop, Options::bytes_per_second(8 * MEBIBYTE)).await?;
    app.page.open_course("Organic Chemistry II").await?;
    let after = wait_for_percent(&app.page, |percent| percent > 0.0).await?;
    assert!(after >= before.floor(), "{before} % were confirmed, it goes on at {after} %");
    app.page.wait_until_ready(&scene.chapter, Duration::from_secs(90)).await?;

    let objects = store::read_objects(&scene.desktop.data())?;
    let source = store::blake3_of(&file)?;
    assert_eq!(objects.iter().filter(|object| object.blake3 == source).count(), 1, "{objects:?}");
    let large = objects.iter().filter(|object| object.bytes > 16 * MEBIBYTE).count();
    assert_eq!(large, 1, "one object, not two: {objects:?}");
    let kept: Vec<&String> = objects.iter().flat_map(|object| &object.parts).collect();
    let again: Vec<&String> = received.iter().filter(|name| !kept.contains(name)).collect();
    // Parts whose answer was on its way when the app was killed are in the store and may be taken as they are or sent
    // again; those that the app had counted as confirmed may not.
    let confirmed = (before / 100.0 * parts_of(&file)?).floor() as usize;
    assert!(received.len() - again.len() >= confirmed, "{confirmed} parts were confirmed, sent again: {again:?}");
    assert_eq!(store::unfinished_uploads(&scene.desktop.data())?, 0, "nothing unfinished is left");
    app.close().await
}

#[tokio::test]
async fn the_panel_minimises_dismisses_and_reopens_and_pauses() -> Result {
    let scene = Scene::open_with(Options::bytes_per_second(4 * MEBIBYTE)).await?;
    let file = scene.desktop.folder("Videos")?.join("Lecture.mp4");
    video::of_at_least(&file, 40)?;
    scene.app.drop_on(&chapter(&scene.chapter), &[file]).await?;
    let page = &scene.app.page;

    wait_for_state(page, "uploading").await?;
    page.click(&part("upload-pause")).await?;
    wait_for_state(page, "paused").await?;
    let paused_at = page.uploads().await?;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(percent(&paused_at), percent(&page.uploads().await?), "a paused upload stands still");

    page.click(&part("panel-minimise")).await?;
    page.wait_until_no_part("upload-item", SOON).await?;
    page.wait_for_part("upload-panel", SOON).await?;
    page.click(&part("panel-minimise")).await?;
    page.wait_for_part("upload-item", SOON).await?;

    page.click(&part("panel-dismiss")).await?;
    page.wait_until_no_part("upload-panel", SOON).await?;
    let rows = page.videos_of(&scene.chapter).await?;
    assert_eq!(rows.len(), 1, "dismissing the panel cancels nothing");
    page.click(&part("panel-reopen")).await?;
    page.wait_for_part("upload-panel", SOON).await?;

    page.click(&part("upload-resume")).await?;
    page.wait_until_ready(&scene.chapter, Duration::from_secs(90)).await?;
    scene.app.close().await
}

#[tokio::test]
async fn a_cancelled_upload_leaves_no_video_and_no_bytes() -> Result {
    let scene = Scene::open_with(Options::bytes_per_second(4 * MEBIBYTE)).await?;
    let file = scene.desktop.folder("Videos")?.join("Wrong file.mp4");
    video::of_at_least(&file, 40)?;
    scene.app.drop_on(&chapter(&scene.chapter), &[file]).await?;
    let page = &scene.app.page;
    wait_for_state(page, "uploading").await?;
    page.click(&part("upload-cancel")).await?;
    page.wait_for_titles(&scene.chapter, &[]).await?;
    let end = Instant::now() + SOON;
    while store::unfinished_uploads(&scene.desktop.data())? > 0 {
        assert!(Instant::now() < end, "the store still holds the cancelled upload");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    scene.app.close().await
}

/// In parts of 8 MiB.
fn parts_of(file: &Path) -> Result<f64> {
    let bytes = std::fs::metadata(file).map_err(Failure::io(file.display()))?.len();
    Ok(bytes.div_ceil(8 * MEBIBYTE) as f64)
}

const SOON: Duration = Duration::from_secs(20);

async fn wait_for_state(page: &Page, state: &str) -> Result {
    let script = format!("document.querySelector('{}')?.dataset.state === '{state}'", part("upload-item"));
    page.wait_for(&format!("an upload that is {state}"), SOON, &script).await.map(drop)
}

fn percent(uploads: &[UploadItem]) -> Option<f64> {
    uploads.first()?.percent
}

async fn wait_for_percent(page: &Page, wanted: impl Fn(f64) -> bool) -> Result<f64> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let uploads = page.uploads().await?;
        if let Some(percent) = percent(&uploads).filter(|percent| wanted(*percent)) {
            return Ok(percent);
        }
        if Instant::now() > end {
            let what = format!("the upload is not as far as wanted: {uploads:?}");
            return Err(page.never_happened(&what, Duration::from_secs(60)).await);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
