//! Records of logs that are neither lines nor Windows events: JSON of any kind, journals, transcripts,
//! columns. Each is taken whole: coverage, checks, Sigma rules, indicators.

use lapwing_model::Place;

use crate::event;
use crate::hit::{Role, role};
use crate::line;
use crate::record::record_of;
use crate::scan::Scan;
use crate::sigma::Told;
use crate::source::Reader;
use crate::time::{self, Moment};

/// A record that stands for itself.
#[derive(Debug)]
pub(crate) struct Own<'r> {
    /// The kind of log, as Sigma's log sources and the sources of checks name it.
    pub log: &'r str,
    /// What the log is called when no source knows it.
    pub title: &'r str,
    pub fields: Vec<(String, String)>,
    /// The line that the record is about, for keywords; may be empty.
    pub line: &'r str,
    pub when: Option<Moment>,
    pub place: Place,
    pub offset: u64,
    pub bytes: u64,
}

/// Says that a log of this kind was looked at, though it may hold no record.
pub(crate) fn cover(scan: &mut Scan<'_, '_>, log: &str, title: &str) {
    let source = scan.ctx.source(Reader::Record, &[("form", log), ("path", scan.name)]);
    scan.cover(source, title, 0, 0);
}

/// Takes a record.
pub(crate) fn take(scan: &mut Scan<'_, '_>, own: Own<'_>) {
    let Own { log, title, fields, line, when, place, offset, bytes } = own;
    let source = scan.ctx.source(Reader::Record, &[("form", log), ("path", scan.name)]);
    let time = when.and_then(|when| scan.clock.settle(when));
    scan.cover_within(source, title, 1, scan.in_period(time).into(), bytes);
    scan.cover_time(source, title, time);
    if let Some(when) = when {
        scan.assume(source, title, when);
    }
    let text = text_of(&fields);
    let record = record_of(&fields, &text, time, Some(place), offset);
    let route = scan.ctx.route(source);
    scan.check(&record, route);
    if scan.has_rules() {
        scan.sigma(&Told { log, line, ..Told::default() }, &record);
    }
    for hit in scan.find(text.as_bytes()) {
        let matched = String::from_utf8_lossy(&text.as_bytes()[hit.start..hit.end]);
        scan.hit(&record, hit.indicator, &matched);
    }
}

/// Names and values as one text, a line each: what is searched, and the evidence.
pub(crate) fn text_of(fields: &[(String, String)]) -> String {
    let mut text = String::with_capacity(256);
    for (name, value) in fields {
        text.push_str(name);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    }
    text
}

/// Names under which shippers put the line that they read.
const CARRIED: &[&str] = &[
    "MESSAGE",
    "message",
    "log",
    "event.original",
    "_raw",
    "msg",
    "Message",
    "full_log",
    "raw_message",
];

/// What kind of record these names and values are, with what an inner line adds to them.
#[derive(Debug)]
pub(crate) struct Known {
    pub log: String,
    /// What the log is called when no source knows it.
    pub title: Option<&'static str>,
    pub when: Option<Moment>,
    pub line: String,
}

