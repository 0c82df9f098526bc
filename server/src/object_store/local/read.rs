//! Streams a range of an object out of its part files, a buffer at a time: a film is never in memory.

use bytes::Bytes;
use futures::Stream;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;

const BUFFER_BYTES: u64 = 256 * 1024;

#[derive(Debug, PartialEq, Eq)]
struct Stretch {
    file: PathBuf,
    start: u64,
    bytes: u64,
}

/// The stretches of files that make up the range.
fn plan(files: Vec<(PathBuf, u64)>, range: &Range<u64>) -> VecDeque<Stretch> {
    let mut stretches = VecDeque::new();
    let mut file_start = 0;
    for (file, bytes) in files {
        let file_end = file_start + bytes;
        let (from, to) = (range.start.max(file_start), range.end.min(file_end));
        if from < to {
            stretches.push_back(Stretch { file, start: from - file_start, bytes: to - from });
        }
        file_start = file_end;
    }
    stretches
}

pub(super) struct Reader {
    ahead: VecDeque<Stretch>,
    open: Option<(File, u64)>,
}

impl Reader {
    /// Opens the first file, so that a file that is not there is an error before anything is answered.
    pub(super) fn open(files: Vec<(PathBuf, u64)>, range: &Range<u64>) -> io::Result<Self> {
        let mut reader = Self { ahead: plan(files, range), open: None };
        reader.open_next()?;
        Ok(reader)
    }

    fn open_next(&mut self) -> io::Result<()> {
        self.open = None;
        if let Some(next) = self.ahead.pop_front() {
            let mut file = File::open(&next.file)?;
            file.seek(SeekFrom::Start(next.start))?;
            self.open = Some((file, next.bytes));
        }
        Ok(())
    }

    /// None at the end. A file shorter than it says is an error: the client must not take less for all.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        let Some((file, left)) = &mut self.open else { return Ok(None) };
        let wanted = BUFFER_BYTES.min(*left);
        let mut buffer = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        file.take(wanted).read_to_end(&mut buffer)?;
        if buffer.len() as u64 != wanted {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *left -= wanted;
        if *left == 0 {
            self.open_next()?;
        }
        Ok(Some(buffer.into()))
    }

    /// A paused player holds a connection for hours: threads are borrowed for each buffer, not for the stream.
    pub(super) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync {
        futures::stream::try_unfold(self, async |mut reader| {
            let read = tokio::task::spawn_blocking(move || reader.next().map(|piece| piece.map(|p| (p, reader))));
            read.await.map_err(io::Error::other)?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(range: Range<u64>) -> Vec<(&'static str, u64, u64)> {
        let files = [("a", 10), ("b", 5), ("c", 10)].map(|(name, bytes)| (PathBuf::from(name), bytes)).to_vec();
        let names = ["a", "b", "c"];
        let name = |file: &PathBuf| *names.iter().find(|name| file.as_os_str() == **name).unwrap();
        plan(files, &range).iter().map(|stretch| (name(&stretch.file), stretch.start, stretch.bytes)).collect()
    }

    #[test]
    fn a_range_is_read_from_the_files_it_touches_and_no_other() {
        assert_eq!(planned(0..25), [("a", 0, 10), ("b", 0, 5), ("c", 0, 10)]);
        assert_eq!(planned(10..15), [("b", 0, 5)]);
        assert_eq!(planned(9..16), [("a", 9, 1), ("b", 0, 5), ("c", 0, 1)]);
        assert_eq!(planned(24..25), [("c", 9, 1)]);
        assert_eq!(planned(3..3), []);
    }
}
