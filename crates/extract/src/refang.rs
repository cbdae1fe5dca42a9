//! Undoing defanging, with a map back to the raw text.
//!
//! Everything that looks for values works on the [`Plain`] text: marks of defanging, invisible
//! characters and look-alike dots and hyphens are gone from it. Edits are kept as a sparse list, so
//! that a range of the plain text leads back to the raw bytes, and tells whether it was defanged.
//! A text without marks is borrowed as it is, and stretches that nobody looks at are left alone.

use std::borrow::Cow;
use std::ops::Range;

use lapwing_model::Span;

/// One replaced stretch of the raw text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edit {
    /// Where the replacement starts in the plain text.
    at: usize,
    /// Its length in the plain text; 0 when something was taken out.
    len: usize,
    /// The raw stretch.
    raw: (usize, usize),
    /// Whether this is a mark of defanging, not only a look-alike or invisible character.
    defangs: bool,
}

/// A text without defanging, and the way back to the raw one.
#[derive(Debug)]
pub(crate) struct Plain<'t> {
    /// The text to look for values in.
    pub(crate) text: Cow<'t, str>,
    /// Stretches of the plain text that were passed over.
    pub(crate) passed: Vec<Range<usize>>,
    edits: Vec<Edit>,
}

impl<'t> Plain<'t> {
    /// Refangs `raw` in one pass.
    pub(crate) fn of(raw: &'t str) -> Self {
        Self::without(raw, &[])
    }

    /// As [`Self::of`], passing over `spans` of the raw text, which stand in order.
    pub(crate) fn without(raw: &'t str, spans: &[Span]) -> Self {
        Writer::new(raw).run(spans)
    }

    /// The raw bytes behind a range of the plain text.
    pub(crate) fn raw(&self, range: &Range<usize>) -> Range<usize> {
        let start = match self.edit_before(range.start) {
            Some(e) if range.start < e.at + e.len => e.raw.0,
            Some(e) => e.raw.1 + (range.start - e.at - e.len),
            None => range.start,
        };
        let last = range.end.saturating_sub(1).max(range.start);
        let end = match self.edit_before(last) {
            Some(e) if last < e.at + e.len => e.raw.1,
            Some(e) => e.raw.1 + (range.end - e.at - e.len),
            None => range.end,
        };
        start..end.max(start)
    }

    /// Whether the range holds a mark of defanging.
    pub(crate) fn is_defanged(&self, range: &Range<usize>) -> bool {
        let from = self.edits.partition_point(|e| e.at < range.start);
        self.edits
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|e| e.at < range.end)
            .any(|e| e.defangs)
    }

    /// The last edit that starts at or before `at`.
    fn edit_before(&self, at: usize) -> Option<&Edit> {
        let after = self.edits.partition_point(|e| e.at <= at);
        after.checked_sub(1).and_then(|i| self.edits.get(i))
    }
}

/// Undoes defanging: `hxxp://evil[.]test` becomes `http://evil.test`.
///
/// Knows `hxxp`, `h**p`, `meow`, `[.]`, `(.)`, `{.}`, `[dot]`, `(dot)`, `[.com`, `[:]`, `[://]`,
/// `[/]`, `[@]`, `[at]`, `(at)`, `\.`, `http:\\`, full-width and ideographic dots, the hyphens
/// U+2010 and U+2011, soft hyphens and zero-width characters. Linear in the length of `text`.
///
/// ```
/// assert_eq!(lapwing_extract::refang("hxxps[:]//www[.]example(dot)org"), "https://www.example.org");
/// ```
#[must_use]
pub fn refang(text: &str) -> Cow<'_, str> {
    Plain::of(text).text
}

/// Bytes at which something may have to be replaced.
const TRIGGERS: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"[({<:\\\"]\xC2\xE2\xE3\xEF";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

