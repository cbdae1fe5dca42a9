//! Values that a log writes in a way in which nobody else does, written as all others do while it is read, so that all
//! that looks for them finds them; no line changes its length.
//!
//! The debug log of Windows' DNS server writes names by the lengths of their labels, `(3)www(7)example(3)com(0)`; tcpdump
//! and pf write a port behind a dot, `192.0.2.1.443 > 10.0.0.5.50000`.

use std::io::{self, Read};

/// What is to be rewritten in a file that begins so; `None` for most.
pub(crate) fn rewriting(head: &[u8]) -> Option<Rewrite> {
    if is_dns_log(head) {
        return Some(dotted);
    }
    let lines = head.split(|b| *b == b'\n').take(FIRST_LINES);
    lines.into_iter().any(|line| !port_dots(line).is_empty()).then_some(with_colons as Rewrite)
}

/// Rewrites whole lines in their place.
pub(crate) type Rewrite = fn(&mut [u8]);

/// So many lines are asked whether they are of tcpdump.
const FIRST_LINES: usize = 20;

/// Parts the ports of tcpdump from their addresses by a colon.
fn with_colons(text: &mut [u8]) {
    for dot in port_dots(text) {
        text[dot] = b':';
    }
}

/// Where the dots stand between addresses and ports on both sides of ` > `.
fn port_dots(text: &[u8]) -> Vec<usize> {
    let mut dots = Vec::new();
    for at in memchr::memmem::find_iter(text, b" > ") {
        let is_part = |b: &u8| b.is_ascii_digit() || *b == b'.';
        let before = text[..at].iter().rev().take_while(|b| is_part(b)).count();
        let behind = text[at + 3..].iter().take_while(|b| is_part(b)).count();
        let sides = [(at - before, at), (at + 3, at + 3 + behind)];
        dots.extend(sides.into_iter().filter_map(|(from, to)| port_dot(text, from, to)));
    }
    dots
}

/// The last dot of five numbers, the first four of which are an address.
fn port_dot(text: &[u8], from: usize, to: usize) -> Option<usize> {
    let word = std::str::from_utf8(&text[from..to]).ok()?;
    let (address, port) = word.rsplit_once('.')?;
    let is_port = (1..=5).contains(&port.len());
    (is_port && address.parse::<std::net::Ipv4Addr>().is_ok()).then_some(from + address.len())
}

/// Whether a file that begins so is the debug log of a DNS server.
fn is_dns_log(head: &[u8]) -> bool {
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

/// Rewrites while reading: whole lines at a time.
pub(crate) struct Rewritten<R> {
    inner: R,
    rewrite: Rewrite,
    buffer: Vec<u8>,
    /// What of it is to be given out, and what was read behind it.
    at: usize,
    ready: usize,
    ended: bool,
}

const READ: usize = 64 << 10;
/// A line that is longer is given out in pieces.
const MOST: usize = 1 << 20;

impl<R: Read> Rewritten<R> {
    pub(crate) fn new(inner: R, rewrite: Rewrite) -> Self {
        Self { inner, rewrite, buffer: Vec::new(), at: 0, ready: 0, ended: false }
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
                (self.rewrite)(&mut self.buffer[..end]);
                self.ready = end;
                return Ok(());
            }
        }
    }
}

impl<R: Read> Read for Rewritten<R> {
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
            Rewritten::new(Bits(LINES.as_bytes(), size), dotted).read_to_string(&mut all).unwrap();
            assert_eq!(all, WANTED);
        }
    }

    #[test]
    fn ports_stand_behind_colons() {
        let mut text = b"01:02:03 IP 192.0.2.66.4711 > 10.0.0.5.22: Flags [S]\n1.2.3 > 4.5.6.7 > 300.1.1.1.5 > h.22: x\n".to_vec();
        assert!(rewriting(&text).is_some());
        with_colons(&mut text);
        let wanted = "01:02:03 IP 192.0.2.66:4711 > 10.0.0.5:22: Flags [S]\n1.2.3 > 4.5.6.7 > 300.1.1.1.5 > h.22: x\n";
        assert_eq!(String::from_utf8_lossy(&text), wanted);
        assert!(rewriting(b"version 1.2.3.4.5 > 1.2.3.4\n").is_some());
        assert!(rewriting(b"1.2.3.4 > 1.2.3.4\n").is_none());
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length(text in r"(\([0-9]{1,3}\)|[a-z]{1,3}|\n| |\(|\)|é){0,30}") {
            let mut bytes = text.clone().into_bytes();
            dotted(&mut bytes);
            assert_eq!(bytes.len(), text.len());
            let mut all = Vec::new();
            Rewritten::new(text.as_bytes(), dotted).read_to_end(&mut all).unwrap();
            assert_eq!(all, bytes);
        }
    }
}
