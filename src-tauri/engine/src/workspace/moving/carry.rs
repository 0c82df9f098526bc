//! One object from here to there: read once, hashed while it is sent, and held against the hashes it has had since it was
//! sent the first time.

use super::turn::Turn;
use crate::remote::Pauses;
use crate::remote::RootCertificate;
use crate::remote::sender::{Gauge, PartPut, PartSender, PutOutcome, SenderError, get_small, put_small};
use crate::uploads::hashing::{self, Chaining, PartHasher, PartHashes, hex};
use crate::uploads::parts::Plan;
use bytes::Bytes;
use futures::StreamExt as _;
use lectern_md5::Md5Bench;
use lectern_server::object_store::StoreError;
use lectern_server::{Move, MoveError, Server};
use lectern_shared::ids::AssetId;
use lectern_shared::protocol::{CompletedPart, PartUrl, SignedUrl, StoredPart};
use md5::{Digest as _, Md5};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Reads that wait for the network.
const READS_AHEAD: usize = 4;
/// Tries of one part that are answered badly, before the file has to wait.
const TRIES: u32 = 12;
/// The store on this computer answers at once, or not at all.
const LOCAL_SILENCE_MAX: Duration = Duration::from_secs(60);

pub(super) struct Carrier {
    server: Server,
    sender: PartSender,
    /// Reads from this computer.
    local: reqwest::Client,
    roots: Vec<RootCertificate>,
    md5: Md5Bench,
    between_tries: Pauses,
}

/// One part of an object that is being carried.
struct Piece<'a> {
    moving: &'a Move,
    plan: Plan,
    number: u32,
}

enum Tried {
    Sent(CompletedPart, PartHashes),
    /// Another try may well work.
    Failed(String),
}

fn unreachable(detail: impl ToString) -> MoveError {
    MoveError::Store(StoreError::Unreachable(detail.to_string()))
}

fn refused(detail: impl Into<String>) -> MoveError {
    MoveError::Store(StoreError::Refused(detail.into()))
}

impl Carrier {
    pub(super) fn new(
        server: Server,
        sender: PartSender,
        between_tries: Pauses,
        roots: Vec<RootCertificate>,
    ) -> Result<Self, SenderError> {
        let local = reqwest::Client::builder().http1_only().no_proxy().tls_certs_only([]);
        let local = local.read_timeout(LOCAL_SILENCE_MAX).build();
        let local = local.map_err(|error| SenderError::Client(error.without_url().to_string()))?;
        Ok(Self { server, sender, local, roots, md5: Md5Bench::default(), between_tries })
    }

    /// Waits for its turn before each part.
    pub(super) async fn object(&self, asset: AssetId, turn: &Turn) -> Result<(), MoveError> {
        let Some(moving) = self.server.begin_move(asset).await? else { return Ok(()) };
        let plan = Plan::with_parts_of(moving.bytes, moving.part_bytes);
        let plan = plan.map_err(|error| MoveError::Refused(error.to_string()))?;
        let (mut parts, mut chaining) = (Vec::new(), Vec::<Chaining>::new());
        for number in 1..=plan.count() {
            turn.comes().await;
            let piece = Piece { moving: &moving, plan, number };
            let known = moving.stored.iter().find(|stored| stored.part == number);
            let known = match known {
                Some(stored) => self.already_there(&piece, stored).await?,
                None => None,
            };
            let (part, hashes) = match known {
                Some(known) => known,
                None => self.send(&piece).await?,
            };
            parts.push(part);
            chaining.push(hashes.chaining);
        }
        let blake3 = hashing::whole(&chaining).map(|hash| hex(&hash)).unwrap_or_default();
        self.server.end_move(&moving, parts, &blake3).await
    }

    /// What arrived before a crash is read here again, and sent again only if it differs.
    async fn already_there(
        &self,
        piece: &Piece<'_>,
        stored: &StoredPart,
    ) -> Result<Option<(CompletedPart, PartHashes)>, MoveError> {
        if stored.bytes != piece.plan.length(piece.number) {
            return Ok(None);
        }
        let from = self.server.sign_source(piece.moving).await?;
        let (raw_in, raw) = mpsc::channel(READS_AHEAD);
        let hashing = self.hash(piece, raw, None);
        let (read, hashes) = tokio::join!(self.read(&from, piece.plan.range(piece.number), raw_in), hashing);
        read?;
        let hashes = hashes.ok_or_else(|| unreachable("reading here was given up"))?;
        let is_same = stored.etag.eq_ignore_ascii_case(&hex(&hashes.md5));
        Ok(is_same.then(|| (completed(piece.number, &stored.etag, &hashes, None), hashes)))
    }

