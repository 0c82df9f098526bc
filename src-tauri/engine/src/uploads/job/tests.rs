//! The state machine as a table: what came in, what it then wants, what it tells others to do.

use super::retry::{MISMATCHES_MAX, TRIES_MAX};
use super::*;
use crate::uploads::source::SourceProblem;

const PART: u64 = 8 * 1024 * 1024;
const FACTS: SourceFacts = SourceFacts { bytes: 3 * PART, modified_ns: 1, file_id: (1, 1) };
const LATER: SourceFacts = SourceFacts { modified_ns: 2, ..FACTS };

/// A job with its own clock: jitter is always the longest.
struct Bench {
    job: Job,
    now: Instant,
}

impl Bench {
    fn new() -> Self {
        Self { job: Job::new(FACTS, false), now: Instant::now() }
    }

    fn sending() -> Self {
        let mut bench = Self::new();
        bench.announce();
        bench.steps(vec![opened("up-1", &[]), urls(1..=3)]);
        bench
    }

    fn on(&mut self, event: Event) -> Vec<Action> {
        self.job.on(event, self.now, 1.0)
    }

    /// Begins the wanted step and ends it with each event in turn.
    fn steps(&mut self, events: Vec<Event>) {
        for event in events {
            assert!(self.job.wants(self.now).is_some(), "nothing wanted before {event:?}");
            self.job.step_started();
            self.on(event);
        }
    }

    fn announce(&mut self) {
        self.on(Event::Announced(Announced::Confirmed));
    }

    fn start(&mut self) -> u32 {
        let part = self.job.next_part(self.now).unwrap();
        self.job.part_started(part, self.now).unwrap();
        part
    }

    fn end(&mut self, part: u32, end: PartEnd) -> Vec<Action> {
        self.on(Event::PartEnded { part, end })
    }

    fn confirm_all(&mut self) {
        while self.job.next_part(self.now).is_some() {
            let part = self.start();
            self.end(part, PartEnd::Confirmed(proof(part)));
        }
    }

    fn fail_step(&mut self, failure: StepFailure) -> Vec<Action> {
        self.job.step_started();
        self.on(Event::StepFailed(failure))
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
    }
}

fn proof(part: u32) -> PartProof {
    let md5 = [u8::try_from(part).unwrap(); 16];
    PartProof { bytes: PART, md5, etag: super::super::hashing::hex(&md5), chaining: [7; 32], version: None }
}

fn stored(part: u32) -> StoredPart {
    StoredPart { part, bytes: PART, etag: proof(part).etag }
}

fn opened(upload_id: &str, stored: &[StoredPart]) -> Event {
    let plan = Plan::for_file(FACTS.bytes, None);
    Event::Opened { plan, upload_id: Some(upload_id.to_owned()), stored: stored.to_vec(), url: None }
}

fn urls(parts: std::ops::RangeInclusive<u32>) -> Event {
    Event::Urls(parts.map(|part| PartUrl { part, url: String::new(), headers: Vec::new() }).collect())
}

fn transient() -> PartEnd {
    PartEnd::Transient { detail: "503".to_owned(), retry_after: None, answered: true, slow_down: true }
}

#[test]
fn a_file_goes_from_the_queue_to_ready() {
    let mut bench = Bench::new();
    assert_eq!(bench.job.wants(bench.now), None, "it waits for the server to know the asset");
    bench.announce();
    assert_eq!(bench.job.wants(bench.now), Some(Step::Open { fresh: false }));
    bench.steps(vec![opened("up-1", &[])]);
    assert_eq!(bench.job.wants(bench.now), Some(Step::Urls { parts: vec![1, 2, 3] }));
    assert_eq!((bench.job.state(), bench.job.next_part(bench.now)), (UploadState::Queued, None));
    bench.steps(vec![urls(1..=3)]);
    assert_eq!(bench.job.wants(bench.now), None);
    bench.confirm_all();
    assert_eq!((bench.job.state(), bench.job.confirmed_bytes()), (UploadState::Verifying, FACTS.bytes));
    assert_eq!(bench.job.wants(bench.now), Some(Step::Complete));
    bench.steps(vec![Event::Completed]);
    assert_eq!((bench.job.state(), bench.job.wants(bench.now)), (UploadState::Ready, None));
}

