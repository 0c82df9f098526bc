//! What is sent: bytes that do not compress, the same ones in every run.

use crate::run::{Result, io};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

/// Files in a folder of their own.
pub struct Workload {
    pub name: &'static str,
    pub folder: PathBuf,
    pub files: u64,
    pub bytes: u64,
    /// Small enough for a slow line.
    pub is_light: bool,
}

impl Workload {
    pub fn paths(&self) -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.folder).map_err(io(self.folder.display()))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        Ok(paths)
    }
}

/// Made once: a file of the right size is kept.
pub fn make(folder: &Path) -> Result<Vec<Workload>> {
    let mixed = |number: u64| [64 * KIB, 700 * KIB, 3 * MIB, 24 * MIB][(number % 4) as usize];
    [
        workload(folder, "1 x 2 GiB", 1, |_| 2_048 * MIB),
        workload(folder, "8 x 256 MiB", 8, |_| 256 * MIB),
        workload(folder, "1000 x 256 KiB", 1_000, |_| 256 * KIB),
        workload(folder, "200 mixed", 200, mixed),
        workload(folder, "1 x 64 MiB", 1, |_| 64 * MIB).map(light),
        workload(folder, "100 x 256 KiB", 100, |_| 256 * KIB).map(light),
    ]
    .into_iter()
    .collect()
}

/// As many as a course of a whole faculty.
pub fn queue(folder: &Path) -> Result<Workload> {
    workload(folder, "10000 x 1 KiB", 10_000, |_| KIB)
}

fn workload(folder: &Path, name: &'static str, files: u64, size: impl Fn(u64) -> u64) -> Result<Workload> {
    let folder = folder.join(name.replace(' ', ""));
    fs::create_dir_all(&folder).map_err(io(folder.display()))?;
    let mut bytes = 0;
    for number in 0..files {
        let (path, wanted) = (folder.join(format!("lecture-{number:04}.mp4")), size(number));
        bytes += wanted;
        if fs::metadata(&path).is_ok_and(|there| there.len() == wanted) {
            continue;
        }
        fill(&path, wanted, number + 1).map_err(io(path.display()))?;
    }
    Ok(Workload { name, folder, files, bytes, is_light: false })
}

fn light(workload: Workload) -> Workload {
    Workload { is_light: true, ..workload }
}

/// Xorshift: quick, and as good as noise for a store.
fn fill(path: &Path, bytes: u64, seed: u64) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..bytes / 8 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        file.write_all(&state.to_le_bytes())?;
    }
    file.flush()
}
