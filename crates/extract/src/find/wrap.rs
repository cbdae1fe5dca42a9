//! Values that the layout of a page broke: hashes and URLs that go on in the next line.
//!
//! Two entries of a list are never made one: what comes next must not be a value by itself, and
//! lines of equal length are a list.

use lapwing_model::Kind;

use super::hash::{Label, is_mixed};
use super::{Finder, Shape};

/// Most parts that a value is put together from.
const MOST_PARTS: usize = 6;

/// A shorter line has room for more: a URL that ends in it ends there, in bytes.
const NARROW: usize = 40;

impl Finder<'_> {
    /// A hash of which a run is the first part. By itself no part is a hash, unless the parts are
    /// unequal and make a longer one.
    pub(super) fn split_hash(&mut self, start: usize, end: usize) -> bool {
        // Most hashes end with their run.
        let Some(mut next) = self.next_part(start, end, false).or_else(|| {
            matches!(self.byte(end), b' ').then(|| self.next_part(start, end, true)).flatten()
        }) else {
            return false;
        };
        let named = match self.label(start) {
            Some(Label::Hash(Kind::Md5)) => 32,
            Some(Label::Hash(Kind::Sha1) | Label::Certificate) => 40,
            Some(Label::Hash(Kind::Sha256)) => 64,
            Some(Label::Hash(Kind::Sha512)) => 128,
            _ => 0,
        };
        let mut parts = vec![(start, end)];
        let mut total = end - start;
        let most = if named > 0 { 64 } else { MOST_PARTS };
        while parts.len() < most {
            parts.push(next);
            total += next.1 - next.0;
            if total >= 128 || total == named {
                break;
            }
            match self.next_part(start, next.1, named > 0) {
                Some(part) => next = part,
                None => break,
            }
        }
        let kind = match total {
            32 if named == 32 => Kind::Md5,
            40 => Kind::Sha1,
            64 => Kind::Sha256,
            128 => Kind::Sha512,
            _ => return false,
        };
        let digits: Vec<u8> =
            parts.iter().flat_map(|(from, to)| &self.bytes[*from..*to]).copied().collect();
        if !is_mixed(&digits) || !(named == total || self.parts_of_one(&parts)) {
            return false;
        }
        let kind =
            if self.label(start) == Some(Label::Certificate) { Kind::Certificate } else { kind };
        let value = String::from_utf8_lossy(&digits).to_ascii_lowercase();
        self.push(kind, value, start, next.1, Shape::Wrapped);
        true
    }

    /// Hexadecimal digits behind a line break (with a hyphen before it or not), or behind a blank.
    fn next_part(&self, start: usize, end: usize, blank: bool) -> Option<(usize, usize)> {
        let mut at = end;
        if self.byte(at) == b'-' && matches!(self.byte(at + 1), b'\n' | b'\r') {
            at += 1;
        }
        at = self.blanks(at, 2);
        if self.byte(at) == b'\r' {
            at += 1;
        }
        if self.byte(at) == b'\n' && at < self.bytes.len() {
            at = self.blanks(at + 1, 12);
        } else if !blank || at != end + 1 {
            return None;
        }
        let digits =
            self.bytes[at..].iter().take(129).take_while(|b| b.is_ascii_hexdigit()).count();
        let to = at + digits;
        let next = self.byte(to);
        let hyphen = next == b'-' && matches!(self.byte(to + 1), b'\n' | b'\r');
        let ends =
            !(next.is_ascii_alphanumeric() || matches!(next, b'.' | b'_' | b':' | b'/' | b'-'));
        let upper = |range: &[u8]| range.iter().any(u8::is_ascii_uppercase);
        let lower = |range: &[u8]| range.iter().any(u8::is_ascii_lowercase);
        let (head, tail) = (&self.bytes[start..end.min(start + 128)], &self.bytes[at..to]);
        let case = !(upper(head) && lower(tail) || lower(head) && upper(tail));
        ((1..=128).contains(&digits) && (ends || hyphen) && case).then_some((at, to))
    }

    /// Whether the lines that parts stand in are one value, and no list.
    fn parts_of_one(&self, parts: &[(usize, usize)]) -> bool {
        let len = |part: &(usize, usize)| part.1 - part.0;
        let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
        let is_hash = |part: &(usize, usize)| matches!(len(part), 32 | 40 | 64 | 128);
        if parts[1..].iter().any(is_hash) || matches!(len(first), 64 | 128) || len(last) < 4 {
            return false;
        }
        if len(first) == 32 && parts.len() == 2 && len(last) < 32 {
            return false;
        }
        // Only the last part may be of another length; lines of one length are a list.
        let even = parts[..parts.len() - 1].iter().all(|part| len(part) == len(first));
        let equal = len(last) == len(first);
        let below = self.next_part(first.0, last.1, false).map_or(0, |part| len(&part));
        let from = first.0.saturating_sub(len(first) + 16);
        let above = self.bytes[from..first.0]
            .iter()
            .rev()
            .skip_while(|b| b.is_ascii_whitespace())
            .take_while(|b| b.is_ascii_hexdigit())
            .count();
        let listed = below == len(last) || above == len(first);
        even && len(last) <= len(first) + 8
            && !listed
            && (!equal || (parts.len() == 2 && below == 0 && above < 8))
            && self.bytes[first.0..first.1].iter().any(u8::is_ascii_digit)
    }

    fn blanks(&self, from: usize, most: usize) -> usize {
        let mut at = from;
        while at < from + most && matches!(self.byte(at), b' ' | b'\t') && at < self.bytes.len() {
            at += 1;
        }
        at
    }

    /// Where the URL `start..end` ends when it goes on in the lines below; `None` when it does not. `open` says that
    /// what stands of it so far is no whole host.
    pub(super) fn url_goes_on(
        &self,
        start: usize,
        end: usize,
        open: bool,
    ) -> Option<(usize, String)> {
        let mut value = None;
        let mut stop = end;
        for _ in 0..MOST_PARTS {
            let open = open && stop == end;
            let Some((from, to)) = self.next_line_of_url(start, stop, open) else { break };
            let value = value.get_or_insert_with(|| self.text[start..end].to_owned());
            // A `?` or `.` at the end of a line was taken for the sentence's.
            value.push_str(self.text[stop..from].trim());
            value.push_str(&self.text[from..to]);
            stop = to;
        }
        value.map(|value| (stop, value))
    }

    /// The part of a URL in the line below `end`, where it is safe to say so.
    fn next_line_of_url(&self, start: usize, end: usize, open: bool) -> Option<(usize, usize)> {
        let mut at = end;
        if matches!(self.byte(at), b'?' | b'.') {
            at += 1;
        }
        let last = self.before(at);
        let mut from = self.blanks(at, 2);
        if self.byte(from) == b'\r' {
            from += 1;
        }
        if self.byte(from) != b'\n' || from >= self.bytes.len() {
            return None;
        }
        let before = &self.bytes[end.saturating_sub(200)..end];
        let width = before.len() - memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        from = self.blanks(from + 1, 8);
        let to = self.url_end(from);
        let token = self.text.get(from..to)?;
        let rest = &self.bytes[to..self.bytes.len().min(to + 200)];
        let shown = &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())];
        let alone = shown.iter().all(|b| !b.is_ascii_alphanumeric());
        // A URL ends in no hyphen, so however short its line is, it goes on; inside of the host, with a name.
        let hyphen = last == b'-';
        let head = token.split(['/', ':', '?', '#']).next().unwrap_or_default();
        if hyphen && open && !token.contains("://") && self.is_host(head) {
            return Some((from, to));
        }
        if width < NARROW && !hyphen || token.len() < 2 || self.begins_value(token) {
            return None;
        }
        let marks = token.contains(['?', '=', '&', '%', '#']);
        let figures = token.bytes().any(|b| b.is_ascii_digit());
        let slashes = token.bytes().filter(|b| *b == b'/').count();
        let path = slashes > 1 || (slashes == 1 && (figures || token.contains('.')));
        let file = super::file::is_file_name(token);
        let strong = marks || path || file;
        let joint = matches!(last, b'/' | b'-' | b'?' | b'&' | b'=' | b'_' | b'%' | b'.');
        if joint {
            // A list of paths below a folder is a list.
            let listed = last == b'/' && token.starts_with('/');
            let odd = figures && token.bytes().any(|b| b.is_ascii_alphabetic());
            let name = token.contains(['-', '_', '.']);
            return (!listed && (strong || (alone && (odd || name)))).then_some((from, to));
        }
        // In the middle of a word: only in a text of fixed width, at its full width.
        let full = shown.len() + token.len() <= width && self.line_above(start, width);
        (width >= 60 && strong && full && !token.starts_with('/')).then_some((from, to))
    }

    /// Whether the line above the one of `start` is no longer than `width`, and about as long.
    fn line_above(&self, start: usize, width: usize) -> bool {
        let reach = &self.bytes[start.saturating_sub(2 * width + 40)..start];
        let mut lines = reach.rsplit(|b| *b == b'\n').skip(1);
        lines.next().is_some_and(|above| above.len() <= width && above.len() + 15 >= width)
    }

    /// Whether a word begins a value of its own, or is a date or mark of a list.
    fn begins_value(&self, token: &str) -> bool {
        let head = token.split(['/', ':', '?', '#']).next().unwrap_or_default();
        token.contains("://")
            || self.is_host(head)
            || (head.len() >= 32 && head.bytes().all(|b| b.is_ascii_hexdigit()))
            || token.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'/' | b':'))
            || token.starts_with(['-', '*', '#', '=', '+', '|', '['])
            || token.contains(['\\', '@'])
    }
}
