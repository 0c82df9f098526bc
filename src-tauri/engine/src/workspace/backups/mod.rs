//! A workspace on a bucket of one's own survives its computer: a copy of the catalogue lies in the bucket, and whoever has
//! the bucket's key opens the workspace from it. Two computers that both wrote come together again: the copy that counts
//! takes the catalogue's place, as if the server had been restored from it, and what was edited here since the common one
//! is pushed to it again by what the mirror remembers.

mod bucket;
mod names;
mod open;
mod quiet;
mod state;

pub use names::BackupName;
pub use open::{FoundWorkspace, OpenedFrom, find_workspaces, open_from_bucket};
pub(super) use quiet::keep;
pub(super) use state::finish_exchange;

use super::connection::StoreConnection;
use super::local::{BUCKET, LocalWorkspace};
use super::settings::StoreSettings;
use crate::remote::sender::SenderError;
use bucket::Bucket;
use lectern_server::object_store::StoreError;
use lectern_server::{BackupError, Server, Store, StoreFailure};
use lectern_shared::error::AppError;
use names::{Verdict, verdict};
use state::{CATALOGUE, INCOMING, State, forget_incoming};
use std::io;
use std::path::Path;

/// Why copies in the bucket and the catalogue here were not brought together. The next try goes on.
#[derive(Debug, thiserror::Error)]
pub enum BackupFailure {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Sender(#[from] SenderError),
    #[error("the catalogue: {0}")]
    Database(#[from] StoreFailure),
    #[error("the catalogue: {0}")]
    Copy(#[from] BackupError),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Workspace(AppError),
    #[error("the copy in the bucket is another person's")]
    Foreign,
}

/// What bringing together came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// No bucket of one's own, or nobody has its key here.
    NoBucket,
    /// The newest copy is what is here.
    Nothing,
    Published(BackupName),
    /// Another computer's copy counts. What was edited here is being applied to it.
    Followed(BackupName),
}

/// One catalogue and its bucket.
struct Parts {
    server: Server,
    bucket: Bucket,
    owner: lectern_shared::ids::UserId,
}

impl StoreConnection {
    /// Puts what is new here into the bucket, or takes what counts from there.
    ///
    /// # Errors
    /// See [`BackupFailure`]. The workspace is open afterwards all the same, unless it says otherwise.
    pub async fn settle(&self) -> Result<Settled, BackupFailure> {
        let _one = self.changing.lock().await;
        let Some(parts) = self.parts().await else { return Ok(Settled::NoBucket) };
        let there = parts.bucket.names().await?;
        let state = State::read(&self.folder);
        match verdict(&there, parts.owner, &state.standing) {
            Verdict::Ours(name) => {
                let fingerprint = parts.server.fingerprint().await?;
                if fingerprint == state.fingerprint && state.standing.last.is_some() {
                    return Ok(Settled::Nothing);
                }
                self.publish(&parts, name, state).await?;
                let ours = there.into_iter().filter(|name| name.owner == parts.owner).chain([name]).collect();
                if let Err(error) = parts.bucket.forget_old(ours).await {
                    tracing::warn!(%error, "old copies of the catalogue stay in the bucket");
                }
                Ok(Settled::Published(name))
            }
            Verdict::Theirs(winner) => {
                self.follow(parts, winner, state).await?;
                Ok(Settled::Followed(winner))
            }
        }
    }

    /// Whether anything here is not in the bucket's newest copy of ours. Asks no network.
    pub(super) async fn unpublished(&self) -> Option<String> {
        let fingerprint = self.parts().await?.server.fingerprint().await.ok()?;
        let state = State::read(&self.folder);
        (fingerprint != state.fingerprint || state.standing.last.is_none()).then_some(fingerprint)
    }

    /// None without a bucket, or its key.
    async fn parts(&self) -> Option<Parts> {
        let open = self.open.read().await;
        let LocalWorkspace { workspace, .. } = open.as_ref()?;
        let StoreSettings::Bucket(_) = workspace.settings.store else { return None };
        if workspace.standing.key_missing() {
            return None;
        }
        let bucket = Bucket { store: open.as_ref()?.objects(), roots: self.opening.line.roots.clone() };
        Some(Parts { server: open.as_ref()?.server()?, bucket, owner: workspace.settings.user })
    }

    async fn publish(&self, parts: &Parts, name: BackupName, state: State) -> Result<(), BackupFailure> {
        let copy = self.folder.join("outgoing.sqlite");
        // Before the copy is made: what changes meanwhile is in the next one too.
        let fingerprint = parts.server.fingerprint().await?;
        let sent = async {
            parts.server.back_up(&copy).await?;
            parts.bucket.put(&name, &copy).await
        };
        let sent = sent.await;
        let _ = std::fs::remove_file(&copy);
        sent?;
        let standing = names::Standing { last: Some(name), ..state.standing };
        State { standing, fingerprint }.write(&self.folder)?;
        tracing::info!(generation = name.generation, number = name.number, "the catalogue is in the bucket");
        Ok(())
    }

    /// Another copy takes the place of the catalogue here.
    async fn follow(&self, parts: Parts, winner: BackupName, state: State) -> Result<(), BackupFailure> {
        tracing::info!(
            generation = winner.generation,
            number = winner.number,
            "another computer went on: following it"
        );
        forget_incoming(&self.folder);
        let incoming = self.folder.join(INCOMING);
        parts.bucket.get(&winner, &incoming).await?;
        drop(parts);
        let mut open = self.open.write().await;
        let Some(closing) = open.take() else { return Ok(()) };
        closing.shutdown().await;
        let exchanged = exchange(&self.folder, winner, state).await;
        if exchanged.is_err() {
            forget_incoming(&self.folder);
        }
        self.open_again(open).await.map_err(BackupFailure::Workspace)?;
        exchanged
    }
}

/// With the workspace closed.
async fn exchange(folder: &Path, winner: BackupName, state: State) -> Result<(), BackupFailure> {
    let fingerprint = adopt(&folder.join(INCOMING), Some(&folder.join(CATALOGUE)), winner).await?;
    State { standing: state.standing.after(winner), fingerprint }.write_incoming(folder)?;
    Ok(finish_exchange(folder)?)
}

/// Makes a copy from the bucket a catalogue to go on with: checked, brought up to date, in another life. Answers the
/// fingerprint it came with.
async fn adopt(file: &Path, former: Option<&Path>, name: BackupName) -> Result<String, BackupFailure> {
    Store::check(file).await?;
    let store = Store::open(file).await?;
    let adopted = async {
        let (owner, _) = store.only_person().await?.ok_or(BackupFailure::Foreign)?;
        if owner != name.owner {
            return Err(BackupFailure::Foreign);
        }
        let fingerprint = store.fingerprint().await?;
        if let Some(former) = former.filter(|former| former.is_file()) {
            store.take_objects_of(former, BUCKET).await?;
        }
        store.declare_restored().await?;
        Ok(fingerprint)
    };
    let adopted = adopted.await;
    store.shut().await;
    adopted
}
