//! Squid's native format: one request of a client through the proxy a line.

use super::{Line, endpoint, put};
use crate::time;

/// `1614733323.123 345 10.0.0.5 TCP_MISS/200 1234 GET http://… user HIER_DIRECT/192.0.2.66 text/html`
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    if !line.trim_start().starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut words = line.split_ascii_whitespace();
    let stamp = words.next().filter(|word| word.len() >= 12 && word.as_bytes()[10] == b'.')?;
    let when = time::read(stamp)?;
    let elapsed = words.next().filter(|word| word.parse::<i64>().is_ok())?;
    let client = words.next()?;
    let (action, status) = words.next()?.split_once('/')?;
    if status.is_empty() || !status.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let bytes = words.next()?;
    let method = words.next()?;
    let url = words.next()?;
    let user = words.next().unwrap_or("-");
    let peer = words.next().unwrap_or("-");
    let kind = words.next().unwrap_or("-");
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let mut fields = Vec::with_capacity(12);
    put(&mut fields, "r-host", endpoint(host).0);
    put(&mut fields, "c-uri", url);
    put(&mut fields, "c-ip", client);
    put(&mut fields, "s-action", action);
    put(&mut fields, "sc-status", status);
    put(&mut fields, "sc-bytes", bytes);
    put(&mut fields, "cs-method", method);
    put(&mut fields, "cs-username", user);
    put(&mut fields, "dst_ip", peer.split_once('/').map_or("-", |(_, address)| address));
    put(&mut fields, "content-type", kind);
    put(&mut fields, "time-taken", elapsed);
    Some(Line { form: "squid", when: Some(when), fields })
}
