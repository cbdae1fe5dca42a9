//! HAProxy: its HTTP and TCP formats, and the short one.

use super::access::put_request;
use super::{Line, endpoint, peer, put};
use crate::time;

/// Reads a message of HAProxy.
pub(super) fn read(text: &str) -> Option<Line<'_>> {
    // Without syslog's heading its own name stands first.
    let text =
        text.strip_prefix("haproxy[").and_then(|t| t.split_once("]: ")).map_or(text, |(_, t)| t);
    if let Some(rest) = text.strip_prefix("Connect from ") {
        return connect(rest);
    }
    let (client, rest) = text.split_once(" [")?;
    if client.contains(' ') || !client.contains(':') {
        return None;
    }
    let (stamp, rest) = rest.split_once("] ")?;
    let when = time::read(stamp)?;
    // Behind the request the formats for TLS say more.
    let (head, request) = match rest.split_once(" \"") {
        Some((head, request)) => (head, request.rsplit_once('"').map_or(request, |(r, _)| r)),
        None => (rest, ""),
    };
    let mut words = head.split(' ').filter(|word| !word.is_empty());
    let frontend = words.next()?.trim_end_matches('~');
    let (backend, server) = words.next()?.rsplit_once('/')?;
    let is_timers = |word: &&str| {
        word.matches('/').count() >= 2
            && word.bytes().all(|b| b.is_ascii_digit() || b"/-+".contains(&b))
    };
    // A host may stand before the timers where the format was widened.
    let timers = words.by_ref().take(3).find(is_timers)?;
    let mut fields = Vec::with_capacity(12);
    let (address, port) = split(client);
    put(&mut fields, "c-ip", address);
    put(&mut fields, "src_port", port);
    put(&mut fields, "frontend", frontend);
    put(&mut fields, "backend", backend);
    put(&mut fields, "server", server);
    put(&mut fields, "time-taken", timers.rsplit('/').next().unwrap_or(""));
    if timers.matches('/').count() >= 4 {
        put(&mut fields, "sc-status", words.next().unwrap_or(""));
        put(&mut fields, "sc-bytes", words.next().unwrap_or(""));
    } else {
        put(&mut fields, "sc-bytes", words.next().unwrap_or(""));
    }
    if !request.is_empty() {
        put_request(&mut fields, request);
    }
    // What was captured of the headers; the first is by custom that of the request.
    if let Some((_, captured)) = head.split_once('{') {
        let captured = captured.split('}').next().unwrap_or(captured);
        put(&mut fields, "captured", captured.trim_matches('|'));
    }
    Some(Line { form: "access-log", when: Some(when), fields })
}

/// `192.0.2.66:4711 to 10.0.0.5:443 (main/HTTP)`
fn connect(text: &str) -> Option<Line<'_>> {
    let (from, rest) = text.split_once(" to ")?;
    let (to, frontend) = rest.split_once(" (").unwrap_or((rest, ""));
    let mut fields = Vec::with_capacity(5);
    let ((client, port), (own, own_port)) = (split(from), split(to));
    put(&mut fields, "c-ip", client);
    put(&mut fields, "src_port", port);
    put(&mut fields, "s-ip", own);
    put(&mut fields, "s-port", own_port);
    put(&mut fields, "frontend", frontend.trim_end_matches(')'));
    // The time is syslog's.
    Some(Line { form: "access-log", when: None, fields })
}

/// Address and port; HAProxy writes IPv6 without brackets.
fn split(text: &str) -> (&str, &str) {
    match text.rsplit_once(':') {
        Some((address, port)) if peer::first(address).is_some_and(|a| a.len() == address.len()) => {
            (address, port)
        }
        _ => endpoint(text),
    }
}
