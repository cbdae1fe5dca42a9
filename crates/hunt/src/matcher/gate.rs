//! Two small tables that turn away most tokens before they are hashed: last labels of names, and
//! first numbers of addresses.

use super::hash;

const LABEL_WORDS: usize = 64;
const OCTET_WORDS: usize = 16;

/// Which last labels and which first octets the indicators have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gate {
    labels: [u64; LABEL_WORDS],
    octets: [u64; OCTET_WORDS],
}

impl Default for Gate {
    fn default() -> Self {
        Self { labels: [0; LABEL_WORDS], octets: [0; OCTET_WORDS] }
    }
}

impl Gate {
    /// Lets names pass that end like this token; a token without a dot changes nothing.
    pub(super) fn open_for(&mut self, token: &[u8]) {
        let Some(dot) = memchr::memrchr(b'.', token) else { return };
        let bit = Self::bit(hash::last_word(token, token.len(), token.len() - dot - 1), 52);
        self.labels[bit >> 6] |= 1 << (bit & 63);
    }

    /// Lets addresses pass that begin with this number.
    pub(super) fn open_octet(&mut self, octet: u8) {
        let bit = Self::bit(Self::octet(octet.to_string().as_bytes()), 54);
        self.octets[bit >> 6] |= 1 << (bit & 63);
    }

    /// Whether a name with this last label (at most its last eight bytes) may be an indicator.
    #[inline(always)]
    pub(super) fn lets_label(&self, text: &[u8], end: usize, length: usize) -> bool {
        let bit = Self::bit(hash::last_word(text, end, length), 52);
        self.labels[(bit >> 6) & (LABEL_WORDS - 1)] >> (bit & 63) & 1 != 0
    }

    /// Whether an address that starts with these bytes, of which `length` are its first number, may be
    /// an indicator.
    #[inline(always)]
    pub(super) fn lets_octet(&self, start: [u8; 4], length: u32) -> bool {
        let word = u64::from(u32::from_le_bytes(start)) & ((1u64 << (8 * (length & 3))) - 1);
        let bit = Self::bit(word, 54);
        self.octets[(bit >> 6) & (OCTET_WORDS - 1)] >> (bit & 63) & 1 != 0
    }

    fn octet(digits: &[u8]) -> u64 {
        let mut bytes = [0; 8];
        let length = digits.len().min(3);
        bytes[..length].copy_from_slice(&digits[..length]);
        u64::from_le_bytes(bytes)
    }

    #[inline(always)]
    fn bit(word: u64, shift: u32) -> usize {
        (hash::small(word) >> shift) as usize
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.labels.iter().chain(&self.octets).flat_map(|word| word.to_le_bytes()).collect()
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` for another length.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks::<8>() else { return None };
        let (labels, octets) = words.split_at_checked(LABEL_WORDS)?;
        let word = |bytes: [u8; 8]| u64::from_le_bytes(bytes);
        let labels: [[u8; 8]; LABEL_WORDS] = labels.try_into().ok()?;
        let octets: [[u8; 8]; OCTET_WORDS] = octets.try_into().ok()?;
        Some(Self { labels: labels.map(word), octets: octets.map(word) })
    }
}
