use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The smallest hashes of a set: enough to estimate how much of one set lies in another.
///
/// For two sketches, all hashes below the smaller of their bounds are complete on both sides,
/// so the share of one side's hashes found on the other estimates containment (Broder 1997).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// At most this many hashes are kept.
    limit: usize,
    /// Sorted, distinct.
    pub hashes: Vec<u32>,
    /// Number of elements that were put in, repeats counted.
    pub seen: u64,
    /// Whether hashes were dropped: then only those below the last one are complete.
    pub full: bool,
}

impl Sketch {
    pub fn new(limit: usize) -> Self {
        Self { limit, hashes: Vec::new(), seen: 0, full: false }
    }

    pub fn from_parts(limit: usize, hashes: Vec<u32>, seen: u64, full: bool) -> Self {
        Self { limit, hashes, seen, full }
    }

    /// Puts an element in. Memory stays below eight times the limit.
    pub fn insert(&mut self, hash: u32) {
        self.seen += 1;
        // While filling, a bound may be known from an earlier shrink.
        if self.full && self.hashes.get(self.limit - 1).is_some_and(|bound| hash > *bound) {
            return;
        }
        self.hashes.push(hash);
        if self.hashes.len() >= self.limit * 8 {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        if self.hashes.len() > self.limit {
            self.hashes.truncate(self.limit);
            self.full = true;
        }
    }

    /// Brings the sketch to its final form; call once after the last element.
    pub fn finish(mut self) -> Self {
        self.shrink();
        self.hashes.shrink_to_fit();
        self
    }

    fn bound(&self) -> u32 {
        if self.full { self.hashes.last().copied().unwrap_or(u32::MAX) } else { u32::MAX }
    }

    /// Compares two finished sketches.
    pub fn overlap(&self, other: &Self) -> Overlap {
        let bound = self.bound().min(other.bound());
        let complete = |s: &Self| s.hashes.partition_point(|h| *h <= bound);
        let (own, others) = (complete(self), complete(other));
        let mut shared = 0;
        let (mut i, mut j) = (0, 0);
        while i < own && j < others {
            match self.hashes[i].cmp(&other.hashes[j]) {
                std::cmp::Ordering::Less => i += 1,
                std::cmp::Ordering::Greater => j += 1,
                std::cmp::Ordering::Equal => {
                    shared += 1;
                    i += 1;
                    j += 1;
                }
            }
        }
        Overlap { shared, own, others }
    }
}

/// What two sketches have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// Hashes in both.
    pub shared: usize,
    /// Complete hashes of the first.
    pub own: usize,
    /// Complete hashes of the second.
    pub others: usize,
}

impl Overlap {
    /// Share of the first set that is in the second.
    pub fn containment(self) -> f64 {
        share(self.shared, self.own)
    }

    /// Share of the second set that is in the first.
    pub fn reverse(self) -> f64 {
        share(self.shared, self.others)
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Hashes of words and of runs of words, the same on every machine.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, 0x6c61_7077_696e_6721)
}

/// Joins hashes in their order.
pub(crate) fn hash_run(run: &[u64]) -> u32 {
    let mut mixed = 0x9e37_79b9_7f4a_7c15_u64;
    for part in run {
        mixed = (mixed ^ part).wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^= mixed >> 32;
    }
    (mixed >> 32) as u32 ^ mixed as u32
}

/// The words of a text, lower case: runs of letters and digits; each character of a script
/// that is written without spaces is a word of its own.
pub(crate) fn words(text: &str, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    for c in text.chars() {
        let unspaced = matches!(u32::from(c), 0x0E00..=0x0EFF | 0x3040..=0x30FF | 0x3400..=0x9FFF);
        if c.is_alphanumeric() && !unspaced {
            // A run without end (a blob) is cut, so that memory stays bounded.
            if word.len() < 128 {
                word.extend(c.to_lowercase());
            }
            continue;
        }
        if !word.is_empty() {
            each(&word);
            word.clear();
        }
        if unspaced {
            each(c.encode_utf8(&mut [0; 4]));
        }
    }
    if !word.is_empty() {
        each(&word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(range: std::ops::Range<u64>, limit: usize) -> Sketch {
        let mut sketch = Sketch::new(limit);
        range.for_each(|n| sketch.insert(hash_run(&[hash(&n.to_le_bytes())])));
        sketch.finish()
    }

    #[test]
    fn containment_is_estimated_on_both_sides() {
        let (small, large) = (of(0..1000, 256), of(0..4000, 256));
        let overlap = small.overlap(&large);
        assert!(overlap.containment() > 0.99);
        assert!((overlap.reverse() - 0.25).abs() < 0.08, "{overlap:?}");
        assert_eq!(of(0..500, 64).overlap(&of(500..1000, 64)).shared, 0);
    }

    #[test]
    fn small_sets_are_compared_exactly() {
        let overlap = of(0..10, 64).overlap(&of(5..25, 64));
        assert_eq!(overlap, Overlap { shared: 5, own: 10, others: 20 });
        assert!((of(0..0, 64).overlap(&of(0..5, 64)).containment()).abs() < f64::EPSILON);
    }

    #[test]
    fn words_are_lower_case_runs_and_single_ideographs() {
        let mut seen = Vec::new();
        words("Web-Shells, 2021: 攻撃 Ünit", |w| seen.push(w.to_owned()));
        assert_eq!(seen, ["web", "shells", "2021", "攻", "撃", "ünit"]);
    }

    proptest! {
        #[test]
        fn order_and_repeats_do_not_matter(mut all in prop::collection::vec(any::<u32>(), 0..600)) {
            let sketch = |all: &[u32]| {
                let mut sketch = Sketch::new(16);
                for hash in all {
                    sketch.insert(*hash);
                }
                sketch.finish().hashes
            };
            let first = sketch(&all);
            all.reverse();
            let again = all.clone();
            all.extend(again);
            prop_assert_eq!(first, sketch(&all));
        }
    }
}
