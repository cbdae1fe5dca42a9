//! The last look: whether the text around a token makes it the indicator.

use lapwing_model::{Kind, registry};

use super::classes::is_token_byte;
use super::tokens::Span;
use super::wild_path::WildPath;

/// The parts of a URL's value that are compared with text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UrlParts<'v> {
    pub host: &'v str,
    pub port: &'v str,
    /// Path and query, without a slash at the end; empty for a host alone.
    pub rest: &'v str,
}

impl<'v> UrlParts<'v> {
    pub(super) fn of(value: &'v str) -> Self {
        let after = value.split_once("://").map_or(value, |(_, after)| after);
        let authority_end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(authority_end);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
            _ => (authority, ""),
        };
        let rest = rest.split('#').next().unwrap_or("");
        Self { host, port, rest: rest.trim_end_matches('/') }
    }

    /// The path alone.
    pub(super) fn path(&self) -> &'v str {
        self.rest.split('?').next().unwrap_or("")
    }
}

/// The place of an indicator whose key stands at `span`, when it is really there.
pub(super) fn holds(kind: Kind, value: &str, text: &[u8], span: Span) -> Option<(usize, usize)> {
    let token = text.get(span.start()..span.end())?;
    let same = |wanted: &str| token.eq_ignore_ascii_case(wanted.as_bytes());
    let at_edge = letter_before(text, span.start()) || letter_behind(text, span.end());
    if at_edge {
        return None;
    }
    let here = Some((span.start(), span.end()));
    let whole = span.whole;
    let behind_at = span.start > 0 && text[span.start() - 1] == b'@';
    match kind {
        Kind::Ipv4Addr => {
            let holds =
                (whole || behind_at) && same(value) && !is_version(text, span.start(), span.end());
            here.filter(|_| holds)
        }
        Kind::DomainName => here.filter(|_| same(domain(value))),
        Kind::Url => {
            let url = UrlParts::of(value);
            let is_host = (whole || behind_at) && same(url.host);
            let end = is_host.then(|| url_end(text, span.end(), &url)).flatten()?;
            Some((span.start(), end))
        }
        Kind::FilePath | Kind::WindowsRegistryKey | Kind::NamedPipe => {
            if let Some(path) = WildPath::of(kind, value) {
                let is_last = whole && path.name().is_some_and(same);
                let start = is_last.then(|| path.start(text, span.start())).flatten()?;
                return Some((start, span.end()));
            }
            let value =
                if kind == Kind::WindowsRegistryKey { registry::below_root(value) } else { value };
            let value = value.trim_end_matches(['/', '\\']);
            let at = value.rfind(['/', '\\']).map_or(0, |at| at + 1);
            if !whole || !same(&value[at..]) {
                return None;
            }
            Some((path_start(text, span.start(), &value[..at])?, span.end()))
        }
        Kind::CryptocurrencyWallet => here.filter(|_| whole && token == value.as_bytes()),
        Kind::NetworkFingerprint => here.filter(|_| whole && same(digits(value))),
        _ => here.filter(|_| whole && same(value)),
    }
}

/// A fingerprint without the name of its method, as logs write it.
pub(super) fn digits(value: &str) -> &str {
    value.split_once(':').map_or(value, |(_, digits)| digits)
}

/// A domain without what only says "and all below".
pub(super) fn domain(value: &str) -> &str {
    value.trim_start_matches("*.").trim_matches('.')
}

/// Whether a letter beyond ASCII makes the token part of a longer word.
fn letter_before(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(4)..start];
    if before.last().is_none_or(u8::is_ascii) {
        return false;
    }
    let head = before.iter().rposition(|b| b & 0xc0 != 0x80).unwrap_or(0);
    std::str::from_utf8(&before[head..]).is_ok_and(|c| c.chars().all(char::is_alphanumeric))
}

fn letter_behind(text: &[u8], end: usize) -> bool {
    if text.get(end).is_none_or(u8::is_ascii) {
        return false;
    }
    let behind = &text[end..text.len().min(end + 4)];
    let shown = match std::str::from_utf8(behind) {
        Ok(shown) => shown,
        Err(error) => std::str::from_utf8(&behind[..error.valid_up_to()]).unwrap_or(""),
    };
    shown.chars().next().is_some_and(char::is_alphanumeric)
}

