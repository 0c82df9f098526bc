//! One task owns every upload. Others send it messages; it decides what runs, and no lock is held anywhere while it does.

mod absent;
mod announce;
mod control;
mod dispatch;
mod lanes;
mod message;
mod show;
mod wake;

use super::gate::Gate;
use super::job::{Action, Event, Job, PartEnd, Remote, Step, StepFailure};
use super::journal::Write;
use super::progress::{Board, Rank, Speed, TICK};
use super::seam::{Outcome, UploadRecord};
use super::slots::Slots;
use super::source::SourceFacts;
use super::worker::Outside;
use crate::EventSink;
use crate::remote::sender::Gauge;
use crate::remote::{Patience, Pauses};
use absent::Lookout;
use announce::Announcer;
use lanes::{Lane, Lanes};
use lectern_shared::ids::{OperationId, UserId};
use lectern_shared::upload::Hold;
pub(super) use message::Message;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use wake::WakeWatch;

/// Most messages taken in before looking at what may run next.
const MESSAGES_AT_ONCE: usize = 256;

/// Without any news a deadline comes nearer all the same.
const JUDGED_EVERY: Duration = Duration::from_secs(20);

/// What the catalogue must be told, in this order for one upload.
pub(super) type ToKeep = (OperationId, Keep);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    Paused(bool),
    Outcome(Option<Outcome>),
    Source(PathBuf, SourceFacts),
}

struct RunningStep {
    id: u64,
    step: Step,
    task: AbortOnDropHandle<()>,
}

struct Attempt {
    id: u64,
    /// Of a slot; none when its answer is there.
    quarters: usize,
    gauge: Arc<Gauge>,
    /// As last looked at, and when that was new.
    pulled: u64,
    moved_at: Instant,
    _task: AbortOnDropHandle<()>,
}

struct Entry {
    record: Arc<UploadRecord>,
    job: Job,
    rank: Rank,
    lane: Lane,
    since: Instant,
    step: Option<RunningStep>,
    attempts: HashMap<u32, Attempt>,
    speed: Speed,
}

impl Attempt {
    fn is_on_line(&self) -> bool {
        self.quarters > 0
    }
}

impl Entry {
    /// In quarters of slots.
    fn on_line(&self) -> usize {
        self.attempts.values().map(|attempt| attempt.quarters).sum()
    }

    fn in_flight_bytes(&self) -> u64 {
        self.attempts.values().map(|attempt| attempt.gauge.pulled()).sum()
    }
}

pub(super) struct Scheduler {
    user: UserId,
    slots: Slots,
    fixed_slots: Option<usize>,
    /// Never sends: for who only wants to know.
    idle: bool,
    /// Sends nothing for a while.
    hold: Option<Hold>,
    between_tries: Pauses,
    outside: Arc<Outside>,
    board: Arc<Board>,
    events: EventSink,
    inbox: mpsc::UnboundedReceiver<Message>,
    outbox: mpsc::UnboundedSender<Message>,
    keeper: mpsc::UnboundedSender<ToKeep>,
    entries: HashMap<OperationId, Entry, foldhash::fast::RandomState>,
    /// Those that are neither ready nor failed, in the order they go.
    unfinished: BTreeMap<Rank, OperationId>,
    lanes: Lanes,
    announcer: Announcer,
    lookout: Lookout,
    wake_watch: WakeWatch,
    next_rank: i64,
    top_rank: i64,
    next_id: u64,
    /// In quarters of slots.
    in_flight: usize,
    server: Gate,
    store: Gate,
    cancellations: Vec<AbortOnDropHandle<()>>,
    // What the window has not been told yet.
    stale: BTreeSet<OperationId>,
    untold: BTreeSet<OperationId>,
    list_changed: bool,
    told_at: Option<Instant>,
    confirmed_here: u64,
    speed: Speed,
}

/// Ends of the scheduler that others hold.
pub(super) struct Parts {
    pub user: UserId,
    /// See [`Line`](crate::remote::Line).
    pub slots: Option<usize>,
    pub idle: bool,
    pub hold: Option<Hold>,
    pub patience: Patience,
    pub outside: Arc<Outside>,
    pub board: Arc<Board>,
    pub events: EventSink,
    pub inbox: mpsc::UnboundedReceiver<Message>,
    pub outbox: mpsc::UnboundedSender<Message>,
    pub keeper: mpsc::UnboundedSender<ToKeep>,
}

