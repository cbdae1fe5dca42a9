//! Measures the hunt on a log of its own making: half IIS, half Exchange HttpProxy, with planted hits and
//! near misses. `cargo run --release -p lapwing-hunt --example bench -- [MB] [indicators …]`
//!
//! Rates are bytes by time on the clock, on one thread; the log lies in the page cache.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, missing_docs)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use lapwing_hunt::{Checks, Indicator, Matcher, Options, Silent, hunt};
use lapwing_model::{Entity, Kind};

/// A small generator of numbers, so that every run makes the same log.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

const PLANTS: [&str; 8] = [
    "192.0.2.201",
    "198.51.100.77",
    "203.0.113.9",
    "evil.example",
    "c2.bad.example",
    "drop.example.test",
    "192.0.2.202",
    "203.0.113.250",
];

fn write_log(path: &Path, megabytes: u64) -> std::io::Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut numbers = Numbers(7);
    let half = megabytes * 1_000_000 / 2;
    let mut written = 0u64;
    writeln!(
        out,
        "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
    )?;
    let stems = [
        "/owa/",
        "/owa/auth/logon.aspx",
        "/ecp/default.aspx",
        "/ews/exchange.asmx",
        "/mapi/emsmdb/",
        "/Microsoft-Server-ActiveSync/default.eas",
        "/autodiscover/autodiscover.xml",
        "/owa/ev.owa2",
    ];
    let mut row = 0u64;
    while written < half {
        let client =
            format!("10.{}.{}.{}", numbers.next(250), numbers.next(250), numbers.next(250));
        // Near misses: a planted address inside a longer token.
        let client = match row % 50_000 {
            4_999 => PLANTS[(row / 50_000 % 8) as usize].to_owned(),
            9_999 => "1192.0.2.201".to_owned(),
            _ => client,
        };
        let line = format!(
            "2021-03-{:02} {:02}:{:02}:{:02} 10.0.0.4 {} {} id={:x}&cid={:x}-{:x} 443 EXAMPLE\\user{} {client} Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/88.0.4324.{}+Safari/537.36 https://mail.example.com/owa/ {} 0 0 {}\r\n",
            1 + row * 28 / 2_000_000 % 28,
            row / 3600 % 24,
            row / 60 % 60,
            row % 60,
            ["GET", "POST"][numbers.next(2) as usize],
            stems[numbers.next(8) as usize],
            numbers.next(1 << 30),
            numbers.next(1 << 30),
            numbers.next(1 << 30),
            numbers.next(5000),
            numbers.next(200),
            [200, 302, 401][numbers.next(3) as usize],
            numbers.next(900)
        );
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
        row += 1;
    }
    written = 0;
    writeln!(
        out,
        "#Software: Microsoft Exchange Server\n#Log-type: HttpProxy Logs\n#Fields: DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,TargetServerVersion,RoutingType,RoutingHint,BackEndCookie,GenericInfo"
    )?;
    while written < half {
        let line = format!(
            "2021-03-{:02}T{:02}:{:02}:{:02}.{:03}Z,{:08x}-1111-2222-3333-{:012x},15,1,2176,2,{{{:08X}-0000}},Owa,mail.example.com,/owa/service.svc,,FBA,true,user{}@example.com,,Smtp~user{}@example.com,\"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/88.0.4324.150\",10.{}.{}.{},MAIL01,200,200,,POST,Proxy,mail01.corp.example.com,15.01.2176.000,IntraForest,WindowsIdentity-Smtp,Database~{:x}~~2021-04-01T00:00:00,BeginRequest=2021-03-03T01:02:03.456Z;CorrelationID=<empty>;ProxyState-Run=None;FEAuth=BEVersion-1941997952;NewConnection=10.0.0.5&0;BeginGetResponse=2021-03-03T01:02:03.500Z;OnResponseReady=2021-03-03T01:02:03.600Z;EndGetResponse=2021-03-03T01:02:03.600Z;ProxyState-Complete=ProxyResponseData;SharedCacheGuard=0;EndRequest=2021-03-03T01:02:03.700Z;S:ServiceCommonMetadata.Cookie=x{:x}\r\n",
            1 + row % 28,
            row / 3600 % 24,
            row / 60 % 60,
            row % 60,
            row % 1000,
            numbers.next(1 << 31),
            row,
            numbers.next(1 << 31),
            numbers.next(5000),
            numbers.next(5000),
            numbers.next(250),
            numbers.next(250),
            numbers.next(250),
            numbers.next(1 << 31),
            numbers.next(1 << 31)
        );
        out.write_all(line.as_bytes())?;
        written += line.len() as u64;
        row += 1;
    }
    out.flush()
}

