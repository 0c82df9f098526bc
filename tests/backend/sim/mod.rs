//! The sync, simulated: people with several devices each and a stranger, on real databases and a team's real server, who
//! give each other courses and take them away; with a network that loses, doubles, delays and reorders, tokens that end,
//! clocks that are wrong, programs that crash between any two commits, apps of another age than the server, and databases
//! that are cloned and restored. Time is a number. Every seed is one history, the same each time; after each round it is
//! looked at what no device may ever have; at the end the faults stop, and what must hold is looked at.

mod device;
mod edits;
mod hosted;
mod membership;
mod network;
mod oracle;
mod rounding;
mod steps;
mod verdict;

use device::Device;
use edits::Known;
use hosted::Hosted;
use lectern_server::Clock;
use lectern_shared::SCHEMA;
use lectern_shared::access::Role;
use lectern_shared::ids::{DeviceId, UserId};
use lectern_shared::mutation::Mutation;
use network::Network;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

pub type Failure = Box<dyn Error + Send + Sync>;

const PEOPLE: [&str; 3] = ["ada", "bob", "cem"];
const DEVICES_MAX: usize = 6;
const STEPS: std::ops::Range<usize> = 40..120;
/// When nothing goes wrong any more, so many rounds bring everybody to one view: what a restored server has lost is found
/// out, pushed again, and seen by the others.
const ROUNDS_TO_REST: usize = 6;
/// Some time in 2025.
const BEGINNING: i64 = 1_750_000_000_000;
const DAY: i64 = 24 * 3_600 * 1_000;
/// One history in so many has somebody who works without a network for six weeks.
const LONG_ABSENCE_EACH: u64 = 200;
const LONG_ABSENCE_EDITS: usize = 2_000;

/// What one seed came to: each line is something that happened. The same seed, the same lines.
pub type Trace = Vec<String>;

/// Plays one seed to its end.
///
/// # Errors
/// What does not hold, or what failed that must not.
pub async fn play(seed: u64) -> Result<Trace, Failure> {
    let mut world = World::new(seed).await?;
    let lived = world.live(seed % LONG_ABSENCE_EACH == LONG_ABSENCE_EACH - 1).await;
    world.devices.iter().for_each(|device| device.catalogue.close());
    match lived {
        Ok(()) => Ok(world.trace),
        Err(failure) => Err(format!("{failure}\n  {}", world.trace.join("\n  ")).into()),
    }
}

struct Person {
    user: UserId,
    name: &'static str,
}

impl Person {
    fn email(&self) -> String {
        format!("{}@example.edu", self.name)
    }
}

/// An edit that was made, by whom, and what it is known by.
struct Made {
    person: usize,
    hash: String,
    mutation: Mutation,
}

/// Everything there is.
struct World {
    random: StdRng,
    trace: Trace,
    folder: tempfile::TempDir,
    files: u32,
    /// The time that is right: the server's.
    now: Arc<AtomicI64>,
    people: Vec<Person>,
    stranger: Person,
    hosted: Hosted,
    /// An earlier state of the server's database.
    backup: Option<PathBuf>,
    network: Network,
    devices: Vec<Device>,
    /// This one has no network for weeks.
    away: Option<usize>,
    known: Known,
    /// Each must have been executed at the end, or refused so that its author was told.
    made: Vec<Made>,
}

impl World {
    async fn new(seed: u64) -> Result<Self, Failure> {
        let mut random = StdRng::seed_from_u64(seed);
        // In memory where the system has that: a simulated crash is none of the disk's.
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        let mut person = |name| Person { user: UserId(edits::uuid(&mut random)), name };
        let (mut people, stranger): (Vec<Person>, Person) = (PEOPLE.map(&mut person).into(), person("eve"));
        let now = Arc::new(AtomicI64::new(BEGINNING));
        people.truncate(random.random_range(1..=PEOPLE.len()));
        let everybody = || people.iter().chain([&stranger]);
        let hosted = Hosted::open(folder.path().join("server.sqlite"), everybody(), clock(&now)).await?;
        let network = Network::new(hosted.door.clone(), random.random());
        let mut world = Self {
            trace: Trace::new(),
            files: 0,
            now,
            people,
            stranger,
            hosted,
            backup: None,
            network,
            devices: Vec::new(),
            away: None,
            known: Known::default(),
            made: Vec::new(),
            folder,
            random,
        };
        world.begin().await?;
        Ok(world)
    }

