//! Suricata: one rule an indicator with evidence and expiry, and datasets for the many.
//!
//! `lapwing.rules` holds a rule (for a domain three: DNS, TLS, HTTP) for each indicator; hashes
//! stand in lists beside it, which is how Suricata takes them. `lapwing-datasets.rules` does the
//! same work with one rule a kind and datasets (`*.lst`): for more values than one wants rules.
//! Load one of the two, not both.

mod check;
mod names;
mod write;

use std::collections::BTreeSet;

use lapwing_model::{Entity, Kind};

pub use check::{Fault, check};
pub use write::{datasets, write};

use super::{Indicator, Rule, RuleSet, Sample, capture, is_browser, left_out, wire_name};
use crate::export::Loss;
use crate::safe::clean;

/// The first sid: far from those of others (1,000,000 for one's own rules, 2,000,000 Emerging
/// Threats), below 2³¹, which some tools take for the end.
const FIRST_SID: u32 = 1_200_000_000;
/// Room for sids: the hash of a value falls somewhere into it.
const SIDS: u32 = 800_000_000;
/// Why the name of a browser makes no rule.
const BROWSER: &str = "it is what an ordinary browser calls itself";
/// Longest content that a rule may hold.
const LONGEST: usize = 255;

/// The rules of a set, one for each indicator and protocol; what has none is told.
pub fn rules(set: &RuleSet, losses: &mut Vec<Loss>) -> Vec<Rule> {
    let mut taken = BTreeSet::new();
    let mut rules = Vec::new();
    for indicator in &set.indicators {
        let entity = &indicator.entity;
        match tests(entity) {
            Ok(tests) => {
                for test in tests {
                    let sid = sid(entity, test.part, &mut taken);
                    rules.push(rule(indicator, &test, sid));
                }
            }
            // Hashes stand in the lists.
            Err(_) if matches!(entity.kind, Kind::Md5 | Kind::Sha1 | Kind::Sha256) => {}
            Err(why) => losses.push(left_out(entity, why)),
        }
    }
    rules
}

/// A test of traffic: which protocol, and which of its parts.
struct Test {
    /// Tells the rules of one indicator apart.
    part: &'static str,
    /// Action, protocol and addresses.
    header: String,
    /// What a hit means, in a few words.
    what: String,
    /// The options that decide.
    options: String,
    class: &'static str,
    /// Traffic on which it must fire, where we can make it.
    planted: Option<Sample>,
}

/// The tests of a value.
fn tests(entity: &Entity) -> Result<Vec<Test>, &'static str> {
    let value = entity.value.as_str();
    let out = |protocol: &str| format!("alert {protocol} $HOME_NET any -> any any");
    let test = |part, header: String, what: &str, options: String, planted| Test {
        part,
        header,
        what: what.to_owned(),
        options,
        class: "trojan-activity",
        planted,
    };
    let established = "flow:established,to_server; ";
    Ok(match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => {
            let header = format!("alert ip $HOME_NET any <> {} any", names::address(value)?);
            let once = "threshold:type limit, track by_src, seconds 3600, count 1; ";
            vec![test("ip", header, "traffic with", once.to_owned(), capture::datagram(value))]
        }
        Kind::DomainName => {
            let name = wire_name(value).ok_or("no name that DNS can carry")?;
            let below = content(&format!(".{name}")).ok_or("too long for a content")?;
            vec![
                test(
                    "dns",
                    "alert dns $HOME_NET any -> any any".to_owned(),
                    "question for",
                    format!("dns.query; dotprefix; {below} endswith; nocase; "),
                    capture::dns(&format!("planted.{name}")),
                ),
                test(
                    "tls",
                    out("tls"),
                    "TLS to",
                    format!("{established}tls.sni; dotprefix; {below} endswith; nocase; "),
                    capture::tls(&name),
                ),
                test(
                    "http",
                    out("http"),
                    "HTTP to",
                    format!("{established}http.host; dotprefix; {below} endswith; "),
                    Some(capture::http(&name, "/", "planted")),
                ),
            ]
        }
        Kind::Url => {
            let (host, path) = names::url(value)?;
            let host_is = content(&host).ok_or("its host is too long for a content")?;
            let path_is = content(&path).ok_or("its path is too long for a content")?;
            let options = format!(
                "{established}http.host; {host_is} bsize:{}; http.uri.raw; {path_is} startswith; endswith; ",
                host.len()
            );
            vec![test(
                "http",
                out("http"),
                "request of",
                options,
                Some(capture::http(&host, &path, "planted")),
            )]
        }
        Kind::EmailAddr => {
            let mail = content("MAIL FROM:").unwrap_or_default();
            let sender = content(&format!("<{value}>")).ok_or("no address that SMTP can carry")?;
            let options = format!(
                "flow:established,to_server; {mail} nocase; {sender} nocase; distance:0; within:{}; ",
                value.len() + 16
            );
            let header = "alert smtp any any -> any any".to_owned();
            vec![test("smtp", header, "mail from", options, Some(capture::smtp(value)))]
        }
        Kind::UserAgent if is_browser(value) => return Err(BROWSER),
        Kind::UserAgent => {
            let agent = content(value).ok_or("too long for a content")?;
            let options = format!("{established}http.user_agent; {agent} bsize:{}; ", value.len());
            vec![test(
                "http",
                out("http"),
                "user agent",
                options,
                Some(capture::http("www.example.org", "/", value)),
            )]
        }
        Kind::NetworkFingerprint => {
            let (buffer, digest) = names::fingerprint(value)?;
            let to = if buffer == "ja3s.hash" { "to_client" } else { "to_server" };
            let options = format!("flow:established,{to}; {buffer}; content:\"{digest}\"; ");
            let header = "alert tls any any -> any any".to_owned();
            vec![test("tls", header, "TLS fingerprint", options, None)]
        }
        Kind::Certificate => {
            let print = names::fingerprint_of_certificate(value)?;
            let print = content(&print).unwrap_or_default();
            let options = format!("flow:established,to_client; tls.cert_fingerprint; {print} ");
            let header = "alert tls any any -> $HOME_NET any".to_owned();
            vec![test("tls", header, "certificate", options, None)]
        }
        Kind::FileName => {
            let name = content(value).ok_or("too long for a content")?;
            let options = format!("file.name; {name} endswith; nocase; ");
            let header = "alert http any any -> any any".to_owned();
            vec![test("file", header, "file named", options, None)]
        }
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 => return Err("stands in a list"),
        _ => return Err("Suricata sees no such thing on the wire"),
    })
}