/// What a bracket may hold, and what it stands for.
const BRACKETED: &[(&str, &str)] = &[
    (".", "."),
    ("dot", "."),
    ("punto", "."),
    ("punkt", "."),
    ("point", "."),
    (",", "."),
    (":", ":"),
    ("://", "://"),
    (":/", ":/"),
    ("/", "/"),
    ("//", "//"),
    ("\\.", "."),
    ("@", "@"),
    ("at", "@"),
];

/// What quotation marks may hold inside a name.
const QUOTED: &[(&str, &str)] = &[
    ("\" dot \"", "."),
    ("\".\"", "."),
    ("\"dot\"", "."),
    ("\" at \"", "@"),
    ("\"@\"", "@"),
    ("\"at\"", "@"),
];

/// Blanks that may stand around a mark.
const BLANKS: &[&str] = &[" ", "\u{a0}", "\u{202f}"];

/// The first byte of `from..to` at which something may have to be replaced; else `to`.
fn next_trigger(bytes: &[u8], from: usize, to: usize) -> usize {
    const STEP: usize = 32;
    let mut at = from;
    while at < to {
        let chunk = bytes.get(at..to.min(at + STEP)).unwrap_or_default();
        // Without a branch for each byte, so that the compiler makes vector instructions of it.
        let any = chunk.iter().fold(0, |any, &b| {
            let mark = |sought: u8| u8::from(b == sought);
            let brackets = mark(b'[') | mark(b']') | mark(b'(') | mark(b'{') | mark(b'<');
            any | brackets | mark(b':') | mark(b'\\') | mark(b'"') | u8::from(b >= 0xc2)
        });
        if any != 0
            && let Some(ahead) = chunk.iter().position(|b| TRIGGERS[usize::from(*b)])
        {
            return at + ahead;
        }
        at += STEP;
    }
    to
}

struct Writer<'t> {
    raw: &'t str,
    bytes: &'t [u8],
    out: String,
    edits: Vec<Edit>,
    /// Raw bytes before this are written.
    done: usize,
    /// Until here backslashes stand for slashes (`http:\\host\path`).
    slashes_until: usize,
    /// Bounds of the last looked-at token, and whether its backslashes only escape.
    token: (usize, usize, bool),
}

impl<'t> Writer<'t> {
    fn new(raw: &'t str) -> Self {
        Self {
            raw,
            bytes: raw.as_bytes(),
            out: String::new(),
            edits: Vec::new(),
            done: 0,
            slashes_until: 0,
            token: (0, 0, false),
        }
    }

