//! Some dozens of literals at once, by four of the bytes of each: every place of a text is asked for
//! all of them with a few instructions (the idea of Teddy, of Hyperscan).
//!
//! The literals are dealt out to eight buckets, and each bucket has one bit. For each of the four
//! bytes two tables of 16 entries give the buckets that have a byte with such a lower and such an upper
//! half. A place where some bucket has all four is then compared with the four bytes of the bucket's
//! literals.

use super::literals::weight;
use super::simd;

/// Bytes of a literal that are looked for.
const WINDOW: usize = 4;
const BUCKETS: usize = 8;
/// With more literals most places pass.
const MOST: usize = 64;

/// For each byte of a window the buckets by lower and by upper half.
pub(super) type Columns = [[[u8; 16]; 2]; WINDOW];

/// The literals by bucket.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    columns: Columns,
    /// Four bytes in lower case, the literal, and where in it they stand.
    members: [Vec<(u32, u32, u32)>; BUCKETS],
    /// One bit for each hash of four bytes that some literal has.
    known: [u64; WORDS],
}

/// Words of the bits of [`Buckets::known`].
const WORDS: usize = 64;

impl Buckets {
    /// Takes literals in lower case; `None` when there are none or too many, or when one is too short
    /// or has no four bytes of ASCII in a row.
    pub(super) fn new(literals: &[(u32, &[u8])]) -> Option<Self> {
        if literals.is_empty() || literals.len() > MOST {
            return None;
        }
        let mut members = Vec::new();
        for (number, literal) in literals {
            let (at, four) = rarest(literal)?;
            members.push((four, *number, at));
        }
        // Windows that are alike share a bucket, so that it has few halves: by which byte they are dealt out, is tried.
        members.sort_unstable();
        let dealt = (0..WINDOW as u32).map(|byte| {
            let mut dealt = members.clone();
            dealt.sort_by_key(|(four, ..)| four.rotate_left(8 * byte));
            Self::of(&dealt)
        });
        dealt.min_by_key(Self::passing)
    }

    /// Deals literals out in their order.
    fn of(members: &[(u32, u32, u32)]) -> Self {
        let size = members.len().div_ceil(BUCKETS);
        let columns = Columns::default();
        let mut all = Self { columns, members: Default::default(), known: [0; WORDS] };
        for (bucket, part) in members.chunks(size).enumerate() {
            for (four, ..) in part {
                let bit = bit_of(*four);
                all.known[bit >> 6] |= 1 << (bit & 63);
                for (column, byte) in all.columns.iter_mut().zip(four.to_le_bytes()) {
                    for byte in [byte, byte.to_ascii_uppercase()] {
                        column[0][usize::from(byte & 15)] |= 1 << bucket;
                        column[1][usize::from(byte >> 4)] |= 1 << bucket;
                    }
                }
            }
            all.members[bucket] = part.to_vec();
        }
        all
    }

    /// How many places of a log are in a bucket, roughly.
    fn passing(&self) -> u64 {
        let weight = |column: &[[u8; 16]; 2], bucket: usize| -> u64 {
            let has = |byte: &u8| {
                let halves = column[0][usize::from(byte & 15)] & column[1][usize::from(byte >> 4)];
                halves >> bucket & 1 != 0
            };
            (0..128).filter(has).map(|byte| u64::from(weight(byte))).sum()
        };
        let of = |bucket| self.columns.iter().map(|c| weight(c, bucket)).product::<u64>();
        (0..BUCKETS).map(of).sum()
    }

    /// Tells every place where a literal may begin, with its number; and every sign (see [`super::signs`]) to `sign`.
    pub(super) fn find(
        &self,
        text: &[u8],
        tell: &mut impl FnMut(usize, usize),
        sign: impl FnMut(usize),
    ) {
        simd::windows(&self.columns, text, |at, buckets| self.look(text, at, buckets, tell), sign);
    }

