//! Identifiers: CVE, CWE, ATT&CK techniques, autonomous systems, wallets.

use lapwing_model::Kind;

use super::{Finder, Shape};

impl Finder<'_> {
    /// A run without dots: `CVE-2021-26855`, `CWE-269`, `T1068`, `AS64496`, a wallet.
    pub(super) fn identifier(&mut self, start: usize, end: usize) {
        let run = &self.text[start..end];
        let bytes = run.as_bytes();
        if self.technique(start, end) || self.mac_with_hyphens(start, end) {
            return;
        }
        match bytes[0] | 0x20 {
            b'c' => {
                self.cve(start, end);
                self.cwe(start, end);
            }
            b'a' => self.autonomous_system(start, end),
            _ => {}
        }
        if self.done < end && (bytes.len() >= 26) {
            self.wallet(start, end);
        }
        // `foo-CVE-2021-26855`: an identifier inside a longer run.
        if self.done < end
            && run.len() > 12
            && let Some(at) = run.find("CVE-").or_else(|| run.find("cve-"))
            && at > 0
            && !bytes[at - 1].is_ascii_alphanumeric()
        {
            self.cve(start + at, end);
        }
    }

    fn cve(&mut self, start: usize, end: usize) {
        let run = &self.text[start..end];
        let Some(rest) = strip(run, "CVE-").or_else(|| strip(run, "CVE_")) else { return };
        let (year, number) = (rest.get(..4).unwrap_or_default(), rest.get(5..).unwrap_or_default());
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        let year_fits = year.parse::<u16>().is_ok_and(|y| (1999..=2099).contains(&y))
            && matches!(rest.as_bytes().get(4), Some(b'-' | b'_'));
        if year_fits
            && (4..=7).contains(&digits)
            && !number[digits..].starts_with(|c: char| c.is_ascii_alphanumeric())
        {
            self.push(
                Kind::Vulnerability,
                format!("CVE-{year}-{}", &number[..digits]),
                start,
                start + 9 + digits,
                Shape::Plain,
            );
        }
    }

    fn cwe(&mut self, start: usize, end: usize) {
        let run = &self.text[start..end];
        let Some(rest) = strip(run, "CWE-") else { return };
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if (1..=4).contains(&digits)
            && !rest[digits..].starts_with(|c: char| c.is_ascii_alphanumeric())
        {
            self.push(
                Kind::Weakness,
                format!("CWE-{}", &rest[..digits]),
                start,
                start + 4 + digits,
                Shape::Plain,
            );
        }
    }

    /// `T1505`, `T1505.003`, in upper case.
    pub(super) fn technique(&mut self, start: usize, end: usize) -> bool {
        let run = &self.bytes[start..end];
        if run.len() < 5
            || run[0] != b'T'
            || !run[1..5].iter().all(u8::is_ascii_digit)
            || !matches!(run[1], b'0' | b'1')
        {
            return false;
        }
        let long =
            run.len() >= 9 && matches!(run[5], b'.') && run[6..9].iter().all(u8::is_ascii_digit);
        let len = if long { 9 } else { 5 };
        if run.get(len).is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_') {
            return false;
        }
        let value = self.text[start..start + len].to_owned();
        self.push(Kind::AttackPattern, value, start, start + len, Shape::Bare);
        true
    }

    fn autonomous_system(&mut self, start: usize, end: usize) {
        let run = &self.text[start..end];
        let Some(rest) = run.strip_prefix("ASN").or_else(|| run.strip_prefix("AS")) else { return };
        let rest = rest.strip_prefix('-').unwrap_or(rest);
        if (2..=10).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_digit())
            && rest.parse::<u32>().is_ok_and(|n| n > 0)
        {
            self.push(
                Kind::AutonomousSystem,
                format!("AS{}", rest.trim_start_matches('0')),
                start,
                end,
                Shape::Plain,
            );
        }
    }

    fn wallet(&mut self, start: usize, end: usize) {
        let run = &self.text[start..end];
        if !run.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return;
        }
        if let Some(rest) = run.strip_prefix("0x") {
            if rest.len() == 40
                && rest.bytes().all(|b| b.is_ascii_hexdigit())
                && !rest.bytes().all(|b| b == b'0')
            {
                self.push(Kind::CryptocurrencyWallet, run, start, end, Shape::Plain);
            }
            return;
        }
        let shape = if is_bech32(run) {
            Shape::Checked
        } else if is_base58(run)
            && ((matches!(run.as_bytes()[0], b'1' | b'3') && (26..=35).contains(&run.len()))
                || (matches!(run.as_bytes()[0], b'4' | b'8') && run.len() == 95))
        {
            Shape::Plain
        } else {
            return;
        };
        // Without the checksum of base 58 at hand, the words around have to support it.
        if shape == Shape::Plain && run.len() != 95 {
            let window = self.text.get(..start).unwrap_or_default();
            let from = window.char_indices().rev().take(80).last().map_or(0, |(i, _)| i);
            let before = window[from..].to_ascii_lowercase();
            if !["bitcoin", "btc", "wallet", "ransom", "payment", "crypto"]
                .iter()
                .any(|word| before.contains(word))
            {
                return;
            }
        }
        self.push(Kind::CryptocurrencyWallet, run, start, end, shape);
    }
}

fn strip<'r>(run: &'r str, prefix: &str) -> Option<&'r str> {
    let head = run.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &run[prefix.len()..])
}

fn is_base58(run: &str) -> bool {
    run.bytes().all(|b| b.is_ascii_alphanumeric() && !matches!(b, b'0' | b'O' | b'I' | b'l'))
        && run.bytes().any(|b| b.is_ascii_digit())
        && run.bytes().any(|b| b.is_ascii_lowercase())
        && run.bytes().any(|b| b.is_ascii_uppercase())
}

/// Whether the checksum of a SegWit address holds (BIP 173, BIP 350).
fn is_bech32(run: &str) -> bool {
    const DIGITS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let lower = run.to_ascii_lowercase();
    if !lower.starts_with("bc1")
        || !(14..=90).contains(&lower.len())
        || (lower != run && run.to_ascii_uppercase() != run)
    {
        return false;
    }
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
    for value in [3, 3, 0, u32::from(b'b' & 31), u32::from(b'c' & 31)] {
        feed(value);
    }
    for byte in lower[3..].bytes() {
        match DIGITS.iter().position(|d| *d == byte) {
            Some(value) => feed(value as u32),
            None => return false,
        }
    }
    sum == 1 || sum == 0x2bc8_30a3
}
