//! A desk, a store, and the fault proxy between them.

use crate::desk::{self, Desk, MIB, assert_ready_everywhere, at_end, object_bytes};
use lectern_backend_tests::support::fault_proxy::{Exchange, FOR_EVER, Fault, FaultProxy, Kind, Rule, Script};
use lectern_engine::remote::sender::{Pace, SenderTimes};
use lectern_engine::remote::{Patience, Pauses, RootCertificate};
use lectern_server::object_store::ObjectStore;
use lectern_server::object_store::local::LocalStore;
use lectern_server::object_store::s3::{S3Config, S3Line, S3Store};
use lectern_shared::ids::{AssetId, OperationId};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// Of the three parts of a large file.
pub const PART_BYTES: u64 = 8 << 20;
pub const LAST_PART_BYTES: u64 = 300_001;
pub const SMALL_BYTES: u64 = 200_003;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Line {
    Plain,
    Tls,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// One PUT.
    Small,
    /// Three parts.
    Large,
}

impl Size {
    /// Made once for all rows, which only read it.
    pub fn source(self) -> PathBuf {
        static SOURCES: OnceLock<TempDir> = OnceLock::new();
        let folder = SOURCES.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            desk::write_file(&folder.path().join("small.mp4"), SMALL_BYTES as usize);
            desk::write_file(&folder.path().join("large.mp4"), (2 * PART_BYTES + LAST_PART_BYTES) as usize);
            folder
        });
        folder.path().join(if self == Self::Small { "small.mp4" } else { "large.mp4" })
    }
}

pub struct Bench {
    pub proxy: FaultProxy,
    local: LocalStore,
    folder: TempDir,
    hurry: Hurry,
}

/// Who soon gives up what is not answered, so that faults which last for ever do not. The others have time: a computer that
/// is slow for a moment must not look like a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hurry {
    Nobody,
    Sender,
    CourseServer,
    Both,
}

impl Hurry {
    pub fn for_fault(kind: Kind, fault: Fault) -> Self {
        match (fault, kind) {
            (Fault::StallRequest { lasts: FOR_EVER, .. } | Fault::HoldAnswer { lasts: FOR_EVER }, kind) => {
                if carries_bytes(kind) {
                    Self::Sender
                } else {
                    Self::CourseServer
                }
            }
            _ => Self::Nobody,
        }
    }

    fn patience(self, who: Self) -> Duration {
        if self == who || self == Self::Both { Duration::from_millis(600) } else { Duration::from_secs(15) }
    }
}

fn carries_bytes(kind: Kind) -> bool {
    matches!(kind, Kind::Part(_) | Kind::Put)
}

