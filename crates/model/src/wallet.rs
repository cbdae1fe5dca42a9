//! Wallet addresses, told by the checksum inside them.
//!
//! Bitcoin and its kin: Base58Check (32 bits of a double SHA-256) and SegWit (BIP 173, BIP 350);
//! Ethereum: the case of the letters where it is mixed (EIP-55); Monero: Keccak over blocks of
//! base 58 (CryptoNote standard 007).

use sha2::Sha256;
use sha3::{Digest, Keccak256};

/// Whether a run of letters and digits is a wallet's address: `Some(true)` where its checksum holds, `Some(false)`
/// where it has none (an Ethereum address in letters of one case), `None` for anything else.
#[must_use]
pub fn checked(run: &str) -> Option<bool> {
    match run.as_bytes() {
        [b'0', b'x', digits @ ..] => ethereum(digits),
        [b'b' | b'B' | b'l' | b'L', b'c' | b'C' | b't' | b'T', ..] if is_segwit(run) => Some(true),
        [b'4' | b'8', ..] if matches!(run.len(), 95 | 106) && is_monero(run) => Some(true),
        [first, ..] if (25..=35).contains(&run.len()) && is_base58check(run, *first) => Some(true),
        _ => None,
    }
}

/// Twenty bytes in hexadecimal; where their case is mixed it is a checksum and has to hold.
fn ethereum(digits: &[u8]) -> Option<bool> {
    if digits.len() != 40
        || !digits.iter().all(u8::is_ascii_hexdigit)
        || digits.iter().all(|digit| *digit == digits[0])
    {
        return None;
    }
    let upper = digits.iter().any(u8::is_ascii_uppercase);
    let lower = digits.iter().any(u8::is_ascii_lowercase);
    if !(upper && lower) {
        return Some(false);
    }
    let hash = Keccak256::digest(digits.to_ascii_lowercase());
    let holds = digits.iter().enumerate().all(|(i, digit)| {
        let nibble = hash[i / 2] >> (4 * (1 - i % 2)) & 0xf;
        !digit.is_ascii_alphabetic() || digit.is_ascii_uppercase() == (nibble >= 8)
    });
    holds.then_some(true)
}

/// First letter and version bytes of the currencies that use Base58Check.
const VERSIONS: &[(u8, &[u8])] = &[
    (b'1', &[0x00]),
    (b'3', &[0x05]),
    (b'L', &[0x30]),
    (b'M', &[0x32]),
    (b'D', &[0x1e]),
    (b'A', &[0x16]),
    (b'9', &[0x16]),
    (b'X', &[0x4c]),
    (b'7', &[0x10]),
    (b'T', &[0x41]),
    (b't', &[0x1c, 0xb8]),
    (b't', &[0x1c, 0xbd]),
];

/// Whether the run is version bytes, a hash of twenty bytes and their checksum.
fn is_base58check(run: &str, first: u8) -> bool {
    if !VERSIONS.iter().any(|(letter, _)| *letter == first) {
        return false;
    }
    // 256 bits are more than the 26 bytes need; the number is kept with the lowest word first.
    let mut number = [0_u32; 8];
    for byte in run.bytes() {
        let Some(digit) = base58(byte) else { return false };
        let mut carry = u64::from(digit);
        for word in &mut number {
            carry += u64::from(*word) * 58;
            *word = carry as u32;
            carry >>= 32;
        }
        if carry != 0 {
            return false;
        }
    }
    let mut bytes = [0_u8; 32];
    for (i, word) in number.iter().rev().enumerate() {
        bytes[i * 4..i * 4 + 4].copy_from_slice(&word.to_be_bytes());
    }
    VERSIONS.iter().filter(|(letter, _)| *letter == first).any(|(_, version)| {
        let (rest, payload) = bytes.split_at(32 - 24 - version.len());
        // Each leading zero byte is written as one `1`.
        let zeros = payload.iter().take_while(|byte| **byte == 0).count();
        let ones = run.bytes().take_while(|byte| *byte == b'1').count();
        let (hashed, sum) = payload.split_at(payload.len() - 4);
        rest.iter().all(|byte| *byte == 0)
            && payload.starts_with(version)
            && zeros == ones
            && Sha256::digest(Sha256::digest(hashed)).starts_with(sum)
    })
}

