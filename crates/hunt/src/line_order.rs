//! Which of many lines are the first and the last by their time, told by the bytes in which they write it: a log
//! whose lines are not in order (several hosts, threads, merged files) is not parsed whole to know its period.

/// Where a time of some form stands, so that its bytes are in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// `2021-03-03 04:00:00.123` at the line's beginning.
    Iso,
    /// `Mar  3 04:00:00` at the line's beginning, maybe behind a priority.
    Syslog,
    /// `[03/Mar/2021:04:00:00 +0000]`.
    Access,
    /// `1614733323.123` at the line's beginning, or in `audit(1614733323.123:`.
    Epoch,
}

const FORMS: usize = 4;
/// So far into a line a time in brackets is looked for.
const NEAR: usize = 200;

/// Bytes that are in the order of time among lines of one form.
type Key = [u64; 3];
/// The key of a line, and where it begins.
type Line = (Key, usize);

/// The first and last lines of a text, by their times.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extremes {
    /// Lowest and highest key of each form, and where the line begins.
    of: [Option<(Line, Line)>; FORMS],
    /// Lines whose time is of such a form.
    pub timed: u64,
}

impl Extremes {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes the line that begins at `start`.
    pub(crate) fn add(&mut self, line: &[u8], start: usize) {
        // Most lines of most logs are of this form, and later than all before.
        if let Some(key) = iso(line) {
            if let Some((_, high)) = &mut self.of[Form::Iso as usize]
                && key >= high.0
            {
                self.timed += 1;
                *high = (key, start);
                return;
            }
            return self.take(Form::Iso, key, start);
        }
        if let Some((form, key)) = key(line) {
            self.take(form, key, start);
        }
    }

    fn take(&mut self, form: Form, key: Key, start: usize) {
        self.timed += 1;
        match &mut self.of[form as usize] {
            Some((low, high)) => {
                if key < low.0 {
                    *low = (key, start);
                } else if key >= high.0 {
                    *high = (key, start);
                }
            }
            empty => *empty = Some(((key, start), (key, start))),
        }
    }

    /// Where the first and the last lines begin.
    pub(crate) fn starts(&self) -> impl Iterator<Item = usize> {
        self.of.iter().flatten().flat_map(|(low, high)| [low.1, high.1])
    }
}

/// The key of a line that begins with a date, a blank or a letter, and a time.
#[inline]
fn iso(line: &[u8]) -> Option<Key> {
    let head = line.first_chunk::<24>()?;
    let begins = head[0].is_ascii_digit() && matches!(head[4], b'-' | b'/') && head[13] == b':';
    begins.then(|| numbers(head))
}

fn key(line: &[u8]) -> Option<(Form, Key)> {
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    match *line.first()? {
        b'0'..=b'9' => match line.get(4)? {
            b'-' | b'/' => {
                let is_time = line.get(13) == Some(&b':') && line.len() >= 24;
                is_time.then(|| (Form::Iso, bytes(line)))
            }
            _ => epoch(line),
        },
        b'A'..=b'Z' => syslog(line).or_else(|| access(line)),
        b'<' => {
            let end = line.iter().take(5).position(|b| *b == b'>')?;
            let rest = line.get(end + 1..)?;
            syslog(rest).or_else(|| key(rest).filter(|(form, _)| *form == Form::Iso))
        }
        b't' => {
            let head = line.get(..line.len().min(NEAR))?;
            epoch(&line[memchr::memmem::find(head, b"audit(")? + 6..])
        }
        _ => access(line),
    }
    .or_else(|| access(line))
}

/// The first 24 bytes (or fewer), as numbers that compare as the bytes do.
fn bytes(line: &[u8]) -> Key {
    if let Some(whole) = line.first_chunk::<24>() {
        return numbers(whole);
    }
    let mut padded = [0u8; 24];
    padded[..line.len()].copy_from_slice(line);
    numbers(&padded)
}

fn numbers(bytes: &[u8; 24]) -> Key {
    let mut key = [0; 3];
    for (number, eight) in key.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *number = u64::from_be_bytes(*eight);
    }
    key
}

fn epoch(line: &[u8]) -> Option<(Form, Key)> {
    let digits = line.iter().take(12).take_while(|b| b.is_ascii_digit()).count();
    (digits == 10 && line.get(10) == Some(&b'.'))
        .then(|| (Form::Epoch, bytes(&line[..line.len().min(14)])))
}

