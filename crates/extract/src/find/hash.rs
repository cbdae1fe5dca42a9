//! Hashes and fingerprints: told by their length, and by the word that names them.

use lapwing_model::Kind;

use super::{Finder, Found, Shape};

/// What the word before a value says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Label {
    /// A hash of a file.
    Hash(Kind),
    /// How a client or server greets: the name of the method.
    Greeting(&'static str),
    /// A certificate's thumbprint or serial number.
    Certificate,
    /// A state of a source repository.
    Commit,
    /// A user of a messenger.
    User,
}

/// Words that name what follows; of those that end at one place the longest stands first.
const LABELS: &[(&str, Label)] = &[
    ("imphash", Label::Hash(Kind::Imphash)),
    ("imp hash", Label::Hash(Kind::Imphash)),
    ("import hash", Label::Hash(Kind::Imphash)),
    ("authentihash", Label::Hash(Kind::Authentihash)),
    ("vhash", Label::Hash(Kind::Vhash)),
    ("tlsh", Label::Hash(Kind::Tlsh)),
    ("md5", Label::Hash(Kind::Md5)),
    ("sha1", Label::Hash(Kind::Sha1)),
    ("sha-1", Label::Hash(Kind::Sha1)),
    ("sha256", Label::Hash(Kind::Sha256)),
    ("sha-256", Label::Hash(Kind::Sha256)),
    ("sha512", Label::Hash(Kind::Sha512)),
    ("sha-512", Label::Hash(Kind::Sha512)),
    ("ja3s", Label::Greeting("ja3s")),
    ("ja3", Label::Greeting("ja3")),
    ("jarm", Label::Greeting("jarm")),
    ("hassh", Label::Greeting("hassh")),
    ("thumbprint", Label::Certificate),
    ("serial number", Label::Certificate),
    ("serial", Label::Certificate),
    ("cert fingerprint", Label::Certificate),
    ("certificate fingerprint", Label::Certificate),
    ("commit", Label::Commit),
    ("tox", Label::User),
    ("tox id", Label::User),
    ("session id", Label::User),
];

/// How far before a value its label may begin, in bytes.
const REACH: usize = 48;

