//! Words of English that are used alike, in classes of three grains: what a report of few words cannot teach.
//!
//! The classes come from word vectors of general text (`tools/knowledge/word_classes.py`). File, compressed: `LWC1`,
//! number of fine classes and of words (u32), the middle class and then the coarse class of each fine one (u8), the
//! hashes of the words in rising order (u32), and the fine class of each (u16). All little-endian.

use std::sync::LazyLock;

/// The classes of a word, from 1; 0 is a word that is in none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Alike {
    pub(crate) fine: u16,
    pub(crate) middle: u16,
    pub(crate) coarse: u16,
}

impl Alike {
    /// No class.
    pub(crate) const NONE: Self = Self { fine: 0, middle: 0, coarse: 0 };

    /// The classes of a word by the hash of its lower-case form.
    pub(crate) fn of(lower: u32) -> Self {
        TABLE.get(lower).unwrap_or(Self::NONE)
    }
}

/// The table of the binary, unpacked when first asked for.
static TABLE: LazyLock<Table> = LazyLock::new(|| {
    zstd::decode_all(&include_bytes!("../../data/words.classes.zst")[..])
        .ok()
        .and_then(|bytes| Table::read(&bytes))
        .unwrap_or_default()
});

#[derive(Debug, Default)]
struct Table {
    middle: Vec<u8>,
    coarse: Vec<u8>,
    words: Vec<u32>,
    fine: Vec<u16>,
}

impl Table {
    fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"LWC1")?;
        let (classes, rest) = number(rest)?;
        let (words, rest) = number(rest)?;
        let (middle, rest) = rest.split_at_checked(classes)?;
        let (coarse, rest) = rest.split_at_checked(classes)?;
        let (hashes, rest) = rest.split_at_checked(words.checked_mul(4)?)?;
        let (fine, _) = rest.split_at_checked(words.checked_mul(2)?)?;
        let (hashes, _) = hashes.as_chunks::<4>();
        let (fine, _) = fine.as_chunks::<2>();
        Some(Self {
            middle: middle.to_vec(),
            coarse: coarse.to_vec(),
            words: hashes.iter().map(|b| u32::from_le_bytes(*b)).collect(),
            fine: fine.iter().map(|b| u16::from_le_bytes(*b)).collect(),
        })
    }

    fn get(&self, lower: u32) -> Option<Alike> {
        let at = self.words.binary_search(&lower).ok()?;
        let fine = *self.fine.get(at)?;
        let of = |classes: &[u8]| classes.get(usize::from(fine)).map(|c| u16::from(*c) + 1);
        Some(Alike { fine: fine + 1, middle: of(&self.middle)?, coarse: of(&self.coarse)? })
    }
}

fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*number) as usize, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagger::word::hash_of;

    #[test]
    fn words_that_are_used_alike_share_a_class() {
        let of = |word: &str| Alike::of(hash_of(word));
        assert_eq!(of("hospital").middle, of("hospitals").middle);
        assert_eq!(of("bahrain").fine, of("kuwait").fine);
        assert_ne!(of("bahrain").coarse, of("hospital").coarse);
        assert_eq!(of("qzxqzx"), Alike::NONE);
    }

    #[test]
    fn a_file_that_ends_too_early_is_none() {
        assert!(Table::read(b"LWC1\x01\0\0\0\x01\0\0\0\x02").is_none());
        assert!(Table::read(b"LWC2").is_none());
        let table = Table::read(b"LWC1\x01\0\0\0\x01\0\0\0\x02\x03\x07\0\0\0\0\0").unwrap();
        assert_eq!(table.get(7), Some(Alike { fine: 1, middle: 3, coarse: 4 }));
        assert_eq!(table.get(8), None);
    }
}