impl Bench {
    pub async fn new(line: Line, hurry: Hurry) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let local = LocalStore::start(&folder.path().join("store")).await.unwrap();
        let upstream = local.config().endpoint.socket_addrs(|| None).unwrap()[0];
        let proxy = match line {
            Line::Plain => FaultProxy::start(upstream).await,
            Line::Tls => FaultProxy::start_tls(upstream).await,
        };
        Self { proxy: proxy.unwrap(), local, folder, hurry }
    }

    pub async fn desk(&self) -> Desk {
        self.desk_in(tempfile::tempdir().unwrap()).await
    }

    pub async fn desk_in(&self, folder: TempDir) -> Desk {
        self.desk_that_trusts(folder, self.proxy.root()).await
    }

    pub async fn desk_that_trusts(&self, folder: TempDir, root: Option<&str>) -> Desk {
        let pem = root.map(|root| root.as_bytes().to_vec());
        let soon = Pauses { first: Duration::from_millis(10), longest: Duration::from_millis(100) };
        let wait = self.hurry.patience(Hurry::Sender);
        let sending = SenderTimes { connect: wait, stall: wait, answer: wait, pool_idle: Duration::from_secs(15) };
        let line = lectern_engine::remote::Line {
            slots: None,
            pace: Pace::default(),
            patience: Patience {
                sending,
                between_tries: soon,
                between_probes: soon,
                rest: Duration::ZERO,
                ..Patience::default()
            },
            roots: pem.clone().map(RootCertificate).into_iter().collect(),
        };
        let config = S3Config { endpoint: self.proxy.endpoint().parse().unwrap(), ..self.local.config() };
        let wait = self.hurry.patience(Hurry::CourseServer);
        let over = S3Line { connect: wait, call: wait, complete: wait, roots: pem.into_iter().collect() };
        Desk::open_over(folder, line, S3Store::over(config, over)).await
    }

    /// One object with the file's bytes in one version, nothing unfinished, and the catalogues know.
    pub async fn assert_right(&self, desk: &Desk, operation: OperationId, source: &Path) {
        let asset = desk.upload(operation).asset;
        assert!(object_bytes(self.folder.path(), asset) == std::fs::read(source).unwrap(), "the object is the file");
        assert_ready_everywhere(desk, asset, source).await;
    }

    pub async fn assert_only(&self, assets: &[AssetId]) {
        let store = self.local.store();
        assert_eq!(store.list_uploads("").await.unwrap(), [], "nothing unfinished is left");
        let keys = store.list_keys("").await.unwrap();
        assert_eq!(keys.len(), assets.len(), "one object an asset: {keys:?}");
        assert!(assets.iter().all(|asset| keys.iter().any(|key| key.contains(&asset.to_string()))), "{keys:?}");
    }

    /// What the client has a success for is not sent again, in this upload or in another one of the same file.
    pub fn assert_no_confirmed_part_was_sent_again(&self) {
        let mut confirmed = HashSet::new();
        let exchanges = self.proxy.exchanges();
        for Exchange { kind, path, succeeded, .. } in &exchanges {
            if !carries_bytes(*kind) {
                continue;
            }
            assert!(!confirmed.contains(&(kind, path)), "{kind:?} was sent again: {exchanges:#?}");
            if *succeeded {
                confirmed.insert((kind, path));
            }
        }
    }

    fn assert_waited(&self, kind: Kind, seconds: u32) {
        let exchanges = self.proxy.exchanges();
        let mut times = exchanges.iter().filter(|one| one.kind == kind).map(|one| one.began);
        let (refused, again) = (times.next().unwrap(), times.next().unwrap());
        assert!(again - refused >= Duration::from_secs(seconds.into()), "it comes back when it was told to");
    }

    /// The fault this row is about must have taken place, or the row shows nothing.
    pub fn assert_met(&self, kind: Kind, fault: Fault) {
        let exchanges = self.proxy.exchanges();
        assert!(exchanges.iter().any(|one| one.kind == kind && one.fault == Some(fault)), "{exchanges:#?}");
    }
}

/// Whether it is about the answer that decides if the object is right: then sending all of it again is right too.
fn casts_doubt(kind: Kind, fault: Fault) -> bool {
    matches!((kind, fault), (Kind::Head, Fault::FlipAnswer { .. }))
}

/// One row: a file whose upload meets this fault at the first request of this kind.
pub async fn survives(line: Line, size: Size, kind: Kind, fault: Fault) {
    let hurry = Hurry::for_fault(kind, fault);
    let bench = Bench::new(line, hurry).await;
    let mut rules = vec![Rule::once(kind, fault)];
    // What the store has said to be right is not looked at: nothing but a doubt makes the server ask.
    match (size, kind) {
        (Size::Small, Kind::Head | Kind::ListVersions) => rules.push(Rule::once(Kind::Put, Fault::DropAnswer)),
        (Size::Large, Kind::Head) => rules.push(Rule::once(Kind::Complete, Fault::DropAnswer)),
        _ => {}
    }
    bench.proxy.play(Script::Rules(rules));
    let desk = bench.desk().await;
    let place = desk.course().await;
    let source = size.source();
    let operation = desk.drop_on(&[&source], at_end(place)).await.operations[0];
    let ready = desk.until_ready(operation).await;
    bench.assert_met(kind, fault);
    bench.assert_right(&desk, operation, &source).await;
    bench.assert_only(&[ready.asset]).await;
    // A sender in a hurry may give up a part that is just being confirmed.
    if hurry != Hurry::Sender && !casts_doubt(kind, fault) {
        bench.assert_no_confirmed_part_was_sent_again();
    }
    if let (Kind::Part(_) | Kind::Put, Fault::Refuse { retry_after: Some(seconds), .. }) = (kind, fault) {
        bench.assert_waited(kind, seconds);
    }
    desk.close().await;
}

/// Looking costs a store that hashes what it is asked about as much as the upload did.
pub async fn is_not_looked_at(size: Size) {
    let bench = Bench::new(Line::Plain, Hurry::Nobody).await;
    let desk = bench.desk().await;
    let place = desk.course().await;
    let source = size.source();
    let operation = desk.drop_on(&[&source], at_end(place)).await.operations[0];
    desk.until_ready(operation).await;
    bench.assert_right(&desk, operation, &source).await;
    let exchanges = bench.proxy.exchanges();
    assert!(exchanges.iter().all(|one| one.kind != Kind::Head), "{exchanges:#?}");
    desk.close().await;
}

const _: () = assert!(PART_BYTES as usize == 8 * MIB);
