//! Who listens to which space. A poke wakes those who may hear it and nobody else: of thousands of feeds most are about other
//! courses. What a feed has not told yet is kept once a space, so a slow one has never much to catch up with.

use super::Told;
use crate::auth::Identity;
use lectern_shared::ids::{DeviceId, SpaceId};
use lectern_shared::protocol::Poke;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Progress that waits for a slow feed; what is older nobody misses.
const TOLD_MAX: usize = 256;

#[derive(Default)]
pub(super) struct Listeners(Mutex<Index>);

#[derive(Default)]
struct Index {
    last: u64,
    all: HashMap<u64, Arc<Ear>>,
    by_space: HashMap<SpaceId, HashMap<u64, Arc<Ear>>>,
}

struct Ear {
    identity: Identity,
    heard: Mutex<Heard>,
    news: Notify,
}

/// What one feed has to tell.
#[derive(Default)]
pub(super) struct Heard {
    /// Of each the last version, which says the others too.
    pub(super) spaces: BTreeMap<SpaceId, u64>,
    pub(super) told: VecDeque<Arc<Told>>,
    pub(super) has_missed: bool,
    pub(super) is_revoked: bool,
}

/// One feed. It hears nothing more when it is dropped.
pub(super) struct Listener {
    listeners: Arc<Listeners>,
    number: u64,
    ear: Arc<Ear>,
    spaces: Mutex<BTreeSet<SpaceId>>,
}

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, Index> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In no space yet.
    pub(super) fn add(self: &Arc<Self>, identity: Identity) -> Listener {
        let ear = Arc::new(Ear { identity, heard: Mutex::default(), news: Notify::new() });
        let mut index = self.lock();
        index.last += 1;
        let number = index.last;
        index.all.insert(number, ear.clone());
        Listener { listeners: self.clone(), number, ear, spaces: Mutex::default() }
    }

    pub(super) fn count(&self) -> usize {
        self.lock().all.len()
    }

    pub(super) fn poke(&self, poke: Poke) {
        for ear in self.lock().by_space.get(&poke.space).into_iter().flat_map(HashMap::values) {
            ear.hear(|heard| {
                let version = heard.spaces.entry(poke.space).or_default();
                *version = (*version).max(poke.version);
            });
        }
    }

    /// The device that tells it needs no echo.
    pub(super) fn tell(&self, told: &Arc<Told>) {
        let index = self.lock();
        let ears = index.by_space.get(&told.space).into_iter().flat_map(HashMap::values);
        for ear in ears.filter(|ear| ear.identity.device != told.device) {
            ear.hear(|heard| {
                if heard.told.len() == TOLD_MAX {
                    heard.told.pop_front();
                }
                heard.told.push_back(told.clone());
            });
        }
    }

    pub(super) fn revoke(&self, device: DeviceId) {
        for ear in self.lock().all.values().filter(|ear| ear.identity.device == Some(device)) {
            ear.hear(|heard| heard.is_revoked = true);
        }
    }

    pub(super) fn have_missed(&self) {
        self.lock().all.values().for_each(|ear| ear.hear(|heard| heard.has_missed = true));
    }
}

impl Ear {
    fn hear(&self, what: impl FnOnce(&mut Heard)) {
        what(&mut self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.notify_one();
    }
}

impl Listener {
    pub(super) fn identity(&self) -> Identity {
        self.ear.identity
    }

    /// From now on it hears of these spaces, and of no others.
    pub(super) fn is_in(&self, spaces: BTreeSet<SpaceId>) {
        let mut known = self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        let mut index = self.listeners.lock();
        for space in known.difference(&spaces) {
            index.leave(*space, self.number);
        }
        for space in spaces.difference(&known) {
            index.by_space.entry(*space).or_default().insert(self.number, self.ear.clone());
        }
        *known = spaces;
    }

    /// What there is to tell, as soon as there is something.
    pub(super) async fn hears(&self) -> Heard {
        loop {
            let heard = std::mem::take(&mut *self.ear.heard.lock().unwrap_or_else(PoisonError::into_inner));
            if !heard.is_empty() {
                return heard;
            }
            self.ear.news.notified().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let spaces = std::mem::take(self.spaces.get_mut().unwrap_or_else(PoisonError::into_inner));
        let mut index = self.listeners.lock();
        index.all.remove(&self.number);
        spaces.into_iter().for_each(|space| index.leave(space, self.number));
    }
}

impl Index {
    fn leave(&mut self, space: SpaceId, number: u64) {
        if let Some(ears) = self.by_space.get_mut(&space) {
            ears.remove(&number);
            if ears.is_empty() {
                self.by_space.remove(&space);
            }
        }
    }
}

impl Heard {
    fn is_empty(&self) -> bool {
        self.spaces.is_empty() && self.told.is_empty() && !self.has_missed && !self.is_revoked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use lectern_shared::ids::UserId;

    fn listener(listeners: &Arc<Listeners>, spaces: &[SpaceId]) -> Listener {
        let listener = listeners.add(Identity { user: UserId::new(), device: Some(DeviceId::new()) });
        listener.is_in(spaces.iter().copied().collect());
        listener
    }

    fn pokes(listener: &Listener) -> Vec<(SpaceId, u64)> {
        listener.hears().now_or_never().map(|heard| heard.spaces.into_iter().collect()).unwrap_or_default()
    }

    #[test]
    fn a_poke_is_heard_once_by_those_in_its_space_and_by_nobody_else() {
        let (listeners, here, there) = (Arc::<Listeners>::default(), UserId::new().into(), UserId::new().into());
        let (in_both, in_one, gone) =
            (listener(&listeners, &[here, there]), listener(&listeners, &[there]), listener(&listeners, &[here]));
        drop(gone);
        for version in [2, 3, 1] {
            listeners.poke(Poke { space: here, version });
        }
        assert_eq!((pokes(&in_both), pokes(&in_one)), (vec![(here, 3)], vec![]));
        assert_eq!(pokes(&in_both), [], "once");
        in_both.is_in(BTreeSet::from([there]));
        listeners.poke(Poke { space: here, version: 4 });
        listeners.poke(Poke { space: there, version: 1 });
        assert_eq!((pokes(&in_both), pokes(&in_one)), (vec![(there, 1)], vec![(there, 1)]));
        drop((in_both, in_one));
        assert!(listeners.count() == 0 && listeners.lock().by_space.is_empty(), "nothing is left of who is gone");
    }

    #[test]
    fn a_device_that_is_locked_out_hears_of_it_and_no_other_does() {
        let listeners = Arc::<Listeners>::default();
        let (out, other) = (listener(&listeners, &[]), listener(&listeners, &[]));
        listeners.revoke(out.identity().device.unwrap());
        assert!(out.hears().now_or_never().is_some_and(|heard| heard.is_revoked));
        assert!(other.hears().now_or_never().is_none());
    }
}
