//! Who did what, by a record: the values by which one record is joined to another.

use std::net::IpAddr;

use super::words::{Names, Word};
use crate::condition::last_part;
use crate::hit::{Role, role};
use crate::record::Record;

/// The telling values of a record, normalised so that different logs spell them alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Actors {
    /// Kind of log, as `iis` or the channel of an event: each has one clock.
    pub source: Word,
    /// The address that asked.
    pub client: Option<IpAddr>,
    /// The address that a proxy in front says it asks for.
    pub forwarded: Option<IpAddr>,
    /// Where this machine itself connected to.
    pub destination: Option<IpAddr>,
    /// The server's own address, as the log states it.
    pub own: Option<IpAddr>,
    /// The machine, first label, lower case.
    pub host: Option<Word>,
    /// The account, without its domain, lower case; none for the system's own accounts.
    pub account: Option<Word>,
    /// Identifier of a logon session, with the host.
    pub logon: Option<Word>,
    /// Identifier of a request or a session that several logs share.
    pub session: Option<Word>,
    /// The program that ran or acted.
    pub process: Option<Word>,
    /// The program that started it.
    pub parent: Option<Word>,
    /// The file names of scripts and programs that the record names, lower case.
    pub files: Names,
    /// The whole path of a file that was written.
    pub written: Option<Word>,
    /// The client's user agent.
    pub agent: Option<Word>,
    /// Method and path of a request, lower case, without the query.
    pub request: Option<Word>,
    /// How a request was answered.
    pub status: Option<u16>,
    /// Hashes of the program, where the log has them.
    pub hashes: Box<[Word]>,
}

/// Endings of the files by whose names records are joined.
const JOINING: &[&str] = &[
    ".aspx", ".ashx", ".asmx", ".asp", ".php", ".jsp", ".jspx", ".ps1", ".bat", ".vbs", ".dmp",
    ".dll", ".exe",
];
/// Parents of so much that what they start has nothing to do with each other.
const COMMON_PARENTS: &[&str] = &[
    "services.exe",
    "svchost.exe",
    "explorer.exe",
    "wininit.exe",
    "userinit.exe",
    "winlogon.exe",
    "wmiprvse.exe",
    "taskeng.exe",
    "taskhostw.exe",
    "system",
    "systemd",
    "init",
];

