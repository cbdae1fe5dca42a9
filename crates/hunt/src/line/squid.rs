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
    // Formats of one's own put in the port, more sizes and the version.
    let is_number =
        |word: &str| word == "-" || word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let mut word = words.next()?;
    let port = if is_number(word) { std::mem::replace(&mut word, words.next()?) } else { "-" };
    let (action, status) = word.split_once('/')?;
    if status.is_empty() || !status.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let bytes = words.next()?;
    let method = words.find(|word| !is_number(word))?;
    let url = words.next()?;
    let user = words.next().unwrap_or("-");
    let is_version = user.len() == 3 && is_number(user);
    let user = if is_version { words.next().unwrap_or("-") } else { user };
    let peer = words.next().unwrap_or("-");
    let mut kind = words.next().unwrap_or("-");
    if kind != "-" && is_number(kind) {
        kind = words.next().unwrap_or("-");
    }
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or(rest);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let mut fields = Vec::with_capacity(12);
    put(&mut fields, "r-host", endpoint(host).0);
    put(&mut fields, "c-uri", url);
    put(&mut fields, "c-ip", client);
    put(&mut fields, "src_port", port);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_with_more_columns_are_read() {
        let line = read("1614733323.391    104 10.0.0.5 58938 TCP_MISS/200 904 123 364 - 528 GET http://evil.example/ 1.1 ann HIER_DIRECT/192.0.2.66 80 text/html - - \"-\" \"curl/8\"").unwrap();
        let list: Vec<String> =
            line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            list.join(" "),
            "r-host=evil.example c-uri=http://evil.example/ c-ip=10.0.0.5 src_port=58938 s-action=TCP_MISS sc-status=200 sc-bytes=904 cs-method=GET cs-username=ann dst_ip=192.0.2.66 content-type=text/html time-taken=104"
        );
    }
}
