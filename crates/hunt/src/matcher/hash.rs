//! The hash of a token in any case of letters, sixteen bytes at a time, from the token's end: so the
//! hash of its last labels reads the same words.

/// `| 0x20` folds the case, and no two bytes of a token meet by it.
const FOLD: u64 = 0x2020_2020_2020_2020;
const K: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xd6e8_feb8_6659_fd93, 0xff51_afd7_ed55_8ccd];

/// Which bits of sixteen bytes belong to so many last bytes.
const MASKS: [[u64; 2]; 17] = {
    let mut masks = [[0; 2]; 17];
    let mut length = 1;
    while length <= 16 {
        masks[length] = match length {
            0..=8 => [0, u64::MAX << (64 - 8 * length)],
            _ => [u64::MAX << (128 - 8 * length), u64::MAX],
        };
        length += 1;
    }
    masks
};

#[inline(always)]
fn multiply(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    product as u64 ^ (product >> 64) as u64
}

/// The sixteen bytes before `end`, the first eight and the last eight; zeros before the text.
#[inline(always)]
fn sixteen(text: &[u8], end: usize) -> (u64, u64) {
    let bytes = match text.get(..end).and_then(|t| t.last_chunk::<16>()) {
        Some(bytes) => *bytes,
        None => beginning(text, end),
    };
    let ([first, last], _) = bytes.as_chunks::<8>() else { return (0, 0) };
    (u64::from_le_bytes(*first) | FOLD, u64::from_le_bytes(*last) | FOLD)
}

/// The sixteen bytes before a place near the text's beginning.
#[cold]
fn beginning(text: &[u8], end: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    let text = &text[..end.min(text.len())];
    let text = &text[text.len().saturating_sub(16)..];
    bytes[16 - text.len()..].copy_from_slice(text);
    bytes
}

/// The hash of `text[end - length..end]`.
#[inline(always)]
pub(super) fn of(text: &[u8], end: usize, length: usize) -> u64 {
    let (mut end, mut length) = (end, length);
    let mut hash = K[0];
    while length > 16 {
        let (first, last) = sixteen(text, end);
        hash = multiply(last ^ K[1], first ^ hash);
        end -= 16;
        length -= 16;
    }
    at_most_sixteen(sixteen(text, end), length, hash)
}

/// The same for a length of at most 16.
#[inline(always)]
pub(super) fn short(text: &[u8], end: usize, length: usize) -> u64 {
    at_most_sixteen(sixteen(text, end), length, K[0])
}

#[inline(always)]
fn at_most_sixteen((first, last): (u64, u64), length: usize, hash: u64) -> u64 {
    let [first_mask, last_mask] = MASKS[length.min(16)];
    let (first, last) = (first & first_mask, last & last_mask);
    // The product is even too often; one more step spreads it.
    multiply(multiply(last ^ K[1], first ^ hash) ^ K[2], K[0])
}

/// The hash of a whole token.
pub(super) fn key(token: &[u8]) -> u64 {
    of(token, token.len(), token.len())
}

/// The hash of a short piece of text of at most eight bytes.
#[inline(always)]
pub(super) fn small(word: u64) -> u64 {
    (word ^ word >> 29).wrapping_mul(K[0])
}

/// The eight bytes before `end` as a number; `None` near the text's beginning.
#[inline(always)]
pub(super) fn tail(text: &[u8], end: usize) -> Option<u64> {
    let eight = text.get(end.wrapping_sub(8)..end)?.first_chunk::<8>()?;
    Some(u64::from_le_bytes(*eight) | FOLD)
}

/// The same for the end of a token.
pub(super) fn last_word(token: &[u8], length: usize) -> u64 {
    (sixteen(token, token.len()).1) & MASKS[length.min(8)][1]
}

/// A hash of any bytes, for paths and for telling equal values.
pub(super) fn bytes(text: &[u8], seed: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(text, seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_hash_is_of_the_token_alone(
            before in "[ -~]{0,40}", token in "[A-Za-z0-9._@-]{1,60}", after in "[ -~]{0,4}",
        ) {
            let text = format!("{before}{token}{after}");
            let end = before.len() + token.len();
            let here = of(text.as_bytes(), end, token.len());
            prop_assert_eq!(here, key(token.as_bytes()));
            prop_assert_eq!(here, key(token.to_ascii_uppercase().as_bytes()));
            let other = format!("x{token}");
            prop_assert!(here != key(other.as_bytes()));
        }
    }
}
