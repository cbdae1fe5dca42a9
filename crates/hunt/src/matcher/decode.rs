//! Text that is written in another form: which stretches are, and how they read.
//!
//! Only where the sign of such a form stands is anything read a second time, so that plain logs pay
//! nothing: `%2e`, `[.]`, NUL between letters, long runs of base64 that begin like text.

/// A stretch in another form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub form: Form,
    pub from: usize,
    pub to: usize,
}

/// How a stretch is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `%2e` (also twice: `%252e`).
    Percent,
    /// `[.]`, `(dot)`, `[:]//`.
    Defanged,
    /// Two bytes a character; the letter first or the NUL first.
    Wide { letter_first: bool },
    /// Either alphabet of base64.
    Base64,
}

/// What a stretch reads like, and where each byte of it (and its end) comes from.
#[derive(Debug, Default)]
pub(super) struct Plain {
    pub text: Vec<u8>,
    /// One more than the bytes of the text.
    pub from: Vec<u32>,
}

impl Plain {
    fn push(&mut self, byte: u8, from: usize) {
        self.text.push(byte);
        self.from.push(from as u32);
    }

    fn end(mut self, at: usize) -> Self {
        self.from.push(at as u32);
        self
    }
}

impl Region {
    /// Reads the region; places count from the beginning of `text`.
    pub(super) fn read(&self, text: &[u8]) -> Plain {
        let piece = text.get(self.from..self.to).unwrap_or(&[]);
        let mut plain = match self.form {
            Form::Percent => percent(piece),
            Form::Defanged => refang(piece),
            Form::Wide { letter_first } => wide(piece, usize::from(!letter_first)),
            Form::Base64 => base64(piece),
        };
        for place in &mut plain.from {
            *place += self.from as u32;
        }
        plain
    }
}

/// The region whose sign stands at `at`: a byte of the class `odd`.
pub(super) fn region(text: &[u8], at: usize, with_mail: bool) -> Option<Region> {
    let rest = &text[at..];
    match rest {
        [b'%', high, low, ..] => {
            let byte = hex(*high)? << 4 | hex(*low)?;
            let tells = byte.is_ascii_alphanumeric()
                || matches!(byte, b'.' | b'-' | b'_' | b'%')
                || byte == b'@' && with_mail;
            tells.then(|| around(text, at, Form::Percent))
        }
        [b'[' | b'(' | b'{', b'.' | b'd' | b'D' | b'a' | b'A' | b':' | b'@' | b'/', ..] => {
            mark(&rest[1..]).map(|_| around(text, at, Form::Defanged))
        }
        [0, _, ..] => {
            // The letter stands before the NUL, or behind it.
            let letter_first = at > 0 && is_text(text[at - 1]) && rest.get(2) == Some(&0);
            let from = if letter_first { at - 1 } else { at };
            let letter = usize::from(!letter_first);
            let pairs = text[from..].as_chunks::<2>().0;
            let count =
                pairs.iter().take_while(|p| is_text(p[letter]) && p[1 - letter] == 0).count();
            (count >= 4).then_some(Region {
                form: Form::Wide { letter_first },
                from,
                to: from + count * 2,
            })
        }
        _ => None,
    }
}

/// Whether a byte of the class `odd` with the two behind it may be the sign of another form; without a
/// branch, because most are not.
#[inline(always)]
pub(super) fn may_be_sign(three: [u8; 3]) -> bool {
    let [first, second, third] = three;
    SIGN[first as usize][0] & SIGN[second as usize][1] & SIGN[third as usize][2] != 0
}

/// For each byte, as first, second and third: bits 0 to 5 for `%2` to `%7`, 6 for brackets, 7 for NUL.
const SIGN: [[u8; 3]; 256] = {
    let mut table = [[0, 0, 0xc0]; 256];
    table[b'%' as usize][0] = 0x3f;
    table[b'[' as usize][0] = 0x40;
    table[b'(' as usize][0] = 0x40;
    table[b'{' as usize][0] = 0x40;
    table[0][0] = 0x80;
    let mut byte = 0;
    while byte < 256 {
        table[byte][1] = match byte as u8 {
            high @ b'2'..=b'7' => 0x80 | 1 << (high - b'2'),
            b'.' | b'd' | b'D' | b'a' | b'A' | b':' | b'@' | b'/' => 0xc0,
            _ => 0x80,
        };
        let low = match byte as u8 {
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ (b'a'..=b'f' | b'A'..=b'F') => (digit | 0x20) - b'a' + 10,
            _ => 16,
        };
        let mut high = 2;
        while high < 8 && low < 16 {
            let meant = high << 4 | low;
            if meant.is_ascii_alphanumeric() || matches!(meant, b'.' | b'-' | b'_' | b'%' | b'@') {
                table[byte][2] |= 1 << (high - 2);
            }
            high += 1;
        }
        byte += 1;
    }
    table
};

/// Whether a run of base64 may begin so when text is written.
#[inline(always)]
pub(super) fn may_be_base64([a, b, c, _]: [u8; 4]) -> bool {
    let stand = |byte: u8| BASE64[byte as usize].may_stand;
    stand(a) & stand(b) >> 1 & stand(c) >> 2 & 1 != 0
}

