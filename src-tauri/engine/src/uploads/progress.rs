//! What the window sees of the uploads: snapshots, never deltas, so that any one may be lost.

use lectern_shared::Millis;
use lectern_shared::ids::{AssetId, OperationId, UserId};
use lectern_shared::upload::{
    Cause, Hold, ProgressName, UploadContext, UploadList, UploadSnapshot, UploadState, UploadTotals,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::job::{Job, Phase};
use super::seam::UploadRecord;

/// Where an upload stands in the queue: when it is needed by (milliseconds since 1970, the largest without a time, the
/// smallest after "move to top"), then when it came.
pub type Rank = (i64, i64);

/// Snapshots are emitted at most this often.
pub const TICK: Duration = Duration::from_millis(100);
/// Speed is a moving average over this long.
const WINDOW: Duration = Duration::from_secs(20);
const SAMPLE_EVERY: Duration = Duration::from_millis(250);
/// Less than this says nothing.
const MEASURED_FOR_MIN: Duration = Duration::from_secs(1);

/// A moving average of a byte count that mostly grows.
#[derive(Debug, Default)]
pub struct Speed {
    samples: VecDeque<(Instant, u64)>,
}

impl Speed {
    pub fn record(&mut self, now: Instant, bytes: u64) {
        if let Some((last, _)) = self.samples.back()
            && now.saturating_duration_since(*last) < SAMPLE_EVERY
        {
            return;
        }
        self.samples.push_back((now, bytes));
        while self.samples.len() > 2 && now.saturating_duration_since(self.samples[1].0) >= WINDOW {
            self.samples.pop_front();
        }
    }

    pub fn forget(&mut self) {
        self.samples.clear();
    }

    #[must_use]
    pub fn bytes_per_second(&self) -> Option<u64> {
        let ((start, from), (end, to)) = (self.samples.front()?, self.samples.back()?);
        let taken = end.saturating_duration_since(*start);
        (taken >= MEASURED_FOR_MIN).then(|| (to.saturating_sub(*from) as f64 / taken.as_secs_f64()) as u64)
    }
}

/// Seconds until `left` bytes are gone.
fn seconds_left(left: u64, bytes_per_second: Option<u64>) -> Option<u64> {
    bytes_per_second.filter(|rate| *rate > 0).map(|rate| left.div_ceil(rate))
}

/// What the scheduler knows beside the job.
pub struct Surroundings {
    pub user: UserId,
    /// Bytes of attempts in flight that the network has taken.
    pub in_flight_bytes: u64,
    pub bytes_per_second: Option<u64>,
    pub server_is_silent: bool,
    pub store_is_silent: bool,
    /// It has waited for the server's word for more than a moment.
    pub waits_long: bool,
}

#[must_use]
pub fn snapshot(record: &UploadRecord, job: &Job, around: &Surroundings) -> UploadSnapshot {
    let cause = job.cause().or_else(|| outer_cause(job, around));
    let state = match job.state() {
        UploadState::Uploading if cause.is_some() => UploadState::Queued,
        state => state,
    };
    let is_ready = state == UploadState::Ready;
    let confirmed = job.confirmed_bytes().min(record.bytes);
    let sent = (confirmed + around.in_flight_bytes).min(record.bytes);
    let bytes_per_second = around.bytes_per_second.filter(|_| state == UploadState::Uploading);
    let parts = job.plan().count();
    UploadSnapshot {
        operation: record.operation,
        name: match (record.course.is_some(), is_ready) {
            (true, false) => ProgressName::UploadProgress,
            (true, true) => ProgressName::UploadComplete,
            (false, false) => ProgressName::MediaUploadProgress,
            (false, true) => ProgressName::MediaUploadComplete,
        },
        context: record.course.map_or(UploadContext::User(around.user), UploadContext::Course),
        asset: record.asset,
        video: record.video,
        file_name: record.name.clone(),
        destination: record.destination.clone(),
        state,
        cause,
        bytes: record.bytes,
        sent,
        confirmed,
        parts_confirmed: if is_ready { parts } else { u32::try_from(job.confirmed().len()).unwrap_or(u32::MAX) },
        parts,
        bytes_per_second,
        seconds_left: seconds_left(record.bytes - sent, bytes_per_second),
        needed_by: record.needed_by,
        // The board's to judge: it knows who goes before.
        late: false,
        changed: job.was_changed(),
    }
}

/// Somebody does not answer, and this upload waits for them.
fn outer_cause(job: &Job, around: &Surroundings) -> Option<Cause> {
    let needs_store = match job.phase() {
        Phase::Announcing => return around.waits_long.then_some(Cause::ServerUnreachable),
        Phase::Opening | Phase::Completing => true,
        Phase::Sending => job.in_flight() == 0,
        Phase::Rehashing | Phase::Ready | Phase::Failed => return None,
    };
    if needs_store && around.store_is_silent {
        return Some(Cause::StoreUnreachable);
    }
    // Parts that have their URLs do without the server.
    (needs_store && around.server_is_silent).then_some(Cause::ServerUnreachable)
}

#[must_use]
pub fn totals<'a>(snapshots: impl Iterator<Item = &'a UploadSnapshot>, bytes_per_second: Option<u64>) -> UploadTotals {
    let mut totals = UploadTotals::default();
    let (mut waiting, mut by_user, mut left) = (0_u32, 0_u32, 0_u64);
    for upload in snapshots {
        totals.uploads += 1;
        totals.bytes += upload.bytes;
        totals.confirmed += upload.confirmed;
        match upload.state {
            UploadState::Ready => totals.ready += 1,
            UploadState::Failed => totals.failed += 1,
            UploadState::Paused => {}
            _ => left += upload.bytes - upload.sent,
        }
        totals.late += u32::from(upload.late);
        totals.still_written += u32::from(upload.cause == Some(Cause::StillWritten));
        if upload.state != UploadState::Ready {
            waiting += 1;
            by_user += u32::from(upload.cause == Some(Cause::ByUser));
        }
    }
    totals.paused = waiting > 0 && by_user == waiting;
    totals.bytes_per_second = bytes_per_second.unwrap_or(0);
    totals.seconds_left = if left == 0 { None } else { seconds_left(left, bytes_per_second) };
    totals
}

