//! The debug log of Windows' DNS server: a packet a line. Its names were written with dots when the log was read (see
//! [`crate::rewritten`]).

use super::{Line, peer, put};
use crate::time;

/// `3/3/2021 1:02:03 AM 0E4C PACKET  00A1 UDP Rcv 192.0.2.66   e5f5 R Q [8081   DR  NOERROR] A      www.example.com`
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let (head, rest) = line.split_once(" PACKET ")?;
    let when = time::leading(head)?;
    let (front, behind) = rest.split_once('[')?;
    let (flags, question) = behind.split_once(']')?;
    let mut words = front.split_ascii_whitespace();
    let proto = words.find(|word| matches!(*word, "UDP" | "TCP"))?;
    let direction = words.next().filter(|word| matches!(*word, "Rcv" | "Snd"))?;
    let other = peer::first(words.next()?)?;
    let is_answer = words.any(|word| word == "R");
    let mut question = question.split_ascii_whitespace();
    let mut fields = Vec::with_capacity(8);
    // Who asks this server, and whom it asks itself.
    let asks_us = (direction == "Rcv") != is_answer;
    put(&mut fields, if asks_us { "src_ip" } else { "dst_ip" }, other);
    put(&mut fields, "proto", proto);
    put(&mut fields, "direction", direction);
    put(&mut fields, "rcode", flags.split_ascii_whitespace().last().unwrap_or(""));
    put(&mut fields, "record_type", question.next().unwrap_or(""));
    put(&mut fields, "query", question.next().unwrap_or(""));
    Some(Line { form: "dns", when: Some(when), fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_has_its_question() {
        for (text, wanted) in [
            (
                "3/3/2021 1:02:03 PM 0E4C PACKET  000000A1E2 UDP Rcv 192.0.2.66   e5f5   Q [0001   D   NOERROR] A      www.example.com          ",
                "src_ip=192.0.2.66 proto=UDP direction=Rcv rcode=NOERROR record_type=A query=www.example.com",
            ),
            (
                "03.03.2021 13:02:03 0E4C PACKET  000000A1E2 UDP Rcv 2001:db8::53   e5f5 R Q [8083   DR NXDOMAIN] TXT    x.evil.example",
                "dst_ip=2001:db8::53 proto=UDP direction=Rcv rcode=NXDOMAIN record_type=TXT query=x.evil.example",
            ),
        ] {
            let line = read(text).unwrap();
            assert_eq!(
                line.when.and_then(time::Moment::utc).unwrap().to_string(),
                "2021-03-03T13:02:03Z"
            );
            let list: Vec<String> =
                line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(list.join(" "), wanted);
        }
        assert!(read("3/3/2021 1:02:03 PM 0E4C EVENT   The DNS server has started.").is_none());
    }
}
