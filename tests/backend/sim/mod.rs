//! The sync, simulated: several devices of one person and a stranger, on real databases and the real course server, with a
//! network that loses, doubles, delays and reorders, programs that crash, and databases that are cloned and restored. Every
//! seed is one history, the same each time; at its end the faults stop, and what must hold is looked at.

mod edits;
mod network;
mod verdict;

use crate::support::copy_database;
use edits::Known;
use lectern_engine::catalogue::{Catalogue, CatalogueFailure};
use lectern_engine::remote::in_process::InProcessServer;
use lectern_engine::sync::Rounds;
use lectern_server::object_store::keyless::Keyless;
use lectern_server::{Server, Store};
use lectern_shared::ids::UserId;
use lectern_shared::mutation::Mutation;
use network::{Line, Network};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub type Failure = Box<dyn Error + Send + Sync>;

const DEVICES_MAX: usize = 5;
const STEPS: std::ops::Range<usize> = 40..120;
/// When nothing goes wrong any more, so many rounds bring everybody to one view: what a restored server has lost is found
/// out, pushed again, and seen by the others.
const ROUNDS_TO_REST: usize = 6;

/// What one seed came to: each line is something that happened. The same seed, the same lines.
pub type Trace = Vec<String>;

/// Plays one seed to its end.
///
/// # Errors
/// What does not hold, or what failed that must not.
pub async fn play(seed: u64) -> Result<Trace, Failure> {
    let mut world = World::new(seed).await?;
    match world.live().await {
        Ok(()) => Ok(world.trace),
        Err(failure) => Err(format!("{failure}\n  {}", world.trace.join("\n  ")).into()),
    }
}

/// Everything there is.
struct World {
    random: StdRng,
    trace: Trace,
    folder: tempfile::TempDir,
    files: u32,
    user: UserId,
    stranger: UserId,
    server: Server,
    server_file: PathBuf,
    /// An earlier state of the server's database.
    backup: Option<PathBuf>,
    network: Network,
    devices: Vec<Device>,
    known: Known,
    /// What made rows: each must be there at the end, or have been refused.
    made: Vec<Mutation>,
}

/// One installation of the app.
struct Device {
    file: PathBuf,
    catalogue: Catalogue,
    rounds: Rounds,
    line: Line,
    /// What undoes its last edits.
    inverses: Vec<Vec<Mutation>>,
    online: bool,
}

