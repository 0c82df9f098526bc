//! Files dropped from a file manager: where they land, what is refused, and in which words.

use crate::{READY_AT_MOST, Scene};
use lectern_window::page::{chapter, part, video};
use lectern_window::{App, Desktop, Failure, Options, Result, store};
use std::time::Duration;

#[tokio::test]
async fn a_dropped_video_becomes_ready_in_the_chapter_it_was_dropped_on() -> Result {
    let scene = Scene::open().await?;
    let page = &scene.app.page;
    let second = page.add_chapter("Thermodynamics").await?;
    let files = scene.videos(&["Größe & Maß 100%"])?;
    scene.app.drop_on(&chapter(&second), &files).await?;
    page.wait_for_titles(&second, &["Größe & Maß 100%"]).await?;
    page.wait_until_ready(&second, READY_AT_MOST).await?;
    assert!(page.videos_of(&scene.chapter).await?.is_empty(), "the other chapter stays empty");
    let objects = store::read_objects(&scene.desktop.data())?;
    let source = store::blake3_of(&files[0])?;
    assert!(objects.iter().any(|object| object.blake3 == source), "{objects:?}");
    scene.app.close().await
}

#[tokio::test]
async fn files_dropped_between_two_videos_land_there_in_natural_order() -> Result {
    let scene = Scene::with_videos(&["Alpha", "Omega"]).await?;
    let page = &scene.app.page;
    let rows = page.videos_of(&scene.chapter).await?;
    let (above, below) = (page.rect(&video(&rows[0].id)).await?, page.rect(&video(&rows[1].id)).await?);
    let between = (above.x + above.width / 2.0, (above.y + above.height + below.y) / 2.0);
    let files = scene.videos(&["Part 10", "Part 2", "Part 1"])?;
    scene.app.drop_at(between, &files).await?;
    page.wait_for_titles(&scene.chapter, &["Alpha", "Part 1", "Part 2", "Part 10", "Omega"]).await?;
    page.wait_until_ready(&scene.chapter, READY_AT_MOST).await?;
    // The order is the drop's, whichever upload ended first.
    page.wait_for_titles(&scene.chapter, &["Alpha", "Part 1", "Part 2", "Part 10", "Omega"]).await?;
    scene.app.close().await
}

#[tokio::test]
async fn files_held_over_a_chapter_and_taken_away_again_change_nothing() -> Result {
    let scene = Scene::open().await?;
    let files = scene.videos(&["Alpha"])?;
    let middle = scene.app.page.rect(&chapter(&scene.chapter)).await?.centre();
    scene.app.hover_at(middle, &files).await?.cancel()?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(scene.app.page.videos_of(&scene.chapter).await?.is_empty());
    scene.app.close().await
}

#[tokio::test]
async fn a_file_dropped_on_the_library_becomes_an_asset() -> Result {
    let desktop = Desktop::start()?;
    let app = App::launch(&desktop, Options::default()).await?;
    app.page.open_library().await?;
    let handout = desktop.folder("Papers")?.join("Reading list.txt");
    std::fs::write(&handout, "Clayden, Organic Chemistry\n").map_err(Failure::io("the handout"))?;
    let width = app.page.number("window.innerWidth").await?;
    let height = app.page.number("window.innerHeight").await?;
    app.drop_at((width * 0.6, height * 0.5), &[handout]).await?;
    let ready = format!("document.querySelector('{}')?.dataset.state === 'ready'", part("asset-card"));
    app.page.wait_for("a card that is ready", READY_AT_MOST, &ready).await?;
    let cards = app.page.cards().await?;
    assert_eq!(cards.len(), 1, "{cards:?}");
    assert!(cards[0].text.contains("Reading list"), "{cards:?}");
    app.close().await
}

#[tokio::test]
async fn an_empty_file_and_a_folder_are_refused_in_words_and_the_others_go_on() -> Result {
    let scene = Scene::open().await?;
    let folder = scene.desktop.folder("Videos")?;
    let empty = folder.join("Nothing recorded.mp4");
    std::fs::write(&empty, "").map_err(Failure::io("an empty file"))?;
    let inner = scene.desktop.folder("Videos/Week 3")?;
    let mut files = vec![empty, inner];
    files.extend(scene.videos(&["Good"])?);
    scene.app.drop_on(&chapter(&scene.chapter), &files).await?;
    let page = &scene.app.page;
    for words in ["Nothing recorded.mp4", "Week 3"] {
        page.wait_for_text(words, Duration::from_secs(20)).await?;
    }
    let said = page.text().await?.to_lowercase();
    assert!(said.contains("empty") && said.contains("folder"), "no reasons in: {said}");
    page.wait_for_titles(&scene.chapter, &["Good"]).await?;
    page.wait_until_ready(&scene.chapter, READY_AT_MOST).await?;
    scene.app.close().await
}
