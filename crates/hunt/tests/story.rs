//! Whole intrusions, and whole ordinary days, of our own making: what is told of each.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

use lapwing_hunt::{Activity, Checks, Hunt, Matcher, Options, Silent, hunt};
use lapwing_model::{FindingKind, Proof, Severity, VerdictKind};

const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-bytes\n";
const PROXY: &str = "#Software: Microsoft Exchange Server\n#Log-type: HttpProxy Logs\n#Fields: DateTime,RequestId,UrlHost,UrlStem,Method,ClientIpAddress,AnchorMailbox,BackEndCookie,UserAgent,HttpStatus,AuthenticatedUser,UrlQuery\n";
const BROWSER: &str =
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)";
const OUTLOOK: &str = "Microsoft+Office/16.0+(Windows+NT+10.0;+Microsoft+Outlook+16.0.1)";

/// One line of IIS: time, method, path, query, user, client, agent, status.
fn iis(log: &mut String, line: [&str; 8]) {
    let [time, method, stem, query, user, client, agent, status] = line;
    writeln!(
        log,
        "2021-08-{time} 192.0.2.25 {method} {stem} {query} 443 {user} {client} {agent} {status} 512"
    )
    .unwrap();
}

fn look(folder: &Path, learn: bool) -> Hunt {
    let options = Options { learn, jobs: 2, file_times: false, ..Options::default() };
    let paths = [folder.to_owned()];
    let result = hunt(&paths, &Matcher::default(), Checks::builtin(), &options, &Silent);
    let one = Options { jobs: 1, ..options };
    assert_eq!(hunt(&paths, &Matcher::default(), Checks::builtin(), &one, &Silent), result);
    result
}

fn event(channel: &str, id: u32, time: &str, fields: &[(&str, &str)]) -> String {
    let mut event = serde_json::json!({
        "Channel": channel, "EventID": id, "Hostname": "MAIL01.corp.example",
        "@timestamp": format!("2021-08-{time}Z"), "SourceName": "test",
    });
    for (name, value) in fields {
        event[*name] = (*value).into();
    }
    format!("{event}\n")
}

const SYSMON: &str = "Microsoft-Windows-Sysmon/Operational";
const MANAGEMENT: &str = "MSExchange Management";

