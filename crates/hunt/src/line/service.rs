//! Lines of servers that name who came in places of their own: WebLogic, Kubernetes, the alerts of OSSEC, MySQL, OpenVPN, Redis, Samba's
//! audit of shares.

use std::net::IpAddr;

use super::peer::{first, put_peer};
use super::{Line, Pairs, pairs, put};
use crate::time;

/// Reads a line of one of these servers.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    if line.starts_with("####<") {
        return weblogic(line);
    }
    if let Some(fields) = component(line) {
        return Some(Line { form: "text", when: time::read(line), fields });
    }
    let fields = alert(line).or_else(|| query(line)).or_else(|| tunnel(line))?;
    Some(Line { form: "text", when: time::leading(line), fields })
}

/// `####<time> <level> <subsystem> <machine> <server> <thread> <user> <transaction> <context> <milliseconds> [<…>] <number>
/// <message>`.
fn weblogic(line: &str) -> Option<Line<'_>> {
    let mut parts: Vec<&str> = Vec::with_capacity(14);
    let mut rest = line.strip_prefix("####")?;
    while let Some(part) = rest.strip_prefix('<') {
        // Brackets may stand within a part: the end is followed by the next part, or by nothing.
        let end = part.find("> <").or_else(|| part.trim_end().strip_suffix('>').map(str::len))?;
        parts.push(part[..end].trim_matches(['<', '>']));
        rest = part[end + 1..].trim_start();
    }
    let when = time::read(parts.first()?)?;
    let mut fields = Vec::with_capacity(8);
    let names = ["level", "program", "host", "server", "thread", "user"];
    for (name, value) in names.into_iter().zip(&parts[1..]) {
        put(&mut fields, name, value);
    }
    let message = parts.last().filter(|_| parts.len() > 7)?;
    put(&mut fields, "message", message);
    put_peer(&mut fields, message);
    Some(Line { form: "text", when: Some(when), fields })
}

/// `I0303 01:02:03.000000       1 httplog.go:90] verb="GET" srcIP="192.0.2.1:51234"`: the parts of Kubernetes, and other
/// programs that log in the same way.
fn component(line: &str) -> Option<Pairs<'_>> {
    let (head, message) = line.split_once("] ")?;
    let is_head = head.starts_with(['I', 'W', 'E', 'F']) && head.as_bytes().get(5) == Some(&b' ');
    let mut words = head.get(5..)?.split(' ').filter(|word| !word.is_empty());
    let (_, pid, place) = (words.next()?, words.next()?, words.next()?);
    let is_place = place.split_once(':').is_some_and(|(_, line)| line.parse::<u32>().is_ok());
    (is_head && is_place && time::read(line).is_some()).then_some(())?;
    let mut fields = Vec::with_capacity(8);
    put(&mut fields, "level", &line[..1]);
    put(&mut fields, "pid", pid);
    fields.extend(pairs::list(message));
    pairs::common_names(&mut fields);
    put(&mut fields, "message", message);
    put_peer(&mut fields, message);
    Some(fields)
}

/// The lines of an alert of OSSEC below its heading: `Src IP: 192.0.2.1`, `User: root`, `Rule: 5716 (level 5) -> 'text'`.
fn alert(line: &str) -> Option<Pairs<'_>> {
    const NAMES: &[(&str, &str)] = &[
        ("Src IP: ", "src_ip"),
        ("Src Port: ", "src_port"),
        ("Dst IP: ", "dst_ip"),
        ("Dst Port: ", "dst_port"),
        ("User: ", "user"),
    ];
    let mut fields = Vec::with_capacity(3);
    for (label, name) in NAMES {
        if let Some(value) = line.strip_prefix(label) {
            put(&mut fields, name, value.trim());
            return (!value.trim().contains(' ')).then_some(fields);
        }
    }
    let (number, rest) = line.strip_prefix("Rule: ")?.split_once(" (level ")?;
    let (level, text) = rest.split_once(") -> ")?;
    put(&mut fields, "rule.id", number);
    put(&mut fields, "rule.level", level);
    put(&mut fields, "rule.description", text.trim_matches('\''));
    Some(fields)
}

/// MySQL: `# User@Host: root[root] @ host [192.0.2.1]  Id: 8` of slow queries, and `8 Connect root@192.0.2.1 on base` of
/// all that is asked.
fn query(line: &str) -> Option<Pairs<'_>> {
    let mut fields = Vec::with_capacity(3);
    if let Some(who) = line.strip_prefix("# User@Host: ") {
        let (user, rest) = who.split_once(" @ ")?;
        put(&mut fields, "user", user.split('[').next().unwrap_or(user).trim());
        let (host, rest) = rest.split_once('[')?;
        put(&mut fields, "src_host", host.trim());
        put(&mut fields, "src_ip", rest.split_once(']').map_or("", |(address, _)| address));
        return Some(fields);
    }
    let (_, who) = line.split_once(" Connect\t").or_else(|| line.split_once("\tConnect\t"))?;
    let who = who.strip_prefix("Access denied for user ").unwrap_or(who);
    let (user, rest) = who.split_once('@')?;
    put(&mut fields, "user", user.trim_matches('\''));
    let host = rest.split([' ', '\t']).next().unwrap_or(rest).trim_matches('\'');
    let name = if host.parse::<IpAddr>().is_ok() { "src_ip" } else { "src_host" };
    put(&mut fields, name, host);
    Some(fields)
}

