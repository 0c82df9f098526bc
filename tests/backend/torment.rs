//! Killed at random moments, again and again, with many files and edits under way.

use lectern_backend_tests::crashes::torture;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_lose_nothing_double_nothing_leave_nothing_and_send_no_confirmed_part_again() {
    let tally = torture(Path::new(env!("CARGO_BIN_EXE_crash_child")), 20, 11).await.unwrap();
    assert!(tally.is_clean(), "{tally}: {:#?}", tally.findings);
    assert_eq!(tally.kills, 20);
}
