//! The real app in a real window: what a person sees and does, with real files dropped on it.

mod connecting;
mod drops;
mod duplicates;
mod edits;
mod manners;
mod opened;
mod order;
mod team;
mod uploads;

use lectern_window::page::chapter;
use lectern_window::{App, Desktop, Options, Result, video};
use std::path::PathBuf;
use std::time::Duration;

/// For small files on a busy machine.
pub const READY_AT_MOST: Duration = Duration::from_secs(60);

/// An app on its own desktop, with a course that has one chapter.
pub struct Scene {
    // Dropped first: the app goes before its desktop.
    pub app: App,
    pub desktop: Desktop,
    pub chapter: String,
}

impl Scene {
    pub async fn open() -> Result<Self> {
        Self::open_with(Options::default()).await
    }

    pub async fn open_with(options: Options) -> Result<Self> {
        let desktop = Desktop::start()?;
        let app = App::launch(&desktop, options).await?;
        app.page.create_course("Organic Chemistry II").await?;
        let chapter = app.page.add_chapter("Kinetics").await?;
        Ok(Self { app, desktop, chapter })
    }

    /// A scene whose chapter shows ready videos of these titles, in this order.
    pub async fn with_videos(titles: &[&str]) -> Result<Self> {
        let scene = Self::open().await?;
        scene.fill(&scene.chapter, titles).await?;
        Ok(scene)
    }

    /// Drops videos on an empty chapter. The titles are in natural order: that is the order a drop takes.
    pub async fn fill(&self, chapter_id: &str, titles: &[&str]) -> Result {
        self.app.drop_on(&chapter(chapter_id), &self.videos(titles)?).await?;
        self.app.page.wait_for_titles(chapter_id, titles).await?;
        self.app.page.wait_until_ready(chapter_id, READY_AT_MOST).await
    }

    /// Small videos to drop.
    pub fn videos(&self, titles: &[&str]) -> Result<Vec<PathBuf>> {
        video::several(&self.desktop.folder("Videos")?, titles)
    }
}
