//! A small table that turns away most tokens before they are hashed, by their last labels.

use super::hash;

const WORDS: usize = 64;

/// Which last labels the indicators have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gate([u64; WORDS]);

impl Default for Gate {
    fn default() -> Self {
        Self([0; WORDS])
    }
}

impl Gate {
    /// Lets tokens pass that end like this one; a token without a dot changes nothing.
    pub(super) fn open_for(&mut self, token: &[u8]) {
        let Some(dot) = memchr::memrchr(b'.', token) else { return };
        let bit = Self::bit(hash::last_word(token, token.len() - dot - 1));
        self.0[bit >> 6] |= 1 << (bit & 63);
    }

    /// Whether a token with this last label (at most its last eight bytes) may be an indicator.
    #[inline(always)]
    pub(super) fn lets_label(&self, text: &[u8], end: usize, length: usize) -> bool {
        let Some(word) = hash::word(text, end, length) else { return true };
        let bit = Self::bit(word);
        self.0[(bit >> 6) & (WORDS - 1)] >> (bit & 63) & 1 != 0
    }

    #[inline(always)]
    fn bit(word: u64) -> usize {
        (hash::small(word) >> 52) as usize
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for another length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks::<8>() else { return None };
        let words: [[u8; 8]; WORDS] = words.try_into().ok()?;
        Some(Self(words.map(u64::from_le_bytes)))
    }
}