    /// Everybody has devices, and mostly there is something that all are in.
    async fn begin(&mut self) -> Result<(), Failure> {
        for person in 0..self.people.len() {
            let devices = if self.people.len() == 1 { 2..=3 } else { 1..=2 };
            for _ in 0..self.random.random_range(devices) {
                self.new_device(person).await?;
            }
        }
        if self.people.len() > 1 && self.random.random_range(0..4) > 0 {
            let course = self.known.new_course(&mut self.random);
            let first = Mutation::CourseCreate { course, title: "Chemistry".to_owned() };
            self.apply(0, vec![first]).await?;
            self.network.is_good.store(true, Ordering::Relaxed);
            self.round(0).await?;
            for whom in 1..self.people.len() {
                let role = *one_of(&mut self.random, &[Role::Viewer, Role::Editor, Role::Editor, Role::Owner])
                    .unwrap_or(&Role::Editor);
                self.set_member(0, course, whom, Some(role)).await?;
            }
            self.network.is_good.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn live(&mut self, with_long_absence: bool) -> Result<(), Failure> {
        for _ in 0..self.random.random_range(STEPS) {
            self.step().await?;
        }
        if with_long_absence {
            self.be_away(LONG_ABSENCE_EDITS).await?;
        }
        self.rest().await?;
        verdict::judge(self).await
    }

    /// Six weeks without a network, and all the time at work; the others go on.
    async fn be_away(&mut self, edits: usize) -> Result<(), Failure> {
        let device = self.random.random_range(..self.devices.len());
        self.devices[device].online = false;
        self.away = Some(device);
        let enough = self.made.len() + edits;
        let mut round = 0;
        while self.made.len() < enough {
            round += 1;
            if round % 200 == 0 {
                self.later(42 * DAY * 200 / i64::try_from(2 * edits)?);
                self.backup = None;
                self.step().await?;
            }
            self.edit(device).await?;
        }
        self.away = None;
        self.devices[device].online = true;
        for _ in 0..STEPS.start / 4 {
            self.round(device).await?;
            self.step().await?;
        }
        Ok(())
    }

    fn new_file(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.path().join(format!("{}.sqlite", self.files))
    }

    fn open(
        &self,
        file: PathBuf,
        person: usize,
        papers: Option<(DeviceId, String)>,
        skew: Arc<AtomicI64>,
    ) -> Result<Device, Failure> {
        let line = self.network.line(self.people[person].user, papers);
        Device::open(file, person, line, &self.now, skew)
    }

    /// A device that nothing is on yet, let in.
    async fn new_device(&mut self, person: usize) -> Result<usize, Failure> {
        let (file, skew) = (self.new_file(), self.skew());
        let device = self.open(file, person, None, skew)?;
        self.devices.push(device);
        let number = self.devices.len() - 1;
        self.let_in(number).await?;
        Ok(number)
    }

    /// Up to a month.
    fn skew(&mut self) -> Arc<AtomicI64> {
        Arc::new(AtomicI64::new(self.random.random_range(-30 * DAY..=30 * DAY)))
    }

    fn say(&mut self, line: String) {
        self.trace.push(line);
    }

    fn later(&mut self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// Nothing goes wrong any more.
    async fn rest(&mut self) -> Result<(), Failure> {
        self.network.is_good.store(true, Ordering::Relaxed);
        for round in 0..ROUNDS_TO_REST {
            for device in 0..self.devices.len() {
                self.devices[device].online = true;
                self.devices[device].line.schema.store(SCHEMA, Ordering::Relaxed);
                let ended = self.good_round(device).await?;
                if let Err(error) = ended
                    && round + 1 == ROUNDS_TO_REST
                {
                    return Err(format!("device {device} does not come to rest: {error}").into());
                }
            }
        }
        Ok(())
    }

    async fn good_round(&mut self, device: usize) -> Result<Result<(), Failure>, Failure> {
        let Some(mut rounds) = self.devices[device].rounds.take() else { return Err("a round has no end".into()) };
        let mut ended = rounds.round().await;
        if ended.is_err() && self.devices[device].line.papers().are_refused {
            self.let_in(device).await?;
            ended = rounds.round().await;
        }
        self.devices[device].rounds = Some(rounds);
        if ended.is_ok() {
            self.devices[device].holds().map_err(|breach| format!("device {device}: {breach}"))?;
        }
        Ok(ended.map_err(Failure::from))
    }
}

/// Grows by one whenever it is asked, as clocks do.
fn clock(now: &Arc<AtomicI64>) -> Clock {
    let now = now.clone();
    Arc::new(move || now.fetch_add(1, Ordering::Relaxed))
}

/// One of these.
fn one_of<'a, T>(random: &mut StdRng, of: &'a [T]) -> Option<&'a T> {
    of.choose(random)
}
