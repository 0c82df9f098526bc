//! What was found, as a table of sentences and stores.

use super::{Mismatch, Outcome, ROWS};

/// What one store answered, a word for each of [`ROWS`].
pub struct Report {
    pub store: String,
    pub outcomes: Vec<Outcome>,
    pub left_behind: Option<Mismatch>,
}

impl Report {
    /// Everything that is neither as the contract says nor as its difference does, in words.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let failed = ROWS.iter().zip(&self.outcomes).filter_map(|(row, outcome)| match outcome {
            Outcome::Failed(words) => Some(format!("{}: {}: {words}", self.store, row.name)),
            _ => None,
        });
        let left = self.left_behind.as_ref().map(|words| format!("{}: taking all away again: {words}", self.store));
        failed.chain(left).collect()
    }

    fn count(&self, wanted: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes.iter().filter(|outcome| wanted(outcome)).count()
    }
}

/// Prints the table, each difference and failure in words, and the totals in the last line.
pub fn print(reports: &[Report]) {
    let width = ROWS.iter().map(|row| row.name.len()).max().unwrap_or(0);
    let heads: Vec<String> = reports.iter().map(|report| format!("{:<11}", report.store)).collect();
    println!("{:<width$}  {}", "", heads.join(" "));
    for (index, row) in ROWS.iter().enumerate() {
        let words = reports.iter().map(|report| format!("{:<11}", word(report.outcomes.get(index))));
        println!("{:<width$}  {}", row.name.replace('_', " "), words.collect::<Vec<_>>().join(" "));
    }
    println!();
    for report in reports {
        for (row, outcome) in ROWS.iter().zip(&report.outcomes) {
            if let Outcome::Differs(instead) = outcome {
                println!("{} differs: {}: {instead}", report.store, row.name.replace('_', " "));
            }
        }
    }
    for failure in reports.iter().flat_map(Report::failures) {
        println!("FAILED  {failure}");
    }
    let sum = |wanted: fn(&Outcome) -> bool| reports.iter().map(|report| report.count(wanted)).sum::<usize>();
    let failed = reports.iter().map(|report| report.failures().len()).sum::<usize>();
    let differ = sum(|outcome| matches!(outcome, Outcome::Differs(_)));
    let passed = sum(|outcome| *outcome == Outcome::Passed);
    let stores = if reports.len() == 1 { "1 store".to_owned() } else { format!("{} stores", reports.len()) };
    println!("\n{stores}: {passed} passed, {differ} differ as written down, {failed} failed");
}

fn word(outcome: Option<&Outcome>) -> &'static str {
    match outcome {
        Some(Outcome::Passed) => "passed",
        Some(Outcome::Differs(_)) => "differs",
        Some(Outcome::Failed(_)) => "FAILED",
        None => "not asked",
    }
}
