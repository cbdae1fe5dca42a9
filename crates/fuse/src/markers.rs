//! What copies are found by: a few hashes of each document, each leading to the documents that have it.

use crate::precedence::Precedence;
use crate::sketch::Sketch;
use crate::trace::Trace;

/// A hash is compared with the first documents that have it only: a phrase that everybody uses leads to
/// nobody, and a text copied a thousand times leads to those that it was copied from.
pub const HEADS: usize = 16;

/// One kind of hash: which sketch, how many of its hashes, and how many two documents must share to be
/// compared.
struct Family {
    of: fn(&Trace) -> &Sketch,
    kept: usize,
    fewest: u32,
}

/// Runs of words, pairs of names, values, pairs of what a translation keeps. Of the smallest hashes so many that two texts of like length
/// which are copies share a dozen and more.
const FAMILIES: [Family; 4] = [
    Family { of: |trace| &trace.text, kept: 128, fewest: 2 },
    Family { of: |trace| &trace.names, kept: 96, fewest: 2 },
    Family { of: |trace| &trace.values, kept: 64, fewest: 1 },
    Family { of: |trace| &trace.anchors, kept: 32, fewest: 3 },
];

/// Bits of the hash within a marker; the family stands above them.
const HASH_BITS: u32 = 32;

impl Trace {
    /// What copies of this document are found by, in order.
    #[must_use]
    pub fn markers(&self) -> Vec<i64> {
        let mut markers = Vec::new();
        for (family, number) in FAMILIES.iter().zip(0_i64..) {
            let hashes = (family.of)(self).hashes.iter().take(family.kept);
            markers.extend(hashes.map(|hash| number << HASH_BITS | i64::from(*hash)));
        }
        markers
    }
}

impl Trace {
    /// Whether the markers of two documents lead from one to the other: else they are never compared, however
    /// alike they are.
    #[must_use]
    pub fn leads_to(&self, other: &Trace) -> bool {
        let (ours, theirs) = (self.markers(), other.markers());
        let mut shared = Shared::default();
        for marker in ours.iter().filter(|marker| theirs.binary_search(marker).is_ok()) {
            shared.count(*marker);
        }
        shared.enough()
    }
}

/// How many markers of each family two documents share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shared([u32; FAMILIES.len()]);

impl Shared {
    /// Counts one marker.
    pub fn count(&mut self, marker: i64) {
        if let Some(count) = self.0.get_mut((marker >> HASH_BITS) as usize) {
            *count += 1;
        }
    }

    /// Whether these are enough to compare the two.
    pub fn enough(self) -> bool {
        FAMILIES.iter().zip(self.0).any(|(family, count)| count >= family.fewest)
    }
}

/// The first documents among those that have each marker, of documents in order of precedence; markers of
/// one document are left out.
pub(crate) struct Heads {
    starts: foldhash::HashMap<i64, (u32, u8)>,
    heads: Vec<u32>,
}

impl Heads {
    pub fn of(docs: &[&Trace]) -> Self {
        let mut found = Self { starts: foldhash::HashMap::default(), heads: Vec::new() };
        // One family after the other, in slices, so that what is sorted at once stays small.
        for (family, number) in FAMILIES.iter().zip(0_i64..) {
            for slice in 0..8 {
                let of = |(at, doc): (usize, &&Trace)| {
                    let hashes: Vec<(u32, u32)> = (family.of)(doc)
                        .hashes
                        .iter()
                        .take(family.kept)
                        .filter(|hash| **hash % 8 == slice)
                        .map(|hash| (*hash, at as u32))
                        .collect();
                    hashes
                };
                let mut postings: Vec<(u32, u32)> = docs.iter().enumerate().flat_map(of).collect();
                postings.sort_unstable();
                for posting in postings.chunk_by(|a, b| a.0 == b.0).filter(|p| p.len() > 1) {
                    let marker = number << HASH_BITS | i64::from(posting[0].0);
                    let first = posting.len().min(HEADS);
                    found.starts.insert(marker, (found.heads.len() as u32, first as u8));
                    found.heads.extend(posting[..first].iter().map(|(_, at)| *at));
                }
            }
        }
        found
    }

    pub fn get(&self, marker: i64) -> &[u32] {
        let Some((start, length)) = self.starts.get(&marker) else { return &[] };
        let start = *start as usize;
        self.heads.get(start..start + usize::from(*length)).unwrap_or_default()
    }

    /// The documents before `child` that it is to be compared with, in order.
    pub fn candidates(&self, child: usize, markers: &[i64]) -> Vec<usize> {
        let mut shared: foldhash::HashMap<u32, Shared> = foldhash::HashMap::default();
        for marker in markers {
            for head in self.get(*marker).iter().take_while(|head| (**head as usize) < child) {
                shared.entry(*head).or_default().count(*marker);
            }
        }
        let mut found: Vec<usize> =
            shared.into_iter().filter(|(_, s)| s.enough()).map(|(at, _)| at as usize).collect();
        found.sort_unstable();
        found
    }
}

/// The documents of a list in order of precedence that stand within its heads.
pub(crate) fn heads(list: &[Precedence]) -> &[Precedence] {
    &list[..list.len().min(HEADS)]
}
