//! The tables: every fault a request may meet, by what it carries. A row is one test.

pub use lectern_backend_tests::support::fault_proxy::{FOR_EVER, Fault, Kind};
use std::time::Duration;

pub const MOMENT: Duration = Duration::from_millis(150);

pub const fn refusal(status: u16, code: &'static str, drains: bool) -> Fault {
    Fault::Refuse { status, code, retry_after: None, drains }
}

/// `name: fault` to a test which runs that row.
macro_rules! rows {
    ($run:expr, $kind:expr; $($name:ident: $fault:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                $run($kind, $fault).await;
            }
        )*
    };
}
pub(crate) use rows;

/// A request that carries so many bytes of the file.
macro_rules! a_part {
    ($run:expr, $kind:expr, $bytes:expr) => {
        use $crate::faults::rows::*;
        rows! { $run, $kind;
            is_cut_before_its_first_byte: Fault::CutRequest { after: 0 };
            is_cut_in_the_middle: Fault::CutRequest { after: $bytes / 2 };
            is_cut_before_its_last_byte: Fault::CutRequest { after: $bytes - 1 };
            is_cut_after_its_last_byte: Fault::CutRequest { after: $bytes };
            is_reset_in_the_middle: Fault::ResetRequest { after: $bytes / 2 };
            stalls_for_a_moment: Fault::StallRequest { after: $bytes / 2, lasts: MOMENT };
            stalls_for_ever: Fault::StallRequest { after: $bytes / 2, lasts: FOR_EVER };
            stalls_for_ever_before_its_first_byte: Fault::StallRequest { after: 0, lasts: FOR_EVER };
            goes_through_a_slow_line: Fault::SlowRequest { bytes_per_second: $bytes * 3 };
            comes_late: Fault::Late { by: MOMENT };
            is_told_to_slow_down: refusal(503, "SlowDown", true);
            is_told_to_slow_down_while_it_is_sent: refusal(503, "SlowDown", false);
            is_told_when_to_come_back:
                Fault::Refuse { status: 503, code: "SlowDown", retry_after: Some(1), drains: true };
            meets_an_internal_error: refusal(500, "InternalError", true);
            meets_an_internal_error_while_it_is_sent: refusal(500, "InternalError", false);
            arrives_with_a_flipped_bit: Fault::FlipRequest { at: $bytes / 2 };
            is_answered_with_a_flipped_bit: Fault::FlipAnswer { within: "etag" };
            is_taken_and_the_answer_dropped: Fault::DropAnswer;
            is_taken_and_the_answer_reset: Fault::ResetAnswer;
            is_taken_and_the_answer_cut: Fault::CutAnswer { after: 30 };
            is_taken_and_the_answer_slow: Fault::SlowAnswer { bytes_per_second: 1_000 };
            is_taken_and_never_answered: Fault::HoldAnswer { lasts: FOR_EVER };
        }
    };
}
pub(crate) use a_part;

/// A request of the course server.
macro_rules! a_call {
    ($run:expr, $kind:expr; $($name:ident: $fault:expr;)*) => {
        use $crate::faults::rows::*;
        rows! { $run, $kind;
            is_cut_on_its_way: Fault::CutRequest { after: 0 };
            is_reset_on_its_way: Fault::ResetRequest { after: 0 };
            comes_late: Fault::Late { by: MOMENT };
            is_told_to_slow_down: refusal(503, "SlowDown", true);
            is_told_when_to_come_back:
                Fault::Refuse { status: 503, code: "SlowDown", retry_after: Some(1), drains: true };
            meets_an_internal_error: refusal(500, "InternalError", true);
            meets_an_internal_error_that_ends_the_connection: refusal(500, "InternalError", false);
            is_done_and_the_answer_dropped: Fault::DropAnswer;
            is_done_and_the_answer_reset: Fault::ResetAnswer;
            is_done_and_the_answer_cut_in_its_head: Fault::CutAnswer { after: 30 };
            is_done_and_the_answer_slow: Fault::SlowAnswer { bytes_per_second: 2_000 };
            is_done_and_never_answered: Fault::HoldAnswer { lasts: FOR_EVER };
            $($name: $fault;)*
        }
    };
}
pub(crate) use a_call;
