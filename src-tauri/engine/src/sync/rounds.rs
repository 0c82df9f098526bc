//! One round of the sync: push what waits, pull what changed. It has no clock and starts no task, so a simulation can drive
//! it by hand.

use crate::EventSink;
use crate::catalogue::{Catalogue, CatalogueFailure};
use crate::remote::{CourseServer, RemoteError};
use lectern_shared::SCHEMA;
use lectern_shared::event::AppEvent;
use lectern_shared::protocol::{
    Cookie, PUSH_MUTATIONS_MAX, Problem, ProblemCode, PullRequest, PullResponse, PushRequest, REQUEST_BYTES_MAX,
};
use std::sync::Arc;

/// The first of a thousand new files should not wait for the hundredth.
const PUSH_FIRST: usize = 25;
/// A thousand new files.
const BATCHES_BEFORE_PULL: u32 = 12;
/// After so many a session pulling again does not help: somebody has to look.
const DIFFERED_MAX: u32 = 3;
/// In one round: more edits than anybody makes, and an end to it with a server that contradicts itself.
const PULLS_MAX: u32 = 16;

#[derive(Debug, thiserror::Error)]
pub enum SyncFailure {
    #[error("{0}")]
    Remote(#[from] RemoteError),
    #[error("{0}")]
    Catalogue(#[from] CatalogueFailure),
}

impl SyncFailure {
    /// Nothing answered; everything else is an answer.
    #[must_use]
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Remote(RemoteError::Unreachable(_)))
    }

    /// The server does not let this device in any more.
    #[must_use]
    pub fn is_signed_out(&self) -> bool {
        matches!(self, Self::Remote(error) if error.is_signed_out())
    }
}

/// Catalogue and server, and how far the one has been told to the other.
pub struct Rounds {
    catalogue: Catalogue,
    server: Arc<dyn CourseServer>,
    events: EventSink,
    /// The last mutation whose push was answered in this session: not pushed again while a pull is on its way.
    pushed: u64,
    /// The life of the server that answered it: another one does not know what that one did.
    answered_by: Option<u64>,
    /// Most mutations of the next push.
    at_once: usize,
    /// The pages of a pull that are there; the rest did not come yet.
    pages: Option<PullResponse>,
    /// The mirror was held against the server in this session, and so often it was another one.
    checked: bool,
    differed: u32,
    /// From this one on somebody else goes on under our name: known, and the pull before the fork is on its way.
    forked: Option<u64>,
}

enum Pushed {
    Nothing,
    /// And there may be more.
    Some,
    /// There is more, and it has to wait.
    PullFirst,
}

/// Whether a page comes further than what was asked with: else asking again would never end.
fn goes_on(request: &PullRequest, page: &PullResponse) -> bool {
    page.spaces.iter().any(|(space, changes)| {
        let is_new = |known: &Cookie| (known.epoch, known.cleaned) != (changes.cookie.epoch, changes.cookie.cleaned);
        let is_ahead = |known: &Cookie| is_new(known) || changes.cookie.version > known.version;
        request.cookies.get(space).is_none_or(is_ahead)
    })
}

impl Rounds {
    #[must_use]
    pub fn new(catalogue: Catalogue, server: Arc<dyn CourseServer>, events: EventSink) -> Self {
        Self {
            catalogue,
            server,
            events,
            pushed: 0,
            answered_by: None,
            at_once: PUSH_FIRST,
            pages: None,
            checked: false,
            differed: 0,
            forked: None,
        }
    }

    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Everything there is to push, with pulls between: an edit leaves the outbox only when a pull confirms it. Ever more
    /// is pushed before the next pull, because each replays what is left.
    ///
    /// # Errors
    /// What came first of silence, a refusal and a failing database. The next round goes on from there.
    pub async fn round(&mut self) -> Result<(), SyncFailure> {
        self.at_once = PUSH_FIRST;
        for doubled in 0..PULLS_MAX {
            if !self.push_and_pull(BATCHES_BEFORE_PULL << doubled).await? {
                break;
            }
        }
        Ok(())
    }

    /// Answers whether there may be more to push.
    async fn push_and_pull(&mut self, batches: u32) -> Result<bool, SyncFailure> {
        let pushed = self.push_some(batches).await;
        if pushed.as_ref().is_err_and(SyncFailure::is_silence) {
            return pushed;
        }
        // What cannot be pushed must not keep what changed elsewhere from being seen.
        let response = self.pull().await?;
        // It is another one, or has less, than what answered our pushes: it was restored, perhaps before it ever answered a
        // pull of ours. What it answered then counts no more.
        let is_another = self.answered_by.is_some_and(|answered_by| answered_by != response.incarnation);
        let is_less = is_another || response.last_mutation_id < self.pushed;
        if is_less {
            self.pushed = 0;
        }
        let was_checked = !response.checksums.is_empty();
        let pulled = self.catalogue.take_pull(response, self.pushed).await?;
        self.checked |= was_checked;
        self.differed += u32::from(pulled.differed);
        let again = is_less || pulled.again;
        if again {
            (self.pushed, self.answered_by) = (0, None);
        }
        if !pulled.tags.is_empty() {
            (self.events)(AppEvent::Changed { tags: pulled.tags });
        }
        pushed.map(|more| more || again)
    }

