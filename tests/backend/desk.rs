//! One person's desk: a workspace with real databases and a real store, every event it sent, and files to drop on it.

use lectern_engine::remote::Line;
use lectern_engine::remote::sender::Pace;
use lectern_engine::workspace::{LocalWorkspace, Workspace};
use lectern_server::object_store::ObjectStore;
use lectern_shared::course::VideoDetail;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{AssetId, ChapterId, CourseId, OperationId, VideoId};
use lectern_shared::mutation::{Between, Mutation};
use lectern_shared::upload::{Destination, IntakeReport, UploadSnapshot, UploadState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const MIB: usize = 1 << 20;
/// Long, because it is only waited for when something is broken, or the machine is busy with other things.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Desk {
    pub folder: tempfile::TempDir,
    pub events: Arc<Mutex<Vec<AppEvent>>>,
    pub pace: Pace,
    local: LocalWorkspace,
}

impl Desk {
    pub async fn open() -> Self {
        let (folder, events, pace) = (tempfile::tempdir().unwrap(), Arc::default(), Pace::default());
        let place = folder.path().join("workspace");
        let local = LocalWorkspace::open(&place, no_prober(), pace.clone(), sink(&events)).await.unwrap();
        Self { folder, events, pace, local }
    }

    pub async fn open_on(store: impl ObjectStore) -> Self {
        Self::open_over(tempfile::tempdir().unwrap(), Line::default(), store).await
    }

    /// In a folder that may have been a desk's before.
    pub async fn open_over(folder: tempfile::TempDir, line: Line, store: impl ObjectStore) -> Self {
        let (events, pace, store) = (Arc::default(), line.pace.clone(), Arc::new(store));
        let place = folder.path().join("workspace");
        let opening = LocalWorkspace::open_with_store(&place, no_prober(), line, sink(&events), store);
        let local = opening.await.unwrap();
        Self { folder, events, pace, local }
    }

    pub fn workspace(&self) -> &Workspace {
        &self.local.workspace
    }

