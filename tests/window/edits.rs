//! Rename, delete and undo.

use crate::Scene;
use lectern_window::Result;
use lectern_window::page::{Key, handle, part};
use std::time::Duration;

#[tokio::test]
async fn rename_and_delete_with_undo() -> Result {
    let scene = Scene::with_videos(&["Alpha", "Beta", "Gamma"]).await?;
    let page = &scene.app.page;
    let rows = page.videos_of(&scene.chapter).await?;

    page.focus(&handle(&rows[1].id)).await?;
    page.press(Key::F2).await?;
    page.fill_in_name("Zwei: Größe").await?;
    page.wait_for_titles(&scene.chapter, &["Alpha", "Zwei: Größe", "Gamma"]).await?;

    page.focus(&handle(&rows[1].id)).await?;
    page.press(Key::Delete).await?;
    page.wait_for_titles(&scene.chapter, &["Alpha", "Gamma"]).await?;
    page.click(&part("toast-undo")).await?;
    page.wait_for_titles(&scene.chapter, &["Alpha", "Zwei: Größe", "Gamma"]).await?;

    // The rename before the delete is undone next.
    page.chord(&[Key::Control], 'z').await?;
    page.wait_for_titles(&scene.chapter, &["Alpha", "Beta", "Gamma"]).await?;
    page.wait_until_ready(&scene.chapter, Duration::from_secs(20)).await?;
    scene.app.close().await
}
