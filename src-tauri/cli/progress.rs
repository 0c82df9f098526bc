//! What a person at a terminal sees while files go: one bar for all, and a line for each that is done or stuck.

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use lectern_shared::upload::{Cause, UploadList, UploadSnapshot, UploadState};
use std::collections::HashSet;
use std::io::IsTerminal as _;

/// Drawn on stderr, and only on a terminal.
pub struct Progress {
    bar: ProgressBar,
    told: HashSet<lectern_shared::ids::OperationId>,
}

impl Progress {
    pub fn new(json: bool) -> Self {
        let shown = !json && std::io::stderr().is_terminal();
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {msg}") {
            bar.set_style(style);
        }
        Self { bar, told: HashSet::new() }
    }

    pub fn show(&mut self, list: &UploadList) {
        let totals = &list.totals;
        self.bar.set_length(totals.bytes);
        self.bar.set_position(totals.confirmed);
        let left = totals.seconds_left.map(|left| format!(" · {left} s left")).unwrap_or_default();
        let rate = HumanBytes(totals.bytes_per_second);
        self.bar.set_message(format!("{} of {} · {rate}/s{left}", totals.ready, totals.uploads));
        for upload in &list.uploads {
            let is_news = matches!(upload.state, UploadState::Ready | UploadState::Failed);
            if is_news && self.told.insert(upload.operation) && !self.bar.is_hidden() {
                self.bar.println(line(upload));
            }
        }
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// "Lecture 1.mp4: ready".
pub fn line(upload: &UploadSnapshot) -> String {
    let state = match (upload.state, &upload.cause) {
        (UploadState::Ready, _) if upload.changed => "ready; the file had changed, and was sent anew".to_owned(),
        (UploadState::Ready, _) => "ready".to_owned(),
        (_, Some(cause)) => words(cause),
        (UploadState::Queued, None) => "waiting its turn".to_owned(),
        (UploadState::Paused, None) => "paused".to_owned(),
        (UploadState::Failed, None) => "failed".to_owned(),
        (_, None) => format!("{} of {} confirmed", HumanBytes(upload.confirmed), HumanBytes(upload.bytes)),
    };
    format!("{}: {state}", upload.file_name)
}

fn words(cause: &Cause) -> String {
    match cause {
        Cause::ByUser => "paused".to_owned(),
        Cause::ServerUnreachable => "waits: the course server does not answer".to_owned(),
        Cause::StoreUnreachable => "waits: the object store does not answer".to_owned(),
        Cause::DriveGone { drive } => format!("the drive {drive} was taken away"),
        Cause::CloudOnly => "only a placeholder of the file is here".to_owned(),
        Cause::AccessDenied => "the system does not let Lectern read the file".to_owned(),
        Cause::StillWritten => "something still writes into the file".to_owned(),
        Cause::KeyRefused => "the store does not take the key any more".to_owned(),
        Cause::CapReached => "the account's cap is used up".to_owned(),
        Cause::SourceGone => "the file is gone".to_owned(),
        Cause::SourceUnreadable { detail } => format!("the file cannot be read: {detail}"),
        Cause::SourceChanged => "the file is empty by now, or larger than any store takes".to_owned(),
        Cause::NotEnoughSpace { needed, free } => {
            format!("not enough space: {} needed, {} free", HumanBytes(*needed), HumanBytes(*free))
        }
        Cause::Corrupted { detail } => format!("the store's bytes are not the file's: {detail}"),
        Cause::Refused { detail } => format!("refused: {detail}"),
    }
}
