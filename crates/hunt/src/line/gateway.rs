//! Gateways that write what they saw in words of their own: WatchGuard's Firebox, MikroTik's RouterOS, Barracuda's filter
//! of the web.

use super::{Line, Pairs, endpoint, pairs, peer, put};
use crate::time;

/// What a Firebox let through or turned away: `msg_id="3000-0148" Deny 0-External Firebox 52 tcp 20 127 192.0.2.66 10.0.0.5
/// 51000 22 …`, with names and values behind it; `false` for other messages.
pub(super) fn put_watchguard<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    let Some((_, rest)) = message.split_once("msg_id=\"") else { return false };
    let Some((id, rest)) = rest.split_once("\" ") else { return false };
    let own = rest.find("=\"").map_or(rest, |at| &rest[..at]);
    let words: Vec<&str> = own.split_ascii_whitespace().collect();
    put(fields, "msg_id", id);
    let is_address = |word: &&str| word.parse::<std::net::IpAddr>().is_ok();
    let first = words.windows(2).position(|pair| pair.iter().all(is_address));
    let action = words
        .first()
        .copied()
        .filter(|word| ["Allow", "Deny", "Drop", "Block", "Strip", "Lock"].contains(word));
    put(fields, "action", action.unwrap_or(""));
    let Some(first) = first.filter(|_| action.is_some()) else {
        put_account(fields, rest);
        return true;
    };
    put(fields, "src_interface", words.get(1).copied().unwrap_or(""));
    put(fields, "dst_interface", words.get(2).copied().unwrap_or(""));
    let proto = words[..first].iter().find(|word| ["tcp", "udp", "icmp"].contains(word));
    put(fields, "proto", proto.copied().unwrap_or(""));
    put(fields, "src_ip", words[first]);
    put(fields, "dst_ip", words[first + 1]);
    let port = |at: usize| {
        let word = words.get(at).copied().unwrap_or("");
        if word.parse::<u16>().is_ok() { word } else { "" }
    };
    put(fields, "src_port", port(first + 2));
    put(fields, "dst_port", port(first + 3));
    // What the proxies of the device saw of a request.
    for (name, value) in pairs::list(rest) {
        if !fields.iter().any(|(known, _)| *known == name) {
            fields.push((name, value));
        }
    }
    true
}

/// `firewall,info forward: in:ether1 out:bridge, … proto TCP (SYN), 192.0.2.66:51000->10.0.0.5:443, len 60` and `login
/// failure for user admin from 192.0.2.66 via ssh`; `false` for messages without topics.
pub(super) fn put_mikrotik<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    let Some((topics, rest)) = message.split_once(' ') else { return false };
    if !is_topics(topics) {
        return false;
    }
    put(fields, "topics", topics);
    if topics.starts_with("dhcp")
        && let Some((_, after)) = rest.split_once(" assigned ")
    {
        put(fields, "event", "assigned");
        put(fields, "src_ip", peer::first(after).unwrap_or(""));
        put(fields, "src_mac", after.split(' ').nth(2).unwrap_or(""));
        return true;
    }
    let Some((from, to)) = rest.split_once("->") else {
        put_account(fields, rest);
        return true;
    };
    let before = from.rsplit([' ', ',']).next().unwrap_or(from);
    let behind = to.split([',', ' ']).next().unwrap_or(to);
    let ((src, src_port), (dst, dst_port)) = (endpoint(before), endpoint(behind));
    if let Some((chain, _)) = from.split_once(": ") {
        put(fields, "chain", chain.rsplit(' ').next().unwrap_or(chain));
    }
    for (name, key) in [("in_interface", "in:"), ("out_interface", "out:"), ("proto", "proto ")] {
        let value = from.split_once(key).map_or("", |(_, after)| after);
        put(fields, name, value.split([' ', ',', '(']).next().unwrap_or(""));
    }
    put(fields, "src_ip", peer::first(src).unwrap_or(""));
    put(fields, "dst_ip", peer::first(dst).unwrap_or(""));
    put(fields, "src_port", src_port);
    put(fields, "dst_port", dst_port);
    true
}

/// Topics that RouterOS puts before each message, the first of which tells the part of the system.
const TOPICS: &[&str] = &[
    "account",
    "bgp",
    "bridge",
    "caps",
    "certificate",
    "critical",
    "ddns",
    "dhcp",
    "dns",
    "error",
    "event",
    "firewall",
    "hotspot",
    "info",
    "interface",
    "ipsec",
    "l2tp",
    "manager",
    "ntp",
    "ospf",
    "ovpn",
    "ppp",
    "pptp",
    "pppoe",
    "radius",
    "route",
    "script",
    "smb",
    "snmp",
    "ssh",
    "sstp",
    "store",
    "system",
    "telnet",
    "upnp",
    "warning",
    "web-proxy",
    "wireguard",
    "wireless",
];

fn is_topics(word: &str) -> bool {
    word.contains(',') && word.split(',').all(|topic| TOPICS.contains(&topic))
}

/// A line of RouterOS' own file: `mar/03/2021 01:02:07 system,error,critical login failure …`.
pub(super) fn mikrotik(line: &str) -> Option<Line<'_>> {
    let at = line.match_indices(' ').map(|(at, _)| at).find(|at| {
        let topics = line[at + 1..].split(' ').next().unwrap_or("");
        is_topics(topics)
    })?;
    let when = time::leading(line).or_else(|| time::read(&line[..at]))?;
    let message = &line[at + 1..];
    let mut fields = Vec::with_capacity(8);
    put_mikrotik(&mut fields, message);
    put(&mut fields, "message", message);
    Some(Line { form: "device", when: Some(when), fields })
}