/// A `content` of bytes that must stand so; what has a meaning in a rule is written in hexadecimal.
fn content(text: &str) -> Option<String> {
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let mut out = String::from("content:\"");
    let mut hex = false;
    for byte in text.bytes() {
        let plain = byte.is_ascii_graphic() && !b"|\":;\\".contains(&byte);
        if plain == hex {
            out.push('|');
            hex = !hex;
        } else if hex {
            out.push(' ');
        }
        if plain {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("{byte:02x}"));
        }
    }
    if hex {
        out.push('|');
    }
    out.push_str("\";");
    Some(out)
}

/// The sid of a rule: by the value alone, so that the same indicator has the same in every
/// export; where two fall together, the later in order of kind and value moves on.
fn sid(entity: &Entity, part: &str, taken: &mut BTreeSet<u32>) -> u32 {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(format!("{}\n{part}", entity.key()));
    let number = digest.iter().take(4).fold(0, |n: u32, byte| n << 8 | u32::from(*byte));
    let mut at = number % SIDS;
    while !taken.insert(at) {
        at = (at + 1) % SIDS;
    }
    FIRST_SID + at
}

fn rule(indicator: &Indicator, test: &Test, sid: u32) -> Rule {
    let entity = &indicator.entity;
    let title = format!("LAPWING {} {}", test.what, clean(&entity.value, 120));
    let points = indicator.points();
    let of = if points.is_empty() { points } else { format!(" ({points})") };
    let text = format!(
        "{} (msg:\"{}\"; {}classtype:{}; {}{}sid:{sid}; rev:{};)",
        test.header,
        names::message(&format!("{title}{of}")),
        test.options,
        test.class,
        write::references(indicator),
        write::metadata(indicator),
        write::revision(indicator),
    );
    Rule {
        id: sid.to_string(),
        title,
        text,
        stand_in: None,
        indicators: vec![entity.clone()],
        planted: test.planted.clone().into_iter().collect(),
        benign: capture::ordinary(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_says_every_byte() {
        assert_eq!(content("a.b").as_deref(), Some("content:\"a.b\";"));
        assert_eq!(content("a:b;;c").as_deref(), Some("content:\"a|3a|b|3b 3b|c\";"));
        assert_eq!(content(" é").as_deref(), Some("content:\"|20 c3 a9|\";"));
        assert_eq!(content(""), None);
        assert_eq!(content(&"x".repeat(256)), None);
    }

    #[test]
    fn sids_depend_on_the_value_alone_and_never_fall_together() {
        let one = Entity::new(Kind::DomainName, "evil.example");
        let mut taken = BTreeSet::new();
        let first = sid(&one, "dns", &mut taken);
        assert_eq!(first, sid(&one, "dns", &mut BTreeSet::new()));
        assert_eq!(sid(&one, "dns", &mut taken), first + 1);
        assert_ne!(sid(&one, "tls", &mut taken), first);
        assert!((FIRST_SID..FIRST_SID + SIDS).contains(&first));
        assert!(i32::try_from(FIRST_SID + SIDS).is_ok());
    }
}