#[test]
fn a_resumed_upload_keeps_only_parts_the_store_has_with_the_same_size_and_md5() {
    let plan = Plan::for_file(FACTS.bytes, None);
    let parts: BTreeMap<u32, PartProof> = (1..=3).map(|part| (part, proof(part))).collect();
    let shorter = StoredPart { bytes: PART - 1, ..stored(2) };
    let other = StoredPart { etag: "0".to_owned(), ..stored(3) };
    for (name, upload_id, at_store, kept) in [
        ("all there", "up-1", vec![stored(1), stored(2), stored(3)], vec![1, 2, 3]),
        ("another size, another hash", "up-1", vec![stored(1), shorter, other], vec![1]),
        ("nothing there", "up-1", vec![], vec![]),
        ("another upload", "up-2", vec![stored(1), stored(2), stored(3)], vec![]),
    ] {
        let journaled = Job::new(FACTS, false).with_journaled(FACTS, plan, Some("up-1".to_owned()), parts.clone());
        let mut bench = Bench { job: journaled, now: Instant::now() };
        bench.announce();
        bench.steps(vec![opened(upload_id, &at_store)]);
        let confirmed: Vec<u32> = bench.job.confirmed().keys().copied().collect();
        assert_eq!(confirmed, kept, "{name}");
        assert_eq!(bench.job.confirmed_bytes(), PART * kept.len() as u64, "{name}");
        let expected = if kept.len() == 3 { Phase::Completing } else { Phase::Sending };
        assert_eq!(bench.job.phase(), expected, "{name}");
    }
}

#[test]
fn a_file_of_one_part_from_an_earlier_run_is_never_called_sent_once() {
    let facts = SourceFacts { bytes: PART, ..FACTS };
    let parts = BTreeMap::from([(1, proof(1))]);
    for (parts, name) in [(parts, "confirmed then"), (BTreeMap::new(), "sent now")] {
        let job = Job::new(facts, false).with_journaled(facts, Plan::single(PART), None, parts);
        let mut bench = Bench { job, now: Instant::now() };
        bench.announce();
        let url = PartUrl { part: 1, url: String::new(), headers: Vec::new() };
        bench.steps(vec![Event::Opened {
            plan: Plan::single(PART),
            upload_id: None,
            stored: Vec::new(),
            url: Some(url),
        }]);
        bench.confirm_all();
        assert_eq!((bench.job.phase(), bench.job.was_sent_once()), (Phase::Completing, false), "{name}");
    }
}

#[test]
fn a_part_is_tried_again_after_growing_pauses_and_retry_after_goes_before() {
    let mut bench = Bench::sending();
    for seconds in [1, 2, 4, 8, 16, 32, 64, 64] {
        let part = bench.start();
        bench.end(part, transient());
        assert_eq!(bench.job.wakes_at(bench.now), Some(bench.now + Duration::from_secs(seconds)));
        assert_eq!(bench.job.next_part(bench.now), Some(2), "others go on");
        bench.wait(Duration::from_secs(seconds));
    }
    let part = bench.start();
    let retry_after = Some(Duration::from_secs(7));
    bench.end(part, PartEnd::Transient { detail: String::new(), retry_after, answered: true, slow_down: true });
    assert_eq!(bench.job.wakes_at(bench.now), Some(bench.now + Duration::from_secs(7)));
    bench.on(Event::Nudge);
    assert_eq!(bench.job.next_part(bench.now), Some(1), "a nudge does not wait");
}

#[test]
fn tries_are_spent_by_answers_and_not_by_silence() {
    let mut bench = Bench::sending();
    for _ in 0..1_000 {
        let part = bench.start();
        bench.end(part, PartEnd::Unreachable);
    }
    assert_eq!((bench.job.next_part(bench.now), TRIES_MAX), (Some(1), 30));
    for _ in 1..TRIES_MAX {
        let part = bench.start();
        assert_eq!(bench.end(part, transient()), []);
        bench.wait(Duration::from_secs(64));
    }
    let part = bench.start();
    let cause = Cause::Refused { detail: "503".to_owned() };
    assert_eq!(bench.end(part, transient()).last(), Some(&Action::Failed(cause)));
    assert_eq!(bench.job.state(), UploadState::Failed);
}

#[test]
fn each_end_of_a_part_leads_to_its_state() {
    let gone = PartEnd::Source(SourceProblem::Gone);
    let resized = PartEnd::Source(SourceProblem::Resized);
    let refused = || PartEnd::Refused("400 InvalidArgument".to_owned());
    let detail = || "400 InvalidArgument".to_owned();
    for (end, state, cause) in [
        (PartEnd::Mismatch, UploadState::Queued, None),
        (PartEnd::Expired { code: String::new() }, UploadState::Queued, None),
        (transient(), UploadState::Queued, None),
        (PartEnd::Unreachable, UploadState::Queued, None),
        (PartEnd::UploadGone, UploadState::Queued, None),
        (PartEnd::NoSpace, UploadState::Paused, Some(Cause::NotEnoughSpace { needed: 3 * PART, free: 0 })),
        (refused(), UploadState::Failed, Some(Cause::Refused { detail: detail() })),
        (gone, UploadState::Paused, Some(Cause::SourceGone)),
        (resized, UploadState::Queued, Some(Cause::StillWritten)),
    ] {
        let mut bench = Bench::sending();
        let part = bench.start();
        bench.end(part, end.clone());
        assert_eq!((bench.job.state(), bench.job.cause()), (state, cause), "{end:?}");
        assert_eq!(bench.job.in_flight(), 0);
    }
}

