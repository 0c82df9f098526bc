//! Every fault at every request of an upload, over plain HTTP.

use super::bench::{LAST_PART_BYTES, Line, PART_BYTES, SMALL_BYTES, Size, survives};
use super::rows::{Fault, Kind, a_call, a_part, rows};

async fn large(kind: Kind, fault: Fault) {
    survives(Line::Plain, Size::Large, kind, fault).await;
}

async fn small(kind: Kind, fault: Fault) {
    survives(Line::Plain, Size::Small, kind, fault).await;
}

mod the_first_part {
    use super::*;
    a_part!(large, Kind::Part(1), PART_BYTES);
}

mod a_part_in_the_middle {
    use super::*;
    a_part!(large, Kind::Part(2), PART_BYTES);
}

mod the_last_part {
    use super::*;
    a_part!(large, Kind::Part(3), LAST_PART_BYTES);
}

mod a_file_in_one_piece {
    use super::*;
    a_part!(small, Kind::Put, SMALL_BYTES);
}

mod listing_the_unfinished_uploads {
    use super::*;
    a_call! { large, Kind::ListUploads;
        is_answered_with_half_a_document: Fault::CutAnswer { after: 350 };
        is_answered_with_a_flipped_bit: Fault::FlipAnswer { within: "IsTruncated" };
    }
}

mod creating_the_upload {
    use super::*;
    a_call! { large, Kind::Create;
        is_done_and_half_the_document_lost: Fault::CutAnswer { after: 350 };
        is_done_and_the_id_flipped: Fault::FlipAnswer { within: "UploadId" };
    }
}

mod completing_the_upload {
    use super::*;
    a_call! { large, Kind::Complete;
        is_cut_in_its_list_of_parts: Fault::CutRequest { after: 100 };
        stalls_in_its_list_of_parts: Fault::StallRequest { after: 100, lasts: FOR_EVER };
        arrives_with_a_flipped_bit: Fault::FlipRequest { at: 100 };
        is_done_and_half_the_document_lost: Fault::CutAnswer { after: 350 };
        is_done_and_the_etag_flipped: Fault::FlipAnswer { within: "ETag" };
        is_refused_inside_a_200: Fault::ErrorInside200 { code: "InternalError", done: false };
        is_told_to_slow_down_inside_a_200: Fault::ErrorInside200 { code: "SlowDown", done: false };
        is_done_and_refused_inside_a_200: Fault::ErrorInside200 { code: "InternalError", done: true };
    }
}

mod looking_at_the_object {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn is_done_only_in_doubt() {
        super::super::bench::is_not_looked_at(Size::Large).await;
        super::super::bench::is_not_looked_at(Size::Small).await;
    }

    a_call! { large, Kind::Head;
        is_answered_with_a_flipped_etag: Fault::FlipAnswer { within: "etag" };
        is_answered_with_a_flipped_length: Fault::FlipAnswer { within: "content-length" };
        is_answered_with_a_flipped_owner: Fault::FlipAnswer { within: "x-amz-meta-lectern-asset" };
    }
}

mod looking_at_the_object_in_one_piece {
    use super::*;
    a_call! { small, Kind::Head;
        is_answered_with_a_flipped_etag: Fault::FlipAnswer { within: "etag" };
        is_answered_with_a_flipped_length: Fault::FlipAnswer { within: "content-length" };
    }
}

mod looking_for_surplus_versions {
    use super::*;
    a_call! { small, Kind::ListVersions;
        is_answered_with_a_flipped_bit: Fault::FlipAnswer { within: "IsTruncated" };
    }
}
