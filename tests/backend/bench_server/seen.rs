//! An edit in one app until another one shows it, and a word about an upload until another one has it: two engines on one
//! course, with the sync that the app runs.

use super::Outcome;
use super::faculty::{COURSES, Faculty};
use super::figures::{Figures, percentile};
use super::pulls::{mirror, remote};
use lectern_engine::catalogue::Catalogue;
use lectern_engine::remote::CourseServer as _;
use lectern_engine::remote::team::TeamServer;
use lectern_engine::sync::Sync;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{OperationId, VideoId};
use lectern_shared::mutation::Mutation;
use lectern_shared::protocol::{Progress, ProgressRequest};
use lectern_shared::upload::{ProgressName, UploadContext};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::Instant;

const TIMES: u64 = 100;
const PATIENCE: Duration = Duration::from_secs(10);
const LIMIT_MS: f64 = 250.0;

/// Not in step with anything that happens at intervals.
fn pause(number: u64) -> Duration {
    Duration::from_millis(150 + number * 37 % 200)
}

/// Two people of one course, each with the app's own sync.
struct Two {
    here: Catalogue,
    sending: Sync,
    sender: TeamServer,
    there: Catalogue,
    seeing: Sync,
    /// What the other one's window is told.
    events: UnboundedReceiver<AppEvent>,
    /// The other one's mirror, as its window reads it.
    window: rusqlite::Connection,
}

impl Two {
    async fn start(faculty: &Faculty, folder: &Path) -> Outcome<Self> {
        let (ada, bob) = (&faculty.people[0], &faculty.people[COURSES]);
        let file = folder.join("bob.sqlite");
        let (here, there) = (mirror(ada, &folder.join("ada.sqlite"))?, mirror(bob, &file)?);
        let (tell, events) = mpsc::unbounded_channel();
        let sink = Arc::new(move |event| drop(tell.send(event)));
        let sender = remote(faculty, ada)?;
        let sending = Sync::start(here.clone(), Arc::new(sender.clone()), Arc::new(drop));
        let seeing = Sync::start(there.clone(), Arc::new(remote(faculty, bob)?), sink);
        sending.tried().await;
        seeing.tried().await;
        // Both listen by then.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let window = rusqlite::Connection::open_with_flags(&file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Self { here, sending, sender, there, seeing, events, window })
    }

    async fn end(self) {
        tokio::join!(self.sending.shutdown(), self.seeing.shutdown());
        self.here.close();
        self.there.close();
    }

    fn title(&self, video: VideoId) -> Outcome<String> {
        let sql = "SELECT title FROM video WHERE id = ?1";
        Ok(self.window.query_row(sql, [video.to_string()], |row| row.get(0))?)
    }

    /// How long it takes from the commit here until the window there is told, and finds it.
    async fn edit(&mut self, video: VideoId, title: String) -> Outcome<Duration> {
        self.here.edit(vec![Mutation::VideoRename { video, title: title.clone() }]).await?;
        let begun = Instant::now();
        self.sending.nudge();
        while self.title(video)? != title {
            self.hears(|event| matches!(event, AppEvent::Changed { .. })).await?;
        }
        Ok(begun.elapsed())
    }

    async fn tell(&mut self, context: UploadContext, sent: u64) -> Outcome<Duration> {
        let (operation, name, file_name) = (OperationId::new(), ProgressName::UploadProgress, "Lecture.mp4".to_owned());
        let item = Progress { operation, name, context, asset: None, file_name, bytes: 1_000, sent };
        let begun = Instant::now();
        self.sender.tell_progress(&ProgressRequest { items: vec![item] }).await?;
        self.hears(|event| matches!(event, AppEvent::Elsewhere { .. })).await?;
        Ok(begun.elapsed())
    }

    async fn hears(&mut self, wanted: impl Fn(&AppEvent) -> bool) -> Outcome {
        loop {
            let event = tokio::time::timeout(PATIENCE, self.events.recv()).await?.ok_or("the sync has ended")?;
            if wanted(&event) {
                return Ok(());
            }
        }
    }
}

pub async fn elsewhere(figures: &mut Figures, faculty: &Faculty, folder: &Path) -> Outcome {
    let mut two = Two::start(faculty, folder).await?;
    let (course, video) = (faculty.courses[0].course, faculty.courses[0].videos[0]);
    let (mut edits, mut words) = (Vec::new(), Vec::new());
    for number in 0..TIMES {
        tokio::time::sleep(pause(number)).await;
        edits.push(two.edit(video, format!("As seen {number}")).await?);
    }
    for number in 0..TIMES {
        tokio::time::sleep(pause(number)).await;
        words.push(two.tell(UploadContext::Course(course), number).await?);
    }
    two.end().await;
    let (edit, most) = (percentile(&mut edits, 0.5), percentile(&mut edits, 0.99));
    figures.at_most("edit in one app to another one's view, median of 100", edit, LIMIT_MS, "ms");
    figures.beside("edit in one app to another one's view, 99 of 100", most, "ms");
    let (word, most) = (percentile(&mut words, 0.5), percentile(&mut words, 0.99));
    figures.at_most("an upload's progress to another one's window, median of 100", word, LIMIT_MS, "ms");
    figures.beside("an upload's progress to another one's window, 99 of 100", most, "ms");
    Ok(())
}