impl Actors {
    /// Reads them off a record of `file`.
    pub(crate) fn of(record: &Record<'_>, file: &str) -> Self {
        let get = |names: &[&str]| names.iter().find_map(|name| record.get(name));
        let host: Option<Word> = get(&[
            "Computer",
            "Hostname",
            "ComputerName",
            "s-computername",
            "ServerHostName",
            "host.name",
            "server-hostname",
            "winlog.computer_name",
        ])
        // A firewall's `hostname` is what was asked for, that of Linux' audit is who came.
        .filter(|_| record.get("r-host").is_none() && record.get("serial").is_none())
        .map(|name| first_label(name).into());
        let on_host = |id: &str| -> Word {
            format!("{}|{id}", host.as_deref().unwrap_or("")).to_lowercase().into()
        };
        let event = get(&["EventID"]).unwrap_or("");
        let initiated = get(&["Initiated"]).is_some_and(|v| v.eq_ignore_ascii_case("true"));
        let mut actors = Self { source: source_of(record, file).into(), ..Self::default() };
        for (name, value) in &record.fields {
            let Some(address) = address(value) else { continue };
            match role(name) {
                Role::Client if initiated => {}
                Role::Client => actors.client = actors.client.or(Some(address)),
                Role::Destination => actors.destination = actors.destination.or(Some(address)),
                _ => {}
            }
        }
        let forwarded = [
            "X-Forwarded-For",
            "cs(X-Forwarded-For)",
            "OriginalClientIp",
            "http_x_forwarded_for",
            "True-Client-IP",
        ];
        // The first is the client; the others are the proxies on the way.
        actors.forwarded = get(&forwarded).and_then(|v| v.split([',', '+', ';']).find_map(address));
        actors.own = get(&["s-ip", "ServerIp", "LocalEndpoint"]).and_then(address);
        let account = ["SubjectUserName", "TargetUserName"];
        let account = if matches!(event, "4624" | "4625" | "4648" | "4776") {
            get(&[account[1], account[0]])
        } else {
            get(&[
                "User",
                "cs-username",
                "AuthenticatedUser",
                account[0],
                account[1],
                "user.name",
                "user_name",
                "suser",
                "src_user",
                "userIdentity.userName",
                "UserId",
                "userPrincipalName",
                "actor.alternateId",
                "actor.email",
                "protoPayload.authenticationInfo.principalEmail",
            ])
        };
        actors.account = account.and_then(account_name).map(Word::from);
        actors.logon = get(&["SubjectLogonId", "LogonId", "TargetLogonId"])
            .filter(|id| {
                let id = id.trim_start_matches("0x").trim_start_matches('0');
                !matches!(id.to_ascii_lowercase().as_str(), "" | "3e3" | "3e4" | "3e5" | "3e7")
            })
            .map(on_host);
        actors.session = get(&["RequestId", "ActivityId", "client-request-id", "cafeReqId"])
            .filter(|id| id.len() >= 16)
            .map(|id| id.to_lowercase().into());
        let pid = |id: &str| id.trim_start_matches("0x").to_ascii_lowercase();
        let new = get(&["NewProcessId"]).map(pid);
        let old = get(&["ProcessId"]).map(pid);
        let common = get(&["ParentImage", "ParentProcessName"])
            .is_some_and(|image| COMMON_PARENTS.contains(&last_part(image).as_str()));
        let guid = |names: &[&str]| -> Option<Word> {
            get(names).filter(|g| g.len() > 30).map(|guid| guid.to_lowercase().into())
        };
        (actors.process, actors.parent) = if event == "4688" {
            (new.as_deref().map(on_host), old.as_deref().map(on_host))
        } else {
            (guid(&["ProcessGuid", "SourceProcessGUID"]), guid(&["ParentProcessGuid"]))
        };
        if common {
            actors.parent = None;
        }
        let written = get(&["TargetFilename", "RelativeTargetName", "file.path"]);
        let stem = get(&["cs-uri-stem", "UrlStem", "url.path", "path", "uri_path"]);
        let mut names = Vec::new();
        for text in stem.into_iter().chain(written) {
            name(&mut names, text);
        }
        if let Some(line) = get(&["CommandLine", "ProcessCommandLine"]) {
            for word in line.split(|c: char| c.is_whitespace() || "\"'`;|&<>()=,".contains(c)) {
                name(&mut names, word);
            }
        }
        actors.files = Names::of(names);
        actors.written = written.map(Word::from);
        actors.agent =
            get(&["cs(User-Agent)", "UserAgent", "user_agent", "http_user_agent", "user-agent"])
                .map(|agent| {
                    if agent.contains(' ') { agent.into() } else { agent.replace('+', " ").into() }
                });
        let method = get(&["cs-method", "Method", "method", "http_method"]).unwrap_or("");
        actors.request = stem
            .filter(|_| !method.is_empty())
            .map(|stem| format!("{method} {}", stem.split('?').next().unwrap_or(stem)).into());
        actors.status = get(&["sc-status", "HttpStatus", "status", "status_code"])
            .and_then(|status| status.parse().ok());
        if let Some(hashes) = get(&["Hashes", "Hash"]) {
            let values = hashes.split(',').filter_map(|hash| {
                let value = hash.rsplit('=').next()?.trim();
                let is_hash = matches!(value.len(), 32 | 40 | 64) && !hash.starts_with("IMPHASH");
                (is_hash && value.bytes().all(|b| b.is_ascii_hexdigit()))
                    .then(|| Word::from(value.to_ascii_lowercase()))
            });
            actors.hashes = values.collect();
        }
        actors.host = host;
        actors
    }

    /// The client that stands behind a proxy where the log tells it, else the one that connected.
    pub(crate) fn who(&self) -> Option<IpAddr> {
        self.forwarded.or(self.client)
    }

    /// Whether the request was turned away or failed.
    pub(crate) fn turned_away(&self) -> bool {
        self.status.is_some_and(|status| status >= 400)
    }
}

/// Keeps the last part of a path when it is the name of a script or program.
fn name(names: &mut Vec<Word>, path: &str) {
    let name = last_part(path);
    let joins = JOINING.iter().any(|ending| name.ends_with(ending) && name.len() > ending.len());
    let new = |names: &[Word]| names.iter().all(|known| **known != *name);
    if joins && name.len() <= 100 && names.len() < 16 && new(names) {
        names.push(name.into());
    }
}

/// Addresses of machines of one's own: what stands there is no attacker's address on the Internet.
pub(crate) fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.octets()[0] == 100 && v4.octets()[1] & 0xc0 == 64;
            v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_unspecified()
                || shared
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.segments()[0] & 0xfe00 == 0xfc00
                || v6.segments()[0] & 0xffc0 == 0xfe80
        }
    }
}

