//! What an indicator's hit proves: that depends on where it stands, not only on what it is.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lapwing_model::{Confidence, Kind, Proof, Severity, Status};

use crate::Indicator;
use crate::record::{Record, shorten};

/// The part that a field plays in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Who asked us.
    Client,
    /// Whom this machine asked.
    Destination,
    /// What was asked for.
    Request,
    /// Where a request says that it comes from or who it is; easily forged.
    Header,
    /// A program or file on the machine.
    Program,
    /// A file that was seen on the network.
    Sent,
    /// The file itself (name, path or hash), on disk.
    OnDisk,
    /// A field of no known part, or text without fields.
    Unknown,
}

/// A graded hit.
#[derive(Clone, Debug)]
pub(crate) struct Graded {
    pub title: String,
    pub severity: Severity,
    pub proof: Proof,
    pub confidence: Confidence,
    pub why: String,
    /// A connection or question that this machine itself sent to the indicator.
    pub outbound: bool,
}

/// The part that a field plays, by the names that logs give it. Case and the signs between words do not count.
pub(crate) fn role(field: &str) -> Role {
    match field {
        "file.name" | "file.path" | "file.md5" | "file.sha1" | "file.sha256" => {
            return Role::OnDisk;
        }
        // The remote side as W3C's proxies name it; PAM's `rhost` and Dovecot's `rip` are who came.
        "r-host" | "r-ip" | "r-dns" | "c-uri" => return Role::Destination,
        _ => {}
    }
    let (front, leaf) = field.rsplit_once('.').unwrap_or(("", field));
    let plain = |text: &str| -> String {
        let signs = |c: &char| !matches!(c, '-' | '_' | ' ' | '(' | ')');
        text.chars().filter(signs).map(|c| c.to_ascii_lowercase()).collect()
    };
    let name = plain(leaf);
    match name.as_str() {
        // What these are of stands before the dot.
        "ip" | "address" | "addr" | "ipaddress" | "hostname" | "domain" if !front.is_empty() => {
            let parent = plain(front.rsplit('.').next().unwrap_or(front));
            match parent.as_str() {
                "source" | "src" | "client" | "remote" | "origin" | "peer" | "caller" | "actor" => {
                    Role::Client
                }
                "destination" | "dest" | "dst" | "question" => Role::Destination,
                _ if name == "ipaddress" => Role::Client,
                _ => Role::Unknown,
            }
        }
        "cip"
        | "clientipaddress"
        | "clientip"
        | "clientaddr"
        | "clientaddress"
        | "clienthost"
        | "ipaddress"
        | "srcip"
        | "sourceip"
        | "sourceips"
        | "sourceipaddress"
        | "origh"
        | "remoteaddr"
        | "remoteaddress"
        | "remotehost"
        | "remoteip"
        | "remoteipaddress"
        | "sourceaddress"
        | "src"
        | "srcaddr"
        | "remote"
        | "client"
        | "peer"
        | "srchost"
        | "sourcenetworkaddress"
        | "originalclientip"
        | "addr"
        | "workstationname"
        | "calleripaddress"
        | "callerip"
        | "actoripaddress"
        | "actorip"
        | "userip"
        | "rip"
        | "rhost"
        | "publicip"
        | "cltip"
        | "ipclient"
        | "remip" => Role::Client,
        "destinationip"
        | "destinationhostname"
        | "dstip"
        | "destip"
        | "resph"
        | "dst"
        | "dstaddr"
        | "destaddr"
        | "queryname"
        | "query"
        | "destaddress"
        | "destinationaddress"
        | "destinationdomain"
        | "rrname"
        | "sni"
        | "servername"
        | "ssupplierip"
        | "cshostout"
        | "queryresults"
        | "serveripout"
        | "serverip"
        | "dnsquery" => Role::Destination,
        "csuristem" | "csuriquery" | "urlstem" | "urlquery" | "url" | "uri" | "request"
        | "csuri" | "path" | "anchormailbox" | "urlhost" | "cshost" | "parameters"
        | "requesturi" | "requesturl" | "requestpath" | "clientrequesturi"
        | "clientrequesthost" | "clientrequestpath" => Role::Request,
        "csuseragent"
        | "useragent"
        | "csreferer"
        | "referer"
        | "referrer"
        | "cscookie"
        | "csusername"
        | "xforwardedfor"
        | "httpreferer"
        | "httpuseragent"
        | "clientrequestuseragent"
        | "clientrequestreferer" => Role::Header,
        "image" | "hashes" | "hash" | "commandline" | "parentimage" | "parentcommandline"
        | "newprocessname" | "parentprocessname" | "targetfilename" | "imageloaded" | "md5"
        | "sha1" | "sha256" | "sha512" | "imphash" | "processname" | "targetobject"
        | "pipename" => Role::Program,
        _ => Role::Unknown,
    }
}

