//! Taking a workspace off this computer: what would be lost, and an order of things in which no crash leaves half of one.
//! The folder goes aside in one rename, and is no workspace from then on; what is aside is taken apart, now or at the next
//! start.

use super::Workspace;
use super::lock::FolderLock;
use super::settings::{Settings, StoreSettings};
use super::workspaces::{LOCAL, Workspaces, does_not_open, storage};
use crate::remote::RemoteError;
use crate::remote::team::{DeviceToken, TeamServer};
use lectern_shared::error::AppError;
use lectern_shared::media::{AssetQuery, AssetSort};
use lectern_shared::people::{Losses, RemoveAnswer, RemoveArguments};
use lectern_shared::protocol::{Problem, ProblemCode};
use lectern_shared::upload::UploadState;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

/// No name of a workspace begins with a dot.
const ASIDE: &str = ".removed";
/// Something may look into a folder for a moment: a virus scanner, an indexer.
const RENAMES: u32 = 5;
const BETWEEN_RENAMES: Duration = Duration::from_millis(300);

impl Workspace {
    /// Without a token nobody is let in either.
    pub(super) fn is_signed_out(&self) -> bool {
        let is_of_team = matches!(self.settings.store, StoreSettings::Team(_));
        is_of_team && (self.standing.key_missing() || self.sync.is_signed_out())
    }

    /// # Errors
    /// [`lectern_shared::error::ErrorCode::Storage`]
    async fn losses(&self) -> Result<Losses, AppError> {
        let all = self.uploads.list().uploads;
        let unfinished: Vec<_> = all.iter().filter(|upload| upload.state != UploadState::Ready).collect();
        let mut losses = Losses { uploads: count(unfinished.len()), ..Losses::default() };
        match &self.settings.store {
            StoreSettings::Team(_) => {
                losses.edits = self.catalogue.pending().await.map_err(super::app_error)?.edits;
                return Ok(losses);
            }
            StoreSettings::Bucket(_) => {
                if let Some(moving) = self.standing.moving() {
                    (losses.files, losses.bytes) = (moving.files, moving.bytes);
                }
            }
            StoreSettings::ThisComputer => {
                let first = AssetQuery {
                    search: String::new(),
                    kind: None,
                    usage: None,
                    sort: AssetSort::Newest,
                    offset: 0,
                    limit: 1,
                };
                let library = self.list_assets(first).await?;
                let on_their_way = unfinished.iter().map(|upload| upload.bytes).sum();
                losses.files = library.total.saturating_sub(losses.uploads);
                losses.bytes = library.total_bytes.saturating_sub(on_their_way);
            }
        }
        losses.courses = count(self.list_courses().await?.courses.len());
        Ok(losses)
    }
}

impl Workspaces {
    /// What removing a workspace would lose for good.
    ///
    /// # Errors
    /// [`lectern_shared::error::ErrorCode::NotFound`]; `Storage` when it does not open.
    pub async fn losses(&self, id: &str) -> Result<Losses, AppError> {
        self.must_be_known(id)?;
        let connection = self.connection(id).await.map_err(does_not_open)?;
        connection.with(async |workspace| workspace.losses().await).await
    }

    /// Takes a workspace off this computer: its folder, its key, and this device's token at a team's server. The local one
    /// is there always: an empty one takes its place. When it was shown, another one is.
    ///
    /// # Errors
    /// `NotFound`; `Storage` when another program has it open, or its folder does not give way. Then it is as before.
    pub async fn remove(&self, args: RemoveArguments) -> Result<RemoveAnswer, AppError> {
        let _one = self.changing.lock().await;
        let id = args.id.as_str();
        self.must_be_known(id)?;
        // One that does not open is to go for all that: what is in it nobody can say.
        if let Ok(losses) = self.losses(id).await
            && !losses.is_within(&args.agreed)
        {
            return Ok(RemoveAnswer::Grown { losses });
        }
        let was_shown = self.shown_id() == id;
        let aside = {
            // Nobody opens it again meanwhile.
            let _shut = self.gate.write().await;
            if let Some(connection) = self.forget_open(id) {
                connection.close().await;
            }
            let aside = set_aside(&self.folder, id).await.map_err(|error| storage(&error))?;
            if was_shown {
                self.set_shown(&self.next_shown(id));
            }
            aside
        };
        let server_told = self.take_apart(&aside).await;
        if let Err(error) = self.connection(LOCAL).await {
            tracing::warn!(%error, "the empty workspace");
        }
        if was_shown {
            let next = self.shown_id();
            if self.show(&next).await.is_err() {
                self.show(LOCAL).await?;
            }
        } else {
            self.say_that_all_changed();
        }
        Ok(RemoveAnswer::Removed { server_told })
    }