/// OpenVPN: `Tue Mar  2 … 2021 [name/]192.0.2.1:51234 TLS: …`; Redis: `1:M 05 Mar … - Accepted 192.0.2.1:51234`.
fn tunnel(line: &str) -> Option<Pairs<'_>> {
    const SAYS: &[&str] = &[
        " TLS: ",
        " TLS Error: ",
        " peer info: ",
        " VERIFY ",
        " [AF_INET",
        " PUSH: ",
        " MULTI: ",
        " SENT CONTROL ",
        " TLS Auth Error",
        " Control Channel: ",
        " Connection reset",
    ];
    let mut fields = Vec::with_capacity(3);
    let end_of = |word: &'_ str| -> bool {
        let address = word.rsplit('/').next().unwrap_or(word);
        first(address).is_some() && address.contains(':')
    };
    let word = if let Some((_, other)) = line.split_once(" - Accepted ") {
        other
    } else {
        SAYS.iter().find(|says| line.contains(**says))?;
        // The time stands before, in up to five words.
        line.split(' ').filter(|word| !word.is_empty()).take(7).find(|word| {
            let is_clock = word.len() == 8 && word.as_bytes()[2] == b':';
            !is_clock && end_of(word)
        })?
    };
    let (name, end) = word.rsplit_once('/').unwrap_or(("", word));
    let address = first(end)?;
    put(&mut fields, "user", name);
    put(&mut fields, "src_ip", address);
    let port = end[address.len()..].strip_prefix(':').unwrap_or("");
    put(&mut fields, "src_port", port.split(|c: char| !c.is_ascii_digit()).next().unwrap_or(""));
    Some(fields)
}

/// What Samba's `vfs_full_audit` says: `user|192.0.2.1|share|unlink|ok|file.txt`, with parts in the order that the server is
/// told to have; the address tells where it stands.
pub(super) fn share<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    let parts: Vec<&str> = message.trim().split('|').collect();
    let Some(at) = parts.iter().position(|part| part.parse::<IpAddr>().is_ok()) else { return };
    put(fields, "src_ip", parts[at]);
    if at > 0 {
        put(fields, "user", parts[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::fields;

    #[test]
    fn who_came_is_told_by_the_place() {
        for (text, wanted) in [
            (
                "####<Mar 3, 2021 1:02:03,250 AM UTC> <Notice> <Security> <h1> <Admin> <[ACTIVE] Thread: '5'> <<WLS Kernel>> <> <c> <1614733323250> <[severity: 32] > <BEA-090082> <User ann from 192.0.2.66 locked>",
                "text: level=Notice | program=Security | host=h1 | server=Admin | thread=[ACTIVE] Thread: '5' | user=WLS Kernel | message=User ann from 192.0.2.66 locked | src_ip=192.0.2.66",
            ),
            (
                "I0303 01:02:03.000000       1 httplog.go:90] verb=\"GET\" srcIP=\"192.0.2.66:51234\"",
                "text: level=I | pid=1 | verb=GET | srcIP=192.0.2.66:51234 | src_ip=192.0.2.66 | src_port=51234 | message=verb=\"GET\" srcIP=\"192.0.2.66:51234\"",
            ),
            ("Src IP: 192.0.2.66", "text: src_ip=192.0.2.66"),
            (
                "Rule: 5716 (level 5) -> 'SSHD authentication failed.'",
                "text: rule.id=5716 | rule.level=5 | rule.description=SSHD authentication failed.",
            ),
            (
                "# User@Host: ann[ann] @ pc.example [192.0.2.66]  Id:     8",
                "text: user=ann | src_host=pc.example | src_ip=192.0.2.66",
            ),
            (
                "2021-03-03T01:02:03.000000Z\t    8 Connect\tann@192.0.2.66 on base using TCP/IP",
                "text: user=ann | src_ip=192.0.2.66",
            ),
            (
                "Wed Mar  3 01:02:03 2021 ann/192.0.2.66:51234 TLS: Initial packet from [AF_INET]192.0.2.66:51234, sid=1 2",
                "text: user=ann | src_ip=192.0.2.66 | src_port=51234",
            ),
            (
                "1234:M 03 Mar 2021 01:02:03.000 - Accepted 192.0.2.66:51234",
                "text: src_ip=192.0.2.66 | src_port=51234",
            ),
        ] {
            assert_eq!(fields(text), wanted, "{text}");
        }
        for text in ["User: the one who came last", "####<no time> <x>", "Rule: of thumb"] {
            assert_eq!(fields(text), "text: ", "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(text in "(####|<|> <|Src IP: |# User@Host: | @ |\\[| Connect\t|@|'| TLS: |/|:|192.0.2.1|[ -~é]{0,5}){0,12}") {
            let _ = super::read(&text);
        }
    }
}