/// Whether a record is of the way back: what leaves a service's own port answers, as flows and packets are logged.
fn is_answer(record: &Record<'_>) -> bool {
    let port = |name: &str| record.get(name).and_then(|port| port.parse::<u16>().ok());
    matches!((port("src_port"), port("dst_port")), (Some(from @ 1..1024), Some(1024..)) if !matches!(from, 20 | 123 | 500 | 514))
}

/// Whether Defender for Endpoint tells of a connection that the machine itself began to the other side in a field.
fn began_here(record: &Record<'_>, field: &str) -> bool {
    let leaf = field.rsplit('.').next().unwrap_or(field);
    let action = || record.get("ActionType").or_else(|| record.get("properties.ActionType"));
    matches!(leaf, "RemoteIP" | "RemoteUrl")
        && action().is_some_and(|action| {
            ["Connection", "Dns", "Http", "Ssl"].iter().any(|start| action.starts_with(start))
        })
}

/// Whether a field holds a fingerprint of a connection or certificate, which is no file's hash.
fn is_of_a_connection(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    ["ja3", "ja4", "hassh", "tls.", "x509", "cert"].iter().any(|part| field.contains(part))
}

/// Whether a record tells of a file that a sensor saw on the network (Zeek, Suricata).
fn is_of_the_network(record: &Record<'_>) -> bool {
    record.get("fuid").is_some()
        || record.fields.iter().any(|(name, _)| name.starts_with("fileinfo."))
}

