//! Who is at the other end, by the words of a message: what services of all kinds say when somebody connects, logs in or
//! is turned away.

use std::net::IpAddr;

use super::{Pairs, put};

/// What stands before the address of the other side, most telling first.
const BEFORE: &[&str] = &[
    "rhost=",
    "rip=",
    "client_ip",
    "client ip",
    "clientip",
    "client:",
    "client=",
    "client ",
    "remote_addr",
    "remote address",
    "remote_ip",
    "remote ip",
    "remote host",
    "remote:",
    "remote=",
    "source address",
    "source ip",
    "source:",
    "source ",
    "srcip=",
    "src=",
    "attacker ip",
    "ip address",
    "relay=",
    "failed for ",
    "h=[",
    "h=",
    "user ip",
    "from ip",
    "from:",
    "from=",
    "from ",
    "peer ",
    "host:",
    "host ",
    "@'",
    "host=",
    "addr=",
    "addr:",
    "address:",
    "address ",
    "connection ",
    "ip=",
    "ip:",
    "ip ",
    "by ",
];

/// Adds the address of the other side, if the message names one and the line has none yet.
pub(super) fn put_peer<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    if fields.iter().any(|(name, _)| name == "src_ip" || name == "c-ip") {
        return;
    }
    // What a server of mail sends goes to the relay.
    if message.contains("to=<")
        && let Some((_, relay)) = message.split_once("relay=")
    {
        return put(fields, "dst_ip", named(relay).unwrap_or(""));
    }
    if let Some((from, to)) = message.split_once("->").or_else(|| message.split_once(" > ")) {
        let source = from.trim_end().rsplit([' ', '=', '(']).next().and_then(first);
        let target = first(to.trim_start());
        if let (Some(source), Some(target)) = (source, target) {
            put(fields, "src_ip", source);
            return put(fields, "dst_ip", target);
        }
    }
    if let Some(found) = peer(message) {
        put(fields, "src_ip", found);
    }
}

/// The address of the other side. What a client says of itself (a name with "from …" in it) stands before what the
/// service says, so the last place counts.
pub(super) fn peer(message: &str) -> Option<&str> {
    if !message.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let folded = message.to_ascii_lowercase();
    let named = BEFORE.iter().find_map(|key| {
        memchr::memmem::rfind_iter(folded.as_bytes(), key.as_bytes()).find_map(|at| {
            let is_word = at == 0 || !folded.as_bytes()[at - 1].is_ascii_alphanumeric();
            is_word.then(|| named(&message[at + key.len()..])).flatten()
        })
    });
    named.or_else(|| first(message)).or_else(|| only(message, &folded))
}

/// What tells that a message is about somebody who wants in.
const WANTS_IN: &[&str] = &[
    "fail",
    "login",
    "logon",
    "auth",
    "denied",
    "reject",
    "refused",
    "invalid",
    "unknown user",
    "ban ",
    "attack",
    "block",
    "not allowed",
    "logged in",
    "logged out",
    "relay",
    "spam",
    "probe",
    "attempt",
];

/// What stands before addresses of one's own, and of those that a machine turns to itself.
const NOT_HIM: &[&str] = &[
    "to",
    "on",
    "at",
    "lip",
    "local",
    "localaddress",
    "server",
    "dst",
    "dest",
    "destination",
    "target",
    "listen",
    "listening",
    "bind",
    "via",
    "using",
    "i",
    "->",
    "(",
    "nas",
    "gateway",
    "router",
];

/// The one address that a message about somebody who wants in names, besides those that are told to be others'.
fn only<'t>(message: &'t str, folded: &str) -> Option<&'t str> {
    if !WANTS_IN.iter().any(|word| folded.contains(word)) {
        return None;
    }
    let bytes = message.as_bytes();
    let mut found: Option<&str> = None;
    let mut at = 0;
    while at < bytes.len() {
        let opens = bytes[at].is_ascii_hexdigit() || bytes[at] == b':';
        let is_free =
            at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || b".:-_".contains(&bytes[at - 1]));
        let Some(address) = (opens && is_free).then(|| first(&message[at..])).flatten() else {
            at += 1;
            continue;
        };
        let before = folded[..at].trim_end_matches([' ', '=', '\'', '"', '[', '<', ':', '/']);
        let word = before.rsplit([' ', ',', ';', '\t', '=']).next().unwrap_or(before);
        let word = word.split(['=', '/']).next().unwrap_or(word);
        if !NOT_HIM.contains(&word) && !before.ends_with('(') {
            match found {
                Some(known) if known != address => return None,
                _ => found = Some(address),
            }
        }
        at += address.len();
    }
    found
}

