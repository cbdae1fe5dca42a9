//! Identifiers: CVE, CWE, CPE, ATT&CK techniques, autonomous systems, users of services.

use lapwing_model::Kind;

use super::{Finder, Shape};

/// A longer CPE name is none, in bytes.
const LONGEST_CPE: usize = 400;

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
            digit if digit.is_ascii_digit() && self.short_cve(start, end) => return,
            _ => {}
        }
        if self.done < end && bytes.len() >= 25 && (self.wallet(start, end) || self.ja4(start, end))
        {
            return;
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

    /// A CVE number whose prefix stands apart ("CVE 2021-26855", "cve,2021-26855"), or which goes on from the one
    /// before it: "CVE-2021-34473, -34523 and -31207", "CVE-2021-44228/45046".
    fn short_cve(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        let digits = |part: &str, least: usize, most: usize| {
            (least..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
        };
        let listed = self.listed_cve(start);
        let value = match run.split_once('-') {
            Some((year, number)) if digits(year, 4, 4) && digits(number, 4, 7) => {
                let year_fits = year.parse::<u16>().is_ok_and(|y| (1999..=2099).contains(&y));
                if !year_fits || !(listed.is_some() || self.is_behind_cve(start)) {
                    return false;
                }
                format!("CVE-{year}-{number}")
            }
            None if digits(run, 4, 7) && matches!(self.before(start), b'-' | b'/') => {
                match listed {
                    Some(year) => format!("CVE-{year}-{run}"),
                    None => return false,
                }
            }
            _ => return false,
        };
        self.push(Kind::Vulnerability, value, start, end, Shape::Plain);
        true
    }

    /// Whether "CVE" stands right before, a mark or two between.
    fn is_behind_cve(&self, at: usize) -> bool {
        let before = self.bytes.get(at.saturating_sub(8)..at).unwrap_or_default();
        let marks = before.iter().rev().take_while(|b| matches!(b, b' ' | b',' | b':' | b'#'));
        let gap = marks.count();
        let word = &before[..before.len() - gap];
        let word = word.strip_suffix(b"s").unwrap_or(word);
        let Some(rest) = word.len().checked_sub(3) else { return false };
        (1..=2).contains(&gap)
            && word[rest..].eq_ignore_ascii_case(b"cve")
            && rest.checked_sub(1).is_none_or(|i| !word[i].is_ascii_alphanumeric())
    }

    /// The year of the CVE number before `at`, where only the marks of a list stand between.
    fn listed_cve(&self, at: usize) -> Option<String> {
        let last = self.found.last().filter(|f| f.kind == Kind::Vulnerability)?;
        let gap = self.text.get(last.range.end..at).filter(|gap| gap.len() <= 8)?;
        let gap = gap.strip_suffix('-').unwrap_or(gap).trim();
        matches!(gap, "," | "and" | ", and" | "or" | ", or" | "&" | "/")
            .then(|| last.value.get(4..8).map(str::to_owned))?
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

    /// A product by its CPE name, from `cpe:` on: of version 2.3 with eleven parts after the prefix
    /// (NISTIR 7695 section 6.2), of version 2.2 a URI with up to seven (section 6.1).
    pub(super) fn cpe(&mut self, start: usize) -> bool {
        let rest = &self.text[start..];
        let name = |c: &u8| {
            c.is_ascii_alphanumeric()
                || matches!(
                    c,
                    b'.' | b'_'
                        | b'-'
                        | b':'
                        | b'~'
                        | b'%'
                        | b'*'
                        | b'\\'
                        | b'/'
                        | b'+'
                        | b'!'
                        | b'?'
                )
        };
        let long = strip(rest, "cpe:2.3:").is_some();
        if !long && strip(rest, "cpe:/").is_none() {
            return false;
        }
        let len = rest.bytes().take(LONGEST_CPE).take_while(name).count();
        let text = rest[..len].trim_end_matches(['.', '?', '!', '\\', ':']);
        let head = if long { 8 } else { 5 };
        let mut parts = text[head.min(text.len())..].split(':');
        let fits = matches!(parts.next(), Some("a" | "o" | "h"))
            && parts.next().is_some_and(|vendor| !vendor.is_empty())
            && parts.next().is_some_and(|product| !product.is_empty())
            && parts.count() <= 8;
        if fits {
            self.push(
                Kind::Software,
                text.to_ascii_lowercase(),
                start,
                start + text.len(),
                Shape::Checked,
            );
        }
        fits
    }

    /// `@name` where the words before speak of a service that has such names.
    pub(super) fn handle(&mut self, start: usize, end: usize) -> bool {
        const SERVICES: &[&str] = &[
            "telegram",
            "twitter",
            "discord",
            "instagram",
            "username",
            "user name",
            "handle",
            "threema",
            "wickr",
            "messenger",
            "tiktok",
            "mastodon",
            "bluesky",
        ];
        let run = self.text[start..end].trim_end_matches(['.', ':', '-']);
        let Some(name) = run.strip_prefix('@') else { return false };
        let window =
            self.text.get(self.char_start(start.saturating_sub(64))..start).unwrap_or_default();
        let line = window.rsplit('\n').next().unwrap_or_default().to_ascii_lowercase();
        let fits = (4..=32).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'))
            && name.bytes().any(|b| b.is_ascii_alphabetic())
            && SERVICES.iter().any(|service| line.contains(service));
        if fits {
            self.push(Kind::UserAccount, run, start, start + run.len(), Shape::Plain);
        }
        fits
    }
}

fn strip<'r>(run: &'r str, prefix: &str) -> Option<&'r str> {
    let head = run.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &run[prefix.len()..])
}