/// Grades a hit of `indicator` in `field` of `record`.
pub(crate) fn grade(
    indicator: &Indicator,
    field: Option<(&str, &str)>,
    record: &Record<'_>,
) -> Graded {
    let kind = indicator.entity.kind;
    let role = match field {
        Some((name, _)) if name.starts_with("file.") => Role::OnDisk,
        Some((name, _)) => role(name),
        None => Role::Unknown,
    };
    // Windows' filtering platform and Sysmon say which side began.
    let incoming = record.get("Initiated").is_some_and(|v| v.eq_ignore_ascii_case("false"))
        || record.get("Direction").is_some_and(|v| v == "%%14592");
    let initiated = record.get("Initiated").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    let role = match role {
        Role::Destination if incoming || is_answer(record) => Role::Client,
        // Defender for Endpoint names the other side alike, whoever began.
        Role::Client | Role::Unknown if field.is_some_and(|(name, _)| began_here(record, name)) => {
            Role::Destination
        }
        Role::Client if initiated => Role::Unknown,
        Role::Program if field.is_some_and(|(name, _)| is_of_a_connection(name)) => Role::Unknown,
        Role::Program if is_of_the_network(record) => Role::Sent,
        role => role,
    };
    let status = status_of(record);
    let (severity, proof, what, sure) = match (role, kind) {
        (Role::OnDisk, kind) if kind.is_file_hash() => (
            Severity::Critical,
            Proof::Persistence,
            "a file with this hash lies on disk".to_owned(),
            1.0,
        ),
        (Role::OnDisk, _) => {
            (Severity::Medium, Proof::Contact, "a file with this name lies on disk".to_owned(), 0.6)
        }
        (Role::Sent, kind) if kind.is_file_hash() => (
            Severity::High,
            Proof::Contact,
            "a file with this hash went over the network".to_owned(),
            1.0,
        ),
        (Role::Program, kind) if kind.is_file_hash() => (
            Severity::High,
            Proof::HandsOn,
            "a program with this hash ran or was loaded".to_owned(),
            1.0,
        ),
        (Role::Program, Kind::FileName | Kind::FilePath) => (
            Severity::Medium,
            Proof::Contact,
            "a program or file of this name was used".to_owned(),
            0.6,
        ),
        (Role::Program, _) => (
            Severity::High,
            Proof::Contact,
            "it stands in what a program was asked to do".to_owned(),
            0.9,
        ),
        (Role::Destination, _) if is_blocked(record) => (
            Severity::Medium,
            Proof::Contact,
            "a machine asked for it and was kept from it".to_owned(),
            1.0,
        ),
        (Role::Destination, _) => {
            (Severity::High, Proof::Contact, "this machine itself asked for it".to_owned(), 1.0)
        }
        (Role::Client, _) => match status {
            Some(code) if (200..300).contains(&code) => (
                Severity::Medium,
                Proof::Contact,
                format!("it was a client and was answered with {code}"),
                1.0,
            ),
            Some(code) => (
                Severity::Low,
                Proof::Contact,
                format!("it was a client and was turned away with {code}"),
                1.0,
            ),
            None => (Severity::Medium, Proof::Contact, "it was a client".to_owned(), 1.0),
        },
        (Role::Request, _) => match status {
            Some(code) if !(200..300).contains(&code) => (
                Severity::Low,
                Proof::Contact,
                format!("it stands in a request that was turned away with {code}"),
                0.7,
            ),
            _ => (Severity::Medium, Proof::Contact, "it stands in a request".to_owned(), 0.7),
        },
        (Role::Header, _) => (
            Severity::Low,
            Proof::Contact,
            "it stands in what the client says of itself".to_owned(),
            0.5,
        ),
        (Role::Unknown, kind) if kind.is_file_hash() => {
            (Severity::High, Proof::Contact, "the record names it".to_owned(), 0.9)
        }
        (Role::Unknown | Role::Sent, _) => {
            (Severity::Medium, Proof::Contact, "the record names it".to_owned(), 0.8)
        }
    };
    let (most, note) = ceiling(indicator, record.time);
    let weak_kind =
        matches!(kind, Kind::UserAgent | Kind::FileName | Kind::AutonomousSystem | Kind::Other);
    let severity =
        severity.min(most).min(if weak_kind { Severity::Low } else { Severity::Critical });
    // Doubtful intelligence proves nothing on its own.
    let proof = if severity <= Severity::Medium { proof.min(Proof::Contact) } else { proof };
    let place = field.map_or("the line".to_owned(), |(name, _)| format!("field {name}"));
    let mut why = format!("{}: {what} ({place})", shorten(&indicator.why, 200));
    if let Some(note) = note {
        why.push_str("; ");
        why.push_str(&note);
    }
    Graded {
        title: format!("{} {}", kind_words(kind), indicator.entity.value),
        severity,
        proof,
        confidence: Confidence::from_probability(indicator.probability * sure),
        why,
        outbound: role == Role::Destination && severity >= Severity::High && !is_blocked(record),
    }
}

/// The highest severity that the indicator itself allows, and why it is lowered.
fn ceiling(indicator: &Indicator, time: Option<Timestamp>) -> (Severity, Option<String>) {
    let mut most = Severity::Critical;
    let mut note = None;
    let mut lower = |severity: Severity, why: String| {
        if severity < most {
            most = severity;
            note = Some(why);
        }
    };
    match indicator.status {
        Some(Status::Benign) => {
            lower(Severity::Informational, "the value is known to be legitimate".into());
        }
        Some(Status::Revoked) => lower(Severity::Informational, "its source took it back".into()),
        Some(Status::Expired) => lower(Severity::Low, "the indicator has expired".into()),
        Some(Status::Active | Status::Ageing | Status::Undated) | None => {}
    }
    let percent = (indicator.probability * 100.0).round();
    if indicator.probability < 0.1 {
        lower(Severity::Informational, format!("only {percent} % likely to be hostile"));
    } else if indicator.probability < 0.3 {
        lower(Severity::Low, format!("only {percent} % likely to be hostile"));
    } else if indicator.probability < 0.6 {
        lower(Severity::Medium, format!("{percent} % likely to be hostile"));
    }
    if let (Some(time), Some(seen)) = (time, indicator.last_seen) {
        let day = time.to_zoned(TimeZone::UTC).date();
        let days = seen.last_day().until(day).map_or(0, |span| span.get_days());
        if days > 365 && !indicator.entity.kind.is_file_hash() {
            lower(Severity::Low, format!("last seen in hostile use {days} days before"));
        }
    }
    (most, note)
}