/// `Mar  3 04:00:00`: the month as a number, then the bytes, a day of one digit with a blank before it.
fn syslog(line: &[u8]) -> Option<(Form, Key)> {
    let month = month(line.get(..3)?)?;
    let rest = line.get(3..15)?;
    let is_time = rest[0] == b' ' && rest[6] == b':' && rest[9] == b':';
    let day_of_two = rest[1] == b' ' || rest[1].is_ascii_digit();
    (is_time && day_of_two).then(|| {
        let key = bytes(rest);
        (Form::Syslog, [month, key[0], key[1]])
    })
}

/// `[03/Mar/2021:04:00:00 +0000]`.
fn access(line: &[u8]) -> Option<(Form, Key)> {
    let head = &line[..line.len().min(NEAR)];
    memchr::memchr_iter(b'[', head).find_map(|at| {
        let text = line.get(at + 1..at + 21)?;
        if text[2] != b'/' || text[6] != b'/' || text[11] != b':' || text[14] != b':' {
            return None;
        }
        let month = month(&text[3..6])?;
        let year = text[7..11].iter().fold(0, |sum, b| sum * 16 + u64::from(b & 15));
        let day = u64::from(text[0]) << 8 | u64::from(text[1]);
        Some((Form::Access, [year * 16 + month, day, bytes(&text[12..20])[0]]))
    })
}

fn month(name: &[u8]) -> Option<u64> {
    const NAMES: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    NAMES.iter().position(|month| month.as_slice() == name).map(|at| at as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line;
    use crate::time::{self, Clock};
    use proptest::prelude::*;

    fn extremes(lines: &[String]) -> (u64, Vec<usize>) {
        let mut found = Extremes::default();
        for (at, line) in lines.iter().enumerate() {
            found.add(line.as_bytes(), at);
        }
        let mut starts: Vec<usize> = found.starts().collect();
        starts.sort_unstable();
        starts.dedup();
        (found.timed, starts)
    }

    #[test]
    fn lines_without_a_time_of_these_forms_tell_nothing() {
        for line in
            ["", "x", "12", "prose without any time", "[not/a/time:at all, of any kind]", "1.2.3.4"]
        {
            assert_eq!(extremes(&[line.to_owned()]), (0, vec![]), "{line}");
        }
    }

    proptest! {
        #[test]
        fn the_extremes_are_those_of_the_parsed_times(
            seconds in proptest::collection::vec(1_000_000_000i64..1_900_000_000, 1..12),
            form in 0usize..6,
        ) {
            let lines: Vec<String> = seconds.iter().map(|second| {
                let time = jiff::Timestamp::from_second(*second).unwrap();
                let at = |format: &str| time.strftime(format).to_string();
                match form {
                    0 => at("%Y-%m-%d %H:%M:%S 10.0.0.1 GET /x"),
                    1 => at("\"%Y-%m-%dT%H:%M:%S.123Z\",a,b"),
                    2 => at("10.0.0.1 - - [%d/%b/%Y:%H:%M:%S +0000] \"GET / HTTP/1.1\" 200 1"),
                    3 => format!("{second}.123 5 10.0.0.1 TCP_MISS/200 1 GET http://a/ - D/1 t"),
                    4 => format!("type=SYSCALL msg=audit({second}.123:1): a=1"),
                    _ => at("<34>%b %e %H:%M:%S host sshd[1]: Failed password for root from 192.0.2.1 port 2 ssh2"),
                }
            }).collect();
            let clock = Clock { year: Some(2020), ..Clock::default() };
            let settled = |at: usize| {
                let line = &lines[at];
                let moment = match form {
                    0 => time::read(&line[..19]),
                    1 => time::read(&line[1..25]),
                    _ => line::read(line).when,
                };
                moment.and_then(|moment| clock.settle(moment))
            };
            let (timed, starts) = extremes(&lines);
            prop_assert_eq!(timed, lines.len() as u64);
            let all: Vec<_> = (0..lines.len()).filter_map(settled).collect();
            let told: Vec<_> = starts.into_iter().filter_map(settled).collect();
            prop_assert_eq!(all.len(), lines.len());
            prop_assert_eq!(all.iter().min(), told.iter().min());
            prop_assert_eq!(all.iter().max(), told.iter().max());
        }
    }
}
