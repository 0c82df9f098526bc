//! Watches the computer's network addresses: a cable is pulled, a laptop comes into another Wi-Fi.

use crate::uploads::Uploads;
use netwatcher::{Update, WatchHandle, watch_interfaces_with_callback};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Watches until it is dropped. The handle is no thread's own: hence the lock.
pub(super) struct NetworkWatch {
    /// Taken out when the watch is over, however long that takes.
    uploads: Arc<Mutex<Option<Uploads>>>,
    watch: Mutex<Option<WatchHandle>>,
}

/// What a change of addresses means for connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Those over an address that is gone are dead, and nobody tells them.
    SomeAreDead,
    /// There is a way that was not there before.
    MayWorkNow,
}

impl NetworkWatch {
    /// Without one, dead connections are found by their silence, and the way back by trying.
    pub(super) fn start(uploads: Uploads) -> Self {
        let uploads = Arc::new(Mutex::new(Some(uploads)));
        let told = uploads.clone();
        let watch = watch_interfaces_with_callback(move |update| {
            let uploads = told.lock().unwrap_or_else(PoisonError::into_inner);
            match (uploads.as_ref(), meaning(&update)) {
                (Some(uploads), Some(Meaning::SomeAreDead)) => uploads.line_changed(),
                (Some(uploads), Some(Meaning::MayWorkNow)) => uploads.nudge(),
                _ => {}
            }
        });
        let watch = watch.inspect_err(|error| tracing::info!(%error, "changes of the network are not watched"));
        Self { uploads, watch: Mutex::new(watch.ok()) }
    }
}

impl Drop for NetworkWatch {
    fn drop(&mut self) {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Ending it waits for a pipe to close, which every program that was started meanwhile may hold open.
        if let Some(watch) = self.watch.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            std::thread::spawn(move || drop(watch));
        }
    }
}

fn meaning(update: &Update) -> Option<Meaning> {
    if update.is_initial {
        return None;
    }
    let leads_outside = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    if update.addrs_removed().any(|(_, record)| leads_outside(record.ip)) {
        return Some(Meaning::SomeAreDead);
    }
    update.addrs_added().any(|(_, record)| leads_outside(record.ip)).then_some(Meaning::MayWorkNow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use netwatcher::{InterfaceDiff, IpRecord, UpdateDiff};
    use std::collections::HashMap;

    fn update(added: &[&str], removed: &[&str]) -> Update {
        let records = |ips: &[&str]| -> Vec<IpRecord> {
            ips.iter().map(|ip| IpRecord { ip: ip.parse().unwrap(), prefix_len: 24 }).collect()
        };
        let diff = InterfaceDiff { addrs_added: records(added), addrs_removed: records(removed), ..Default::default() };
        let diff = UpdateDiff { modified: HashMap::from([(2, diff)]), ..Default::default() };
        Update { is_initial: false, interfaces: HashMap::new(), diff }
    }

    #[test]
    fn an_address_that_goes_kills_connections_and_one_that_comes_may_bring_them() {
        assert_eq!(meaning(&update(&[], &["192.168.0.7"])), Some(Meaning::SomeAreDead), "the cable was pulled");
        assert_eq!(meaning(&update(&["10.0.0.3"], &["192.168.0.7"])), Some(Meaning::SomeAreDead), "another Wi-Fi");
        assert_eq!(meaning(&update(&["2001:db8::7"], &[])), Some(Meaning::MayWorkNow));
    }

    #[test]
    fn addresses_that_lead_nowhere_and_those_that_were_there_at_the_start_mean_nothing() {
        assert_eq!(meaning(&update(&["fe80::1", "169.254.3.4", "127.0.0.2"], &["fe80::2", "::1"])), None);
        assert_eq!(meaning(&Update { is_initial: true, ..update(&["192.168.0.7"], &[]) }), None);
    }
}