    pub fn place(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// A file whose bytes nothing recognises and no two parts share.
    pub fn file(&self, name: &str, bytes: usize) -> PathBuf {
        let path = self.folder.path().join(name);
        write_file(&path, bytes);
        path
    }

    /// A course with one chapter.
    pub async fn course(&self) -> (CourseId, ChapterId) {
        new_course(self.workspace()).await
    }

    pub async fn drop_on(&self, paths: &[&PathBuf], destination: Destination) -> IntakeReport {
        self.workspace().add_files(paths.iter().map(|path| (*path).clone()).collect(), destination).await.unwrap()
    }

    pub fn upload(&self, operation: OperationId) -> UploadSnapshot {
        upload(self.workspace(), operation)
    }

    pub async fn until_ready(&self, operation: OperationId) -> UploadSnapshot {
        until_ready(self.workspace(), operation).await
    }

    pub async fn videos(&self, course: CourseId) -> Vec<VideoDetail> {
        let course = self.workspace().get_course(course).await.unwrap();
        course.chapters.into_iter().flat_map(|chapter| chapter.videos).collect()
    }

    pub async fn titles(&self, course: CourseId) -> Vec<String> {
        self.videos(course).await.into_iter().map(|video| video.title).collect()
    }

    /// Until a pull has confirmed every edit.
    pub async fn until_synced(&self) {
        until("every edit is confirmed", async || self.workspace().state().await.unwrap().edits_waiting == 0).await;
    }

    /// Closes it and opens it again, at full speed.
    pub async fn restart(self) -> Self {
        let folder = self.close().await;
        let (events, pace) = (Arc::default(), Pace::default());
        let place = folder.path().join("workspace");
        let local = LocalWorkspace::open(&place, no_prober(), pace.clone(), sink(&events)).await.unwrap();
        Self { folder, events, pace, local }
    }

    pub async fn close(self) -> tempfile::TempDir {
        self.local.shutdown().await;
        self.folder
    }
}

/// A prober that is not there: nothing found out about a file may ever hold its upload up.
pub fn no_prober() -> PathBuf {
    PathBuf::from("/there/is/no/prober")
}

fn sink(events: &Arc<Mutex<Vec<AppEvent>>>) -> lectern_engine::EventSink {
    let events = events.clone();
    Arc::new(move |event| events.lock().unwrap().push(event))
}

pub async fn open(place: &Path, events: &Arc<Mutex<Vec<AppEvent>>>) -> LocalWorkspace {
    LocalWorkspace::open(place, no_prober(), Pace::default(), sink(events)).await.unwrap()
}

pub fn write_file(path: &Path, bytes: usize) {
    let mut content = vec![0; bytes];
    blake3::Hasher::new().update(path.file_name().unwrap().as_encoded_bytes()).finalize_xof().fill(&mut content);
    std::fs::write(path, content).unwrap();
    long_finished(path);
}

/// A file that was written to a moment ago would be waited for.
pub fn long_finished(path: &Path) {
    let earlier = std::time::SystemTime::now() - Duration::from_secs(3600);
    std::fs::File::options().write(true).open(path).unwrap().set_modified(earlier).unwrap();
}

pub async fn new_course(workspace: &Workspace) -> (CourseId, ChapterId) {
    let (course, chapter) = (CourseId::new(), ChapterId::new());
    workspace.edit(Mutation::CourseCreate { course, title: "Chemistry".into() }).await.unwrap();
    let place = Between { after: None, before: None };
    workspace.edit(Mutation::ChapterCreate { chapter, course, title: "Kinetics".into(), place }).await.unwrap();
    (course, chapter)
}

pub fn at_end((course, chapter): (CourseId, ChapterId)) -> Destination {
    Destination::Chapter { course, chapter, after: None, before: None }
}

pub fn between((course, chapter): (CourseId, ChapterId), after: VideoId, before: VideoId) -> Destination {
    Destination::Chapter { course, chapter, after: Some(after), before: Some(before) }
}

pub fn upload(workspace: &Workspace, operation: OperationId) -> UploadSnapshot {
    let list = workspace.list_uploads();
    list.uploads.into_iter().find(|upload| upload.operation == operation).expect("a listed upload")
}

pub async fn until_ready(workspace: &Workspace, operation: OperationId) -> UploadSnapshot {
    until("the upload is ready", async || {
        let shown = upload(workspace, operation);
        assert_ne!(shown.state, UploadState::Failed, "{shown:?}");
        shown.state == UploadState::Ready
    })
    .await;
    upload(workspace, operation)
}

pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "not in {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The files of the one version of an asset's object in a local store, in order.
pub fn object_files(place: &Path, asset: AssetId) -> Vec<PathBuf> {
    let name = format!("+{asset}%2eoriginal");
    let objects = listed(&place.join("store/objects"));
    let objects: Vec<_> = objects.into_iter().filter(|path| path.to_string_lossy().ends_with(&name)).collect();
    assert_eq!(objects.len(), 1, "one object for the asset");
    let versions: Vec<_> = listed(&objects[0]).into_iter().filter(|path| path.is_dir()).collect();
    assert_eq!(versions.len(), 1, "one version of the object");
    let is_part = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("part-");
    listed(&versions[0]).into_iter().filter(is_part).collect()
}

pub fn object_bytes(place: &Path, asset: AssetId) -> Vec<u8> {
    object_files(place, asset).iter().map(|path| std::fs::read(path).unwrap()).collect::<Vec<_>>().concat()
}

/// A folder's entries, sorted.
pub fn listed(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// What the mirror has from the course server about an asset, a video, …: its row.
pub fn confirmed_row(place: &Path, kind: &str, id: &impl ToString) -> Option<serde_json::Value> {
    let mirror = rusqlite::Connection::open(place.join("mirror.sqlite")).unwrap();
    let found = mirror.query_row(
        "SELECT body -> '$.body' FROM base_row WHERE kind = ?1 AND id = ?2",
        [kind, &id.to_string()],
        |row| row.get::<_, String>(0),
    );
    found.ok().map(|body| serde_json::from_str(&body).unwrap())
}

/// The course server and this desk agree: the bytes are there and these are they.
pub async fn assert_ready_everywhere(desk: &Desk, asset: AssetId, source: &Path) {
    let hash = blake3::hash(&std::fs::read(source).unwrap()).to_hex();
    until("the mirror knows that the asset is ready", async || {
        confirmed_row(&desk.place(), "asset", &asset).is_some_and(|row| row["state"] == "ready")
    })
    .await;
    let row = confirmed_row(&desk.place(), "asset", &asset).unwrap();
    assert_eq!(row["blake3"], hash.as_str(), "the catalogue has the file's BLAKE3");
}
