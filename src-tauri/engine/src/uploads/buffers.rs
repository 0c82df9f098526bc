//! Memory for reads of the disk, used again and again: each of the many threads that read would otherwise keep what it
//! once had, and each new piece would cost the system as much work as reading it.

use bytes::Bytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One read of the disk.
pub const READ_BYTES: usize = 256 * 1024;
/// What is kept for the next reads: 4 MiB.
const FREE_MAX: usize = 16;

/// Buffers that nobody uses. Cheap to clone; all readers of an engine share them.
#[derive(Clone, Default)]
pub struct Buffers(Arc<Mutex<Vec<Box<[u8]>>>>);

/// A buffer that goes back when its last reader is gone.
struct Lent {
    bytes: Box<[u8]>,
    length: usize,
    home: Buffers,
}

impl Buffers {
    /// `length` bytes, at most [`READ_BYTES`], as `fill` has filled them. What was in them before is anything.
    ///
    /// # Errors
    /// When `fill` fails.
    pub fn filled<E>(&self, length: usize, fill: impl FnOnce(&mut [u8]) -> Result<(), E>) -> Result<Bytes, E> {
        let bytes = self.free().pop().unwrap_or_else(|| vec![0; READ_BYTES].into_boxed_slice());
        let mut lent = Lent { length: length.min(bytes.len()), bytes, home: self.clone() };
        fill(&mut lent.bytes[..lent.length])?;
        Ok(Bytes::from_owner(lent))
    }

    fn free(&self) -> MutexGuard<'_, Vec<Box<[u8]>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut free = self.home.free();
        if free.len() < FREE_MAX {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    fn piece(buffers: &Buffers, length: usize, byte: u8) -> Bytes {
        let filled = buffers.filled(length, |bytes| {
            bytes.fill(byte);
            Ok::<_, Infallible>(())
        });
        filled.unwrap()
    }

    #[test]
    fn a_buffer_is_used_again_only_when_nobody_reads_it_any_more() {
        let buffers = Buffers::default();
        let first = piece(&buffers, 1_000, 1);
        let kept = first.slice(10..20);
        drop(first);
        let second = piece(&buffers, 500, 2);
        assert_eq!(kept[..], [1; 10], "somebody still reads it");
        let place = kept.as_ptr_range();
        drop(kept);
        let third = piece(&buffers, READ_BYTES, 3);
        assert!(third.as_ptr_range().contains(&place.start), "taken again");
        assert_eq!((second.len(), third.len()), (500, READ_BYTES));
    }

    #[test]
    fn a_read_that_fails_gives_its_buffer_back_and_few_are_kept() {
        let buffers = Buffers::default();
        assert_eq!(buffers.filled(10, |_| Err("gone")), Err("gone"));
        assert_eq!(buffers.free().len(), 1);
        let many: Vec<Bytes> = (0..3 * FREE_MAX).map(|_| piece(&buffers, 10, 0)).collect();
        drop(many);
        assert_eq!(buffers.free().len(), FREE_MAX);
    }
}
