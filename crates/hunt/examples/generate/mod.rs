//! A log of our own making, of any size: half IIS, half Exchange HttpProxy, with planted indicators
//! and near misses. The same seed gives the same bytes; nothing is kept, so it can be piped.
//!
//! Used by the benchmark (`examples/bench.rs`), by the stream (`examples/log.rs`) and by the tests
//! of the matcher.
#![allow(dead_code, missing_docs, clippy::unwrap_used)]

use std::io::{self, Write};

use lapwing_model::Kind;

/// A small generator of numbers (PCG's multiplier), so that every run makes the same log.
pub struct Numbers(pub u64);

impl Numbers {
    pub fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = (self.0 >> 33) ^ (self.0 >> 17);
        (mixed & 0x7fff_ffff) % below
    }

    pub fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.next(of.len() as u64) as usize]
    }

    /// A public address: most clients of a mail server come from everywhere.
    pub fn address(&mut self) -> String {
        let first = 11 + self.next(212);
        format!("{first}.{}.{}.{}", self.next(256), self.next(256), 1 + self.next(254))
    }

    pub fn hex(&mut self, digits: usize) -> String {
        (0..digits).map(|_| char::from(b"0123456789abcdef"[self.next(16) as usize])).collect()
    }

    pub fn word(&mut self, letters: usize) -> String {
        (0..letters)
            .map(|_| char::from(b"aeioubcdfghklmnprstvwyz"[self.next(23) as usize]))
            .collect()
    }
}

const ENDINGS: [&str; 14] = [
    "com", "com", "com", "net", "org", "ru", "top", "xyz", "info", "cn", "io", "co.uk", "online",
    "example",
];

/// What is planted among the indicators: kind and value.
pub const PLANTS: [(Kind, &str); 8] = [
    (Kind::Ipv4Addr, "192.0.2.201"),
    (Kind::Ipv4Addr, "198.51.100.77"),
    (Kind::Ipv4Addr, "203.0.113.9"),
    (Kind::DomainName, "evil.example"),
    (Kind::DomainName, "c2.bad.example"),
    (Kind::EmailAddr, "drop@mail.bad.example"),
    (Kind::Url, "http://files.bad.example/x/stage.bin"),
    (Kind::Md5, "5f4dcc3b5aa765d61d8327deb882cf99"),
];

/// The plants in the forms in which they stand in a log, and the number of the plant.
pub fn planted(number: u64) -> String {
    let (kind, value) = PLANTS[(number % 8) as usize];
    match (kind, number / 8 % 3) {
        (Kind::DomainName, 1) => format!("www.{value}"),
        (Kind::Md5, 1) => value.to_uppercase(),
        _ => value.to_owned(),
    }
}

/// Text that holds a plant's bytes inside something longer: none of it is a hit.
pub fn near_miss(number: u64) -> String {
    let (kind, value) = PLANTS[(number % 8) as usize];
    match (kind, number / 8 % 3) {
        (Kind::Ipv4Addr, 0) => format!("1{value}"),
        (Kind::Ipv4Addr, 1) => format!("{value}.5"),
        (Kind::Ipv4Addr, _) => format!("{value}7"),
        (Kind::DomainName, 0) => format!("not{value}"),
        (Kind::DomainName, 1) => format!("x-{value}"),
        (Kind::DomainName, _) => format!("{value}.org"),
        (Kind::EmailAddr, _) => format!("x{value}"),
        (Kind::Url, 0) => format!("{value}2"),
        (Kind::Url, _) => format!("{value}/more"),
        (_, 0) => format!("a{value}"),
        (..) => format!("{value}0"),
    }
}

/// The `number`-th of a list of indicators that nobody asked for: 40 % addresses, 30 % domains, 10 %
/// URLs, 17 % hashes, 3 % mail addresses.
pub fn indicator(numbers: &mut Numbers) -> (Kind, String) {
    let host = |numbers: &mut Numbers| {
        let letters = 6 + numbers.next(9) as usize;
        let name = numbers.word(letters);
        let digits = numbers.next(1000);
        format!("{name}{digits}.{}", numbers.pick(&ENDINGS))
    };
    match numbers.next(100) {
        0..40 => (Kind::Ipv4Addr, numbers.address()),
        40..70 => (Kind::DomainName, host(numbers)),
        70..80 => (Kind::Url, format!("http://{}/{}.php", host(numbers), numbers.word(6))),
        80..86 => (Kind::Md5, numbers.hex(32)),
        86..90 => (Kind::Sha1, numbers.hex(40)),
        90..97 => (Kind::Sha256, numbers.hex(64)),
        _ => (Kind::EmailAddr, format!("{}@{}", numbers.word(7), host(numbers))),
    }
}

/// A stream of lines.
pub struct Log {
    numbers: Numbers,
    row: u64,
    plants: u64,
    misses: u64,
    /// A plant stands in one line of so many, a near miss in the line in the middle between.
    every: u64,
}

pub const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n";
pub const PROXY: &str = "#Software: Microsoft Exchange Server\r\n#Log-type: HttpProxy Logs\r\n#Fields: DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,GenericInfo\r\n";

const STEMS: [&str; 9] = [
    "/owa/",
    "/owa/auth/logon.aspx",
    "/ecp/default.aspx",
    "/ews/exchange.asmx",
    "/mapi/emsmdb/",
    "/Microsoft-Server-ActiveSync/default.eas",
    "/autodiscover/autodiscover.xml",
    "/owa/service.svc",
    "/rpc/rpcproxy.dll",
];
const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.150 Safari/537.36",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.13530; Pro)",
    "Apple-iPhone12C1/1804.17",
    "MacOutlook/16.46.21021202 (Intel Mac OS X 10.15.7)",
    "Mozilla/5.0 (Windows NT 6.1; rv:78.0) Gecko/20100101 Firefox/78.0",
];

