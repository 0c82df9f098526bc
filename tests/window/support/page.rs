//! The words in which tests speak about the page. What the page calls its parts (`data-testid`) is known here only.

use crate::failure::{Failure, Result};
use crate::output;
use crate::screen;
use fantoccini::Client;
use fantoccini::actions::{InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::error::CmdError;
pub use fantoccini::key::Key;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a person would wait for the page to follow a click, on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// The selector of a `data-testid`.
#[must_use]
pub fn part(test_id: &str) -> String {
    format!("[data-testid=\"{test_id}\"]")
}

#[must_use]
pub fn chapter(id: &str) -> String {
    format!("[data-testid=\"chapter\"][data-chapter-id=\"{id}\"]")
}

#[must_use]
pub fn video(id: &str) -> String {
    format!("[data-testid=\"video-row\"][data-video-id=\"{id}\"]")
}

/// The handle a video is dragged by.
#[must_use]
pub fn handle(id: &str) -> String {
    format!("{} {}", video(id), part("video-handle"))
}

/// Where an element is, in pixels of the page.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    #[must_use]
    pub fn centre(&self) -> (f64, f64) {
        self.at(0.5, 0.5)
    }

    /// A point inside, by fractions of width and height.
    #[must_use]
    pub fn at(&self, across: f64, down: f64) -> (f64, f64) {
        (self.x + self.width * across, self.y + self.height * down)
    }
}

/// A row of a chapter.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    pub id: String,
    pub title: String,
    pub state: String,
}

/// A card of the media library.
#[derive(Clone, Debug, Deserialize)]
pub struct Card {
    pub id: String,
    pub text: String,
    pub state: String,
}

/// An entry of the upload panel.
#[derive(Clone, Debug, Deserialize)]
pub struct UploadItem {
    pub text: String,
    pub state: String,
    /// Confirmed by the store, of a hundred; none when the item shows no bar.
    pub percent: Option<f64>,
}

/// The page of one running app.
pub struct Page {
    client: Client,
    display: String,
}

impl Page {
    pub(crate) fn new(client: Client, display: String) -> Self {
        Self { client, display }
    }

    /// Creates a course and stays on it.
    pub async fn create_course(&self, title: &str) -> Result {
        self.click(&part("new-course")).await?;
        self.fill_in_name(title).await?;
        let shown =
            format!("document.querySelector('{}')?.textContent.trim() === {}", part("course-title"), quoted(title));
        self.wait_for(&format!("the course {title:?} opens"), SOON, &shown).await.map(drop)
    }

    /// Adds a chapter to the open course. Answers its id.
    pub async fn add_chapter(&self, title: &str) -> Result<String> {
        self.click(&part("add-chapter")).await?;
        self.fill_in_name(title).await?;
        let found = format!(
            "[...document.querySelectorAll('{}')].find(e => e.querySelector('{}')?.textContent.trim() === {})?.dataset.chapterId",
            part("chapter"),
            part("chapter-title"),
            quoted(title)
        );
        let id = self.wait_for(&format!("the chapter {title:?}"), SOON, &found).await?;
        Ok(id.as_str().unwrap_or_default().to_owned())
    }

    /// Writes into the name field that has just appeared, in place of what it holds, and confirms.
    pub async fn fill_in_name(&self, name: &str) -> Result {
        let focused = format!("document.activeElement?.matches('{}')", part("name-input"));
        self.wait_for("a focused name field", SOON, &focused).await?;
        self.chord(&[Key::Control], 'a').await?;
        self.type_text(name).await?;
        self.press(Key::Enter).await
    }

    pub async fn open_library(&self) -> Result {
        self.click(&part("nav-library")).await
    }

    /// Opens the course with this title from the list at the left.
    pub async fn open_course(&self, title: &str) -> Result {
        let id = format!(
            "[...document.querySelectorAll('{}')].find(e => e.textContent.includes({}))?.dataset.courseId",
            part("nav-course"),
            quoted(title)
        );
        let id = self.wait_for(&format!("{title:?} in the list of courses"), SOON, &id).await?;
        self.click(&format!("{}[data-course-id={id}]", part("nav-course"))).await?;
        self.wait_for_part("course-title", SOON).await
    }

    /// The rows of a chapter, in order.
    pub async fn videos_of(&self, chapter_id: &str) -> Result<Vec<Row>> {
        let script = format!(
            "[...document.querySelectorAll('{} {}')].map(e => ({{id: e.dataset.videoId, state: e.dataset.state ?? '', \
             title: e.querySelector('{}')?.textContent.trim() ?? ''}}))",
            chapter(chapter_id),
            part("video-row"),
            part("video-title")
        );
        self.read(&script).await
    }

    /// The titles of a chapter's videos, in order.
    pub async fn video_titles_of(&self, chapter_id: &str) -> Result<Vec<String>> {
        Ok(self.videos_of(chapter_id).await?.into_iter().map(|row| row.title).collect())
    }

