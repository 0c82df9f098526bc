//! Rounds of the sync, between whose calls anything else happens, and that end anywhere.

use super::device::Device;
use super::{Failure, World};
use lectern_engine::remote::RemoteError;
use lectern_engine::sync::{Rounds, SyncFailure};
use lectern_shared::protocol::{Problem, ProblemCode};
use rand::Rng as _;
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;

/// Most writes of a round that are done before one fails.
const WRITES_MAX: u32 = 6;

enum Ended {
    Crashed,
    Round(Result<(), SyncFailure>),
}

impl World {
    pub(super) async fn round(&mut self, device: usize) -> Result<(), Failure> {
        if !self.devices[device].online {
            return Ok(());
        }
        let Some(mut rounds) = self.devices[device].rounds.take() else { return Ok(()) };
        if self.random.random_range(0..12) == 0 {
            let left = self.random.random_range(0..WRITES_MAX);
            self.devices[device].light(left)?;
        }
        let ended = self.drive(device, &mut rounds).await?;
        self.devices[device].rounds = Some(rounds);
        let words = match ended {
            Ended::Crashed => {
                self.reopen(device)?;
                "crashed".to_owned()
            }
            Ended::Round(Ok(())) => {
                self.devices[device].holds().map_err(|breach| format!("device {device}: {breach}"))?;
                "synced".to_owned()
            }
            // Silence, and what a server says to a device it does not agree with yet.
            Ended::Round(Err(SyncFailure::Remote(error))) => {
                self.is_let_in_again(device, &error).await?;
                error.to_string()
            }
            Ended::Round(Err(SyncFailure::Catalogue(failure))) if self.devices[device].is_burnt(&failure) => {
                // Its program ended there; or the disk was full, and it goes on when there is room.
                if self.random.random() {
                    self.reopen(device)?;
                }
                "could not write".to_owned()
            }
            Ended::Round(Err(failure)) => return Err(failure.into()),
        };
        self.devices[device].put_out()?;
        let (met, breaches) = (self.network.take_met(), self.network.breaches());
        self.say(format!("{device} {words} {met:?}"));
        if breaches.is_empty() { Ok(()) } else { Err(breaches.join("\n").into()) }
    }

    async fn drive(&mut self, device: usize, rounds: &mut Rounds) -> Result<Ended, Failure> {
        let Device { line, .. } = &self.devices[device];
        let (crashed, pauses, goes_on) = (line.crashed.clone(), line.pauses.clone(), line.goes_on.clone());
        let mut round = pin!(rounds.round());
        loop {
            tokio::select! {
                biased;
                () = crashed.notified() => return Ok(Ended::Crashed),
                () = pauses.notified() => {
                    self.meanwhile().await?;
                    goes_on.notify_one();
                }
                ended = &mut round => return Ok(Ended::Round(ended)),
            }
        }
    }

    /// Between two calls of a round. In a box: what happens there may be a round of somebody else.
    fn meanwhile(&mut self) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + '_>> {
        Box::pin(async move {
            self.network.may_pause.store(false, Ordering::Relaxed);
            self.say("meanwhile".to_owned());
            for _ in 0..self.random.random_range(1..=3) {
                self.step().await?;
            }
            self.say("so far".to_owned());
            self.network.may_pause.store(true, Ordering::Relaxed);
            Ok(())
        })
    }

    /// A computer that was locked out, or that a restored server never heard of: now and then its person has it let in.
    async fn is_let_in_again(&mut self, device: usize, error: &RemoteError) -> Result<(), Failure> {
        let is_out = matches!(error, RemoteError::Problem(Problem { code: ProblemCode::Unauthenticated, .. }));
        if is_out && self.devices[device].line.papers().are_refused && self.random.random() {
            self.let_in(device).await?;
        }
        Ok(())
    }

    pub(super) async fn let_in(&mut self, device: usize) -> Result<(), Failure> {
        let paired = self.hosted.let_in(&self.people[self.devices[device].person]).await?;
        self.devices[device].line.takes(paired);
        self.say(format!("{device} was let in"));
        Ok(())
    }

    pub(super) fn reopen(&mut self, device: usize) -> Result<(), Failure> {
        let Device { file, catalogue, online, line, person, skew, .. } = &self.devices[device];
        let (file, online, person, skew) = (file.clone(), *online, *person, skew.clone());
        // What lets it in is in the system's keychain.
        let papers = line.papers().device.clone();
        let schema = line.schema.load(Ordering::Relaxed);
        catalogue.close();
        let mut opened = self.open(file, person, papers, skew)?;
        opened.line.schema.store(schema, Ordering::Relaxed);
        opened.online = online;
        self.devices[device] = opened;
        Ok(())
    }
}
