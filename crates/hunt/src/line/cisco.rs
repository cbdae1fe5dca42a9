//! Messages of Cisco's devices (ASA, Firepower, IOS and what copies them): `%FACILITY-SEVERITY-MNEMONIC: text`, behind
//! headings of many forms.

use std::net::IpAddr;

use super::{Line, Pairs, peer, put};
use crate::time::{self, Moment};

/// Reads a line with such a message; `None` for others.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (at, mnemonic) = mnemonic(line)?;
    let mut fields = Vec::with_capacity(8);
    let when = heading(&mut fields, &line[..at]);
    put(&mut fields, "mnemonic", mnemonic);
    let message = &line[at..];
    let text = message[mnemonic.len() + 1..].trim_start_matches([':', ' ']);
    put_ends(&mut fields, text);
    put_user(&mut fields, text);
    fields.push(("message".into(), message.into()));
    Some(Line { form: "device", when, fields })
}

/// Adds what a message says that came without its mnemonic, as some relays cut it off; `false` for other messages.
pub(super) fn put_bare<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    let known = ["AAA user authentication ", "AAA user authorization ", "Group <"];
    let is_known = known.iter().any(|start| message.starts_with(start));
    if is_known {
        put_ends(fields, message);
        put_user(fields, message);
    }
    is_known
}

/// Where the sign stands that begins a message, and its mnemonic without the sign.
fn mnemonic(line: &str) -> Option<(usize, &str)> {
    const FARTHEST: usize = 160;
    memchr::memchr_iter(b'%', line.as_bytes()).take_while(|at| *at <= FARTHEST).find_map(|at| {
        let before = at.checked_sub(1).map(|at| line.as_bytes()[at]);
        if before.is_some_and(|b| !b" :>\t".contains(&b)) {
            return None;
        }
        let rest = &line[at + 1..];
        let end = rest.find([':', ' '])?;
        let word = &rest[..end];
        let mut parts = word.split('-');
        let facility = parts.next()?;
        let named = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let is_level = |part: &str| part.len() == 1 && part.bytes().all(|b| b.is_ascii_digit());
        let sound = facility.starts_with(|c: char| c.is_ascii_uppercase())
            && word.split('-').all(named)
            && (2..=6).contains(&word.split('-').count())
            && parts.any(is_level);
        sound.then_some((at, word))
    })
}

/// The host and the time of a heading: number, host, the relay's and the device's own time, in any order.
fn heading<'t>(fields: &mut Pairs<'t>, head: &'t str) -> Option<Moment> {
    let head = head.strip_prefix('<').and_then(|h| h.split_once('>')).map_or(head, |(_, h)| h);
    let words: Vec<&'t str> = head.split(' ').filter(|word| !word.is_empty()).collect();
    let (mut times, mut host) = (Vec::new(), "");
    let mut at = 0;
    while at < words.len() {
        if let Some((moment, count)) = moment(&words[at..]) {
            times.push(moment);
            at += count;
            continue;
        }
        let word = words[at].trim_end_matches(':').trim_start_matches(['*', '.']);
        // An address without its end stays as it is written.
        let word = if word.contains(':') && words[at].ends_with("::") { words[at] } else { word };
        let is_number = word.bytes().all(|b| b.is_ascii_digit());
        let is_uptime = word.starts_with(|c: char| c.is_ascii_digit())
            && word.bytes().all(|b| b.is_ascii_digit() || b"ywdhms".contains(&b));
        if !is_number && !is_uptime && word != "-" && !word.starts_with(['<', '(']) {
            host = word;
        }
        at += 1;
    }
    put(fields, "host", host);
    // The device's own time stands behind the relay's, and often has the year.
    let dated = times.iter().rev().find(|moment| !matches!(moment, Moment::Yearless(_)));
    dated.or(times.last()).copied()
}

/// The time with which some words begin, and how many words it is.
fn moment(words: &[&str]) -> Option<(Moment, usize)> {
    let first = words[0].trim_start_matches(['*', '.']);
    if first.len() >= 19 && first.as_bytes()[10] == b'T' {
        return Some((time::read(first.trim_end_matches(':'))?, 1));
    }
    // `Mar 3 01:02:03`, `Mar 3 2021 01:02:03.123 UTC:`
    let clock = words.iter().take(4).position(|word| word.contains(':')).filter(|at| *at >= 1)?;
    let zone = words.get(clock + 1).map(|word| word.trim_end_matches(':'));
    let has_zone = !words[clock].ends_with(':')
        && zone.is_some_and(|zone| {
            (2..=6).contains(&zone.len()) && zone.bytes().all(|b| b.is_ascii_uppercase())
        });
    let count = clock + 1 + usize::from(has_zone);
    let text = [&[first], &words[1..count]].concat().join(" ");
    let moment = time::read(text.trim_end_matches(':'))?;
    Some((moment, count))
}

