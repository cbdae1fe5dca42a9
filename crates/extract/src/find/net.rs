//! Addresses, domains, URLs and mail addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use lapwing_model::Kind;
use memchr::memmem;

use super::file::is_file_name;
use super::wallet::onion;
use super::{COLON, DOT, Finder, HYPHEN, LETTER, OTHER, SLASH, Shape};

/// A longer URL is no URL; RFC 9110 section 4.1 asks for 8,000 bytes to be understood.
const LONGEST_URL: usize = 8000;

/// Last labels that are as common as file extensions.
const FILE_LIKE: &[&str] = &[
    "py", "sh", "zip", "md", "pl", "rs", "so", "mov", "ps", "java", "cpp", "app", "bat", "cab",
    "pub", "sc", "ml", "mm", "vb", "as", "cc", "mk", "gz", "st", "ai", "lib", "diff", "prof", "pm",
    "tm", "do", "id",
];

/// Last labels that are extensions first of all: a name of two labels with one of these is a file.
const FILE_FIRST: &[&str] =
    &["py", "sh", "zip", "md", "pl", "rs", "so", "mov", "java", "cab", "vb", "lib"];

/// Names in use that are no hosts: reserved (RFC 2606, RFC 6761, RFC 7686), or of other roots.
const SPECIAL_SUFFIXES: &[&str] =
    &["onion", "test", "example", "invalid", "i2p", "bit", "lib", "coin", "bazar", "emc"];

/// Products written like domains.
const PRODUCTS: &[&str] = &[
    "asp.net",
    "vb.net",
    "ado.net",
    "ml.net",
    "c.net",
    "paint.net",
    "node.js",
    "vue.js",
    "socket.io",
    "system.net",
    "system.io",
    "log.io",
    "dot.net",
];

