//! What one upload does next: a pure state machine. It reads no clock, no disk and no network: events come in, and out
//! come the next step it wants, the next part it would send and actions to carry out.

mod retry;
#[cfg(test)]
mod tests;
mod words;

use super::journal::PartProof;
use super::parts::Plan;
use super::seam::Announced;
use super::source::SourceFacts;
use crate::remote::{Patience, Pauses};
use lectern_shared::protocol::{PartUrl, StoredPart, URL_SECONDS, URLS_MAX};
use lectern_shared::upload::{Cause, UploadState};
pub use words::{Action, Event, PartEnd, Remote, Step, StepFailure};

use retry::Trouble;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Signed URLs are used this long: the rest of their life is for the part to arrive.
const URL_USED_FOR: Duration = Duration::from_secs(URL_SECONDS - 900);
/// New URLs are asked for when fewer of the next parts have one.
const URLS_AHEAD: usize = 16;

/// How often the whole upload may begin again before it fails.
const REOPENS_MAX: u32 = 5;
const REHASHES_MAX: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Waiting for the server to know the asset.
    Announcing,
    Opening,
    Sending,
    /// Reading confirmed parts again: the file looks touched.
    Rehashing,
    Completing,
    Ready,
    Failed,
}

/// One upload.
#[derive(Debug)]
pub struct Job {
    between_tries: Pauses,
    phase: Phase,
    paused: bool,
    hold: Option<Cause>,
    failure: Option<Cause>,
    facts: SourceFacts,
    /// Frozen once the intent is in the journal.
    plan: Option<Plan>,
    upload_id: Option<String>,
    fresh: bool,
    /// The store's side was opened or found since the app started.
    opened: bool,
    confirmed: BTreeMap<u32, PartProof>,
    confirmed_bytes: u64,
    in_flight: BTreeSet<u32>,
    pending: BTreeSet<u32>,
    trouble: HashMap<u32, Trouble>,
    urls: HashMap<u32, (Arc<PartUrl>, Instant)>,
    /// Parts that were begun to be sent, now or before the app was started.
    sent: u32,
    /// When the last of them was, and its file was still as it should be.
    confirmed_at: Option<Instant>,
    step_running: bool,
    step_trouble: Trouble,
    restarted: bool,
    reopens: u32,
    rehashes: u32,
    /// The file as nothing wrote into it any more.
    rested: Option<SourceFacts>,
    /// It was seen to have another size than before, and how often it was after it had rested.
    grew: bool,
    regrown: u32,
    /// Something of it went, and goes again as the file is now.
    changed: bool,
}

impl Job {
    #[must_use]
    pub fn new(facts: SourceFacts, paused: bool) -> Self {
        Self {
            between_tries: Patience::default().between_tries,
            phase: Phase::Announcing,
            paused,
            hold: None,
            failure: None,
            facts,
            plan: None,
            upload_id: None,
            fresh: false,
            opened: false,
            confirmed: BTreeMap::new(),
            confirmed_bytes: 0,
            in_flight: BTreeSet::new(),
            pending: BTreeSet::new(),
            trouble: HashMap::new(),
            urls: HashMap::new(),
            sent: 0,
            confirmed_at: None,
            step_running: false,
            step_trouble: Trouble::default(),
            restarted: false,
            reopens: 0,
            rehashes: 0,
            rested: None,
            grew: false,
            regrown: 0,
            changed: false,
        }
    }

    #[must_use]
    pub fn with_pauses(mut self, between_tries: Pauses) -> Self {
        self.between_tries = between_tries;
        self
    }

    /// What the journal knew of it.
    #[must_use]
    pub fn with_journaled(
        mut self,
        facts: SourceFacts,
        plan: Plan,
        upload_id: Option<String>,
        parts: BTreeMap<u32, PartProof>,
    ) -> Self {
        self.facts = facts;
        self.plan = Some(plan);
        self.upload_id = upload_id;
        self.confirmed_bytes = parts.values().map(|proof| proof.bytes).sum();
        self.confirmed = parts;
        // What was under way when the app ended nobody knows: it may have been sent more than once.
        self.sent = 2;
        self
    }