/// The last snapshot of every upload, for whoever asks. The scheduler writes, everybody reads.
#[derive(Default)]
pub struct Board {
    inner: Mutex<BoardInner>,
}

#[derive(Default)]
struct BoardInner {
    by_rank: BTreeMap<Rank, UploadSnapshot>,
    paths: HashMap<AssetId, PathBuf>,
    bytes_per_second: Option<u64>,
    hold: Option<Hold>,
    limit: Option<u64>,
}

impl BoardInner {
    fn totals(&self) -> UploadTotals {
        let totals = totals(self.by_rank.values(), self.bytes_per_second);
        UploadTotals { hold: self.hold, limit: self.limit, ..totals }
    }
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, BoardInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it says anything new.
    pub fn put(&self, rank: Rank, mut snapshot: UploadSnapshot) -> bool {
        let mut inner = self.lock();
        if let Some(before) = inner.by_rank.get(&rank) {
            snapshot.late = before.late && snapshot.state != UploadState::Ready;
            if *before == snapshot {
                return false;
            }
        }
        inner.by_rank.insert(rank, snapshot);
        true
    }

    #[must_use]
    pub fn snapshot(&self, rank: Rank) -> Option<UploadSnapshot> {
        self.lock().by_rank.get(&rank).cloned()
    }

    pub fn put_path(&self, asset: AssetId, path: PathBuf) {
        self.lock().paths.insert(asset, path);
    }

