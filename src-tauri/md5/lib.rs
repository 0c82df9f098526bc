//! MD5 of several parts at once. One MD5 is a chain that a core walks at half a gigabyte a second, whatever else it could
//! do meanwhile; four chains side by side in the lanes of one vector take the same time as one. Parts in flight are such
//! chains, so they leave their bytes here, and whoever needs a result first hashes for all.
//!
//! RFC 1321, <https://www.rfc-editor.org/rfc/rfc1321>. The vectors are 128 bits wide, which every 64-bit computer has.

use bytes::Bytes;
use std::array;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use wide::u32x4;

pub type Md5Sum = [u8; 16];

const BLOCK: usize = 64;
/// Chains in one vector.
const LANES: usize = 4;
/// Most chains walked at once: two vectors hide each other's latency.
const AT_ONCE: usize = 2 * LANES;

/// Pieces of one chain that may lie there. They lie where they came from anyway, on their way to the network; with some
/// from everybody, whoever hashes has all lanes full.
const LYING_MAX: usize = 3;

const START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
const SHIFTS: [[i32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
/// The integer part of 2^32 times the sine of 1 to 64.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// One chain, as far as it has been walked.
#[derive(Clone, Debug)]
struct Chain {
    state: [u32; 4],
    bytes: u64,
    /// Fewer bytes than a block, left over from the last piece.
    rest: Vec<u8>,
}

impl Default for Chain {
    fn default() -> Self {
        Self { state: START, bytes: 0, rest: Vec::new() }
    }
}

impl Chain {
    /// Ends the chain: a one, zeros, and the length in bits, up to a whole block.
    fn finish(mut self) -> Md5Sum {
        let mut end = std::mem::take(&mut self.rest);
        end.push(0x80);
        let zeros = (2 * BLOCK - 8 - end.len() % BLOCK) % BLOCK;
        end.resize(end.len() + zeros, 0);
        end.extend_from_slice(&self.bytes.wrapping_mul(8).to_le_bytes());
        walk(&mut [(&mut self.state, &end)]);
        let mut sum = Md5Sum::default();
        for (bytes, word) in sum.chunks_exact_mut(4).zip(self.state) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        sum
    }

    /// Takes what does not fill blocks away from the piece; answers the part that does.
    fn align<'a>(&mut self, piece: &'a [u8]) -> &'a [u8] {
        self.bytes += piece.len() as u64;
        let mut piece = piece;
        if !self.rest.is_empty() {
            let (fills, left) = piece.split_at(piece.len().min(BLOCK - self.rest.len()));
            self.rest.extend_from_slice(fills);
            piece = left;
            if self.rest.len() == BLOCK {
                let block = std::mem::take(&mut self.rest);
                walk(&mut [(&mut self.state, &block)]);
            }
        }
        let (blocks, rest) = piece.split_at(piece.len() / BLOCK * BLOCK);
        if !rest.is_empty() {
            self.rest = rest.to_vec();
        }
        blocks
    }
}

/// The MD5 of one part, fed piece by piece.
pub struct Md5 {
    bench: Arc<Bench>,
    work: Arc<Work>,
}

impl Md5 {
    /// Leaves a piece to be hashed, now or together with others.
    pub fn update(&mut self, piece: Bytes) {
        let lying = {
            let mut lying = self.work.lock();
            lying.pieces.push_back(piece);
            lying.pieces.len()
        };
        if lying == 1 {
            self.bench.lock().waiting.push(self.work.clone());
        } else if lying >= LYING_MAX {
            self.bench.walk_until(&self.work, |work| work.pieces.len() < LYING_MAX);
        }
    }

    /// Waits for the last piece.
    #[must_use]
    pub fn finish(self) -> Md5Sum {
        self.bench.walk_until(&self.work, |work| work.pieces.is_empty() && work.chain.is_some());
        self.work.lock().chain.take().unwrap_or_default().finish()
    }
}

impl Drop for Md5 {
    /// Nobody hashes what nobody waits for.
    fn drop(&mut self) {
        self.bench.lock().waiting.retain(|other| !Arc::ptr_eq(other, &self.work));
    }
}

/// A chain and the pieces that lie before it.
#[derive(Default)]
struct Work(Mutex<Lying>);

struct Lying {
    /// None while somebody walks it.
    chain: Option<Chain>,
    pieces: VecDeque<Bytes>,
}

impl Default for Lying {
    fn default() -> Self {
        Self { chain: Some(Chain::default()), pieces: VecDeque::new() }
    }
}

