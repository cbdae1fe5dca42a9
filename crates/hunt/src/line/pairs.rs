//! Lines of names and values: Fortinet, CEF, LEEF, and others that write `name=value`.

use std::borrow::Cow;

use super::{Line, Pairs, put};
use crate::time::{self, Moment};

/// A line without a form of its own must hold so many pairs.
const LEAST: usize = 4;

/// Reads a line of names and values.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    if let Some(at) = line.find("CEF:").filter(|at| line.as_bytes().get(at + 5) == Some(&b'|')) {
        return cef(&line[at + 4..])
            .map(|line| with_time(line, &["rt", "start", "end", "deviceReceiptTime"]));
    }
    if let Some(at) = line.find("LEEF:") {
        return leef(&line[at + 5..]).map(|line| with_time(line, &["devTime"]));
    }
    if let Some(mut fields) = check_point(line) {
        common_names(&mut fields);
        return Some(with_time(Line { form: "pairs", when: None, fields }, &["time"]));
    }
    // The attributes of an element are no record of their own.
    if line
        .trim_start()
        .strip_prefix('<')
        .is_some_and(|rest| rest.starts_with(|c: char| !c.is_ascii_digit()))
    {
        return None;
    }
    let mut fields = list(line);
    let named = |name: &str| fields.iter().any(|(n, _)| n == name);
    let form = match () {
        () if named("devname") || named("devid") || named("logid") => "fortinet",
        // Prose holds an equals sign at times; a log is made of them.
        () if fields.len() >= LEAST && covers(&fields, line) => "pairs",
        () => return None,
    };
    if form == "fortinet"
        && let Some(at) = fields.iter().position(|(name, _)| name == "hostname")
    {
        // The host that was asked for, not the machine that logs.
        let host = fields[at].1.clone();
        fields.insert(at, (Cow::Borrowed("r-host"), host));
    }
    let mut line = Line { form, when: time::leading(line), fields };
    common_names(&mut line.fields);
    Some(with_time(line, TIMES))
}

/// The pairs of a message that syslog carries, when it begins with one and is made of them; their common names as well.
pub(super) fn carried(message: &str) -> Option<Pairs<'_>> {
    let (name, _) = message.trim_start().split_once('=')?;
    if !is_name(name) {
        return None;
    }
    let mut fields = list(message);
    if fields.len() < LEAST || !covers(&fields, message) {
        return None;
    }
    common_names(&mut fields);
    Some(fields)
}

/// Whether pairs are most of a line.
fn covers(fields: &Pairs<'_>, line: &str) -> bool {
    fields.iter().map(|(name, value)| name.len() + value.len() + 2).sum::<usize>() * 3
        > line.len() * 2
}

/// `name=value name="a value"`, as far as it goes; words without a name are passed over.
pub(super) fn list(text: &str) -> Pairs<'_> {
    let mut fields: Pairs<'_> = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        let name =
            before.rsplit([' ', '\t', ';', ',', '|', '>', ':', '[']).next().unwrap_or(before);
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
        let (value, next) = match quote {
            Some('"') => super::access::quoted(&after[1..]).unwrap_or((&after[1..], "")),
            Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            // Tabs part pairs whose values hold blanks.
            None if text.contains('\t') => after.split_once('\t').unwrap_or((after, "")),
            None => after.split_once([' ', ';']).unwrap_or((after, "")),
        };
        // `a=1,b=2`: the comma parts pairs where a name follows it.
        let comma = || {
            let at = value.find(',')?;
            let (name, _) = value[at + 1..].split_once('=')?;
            is_name(name).then(|| (&value[..at], &after[at + 1..]))
        };
        let (value, next) = quote.map_or_else(comma, |_| None).unwrap_or((value, next));
        if is_name(name) && !value.is_empty() {
            fields.push((Cow::Borrowed(name), Cow::Borrowed(value.trim_end_matches(','))));
        }
        rest = next;
    }
    fields
}

