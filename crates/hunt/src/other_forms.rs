//! What lines write in another way than their fields read: percent signs, the hexadecimal values of Linux' audit,
//! escapes of CEF and of quoted cells. Where such a sign stands, the literals of checks are looked for in what it
//! stands for too.

use crate::lines;

/// What stands in every line of Linux' audit.
pub(crate) const AUDIT: &[u8] = b"audit(";

/// How often a value is percent-decoded, as the tests of conditions do.
const DECODINGS: usize = 3;

/// What stands in a text in other forms: of each line with such signs only so much around them that a literal that
/// holds one is whole, parted by line feeds. What has no sign in it is found in the text itself.
#[derive(Debug, Default)]
pub(crate) struct Forms {
    plain: Vec<u8>,
    /// Where the parts of a line begin in `plain`, and where the line begins in the text.
    lines: Vec<(usize, usize)>,
    /// What was decoded last, to be decoded again.
    again: Vec<u8>,
    /// Where signs may stand.
    signs: Vec<usize>,
}

/// The next sign of a text from a place on: where it begins and ends, and the byte that it stands for.
type Next = fn(&[u8], usize) -> Option<(usize, usize, u8)>;

impl Forms {
    /// Begins another text: the list is for the places of its signs, in order.
    pub(crate) fn begin(&mut self) -> &mut Vec<usize> {
        self.signs.clear();
        &mut self.signs
    }

    /// Reads a text again where signs stand, which [`Self::begin`] was given. `escapes` says whether backslashes and
    /// doubled quotes matter, `longest` how many bytes the longest literal has that will be looked for, and `audits` are
    /// the places of [`AUDIT`], in order.
    pub(crate) fn read(&mut self, text: &[u8], audits: &[usize], escapes: bool, longest: usize) {
        self.plain.clear();
        self.lines.clear();
        // Codes that stand for other codes are some bytes longer.
        let margin = longest + 4;
        let places = std::mem::take(&mut self.signs);
        let mut rest = &places[..];
        let mut audits = audits;
        while let Some(at) = rest.iter().take(1).chain(audits.first()).min().copied() {
            let (start, end) = lines::around(text, at);
            let line = &text[start..end];
            let here = rest.iter().take_while(|at| **at < end).count();
            let (here, behind) = rest.split_at(here);
            rest = behind;
            let begin = self.plain.len();
            if here.iter().any(|at| text[*at] == b'%') {
                self.percent(line, margin);
            }
            let here_too = audits.iter().take_while(|at| **at < end).count();
            if here_too > 0 {
                self.hex_values(line, margin);
                audits = &audits[here_too..];
            }
            if escapes {
                let has = |byte: u8| here.iter().any(|at| text[*at] == byte);
                // Where both stand, one of them may be what the writer meant as it is.
                let ways: &[Next] = match (has(b'\\'), has(b'"')) {
                    (false, false) => &[],
                    (true, false) => &[next_backslash],
                    (false, true) => &[next_doubled],
                    (true, true) => &[next_escaped, next_backslash, next_doubled],
                };
                for next in ways {
                    self.escapes(line, *next, margin);
                }
            }
            if self.plain.len() > begin {
                self.lines.push((begin, start));
            }
        }
        self.signs = places;
    }

    /// What the signs stand for, in parts.
    pub(crate) fn plain(&self) -> &[u8] {
        &self.plain
    }

    /// Where in the text the line begins that a place in the parts is of.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        let number = self.lines.partition_point(|(begin, _)| *begin <= at);
        self.lines.get(number.saturating_sub(1)).map_or(0, |(_, start)| *start)
    }

    /// Escapes undone, and the codes that then stand there.
    fn escapes(&mut self, line: &[u8], next: Next, margin: usize) {
        let begin = self.plain.len();
        if rewrite(line, next, margin, &mut self.plain) {
            self.percent_from(begin, margin);
        }
    }

    /// The codes of a text undone, and undone again.
    fn percent(&mut self, text: &[u8], margin: usize) {
        let begin = self.plain.len();
        if rewrite(text, next_code, margin, &mut self.plain) {
            self.percent_again(begin, margin, DECODINGS - 1);
        }
    }

    /// The same for what was written last.
    fn percent_from(&mut self, begin: usize, margin: usize) {
        self.percent_again(begin, margin, DECODINGS);
    }

    fn percent_again(&mut self, mut begin: usize, margin: usize, times: usize) {
        for _ in 0..times {
            self.again.clear();
            // Without the line feed that closes the last part.
            self.again.extend_from_slice(&self.plain[begin..self.plain.len() - 1]);
            begin = self.plain.len();
            if !rewrite(&self.again, next_code, margin, &mut self.plain) {
                return;
            }
        }
    }

    /// Values of hexadecimal digits behind an equals sign.
    fn hex_values(&mut self, line: &[u8], margin: usize) {
        for (from, to) in hex_values(line) {
            let begin = self.plain.len();
            unhex(&line[from..to], &mut self.plain);
            self.plain.push(b'\n');
            self.percent_from(begin, margin);
        }
    }
}