/// Adds who connected to whom, and whether the device let it through.
fn put_ends<'t>(fields: &mut Pairs<'t>, text: &'t str) {
    if text.contains("SrcIP: ") {
        return put_named(fields, text);
    }
    let mut ends: [Option<End<'t>>; 2] = [None, None];
    let mut wanted = None;
    let mut last = None;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match word {
            "src" | "SRC" | "from" | "for" | "faddr" => wanted = Some(0),
            "dst" | "DEST" | "to" => wanted = Some(1),
            // Behind "from" it is a source as well.
            "laddr" => wanted = wanted.or(Some(1)).filter(|_| ends[1].is_none()),
            "->" => {
                ends[0] = ends[0].or(last);
                wanted = Some(1);
            }
            "Accessed" => ends[0] = ends[0].or(last),
            _ => {
                last = end(word);
                if let (Some(side), Some(found)) = (wanted.take(), last) {
                    ends[side] = ends[side].or(Some(found));
                }
            }
        }
    }
    // What an inner machine opened is told with the other side first.
    if text.starts_with("Built outbound") && ends[1].is_some() {
        ends.swap(0, 1);
    }
    let [source, target] = ends;
    let names = [("src_ip", "src_port"), ("dst_ip", "dst_port")];
    for ((address, port), end) in names.into_iter().zip([source, target]) {
        if let Some((found, number)) = end {
            put(fields, address, found);
            put(fields, port, number);
        }
    }
    for key in ["user IP = ", "IP <", "[Source: ", "IP address: ", "IP = "] {
        if !fields.iter().any(|(name, _)| name == "src_ip")
            && let Some((_, rest)) = text.split_once(key)
        {
            put(fields, "src_ip", peer::first(rest).unwrap_or(""));
        }
    }
    let is_url = |c: char| c.is_whitespace();
    if let Some((_, rest)) = text.split_once(" Accessed URL ") {
        let (address, url) = rest.split_once(':').unwrap_or(("", rest));
        put(fields, "dst_ip", peer::first(address).unwrap_or(""));
        put(fields, "url", url.split(is_url).next().unwrap_or(""));
    } else if let Some((_, rest)) = text.split_once("Access denied URL ") {
        put(fields, "url", rest.split(is_url).next().unwrap_or(""));
    }
    let word = text.split(' ').find(|word| {
        ["Deny", "Denied", "denied", "permitted", "dropped", "Rejected", "rejected"].contains(word)
    });
    put(fields, "action", word.unwrap_or(""));
    let protocols = ["tcp", "udp", "icmp", "TCP", "UDP", "ICMP"];
    let proto = text.split(' ').find(|word| protocols.contains(word));
    put(fields, "proto", proto.unwrap_or(""));
}

/// `Name: value, Name: value`, as Firepower writes connections.
fn put_named<'t>(fields: &mut Pairs<'t>, text: &'t str) {
    for (name, value) in text.split(", ").filter_map(|pair| pair.split_once(": ")) {
        let name = match name {
            "SrcIP" => "src_ip",
            "DstIP" => "dst_ip",
            "SrcPort" => "src_port",
            "DstPort" => "dst_port",
            "Protocol" => "proto",
            "AccessControlRuleAction" => "action",
            "URL" => "url",
            "DNSQuery" => "query",
            "HTTPReferer" => "cs(Referer)",
            "UserAgent" => "cs(User-Agent)",
            "FileSHA256" | "SHA_Disposition_SHA256" => "sha256",
            "FileName" => "filename",
            "User" => "user",
            _ => continue,
        };
        put(fields, name, value.trim());
    }
}

fn put_user<'t>(fields: &mut Pairs<'t>, text: &'t str) {
    if fields.iter().any(|(name, _)| name == "user") {
        return;
    }
    let keys = [
        ("User <", '>'),
        ("user = ", ' '),
        ("Uname: ", ' '),
        ("[user: ", ']'),
        ("for user \"", '"'),
        ("user '", '\''),
        ("user \"", '"'),
        ("Username = ", ','),
        ("(LOCAL\\", ')'),
    ];
    for (key, end) in keys {
        if let Some((_, rest)) = text.split_once(key) {
            return put(fields, "user", rest.split(end).next().unwrap_or(rest));
        }
    }
}

/// Address (or name) and port of one end of a connection.
type End<'t> = (&'t str, &'t str);