/// `[name:"value"; name:"value"]`, as Check Point writes it; `None` for other text.
pub(super) fn check_point(text: &str) -> Option<Pairs<'_>> {
    let start = text.find('[')?;
    let mut rest = &text[start + 1..];
    let mut fields: Pairs<'_> = Vec::new();
    while let Some((name, after)) = rest.split_once(":\"") {
        let name = name.trim_start_matches([';', ' ']);
        if !is_name(name) {
            return None;
        }
        // A quote inside of a value stands behind a backslash.
        let (value, next) = super::access::quoted(after)?;
        if !value.is_empty() {
            fields.push((Cow::Borrowed(name), Cow::Borrowed(value)));
        }
        rest = next;
    }
    (fields.len() >= LEAST).then_some(fields)
}

fn is_name(text: &str) -> bool {
    (1..=48).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '@')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.@".contains(&b))
}

/// `0|vendor|product|version|id|name|severity|name=value …`; a value ends before the next name.
fn cef(text: &str) -> Option<Line<'_>> {
    let mut rest = text;
    let mut header: Vec<&str> = Vec::with_capacity(7);
    while header.len() < 7 {
        let end = bar(rest)?;
        header.push(&rest[..end]);
        rest = &rest[end + 1..];
    }
    let mut fields = Vec::with_capacity(16);
    let names = ["vendor", "product", "version", "signature_id", "signature", "severity"];
    for (name, value) in names.into_iter().zip(&header[1..]) {
        fields.push((Cow::Borrowed(name), unescape(value)));
    }
    let equals: Vec<usize> = memchr::memchr_iter(b'=', rest.as_bytes())
        .filter(|at| *at == 0 || rest.as_bytes()[at - 1] != b'\\')
        .collect();
    let start_of = |at: usize| rest[..at].rfind(' ').map_or(0, |blank| blank + 1);
    for (number, at) in equals.iter().enumerate() {
        let name = &rest[start_of(*at)..*at];
        let end = equals.get(number + 1).map_or(rest.len(), |next| start_of(*next));
        if is_name(name) && *at < end {
            fields.push((Cow::Borrowed(name), unescape(rest[at + 1..end].trim_end())));
        }
    }
    common_names(&mut fields);
    Some(Line { form: "cef", when: None, fields })
}

/// Where the next bar stands that is not escaped.
fn bar(text: &str) -> Option<usize> {
    memchr::memchr_iter(b'|', text.as_bytes())
        .find(|at| *at == 0 || text.as_bytes()[at - 1] != b'\\')
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some(next @ ('\\' | '|' | '='))) => {
                out.push(*next);
                chars.next();
            }
            ('\\', Some('n' | 'r')) => {
                out.push('\n');
                chars.next();
            }
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// `2.0|vendor|product|version|id|[^|]name=value…`; pairs are parted by tabs or the named sign.
fn leef(text: &str) -> Option<Line<'_>> {
    let mut parts = text.splitn(6, '|');
    let version = parts.next()?;
    let mut fields = Vec::with_capacity(16);
    for name in ["vendor", "product", "version", "signature_id"] {
        put(&mut fields, name, parts.next()?);
    }
    let mut rest = parts.next()?;
    let mut delimiter = '\t';
    if version.starts_with('2')
        && let Some((sign, after)) = rest.split_once('|')
        && sign.len() <= 6
    {
        rest = after;
        let hex = sign.trim_start_matches("0x").trim_start_matches('x');
        delimiter = match u32::from_str_radix(hex, 16).ok().and_then(char::from_u32) {
            Some(c) if sign.contains('x') => c,
            _ => sign.chars().next().unwrap_or('\t'),
        };
    }
    for (name, value) in rest.split(delimiter).filter_map(|pair| pair.split_once('=')) {
        let name = name.trim();
        if is_name(name) && !value.is_empty() {
            fields.push((Cow::Borrowed(name), Cow::Borrowed(value)));
        }
    }
    common_names(&mut fields);
    Some(Line { form: "leef", when: None, fields })
}

/// Other names for the ends of a connection, which rules and checks ask for by the common one. Case and signs between
/// words do not count, nor does what stands before the last dot.
const COMMON: &[(&str, &[&str])] = &[
    (
        "src_ip",
        &[
            "srcip",
            "src",
            "sourceaddress",
            "sourceip",
            "srcaddr",
            "cip",
            "clientip",
            "clientaddr",
            "clientaddress",
            "ipclient",
            "remip",
            "remoteaddress",
            "remoteaddr",
            "remoteip",
            "userip",
        ],
    ),
    (
        "dst_ip",
        &[
            "dstip",
            "dst",
            "destinationaddress",
            "destinationip",
            "destip",
            "destaddr",
            "dstaddr",
            "dip",
            "serverip",
        ],
    ),
    ("src_port", &["srcport", "spt", "sourceport", "sport", "clientport"]),
    ("dst_port", &["dstport", "dpt", "destport", "destinationport", "dport"]),
    ("action", &["action", "act", "fwaction", "ruleaction", "reason"]),
    ("url", &["url", "request", "requesturl"]),
];

