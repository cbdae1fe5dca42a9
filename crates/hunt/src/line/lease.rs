//! Which machine had which address, and when: the DHCP servers of Windows, ISC, dnsmasq and Kea. What dnsmasq answers as
//! a DNS server stands in the same log.

use super::{Line, Pairs, peer, put};
use crate::time::{self, Moment};

/// `10,03/03/21,01:02:03,Assign,10.0.0.55,PC1.example.org,AABBCCDDEEFF,,…`, as Windows' server writes it.
pub(super) fn windows(line: &str) -> Option<Line<'_>> {
    let mut cells = line.splitn(9, ',');
    let id = cells.next()?;
    if !(1..=5).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (date, clock) = (cells.next()?, cells.next()?);
    if date.len() != 8 || date.as_bytes()[2] != b'/' || clock.len() != 8 {
        return None;
    }
    let when = month_first(date, clock)?;
    let mut fields = Vec::with_capacity(7);
    put(&mut fields, "id", id);
    put(&mut fields, "event", cells.next()?);
    let address = cells.next()?;
    put(&mut fields, "src_ip", peer::first(address).unwrap_or(""));
    put(&mut fields, "src_host", cells.next()?);
    put(&mut fields, "src_mac", cells.next()?);
    put(&mut fields, "user", cells.next().unwrap_or(""));
    Some(Line { form: "dhcp", when: Some(when), fields })
}

/// This server writes the month first whatever the land, so that no day above 12 is needed to tell.
fn month_first(date: &str, clock: &str) -> Option<Moment> {
    let (month, rest) = date.split_once('/')?;
    let (day, year) = rest.split_once('/')?;
    time::read(&format!("20{year}-{month}-{day} {clock}"))
}

/// The message of a DHCP server in syslog; `false` for other messages.
pub(super) fn put_lease<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    let Some(event) = message.split([' ', '(']).next().filter(|word| word.starts_with("DHCP"))
    else {
        return false;
    };
    put(fields, "event", event);
    let mut words = message[event.len()..].split(' ').filter(|word| !word.is_empty());
    let mut before = "";
    let (mut address, mut mac) = ("", "");
    let first = words.clone().next().unwrap_or("");
    if let Some(interface) = first.strip_prefix('(').and_then(|word| word.strip_suffix(')')) {
        put(fields, "interface", interface);
        words.next();
    }
    let mut words = words.peekable();
    while let Some(word) = words.next() {
        let bare = word.trim_matches(['(', ')', ',', '[', ']', ':']);
        if before == "via" {
            put(fields, "interface", bare);
        } else if is_mac(bare) && mac.is_empty() {
            mac = bare;
            // The name that the machine gives itself follows it.
            let next = words.peek().copied().unwrap_or("");
            let name = next.trim_matches(['(', ')']);
            if is_host(name) && name != "via" {
                put(fields, "src_host", name);
            }
        } else if address.is_empty() && !word.starts_with('(') {
            // In brackets stands the server.
            address = peer::first(bare).filter(|found| found.len() == bare.len()).unwrap_or("");
        }
        before = word;
    }
    put(fields, "src_ip", address);
    put(fields, "src_mac", mac);
    true
}

