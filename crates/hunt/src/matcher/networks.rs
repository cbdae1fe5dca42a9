//! Networks, ranges and IPv6 addresses: looked up by number, not by text.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Hit;
use super::holds::is_version;

type Net4 = (u8, u32, u32);
type Net6 = (u8, u128, u32);

/// Sorted by prefix length, then network.
#[derive(Debug, Default)]
pub(super) struct Networks {
    v4: Vec<Net4>,
    v4_lengths: Vec<u8>,
    /// One bit for each two first octets that a network touches.
    v4_heads: Vec<u64>,
    v6: Vec<Net6>,
    v6_lengths: Vec<u8>,
}

impl Networks {
    /// Reads the sections of an image.
    pub(super) fn of(v4: &[u8], v6: &[u8]) -> Self {
        let word = |bytes: &[u8]| bytes.first_chunk::<4>().map_or(0, |b| u32::from_le_bytes(*b));
        let v4: Vec<Net4> = v4
            .as_chunks::<12>()
            .0
            .iter()
            .map(|b| (word(b).min(32) as u8, word(&b[4..]), word(&b[8..])))
            .collect();
        let v6: Vec<Net6> = v6
            .as_chunks::<24>()
            .0
            .iter()
            .map(|b| {
                let net = b.first_chunk::<16>().map_or(0, |b| u128::from_le_bytes(*b));
                (word(&b[16..]).min(128) as u8, net, word(&b[20..]))
            })
            .collect();
        let mut v4_heads = vec![0u64; if v4.is_empty() { 0 } else { 1024 }];
        for (length, net, _) in &v4 {
            let last = net | !mask32(*length);
            for head in net >> 16..=last >> 16 {
                v4_heads[(head >> 6) as usize] |= 1 << (head & 63);
            }
        }
        let lengths = |mut all: Vec<u8>| {
            all.dedup();
            all
        };
        Self {
            v4_lengths: lengths(v4.iter().map(|n| n.0).collect()),
            v6_lengths: lengths(v6.iter().map(|n| n.0).collect()),
            v4,
            v4_heads,
            v6,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// Tells every network of an IPv4 address in text.
    pub(super) fn find4(&self, text: &[u8], span: (usize, usize), mut tell: impl FnMut(u32)) {
        if self.v4.is_empty() {
            return;
        }
        let Some(address) = std::str::from_utf8(&text[span.0..span.1])
            .ok()
            .and_then(|token| token.parse::<Ipv4Addr>().ok())
        else {
            return;
        };
        let address = u32::from(address);
        let head = address >> 16;
        if self.v4_heads[(head >> 6) as usize] >> (head & 63) & 1 == 0
            || is_version(text, span.0, span.1)
        {
            return;
        }
        for &length in &self.v4_lengths {
            let net = address & mask32(length);
            let from = self.v4.partition_point(|&(l, n, _)| (l, n) < (length, net));
            let same = self.v4[from..].iter().take_while(|(l, n, _)| (*l, *n) == (length, net));
            same.for_each(|(_, _, number)| tell(*number));
        }
    }

    /// Finds IPv6 addresses that begin in a piece: `::`, or seven colons with only hexadecimal digits
    /// between.
    pub(super) fn find6(&self, text: &[u8], base: usize, hits: &mut Vec<Hit>) {
        if self.v6.is_empty() {
            return;
        }
        let piece = &text[base..text.len().min(base + super::PIECE)];
        let class = |b: &u8| b.is_ascii_hexdigit() || *b == b':' || *b == b'.';
        let mut done = base;
        for colon in memchr::memchr_iter(b':', piece).map(|at| base + at) {
            // Times of day have two colons; an address has two of the next eleven bytes, or `::`.
            let near = &text[colon..text.len().min(colon + 12)];
            let colons = memchr::memchr_iter(b':', near).count();
            if colon < done || colons < 3 && near.get(1) != Some(&b':') {
                continue;
            }
            let start =
                colon - text[..colon].iter().rev().take(48).take_while(|b| class(b)).count();
            let end = colon + text[colon..].iter().take(64).take_while(|b| class(b)).count();
            done = end;
            let glued = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
            if end - start < 3
                || glued(start.checked_sub(1).and_then(|at| text.get(at)))
                || glued(text.get(end))
            {
                continue;
            }
            let token = std::str::from_utf8(&text[start..end]).unwrap_or("");
            let token = token.trim_end_matches('.');
            let Ok(address) = token.parse::<Ipv6Addr>() else { continue };
            for &length in &self.v6_lengths {
                let net = u128::from(address) & mask128(length);
                let from = self.v6.partition_point(|&(l, n, _)| (l, n) < (length, net));
                let same = self.v6[from..].iter().take_while(|(l, n, _)| (*l, *n) == (length, net));
                hits.extend(same.map(|(_, _, indicator)| Hit {
                    start,
                    end: start + token.len(),
                    indicator: *indicator,
                }));
            }
        }
    }
}

pub(super) fn mask32(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0)
}

pub(super) fn mask128(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0)
}