/// A name in small letters and digits alone.
fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Adds the common names of what is there under others.
pub(super) fn common_names(fields: &mut Pairs<'_>) {
    let names: Vec<String> = fields.iter().map(|(name, _)| plain(name)).collect();
    let at = |name: &str| names.iter().position(|known| known == name);
    // Where `dip` stands beside it, `sip` is the source; else the server.
    let server = if at("dip").is_some() { "src_ip" } else { "dst_ip" };
    let mut found = Vec::new();
    for (name, others) in COMMON {
        if fields.iter().any(|(known, _)| known == name) {
            continue;
        }
        let other = others.iter().find_map(|other| at(other));
        found.extend(other.or_else(|| at("sip").filter(|_| *name == server)).map(|at| (*name, at)));
    }
    for (name, at) in found {
        let value = fields[at].1.clone();
        let port = match name {
            "src_ip" => "src_port",
            "dst_ip" => "dst_port",
            _ => {
                fields.push((Cow::Borrowed(name), value));
                continue;
            }
        };
        // `192.0.2.1:443`, and `192.0.2.1:443:X1` with the interface.
        let address =
            super::peer::first(&value).map(str::len).filter(|length| *length < value.len());
        let Some(length) = address else {
            // `IPV4/UDP/192.0.2.1/5060`, as Asterisk writes it.
            let is_whole = |part: &&str| super::peer::first(part).is_some_and(|a| a == *part);
            let part = value.split('/').find(is_whole).map(str::to_owned);
            fields.push((Cow::Borrowed(name), part.map_or(value, Cow::Owned)));
            continue;
        };
        let (address, rest) = match value {
            Cow::Borrowed(text) => (
                Cow::Borrowed(&text[..length]),
                Cow::Borrowed(text.get(length + 1..).unwrap_or("")),
            ),
            Cow::Owned(text) => (
                Cow::Owned(text[..length].to_owned()),
                Cow::Owned(text.get(length + 1..).unwrap_or("").to_owned()),
            ),
        };
        fields.push((Cow::Borrowed(name), address));
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && !fields.iter().any(|(known, _)| known == port) {
            let number = match rest {
                Cow::Borrowed(text) => Cow::Borrowed(&text[..digits]),
                Cow::Owned(text) => Cow::Owned(text[..digits].to_owned()),
            };
            fields.push((Cow::Borrowed(port), number));
        }
    }
}

/// Names of the time of a line of pairs, most telling first.
const TIMES: &[&str] = &[
    "eventtime",
    "timestamp",
    "time",
    "ts",
    "start_time",
    "datetime",
    "date_time",
    "event_time",
    "log_time",
    "received_time",
    "starttime",
    "t",
    "date",
];

/// The time out of the fields: `date` with `time` (and `tz`), or one field of its own.
fn with_time<'t>(mut line: Line<'t>, names: &[&str]) -> Line<'t> {
    let get = |name: &str| {
        let found = line.fields.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_ref())
    };
    let pair = || -> Option<Moment> {
        let (date, time) = (get("date")?, get("time")?);
        match get("tz").filter(|zone| zone.starts_with(['+', '-'])) {
            Some(zone) => time::read_pair(date, &format!("{time}{zone}")),
            None => time::read_pair(date, time),
        }
    };
    // A time that says its zone counts more than one that does not, wherever it stands.
    let one = || names.iter().find_map(|name| get(name).and_then(time::read));
    let exact = |moment: &Moment| matches!(moment, Moment::Exact(_));
    let own = pair();
    let own = match own {
        Some(moment) if !exact(&moment) => one().filter(exact).or(own),
        _ => own.or_else(one),
    };
    line.when = own.filter(exact).or_else(|| line.when.filter(exact)).or(own).or(line.when);
    line
}