fn around(text: &[u8], at: usize, form: Form) -> Region {
    let most = 2048;
    let edge = |b: &u8| *b <= b' ' || b"\"'<>,;|".contains(b);
    let before = text[at.saturating_sub(most)..at].iter().rev().take_while(|b| !edge(b)).count();
    let behind = text[at..].iter().take(most).take_while(|b| !edge(b)).count();
    Region { form, from: at - before, to: at + behind }
}

fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n')
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

/// Reads `%xx`.
pub(super) fn percent(text: &[u8]) -> Plain {
    let mut plain = Plain::default();
    let mut at = 0;
    while at < text.len() {
        let escaped = match text[at..] {
            [b'%', high, low, ..] => hex(high).zip(hex(low)).map(|(h, l)| h << 4 | l),
            _ => None,
        };
        plain.push(escaped.unwrap_or(text[at]), at);
        at += if escaped.is_some() { 3 } else { 1 };
    }
    plain.end(text.len())
}

/// What stands in brackets behind the opening one, in place of which character, and how long it is
/// with the closing one.
fn mark(text: &[u8]) -> Option<(&'static [u8], usize)> {
    const MARKS: [(&[u8], &[u8]); 7] = [
        (b"://", b"://"),
        (b"dot", b"."),
        (b"at", b"@"),
        (b".", b"."),
        (b":", b":"),
        (b"@", b"@"),
        (b"/", b"/"),
    ];
    MARKS.iter().find_map(|(written, meant)| {
        let head = text.get(..written.len())?;
        let closed = matches!(text.get(written.len()), Some(b']' | b')' | b'}'));
        (head.eq_ignore_ascii_case(written) && closed).then_some((*meant, written.len() + 1))
    })
}

fn refang(text: &[u8]) -> Plain {
    let mut plain = Plain::default();
    let mut at = 0;
    while at < text.len() {
        let found = match text[at..] {
            [b'[' | b'(' | b'{', ref rest @ ..] => mark(rest),
            _ => None,
        };
        if let Some((meant, length)) = found {
            for byte in meant {
                plain.push(*byte, at);
            }
            at += 1 + length;
        } else {
            plain.push(text[at], at);
            at += 1;
        }
    }
    plain.end(text.len())
}

fn wide(text: &[u8], letter: usize) -> Plain {
    let mut plain = Plain::default();
    for (number, pair) in text.as_chunks::<2>().0.iter().enumerate() {
        plain.push(pair[letter], number * 2);
    }
    plain.end(text.len())
}

/// What a base64 character stands for, and at which of the four places it can stand when text is
/// written.
#[derive(Clone, Copy)]
struct Sextet {
    value: u8,
    may_stand: u8,
}

const BASE64: [Sextet; 256] = {
    let mut table = [Sextet { value: 64, may_stand: 0 }; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = match byte as u8 {
            b @ b'A'..=b'Z' => b - b'A',
            b @ b'a'..=b'z' => b - b'a' + 26,
            b @ b'0'..=b'9' => b - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => 64,
        };
        if value < 64 {
            let mut may_stand = 1 << 3;
            // First byte: NUL, a blank of some kind, or from 0x20 to 0x7f.
            if matches!(value, 0 | 2 | 3 | 8..=31) {
                may_stand |= 1;
            }
            // Upper half of the second byte: 0, or 2 to 7.
            if matches!(value & 15, 0 | 2..=7) {
                may_stand |= 1 << 1;
            }
            // Top bits of the third byte: below 0x80.
            if value & 3 < 2 {
                may_stand |= 1 << 2;
            }
            table[byte] = Sextet { value, may_stand };
        }
        byte += 1;
    }
    table
};

fn base64(text: &[u8]) -> Plain {
    let mut plain = Plain::default();
    let (mut bits, mut count) = (0u32, 0);
    for (at, byte) in text.iter().enumerate() {
        let value = BASE64[*byte as usize].value;
        if value == 64 {
            return plain.end(at);
        }
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            plain.push((bits >> count) as u8, at.saturating_sub(1));
        }
    }
    plain.end(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_reads_as_it_was_meant() {
        let read = |form, text: &str| {
            let plain = Region { form, from: 0, to: text.len() }.read(text.as_bytes());
            assert_eq!(plain.from.len(), plain.text.len() + 1);
            String::from_utf8(plain.text).unwrap()
        };
        assert_eq!(read(Form::Percent, "a%2Eb%zz%2"), "a.b%zz%2");
        assert_eq!(read(Form::Defanged, "hxxp[:]//a[.]b(dot)c{.}d[at]e[x]"), "hxxp://a.b.c.d@e[x]");
        assert_eq!(read(Form::Wide { letter_first: true }, "a\0.\0b\0"), "a.b");
        assert_eq!(read(Form::Base64, "ZXZpbC5leGFtcGxl"), "evil.example");
        assert!(may_be_base64(*b"ZXZp"));
        assert!(may_be_base64(*b"cABv"));
        assert!(!may_be_base64(*b"Begi"));
        for (three, is) in [
            (b"%2e", true),
            (b"%2F", false),
            (b"%41", true),
            (b"%3a", false),
            (b"%25", true),
            (b"[.]", true),
            (b"(Wi", false),
            (b"\0a\0", true),
        ] {
            assert_eq!(may_be_sign(*three), is, "{three:?}");
        }
    }
}