    #[must_use]
    pub fn with_failure(mut self, cause: Cause) -> Self {
        self.phase = Phase::Failed;
        self.failure = Some(cause);
        self
    }

    #[must_use]
    pub fn ready(facts: SourceFacts) -> Self {
        Self { phase: Phase::Ready, confirmed_bytes: facts.bytes, ..Self::new(facts, false) }
    }

    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.phase, Phase::Ready | Phase::Failed)
    }

    #[must_use]
    pub fn is_paused_by_user(&self) -> bool {
        self.paused && !self.is_finished()
    }

    #[must_use]
    pub fn facts(&self) -> SourceFacts {
        self.facts
    }

    #[must_use]
    pub fn plan(&self) -> Plan {
        self.plan_for(None)
    }

    /// The frozen plan, else the one for an uplink of so many bytes a second.
    #[must_use]
    pub fn plan_for(&self, uplink: Option<u64>) -> Plan {
        self.plan.unwrap_or_else(|| Plan::for_file(self.facts.bytes, uplink))
    }

    #[must_use]
    pub fn upload_id(&self) -> Option<&str> {
        self.upload_id.as_deref()
    }

    #[must_use]
    pub fn confirmed(&self) -> &BTreeMap<u32, PartProof> {
        &self.confirmed
    }

    #[must_use]
    pub fn confirmed_bytes(&self) -> u64 {
        self.confirmed_bytes
    }

    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The one part of the file was sent once, and confirmed: the store cannot have it twice.
    #[must_use]
    pub fn was_sent_once(&self) -> bool {
        self.plan().is_single() && self.sent == 1
    }

    #[must_use]
    pub fn rested(&self) -> Option<SourceFacts> {
        self.rested
    }

    /// The file was changed after some of it was sent, and all of it goes as it is now.
    #[must_use]
    pub fn was_changed(&self) -> bool {
        self.changed
    }

    /// Whether its file was seen to grow: then its own time says nothing.
    #[must_use]
    pub fn grew(&self) -> bool {
        self.grew
    }

    /// How long nothing may have written into its file: longer for one that was believed to rest, and grew.
    #[must_use]
    pub fn rest(&self, least: Duration) -> Duration {
        least * 2_u32.pow(self.regrown.min(8))
    }

    #[must_use]
    pub fn confirmed_at(&self) -> Option<Instant> {
        self.confirmed_at
    }

    #[must_use]
    pub fn has_pending_parts(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The same bytes, elsewhere.
    pub fn found_at(&mut self, facts: SourceFacts) {
        self.facts = facts;
    }

    fn is_stopped(&self) -> bool {
        self.paused || self.hold.is_some() || self.is_finished()
    }

    /// As the window shows it, but for what the gates know.
    #[must_use]
    pub fn state(&self) -> UploadState {
        match self.phase {
            Phase::Ready => UploadState::Ready,
            Phase::Failed => UploadState::Failed,
            _ if !self.paused && self.awaits_rest() => UploadState::Queued,
            _ if self.paused || self.hold.is_some() => UploadState::Paused,
            Phase::Rehashing => UploadState::Hashing,
            Phase::Completing => UploadState::Verifying,
            Phase::Sending if !self.in_flight.is_empty() || !self.confirmed.is_empty() => UploadState::Uploading,
            Phase::Announcing | Phase::Opening | Phase::Sending => UploadState::Queued,
        }
    }

    /// Why it stands still for a reason of its own.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        match self.phase {
            Phase::Ready => None,
            Phase::Failed => self.failure.clone(),
            _ if self.paused => Some(Cause::ByUser),
            _ => self.hold.clone(),
        }
    }

    /// Its file is not there, and may be back any moment.
    #[must_use]
    pub fn awaits_source(&self) -> bool {
        matches!(self.hold, Some(Cause::SourceGone | Cause::DriveGone { .. } | Cause::CloudOnly)) && !self.is_finished()
    }

    /// Something writes into its file, and may end any moment.
    #[must_use]
    pub fn awaits_rest(&self) -> bool {
        self.hold == Some(Cause::StillWritten) && !self.is_finished()
    }

    /// The step it wants to begin now. The host may make it wait.
    #[must_use]
    pub fn wants(&self, now: Instant) -> Option<Step> {
        if self.is_stopped() || self.step_running || self.step_trouble.waits(now) {
            return None;
        }
        match self.phase {
            Phase::Opening => Some(Step::Open { fresh: self.fresh }),
            Phase::Sending => self.wants_urls(now).map(|parts| Step::Urls { parts }),
            Phase::Rehashing => Some(Step::Rehash),
            Phase::Completing => Some(Step::Complete),
            Phase::Announcing | Phase::Ready | Phase::Failed => None,
        }
    }

    fn wants_urls(&self, now: Instant) -> Option<Vec<u32>> {
        let lacks = |part: &&u32| self.url(**part, now).is_none();
        self.pending
            .iter()
            .take(URLS_AHEAD)
            .any(|part| lacks(&part))
            .then(|| self.pending.iter().filter(lacks).take(URLS_MAX).copied().collect())
    }

    fn url(&self, part: u32, now: Instant) -> Option<&Arc<PartUrl>> {
        self.urls.get(&part).filter(|(_, until)| *until > now).map(|(url, _)| url)
    }

    /// The step was begun.
    pub fn step_started(&mut self) {
        self.step_running = true;
    }

    /// The part it would send now.
    #[must_use]
    pub fn next_part(&self, now: Instant) -> Option<u32> {
        if self.is_stopped() || self.phase != Phase::Sending {
            return None;
        }
        let waits = |part: &u32| self.trouble.get(part).is_some_and(|trouble| trouble.waits(now));
        self.pending.iter().copied().find(|part| self.url(*part, now).is_some() && !waits(part))
    }

    /// The part is being sent. Answers its URL, and whether on a connection of its own.
    pub fn part_started(&mut self, part: u32, now: Instant) -> Option<(Arc<PartUrl>, bool)> {
        let url = self.url(part, now)?.clone();
        self.pending.remove(&part);
        self.in_flight.insert(part);
        self.sent += 1;
        Some((url, self.trouble.contains_key(&part)))
    }

    /// When to ask again, if a clock decides it.
    #[must_use]
    pub fn wakes_at(&self, now: Instant) -> Option<Instant> {
        if self.is_stopped() {
            return None;
        }
        let parts = self.trouble.iter().filter(|(part, _)| self.pending.contains(part)).map(|(_, trouble)| trouble);
        parts.chain([&self.step_trouble]).filter_map(Trouble::until).filter(|until| *until > now).min()
    }

    /// Takes in what happened. `jitter` is a random number from 0 to 1.
    pub fn on(&mut self, event: Event, now: Instant, jitter: f64) -> Vec<Action> {
        match event {
            Event::Pause => return self.pause(),
            Event::Resume => return self.resume(),
            Event::Retry => return self.retry(),
            Event::Nudge => {
                self.stop_waiting();
                return Vec::new();
            }
            Event::SourceBack => {
                if self.awaits_source() || self.awaits_rest() {
                    self.hold = None;
                    self.stop_waiting();
                }
                return Vec::new();
            }
            Event::SourceRests(facts) => return self.source_rests(facts),
            Event::PartEnded { part, end } => return self.part_ended(part, end, now, jitter),
            _ => self.step_running = false,
        }
        let actions = match event {
            Event::StepFailed(failure) => return self.step_failed(failure, now, jitter),
            Event::Announced(Announced::Confirmed) => {
                self.phase = Phase::Opening;
                Vec::new()
            }
            Event::Announced(Announced::Rejected { detail }) => self.fail(Cause::Refused { detail }),
            Event::Completed => self.become_ready(),
            Event::FoundReady { bytes } => {
                self.facts.bytes = bytes;
                self.become_ready()
            }
            Event::Opened { plan, upload_id, stored, url } => {
                self.keep_urls(url, now);
                self.opened(plan, upload_id, &stored)
            }
            Event::Urls(urls) => {
                self.keep_urls(urls, now);
                Vec::new()
            }
            Event::SameContent(facts) => self.go_on_with(facts),
            Event::OtherContent(facts) => {
                (self.facts, self.changed) = (facts, true);
                let mut actions = self.start_again();
                actions.push(Action::KeepFacts(facts));
                actions
            }
            Event::Pause | Event::Resume | Event::Retry | Event::Nudge => Vec::new(),
            Event::SourceBack | Event::SourceRests(_) | Event::PartEnded { .. } => Vec::new(),
        };
        self.step_trouble = Trouble::default();
        actions
    }

    fn keep_urls(&mut self, urls: impl IntoIterator<Item = PartUrl>, now: Instant) {
        let until = now + URL_USED_FOR;
        self.urls.extend(urls.into_iter().map(|url| (url.part, (Arc::new(url), until))));
    }

    fn become_ready(&mut self) -> Vec<Action> {
        self.phase = Phase::Ready;
        self.hold = None;
        self.confirmed_bytes = self.facts.bytes;
        self.confirmed.clear();
        self.urls.clear();
        self.drop_attempts()
    }

    /// Compares what we know with what the store has: a part is skipped only when size and MD5 match.
    fn opened(&mut self, plan: Plan, upload_id: Option<String>, stored: &[StoredPart]) -> Vec<Action> {
        let is_same_upload = self.plan == Some(plan) && self.upload_id == upload_id;
        let is_stored = |part: u32, proof: &PartProof| {
            let md5 = super::hashing::hex(&proof.md5);
            let has = |stored: &StoredPart| {
                stored.part == part && stored.bytes == proof.bytes && stored.etag.eq_ignore_ascii_case(&md5)
            };
            // Of one PUT the store lists no parts: completing it checks size and ETag.
            proof.bytes == plan.length(part) && (plan.is_single() || stored.iter().any(has))
        };
        let mut forgotten = Vec::new();
        self.confirmed.retain(|part, proof| {
            let keep = is_same_upload && *part <= plan.count() && is_stored(*part, proof);
            if !keep {
                forgotten.push(*part);
            }
            keep
        });
        self.confirmed_bytes = self.confirmed.values().map(|proof| proof.bytes).sum();
        self.plan = Some(plan);
        self.upload_id = upload_id;
        self.fresh = false;
        self.opened = true;
        self.pending = (1..=plan.count()).filter(|part| !self.confirmed.contains_key(part)).collect();
        self.phase = if self.pending.is_empty() { Phase::Completing } else { Phase::Sending };
        if forgotten.is_empty() { Vec::new() } else { vec![Action::ForgetParts(Some(forgotten))] }
    }

    fn pause(&mut self) -> Vec<Action> {
        if self.is_finished() {
            return Vec::new();
        }
        self.paused = true;
        let mut actions = self.drop_attempts();
        if self.phase == Phase::Rehashing {
            self.step_running = false;
            actions.push(Action::DropStep);
        }
        actions
    }

    fn resume(&mut self) -> Vec<Action> {
        if self.is_finished() {
            return Vec::new();
        }
        self.paused = false;
        self.hold = None;
        self.stop_waiting();
        Vec::new()
    }

    fn drop_attempts(&mut self) -> Vec<Action> {
        self.pending.append(&mut self.in_flight);
        vec![Action::DropAttempts]
    }

    /// From nothing, with a new upload at the store.
    fn start_again(&mut self) -> Vec<Action> {
        self.fresh = true;
        self.open_again()
    }

    /// The store's side is gone: what was confirmed there is gone too.
    fn open_again(&mut self) -> Vec<Action> {
        let mut actions = self.look_again();
        self.confirmed.clear();
        self.confirmed_bytes = 0;
        actions.push(Action::ForgetParts(None));
        actions
    }
}