/// Whether the dotted number that stands here is the version of a product.
pub(super) fn is_version(text: &[u8], start: usize, end: usize) -> bool {
    let before = &text[start.saturating_sub(48)..start];
    let Some((&last, head)) = before.split_last() else { return false };
    if last == b'/' {
        // `Agent/1.2.3.4`, but not `/lookup/1.2.3.4` nor `http://1.2.3.4`.
        let word =
            head.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"._-".contains(b));
        let length = word.count();
        let left = head.len().checked_sub(length + 1).map(|at| head[at]);
        let word = &head[head.len() - length..];
        let has_letter = word.iter().any(u8::is_ascii_alphabetic);
        return has_letter
            && !is_way(word)
            && !is_side(word)
            && !has_port(&text[end..])
            && !matches!(left, Some(b'/' | b':' | b'\\'));
    }
    let head: Vec<u8> =
        before.iter().rev().skip_while(|b| b" =:+\"'(".contains(b)).copied().collect();
    let word: Vec<u8> =
        head.iter().take_while(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
    let word: Vec<u8> = word.into_iter().rev().collect();
    head.len() < before.len() && matches!(word.as_slice(), b"version" | b"ver" | b"build" | b"v")
        || word.ends_with(b"version")
}

/// Whether a word says by which way a proxy got a page (`HIER_DIRECT/192.0.2.1`): the peer's address stands behind it.
fn is_way(word: &[u8]) -> bool {
    let capitals = word.iter().all(|b| b.is_ascii_uppercase() || *b == b'_');
    capitals && (word.contains(&b'_') || matches!(word, b"DIRECT" | b"PINNED" | b"CARP" | b"NONE"))
}

/// Whether a word says on which side of a device an address stands, or by which protocol it came: `outside/192.0.2.1`.
fn is_side(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 14] = [
        b"inside", b"outside", b"dmz", b"host", b"client", b"server", b"peer", b"src", b"dst",
        b"tcp", b"udp", b"ip", b"ipv4", b"icmp",
    ];
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// Whether a port stands behind an address, which no version has: `(443)`, `/443`, `:443`.
fn has_port(behind: &[u8]) -> bool {
    let Some((&sign, rest)) = behind.split_first() else { return false };
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let next = rest.get(digits);
    (1..=5).contains(&digits)
        && match sign {
            b'(' => next == Some(&b')'),
            b'/' | b':' => !next.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'.'),
            _ => false,
        }
}

/// What ends a URL where it stands in text.
pub(super) fn ends_url(byte: u8) -> bool {
    byte <= b' ' || b"\"'<>),;".contains(&byte)
}

/// Whether a URL's path may end before this byte.
pub(super) fn path_may_end(next: Option<&u8>) -> bool {
    next.is_none_or(|b| !(b.is_ascii_alphanumeric() || b"._-%~=&+/".contains(b)))
}

/// Where the port behind a host ends, when it is the wanted one.
pub(super) fn port_end(text: &[u8], host_end: usize, port: &str) -> Option<usize> {
    let mut at = host_end;
    if text.get(at) == Some(&b':') {
        let digits = text[at + 1..].iter().take(5).take_while(|b| b.is_ascii_digit()).count();
        let seen = &text[at + 1..at + 1 + digits];
        let default: [&[u8]; 2] = [b"80", b"443"];
        if digits > 0 {
            if port.is_empty() && !default.contains(&seen)
                || !port.is_empty() && seen != port.as_bytes()
            {
                return None;
            }
            at += 1 + digits;
        }
    } else if !matches!(port, "" | "80" | "443") {
        return None;
    }
    Some(at)
}

