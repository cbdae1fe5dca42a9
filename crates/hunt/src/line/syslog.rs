//! Syslog in all its dresses (RFC 3164, RFC 5424, rsyslog's with ISO times, network devices), and what
//! other logs it carries.

use std::borrow::Cow;

use super::{
    Line, Pairs, access, alert, audit, auth, cisco, firewall, gateway, haproxy, lease, mail,
    netscaler, pairs, put, request, squid,
};
use crate::time::{self, Moment};

/// Reads a line of syslog.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (priority, rest) = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((priority, rest)) if is_number(priority, 3) => (priority, rest),
        _ => ("", line),
    };
    let mut read = match rest.strip_prefix("1 ") {
        Some(rest) if !priority.is_empty() => rfc5424(rest),
        _ => bsd(rest),
    }?;
    // A log that syslog carries is told by its own form, and keeps the host that sent it.
    let Some((_, message)) = read.fields.pop() else { return Some(read) };
    let Cow::Borrowed(message) = message else { return Some(read) };
    carried(&mut read, message);
    if let Some(Moment::Yearless(day)) = read.when {
        read.when = dated(message, day).or(read.when);
    }
    // Devices put who connected to whom into structured data.
    if read.form == "syslog" && read.fields.iter().any(|(name, _)| name.contains('.')) {
        let known = read.fields.len();
        pairs::common_names(&mut read.fields);
        let has = |name: &str| read.fields[known..].iter().any(|(n, _)| n == name);
        if has("src_ip") && has("dst_ip") {
            read.form = "device";
        }
    }
    read.fields.push((Cow::Borrowed("message"), Cow::Borrowed(message)));
    Some(read)
}

/// The time with its year with which a message begins, when it is of the day that the heading tells.
fn dated(message: &str, day: jiff::civil::DateTime) -> Option<Moment> {
    let own = time::leading(message)?;
    let date = match own {
        Moment::Exact(time) => time.to_zoned(jiff::tz::TimeZone::UTC).date(),
        Moment::Civil(civil) => civil.date(),
        Moment::Yearless(_) => return None,
    };
    let told = day.date().with().year(date.year()).build().ok()?;
    (date.since(told).ok()?.get_days().abs() <= 1).then_some(own)
}

fn is_number(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// `TIME HOST APP PROCID MSGID STRUCTURED-DATA MESSAGE`
fn rfc5424(text: &str) -> Option<Line<'_>> {
    let mut parts = text.splitn(6, ' ');
    let stamp = parts.next()?;
    let when = time::read(stamp);
    if when.is_none() && stamp != "-" {
        return None;
    }
    let mut fields = Vec::with_capacity(8);
    for name in ["host", "program", "pid", "msgid"] {
        put(&mut fields, name, parts.next()?);
    }
    let rest = parts.next().unwrap_or("");
    if let Some(pairs) = pairs::check_point(rest) {
        fields.extend(pairs);
        pairs::common_names(&mut fields);
        return Some(Line { form: "pairs", when, fields });
    }
    let rest = structured(&mut fields, rest);
    fields.push(("message".into(), rest.trim_start().trim_start_matches('\u{feff}').into()));
    Some(Line { form: "syslog", when, fields })
}

/// `[id name="value" …][…] rest`; gives the rest.
fn structured<'t>(fields: &mut Pairs<'t>, text: &'t str) -> &'t str {
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let Some(end) = inner.find([' ', ']']) else { return rest };
        let id = &inner[..end];
        let mut inner = &inner[end..];
        while let Some((name, after)) = inner.trim_start().split_once("=\"") {
            // A bracket before the next pair ends the element.
            if name.contains(']') {
                break;
            }
            let Some((value, after)) = access::quoted(after) else { return "" };
            fields.push((format!("{id}.{name}").into(), value.into()));
            inner = after;
        }
        match inner.split_once(']') {
            Some((_, after)) => rest = after,
            None => return "",
        }
    }
    rest.strip_prefix('-').unwrap_or(rest)
}

