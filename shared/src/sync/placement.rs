//! Order by intent: where rows go between their neighbours. Positions are sparse integers, unique among siblings; when
//! a gap closes, all siblings are renumbered.

use crate::mutation::Between;

/// Distance of two rows put at the end one after the other: 20 halvings before a renumbering.
pub const GAP: i64 = 1 << 20;

/// Puts `moving` together, in the order given, after `place.after`, else before `place.before`, else at the end.
///
/// `siblings` are all rows of the parent, deleted ones included, in order; they may contain moving rows. Answers the
/// rows whose position changes; none when everything is where it should be.
#[must_use]
pub fn place<Id: Copy + PartialEq>(siblings: &[(Id, i64)], moving: &[Id], place: Between<Id>) -> Vec<(Id, i64)> {
    let staying: Vec<(Id, i64)> = siblings.iter().copied().filter(|(id, _)| !moving.contains(id)).collect();
    let index = anchor(&staying, place);
    let current: Vec<Id> = siblings.iter().map(|(id, _)| *id).collect();
    let wanted: Vec<Id> = staying[..index]
        .iter()
        .map(|(id, _)| *id)
        .chain(moving.iter().copied())
        .chain(staying[index..].iter().map(|(id, _)| *id))
        .collect();
    if wanted == current {
        return Vec::new();
    }
    let below = index.checked_sub(1).map(|i| staying[i].1);
    let above = staying.get(index).map(|(_, position)| *position);
    match spread(below, above, moving.len()) {
        Some(positions) => moving.iter().copied().zip(positions).collect(),
        None => renumber(&wanted, siblings),
    }
}

fn anchor<Id: PartialEq>(staying: &[(Id, i64)], place: Between<Id>) -> usize {
    let find = |wanted: Option<Id>| wanted.and_then(|id| staying.iter().position(|(sibling, _)| *sibling == id));
    let after = find(place.after).map(|index| index + 1);
    let before = find(place.before);
    after.or(before).unwrap_or(staying.len())
}

/// `count` increasing positions strictly between the two, or none when they do not fit.
fn spread(below: Option<i64>, above: Option<i64>, count: usize) -> Option<Vec<i64>> {
    let count = i64::try_from(count).ok()?;
    let (start, step) = match (below, above) {
        (None, None) => (0, GAP),
        (Some(below), None) => (below, GAP),
        (None, Some(above)) => (above.checked_sub(GAP.checked_mul(count + 1)?)?, GAP),
        (Some(below), Some(above)) => (below, above.checked_sub(below)? / (count + 1)),
    };
    if step == 0 {
        return None;
    }
    (1..=count).map(|i| start.checked_add(step.checked_mul(i)?)).collect()
}

fn renumber<Id: Copy + PartialEq>(wanted: &[Id], siblings: &[(Id, i64)]) -> Vec<(Id, i64)> {
    wanted.iter().copied().zip((1..).map(|i| i * GAP)).filter(|new| !siblings.contains(new)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(id: u32) -> Between<u32> {
        Between { after: Some(id), before: None }
    }

    /// The order after applying the changes.
    fn order(siblings: &[(u32, i64)], changes: &[(u32, i64)]) -> Vec<u32> {
        let mut all: Vec<(u32, i64)> =
            siblings.iter().copied().filter(|(id, _)| !changes.iter().any(|c| c.0 == *id)).collect();
        all.extend_from_slice(changes);
        all.sort_by_key(|(_, position)| *position);
        assert!(all.windows(2).all(|pair| pair[0].1 < pair[1].1), "positions are unique: {all:?}");
        all.into_iter().map(|(id, _)| id).collect()
    }

    #[test]
    fn a_row_goes_after_its_anchor_before_the_other_or_to_the_end() {
        let siblings = [(1, 10), (2, 20), (3, 30)];
        assert_eq!(order(&siblings, &place(&siblings, &[9], after(1))), [1, 9, 2, 3]);
        assert_eq!(order(&siblings, &place(&siblings, &[9], Between { after: None, before: Some(1) })), [9, 1, 2, 3]);
        assert_eq!(
            order(&siblings, &place(&siblings, &[9], Between { after: Some(77), before: Some(3) })),
            [1, 2, 9, 3]
        );
        assert_eq!(order(&siblings, &place(&siblings, &[9], after(77))), [1, 2, 3, 9]);
        assert_eq!(order(&[], &place(&[], &[9, 8], Between::default())), [9, 8]);
    }

    #[test]
    fn several_rows_stand_together_in_the_order_given() {
        let siblings = [(1, 10), (2, 20), (3, 30), (4, 40)];
        assert_eq!(order(&siblings, &place(&siblings, &[4, 1], after(2))), [2, 4, 1, 3]);
    }

    #[test]
    fn nothing_changes_when_a_row_is_there_already() {
        assert_eq!(place(&[(1, 10), (2, 20)], &[2], after(1)), []);
    }

    #[test]
    fn a_closed_gap_renumbers_the_siblings_and_keeps_their_order() {
        let siblings = [(1, 10), (2, 11), (3, 12)];
        assert_eq!(order(&siblings, &place(&siblings, &[9], after(1))), [1, 9, 2, 3]);
    }

    proptest! {
        #[test]
        fn any_moves_leave_a_total_order_with_nothing_lost(moves in prop::collection::vec((prop::collection::vec(0u32..12, 1..4), prop::option::of(0u32..12), prop::option::of(0u32..12)), 1..200)) {
            let mut siblings: Vec<(u32, i64)> = (0..12u32).map(|id| (id, i64::from(id))).collect();
            for (mut ids, after, before) in moves {
                ids.sort_unstable();
                ids.dedup();
                let changes = place(&siblings, &ids, Between { after, before });
                let new_order = order(&siblings, &changes);
                prop_assert_eq!(new_order.len(), 12);
                for (id, position) in changes {
                    let index = siblings.iter().position(|s| s.0 == id).unwrap();
                    siblings[index].1 = position;
                }
                siblings.sort_by_key(|s| s.1);
                let first = siblings.iter().position(|s| s.0 == ids[0]).unwrap();
                prop_assert_eq!(siblings[first..first + ids.len()].iter().map(|s| s.0).collect::<Vec<_>>(), ids);
            }
        }
    }
}
