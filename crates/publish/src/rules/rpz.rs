//! DNS response policy zones: domains (and what lies below) do not resolve, and addresses in
//! answers are hidden.

use std::net::{Ipv4Addr, Ipv6Addr};

use lapwing_model::{Entity, Kind};

use super::{RuleSet, Totals, file, left_out, wire_name};
use crate::export::{Exported, Loss};

/// The name of the file.
pub const NAME: &str = "lapwing.rpz";

/// Writes a set as a zone; what name servers do not see is told.
pub fn write(set: &RuleSet) -> Exported {
    let mut losses = Vec::new();
    let (policies, count) = policies(set, &mut losses);
    let text = head(&set.totals()) + &policies;
    let mut exported = Exported { files: vec![file(NAME, text)], losses, ..Exported::default() };
    exported.count("values", count);
    exported
}

/// What stands above the policies.
#[must_use]
pub fn head(totals: &Totals) -> String {
    let mut text = totals.comments(";", "DNS response policy zone");
    text.push_str("; hits answer NXDOMAIN (CNAME .); for a trial write `CNAME rpz-passthru.` and look at the log\n");
    text.push_str("$TTL 3600\n");
    // Ten digits, as RFC 1912 has it: a zone of the next day is newer.
    let serial = format!("{}01", totals.today.strftime("%Y%m%d"));
    text.push_str(&format!(
        "@ IN SOA localhost. hostmaster.localhost. ( {serial} 3600 600 604800 3600 )\n@ IN NS localhost.\n"
    ));
    text
}

/// The policies of a set, which may be one portion of many, and of how many values they are.
pub fn policies(set: &RuleSet, losses: &mut Vec<Loss>) -> (String, usize) {
    let (mut text, mut count) = (String::new(), 0);
    for indicator in &set.indicators {
        match owners(&indicator.entity) {
            Ok(owners) => {
                count += 1;
                text.push_str(&format!("; {}\n", indicator.evidence()));
                for owner in owners {
                    text.push_str(&format!("{owner} IN CNAME .\n"));
                }
            }
            Err(why) => losses.push(left_out(&indicator.entity, why)),
        }
    }
    (text, count)
}

/// The names in the zone under which a value is stopped.
fn owners(entity: &Entity) -> Result<Vec<String>, &'static str> {
    match entity.kind {
        Kind::DomainName => {
            let name = wire_name(&entity.value).ok_or("no name that DNS can carry")?;
            let name = name.to_ascii_lowercase();
            // Owner names get the zone's name behind them, and 255 bytes must hold all.
            if name.len() > 220 {
                return Err("too long to stand below the name of a zone");
            }
            Ok(vec![name.clone(), format!("*.{name}")])
        }
        Kind::Ipv4Addr => {
            let (host, bits) = parts(&entity.value, 32)?;
            let host: Ipv4Addr = host.parse().map_err(|_| "no address")?;
            let [a, b, c, d] = network_v4(host, bits).octets();
            Ok(vec![format!("{bits}.{d}.{c}.{b}.{a}.rpz-ip")])
        }
        Kind::Ipv6Addr => {
            let (host, bits) = parts(&entity.value, 128)?;
            let host: Ipv6Addr = host.parse().map_err(|_| "no address")?;
            Ok(vec![format!("{bits}.{}.rpz-ip", reversed(network_v6(host, bits)))])
        }
        _ => Err("name servers do not see it"),
    }
}

fn parts(value: &str, most: u8) -> Result<(&str, u8), &'static str> {
    match value.split_once('/') {
        None => Ok((value, most)),
        Some((host, bits)) => {
            let bits = bits.parse::<u8>().ok().filter(|bits| *bits >= 8 && *bits <= most);
            Ok((host, bits.ok_or("no network that one could block")?))
        }
    }
}

fn network_v4(host: Ipv4Addr, bits: u8) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
    Ipv4Addr::from(u32::from(host) & mask)
}

fn network_v6(host: Ipv6Addr, bits: u8) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
    Ipv6Addr::from(u128::from(host) & mask)
}

/// The words of an address from the last to the first, the longest run of zeros as `zz`.
fn reversed(address: Ipv6Addr) -> String {
    let words = address.segments();
    let (mut start, mut length) = (0, 0);
    let mut at = 0;
    while at < 8 {
        let run = words[at..].iter().take_while(|word| **word == 0).count();
        if run > length && run > 1 {
            (start, length) = (at, run);
        }
        at += run.max(1);
    }
    let mut labels = Vec::new();
    let mut at = 0;
    while at < 8 {
        if length > 0 && at == start {
            labels.push("zz".to_owned());
            at += length;
        } else {
            labels.push(format!("{:x}", words[at]));
            at += 1;
        }
    }
    labels.reverse();
    labels.join(".")
}

/// Reads a zone back: the owner names of its policies.
///
/// # Errors
/// The line, and what is wrong with it.
pub fn read_back(text: &str) -> Result<Vec<String>, String> {
    let mut owners = Vec::new();
    let mut authority = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.split(';').next().unwrap_or_default().trim_end();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [] => {}
            ["$TTL", seconds] if seconds.parse::<u32>().is_ok() => {}
            ["@", "IN", "SOA", _, _, "(", serial, _, _, _, _, ")"] if serial.len() == 10 => {
                authority = true;
            }
            ["@", "IN", "NS", _] if authority => {}
            [owner, "IN", "CNAME", "."] if authority => {
                let sound = owner.len() <= 240
                    && owner.split('.').all(|label| (1..=63).contains(&label.len()));
                if !sound || line.starts_with(' ') {
                    return Err(format!("line {}: `{owner}` is no name", at + 1));
                }
                owners.push(owner.to_owned());
            }
            _ => return Err(format!("line {}: not understood", at + 1)),
        }
    }
    if authority { Ok(owners) } else { Err("the zone has no SOA".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_written_as_the_policy_asks() {
        let of = |kind, value: &str| owners(&Entity::new(kind, value)).map(|o| o.join(" "));
        assert_eq!(of(Kind::DomainName, "Evil.example").unwrap(), "evil.example *.evil.example");
        assert_eq!(of(Kind::Ipv4Addr, "192.0.2.7").unwrap(), "32.7.2.0.192.rpz-ip");
        assert_eq!(of(Kind::Ipv4Addr, "192.0.2.7/24").unwrap(), "24.0.2.0.192.rpz-ip");
        assert_eq!(of(Kind::Ipv6Addr, "2001:db8::7").unwrap(), "128.7.zz.db8.2001.rpz-ip");
        assert_eq!(of(Kind::Ipv6Addr, "2001:db8::/32").unwrap(), "32.zz.db8.2001.rpz-ip");
        assert!(of(Kind::Ipv4Addr, "0.0.0.0/0").is_err());
        assert!(of(Kind::Url, "http://evil.example/").is_err());
    }
}
