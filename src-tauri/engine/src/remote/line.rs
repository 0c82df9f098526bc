//! The line to the outside: how much of it we take, how long we wait on it, and whom we trust at its other end.

use super::sender::{Pace, SenderTimes};
use std::time::Duration;

/// How a workspace reaches its object store. A bare [`Pace`] is one with the patience and the trust of the real world.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The bandwidth limit; its owner may change it at any time.
    pub pace: Pace,
    pub patience: Patience,
    /// Parts at once; none: as many as the line rewards. For benches.
    pub slots: Option<usize>,
    /// Trusted beside the system's own: a university that inspects TLS has a root that not every computer knows.
    pub roots: Vec<RootCertificate>,
}

impl From<Pace> for Line {
    fn from(pace: Pace) -> Self {
        Self { pace, ..Self::default() }
    }
}

/// One certificate in PEM.
#[derive(Clone, Debug)]
pub struct RootCertificate(pub Vec<u8>);

/// How long an upload waits for what. The defaults are for real lines; tests have less.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    pub sending: SenderTimes,
    /// Between tries of a part or step that was answered badly: full jitter below a limit that doubles.
    pub between_tries: Pauses,
    /// Between looks whether server or store are back.
    pub between_probes: Pauses,
    /// A file that was written to less long ago is not sent yet; zero: every file is.
    pub rest: Duration,
    /// Somebody looks at the window and waits for a team's server.
    pub person: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let second = Duration::from_secs(1);
        Self {
            sending: SenderTimes::default(),
            between_tries: Pauses { first: second, longest: 64 * second },
            // Uploads go on this soon after the network is back.
            between_probes: Pauses { first: second, longest: 15 * second },
            // Recorders and exporters write several times a second.
            rest: 3 * second,
            person: 15 * second,
        }
    }
}

/// Pauses that double from the first to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pauses {
    pub first: Duration,
    pub longest: Duration,
}

impl Pauses {
    /// The one after so many failures.
    #[must_use]
    pub fn after(self, failures: u32) -> Duration {
        (self.first * 2_u32.pow(failures.min(10))).min(self.longest)
    }
}
