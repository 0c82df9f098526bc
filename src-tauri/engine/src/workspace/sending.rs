//! When uploads may take how much of the line: the limit, the timetable and "I'm teaching now", kept in a small file, and
//! a task that turns them into a pace and a hold.

use crate::remote::sender::Pace;
use crate::uploads::Uploads;
use chrono::{DateTime, Datelike, Local, Timelike};
use lectern_shared::Millis;
use lectern_shared::command::TeachArguments;
use lectern_shared::error::{AppError, ErrorCode};
use lectern_shared::upload::{Hold, SendingRules, Speed, TimetableRow};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::AbortOnDropHandle;

const FILE: &str = "sending.json";
/// Clocks jump, computers sleep: the time is looked at again and again.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const DAY_MINUTES: u16 = 24 * 60;
const ROWS_MAX: usize = 100;
/// Less would let every request of the store run into its time limit.
const RATE_MIN: u64 = 10_000;
const TEACHING_MINUTES_MAX: u32 = 7 * 24 * 60;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    rules: SendingRules,
    teaching: Option<Teaching>,
    /// Until then a stop of the timetable does not hold: the person wants to send.
    #[serde(default)]
    sends_until: Option<Millis>,
}

/// Until when; none: until the person says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Teaching {
    until: Option<Millis>,
}

/// What holds at a moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct InForce {
    limit: Option<u64>,
    hold: Option<Hold>,
}

/// A moment where the person is.
#[derive(Clone, Copy, Debug)]
struct Moment {
    at: Millis,
    /// 1 is Monday.
    weekday: u8,
    minute: u16,
}

impl Moment {
    fn now() -> Self {
        let now: DateTime<Local> = Local::now();
        let weekday = u8::try_from(now.weekday().number_from_monday()).unwrap_or(1);
        let minute = u16::try_from(now.hour() * 60 + now.minute()).unwrap_or(0);
        Self { at: now.timestamp_millis(), weekday, minute }
    }
}

impl Kept {
    /// Lifts a stop of the timetable that holds now, for as long as it would have lasted.
    fn send_anyway(&mut self, now: Moment) {
        if let Some(Hold::Timetable { until }) = self.in_force(now).hold {
            self.sends_until = until;
        }
    }

    fn in_force(&self, now: Moment) -> InForce {
        let is_ignored =
            |row: &TimetableRow| row.speed == Speed::Stop && self.sends_until.is_some_and(|at| at > now.at);
        let row = self.rules.timetable.iter().find(|row| applies(row, now) && !is_ignored(row));
        let (limit, stopped) = match row.map(|row| row.speed) {
            None => (self.rules.limit, false),
            Some(Speed::Full) => (None, false),
            Some(Speed::Limit { bytes_per_second }) => (Some(bytes_per_second), false),
            Some(Speed::Stop) => (None, true),
        };
        let teaching = self.teaching.filter(|teaching| teaching.until.is_none_or(|until| until > now.at));
        let hold = match (teaching, row.filter(|_| stopped)) {
            (Some(teaching), _) => Some(Hold::Teaching { until: teaching.until }),
            (None, Some(row)) => Some(Hold::Timetable { until: Some(end(row, now)) }),
            (None, None) => None,
        };
        InForce { limit, hold }
    }
}

fn applies(row: &TimetableRow, now: Moment) -> bool {
    let begins_on = |day: u8| row.days.contains(&day);
    let yesterday = if now.weekday == 1 { 7 } else { now.weekday - 1 };
    if row.from_minute < row.to_minute {
        return begins_on(now.weekday) && (row.from_minute..row.to_minute).contains(&now.minute);
    }
    (begins_on(now.weekday) && now.minute >= row.from_minute) || (begins_on(yesterday) && now.minute < row.to_minute)
}

fn end(row: &TimetableRow, now: Moment) -> Millis {
    let minutes = (row.to_minute + DAY_MINUTES - now.minute) % DAY_MINUTES;
    let minutes = if minutes == 0 { DAY_MINUTES } else { minutes };
    now.at - now.at % 60_000 + Millis::from(minutes) * 60_000
}

