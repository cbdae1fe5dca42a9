//! Firewalls that write values in a fixed order, or by the kernel's names: pfSense's filterlog, Linux'
//! iptables and ufw, Palo Alto.

use std::borrow::Cow;

use super::{Line, Pairs, peer, put};
use crate::time;

/// The part of iptables and ufw in a kernel's message; `None` for other messages.
pub(super) fn iptables(message: &str) -> Option<Pairs<'_>> {
    let start = message.find("IN=")?;
    if !message[start..].contains(" SRC=") {
        return None;
    }
    let mut fields = Vec::with_capacity(16);
    if let Some((_, action)) = message[..start].rsplit_once("[UFW ") {
        put(&mut fields, "action", action.split(']').next().unwrap_or(action));
    } else {
        // `--log-prefix` is free text, and tells the action by custom.
        let prefix = message[..start].trim().trim_end_matches(':');
        let last = prefix.rsplit(']').next().unwrap_or(prefix).trim();
        put(&mut fields, "prefix", last);
        let folded = last.to_ascii_lowercase();
        let action = ["drop", "reject", "block", "deny", "accept", "allow"]
            .into_iter()
            .find(|word| folded.contains(word));
        put(&mut fields, "action", action.unwrap_or(""));
    }
    for (name, value) in message[start..].split(' ').filter_map(|word| word.split_once('=')) {
        let name = match name {
            "SRC" => Cow::Borrowed("src_ip"),
            "DST" => Cow::Borrowed("dst_ip"),
            "SPT" => Cow::Borrowed("src_port"),
            "DPT" => Cow::Borrowed("dst_port"),
            "PROTO" => Cow::Borrowed("proto"),
            name => Cow::Borrowed(name),
        };
        if !value.is_empty() {
            fields.push((name, Cow::Borrowed(value)));
        }
    }
    Some(fields)
}

/// The values of a `filterlog` message of pfSense and OPNsense.
pub(super) fn filterlog(message: &str) -> Option<Pairs<'_>> {
    let values: Vec<&str> = message.split(',').collect();
    let at = |index: usize| values.get(index).copied().unwrap_or("");
    let (proto, ends) = match at(8) {
        "4" => (16, 18),
        "6" => (12, 15),
        _ => return None,
    };
    let mut fields = Vec::with_capacity(8);
    put(&mut fields, "interface", at(4));
    put(&mut fields, "action", at(6));
    put(&mut fields, "direction", at(7));
    put(&mut fields, "proto", at(proto));
    put(&mut fields, "src_ip", at(ends));
    put(&mut fields, "dst_ip", at(ends + 1));
    if at(proto).eq_ignore_ascii_case("tcp") || at(proto).eq_ignore_ascii_case("udp") {
        put(&mut fields, "src_port", at(ends + 2));
        put(&mut fields, "dst_port", at(ends + 3));
    }
    Some(fields)
}

/// The kinds of Palo Alto's log whose columns are known.
const KINDS: [&str; 5] = ["TRAFFIC", "THREAT", "GLOBALPROTECT", "SYSTEM", "CONFIG"];

