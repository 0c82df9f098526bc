//! A workspace whose store can be changed, and buckets to change it to.

use crate::desk::{self, no_prober, object_bytes, until};
use lectern_engine::remote::sender::{Pace, get_small};
use lectern_engine::remote::{Line, Patience, Pauses};
use lectern_engine::workspace::{KeyRing, Opening, Settings, StoreConnection, StoreSettings, Workspace};
use lectern_server::object_store::local::b2::{Account, ApplicationKey};
use lectern_server::object_store::local::{BUCKET, LocalOptions, LocalStore};
use lectern_shared::command::{PosterArguments, WorkspaceState};
use lectern_shared::connect::{ConnectAnswer, ConnectProblem, Connection, StoreDetails};
use lectern_shared::error::AppError;
use lectern_shared::event::AppEvent;
use lectern_shared::ids::{AssetId, ChapterId, CourseId, OperationId};
use lectern_shared::protocol::SignedUrl;
use lectern_shared::upload::{Destination, UploadAction, UploadSnapshot};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use url::Url;

pub struct Office {
    pub folder: TempDir,
    pub events: Arc<Mutex<Vec<AppEvent>>>,
    pub pace: Pace,
    pub keys: KeyRing,
    pub connection: StoreConnection,
    b2: Url,
}

impl Office {
    /// Where Backblaze is, is nobody.
    pub async fn open() -> Self {
        Self::open_at("http://127.0.0.1:9".parse().unwrap()).await
    }