/// An ordinary day: people read mail, phones synchronise, Outlook finds its server, administrators work.
fn ordinary(folder: &Path) {
    let mut log = IIS.to_owned();
    let mut proxy = PROXY.to_owned();
    for number in 0..400 {
        let time = format!("12 {:02}:{:02}:{:02}", 8 + number / 60, number % 60, number * 7 % 60);
        let client = format!("198.51.100.{}", 10 + number % 37);
        let user = format!("CORP\\user{}", number % 37);
        let mail =
            format!("Email=user{}%40corp.example&Protocol=ActiveSync&RedirectCount=1", number % 37);
        let requests = [
            [
                "GET",
                "/owa/auth/logon.aspx",
                "replaceCurrent=1&url=https%3a%2f%2fmail.corp.example%2fowa",
                "-",
                BROWSER,
                "200",
            ],
            ["POST", "/owa/auth.owa", "-", &user, BROWSER, "302"],
            ["POST", "/owa/service.svc", "action=FindItem&EP=1&ID=-7", &user, BROWSER, "200"],
            ["POST", "/EWS/Exchange.asmx", "-", &user, OUTLOOK, "200"],
            ["POST", "/autodiscover/autodiscover.xml", "-", &user, OUTLOOK, "200"],
            ["GET", "/autodiscover/autodiscover.json", &mail, "-", OUTLOOK, "200"],
            ["POST", "/mapi/emsmdb/", "MailboxId=1@corp.example", &user, OUTLOOK, "200"],
            [
                "POST",
                "/Microsoft-Server-ActiveSync/default.eas",
                "Cmd=Sync&User=a%40corp.example&DeviceId=x",
                &user,
                "Phone/1.0",
                "200",
            ],
            [
                "POST",
                "/ecp/UsersGroups/EditMailbox.aspx",
                "id=1&msExchEcpCanary=x",
                "CORP\\admin",
                BROWSER,
                "200",
            ],
            ["POST", "/owa/auth/expiredpassword.aspx", "-", "-", BROWSER, "200"],
        ];
        let [method, stem, query, user, agent, status] = requests[number % requests.len()];
        iis(&mut log, [&time, method, stem, query, user, &client, agent, status]);
        writeln!(
            proxy,
            "2021-08-12T{:02}:{:02}:00.000Z,{number:036},mail.corp.example,{stem},{method},{client},Smtp~user@corp.example,Server~mail01.corp.example~1941962753~2021-08-12T10:00:00,{agent},{status},{user},{}",
            8 + number / 60, number % 60, query.replace(',', " ")
        )
        .unwrap();
    }
    // Managed availability and administrators over remote PowerShell.
    for minute in 0..30 {
        let time = format!("12 09:{minute:02}:00");
        iis(
            &mut log,
            [
                &time,
                "POST",
                "/powershell",
                "clientApplication=ActiveMonitor;PSVersion=5.1.14393.4583",
                "CORP\\HealthMailbox1",
                "192.0.2.25",
                "Microsoft+WinRM+Client",
                "200",
            ],
        );
        iis(
            &mut log,
            [
                &time,
                "POST",
                "/PowerShell/",
                "serializationLevel=Full;ExchClientVer=15.1.2308.8",
                "CORP\\admin",
                "198.51.100.9",
                "Microsoft+WinRM+Client",
                "200",
            ],
        );
    }
    fs::write(folder.join("u_ex210812.log"), log).unwrap();
    fs::write(folder.join("HttpProxy_20210812.log"), proxy).unwrap();
    let shell = r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe";
    let mut events = String::new();
    for (line, parent) in [
        (
            r"powershell.exe -NoProfile -Command Get-Mailbox -ResultSize Unlimited | Export-Csv C:\reports\m.csv",
            r"C:\Windows\explorer.exe",
        ),
        ("powershell.exe Get-ExchangeServer | Format-List", r"C:\Windows\explorer.exe"),
        (r"powershell.exe -File C:\scripts\backup.ps1", r"C:\Windows\System32\svchost.exe"),
        (
            "powershell Invoke-WebRequest https://intranet.corp.example/agent.msi -OutFile agent.msi",
            r"C:\Windows\explorer.exe",
        ),
        ("net user alice /domain", r"C:\Windows\System32\cmd.exe"),
        ("net stop spooler", r"C:\Windows\System32\cmd.exe"),
        ("vssadmin list shadows", r"C:\Windows\System32\cmd.exe"),
        ("certutil -store my", r"C:\Windows\System32\cmd.exe"),
    ] {
        events += &event(
            SYSMON,
            1,
            "12T10:00:00",
            &[
                ("Image", shell),
                ("ParentImage", parent),
                ("CommandLine", line),
                ("User", r"CORP\admin"),
            ],
        );
    }
    events += &event(
        SYSMON,
        11,
        "12T10:05:00",
        &[
            ("Image", r"C:\Windows\System32\msiexec.exe"),
            (
                "TargetFilename",
                r"C:\Program Files\Microsoft\Exchange Server\V15\FrontEnd\HttpProxy\owa\auth\logon.aspx",
            ),
        ],
    );
    for command in [
        r#"Cmdlet suceeded. Cmdlet New-MailboxExportRequest, parameters -Mailbox "alice" -FilePath "\\files.corp.example\pst\alice.pst"."#,
        r#"Cmdlet suceeded. Cmdlet Set-OabVirtualDirectory, parameters -ExternalUrl "https://mail.corp.example/OAB" -Identity "OAB"."#,
        r#"Cmdlet suceeded. Cmdlet Get-Mailbox, parameters -Identity "alice"."#,
    ] {
        events += &event(MANAGEMENT, 1, "12T10:10:00", &[("Message", command)]);
    }
    for (id, fields) in [
        (
            4624,
            vec![("TargetUserName", "alice"), ("LogonType", "3"), ("IpAddress", "198.51.100.11")],
        ),
        (4625, vec![("TargetUserName", "bob"), ("LogonType", "3"), ("SubStatus", "0xc000006a")]),
        (4720, vec![("TargetUserName", "newcomer"), ("SubjectUserName", "admin")]),
        (4728, vec![("TargetUserName", "Sales"), ("TargetSid", "S-1-5-21-1-2-3-1200")]),
        (4724, vec![("TargetUserName", "bob"), ("SubjectUserName", "admin")]),
    ] {
        events += &event("Security", id, "12T11:00:00", &fields);
    }
    events += &event(
        "System",
        7045,
        "12T11:10:00",
        &[("ServiceName", "Agent"), ("ImagePath", r"C:\Program Files\Agent\agent.exe")],
    );
    events += &event(
        "Microsoft-Windows-PowerShell/Operational",
        4104,
        "12T11:20:00",
        &[("ScriptBlockText", "Get-Mailbox | Get-MailboxStatistics | Sort-Object TotalItemSize")],
    );
    fs::write(folder.join("events.json"), events).unwrap();
}

