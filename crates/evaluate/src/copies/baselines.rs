//! What is known: the share of runs of three words, and SimHash.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// All runs of three words.
pub(super) struct Shingles(BTreeSet<u64>);

impl Shingles {
    pub fn of(text: &String) -> Self {
        let words: Vec<String> = words(text).map(str::to_lowercase).collect();
        Self(words.windows(3).map(hashed).collect())
    }

    pub fn likeness(&self, parent: &Self) -> f64 {
        self.0.intersection(&parent.0).count() as f64 / self.0.len().max(1) as f64
    }
}

/// 64 bits, each the majority of that bit over the hashes of all words.
pub(super) struct SimHash(u64);

impl SimHash {
    pub fn of(text: &String) -> Self {
        let mut sums = [0_i64; 64];
        for word in words(text) {
            let hash = hashed(&word.to_lowercase());
            for (bit, sum) in sums.iter_mut().enumerate() {
                *sum += if hash >> bit & 1 == 1 { 1 } else { -1 };
            }
        }
        let set = sums.iter().enumerate().filter(|(_, sum)| **sum > 0);
        Self(set.fold(0, |bits, (bit, _)| bits | 1 << bit))
    }

    pub fn likeness(&self, other: &Self) -> f64 {
        1.0 - f64::from((self.0 ^ other.0).count_ones()) / 64.0
    }
}

/// Words with a capital or digit: names, more or less.
pub(super) fn names(text: &str) -> BTreeSet<String> {
    words(text)
        .filter(|word| word.chars().any(|c| c.is_uppercase() || c.is_ascii_digit()))
        .map(str::to_lowercase)
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// A hash that is the same in each run: the standard one with its fixed keys.
fn hashed<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
