//! Dropped while the store is away: queued at once, sent when it is back.

use crate::desk::{Desk, MIB, assert_ready_everywhere, at_end, object_bytes, until};
use lectern_server::object_store::local::LocalStore;
use lectern_server::object_store::s3::{S3Config, S3Store};
use lectern_shared::media::AssetState;
use lectern_shared::upload::{Cause, UploadState};
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// An address of a store that can be cut off: with nobody listening there, and with a wire to the real one.
pub struct Wire {
    pub address: SocketAddr,
    pub store: LocalStore,
    connected: Option<JoinHandle<()>>,
}

impl Wire {
    /// Away at first.
    pub async fn new(folder: &Path) -> Self {
        let store = LocalStore::start(folder).await.unwrap();
        let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        Self { address, store, connected: None }
    }

    fn store(&self) -> S3Store {
        let endpoint = format!("http://{}", self.address).parse().unwrap();
        S3Store::new(S3Config { endpoint, ..self.store.config() })
    }

    pub async fn connect(&mut self) {
        let target = self.store.config().endpoint.socket_addrs(|| None).unwrap()[0];
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.connected = Some(tokio::spawn(async move {
            // Aborted with this task, and with them every connection.
            let mut wires = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                wires.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(target).await {
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        }));
    }

    pub async fn cut(&mut self) {
        let wire = self.connected.take().unwrap();
        wire.abort();
        let _ = wire.await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_dropped_while_the_store_is_away_have_their_place_and_go_when_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut wire = Wire::new(&folder.path().join("store")).await;
    let desk = Desk::open_on(wire.store()).await;
    let place = desk.course().await;
    let (large, small) = (desk.file("Lecture 1.mp4", 20 * MIB), desk.file("Lecture 2.mp4", MIB));
    let report = desk.drop_on(&[&large, &small], at_end(place)).await;
    assert_eq!(desk.titles(place.0).await, ["Lecture 1", "Lecture 2"], "the places are taken at the drop");
    for operation in &report.operations {
        until("it says why it waits", async || desk.upload(*operation).cause == Some(Cause::StoreUnreachable)).await;
        assert_eq!(desk.upload(*operation).state, UploadState::Queued);
    }
    desk.until_synced().await;
    assert!(desk.videos(place.0).await.iter().all(|video| video.state == AssetState::Expected));
    wire.connect().await;
    for (operation, source) in report.operations.iter().zip([&large, &small]) {
        let ready = desk.until_ready(*operation).await;
        assert!(object_bytes(folder.path(), ready.asset) == std::fs::read(source).unwrap());
        assert_ready_everywhere(&desk, ready.asset, source).await;
    }
    assert_eq!(desk.titles(place.0).await, ["Lecture 1", "Lecture 2"]);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_in_the_middle_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut wire = Wire::new(&folder.path().join("store")).await;
    wire.connect().await;
    let desk = Desk::open_on(wire.store()).await;
    desk.pace.limit(Some(30 * MIB as u64));
    let place = desk.course().await;
    let source = desk.file("Lecture 1.mp4", 60 * MIB);
    let operation = desk.drop_on(&[&source], at_end(place)).await.operations[0];
    until("a part is confirmed", async || desk.upload(operation).parts_confirmed >= 1).await;
    wire.cut().await;
    until("it says why it waits", async || desk.upload(operation).cause == Some(Cause::StoreUnreachable)).await;
    let confirmed = desk.upload(operation).parts_confirmed;
    assert!((1..8).contains(&confirmed), "{confirmed} parts");
    desk.pace.limit(None);
    wire.connect().await;
    let ready = desk.until_ready(operation).await;
    assert!(object_bytes(folder.path(), ready.asset) == std::fs::read(&source).unwrap());
    desk.close().await;
}
