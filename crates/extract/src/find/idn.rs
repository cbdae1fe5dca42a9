//! Names with letters beyond ASCII: `bücher.example`, `пример.рф`.

use lapwing_model::Kind;

use super::net::{code_like, is_name, is_wide};
use super::{Finder, Shape};

/// A longer name is none (RFC 1035 section 2.3.4), counted in bytes of text.
const LONGEST: usize = 512;

impl Finder<'_> {
    /// A name around a run with a dot that other letters touch. Its value is the form in ASCII
    /// (RFC 5891), so that both ways of writing give one value.
    ///
    /// Scripts without blanks between words hide where a name begins: there the run in ASCII
    /// stands for itself.
    pub(super) fn wide_name(&mut self, start: usize, end: usize) -> bool {
        if start < self.widened {
            return false;
        }
        let (from, to) = self.word_around(start, end);
        self.widened = to;
        let token = self.text[from..to].trim_matches(['.', '-']);
        let from = from
            + (self.text[from..to].len()
                - self.text[from..to].trim_start_matches(['.', '-']).len());
        let run = self.text[start..end].trim_matches(['.', '-']);
        let glued = |c: Option<char>| c.is_some_and(is_wide);
        if !token.contains('.')
            || (self.is_host(run)
                && (glued(self.text[..start].chars().next_back())
                    || glued(self.text[end..].chars().next())))
        {
            return false;
        }
        if let Some(at) = token.rfind('@') {
            return self.wide_mail(from, from + at, from + token.len());
        }
        if self.before(from) == b'@' {
            let local = self.local_before(from - 1);
            if self.wide_mail(local, from - 1, from + token.len()) {
                return true;
            }
        }
        let Ok(ascii) = idna::domain_to_ascii(token) else { return false };
        if !is_name(&ascii) || !self.has_suffix(&ascii) {
            return false;
        }
        let stop = from + token.len();
        if self.byte(stop) == b'/' {
            return self.schemeless(from, stop);
        }
        let shape = if code_like(token) { Shape::CodeLike } else { Shape::Plain };
        self.push(Kind::DomainName, ascii, from, stop, shape);
        true
    }

    /// A mail address `from..stop` with its `@` at `at`, whose letters may be of any script (RFC 6531).
    fn wide_mail(&mut self, from: usize, at: usize, stop: usize) -> bool {
        let local = &self.text[from..at];
        // "邮箱:ann@…": what stands before a mark, and letters without case before plain ones, are words of the sentence.
        let mark = |c: char| matches!(c, ':' | '\u{ff1a}' | '/' | '\u{3001}' | '\u{ff0c}');
        let last = local.char_indices().rfind(|(_, c)| mark(*c) || is_wide(*c));
        let words = last.map_or(0, |(i, c)| i + c.len_utf8());
        let words = if words < local.len() { words } else { 0 };
        let local = local[words..].trim_start_matches(['.', '-', '_']);
        let host = self.text[at + 1..stop].trim_end_matches(['.', '-']);
        let Ok(ascii) = idna::domain_to_ascii(host) else { return false };
        if local.is_empty() || local.len() > 64 || !is_name(&ascii) || !self.has_suffix(&ascii) {
            return false;
        }
        let value = format!("{local}@{ascii}");
        self.push(Kind::EmailAddr, value, at - local.len(), at + 1 + host.len(), Shape::Plain);
        true
    }

    /// Where the local part of a mail address begins whose `@` stands at `at`.
    fn local_before(&self, at: usize) -> usize {
        let belongs =
            |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '%' | '=');
        let mut from = at;
        for c in self.text[..at].chars().rev() {
            if !belongs(c) || from - c.len_utf8() < self.done || at - from > 64 {
                break;
            }
            from -= c.len_utf8();
        }
        from
    }

    /// The letters, digits, dots and hyphens around a run.
    fn word_around(&self, start: usize, end: usize) -> (usize, usize) {
        let belongs = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
        let floor = start.saturating_sub(LONGEST).max(self.done).max(self.widened);
        let mut from = start;
        for c in self.text[..start].chars().rev() {
            if !belongs(c) || from - c.len_utf8() < floor {
                break;
            }
            from -= c.len_utf8();
        }
        let mut to = end;
        for c in self.text[end..].chars() {
            if !belongs(c) || to > end + LONGEST {
                break;
            }
            to += c.len_utf8();
        }
        (from, to)
    }
}
