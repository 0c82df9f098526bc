//! What was measured beside what it may be at most: a line when it is known, and all of it as JSON at the end.

use serde_json::{Value, json};
use std::time::Duration;

#[derive(Default)]
pub struct Figures {
    database: &'static str,
    rows: Vec<Figure>,
}

struct Figure {
    database: &'static str,
    what: &'static str,
    /// None: this system does not say.
    measured: Option<f64>,
    unit: &'static str,
    at_most: Option<f64>,
}

impl Figure {
    fn holds(&self) -> bool {
        self.at_most.is_none_or(|limit| self.measured.is_some_and(|measured| measured < limit))
    }

    fn text(&self) -> String {
        let measured = self.measured.map_or("–".to_owned(), |measured| format!("{measured:.1}"));
        let limit = self.at_most.map_or(String::new(), |limit| format!("< {limit}"));
        let mark = if self.holds() { "" } else { "  BEYOND" };
        format!("{:<10} {:<66} {measured:>9} {:<4} {limit:>7}{mark}", self.database, self.what, self.unit)
    }

    fn json(&self) -> Value {
        json!({
            "database": self.database,
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit,
            "limit": self.at_most,
            "holds": self.holds(),
        })
    }
}

impl Figures {
    pub fn begin(&mut self, database: &'static str) {
        self.database = database;
    }

    /// One with a limit that it must stay under.
    pub fn at_most(&mut self, what: &'static str, measured: Option<f64>, limit: f64, unit: &'static str) {
        self.add(Figure { database: self.database, what, measured, unit, at_most: Some(limit) });
    }

    /// One to look at.
    pub fn beside(&mut self, what: &'static str, measured: Option<f64>, unit: &'static str) {
        self.add(Figure { database: self.database, what, measured, unit, at_most: None });
    }

    fn add(&mut self, figure: Figure) {
        eprintln!("{}", figure.text());
        self.rows.push(figure);
    }

    pub fn all_hold(&self) -> bool {
        self.rows.iter().all(Figure::holds)
    }

    pub fn json(&self) -> Value {
        Value::Array(self.rows.iter().map(Figure::json).collect())
    }
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// The value that so large a part of them does not exceed, in milliseconds: of all of them, not of a sample.
pub fn percentile(times: &mut [Duration], part: f64) -> Option<f64> {
    times.sort_unstable();
    let rank = (times.len() as f64 * part).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied().map(millis)
}