    /// Another one than that, else the local one, which is made anew.
    fn next_shown(&self, id: &str) -> String {
        let others = self.list().map(|list| list.workspaces).unwrap_or_default();
        others.into_iter().map(|entry| entry.id).find(|other| other != id).unwrap_or_else(|| LOCAL.to_owned())
    }

    /// Goes on with what a crash has left.
    pub(super) async fn finish_removals(&self) {
        let _one = self.changing.lock().await;
        let entries = std::fs::read_dir(self.folder.join(ASIDE)).into_iter().flatten().flatten();
        for entry in entries {
            self.take_apart(&entry.path()).await;
        }
    }

    /// Answers whether a team's server lets this device in no more. What does not give way is left for the next start.
    async fn take_apart(&self, aside: &Path) -> bool {
        let settings = Settings::read(aside).ok().flatten();
        let mut told = true;
        if let Some(settings) = settings {
            told = self.give_token_back(&settings).await;
            if let Err(error) = self.opening.keys.forget(settings.key_name()).await {
                tracing::warn!(%error, "the key of a workspace that was removed");
            }
        }
        let folder = aside.to_owned();
        let gone = tokio::task::spawn_blocking(move || std::fs::remove_dir_all(folder)).await;
        if let Err(error) = gone.unwrap_or_else(|error| Err(io::Error::other(error))) {
            tracing::warn!(%error, "what is left of a workspace that was removed");
        }
        told
    }

    async fn give_token_back(&self, settings: &Settings) -> bool {
        let StoreSettings::Team(team) = &settings.store else { return true };
        // Without a token there is nothing to lock out.
        let Ok(Some(key)) = self.opening.keys.key(settings.key_name()).await else { return true };
        let line = &self.opening.line;
        let Ok(server) = TeamServer::new(&team.address, DeviceToken(key.secret), &line.roots) else { return false };
        let told = tokio::time::timeout(line.patience.person, lock_out(&server)).await;
        told.is_ok_and(|told| told.inspect_err(|error| tracing::warn!(%error, "signing out")).is_ok())
    }
}

/// Takes the device back whose token this is.
async fn lock_out(server: &TeamServer) -> Result<(), RemoteError> {
    let devices = match server.me().await {
        Ok(me) => me.devices,
        // Somebody has done it already.
        Err(error) if error.is_signed_out() => return Ok(()),
        Err(error) => return Err(error),
    };
    for device in devices.into_iter().filter(|device| device.is_this) {
        match server.revoke_device(device.id).await {
            Ok(()) | Err(RemoteError::Problem(Problem { code: ProblemCode::NotFound, .. })) => {}
            Err(error) if error.is_signed_out() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where the folder is now. Not while another program has it.
async fn set_aside(folder: &Path, id: &str) -> Result<PathBuf, super::OpenError> {
    let from = folder.join(id);
    drop(FolderLock::take(&from)?);
    std::fs::create_dir_all(folder.join(ASIDE))?;
    let aside = folder.join(ASIDE).join(Uuid::now_v7().to_string());
    let mut tries = 0;
    loop {
        tries += 1;
        match std::fs::rename(&from, &aside) {
            Ok(()) => return Ok(aside),
            Err(error) if tries == RENAMES => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "the folder does not give way yet"),
        }
        tokio::time::sleep(BETWEEN_RENAMES).await;
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