impl Scheduler {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            user: parts.user,
            slots: Slots::of_line(parts.slots),
            fixed_slots: parts.slots,
            idle: parts.idle,
            hold: parts.hold,
            between_tries: parts.patience.between_tries,
            outside: parts.outside,
            board: parts.board,
            events: parts.events,
            inbox: parts.inbox,
            outbox: parts.outbox,
            keeper: parts.keeper,
            entries: HashMap::default(),
            unfinished: BTreeMap::new(),
            lanes: Lanes::default(),
            announcer: Announcer::default(),
            lookout: Lookout::default(),
            wake_watch: WakeWatch::default(),
            next_rank: 0,
            top_rank: 0,
            next_id: 0,
            in_flight: 0,
            server: Gate::new(parts.patience.between_probes),
            store: Gate::new(parts.patience.between_probes),
            cancellations: Vec::new(),
            stale: BTreeSet::new(),
            untold: BTreeSet::new(),
            list_changed: false,
            told_at: None,
            confirmed_here: 0,
            speed: Speed::default(),
        }
    }

    /// Puts an upload at the end of the queue.
    pub(super) fn insert(&mut self, record: UploadRecord, job: Job) {
        let (rank, operation) = ((record.needed_by.unwrap_or(i64::MAX), self.next_rank), record.operation);
        self.next_rank += 1;
        if !job.is_finished() {
            self.unfinished.insert(rank, operation);
        }
        self.board.put_path(record.asset, record.path.clone());
        let entry = Entry {
            record: Arc::new(record),
            job: job.with_pauses(self.between_tries),
            rank,
            lane: Lane::Parked,
            since: Instant::now(),
            step: None,
            attempts: HashMap::new(),
            speed: Speed::default(),
        };
        self.entries.insert(operation, entry);
        self.settle(operation);
        self.stale.insert(operation);
        self.list_changed = true;
    }

    /// Runs until it is told to shut down or every handle is gone; what is in flight is dropped then.
    pub(super) async fn run(mut self, gone: CancellationToken) {
        loop {
            self.dispatch(Instant::now());
            self.show(Instant::now());
            let wake = self.wakes_at(Instant::now());
            self.wake_watch.rests(Instant::now(), SystemTime::now(), wake);
            let sleep = async {
                match wake {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            let first = tokio::select! {
                biased;
                () = gone.cancelled() => return,
                message = self.inbox.recv() => message,
                () = sleep => None,
            };
            if self.wake_watch.has_slept(Instant::now(), SystemTime::now()) {
                self.line_changed();
            }
            // Of many small files several have just come to an end: one look at all that may run does for them.
            tokio::task::yield_now().await;
            let (mut next, mut taken) = (first, 0);
            while let Some(message) = next {
                if let Message::Shutdown { done } = message {
                    self.shut_down(done).await;
                    return;
                }
                self.take(message);
                taken += 1;
                next = if taken < MESSAGES_AT_ONCE { self.inbox.try_recv().ok() } else { None };
            }
        }
    }

    async fn shut_down(mut self, done: oneshot::Sender<()>) {
        self.entries.clear();
        self.cancellations.clear();
        let _ = self.outside.journal.write(Write::Flush).await;
        let _ = done.send(());
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Add { records, done } => self.add(records, done),
            Message::Control { action, operations, done } => self.control(action, operations.as_deref(), done),
            Message::Cancelled { operations, done } => self.cancelled(operations, done),
            Message::Cleared { operations, done } => self.cleared(&operations, done),
            Message::Step { operation, id, event } => self.step_ended(operation, id, event),
            Message::Announced { id, verdicts } => self.announced(id, verdicts),
            Message::OffLine { operation, part, id } => self.off_line(operation, part, id),
            Message::Part { operation, part, id, end } => self.part_ended(operation, part, id, end),
            Message::Nudge => self.nudge(),
            Message::LineChanged => self.line_changed(),
            Message::Back { device, operations } => self.back(device, operations),
            Message::Found { sought, path, facts } => self.found(&sought, path, facts),
            Message::Searched { device } => self.searched(device),
            Message::Looked { operation, sight } => self.looked(operation, sight),
            Message::OrderFor { operation, done } => self.order_for(operation, done),
            Message::Moved { operation, path, facts, done } => {
                self.moved(operation, path, facts);
                let _ = done.send(());
            }
            Message::Hold { hold, limit } => self.set_hold(hold, limit),
            Message::NeededBy { operations, at, done } => self.needed_by(&operations, at, done),
            Message::Shutdown { .. } => {}
        }
    }

    fn step_ended(&mut self, operation: OperationId, id: u64, event: Event) {
        self.server.ended(id);
        self.store.ended(id);
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        let Some(RunningStep { step, .. }) = entry.step.take_if(|step| step.id == id) else { return };
        match event {
            Event::OtherContent(_) => {
                tracing::warn!(%operation, "the file was changed while it was sent: it starts again")
            }
            Event::FoundReady { bytes } => self.is_stored_with(operation, bytes),
            _ => {}
        }
        self.read_gates(&step, &event);
        self.apply(operation, event);
    }

    /// What an answer, or none, says of server and store.
    fn read_gates(&mut self, step: &Step, event: &Event) {
        if !matches!(step, Step::Open { .. } | Step::Urls { .. } | Step::Complete) {
            return;
        }
        match event.silent_remote() {
            Some(remote) => {
                self.silent(remote);
                if remote == Remote::Store {
                    self.answered(Remote::Server);
                }
            }
            None => match event {
                // The file's fault: nobody was asked.
                Event::StepFailed(StepFailure::Source(_) | StepFailure::Touched(_)) => {}
                Event::Opened { upload_id: Some(_), .. } | Event::Completed => {
                    self.answered(Remote::Server);
                    self.answered(Remote::Store);
                }
                _ => self.answered(Remote::Server),
            },
        }
    }

    fn off_line(&mut self, operation: OperationId, part: u32, id: u64) {
        let attempt = self.entries.get_mut(&operation).and_then(|entry| entry.attempts.get_mut(&part));
        if let Some(attempt) = attempt.filter(|attempt| attempt.id == id) {
            self.in_flight -= std::mem::take(&mut attempt.quarters);
        }
    }

    fn part_ended(&mut self, operation: OperationId, part: u32, id: u64, end: PartEnd) {
        self.store.ended(id);
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        if entry.attempts.get(&part).is_none_or(|attempt| attempt.id != id) {
            return;
        }
        let Some(attempt) = entry.attempts.remove(&part) else { return };
        self.in_flight -= attempt.quarters;
        match &end {
            PartEnd::Unreachable => self.silent(Remote::Store),
            PartEnd::Transient { slow_down: true, .. } => {
                self.slots.pushed_back(Instant::now());
                self.answered(Remote::Store);
            }
            PartEnd::Source(_) | PartEnd::Touched(_) | PartEnd::Transient { answered: false, .. } => {}
            PartEnd::Confirmed(proof) => {
                self.confirmed_here += proof.bytes;
                self.answered(Remote::Store);
            }
            _ => self.answered(Remote::Store),
        }
        self.apply(operation, Event::PartEnded { part, end });
    }

    fn gate(&mut self, remote: Remote) -> &mut Gate {
        match remote {
            Remote::Server => &mut self.server,
            Remote::Store => &mut self.store,
        }
    }

    fn answered(&mut self, remote: Remote) {
        if self.gate(remote).answered() {
            tracing::info!(?remote, "answers again");
            self.stale.extend(self.unfinished.values());
        }
    }

    fn silent(&mut self, remote: Remote) {
        if self.gate(remote).silent(Instant::now(), rand::random()) {
            tracing::info!(?remote, "does not answer");
            self.stale.extend(self.unfinished.values());
        }
    }

    /// Hands an event to its job and carries out what it says.
    fn apply(&mut self, operation: OperationId, event: Event) {
        let Some(entry) = self.entries.get_mut(&operation) else { return };
        let was_finished = entry.job.is_finished();
        let actions = entry.job.on(event, Instant::now(), rand::random());
        let (rank, is_finished) = (entry.rank, entry.job.is_finished());
        for action in actions {
            self.carry_out(operation, action);
        }
        self.stale.insert(operation);
        if was_finished != is_finished {
            self.list_changed = true;
            if is_finished {
                self.unfinished.remove(&rank);
            } else {
                self.unfinished.insert(rank, operation);
            }
        }
        self.settle(operation);
    }

    fn carry_out(&mut self, operation: OperationId, action: Action) {
        let journal = &self.outside.journal;
        match action {
            Action::DropAttempts => self.drop_attempts(operation),
            Action::DropStep => self.drop_step(operation),
            Action::ForgetParts(numbers) => journal.note(Write::ForgetParts { operation, numbers }),
            Action::Anew => journal.note(Write::Anew { operation }),
            Action::KeepFacts(facts) => journal.note(Write::Facts { operation, facts }),
            Action::Failed(cause) => {
                tracing::warn!(%operation, ?cause, "an upload failed");
                journal.note(Write::Failure { operation, cause: Some(cause) });
                let _ = self.keeper.send((operation, Keep::Outcome(Some(Outcome::Failed))));
            }
            Action::Revived => {
                journal.note(Write::Failure { operation, cause: None });
                if let Some(entry) = self.entries.get_mut(&operation) {
                    entry.since = Instant::now();
                }
            }
        }
    }

    /// When to look again without any message.
    fn wakes_at(&self, now: Instant) -> Option<Instant> {
        let has_news = self.in_flight > 0 || self.list_changed || !self.untold.is_empty();
        let tick = has_news.then(|| self.told_at.map_or(now, |told| told + TICK));
        let late = self.told_at.filter(|_| self.board.has_deadlines()).map(|told| told + JUDGED_EVERY);
        let jobs = self.active().filter_map(|entry| entry.job.wakes_at(now));
        let jobs = jobs.chain(self.announcer.shows_at()).chain(self.lookout.wakes_at());
        let gates = [&self.server, &self.store].into_iter().filter_map(Gate::wakes_at).filter(|at| *at > now);
        tick.into_iter().chain(late).chain(jobs).chain(gates).min()
    }
}
