//! One test's world: a folder with files, server, store, catalogue, the engine, and every snapshot it ever showed.

use super::catalogue::MemoryCatalogue;
use super::store::TestServer;
use lectern_engine::remote::{Line, Patience};
use lectern_engine::uploads::{Intake, Uploads, UploadsConfig, take_in};
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{AssetId, OperationId, UserId};
use lectern_shared::upload::{Destination, IntakeReport, UploadSnapshot, UploadState};
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

pub const MIB: usize = 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(30);

pub struct World {
    pub folder: tempfile::TempDir,
    pub server: Arc<TestServer>,
    pub catalogue: Arc<MemoryCatalogue>,
    pub events: Arc<Mutex<Vec<(Instant, AppEvent)>>>,
    /// How long a file must not have been written to; tests that are not about that send files as soon as they are there.
    rest: Duration,
    user: UserId,
}

impl World {
    pub async fn new() -> Self {
        Self::with_rest(Duration::ZERO).await
    }

    pub async fn with_rest(rest: Duration) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            server: TestServer::start().await,
            catalogue: Arc::default(),
            events: Arc::default(),
            rest,
            user: UserId::new(),
        }
    }

    pub async fn engine(&self) -> Uploads {
        let config = UploadsConfig {
            journal: self.folder.path().join("journal.db"),
            user: self.user,
            line: Line { patience: Patience { rest: self.rest, ..Patience::default() }, ..Line::default() },
            idle: false,
            hold: None,
            limit: None,
        };
        let events = self.events.clone();
        let sink = Arc::new(move |event| events.lock().unwrap().push((Instant::now(), event)));
        Uploads::start(config, self.catalogue.clone(), self.server.clone(), sink).await.unwrap()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of bytes that repeat nowhere near a part's length.
    pub fn file(&self, name: &str, length: usize) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content(length, name.len() as u64)).unwrap();
        path
    }

    pub async fn add(&self, uploads: &Uploads, path: PathBuf) -> (OperationId, AssetId) {
        let intake = take_in(vec![path], &Destination::Library).await;
        let operation = uploads.queue(intake.files).await.unwrap()[0];
        (operation, snapshot(uploads, operation).unwrap().asset)
    }

    /// A file of 40 MiB that is being sent, slowly, with a part confirmed.
    pub async fn half_sent(&self, uploads: &Uploads, name: &str) -> (PathBuf, OperationId, AssetId) {
        self.server.with(|state| state.delay = Duration::from_millis(60));
        let path = self.file(name, 40 * MIB);
        let (operation, asset) = self.add(uploads, path.clone()).await;
        until("a part is confirmed", || snapshot(uploads, operation).unwrap().parts_confirmed >= 1).await;
        (path, operation, asset)
    }

    pub async fn add_all(&self, uploads: &Uploads, paths: Vec<PathBuf>, to: Destination) -> IntakeReport {
        let Intake { files, refused, to_library } = take_in(paths, &to).await;
        let operations = uploads.queue(files).await.unwrap();
        IntakeReport { operations, refused, to_library, question: None, undo: None }
    }

    pub fn object(&self, asset: AssetId) -> Option<Vec<u8>> {
        self.server.with(|state| state.objects.get(&asset).cloned())
    }

    /// The store holds exactly the file, and the server was told its hash.
    pub fn assert_stored(&self, asset: AssetId, path: &PathBuf) {
        let file = std::fs::read(path).unwrap();
        let object = self.object(asset).expect("an object");
        assert!(object == file, "the object is not the file");
        let hash = self.server.with(|state| state.hashes[&asset].clone());
        assert_eq!(hash, blake3::hash(&file).to_hex().as_str());
    }

    pub fn puts_of(&self, asset: AssetId) -> Vec<u32> {
        self.server.with(|state| state.puts.iter().filter(|(of, _)| *of == asset).map(|(_, part)| *part).collect())
    }

    /// The parts that were put since the first `puts`, each once: one that was on its way when its upload stopped may
    /// arrive although nobody waits for it any more, and again afterwards.
    pub fn parts_put_since(&self, asset: AssetId, puts: usize) -> BTreeSet<u32> {
        self.puts_of(asset).into_iter().skip(puts).collect()
    }

    /// Waits until the store works at no request, also at none that was given up.
    pub async fn until_the_line_is_empty(&self) {
        until("the line is empty", || self.server.with(|state| state.at_once == 0)).await;
    }

    pub fn snapshots(&self) -> Vec<UploadSnapshot> {
        let events = self.events.lock().unwrap();
        let progress = events.iter().filter_map(|(_, event)| match event {
            AppEvent::Progress { snapshots, .. } => Some(snapshots.clone()),
            _ => None,
        });
        progress.flatten().collect()
    }

    /// What must hold for every snapshot the window was ever shown. `restarts`: of a file or of the engine.
    pub fn assert_progress_was_honest(&self, restarts: bool) {
        let mut confirmed: HashMap<OperationId, u64> = HashMap::new();
        for shown in self.snapshots() {
            assert!(shown.confirmed <= shown.sent && shown.sent <= shown.bytes, "{shown:?}");
            assert!(shown.parts_confirmed <= shown.parts, "{shown:?}");
            let last = confirmed.insert(shown.operation, shown.confirmed).unwrap_or(0);
            assert!(restarts || shown.confirmed >= last, "confirmed fell from {last}: {shown:?}");
        }
        let events = self.events.lock().unwrap();
        let told: Vec<Instant> =
            events.iter().filter(|(_, event)| matches!(event, AppEvent::Progress { .. })).map(|(at, _)| *at).collect();
        for pair in told.windows(2) {
            assert!(restarts || pair[1] - pair[0] >= Duration::from_millis(95), "more than ten a second");
        }
    }
}

pub fn content(length: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut key = [7; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    blake3::Hasher::new_keyed(&key).finalize_xof().fill(&mut bytes);
    bytes
}

pub fn append(path: &Path, bytes: &[u8]) {
    File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

pub fn snapshot(uploads: &Uploads, operation: OperationId) -> Option<UploadSnapshot> {
    uploads.list().uploads.into_iter().find(|upload| upload.operation == operation)
}

pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub async fn until_state(uploads: &Uploads, operation: OperationId, state: UploadState) -> UploadSnapshot {
    let mut last = None;
    let end = Instant::now() + PATIENCE;
    loop {
        let shown = snapshot(uploads, operation);
        if let Some(found) = shown.clone().filter(|found| found.state == state) {
            return found;
        }
        last = shown.or(last);
        assert!(Instant::now() < end, "never {state:?}: {last:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