/// Where values of hexadecimal digits stand behind an equals sign.
pub(crate) fn hex_values(line: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    memchr::memchr_iter(b'=', line).filter_map(|at| {
        let rest = &line[at + 1..];
        let count = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        let glued = rest.get(count).is_some_and(u8::is_ascii_alphanumeric);
        (count >= 4 && count % 2 == 0 && !glued).then_some((at + 1, at + 1 + count))
    })
}

/// Writes what hexadecimal digits stand for; NULs part arguments.
pub(crate) fn unhex(digits: &[u8], out: &mut Vec<u8>) {
    let bytes = digits.as_chunks::<2>().0.iter();
    out.extend(bytes.copied().filter_map(code_of).map(|b| if b == 0 { b' ' } else { b }));
}

/// A line in lower case and all that its percent codes stand for, as often as conditions undo them; `forms` keeps its
/// room, and what is in use of it is given back.
pub(crate) fn decoded<'f>(line: &[u8], forms: &'f mut Vec<Vec<u8>>) -> &'f [Vec<u8>] {
    forms.resize_with(DECODINGS + 1, Vec::new);
    let mut count = 1;
    forms[0].clear();
    forms[0].extend_from_slice(line);
    forms[0].make_ascii_lowercase();
    while count <= DECODINGS {
        let (done, rest) = forms.split_at_mut(count);
        rest[0].clear();
        if !rewrite(&done[count - 1], next_code, line.len(), &mut rest[0]) {
            break;
        }
        rest[0].make_ascii_lowercase();
        count += 1;
    }
    &forms[..count]
}

/// Writes what stands around each sign, with the sign undone: `margin` bytes before and behind, one part for those that
/// stand near each other, each part closed by a line feed. Whether there was a sign.
fn rewrite(text: &[u8], next: Next, margin: usize, out: &mut Vec<u8>) -> bool {
    // Up to where the text is written, or what follows a part.
    let mut done = None::<usize>;
    let mut from = 0;
    while let Some((at, end, byte)) = next(text, from) {
        let first = match done {
            Some(done) if at - done <= 2 * margin => done,
            Some(done) => {
                out.extend_from_slice(&text[done..done + margin]);
                out.push(b'\n');
                at - margin
            }
            None => at.saturating_sub(margin),
        };
        out.extend_from_slice(&text[first..at]);
        out.push(byte);
        done = Some(end);
        from = end;
    }
    let Some(done) = done else { return false };
    out.extend_from_slice(&text[done..text.len().min(done + margin)]);
    out.push(b'\n');
    true
}

/// `%2f`
fn next_code(text: &[u8], from: usize) -> Option<(usize, usize, u8)> {
    let rest = text.get(from..)?;
    memchr::memchr_iter(b'%', rest).find_map(|at| {
        let byte = code_of(*rest.get(at + 1..)?.first_chunk()?)?;
        Some((from + at, from + at + 3, byte))
    })
}

/// `\\x` for `x`, and two quotes for one.
fn next_escaped(text: &[u8], from: usize) -> Option<(usize, usize, u8)> {
    let rest = text.get(from..)?;
    memchr::memchr2_iter(b'\\', b'"', rest).find_map(|at| {
        let byte = match (rest[at], rest.get(at + 1)?) {
            (b'\\', next @ (b'\\' | b'|' | b'=' | b'"' | b'\'' | b'/')) => *next,
            (b'\\', b'n' | b'r') => b'\n',
            (b'\\', b't') => b'\t',
            (b'"', b'"') => b'"',
            _ => return None,
        };
        Some((from + at, from + at + 2, byte))
    })
}

/// `\\x` for `x` alone.
fn next_backslash(text: &[u8], from: usize) -> Option<(usize, usize, u8)> {
    let mut from = from;
    loop {
        let found = next_escaped(text, from)?;
        if text[found.0] == b'\\' {
            return Some(found);
        }
        from = found.0 + 1;
    }
}

/// Two quotes for one alone.
fn next_doubled(text: &[u8], from: usize) -> Option<(usize, usize, u8)> {
    let at = memchr::memmem::find(text.get(from..)?, b"\"\"")?;
    Some((from + at, from + at + 2, b'"'))
}

