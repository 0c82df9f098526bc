//! The product's main job, done by nobody: a course and a chapter are made in the real window, a real video is dropped
//! on the chapter as a file manager drops it, and what arrived in the store is compared with the file.
//!
//! `headless` prints what it does and, as its last line, one JSON object. `headless --pictures FOLDER` saves pictures of
//! a filled workspace instead, light and dark.

use lectern_window::page::{Row, chapter, part};
use lectern_window::{App, Desktop, Failure, Options, Result, output, store, video};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const TITLE: &str = "Reaction rates – Größe und Maß";
/// Above 32 MiB: several parts.
const MEBIBYTES: u64 = 40;
const PAINTED: Duration = Duration::from_millis(350);
const READY_AT_MOST: Duration = Duration::from_secs(180);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => main_job().await,
        ["--pictures", folder] => pictures(Path::new(folder)).await,
        _ => {
            eprintln!("usage: headless [--pictures FOLDER]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn main_job() -> Result {
    let desktop = Desktop::start()?;
    say(&format!("a virtual desktop runs on display {}", desktop.display()));
    let app = App::launch(&desktop, Options::default()).await?;
    let mut steps = Steps::new()?;
    app.page.wait_for_text("My courses", Duration::from_secs(20)).await?;
    steps.save(&app, "first-screen").await?;
    app.page.create_course("Organic Chemistry II").await?;
    let chapter_id = app.page.add_chapter("Kinetics").await?;
    steps.save(&app, "course-with-a-chapter").await?;

    let file = desktop.folder("Videos")?.join(format!("{TITLE}.mp4"));
    video::of_at_least(&file, MEBIBYTES)?;
    let bytes = std::fs::metadata(&file).map_err(Failure::io(file.display()))?.len();
    say(&format!("a video of {} MiB was made", bytes >> 20));

    let place = app.page.rect(&chapter(&chapter_id)).await?.centre();
    let drag = app.hover_at(place, std::slice::from_ref(&file)).await?;
    steps.save(&app, "file-held-over-the-chapter").await?;
    let start = Instant::now();
    drag.drop_here()?;
    wait_for_row(&app, &chapter_id).await?;
    steps.save(&app, "dropped").await?;
    app.page.wait_until_ready(&chapter_id, READY_AT_MOST).await?;
    let seconds = start.elapsed().as_secs_f64();
    let row = wait_for_row(&app, &chapter_id).await?;
    wait_for_thumbnail(&app).await?;
    steps.save(&app, "ready").await?;
    app.page.open_library().await?;
    app.page.wait_for_part("asset-card", Duration::from_secs(20)).await?;
    steps.save(&app, "media-library").await?;
    app.close().await?;
    report(&desktop, &file, bytes, &row, seconds)
}

/// Compares the object in the store with the file that was dropped, and prints the last line.
fn report(desktop: &Desktop, file: &Path, bytes: u64, row: &Row, seconds: f64) -> Result {
    let objects = store::read_objects(&desktop.data())?;
    let source = store::blake3_of(file)?;
    let Some(object) = objects.iter().find(|object| object.bytes == bytes) else {
        return Err(Failure::Store(format!("no object of {bytes} bytes; there are {objects:?}")));
    };
    if object.blake3 != source {
        return Err(Failure::Store(format!("{} holds {}, the file is {source}", object.key, object.blake3)));
    }
    say("the object in the store is the file that was dropped");
    let line = json!({
        "title": row.title, "bytes": object.bytes, "blake3": object.blake3, "state": row.state,
        "parts": object.parts.len(), "object": object.key, "seconds": (seconds * 100.0).round() / 100.0,
    });
    println!("{line}");
    Ok(())
}

async fn wait_for_row(app: &App, chapter_id: &str) -> Result<Row> {
    app.page.wait_for_part("video-row", Duration::from_secs(30)).await?;
    let rows = app.page.videos_of(chapter_id).await?;
    rows.into_iter().next().ok_or_else(|| Failure::DropRefused("the video is in another chapter".into()))
}

async fn wait_for_thumbnail(app: &App) -> Result {
    let drawn = format!(
        "[...document.querySelectorAll('{} img')].some(e => e.complete && e.naturalWidth > 0)",
        part("video-row")
    );
    app.page.wait_for("a thumbnail in the row", Duration::from_secs(60), &drawn).await.map(drop)
}

/// Numbered pictures of the screen in `target/lectern`.
struct Steps {
    folder: PathBuf,
    number: u32,
}

impl Steps {
    /// Pictures of an earlier run are taken away: what is there is of this run.
    fn new() -> Result<Self> {
        let folder = output::pictures()?;
        for entry in std::fs::read_dir(&folder).map_err(Failure::io(folder.display()))?.flatten() {
            if entry.path().extension().is_some_and(|extension| extension == "png") {
                std::fs::remove_file(entry.path()).map_err(Failure::io(entry.path().display()))?;
            }
        }
        Ok(Self { folder, number: 0 })
    }

    async fn save(&mut self, app: &App, name: &str) -> Result {
        self.number += 1;
        // The page knows more than the screen shows, for some frames.
        tokio::time::sleep(PAINTED).await;
        let path = self.folder.join(format!("{:02}-{name}.png", self.number));
        app.save_screen(&path)?;
        say(&format!("{name}: {}", path.display()));
        Ok(())
    }
}

/// Course and library, light and dark, while one more file is on its way.
async fn pictures(folder: &Path) -> Result {
    std::fs::create_dir_all(folder).map_err(Failure::io(folder.display()))?;
    let files = tempfile::tempdir().map_err(Failure::io("a folder for videos"))?;
    let lectures = Lectures::make(files.path())?;
    for (scheme, options) in [("light", Options::default()), ("dark", Options::dark())] {
        let desktop = Desktop::start()?;
        let app = App::launch(&desktop, options.with("LECTERN_TEST_BYTES_PER_SECOND", "6000000")).await?;
        fill(&app, &lectures).await?;
        for screen in ["course", "library"] {
            if screen == "library" {
                app.page.open_library().await?;
                app.page.wait_for_part("asset-card", Duration::from_secs(20)).await?;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            let path = folder.join(format!("{screen}-{scheme}.png"));
            app.save_window(&path)?;
            say(&path.display().to_string());
        }
        app.close().await?;
    }
    Ok(())
}

/// A course as somebody teaches it.
struct Lectures {
    chapters: Vec<(&'static str, Vec<PathBuf>)>,
    /// Large enough to be still on its way when the picture is taken.
    last: PathBuf,
}

impl Lectures {
    fn make(folder: &Path) -> Result<Self> {
        let course: [(&str, &[(&str, f64)]); 3] = [
            ("Structure and bonding", &[("1.1 Orbitals revisited", 24.2), ("1.2 Resonance, honestly", 31.7)]),
            ("Kinetics", &[("2.1 Rates and mechanisms", 27.6), ("2.2 Energy diagrams", 22.2), ("2.3 Catalysis", 35.9)]),
            ("Spectroscopy", &[("3.1 Infrared", 18.1), ("3.2 Proton NMR", 41.3)]),
        ];
        let mut number = 0;
        let mut chapters = Vec::new();
        for (title, lectures) in course {
            let mut files = Vec::new();
            for (name, minutes) in lectures {
                let file = folder.join(format!("{name}.mp4"));
                video::slides(&file, number, *minutes)?;
                files.push(file);
                number += 1;
            }
            chapters.push((title, files));
        }
        let last = folder.join("3.3 Worked spectra.mp4");
        video::of_at_least(&last, 96)?;
        Ok(Self { chapters, last })
    }
}

async fn fill(app: &App, lectures: &Lectures) -> Result {
    app.page.create_course("Organic Chemistry II").await?;
    let mut chapter_id = String::new();
    for (title, files) in &lectures.chapters {
        chapter_id = app.page.add_chapter(title).await?;
        app.drop_on(&chapter(&chapter_id), files).await?;
        app.page.wait_until_ready(&chapter_id, READY_AT_MOST).await?;
    }
    wait_for_thumbnail(app).await?;
    let rect = app.page.rect(&chapter(&chapter_id)).await?;
    app.hover_at(rect.at(0.5, 0.97), std::slice::from_ref(&lectures.last)).await?.drop_here()?;
    // Far enough for a speed, a time left and a first confirmed part.
    app.page.wait_for("the last lecture on its way", READY_AT_MOST, "document.body.innerText.includes('MB/s')").await?;
    tokio::time::sleep(Duration::from_secs(8)).await;
    Ok(())
}

fn say(words: &str) {
    println!("{words}");
}
