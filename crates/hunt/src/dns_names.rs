//! The debug log of Windows' DNS server, which writes names by the lengths of their labels: `(3)www(7)example(3)com(0)`.
//! They are written with dots while the log is read, so that all that looks for names finds them; no line changes its
//! length.

use std::io::{self, Read};

/// Whether a file that begins so is such a log.
pub(crate) fn is_dns_log(head: &[u8]) -> bool {
    let has = |text: &[u8]| memchr::memmem::find(head, text).is_some();
    has(b" PACKET ") && (has(b"DNS Server log") || labels_somewhere(head))
}

fn labels_somewhere(head: &[u8]) -> bool {
    memchr::memchr_iter(b'(', head).any(|at| name(&head[at..]).is_some())
}

/// Writes the names of some lines with dots; blanks fill what is left.
pub(crate) fn dotted(text: &mut [u8]) {
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'(', &text[from..]).map(|at| from + at) {
        let Some((length, labels)) = name(&text[at..]) else {
            from = at + 1;
            continue;
        };
        let mut to = at;
        for (number, (start, end)) in labels.into_iter().enumerate() {
            if number > 0 {
                text[to] = b'.';
                to += 1;
            }
            text.copy_within(at + start..at + end, to);
            to += end - start;
        }
        text[to..at + length].fill(b' ');
        from = at + length;
    }
}

/// The longest name, and the longest label.
const LONGEST: usize = 255;
const LABEL: usize = 63;

/// Length of the name with which a text begins, and where its labels stand.
fn name(text: &[u8]) -> Option<(usize, Vec<(usize, usize)>)> {
    let mut labels = Vec::new();
    let mut at = 0;
    while at <= LONGEST * 2 {
        let rest = text.get(at..)?.strip_prefix(b"(")?;
        let digits = rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
        let count: usize = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        if rest.get(digits) != Some(&b')') || count > LABEL {
            return None;
        }
        let start = at + digits + 2;
        if count == 0 {
            return (!labels.is_empty()).then_some((start, labels));
        }
        let label = text.get(start..start + count)?;
        if label.iter().any(|b| b.is_ascii_whitespace() || *b == b'(') {
            return None;
        }
        labels.push((start, start + count));
        at = start + count;
    }
    None
}

/// Writes names with dots while reading: whole lines at a time.
pub(crate) struct Dotted<R> {
    inner: R,
    buffer: Vec<u8>,
    /// What of it is to be given out, and what was read behind it.
    at: usize,
    ready: usize,
    ended: bool,
}

const READ: usize = 64 << 10;
/// A line that is longer is given out in pieces.
const MOST: usize = 1 << 20;

impl<R: Read> Dotted<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, buffer: Vec::new(), at: 0, ready: 0, ended: false }
    }

    /// Reads until there are whole lines.
    fn more(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        loop {
            let filled = self.buffer.len();
            self.buffer.resize(filled + READ, 0);
            let read = self.inner.read(&mut self.buffer[filled..]);
            self.buffer.truncate(filled + read.as_ref().copied().unwrap_or(0));
            self.ended = read? == 0;
            let end = memchr::memrchr(b'\n', &self.buffer[filled..]).map(|at| filled + at + 1);
            let whole = self.ended || self.buffer.len() > MOST;
            if let Some(end) = end.or_else(|| whole.then_some(self.buffer.len())) {
                dotted(&mut self.buffer[..end]);
                self.ready = end;
                return Ok(());
            }
        }
    }
}

impl<R: Read> Read for Dotted<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.at == self.ready && !(self.ended && self.at == self.buffer.len()) {
            self.ready = 0;
            self.more()?;
        }
        let count = to.len().min(self.ready - self.at);
        to[..count].copy_from_slice(&self.buffer[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = "3/3/2021 1:02:03 AM 0E4C PACKET  00A1 UDP Rcv 192.0.2.66   e5f5   Q [0001   D   NOERROR] A      (3)www(7)example(3)com(0)\r\n(3)ww(0) (70)x f(x) (2)ab(0)\r\n";
    const WANTED: &str = "3/3/2021 1:02:03 AM 0E4C PACKET  00A1 UDP Rcv 192.0.2.66   e5f5   Q [0001   D   NOERROR] A      www.example.com          \r\n(3)ww(0) (70)x f(x) ab      \r\n";

    #[test]
    fn names_have_dots_and_lines_their_length() {
        assert!(is_dns_log(LINES.as_bytes()));
        assert!(!is_dns_log(b"a PACKET for f(x) (1)"));
        struct Bits<'t>(&'t [u8], usize);
        impl Read for Bits<'_> {
            fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
                let count = self.1.min(to.len()).min(self.0.len());
                to[..count].copy_from_slice(&self.0[..count]);
                self.0 = &self.0[count..];
                Ok(count)
            }
        }
        for size in [1, 7, 1000] {
            let mut all = String::new();
            Dotted::new(Bits(LINES.as_bytes(), size)).read_to_string(&mut all).unwrap();
            assert_eq!(all, WANTED);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length(text in r"(\([0-9]{1,3}\)|[a-z]{1,3}|\n| |\(|\)|é){0,30}") {
            let mut bytes = text.clone().into_bytes();
            dotted(&mut bytes);
            assert_eq!(bytes.len(), text.len());
            let mut all = Vec::new();
            Dotted::new(text.as_bytes()).read_to_end(&mut all).unwrap();
            assert_eq!(all, bytes);
        }
    }
}
