//! Files whose bytes are in the library already.

use crate::{READY_AT_MOST, Scene};
use lectern_window::page::{SOON, chapter};
use lectern_window::{Failure, Result, output, store};
use std::fs;

#[tokio::test]
async fn files_that_are_there_already_are_asked_about_once_and_not_sent_again() -> Result {
    let scene = Scene::with_videos(&["1 Rates", "2 Orders"]).await?;
    let page = &scene.app.page;
    let before = store::read_objects(&scene.desktop.data())?.len();
    // The same bytes under other names, and one that is new.
    let folder = scene.desktop.folder("Again")?;
    let mut files = Vec::new();
    for (from, to) in [("1 Rates.mp4", "Rates (copy).mp4"), ("2 Orders.mp4", "Orders (copy).mp4")] {
        let (from, to) = (scene.desktop.folder("Videos")?.join(from), folder.join(to));
        fs::copy(&from, &to).map_err(Failure::io(from.display()))?;
        files.push(to);
    }
    files.extend(scene.videos(&["3 Catalysts"])?);
    let second = page.add_chapter("Revision").await?;
    scene.app.drop_on(&chapter(&second), &files).await?;
    page.wait_for_text("2 of 3 files are in your library already", SOON).await?;
    // The new one is not held up.
    page.wait_for_titles(&second, &["3 Catalysts"]).await?;
    scene.app.save_window(&output::pictures()?.join("duplicates.png"))?;
    page.click_words("Use existing for 2").await?;
    let rows = page.wait_for_titles(&second, &["3 Catalysts", "Orders (copy)", "Rates (copy)"]).await?;
    assert_eq!(rows.len(), 3);
    page.wait_until_ready(&second, READY_AT_MOST).await?;
    scene.app.save_window(&output::pictures()?.join("duplicates-used.png"))?;
    let after = store::read_objects(&scene.desktop.data())?;
    // A video and its picture.
    let videos = after.iter().filter(|object| !object.key.contains("thumb")).count();
    assert_eq!(videos, 3, "only the new one was sent: {before} objects before, now {after:?}");
    scene.app.close().await
}
