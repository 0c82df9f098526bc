//! Keeps the computer awake while bytes go, on mains power only: a laptop in a bag must not run hot for an upload, and
//! one that is closed or told to sleep sleeps. The screen may go dark. On Linux systemd is asked; a desktop that counts
//! idle minutes by itself, as GNOME does, may not listen to it.

use keepawake::{Builder, KeepAwake};
use lectern_shared::event::AppEvent;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Bytes that went this long ago are no reason to stay awake.
const STILL_SENDING: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Told of every event, it knows when something is sent. Cheap to clone.
#[derive(Clone)]
pub struct Awake {
    sent_at: Arc<Mutex<Option<Instant>>>,
    /// Systems are asked by a thread of its own: their answers may take long.
    keeper: Option<Thread>,
}

impl Awake {
    pub fn start() -> Self {
        let sent_at = Arc::<Mutex<Option<Instant>>>::default();
        let looked_at = sent_at.clone();
        let keeper = std::thread::Builder::new().name("awake".to_owned()).spawn(move || keep(&looked_at));
        Self { sent_at, keeper: keeper.ok().map(|keeper| keeper.thread().clone()) }
    }

    pub fn told(&self, event: &AppEvent) {
        let AppEvent::Progress { totals, .. } = event else { return };
        if totals.bytes_per_second == 0 || totals.hold.is_some() {
            return;
        }
        let before = self.sent_at.lock().unwrap_or_else(PoisonError::into_inner).replace(Instant::now());
        // It looks by itself while something is sent.
        if let (None, Some(keeper)) = (before, &self.keeper) {
            keeper.unpark();
        }
    }
}

fn keep(sent_at: &Mutex<Option<Instant>>) {
    let mut held: Option<KeepAwake> = None;
    loop {
        let is_sending = {
            let mut sent_at = sent_at.lock().unwrap_or_else(PoisonError::into_inner);
            *sent_at = sent_at.filter(|at| at.elapsed() < STILL_SENDING);
            sent_at.is_some()
        };
        if !is_sending {
            held = None;
            std::thread::park();
            continue;
        }
        if stays_awake(&batteries()) {
            held = held.or_else(hold);
        } else {
            held = None;
        }
        std::thread::park_timeout(LOOK_EVERY);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    /// A battery is being used up.
    Battery,
    Other,
}

/// Without any battery it is a desktop.
fn stays_awake(batteries: &[Power]) -> bool {
    !batteries.contains(&Power::Battery)
}

fn batteries() -> Vec<Power> {
    let found = starship_battery::Manager::new().and_then(|manager| manager.batteries());
    let Ok(found) = found else { return Vec::new() };
    let power = |battery: starship_battery::Battery| match battery.state() {
        starship_battery::State::Discharging | starship_battery::State::Empty => Power::Battery,
        _ => Power::Other,
    };
    // One that does not answer may be the one that is being used up.
    found.map(|battery| battery.map_or(Power::Battery, power)).collect()
}

fn hold() -> Option<KeepAwake> {
    let asked = Builder::default()
        // Idle sleep alone: whoever closes the lid means it.
        .idle(true)
        .reason("Files are being uploaded")
        .app_name("Lectern")
        .app_reverse_domain("app.lectern.desktop")
        .create();
    asked.inspect_err(|error| tracing::debug!(%error, "the system cannot be kept awake")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_computer_on_mains_stays_awake_and_one_on_its_battery_does_not() {
        assert!(stays_awake(&[]), "a desktop");
        assert!(stays_awake(&[Power::Other, Power::Other]));
        assert!(!stays_awake(&[Power::Other, Power::Battery]));
    }
}