/// A line of Palo Alto's firewalls, its values in their documented order.
pub(super) fn palo_alto(line: &str) -> Option<Line<'_>> {
    if !KINDS.iter().any(|kind| line.contains(kind)) {
        return None;
    }
    let values: Vec<&str> = cells(line).take(40).collect();
    let at = |index: usize| values.get(index).copied().unwrap_or("");
    let least = if matches!(at(3), "TRAFFIC" | "THREAT") { 31 } else { 14 };
    if !KINDS.contains(&at(3)) || values.len() < least {
        return None;
    }
    let when = time::read(at(6)).or_else(|| time::read(at(1)))?;
    let mut fields = Vec::with_capacity(16);
    put(&mut fields, "type", at(3));
    put(&mut fields, "subtype", at(4));
    let others: &[(&'static str, usize)] = match at(3) {
        "GLOBALPROTECT" => &[
            ("event", 8),
            ("stage", 9),
            ("user", 12),
            ("machine", 14),
            ("src_ip", 15),
            ("private_ip", 17),
            ("os", 22),
            ("error", 26),
            ("status", 28),
            ("portal", 33),
        ],
        "SYSTEM" => {
            &[("event", 8), ("object", 9), ("module", 12), ("severity", 13), ("description", 14)]
        }
        "CONFIG" => &[
            ("src_ip", 7),
            ("COMMAND", 9),
            ("user", 10),
            ("client", 11),
            ("status", 12),
            ("path", 13),
        ],
        _ => &[],
    };
    if !others.is_empty() {
        for (name, column) in others {
            put(&mut fields, name, at(*column));
        }
        if at(3) == "SYSTEM" {
            peer::put_peer(&mut fields, at(14));
        }
        return Some(Line { form: "paloalto", when: Some(when), fields });
    }
    put(&mut fields, "src_ip", at(7));
    put(&mut fields, "dst_ip", at(8));
    put(&mut fields, "rule", at(11));
    put(&mut fields, "user", at(12));
    put(&mut fields, "app", at(14));
    put(&mut fields, "src_port", at(24));
    put(&mut fields, "dst_port", at(25));
    put(&mut fields, "proto", at(29));
    put(&mut fields, "action", at(30));
    if at(3) == "THREAT" {
        put(&mut fields, "url", at(31));
        put(&mut fields, "threat", at(32));
        put(&mut fields, "category", at(33));
        put(&mut fields, "severity", at(34));
        put(&mut fields, "direction", at(35));
    }
    Some(Line { form: "paloalto", when: Some(when), fields })
}

/// Cells between commas; one in double quotes may hold commas.
pub(super) fn cells(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let text = rest?;
        if let Some((cell, after)) = text.strip_prefix('"').and_then(|t| t.split_once('"')) {
            rest = after.strip_prefix(',');
            return Some(cell);
        }
        let (cell, after) = text.split_once(',').map_or((text, None), |(c, a)| (c, Some(a)));
        rest = after;
        Some(cell)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_firewall_says_of_itself_has_fields() {
        let shown = |text: &str| {
            let fields = palo_alto(text).map(|line| line.fields).unwrap_or_default();
            let list: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            list.join(" ")
        };
        assert_eq!(
            shown(
                "1,2021/03/03 01:02:03,0131,GLOBALPROTECT,0,2305,2021/03/03 01:02:03,vsys1,gateway-auth,login,Other,,corp\\ann,BE,PC1,192.0.2.66,0.0.0.0,10.0.0.5,0.0.0.0,e095,5J9,5.2.4,Windows,\"OS 10 Pro , 64-bit\",1,,,\"\",success,,0,,0,GW,69,0x0"
            ),
            "type=GLOBALPROTECT subtype=0 event=gateway-auth stage=login user=corp\\ann machine=PC1 src_ip=192.0.2.66 private_ip=10.0.0.5 os=Windows status=success portal=GW"
        );
        assert_eq!(
            shown(
                "1,2021/03/03 01:02:03,0131,SYSTEM,auth,0,2021/03/03 01:02:03,,auth-fail,GP,0,0,general,medium,\"failed authentication for user 'ann'. From: 192.0.2.66.\",1,0x0"
            ),
            "type=SYSTEM subtype=auth event=auth-fail object=GP module=general severity=medium description=failed authentication for user 'ann'. From: 192.0.2.66. src_ip=192.0.2.66"
        );
        assert_eq!(
            shown(
                "1,2021/03/03 01:02:03,0131,CONFIG,0,0,2021/03/03 01:02:03,192.0.2.66,,set,admin,Web,Succeeded, network x,1,0x0"
            ),
            "type=CONFIG subtype=0 src_ip=192.0.2.66 COMMAND=set user=admin client=Web status=Succeeded path= network x"
        );
    }
}