/// `user anna … from 192.0.2.66`
fn put_account<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    let after = message.split_once("user ").map_or("", |(_, after)| after);
    let user = after.split(' ').next().unwrap_or("").trim_matches(['"', '\'', ',']);
    let is_account = message.contains("logged ") || message.contains("login");
    put(fields, "user", if is_account { user } else { "" });
    peer::put_peer(fields, message);
}

/// `1614733323 1 10.0.0.8 192.0.2.66 text/html 10.0.0.8 http://bad.example.com/x 2704 BYF ALLOWED CLEAN …`, as Barracuda's
/// filter of the web writes it; `false` for other messages.
pub(super) fn put_web_filter<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    let words: Vec<&str> = message.split(' ').collect();
    let at = |index: usize| words.get(index).copied().unwrap_or("");
    let is_address = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    if !is_address(at(2)) || !is_address(at(3)) || !at(6).contains("://") {
        return false;
    }
    put(fields, "src_ip", at(2));
    put(fields, "dst_ip", at(3));
    put(fields, "content-type", at(4));
    put(fields, "url", at(6));
    put(fields, "sc-bytes", at(7));
    put(fields, "action", at(9));
    let user = words.last().copied().unwrap_or("");
    let user = user.trim_matches(['[', ']']);
    put(fields, "user", if user == "ANON" || words.len() < 20 { "" } else { user });
    true
}

#[cfg(test)]
mod tests {
    use super::super::tests::fields;

    #[test]
    fn gateways_tell_both_ends() {
        for (text, wanted) in [
            (
                "<140>Mar  3 01:02:03 FB1 80XX (2021-03-03T01:02:03) firewall: msg_id=\"3000-0148\" Deny 0-External Firebox 52 tcp 20 127 192.0.2.66 10.0.0.5 51000 22 offset 8 S 1234 win 32 (Unhandled-00)",
                "msg_id=3000-0148 | action=Deny | src_interface=0-External | dst_interface=Firebox | proto=tcp | src_ip=192.0.2.66 | dst_ip=10.0.0.5 | src_port=51000 | dst_port=22",
            ),
            (
                "Mar  3 01:02:03 2021 FB1 local0.info firewall: msg_id=\"3000-0148\" Deny 0-External Firebox 52 tcp 20 127 192.0.2.66 10.0.0.5 51000 22 offset 8",
                "host=FB1 | level=local0.info | program=firewall | msg_id=3000-0148 | action=Deny | src_interface=0-External | dst_interface=Firebox | proto=tcp | src_ip=192.0.2.66",
            ),
            (
                "Mar  3 01:02:03 FB1 80XX (2021-03-03T01:02:04) http-proxy[2165]: msg_id=\"1AFF-0024\" Allow 1-Trusted 0-External tcp 10.0.0.5 192.0.2.66 51000 80 msg=\"HTTP request\" op=\"GET\" dstname=\"bad.example.com\" arg=\"/x\"",
                "msg_id=1AFF-0024 | action=Allow | src_interface=1-Trusted | dst_interface=0-External | proto=tcp | src_ip=10.0.0.5 | dst_ip=192.0.2.66 | src_port=51000 | dst_port=80 | msg=HTTP request | op=GET | dstname=bad.example.com | arg=/x",
            ),
            (
                "Mar  3 01:02:03 FB1 sessiond[2165]: msg_id=\"3E00-0002\" Mobile VPN with SSL user anna from 192.0.2.66 logged in assigned virtual IP is 10.9.0.2",
                "msg_id=3E00-0002 | user=anna | src_ip=192.0.2.66",
            ),
            (
                "Mar  3 01:02:03 router firewall,info forward: in:ether1 out:bridge, src-mac 00:00:5e:00:53:01, proto TCP (SYN), 192.0.2.66:51000->10.0.0.5:443, len 60",
                "topics=firewall,info | chain=forward | in_interface=ether1 | out_interface=bridge | proto=TCP | src_ip=192.0.2.66 | dst_ip=10.0.0.5 | src_port=51000 | dst_port=443",
            ),
            (
                "Mar  3 01:02:04 router system,error,critical login failure for user admin from 192.0.2.66 via ssh",
                "topics=system,error,critical | user=admin | src_ip=192.0.2.66",
            ),
            (
                "mar/03/2021 01:02:07 dhcp,info dhcp1 assigned 192.0.2.66 to AA:BB:CC:DD:EE:FF",
                "topics=dhcp,info | event=assigned | src_ip=192.0.2.66 | src_mac=AA:BB:CC:DD:EE:FF",
            ),
            (
                "Mar  3 01:02:03 bwf http_scan[3365]: 1614733323 1 10.0.0.8 192.0.2.66 text/html 10.0.0.8 http://bad.example.com/x 2704 BYF ALLOWED CLEAN 2 1 0 1 3 (-) 1 adult 0 - 0 bad.example.com adult anna",
                "src_ip=10.0.0.8 | dst_ip=192.0.2.66 | content-type=text/html | url=http://bad.example.com/x | sc-bytes=2704 | action=ALLOWED | user=anna",
            ),
        ] {
            let told = fields(text);
            assert!(told.starts_with("device: ") && told.contains(wanted), "{told}");
            assert!(super::super::read(text).when.is_some(), "{text}");
        }
    }
}
