//! Makes strings of others harmless to show: no control of the terminal, no hidden direction
//! marks, no unbounded length, and nothing that a click would open.

use std::collections::BTreeSet;

use lapwing_model::{Entity, Kind};

/// Most characters of a value in a cell; longer ones are cut with a note of their length.
const VALUE_LIMIT: usize = 400;
/// Most characters of a name inside a sentence.
const NAME_LIMIT: usize = 120;

/// One line without control, direction and invisible characters (each becomes U+FFFD).
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit * 4));
    let mut taken = 0;
    let mut blank = false;
    let mut rest = 0_usize;
    for c in text.trim().chars() {
        if taken >= limit {
            rest += 1;
            continue;
        }
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if blank {
            out.push(' ');
            blank = false;
        }
        out.push(if is_hidden(c) { char::REPLACEMENT_CHARACTER } else { c });
        taken += 1;
    }
    if rest > 0 {
        out.push_str(&format!("… ({} characters)", text.chars().count()));
    }
    out
}

/// A name for use inside a sentence.
pub(crate) fn clean_name(text: &str) -> String {
    clean(text, NAME_LIMIT)
}

/// Control characters, and format characters that reorder, hide or tag text (Unicode TR 9, TR 36).
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Defangs an entity's value by its kind: `54.221.65[.]242`, `hxxps://a.example[.]org/x`.
pub fn defang(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Ipv4Addr | Kind::DomainName => last_dot(value),
        Kind::Ipv6Addr => match value.rfind(':') {
            Some(at) => format!("{}[:]{}", &value[..at], &value[at + 1..]),
            None => value.to_owned(),
        },
        Kind::EmailAddr => match value.rsplit_once('@') {
            Some((user, host)) => format!("{user}[@]{}", last_dot(host)),
            None => value.to_owned(),
        },
        Kind::Url => defang_url(value),
        _ => value.to_owned(),
    }
}

fn last_dot(value: &str) -> String {
    match value.rfind('.') {
        Some(at) => format!("{}[.]{}", &value[..at], &value[at + 1..]),
        None => value.to_owned(),
    }
}

fn defang_url(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return last_dot(url) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => "hxxp".to_owned(),
        "https" => "hxxps".to_owned(),
        "ftp" => "fxp".to_owned(),
        _ => format!("{scheme}[:]"),
    };
    format!("{scheme}://{}{tail}", last_dot(authority))
}

/// Knows the values of a page that must not be live in running text.
#[derive(Debug, Default)]
pub(crate) struct Safe {
    hostile: BTreeSet<String>,
}

impl Safe {
    /// Takes the values of all indicators on the page.
    pub(crate) fn new<'e>(indicators: impl Iterator<Item = &'e Entity>) -> Self {
        let hostile = indicators
            .filter(|e| matches!(e.kind, Kind::DomainName | Kind::Ipv6Addr | Kind::EmailAddr))
            .map(|e| e.value.to_lowercase())
            .collect();
        Self { hostile }
    }

    /// Whether a link goes to a host that is itself an indicator here.
    pub(crate) fn is_hostile_link(&self, url: &str) -> bool {
        let host = host_of(url).to_lowercase();
        host.match_indices('.')
            .map(|(at, _)| &host[at + 1..])
            .chain([host.as_str()])
            .any(|part| self.hostile.contains(part))
    }

    /// A value for a cell: cleaned, defanged, bounded.
    pub(crate) fn value(kind: Kind, value: &str) -> String {
        defang(kind, &clean(value, VALUE_LIMIT))
    }

    /// Running text: cleaned, with addresses, URLs and the page's own indicators defanged.
    pub(crate) fn prose(&self, text: &str) -> String {
        let text = clean(text, 4000);
        let mut out = String::with_capacity(text.len());
        for (at, word) in text.split(' ').enumerate() {
            if at > 0 {
                out.push(' ');
            }
            let core = word.trim_matches(|c: char| !c.is_alphanumeric());
            let Some(start) = word.find(core).filter(|_| !core.is_empty()) else {
                out.push_str(word);
                continue;
            };
            out.push_str(&word[..start]);
            out.push_str(&self.word(core));
            out.push_str(&word[start + core.len()..]);
        }
        out
    }

    fn word(&self, word: &str) -> String {
        if let Some(at) = word.find("://") {
            let head = word[..at].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |i| i + 1);
            if word.is_char_boundary(head) {
                return format!("{}{}", &word[..head], defang_url(&word[head..]));
            }
        }
        let lower = word.to_lowercase();
        if is_ipv4(word) || self.hostile.contains(&lower) {
            return if lower.contains('@') {
                defang(Kind::EmailAddr, word)
            } else if lower.contains('.') {
                last_dot(word)
            } else {
                defang(Kind::Ipv6Addr, word)
            };
        }
        word.to_owned()
    }
}

fn is_ipv4(word: &str) -> bool {
    let host = word.split(['/', ':']).next().unwrap_or("");
    host.split('.').count() == 4
        && host
            .split('.')
            .all(|p| (1..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
}

/// The host of a URL, without user and port; the text itself when it is no URL.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    host.split(':').next().unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_defanged_by_kind() {
        assert_eq!(defang(Kind::Ipv4Addr, "198.51.100.7"), "198.51.100[.]7");
        assert_eq!(defang(Kind::DomainName, "a.example.test"), "a.example[.]test");
        assert_eq!(defang(Kind::Ipv6Addr, "2001:db8::7"), "2001:db8:[:]7");
        assert_eq!(defang(Kind::EmailAddr, "a@example.test"), "a[@]example[.]test");
        assert_eq!(
            defang(Kind::Url, "https://a.example.test:8443/x.php?y=1.2"),
            "hxxps://a.example[.]test:8443/x.php?y=1.2"
        );
        assert_eq!(defang(Kind::Url, "javascript:alert(1)"), "javascript:alert(1)");
    }

    #[test]
    fn running_text_has_nothing_to_click() {
        let bad = Entity::new(Kind::DomainName, "bad.example.test");
        let safe = Safe::new([&bad].into_iter());
        assert_eq!(
            safe.prose("from (198.51.100.7), Bad.example.test; see <https://bad.example.test/a>."),
            "from (198.51.100[.]7), Bad.example[.]test; see <hxxps://bad.example[.]test/a>."
        );
        assert!(safe.is_hostile_link("https://x.bad.example.test:1/"));
        assert!(!safe.is_hostile_link("https://example.org/bad.example.test"));
    }

    #[test]
    fn control_and_direction_marks_lose_their_force() {
        let text = "a\u{1b}[31m\u{202e}b\nc\u{0}\u{200b}";
        assert_eq!(clean(text, 99), "a\u{fffd}[31m\u{fffd}b c\u{fffd}\u{fffd}");
        let long = "x".repeat(1_000_000);
        assert_eq!(clean(&long, 4), "xxxx… (1000000 characters)");
    }
}