/// Where a URL ends whose host ends at `host_end`; `None` when the rest is another.
fn url_end(text: &[u8], host_end: usize, url: &UrlParts<'_>) -> Option<usize> {
    let at = port_end(text, host_end, url.port)?;
    if url.rest.is_empty() {
        return Some(at);
    }
    let wanted = url.rest.as_bytes();
    let rest = &text[at..];
    if let Some(end) = rest_end(rest, wanted) {
        return Some(at + end);
    }
    // `evil.example%2Fa%2Fb`: compared as it is meant.
    if rest.first() == Some(&b'%') {
        let ends = |b: &u8| ends_url(*b) || *b == b'&';
        let stop = rest.iter().take(2048).position(ends).unwrap_or(rest.len().min(2048));
        let plain = super::decode::percent(&rest[..stop]);
        return rest_end(&plain.text, wanted).map(|end| at + plain.from[end] as usize);
    }
    // Tables have host and path in fields of their own, in either order, on one line.
    if rest.first() == Some(&b'/') || url.path().len() < 4 {
        return None;
    }
    let line = line_around(text, host_end);
    let path = url.path().as_bytes();
    let separated = |at: usize| {
        let left = at.checked_sub(1).map(|at| line[at]);
        let right = line.get(at + path.len());
        let edge = |b: u8| b" \t\",;|".contains(&b);
        left.is_none_or(edge) && right.is_none_or(|b| edge(*b) || matches!(b, b'?' | b'\r'))
    };
    memchr::memmem::find_iter(line, path).any(separated).then_some(at)
}

/// Where path and query end that must begin `text`.
fn rest_end(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let found = text.get(..wanted.len())?;
    let next = text.get(wanted.len());
    let slash = next == Some(&b'/')
        && text.get(wanted.len() + 1).is_none_or(|b| ends_url(*b) || matches!(b, b'?' | b'#'));
    (found == wanted && (path_may_end(next) || slash)).then_some(wanted.len())
}

/// Where the folders `before` start that must stand right before a file name.
fn path_start(text: &[u8], name_start: usize, before: &str) -> Option<usize> {
    let mut at = name_start;
    for wanted in before.bytes().rev() {
        let seen = *text.get(at.checked_sub(1)?)?;
        if wanted == b'/' || wanted == b'\\' {
            if seen != b'/' && seen != b'\\' {
                return None;
            }
            at -= 1;
            // JSON doubles the backslash.
            if seen == b'\\' && at > 0 && text[at - 1] == b'\\' {
                at -= 1;
            }
        } else if seen.eq_ignore_ascii_case(&wanted) {
            at -= 1;
        } else {
            return None;
        }
    }
    let starts_inside = before.starts_with(['/', '\\']);
    let left = at.checked_sub(1).map(|at| text[at]);
    let glued = left.is_some_and(|b| is_token_byte(b) && b != b'@');
    (starts_inside || before.is_empty() || !glued).then_some(at)
}

/// Tells every path (with and without its query) behind a host, and every field of its line that is a
/// path.
pub(super) fn paths_near(text: &[u8], host_end: usize, tell: &mut dyn FnMut(&[u8])) {
    const LONGEST: usize = 2048;
    let mut at = host_end;
    if text.get(at) == Some(&b':') {
        at += 1 + text[at + 1..].iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    }
    let rest = &text[at..];
    let stop =
        rest.iter().take(LONGEST).position(|b| ends_url(*b)).unwrap_or(rest.len().min(LONGEST));
    let decoded;
    let glued = if rest.first() == Some(&b'%') {
        decoded = super::decode::percent(&rest[..stop]).text;
        &decoded[..]
    } else {
        &rest[..stop]
    };
    if matches!(glued.first(), Some(b'/' | b'?')) {
        let mut told = 0;
        for end in 1..=glued.len() {
            let next = glued.get(end);
            if told < 64 && (path_may_end(next) || next == Some(&b'/') && end + 1 == glued.len()) {
                tell(&glued[..end]);
                told += 1;
            }
        }
        return;
    }
    let edge = |b: &u8| b" \t\",;|?\r".contains(b);
    for field in line_around(text, host_end).split(edge).filter(|f| f.first() == Some(&b'/')) {
        tell(field);
    }
}

/// The line around a place; of a very long one the part that is near.
fn line_around(text: &[u8], at: usize) -> &[u8] {
    const NEAR: usize = 8192;
    let low = at.saturating_sub(NEAR);
    let from = memchr::memrchr(b'\n', &text[low..at]).map_or(low, |place| low + place + 1);
    let high = text.len().min(at + NEAR);
    let to = memchr::memchr(b'\n', &text[at..high]).map_or(high, |place| at + place);
    &text[from..to]
}