    pub async fn open_at(b2: Url) -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), KeyRing::of_this_run(), b2).await
    }

    pub async fn open_in(folder: TempDir, keys: KeyRing, b2: Url) -> Self {
        let (events, pace): (Arc<Mutex<Vec<AppEvent>>>, _) = (Arc::default(), Pace::default());
        let heard = events.clone();
        let short = Pauses { first: Duration::from_millis(20), longest: Duration::from_millis(200) };
        let patience = Patience { between_tries: short, between_probes: short, ..Patience::default() };
        let opening = Opening {
            prober: no_prober(),
            line: Line { pace: pace.clone(), patience, ..Line::default() },
            events: Arc::new(move |event| heard.lock().unwrap().push(event)),
            keys: keys.clone(),
            idle: false,
        };
        let connection = StoreConnection::open(&folder.path().join("workspace"), opening).await.unwrap();
        Self { folder, events, pace, keys, connection: connection.with_b2_at(b2.clone()), b2 }
    }

    pub fn place(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    pub fn settings(&self) -> Settings {
        Settings::read(&self.place()).unwrap().unwrap()
    }

    pub fn is_on_this_computer(&self) -> bool {
        self.settings().store == StoreSettings::ThisComputer
    }

    pub async fn with<T>(&self, work: impl AsyncFnOnce(&Workspace) -> T) -> T {
        self.connection.with(async |workspace| Ok::<_, AppError>(work(workspace).await)).await.unwrap()
    }

    pub async fn state(&self) -> WorkspaceState {
        self.with(async |workspace| workspace.state().await.unwrap()).await
    }

    pub async fn course(&self) -> (CourseId, ChapterId) {
        self.with(async |workspace| desk::new_course(workspace).await).await
    }

    pub async fn titles(&self, course: CourseId) -> Vec<String> {
        let course = self.with(async |workspace| workspace.get_course(course).await.unwrap()).await;
        course.chapters.into_iter().flat_map(|chapter| chapter.videos).map(|video| video.title).collect()
    }

    pub fn file(&self, name: &str, bytes: usize) -> PathBuf {
        let path = self.folder.path().join(name);
        desk::write_file(&path, bytes);
        path
    }

    pub async fn drop_on(&self, paths: &[&PathBuf], destination: Destination) -> Vec<OperationId> {
        let paths = paths.iter().map(|path| (*path).clone()).collect();
        self.with(async |workspace| workspace.add_files(paths, destination).await.unwrap().operations).await
    }

    pub async fn upload(&self, operation: OperationId) -> UploadSnapshot {
        self.with(async |workspace| desk::upload(workspace, operation)).await
    }

    pub async fn until_ready(&self, operation: OperationId) -> UploadSnapshot {
        self.with(async |workspace| desk::until_ready(workspace, operation).await).await
    }

    /// Files that are ready.
    pub async fn stored(&self, files: &[(&str, usize)], destination: Destination) -> Vec<(AssetId, Vec<u8>)> {
        let paths: Vec<_> = files.iter().map(|(name, bytes)| self.file(name, *bytes)).collect();
        let operations = self.drop_on(&paths.iter().collect::<Vec<_>>(), destination).await;
        let mut stored = Vec::new();
        for operation in operations {
            let ready = self.until_ready(operation).await;
            stored.push((ready.asset, std::fs::read(self.folder.path().join(ready.file_name)).unwrap()));
        }
        until("every edit is confirmed", async || self.state().await.edits_waiting == 0).await;
        stored
    }

    /// From now on the stores are all there is.
    pub async fn without_sources(&self) {
        let uploads = self.with(async |workspace| workspace.list_uploads().uploads).await;
        for upload in uploads {
            std::fs::remove_file(self.folder.path().join(upload.file_name)).unwrap();
        }
        self.with(async |workspace| workspace.control_uploads(UploadAction::Clear, None).await.unwrap()).await;
    }

    /// Draws the picture of a video, as a window does.
    pub async fn draw(&self, asset: AssetId) {
        let wanted = |event: &AppEvent| matches!(event, AppEvent::PosterWanted { asset: of, .. } if *of == asset);
        self.with(async |workspace| workspace.window_is_ready()).await;
        until("a picture is wanted", async || self.events.lock().unwrap().iter().any(wanted)).await;
        let picture = PosterArguments { asset, jpeg: jpeg(), duration_ms: Some(7), width: None, height: None };
        self.with(async |workspace| workspace.save_poster(picture).await.unwrap()).await;
        until("the picture is in the store here", async || {
            let row = desk::confirmed_row(&self.place(), "asset", &asset);
            has_object(&self.place(), asset, "thumb") && row.is_some_and(|row| row["thumbnail"] == true)
        })
        .await;
    }

    /// What the window plays.
    pub async fn played(&self, asset: AssetId) -> Option<Vec<u8>> {
        let url = self.with(async |workspace| workspace.media_url(asset)).await;
        let url = SignedUrl { url, headers: Vec::new() };
        match get_small(&[], &url).await {
            Ok(bytes) => Some(bytes),
            // The copy here went in the middle of the answer: a player asks for the rest.
            Err(_) => get_small(&[], &url).await.ok(),
        }
    }

    /// The picture, with none kept beside the workspace.
    pub async fn picture_in_store(&self, asset: AssetId) -> Option<Vec<u8>> {
        let _ = std::fs::remove_dir_all(self.place().join("thumbnails"));
        std::fs::create_dir(self.place().join("thumbnails")).unwrap();
        let url = self.with(async |workspace| workspace.media_url(asset)).await.replace("/media/", "/thumbnail/");
        get_small(&[], &SignedUrl { url, headers: Vec::new() }).await.ok()
    }

    pub async fn connect(&self, connection: Connection) -> ConnectAnswer {
        self.connection.connect(connection).await.unwrap()
    }

    pub async fn connected(&self, connection: Connection) -> StoreDetails {
        match self.connect(connection).await {
            ConnectAnswer::Connected { store } => store,
            other => panic!("{other:?}"),
        }
    }

    pub async fn refused(&self, connection: Connection) -> ConnectProblem {
        match self.connect(connection).await {
            ConnectAnswer::Refused { problem } => problem,
            other => panic!("{other:?}"),
        }
    }

    /// Everything is in the bucket, and nothing of it here.
    pub async fn until_carried(&self) {
        until("everything is carried over", async || self.state().await.moving.is_none()).await;
        until("the store on this computer is gone", async || !self.place().join("store").exists()).await;
    }

    /// As after the app was closed: another run has only the keys it is given.
    pub async fn reopened(self, keys: KeyRing) -> Self {
        self.connection.close().await;
        Self::open_in(self.folder, keys, self.b2).await
    }

    /// As after a crash: nobody was told to stop.
    pub async fn killed(self) -> Self {
        drop(self.connection);
        let (folder, keys, b2) = (self.folder, self.keys, self.b2);
        // Tasks that were dropped let go of their files a moment later.
        tokio::time::sleep(Duration::from_millis(500)).await;
        Self::open_in(folder, keys, b2).await
    }

    pub async fn close(self) {
        self.connection.close().await;
    }

    /// What is left of it on the disk.
    pub async fn closed(self) -> TempDir {
        self.connection.close().await;
        self.folder
    }

    /// Where Backblaze is.
    pub fn b2(&self) -> Url {
        self.b2.clone()
    }
}

