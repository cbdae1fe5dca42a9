//! Gateways of mail: Barracuda's and ASSP. (Postfix, Exim and sendmail are told by what they say of the other side.)

use super::{Line, Pairs, peer, put};
use crate::time;

/// `mail.example.com[192.0.2.66] 1614733323-04b8a-abc 1614733320 1614733323 SCAN ENC from@example.com to@example.org …`, as
/// Barracuda's gateway writes it; `false` for other messages.
pub(super) fn put_barracuda<'t>(fields: &mut Pairs<'t>, message: &'t str) -> bool {
    let words: Vec<&str> = message.split(' ').collect();
    let at = |index: usize| words.get(index).copied().unwrap_or("");
    if !["RECV", "SCAN", "SEND"].contains(&at(4)) {
        return false;
    }
    let (host, address) = at(0).split_once('[').unwrap_or(("", at(0)));
    put(fields, "src_host", host);
    put(fields, "src_ip", peer::first(address).unwrap_or(""));
    put(fields, "id", at(1));
    put(fields, "event", at(4));
    if at(4) == "SEND" {
        return true;
    }
    let mut mail = words[5..].iter().filter(|word| word.contains('@'));
    put(fields, "sender", mail.next().copied().unwrap_or(""));
    put(fields, "recipient", mail.next().copied().unwrap_or(""));
    put(fields, "subject", message.split_once("SUBJ:").map_or("", |(_, subject)| subject));
    true
}

/// `Mar-03-21 01:02:03 m1-33323-01234 [Worker_1] 192.0.2.66 <from@example.com> to: to@example.org …`
pub(super) fn assp(line: &str) -> Option<Line<'_>> {
    let bytes = line.as_bytes();
    if bytes.len() < 20 || bytes[3] != b'-' || bytes[6] != b'-' || bytes[9] != b' ' {
        return None;
    }
    let (month, day, year) = (line.get(..3)?, line.get(4..6)?, line.get(7..9)?);
    let when = time::read(&format!("{day}-{month}-20{year} {}", line.get(10..18)?))?;
    let message = line.get(18..)?.trim_start();
    let mut fields = Vec::with_capacity(6);
    let mut words = message.split(' ').filter(|word| !word.is_empty()).peekable();
    if let Some(id) = words.next_if(|word| word.contains('-') && !word.starts_with('[')) {
        put(&mut fields, "id", id);
    }
    while words.next_if(|word| word.starts_with('[') && word.ends_with(']')).is_some() {}
    let address = words.clone().next().filter(|word| word.parse::<std::net::IpAddr>().is_ok());
    if address.is_some() {
        words.next();
    }
    put(&mut fields, "src_ip", address.unwrap_or(""));
    let sender = words.next().and_then(|word| word.strip_prefix('<')?.strip_suffix('>'));
    put(&mut fields, "sender", sender.unwrap_or(""));
    let to = message.split_once(" to: ").map_or("", |(_, to)| to.split(' ').next().unwrap_or(""));
    put(&mut fields, "recipient", to);
    peer::put_peer(&mut fields, message);
    put(&mut fields, "message", message);
    Some(Line { form: "mail", when: Some(when), fields })
}

#[cfg(test)]
mod tests {
    use super::super::tests::fields;

    #[test]
    fn mail_has_the_other_side_sender_and_recipient() {
        for (text, wanted) in [
            (
                "Mar  3 01:02:03 gw scan[12345]: mail.example.com[192.0.2.66] 1614733323-04b8-abc 1614733320 1614733323 SCAN ENC a@example.com b@example.org - 2 30 - SZ:1234 SUBJ:Hello there",
                "mail: host=gw | program=scan | pid=12345 | src_host=mail.example.com | src_ip=192.0.2.66 | id=1614733323-04b8-abc | event=SCAN | sender=a@example.com | recipient=b@example.org | subject=Hello there | ",
            ),
            (
                "Mar-03-21 01:02:03 m1-33323-01234 [Worker_1] 192.0.2.66 <a@example.com> to: b@example.org [spam found] (DNSBL)",
                "mail: id=m1-33323-01234 | src_ip=192.0.2.66 | sender=a@example.com | recipient=b@example.org | ",
            ),
            (
                "Mar-03-21 01:02:04 [Worker_2] Connected: 192.0.2.66:51000 -> 10.0.0.5:25 -> 127.0.0.1:125",
                "mail: src_ip=192.0.2.66 | dst_ip=10.0.0.5 | ",
            ),
        ] {
            assert!(fields(text).starts_with(wanted), "{}", fields(text));
        }
        let when = super::super::read("Mar-03-21 01:02:04 [Worker_2] x y z").when.unwrap();
        assert_eq!(when.utc().unwrap().to_string(), "2021-03-03T01:02:04Z");
    }
}