impl Work {
    fn lock(&self) -> MutexGuard<'_, Lying> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where parts in flight leave their bytes. Cheap to clone; all parts of an engine share one.
#[derive(Clone, Default)]
pub struct Md5Bench(Arc<Bench>);

#[derive(Default)]
struct Bench {
    state: Mutex<Waiting>,
    walked: Condvar,
}

#[derive(Default)]
struct Waiting {
    waiting: Vec<Arc<Work>>,
    /// Somebody hashes. One at a time: together they would only have fewer lanes each.
    busy: bool,
}

impl Md5Bench {
    #[must_use]
    pub fn md5(&self) -> Md5 {
        Md5 { bench: self.0.clone(), work: Arc::default() }
    }
}

impl Bench {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hashes, with others that wait, or waits for the one who does.
    fn walk_until(&self, mine: &Arc<Work>, is_enough: impl Fn(&Lying) -> bool) {
        let mut state = self.lock();
        while !is_enough(&mine.lock()) {
            if state.busy {
                state = self.walked.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let mut batch = take_batch(&mut state.waiting, mine);
            state.busy = true;
            drop(state);
            walk_batch(&mut batch);
            state = self.lock();
            state.busy = false;
            self.walked.notify_all();
        }
    }
}

/// One piece of a chain, taken off the bench.
struct Taken {
    work: Arc<Work>,
    chain: Chain,
    piece: Bytes,
}

/// The first piece of mine, and of those of the others that have waited longest. One each: with more of some, their last
/// ones would have no company.
fn take_batch(waiting: &mut Vec<Arc<Work>>, mine: &Arc<Work>) -> Vec<Taken> {
    if let Some(index) = waiting.iter().position(|work| Arc::ptr_eq(work, mine)) {
        waiting[..=index].rotate_right(1);
    }
    let mut batch = Vec::with_capacity(AT_ONCE);
    waiting.retain(|work| {
        if batch.len() == AT_ONCE {
            return true;
        }
        let mut lying = work.lock();
        let piece = lying.pieces.pop_front().unwrap_or_default();
        batch.push(Taken { work: work.clone(), chain: lying.chain.take().unwrap_or_default(), piece });
        !lying.pieces.is_empty()
    });
    // Who was served goes to the back.
    let kept = batch.iter().filter(|taken| waiting.iter().any(|work| Arc::ptr_eq(work, &taken.work))).count();
    waiting.rotate_left(kept);
    batch
}

fn walk_batch(batch: &mut [Taken]) {
    let mut walks: Vec<(&mut [u32; 4], &[u8])> = Vec::with_capacity(batch.len());
    for Taken { chain, piece, .. } in batch.iter_mut() {
        let blocks = chain.align(piece);
        walks.push((&mut chain.state, blocks));
    }
    walk(&mut walks);
    for taken in batch {
        taken.work.lock().chain = Some(std::mem::take(&mut taken.chain));
    }
}

/// Walks up to eight chains over their blocks, together as long as each has some.
fn walk(walks: &mut [(&mut [u32; 4], &[u8])]) {
    loop {
        let mut left: Vec<&mut (&mut [u32; 4], &[u8])> =
            walks.iter_mut().filter(|(_, blocks)| !blocks.is_empty()).take(AT_ONCE).collect();
        let Some(bytes) = left.iter().map(|(_, blocks)| blocks.len()).min() else { return };
        if left.len() <= LANES { together::<1>(&mut left, bytes) } else { together::<2>(&mut left, bytes) }
    }
}

/// `bytes` of each, in `GROUPS` vectors. Lanes to spare walk along with the first chain.
fn together<const GROUPS: usize>(walks: &mut [&mut (&mut [u32; 4], &[u8])], bytes: usize) {
    let of = |group: usize, lane: usize| if group * LANES + lane < walks.len() { group * LANES + lane } else { 0 };
    let data: [[&[u8]; LANES]; GROUPS] =
        array::from_fn(|group| array::from_fn(|lane| &walks[of(group, lane)].1[..bytes]));
    let mut states: [[u32x4; 4]; GROUPS] = array::from_fn(|group| {
        array::from_fn(|word| u32x4::new(array::from_fn(|lane| walks[of(group, lane)].0[word])))
    });
    for block in 0..bytes / BLOCK {
        let words: [[u32x4; 16]; GROUPS] = array::from_fn(|group| words(&data[group], block));
        compress(&mut states, &words);
    }
    for (index, walk) in walks.iter_mut().enumerate() {
        for (word, value) in walk.0.iter_mut().enumerate() {
            *value = states[index / LANES][word].to_array()[index % LANES];
        }
        walk.1 = &walk.1[bytes..];
    }
}

/// The sixteen words of one block of each lane, word by word.
#[inline(always)]
fn words(data: &[&[u8]; LANES], block: usize) -> [u32x4; 16] {
    let mut words = [u32x4::ZERO; 16];
    for quarter in 0..4 {
        let rows = array::from_fn(|lane| {
            let from = block * BLOCK + quarter * 16;
            let row = &data[lane][from..from + 16];
            u32x4::new(array::from_fn(|word| {
                u32::from_le_bytes([row[4 * word], row[4 * word + 1], row[4 * word + 2], row[4 * word + 3]])
            }))
        });
        words[4 * quarter..4 * quarter + 4].copy_from_slice(&u32x4::transpose(rows));
    }
    words
}

/// One block of each lane of each group. The groups take turns, so that none waits for its own last step.
#[inline(always)]
fn compress<const GROUPS: usize>(states: &mut [[u32x4; 4]; GROUPS], words: &[[u32x4; 16]; GROUPS]) {
    let start = *states;
    macro_rules! steps {
        ($round:literal, $mix:expr, $word:expr, $($step:literal)*) => {$(
            for group in 0..GROUPS {
                let [a, b, c, d] = states[group];
                let mix: fn(u32x4, u32x4, u32x4) -> u32x4 = $mix;
                let word: fn(usize) -> usize = $word;
                let sine = u32x4::splat(SINES[16 * $round + $step]);
                let sum = a + mix(b, c, d) + (words[group][word($step) % 16] + sine);
                let turned = (sum << SHIFTS[$round][$step % 4]) | (sum >> (32 - SHIFTS[$round][$step % 4]));
                states[group] = [d, b + turned, b, c];
            }
        )*};
    }
    steps!(0, |b, c, d| d ^ (b & (c ^ d)), |step| step, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(1, |b, c, d| c ^ (d & (b ^ c)), |step| 5 * step + 1, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(2, |b, c, d| b ^ c ^ d, |step| 3 * step + 5, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(3, |b, c, d| c ^ (b | !d), |step| 7 * step, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    for (state, start) in states.iter_mut().zip(start) {
        for (word, start) in state.iter_mut().zip(start) {
            *word += start;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::Digest as _;

    fn bytes(length: usize, seed: usize) -> Bytes {
        (0..length).map(|at| u8::try_from((at * 31 + seed * 7 + at / 251) % 256).unwrap()).collect()
    }

    fn known(bytes: &[u8]) -> Md5Sum {
        md5::Md5::digest(bytes).into()
    }

    #[test]
    fn every_length_and_every_cut_gives_the_md5_that_everybody_knows() {
        let bench = Md5Bench::default();
        for length in (0..200).chain([1_000, 4_095, 4_096, 70_001]) {
            for cut in [1, 55, 63, 64, 65, 1_000] {
                let whole = bytes(length, cut);
                let mut md5 = bench.md5();
                whole.chunks(cut).for_each(|piece| md5.update(Bytes::copy_from_slice(piece)));
                assert_eq!(md5.finish(), known(&whole), "{length} bytes in pieces of {cut}");
            }
        }
    }

    #[test]
    fn chains_of_any_number_and_length_that_lie_together_do_not_mix() {
        for count in 1..=11 {
            let bench = Md5Bench::default();
            let all: Vec<Bytes> = (0..count).map(|index| bytes(10_000 + index * 777, index)).collect();
            let mut open: Vec<Md5> = all.iter().map(|_| bench.md5()).collect();
            for piece in 0..4 {
                for (md5, whole) in open.iter_mut().zip(&all) {
                    let (from, to) = (whole.len() * piece / 4, whole.len() * (piece + 1) / 4);
                    md5.update(whole.slice(from..to));
                }
            }
            for (md5, whole) in open.into_iter().zip(&all) {
                assert_eq!(md5.finish(), known(whole), "{} bytes of {count}", whole.len());
            }
        }
    }

    #[test]
    fn many_threads_hash_for_each_other_and_one_that_gives_up_stops_nobody() {
        let bench = Md5Bench::default();
        std::thread::scope(|scope| {
            for index in 0..16 {
                let bench = bench.clone();
                scope.spawn(move || {
                    let whole = bytes(300_000 + index, index);
                    let mut md5 = bench.md5();
                    for piece in whole.chunks(16 * 1024) {
                        md5.update(Bytes::copy_from_slice(piece));
                    }
                    if index % 4 != 3 {
                        assert_eq!(md5.finish(), known(&whole));
                    }
                });
            }
        });
        assert!(bench.0.lock().waiting.is_empty());
    }
}