#[test]
fn a_part_that_arrives_changed_again_and_again_fails_and_a_retry_starts_from_nothing() {
    let mut bench = Bench::sending();
    for _ in 0..MISMATCHES_MAX {
        let part = bench.start();
        bench.end(part, PartEnd::Mismatch);
    }
    assert!(matches!(bench.job.cause(), Some(Cause::Corrupted { .. })));
    assert_eq!(bench.on(Event::Retry), [Action::Revived]);
    bench.announce();
    assert_eq!(bench.job.wants(bench.now), Some(Step::Open { fresh: true }));
}

#[test]
fn a_signature_that_is_not_taken_is_made_again_without_a_pause() {
    let mut bench = Bench::sending();
    let part = bench.start();
    bench.end(part, PartEnd::Expired { code: "AccessDenied".to_owned() });
    assert_eq!(bench.job.wants(bench.now), Some(Step::Urls { parts: vec![1, 2, 3] }));
    bench.steps(vec![urls(1..=3)]);
    bench.wait(URL_USED_FOR);
    assert_eq!(bench.job.next_part(bench.now), None, "too old to be used");
    assert_eq!(bench.job.wants(bench.now), Some(Step::Urls { parts: vec![1, 2, 3] }));
}

#[test]
fn a_touched_file_is_read_again_and_goes_on_or_starts_again() {
    let mut bench = Bench::sending();
    let part = bench.start();
    bench.end(part, PartEnd::Confirmed(proof(1)));
    let other = bench.start();
    let actions = bench.end(other, PartEnd::Touched(LATER));
    assert_eq!(actions, [Action::DropAttempts, Action::DropStep]);
    assert_eq!((bench.job.state(), bench.job.next_part(bench.now)), (UploadState::Hashing, None));
    assert_eq!(bench.job.wants(bench.now), Some(Step::Rehash));
    bench.job.step_started();
    let unheard = Action::ForgetParts(Some(vec![2, 3]));
    assert_eq!(bench.on(Event::SameContent(LATER)), [unheard, Action::KeepFacts(LATER)], "they may be in the journal");
    assert_eq!((bench.job.facts(), bench.job.next_part(bench.now)), (LATER, Some(2)));

    let part = bench.start();
    bench.end(part, PartEnd::Touched(FACTS));
    bench.job.step_started();
    let actions = bench.on(Event::OtherContent(FACTS));
    assert!(actions.contains(&Action::ForgetParts(None)));
    assert_eq!(bench.job.confirmed_bytes(), 0);
    assert_eq!(bench.job.wants(bench.now), Some(Step::Open { fresh: true }));
}

#[test]
fn a_touched_file_of_which_nothing_was_sent_needs_no_reading() {
    let mut bench = Bench::new();
    bench.announce();
    let expected = [Action::ForgetParts(None), Action::KeepFacts(LATER)];
    assert_eq!(bench.fail_step(StepFailure::Touched(LATER)), expected);
    assert_eq!(bench.job.wants(bench.now), Some(Step::Open { fresh: false }));
}

#[test]
fn a_file_that_grew_is_another_one_when_it_rests() {
    let mut bench = Bench::sending();
    let part = bench.start();
    bench.end(part, PartEnd::Confirmed(proof(1)));
    let grown = SourceFacts { bytes: 4 * PART, ..LATER };
    assert_eq!(bench.on(Event::SourceRests(grown)), [], "nobody waits for that");
    let part = bench.start();
    bench.end(part, PartEnd::Source(SourceProblem::Resized));
    assert_eq!(bench.job.wants(bench.now), None);
    let actions = bench.on(Event::SourceRests(grown));
    assert_eq!(actions, [Action::DropAttempts, Action::ForgetParts(None), Action::Anew]);
    assert_eq!(bench.job.wants(bench.now), Some(Step::Open { fresh: false }), "the server sees the other size");
    assert_eq!((bench.job.facts(), bench.job.confirmed_bytes(), bench.job.plan().count()), (grown, 0, 4));
    assert_eq!((bench.job.upload_id(), bench.job.was_changed()), (None, true));
    let second = Duration::from_secs(1);
    assert_eq!((bench.job.rest(second), bench.job.rest(Duration::ZERO)), (2 * second, Duration::ZERO), "more patience");
}

