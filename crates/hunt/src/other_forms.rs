//! What lines write in another way than their fields read: percent signs, the hexadecimal values of Linux' audit,
//! escapes of CEF and of quoted cells. Where such a sign stands, the literals of checks are looked for in what it
//! stands for too.

use memchr::memmem;

use crate::lines;

/// How often a value is percent-decoded, as the tests of conditions do.
const DECODINGS: usize = 3;

/// Finds the next place of a sign.
type Find = fn(&[u8], usize) -> Option<usize>;

/// The next place of a sign, found when it is asked for.
struct Cursor {
    at: Option<usize>,
    asked: bool,
}

/// Hands over each line that has such a sign: where it begins, and what it may stand for, parted by line feeds.
/// `escapes` says whether backslashes and doubled quotes matter.
pub(crate) fn each(
    text: &[u8],
    escapes: bool,
    buffer: &mut Vec<u8>,
    mut tell: impl FnMut(usize, &[u8]),
) {
    let find: [Find; 3] = [next_percent, next_audit, next_escape];
    let mut cursors = [true, true, escapes].map(|asked| Cursor { at: Some(0), asked });
    let mut from = 0;
    for (cursor, find) in cursors.iter_mut().zip(find) {
        cursor.at = if cursor.asked { find(text, 0) } else { None };
    }
    loop {
        for (cursor, find) in cursors.iter_mut().zip(find) {
            if cursor.at.is_some_and(|at| at < from) {
                cursor.at = find(text, from);
            }
        }
        let Some(at) = cursors.iter().filter_map(|cursor| cursor.at).min() else { return };
        let (start, end) = lines::around(text, at);
        buffer.clear();
        forms(&text[start..end], escapes, buffer);
        if !buffer.is_empty() {
            tell(start, buffer);
        }
        from = end + 1;
        if from >= text.len() {
            return;
        }
    }
}

fn next_percent(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let is_code = |at: &usize| is_hex(rest.get(at + 1)) && is_hex(rest.get(at + 2));
    memchr::memchr_iter(b'%', rest).find(is_code).map(|at| from + at)
}

fn next_audit(text: &[u8], from: usize) -> Option<usize> {
    memmem::find(text.get(from..)?, b"audit(").map(|at| from + at)
}

fn next_escape(text: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    let is_escape = |at: &usize| match rest[*at] {
        b'\\' => matches!(
            rest.get(at + 1),
            Some(b'\\' | b'|' | b'=' | b'"' | b'\'' | b'/' | b'n' | b'r' | b't')
        ),
        _ => rest.get(at + 1) == Some(&b'"'),
    };
    memchr::memchr2_iter(b'\\', b'"', rest).find(is_escape).map(|at| from + at)
}

fn is_hex(byte: Option<&u8>) -> bool {
    byte.is_some_and(u8::is_ascii_hexdigit)
}

fn digit(byte: Option<&u8>) -> Option<u8> {
    byte.and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok())
}

/// All that a line may stand for besides itself.
fn forms(line: &[u8], escapes: bool, out: &mut Vec<u8>) {
    percent(line, out);
    if memmem::find(line, b"audit(").is_some() {
        hex_values(line, out);
    }
    if escapes && let Some(plain) = unescaped(line) {
        add(&plain, out);
        percent(&plain, out);
    }
}

fn add(form: &[u8], out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b'\n');
    }
    out.extend_from_slice(form);
}

/// The text with its percent codes undone, and undone again.
fn percent(text: &[u8], out: &mut Vec<u8>) {
    let mut form = text.to_vec();
    for _ in 0..DECODINGS {
        let mut plain = Vec::with_capacity(form.len());
        let mut at = 0;
        while let Some(byte) = form.get(at) {
            let code = digit(form.get(at + 1)).zip(digit(form.get(at + 2)));
            if let Some((high, low)) = code.filter(|_| *byte == b'%') {
                plain.push(high * 16 + low);
                at += 3;
            } else {
                plain.push(*byte);
                at += 1;
            }
        }
        if plain.len() == form.len() {
            return;
        }
        add(&plain, out);
        form = plain;
    }
}

/// Values of hexadecimal digits behind an equals sign.
fn hex_values(line: &[u8], out: &mut Vec<u8>) {
    for at in memchr::memchr_iter(b'=', line) {
        let rest = &line[at + 1..];
        let count = rest.iter().take_while(|b| b.is_ascii_hexdigit()).count();
        if count < 4 || count % 2 == 1 || rest.get(count).is_some_and(u8::is_ascii_alphanumeric) {
            continue;
        }
        let plain: Vec<u8> = rest[..count]
            .chunks_exact(2)
            .filter_map(|pair| Some(digit(pair.first())? * 16 + digit(pair.get(1))?))
            .map(|byte| if byte == 0 { b' ' } else { byte })
            .collect();
        add(&plain, out);
        percent(&plain, out);
    }
}

/// The line with `\x` for `x` and two quotes for one; `None` when nothing changes.
fn unescaped(line: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(line.len());
    let mut at = 0;
    while let Some(byte) = line.get(at) {
        match (byte, line.get(at + 1)) {
            (b'\\', Some(next @ (b'\\' | b'|' | b'=' | b'"' | b'\'' | b'/'))) => {
                plain.push(*next);
                at += 2;
            }
            (b'\\', Some(b'n' | b'r')) => {
                plain.push(b'\n');
                at += 2;
            }
            (b'\\', Some(b't')) => {
                plain.push(b'\t');
                at += 2;
            }
            (b'"', Some(b'"')) => {
                plain.push(b'"');
                at += 2;
            }
            _ => {
                plain.push(*byte);
                at += 1;
            }
        }
    }
    (plain.len() < line.len()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::Artifacts;
    use crate::line;
    use crate::record::Record;
    use crate::{Checks, Matcher, Options, Silent, hunt};
    use proptest::prelude::*;

    fn told(text: &str) -> Vec<(usize, String)> {
        let mut all = Vec::new();
        each(text.as_bytes(), true, &mut Vec::new(), |start, form| {
            all.push((start, String::from_utf8_lossy(form).into_owned()));
        });
        all
    }

    #[test]
    fn only_lines_with_a_sign_are_read_again() {
        assert_eq!(told("plain\n50 % off\nCORP\\user\n"), []);
        assert_eq!(told("a\n%2fecp%252fx\nb\n"), [(2, "/ecp%2fx\n/ecp/x".to_owned())]);
        let line = "type=EXECVE msg=audit(1.1:2): a0=2F62696E2F7368 a1=zz\n";
        assert_eq!(told(line), [(0, "/bin/sh".to_owned())]);
        assert_eq!(told("x\na\\=b\n"), [(2, "a=b".to_owned())]);
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