impl Log {
    pub fn new(seed: u64, every: u64) -> Self {
        Self { numbers: Numbers(seed), row: 0, plants: 0, misses: 0, every: every.max(2) }
    }

    /// Plants so far.
    pub fn plants(&self) -> u64 {
        self.plants
    }

    /// What stands in this line besides what a log has.
    fn extra(&mut self) -> Option<String> {
        self.row += 1;
        if self.row.is_multiple_of(self.every) {
            self.plants += 1;
            return Some(planted(self.plants - 1));
        }
        (self.row % self.every == self.every / 2).then(|| {
            self.misses += 1;
            near_miss(self.misses - 1)
        })
    }

    /// One line of an IIS log.
    pub fn iis(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let extra = self.extra();
        let row = self.row;
        let n = &mut self.numbers;
        let client = n.address();
        let query = match n.next(12) {
            0 => format!("url=https%3a%2f%2fmail.contoso.com%2fowa%2f&reason={}", n.next(4)),
            1 => "-".to_owned(),
            2 => format!(
                "Cmd=Ping&User=CONTOSO%5cuser{}&DeviceId={}&DeviceType=iPhone",
                n.next(5000),
                n.hex(26).to_uppercase()
            ),
            _ => format!("id={}&cid={}-{}&s={}", n.hex(8), n.hex(8), n.hex(12), n.next(100)),
        };
        let referer = extra.unwrap_or_else(|| {
            if n.next(3) == 0 { "https://mail.contoso.com/owa/".to_owned() } else { "-".to_owned() }
        });
        let agent = n.pick(&AGENTS).replace(' ', "+");
        write!(
            out,
            "2021-03-{:02} {:02}:{:02}:{:02} 10.0.0.{} {} {} {query} 443 CONTOSO\\user{} {client} {agent} {referer} {} 0 0 {}\r\n",
            1 + row * 28 / 4_000_000 % 28,
            row / 3600 % 24,
            row / 60 % 60,
            row % 60,
            4 + n.next(3),
            n.pick(&["GET", "POST", "POST", "RPC_IN_DATA"]),
            n.pick(&STEMS),
            n.next(5000),
            n.pick(&["200", "302", "401", "404"]),
            n.next(900)
        )
    }

    /// One line of an Exchange HttpProxy log.
    pub fn proxy(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let extra = self.extra();
        let row = self.row;
        let n = &mut self.numbers;
        let guid = |n: &mut Numbers| {
            format!("{}-{}-{}-{}-{}", n.hex(8), n.hex(4), n.hex(4), n.hex(4), n.hex(12))
        };
        let time = format!(
            "2021-03-{:02}T{:02}:{:02}:{:02}",
            1 + row % 28,
            row / 3600 % 24,
            row / 60 % 60,
            row % 60
        );
        let user = n.next(5000);
        let client = n.address();
        let info = extra.unwrap_or_else(|| "x".to_owned());
        write!(
            out,
            "{time}.{:03}Z,{},15,1,2176,2,{{{}}},Owa,mail.contoso.com,{},,FBA,true,user{user}@contoso.com,,Smtp~user{user}@contoso.com,\"{}\",{client},EX{:02},200,200,,{},Proxy,ex{:02}.corp.contoso.com,15.01.2176.000,IntraForest,WindowsIdentity-ServerCookie,Database~{}~~2021-04-01T00:00:00,BeginRequest={time}.456Z;CorrelationID=<empty>;ProxyState-Run=None;DownLevelTargetHash=0/0/1;ProxyState-CalculateBackEnd=CalculateBackEndSecondStage;FEAuth=BEVersion-1941997952;NewConnection=10.0.0.{}&0;BeginGetResponse={time}.500Z;OnResponseReady={time}.600Z;EndGetResponse={time}.600Z;ProxyState-Complete=ProxyResponseData;SharedCacheGuard=0;EndRequest={time}.700Z;S:ServiceCommonMetadata.Cookie={};I32:ADS.C[DC{:02}]=2;F:ADS.AL[DC{:02}]=1.{};Dbl:CCpu.Tms=15.625;note={info};\r\n",
            row % 1000,
            guid(n),
            guid(n).to_uppercase(),
            n.pick(&STEMS),
            n.pick(&AGENTS).replace(',', ""),
            n.next(4),
            n.pick(&["GET", "POST", "POST"]),
            n.next(4),
            guid(n),
            5 + n.next(4),
            n.hex(16),
            n.next(4),
            n.next(4),
            n.next(1000),
        )
    }

    /// Writes about `bytes` bytes, half of each kind; tells how many plants stand in them.
    pub fn write(&mut self, out: &mut dyn Write, bytes: u64) -> io::Result<u64> {
        let mut line = Vec::new();
        for (head, exchange) in [(IIS, false), (PROXY, true)] {
            out.write_all(head.as_bytes())?;
            let mut written = head.len() as u64;
            while written < bytes / 2 {
                line.clear();
                if exchange {
                    self.proxy(&mut line)?;
                } else {
                    self.iis(&mut line)?;
                }
                out.write_all(&line)?;
                written += line.len() as u64;
            }
        }
        Ok(self.plants)
    }
}
