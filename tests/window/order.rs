//! Reordering by hand and by keyboard. Order is what a course is made of: none of it may be lost on the way.

use crate::Scene;
use lectern_window::Result;
use lectern_window::page::{Key, chapter, handle, video};
use std::time::Duration;

#[tokio::test]
async fn videos_are_reordered_by_pointer_within_and_across_chapters() -> Result {
    let scene = Scene::with_videos(&["Alpha", "Beta", "Gamma"]).await?;
    let page = &scene.app.page;
    let rows = page.videos_of(&scene.chapter).await?;
    let from = page.rect(&handle(&rows[2].id)).await?.centre();
    let to = page.rect(&handle(&rows[0].id)).await?.at(0.5, 0.2);
    page.drag_by_pointer(from, to).await?;
    page.wait_for_titles(&scene.chapter, &["Gamma", "Alpha", "Beta"]).await?;

    let second = page.add_chapter("Thermodynamics").await?;
    let from = page.rect(&handle(&rows[0].id)).await?.centre();
    let to = page.rect(&chapter(&second)).await?.at(0.5, 0.7);
    page.drag_by_pointer(from, to).await?;
    page.wait_for_titles(&second, &["Alpha"]).await?;
    page.wait_for_titles(&scene.chapter, &["Gamma", "Beta"]).await?;

    let from = page.rect(&handle(&rows[1].id)).await?.centre();
    let to = page.rect(&handle(&rows[0].id)).await?.at(0.5, 0.2);
    page.drag_by_pointer(from, to).await?;
    page.wait_for_titles(&second, &["Beta", "Alpha"]).await?;
    page.wait_for_titles(&scene.chapter, &["Gamma"]).await?;
    scene.app.close().await
}

#[tokio::test]
async fn videos_are_reordered_by_keyboard() -> Result {
    let scene = Scene::with_videos(&["Alpha", "Beta", "Gamma"]).await?;
    let page = &scene.app.page;
    let rows = page.videos_of(&scene.chapter).await?;

    page.focus(&handle(&rows[2].id)).await?;
    press_slowly(&scene, &[' '.into_key(), Key::Up.into_key(), Key::Up.into_key(), ' '.into_key()]).await?;
    page.wait_for_titles(&scene.chapter, &["Gamma", "Alpha", "Beta"]).await?;

    page.focus(&handle(&rows[2].id)).await?;
    press_slowly(&scene, &[' '.into_key(), Key::Down.into_key(), Key::Escape.into_key()]).await?;
    page.wait_for_titles(&scene.chapter, &["Gamma", "Alpha", "Beta"]).await?;

    page.focus(&handle(&rows[2].id)).await?;
    page.chord(&[Key::Alt], Key::Down.into()).await?;
    page.wait_for_titles(&scene.chapter, &["Alpha", "Gamma", "Beta"]).await?;
    // The focus goes with the video.
    page.chord(&[Key::Alt], Key::Down.into()).await?;
    page.wait_for_titles(&scene.chapter, &["Alpha", "Beta", "Gamma"]).await?;
    scene.app.close().await
}

#[tokio::test]
async fn the_order_is_the_same_after_a_restart() -> Result {
    let scene = Scene::with_videos(&["Alpha", "Beta", "Gamma"]).await?;
    let rows = scene.app.page.videos_of(&scene.chapter).await?;
    let from = scene.app.page.rect(&handle(&rows[2].id)).await?.centre();
    let to = scene.app.page.rect(&video(&rows[0].id)).await?.at(0.3, 0.2);
    scene.app.page.drag_by_pointer(from, to).await?;
    scene.app.page.wait_for_titles(&scene.chapter, &["Gamma", "Alpha", "Beta"]).await?;
    scene.app.close().await?;

    let app = lectern_window::App::launch(&scene.desktop, lectern_window::Options::default()).await?;
    app.page.open_course("Organic Chemistry II").await?;
    app.page.wait_for_titles(&scene.chapter, &["Gamma", "Alpha", "Beta"]).await?;
    app.close().await
}

/// A key as WebDriver writes it.
trait IntoKey {
    fn into_key(self) -> char;
}

impl IntoKey for char {
    fn into_key(self) -> char {
        self
    }
}

impl IntoKey for Key {
    fn into_key(self) -> char {
        self.into()
    }
}

/// One key after the other, as fast as a hand: a lifted row needs a moment to measure where it may go.
async fn press_slowly(scene: &Scene, keys: &[char]) -> Result {
    for key in keys {
        scene.app.page.chord(&[], *key).await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Ok(())
}
