//! Pages of a pull become one answer.

use lectern_shared::change::{Row, RowKey, RowKind, checksum};
use lectern_shared::course::Course;
use lectern_shared::ids::{CourseId, SpaceId};
use lectern_shared::protocol::{Cookie, PullResponse, SpaceChanges, VersionedRow};
use std::collections::BTreeMap;
use uuid::Uuid;

fn changes(reset: bool, version: u64, rows: &[(&str, u64)]) -> SpaceChanges {
    let row = |(title, version): &(&str, u64)| {
        let (id, title, description) = (CourseId::new(), (*title).to_owned(), String::new());
        let course = Course { id, title, description, created_at: 0, published_at: None, deleted_at: None };
        VersionedRow { version: *version, row: Row::Course(course) }
    };
    SpaceChanges { reset, cookie: Cookie::new(1, version), rows: rows.iter().map(row).collect() }
}

fn page(spaces: impl IntoIterator<Item = (SpaceId, SpaceChanges)>, gone: Vec<SpaceId>) -> PullResponse {
    let (spaces, checksums) = (spaces.into_iter().collect(), BTreeMap::new());
    PullResponse {
        now: 0,
        incarnation: 1,
        last_mutation_id: 0,
        results: Vec::new(),
        spaces,
        gone,
        more: false,
        checksums,
    }
}

fn titles(changes: &SpaceChanges) -> Vec<&str> {
    let mut titles = Vec::new();
    for row in &changes.rows {
        if let Row::Course(course) = &row.row {
            titles.push(course.title.as_str());
        }
    }
    titles
}

#[test]
fn rows_of_earlier_pages_come_before_later_ones_and_what_is_gone_or_begins_anew_leaves_nothing_behind() {
    let [both, first, anew, gone] = [0; 4].map(|_| SpaceId(Uuid::now_v7()));
    let earlier = page(
        [
            (both, changes(true, 3, &[("a", 2), ("b", 3)])),
            (first, changes(false, 5, &[("c", 5)])),
            (anew, changes(true, 9, &[("old", 9)])),
            (gone, changes(true, 1, &[("seen", 1)])),
        ],
        Vec::new(),
    );
    let later =
        page([(both, changes(false, 4, &[("a again", 4)])), (anew, changes(true, 1, &[("new", 1)]))], vec![gone]);
    let whole = later.after(earlier);
    assert_eq!(titles(&whole.spaces[&both]), ["a", "b", "a again"]);
    assert_eq!((whole.spaces[&both].reset, whole.spaces[&both].cookie.version), (true, 4));
    assert_eq!(titles(&whole.spaces[&first]), ["c"]);
    assert_eq!(titles(&whole.spaces[&anew]), ["new"]);
    assert!(!whole.spaces.contains_key(&gone));
}

#[test]
fn a_checksum_knows_no_order_and_every_change() {
    let row = |id: u128, version| (RowKey { kind: RowKind::Video, id: Uuid::from_u128(id) }, version);
    let sum = checksum([row(1, 1), row(2, 1)]);
    assert_eq!(sum, checksum([row(2, 1), row(1, 1)]));
    for other in [vec![row(1, 1)], vec![row(1, 2), row(2, 1)], vec![row(1, 1), row(3, 1)], vec![]] {
        assert_ne!(sum, checksum(other));
    }
    let as_chapter = (RowKey { kind: RowKind::Chapter, id: Uuid::from_u128(1) }, 1);
    assert_ne!(checksum([row(1, 1)]), checksum([as_chapter]));
}