    async fn send(&self, piece: &Piece<'_>) -> Result<(CompletedPart, PartHashes), MoveError> {
        let mut failures = 0;
        loop {
            let trouble = match self.try_to_send(piece, failures > 0).await? {
                Tried::Sent(part, hashes) => return Ok((part, hashes)),
                Tried::Failed(trouble) => trouble,
            };
            tracing::debug!(part = piece.number, detail = trouble, "a part will be carried again");
            failures += 1;
            if failures == TRIES {
                return Err(refused(trouble));
            }
            tokio::time::sleep(self.between_tries.after(failures)).await;
        }
    }

    async fn try_to_send(&self, piece: &Piece<'_>, fresh_connection: bool) -> Result<Tried, MoveError> {
        let signed = self.server.sign_move(piece.moving, piece.number).await?;
        let (raw_in, raw) = mpsc::channel(READS_AHEAD);
        let (chunks_in, chunks) = mpsc::channel(READS_AHEAD);
        let put = PartPut {
            url: &signed.to,
            bytes: piece.plan.length(piece.number),
            chunks,
            gauge: Arc::<Gauge>::default(),
            fresh_connection,
        };
        let reading = self.read(&signed.from, piece.plan.range(piece.number), raw_in);
        let (read, hashes, outcome) =
            tokio::join!(reading, self.hash(piece, raw, Some(chunks_in)), self.sender.put(put));
        match outcome {
            PutOutcome::Sent { etag, version } => {
                // A short read would have ended the body early.
                read?;
                match hashes.filter(|hashes| etag.eq_ignore_ascii_case(&hex(&hashes.md5))) {
                    Some(hashes) => Ok(Tried::Sent(completed(piece.number, &etag, &hashes, version), hashes)),
                    None => Ok(Tried::Failed("another ETag than the MD5 of what was sent".to_owned())),
                }
            }
            PutOutcome::Unreachable { detail } => Err(unreachable(detail)),
            PutOutcome::Expired { code } => Ok(Tried::Failed(code)),
            PutOutcome::Transient { detail, .. } => Ok(Tried::Failed(detail)),
            // The next round opens another one.
            PutOutcome::UploadGone => Err(MoveError::Store(StoreError::NoSuchUpload)),
            PutOutcome::NoSpace => Err(refused("it is full")),
            PutOutcome::CapReached => Err(refused("the account's cap is used up")),
            PutOutcome::Refused { status, code } => Err(refused(format!("{status} {code}"))),
        }
    }

    /// A range of the object on this computer, into the channel; ends early when nobody wants more.
    async fn read(&self, from: &SignedUrl, range: Range<u64>, raw: mpsc::Sender<Bytes>) -> Result<(), MoveError> {
        let mut request = self.local.get(&from.url);
        for (name, value) in from.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("host")) {
            request = request.header(name, value);
        }
        let bytes = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
        let silent = |error: reqwest::Error| unreachable(error.without_url());
        let answer = request.header(reqwest::header::RANGE, bytes).send().await.map_err(silent)?;
        let mut chunks = answer.error_for_status().map_err(silent)?.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            if raw.send(chunk.map_err(silent)?).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Off the async threads: hashing takes a core. None: it was cut short.
    async fn hash(
        &self,
        piece: &Piece<'_>,
        mut raw: mpsc::Receiver<Bytes>,
        on: Option<mpsc::Sender<Bytes>>,
    ) -> Option<PartHashes> {
        let (offset, expected) = (piece.plan.range(piece.number).start, piece.plan.length(piece.number));
        let mut hasher = PartHasher::new(&self.md5, offset, piece.plan.is_single());
        let hashing = tokio::task::spawn_blocking(move || {
            let mut bytes = 0;
            while let Some(chunk) = raw.blocking_recv() {
                bytes += chunk.len() as u64;
                hasher.update(chunk.clone());
                if let Some(on) = &on
                    && on.blocking_send(chunk).is_err()
                {
                    return None;
                }
            }
            (bytes == expected).then(|| hasher.finish())
        });
        hashing.await.ok().flatten()
    }

    pub(super) async fn thumbnail(&self, key: &str) -> Result<(), MoveError> {
        let Some(signed) = self.server.begin_thumbnail(key).await? else { return Ok(()) };
        let jpeg = get_small(&[], &signed.from).await.map_err(unreachable)?;
        let md5 = hex(&Md5::digest(&jpeg));
        let PartUrl { url, headers, .. } = signed.to;
        put_small(&self.roots, &SignedUrl { url, headers }, jpeg).await.map_err(unreachable)?;
        self.server.end_thumbnail(key, &md5).await
    }
}

fn completed(part: u32, etag: &str, hashes: &PartHashes, version: Option<String>) -> CompletedPart {
    CompletedPart { part, etag: etag.to_owned(), md5: hex(&hashes.md5), version }
}