fn check(rules: &SendingRules) -> Result<(), AppError> {
    let invalid = |message: &str| Err(AppError::new(ErrorCode::Invalid, message));
    let too_slow = |rate: u64| rate < RATE_MIN;
    if rules.limit.is_some_and(too_slow) {
        return invalid("a limit is at least 10 kB a second");
    }
    if rules.timetable.len() > ROWS_MAX {
        return invalid("a timetable has at most 100 rows");
    }
    for row in &rules.timetable {
        if row.days.is_empty() || row.days.iter().any(|day| !(1..=7).contains(day)) {
            return invalid("a row of the timetable needs a day");
        }
        if row.from_minute >= DAY_MINUTES || row.to_minute > DAY_MINUTES {
            return invalid("a time of the timetable is not of this day");
        }
        if matches!(row.speed, Speed::Limit { bytes_per_second } if too_slow(bytes_per_second)) {
            return invalid("a limit is at least 10 kB a second");
        }
    }
    Ok(())
}

/// Keeps the rules and holds to them.
pub(super) struct Sending {
    folder: PathBuf,
    kept: Arc<Mutex<Kept>>,
    changed: Arc<Notify>,
    _task: AbortOnDropHandle<()>,
}

/// The rules as they were kept, and what they say now: known before the first upload could begin.
pub(super) struct AtStart {
    kept: Kept,
    in_force: InForce,
}

impl AtStart {
    /// Rules that cannot be read are none: sending is what the person wants.
    pub(super) fn read(folder: &Path, pace: &Pace) -> Self {
        let kept = std::fs::read(folder.join(FILE)).ok();
        let kept: Kept = kept.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let in_force = kept.in_force(Moment::now());
        if in_force.limit.is_some() {
            pace.limit(in_force.limit);
        }
        Self { kept, in_force }
    }

    pub(super) fn hold(&self) -> Option<Hold> {
        self.in_force.hold
    }

    pub(super) fn limit(&self) -> Option<u64> {
        self.in_force.limit
    }
}

impl Sending {
    pub(super) fn start(folder: &Path, at_start: AtStart, pace: Pace, uploads: Uploads) -> Self {
        let AtStart { kept, in_force } = at_start;
        let (kept, changed) = (Arc::new(Mutex::new(kept)), Arc::new(Notify::new()));
        let task = tokio::spawn(hold_to(kept.clone(), changed.clone(), in_force, pace, uploads));
        Self { folder: folder.to_owned(), kept, changed, _task: AbortOnDropHandle::new(task) }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        lock(&self.kept)
    }

    pub(super) fn rules(&self) -> SendingRules {
        self.lock().rules.clone()
    }

    pub(super) fn set_rules(&self, rules: SendingRules) -> Result<(), AppError> {
        check(&rules)?;
        self.change(|kept| (kept.rules, kept.sends_until) = (rules, None))
    }

    pub(super) fn teach(&self, teach: TeachArguments) -> Result<(), AppError> {
        let now = Moment::now();
        let until = match teach {
            TeachArguments::For { minutes: 0 } | TeachArguments::Over => {
                return self.change(|kept| kept.teaching = None);
            }
            TeachArguments::SendAnyway => return self.change(|kept| kept.send_anyway(now)),
            TeachArguments::For { minutes } => Some(now.at + Millis::from(minutes.min(TEACHING_MINUTES_MAX)) * 60_000),
            TeachArguments::UntilISay => None,
        };
        self.change(|kept| kept.teaching = Some(Teaching { until }))
    }

