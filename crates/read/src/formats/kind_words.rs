use lapwing_model::Kind;

/// Letters and digits of a word in lower case: `First_Seen (UTC)` becomes `firstseenutc`.
pub(super) fn squash(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What a word of a type column, a label or a heading says about the kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeWord {
    /// Values of this kind.
    Kind(Kind),
    /// Values whose shape tells (a `file` may be a hash or a name).
    ByShape,
}

impl TypeWord {
    /// The kind, where the word names one.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::Kind(kind) => Some(kind),
            Self::ByShape => None,
        }
    }

    /// Reads the type names of MISP, OTX, ThreatFox, STIX and of vendors' tables.
    pub fn read(word: &str) -> Option<Self> {
        let word = squash(word);
        let kind = match word.trim_end_matches("hex") {
            "ip" | "ips" | "ipaddress" | "ipaddresses" | "ipaddr" | "ipv4" | "ipv4address"
            | "ipv4addr" | "ipdst" | "ipsrc" | "ipport" | "ipdstport" | "ipsrcport"
            | "ipv4port" | "c2ip" | "address" | "addresses" | "cidr" | "netblock" | "ipv4s"
            | "networkip" | "ipv4cidr" | "iprange" | "ipv4addresses" => Kind::Ipv4Addr,
            "ipv6" | "ipv6address" | "ipv6addr" | "ipv6addresses" => Kind::Ipv6Addr,
            "domain" | "domains" | "hostname" | "hostnames" | "fqdn" | "fqdns" | "host"
            | "hosts" | "dns" | "domainname" | "domainnames" | "c2domain" | "hostnameport"
            | "domainport" | "subdomain" => Kind::DomainName,
            "url" | "urls" | "uri" | "uris" | "link" | "c2url" | "maliciousurl" | "payloadurl" => {
                Kind::Url
            }
            "email" | "emails" | "emailaddress" | "emailaddresses" | "emailaddr" | "emailsrc"
            | "emaildst" | "emailsender" | "sender" | "mail" | "emailfrom" | "emailreplyto" => {
                Kind::EmailAddr
            }
            "md5" | "filehashmd5" | "md5hash" | "hashmd5" | "md5s" | "filemd5" => Kind::Md5,
            "sha1" | "filehashsha1" | "sha1hash" | "hashsha1" | "sha1s" | "filesha1" => Kind::Sha1,
            "sha256" | "filehashsha256" | "sha256hash" | "hashsha256" | "sha256s"
            | "filesha256" => Kind::Sha256,
            "sha512" | "filehashsha512" | "sha512hash" => Kind::Sha512,
            "ssdeep" | "fuzzyhash" => Kind::Ssdeep,
            "imphash" | "filehashimphash" => Kind::Imphash,
            "filename" | "filenames" | "webshellname" | "webshellnames" => Kind::FileName,
            "filepath" | "filepaths" | "filepathname" | "path" | "paths" | "fullpath"
            | "folder" | "directory" | "webshellpath" | "webshellpaths" => Kind::FilePath,
            "mutex" | "mutant" | "mutexes" | "mutexname" => Kind::Mutex,
            "regkey" | "registrykey" | "registry" | "regkeyvalue" | "registrykeys"
            | "registrykeyvalue" => Kind::WindowsRegistryKey,
            "useragent" | "useragents" | "httpuseragent" => Kind::UserAgent,
            "as" | "asn" | "asns" | "asnumber" | "autonomoussystem" => Kind::AutonomousSystem,
            "mac" | "macaddress" | "macaddr" => Kind::MacAddr,
            "btc"
            | "xmr"
            | "eth"
            | "wallet"
            | "wallets"
            | "bitcoin"
            | "bitcoinaddress"
            | "cryptocurrencywallet" => Kind::CryptocurrencyWallet,
            "cve" | "cves" | "vulnerability" | "vulnerabilities" | "cveid" => Kind::Vulnerability,
            "cwe" | "weakness" => Kind::Weakness,
            "technique" | "techniques" | "techniqueid" | "attackpattern" | "mitreattackid"
            | "attackid" | "ttp" | "mitreid" => Kind::AttackPattern,
            "process" | "processname" | "commandline" | "cmdline" | "processes" => Kind::Process,
            "namedpipe" | "pipe" | "pipename" => Kind::NamedPipe,
            "x509"
            | "certificate"
            | "certificateserial"
            | "thumbprint"
            | "x509fingerprintsha1"
            | "certserial" => Kind::Certificate,
            "file" | "files" | "hash" | "hashes" | "filehash" | "filehashes" | "sample"
            | "samples" | "payload" | "ioc" | "iocs" | "indicator" | "indicators" | "network"
            | "c2" | "c2s" | "observable" | "host-based" | "filenamemd5" | "filenamesha1"
            | "filenamesha256" | "domainip" | "malwaresample" | "cc" | "c2server" | "c2servers" => {
                return Some(Self::ByShape);
            }
            _ => return None,
        };
        Some(Self::Kind(kind))
    }
}