/// `Mar  3 01:02:03 host program[12]: message`, or with an ISO time.
fn bsd(text: &str) -> Option<Line<'_>> {
    let text = text.trim_start();
    // Cisco puts a number, and at times a sign of doubt, before the time.
    let numbered = text.split_once(": ").filter(|(number, _)| is_number(number, 12));
    let text = numbered.map_or(text, |(_, rest)| rest).trim_start_matches(['*', '.']);
    let (when, rest) = stamp(text)?;
    let mut fields = Vec::with_capacity(8);
    let rest = rest.trim_start();
    if let Some(message) = rest.strip_prefix(": ").or_else(|| rest.starts_with('%').then_some(rest))
    {
        fields.push(("message".into(), message.into()));
        return Some(Line { form: "syslog", when: Some(when), fields });
    }
    // Values between commas are the message of a device that left out its name.
    if rest.split(' ').next().is_some_and(|word| word.matches(',').count() > 0)
        || rest.contains("-PPE-") && netscaler::read(rest).is_some()
    {
        fields.push(("message".into(), rest.into()));
        return Some(Line { form: "syslog", when: Some(when), fields });
    }
    let (host, rest) = rest.split_once(' ')?;
    let rest = rest.strip_prefix(": ").unwrap_or(rest);
    // rsyslog's own forwarding may leave out the host: then the first word is the program.
    let (host, rest) = match program(host) {
        Some(_) if host.ends_with(':') => {
            ("", text[text.len() - rest.len() - host.len() - 1..].trim_start())
        }
        _ => (host, rest.trim_start()),
    };
    // Some write how grave it is where the host would stand.
    put(&mut fields, if is_level(host) { "level" } else { "host" }, host);
    let (tag, message) = match rest.split_once(": ") {
        Some((tag, message)) => (tag, message),
        None => (rest.trim_end_matches(':'), ""),
    };
    // Where no colon parts them, the number of the process ends the tag.
    let parted =
        rest.split_once(' ').filter(|(first, _)| first.ends_with(']') && tag.contains(' '));
    let (tag, message) = parted
        .filter(|(first, after)| program(first).is_some() && !after.starts_with('('))
        .unwrap_or((tag, message));
    let tag = plain_tag(&mut fields, tag);
    match program(tag) {
        Some((name, pid)) => {
            put(&mut fields, "program", name);
            put(&mut fields, "pid", pid);
            fields.push(("message".into(), message.into()));
        }
        // With an ISO time it may be any program's own log: only a tag makes it syslog.
        None if !matches!(when, Moment::Yearless(_))
            && numbered.is_none()
            && !rest.starts_with('%') =>
        {
            return None;
        }
        None => fields.push(("message".into(), rest.into())),
    }
    Some(Line { form: "syslog", when: Some(when), fields })
}

/// The time at the beginning of a line, and what stands behind it.
fn stamp(text: &str) -> Option<(Moment, &str)> {
    let bytes = text.as_bytes();
    if bytes.first()?.is_ascii_uppercase() {
        // `Mar  3 01:02:03`, `Mar  3 2021 01:02:03`, `Mar  3 01:02:03.123 UTC`
        // A weekday begins another form.
        if bytes.get(3) != Some(&b' ') || !time::is_month(text) {
            return None;
        }
        let with_year = text.get(..20).filter(|t| t.as_bytes()[17] == b':');
        if let Some(when) = with_year.and_then(time::read) {
            let rest = &text[20..];
            return Some((when, rest.strip_prefix(':').unwrap_or(rest)));
        }
        let when = time::read(text.get(..15)?)?;
        let mut rest = &text[15..];
        // WatchGuard puts the year behind the time.
        let year = rest.get(1..6).filter(|year| year.starts_with("20") && year.ends_with(' '));
        if year.is_some_and(|year| is_number(year.trim_end(), 4)) {
            return Some((time::read(&text[..20])?, &text[20..]));
        }
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        rest = rest.strip_prefix(" UTC").unwrap_or(rest);
        return Some((when, rest));
    }
    // With blanks between date and time it is some program's own log.
    let (word, rest) = text.split_once(' ')?;
    // Sophos writes `2021:03:03-01:02:03`.
    let is_sophos = word.len() == 19 && word.as_bytes()[4] == b':' && word.as_bytes()[10] == b'-';
    if word.len() < 19 || word.as_bytes()[10] != b'T' && !is_sophos {
        return None;
    }
    Some((time::read(word)?, rest))
}

/// How grave a message is.
const LEVELS: [&str; 14] = [
    "emerg",
    "emergency",
    "alert",
    "crit",
    "critical",
    "err",
    "error",
    "warn",
    "warning",
    "notice",
    "info",
    "informational",
    "debug",
    "panic",
];

/// Whether a word tells how grave a message is, as `info` or, of ESXi, `In(166)`.
fn is_level(word: &str) -> bool {
    let of_esxi = || {
        let (level, number) = word.split_once('(')?;
        let number = number.strip_suffix(')')?;
        (level.len() == 2 && is_number(number, 3)).then_some(())
    };
    LEVELS.contains(&word) || of_esxi().is_some()
}