impl Finder<'_> {
    /// All URLs of a run that holds `://`; returns whether there was one.
    pub(super) fn urls(&mut self, start: usize, end: usize) -> bool {
        let Some(sign) = memmem::find(&self.bytes[start..end], b"://") else { return false };
        let sign = start + sign;
        let mut from = sign;
        while from > start && self.byte(from - 1).is_ascii_alphabetic() && sign - from < 8 {
            from -= 1;
        }
        let scheme = self.text[from..sign].to_ascii_lowercase();
        if !matches!(
            scheme.as_str(),
            "http"
                | "https"
                | "ftp"
                | "ftps"
                | "sftp"
                | "tcp"
                | "udp"
                | "ws"
                | "wss"
                | "ldap"
                | "ldaps"
                | "rmi"
                | "smb"
                | "ssh"
                | "file"
                | "socks5"
                | "dns"
                | "webdav"
        ) {
            return false;
        }
        if from > start {
            self.pieces(start, from, |b| matches!(b, b':' | b'/' | b'\\' | b'@' | b'%'));
        }
        let stop = self.url_end(sign + 3);
        self.done = self.done.max(stop);
        let body = &self.text[sign + 3..stop];
        if body.is_empty() || stop - from > LONGEST_URL {
            return true;
        }
        let host_len = body.find(['/', '?', '#']).unwrap_or(body.len());
        let host = body[..host_len].rsplit('@').next().unwrap_or_default();
        let bare =
            if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
        if bare.is_empty() || scheme == "file" {
            return true;
        }
        let open = host_len == body.len() && !self.is_host(bare);
        let (stop, wrapped) = match self.url_goes_on(from, stop, open) {
            Some((stop, value)) => (stop, Some(value[sign + 3 - from..].to_owned())),
            None => (stop, None),
        };
        self.done = self.done.max(stop);
        // The break may stand inside of the host.
        let body = wrapped.as_deref().unwrap_or(body);
        let host_len = body.find(['/', '?', '#']).unwrap_or(body.len());
        let host = body[..host_len].rsplit('@').next().unwrap_or_default();
        let bare =
            if host.starts_with('[') { host } else { host.split(':').next().unwrap_or_default() };
        let known = self.is_host(bare)
            || bare.starts_with('[')
            || bare == "+"
            || bare == "*"
            || bare == "localhost";
        let shape = match (known, &wrapped) {
            (false, _) => Shape::CodeLike,
            (_, Some(_)) => Shape::Wrapped,
            _ => Shape::Plain,
        };
        let host_lower = ascii_host(&body[..host_len]);
        // An empty path and `/` are the same (RFC 3986 section 6.2.3).
        let path = &body[host_len..];
        let value = format!("{scheme}://{host_lower}{}", if path == "/" { "" } else { path });
        self.push(Kind::Url, value, from, stop, shape);
        true
    }

    /// Where the URL whose text after the scheme starts at `at` ends.
    pub(super) fn url_end(&self, at: usize) -> usize {
        let mut end = at;
        let (mut round, mut square) = (0_i32, 0_i32);
        while let Some(&b) = self.bytes.get(end) {
            match b {
                0..=b' ' | b'"' | b'<' | b'>' | b'`' | b'^' | b'|' | b'\\' | b'\'' | 0x7f => break,
                b'(' | b'{' => round += 1,
                b')' | b'}' if round == 0 => break,
                b')' | b'}' => round -= 1,
                b'[' => square += 1,
                b']' if square == 0 => break,
                b']' => square -= 1,
                b',' | b';' if self.bytes[end + 1..].starts_with(b"http") => break,
                // The next command of a line of shell.
                b'&' if self.bytes.get(end + 1) == Some(&b'&') => break,
                0x80.. => {
                    let Some(c) = self.text[end..].chars().next() else { break };
                    if !c.is_alphanumeric() || is_wide(c) {
                        break;
                    }
                    end += c.len_utf8() - 1;
                }
                _ => {}
            }
            end += 1;
        }
        while end > at
            && matches!(
                self.bytes[end - 1],
                b'.' | b',' | b';' | b':' | b'!' | b'?' | b'*' | b'(' | b'[' | b'{'
            )
        {
            end -= 1;
        }
        // `++` closes a passage that AsciiDoc takes as it is.
        if self.text[at..end].ends_with("++") { end - 2 } else { end }
    }

    /// Runs with `:` that are one value: IPv6, MAC, address or host with a port, ssdeep.
    pub(super) fn with_colons(&mut self, start: usize, end: usize, flags: u16) -> bool {
        let run = &self.text[start..end];
        let trimmed = run.trim_end_matches([':', '.', '/', '-']);
        let end = start + trimmed.len();
        if (flags & (COLON | SLASH) == COLON | SLASH || flags & OTHER != 0)
            && self.ssdeep(start, end)
        {
            return true;
        }
        if flags & DOT == 0 || trimmed.contains("::") {
            if trimmed.len() == 17 && self.mac(start, end) {
                return true;
            }
            if trimmed.len() >= 23 && self.pairs(start, end) {
                return true;
            }
            if flags & (HYPHEN | OTHER) == 0 && self.ipv6(start, end) {
                return true;
            }
        }
        // host:port, address:port, with or without a path
        let Some(colon) = trimmed.find(':') else { return false };
        let port = trimmed[colon + 1..].split('/').next().unwrap_or_default();
        if port.is_empty() || port.len() > 5 || !port.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        let host = &trimmed[..colon];
        if trimmed[colon + 1..].contains('/') && self.is_host(host) {
            return self.schemeless(start, end);
        }
        let before = self.found.len();
        let host_end = start + colon;
        let host_flags = self.flags(start, host_end);
        if host_flags & SLASH == 0 && host_flags & DOT != 0 {
            self.word(start, host_end, host_flags);
        }
        if self.found.len() > before {
            if let Some(last) = self.found.last_mut()
                && matches!(last.shape, Shape::Plain | Shape::MaybeVersion | Shape::DomainOrFile)
            {
                last.shape = Shape::Port;
            }
            self.done = self.done.max(end);
            return true;
        }
        false
    }

    /// Runs with `/` that are one value: CIDR, URL without scheme, Unix path.
    pub(super) fn with_slashes(&mut self, start: usize, end: usize, flags: u16) -> bool {
        if self.byte(start) == b'/' {
            return self.unix_path(start, end);
        }
        let run = &self.text[start..end];
        let Some(slash) = run.find('/') else { return false };
        let head = &run[..slash];
        if let Ok(address) = head.parse::<Ipv4Addr>() {
            let tail = run[slash + 1..].trim_end_matches('.');
            if self.network(start, address, start + slash, tail) {
                return true;
            }
            if run[slash + 1..].is_empty()
                || run[slash + 1..].parse::<Ipv4Addr>().is_ok()
                || tail.bytes().all(|b| b.is_ascii_digit())
            {
                return false;
            }
            return self.schemeless(start, end);
        }
        // Two domains side by side (`a.example/b.example`), or a MIME type, are no URL.
        if flags & DOT != 0
            && head.contains('.')
            && self.is_host(head)
            && !is_file_name(head)
            && slash + 1 < run.len()
            && !code_like(head)
        {
            let next = run[slash + 1..].split('/').next().unwrap_or_default();
            if self.is_host(next) && !is_file_name(next) {
                return false;
            }
            return self.schemeless(start, end);
        }
        if flags & LETTER == 0 || run.len() > 512 {
            return false;
        }
        self.relative_path(start, end)
    }

    /// A URL without scheme from `start`.
    pub(super) fn schemeless(&mut self, start: usize, end: usize) -> bool {
        let stop = self.url_end(start).max(start);
        let stop = if stop < end { end } else { stop };
        if stop - start > LONGEST_URL {
            return false;
        }
        let text = self.text[start..stop].trim_end_matches(['.', ',', ':']);
        let host_len = text.find('/').unwrap_or(text.len());
        let value = format!("{}{}", ascii_host(&text[..host_len]), &text[host_len..]);
        let stop = start + text.len();
        self.push(Kind::Url, value, start, stop, Shape::Schemeless);
        true
    }

    pub(super) fn email(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        let Some(at) = run.find('@') else { return false };
        let local_from = run[..at].rfind([':', '/', '\\', '%']).map_or(0, |i| i + 1);
        // "邮箱：ann@…": what stands before without a blank is no part of it.
        let wide = run[local_from..at].char_indices().rfind(|(_, c)| is_wide(*c));
        let local_from = local_from + wide.map_or(0, |(i, c)| i + c.len_utf8());
        let local = run[local_from..at].trim_start_matches(['.', '-', '_']);
        let host = &run[at + 1..];
        let host_len = host
            .bytes()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')))
            .unwrap_or(host.len());
        let host = host[..host_len].trim_end_matches(['.', '-']);
        if local.is_empty()
            || local.len() > 64
            || !self.is_host(host)
            || host.parse::<Ipv4Addr>().is_ok()
        {
            return false;
        }
        let from = start + at - local.len();
        let value = format!("{local}@{}", host.to_ascii_lowercase());
        self.push(Kind::EmailAddr, value, from, start + at + 1 + host.len(), Shape::Plain);
        true
    }

    fn mac(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        let fits = run.bytes().enumerate().all(|(i, b)| {
            if i % 3 == 2 { matches!(b, b':' | b'-') } else { b.is_ascii_hexdigit() }
        });
        if fits {
            self.push(
                Kind::MacAddr,
                run.to_ascii_lowercase().replace('-', ":"),
                start,
                end,
                Shape::Plain,
            );
        }
        fits
    }

    /// A MAC address with hyphens (`00-00-5e-00-53-01`).
    pub(super) fn mac_with_hyphens(&mut self, start: usize, end: usize) -> bool {
        end - start == 17
            && self.byte(start + 2) == b'-'
            && self.byte(start + 5) == b'-'
            && self.mac(start, end)
    }

    /// A MAC address as Cisco writes it (`0000.5e00.53af`).
    pub(super) fn mac_with_dots(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        let Some(value) = dotted_mac(run).filter(|_| !self.is_host(run)) else { return false };
        self.push(Kind::MacAddr, value, start, end, Shape::Plain);
        true
    }

    fn ipv6(&mut self, start: usize, end: usize) -> bool {
        let run = &self.text[start..end];
        let (address, bits) = run.split_once('/').map_or((run, None), |(a, b)| (a, Some(b)));
        let Ok(parsed) = address.parse::<Ipv6Addr>() else { return false };
        // `::`, `a::` and `Foo::Bar` stand in code; an address has at least three groups.
        if address.bytes().filter(|b| *b == b':').count() < 3 && !address.contains("::")
            || address.len() < 6
            || parsed.segments().iter().filter(|s| **s != 0).count() < 2
        {
            return false;
        }
        let value = match bits.map(str::parse::<u8>) {
            Some(Ok(bits)) if bits < 128 => format!("{parsed}/{bits}"),
            Some(Err(_)) => return false,
            _ => parsed.to_string(),
        };
        self.push(Kind::Ipv6Addr, value, start, end, Shape::Plain);
        true
    }

    /// Whether nothing that belongs to a number or name touches the range.
    pub(super) fn is_edge(&self, start: usize, end: usize) -> bool {
        let joined = |b: u8| b.is_ascii_alphanumeric();
        let (before, after) = (self.before(start), self.byte(end));
        let goes_on = after == b'.' && self.byte(end + 1).is_ascii_digit();
        !(joined(before) || joined(after) || matches!(before, b'.' | b'_') || goes_on)
    }

    /// A run of digits and dots (hyphens may join the ends of a range).
    pub(super) fn address(&mut self, start: usize, end: usize) {
        if end - start > 64 {
            return;
        }
        let run = &self.text[start..end];
        let mut from = start;
        for part in run.split(['-', '_', '~', '+', '$']) {
            let to = from + part.len();
            let text = part.trim_end_matches('.');
            if text.len() >= 7
                && text.parse::<Ipv4Addr>().is_ok_and(|ip| ip.octets()[0] != 0)
                && !matches!(self.before(from), b'.' | b'v' | b'V')
            {
                self.push(Kind::Ipv4Addr, text, from, from + text.len(), Shape::MaybeVersion);
            }
            from = to + 1;
        }
    }

    /// Whether `host` is an address or a name under a known suffix.
    pub(super) fn is_host(&self, host: &str) -> bool {
        host.parse::<Ipv4Addr>().is_ok() || (is_name(host) && self.has_suffix(host))
    }

    pub(super) fn has_suffix(&self, host: &str) -> bool {
        let last = host.rsplit('.').next().unwrap_or_default();
        if last.len() > 18
            || !(last.bytes().all(|b| b.is_ascii_alphabetic()) || last.starts_with("xn--"))
        {
            return false;
        }
        let lower = host.to_ascii_lowercase();
        let suffix = lower.rsplit('.').next().unwrap_or_default();
        SPECIAL_SUFFIXES.contains(&suffix) || self.knowledge.has_known_suffix(&lower)
    }

    /// A run with letters and dots: a domain, a file name, a product, or nothing.
    pub(super) fn dotted_name(&mut self, start: usize, end: usize) {
        let run = &self.text[start..end];
        let name = run.trim_start_matches(['.', '-', '_', '+', '~', '$']);
        let start = end - name.len();
        let name = name.trim_end_matches(['.', '-', '_', '+', '~', '$']);
        let end = start + name.len();
        if name.len() < 4 || name.len() > 253 || !name.contains('.') {
            return;
        }
        let lower = name.to_ascii_lowercase();
        if PRODUCTS.contains(&lower.as_str()) {
            return self.push(Kind::Software, name, start, end, Shape::Plain);
        }
        let last = lower.rsplit('.').next().unwrap_or_default();
        let labels = lower.split('.').count();
        let is_domain = is_name(name) && self.has_suffix(name);
        if !is_domain {
            if is_file_name(name) {
                self.push(Kind::FileName, name, start, end, Shape::Plain);
            }
            return;
        }
        let calls = self.byte(end) == b'(';
        let shape = if last == "onion" {
            onion(&lower).unwrap_or(Shape::CodeLike)
        } else if calls || code_like(name) {
            Shape::CodeLike
        } else if FILE_FIRST.contains(&last)
            || (FILE_LIKE.contains(&last) && labels == 2 && is_file_name(name))
        {
            Shape::DomainOrFile
        } else {
            Shape::Plain
        };
        let value = if shape == Shape::DomainOrFile { name.to_owned() } else { lower };
        self.push(Kind::DomainName, value, start, end, shape);
    }
}

