//! Both hashes of the bytes from one read of the disk: the MD5 the store answers with, and the part's piece of the whole
//! file's BLAKE3, which joins in any order.

pub use lectern_md5::Md5Sum;

use super::source::{Source, SourceProblem};
use blake3::hazmat::{HasherExt, Mode, merge_subtrees_non_root, merge_subtrees_root};
use bytes::Bytes;
use lectern_md5::{Md5, Md5Bench};

/// BLAKE3 chaining value of one part of several; of a file of one part its BLAKE3.
pub type Chaining = [u8; 32];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartHashes {
    pub md5: Md5Sum,
    pub chaining: Chaining,
}

/// Hashes one part while it is read. Uses a core: run it off the async threads.
pub struct PartHasher {
    md5: Md5,
    tree: TreeHasher,
}

/// The BLAKE3 half alone, for reading a part again.
pub struct TreeHasher {
    blake3: blake3::Hasher,
    is_whole: bool,
}

impl PartHasher {
    /// `offset` of the part in its file; `is_whole` when the file is this one part.
    #[must_use]
    pub fn new(bench: &Md5Bench, offset: u64, is_whole: bool) -> Self {
        Self { md5: bench.md5(), tree: TreeHasher::new(offset, is_whole) }
    }

    pub fn update(&mut self, bytes: Bytes) {
        self.tree.update(&bytes);
        self.md5.update(bytes);
    }

    #[must_use]
    pub fn finish(self) -> PartHashes {
        PartHashes { md5: self.md5.finish(), chaining: self.tree.finish() }
    }
}

impl TreeHasher {
    #[must_use]
    pub fn new(offset: u64, is_whole: bool) -> Self {
        let mut blake3 = blake3::Hasher::new();
        blake3.set_input_offset(offset);
        Self { blake3, is_whole }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.blake3.update(bytes);
    }

    #[must_use]
    pub fn finish(self) -> Chaining {
        // The root of the tree is hashed with a flag of its own, so a file of one part has no chaining value to join.
        if self.is_whole { self.blake3.finalize().into() } else { self.blake3.finalize_non_root() }
    }
}

/// BLAKE3 of the whole file, from its parts in order. `None` without parts.
#[must_use]
pub fn whole(parts: &[Chaining]) -> Option<Chaining> {
    match parts {
        [] => None,
        [only] => Some(*only),
        _ => {
            let (left, right) = parts.split_at(left_count(parts.len()));
            Some(merge_subtrees_root(&subtree(left), &subtree(right), Mode::Hash).into())
        }
    }
}

fn subtree(parts: &[Chaining]) -> Chaining {
    if let [only] = parts {
        return *only;
    }
    let (left, right) = parts.split_at(left_count(parts.len()));
    merge_subtrees_non_root(&subtree(left), &subtree(right), Mode::Hash)
}

/// The left subtree is the largest power of two that leaves something for the right one.
fn left_count(count: usize) -> usize {
    count.next_power_of_two() / 2
}

const READ_BYTES: usize = 1024 * 1024;

/// Reads a file from end to end. Blocks.
///
/// # Errors
/// When it cannot be read, or ends before `bytes`.
pub fn whole_file(source: &Source, bytes: u64) -> Result<Chaining, SourceProblem> {
    let (mut hasher, mut buffer, mut offset) = (blake3::Hasher::new(), vec![0; READ_BYTES], 0);
    while offset < bytes {
        let length = usize::try_from(bytes - offset).unwrap_or(usize::MAX).min(buffer.len());
        source.read_at(&mut buffer[..length], offset)?;
        hasher.update(&buffer[..length]);
        offset += length as u64;
    }
    Ok(hasher.finalize().into())
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_join_to_the_hash_of_the_whole_file_whatever_their_number() {
        const PART: usize = 2048;
        for length in [1, PART - 1, PART, PART + 1, 3 * PART, 4 * PART, 5 * PART + 17, 12 * PART, 13 * PART - 1] {
            let file: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let is_whole = length <= PART;
            let parts: Vec<Chaining> = file
                .chunks(PART)
                .enumerate()
                .map(|(index, part)| {
                    let mut hasher = PartHasher::new(&Md5Bench::default(), (index * PART) as u64, is_whole);
                    part.chunks(700).for_each(|piece| hasher.update(Bytes::copy_from_slice(piece)));
                    hasher.finish().chaining
                })
                .collect();
            assert_eq!(whole(&parts), Some(blake3::hash(&file).into()), "{length} bytes");
        }
        assert_eq!(whole(&[]), None);
    }
}