fn is_mac(text: &str) -> bool {
    text.len() == 17
        && text.bytes().enumerate().all(|(at, byte)| match at % 3 {
            2 => byte == b':',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn is_host(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !is_mac(text)
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// `2021-03-03 01:02:03.123 INFO  [kea-dhcp4.leases/1.2] DHCP4_LEASE_ALLOC [hwtype=1 aa:…], cid=[…], tid=0x1: lease
/// 10.0.0.5 has been allocated …`
pub(super) fn kea(line: &str) -> Option<Line<'_>> {
    let at = line.find("[kea-dhcp")?;
    let when = time::leading(line)?;
    let level = line[..at].split_ascii_whitespace().next_back().unwrap_or("");
    let (module, message) = line[at + 1..].split_once("] ")?;
    let mut fields = Vec::with_capacity(8);
    put(&mut fields, "level", level);
    put(&mut fields, "program", module.split('/').next().unwrap_or(module));
    put_kea(&mut fields, message);
    put_message(&mut fields, message);
    Some(Line { form: "dhcp", when: Some(when), fields })
}

/// What Kea says of a lease, also inside of syslog; `false` for other messages.
pub(super) fn put_kea<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    let message = match message.split_once("[kea-dhcp").and_then(|(_, rest)| rest.split_once("] "))
    {
        Some((_, rest)) => rest,
        None => message,
    };
    let Some((event, rest)) = message.split_once(' ').filter(|(word, _)| word.starts_with("DHCP"))
    else {
        return false;
    };
    put(fields, "event", event);
    let words = || rest.split([' ', '[', ']', ',']);
    put(fields, "src_mac", words().find(|word| is_mac(word)).unwrap_or(""));
    for before in ["lease ", "address ", "addr "] {
        let address = rest.rsplit_once(before).and_then(|(_, after)| peer::first(after));
        if let Some(address) = address {
            put(fields, "src_ip", address);
            break;
        }
    }
    true
}

fn put_message<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    put(fields, "message", message);
}

/// `query[A] bad.example.com from 10.0.0.5`, `reply bad.example.com is 192.0.2.66`, as dnsmasq writes it; `false` for
/// other messages.
pub(super) fn put_query<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    // With `log-queries=extra` a number and the client stand before it.
    let mut words = message.split(' ').filter(|word| !word.is_empty()).peekable();
    if words.peek().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit())) {
        words.next();
        if let Some(client) = words.peek().and_then(|word| word.split_once('/')) {
            put(fields, "src_ip", peer::first(client.0).unwrap_or(""));
            words.next();
        }
    }
    let Some(what) = words.next() else { return false };
    let (Some(name), Some(joint), Some(value)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    match (what.split('[').next().unwrap_or(what), joint) {
        ("query", "from") => {
            let kind = what.split_once('[').map_or("", |(_, kind)| kind.trim_end_matches(']'));
            put(fields, "record_type", kind);
            put(fields, "query", name);
            if !fields.iter().any(|(name, _)| name == "src_ip") {
                put(fields, "src_ip", peer::first(value).unwrap_or(""));
            }
        }
        ("reply" | "cached" | "config" | "/etc/hosts", "is") => {
            put(fields, "query", name);
            put(fields, "answer", value);
        }
        ("forwarded", "to") => {
            put(fields, "query", name);
            put(fields, "dst_ip", peer::first(value).unwrap_or(""));
        }
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::super::tests::fields;

    #[test]
    fn leases_have_address_machine_and_name() {
        for (text, wanted) in [
            (
                "10,03/13/21,01:02:03,Assign,192.0.2.66,PC1.example.org,AABBCCDDEEFF,,2155842613,0,,,,0x4D53,MSFT 5.0,,,,0",
                "dhcp: id=10 | event=Assign | src_ip=192.0.2.66 | src_host=PC1.example.org | src_mac=AABBCCDDEEFF",
            ),
            (
                "24,03/03/21,00:00:36,Database Cleanup Begin,,,,,0,6,,,,,,,,,0",
                "dhcp: id=24 | event=Database Cleanup Begin",
            ),
            (
                "Mar  3 01:02:03 gw dhcpd[1234]: DHCPACK on 192.0.2.66 to aa:bb:cc:dd:ee:ff (PC1) via eth0",
                "dhcp: host=gw | program=dhcpd | pid=1234 | event=DHCPACK | src_host=PC1 | interface=eth0 | src_ip=192.0.2.66 | src_mac=aa:bb:cc:dd:ee:ff | message=DHCPACK on 192.0.2.66 to aa:bb:cc:dd:ee:ff (PC1) via eth0",
            ),
            (
                "Mar  3 01:02:03 gw dhcpd: DHCPREQUEST for 192.0.2.66 (10.0.0.1) from aa:bb:cc:dd:ee:ff via eth0",
                "dhcp: host=gw | program=dhcpd | event=DHCPREQUEST | interface=eth0 | src_ip=192.0.2.66 | src_mac=aa:bb:cc:dd:ee:ff | message=DHCPREQUEST for 192.0.2.66 (10.0.0.1) from aa:bb:cc:dd:ee:ff via eth0",
            ),
            (
                "Mar  3 01:02:03 gw dnsmasq-dhcp[9]: DHCPACK(br0) 192.0.2.66 aa:bb:cc:dd:ee:ff PC1",
                "dhcp: host=gw | program=dnsmasq-dhcp | pid=9 | event=DHCPACK | interface=br0 | src_host=PC1 | src_ip=192.0.2.66 | src_mac=aa:bb:cc:dd:ee:ff | message=DHCPACK(br0) 192.0.2.66 aa:bb:cc:dd:ee:ff PC1",
            ),
            (
                "2021-03-03 01:02:03.123 INFO  [kea-dhcp4.leases/1.2] DHCP4_LEASE_ALLOC [hwtype=1 aa:bb:cc:dd:ee:ff], cid=[no info], tid=0x1: lease 192.0.2.66 has been allocated for 3600 seconds",
                "dhcp: level=INFO | program=kea-dhcp4.leases | event=DHCP4_LEASE_ALLOC | src_mac=aa:bb:cc:dd:ee:ff | src_ip=192.0.2.66 | message=DHCP4_LEASE_ALLOC [hwtype=1 aa:bb:cc:dd:ee:ff], cid=[no info], tid=0x1: lease 192.0.2.66 has been allocated for 3600 seconds",
            ),
        ] {
            assert_eq!(fields(text), wanted, "{text}");
        }
    }

    #[test]
    fn what_dnsmasq_was_asked_and_answered() {
        for (text, wanted) in [
            (
                "query[A] bad.example.com from 192.0.2.66",
                "record_type=A | query=bad.example.com | src_ip=192.0.2.66",
            ),
            (
                "reply bad.example.com is 198.51.100.7",
                "query=bad.example.com | answer=198.51.100.7",
            ),
            (
                "17 10.0.0.5/4711 forwarded bad.example.com to 192.0.2.66",
                "src_ip=10.0.0.5 | query=bad.example.com | dst_ip=192.0.2.66",
            ),
        ] {
            let line = format!("Mar  3 01:02:03 gw dnsmasq[9]: {text}");
            let wanted =
                format!("dns: host=gw | program=dnsmasq | pid=9 | {wanted} | message={text}");
            assert_eq!(fields(&line), wanted);
        }
    }

    #[test]
    fn a_list_of_numbers_is_no_lease() {
        for text in ["10,11,12,13", "1,03/03/21,x,y", "12345678,03/03/21,01:02:03,a,b,c,d"] {
            assert_eq!(fields(text), "text: ", "{text}");
        }
    }
}
