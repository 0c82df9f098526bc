//! How a file is cut: a pure plan, frozen in the journal when an upload is opened, so that a resumed upload meets the
//! parts it has sent before.

pub use lectern_shared::upload::FILE_BYTES_MAX;
use std::ops::Range;

const MIB: u64 = 1024 * 1024;
/// Files up to this go up in one PUT: a multipart upload costs two more round trips.
pub const SINGLE_BYTES_MAX: u64 = 16 * MIB;
/// Part length as long as nothing is known of the uplink.
const PART_BYTES: u64 = 8 * MIB;
/// Most parts we plan; stores take 10,000 (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>).
const PARTS_PLANNED_MAX: u64 = 9_500;
const PARTS_MAX: u64 = 10_000;

/// Why a part length cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("parts of {0} bytes: BLAKE3 joins parts of a power of two from 1 KiB only")]
    PartLength(u64),
    #[error("{0} parts are more than a store takes")]
    TooMany(u64),
}

/// One file cut into parts. Part numbers start at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    bytes: u64,
    part_bytes: u64,
}

impl Plan {
    /// The plan for a file of `bytes`; `uplink` in bytes a second, where it has been measured.
    #[must_use]
    pub fn for_file(bytes: u64, uplink: Option<u64>) -> Self {
        if bytes <= SINGLE_BYTES_MAX {
            return Self::single(bytes);
        }
        let by_uplink = match uplink {
            Some(rate) if rate > 50_000_000 => 64 * MIB,
            Some(rate) if rate >= 2_000_000 => 16 * MIB,
            _ => PART_BYTES,
        };
        let by_count = bytes.div_ceil(PARTS_PLANNED_MAX).next_power_of_two();
        Self { bytes, part_bytes: by_uplink.max(by_count) }
    }

    /// One PUT.
    #[must_use]
    pub fn single(bytes: u64) -> Self {
        Self { bytes, part_bytes: bytes }
    }

    /// The plan another run or the server has chosen.
    ///
    /// # Errors
    /// When such parts cannot be hashed in any order, or are too many.
    pub fn with_parts_of(bytes: u64, part_bytes: u64) -> Result<Self, PlanError> {
        if part_bytes >= bytes {
            return Ok(Self::single(bytes));
        }
        if !part_bytes.is_power_of_two() || part_bytes < 1024 {
            return Err(PlanError::PartLength(part_bytes));
        }
        let count = bytes.div_ceil(part_bytes);
        if count > PARTS_MAX {
            return Err(PlanError::TooMany(count));
        }
        Ok(Self { bytes, part_bytes })
    }

    #[must_use]
    pub fn part_bytes(&self) -> u64 {
        self.part_bytes
    }

    #[must_use]
    pub fn is_single(&self) -> bool {
        self.part_bytes >= self.bytes
    }

    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.bytes.div_ceil(self.part_bytes.max(1)).max(1)).unwrap_or(u32::MAX)
    }

    /// Where part `number` lies in the file.
    #[must_use]
    pub fn range(&self, number: u32) -> Range<u64> {
        let start = u64::from(number - 1) * self.part_bytes;
        start..(start + self.part_bytes).min(self.bytes)
    }

    #[must_use]
    pub fn length(&self, number: u32) -> u64 {
        let range = self.range(number);
        range.end - range.start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_as_long_as_the_uplink_and_the_store_s_limits_allow() {
        let gib = 1024 * MIB;
        for (bytes, uplink, expected) in [
            (1, None, 1),
            (16 * MIB, None, 16 * MIB),
            (16 * MIB + 1, None, 8 * MIB),
            (40 * MIB, None, 8 * MIB),
            (40 * MIB, Some(1_999_999), 8 * MIB),
            (40 * MIB, Some(2_000_000), 16 * MIB),
            (gib, Some(50_000_001), 64 * MIB),
            (74 * gib, None, 8 * MIB),
            (75 * gib, None, 16 * MIB),
            (FILE_BYTES_MAX, None, 1024 * MIB),
        ] {
            let plan = Plan::for_file(bytes, uplink);
            assert_eq!(plan.part_bytes(), expected, "{bytes} at {uplink:?}");
            assert!(u64::from(plan.count()) <= PARTS_PLANNED_MAX);
        }
    }

    #[test]
    fn parts_cover_the_file_without_gap_or_overlap() {
        for bytes in [1, 16 * MIB, 16 * MIB + 1, 40 * MIB, 41 * MIB + 7] {
            let plan = Plan::for_file(bytes, None);
            let mut end = 0;
            for number in 1..=plan.count() {
                let range = plan.range(number);
                assert_eq!(range.start, end);
                assert!(range.end > range.start);
                end = range.end;
            }
            assert_eq!(end, bytes);
        }
    }

    #[test]
    fn a_foreign_plan_is_taken_only_when_its_parts_can_be_joined() {
        assert_eq!(Plan::with_parts_of(40 * MIB, 8 * MIB), Ok(Plan::for_file(40 * MIB, None)));
        assert_eq!(Plan::with_parts_of(40, 100), Ok(Plan::single(40)));
        assert_eq!(Plan::with_parts_of(40 * MIB, 5_000_000), Err(PlanError::PartLength(5_000_000)));
        assert_eq!(Plan::with_parts_of(40 * MIB, 1024), Err(PlanError::TooMany(40_960)));
    }
}
