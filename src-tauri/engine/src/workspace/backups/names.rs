//! Which copy of the catalogue counts when several computers write to one bucket. Pure: from the names that lie there.

use lectern_shared::ids::UserId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Everything of ours that is no asset.
pub(super) const FOLDER: &str = "backup/";
const ENDING: &str = ".sqlite.gz";

/// A copy of the catalogue in the bucket: `backup/<generation>-<writer>/<number>-<owner>.sqlite.gz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupName {
    /// One more whenever a computer goes on from another one's copy.
    pub generation: u64,
    /// The computer.
    pub writer: Uuid,
    pub number: u64,
    /// Whose workspace it is: several may lie in one bucket.
    pub owner: UserId,
}

impl BackupName {
    pub(super) fn key(&self) -> String {
        let Self { generation, writer, number, owner } = self;
        format!("{FOLDER}{generation:08}-{writer}/{number:08}-{owner}{ENDING}")
    }

    pub(super) fn parse(key: &str) -> Option<Self> {
        let (line, file) = key.strip_prefix(FOLDER)?.split_once('/')?;
        let (generation, writer) = line.split_once('-')?;
        let (number, owner) = file.strip_suffix(ENDING)?.split_once('-')?;
        Some(Self {
            generation: generation.parse().ok()?,
            writer: writer.parse().ok()?,
            number: number.parse().ok()?,
            owner: UserId(owner.parse().ok()?),
        })
    }

    /// The higher, the more it counts: of two computers that went on from one copy, the smaller id.
    pub(super) fn rank(&self) -> (u64, std::cmp::Reverse<Uuid>, u64) {
        (self.generation, std::cmp::Reverse(self.writer), self.number)
    }
}

/// What a computer knows of its own part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    pub writer: Uuid,
    pub generation: u64,
    /// The copy that all that is here builds on: the last one of its own, or the one it went on from.
    pub last: Option<BackupName>,
}

impl Standing {
    pub(super) fn new() -> Self {
        Self { writer: Uuid::new_v4(), generation: 1, last: None }
    }

    /// After another computer's copy was taken for the truth. With a name of its own: a clone of this computer may have
    /// been that other one.
    pub(super) fn after(self, winner: BackupName) -> Self {
        let writer = if winner.writer == self.writer { Uuid::new_v4() } else { self.writer };
        Self { writer, generation: winner.generation + 1, last: Some(winner) }
    }
}

/// What is to be done with what lies in the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nobody else has written since: what is new here gets this name.
    Ours(BackupName),
    /// This copy counts: what was edited here since the common one is to be applied to it.
    Theirs(BackupName),
}

/// There are no conditional writes on B2 (<https://www.backblaze.com/docs/cloud-storage-s3-compatible-api>), so nothing is
/// locked: everybody looks at the same names and comes to the same end.
pub(super) fn verdict(there: &[BackupName], owner: UserId, standing: &Standing) -> Verdict {
    let Standing { writer, generation, last } = *standing;
    let next = |number| Verdict::Ours(BackupName { generation, writer, number, owner });
    let highest = there.iter().filter(|name| name.owner == owner).max_by_key(|name| name.rank());
    let Some(highest) = highest.copied() else { return next(1) };
    let is_ours = (highest.generation, highest.writer) == (generation, writer);
    match last {
        // What we last knew of is what counts.
        Some(last) if last == highest => next(if is_ours { last.number + 1 } else { 1 }),
        // Our own newer ones may be gone from the bucket; nobody else's is there instead.
        Some(last) if is_ours && last.writer == writer && last.number > highest.number => next(last.number + 1),
        // A clone of this computer writes under our name, or somebody else went on.
        _ => Verdict::Theirs(highest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(generation: u64, writer: u128, number: u64) -> BackupName {
        BackupName { generation, writer: Uuid::from_u128(writer), number, owner: UserId(Uuid::nil()) }
    }

    fn at(generation: u64, writer: u128, last: Option<BackupName>) -> Standing {
        Standing { writer: Uuid::from_u128(writer), generation, last }
    }

    fn judged(there: &[BackupName], standing: &Standing) -> Verdict {
        verdict(there, UserId(Uuid::nil()), standing)
    }

    #[test]
    fn a_name_is_read_as_it_was_written_and_nothing_else_is_one() {
        let one = name(3, 7, 12);
        assert_eq!(BackupName::parse(&one.key()), Some(one));
        for other in ["backup/", "backup/x/y", "backup/1-2/3-4.sqlite.gz", "assets/00000001", &one.key()[1..]] {
            assert_eq!(BackupName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn one_computer_alone_numbers_its_copies_in_one_line() {
        assert_eq!(judged(&[], &at(1, 5, None)), Verdict::Ours(name(1, 5, 1)));
        let there = [name(1, 5, 1), name(1, 5, 2)];
        assert_eq!(judged(&there, &at(1, 5, Some(there[1]))), Verdict::Ours(name(1, 5, 3)));
        // Somebody emptied the folder.
        assert_eq!(judged(&there[..1], &at(1, 5, Some(there[1]))), Verdict::Ours(name(1, 5, 3)));
    }

    #[test]
    fn a_higher_generation_counts_and_of_equal_ones_the_smaller_writer() {
        let (base, higher) = (name(1, 5, 4), name(2, 9, 1));
        assert_eq!(judged(&[base, higher], &at(1, 5, Some(base))), Verdict::Theirs(higher));
        let (small, large) = (name(2, 3, 1), name(2, 9, 8));
        assert_eq!(judged(&[base, large, small], &at(2, 9, Some(large))), Verdict::Theirs(small));
        assert_eq!(judged(&[base, large, small], &at(2, 3, Some(small))), Verdict::Ours(name(2, 3, 2)));
    }

    #[test]
    fn who_went_on_from_a_copy_takes_the_newest_when_there_is_a_newer_one() {
        let (base, newer) = (name(1, 5, 4), name(1, 5, 6));
        let opened = at(2, 9, Some(base));
        assert_eq!(judged(&[base], &opened), Verdict::Ours(name(2, 9, 1)));
        assert_eq!(judged(&[base, newer], &opened), Verdict::Theirs(newer));
    }

    #[test]
    fn a_clone_that_writes_under_the_same_name_is_noticed_and_gets_another_one() {
        let (known, unknown) = (name(1, 5, 4), name(1, 5, 5));
        let standing = at(1, 5, Some(known));
        assert_eq!(judged(&[known, unknown], &standing), Verdict::Theirs(unknown));
        let after = standing.after(unknown);
        assert_ne!(after.writer, unknown.writer);
        assert_eq!((after.generation, after.last), (2, Some(unknown)));
    }

    #[test]
    fn other_workspaces_in_the_same_bucket_are_none_of_ours() {
        let other = BackupName { owner: UserId::new(), ..name(9, 1, 9) };
        assert_eq!(judged(&[other], &at(1, 5, None)), Verdict::Ours(name(1, 5, 1)));
    }
}