    /// Waits until a chapter shows exactly these titles in this order, and answers its rows.
    pub async fn wait_for_titles(&self, chapter_id: &str, titles: &[&str]) -> Result<Vec<Row>> {
        let what = format!("the chapter shows {titles:?}");
        let end = Instant::now() + SOON;
        loop {
            let rows = self.videos_of(chapter_id).await?;
            if rows.iter().map(|row| row.title.as_str()).eq(titles.iter().copied()) {
                return Ok(rows);
            }
            if Instant::now() > end {
                return Err(self.never_happened(&format!("{what}; it shows {rows:?}"), SOON).await);
            }
            pause().await;
        }
    }

    /// Waits until every video of a chapter, and at least one, is ready.
    pub async fn wait_until_ready(&self, chapter_id: &str, at_most: Duration) -> Result {
        let script = format!(
            "(rows => rows.length > 0 && rows.every(e => e.dataset.state === 'ready'))\
             ([...document.querySelectorAll('{} {}')])",
            chapter(chapter_id),
            part("video-row")
        );
        self.wait_for("every video of the chapter is ready", at_most, &script).await.map(drop)
    }

    /// The cards the library shows.
    pub async fn cards(&self) -> Result<Vec<Card>> {
        let script = format!(
            "[...document.querySelectorAll('{}')].map(e => ({{id: e.dataset.assetId ?? '', state: e.dataset.state ?? '', \
             text: e.innerText}}))",
            part("asset-card")
        );
        self.read(&script).await
    }

    /// What the upload panel lists.
    pub async fn uploads(&self) -> Result<Vec<UploadItem>> {
        let script = format!(
            "[...document.querySelectorAll('{}')].map(e => {{ \
               const bar = e.querySelector('[role=progressbar]'); \
               const percent = bar && 100 * Number(bar.getAttribute('aria-valuenow')) / Number(bar.getAttribute('aria-valuemax') ?? 100); \
               return {{text: e.innerText, state: e.dataset.state ?? '', percent: percent ?? null}}; }})",
            part("upload-item")
        );
        self.read(&script).await
    }

    /// Words shown anywhere on the page.
    pub async fn wait_for_text(&self, text: &str, at_most: Duration) -> Result {
        let script = format!("document.body.innerText.includes({})", quoted(text));
        self.wait_for(&format!("the words {text:?}"), at_most, &script).await.map(drop)
    }

    pub async fn wait_for_part(&self, test_id: &str, at_most: Duration) -> Result {
        self.wait_for(test_id, at_most, &is_visible(&part(test_id))).await.map(drop)
    }

    pub async fn wait_until_no_part(&self, test_id: &str, at_most: Duration) -> Result {
        let script = format!("!({})", is_visible(&part(test_id)));
        self.wait_for(&format!("{test_id} is gone"), at_most, &script).await.map(drop)
    }

    /// Waits until a JavaScript expression is true, and answers its value. On failure the page's text and a picture are
    /// kept in `target/lectern/failures`.
    pub async fn wait_for(&self, what: &str, at_most: Duration, expression: &str) -> Result<Value> {
        let start = Instant::now();
        loop {
            let value = self.evaluate(expression).await?;
            if !matches!(value, Value::Null | Value::Bool(false)) && value != json!("") && value != json!(0) {
                return Ok(value);
            }
            if start.elapsed() > at_most {
                return Err(self.never_happened(&format!("never saw: {what} ({expression})"), at_most).await);
            }
            pause().await;
        }
    }

    /// Clicks the middle of an element with the mouse, once it is there.
    pub async fn click(&self, css: &str) -> Result {
        let at = self.rect(css).await?.centre();
        let mouse = MouseActions::new("mouse".into())
            .then(move_to(at, 20))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        answered(self.client.perform_actions(mouse)).await
    }

    /// The same for the button or menu entry with these words, and no others; those of a dialog first.
    pub async fn click_words(&self, words: &str) -> Result {
        let mark = format!(
            "(e => {{ document.querySelectorAll('[data-aim]').forEach(o => delete o.dataset.aim);\
             if (!e || e.disabled) return null; e.dataset.aim = 1; return true }})\
             ([...document.querySelectorAll('[role^=menuitem], [role=dialog] button, [role=dialog] label'),\
             ...document.querySelectorAll('button')].find(e => e.textContent.trim() === '{words}'))"
        );
        self.wait_for(words, SOON, &mark).await?;
        self.click("[data-aim]").await
    }

    /// Focuses an element without a click.
    pub async fn focus(&self, css: &str) -> Result {
        self.wait_for(&format!("{css} to focus"), SOON, &is_visible(css)).await?;
        self.evaluate(&format!("document.querySelector('{css}').focus()")).await.map(drop)
    }

