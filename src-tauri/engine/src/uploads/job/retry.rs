//! How a job meets failure: what is tried again and when, what only the user can mend, what is over.

use super::{Action, Event, Job, PartEnd, Phase, REHASHES_MAX, REOPENS_MAX, StepFailure};
use crate::remote::Pauses;
use crate::uploads::parts::FILE_BYTES_MAX;
use crate::uploads::source::{SourceFacts, SourceProblem};
use lectern_shared::upload::Cause;
use std::time::{Duration, Instant};

/// Tries of one part or step that an answering store or server may spoil.
pub(super) const TRIES_MAX: u32 = 30;
/// Times a part may arrive as something else.
pub(super) const MISMATCHES_MAX: u32 = 5;
/// Times in a row a new signature may be turned down.
const DENIALS_MAX: u32 = 5;

/// What went wrong with one part or step, and until when it waits.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    pub(super) tries: u32,
    pub(super) mismatches: u32,
    denials: u32,
    until: Option<Instant>,
}

impl Trouble {
    pub(super) fn waits(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| until > now)
    }

    pub(super) fn until(&self) -> Option<Instant> {
        self.until
    }

    /// Full jitter (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>); what the store asks
    /// for goes before.
    fn back_off(&mut self, now: Instant, pauses: Pauses, jitter: f64, retry_after: Option<Duration>) {
        let longest = pauses.after(self.tries.saturating_sub(1));
        self.until = Some(now + retry_after.unwrap_or_else(|| longest.mul_f64(jitter.clamp(0.0, 1.0))));
    }
}

impl Job {
    pub(super) fn part_ended(&mut self, part: u32, end: PartEnd, now: Instant, jitter: f64) -> Vec<Action> {
        if !self.in_flight.remove(&part) {
            return Vec::new();
        }
        if let PartEnd::Confirmed(proof) = end {
            self.confirmed_bytes += proof.bytes;
            self.confirmed_at = Some(now);
            self.confirmed.insert(part, proof);
            self.trouble.remove(&part);
            self.urls.remove(&part);
            (self.reopens, self.rehashes) = (0, 0);
            if self.pending.is_empty() && self.in_flight.is_empty() && self.phase == Phase::Sending {
                self.phase = Phase::Completing;
            }
            return Vec::new();
        }
        self.pending.insert(part);
        let trouble = self.trouble.entry(part).or_default();
        match end {
            PartEnd::Confirmed(_) | PartEnd::Unreachable => Vec::new(),
            PartEnd::Mismatch => {
                trouble.mismatches += 1;
                if trouble.mismatches >= MISMATCHES_MAX {
                    let detail = format!("part {part} arrived changed {MISMATCHES_MAX} times");
                    return self.fail_corrupted(detail);
                }
                Vec::new()
            }
            PartEnd::Expired { code } => {
                trouble.denials += 1;
                if trouble.denials >= DENIALS_MAX {
                    tracing::warn!(code, "the store does not take the key");
                    trouble.denials = 0;
                    return self.hold(Cause::KeyRefused);
                }
                // All of them were signed together.
                self.urls.clear();
                Vec::new()
            }
            PartEnd::Transient { detail, retry_after, .. } => {
                trouble.tries += 1;
                if trouble.tries >= TRIES_MAX {
                    return self.fail(Cause::Refused { detail });
                }
                trouble.back_off(now, self.between_tries, jitter, retry_after);
                Vec::new()
            }
            PartEnd::UploadGone => self.upload_gone(),
            PartEnd::NoSpace => {
                let needed = self.facts.bytes.saturating_sub(self.confirmed_bytes);
                self.hold(Cause::NotEnoughSpace { needed, free: 0 })
            }
            PartEnd::CapReached => self.hold(Cause::CapReached),
            PartEnd::Refused(detail) => self.fail(Cause::Refused { detail }),
            PartEnd::Source(problem) => self.source_problem(problem),
            PartEnd::Touched(facts) => self.touched(facts),
        }
    }

    pub(super) fn step_failed(&mut self, failure: StepFailure, now: Instant, jitter: f64) -> Vec<Action> {
        match failure {
            StepFailure::Unreachable(_) => Vec::new(),
            StepFailure::Transient(detail) => {
                self.step_trouble.tries += 1;
                if self.step_trouble.tries >= TRIES_MAX {
                    return self.fail(Cause::Refused { detail });
                }
                self.step_trouble.back_off(now, self.between_tries, jitter, None);
                Vec::new()
            }
            StepFailure::NeedsUser(cause) => self.hold(cause),
            StepFailure::UploadGone => self.upload_gone(),
            StepFailure::Corrupted(detail) if self.restarted => self.fail_corrupted(detail),
            StepFailure::Corrupted(_) => {
                self.restarted = true;
                self.start_again()
            }
            StepFailure::Refused(detail) => self.fail(Cause::Refused { detail }),
            StepFailure::Source(problem) => self.source_problem(problem),
            StepFailure::Touched(facts) => self.touched(facts),
        }
    }

    fn upload_gone(&mut self) -> Vec<Action> {
        self.reopens += 1;
        if self.reopens > REOPENS_MAX {
            let detail = "the store forgets the upload again and again".to_owned();
            return self.fail(Cause::Refused { detail });
        }
        // It may have lost one part and kept the others; of a file of one PUT there is nothing to ask.
        let may_have_parts = self.reopens == 1 && self.upload_id.is_some();
        if may_have_parts { self.look_again() } else { self.open_again() }
    }

