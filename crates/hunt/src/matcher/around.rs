//! The last look: whether the text around a token makes it the indicator.

use super::Shape;
use super::tokens::Candidate;

impl Shape {
    /// The place of the indicator when it is really there.
    pub(super) fn holds(
        &self,
        text: &[u8],
        candidate: &Candidate,
        value: &str,
    ) -> Option<(usize, usize)> {
        let Candidate { start, end, whole, .. } = *candidate;
        let token = &text[start..end];
        let same = |wanted: &str| token.eq_ignore_ascii_case(wanted.as_bytes());
        match self {
            Self::Address => {
                (whole && same(value) && !is_version(text, start)).then_some((start, end))
            }
            Self::Domain => {
                let domain = value.trim_start_matches("*.").trim_matches('.');
                same(domain).then_some((start, end))
            }
            Self::Whole => (whole && same(value.trim())).then_some((start, end)),
            Self::Url { port, rest } => {
                let named = value.to_ascii_lowercase();
                let host = String::from_utf8_lossy(token).to_ascii_lowercase();
                let host_is_it = named
                    .split_once("://")
                    .map_or(named.as_str(), |(_, after)| after)
                    .rsplit_once('@')
                    .map_or_else(|| strip_scheme(&named), |(_, after)| after)
                    .starts_with(&host);
                (whole && host_is_it)
                    .then(|| url_end(text, end, port, rest))
                    .flatten()
                    .map(|to| (start, to))
            }
            Self::Path { before } => {
                let name = value.rsplit(['/', '\\']).next().unwrap_or("");
                if !whole || !same(name) {
                    return None;
                }
                path_start(text, start, before).map(|from| (from, end))
            }
        }
    }
}

fn strip_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, after)| after)
}

/// Whether the dotted number that starts here is the version of a product.
pub(super) fn is_version(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(48)..start];
    let Some((&last, head)) = before.split_last() else { return false };
    if last == b'/' {
        // `Agent/1.2.3.4`, but not `/lookup/1.2.3.4` nor `http://1.2.3.4`.
        let word =
            head.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"._-".contains(b));
        let length = word.count();
        let left = head.len().checked_sub(length + 1).map(|at| head[at]);
        let has_letter = head[head.len() - length..].iter().any(u8::is_ascii_alphabetic);
        return has_letter && !matches!(left, Some(b'/' | b':' | b'\\'));
    }
    let head: Vec<u8> =
        before.iter().rev().skip_while(|b| b" =:+\"'(".contains(b)).copied().collect();
    let word: Vec<u8> =
        head.iter().take_while(|b| b.is_ascii_alphabetic()).map(u8::to_ascii_lowercase).collect();
    let word: Vec<u8> = word.into_iter().rev().collect();
    head.len() < before.len() && matches!(word.as_slice(), b"version" | b"ver" | b"build" | b"v")
        || word.ends_with(b"version")
}

/// Where a URL ends whose host ends at `host_end`; `None` when the rest is another.
fn url_end(text: &[u8], host_end: usize, port: &str, rest: &str) -> Option<usize> {
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
    if rest.is_empty() {
        return Some(at);
    }
    let wanted = rest.trim_end_matches('/').as_bytes();
    let follows = |at: usize| {
        let found = text.get(at..at + wanted.len())?;
        let next = text.get(at + wanted.len());
        let ends = next.is_none_or(|b| !(b.is_ascii_alphanumeric() || b"._-%~=&+/".contains(b)));
        let slash = next == Some(&b'/')
            && text.get(at + wanted.len() + 1).is_none_or(|b| b" \t\r\n\"'<>),;?#".contains(b));
        (found == wanted && (ends || slash)).then_some(at + wanted.len())
    };
    if let Some(end) = follows(at) {
        return Some(end);
    }
    // Tables have host and path in fields of their own, in either order, on one line.
    let line_start = memchr::memrchr(b'\n', &text[..host_end]).map_or(0, |at| at + 1);
    let line_end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |next| at + next);
    let glued = matches!(text.get(at), Some(b'/'));
    if glued || wanted.len() < 4 {
        return None;
    }
    let line = &text[line_start..line_end];
    let path = wanted.split(|b| *b == b'?').next().unwrap_or(wanted);
    let separated = |at: usize| {
        let left = at.checked_sub(1).map(|at| line[at]);
        let right = line.get(at + path.len());
        let edge = |b: u8| b" \t\",;|".contains(&b);
        left.is_none_or(edge) && right.is_none_or(|b| edge(*b) || matches!(b, b'?' | b'\r'))
    };
    memchr::memmem::find_iter(line, path).any(separated).then_some(at)
}

/// Where the folders `before` start that must stand right before a file name.
fn path_start(text: &[u8], name_start: usize, before: &str) -> Option<usize> {
    let mut at = name_start;
    for wanted in before.bytes().rev() {
        let seen = *text.get(at.checked_sub(1)?)?;
        if wanted == b'/' {
            if seen != b'/' && seen != b'\\' {
                return None;
            }
            at -= 1;
            // JSON doubles the backslash.
            if seen == b'\\' && at > 0 && text[at - 1] == b'\\' {
                at -= 1;
            }
        } else if seen.to_ascii_lowercase() == wanted {
            at -= 1;
        } else {
            return None;
        }
    }
    let starts_inside = before.starts_with('/');
    let left = at.checked_sub(1).map(|at| text[at]);
    let glued = left.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    (starts_inside || !glued).then_some(at)
}