#[test]
fn a_file_that_was_only_waited_for_goes_on_from_what_is_confirmed() {
    let mut bench = Bench::sending();
    let part = bench.start();
    bench.end(part, PartEnd::Confirmed(proof(1)));
    let part = bench.start();
    bench.end(part, PartEnd::Source(SourceProblem::Resized));
    assert_eq!(bench.on(Event::SourceRests(LATER)), []);
    assert_eq!((bench.job.next_part(bench.now), bench.job.confirmed_bytes()), (Some(2), PART));
    assert!(!bench.job.was_changed());
}

#[test]
fn a_recording_of_which_nothing_was_sent_is_not_called_changed() {
    let mut bench = Bench::new();
    bench.announce();
    bench.fail_step(StepFailure::Source(SourceProblem::StillWritten));
    bench.on(Event::SourceRests(SourceFacts { bytes: 4 * PART, ..LATER }));
    assert!(!bench.job.was_changed());
}

#[test]
fn a_file_that_was_emptied_fails_when_it_rests() {
    let mut bench = Bench::new();
    bench.announce();
    bench.fail_step(StepFailure::Source(SourceProblem::Resized));
    let actions = bench.on(Event::SourceRests(SourceFacts { bytes: 0, ..LATER }));
    assert_eq!(actions.last(), Some(&Action::Failed(Cause::SourceChanged)));
}

#[test]
fn each_failure_of_a_step_leads_to_its_state() {
    let space = Cause::NotEnoughSpace { needed: 5, free: 1 };
    let detail = || "no".to_owned();
    for (failure, state, cause) in [
        (StepFailure::Unreachable(Remote::Server), UploadState::Queued, None),
        (StepFailure::Transient(detail()), UploadState::Queued, None),
        (StepFailure::NeedsUser(space.clone()), UploadState::Paused, Some(space)),
        (StepFailure::UploadGone, UploadState::Queued, None),
        (StepFailure::Refused(detail()), UploadState::Failed, Some(Cause::Refused { detail: detail() })),
        (StepFailure::Source(SourceProblem::Gone), UploadState::Paused, Some(Cause::SourceGone)),
        (
            StepFailure::Source(SourceProblem::Unreadable(detail())),
            UploadState::Paused,
            Some(Cause::SourceUnreadable { detail: detail() }),
        ),
        (StepFailure::Source(SourceProblem::Resized), UploadState::Queued, Some(Cause::StillWritten)),
        (StepFailure::Source(SourceProblem::StillWritten), UploadState::Queued, Some(Cause::StillWritten)),
    ] {
        let mut bench = Bench::new();
        bench.announce();
        bench.fail_step(failure.clone());
        assert_eq!((bench.job.state(), bench.job.cause()), (state, cause), "{failure:?}");
    }
}

#[test]
fn an_object_put_together_wrongly_is_sent_once_more_and_then_fails() {
    let mut bench = Bench::sending();
    bench.confirm_all();
    bench.fail_step(StepFailure::Corrupted("hash".to_owned()));
    assert_eq!(bench.job.wants(bench.now), Some(Step::Open { fresh: true }));
    bench.steps(vec![opened("up-2", &[]), urls(1..=3)]);
    bench.confirm_all();
    bench.fail_step(StepFailure::Corrupted("hash".to_owned()));
    assert_eq!(bench.job.cause(), Some(Cause::Corrupted { detail: "hash".to_owned() }));
}

#[test]
fn a_rejected_asset_fails_with_the_server_s_words() {
    let mut bench = Bench::new();
    bench.on(Event::Announced(Announced::Rejected { detail: "too many".to_owned() }));
    assert_eq!(bench.job.cause(), Some(Cause::Refused { detail: "too many".to_owned() }));
}

#[test]
fn pause_drops_what_is_in_flight_and_resume_goes_on_with_it() {
    let mut bench = Bench::sending();
    let part = bench.start();
    assert_eq!(bench.on(Event::Pause), [Action::DropAttempts]);
    assert_eq!((bench.job.state(), bench.job.cause()), (UploadState::Paused, Some(Cause::ByUser)));
    assert_eq!((bench.job.wants(bench.now), bench.job.next_part(bench.now)), (None, None));
    assert_eq!(bench.end(part, PartEnd::Confirmed(proof(part))), [], "an attempt that was dropped has no say");
    assert_eq!(bench.job.confirmed_bytes(), 0);
    bench.on(Event::Resume);
    assert_eq!(bench.job.next_part(bench.now), Some(part));
}

#[test]
fn a_paused_upload_takes_in_the_step_that_was_running() {
    let mut bench = Bench::new();
    bench.announce();
    bench.job.step_started();
    bench.on(Event::Pause);
    bench.on(opened("up-1", &[]));
    assert_eq!((bench.job.state(), bench.job.wants(bench.now)), (UploadState::Paused, None));
    bench.on(Event::Resume);
    assert_eq!(bench.job.wants(bench.now), Some(Step::Urls { parts: vec![1, 2, 3] }));
}