/// Tells a record's kind by its fields, its time, and what line it carries.
pub(crate) fn know(fields: &mut Vec<(String, String)>) -> Known {
    for (name, _) in fields.iter_mut() {
        for wrapper in ["_source.", "result."] {
            if let Some(rest) = name.strip_prefix(wrapper) {
                *name = rest.to_owned();
            }
        }
    }
    let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    // A record may hold another as text, as containers and collectors wrap what programs write.
    let inner =
        CARRIED.iter().find_map(|name| get(name)).filter(|text| text.trim_start().starts_with('{'));
    let inner = inner.and_then(|text| serde_json::from_str(text).ok());
    let added = inner.map(|value| event::flatten(&value)).unwrap_or_default();
    let when_added = time_of(&added);
    for field in added {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let mut when = when_added.or_else(|| time_of(fields));
    let mut log = kind(&get);
    let title = match log.as_str() {
        "journal" => Some("systemd journal"),
        "json" => {
            let of = TITLES.iter().find(|(_, names)| names.iter().all(|name| get(name).is_some()));
            of.map(|(title, _)| *title)
        }
        _ => None,
    };
    let mut carried = String::new();
    if matches!(log.as_str(), "json" | "journal") {
        if let Some(text) = CARRIED.iter().find_map(|name| get(name)) {
            text.trim_end().clone_into(&mut carried);
        }
        // The journal keeps a program and its message apart, as syslog joins them.
        let joined = match get("SYSLOG_IDENTIFIER") {
            Some(program) => format!("Jan  1 00:00:00 journal {program}: {carried}"),
            None => carried.clone(),
        };
        if let Some(inner) = line::read_inner(&joined) {
            let own = inner.fields.iter().filter(|(name, value)| match name.as_ref() {
                "message" | "MESSAGE" => false,
                "host" => value != "journal",
                _ => true,
            });
            let own: Vec<(String, String)> =
                own.map(|(k, v)| (k.clone().into_owned(), v.clone().into_owned())).collect();
            inner.form.clone_into(&mut log);
            if get("SYSLOG_IDENTIFIER").is_none() {
                when = inner.when.filter(|w| !matches!(w, Moment::Yearless(_))).or(when);
            }
            for field in own {
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
        } else {
            if log == "journal" {
                "syslog".clone_into(&mut log);
            }
            // What a program says in words tells who came where no field does.
            let is_told = |(name, value): &(String, String)| {
                role(name) == Role::Client && value.parse::<std::net::IpAddr>().is_ok()
            };
            let other = line::peer_of(&carried).map(str::to_owned);
            if let Some(other) = other.filter(|_| !fields.iter().any(is_told)) {
                fields.push(("src_ip".to_owned(), other));
            }
        }
    }
    Known { log, title, when, line: carried }
}

/// The time of a record: under the names that are known for it, else under the first that sounds like one.
fn time_of(fields: &[(String, String)]) -> Option<Moment> {
    let get = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let known = TIMES.iter().find_map(|name| get(name).and_then(time::read));
    // Finders tell when what they found began; the record may have been made and changed long after.
    let known = known.or_else(|| {
        let leaf = |name: &str| name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        let is_first = |name: &str| matches!(&*leaf(name), "eventfirstseen" | "createdat");
        fields.iter().find_map(|(name, value)| is_first(name).then(|| time::read(value)).flatten())
    });
    let sounds = |name: &str, afterwards: bool| {
        let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
        ["time", "date", "stamp"].iter().any(|word| name.contains(word))
            && time::is_of_afterwards(&name) == afterwards
    };
    let first = |afterwards: bool| {
        let mut fields = fields.iter();
        fields
            .find_map(|(name, value)| sounds(name, afterwards).then(|| time::read(value)).flatten())
    };
    known.or_else(|| first(false)).or_else(|| first(true))
}

/// What logs of clouds and services are called, by fields that only they have.
const TITLES: &[(&str, &[&str])] = &[
    ("AWS CloudTrail", &["eventSource", "eventName"]),
    ("Microsoft 365 audit log", &["Workload", "Operation"]),
    ("Microsoft Entra sign-in log", &["conditionalAccessStatus"]),
    ("Microsoft Entra sign-in log", &["properties.conditionalAccessStatus"]),
    ("Microsoft Entra sign-in log", &["createdDateTime", "userPrincipalName", "appDisplayName"]),
    (
        "Microsoft Entra sign-in log",
        &["operationName", "properties.userPrincipalName", "properties.ipAddress"],
    ),
    ("Microsoft Entra audit log", &["activityDateTime", "activityDisplayName"]),
    ("Azure activity log", &["operationName", "resourceId"]),
    ("Google Cloud audit log", &["protoPayload.serviceName"]),
    ("Google Workspace audit log", &["id.uniqueQualifier", "events.name"]),
    ("Okta System Log", &["eventType", "actor.alternateId"]),
    ("Kubernetes audit log", &["auditID", "verb"]),
    ("Defender for Endpoint", &["ActionType", "DeviceId"]),
    ("Wazuh alerts", &["rule.level", "agent.id"]),
    ("osquery results", &["hostIdentifier", "unixTime"]),
    ("MongoDB log", &["t.$date", "ctx"]),
    ("Cloudflare log", &["EdgeStartTimestamp"]),
    ("Traefik access log", &["ClientHost", "DownstreamStatus"]),
    ("Caddy access log", &["request.remote_ip", "request.uri", "logger"]),
    ("Caddy access log", &["request.remote_addr", "request.uri", "logger"]),
    ("Google Cloud audit log", &["protoPayload.methodName"]),
    ("AWS GuardDuty findings", &["service.eventFirstSeen"]),
    ("AWS GuardDuty findings", &["detail.service.eventFirstSeen"]),
    ("AWS GuardDuty findings", &["Service.EventFirstSeen"]),
    ("GitHub audit log", &["action", "actor", "actor_ip"]),
    ("GitHub audit log", &["action", "actor", "actor_location.country_code"]),
    ("GitHub audit log", &["action", "actor", "org", "@timestamp"]),
    ("HashiCorp Vault audit log", &["request.operation", "request.path", "type"]),
    ("Container log (Docker)", &["log", "stream", "time"]),
    ("Results of Velociraptor", &["_ts", "ClientId"]),
    ("Results of Velociraptor", &["_Source"]),
];

/// Names of the time of a record, most telling first.
const TIMES: &[&str] = &[
    "@timestamp",
    "__REALTIME_TIMESTAMP",
    "_SOURCE_REALTIME_TIMESTAMP",
    "timestamp",
    "time",
    "ts",
    "Timestamp",
    "datetime",
    "eventTime",
    "published",
    "CreationTime",
    "createdDateTime",
    "activityDateTime",
    "TimeGenerated",
    "TimeCreated",
    "properties.Timestamp",
    "start_time",
    "event_time",
    "date",
    "_time",
    "time_local",
    "time_iso8601",
    "timeStamp",
    "requestReceivedTimestamp",
    "id.time",
    "t.$date",
    "EdgeStartTimestamp",
    "StartUTC",
    "StartLocal",
    "unixTime",
    "calendarTime",
    "asctime",
    "@t",
    "protoPayload.startTime",
    "_ts",
    "service.eventFirstSeen",
    "detail.service.eventFirstSeen",
    "Service.EventFirstSeen",
];

/// The logs of Zeek by columns that only they have; their JSON does not name them by default.
const ZEEK: &[(&str, &[&str])] = &[
    ("conn", &["id.orig_h", "conn_state"]),
    ("dns", &["id.orig_h", "query", "qclass_name"]),
    ("dns", &["id.orig_h", "query", "trans_id"]),
    ("http", &["id.orig_h", "method", "uri"]),
    ("http", &["id.orig_h", "trans_depth", "host"]),
    ("http", &["id.orig_h", "trans_depth", "status_code"]),
    ("ssl", &["id.orig_h", "cipher"]),
    ("ssl", &["id.orig_h", "server_name", "established"]),
    ("ssh", &["id.orig_h", "auth_attempts"]),
    ("smb_files", &["id.orig_h", "action", "name", "path"]),
    ("smb_mapping", &["id.orig_h", "path", "share_type"]),
    ("dce_rpc", &["id.orig_h", "endpoint", "operation"]),
    ("kerberos", &["id.orig_h", "request_type"]),
    ("rdp", &["id.orig_h", "cookie", "result"]),
    ("rdp", &["id.orig_h", "security_protocol"]),
    ("ntlm", &["id.orig_h", "ntlmssp"]),
    ("x509", &["certificate.subject", "certificate.issuer"]),
    ("files", &["fuid", "mime_type", "source"]),
    ("notice", &["note", "msg", "actions"]),
    ("dhcp", &["uids", "mac", "client_addr"]),
    ("ntp", &["id.orig_h", "stratum"]),
    ("weird", &["id.orig_h", "name", "notice"]),
    ("kerberos", &["id.orig_h", "client", "service"]),
    ("known_services", &["host", "port_num", "port_proto"]),
    ("known_certs", &["host", "port_num", "issuer_subject"]),
    // Every other log of connections.
    ("other", &["ts", "uid", "id.orig_h"]),
];

fn kind<'f>(get: &impl Fn(&str) -> Option<&'f str>) -> String {
    if let Some(path) = get("_path") {
        return format!("zeek-{path}");
    }
    if get("__REALTIME_TIMESTAMP").is_some() {
        return "journal".to_owned();
    }
    if get("event_type").is_some() && (get("flow_id").is_some() || get("src_ip").is_some()) {
        return "suricata".to_owned();
    }
    let zeek = ZEEK.iter().find(|(_, names)| names.iter().all(|name| get(name).is_some()));
    zeek.map_or_else(|| "json".to_owned(), |(log, _)| format!("zeek-{log}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(list: &[(&str, &str)]) -> (Known, Vec<(String, String)>) {
        let mut fields =
            list.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
        (know(&mut fields), fields)
    }

    #[test]
    fn the_fields_tell_the_kind() {
        for (list, log) in [
            (&[("_path", "http")][..], "zeek-http"),
            (&[("id.orig_h", "10.0.0.5"), ("conn_state", "SF")], "zeek-conn"),
            (&[("a", "b")], "json"),
            (&[("__REALTIME_TIMESTAMP", "1614733323000000"), ("MESSAGE", "x")], "syslog"),
            (
                &[(
                    "message",
                    "192.0.2.66 - - [03/Mar/2021:01:02:03 +0000] \"GET /x HTTP/1.1\" 200 5",
                )],
                "access-log",
            ),
        ] {
            assert_eq!(known(list).0.log, log);
        }
    }

    #[test]
    fn json_inside_of_json_and_times_under_other_names_are_read() {
        let (inner, fields) = known(&[
            ("log", "{\"ts\":\"2021-03-03T01:02:03Z\",\"remote_ip\":\"192.0.2.66\"}\n"),
            ("time", "2021-03-03T01:02:09Z"),
        ]);
        assert_eq!(inner.when.and_then(Moment::utc).unwrap().to_string(), "2021-03-03T01:02:03Z");
        assert!(fields.contains(&("remote_ip".to_owned(), "192.0.2.66".to_owned())));
        let (other, _) = known(&[("a", "b"), ("x.loginDateUtc", "2021-03-03T01:02:03Z")]);
        assert_eq!(other.when.and_then(Moment::utc).unwrap().to_string(), "2021-03-03T01:02:03Z");
        let (_, fields) = known(&[("message", "Failed login for ann from 192.0.2.66"), ("a", "b")]);
        assert!(fields.contains(&("src_ip".to_owned(), "192.0.2.66".to_owned())));
        let (trail, _) = known(&[("eventSource", "a"), ("eventName", "b")]);
        assert_eq!(trail.title, Some("AWS CloudTrail"));
    }

    #[test]
    fn a_line_in_a_record_gives_its_fields() {
        let (known, fields) = known(&[
            ("__REALTIME_TIMESTAMP", "1614733323000000"),
            ("SYSLOG_IDENTIFIER", "sshd"),
            ("MESSAGE", "Failed password for root from 192.0.2.66 port 22 ssh2"),
        ]);
        assert_eq!(known.when.and_then(Moment::utc).unwrap().to_string(), "2021-03-03T01:02:03Z");
        assert!(known.line.starts_with("Failed"));
        let has = |name: &str, value: &str| fields.iter().any(|(n, v)| n == name && v == value);
        assert!(has("src_ip", "192.0.2.66") && has("user", "root") && has("program", "sshd"));
        assert!(!has("host", "journal"));
    }
}