impl World {
    async fn new(seed: u64) -> Result<Self, Failure> {
        let mut random = StdRng::seed_from_u64(seed);
        // In memory where the system has that: a simulated crash is none of the disk's.
        let memory = PathBuf::from("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        let server_file = folder.path().join("server.sqlite");
        let (user, stranger) = (UserId(edits::uuid(&mut random)), UserId(edits::uuid(&mut random)));
        let server = open_server(&server_file, user, stranger).await?;
        let network = Network::new(router(&server, user), random.random());
        let mut world = Self {
            trace: Trace::new(),
            files: 0,
            user,
            stranger,
            server,
            server_file,
            backup: None,
            network,
            devices: Vec::new(),
            known: Known::default(),
            made: Vec::new(),
            folder,
            random,
        };
        for _ in 0..world.random.random_range(2..=3) {
            let file = world.new_file();
            let device = world.open(file)?;
            world.devices.push(device);
        }
        Ok(world)
    }

    async fn live(&mut self) -> Result<(), Failure> {
        for _ in 0..self.random.random_range(STEPS) {
            self.step().await?;
        }
        self.rest().await?;
        verdict::judge(self).await
    }

    fn new_file(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.path().join(format!("{}.sqlite", self.files))
    }

    fn open(&self, file: PathBuf) -> Result<Device, CatalogueFailure> {
        let catalogue = Catalogue::open(&file, self.user)?;
        let line = self.network.line();
        let rounds = Rounds::new(catalogue.clone(), Arc::new(line.clone()), Arc::new(drop));
        Ok(Device { file, catalogue, rounds, line, inverses: Vec::new(), online: true })
    }

    fn say(&mut self, line: String) {
        self.trace.push(line);
    }

    async fn step(&mut self) -> Result<(), Failure> {
        let device = self.random.random_range(..self.devices.len());
        match self.random.random_range(0..100) {
            0..45 => self.edit(device).await,
            45..52 => self.undo(device).await,
            52..85 => self.round(device).await,
            85..89 => self.crash(device),
            89..92 => {
                let online = !self.devices[device].online;
                self.devices[device].online = online;
                self.say(format!("{device} is {}", if online { "online" } else { "offline" }));
                Ok(())
            }
            92..94 => self.clone_device(device),
            94..97 => self.back_up().await,
            97..98 => self.restore().await,
            _ => {
                let delivered = self.network.deliver_late().await;
                self.say(format!("late: {delivered}"));
                Ok(())
            }
        }
    }

    async fn edit(&mut self, device: usize) -> Result<(), Failure> {
        let mutation = self.known.draw(&mut self.random);
        self.apply(device, vec![mutation]).await
    }

    async fn undo(&mut self, device: usize) -> Result<(), Failure> {
        match self.devices[device].inverses.pop() {
            Some(inverse) => self.apply(device, inverse).await,
            None => Ok(()),
        }
    }

    async fn apply(&mut self, device: usize, mutations: Vec<Mutation>) -> Result<(), Failure> {
        let named = |mutation: &Mutation| match edits::made_by(mutation) {
            Some(key) => format!("{} {}", mutation.name(), key.id),
            None => mutation.name().to_owned(),
        };
        let what: Vec<String> = mutations.iter().map(named).collect();
        let what = what.join(", ");
        match self.devices[device].catalogue.edit(mutations.clone()).await {
            Ok(edited) => {
                self.devices[device].inverses.extend(edited.inverse);
                self.made.extend(mutations.into_iter().filter(|mutation| edits::made_by(mutation).is_some()));
                self.say(format!("{device} {what}"));
            }
            Err(CatalogueFailure::Rejected(rejection)) => {
                self.say(format!("{device} {what}: {}", rejection.code));
            }
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }

    async fn round(&mut self, device: usize) -> Result<(), Failure> {
        if !self.devices[device].online {
            return Ok(());
        }
        let Device { rounds, line, .. } = &mut self.devices[device];
        let crashed = line.crashed.clone();
        let ended = tokio::select! {
            biased;
            () = crashed.notified() => None,
            ended = rounds.round() => Some(ended),
        };
        let words = match ended {
            None => {
                self.reopen(device)?;
                "crashed".to_owned()
            }
            Some(Ok(())) => "synced".to_owned(),
            // Silence, and what a server says to a device it does not agree with yet.
            Some(Err(lectern_engine::sync::SyncFailure::Remote(error))) => error.to_string(),
            Some(Err(error)) => return Err(error.into()),
        };
        let met = self.network.take_met();
        self.say(format!("{device} {words} {met:?}"));
        Ok(())
    }

    fn crash(&mut self, device: usize) -> Result<(), Failure> {
        self.reopen(device)?;
        self.say(format!("{device} was ended"));
        Ok(())
    }

    fn reopen(&mut self, device: usize) -> Result<(), Failure> {
        let Device { file, catalogue, online, .. } = &self.devices[device];
        let (file, online) = (file.clone(), *online);
        catalogue.close();
        self.devices[device] = Device { online, ..self.open(file)? };
        Ok(())
    }

    /// The whole disk, as with a new computer.
    fn clone_device(&mut self, device: usize) -> Result<(), Failure> {
        if self.devices.len() == DEVICES_MAX {
            return Ok(());
        }
        let copy = self.new_file();
        copy_database(&self.devices[device].file, &copy)?;
        let clone = self.open(copy)?;
        self.devices.push(clone);
        self.say(format!("{device} was cloned"));
        Ok(())
    }

    async fn back_up(&mut self) -> Result<(), Failure> {
        let copy = self.new_file();
        copy_database(&self.server_file, &copy)?;
        self.backup = Some(copy);
        self.say("the server was backed up".to_owned());
        Ok(())
    }

    async fn restore(&mut self) -> Result<(), Failure> {
        let Some(backup) = self.backup.take() else { return Ok(()) };
        self.server.close().await;
        self.server = open_server(&backup, self.user, self.stranger).await?;
        declare_restored(&backup).await?;
        self.server_file = backup;
        self.network.lead_to(router(&self.server, self.user));
        self.say("the server was restored".to_owned());
        Ok(())
    }

    /// Nothing goes wrong any more.
    async fn rest(&mut self) -> Result<(), Failure> {
        self.network.is_good.store(true, Ordering::Relaxed);
        for round in 0..ROUNDS_TO_REST {
            for device in 0..self.devices.len() {
                self.devices[device].online = true;
                let ended = self.devices[device].rounds.round().await;
                if let Err(error) = ended
                    && round + 1 == ROUNDS_TO_REST
                {
                    return Err(format!("device {device} does not come to rest: {error}").into());
                }
            }
        }
        Ok(())
    }
}

async fn open_server(file: &std::path::Path, user: UserId, stranger: UserId) -> Result<Server, Failure> {
    let store = Store::open(file).await?;
    store.ensure_account(user, "Ada").await?;
    store.ensure_account(stranger, "Eve").await?;
    // Small ones, so that many a pull has several.
    Ok(Server::new(store, Arc::new(Keyless)).with_pages_of(7))
}

async fn declare_restored(file: &std::path::Path) -> Result<(), Failure> {
    let store = Store::open(file).await?;
    store.declare_restored().await?;
    Ok(())
}

fn router(server: &Server, user: UserId) -> InProcessServer {
    InProcessServer::new(server.router_for(user))
}

/// One of these.
fn one_of<'a, T>(random: &mut StdRng, of: &'a [T]) -> Option<&'a T> {
    of.choose(random)
}