#[test]
fn an_ordinary_day_is_silent() {
    let folder = tempfile::tempdir().unwrap();
    ordinary(folder.path());
    let result = look(folder.path(), true);
    let loud: Vec<String> = result
        .findings
        .iter()
        .filter(|f| f.severity >= Severity::Medium || f.proof >= Proof::Attempt)
        .map(|f| format!("{} {} {}", f.severity, f.finding, f.matched))
        .collect();
    assert!(loud.is_empty(), "{loud:#?}");
    assert_eq!(result.verdict.verdict, VerdictKind::NothingFound);
    assert!(result.activities.is_empty() && result.learnt.is_empty(), "{:?}", result.learnt);
    assert!(result.records > 800);
}

/// ProxyShell from the first probe to the shell, in three logs; the events are written in local time.
fn proxyshell(folder: &Path, hours_ahead: i64) {
    ordinary(folder);
    let mut log = fs::read_to_string(folder.join("u_ex210812.log")).unwrap();
    let tool = "python-requests/2.26.0";
    let at = "autodiscover/autodiscover.json%3f@evil.example";
    let json = "/autodiscover/autodiscover.json";
    for (time, method, query, status) in [
        ("13 01:00:00", "GET", format!("@evil.example/mapi/nspi/?&Email={at}"), "200"),
        ("13 01:00:02", "POST", format!("@evil.example/mapi/emsmdb/?&Email={at}"), "200"),
        (
            "13 01:00:09",
            "POST",
            format!("@evil.example/powershell/?X-Rps-CAT=[body-removed]&Email={at}"),
            "200",
        ),
    ] {
        iis(&mut log, [time, method, json, &query, "-", "203.0.113.9", tool, status]);
    }
    iis(
        &mut log,
        ["13 01:01:00", "POST", "/aspnet_client/odd.aspx", "-", "-", "203.0.113.9", tool, "200"],
    );
    iis(
        &mut log,
        [
            "13 01:02:00",
            "POST",
            "/aspnet_client/odd.aspx",
            "-",
            "-",
            "203.0.113.10",
            "rare-client/7",
            "200",
        ],
    );
    // With the same rare client somebody looked around from a third address.
    iis(
        &mut log,
        [
            "13 02:00:00",
            "GET",
            "/ecp/default.aspx",
            "-",
            "-",
            "203.0.113.11",
            "rare-client/7",
            "302",
        ],
    );
    // The server's own health check asks for the page too, as all others.
    iis(
        &mut log,
        ["13 02:10:00", "GET", "/aspnet_client/odd.aspx", "-", "-", "192.0.2.25", BROWSER, "200"],
    );
    fs::write(folder.join("u_ex210812.log"), log).unwrap();
    let hour = 1 + hours_ahead;
    let at = |time: &str| format!("13T{hour:02}:{time}");
    let export = r#"Cmdlet suceeded. Cmdlet New-MailboxExportRequest, parameters -Mailbox "a" -FilePath "\\127.0.0.1\C$\inetpub\wwwroot\aspnet_client\odd.aspx"."#;
    let mut events = event(MANAGEMENT, 1, &at("00:20"), &[("Message", export)]);
    events += &event(
        SYSMON,
        11,
        &at("00:25"),
        &[
            (
                "Image",
                r"C:\Program Files\Microsoft\Exchange Server\V15\Bin\MSExchangeMailboxReplication.exe",
            ),
            ("TargetFilename", r"C:\inetpub\wwwroot\aspnet_client\odd.aspx"),
        ],
    );
    events += &event(
        SYSMON,
        1,
        &at("01:00"),
        &[
            ("Image", r"C:\Windows\System32\cmd.exe"),
            ("ParentImage", r"C:\Windows\System32\inetsrv\w3wp.exe"),
            ("CommandLine", "cmd /c whoami"),
            ("User", r"NT AUTHORITY\SYSTEM"),
        ],
    );
    events += &event(
        SYSMON,
        1,
        &at("05:00"),
        &[
            ("Image", r"C:\Windows\System32\cmd.exe"),
            ("ParentImage", r"C:\Windows\System32\inetsrv\w3wp.exe"),
            ("CommandLine", "cmd /c vssadmin delete shadows /all /quiet"),
            ("User", r"NT AUTHORITY\SYSTEM"),
        ],
    );
    let mut all = fs::read_to_string(folder.join("events.json")).unwrap();
    all.push_str(&events);
    fs::write(folder.join("events.json"), all).unwrap();
}