    /// Asks the store what it has: `opened` compares.
    pub(super) fn look_again(&mut self) -> Vec<Action> {
        let actions = self.drop_attempts();
        self.pending.clear();
        self.urls.clear();
        self.trouble.clear();
        self.opened = false;
        self.phase = Phase::Opening;
        actions
    }

    fn source_problem(&mut self, problem: SourceProblem) -> Vec<Action> {
        match problem {
            SourceProblem::Gone => self.hold(Cause::SourceGone),
            SourceProblem::DriveGone(drive) => self.hold(Cause::DriveGone { drive }),
            SourceProblem::CloudOnly => self.hold(Cause::CloudOnly),
            SourceProblem::Denied => self.hold(Cause::AccessDenied),
            SourceProblem::Unreadable(detail) => self.hold(Cause::SourceUnreadable { detail }),
            SourceProblem::Resized => {
                self.grew = true;
                self.hold(Cause::StillWritten)
            }
            SourceProblem::StillWritten => self.hold(Cause::StillWritten),
        }
    }

    /// The file has another time or identity: what was sent of it must be read again before anything else is.
    fn touched(&mut self, facts: SourceFacts) -> Vec<Action> {
        self.rehashes += 1;
        if self.rehashes > REHASHES_MAX {
            return self.hold(Cause::StillWritten);
        }
        if self.confirmed.is_empty() && self.in_flight.is_empty() {
            return self.go_on_with(facts);
        }
        let mut actions = self.drop_attempts();
        self.drop_step(&mut actions);
        self.phase = Phase::Rehashing;
        actions
    }

    /// With another size it is another file: everything from the start.
    pub(super) fn source_rests(&mut self, facts: SourceFacts) -> Vec<Action> {
        if !self.awaits_rest() {
            return Vec::new();
        }
        self.hold = None;
        self.rehashes = 0;
        self.rested = Some(facts);
        self.stop_waiting();
        if facts.bytes == self.facts.bytes {
            return Vec::new();
        }
        if !(1..=FILE_BYTES_MAX).contains(&facts.bytes) {
            return self.fail(Cause::SourceChanged);
        }
        self.facts = facts;
        self.regrown += u32::from(self.sent > 0);
        self.changed |= self.sent > 0;
        self.grew = false;
        (self.plan, self.upload_id) = (None, None);
        // The server takes away what the store has of another size.
        let mut actions = self.open_again();
        actions.push(Action::Anew);
        actions
    }

    pub(super) fn go_on_with(&mut self, facts: SourceFacts) -> Vec<Action> {
        self.facts = facts;
        self.phase = match self.phase {
            Phase::Announcing => Phase::Announcing,
            _ if !self.opened => Phase::Opening,
            _ if self.pending.is_empty() => Phase::Completing,
            _ => Phase::Sending,
        };
        vec![Action::ForgetParts(self.unheard()), Action::KeepFacts(facts)]
    }

    /// Parts may be in the journal whose end we did not hear of: with other facts beside them they would be believed.
    fn unheard(&self) -> Option<Vec<u32>> {
        let is_unheard = |part: &u32| !self.confirmed.contains_key(part);
        (!self.confirmed.is_empty()).then(|| (1..=self.plan().count()).filter(is_unheard).collect())
    }

    fn hold(&mut self, cause: Cause) -> Vec<Action> {
        self.hold = Some(cause);
        let mut actions = self.drop_attempts();
        self.drop_step(&mut actions);
        actions
    }

    pub(super) fn fail(&mut self, cause: Cause) -> Vec<Action> {
        let mut actions = self.drop_attempts();
        self.drop_step(&mut actions);
        self.phase = Phase::Failed;
        self.failure = Some(cause.clone());
        actions.push(Action::Failed(cause));
        actions
    }

    /// What the store holds is worth nothing: another try starts from nothing.
    fn fail_corrupted(&mut self, detail: String) -> Vec<Action> {
        let mut actions = self.start_again();
        actions.extend(self.fail(Cause::Corrupted { detail }));
        actions
    }

    fn drop_step(&mut self, actions: &mut Vec<Action>) {
        self.step_running = false;
        actions.push(Action::DropStep);
    }

    /// By the user: everything from a clean sheet, but what is confirmed stays.
    pub(super) fn retry(&mut self) -> Vec<Action> {
        let failed = self.phase == Phase::Failed;
        if self.phase == Phase::Ready {
            return Vec::new();
        }
        self.hold = None;
        self.failure = None;
        self.trouble.clear();
        (self.restarted, self.reopens, self.rehashes) = (false, 0, 0);
        self.stop_waiting();
        if !failed {
            return Vec::new();
        }
        self.paused = false;
        self.opened = false;
        self.phase = Phase::Announcing;
        vec![Action::Revived]
    }

    pub(super) fn stop_waiting(&mut self) {
        self.step_trouble.until = None;
        self.trouble.values_mut().for_each(|trouble| trouble.until = None);
    }
}

impl Event {
    /// Which remote did not answer, if that is what it says.
    #[must_use]
    pub fn silent_remote(&self) -> Option<super::Remote> {
        match self {
            Self::StepFailed(StepFailure::Unreachable(remote)) => Some(*remote),
            Self::PartEnded { end: PartEnd::Unreachable, .. } => Some(super::Remote::Store),
            _ => None,
        }
    }
}
