//! Citrix NetScaler (ADC, Gateway): `03/14/2021:01:02:03 GMT ns 0-PPE-0 : default AAA LOGIN_FAILED 7 0 : User ann -
//! Client_ip 192.0.2.66 - …`, alone or in syslog.

use super::{Line, Pairs, endpoint, peer, put};
use crate::time;

/// Reads a line or a message of it.
pub(super) fn read(text: &str) -> Option<Line<'_>> {
    let head =
        text.strip_prefix('<').and_then(|t| t.split_once('>')).map_or(text, |(_, rest)| rest);
    let (front, rest) = head.split_once(" : ")?;
    // The packet engine that wrote it.
    let (front, engine) = front.trim_end().rsplit_once(' ')?;
    let mut parts = engine.split('-');
    let is_number = |part: Option<&str>| {
        part.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()))
    };
    if !(is_number(parts.next()) && parts.next() == Some("PPE") && is_number(parts.next())) {
        return None;
    }
    let (stamp, host) = front.trim_end().rsplit_once(' ')?;
    // Syslog's own heading may stand before it.
    let begin = stamp.find('/').map(|at| stamp[..at].rfind(' ').map_or(0, |blank| blank + 1))?;
    let when = time::read(&stamp[begin..])?;
    let (what, message) = rest.split_once(" : ").or_else(|| rest.split_once(" :"))?;
    let mut words = what.split(' ').filter(|word| !word.is_empty());
    let (_, feature, event) = (words.next()?, words.next()?, words.next()?);
    let mut fields = Vec::with_capacity(12);
    put(&mut fields, "host", host);
    put(&mut fields, "program", feature);
    put(&mut fields, "signature", event);
    said(&mut fields, message);
    fields.push(("message".into(), message.trim_start().into()));
    Some(Line { form: "device", when: Some(when), fields })
}

/// What a message says, between dashes: `Name value - Name value`.
fn said<'t>(fields: &mut Pairs<'t>, message: &'t str) {
    let items = || message.split(" - ").map(str::trim);
    let value = |names: &[&str]| {
        names.iter().find_map(|name| {
            items().find_map(|item| {
                // Marks in brackets may stand before the first.
                let item = item.rsplit("] ").next().unwrap_or(item);
                let rest = item.strip_prefix(name)?.strip_prefix([' ', ':'])?;
                Some(rest.trim().trim_matches('"'))
            })
        })
    };
    let client = value(&["Client_ip", "ClientIP", "Remote_ip", "Source"]).unwrap_or("");
    let (address, port) = endpoint(client);
    let context = || value(&["Context"]).and_then(|c| c.rsplit_once('@')).map(|(_, a)| a);
    let address = peer::first(address).or_else(|| context().and_then(peer::first));
    put(fields, "src_ip", address.unwrap_or(""));
    put(
        fields,
        "src_port",
        if port.is_empty() { value(&["ClientPort"]).unwrap_or("") } else { port },
    );
    let (address, port) =
        endpoint(value(&["Destination", "Vserver", "VserverServiceIP"]).unwrap_or(""));
    put(fields, "dst_ip", peer::first(address).unwrap_or(""));
    put(fields, "dst_port", port);
    put(fields, "user", value(&["User"]).unwrap_or("").split(' ').next().unwrap_or(""));
    put(fields, "cs(User-Agent)", value(&["Browser_type", "Browser"]).unwrap_or(""));
    put(fields, "COMMAND", value(&["Command"]).unwrap_or(""));
    put(fields, "status", value(&["Status", "Failure_reason"]).unwrap_or(""));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_between_dashes_are_fields() {
        for (text, wanted) in [
            (
                "<132> 03/14/2021:01:02:03 GMT ns1 0-PPE-0 : default AAA LOGIN_FAILED 139 0 : User ann@x.example - Client_ip 192.0.2.66 - Failure_reason \"Username/Password mismatch\" - Browser python-httpx/0.27.0",
                "host=ns1 program=AAA signature=LOGIN_FAILED src_ip=192.0.2.66 user=ann@x.example cs(User-Agent)=python-httpx/0.27.0 status=Username/Password mismatch",
            ),
            (
                "<134> 03/14/2021:01:02:03  ns1 0-PPE-0 : default TCP CONN_TERMINATE 449 0 :  Source 192.0.2.66:80 - Destination 10.0.0.5:57620 - Start Time 03/14/2021:01:01:31 ",
                "host=ns1 program=TCP signature=CONN_TERMINATE src_ip=192.0.2.66 src_port=80 dst_ip=10.0.0.5 dst_port=57620",
            ),
            (
                "03/14/2021:01:02:03 GMT ns1 0-PPE-1 : default CLI CMD_EXECUTED 68 0 :  User nsroot - Remote_ip 192.0.2.66 - Command \"show config\" - Status \"Success\"",
                "host=ns1 program=CLI signature=CMD_EXECUTED src_ip=192.0.2.66 user=nsroot COMMAND=show config status=Success",
            ),
        ] {
            let line = read(text).unwrap();
            assert_eq!(
                line.when.and_then(time::Moment::utc).unwrap().to_string(),
                "2021-03-14T01:02:03Z"
            );
            let own = line.fields.iter().filter(|(name, _)| name != "message");
            let list: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(list.join(" "), wanted);
        }
        assert!(read("2021-03-14 01:02:03 a 0-XYZ-0 : default A B 1 0 : text").is_none());
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(text in "(<1>| |03/14/2021:01:02:03 |GMT |ns |0-PPE-0 |: |default |- |User |\\[x\\] |é|\"){0,16}") {
            let _ = read(&text);
        }
    }
}