fn gravest(result: &Hunt) -> &Activity {
    result.activities.iter().max_by_key(|a| (a.severity, a.proof, a.steps.len())).unwrap()
}

#[test]
fn proxyshell_is_told_as_one_chain_in_order() {
    let folder = tempfile::tempdir().unwrap();
    proxyshell(folder.path(), 0);
    let result = look(folder.path(), false);
    assert_eq!(result.verdict.verdict, VerdictKind::Compromised);
    let chain = gravest(&result);
    let order: Vec<&str> = chain.steps.iter().filter_map(|s| s.rule.as_deref()).collect();
    let at = |rule: &str| {
        order.iter().position(|r| *r == rule).unwrap_or_else(|| panic!("{rule}: {order:?}"))
    };
    let story = [
        at("exchange.cve-2021-34473.autodiscover"),
        at("exchange.mailbox-export-to-script"),
        at("exchange.cve-2021-31207.replication-writes"),
        at("web.shell-child"),
        at("windows.shadow-copies-deleted"),
    ];
    assert!(story.is_sorted(), "{order:?}");
    let addresses: Vec<String> = chain.addresses.iter().map(IpAddr::to_string).collect();
    assert!(addresses.contains(&"203.0.113.9".to_owned()), "{addresses:?}");
    assert!(!addresses.iter().any(|a| a.starts_with("198.51.100.")), "{addresses:?}");
    assert!(chain.hosts.contains("mail01") && chain.files.contains("odd.aspx"));
    assert!(
        ["T1190", "T1505.003", "T1490"].iter().all(|t| chain.techniques.contains(&(*t).to_owned()))
    );
    assert!(result.verdict.reasons[0].starts_with("In one chain"), "{:?}", result.verdict.reasons);
    let told = result
        .findings
        .iter()
        .find(|f| f.kind == FindingKind::Activity && f.severity == Severity::Critical);
    assert!(told.is_some_and(|f| f.evidence.lines().count() >= 6));
}

#[test]
fn what_they_used_is_learnt_and_what_all_share_is_not() {
    let folder = tempfile::tempdir().unwrap();
    proxyshell(folder.path(), 0);
    let result = look(folder.path(), true);
    let learnt: Vec<&str> = result.learnt.iter().map(|l| l.entity.value.as_str()).collect();
    for value in [
        "203.0.113.9",
        "203.0.113.10",
        "203.0.113.11",
        "python-requests/2.26.0",
        "rare-client/7",
        "odd.aspx",
        r"C:\inetpub\wwwroot\aspnet_client\odd.aspx",
    ] {
        assert!(learnt.contains(&value), "{value}: {learnt:?}");
    }
    assert!(!learnt.contains(&"192.0.2.25"), "{learnt:?}");
    let refused = result.not_learnt.iter().find(|n| n.value == "192.0.2.25");
    assert!(refused.is_some_and(|n| n.why.contains("own address")), "{:?}", result.not_learnt);
    let third = result.learnt.iter().find(|l| l.entity.value == "203.0.113.11").unwrap();
    assert!(third.round >= 1 && third.why.contains("rare-client/7"), "{third:?}");
}

#[test]
fn clients_behind_one_gateway_are_not_one_attacker() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = IIS.to_owned();
    for number in 0..300 {
        let time = format!("12 10:{:02}:{:02}", number / 60, number % 60);
        let agent = format!("Browser/{}", number % 12);
        iis(
            &mut log,
            [
                &time,
                "GET",
                "/owa/",
                "-",
                &format!("CORP\\user{}", number % 12),
                "10.0.0.4",
                &agent,
                "200",
            ],
        );
    }
    // Two attackers behind the same gateway, an hour and a half apart, with programs of their own.
    for (time, agent) in [("12 10:30:00", "tool-a/1"), ("12 12:00:00", "tool-b/1")] {
        iis(&mut log, [time, "POST", "/ecp/y.js", "-", "-", "10.0.0.4", agent, "404"]);
        iis(&mut log, [time, "POST", "/aspnet_client/x.aspx", "-", "-", "10.0.0.4", agent, "404"]);
    }
    fs::write(folder.path().join("u_ex210812.log"), log).unwrap();
    let result = look(folder.path(), true);
    assert_eq!(result.activities.len(), 2, "{:#?}", result.activities);
    assert!(result.learnt.iter().all(|l| l.entity.value != "10.0.0.4"));
    assert_eq!(result.verdict.verdict, VerdictKind::Attempted);
    let failed = result.verdict.reasons.iter().any(|r| r.starts_with("Attempted and failed"));
    assert!(failed, "{:?}", result.verdict.reasons);
}