    /// Types text wherever the focus is.
    pub async fn type_text(&self, text: &str) -> Result {
        let keys = text.chars().fold(KeyActions::new("keys".into()), |keys, value| {
            keys.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        answered(self.client.perform_actions(keys)).await
    }

    /// Presses one key.
    pub async fn press(&self, key: Key) -> Result {
        self.chord(&[], key.into()).await
    }

    /// Presses a key while others are held.
    pub async fn chord(&self, held: &[Key], key: char) -> Result {
        let mut keys = KeyActions::new("keys".into());
        for held in held {
            keys = keys.then(KeyAction::Down { value: char::from(*held) });
        }
        keys = keys.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        for held in held.iter().rev() {
            keys = keys.then(KeyAction::Up { value: char::from(*held) });
        }
        answered(self.client.perform_actions(keys)).await
    }

    /// Drags with the mouse as a hand does: press, several moves, rest, release.
    pub async fn drag_by_pointer(&self, from: (f64, f64), to: (f64, f64)) -> Result {
        let mut mouse = MouseActions::new("mouse".into())
            .then(move_to(from, 20))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(rest(60));
        for step in 1..=DRAG_STEPS {
            let part = f64::from(step) / f64::from(DRAG_STEPS);
            let point = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            mouse = mouse.then(move_to(point, 25));
        }
        // Lists that animate settle here.
        mouse = mouse.then(rest(250)).then(move_to(to, 25)).then(rest(150));
        mouse = mouse.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        answered(self.client.perform_actions(mouse)).await?;
        tokio::time::sleep(Duration::from_millis(250)).await;
        Ok(())
    }

    /// Where the first such element is, scrolled into view.
    pub async fn rect(&self, css: &str) -> Result<Rect> {
        let script = format!(
            "(e => {{ if (!e) return null; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect(); \
             return r.width && r.height ? {{x: r.x, y: r.y, width: r.width, height: r.height}} : null; }})\
             (document.querySelector('{css}'))"
        );
        let value = self.wait_for(&format!("{css} on the screen"), SOON, &script).await?;
        serde_json::from_value(value).map_err(|error| Failure::WebDriver(error.to_string()))
    }

    pub async fn number(&self, expression: &str) -> Result<f64> {
        self.read(expression).await
    }

    /// The value of a JavaScript expression.
    pub async fn evaluate(&self, expression: &str) -> Result<Value> {
        let script = format!("return ({expression})");
        answered(self.client.execute(&script, Vec::new())).await
    }

    /// All text that can be read on the page.
    pub async fn text(&self) -> Result<String> {
        self.read("document.body.innerText").await
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, expression: &str) -> Result<T> {
        let value = self.evaluate(expression).await?;
        serde_json::from_value(value).map_err(|error| Failure::WebDriver(format!("{expression}: {error}")))
    }

    /// The failure for `what`, with evidence kept for whoever reads it.
    pub async fn never_happened(&self, what: &str, waited: Duration) -> Failure {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let text = self.text().await.unwrap_or_else(|error| format!("(the page does not answer: {error})"));
        let mut evidence = format!("the page says:\n{}", text.chars().take(1500).collect::<String>());
        if let Ok(folder) = output::failures() {
            let name = format!("{}-{number}", std::process::id());
            let picture = folder.join(format!("{name}.png"));
            if screen::save(&self.display, &picture).is_ok() {
                evidence = format!("picture: {}\n{evidence}", picture.display());
            }
            drop(std::fs::write(folder.join(format!("{name}.txt")), format!("{what}\n\n{text}\n")));
        }
        Failure::NeverHappened { what: what.to_owned(), waited, evidence }
    }

    /// Ends the session without asking the driver, which may have lost its app.
    pub(crate) async fn forget(&self) {
        drop(self.client.persist().await);
    }

    pub(crate) async fn end_session(&self) {
        let session = self.client.clone();
        drop(tokio::time::timeout(Duration::from_secs(5), session.close()).await);
    }
}

const DRAG_STEPS: u32 = 12;

/// A driver whose app hangs never answers: that must fail a test, not stop it.
async fn answered<T>(call: impl Future<Output = std::result::Result<T, CmdError>>) -> Result<T> {
    match tokio::time::timeout(Duration::from_secs(30), call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Failure::WebDriver("no answer in 30 s: does the window hang?".into())),
    }
}

async fn pause() {
    tokio::time::sleep(Duration::from_millis(80)).await;
}

fn rest(milliseconds: u64) -> PointerAction {
    PointerAction::Pause { duration: Duration::from_millis(milliseconds) }
}

fn move_to((x, y): (f64, f64), milliseconds: u64) -> PointerAction {
    PointerAction::MoveTo { duration: Some(Duration::from_millis(milliseconds)), x: x.round(), y: y.round() }
}

fn is_visible(css: &str) -> String {
    format!("(e => !!e && e.getClientRects().length > 0)(document.querySelector('{css}'))")
}

/// As a JavaScript string.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
