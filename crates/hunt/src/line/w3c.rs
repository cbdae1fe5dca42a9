//! Lines of IIS without the directives that name their columns: pieces of a log, and what a search put out. The columns
//! have an order that does not change, so that what is there can be told.

use std::borrow::Cow;
use std::net::IpAddr;

use super::{Line, Pairs, put};
use crate::time::{self, Moment};

/// Reads a line of IIS: its log of requests, of FTP, or of what `HTTP.sys` turned away.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let bytes = line.as_bytes();
    if bytes.len() < 30
        || bytes[4] != b'-'
        || bytes[10] != b' '
        || bytes[13] != b':'
        || bytes[19] != b' '
    {
        return None;
    }
    // These formats are in UTC, and say so where the directives stand.
    let when = time::read(&line[..19]).and_then(Moment::utc).map(Moment::Exact)?;
    let words: Vec<&str> = line[20..].split(' ').collect();
    let (form, fields) = refused(&words)
        .map(|fields| ("error-log", fields))
        .or_else(|| transfer(&words).map(|fields| ("iis", fields)))
        .or_else(|| request(&words).map(|fields| ("iis", fields)))?;
    Some(Line { form, when: Some(when), fields })
}

/// A line of IIS in its own format: `192.0.2.1, -, 10/1/2021, 7:19:08, W3SVC1, HOST, 10.0.0.1, 613, 747, 3228, 200, 0, GET,
/// /x, a=b,`; the time is the server's own.
pub(super) fn native(line: &str) -> Option<Line<'_>> {
    let cells: Vec<&str> = line.splitn(15, ", ").collect();
    let number = |at: usize| cells[at].parse::<u64>().is_ok();
    if cells.len() < 15 || !cells[0].contains(['.', ':']) || !(7..=11).all(number) {
        return None;
    }
    let when = time::read(&format!("{} {}", cells[2], cells[3]))?;
    let mut fields = Vec::with_capacity(12);
    for (name, at) in [
        ("c-ip", 0),
        ("cs-username", 1),
        ("s-sitename", 4),
        ("s-computername", 5),
        ("s-ip", 6),
        ("time-taken", 7),
        ("cs-bytes", 8),
        ("sc-bytes", 9),
        ("sc-status", 10),
        ("sc-win32-status", 11),
        ("cs-method", 12),
        ("cs-uri-stem", 13),
        ("cs-uri-query", 14),
    ] {
        put(&mut fields, name, cells[at].trim_end_matches([',', ' ']));
    }
    Some(Line { form: "iis", when: Some(when), fields })
}

fn is_address(text: &str) -> bool {
    // IIS writes the zone of an address that has one.
    text.split('%').next().unwrap_or(text).parse::<IpAddr>().is_ok()
}

fn is_number(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_method(text: &str) -> bool {
    (3..=20).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_' || b == b'-')
}

/// `[s-sitename] [s-computername] [s-ip] cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip [cs-version]
/// [cs(User-Agent)] [cs(Cookie)] [cs(Referer)] [cs-host] sc-status sc-substatus sc-win32-status [sc-bytes] [cs-bytes]
/// [time-taken]`
fn request<'t>(words: &[&'t str]) -> Option<Pairs<'t>> {
    // The name of a machine may look like a method: what was asked for stands behind.
    let is_stem = |word: &str| word.starts_with(['/', '*']) || word.contains("://");
    let method = words.windows(2).take(4).position(|two| is_method(two[0]) && is_stem(two[1]))?;
    let at = |index: usize| words.get(method + index).copied().unwrap_or("");
    let stem = at(1);
    let sound = is_number(at(3), 5) && is_address(at(5));
    if !sound {
        return None;
    }
    let mut fields = Vec::with_capacity(16);
    for word in &words[..method] {
        match () {
            () if is_address(word) => put(&mut fields, "s-ip", word),
            () if word.starts_with("W3SVC") => put(&mut fields, "s-sitename", word),
            () => put(&mut fields, "s-computername", word),
        }
    }
    put(&mut fields, "cs-method", at(0));
    put(&mut fields, "cs-uri-stem", stem);
    put(&mut fields, "cs-uri-query", at(2));
    put(&mut fields, "s-port", at(3));
    put(&mut fields, "cs-username", at(4));
    put(&mut fields, "c-ip", at(5));
    let mut rest = &words[method + 6..];
    if let Some((version, after)) = rest.split_first().filter(|(word, _)| word.starts_with("HTTP/"))
    {
        put(&mut fields, "cs-version", version);
        rest = after;
    }
    // The status is the first of the numbers at the end.
    let numbers = rest.iter().rev().take_while(|word| is_number(word, 20)).count();
    let (named, numbers) = rest.split_at(rest.len() - numbers);
    for (place, word) in named.iter().enumerate() {
        let name = match place {
            0 => "cs(User-Agent)",
            _ if word.starts_with("http://") || word.starts_with("https://") => "cs(Referer)",
            _ if word.contains('=') => "cs(Cookie)",
            _ => "cs-host",
        };
        put(&mut fields, name, word);
    }
    let names = ["sc-status", "sc-substatus", "sc-win32-status"];
    for (name, value) in names.into_iter().zip(numbers) {
        put(&mut fields, name, value);
    }
    if let Some(value) = numbers.get(3..).and_then(<[_]>::last) {
        fields.push((Cow::Borrowed("time-taken"), Cow::Borrowed(value)));
    }
    Some(fields)
}

