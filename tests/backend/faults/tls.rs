//! Each fault once, and each request once, with TLS between the app and the store.

use super::bench::{Bench, Hurry, LAST_PART_BYTES, Line, PART_BYTES, SMALL_BYTES, Size, survives};
use super::rows::{FOR_EVER, Fault, Kind, MOMENT, refusal, rows};
use crate::desk::{at_end, until};
use lectern_shared::upload::Cause;

async fn large(kind: Kind, fault: Fault) {
    survives(Line::Tls, Size::Large, kind, fault).await;
}

async fn small(kind: Kind, fault: Fault) {
    survives(Line::Tls, Size::Small, kind, fault).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_whose_root_is_not_trusted_is_asked_for_nothing() {
    let bench = Bench::new(Line::Tls, Hurry::Nobody).await;
    let desk = bench.desk_that_trusts(tempfile::tempdir().unwrap(), None).await;
    let place = desk.course().await;
    let operation = desk.drop_on(&[&Size::Large.source()], at_end(place)).await.operations[0];
    until("it says why it waits", async || desk.upload(operation).cause == Some(Cause::StoreUnreachable)).await;
    assert!(bench.proxy.exchanges().is_empty());
    desk.close().await;
}

mod the_first_part {
    use super::*;
    rows! { large, Kind::Part(1);
        is_cut_in_the_middle: Fault::CutRequest { after: PART_BYTES / 2 };
        is_told_to_slow_down_while_it_is_sent: refusal(503, "SlowDown", false);
        stalls_for_ever: Fault::StallRequest { after: PART_BYTES / 2, lasts: FOR_EVER };
        is_taken_and_the_answer_dropped: Fault::DropAnswer;
    }
}

mod a_part_in_the_middle {
    use super::*;
    rows! { large, Kind::Part(2);
        is_reset_in_the_middle: Fault::ResetRequest { after: PART_BYTES / 2 };
        arrives_with_a_flipped_bit: Fault::FlipRequest { at: PART_BYTES / 2 };
        goes_through_a_slow_line: Fault::SlowRequest { bytes_per_second: PART_BYTES * 3 };
        is_taken_and_never_answered: Fault::HoldAnswer { lasts: FOR_EVER };
    }
}

mod the_last_part {
    use super::*;
    rows! { large, Kind::Part(3);
        is_cut_before_its_last_byte: Fault::CutRequest { after: LAST_PART_BYTES - 1 };
        stalls_for_a_moment: Fault::StallRequest { after: LAST_PART_BYTES / 2, lasts: MOMENT };
        is_taken_and_the_answer_reset: Fault::ResetAnswer;
        is_taken_and_the_answer_cut: Fault::CutAnswer { after: 30 };
    }
}

mod a_file_in_one_piece {
    use super::*;
    rows! { small, Kind::Put;
        is_cut_before_its_first_byte: Fault::CutRequest { after: 0 };
        is_cut_after_its_last_byte: Fault::CutRequest { after: SMALL_BYTES };
        comes_late: Fault::Late { by: MOMENT };
        is_told_when_to_come_back: Fault::Refuse { status: 503, code: "SlowDown", retry_after: Some(1), drains: true };
        meets_an_internal_error: refusal(500, "InternalError", true);
        is_answered_with_a_flipped_bit: Fault::FlipAnswer { within: "etag" };
        is_taken_and_the_answer_dropped: Fault::DropAnswer;
        is_taken_and_the_answer_slow: Fault::SlowAnswer { bytes_per_second: 1_000 };
    }
}

mod the_course_server {
    use super::*;
    rows! { large, Kind::ListUploads;
        is_cut_listing_the_uploads: Fault::CutRequest { after: 0 };
    }
    rows! { large, Kind::Create;
        loses_the_answer_of_creating_the_upload: Fault::DropAnswer;
        waits_in_vain_for_the_answer_of_creating_the_upload: Fault::HoldAnswer { lasts: FOR_EVER };
    }
    rows! { large, Kind::Complete;
        is_refused_inside_a_200: Fault::ErrorInside200 { code: "InternalError", done: false };
        is_refused_inside_a_200_by_a_store_that_did_it: Fault::ErrorInside200 { code: "InternalError", done: true };
        loses_the_answer_of_completing_the_upload: Fault::DropAnswer;
        gets_half_the_answer_of_completing_the_upload: Fault::CutAnswer { after: 350 };
    }
    rows! { large, Kind::Head;
        is_reset_looking_at_the_object: Fault::ResetAnswer;
    }
    rows! { small, Kind::ListVersions;
        is_told_to_slow_down_looking_for_versions: refusal(503, "SlowDown", true);
    }
}
