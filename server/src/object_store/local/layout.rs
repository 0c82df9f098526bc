//! Which file is what in the store's folder. Names alone say which parts are there: nothing has to be parsed after a crash.
//!
//! ```text
//! uploads/<upload id>/meta.json, part-…        unfinished
//! objects/<key>/<version id>/manifest.json, part-…   finished; the greatest version id is the latest
//! scratch/                                     being written; emptied at start
//! ```

use std::fmt::Write;
use std::path::{Path, PathBuf};

/// File names may have 255 bytes; our keys encode to about 90.
const NAME_BYTES_MAX: usize = 240;
/// Before every key, so that none is a name that Windows keeps for itself (`con`, `nul`).
const KEY_PREFIX: &str = "o-";

pub(super) const META_FILE: &str = "meta.json";
pub(super) const MANIFEST_FILE: &str = "manifest.json";

#[derive(Clone, Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(super) fn objects(&self) -> PathBuf {
        self.root.join("objects")
    }

    pub(super) fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// None: the key is too long for a file name.
    pub(super) fn object(&self, key: &str) -> Option<PathBuf> {
        encode_key(key).map(|name| self.objects().join(name))
    }
}

/// Safe on every system: `a-z 0-9 - _`, `/` as `+`, any other byte as `%` and two lower-case digits, so that names which
/// differ in case alone differ here, and none climbs out of the folder.
pub(super) fn encode_key(key: &str) -> Option<String> {
    let mut name = KEY_PREFIX.to_owned();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
            b'/' => name.push('+'),
            other => write!(name, "%{other:02x}").ok()?,
        }
    }
    (name.len() <= NAME_BYTES_MAX).then_some(name)
}

/// None: not a name that [`encode_key`] makes.
pub(super) fn decode_key(name: &str) -> Option<String> {
    let mut key = Vec::with_capacity(name.len());
    let mut bytes = name.strip_prefix(KEY_PREFIX)?.bytes();
    while let Some(byte) = bytes.next() {
        key.push(match byte {
            b'+' => b'/',
            b'%' => {
                let digits = [bytes.next()?, bytes.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(key).ok()
}

/// A version id is a path here: nothing but what we made.
pub(super) fn is_version_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// What the store knows of a part, and its file's name: renaming the file to it makes it a part, at once and for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartFile {
    pub(super) part: u32,
    /// Counts how often the part was sent: of two files, left by a crash, the later one is the part.
    pub(super) sequence: u32,
    pub(super) bytes: u64,
    pub(super) md5: [u8; 16],
}

impl PartFile {
    pub(super) fn name(&self) -> String {
        format!("part-{:05}-{:05}-{}-{}", self.part, self.sequence, self.bytes, hex(&self.md5))
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut fields = name.strip_prefix("part-")?.split('-');
        let mut next = || fields.next();
        let (part, sequence) = (next()?.parse().ok()?, next()?.parse().ok()?);
        let (bytes, md5) = (next()?.parse().ok()?, unhex(next()?)?);
        let file = Self { part, sequence, bytes, md5 };
        (file.name() == name).then_some(file)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<[u8; 16]> {
    (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_harmless_name_and_comes_back() {
        for key in ["0190/ab-1/original", "../../etc/passwd", "CON", "con", "a.b/ü %+", "", "/", "a\\b:c*"] {
            let name = encode_key(key).unwrap();
            assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'+' | b'%')), "{name}");
            assert_eq!(decode_key(&name).as_deref(), Some(key));
        }
        assert_eq!(encode_key(&"x".repeat(300)), None);
        assert_eq!(decode_key("desktop.ini"), None);
    }

    #[test]
    fn names_that_differ_in_case_alone_are_two() {
        assert_ne!(encode_key("A").unwrap().to_lowercase(), encode_key("a").unwrap().to_lowercase());
    }

    #[test]
    fn a_part_s_name_says_all_about_it() {
        let file = PartFile { part: 9_500, sequence: 2, bytes: 64 << 20, md5: [0xa5; 16] };
        assert_eq!(PartFile::parse(&file.name()), Some(file));
        for odd in
            ["part-1", "part-00001-00001-5-zz", "meta.json", "part-00001-00001-05-00000000000000000000000000000000"]
        {
            assert_eq!(PartFile::parse(odd), None, "{odd}");
        }
    }
}
