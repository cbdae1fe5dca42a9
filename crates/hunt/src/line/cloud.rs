//! Records of clouds that are lines of values without names: flows of AWS, Cisco Umbrella.

use super::firewall::cells;
use super::{Line, put};
use crate::time;

/// Cisco Umbrella's exports: questions to its name servers (`"time","identity","identities","internal","external",
/// "Allowed","1 (A)","NOERROR","domain.",…`) and requests through its proxy (`"time","identity","internal","external",
/// "destination","type","ALLOWED","url",…`).
pub(super) fn umbrella(line: &str) -> Option<Line<'_>> {
    if !line.starts_with("\"20") {
        return None;
    }
    let values: Vec<&str> =
        cells(line).map(|cell| cell.trim().trim_matches('"')).take(20).collect();
    let at = |index: usize| values.get(index).copied().unwrap_or("");
    let when = time::read(at(0))?;
    let mut fields = Vec::with_capacity(10);
    let is_action =
        |text: &str| ["allowed", "blocked", "proxied"].iter().any(|a| text.eq_ignore_ascii_case(a));
    let first = |list: [usize; 2]| list.into_iter().map(at).find(|v| !v.is_empty()).unwrap_or("");
    if is_action(at(5)) && at(6).ends_with(')') {
        put(&mut fields, "user", at(1));
        put(&mut fields, "src_ip", first([3, 4]));
        put(&mut fields, "action", at(5));
        put(&mut fields, "record_type", at(6));
        put(&mut fields, "answer", at(7));
        put(&mut fields, "query", at(8).trim_end_matches('.'));
    } else if is_action(at(6)) && at(7).contains("://") {
        put(&mut fields, "user", at(1));
        put(&mut fields, "src_ip", first([2, 3]));
        put(&mut fields, "dst_ip", at(4));
        put(&mut fields, "action", at(6));
        put(&mut fields, "url", at(7));
        put(&mut fields, "cs(Referer)", at(8));
        put(&mut fields, "cs(User-Agent)", at(9));
        put(&mut fields, "sc-status", at(10));
        put(&mut fields, "sha256", at(14));
    } else {
        return None;
    }
    Some(Line { form: "pairs", when: Some(when), fields })
}

/// The columns of version 2, the default: `version account interface source target source-port target-port protocol
/// packets bytes start end action status`.
pub(super) fn flow(line: &str) -> Option<Line<'_>> {
    let words: Vec<&str> = line.split(' ').collect();
    // Collectors put the time before the record.
    let start = words.iter().take(2).position(|word| *word == "2")?;
    let words = &words[start..];
    let sound = words.len() >= 14
        && words[1].len() == 12
        && words[2].starts_with("eni-")
        && matches!(words[12], "ACCEPT" | "REJECT" | "-");
    if !sound {
        return None;
    }
    let mut fields = Vec::with_capacity(10);
    for (name, at) in [
        ("account", 1),
        ("interface", 2),
        ("src_ip", 3),
        ("dst_ip", 4),
        ("src_port", 5),
        ("dst_port", 6),
        ("proto", 7),
        ("bytes", 9),
        ("action", 12),
        ("status", 13),
    ] {
        put(&mut fields, name, words[at]);
    }
    Some(Line { form: "pairs", when: time::read(words[10]), fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_names_are_told() {
        let shown = |line: Option<Line<'_>>| {
            let fields = line.map(|line| line.fields).unwrap_or_default();
            let list: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            list.join(" ")
        };
        assert_eq!(
            shown(umbrella(
                "\"2021-03-03 01:02:03\",\"ann\",\"ann,PC\",\"10.0.0.5\",\"203.0.113.1\",\"Blocked\",\"1 (A)\",\"NOERROR\",\"evil.example.\",\"Malware\""
            )),
            "user=ann src_ip=10.0.0.5 action=Blocked record_type=1 (A) answer=NOERROR query=evil.example"
        );
        assert_eq!(
            shown(umbrella(
                "\"2021-03-03 01:02:03\",\"PC\",\"10.0.0.5\",\"203.0.113.1\", \"192.0.2.66\",\"\",\"ALLOWED\",\"http://evil.example/x\",\"\",\"agent/1\",\"200\""
            )),
            "user=PC src_ip=10.0.0.5 dst_ip=192.0.2.66 action=ALLOWED url=http://evil.example/x cs(User-Agent)=agent/1 sc-status=200"
        );
        assert_eq!(
            shown(flow(
                "2 123456789010 eni-1235b8 10.0.0.5 192.0.2.66 50000 443 6 20 4249 1614733323 1614733383 REJECT OK"
            )),
            "account=123456789010 interface=eni-1235b8 src_ip=10.0.0.5 dst_ip=192.0.2.66 src_port=50000 dst_port=443 proto=6 bytes=4249 action=REJECT status=OK"
        );
        assert!(umbrella("\"2021-03-03 01:02:03\",\"a\",\"b\"").is_none());
        assert!(flow("2 files were changed").is_none());
    }
}
