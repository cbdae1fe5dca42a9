//! One value planted in a log of each kind, with columns in an order of their own: it is found with its time and field.

use std::fs;
use std::io::Write as _;

use lapwing_hunt::{Checks, Hunt, Indicator, Matcher, Options, Silent, hunt};
use lapwing_model::{Entity, Kind};

fn hunted(name: &str, log: &[u8], kind: Kind, value: &str) -> Hunt {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, log).expect("a log");
    let matcher = Matcher::compile([Indicator::new(Entity::new(kind, value), 0.9, "a list")]);
    let options = Options { jobs: 1, file_times: false, ..Options::default() };
    hunt(&[path], &matcher, Checks::builtin(), &options, &Silent)
}

/// A log, a planted value, and where it is to be found.
struct Planted {
    name: &'static str,
    log: Vec<u8>,
    kind: Kind,
    value: &'static str,
    time: &'static str,
    why: &'static str,
}

fn planted(
    name: &'static str,
    log: impl AsRef<[u8]>,
    (kind, value): (Kind, &'static str),
    time: &'static str,
    why: &'static str,
) -> Planted {
    Planted { name, log: log.as_ref().to_vec(), kind, value, time, why }
}

const ADDRESS: (Kind, &str) = (Kind::Ipv4Addr, "198.51.100.77");
const DOMAIN: (Kind, &str) = (Kind::DomainName, "evil.example");

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

fn logs() -> Vec<Planted> {
    // `http://drop.evil.example/x`
    let hexadecimal = "687474703A2F2F64726F702E6576696C2E6578616D706C652F78";
    let iis = "#Software: Microsoft Internet Information Services 10.0\n#Fields: c-ip time date cs-uri-stem sc-status\n198.51.100.77 06:00:00 2022-09-14 /q 200\n";
    let mut nuls = b"Sep 14 2022 05:49:00 fw1 app: a first line that is whole\n".to_vec();
    nuls.extend([0; 600]);
    nuls.extend(b"\nSep 14 2022 05:50:00 fw1 app: from 198.51.100.77\n");
    vec![
        planted(
            "returns.log",
            iis.replace('\n', "\r"),
            ADDRESS,
            "2022-09-14T06:00:00Z",
            "field c-ip",
        ),
        planted("wide.log", utf16(iis), ADDRESS, "2022-09-14T06:00:00Z", "field c-ip"),
        planted(
            "wide-returns.log",
            utf16(&iis.replace('\n', "\r")),
            ADDRESS,
            "2022-09-14T06:00:00Z",
            "field c-ip",
        ),
        planted("damaged.log", nuls, ADDRESS, "2022-09-14T05:50:00Z", "field src_ip"),
        planted(
            "access.log",
            "1663134200.123    55 10.0.0.9 TCP_TUNNEL/200 5120 CONNECT a.example:443 bob HIER_DIRECT/198.51.100.77 -\n",
            ADDRESS,
            "2022-09-14T05:43:20.123Z",
            "",
        ),
        planted(
            "SG_main.log",
            "#Software: SGOS 6.7.5.3\n#Fields: date time cs-host s-action sc-status c-ip cs-uri-path s-supplier-ip\n2022-09-14 05:44:10 www.a.example TCP_NC_MISS 200 10.0.0.9 /p.php 198.51.100.77\n",
            ADDRESS,
            "2022-09-14T05:44:10Z",
            "this machine itself asked for it",
        ),
        planted(
            "audit.log",
            format!(
                "type=EXECVE msg=audit(1663132900.250:991): argc=2 a0=\"curl\" a1={hexadecimal}\n"
            ),
            DOMAIN,
            "2022-09-14T05:21:40.25Z",
            "field a1",
        ),
        planted(
            "table.csv",
            "Aktion;Zeit;Quelle;Ziel;Port\nallow;14.09.2022 07:46:00;10.0.0.9;198.51.100.77;443\n",
            ADDRESS,
            "2022-09-14T07:46:00Z",
            "field Ziel",
        ),
        planted(
            "two.csv",
            "\u{feff}Time,Src\r\n2022-09-14 07:46:00,198.51.100.77\r\n",
            ADDRESS,
            "2022-09-14T07:46:00Z",
            "field Src",
        ),
        planted(
            "größe.csv",
            "Zeit;Größe;Ziel\n14.09.2022 07:46:00;5;198.51.100.77\n",
            ADDRESS,
            "2022-09-14T07:46:00Z",
            "field Ziel",
        ),
        planted(
            "two-columns.csv",
            "Aktion;Datum;Uhrzeit;Ziel\nallow;14.09.2022;07:46:00;198.51.100.77\n",
            ADDRESS,
            "2022-09-14T07:46:00Z",
            "field Ziel",
        ),
        planted(
            "eve.json",
            "{\"timestamp\":\"2022-09-14T07:30:00.5+0200\",\"event_type\":\"dns\",\"src_ip\":\"10.0.0.9\",\"dest_ip\":\"10.0.0.1\",\"proto\":\"UDP\",\"dns\":{\"type\":\"query\",\"rrname\":\"a.evil.example\"}}\n",
            DOMAIN,
            "2022-09-14T05:30:00.5Z",
            "this machine itself asked for it",
        ),
        planted(
            "tls.json",
            "{\"timestamp\":\"2022-09-14T07:30:00+0200\",\"event_type\":\"tls\",\"src_ip\":\"10.0.0.9\",\"dest_ip\":\"10.0.0.1\",\"tls\":{\"ja3\":{\"hash\":\"aabbccddeeff00112233445566778899\"}}}\n",
            (Kind::Md5, "aabbccddeeff00112233445566778899"),
            "2022-09-14T05:30:00Z",
            "the record names it",
        ),
        planted(
            "files.json",
            "{\"timestamp\":\"2022-09-14T07:30:00+0200\",\"event_type\":\"fileinfo\",\"src_ip\":\"10.0.0.9\",\"dest_ip\":\"10.0.0.1\",\"fileinfo\":{\"filename\":\"x\",\"md5\":\"aabbccddeeff00112233445566778899\"}}\n",
            (Kind::Md5, "aabbccddeeff00112233445566778899"),
            "2022-09-14T05:30:00Z",
            "went over the network",
        ),
        planted(
            "conn.log",
            "#separator \\x09\n#path\tconn\n#fields\tuid\tid.resp_h\tts\tid.orig_h\n#types\tstring\taddr\ttime\taddr\nC1\t198.51.100.77\t1663134000.500000\t10.0.0.9\n",
            ADDRESS,
            "2022-09-14T05:40:00.5Z",
            "field id.resp_h",
        ),
        planted(
            "MSGTRK.LOG",
            "#Software: Microsoft Exchange Server\r\n#Log-type: Message Tracking Log\r\n#Fields: event-id,date-time,client-ip,recipient-address,message-subject,sender-address\r\nRECEIVE,2022-09-14T02:00:04.777Z,198.51.100.77,bob@corp.example,\"Invoice, final\",a@b.example\r\n",
            ADDRESS,
            "2022-09-14T02:00:04.777Z",
            "field client-ip",
        ),
    ]
}

/// Logs of devices and clouds: a record each in a form of its own.
fn devices() -> Vec<Planted> {
    let record = |address: &str, pad: usize| {
        let pad = "x".repeat(pad);
        format!(
            "{{\"eventTime\":\"2022-09-14T05:40:00Z\",\"pad\":\"{pad}\",\"sourceIPAddress\":\"{address}\"}}"
        )
    };
    // Longer than a line may be, so that its records are cut out while it is read.
    let trail =
        [record("10.0.0.9", 700_000), record("198.51.100.77", 5), record("10.0.0.9", 700_000)];
    let trail = format!("{{\"Records\":[{}]}}", trail.join(","));
    let one = |name, log: &str, value, why| planted(name, log, value, "2022-09-14T05:40:00Z", why);
    vec![
        one("trail.json", &trail, ADDRESS, "field sourceIPAddress"),
        one(
            "small.json",
            &format!(
                "{{\"Records\":[{},{}]}}\n",
                record("10.0.0.9", 1),
                record("198.51.100.77", 1)
            ),
            ADDRESS,
            "field sourceIPAddress",
        ),
        one(
            "docker.log",
            "{\"log\":\"{\\\"ts\\\":\\\"2022-09-14T05:40:00Z\\\",\\\"remote_ip\\\":\\\"198.51.100.77\\\"}\\n\",\"stream\":\"stdout\",\"time\":\"2022-09-14T05:40:01Z\"}\n",
            ADDRESS,
            "it was a client",
        ),
        one(
            "asa.log",
            "<166>Sep 14 2022 05:40:00 fw1 : %ASA-6-302013: Built outbound TCP connection 7 for outside:198.51.100.77/443 (198.51.100.77/443) to inside:10.0.0.9/50000 (203.0.113.1/1283)\n",
            ADDRESS,
            "this machine itself asked for it (field dst_ip)",
        ),
        one(
            "lb.log",
            "Sep 14 05:40:00 lb haproxy[7]: 198.51.100.77:38862 [14/Sep/2022:05:40:00.000] in~ app/one 0/0/1/0/2 200 168 - - ---- 6/6/0/0/0 0/0 {h.example||} {|||} \"GET /a HTTP/1.1\"\n",
            ADDRESS,
            "field c-ip",
        ),
        one(
            "hits.txt",
            "logs/u_ex220914.log:12:2022-09-14 05:40:00 10.0.0.5 POST /a.aspx - 443 - 198.51.100.77 agent/1 - 200 0 0 46\n",
            ADDRESS,
            "it was a client and was answered with 200 (field c-ip)",
        ),
        one(
            "tcpdump.txt",
            "2022-09-14 05:40:00.000000 IP 10.0.0.9.50000 > 198.51.100.77.443: Flags [S], seq 1\n",
            ADDRESS,
            "this machine itself asked for it (field dst_ip)",
        ),
        one(
            "ns.log",
            "<132> 09/14/2022:05:40:00 GMT ns1 0-PPE-0 : default AAA LOGIN_FAILED 139 0 : User ann - Client_ip 198.51.100.77 - Failure_reason \"no\" - Browser x/1\n",
            ADDRESS,
            "field src_ip",
        ),
        one(
            "dns.log",
            "DNS Server log file creation at 9/14/2022 5:00:00 AM\r\n\r\n9/14/2022 5:40:00 AM 0E4C PACKET  00A1 UDP Rcv 10.0.0.9   e5f5   Q [0001   D   NOERROR] A      (4)evil(7)example(0)\r\n",
            DOMAIN,
            "field query",
        ),
        one(
            "security.txt",
            "Event[0]:\r\n  Log Name: Security\r\n  Source: Microsoft-Windows-Security-Auditing\r\n  Date: 2022-09-14T05:39:00.000Z\r\n  Event ID: 4634\r\n  Computer: pc\r\n  Description: \r\nAn account was logged off.\r\n\r\nEvent[1]:\r\n  Log Name: Security\r\n  Source: Microsoft-Windows-Security-Auditing\r\n  Date: 2022-09-14T05:40:00.000Z\r\n  Event ID: 4625\r\n  Computer: pc\r\n  Description: \r\nAn account failed to log on.\r\n\r\nNetwork Information:\r\n\tWorkstation Name:\tX\r\n\tSource Network Address:\t198.51.100.77\r\n\tSource Port:\t4711\r\n",
            ADDRESS,
            "field IpAddress",
        ),
        one(
            "list.txt",
            "\r\nTimeCreated  : 9/14/2022 5:39:00 AM\r\nProviderName : Microsoft-Windows-Security-Auditing\r\nId           : 4634\r\nMessage      : An account was logged off.\r\n\r\nTimeCreated  : 9/14/2022 5:40:00 AM\r\nProviderName : Microsoft-Windows-Security-Auditing\r\nId           : 4625\r\nMessage      : An account failed to log on.\r\n               \r\n               Network Information:\r\n               \tSource Network Address:\t198.51.100.77\r\n               \tSource Port:\t\t4711\r\n",
            ADDRESS,
            "field IpAddress",
        ),
        one(
            "vsftpd.log",
            "Wed Sep 14 05:40:00 2022 [pid 7] [ann] FAIL LOGIN: Client \"198.51.100.77\"\n",
            ADDRESS,
            "field src_ip",
        ),
    ]
}

#[test]
fn a_value_is_found_where_a_line_without_end_is_cut() {
    // The value lies across the place where the first piece is full.
    for place in (1 << 20) - 14..(1 << 20) + 2 {
        let mut endless = "10.0.0.9, ".repeat(150_000);
        endless.replace_range(place..place + 15, " 198.51.100.77,");
        let found = hunted("endless.txt", endless.as_bytes(), ADDRESS.0, ADDRESS.1).findings;
        assert_eq!(found.iter().filter(|f| f.rule.is_none()).count(), 1, "{place}");
    }
}

#[test]
fn a_value_is_found_in_each_log_with_its_time_and_field() {
    for Planted { name, log, kind, value, time, why } in logs().into_iter().chain(devices()) {
        let result = hunted(name, &log, kind, value);
        let found: Vec<_> = result
            .findings
            .iter()
            .filter(|f| f.rule.is_none() && f.finding.contains(value))
            .collect();
        let [found] = found[..] else { panic!("{name}: {:?}", result.findings) };
        assert_eq!(found.time.map(|time| time.to_string()).as_deref(), Some(time), "{name}");
        assert!(found.why.contains(why), "{name}: {}", found.why);
        assert_eq!(result.verdict.looked_for.indicators, 1, "{name}");
    }
}

#[test]
fn what_only_looks_like_the_address_of_a_proxy_is_the_version_of_a_product() {
    for (word, found) in [
        ("HIER_DIRECT", true),
        ("FIRSTUP_PARENT", true),
        ("PINNED", true),
        ("Agent", false),
        ("Chrome", false),
        ("VLC", false),
    ] {
        let log = format!("2022-09-14T05:00:00Z x {word}/198.51.100.77 y\n");
        let result = hunted("app.log", log.as_bytes(), ADDRESS.0, ADDRESS.1);
        assert_eq!(!result.findings.is_empty(), found, "{word}");
    }
}

#[test]
fn the_members_of_an_archive_without_its_end_are_read() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for name in ["a/one.log", "two.log"] {
        archive.start_file(name, options).unwrap();
        archive.write_all(b"2022-09-14T05:00:00Z from 198.51.100.77\n").unwrap();
    }
    let whole = archive.finish().unwrap().into_inner();
    let found = |bytes: &[u8]| {
        let result = hunted("case.zip", bytes, ADDRESS.0, ADDRESS.1);
        let files: Vec<String> = result
            .findings
            .iter()
            .filter_map(|f| f.file.split_once('!').map(|(_, member)| member.to_owned()))
            .collect();
        (files, result.problems.len())
    };
    let both = vec!["a/one.log".to_owned(), "two.log".to_owned()];
    assert_eq!(found(&whole), (both.clone(), 0));
    assert_eq!(found(&whole[..whole.len() - 30]), (both, 1));
    let (files, problems) = found(&whole[..whole.len() / 3]);
    assert_eq!((files, problems), (vec!["a/one.log".to_owned()], 1));
}

#[test]
fn an_event_log_without_events_says_so() {
    let mut header = b"ElfFile\0".to_vec();
    header.resize(4096, 0);
    let rows = |log: &[u8]| {
        let result = hunted("a.evtx", log, ADDRESS.0, ADDRESS.1);
        let rows = result.verdict.looked_at.into_iter().map(|row| (row.source, row.files));
        (rows.collect::<Vec<_>>(), result.problems.len())
    };
    let of = |what: &str| vec![(format!("Windows event logs (EVTX) of {what}"), 1)];
    assert_eq!(rows(&header), (of("channels without any event"), 0));
    let empty = [&header[..], &vec![0; 65536]].concat();
    assert_eq!(rows(&empty), (of("channels without any event"), 0));
    let damaged = [&header[..], &vec![7; 65536]].concat();
    assert_eq!(rows(&damaged), (of("which no event could be read"), 1));
}
