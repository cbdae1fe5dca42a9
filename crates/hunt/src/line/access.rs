//! Access logs of web servers: the common, combined and virtual-host formats of Apache and nginx.

use std::borrow::Cow;

use super::{Line, endpoint, put};
use crate::time;

/// Reads a line of an access log.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (head, rest) = line.split_once(" [")?;
    let (stamp, rest) = rest.split_once("] \"")?;
    let when = time::read(stamp)?;
    let (request, rest) = quoted(rest)?;
    let mut numbers = rest.trim_start().split(' ');
    let status =
        numbers.next().filter(|s| s.len() == 3 && s.bytes().all(|b| b.is_ascii_digit()))?;
    let bytes = numbers.next().unwrap_or("");
    let mut names = head.split(' ').filter(|word| !word.is_empty());
    let first = names.next()?;
    let second = names.next().unwrap_or("-");
    // `host:port client ident user` or `client ident user`; users may hold blanks.
    let is_client = |text: &str| text.parse::<std::net::IpAddr>().is_ok();
    let (host, client) = if is_client(second) && !is_client(first) {
        names.next();
        (endpoint(first).0, second)
    } else {
        ("", first)
    };
    let user = names.next().unwrap_or("-");
    let mut fields = Vec::with_capacity(11);
    put(&mut fields, "c-ip", client);
    put(&mut fields, "cs-host", host);
    put(&mut fields, "cs-username", user);
    put_request(&mut fields, request);
    put(&mut fields, "sc-status", status);
    put(&mut fields, "sc-bytes", bytes);
    if let Some((referer, rest)) = rest.split_once('"').and_then(|(_, rest)| quoted(rest)) {
        put(&mut fields, "cs(Referer)", referer);
        if let Some((agent, rest)) = rest.split_once('"').and_then(|(_, rest)| quoted(rest)) {
            put(&mut fields, "cs(User-Agent)", agent);
            // What common extensions of the format add: the client behind a proxy.
            if let Some((forwarded, _)) = rest.split_once('"').and_then(|(_, rest)| quoted(rest)) {
                put(&mut fields, "x-forwarded-for", forwarded);
            }
        }
    }
    Some(Line { form: "access-log", when: Some(when), fields })
}

/// Adds `METHOD target VERSION` as fields; what has no such form is the target.
pub(super) fn put_request<'t>(fields: &mut super::Pairs<'t>, request: &'t str) {
    let (method, rest) = request.split_once(' ').unwrap_or(("", request));
    let (target, version) = match rest.rsplit_once(' ') {
        Some((target, version)) if version.starts_with("HTTP/") => (target, version),
        _ => (rest, ""),
    };
    let (stem, query) = target.split_once('?').unwrap_or((target, ""));
    put(fields, "cs-method", method);
    put(fields, "cs-uri-stem", stem);
    put(fields, "cs-uri-query", query);
    if !version.is_empty() {
        fields.push((Cow::Borrowed("cs-version"), Cow::Borrowed(version)));
    }
}

/// What stands before the next quote that is not escaped, and what behind it.
pub(super) fn quoted(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some((&text[..at], &text[at + 1..])),
            _ => at += 1,
        }
    }
    None
}
