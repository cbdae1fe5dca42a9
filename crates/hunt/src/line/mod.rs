//! Lines of text with the fields that their form gives: syslog, Linux' audit, web servers, firewalls,
//! proxies, alerts. Each line is told by its own content, so files may mix forms.

mod access;
mod alert;
pub(crate) mod audit;
mod auth;
mod cisco;
mod cloud;
mod defender;
mod dns;
mod error;
mod firewall;
mod gateway;
mod haproxy;
mod lease;
mod mail;
mod netscaler;
pub(crate) mod nps;
mod pairs;
mod peer;
mod request;
mod service;
mod squid;
mod syslog;
mod w3c;

use std::borrow::Cow;

use crate::time::{self, Moment};

/// Names and values of a record.
pub(crate) type Pairs<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// What one line says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line<'t> {
    /// The form, as log sources name it: `syslog`, `auditd`, `access-log` …; `text` for none.
    pub form: &'static str,
    /// When, as the line writes it.
    pub when: Option<Moment>,
    pub fields: Pairs<'t>,
}

/// Every form that is told apart.
pub(crate) const FORMS: &[&str] = &[
    "access-log",
    "alert",
    "auditd",
    "cef",
    "defender",
    "device",
    "dhcp",
    "dns",
    "error-log",
    "filterlog",
    "fortinet",
    "iis",
    "iptables",
    "leef",
    "mail",
    "paloalto",
    "pairs",
    "radius",
    "squid",
    "syslog",
    "text",
];

/// Reads a line.
pub(crate) fn read(text: &str) -> Line<'_> {
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    formed(text).unwrap_or_else(|| {
        searched(text).unwrap_or_else(|| {
            let mut fields = Vec::new();
            let when = time::leading(text);
            // What the journal gives out alone has no time, but the program's number.
            if when.is_some() || text.contains("]: ") || text.contains(" > ") {
                peer::put_peer(&mut fields, text);
            }
            Line { form: if text.contains(": %") { "device" } else { "text" }, when, fields }
        })
    })
}

/// Reads a line that has one of the forms.
fn formed(text: &str) -> Option<Line<'_>> {
    audit::read(text)
        .or_else(|| squid::read(text))
        .or_else(|| alert::read(text))
        .or_else(|| error::read(text))
        .or_else(|| w3c::read(text))
        .or_else(|| w3c::native(text))
        .or_else(|| cisco::read(text))
        .or_else(|| netscaler::read(text))
        .or_else(|| dns::read(text))
        .or_else(|| defender::read(text))
        .or_else(|| syslog::read(text))
        .or_else(|| lease::windows(text))
        .or_else(|| lease::kea(text))
        .or_else(|| mail::assp(text))
        .or_else(|| gateway::mikrotik(text))
        .or_else(|| access::read(text))
        .or_else(|| haproxy::read(text))
        .or_else(|| firewall::palo_alto(text))
        .or_else(|| request::read(text))
        .or_else(|| service::read(text))
        .or_else(|| cloud::flow(text))
        .or_else(|| cloud::umbrella(text))
        .or_else(|| nps::read(text))
        .or_else(|| pairs::read(text))
}

/// Reads a line as searches through files put it out, behind the file's name and the line's number: `access.log:12:…`.
fn searched(text: &str) -> Option<Line<'_>> {
    const LONGEST: usize = 260;
    let places = memchr::memchr_iter(b':', text.as_bytes()).take_while(|at| *at <= LONGEST);
    for at in places.take(4) {
        let name = &text[..at];
        if name.contains(['"', '=']) {
            return None;
        }
        let rest = &text[at + 1..];
        let number = rest.bytes().take_while(u8::is_ascii_digit).count();
        let rest =
            if number > 0 && rest[number..].starts_with(':') { &rest[number + 1..] } else { rest };
        // A file has an ending; what precedes a line of a log in other ways has none.
        let is_name = name.rsplit(['/', '\\']).next().is_some_and(|last| {
            last.rsplit_once('.').is_some_and(|(_, ending)| {
                (1..=10).contains(&ending.len())
                    && ending.bytes().all(|b| b.is_ascii_alphanumeric())
            })
        });
        if is_name && let Some(line) = formed(rest).filter(|line| line.when.is_some()) {
            return Some(line);
        }
    }
    None
}
/// Reads a line that stands in a record of another log; `None` when it has no form.
pub(crate) fn read_inner(text: &str) -> Option<Line<'_>> {
    Some(read(text)).filter(|line| line.form != "text" && !line.fields.is_empty())
}

/// The address of the other side that a message names.
pub(crate) fn peer_of(text: &str) -> Option<&str> {
    peer::peer(text)
}

/// Adds a field unless it is empty or a dash.
fn put<'t>(fields: &mut Pairs<'t>, name: &'static str, value: &'t str) {
    if !value.is_empty() && value != "-" {
        fields.push((Cow::Borrowed(name), Cow::Borrowed(value)));
    }
}

