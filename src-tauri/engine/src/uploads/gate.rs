//! Whether the server or the store can be reached: one answer for all uploads, so that a hundred of them do not knock at
//! a door that is shut, and none spends its tries on it.

use crate::remote::Pauses;
use std::time::Instant;

/// Open, or closed with one probe at a time let through.
#[derive(Debug)]
pub struct Gate {
    between_probes: Pauses,
    closed: Option<Closed>,
}

#[derive(Debug)]
struct Closed {
    failures: u32,
    probe_at: Instant,
    probe: Option<u64>,
}

impl Gate {
    #[must_use]
    pub fn new(between_probes: Pauses) -> Self {
        Self { between_probes, closed: None }
    }

    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Whether an attempt may start now.
    #[must_use]
    pub fn lets_through(&self, now: Instant) -> bool {
        self.closed.as_ref().is_none_or(|closed| closed.probe.is_none() && closed.probe_at <= now)
    }

    /// An attempt goes through. While closed it is the probe.
    pub fn started(&mut self, attempt: u64) {
        if let Some(closed) = &mut self.closed {
            closed.probe.get_or_insert(attempt);
        }
    }

    /// An attempt is over, whatever came of it: call before [`Self::answered`] or [`Self::silent`].
    pub fn ended(&mut self, attempt: u64) {
        if let Some(closed) = &mut self.closed
            && closed.probe == Some(attempt)
        {
            closed.probe = None;
        }
    }

    /// An answer came, be it a bad one. True when the gate was closed.
    pub fn answered(&mut self) -> bool {
        self.closed.take().is_some()
    }

    /// Nobody answered. True when the gate was open. `jitter` from 0 to 1.
    pub fn silent(&mut self, now: Instant, jitter: f64) -> bool {
        let was_open = self.closed.is_none();
        let closed = self.closed.get_or_insert(Closed { failures: 0, probe_at: now, probe: None });
        // Attempts that started before the gate closed fail together: they are one failure, not many.
        if closed.probe_at <= now {
            let pause = self.between_probes.after(closed.failures);
            closed.probe_at = now + pause.mul_f64(0.75 + 0.25 * jitter.clamp(0.0, 1.0));
            closed.failures += 1;
        }
        was_open
    }

    /// Somebody says it may be back.
    pub fn nudge(&mut self, now: Instant) {
        if let Some(closed) = &mut self.closed {
            closed.failures = 0;
            closed.probe_at = now;
            closed.probe = None;
        }
    }

    /// When to look again, if a clock decides it.
    #[must_use]
    pub fn wakes_at(&self) -> Option<Instant> {
        self.closed.as_ref().filter(|closed| closed.probe.is_none()).map(|closed| closed.probe_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote::Patience;
    use std::time::Duration;

    fn gate() -> (Gate, Duration, Duration) {
        let Pauses { first, longest } = Patience::default().between_probes;
        (Gate::new(Patience::default().between_probes), first, longest)
    }

    #[test]
    fn a_closed_gate_lets_one_probe_through_at_a_time() {
        let start = Instant::now();
        let (mut gate, first, _) = gate();
        assert!(gate.lets_through(start));
        assert!(gate.silent(start, 1.0));
        assert!(!gate.silent(start, 1.0), "a second failure of the same moment");
        assert!(!gate.lets_through(start));
        assert_eq!(gate.wakes_at(), Some(start + first));

        let later = start + first;
        assert!(gate.lets_through(later));
        gate.started(7);
        assert!(!gate.lets_through(later));
        gate.ended(6);
        assert!(!gate.lets_through(later), "another attempt's end is not the probe's");
        gate.ended(7);
        assert!(!gate.silent(later, 1.0));
        assert_eq!(gate.wakes_at(), Some(later + 2 * first));
        assert!(gate.answered());
        assert!(gate.lets_through(later));
    }

    #[test]
    fn probes_are_never_further_apart_than_the_cap_and_a_nudge_goes_at_once() {
        let mut now = Instant::now();
        let (mut gate, _, longest) = gate();
        for _ in 0..20 {
            gate.silent(now, 1.0);
            let next = gate.wakes_at().unwrap();
            assert!(next - now <= longest);
            now = next;
        }
        gate.silent(now, 1.0);
        assert!(!gate.lets_through(now));
        gate.nudge(now);
        assert!(gate.lets_through(now));
    }
}