/// Whether a firewall or proxy says that it let nothing through.
fn is_blocked(record: &Record<'_>) -> bool {
    const WORDS: [&str; 8] =
        ["deny", "denied", "block", "blocked", "drop", "dropped", "reject", "rejected"];
    ["action", "act", "disposition", "sc-filter-result"]
        .iter()
        .filter_map(|name| record.get(name))
        .any(|value| WORDS.iter().any(|word| value.eq_ignore_ascii_case(word)))
}

/// The status with which a request was answered.
pub(crate) fn status_of(record: &Record<'_>) -> Option<u16> {
    ["sc-status", "HttpStatus", "status", "StatusCode", "status_code", "http.response.status_code"]
        .iter()
        .find_map(|name| record.get(name).and_then(|v| v.parse().ok()))
}

fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr => "Listed address",
        Kind::DomainName => "Listed domain",
        Kind::Url => "Listed URL",
        Kind::EmailAddr => "Listed mail address",
        Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512 | Kind::Imphash => "Listed hash",
        Kind::FileName | Kind::FilePath => "Listed file",
        Kind::UserAgent => "Listed user agent",
        _ => "Listed value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lapwing_model::Entity;

    fn graded(kind: Kind, probability: f64, fields: &[(&str, &str)]) -> Graded {
        let record = Record {
            fields: fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            raw: "".into(),
            time: None,
            place: None,
            offset: 0,
        };
        let indicator = Indicator::new(Entity::new(kind, "x"), probability, "a list");
        grade(&indicator, fields.first().copied(), &record)
    }

    #[test]
    fn the_place_decides_and_doubt_lowers() {
        let ip = Kind::Ipv4Addr;
        assert_eq!(graded(ip, 0.9, &[("c-ip", "x"), ("sc-status", "404")]).severity, Severity::Low);
        assert_eq!(
            graded(ip, 0.9, &[("c-ip", "x"), ("sc-status", "200")]).severity,
            Severity::Medium
        );
        let out = graded(ip, 0.9, &[("DestinationIp", "x"), ("Initiated", "true")]);
        assert_eq!((out.severity, out.proof, out.outbound), (Severity::High, Proof::Contact, true));
        let scan = graded(ip, 0.9, &[("DestinationIp", "x"), ("Initiated", "false")]);
        assert!(!scan.outbound);
        assert_eq!(graded(ip, 0.05, &[("DestinationIp", "x")]).severity, Severity::Informational);
        for (name, wanted) in [
            ("sourceIPAddress", Role::Client),
            ("source.ip", Role::Client),
            ("client.ipAddress", Role::Client),
            ("junos@2636.1.1.destination-address", Role::Destination),
            ("destination.ip", Role::Destination),
            ("host.ip", Role::Unknown),
            ("r-ip", Role::Destination),
            ("rip", Role::Client),
            ("cs(User-Agent)", Role::Header),
            ("id.orig_h", Role::Client),
        ] {
            assert_eq!(role(name), wanted, "{name}");
        }
        let asked =
            |from, to| graded(ip, 0.9, &[("dst_ip", "x"), ("src_port", from), ("dst_port", to)]);
        assert_eq!(
            (asked("50000", "443").severity, asked("50000", "443").outbound),
            (Severity::High, true)
        );
        assert_eq!(
            (asked("443", "50000").severity, asked("443", "50000").outbound),
            (Severity::Medium, false)
        );
        let remote =
            |action| graded(ip, 0.9, &[("RemoteIP", "x"), ("ActionType", action)]).outbound;
        assert!(
            remote("ConnectionSuccess")
                && !remote("InboundConnectionAccepted")
                && !remote("LogonFailed")
        );
        let disk = graded(Kind::Sha256, 0.9, &[("file.sha256", "x")]);
        assert_eq!((disk.severity, disk.proof), (Severity::Critical, Proof::Persistence));
        let doubtful = graded(Kind::Sha256, 0.4, &[("file.sha256", "x")]);
        assert_eq!((doubtful.severity, doubtful.proof), (Severity::Medium, Proof::Contact));
    }
}