#[test]
fn scanners_from_everywhere_are_not_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = IIS.to_owned();
    for number in 0..50 {
        let time = format!("12 10:00:{number:02}");
        let client = format!("203.0.113.{number}");
        iis(&mut log, [&time, "POST", "/ecp/y.js", "-", "-", &client, "scan/1", "404"]);
        iis(
            &mut log,
            [
                &time,
                "GET",
                "/autodiscover/autodiscover.json",
                "@x.example/mapi/nspi/",
                "-",
                &client,
                "scan/1",
                "404",
            ],
        );
    }
    fs::write(folder.path().join("u_ex210812.log"), log).unwrap();
    let result = look(folder.path(), false);
    assert_eq!(result.activities.len(), 50);
    assert!(result.activities.iter().all(|a| a.addresses.len() == 1));
}

#[test]
fn a_log_in_local_time_is_put_in_order_by_what_both_logs_saw() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = IIS.to_owned();
    let mut proxy = PROXY.to_owned();
    for (number, page) in ["a", "b", "c", "d"].iter().enumerate() {
        let stem = format!("/ecp/{page}.js");
        iis(
            &mut log,
            [
                &format!("13 01:0{number}:00"),
                "POST",
                &stem,
                "-",
                "-",
                "203.0.113.9",
                "tool/1",
                "241",
            ],
        );
        // HttpProxy of this server writes five hours more.
        writeln!(
            proxy,
            "2021-08-13T06:0{number}:01.000Z,{number:036},mail.corp.example,{stem},POST,203.0.113.9,ServerInfo~a]@mail.corp.example:444/ecp/proxyLogon.ecp?#,Server~a~1,tool/1,241,,"
        )
        .unwrap();
    }
    iis(
        &mut log,
        [
            "13 01:30:00",
            "POST",
            "/aspnet_client/odd.aspx",
            "-",
            "-",
            "203.0.113.9",
            "tool/1",
            "200",
        ],
    );
    fs::write(folder.path().join("u_ex210813.log"), log).unwrap();
    fs::write(folder.path().join("HttpProxy_20210813.log"), proxy).unwrap();
    let result = look(folder.path(), false);
    let chain = gravest(&result);
    assert_eq!(chain.clocks.values().copied().collect::<Vec<_>>(), [18_000], "{:?}", chain.clocks);
    let last = chain.steps.iter().filter_map(|s| s.rule.as_deref()).next_back();
    assert_eq!(last, Some("web.script-posted"), "{:#?}", chain.steps);
    assert!(result.verdict.reasons.iter().any(|r| r.contains("5 h 00 min ahead")));
}

/// The same story in other hands: an ordinary web server behind which PHP runs.
#[test]
fn several_ways_in_are_seen_without_any_list() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = IIS.to_owned();
    let agent = "tool/1";
    for (stem, query, user, status) in [
        (
            "/autodiscover/autodiscover.json",
            "a@evil.example/%50owershell/&Email=autodiscover/autodiscover.json%3fa@evil.example",
            "CORP\\alice",
            "200",
        ),
        ("/owa/alice@corp.example/powershell", "-", "CORP\\alice", "200"),
        ("/owa/alice%40corp.example/powershell", "-", "CORP\\alice", "401"),
        ("/powershell", "X-Rps-CAT=[body-removed]", "-", "200"),
    ] {
        iis(&mut log, ["13 01:00:00", "POST", stem, query, user, "203.0.113.9", agent, status]);
    }
    fs::write(folder.path().join("u_ex210813.log"), log).unwrap();
    let result = look(folder.path(), false);
    let rules: Vec<&str> = result.findings.iter().filter_map(|f| f.rule.as_deref()).collect();
    for rule in [
        "exchange.cve-2022-41040.autodiscover",
        "exchange.cve-2022-41040.encoded",
        "exchange.cve-2022-41080.owassrf",
        "exchange.cve-2021-34523.rps-token",
    ] {
        assert!(rules.contains(&rule), "{rule}: {rules:?}");
    }
    assert_eq!(rules.iter().filter(|r| r.ends_with("owassrf")).count(), 2);
    assert_eq!(result.verdict.verdict, VerdictKind::Compromised);
}