/// `outside:192.0.2.1/443`, `inside/192.0.2.1(443)`, `192.0.2.1/443`, `192.0.2.1`, `dmz:server/443`, `user@192.0.2.1`.
fn end(word: &str) -> Option<End<'_>> {
    let word = word.trim_start_matches('(').trim_end_matches([',', '.', ';', ':', ')']);
    let is_port = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let bare = |text: &str| text.parse::<IpAddr>().is_ok();
    if bare(word) {
        return Some((word, ""));
    }
    // A user in brackets, or the port.
    let (word, bracket) = word.split_once('(').unwrap_or((word, ""));
    let (front, mut port) = match word.rsplit_once('/') {
        Some((front, port)) if is_port(port) => (front, port),
        Some((_, address)) if bare(address) => (address, ""),
        _ => (word, ""),
    };
    if is_port(bracket) {
        port = bracket;
    }
    if bare(front) {
        return Some((front, port));
    }
    if let Some((_, address)) = front.rsplit_once('@').filter(|(_, address)| bare(address)) {
        return Some((address, port));
    }
    let (interface, address) = front.split_once(':')?;
    let named = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
    };
    (named(interface) && (bare(address) || named(address) && !port.is_empty()))
        .then_some((address, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let Some(line) = read(text) else { return "none".to_owned() };
        let time = line.when.map_or_else(String::new, |when| match when {
            Moment::Exact(time) => time.to_string(),
            Moment::Civil(civil) => civil.to_string(),
            Moment::Yearless(civil) => format!("?{civil}"),
        });
        let own = line.fields.iter().filter(|(name, _)| !matches!(name.as_ref(), "message"));
        let list: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
        format!("{time} {}", list.join(" "))
    }

    #[test]
    fn who_connected_to_whom() {
        for (text, wanted) in [
            (
                "Mar  3 2021 01:02:03 fw1 : %ASA-6-302013: Built outbound TCP connection 7 for outside:192.0.2.66/443 (192.0.2.66/443) to inside:10.0.0.5/50000 (203.0.113.1/12834)",
                "2021-03-03T01:02:03 host=fw1 mnemonic=ASA-6-302013 src_ip=10.0.0.5 src_port=50000 dst_ip=192.0.2.66 dst_port=443 proto=TCP",
            ),
            (
                "<166>Mar 03 2021 01:02:03: %ASA-6-302013: Built inbound TCP connection 7 for outside:192.0.2.66/4711 (192.0.2.66/4711)(LOCAL\\ann) to dmz:web-1/443 (web-1/443) (ann)",
                "2021-03-03T01:02:03 mnemonic=ASA-6-302013 src_ip=192.0.2.66 src_port=4711 dst_ip=web-1 dst_port=443 proto=TCP user=ann",
            ),
            (
                "Mar  3 01:02:03 198.51.100.1 : %ASA-4-106023: Deny tcp src outside:2001:db8::66/4711 dst inside:10.0.0.5/22 by access-group \"acl\" [0x0, 0x0]",
                "?2000-03-03T01:02:03 host=198.51.100.1 mnemonic=ASA-4-106023 src_ip=2001:db8::66 src_port=4711 dst_ip=10.0.0.5 dst_port=22 action=Deny proto=tcp",
            ),
            (
                "Mar 03 2021 01:02:03 EDT: %ASA-session-5-106100: access-list in permitted tcp inside/10.0.0.5(2241) -> outside/192.0.2.66(2000) hit-cnt 1",
                "2021-03-03T05:02:03Z mnemonic=ASA-session-5-106100 src_ip=10.0.0.5 src_port=2241 dst_ip=192.0.2.66 dst_port=2000 action=permitted proto=tcp",
            ),
            (
                "<189>2361044: sw01: *Mar  3 2021 01:02:03.398 UTC: %SEC_LOGIN-4-LOGIN_FAILED: Login failed [user: ann] [Source: 192.0.2.66] [localport: 22]",
                "2021-03-03T01:02:03.398Z host=sw01 mnemonic=SEC_LOGIN-4-LOGIN_FAILED src_ip=192.0.2.66 user=ann",
            ),
            (
                "<190>Mar 13 08:23:43 198.51.100.2 sw01: 3132779: Mar 14 2021 08:23:43.398 UTC: %FOO-6-BAR: text",
                "2021-03-14T08:23:43.398Z host=sw01 mnemonic=FOO-6-BAR",
            ),
            ("<190>317: sw01: 313: 2y10w: %FOO-6-BAR: text", " host=sw01 mnemonic=FOO-6-BAR"),
            (
                "Mar  3 01:02:03 198.51.100.1 %ASA-5-304001: 10.0.0.5 Accessed URL 192.0.2.66:http://evil.example/a",
                "?2000-03-03T01:02:03 host=198.51.100.1 mnemonic=ASA-5-304001 src_ip=10.0.0.5 dst_ip=192.0.2.66 url=http://evil.example/a",
            ),
            (
                "2021-03-03T01:02:03Z ftd %FTD-1-430003: EventPriority: Low, AccessControlRuleAction: Block, SrcIP: 10.0.0.5, DstIP: 192.0.2.66, SrcPort: 5, DstPort: 443, Protocol: tcp, URL: http://evil.example/",
                "2021-03-03T01:02:03Z host=ftd mnemonic=FTD-1-430003 action=Block src_ip=10.0.0.5 dst_ip=192.0.2.66 src_port=5 dst_port=443 proto=tcp url=http://evil.example/",
            ),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
        }
        for text in ["load is 5%: high", "GET /a%20b-1-c: x", "100 %sure-1-x: y"] {
            assert_eq!(shown(text), "none", "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_heading_panics(text in "(<1>|[0-9]{1,4}: |Mar |  3 |2021 |01:02:03|\\*|UTC:| |%ASA-6-302013: |Built outbound |for |to |-> |a:1.2.3.4/5|::|\\(|é){0,14}") {
            let _ = read(&text);
        }
    }
}
