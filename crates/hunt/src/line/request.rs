//! Requests in formats of their own: load balancers, object stores, proxies and servers whose format somebody changed.
//! What all of them have is the request in quotes, with the version of HTTP at its end.

use super::access::{put_request, quoted};
use super::{Line, Pairs, endpoint, peer, put};
use crate::time;

/// Reads a line with a request in quotes.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (head, request, tail) = parts(line)?;
    let when = time::leading(head).or_else(|| {
        let (_, stamp) = head.split_once('[')?;
        time::read(stamp.split(']').next()?)
    })?;
    let mut fields: Pairs<'_> = Vec::with_capacity(12);
    // Who asked stands first where a proxy names more than one; Envoy writes it behind the request.
    let mut ends = addresses(head);
    let before = ends.next();
    let client = before.or_else(|| addresses(tail).next());
    if let Some((address, port)) = client {
        put(&mut fields, "c-ip", address);
        put(&mut fields, "src_port", port);
    }
    if let Some((address, port)) = before.and_then(|_| ends.next()) {
        put(&mut fields, "dst_ip", address);
        put(&mut fields, "dst_port", port);
    }
    put_request(&mut fields, request);
    let is_status = |word: &&str| {
        word.len() == 3
            && matches!(word.as_bytes(), [b'1'..=b'5', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
    };
    // Load balancers put the answer before the request.
    let status = tail.split([' ', '"']).take(4).find(is_status);
    let status = status.or_else(|| head.split(' ').find(is_status));
    put(&mut fields, "sc-status", status.unwrap_or(""));
    let mut rest = tail;
    while let Some((_, after)) = rest.split_once('"') {
        let Some((text, next)) = quoted(after) else { break };
        if text.starts_with("http://") || text.starts_with("https://") {
            put(&mut fields, "cs(Referer)", text);
        } else if is_agent(text) {
            put(&mut fields, "cs(User-Agent)", text);
            break;
        }
        rest = next;
    }
    if !tail.contains('"')
        && let Some(at) = tail.find("Mozilla/")
    {
        put(&mut fields, "cs(User-Agent)", &tail[at..]);
    }
    if fields.len() < 3 {
        return None;
    }
    Some(Line { form: "access-log", when: Some(when), fields })
}

/// What stands before the request, the request, and what stands behind it.
fn parts(line: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(at) = line[from..].find('"') {
        let start = from + at + 1;
        let Some((text, after)) = quoted(&line[start..]) else { break };
        let method = text.split(' ').next().unwrap_or("");
        if is_method(method) && (text.contains(" HTTP/") || text.ends_with("- ")) {
            return Some((&line[..start - 1], text.trim_end_matches(" -"), after));
        }
        from = line.len() - after.len();
    }
    bare(line)
}

/// The same of a request without quotes (Confluence, Jira).
fn bare(line: &str) -> Option<(&str, &str, &str)> {
    let version = line.find(" HTTP/")?;
    let (front, target) = line[..version].rsplit_once(' ')?;
    let method = front.rsplit(' ').next().filter(|word| is_method(word))?;
    if !target.starts_with(['/', '*']) && !target.contains("://") {
        return None;
    }
    let start = front.len() - method.len();
    let end = line[version + 1..].find(' ').map_or(line.len(), |at| version + 1 + at);
    Some((&line[..start], &line[start..end], &line[end..]))
}

fn is_method(text: &str) -> bool {
    (3..=20).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b"_-".contains(&b))
}

/// The addresses of a text with their ports, in order.
fn addresses(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split([' ', '"', ',']).filter_map(|word| {
        let (address, port) = endpoint(word);
        let whole = peer::first(address).filter(|found| found.len() == address.len())?;
        // What has no dot or two colons is a time of day.
        (whole.contains('.') || whole.matches(':').count() > 1).then_some((whole, port))
    })
}

/// Whether a text is what a client calls itself: a name, a slash and a version.
fn is_agent(text: &str) -> bool {
    let product = text.split([' ', '(']).next().unwrap_or(text);
    product.split_once('/').is_some_and(|(name, version)| {
        !name.is_empty()
            && version.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.+".contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let Some(line) = read(text) else { return "none".to_owned() };
        let list: Vec<String> =
            line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        list.join(" ")
    }

    #[test]
    fn formats_of_their_own() {
        for (text, wanted) in [
            (
                "https 2021-03-03T01:02:03.186641Z app/lb/50dc 192.0.2.66:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 \"GET https://www.example.com:443/a?b HTTP/1.1\" \"curl/7.46.0\" ECDHE TLSv1.2",
                "c-ip=192.0.2.66 src_port=2817 dst_ip=10.0.0.1 dst_port=80 cs-method=GET cs-uri-stem=https://www.example.com:443/a cs-uri-query=b cs-version=HTTP/1.1 sc-status=200 cs(User-Agent)=curl/7.46.0",
            ),
            (
                "79a59df bucket [03/Mar/2021:01:02:03 +0000] 192.0.2.66 arn:aws:iam::1:user/ann 3E57 REST.GET.OBJECT key \"GET /bucket/key HTTP/1.1\" 403 AccessDenied 113 - 7 - \"-\" \"S3Console/0.4\" -",
                "c-ip=192.0.2.66 cs-method=GET cs-uri-stem=/bucket/key cs-version=HTTP/1.1 sc-status=403 cs(User-Agent)=S3Console/0.4",
            ),
            (
                "[2021-03-03T01:02:03.310Z] \"POST /api HTTP/2\" 204 - 154 0 226 100 \"192.0.2.66\" \"nsq2http/1\" \"cc21\" \"h.example\" \"10.0.2.1:80\"",
                "c-ip=192.0.2.66 cs-method=POST cs-uri-stem=/api cs-version=HTTP/2 sc-status=204 cs(User-Agent)=nsq2http/1",
            ),
            (
                "[03/Mar/2021:01:02:03 +0100] ann http-nio-8090-exec-7 192.0.2.66 POST /login.action?x=1 HTTP/1.1 302 76ms - https://h.example/ Mozilla/5.0 (X11)",
                "c-ip=192.0.2.66 cs-method=POST cs-uri-stem=/login.action cs-uri-query=x=1 cs-version=HTTP/1.1 sc-status=302 cs(User-Agent)=Mozilla/5.0 (X11)",
            ),
            ("2021-03-03 01:02:03 he said \"GET out\" 200", "none"),
            ("no time \"GET / HTTP/1.1\" 200", "none"),
        ] {
            assert_eq!(shown(text), wanted, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(text in "(\"|GET |/x |HTTP/1.1|\\[|\\]|2021-03-03T01:02:03Z |192.0.2.1:80 |200 |é|\\\\| ){0,14}") {
            let _ = read(&text);
        }
    }
}
