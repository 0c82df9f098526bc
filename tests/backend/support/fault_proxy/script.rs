//! What goes wrong and when: rules of a test, or a storm that a seed decides.

use super::request::Kind;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// What may happen to one request. Counts of bytes are of the request's body, or of the whole answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The connection is closed when so many bytes of the body have passed.
    CutRequest { after: u64 },
    /// The same with an RST.
    ResetRequest { after: u64 },
    /// After so many bytes of the body no more are taken for a time.
    StallRequest { after: u64, lasts: Duration },
    /// The body passes slowly.
    SlowRequest { bytes_per_second: u64 },
    /// One bit of this byte of the body is another one.
    FlipRequest { at: u64 },
    /// The request arrives late.
    Late { by: Duration },
    /// The store is not asked. `drains`: the body is read before it is refused, else the connection ends with the answer.
    Refuse { status: u16, code: &'static str, retry_after: Option<u32>, drains: bool },
    /// An `<Error>` inside a 200. `done`: the store did what it was asked all the same.
    ErrorInside200 { code: &'static str, done: bool },
    /// The store did it; the connection is closed without an answer.
    DropAnswer,
    /// The same with an RST.
    ResetAnswer,
    /// The connection is closed when so many bytes of the answer have passed.
    CutAnswer { after: u64 },
    /// The store did it and nobody says so for a time.
    HoldAnswer { lasts: Duration },
    /// The answer passes slowly.
    SlowAnswer { bytes_per_second: u64 },
    /// One bit is another one in what the answer says in the header or element of this name.
    FlipAnswer { within: &'static str },
}

/// From the `nth` request of a kind on, `times` times.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    pub kind: Kind,
    /// From 1.
    pub nth: u32,
    pub times: u32,
    pub fault: Fault,
}

impl Rule {
    /// The first request of this kind.
    #[must_use]
    pub fn once(kind: Kind, fault: Fault) -> Self {
        Self { kind, nth: 1, times: 1, fault }
    }
}

/// Longer than any test waits.
pub const FOR_EVER: Duration = Duration::from_secs(3_600);

/// Decides about each request.
#[derive(Clone, Debug, Default)]
pub enum Script {
    #[default]
    Fair,
    Rules(Vec<Rule>),
    Storm(Storm),
}

/// Of a thousand requests so many go wrong. Decided by the seed, the request's kind and its number among those of its
/// kind, so that the same seed brings the same faults whichever connection is the faster one.
#[derive(Clone, Copy, Debug)]
pub struct Storm {
    pub seed: u64,
    pub faults_per_mille: u32,
}

impl Script {
    /// About the `nth` request (from 1) of this kind, with a body of so many bytes.
    #[must_use]
    pub fn fault(&self, kind: Kind, nth: u32, body_bytes: u64) -> Option<Fault> {
        match self {
            Self::Fair => None,
            Self::Rules(rules) => {
                let fits = |rule: &&Rule| rule.kind == kind && (rule.nth..rule.nth + rule.times).contains(&nth);
                rules.iter().find(fits).map(|rule| rule.fault)
            }
            Self::Storm(storm) => storm.fault(kind, nth, body_bytes),
        }
    }
}

impl Storm {
    fn fault(self, kind: Kind, nth: u32, body_bytes: u64) -> Option<Fault> {
        let mut place = DefaultHasher::new();
        (kind, nth).hash(&mut place);
        let mut random = StdRng::seed_from_u64(self.seed ^ place.finish());
        if random.random_range(0..1_000) >= self.faults_per_mille {
            return None;
        }
        let after = random.random_range(0..=body_bytes);
        // Short enough to be waited for, or too long for anybody: what is given up and goes on all the same would come
        // to the store behind its own repetition.
        let lasts = if random.random() { Duration::from_millis(random.random_range(1..=100)) } else { FOR_EVER };
        let refuse = |status, code, drains| Fault::Refuse { status, code, retry_after: None, drains };
        Some(match random.random_range(0..11) {
            0 => Fault::CutRequest { after },
            1 => Fault::ResetRequest { after },
            2 if body_bytes > 0 => Fault::StallRequest { after: after.min(body_bytes - 1), lasts },
            3 if matches!(kind, Kind::Part(_)) => Fault::FlipRequest { at: after.min(body_bytes.saturating_sub(1)) },
            4 => Fault::Late { by: lasts.min(Duration::from_millis(100)) },
            5 => refuse(503, "SlowDown", true),
            6 => refuse(500, "InternalError", false),
            7 => Fault::ResetAnswer,
            8 => Fault::CutAnswer { after: random.random_range(1..200) },
            9 => Fault::HoldAnswer { lasts },
            _ => Fault::DropAnswer,
        })
    }
}

/// How many requests of each kind there were.
#[derive(Debug, Default)]
pub(super) struct Counts(HashMap<Kind, u32>);

impl Counts {
    /// Of this one, from 1.
    pub(super) fn next(&mut self, kind: Kind) -> u32 {
        let count = self.0.entry(kind).or_default();
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_holds_for_its_requests_only() {
        let rule = Rule { kind: Kind::Part(2), nth: 2, times: 2, fault: Fault::DropAnswer };
        let script = Script::Rules(vec![rule]);
        let hit: Vec<u32> = (1..=5).filter(|nth| script.fault(Kind::Part(2), *nth, 9).is_some()).collect();
        assert_eq!(hit, [2, 3]);
        assert_eq!(script.fault(Kind::Part(1), 2, 9), None);
    }

    #[test]
    fn a_seed_brings_the_same_faults_each_time_and_another_one_others() {
        let faults = |seed| {
            let script = Script::Storm(Storm { seed, faults_per_mille: 500 });
            let requests = (1..=20).flat_map(|part| (1..=5).map(move |nth| (part, nth)));
            requests.map(|(part, nth)| script.fault(Kind::Part(part), nth, 8 << 20)).collect::<Vec<_>>()
        };
        assert_eq!(faults(7), faults(7));
        assert_ne!(faults(7), faults(8));
        let hit = faults(7).iter().flatten().count();
        assert!((30..=70).contains(&hit), "{hit} of 100");
    }
}
