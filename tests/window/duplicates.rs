//! Files whose bytes are in the library already, and files of a name that is taken.

use crate::{READY_AT_MOST, Scene};
use lectern_window::page::{Key, SOON, chapter};
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

#[tokio::test]
async fn a_lecture_recorded_anew_takes_the_place_of_the_old_one_and_undo_brings_that_back() -> Result {
    let scene = Scene::with_videos(&["1 Rates", "2 Orders"]).await?;
    let page = &scene.app.page;
    let (folder, made) = (scene.desktop.folder("Anew")?, scene.videos(&["Second take"])?);
    let anew = folder.join("2 Orders.mp4");
    fs::rename(&made[0], &anew).map_err(Failure::io(anew.display()))?;
    scene.app.drop_on(&chapter(&scene.chapter), std::slice::from_ref(&anew)).await?;
    page.wait_for_text("This file has the name of a video in this chapter", SOON).await?;
    scene.app.save_window(&output::pictures()?.join("same-name.png"))?;
    page.press(Key::Enter).await?;
    page.wait_for_text("1 file replaces its namesake once it is sent.", SOON).await?;

    page.open_library().await?;
    page.wait_for_text("2 Orders.mp4", SOON).await?;
    page.click_words("Used and unused").await?;
    page.click_words("Unused").await?;
    page.wait_for_text("earlier version", READY_AT_MOST).await?;
    scene.app.save_window(&output::pictures()?.join("earlier-version.png"))?;
    let objects = store::read_objects(&scene.desktop.data())?;
    let source = store::blake3_of(&anew)?;
    assert!(objects.iter().any(|object| object.blake3 == source), "{objects:?}");

    page.chord(&[Key::Control], 'z').await?;
    page.wait_for("no earlier version is left", SOON, "!document.body.innerText.includes('earlier version')").await?;
    page.open_course("Organic Chemistry II").await?;
    page.wait_for_titles(&scene.chapter, &["1 Rates", "2 Orders"]).await?;
    page.wait_until_ready(&scene.chapter, READY_AT_MOST).await?;
    scene.app.close().await
}