fn indicators(count: u64) -> Vec<Indicator> {
    let mut numbers = Numbers(99);
    let mut list: Vec<Indicator> = PLANTS
        .iter()
        .map(|value| {
            let kind = if value.parse::<std::net::Ipv4Addr>().is_ok() {
                Kind::Ipv4Addr
            } else {
                Kind::DomainName
            };
            Indicator::new(Entity::new(kind, *value), 0.9, "planted")
        })
        .collect();
    while (list.len() as u64) < count {
        let entity = match numbers.next(10) {
            0..=3 => Entity::new(
                Kind::Ipv4Addr,
                format!(
                    "{}.{}.{}.{}",
                    11 + numbers.next(200),
                    numbers.next(256),
                    numbers.next(256),
                    numbers.next(256)
                ),
            ),
            4..=6 => Entity::new(
                Kind::DomainName,
                format!("h{:x}.d{:x}.example", numbers.next(1 << 30), numbers.next(1 << 20)),
            ),
            7 => Entity::new(
                Kind::Url,
                format!(
                    "http://u{:x}.example/p/{:x}",
                    numbers.next(1 << 30),
                    numbers.next(1 << 20)
                ),
            ),
            8 => Entity::new(
                Kind::Sha256,
                format!(
                    "{:016x}{:016x}{:016x}{:016x}",
                    numbers.next(1 << 31),
                    numbers.next(1 << 31),
                    numbers.next(1 << 31),
                    numbers.next(1 << 31)
                ),
            ),
            _ => Entity::new(
                Kind::EmailAddr,
                format!("m{:x}@e{:x}.example", numbers.next(1 << 30), numbers.next(1 << 20)),
            ),
        };
        list.push(Indicator::new(entity, 0.9, "made up"));
    }
    list
}

/// Processor time of this process so far (Linux; 0 elsewhere): what other work on the machine does not
/// change much.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or("");
    after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}

fn main() -> std::io::Result<()> {
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let megabytes = arguments.first().copied().unwrap_or(200);
    let counts =
        if arguments.len() > 1 { arguments[1..].to_vec() } else { vec![100, 10_000, 1_000_000] };
    let folder = std::env::temp_dir().join("lapwing-bench");
    std::fs::create_dir_all(&folder)?;
    let path: PathBuf = folder.join(format!("log-{megabytes}.log"));
    if !path.exists() {
        write_log(&path, megabytes)?;
    }
    let size = std::fs::metadata(&path)?.len() as f64;
    let options = Options { jobs: 1, ..Options::default() };
    let none = Checks::none();
    for count in counts {
        let list = indicators(count);
        let start = Instant::now();
        let matcher = Matcher::compile(list);
        let built = start.elapsed();
        for (what, checks) in [("indicators only", &none), ("with checks", Checks::builtin())] {
            let mut best = f64::MAX;
            let mut found = (0, 0);
            let before = cpu_seconds();
            for _ in 0..5 {
                let start = Instant::now();
                let result = hunt(std::slice::from_ref(&path), &matcher, checks, &options, &Silent);
                best = best.min(start.elapsed().as_secs_f64());
                found = (result.findings.len(), result.records);
            }
            let cpu = cpu_seconds() - before;
            println!(
                "{count:>9} indicators, {what}: {:.2} GB/s on the clock, {:.2} GB/s of processor time, built in {built:.2?}, {} findings, {} records",
                size / best / 1e9,
                size * 5.0 / cpu.max(0.01) / 1e9,
                found.0,
                found.1
            );
        }
    }
    Ok(())
}