    pub fn remove(&self, rank: Rank) {
        let mut inner = self.lock();
        if let Some(snapshot) = inner.by_rank.remove(&rank) {
            inner.paths.remove(&snapshot.asset);
        }
    }

    pub fn move_to(&self, old: Rank, new: Rank) {
        let mut inner = self.lock();
        if let Some(snapshot) = inner.by_rank.remove(&old) {
            inner.by_rank.insert(new, snapshot);
        }
    }

    pub fn set_speed(&self, bytes_per_second: Option<u64>) {
        self.lock().bytes_per_second = bytes_per_second;
    }

    #[must_use]
    pub fn totals(&self) -> UploadTotals {
        self.lock().totals()
    }

    pub fn set_hold(&self, hold: Option<Hold>, limit: Option<u64>) {
        let mut inner = self.lock();
        (inner.hold, inner.limit) = (hold, limit);
    }

    #[must_use]
    pub fn has_deadlines(&self) -> bool {
        let inner = self.lock();
        // They stand before the others: this is asked after every message, and most queues have none.
        let mut first = inner.by_rank.range(..(Millis::MAX, i64::MIN)).map(|(_, upload)| upload);
        first.any(|upload| upload.needed_by.is_some() && upload.state != UploadState::Ready)
    }

    /// Which uploads will miss their time, as fast as it goes and in the order they go; paused ones count as if they went.
    /// Answers those of which something else is true than before.
    pub fn judge(&self, now: Millis) -> Vec<OperationId> {
        let mut inner = self.lock();
        let rate = inner.bytes_per_second.filter(|rate| *rate > 0);
        let (mut before, mut changed) = (0_u64, Vec::new());
        for upload in inner.by_rank.values_mut().filter(|upload| upload.state != UploadState::Ready) {
            before += upload.bytes - upload.sent;
            let seconds = rate.map_or(0, |rate| before.div_ceil(rate));
            let there_at = now.saturating_add(Millis::try_from(seconds).unwrap_or(Millis::MAX / 1_000) * 1_000);
            let is_late = upload.needed_by.is_some_and(|needed_by| there_at > needed_by);
            if std::mem::replace(&mut upload.late, is_late) != is_late {
                changed.push(upload.operation);
            }
        }
        changed
    }

    #[must_use]
    pub fn list(&self) -> UploadList {
        let inner = self.lock();
        UploadList { uploads: inner.by_rank.values().cloned().collect(), totals: inner.totals() }
    }

    #[must_use]
    pub fn path(&self, asset: AssetId) -> Option<PathBuf> {
        self.lock().paths.get(&asset).cloned()
    }

    /// Operation and asset of those that are not ready, of `wanted` or of all.
    #[must_use]
    pub fn unfinished(&self, wanted: Option<&[OperationId]>) -> Vec<(OperationId, AssetId)> {
        let inner = self.lock();
        let unready = inner.by_rank.values().filter(|upload| upload.state != UploadState::Ready);
        let named = unready.filter(|upload| wanted.is_none_or(|wanted| wanted.contains(&upload.operation)));
        named.map(|upload| (upload.operation, upload.asset)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speed_is_the_average_of_the_last_twenty_seconds() {
        let start = Instant::now();
        let mut speed = Speed::default();
        assert_eq!(speed.bytes_per_second(), None);
        for second in 0..40_u32 {
            // 1,000 bytes a second, then 3,000.
            let bytes = if second <= 10 { second * 1_000 } else { 10_000 + (second - 10) * 3_000 };
            speed.record(start + Duration::from_secs(u64::from(second)), u64::from(bytes));
        }
        assert_eq!(speed.bytes_per_second(), Some(3_000));
        speed.record(start + Duration::from_secs(41), 0);
        assert_eq!(speed.bytes_per_second(), Some(0), "a failed attempt is subtracted, never negative");
        assert_eq!(seconds_left(10_000, Some(3_000)), Some(4));
        assert_eq!(seconds_left(10_000, Some(0)), None);
    }
}
