//! The log sources that indicators are looked for in, with the field names of Sigma's taxonomy.

use lapwing_model::{Entity, Kind};

use super::How;
use crate::rules::{is_browser, wire_name};

/// Field, comparison and value.
type Value = (&'static str, How, String);

/// A log source, which values it shows, and what its records look like.
pub(crate) struct Source {
    /// Tells it apart, for ever: rules are identified by it.
    pub slug: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub product: &'static str,
    pub category: &'static str,
    pub service: &'static str,
    pub level: &'static str,
    pub tags: &'static [&'static str],
    pub false_positives: &'static str,
    /// What every selection asks besides, as `EventID: 7045`.
    pub asks: &'static [(&'static str, &'static str)],
    /// Which fields show a value.
    pub values: fn(&Entity) -> Vec<Value>,
    /// A record of this source with nothing hostile in it.
    pub benign: &'static [(&'static str, &'static str)],
}

impl Source {
    /// A record as one line of JSON, with a field planted.
    pub(crate) fn record(&self, field: &'static str, value: &str) -> Vec<u8> {
        let mut map = serde_json::Map::new();
        for (name, benign) in self.benign {
            let number = benign.parse::<u64>().ok().filter(|_| *name == "EventID");
            let value = number.map_or_else(|| (*benign).into(), serde_json::Value::from);
            map.insert((*name).to_owned(), value);
        }
        if !field.is_empty() {
            map.insert(logged(self.category, field).to_owned(), value.into());
        }
        let mut line = serde_json::Value::Object(map).to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

/// The name of a field in the record that is planted: nginx writes JSON under names of its own.
fn logged(category: &str, field: &'static str) -> &'static str {
    match (category, field) {
        ("webserver", "c-ip") => "remote_addr",
        ("webserver", "cs-user-agent") => "http_user_agent",
        _ => field,
    }
}

const SYSMON: (&str, &str) = ("Channel", "Microsoft-Windows-Sysmon/Operational");
const SYSMON_BY: (&str, &str) = ("Provider_Name", "Microsoft-Windows-Sysmon");
const HOST: (&str, &str) = ("Computer", "host.example.org");
const IMAGE: (&str, &str) = ("Image", "C:\\Windows\\System32\\svchost.exe");
const SHARED: &str = "Shared hosting, a sinkhole, or a researcher who looks at it";
const RENAMED: &str = "A file of the same name that has nothing to do with it";

/// All sources, in the order in which their rules are written.
pub(crate) const SOURCES: &[Source] = &[
    Source {
        slug: "dns",
        title: "DNS question for a known hostile domain",
        description: "A name server was asked for a domain that reports name as hostile, or a name below it.",
        product: "",
        category: "dns",
        service: "",
        level: "high",
        tags: &["attack.command-and-control", "attack.t1071.004"],
        false_positives: SHARED,
        asks: &[],
        values: |entity| below(entity, "query"),
        benign: &[("query", "www.example.org"), ("record_type", "A")],
    },
    Source {
        slug: "windows-dns-query",
        title: "Process asked for a known hostile domain",
        description: "A process on Windows asked for a domain that reports name as hostile (Sysmon 22).",
        product: "windows",
        category: "dns_query",
        service: "",
        level: "high",
        tags: &["attack.command-and-control", "attack.t1071.004"],
        false_positives: SHARED,
        asks: &[],
        values: |entity| below(entity, "QueryName"),
        benign: &[
            SYSMON,
            SYSMON_BY,
            HOST,
            IMAGE,
            ("EventID", "22"),
            ("QueryName", "www.example.org"),
        ],
    },
    Source {
        slug: "proxy-hosts",
        title: "Request to a known hostile host",
        description: "A request went through the proxy to a host that reports name as hostile.",
        product: "",
        category: "proxy",
        service: "",
        level: "high",
        tags: &["attack.command-and-control", "attack.t1071.001"],
        false_positives: SHARED,
        asks: &[],
        values: |entity| match entity.kind {
            Kind::Ipv4Addr if !entity.value.contains('/') => {
                vec![("cs-host", How::Is, entity.value.clone())]
            }
            _ => below(entity, "cs-host"),
        },
        benign: PROXY,
    },
    Source {
        slug: "proxy-urls",
        title: "Request of a known hostile URL",
        description: "A URL that reports name as hostile was requested through the proxy.",
        product: "",
        category: "proxy",
        service: "",
        level: "high",
        tags: &["attack.command-and-control", "attack.t1071.001"],
        false_positives: "A scanner or researcher that looks at it",
        asks: &[],
        values: |entity| match entity.kind {
            // A URL without a path would hit every page of its host.
            Kind::Url if has_path(&entity.value) => {
                vec![("c-uri", How::Contains, entity.value.clone())]
            }
            _ => Vec::new(),
        },
        benign: PROXY,
    },
    Source {
        slug: "proxy-user-agents",
        title: "Known hostile user agent",
        description: "A client named itself as reports say that hostile tools do.",
        product: "",
        category: "proxy",
        service: "",
        level: "medium",
        tags: &["attack.command-and-control", "attack.t1071.001"],
        false_positives: "Another program of the same name",
        asks: &[],
        values: |entity| agent(entity, "c-useragent"),
        benign: PROXY,
    },
    Source {
        slug: "webserver-clients",
        title: "Known hostile client of a web server",
        description: "An address or client that reports name as hostile asked our web server.",
        product: "",
        category: "webserver",
        service: "",
        level: "medium",
        tags: &["attack.initial-access", "attack.t1190"],
        false_positives: "Scanning of the whole internet; an address that has another owner now",
        asks: &[],
        values: |entity| match entity.kind {
            Kind::UserAgent => agent(entity, "cs-user-agent"),
            _ => address(entity, "c-ip"),
        },
        benign: &[
            ("remote_addr", "198.18.0.1"),
            ("request_method", "GET"),
            ("request_uri", "/index.html"),
            ("http_user_agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
            ("status", "200"),
        ],
    },
    Source {
        slug: "firewall",
        title: "Traffic with a known hostile address",
        description: "A firewall saw traffic to or from an address that reports name as hostile.",
        product: "",
        category: "firewall",
        service: "",
        level: "medium",
        tags: &["attack.command-and-control"],
        false_positives: "Shared hosting; an address that has another owner now; blocked scans",
        asks: &[],
        values: |entity| {
            let mut values = address(entity, "dst_ip");
            values.extend(address(entity, "src_ip"));
            values
        },
        benign: &[
            ("src_ip", "198.18.0.1"),
            ("dst_ip", "198.18.0.2"),
            ("dst_port", "443"),
            ("action", "allow"),
        ],
    },
    Source {
        slug: "windows-network-connection",
        title: "Process connected to a known hostile host",
        description: "A process on Windows connected to an address or host that reports name as hostile (Sysmon 3).",
        product: "windows",
        category: "network_connection",
        service: "",
        level: "high",
        tags: &["attack.command-and-control"],
        false_positives: SHARED,
        asks: &[],
        values: |entity| match entity.kind {
            Kind::DomainName => below(entity, "DestinationHostname"),
            _ => address(entity, "DestinationIp"),
        },
        benign: &[
            SYSMON,
            SYSMON_BY,
            HOST,
            IMAGE,
            ("EventID", "3"),
            ("DestinationIp", "198.18.0.2"),
            ("DestinationHostname", "www.example.org"),
            ("Initiated", "true"),
        ],
    },
    Source {
        slug: "windows-process-hashes",
        title: "Known hostile program was started",
        description: "A program was started whose hash reports name as hostile (Sysmon 1).",
        product: "windows",
        category: "process_creation",
        service: "",
        level: "high",
        tags: &["attack.execution"],
        false_positives: "A legitimate tool that adversaries brought along",
        asks: &[],
        values: hashes,
        benign: PROCESS,
    },
    Source {
        slug: "windows-image-load-hashes",
        title: "Known hostile library was loaded",
        description: "A library was loaded whose hash reports name as hostile (Sysmon 7).",
        product: "windows",
        category: "image_load",
        service: "",
        level: "high",
        tags: &["attack.execution"],
        false_positives: "A legitimate library that adversaries brought along",
        asks: &[],
        values: hashes,
        benign: &[
            SYSMON,
            SYSMON_BY,
            HOST,
            IMAGE,
            ("EventID", "7"),
            ("ImageLoaded", "C:\\Windows\\System32\\kernel32.dll"),
            (
                "Hashes",
                "MD5=00000000000000000000000000000000,SHA256=0000000000000000000000000000000000000000000000000000000000000000",
            ),
        ],
    },
    Source {
        slug: "windows-process-names",
        title: "Program of a known hostile name was started",
        description: "A program was started under a name or path that reports name as hostile.",
        product: "windows",
        category: "process_creation",
        service: "",
        level: "medium",
        tags: &["attack.execution"],
        false_positives: RENAMED,
        asks: &[],
        values: |entity| match entity.kind {
            Kind::FileName if runs(&entity.value) => {
                vec![("Image", How::EndsWith, format!("\\{}", entity.value))]
            }
            Kind::FilePath if is_windows_path(&entity.value) && runs(&entity.value) => {
                vec![("Image", How::EndsWith, rooted(&entity.value))]
            }
            Kind::Process if entity.value.contains(' ') && entity.value.len() >= 12 => {
                vec![("CommandLine", How::Contains, entity.value.clone())]
            }
            _ => Vec::new(),
        },
        benign: PROCESS,
    },
    Source {
        slug: "windows-file-event",
        title: "File of a known hostile name was made",
        description: "A file was made under a name or path that reports name as hostile (Sysmon 11).",
        product: "windows",
        category: "file_event",
        service: "",
        level: "medium",
        tags: &["attack.persistence"],
        false_positives: RENAMED,
        asks: &[],
        values: |entity| match entity.kind {
            Kind::FileName if is_name(&entity.value) => {
                vec![("TargetFilename", How::EndsWith, format!("\\{}", entity.value))]
            }
            Kind::FilePath if is_windows_path(&entity.value) => {
                vec![("TargetFilename", How::EndsWith, rooted(&entity.value))]
            }
            _ => Vec::new(),
        },
        benign: &[
            SYSMON,
            SYSMON_BY,
            HOST,
            IMAGE,
            ("EventID", "11"),
            ("TargetFilename", "C:\\Users\\user\\Documents\\letter.docx"),
        ],
    },
    Source {
        slug: "windows-registry-event",
        title: "Known hostile key of the registry was touched",
        description: "A key or value of the registry was made or set that reports name as hostile (Sysmon 12 to 14).",
        product: "windows",
        category: "registry_event",
        service: "",
        level: "medium",
        tags: &["attack.persistence", "attack.t1112"],
        false_positives: "Software that uses the same key",
        asks: &[],
        values: |entity| match entity.kind {
            Kind::WindowsRegistryKey => below_hive(&entity.value)
                .map(|key| vec![("TargetObject", How::Contains, key)])
                .unwrap_or_default(),
            _ => Vec::new(),
        },
        benign: &[
            SYSMON,
            SYSMON_BY,
            HOST,
            IMAGE,
            ("EventID", "13"),
            ("TargetObject", "HKLM\\System\\CurrentControlSet\\Control\\TimeZoneInformation\\Bias"),
            ("Details", "DWORD (0x00000000)"),
        ],
    },
    Source {
        slug: "windows-pipe-created",
        title: "Known hostile named pipe",
        description: "A pipe was made or used whose name reports name as hostile (Sysmon 17, 18).",
        product: "windows",
        category: "pipe_created",
        service: "",
        level: "high",
        tags: &["attack.execution", "attack.t1559"],
        false_positives: "Software that uses a pipe of the same name",
        asks: &[],
        values: |entity| match entity.kind {
            Kind::NamedPipe => {
                let name = entity.value.rsplit('\\').next().unwrap_or_default();
                if name.len() < 4 {
                    Vec::new()
                } else {
                    vec![("PipeName", How::Is, format!("\\{name}"))]
                }
            }
            _ => Vec::new(),
        },
        benign: &[SYSMON, SYSMON_BY, HOST, IMAGE, ("EventID", "17"), ("PipeName", "\\wkssvc")],
    },
    Source {
        slug: "windows-service",
        title: "Known hostile service was installed",
        description: "A service was installed whose name reports name as hostile (System 7045).",
        product: "windows",
        category: "",
        service: "system",
        level: "high",
        tags: &["attack.persistence", "attack.t1543.003"],
        false_positives: "Software that installs a service of the same name",
        asks: &[("Provider_Name", "Service Control Manager"), ("EventID", "7045")],
        values: |entity| match entity.kind {
            Kind::WindowsService => vec![("ServiceName", How::Is, entity.value.clone())],
            _ => Vec::new(),
        },
        benign: &[
            ("Channel", "System"),
            ("Provider_Name", "Service Control Manager"),
            HOST,
            ("EventID", "7045"),
            ("ServiceName", "Windows Update"),
            ("ImagePath", "C:\\Windows\\System32\\svchost.exe"),
        ],
    },
    Source {
        slug: "windows-task",
        title: "Known hostile scheduled task was made",
        description: "A scheduled task was made whose name reports name as hostile (Security 4698).",
        product: "windows",
        category: "",
        service: "security",
        level: "high",
        tags: &["attack.persistence", "attack.t1053.005"],
        false_positives: "Software that makes a task of the same name",
        asks: &[("EventID", "4698")],
        values: |entity| match entity.kind {
            Kind::ScheduledTask => {
                let name = entity.value.trim_start_matches('\\');
                vec![("TaskName", How::EndsWith, format!("\\{name}"))]
            }
            _ => Vec::new(),
        },
        benign: &[
            ("Channel", "Security"),
            ("Provider_Name", "Microsoft-Windows-Security-Auditing"),
            HOST,
            ("EventID", "4698"),
            ("TaskName", "\\Microsoft\\Windows\\Defrag\\ScheduledDefrag"),
        ],
    },
    Source {
        slug: "linux-file-event",
        title: "File of a known hostile path was made on Linux",
        description: "A file was made under a path that reports name as hostile.",
        product: "linux",
        category: "file_event",
        service: "",
        level: "medium",
        tags: &["attack.persistence"],
        false_positives: RENAMED,
        asks: &[],
        values: |entity| match entity.kind {
            Kind::FilePath if entity.value.starts_with('/') && entity.value.len() > 4 => {
                vec![("TargetFilename", How::Is, entity.value.clone())]
            }
            _ => Vec::new(),
        },
        benign: &[
            ("Channel", "Linux-Sysmon/Operational"),
            ("Provider_Name", "Linux-Sysmon"),
            HOST,
            ("EventID", "11"),
            ("Image", "/usr/bin/bash"),
            ("TargetFilename", "/home/user/letter.txt"),
        ],
    },
];

const PROXY: &[(&str, &str)] = &[
    ("c-uri", "https://www.example.org/index.html"),
    ("cs-host", "www.example.org"),
    ("c-useragent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"),
    ("cs-method", "GET"),
];

const PROCESS: &[(&str, &str)] = &[
    SYSMON,
    SYSMON_BY,
    HOST,
    IMAGE,
    ("EventID", "1"),
    ("CommandLine", "C:\\Windows\\System32\\svchost.exe -k netsvcs"),
    ("ParentImage", "C:\\Windows\\System32\\services.exe"),
    (
        "Hashes",
        "MD5=00000000000000000000000000000000,SHA256=0000000000000000000000000000000000000000000000000000000000000000",
    ),
];

/// A domain itself, and all names below it.
fn below(entity: &Entity, field: &'static str) -> Vec<Value> {
    if entity.kind != Kind::DomainName {
        return Vec::new();
    }
    let Some(name) = wire_name(&entity.value) else { return Vec::new() };
    let name = name.to_ascii_lowercase();
    vec![(field, How::Is, name.clone()), (field, How::EndsWith, format!(".{name}"))]
}

fn address(entity: &Entity, field: &'static str) -> Vec<Value> {
    match entity.kind {
        Kind::Ipv4Addr | Kind::Ipv6Addr if entity.value.contains('/') => {
            vec![(field, How::Cidr, entity.value.clone())]
        }
        Kind::Ipv4Addr | Kind::Ipv6Addr => vec![(field, How::Is, entity.value.clone())],
        _ => Vec::new(),
    }
}

/// Short user agents (`curl`) are everybody's.
fn agent(entity: &Entity, field: &'static str) -> Vec<Value> {
    match entity.kind {
        Kind::UserAgent if entity.value.len() >= 8 && !is_browser(&entity.value) => {
            vec![(field, How::Is, entity.value.clone())]
        }
        _ => Vec::new(),
    }
}

fn hashes(entity: &Entity) -> Vec<Value> {
    let name = match entity.kind {
        Kind::Md5 => "MD5",
        Kind::Sha1 => "SHA1",
        Kind::Sha256 => "SHA256",
        Kind::Imphash => "IMPHASH",
        _ => return Vec::new(),
    };
    vec![("Hashes", How::Contains, format!("{name}={}", entity.value.to_ascii_uppercase()))]
}

fn is_name(name: &str) -> bool {
    name.len() >= 5 && !name.contains(['\\', '/', '*', '?'])
}

fn runs(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let programs = [".exe", ".com", ".scr", ".pif"];
    lower.len() >= 6
        && programs.iter().any(|end| lower.ends_with(end))
        && !lower.contains(['*', '?'])
}

fn is_windows_path(path: &str) -> bool {
    path.len() >= 6 && path.contains('\\') && !path.ends_with('\\') && !path.contains(['*', '?'])
}

/// A path without its drive, or the variable that it starts with: it ends so, wherever it lies.
fn rooted(path: &str) -> String {
    let rest = match path.as_bytes() {
        [drive, b':', ..] if drive.is_ascii_alphabetic() => &path[2..],
        [b'%', ..] => path[1..].split_once('%').map_or(path, |(_, rest)| rest),
        _ => path,
    };
    format!("\\{}", rest.trim_start_matches('\\'))
}

/// A key without its hive: logs write `HKLM`, `HKU\S-1-5-…` and `\REGISTRY\MACHINE` for the same.
fn below_hive(key: &str) -> Option<String> {
    let (_, rest) = key.split_once('\\')?;
    let rest = rest.trim_matches('\\');
    (rest.matches('\\').count() >= 2 && rest.len() >= 16).then(|| format!("\\{rest}"))
}

fn has_path(url: &str) -> bool {
    url.split_once("://").is_some_and(|(_, rest)| {
        rest.find('/').is_some_and(|at| rest.len() > at + 1) && !url.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_keys_lose_what_differs_from_log_to_log() {
        assert_eq!(rooted("C:\\Temp\\a.exe"), "\\Temp\\a.exe");
        assert_eq!(rooted("%TEMP%\\a.exe"), "\\a.exe");
        assert_eq!(rooted("\\\\srv\\x\\a.exe"), "\\srv\\x\\a.exe");
        let run = "HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Upd";
        assert_eq!(
            below_hive(run).unwrap(),
            "\\Software\\Microsoft\\Windows\\CurrentVersion\\Run\\Upd"
        );
        assert_eq!(below_hive("HKLM\\Software"), None);
    }

    #[test]
    fn slugs_are_told_apart() {
        let mut slugs: Vec<_> = SOURCES.iter().map(|s| s.slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), SOURCES.len());
    }
}
