//! What happens next: somebody edits, syncs, crashes, or something goes wrong.

use super::hosted::{Hosted, declare_restored};
use super::{DAY, DEVICES_MAX, Failure, Made, World, clock, device::Device, edits};
use crate::support::copy_database;
use http::Method;
use lectern_engine::catalogue::CatalogueFailure;
use lectern_engine::remote::RemoteError;
use lectern_shared::SCHEMA;
use lectern_shared::mutation::Mutation;
use rand::Rng as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

/// Between two steps, so that a token of a quarter of an hour ends now and then.
const STEP_MAX: i64 = 90 * 1_000;

impl World {
    pub(super) async fn step(&mut self) -> Result<(), Failure> {
        let passed = self.random.random_range(0..STEP_MAX);
        self.later(passed);
        let device = self.random.random_range(..self.devices.len());
        match self.random.random_range(0..1_000) {
            0..420 => self.edit(device).await,
            420..480 => self.undo(device).await,
            480..790 => self.round(device).await,
            790..820 => self.crash(device),
            820..850 => self.go_on_or_off_line(device),
            850..865 => self.clone_device(device),
            865..890 => self.back_up(),
            890..900 => self.restore().await,
            900..905 => self.start_server_anew(self.hosted.file.clone(), "the server was started anew").await,
            905..920 => {
                let delivered = self.network.deliver_late().await;
                self.say(format!("late: {delivered}"));
                Ok(())
            }
            920..970 if self.people.len() > 1 => self.change_members().await,
            920..970 => self.edit(device).await,
            970..978 => self.set_clock(device),
            978..985 => self.get_another_app(device),
            985..990 => self.lock_out(device).await,
            990..992 => self.let_six_weeks_pass(),
            992..996 if self.devices.len() < DEVICES_MAX => {
                let person = self.devices[device].person;
                self.new_device(person).await.map(drop)
            }
            _ => self.round(device).await,
        }
    }

    pub(super) async fn edit(&mut self, device: usize) -> Result<(), Failure> {
        let in_sight = self.devices[device].ids_in_sight()?;
        let mutation = self.known.draw(&mut self.random, &in_sight);
        self.apply(device, vec![mutation]).await
    }

    async fn undo(&mut self, device: usize) -> Result<(), Failure> {
        match self.devices[device].inverses.pop() {
            Some(inverse) => self.apply(device, inverse).await,
            None => Ok(()),
        }
    }

    pub(super) async fn apply(&mut self, device: usize, mutations: Vec<Mutation>) -> Result<(), Failure> {
        let named = |mutation: &Mutation| match edits::made_by(mutation) {
            Some(key) => format!("{} {}", mutation.name(), key.id),
            None => mutation.name().to_owned(),
        };
        let what: Vec<String> = mutations.iter().map(named).collect();
        let what = what.join(", ");
        match self.devices[device].catalogue.edit(mutations.clone()).await {
            Ok(edited) => {
                let Device { person, inverses, .. } = &mut self.devices[device];
                let person = *person;
                inverses.extend(edited.inverse);
                // Those that changed nothing wait for nobody.
                let waiting = self.devices[device].last_waiting(mutations.len())?;
                for mutation in mutations {
                    let hash = blake3::hash(&serde_json::to_vec(&mutation)?).to_hex().to_string();
                    if waiting.contains(&hash) {
                        self.made.push(Made { person, hash, mutation });
                    }
                }
                self.say(format!("{device} {what}"));
            }
            Err(CatalogueFailure::Rejected(rejection)) => {
                self.say(format!("{device} {what}: {}", rejection.code));
            }
            Err(failure) if self.devices[device].is_burnt(&failure) => {
                self.say(format!("{device} {what}: not written"))
            }
            Err(failure) => return Err(failure.into()),
        }
        Ok(())
    }

    fn crash(&mut self, device: usize) -> Result<(), Failure> {
        // In a round it ends in the midst of its calls and writes.
        if self.devices[device].rounds.is_none() {
            return Ok(());
        }
        self.reopen(device)?;
        self.say(format!("{device} was ended"));
        Ok(())
    }

    fn go_on_or_off_line(&mut self, device: usize) -> Result<(), Failure> {
        if self.away != Some(device) {
            let online = !self.devices[device].online;
            self.devices[device].online = online;
            self.say(format!("{device} is {}", if online { "online" } else { "offline" }));
        }
        Ok(())
    }

    /// The whole disk, as with a new computer.
    fn clone_device(&mut self, device: usize) -> Result<(), Failure> {
        if self.devices.len() == DEVICES_MAX {
            return Ok(());
        }
        let (copy, skew) = (self.new_file(), self.skew());
        copy_database(&self.devices[device].file, &copy)?;
        let papers = self.devices[device].line.papers().device.clone();
        let clone = self.open(copy, self.devices[device].person, papers, skew)?;
        self.devices.push(clone);
        self.say(format!("{device} was cloned"));
        Ok(())
    }

    fn back_up(&mut self) -> Result<(), Failure> {
        let copy = self.new_file();
        copy_database(&self.hosted.file, &copy)?;
        self.backup = Some(copy);
        self.say("the server was backed up".to_owned());
        Ok(())
    }

    async fn restore(&mut self) -> Result<(), Failure> {
        let Some(backup) = self.backup.take() else { return Ok(()) };
        self.hosted.server.close().await;
        declare_restored(&backup).await?;
        self.start_server_anew(backup, "the server was restored").await
    }

    async fn start_server_anew(&mut self, file: PathBuf, words: &str) -> Result<(), Failure> {
        self.hosted.server.close().await;
        let everybody = self.people.iter().chain([&self.stranger]);
        self.hosted = Hosted::open(file, everybody, clock(&self.now)).await?;
        self.network.lead_to(self.hosted.door.clone());
        self.say(words.to_owned());
        Ok(())
    }

    fn set_clock(&mut self, device: usize) -> Result<(), Failure> {
        let skew = self.skew().load(Ordering::Relaxed);
        self.devices[device].skew.store(skew, Ordering::Relaxed);
        self.say(format!("{device} has its clock wrong by {skew}"));
        Ok(())
    }

    /// Older than the server takes, newer than it knows, or the right one again.
    fn get_another_app(&mut self, device: usize) -> Result<(), Failure> {
        let schema = self.random.random_range(SCHEMA - 1..=SCHEMA + 1);
        self.devices[device].line.schema.store(schema, Ordering::Relaxed);
        self.say(format!("{device} is of schema {schema}"));
        Ok(())
    }

    /// A computer is locked out, by its own doing or another one's of the same person.
    async fn lock_out(&mut self, device: usize) -> Result<(), Failure> {
        let line = self.devices[device].line.clone();
        let Some((id, _)) = line.papers().device.clone() else { return Ok(()) };
        let answer: Result<(), RemoteError> = line.call(Method::DELETE, &format!("/v1/devices/{id}"), &()).await;
        self.say(format!("{device} is locked out: {}", answer.is_ok()));
        Ok(())
    }

    fn let_six_weeks_pass(&mut self) -> Result<(), Failure> {
        self.later(42 * DAY);
        // Of yesterday, and no older: what was confirmed longer ago is kept nowhere.
        self.backup = None;
        self.say("six weeks pass".to_owned());
        Ok(())
    }
}
