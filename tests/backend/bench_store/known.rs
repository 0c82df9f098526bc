//! MD5s of bodies that came before. A bench sends the same bytes again and again, and a store that hashed them each time
//! would take as much of the machine as the client that is measured; it would also take less when more bodies come at
//! once, which favours who opens most connections. A quick checksum finds what is known; what is new is hashed in full.

use axum::body::Bytes;
use lectern_md5::{Md5, Md5Bench, Md5Sum};
use std::collections::HashMap;
use std::hash::Hasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use twox_hash::XxHash3_64;

/// The length of a body, and how it begins: noise, so that no two begin alike.
type Looks = (u64, [u8; 16]);

/// Cheap to clone.
#[derive(Clone, Default)]
pub struct Known {
    sums: Arc<Mutex<HashMap<Looks, (u64, Md5Sum)>>>,
    md5s: Md5Bench,
}

/// One body while it comes.
pub struct Body {
    known: Known,
    bytes: u64,
    promised: u64,
    looks: Option<Looks>,
    quick: XxHash3_64,
    sum: Sum,
}

enum Sum {
    Unseen,
    Expected(u64, Md5Sum),
    New(Md5),
}

impl Known {
    /// `promised` is what the request says of the body's length.
    pub fn body(&self, promised: u64) -> Body {
        let quick = XxHash3_64::new();
        Body { known: self.clone(), bytes: 0, promised, looks: None, quick, sum: Sum::Unseen }
    }

    fn sums(&self) -> MutexGuard<'_, HashMap<Looks, (u64, Md5Sum)>> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Body {
    pub fn update(&mut self, chunk: Bytes) {
        if let Sum::Unseen = self.sum {
            self.looks = chunk.first_chunk().map(|head| (self.promised, *head));
            let expected = self.looks.and_then(|looks| self.known.sums().get(&looks).copied());
            self.sum =
                expected.map_or_else(|| Sum::New(self.known.md5s.md5()), |(quick, md5)| Sum::Expected(quick, md5));
        }
        self.bytes += chunk.len() as u64;
        self.quick.write(&chunk);
        if let Sum::New(md5) = &mut self.sum {
            md5.update(chunk);
        }
    }

    /// Length and MD5. None when it began like another one and went on differently: it has to come once more.
    pub fn finish(self) -> Option<(u64, Md5Sum)> {
        let quick = self.quick.finish();
        let md5 = match self.sum {
            Sum::Unseen => self.known.md5s.md5().finish(),
            Sum::Expected(expected, md5) if expected == quick => md5,
            Sum::Expected(..) => {
                self.looks.and_then(|looks| self.known.sums().remove(&looks));
                // It costs who sent it a try: that should be seen.
                eprintln!("a body of {} bytes began like another one and must come again", self.bytes);
                return None;
            }
            Sum::New(md5) => {
                let md5 = md5.finish();
                self.looks.and_then(|looks| self.known.sums().insert(looks, (quick, md5)));
                md5
            }
        };
        Some((self.bytes, md5))
    }
}
