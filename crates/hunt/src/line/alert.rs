//! Alerts a line each, as Suricata's `fast.log` and Snort write them.

use super::{Line, endpoint, put};
use crate::time;

/// `03/14/2021-01:02:03.5  [**] [1:2019401:3] name [**] [Classification: …] [Priority: 1] {TCP} a:1 -> b:2`
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (stamp, rest) = line.split_once("[**]")?;
    let when = time::read(stamp)?;
    let rest = rest.split_once('[').map(|(_, rest)| rest)?;
    let (numbers, rest) = rest.split_once(']')?;
    let mut numbers = numbers.split(':');
    let (gid, sid) = (numbers.next()?, numbers.next()?);
    if !sid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (name, rest) = rest.split_once("[**]")?;
    let bracket = |key: &str| {
        let (_, after) = rest.split_once(key)?;
        after.split_once(']').map(|(value, _)| value.trim())
    };
    let mut fields = Vec::with_capacity(10);
    put(&mut fields, "gid", gid);
    put(&mut fields, "sid", sid);
    put(&mut fields, "signature", name.trim());
    put(&mut fields, "classification", bracket("[Classification:").unwrap_or(""));
    put(&mut fields, "priority", bracket("[Priority:").unwrap_or(""));
    if let Some((proto, ends)) = rest.split_once('{').and_then(|(_, r)| r.split_once('}')) {
        put(&mut fields, "proto", proto);
        if let Some((from, to)) = ends.split_once("->") {
            let ((src, src_port), (dst, dst_port)) = (endpoint(from.trim()), endpoint(to.trim()));
            put(&mut fields, "src_ip", src);
            put(&mut fields, "src_port", src_port);
            put(&mut fields, "dst_ip", dst);
            put(&mut fields, "dst_port", dst_port);
        }
    }
    Some(Line { form: "alert", when: Some(when), fields })
}