    /// All pages. What has come stays when the next one does not.
    async fn pull(&mut self) -> Result<PullResponse, SyncFailure> {
        let from = self.catalogue.pull_request().await?;
        loop {
            let mut request = from.clone();
            if let Some(pages) = &self.pages {
                request.cookies.extend(pages.spaces.iter().map(|(space, changes)| (*space, changes.cookie)));
            }
            // Of much at once something may be lost on the way.
            request.check = self.differed < DIFFERED_MAX && (!self.checked || self.pages.is_some());
            let page = self.server.pull(&request).await?;
            if page.more && !goes_on(&request, &page) {
                self.pages = None;
                return Err(RemoteError::Unreachable("it answers the same page again".to_owned()).into());
            }
            let response = match self.pages.take() {
                Some(pages) if pages.incarnation == page.incarnation => page.after(pages),
                _ => page,
            };
            if !response.more {
                return Ok(response);
            }
            self.pages = Some(response);
        }
    }

    /// To a server that was restored, what is older than all that waits.
    async fn push_former(&mut self) -> Result<(), SyncFailure> {
        for (client, mutations) in self.catalogue.under_former_names().await? {
            for some in mutations.chunks(PUSH_FIRST) {
                let request = PushRequest { client, schema: SCHEMA, incarnation: None, mutations: some.to_vec() };
                match self.server.push(&request).await {
                    Ok(answer) => self.catalogue.take_refusals(client, answer.results).await?,
                    Err(RemoteError::Problem(Problem { code: ProblemCode::MutationGap { .. }, .. })) => {
                        self.catalogue.take_over(client, some[0].id).await?;
                        break;
                    }
                    Err(RemoteError::Problem(Problem { code: ProblemCode::ClientForked { mutation }, .. })) => {
                        self.catalogue.take_over(client, mutation).await?;
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(self.catalogue.has_asked_for_former().await?)
    }

    async fn push_some(&mut self, batches: u32) -> Result<bool, SyncFailure> {
        if self.catalogue.asks_for_former().await? {
            self.push_former().await?;
        }
        for _ in 0..batches {
            match self.push().await? {
                Pushed::Some => {}
                Pushed::Nothing => return Ok(false),
                Pushed::PullFirst => return Ok(true),
            }
        }
        Ok(true)
    }

    /// Pushes one batch.
    async fn push(&mut self) -> Result<Pushed, SyncFailure> {
        let mut mutations = self.catalogue.outbox(self.pushed, self.at_once).await?;
        self.at_once = (2 * self.at_once).min(PUSH_MUTATIONS_MAX);
        let mut bytes = 0;
        // The request has a limit in bytes too; one mutation is always below it.
        let fits = mutations.iter().take_while(|pushed| {
            bytes += serde_json::to_vec(pushed).map_or(0, |json| json.len() + 1);
            bytes < REQUEST_BYTES_MAX - 1_024
        });
        let count = fits.count().max(1);
        mutations.truncate(count);
        if mutations.is_empty() {
            return Ok(Pushed::Nothing);
        }
        let last = mutations[count - 1].id;
        let incarnation = match self.answered_by {
            Some(incarnation) => Some(incarnation),
            None => self.catalogue.incarnation().await?,
        };
        let request = PushRequest { client: self.catalogue.client(), schema: SCHEMA, incarnation, mutations };
        match self.server.push(&request).await {
            Ok(response) => {
                // Not the server's number: what a clone of ours has pushed is none of ours.
                self.pushed = last;
                self.answered_by = Some(response.incarnation);
                self.catalogue.take_push(&request.mutations, &response.results);
            }
            Err(RemoteError::Problem(problem)) => match problem.code {
                ProblemCode::Restored => {
                    (self.pushed, self.answered_by) = (0, None);
                    return Ok(Pushed::PullFirst);
                }
                // The server has less than we thought. All of the outbox again: what a number was given for then may be
                // somebody else's now, and only pushing it tells.
                ProblemCode::MutationGap { .. } if self.pushed > 0 => self.pushed = 0,
                // Somebody goes on under our name. First what was executed under it is pulled, with its refusals; and whether
                // the server was restored, which decides what of ours is to be pushed under another name.
                ProblemCode::ClientForked { mutation } if self.forked != Some(mutation) => {
                    self.forked = Some(mutation);
                    self.pushed = mutation - 1;
                    return Ok(Pushed::PullFirst);
                }
                ProblemCode::ClientForked { mutation } => {
                    self.catalogue.fork(mutation).await?;
                    (self.pushed, self.forked) = (0, None);
                }
                _ => return Err(RemoteError::Problem(problem).into()),
            },
            Err(error) => return Err(error.into()),
        }
        Ok(Pushed::Some)
    }
}