    fn look(&self, text: &[u8], at: usize, mut buckets: u8, tell: &mut impl FnMut(usize, usize)) {
        let Some(four) = text.get(at..).and_then(|t| t.first_chunk::<WINDOW>()) else { return };
        // Most places are in a bucket by the halves of several literals.
        let bit = bit_of(u32::from_le_bytes(*four));
        if self.known[bit >> 6 & (WORDS - 1)] >> (bit & 63) & 1 == 0 {
            return;
        }
        let four = u32::from_le_bytes(four.map(|b| b.to_ascii_lowercase()));
        while buckets != 0 {
            let members = &self.members[buckets.trailing_zeros() as usize & (BUCKETS - 1)];
            for &(_, literal, inner) in members.iter().filter(|m| m.0 == four) {
                if let Some(start) = at.checked_sub(inner as usize) {
                    tell(start, literal as usize);
                }
            }
            buckets &= buckets - 1;
        }
    }
}

/// The hash of four bytes in either case.
#[inline(always)]
fn bit_of(four: u32) -> usize {
    ((four | 0x2020_2020).wrapping_mul(0x9e37_79b1) >> 20) as usize
}

/// Words that many lines of logs hold, so that their parts tell little.
const COMMON: &[u8] = b"mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) \
    chrome safari firefox edge trident iphone android linux macintosh get post http/1.1 https://www. \
    /default.aspx /owa/auth/logon.aspx /ecp/ /ews/exchange.asmx /autodiscover/autodiscover.xml \
    /microsoft-server-activesync/ /mapi/emsmdb /rpc/ index.html index.php admin login user name mail \
    microsoft exchange outlook office server client request response session authentication authority \
    system32 program files program data windows-security-auditing service process command error info \
    warning status time date type index main content text application json xml domain local.com.net \
    calculatebackend downleveltargethash proxystate routinghint backendcookie anchormailbox";

/// Whether many lines of logs hold a literal (in lower case).
pub(crate) fn is_common(literal: &str) -> bool {
    memchr::memmem::find(COMMON, literal.as_bytes()).is_some()
}

/// The place and the bytes of the window that logs have least often.
fn rarest(literal: &[u8]) -> Option<(u32, u32)> {
    let windows = literal.array_windows::<WINDOW>().enumerate();
    let (at, four) = windows.filter(|(_, four)| four.is_ascii()).min_by_key(|(_, four)| {
        let is_common = memchr::memmem::find(COMMON, &four[..]).is_some();
        four.iter().map(|b| weight(*b)).sum::<u32>() + if is_common { 100 } else { 0 }
    })?;
    Some((at as u32, u32::from_le_bytes(*four)))
}

/// The buckets that have all four bytes that begin at a place: the definition.
#[inline(always)]
pub(super) fn buckets_of(columns: &Columns, four: [u8; WINDOW]) -> u8 {
    columns.iter().zip(four).fold(0xff, |all, ([low, high], byte)| {
        // No byte from 0x80 on is in a window.
        let ascii = if byte.is_ascii() { 0xff } else { 0 };
        all & ascii & low[usize::from(byte & 15)] & high[usize::from(byte >> 4)]
    })
}

/// Tells every place from `from` on where some bucket has all four bytes.
pub(super) fn windows(
    columns: &Columns,
    text: &[u8],
    from: usize,
    mut tell: impl FnMut(usize, u8),
) {
    let rest = text.get(from..).unwrap_or(&[]);
    for (at, four) in rest.array_windows::<WINDOW>().enumerate() {
        let buckets = buckets_of(columns, *four);
        if buckets != 0 {
            tell(from + at, buckets);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_fast_twin_tells_the_same(
            literals in proptest::collection::vec("[a-f~/ ]{4,9}", 1..60),
            text in proptest::collection::vec("[a-fA-F~/ é]{0,40}|[%\"\\\\]{0,3}|\\PC{0,9}", 0..30),
        ) {
            let literals: Vec<(u32, &[u8])> = (0..).zip(literals.iter().map(String::as_bytes)).collect();
            let buckets = Buckets::new(&literals).unwrap();
            let text = text.concat();
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            let mut odd = Vec::new();
            simd::windows(&buckets.columns, text.as_bytes(), |at, bits| fast.push((at, bits)), |at| odd.push(at));
            windows(&buckets.columns, text.as_bytes(), 0, |at, bits| slow.push((at, bits)));
            prop_assert_eq!(fast, slow);
            let mut slowly = Vec::new();
            super::super::signs::odd_bytes(text.as_bytes(), 0, |at| slowly.push(at));
            prop_assert_eq!(odd, slowly);
        }
    }
}