/// Whether the run is blocks of base 58 whose last four bytes are the Keccak of the others.
fn is_monero(run: &str) -> bool {
    let mut bytes = Vec::with_capacity(77);
    for block in run.as_bytes().chunks(11) {
        let size = match block.len() {
            11 => 8,
            7 => 5,
            // An integrated address has 106 digits: nine blocks and seven digits more.
            _ => return false,
        };
        let mut number = 0_u128;
        for byte in block {
            let Some(digit) = base58(*byte) else { return false };
            number = number * 58 + u128::from(digit);
        }
        if number >> (8 * size) != 0 {
            return false;
        }
        bytes.extend_from_slice(&number.to_be_bytes()[16 - size..]);
    }
    let (hashed, sum) = bytes.split_at(bytes.len() - 4);
    // Standard, integrated and sub-addresses of the main network.
    matches!(hashed.first(), Some(18 | 19 | 42)) && Keccak256::digest(hashed).starts_with(sum)
}

fn base58(byte: u8) -> Option<u8> {
    Some(match byte {
        b'1'..=b'9' => byte - b'1',
        b'A'..=b'H' => byte - b'A' + 9,
        b'J'..=b'N' => byte - b'J' + 17,
        b'P'..=b'Z' => byte - b'P' + 22,
        b'a'..=b'k' => byte - b'a' + 33,
        b'm'..=b'z' => byte - b'm' + 44,
        _ => return None,
    })
}

/// Whether the checksum of a SegWit address of Bitcoin or Litecoin holds: BIP 173 for version 0
/// of the witness, BIP 350 for later ones.
fn is_segwit(run: &str) -> bool {
    const DIGITS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let mixed =
        run.bytes().any(|b| b.is_ascii_uppercase()) && run.bytes().any(|b| b.is_ascii_lowercase());
    if mixed || !(14..=90).contains(&run.len()) {
        return false;
    }
    let lower = run.to_ascii_lowercase();
    let prefix = if lower.starts_with("bc1") {
        b"bc"
    } else if lower.starts_with("ltc1") {
        b"ltc".as_slice()
    } else {
        return false;
    };
    let mut sum: u32 = 1;
    let mut feed = |value: u32| {
        let top = sum >> 25;
        sum = ((sum & 0x1ff_ffff) << 5) ^ value;
        for (i, generator) in
            [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].iter().enumerate()
        {
            if (top >> i) & 1 == 1 {
                sum ^= generator;
            }
        }
    };
    for byte in prefix {
        feed(u32::from(byte >> 5));
    }
    feed(0);
    for byte in prefix {
        feed(u32::from(byte & 31));
    }
    let mut version = None;
    for byte in lower[prefix.len() + 1..].bytes() {
        match DIGITS.iter().position(|digit| *digit == byte) {
            Some(value) => {
                version.get_or_insert(value);
                feed(value as u32);
            }
            None => return false,
        }
    }
    sum == if version == Some(0) { 1 } else { 0x2bc8_30a3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_addresses_hold() {
        // Bitcoin wiki, BIP 173, BIP 350, EIP-55, and the addresses of the Monero project.
        for run in ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"] {
            assert!(is_base58check(run, run.as_bytes()[0]), "{run}");
        }
        for run in [
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y",
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        ] {
            assert!(is_segwit(run), "{run}");
        }
        for run in [
            "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(ethereum(run.as_bytes()), Some(true), "{run}");
        }
        let monero = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H";
        assert!(is_monero(monero));
    }

    #[test]
    fn one_changed_digit_breaks_the_sum() {
        for run in ["1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLz"] {
            assert!(!is_base58check(run, run.as_bytes()[0]), "{run}");
        }
        assert!(!is_segwit("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"));
        // Version 1 of the witness under the sum of version 0 (BIP 350, invalid).
        assert!(!is_segwit("bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4"));
        assert_eq!(ethereum(b"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"), None);
        assert!(!is_monero(
            "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3J"
        ));
    }
}