    fn run(mut self, spans: &[Span]) -> Plain<'t> {
        let mut passed = Vec::with_capacity(spans.len());
        let mut at = 0;
        for span in spans {
            let range = span.range();
            self.write(at, range.start.min(self.bytes.len()));
            // What the marks before took with them is not passed over.
            at = range.end.min(self.bytes.len()).max(self.done);
            let grown = |raw: usize| self.out.len() + raw - self.done;
            let from = grown(range.start.max(self.done).min(at));
            if from < grown(at) {
                passed.push(from..grown(at));
            }
        }
        self.write(at, self.bytes.len());
        if self.edits.is_empty() {
            return Plain { text: Cow::Borrowed(self.raw), passed, edits: self.edits };
        }
        self.out.push_str(&self.raw[self.done..]);
        Plain { text: Cow::Owned(self.out), passed, edits: self.edits }
    }

    /// Mends what starts in `from..to`.
    fn write(&mut self, from: usize, to: usize) {
        let mut at = next_trigger(self.bytes, from, to);
        while at < to {
            at = next_trigger(self.bytes, self.step(at), to);
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b' ')
    }

    fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(b' ', |i| self.byte(i))
    }

    /// Replaces `from..to` of the raw text; returns `to`.
    fn replace(&mut self, from: usize, to: usize, with: &str, defangs: bool) -> usize {
        if from < self.done {
            return to;
        }
        self.out.push_str(&self.raw[self.done..from]);
        self.edits.push(Edit { at: self.out.len(), len: with.len(), raw: (from, to), defangs });
        self.out.push_str(with);
        self.done = to;
        to
    }

    /// Looks at one trigger byte; returns where to go on.
    fn step(&mut self, at: usize) -> usize {
        match self.byte(at) {
            b'[' | b'(' | b'{' | b'<' => self.bracket(at),
            b':' => self.colon(at),
            b'\\' => self.backslash(at),
            b'"' => self.quoted_dot(at),
            b']' => self.half_open_dot(at),
            _ => self.look_alike(at),
        }
    }

    fn bracket(&mut self, at: usize) -> usize {
        let close = match self.byte(at) {
            b'[' => b']',
            b'(' => b')',
            b'{' => b'}',
            _ => b'>',
        };
        let window = &self.bytes[at + 1..self.bytes.len().min(at + 11)];
        let Some(len) = window.iter().position(|b| *b == close) else {
            // `evil[.com`
            if self.byte(at) == b'['
                && self.byte(at + 1) == b'.'
                && is_label(self.before(at))
                && self.byte(at + 2).is_ascii_alphanumeric()
            {
                return self.replace(at, at + 2, ".", true);
            }
            return at + 1;
        };
        let end = at + len + 2;
        let Some(inner) = self.raw.get(at + 1..at + 1 + len) else { return at + 1 };
        let inner = inner.trim();
        if let Some((_, with)) = BRACKETED.iter().find(|(word, _)| word.eq_ignore_ascii_case(inner))
        {
            return self.mark(at, end, with);
        }
        if !matches!(
            inner.as_bytes().first(),
            Some(b'.' | b'h' | b'H' | b't' | b'T' | b'f' | b'F' | b'w' | b'W')
        ) {
            return at + 1;
        }
        let lower = inner.to_ascii_lowercase();
        match lower.as_str() {
            // `[http]://`, `[hxxps]://`
            "http" | "https" | "hxxp" | "hxxps" | "ftp"
                if matches!(self.byte(end), b':' | b'[') =>
            {
                let with = lower.replace("xx", "tt");
                self.replace(at, end, &with, true)
            }
            // `h[tt]p`, `[h]ttp`
            "tt" if matches!(self.before(at), b'h' | b'H') && self.byte(end) == b'p' => {
                self.replace(at, end, "tt", true)
            }
            "h" if self.bytes[end..].starts_with(b"ttp") => self.replace(at, end, "h", true),
            "www" | "www." if self.byte(at) == b'[' => self.replace(at, end, inner, true),
            // `evil[.com]`
            _ if self.byte(at) == b'['
                && inner.len() > 2
                && inner.starts_with('.')
                && inner[1..].bytes().all(|b| b.is_ascii_alphabetic())
                && is_label(self.before(at)) =>
            {
                // Only the brackets go: a file extension that is optional looks the same.
                self.replace(at, end, inner, true)
            }
            _ => at + 1,
        }
    }

    /// A mark such as `[.]`, with the blanks that may stand around it.
    fn mark(&mut self, at: usize, end: usize, with: &str) -> usize {
        let mut from = at;
        let mut to = end;
        if matches!(with, "." | "@") {
            let (left, right) = (self.blank_before(from), self.blank_after(to));
            if left > 0
                && right > 0
                && is_label(self.before(from - left))
                && is_label(self.byte(to + right))
                && self.names_follow(with, to)
            {
                from -= left;
                to += right;
            }
            // A word or dot in parentheses is a mark only inside a name.
            let opened = is_label(self.before(from))
                || self.before(from) == b']'
                || self.before(from) >= 0x80;
            let closed = is_label(self.byte(to)) || self.byte(to) >= 0x80 || self.byte(to) == b'[';
            if !opened || !closed {
                return at + 1;
            }
        }
        let before = self.before(at);
        let fits = match with {
            "/" => is_label(before) || matches!(before, b'/' | b']'),
            ":" => before.is_ascii_alphanumeric() || matches!(before, b']' | b':'),
            _ => true,
        };
        if !fits {
            return at + 1;
        }
        let with = if with == ":" && self.slashes_lost(from, to) { "://" } else { with };
        if with.starts_with(':') {
            self.scheme(
                from,
                self.bytes[to..].starts_with(b"//")
                    || self.bytes[to..].starts_with(b"\\\\")
                    || self.byte(to) == b'['
                    || with.len() > 1,
            );
        }
        self.replace(from, to, with, true)
    }

    /// Bytes of the blank before `at`: none, one, or those of a blank that does not break.
    fn blank_before(&self, at: usize) -> usize {
        BLANKS.iter().find(|b| self.bytes[..at].ends_with(b.as_bytes())).map_or(0, |b| b.len())
    }

    fn blank_after(&self, at: usize) -> usize {
        BLANKS.iter().find(|b| self.bytes[at..].starts_with(b.as_bytes())).map_or(0, |b| b.len())
    }

    /// Whether a name with a dot follows: `look (at) this` is prose, `me (at) a (dot) test` is not.
    fn names_follow(&self, with: &str, to: usize) -> bool {
        let window = &self.bytes[to..self.bytes.len().min(to + 32)];
        with == "."
            || window.windows(3).any(|w| {
                w.eq_ignore_ascii_case(b"dot")
                    || w == b"[.]"
                    || (w[1] == b'.' && w[2].is_ascii_alphanumeric())
            })
    }

    fn colon(&mut self, at: usize) -> usize {
        let rest = &self.bytes[at + 1..];
        if rest.starts_with(b"//") || rest.starts_with(b"[/") || rest.starts_with(b"[//") {
            self.scheme(at, true);
            return at + 1;
        }
        if rest.starts_with(b"\\\\") && self.scheme(at, true) {
            self.slashes_until = self.token_at(at).1;
            return self.replace(at, at + 3, "://", true);
        }
        // `hxxp:evil[.]test`
        if self.slashes_lost(at, at + 1) {
            self.scheme(at, true);
            return self.replace(at, at + 1, "://", true);
        }
        at + 1
    }

    /// Whether a scheme that only defanging writes ends at `at`, and its host begins at `to` without slashes.
    fn slashes_lost(&self, at: usize, to: usize) -> bool {
        let tail = &self.bytes[at.saturating_sub(5)..at];
        let ends = |word: &[u8]| {
            tail.len() >= word.len() && tail[tail.len() - word.len()..].eq_ignore_ascii_case(word)
        };
        self.byte(to).is_ascii_alphanumeric() && (ends(b"hxxp") || ends(b"hxxps"))
    }

    /// Mends the scheme that ends before `at`; returns whether there is one.
    fn scheme(&mut self, at: usize, slashes_follow: bool) -> bool {
        if !slashes_follow {
            return false;
        }
        let tail = &self.bytes[at.saturating_sub(6)..at];
        for (bad, good) in SCHEMES {
            if tail.len() >= bad.len()
                && tail[tail.len() - bad.len()..].eq_ignore_ascii_case(bad.as_bytes())
            {
                let from = at - bad.len();
                if self.before(from).is_ascii_alphanumeric() {
                    continue;
                }
                if bad != good && from >= self.done {
                    self.replace(from, at, good, true);
                }
                return true;
            }
        }
        false
    }

    fn backslash(&mut self, at: usize) -> usize {
        if at < self.slashes_until {
            return self.replace(at, at + 1, "/", true);
        }
        let next = self.byte(at + 1);
        let inside =
            self.before(at).is_ascii_alphanumeric() || matches!(self.before(at), b':' | b'/');
        if next == b'.'
            && inside
            && self.byte(at + 2).is_ascii_alphanumeric()
            && self.token_at(at).2
        {
            return self.replace(at, at + 2, ".", true);
        }
        if next == b'/' && inside && self.token_at(at).2 {
            return self.replace(at, at + 2, "/", false);
        }
        at + 1
    }

    /// Bounds of the blank-separated token around `at`, and whether all its backslashes escape a
    /// dot or slash. Looked up once for each token, so that the pass stays linear.
    fn token_at(&mut self, at: usize) -> (usize, usize, bool) {
        if at >= self.token.1 || at < self.token.0 {
            let mut from = at;
            while from > self.token.1 && !self.bytes[from - 1].is_ascii_whitespace() {
                from -= 1;
            }
            let mut to = at;
            let mut escapes = true;
            while to < self.bytes.len() && !self.bytes[to].is_ascii_whitespace() {
                escapes &= self.bytes[to] != b'\\' || matches!(self.byte(to + 1), b'.' | b'/');
                to += 1;
            }
            escapes &= !self.bytes[from..at].contains(&b'\\');
            self.token = (from, to, escapes);
        }
        self.token
    }

    /// `evil" dot "test`, `me" at "evil.test`.
    fn quoted_dot(&mut self, at: usize) -> usize {
        let rest = &self.bytes[at..];
        for (mark, with) in QUOTED {
            if rest.len() > mark.len()
                && rest[..mark.len()].eq_ignore_ascii_case(mark.as_bytes())
                && is_label(self.before(at))
                && is_label(rest[mark.len()])
                && self.names_follow(with, at + mark.len())
            {
                return self.replace(at, at + mark.len(), with, true);
            }
        }
        at + 1
    }

    /// `evil.]test`, from its bracket.
    fn half_open_dot(&mut self, at: usize) -> usize {
        if self.before(at) == b'.' && is_label(self.before(at - 1)) && is_label(self.byte(at + 1)) {
            return self.replace(at - 1, at + 1, ".", true);
        }
        at + 1
    }

    fn look_alike(&mut self, at: usize) -> usize {
        let Some(c) = self.raw.get(at..).and_then(|rest| rest.chars().next()) else {
            return at + 1;
        };
        let end = at + c.len_utf8();
        let between = |test: fn(u8) -> bool| test(self.before(at)) && test(self.byte(end));
        match c {
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => {
                self.replace(at, end, "", false)
            }
            '\u{2010}' | '\u{2011}' => self.replace(at, end, "-", false),
            '\u{2012}'..='\u{2015}' | '\u{2212}'
                if self.byte(end).is_ascii_digit()
                    && matches!(self.before(at), b'0'..=b'9' | b'E' | b'e') =>
            {
                self.replace(at, end, "-", false)
            }
            '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{fe52}' | '\u{2024}' | '\u{b7}'
            | '\u{2027}'
                if between(|b| b.is_ascii_alphanumeric()) =>
            {
                self.replace(at, end, ".", true)
            }
            '\u{ff20}' | '\u{fe6b}' if between(is_label) => self.replace(at, end, "@", true),
            '\u{ff1a}' | '\u{fe55}' => {
                let rest = &self.raw[end..];
                let slashes = rest.starts_with("//") || rest.starts_with("\u{ff0f}\u{ff0f}");
                if self.scheme(at, slashes) { self.replace(at, end, ":", true) } else { end }
            }
            // The slashes of a scheme, behind such a colon or a real one.
            '\u{ff0f}' if (self.done == at && at > 0) || self.before(at) == b':' => {
                self.replace(at, end, "/", true)
            }
            _ => end,
        }
    }
}