fn code_of(digits: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(digits[0])? * 16 + digit(digits[1])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Artifacts;
    use crate::line;
    use crate::record::Record;
    use crate::{Checks, Matcher, Options, Silent, hunt};
    use memchr::memmem;
    use proptest::prelude::*;

    fn audits(text: &str) -> Vec<usize> {
        memmem::find_iter(text.as_bytes(), AUDIT).collect()
    }

    fn told(text: &str, longest: usize) -> Vec<(usize, String)> {
        let mut forms = begun(text);
        forms.read(text.as_bytes(), &audits(text), true, longest);
        let mut at = 0;
        let parts = forms.plain().split_inclusive(|b| *b == b'\n').map(|part| {
            at += part.len();
            let text = String::from_utf8_lossy(part).trim_end_matches('\n').to_owned();
            (forms.line_of(at - 1), text)
        });
        parts.collect()
    }

    #[test]
    fn only_lines_with_a_sign_are_read_again() {
        let told = |text| told(text, 100);
        assert_eq!(told("plain\n50 % off\nCORP\\user\n"), []);
        let twice = [(2, "/ecp%2fx".to_owned()), (2, "/ecp/x".to_owned())];
        assert_eq!(told("a\n%2fecp%252fx\nb\n"), twice);
        let line = "type=EXECVE msg=audit(1.1:2): a0=2F62696E2F7368 a1=zz\n";
        assert_eq!(told(line), [(0, "/bin/sh".to_owned())]);
        assert_eq!(told("x\na\\=b\n"), [(2, "a=b".to_owned())]);
    }

    #[test]
    fn only_what_stands_near_a_sign_is_read_again() {
        let far = "-".repeat(50);
        let line = format!("{far}ab%2fcd{far}ef%5cgh{far}");
        let parts: Vec<String> = told(&line, 2).into_iter().map(|(_, part)| part).collect();
        assert_eq!(parts, ["----ab/cd----", "----ef\\gh----"]);
        let near = told(&format!("{far}ab%2fcd------ef%5cgh{far}"), 2);
        assert_eq!(near, [(0, "----ab/cd------ef\\gh----".to_owned())]);
    }

    fn begun(text: &str) -> Forms {
        let mut forms = Forms::default();
        let list = forms.begin();
        crate::matcher::signs(text.as_bytes(), |at| list.push(at));
        forms
    }

    /// A text of all kinds of signs and what stands between them.
    fn signs() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec![
            "%2f", "%252f", "%25252F", "%32", "%", "f", "\\n", "\\\\", "\\=", "\"\"", "\"", "a",
            "b/", "=", "--------", "%41%42", "2f", "\n",
        ]);
        prop::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
    }

    /// All that a line may stand for, decoded whole.
    fn whole(line: &str) -> Vec<String> {
        let decode = |text: &str| {
            let mut out = String::new();
            let mut rest = text;
            while let Some(c) = rest.chars().next() {
                let code = rest.as_bytes().get(1..3).and_then(|two| code_of(*two.first_chunk()?));
                if let Some(byte) = code.filter(|byte| c == '%' && byte.is_ascii()) {
                    out.push(char::from(byte));
                    rest = &rest[3..];
                } else {
                    out.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
            out
        };
        let mut all = Vec::new();
        let mut plain = String::new();
        let mut rest = line.chars().peekable();
        while let Some(c) = rest.next() {
            let meant = match (c, rest.peek()) {
                ('\\', Some('n')) => Some('\n'),
                ('\\', Some(next @ ('\\' | '=' | '"' | '/'))) | ('"', Some(next @ '"')) => {
                    Some(*next)
                }
                _ => None,
            };
            plain.push(meant.unwrap_or(c));
            if meant.is_some() {
                rest.next();
            }
        }
        for mut form in [line.to_owned(), plain] {
            for _ in 0..=DECODINGS {
                all.push(form.clone());
                form = decode(&form);
            }
        }
        all
    }

    proptest! {
        #[test]
        fn no_literal_is_lost_at_the_edge_of_a_part(text in signs(), literal in "[abAB/=2f\\\\\"%-]{1,6}") {
            let mut forms = begun(&text);
            forms.read(text.as_bytes(), &audits(&text), true, literal.len());
            let mut start = 0;
            for line in text.split('\n') {
                let there = whole(line).iter().any(|form| form.contains(&literal));
                let found = line.contains(&literal)
                    || memmem::find_iter(forms.plain(), literal.as_bytes())
                        .any(|at| forms.line_of(at) == start);
                prop_assert!(found || !there, "{line:?} {literal:?} {:?}", String::from_utf8_lossy(forms.plain()));
                start += line.len() + 1;
            }
        }
    }

    const FIELDS: &str = "['proctitle', 'a1', 'msg', 'filePath', 'request', 'path', 'cs-uri-stem', 'cs-uri-query', 'note']";

    fn checks(wanted: &str, home: &std::path::Path) -> Checks {
        let text = format!(
            "[check]\nid = 'own'\ntitle = 'own'\nsources = ['linux-auditd', 'appliance', 'access-log', 'iis', 'firewall', 'exchange-other']\nseverity = 'high'\nproof = 'attempt'\nconfidence = 80\nreference = 'none'\nproves = 'own'\ncondition = {{ field = {FIELDS}, contains = {wanted:?} }}\n"
        );
        std::fs::write(home.join("own.toml"), text).unwrap();
        let checks = Checks::load(home);
        assert!(checks.problems().is_empty(), "{:?}", checks.problems());
        checks
    }

    fn percent_of(text: &str, all: bool) -> String {
        text.bytes()
            .map(|b| {
                if all || !b.is_ascii_alphanumeric() {
                    format!("%{b:02x}")
                } else {
                    char::from(b).to_string()
                }
            })
            .collect()
    }

    fn hex_of(text: &str) -> String {
        crate::file::hex(text.as_bytes()).to_uppercase()
    }

    /// A log with one line that holds `value` in the form, and the record that is parsed of it.
    fn log(form: usize, value: &str) -> String {
        let cef = value.replace('\\', "\\\\").replace('|', "\\|").replace('=', "\\=");
        match form {
            0 => format!(
                "type=EXECVE msg=audit(1614733323.123:45): argc=2 a0=\"sh\" a1={}\n",
                hex_of(value)
            ),
            1 => format!(
                "type=PROCTITLE msg=audit(1614733323.123:45): proctitle={}\n",
                hex_of(&format!("sh\0{value}"))
            ),
            2 => format!("CEF:0|Acme|Gate|1|100|seen|5|src=192.0.2.1 msg={cef} filePath=x\n"),
            3 => format!(
                "192.0.2.1 - - [03/Mar/2021:01:02:03 +0000] \"GET /{} HTTP/1.1\" 200 5 \"-\" \"x\"\n",
                percent_of(value, true)
            ),
            4 => format!(
                "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method cs-uri-stem cs-uri-query c-ip sc-status\n2021-03-03 01:02:03 GET /{} - 192.0.2.1 200\n",
                percent_of(&percent_of(value, false), false)
            ),
            _ => format!(
                "#Software: Microsoft Exchange Server\n#Log-type: Other Log\n#Fields: date-time,note,more\n2021-03-03T01:02:03Z,\"{}\",x\n",
                value.replace('"', "\"\"")
            ),
        }
    }

    fn fires(checks: &Checks, log: &str, home: &std::path::Path) -> bool {
        let file = home.join("a.log");
        std::fs::write(&file, log).unwrap();
        let options = Options { jobs: 1, around: false, ..Options::default() };
        let found = hunt(&[file], &Matcher::default(), checks, &options, &Silent);
        found.findings.iter().any(|f| f.rule.as_deref() == Some("own"))
    }

    #[test]
    fn a_check_finds_its_literal_in_every_form() {
        let home = tempfile::tempdir().unwrap();
        for value in
            ["/tmp/evil.sh", "nc -e /bin/sh", "a=b|c and", "C:\\Temp\\x.exe", "say \"hello\" now"]
        {
            let folder = home.path().join("checks");
            std::fs::create_dir_all(&folder).unwrap();
            let checks = checks(value, &folder);
            for form in 0..6 {
                assert!(fires(&checks, &log(form, value), home.path()), "{form}: {value}");
                assert!(!fires(&checks, &log(form, "else where"), home.path()), "{form}: {value}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn what_fires_on_the_parsed_line_fires_on_the_raw_one(
            value in "[a-d/=|%\\\\\" ]{1,10}",
            wanted in "[a-d/=|%\\\\\"]{3,5}",
            inside: bool,
            form in 0usize..4,
        ) {
            let home = tempfile::tempdir().unwrap();
            let folder = home.path().join("checks");
            std::fs::create_dir_all(&folder).unwrap();
            let checks = checks(&wanted, &folder);
            let value = if inside { format!("{value}{wanted} x") } else { value };
            let log = log(form, &value);
            let line = log.trim_end();
            let read = line::read(line);
            let record = Record { fields: read.fields, raw: line.into(), time: None, place: None, offset: 0 };
            let own = checks.list().iter().find(|check| check.id == "own").unwrap();
            if own.judge(&record, &Artifacts::new()).is_some() {
                prop_assert!(fires(&checks, &log, home.path()), "{}", log);
            }
        }
    }
}