/// FTP: `c-ip cs-username s-ip s-port cs-method cs-uri-stem …`
fn transfer<'t>(words: &[&'t str]) -> Option<Pairs<'t>> {
    let at = |index: usize| words.get(index).copied().unwrap_or("");
    let named = |text: &str| text.len() > 2 && text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(is_address(at(0)) && is_address(at(2)) && is_number(at(3), 5) && named(at(4))) {
        return None;
    }
    let mut fields = Vec::with_capacity(8);
    let names = ["c-ip", "cs-username", "s-ip", "s-port", "cs-method", "cs-uri-stem"];
    for (name, value) in names.into_iter().zip(words) {
        put(&mut fields, name, value);
    }
    Some(fields)
}

/// `HTTP.sys`: `c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename`
fn refused<'t>(words: &[&'t str]) -> Option<Pairs<'t>> {
    let at = |index: usize| words.get(index).copied().unwrap_or("");
    let version = at(4);
    let sound = is_address(at(0))
        && is_number(at(1), 5)
        && is_address(at(2))
        && is_number(at(3), 5)
        && (version.starts_with("HTTP/") || version == "-");
    if !sound {
        return None;
    }
    let mut fields = Vec::with_capacity(12);
    for (name, value) in ["c-ip", "c-port", "s-ip", "s-port", "cs-version"].into_iter().zip(words) {
        put(&mut fields, name, value);
    }
    put(&mut fields, "cs-method", at(5));
    // What was asked for may hold blanks; the status ends it. Newer ones have a stream's number before the address.
    let status = words.iter().skip(7).position(|word| is_number(word, 3) && word.len() == 3);
    let status = status.map(|place| place + 7);
    let uri = if is_number(at(6), 10) { at(7) } else { at(6) };
    let (stem, query) = uri.split_once('?').unwrap_or((uri, ""));
    put(&mut fields, "cs-uri-stem", stem);
    put(&mut fields, "cs-uri-query", query);
    if let Some(place) = status {
        put(&mut fields, "sc-status", at(place));
        put(&mut fields, "s-siteid", at(place + 1));
        put(&mut fields, "s-reason", at(place + 2));
        put(&mut fields, "s-queuename", at(place + 3));
    }
    Some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let Some(line) = read(text) else { return "none".to_owned() };
        let list: Vec<String> =
            line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {}", line.form, list.join(" "))
    }

    #[test]
    fn columns_are_told_without_their_names() {
        for (text, wanted) in [
            (
                "2021-03-03 01:02:03 10.0.0.5 POST /owa/auth/x.aspx a=b&c=d 443 CORP\\ann 192.0.2.66 python-requests/2.25.1 - 200 0 0 46",
                "iis s-ip=10.0.0.5 cs-method=POST cs-uri-stem=/owa/auth/x.aspx cs-uri-query=a=b&c=d s-port=443 cs-username=CORP\\ann c-ip=192.0.2.66 cs(User-Agent)=python-requests/2.25.1 sc-status=200 sc-substatus=0 sc-win32-status=0 time-taken=46",
            ),
            (
                "2021-03-03 01:02:03 W3SVC1 WEB01 ::1%0 GET / - 80 - 2001:db8::66%3 HTTP/1.1 Mozilla/5.0+(x) a=1;+b=2 https://h.example/ h.example 404 0 2 123 456 789",
                "iis s-sitename=W3SVC1 s-computername=WEB01 s-ip=::1%0 cs-method=GET cs-uri-stem=/ s-port=80 c-ip=2001:db8::66%3 cs-version=HTTP/1.1 cs(User-Agent)=Mozilla/5.0+(x) cs(Cookie)=a=1;+b=2 cs(Referer)=https://h.example/ cs-host=h.example sc-status=404 sc-substatus=0 sc-win32-status=2 time-taken=789",
            ),
            (
                "2021-03-03 01:02:03 192.0.2.66 4711 10.0.0.5 443 HTTP/1.1 GET /a\\..\\x?q 400 - URL -",
                "error-log c-ip=192.0.2.66 c-port=4711 s-ip=10.0.0.5 s-port=443 cs-version=HTTP/1.1 cs-method=GET cs-uri-stem=/a\\..\\x cs-uri-query=q sc-status=400 s-reason=URL",
            ),
            (
                "2021-03-03 01:02:03 192.0.2.66 ann 10.0.0.5 21 STOR /up/x.aspx 226 0 0 8124db49 -",
                "iis c-ip=192.0.2.66 cs-username=ann s-ip=10.0.0.5 s-port=21 cs-method=STOR cs-uri-stem=/up/x.aspx",
            ),
            ("2021-03-03 01:02:03 INFO GET /x from the cache of 10.0.0.5", "none"),
            ("2021-03-03 01:02:03,123 host - something else is told here", "none"),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_piece_of_a_line_panics(text in "2021-03-03 01:02:03 (10.0.0.5 |GET |/x |- |443 |HTTP/1.1 |200 |é |a=b ){0,14}") {
            let _ = read(&text);
        }
    }
}
