//! A bucket is connected while the workspace is in use: what lies here goes there, and nothing else changes.

use crate::Scene;
use lectern_window::page::part;
use lectern_window::process::{Owned, program};
use lectern_window::{Failure, Page, Result, output};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

pub const SOON: Duration = Duration::from_secs(20);

/// An S3 server with a bucket, and what a person would be told about it.
pub struct Bucket {
    _server: Owned,
    pub endpoint: String,
    pub name: String,
    pub key_id: String,
    pub secret_key: String,
}

impl Bucket {
    pub fn start(folder: &Path) -> Result<Self> {
        let binary = output::app_binary()?.with_file_name("bench_store");
        let mut command = program(&binary.to_string_lossy());
        // It ends with its input, which ends with us.
        command.arg("local").arg(folder).stdin(Stdio::piped());
        let (server, line) = Owned::start_and_read_line(&mut command)?;
        let said: serde_json::Value =
            serde_json::from_str(&line).map_err(|error| Failure::WebDriver(format!("{line}: {error}")))?;
        let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            _server: server,
            endpoint: text("endpoint").trim_end_matches('/').to_owned(),
            name: text("bucket"),
            key_id: text("access_key"),
            secret_key: text("secret_key"),
        })
    }
}

pub async fn fill_in(page: &Page, label: &str, text: &str) -> Result {
    let field = format!(
        "(l => {{ if (!l || !l.control) return null; l.control.focus(); return true }})\
         ([...document.querySelectorAll('[role=dialog] label')].find(l => l.textContent.trim().startsWith('{label}')))"
    );
    page.wait_for(&format!("the field {label}"), SOON, &field).await?;
    page.type_text(text).await
}

#[tokio::test]
async fn a_bucket_connected_from_the_window_gets_what_lies_here_and_the_places_stay() -> Result {
    let scene = Scene::with_videos(&["1 Rates", "2 Orders"]).await?;
    let page = &scene.app.page;
    let bucket = Bucket::start(&scene.desktop.folder("Bucket")?)?;
    let link = format!("{} button.link", part("state-line"));
    page.wait_for("the offer to connect", SOON, &format!("document.querySelector('{link}')")).await?;
    page.evaluate(&format!("document.querySelector('{link}').click()")).await?;
    page.wait_for_text("Files are sent to a bucket of your own", SOON).await?;
    page.click_words("Other S3-compatible").await?;
    fill_in(page, "Endpoint", &bucket.endpoint).await?;
    fill_in(page, "Region", "us-east-1").await?;
    fill_in(page, "Bucket", &bucket.name).await?;
    fill_in(page, "Key ID", &bucket.key_id).await?;
    fill_in(page, "Secret key", "certainly another one").await?;
    scene.app.save_window(&output::pictures()?.join("connect-filled-in.png"))?;
    page.click_words("Connect").await?;
    page.wait_for("the refusal", SOON, "document.querySelector('[role=dialog] [role=alert], [aria-invalid=true]')")
        .await?;
    scene.app.save_window(&output::pictures()?.join("connect-refused.png"))?;

    page.evaluate("[...document.querySelectorAll('[role=dialog] input[type=password]')].pop().select()").await?;
    fill_in(page, "Secret key", "").await?;
    page.evaluate("document.activeElement.select()").await?;
    page.type_text(&bucket.secret_key).await?;
    page.click_words("Connect").await?;
    page.wait_for_text("is connected", SOON).await?;
    scene.app.save_window(&output::pictures()?.join("connected.png"))?;
    page.click_words("Done").await?;

    let local = scene.desktop.data();
    let is_carried = || store_is_gone(&local);
    for _ in 0..600 {
        if is_carried() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(is_carried(), "what lay here has gone to the bucket");
    page.wait_for_titles(&scene.chapter, &["1 Rates", "2 Orders"]).await?;
    scene.app.save_window(&output::pictures()?.join("connected-course.png"))?;
    let objects = walk(&scene.desktop.folder("Bucket")?);
    assert!(objects >= 2, "both videos are in the bucket: {objects} files there");
    scene.app.close().await
}

/// No folder `store` anywhere below.
fn store_is_gone(folder: &Path) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().all(|entry| {
        let path = entry.path();
        !path.is_dir() || (entry.file_name() != "store" && store_is_gone(&path))
    })
}

fn walk(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { walk(&entry.path()) } else { 1 }).sum()
}