impl Finder<'_> {
    /// A run of hexadecimal digits of a hash's length, or of another that its label names.
    pub(super) fn hash(&mut self, start: usize, end: usize) -> bool {
        let run = &self.bytes[start..end];
        if !(8..=128).contains(&run.len()) || !run.iter().all(u8::is_ascii_hexdigit) {
            return run.len() == 72 && self.tlsh(start, end);
        }
        if self.split_hash(start, end) {
            return true;
        }
        let kind = match run.len() {
            32 => Some(Kind::Md5),
            40 => Some(Kind::Sha1),
            64 => Some(Kind::Sha256),
            128 => Some(Kind::Sha512),
            _ => None,
        };
        if kind.is_some() && !is_mixed(run) {
            return false;
        }
        if kind.is_none() && run.len() < 16 {
            return false;
        }
        let label = self.label(start);
        let value = || self.text[start..end].to_ascii_lowercase();
        let (kind, value, shape) = match (label, run.len()) {
            (Some(Label::Hash(Kind::Imphash)), 32) => (Kind::Imphash, value(), Shape::Plain),
            (Some(Label::Hash(Kind::Authentihash)), 40 | 64) => {
                (Kind::Authentihash, value(), Shape::Plain)
            }
            (Some(Label::Hash(Kind::Vhash)), 24..=64) => (Kind::Vhash, value(), Shape::Plain),
            (Some(Label::Hash(Kind::Tlsh)), 70) => (Kind::Tlsh, value(), Shape::Plain),
            (Some(Label::Greeting(method @ ("ja3" | "ja3s" | "hassh"))), 32)
            | (Some(Label::Greeting(method @ "jarm")), 62) => {
                (Kind::NetworkFingerprint, format!("{method}:{}", value()), Shape::Plain)
            }
            (_, 62) if is_jarm(run) => {
                (Kind::NetworkFingerprint, format!("jarm:{}", value()), Shape::Checked)
            }
            (Some(Label::Certificate), 16..=64) if is_mixed(run) => {
                (Kind::Certificate, value(), Shape::Plain)
            }
            (Some(Label::Commit), 40) => (Kind::Sha1, value(), Shape::CodeLike),
            (Some(Label::User), 66 | 76) => (Kind::UserAccount, value(), Shape::Plain),
            _ => match kind {
                Some(kind) => (kind, value(), Shape::Plain),
                None => return false,
            },
        };
        self.push(kind, value, start, end, shape);
        true
    }

    /// The word that names the value from `start` on: the nearest in its line, with little
    /// between.
    pub(super) fn label(&self, start: usize) -> Option<Label> {
        let window = &self.bytes[start.saturating_sub(REACH)..start];
        let line = memchr::memrchr(b'\n', window).map_or(window, |at| &window[at + 1..]);
        if !line.iter().any(u8::is_ascii_alphabetic) {
            return None;
        }
        let lower = line.to_ascii_lowercase();
        let found = LABELS.iter().filter_map(|(word, label)| {
            let at = memchr::memmem::rfind(&lower, word.as_bytes())?;
            let end = at + word.len();
            let edge = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
            let before = at.checked_sub(1).and_then(|i| lower.get(i));
            (edge(before) && edge(lower.get(end)) && lower.len() - end <= 24).then_some((
                end,
                word.len(),
                *label,
            ))
        });
        // Another hash in between is the one that is named.
        let (end, _, label) = found.max_by_key(|(end, len, _)| (*end, *len))?;
        let between = &lower[end..];
        let taken = between.split(|b| !b.is_ascii_hexdigit()).any(|part| part.len() >= 12);
        (!taken).then_some(label)
    }

    /// `T1` and seventy hexadecimal digits, in capitals as the method writes it.
    fn tlsh(&mut self, start: usize, end: usize) -> bool {
        let run = &self.bytes[start..end];
        let fits = run.starts_with(b"T1")
            && run[2..].iter().all(|b| b.is_ascii_digit() || matches!(b, b'A'..=b'F'));
        if fits {
            self.push(Kind::Tlsh, &self.text[start..end], start, end, Shape::Plain);
        }
        fits
    }

    /// Bytes in pairs with colons between (`0a:1b:…`), as certificates are shown: a serial number
    /// where it is named, a thumbprint by its length.
    pub(super) fn pairs(&mut self, start: usize, end: usize) -> bool {
        let run = &self.bytes[start..end];
        let count = (run.len() + 1) / 3;
        let fits = (8..=32).contains(&count)
            && run.len() % 3 == 2
            && run.chunks(3).all(|pair| {
                pair[..2].iter().all(u8::is_ascii_hexdigit)
                    && pair.get(2).is_none_or(|b| *b == b':')
            });
        if !fits || !(matches!(count, 20 | 32) || self.label(start) == Some(Label::Certificate)) {
            return false;
        }
        let value = self.text[start..end].replace(':', "").to_ascii_lowercase();
        self.push(Kind::Certificate, value, start, end, Shape::Plain);
        true
    }

    /// `blocksize:hash:hash`.
    pub(super) fn ssdeep(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        let mut parts = run.splitn(3, ':');
        let (Some(size), Some(a), Some(b)) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        let is_block = |part: &str| {
            (3..=148).contains(&part.len())
                && part.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'+' | b'/'))
        };
        let size_fits =
            size.parse::<u32>().is_ok_and(|n| n >= 3 && n % 3 == 0 && (n / 3).is_power_of_two());
        if !size_fits || !is_block(a) || !is_block(b) || a.len() + b.len() < 16 {
            return false;
        }
        self.push(Kind::Ssdeep, run, start, end, Shape::Plain);
        true
    }

    /// A greeting of a TLS client as JA4 writes it: `t13d1516h2_8daaf6152771_e5627efa2ab1`.
    pub(super) fn ja4(&mut self, start: usize, end: usize) -> bool {
        let run = &self.bytes[start..end];
        let fits = run.len() == 36
            && matches!(run[0], b't' | b'q' | b'd')
            && matches!(run[3], b'd' | b'i')
            && run[10] == b'_'
            && run[23] == b'_'
            && run[1..3].iter().chain(&run[4..8]).all(u8::is_ascii_digit)
            && run[11..23].iter().chain(&run[24..]).all(u8::is_ascii_hexdigit);
        if fits {
            let value = format!("ja4:{}", &self.text[start..end]);
            self.push(Kind::NetworkFingerprint, value, start, end, Shape::Checked);
        }
        fits
    }
}

/// Whether the first thirty digits are ten answers of a server as JARM writes them: the number of
/// a cipher suite, and the letter of a version, or zeros for no answer.
fn is_jarm(run: &[u8]) -> bool {
    run[..30].chunks(3).all(|answer| matches!(answer[2], b'0' | b'a'..=b'e'))
}

/// What a heading or column head says that the hashes below it are.
pub(crate) fn label_of(head: &str) -> Option<Label> {
    let lower = head.to_ascii_lowercase();
    let found = LABELS.iter().filter(|(word, _)| {
        lower.match_indices(word).any(|(at, _)| {
            let edge = |b: Option<&u8>| b.is_none_or(|b| !b.is_ascii_alphanumeric());
            let before = at.checked_sub(1).and_then(|i| lower.as_bytes().get(i));
            edge(before) && edge(lower.as_bytes().get(at + word.len()))
        })
    });
    found.max_by_key(|(word, _)| word.len()).map(|(_, label)| *label)
}

impl Found {
    /// Takes a hash for what its heading or column says that it is, where its length fits.
    pub(crate) fn relabel(&mut self, label: Label) {
        match (label, self.kind) {
            (Label::Hash(Kind::Imphash), Kind::Md5) => self.kind = Kind::Imphash,
            (Label::Hash(Kind::Authentihash), Kind::Sha1 | Kind::Sha256) => {
                self.kind = Kind::Authentihash;
            }
            (Label::Greeting(method), Kind::Md5) => {
                self.kind = Kind::NetworkFingerprint;
                self.value = format!("{method}:{}", self.value);
            }
            (Label::Certificate, Kind::Md5 | Kind::Sha1 | Kind::Sha256) => {
                self.kind = Kind::Certificate;
            }
            _ => {}
        }
    }
}

/// Whether hexadecimal digits hold letters and figures both, as hashes do: rows of figures are
/// other numbers, rows of letters are words or filler.
pub(super) fn is_mixed(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_alphabetic)
}