/// The address that stands first in a text, alone or behind the name of its host: `192.0.2.1 port 22`, `[192.0.2.1]:22`,
/// `mail.example[192.0.2.1]`, `mail.example (192.0.2.1)`.
fn named(text: &str) -> Option<&str> {
    let text = text.trim_start_matches([' ', '=', '"', '\'', '<', '[', '(']);
    let text = if text.starts_with("::") { text } else { text.trim_start_matches([':', ' ']) };
    if let Some(address) = first(text) {
        return Some(address);
    }
    let mut words = text.splitn(4, ' ');
    let (host, next) = (words.next()?, words.next().unwrap_or(""));
    // What the other side calls itself may stand between its name and its address.
    let third = words.next().filter(|_| next.starts_with('(')).unwrap_or("");
    let inner = host.split_once(['[', '(', '@', '/']).map(|(_, inner)| inner);
    inner
        .and_then(first)
        .or_else(|| next.strip_prefix(['(', '[', '<']).and_then(first))
        .or_else(|| third.strip_prefix('[').and_then(first))
        // BIND names the object before the address: `client @0x7f0c 192.0.2.1#53`.
        .or_else(|| host.starts_with('@').then(|| first(next)).flatten())
}

/// The address with which a text begins; a port may follow.
pub(super) fn first(text: &str) -> Option<&str> {
    let end = text
        .bytes()
        .position(|b| !(b.is_ascii_hexdigit() || b == b'.' || b == b':'))
        .unwrap_or(text.len());
    let run = &text[..end];
    if run.len() < 3 || !run.contains(['.', ':']) {
        return None;
    }
    let is_address = |text: &str| text.parse::<IpAddr>().is_ok();
    let mut run = run.trim_end_matches(['.', ':']);
    // `::` may end an address.
    if text[run.len()..].starts_with("::") {
        run = &text[..run.len() + 2];
    }
    if is_address(run) {
        // A longer word is a name, or a version.
        let after = text.as_bytes().get(run.len());
        return (!after.is_some_and(|b| b.is_ascii_alphanumeric() || b"-_".contains(b)))
            .then_some(run);
    }
    let (address, _) = run.rsplit_once(':')?;
    is_address(address).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_side_is_told() {
        for (text, wanted) in [
            ("Failed password for root from 192.0.2.66 port 4711 ssh2", "192.0.2.66"),
            ("login by x from 192.0.2.1 from 192.0.2.66", "192.0.2.66"),
            ("connect from mail.example[192.0.2.66]: timed out", "192.0.2.66"),
            ("refused connect from mail.example (2001:db8::66)", "2001:db8::66"),
            ("client @0x7f0c 192.0.2.66#4711 (x.example): query", "192.0.2.66"),
            ("ruser=rhost=192.0.2.1 rhost=192.0.2.66  user=root", "192.0.2.66"),
            ("Login failed for user 'x'. [CLIENT: 192.0.2.66]", "192.0.2.66"),
            ("end connection 192.0.2.66:4711 (0 now open)", "192.0.2.66"),
            ("Context ann@192.0.2.1 - Client_ip 192.0.2.66 - x", "192.0.2.66"),
            ("imap-login: user=<x>, rip=192.0.2.66, lip=192.0.2.1", "192.0.2.66"),
            ("NOTICE: Registration failed for 'host:192.0.2.66:5060'", "192.0.2.66"),
            ("Registration from '<sip:1@h.example>' failed for '192.0.2.66' - x", "192.0.2.66"),
            ("authenticator failed for (me) ([10.0.0.9]) [192.0.2.66]: 535 x", "192.0.2.66"),
            ("warning: h.example[192.0.2.66]: SASL LOGIN authentication failed", "192.0.2.66"),
            ("login attempt from ::ffff:192.0.2.66:60495", "::ffff:192.0.2.66"),
            ("192.0.2.66 to 192.0.2.1 ports 80, 81", "192.0.2.66"),
        ] {
            assert_eq!(peer(text), Some(wanted), "{text}");
        }
        for text in [
            "updated from 1.2 to 1.3",
            "from 10.0.0.5-beta",
            "restarted by admin at 10:11:12",
            "no numbers from anybody",
            "ip 300.1.2.3",
            "login at server 192.0.2.66 failed",
            "failed: 192.0.2.66 and 192.0.2.67",
            "ping 192.0.2.66 is done",
        ] {
            assert_eq!(peer(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(text in "(from |client |rhost=|\\[|\\(|@|::|[0-9a-f]{1,3}[.:]|é| ){0,14}") {
            let _ = peer(&text);
        }
    }
}
