//! The same where an upload goes on after a restart: it asks the store twice what it has, and believes nothing else.

use super::bench::{Bench, Hurry, Line, Size};
use super::rows::{Fault, Kind, a_call, rows};
use crate::desk::{at_end, until};
use lectern_backend_tests::support::fault_proxy::{FOR_EVER, Rule, Script};

/// A workspace that was closed with two of three parts confirmed is opened again, and meets the fault at the `nth` time it
/// lists the parts.
async fn goes_on(line: Line, nth: u32, fault: Fault) {
    let bench = Bench::new(line, Hurry::for_fault(Kind::ListParts, fault)).await;
    let never = Fault::StallRequest { after: 0, lasts: FOR_EVER };
    bench.proxy.play(Script::Rules(vec![Rule { kind: Kind::Part(3), nth: 1, times: u32::MAX - 1, fault: never }]));
    let desk = bench.desk().await;
    let place = desk.course().await;
    let source = Size::Large.source();
    let operation = desk.drop_on(&[&source], at_end(place)).await.operations[0];
    until("two parts are confirmed", async || desk.upload(operation).parts_confirmed == 2).await;
    let folder = desk.close().await;

    bench.proxy.play(Script::Rules(vec![Rule { kind: Kind::ListParts, nth, times: 1, fault }]));
    let desk = bench.desk_in(folder).await;
    let ready = desk.until_ready(operation).await;
    bench.assert_met(Kind::ListParts, fault);
    bench.assert_right(&desk, operation, &source).await;
    bench.assert_only(&[ready.asset]).await;
    // A listing that says something else of a part than we do: the part is sent again, rather than trusted.
    if !matches!(fault, Fault::FlipAnswer { .. }) {
        bench.assert_no_confirmed_part_was_sent_again();
    }
    desk.close().await;
}

async fn first(kind: Kind, fault: Fault) {
    assert_eq!(kind, Kind::ListParts);
    goes_on(Line::Plain, 1, fault).await;
}

async fn second(kind: Kind, fault: Fault) {
    assert_eq!(kind, Kind::ListParts);
    goes_on(Line::Plain, 2, fault).await;
}

async fn tls(kind: Kind, fault: Fault) {
    assert_eq!(kind, Kind::ListParts);
    goes_on(Line::Tls, 2, fault).await;
}

mod asking_whether_the_upload_is_there {
    use super::*;
    a_call! { first, Kind::ListParts; }
}

mod asking_what_parts_are_there {
    use super::*;
    a_call! { second, Kind::ListParts;
        is_answered_with_half_a_document: Fault::CutAnswer { after: 500 };
        is_answered_with_a_flipped_etag: Fault::FlipAnswer { within: "ETag" };
        is_answered_with_a_flipped_length: Fault::FlipAnswer { within: "Size" };
    }
}

mod over_tls_asking_what_parts_are_there {
    use super::*;
    rows! { tls, Kind::ListParts;
        is_cut_on_its_way: Fault::CutRequest { after: 0 };
        is_done_and_the_answer_dropped: Fault::DropAnswer;
    }
}
