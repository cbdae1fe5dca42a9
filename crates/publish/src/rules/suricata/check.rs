//! Our own look at the syntax of rules, for where Suricata itself is not at hand.

use std::collections::BTreeSet;

/// What is wrong with a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Line in the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: String,
}

/// Options that stand alone, and those that need a value.
const ALONE: [&str; 16] = [
    "dns.query",
    "tls.sni",
    "http.host",
    "http.uri",
    "http.uri.raw",
    "http.user_agent",
    "ja3.hash",
    "ja3s.hash",
    "tls.cert_fingerprint",
    "file.name",
    "dotprefix",
    "to_lowercase",
    "endswith",
    "startswith",
    "nocase",
    "ip.dst",
];
const WITH_VALUE: [&str; 17] = [
    "msg",
    "content",
    "flow",
    "bsize",
    "distance",
    "within",
    "threshold",
    "classtype",
    "reference",
    "metadata",
    "sid",
    "rev",
    "filemd5",
    "filesha1",
    "filesha256",
    "dataset",
    "ip.src",
];
const PROTOCOLS: [&str; 8] = ["ip", "tcp", "dns", "tls", "http", "smtp", "smb", "ftp-data"];

/// Looks at every rule of a text: header, options, contents, sids. Empty for a sound one.
pub fn check(text: &str) -> Vec<Fault> {
    let mut sids = BTreeSet::new();
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line_text = line.trim();
        if line_text.is_empty() || line_text.starts_with('#') {
            continue;
        }
        match one(line_text) {
            Ok(sid) if sids.insert(sid) => {}
            Ok(sid) => faults.push(Fault { line: at + 1, why: format!("sid {sid} stands twice") }),
            Err(why) => faults.push(Fault { line: at + 1, why }),
        }
    }
    faults
}

/// The sid of a sound rule.
fn one(rule: &str) -> Result<u32, String> {
    let (header, body) = rule.split_once('(').ok_or("no options in parentheses")?;
    let words: Vec<&str> = header.split_whitespace().collect();
    let [action, protocol, from, from_port, arrow, to, to_port] = words[..] else {
        return Err(format!("{} words in its head, not seven", words.len()));
    };
    if !["alert", "drop", "reject", "pass"].contains(&action) {
        return Err(format!("`{action}` is no action"));
    }
    if !PROTOCOLS.contains(&protocol) {
        return Err(format!("`{protocol}` is no protocol that our rules use"));
    }
    if arrow != "->" && arrow != "<>" {
        return Err(format!("`{arrow}` is no direction"));
    }
    for side in [from, to] {
        let host = side.split('/').next().unwrap_or(side);
        if side != "any" && side != "$HOME_NET" && host.parse::<std::net::IpAddr>().is_err() {
            return Err(format!("`{side}` is no address"));
        }
    }
    if from_port != "any" || to_port != "any" {
        return Err("a port is named".to_owned());
    }
    let body = body.strip_suffix(')').ok_or("the parenthesis is not closed at the end")?;
    let mut sid = None;
    let mut named = BTreeSet::new();
    for option in options(body)? {
        let (name, value) = match option.split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (option.trim(), None),
        };
        named.insert(name.to_owned());
        match value {
            None if !ALONE.contains(&name) && name != "ip.src" => {
                return Err(format!("`{name}` is no option that stands alone"));
            }
            Some("") => return Err(format!("`{name}` has no value")),
            Some(_) if !WITH_VALUE.contains(&name) => {
                return Err(format!("`{name}` is no option with a value"));
            }
            Some(value) if name == "content" => contents(value)?,
            Some(value) if name == "sid" => sid = value.parse::<u32>().ok(),
            Some(value) if matches!(name, "rev" | "bsize" | "within" | "distance") => {
                value.parse::<u32>().map_err(|_| format!("`{name}:{value}` is no number"))?;
            }
            _ => {}
        }
    }
    for must in ["msg", "rev", "classtype"] {
        if !named.contains(must) {
            return Err(format!("no `{must}`"));
        }
    }
    sid.filter(|sid| *sid > 0).ok_or_else(|| "no `sid`".to_owned())
}

/// Options between semicolons; those inside quotes part nothing.
fn options(body: &str) -> Result<Vec<&str>, String> {
    let mut options = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ';' if !quoted => {
                options.push(body[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return Err("a quote is not closed".to_owned());
    }
    if !body[start..].trim().is_empty() {
        return Err("the last option has no semicolon".to_owned());
    }
    Ok(options)
}

/// A quoted content: printable text, and bytes in hexadecimal between bars.
fn contents(value: &str) -> Result<(), String> {
    let inner = value.strip_prefix('"').and_then(|v| v.strip_suffix('"'));
    let inner = inner.filter(|v| !v.is_empty()).ok_or("a content without quotes, or empty")?;
    if inner.matches('|').count() % 2 == 1 {
        return Err("a bar of a content is not closed".to_owned());
    }
    for (at, part) in inner.split('|').enumerate() {
        let sound = if at % 2 == 0 {
            part.bytes().all(|b| b.is_ascii_graphic() && !b"\";:\\".contains(&b))
        } else {
            part.split(' ')
                .all(|pair| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit()))
        };
        if !sound {
            return Err(format!("`{part}` cannot stand so in a content"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "alert dns $HOME_NET any -> any any (msg:\"x; (y)\"; dns.query; dotprefix; content:\".a|3a 3b|b\"; endswith; nocase; classtype:trojan-activity; metadata:a b, c d; sid:7; rev:1;)";

    #[test]
    fn a_sound_rule_passes_and_each_fault_is_told_with_its_line() {
        assert_eq!(check(SOUND), []);
        let broken = [
            ("sid:7", "sid:x", "no `sid`"),
            ("any ->", "any to", "direction"),
            ("alert", "shout", "action"),
            ("dns $HOME", "dnz $HOME", "protocol"),
            ("dns.query;", "dns.kwery;", "alone"),
            ("|b", "b", "bar"),
            (".a|", ".a:|", "content"),
            ("rev:1;)", "rev:1)", "semicolon"),
            ("\"x; (y)\"", "\"x; (y)", "quote"),
            ("classtype:trojan-activity; ", "", "classtype"),
        ];
        for (from, to, why) in broken {
            let text = format!("# one\n{}", SOUND.replacen(from, to, 1));
            let faults = check(&text);
            assert_eq!(faults.len(), 1, "{text}");
            assert!(faults[0].line == 2 && faults[0].why.contains(why), "{faults:?}");
        }
        assert_eq!(check(&format!("{SOUND}\n{SOUND}"))[0].why, "sid 7 stands twice");
    }
}