/// An address as logs write it: with a port, brackets, a scope, or mapped into IPv6.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if text.len() < 2 || text.len() > 60 || !text.contains(['.', ':']) {
        return None;
    }
    let bare = text.strip_prefix('[').map_or(text, |rest| rest.split(']').next().unwrap_or(rest));
    let bare = bare.split('%').next().unwrap_or(bare);
    let bare = match bare.split_once(':') {
        Some((v4, port)) if v4.contains('.') && port.bytes().all(|b| b.is_ascii_digit()) => v4,
        _ => bare,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn first_label(name: &str) -> String {
    let whole = address(name).is_some();
    let label = if whole { name } else { name.split('.').next().unwrap_or(name) };
    label.to_lowercase()
}

/// An account's name; `None` for accounts of the system and of machines.
fn account_name(text: &str) -> Option<String> {
    let name = text.rsplit('\\').next().unwrap_or(text);
    let name = name.split('@').next().unwrap_or(name).trim().to_lowercase();
    let nobody = [
        "",
        "-",
        "system",
        "local service",
        "network service",
        "anonymous logon",
        "anonymous",
        "iusr",
        "root",
        "n/a",
        "(null)",
    ];
    let machine = name.ends_with('$') || name.starts_with("dwm-") || name.starts_with("umfd-");
    (!nobody.contains(&name.as_str()) && !machine).then_some(name)
}

fn source_of(record: &Record<'_>, file: &str) -> String {
    if let Some(channel) = record.get("Channel") {
        return channel.to_owned();
    }
    let has = |name: &str| record.fields.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    if has("cs-uri-stem") {
        return "IIS W3C log".to_owned();
    }
    if has("AnchorMailbox") {
        return "Exchange HttpProxy log".to_owned();
    }
    if has("file.path") {
        return "files on disk".to_owned();
    }
    // Logs of one kind lie in one folder.
    file.rsplit_once(['/', '\\']).map_or(file, |(folder, _)| folder).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record<'a>(fields: &[(&'a str, &'a str)]) -> Record<'a> {
        Record {
            fields: fields.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
            raw: "".into(),
            time: None,
            place: None,
            offset: 0,
        }
    }

    #[test]
    fn different_logs_spell_a_client_alike() {
        let iis = record(&[("c-ip", "203.0.113.9"), ("cs-uri-stem", "/aspnet_client/Odd.aspx")]);
        let proxy = record(&[("ClientIpAddress", "::ffff:203.0.113.9"), ("AnchorMailbox", "x")]);
        let event = record(&[("IpAddress", "203.0.113.9"), ("Channel", "Security")]);
        let (iis, proxy, event) =
            (Actors::of(&iis, "a"), Actors::of(&proxy, "b"), Actors::of(&event, "c"));
        assert_eq!(iis.client, address("203.0.113.9:4711"));
        assert_eq!((iis.client, iis.client), (proxy.client, event.client));
        assert!(iis.files.contains("odd.aspx"));
        assert_eq!(&*event.source, "Security");
    }

    #[test]
    fn accounts_of_the_system_join_nothing() {
        for (user, name) in [
            (r"NT AUTHORITY\SYSTEM", None),
            (r"EXAMPLE\MAIL01$", None),
            (r"EXAMPLE\Alice", Some("alice")),
            ("alice@corp.example", Some("alice")),
        ] {
            let actors = Actors::of(&record(&[("User", user)]), "a");
            assert_eq!(actors.account.as_deref(), name, "{user}");
        }
        let system = record(&[("SubjectLogonId", "0x3e7"), ("Computer", "m")]);
        assert_eq!(Actors::of(&system, "a").logon, None);
    }

    #[test]
    fn a_proxy_in_front_names_the_client() {
        let behind = record(&[
            ("c-ip", "10.0.0.4"),
            ("X-Forwarded-For", "203.0.113.9,+10.0.0.7"),
            ("cs-method", "GET"),
            ("cs-uri-stem", "/x"),
        ]);
        let actors = Actors::of(&behind, "a");
        assert_eq!(actors.who(), address("203.0.113.9"));
        assert!(actors.client.is_some_and(is_inside));
        assert!(!is_inside(actors.who().unwrap()));
        assert_eq!(actors.request.as_deref(), Some("GET /x"));
    }

    #[test]
    fn a_shell_is_the_child_of_the_web_server() {
        let shell = record(&[
            ("EventID", "1"),
            ("ProcessGuid", "{00000000-0000-0000-0000-000000000002}"),
            ("ParentProcessGuid", "{00000000-0000-0000-0000-000000000001}"),
            ("ParentImage", r"C:\Windows\System32\inetsrv\w3wp.exe"),
            ("CommandLine", r"cmd /c copy x C:\inetpub\wwwroot\odd.aspx"),
            (
                "Hashes",
                "SHA1=00112233445566778899aabbccddeeff00112233,IMPHASH=00112233445566778899AABBCCDDEEFF",
            ),
        ]);
        let actors = Actors::of(&shell, "a");
        assert!(actors.parent.is_some() && actors.process.is_some());
        assert!(actors.files.contains("odd.aspx"));
        let hashes: Vec<&str> = actors.hashes.iter().map(|hash| &**hash).collect();
        assert_eq!(hashes, ["00112233445566778899aabbccddeeff00112233"]);
    }
}