    /// In force at once, and kept: a restart in the middle of a lecture must not begin to send.
    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<(), AppError> {
        let text = {
            let mut kept = self.lock();
            change(&mut kept);
            serde_json::to_vec_pretty(&*kept)
        };
        self.changed.notify_one();
        let unfinished = self.folder.join(format!("{FILE}.new"));
        let written = text.map_err(std::io::Error::other).and_then(|text| {
            std::fs::write(&unfinished, text)?;
            std::fs::rename(&unfinished, self.folder.join(FILE))
        });
        let unkept = |error| AppError::new(ErrorCode::Storage, format!("this holds until Lectern is closed: {error}"));
        written.map_err(unkept)
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn hold_to(kept: Arc<Mutex<Kept>>, changed: Arc<Notify>, mut before: InForce, pace: Pace, uploads: Uploads) {
    loop {
        let in_force = lock(&kept).in_force(Moment::now());
        if in_force.limit != before.limit {
            pace.limit(in_force.limit);
        }
        if in_force != before {
            uploads.hold(in_force.hold, in_force.limit);
        }
        before = in_force;
        let _ = tokio::time::timeout(LOOK_EVERY, changed.notified()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: u8 = 1;
    const SUNDAY: u8 = 7;

    fn at(weekday: u8, hour: u16, minute: u16) -> Moment {
        Moment { at: 1_800_000_000_000, weekday, minute: hour * 60 + minute }
    }

    fn row(days: &[u8], from: u16, to: u16, speed: Speed) -> TimetableRow {
        TimetableRow { days: days.to_vec(), from_minute: from * 60, to_minute: to * 60, speed }
    }

    #[test]
    fn a_row_over_midnight_holds_on_the_day_it_begins_and_the_morning_after() {
        let night = row(&[SUNDAY], 22, 6, Speed::Stop);
        for (moment, expected) in [
            (at(SUNDAY, 21, 59), false),
            (at(SUNDAY, 22, 0), true),
            (at(MONDAY, 5, 59), true),
            (at(MONDAY, 6, 0), false),
            (at(MONDAY, 22, 0), false),
            (at(SUNDAY, 3, 0), false),
        ] {
            assert_eq!(applies(&night, moment), expected, "{moment:?}");
        }
    }

    #[test]
    fn the_first_row_that_applies_goes_before_the_limit_and_teaching_before_all() {
        let rules = SendingRules {
            limit: Some(500_000),
            timetable: vec![
                row(&[MONDAY], 9, 10, Speed::Stop),
                row(&[MONDAY], 8, 18, Speed::Limit { bytes_per_second: 100_000 }),
                row(&[MONDAY], 8, 20, Speed::Full),
            ],
        };
        let mut kept = Kept { rules, ..Kept::default() };
        assert_eq!(kept.in_force(at(MONDAY, 7, 0)), InForce { limit: Some(500_000), hold: None });
        assert_eq!(kept.in_force(at(MONDAY, 12, 0)).limit, Some(100_000));
        assert_eq!(kept.in_force(at(MONDAY, 19, 0)), InForce { limit: None, hold: None });
        let moment = at(MONDAY, 9, 30);
        let until = moment.at - moment.at % 60_000 + 30 * 60_000;
        assert_eq!(kept.in_force(moment).hold, Some(Hold::Timetable { until: Some(until) }));
        kept.teaching = Some(Teaching { until: None });
        assert_eq!(kept.in_force(at(MONDAY, 9, 30)).hold, Some(Hold::Teaching { until: None }));
        kept.teaching = Some(Teaching { until: Some(1_800_000_000_000) });
        assert_eq!(kept.in_force(at(MONDAY, 12, 0)).hold, None, "it is over");
    }

    #[test]
    fn a_stop_of_the_timetable_can_be_lifted_until_it_would_have_ended_and_the_rows_below_it_hold() {
        let slow = Speed::Limit { bytes_per_second: 100_000 };
        let timetable = vec![row(&[MONDAY], 9, 10, Speed::Stop), row(&[MONDAY], 8, 18, slow)];
        let rules = SendingRules { limit: Some(500_000), timetable };
        let mut kept = Kept { rules, teaching: Some(Teaching { until: None }), ..Kept::default() };
        let moment = at(MONDAY, 9, 30);
        kept.send_anyway(moment);
        kept.teaching = None;
        assert!(matches!(kept.in_force(moment).hold, Some(Hold::Timetable { .. })), "that was about teaching");
        kept.send_anyway(moment);
        assert_eq!(kept.in_force(moment), InForce { limit: Some(100_000), hold: None });
        let next_week = Moment { at: moment.at + 7 * 24 * 3_600_000, ..moment };
        assert!(kept.in_force(next_week).hold.is_some());
        kept.teaching = Some(Teaching { until: None });
        assert_eq!(kept.in_force(moment).hold, Some(Hold::Teaching { until: None }), "teaching goes before all");
    }

    #[test]
    fn rules_that_nobody_could_mean_are_refused() {
        assert!(check(&SendingRules { limit: Some(9), timetable: Vec::new() }).is_err());
        for wrong in [row(&[], 1, 2, Speed::Full), row(&[8], 1, 2, Speed::Full), row(&[1], 24, 2, Speed::Full)] {
            assert!(check(&SendingRules { limit: None, timetable: vec![wrong] }).is_err());
        }
        assert!(check(&SendingRules { limit: None, timetable: vec![row(&[1], 22, 24, Speed::Stop)] }).is_ok());
    }
}
