//! Counts tests from what the test runners say.

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
}

impl Tally {
    /// A line of `cargo test`; all but `test result: ok. 5 passed; 0 failed; …` count nothing.
    pub fn add_cargo_line(&mut self, line: &str) {
        let Some((_, counts)) = line.split_once("test result: ").and_then(|(_, rest)| rest.split_once(". ")) else {
            return;
        };
        for count in counts.split("; ") {
            match count.trim().split_once(' ') {
                Some((number, "passed")) => self.passed += number.parse::<u64>().unwrap_or(0),
                Some((number, "failed")) => self.failed += number.parse::<u64>().unwrap_or(0),
                _ => {}
            }
        }
    }

    /// Vitest's JSON report.
    pub fn add_vitest(&mut self, report: &str) {
        let report: serde_json::Value = serde_json::from_str(report).unwrap_or_default();
        self.passed += report["numPassedTests"].as_u64().unwrap_or(0);
        self.failed += report["numFailedTests"].as_u64().unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_both_runners_are_summed() {
        let mut tally = Tally::default();
        tally.add_cargo_line("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; in 0.01s");
        tally.add_cargo_line("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out");
        tally.add_cargo_line("test order::a_test ... ok");
        tally.add_vitest(r#"{"numPassedTests": 7, "numFailedTests": 1}"#);
        assert_eq!(tally, Tally { passed: 22, failed: 3 });
    }
}