/// A tag without what some systems put beside it: a level before it (F5, AIX), the service behind it (macOS).
fn plain_tag<'t>(fields: &mut Pairs<'t>, tag: &'t str) -> &'t str {
    let Some((first, second)) = tag.split_once(' ') else { return tag };
    if LEVELS.contains(&first)
        || first.contains(['|', '.']) && LEVELS.iter().any(|level| first.contains(level))
    {
        put(fields, "level", first);
        return second;
    }
    if second.starts_with('(') && first.ends_with(']') { first } else { tag }
}

/// `program[12]` or `program`, as a tag may be.
fn program(tag: &str) -> Option<(&str, &str)> {
    let tag = tag.trim_end_matches(':');
    let (name, pid) = match tag.strip_suffix(']').and_then(|tag| tag.split_once('[')) {
        Some((name, pid)) => (name, pid),
        None => (tag, ""),
    };
    let sound = (1..=64).contains(&name.len())
        && name
            .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '/' || c == '(')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./()@+".contains(&b));
    sound.then_some((name, pid))
}

/// Tells what log a message is of, and takes its fields.
fn carried<'t>(line: &mut Line<'t>, message: &'t str) {
    let program = line.fields.iter().find(|(name, _)| name == "program");
    let program = program.map_or("", |(_, value)| value.as_ref());
    let program = program.rsplit('/').next().unwrap_or(program).to_owned();
    if message.contains("audit(")
        && let Some(inner) = audit::read(message)
    {
        line.fields.extend(inner.fields);
        (line.form, line.when) = ("auditd", inner.when.or(line.when));
        return;
    }
    if let Some(fields) = firewall::iptables(message) {
        line.fields.extend(fields);
        line.form = "iptables";
        return;
    }
    if program == "filterlog"
        && let Some(fields) = firewall::filterlog(message)
    {
        line.fields.extend(fields);
        line.form = "filterlog";
        return;
    }
    if message.starts_with('%') {
        line.form = "device";
        return;
    }
    if let Some(form) = put_own(&mut line.fields, &program, message) {
        line.form = form;
        return;
    }
    let own = match program.as_str() {
        "squid" => squid::read(message),
        "snort" | "suricata" => alert::read(message),
        "haproxy" => haproxy::read(message).or_else(|| access::read(message)),
        "httpd" | "nginx" | "apache2" | "apache" => {
            access::read(message).or_else(|| request::read(message))
        }
        _ if cisco::put_bare(&mut line.fields, message) => {
            line.form = "device";
            return;
        }
        _ => None,
    };
    let own = own
        .or_else(|| firewall::palo_alto(message))
        .or_else(|| netscaler::read(message))
        .or_else(|| {
            let tagged =
                message.contains("CEF:") || message.contains("LEEF:") || message.contains("dev");
            pairs::read(message).filter(|inner| tagged && inner.form != "pairs")
        });
    if let Some(inner) = own {
        line.form = inner.form;
        line.when = inner.when.or(line.when);
        line.fields.extend(inner.fields);
        return;
    }
    if let Some(inner) = pairs::carried(message) {
        let has = |name: &str| inner.iter().any(|(known, _)| known == name);
        // A daemon may write its messages so, too: what names both ends of a connection is a device.
        if has("src_ip") && has("dst_ip") {
            line.form = "pairs";
        }
        line.fields.extend(inner);
        return;
    }
    auth::put_account(&mut line.fields, &program, message);
}

/// What programs and devices of a form of their own say; the form, where it is one of these.
fn put_own<'t>(fields: &mut Pairs<'t>, program: &str, message: &'t str) -> Option<&'static str> {
    match program {
        "dhcpd" | "dnsmasq-dhcp" if lease::put_lease(fields, message) => Some("dhcp"),
        _ if program.starts_with("kea-dhcp") && lease::put_kea(fields, message) => Some("dhcp"),
        "dnsmasq" if lease::put_query(fields, message) => Some("dns"),
        "http_scan" | "httpscan" if gateway::put_web_filter(fields, message) => Some("device"),
        _ if message.contains("msg_id=\"") && gateway::put_watchguard(fields, message) => {
            Some("device")
        }
        _ if mail::put_barracuda(fields, message) => Some("mail"),
        _ if program.is_empty() && gateway::put_mikrotik(fields, message) => Some("device"),
        _ => None,
    }
}