/// Schemes as they are disguised; the undisguised ones are there to tell that a scheme stands.
const SCHEMES: &[(&str, &str)] = &[
    ("https", "https"),
    ("http", "http"),
    ("hxxps", "https"),
    ("hxxp", "http"),
    ("hxtps", "https"),
    ("hxtp", "http"),
    ("htxps", "https"),
    ("htxp", "http"),
    ("hzzps", "https"),
    ("hzzp", "http"),
    ("h**ps", "https"),
    ("h**p", "http"),
    ("hxxxs", "https"),
    ("hxxx", "http"),
    ("h__ps", "https"),
    ("h__p", "http"),
    ("meows", "https"),
    ("meow", "http"),
    ("fxps", "ftps"),
    ("fxp", "ftp"),
    ("sxxp", "sftp"),
    ("ftp", "ftp"),
];

fn is_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_defanging_is_undone() {
        for (raw, plain) in [
            ("hxxp://a[.]example", "http://a.example"),
            ("hXXps[:]//a(.)example/x", "https://a.example/x"),
            ("hxxps[://]a{.}example", "https://a.example"),
            ("h**p://a.example", "http://a.example"),
            ("meow://a.example", "http://a.example"),
            ("a[dot]b(dot)example", "a.b.example"),
            ("a [.] example", "a.example"),
            ("me [at] a [dot] example", "me@a.example"),
            ("me[@]a.example", "me@a.example"),
            ("a[.example", "a.example"),
            ("a.]example", "a.example"),
            ("a\" dot \"example", "a.example"),
            (r"192\.0\.2\.7", "192.0.2.7"),
            (r"http:\\a.example\x", "http://a.example/x"),
            (r"http:\/\/a.example\/x", "http://a.example/x"),
            ("hxxp[:]a[.]example/x", "http://a.example/x"),
            ("hxxps:a[.]example", "https://a.example"),
            ("192.0.2[.]7[:]443", "192.0.2.7:443"),
            ("a\u{ff0e}example", "a.example"),
            ("CVE\u{2011}2021\u{2011}27065", "CVE-2021-27065"),
            ("ex\u{ad}am\u{200b}ple.org", "example.org"),
            ("h[tt]p://a.example", "http://a.example"),
            ("[h]ttp://a.example", "http://a.example"),
            ("https[:]//a.example[/]x", "https://a.example/x"),
            ("a[ . ]example", "a.example"),
            ("a\u{a0}[.]\u{a0}example", "a.example"),
            ("a<.>example and b<dot>example", "a.example and b.example"),
            (r"a[\.]example", "a.example"),
            ("me\" at \"a[.]example", "me@a.example"),
            ("a\u{b7}example", "a.example"),
            ("hxxp\u{ff1a}\u{ff0f}\u{ff0f}a.example", "http://a.example"),
            ("a\u{200e}[.]\u{2060}example", "a.example"),
            ("hxxps://a.example", "https://a.example"),
        ] {
            assert_eq!(refang(raw), plain, "{raw}");
        }
    }

    #[test]
    fn what_is_passed_over_stays_as_it_is() {
        let raw = "a[.]b.example | c[.]d.example | e[.]f.example";
        let plain = Plain::without(raw, &[Span::new(16, 29)]);
        assert_eq!(plain.text, "a.b.example | c[.]d.example | e.f.example");
        assert_eq!(plain.passed.len(), 1);
        assert_eq!(&plain.text[plain.passed[0].clone()], "c[.]d.example");
        let last = plain.text.find("e.f").unwrap();
        assert_eq!(&raw[plain.raw(&(last..last + 3))], "e[.]f");
    }

    #[test]
    fn what_is_no_defanging_stays() {
        for raw in [
            r"C:\Windows\.hidden\x.exe",
            "see [1] and (a) or {x}",
            "regex (.)* and [.]* alone",
            "call f(at) now",
            "この文。次の文",
            "http://a.example",
        ] {
            assert_eq!(refang(raw), raw);
        }
    }

    #[test]
    fn ranges_lead_back_to_the_raw_text() {
        let raw = "go to hxxp://a[.]example now";
        let plain = Plain::of(raw);
        let start = plain.text.find("http").unwrap();
        let range = start..start + "http://a.example".len();
        assert_eq!(&raw[plain.raw(&range)], "hxxp://a[.]example");
        assert!(plain.is_defanged(&range));
        let now = plain.text.find("now").unwrap();
        assert_eq!(&raw[plain.raw(&(now..now + 3))], "now");
        assert!(!plain.is_defanged(&(now..now + 3)));
    }
}