fn jpeg() -> String {
    use base64::Engine as _;
    let picture = image::RgbImage::from_fn(64, 36, |x, y| image::Rgb([x as u8, y as u8, 99]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).unwrap();
    base64::engine::general_purpose::STANDARD.encode(bytes.into_inner())
}

/// A bucket of Backblaze, as our own store plays it: it keeps every version, so that nothing comes twice unseen.
pub struct Backblaze {
    pub account: Account,
    pub store: LocalStore,
    folder: TempDir,
}

impl Backblaze {
    pub async fn open() -> Self {
        let (account, folder) = (Account::new(), tempfile::tempdir().unwrap());
        let store = LocalStore::start_as_b2(&folder.path().join("store"), LocalOptions::default(), &account).await;
        Self { account, store: store.unwrap(), folder }
    }

    pub fn address(&self) -> Url {
        self.store.config().endpoint
    }

    pub fn key(&self, narrow: impl FnOnce(ApplicationKey) -> ApplicationKey) -> ApplicationKey {
        let key = narrow(self.account.new_key());
        self.account.put_key(key.clone());
        key
    }

    /// With a key of this bucket alone.
    pub fn bound(&self) -> Connection {
        by_key(&self.key(ApplicationKey::of_one_bucket), None)
    }

    /// The same bucket for a client that knows S3 alone, at another address.
    pub fn by_s3(&self, endpoint: &str) -> Connection {
        let key = self.key(|key| key);
        Connection::S3Compatible {
            endpoint: endpoint.to_owned(),
            region: String::new(),
            bucket: BUCKET.to_owned(),
            folder: "lectern".to_owned(),
            key_id: key.id,
            secret_key: key.secret.reveal().to_owned(),
        }
    }

    /// Of the one version of an asset's one object.
    pub fn bytes(&self, asset: AssetId) -> Vec<u8> {
        object_bytes(self.folder.path(), asset)
    }

    pub fn has(&self, asset: AssetId, rendition: &str) -> bool {
        has_object(self.folder.path(), asset, rendition)
    }

    /// Turns a byte in the middle of the object whose key ends so.
    pub fn damage(&self, part_of_key: &str) {
        let objects = desk::listed(&self.folder.path().join("store/objects"));
        let object = objects.iter().find(|path| path.to_string_lossy().contains(part_of_key)).expect("this object");
        for version in desk::listed(object).iter().filter(|path| path.is_dir()) {
            for part in desk::listed(version) {
                if part.file_name().unwrap().to_string_lossy().starts_with("part-") {
                    let mut bytes = std::fs::read(&part).unwrap();
                    let middle = bytes.len() / 2;
                    bytes[middle] ^= 1;
                    std::fs::write(&part, bytes).unwrap();
                }
            }
        }
    }

    /// Of all objects whose keys have this in them.
    pub fn versions_of(&self, part_of_key: &str) -> usize {
        let objects = desk::listed(&self.folder.path().join("store/objects")).into_iter();
        let these = objects.filter(|path| path.to_string_lossy().contains(part_of_key));
        these.map(|path| desk::listed(&path).iter().filter(|path| path.is_dir()).count()).sum()
    }

    pub fn unfinished(&self) -> usize {
        let uploads = desk::listed(&self.folder.path().join("store/uploads"));
        uploads.iter().filter(|path| path.is_dir()).count()
    }
}

pub fn has_object(place: &Path, asset: AssetId, rendition: &str) -> bool {
    let name = format!("+{asset}%2e{rendition}");
    desk::listed(&place.join("store/objects")).iter().any(|path| path.to_string_lossy().ends_with(&name))
}

pub fn by_key(key: &ApplicationKey, bucket: Option<&str>) -> Connection {
    Connection::BackblazeB2 {
        key_id: key.id.clone(),
        application_key: key.secret.reveal().to_owned(),
        bucket: bucket.map(str::to_owned),
        folder: "lectern".to_owned(),
    }
}