/// Splits `address:port`, `[address]:port` and `address` alone.
fn endpoint(text: &str) -> (&str, &str) {
    if let Some((address, rest)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) {
        return (address, rest.strip_prefix(':').unwrap_or(""));
    }
    match text.rsplit_once(':') {
        Some((address, port))
            if !port.is_empty()
                && port.bytes().all(|b| b.is_ascii_digit())
                && (!address.contains(':') || address.matches(':').count() == 7) =>
        {
            (address, port)
        }
        _ => (text, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn fields(text: &str) -> String {
        let line = read(text);
        let list: Vec<String> =
            line.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}: {}", line.form, list.join(" | "))
    }

    #[test]
    fn every_form_has_its_fields() {
        for (text, wanted) in [
            (
                "<34>Mar  3 01:02:03 web1 sshd[77]: Failed password for invalid user oper from 192.0.2.66 port 4711 ssh2",
                "syslog: host=web1 | program=sshd | pid=77 | user=oper | src_ip=192.0.2.66 | src_port=4711 | message=Failed password for invalid user oper from 192.0.2.66 port 4711 ssh2",
            ),
            (
                "<165>1 2021-03-03T01:02:03.5Z mail app 12 ID47 [x@1 k=\"a]b\"][y@2 l=\"m\"] it went down",
                "syslog: host=mail | program=app | pid=12 | msgid=ID47 | x@1.k=a]b | y@2.l=m | message=it went down",
            ),
            (
                "2021-03-03T01:02:03.123456+01:00 web1 sudo:      ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/cat /etc/shadow",
                "syslog: host=web1 | program=sudo | user=ann | TTY=pts/0 | PWD=/home/ann | USER=root | COMMAND=/bin/cat /etc/shadow | message=     ann : TTY=pts/0 ; PWD=/home/ann ; USER=root ; COMMAND=/bin/cat /etc/shadow",
            ),
            (
                "Mar  3 01:02:03 gw kernel: [12.5] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.66 DST=10.0.0.5 LEN=40 PROTO=TCP SPT=4711 DPT=22 SYN",
                "iptables: host=gw | program=kernel | action=BLOCK | IN=eth0 | src_ip=192.0.2.66 | dst_ip=10.0.0.5 | LEN=40 | proto=TCP | src_port=4711 | dst_port=22 | message=[12.5] [UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.66 DST=10.0.0.5 LEN=40 PROTO=TCP SPT=4711 DPT=22 SYN",
            ),
            (
                "Mar  3 01:02:03 gw filterlog[9]: 5,,,1000000103,em0,match,block,in,4,0x0,,64,0,0,DF,6,tcp,60,192.0.2.66,10.0.0.5,4711,443,0,S,1,,64240,,mss",
                "filterlog: host=gw | program=filterlog | pid=9 | interface=em0 | action=block | direction=in | proto=tcp | src_ip=192.0.2.66 | dst_ip=10.0.0.5 | src_port=4711 | dst_port=443 | message=5,,,1000000103,em0,match,block,in,4,0x0,,64,0,0,DF,6,tcp,60,192.0.2.66,10.0.0.5,4711,443,0,S,1,,64240,,mss",
            ),
            (
                "date=2021-03-03 time=01:02:03 devname=\"fw 1\" type=\"traffic\" srcip=10.0.0.5 srcport=50000 dstip=192.0.2.66 dstport=443 action=\"accept\"",
                "fortinet: date=2021-03-03 | time=01:02:03 | devname=fw 1 | type=traffic | srcip=10.0.0.5 | srcport=50000 | dstip=192.0.2.66 | dstport=443 | action=accept | src_ip=10.0.0.5 | dst_ip=192.0.2.66 | src_port=50000 | dst_port=443",
            ),
            (
                "CEF:0|Maker|Wall|1|100|odd \\| name|7|src=10.0.0.5 dst=192.0.2.66 request=http://evil.example/a\\=b msg=two words act=blocked",
                "cef: vendor=Maker | product=Wall | version=1 | signature_id=100 | signature=odd | name | severity=7 | src=10.0.0.5 | dst=192.0.2.66 | request=http://evil.example/a=b | msg=two words | act=blocked | src_ip=10.0.0.5 | dst_ip=192.0.2.66 | action=blocked | url=http://evil.example/a=b",
            ),
            (
                "03/14/2021-01:02:03.5  [**] [1:2019401:3] ET MALWARE Some Name [**] [Classification: A thing] [Priority: 1] {TCP} 10.0.0.5:50000 -> 192.0.2.66:80",
                "alert: gid=1 | sid=2019401 | signature=ET MALWARE Some Name | classification=A thing | priority=1 | proto=TCP | src_ip=10.0.0.5 | src_port=50000 | dst_ip=192.0.2.66 | dst_port=80",
            ),
            (
                "1614733323.123    345 10.0.0.5 TCP_MISS/200 1234 GET http://evil.example:8080/a?b ann HIER_DIRECT/192.0.2.66 text/html",
                "squid: r-host=evil.example | c-uri=http://evil.example:8080/a?b | c-ip=10.0.0.5 | s-action=TCP_MISS | sc-status=200 | sc-bytes=1234 | cs-method=GET | cs-username=ann | dst_ip=192.0.2.66 | content-type=text/html | time-taken=345",
            ),
            (
                "mail.example:443 192.0.2.66 - ann [03/Mar/2021:01:02:03 +0000] \"POST /a?b=\\\"c HTTP/1.1\" 200 12 \"-\" \"agent \\\"x\\\"\"",
                "access-log: c-ip=192.0.2.66 | cs-host=mail.example | cs-username=ann | cs-method=POST | cs-uri-stem=/a | cs-uri-query=b=\\\"c | cs-version=HTTP/1.1 | sc-status=200 | sc-bytes=12 | cs(User-Agent)=agent \\\"x\\\"",
            ),
            (
                "192.0.2.66 - - [03/Mar/2021:01:02:03 +0000] \"\\x16\\x03\\x01\" 400 0",
                "access-log: c-ip=192.0.2.66 | cs-uri-stem=\\x16\\x03\\x01 | sc-status=400 | sc-bytes=0",
            ),
            (
                "[Wed Mar 03 01:02:03.5 2021] [core:error] [pid 12:tid 7] [client 192.0.2.66:4711] AH00126: odd request",
                "error-log: level=core:error | pid=12 | c-ip=192.0.2.66 | message=AH00126: odd request",
            ),
            (
                "2021/03/03 01:02:03 [error] 31#31: *1 open() failed, client: 192.0.2.66, server: _, request: \"GET /x?y HTTP/1.1\", host: \"h.example\"",
                "error-log: level=error | pid=31 | c-ip=192.0.2.66 | cs-host=h.example | cs-method=GET | cs-uri-stem=/x | cs-uri-query=y | message=*1 open() failed, client: 192.0.2.66, server: _, request: \"GET /x?y HTTP/1.1\", host: \"h.example\"",
            ),
            (
                "1,2021/03/03 01:02:03,001,TRAFFIC,end,1,2021/03/03 01:02:04,10.0.0.5,192.0.2.66,203.0.113.1,192.0.2.66,out,ann,,web,vsys1,in,out,e1,e2,log,x,1,1,50000,443,1,443,0x0,tcp,allow,100",
                "paloalto: type=TRAFFIC | subtype=end | src_ip=10.0.0.5 | dst_ip=192.0.2.66 | rule=out | user=ann | app=web | src_port=50000 | dst_port=443 | proto=tcp | action=allow",
            ),
            ("connection to evil.example failed", "text: "),
            (
                "192.0.2.66, ann, 3/3/2021, 1:02:03, W3SVC1, MAIL01, 10.0.0.5, 613, 747, 3228, 200, 0, POST, /x.aspx, a=b,",
                "iis: c-ip=192.0.2.66 | cs-username=ann | s-sitename=W3SVC1 | s-computername=MAIL01 | s-ip=10.0.0.5 | time-taken=613 | cs-bytes=747 | sc-bytes=3228 | sc-status=200 | sc-win32-status=0 | cs-method=POST | cs-uri-stem=/x.aspx | cs-uri-query=a=b",
            ),
            (
                "<Properties action=\"U\" name=\"T\" appName=\"x.exe\" enabled=\"1\" comment=\"\"/>",
                "text: ",
            ),
            (
                "Mar  3 01:02:03 asa %ASA-6-302013: Built outbound",
                "device: host=asa | mnemonic=ASA-6-302013 | message=%ASA-6-302013: Built outbound",
            ),
        ] {
            assert_eq!(fields(text), wanted, "{text}");
            assert!(FORMS.contains(&read(text).form));
        }
    }

    #[test]
    fn prose_has_no_form() {
        for text in [
            "The attackers used a=b, c=d and then some other words for it all.",
            "version 1.2.3 was published [Mar 2021] with \"quotes\" 200",
            "2021-03-03 01:02:03 INFO start: done",
            "",
            "1,2,3",
        ] {
            assert_eq!(read(text).form, "text", "{text}");
        }
    }

    #[test]
    fn ends_of_connections() {
        for (text, wanted) in [
            ("192.0.2.1:80", ("192.0.2.1", "80")),
            ("192.0.2.1", ("192.0.2.1", "")),
            ("[2001:db8::1]:443", ("2001:db8::1", "443")),
            ("2001:db8::1", ("2001:db8::1", "")),
            ("2001:0db8:0:0:0:0:0:1:80", ("2001:0db8:0:0:0:0:0:1", "80")),
        ] {
            assert_eq!(endpoint(text), wanted);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics(text in ".{0,80}") {
            let _ = read(&text);
        }

        #[test]
        fn no_broken_line_panics(
            text in "(<34>|1 |Mar  3 01:02:03 |2021-03-03T01:02:03Z |h |a\\[1\\]: |kernel: |filterlog: |[0-9]{1,4},|TRAFFIC,|CEF:0|LEEF:2.0|\\||\\\\|=|a=\"|\"|\\[|\\]| |\\[\\*\\*\\]|\\{TCP\\}|->|\\{|\\}|msg=audit\\(|type=X |'|[a0]{2}|é|IN= |1614733323.1 |TCP/20 ){0,16}"
        ) {
            let _ = read(&text);
        }
    }
}
