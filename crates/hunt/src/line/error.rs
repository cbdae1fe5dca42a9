//! Error logs of web servers: Apache and nginx.

use super::access::{put_request, quoted};
use super::{Line, endpoint, peer, put};
use crate::time;

/// Reads a line of an error log.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    if line.starts_with('[') { apache(line) } else { nginx(line) }
}

/// `[Wed Mar 03 01:02:03.5 2021] [core:error] [pid 1:tid 2] [client 192.0.2.66:4711] message`
fn apache(line: &str) -> Option<Line<'_>> {
    let (stamp, mut rest) = line.strip_prefix('[')?.split_once("] ")?;
    let when = time::read(stamp)?;
    let mut fields = Vec::with_capacity(5);
    let mut parts = 0;
    // An address of version 6 stands in brackets of its own.
    let part = |rest: &'_ str| -> Option<(usize, usize)> {
        let inner = rest.strip_prefix('[')?;
        let from = inner.find('[').filter(|at| inner[..*at].find(']').is_none());
        let inside = from.and_then(|at| inner[at..].find(']').map(|end| at + end + 1)).unwrap_or(0);
        let end = inside + inner[inside..].find(']')?;
        Some((end + 1, end + 2))
    };
    while let Some((end, next)) = part(rest) {
        let (part, after) = (&rest[1..end], &rest[next..]);
        if let Some(client) = part.strip_prefix("client ").or_else(|| part.strip_prefix("remote "))
        {
            put(&mut fields, "c-ip", endpoint(client).0);
        } else if let Some(pid) = part.strip_prefix("pid ") {
            put(&mut fields, "pid", pid.split(':').next().unwrap_or(pid));
        } else if parts == 0 {
            put(&mut fields, "level", part);
        }
        parts += 1;
        rest = after.trim_start();
    }
    if parts == 0 {
        return None;
    }
    if !fields.iter().any(|(name, _)| name == "c-ip") {
        put(&mut fields, "c-ip", peer::peer(rest).unwrap_or(""));
    }
    put(&mut fields, "message", rest);
    Some(Line { form: "error-log", when: Some(when), fields })
}

/// `2021/03/03 01:02:03 [error] 31#31: *1 message, client: 192.0.2.66, request: "GET /x HTTP/1.1", …`
fn nginx(line: &str) -> Option<Line<'_>> {
    if line.as_bytes().get(4) != Some(&b'/') {
        return None;
    }
    let (stamp, rest) = line.split_once(" [")?;
    let when = time::read(stamp)?;
    let (level, rest) = rest.split_once("] ")?;
    let (process, message) = rest.split_once(": ")?;
    let (pid, _) = process.split_once('#')?;
    let mut fields = Vec::with_capacity(8);
    put(&mut fields, "level", level);
    put(&mut fields, "pid", pid);
    let after = |name: &str| message.split_once(name).map(|(_, rest)| rest);
    if let Some(client) = after(", client: ") {
        put(&mut fields, "c-ip", client.split(',').next().unwrap_or(client));
    }
    if let Some((host, _)) = after(", host: \"").and_then(quoted) {
        put(&mut fields, "cs-host", host);
    }
    if let Some((request, _)) = after(", request: \"").and_then(quoted) {
        put_request(&mut fields, request);
        fields.retain(|(name, _)| name != "cs-version");
    }
    put(&mut fields, "message", message);
    Some(Line { form: "error-log", when: Some(when), fields })
}