/// Whether a name reads like program code or two glued sentences: `System.Net`, `here.In`.
pub(super) fn code_like(name: &str) -> bool {
    let Some((head, last)) = name.rsplit_once('.') else { return false };
    let capitalised = last.starts_with(|c: char| c.is_ascii_uppercase())
        && last[1..].bytes().any(|b| b.is_ascii_lowercase());
    let all_upper = head.bytes().all(|b| !b.is_ascii_lowercase());
    capitalised && !all_upper
}

/// Three groups of four hexadecimal digits, with letters among them: digits alone are a number or version.
fn dotted_mac(run: &str) -> Option<String> {
    let digits: String = run.split('.').collect();
    let groups =
        run.len() == 14 && run.split('.').count() == 3 && run.split('.').all(|g| g.len() == 4);
    let hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    let mixed = digits.bytes().any(|b| b.is_ascii_alphabetic())
        && digits.bytes().any(|b| b.is_ascii_digit());
    (groups && hex && mixed).then(|| {
        let pairs: Vec<&str> = (0..6).filter_map(|at| digits.get(at * 2..at * 2 + 2)).collect();
        pairs.join(":").to_ascii_lowercase()
    })
}

/// Whether all labels are well formed (RFC 1035 section 2.3.1, underscores allowed).
pub(crate) fn is_name(host: &str) -> bool {
    host.len() <= 253
        && host.contains('.')
        && host.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
}

/// A host in lower case, internationalised labels as punycode.
fn ascii_host(host: &str) -> String {
    if host.is_ascii() {
        return host.to_ascii_lowercase();
    }
    idna::domain_to_ascii(host).unwrap_or_else(|_| host.to_lowercase())
}

/// Scripts written without blanks: a URL does not go on into them.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}
