//! Records of clouds that are lines of values between blanks: flows of AWS.

use super::{Line, put};
use crate::time;

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
