#!/usr/bin/env python3
"""Writes the server tree and the data-shaped reports of this folder, always the same bytes.

Run it in this folder: `python3 make.py`. Everything is inert: the logs are made up, the bodies
of scripts are replaced by `[body removed]`. Attackers' addresses are those that public alerts
of 2021 list; all other addresses and names are from the ranges reserved for documentation.
"""

import csv
import io
import json
import random
import uuid
from datetime import datetime, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
SPACE = uuid.UUID("6c617077-696e-4721-8e78-656368616e67")

# The addresses of alert AA21-062A (CISA, 2021-03-03).
ALERT = """91.192.103.43 80.92.205.81 5.2.69.14 5.254.43.18 211.56.98.146 203.160.69.66
192.81.208.169 185.250.151.72 167.99.168.251 157.230.221.198 149.28.14.163 108.61.246.56
104.250.191.110 103.77.192.219 104.140.114.110""".split()
CVES = ["CVE-2021-26855", "CVE-2021-26857", "CVE-2021-26858", "CVE-2021-27065"]
EXPLOITER, RETURNER, PROBERS = "103.77.192.219", "104.250.191.110", ["5.254.43.18", "80.92.205.81"]

V15 = "Program Files/Microsoft/Exchange Server/V15"
USERS = ["a.berg", "c.dorn", "e.falk", "g.hahn", "i.jung", "k.lind", "m.nord", "o.pohl"]
CLIENTS = [f"198.51.100.{n}" for n in (11, 23, 37, 58, 71, 94)] + ["203.0.113.20", "2001:db8:5::41"]
AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/88.0.4324.190 Safari/537.36",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.13628; Pro)",
    "Apple-iPhone11C6/1803.72",
    "Microsoft BITS/7.8",
]
IIS_FIELDS = (
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
    "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
)
PROXY_FIELDS = (
    "DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,"
    "Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,"
    "AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,"
    "HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,TargetServerVersion,"
    "RoutingType,RoutingHint,BackEndCookie,RequestBytes,ResponseBytes,TotalRequestTime,"
    "UrlQuery,GenericInfo,GenericErrors"
).split(",")
ECP_FIELDS = "TimeStamp,ServerName,EventId,EventData".split(",")
OAB_FIELDS = "DateTime,Thread,Severity,OabName,Message".split(",")


def write(path, text):
    path = HERE / path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def write_json(path, value):
    write(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


class Server:
    """One server's logs, gathered in any order and written in order of time."""

    def __init__(self, folder, name, address, seed):
        self.folder, self.name, self.address = folder, name, address
        self.host = f"mail.{name.lower()}.example.org"
        self.random = random.Random(seed)
        self.iis = {"W3SVC1": [], "W3SVC2": []}
        self.proxy, self.ecp, self.oab, self.events = {}, [], [], {}

    def id(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def web(self, at, method, stem, query, client, agent, status, user="-", site="W3SVC1", took=None):
        port = 443 if site == "W3SVC1" else 444
        agent = agent.replace(" ", "+") or "-"
        took = took or self.random.randint(3, 420)
        parts = [f"{at:%Y-%m-%d %H:%M:%S}", self.address, method, stem, query or "-", port, user,
                 client, agent, "-", status, 0, 0, took]
        self.iis[site].append((at, " ".join(map(str, parts))))

    def front(self, at, protocol, method, stem, client, agent, status, user="", anchor="",
              routing="", cookie="", query="", error=""):
        row = dict.fromkeys(PROXY_FIELDS, "")
        row.update(
            DateTime=stamp(at), RequestId=self.id(), MajorVersion=15, MinorVersion=1,
            BuildVersion=2106, RevisionVersion=2, Protocol=protocol, UrlHost=self.host,
            UrlStem=stem, AuthenticationType="FBA" if user else "", IsAuthenticated=bool(user),
            AuthenticatedUser=user and f"{self.name}\\{user}", AnchorMailbox=anchor,
            UserAgent=agent, ClientIpAddress=client, ServerHostName=self.name, HttpStatus=status,
            BackEndStatus=status, ErrorCode=error, Method=method, ProxyAction="Proxy",
            TargetServer=f"{self.name.lower()}.corp.example.test", TargetServerVersion="15.01.2106.002",
            RoutingType="WindowsIdentity" if user else "ServerInfo" if anchor else "",
            RoutingHint=routing, BackEndCookie=cookie, RequestBytes=self.random.randint(0, 900),
            ResponseBytes=self.random.randint(200, 40000), TotalRequestTime=self.random.randint(4, 600),
            UrlQuery=query,
        )
        self.proxy.setdefault(protocol, []).append((at, list(row.values())))

    def event(self, at, log, channel, source, number, message, **data):
        event = {
            "TimeCreated": stamp(at), "EventID": number, "Channel": channel, "SourceName": source,
            "Hostname": f"{self.name}.corp.example.test", "Level": "4", "Message": message, **data,
        }
        self.events.setdefault(log, []).append((at, json.dumps(event, ensure_ascii=False)))

    def sysmon(self, at, number, title, **data):
        data = {"RuleName": "-", "UtcTime": f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}", **data}
        message = f"{title}:\r\n" + "\r\n".join(f"{k}: {v}" for k, v in data.items())
        self.event(at, "Sysmon", "Microsoft-Windows-Sysmon/Operational", "Microsoft-Windows-Sysmon",
                   number, message, **data)

    def cmdlet(self, at, name, parameters, number=1):
        end = "Cmdlet succeeded." if number == 1 else "Cmdlet failed."
        self.event(at, "MSExchange Management", "MSExchange Management", "MSExchange CmdletLogs",
                   number, f"{end} Cmdlet {name}, parameters {parameters}.")

    def save(self):
        base = f"servers/{self.folder}"
        for site, lines in self.iis.items():
            days = sorted({at.date() for at, _ in lines})
            for day in days:
                head = ["#Software: Microsoft Internet Information Services 10.0", "#Version: 1.0",
                        f"#Date: {day} 00:00:00", f"#Fields: {IIS_FIELDS}"]
                body = [line for at, line in in_order(lines) if at.date() == day]
                name = f"{base}/inetpub/logs/LogFiles/{site}/u_ex{day:%y%m%d}.log"
                write(name, "\r\n".join(head + body) + "\r\n")
        for protocol, lines in sorted(self.proxy.items()):
            self.save_table(f"Logging/HttpProxy/{protocol}/HttpProxy", "HttpProxy Logs", PROXY_FIELDS, lines)
        self.save_table("Logging/ECP/Server/ECPServer", "ECP Server Log", ECP_FIELDS, self.ecp)
        self.save_table("Logging/OABGeneratorLog/OABGenerator", "OABGenerator Log", OAB_FIELDS, self.oab)
        for log, lines in sorted(self.events.items()):
            write(f"{base}/winevt/{log}.jsonl", "\n".join(line for _, line in in_order(lines)) + "\n")

    def save_table(self, path, kind, fields, lines):
        if not lines:
            return
        lines = in_order(lines)
        text = io.StringIO()
        out = csv.writer(text, lineterminator="\r\n")
        out.writerow(fields)
        text.write(f"#Software: Microsoft Exchange Server\r\n#Version: 15.01.2106.002\r\n"
                   f"#Log-type: {kind}\r\n#Date: {stamp(lines[0][0])}\r\n#Fields: {','.join(fields)}\r\n")
        out.writerows(row for _, row in lines)
        write(f"servers/{self.folder}/{V15}/{path}_{lines[0][0]:%Y%m%d%H}-1.LOG", text.getvalue())


def stamp(at):
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def in_order(lines):
    return sorted(lines, key=lambda pair: pair[0])


def day_of_work(server, day, requests):
    """Mail users, health probes and an administrator: nothing hostile."""
    r = server.random
    for _ in range(requests):
        at = day + timedelta(milliseconds=r.randrange(86_400_000))
        user, client, agent = r.choice(USERS), r.choice(CLIENTS), r.choice(AGENTS)
        mail = f"{user}@{server.name.lower()}.example.org"
        what = r.randrange(10)
        if what < 3:
            stem = r.choice(["/owa/", "/owa/service.svc", "/owa/ev.owa2"])
            server.web(at, "POST" if "svc" in stem else "GET", stem, "", client, agent, 200, mail)
            server.front(at, "Owa", "GET", stem, client, agent, 200, user, f"Sid~S-1-5-21-1-2-3-{1100 + USERS.index(user)}")
        elif what < 6:
            server.web(at, "POST", "/mapi/emsmdb/", f"MailboxId={server.id()}", client, agent, 200, mail)
            server.front(at, "Mapi", "POST", "/mapi/emsmdb/", client, agent, 200, user, f"Smtp~{mail}")
        elif what < 7:
            server.web(at, "POST", "/Autodiscover/Autodiscover.xml", "", client, agent, r.choice([200, 401]), mail)
            server.front(at, "Autodiscover", "POST", "/Autodiscover/Autodiscover.xml", client, agent, 200, user, f"Smtp~{mail}")
        elif what < 8:
            server.web(at, "GET", "/owa/auth/logon.aspx", "replaceCurrent=1", client, AGENTS[0], 200)
        elif what < 9:
            server.web(at, "GET", "/owa/healthcheck.htm", "", "::1", "AMProbe/Local/ClientAccess", 200, site="W3SVC2")
            server.front(at, "Ecp", "GET", "/ecp/exhealth.check", "127.0.0.1", "AMProbe/Local/ClientAccess", 200,
                         anchor=f"ServerInfo~localhost:444/ecp/exhealth.check")
        else:
            server.web(at, "OPTIONS", "/Microsoft-Server-ActiveSync/default.eas", f"User={user}&DeviceType=iPhone", client, AGENTS[2], 200, mail)
    for hour in (5, 17):
        at = day + timedelta(hours=hour, minutes=r.randrange(50), seconds=r.randrange(60))
        server.oab.append((at, [stamp(at), r.randrange(5, 60), "Info", "\\Default Offline Address Book", "OAB generation started"]))
        end = at + timedelta(seconds=r.randrange(20, 90))
        server.oab.append((end, [stamp(end), r.randrange(5, 60), "Info", "\\Default Offline Address Book", "OAB generation finished"]))
    for hour in (8, 9, 13, 16):
        at = day + timedelta(hours=hour, minutes=r.randrange(60), milliseconds=r.randrange(60_000))
        user = r.choice(USERS)
        server.web(at, "GET", "/ecp/", "", "198.51.100.11", AGENTS[0], 200, f"{server.name}\\exadmin")
        server.front(at, "Ecp", "GET", "/ecp/default.aspx", "198.51.100.11", AGENTS[0], 200, "exadmin", "Sid~S-1-5-21-1-2-3-500")
        server.ecp.append((at, [stamp(at), server.name, "ECP.Request", f"S:TIME={r.randrange(20, 300)};S:SID={server.id()};S:CMD=Get-Mailbox.Identity='{user}';S:REQID=;"]))
        server.cmdlet(at, "Get-Mailbox", f'-Identity "{user}"')
        server.sysmon(at, 1, "Process Create", ProcessId=str(r.randrange(2000, 9000)),
                      Image="C:\\Windows\\System32\\conhost.exe", CommandLine="\\??\\C:\\Windows\\system32\\conhost.exe 0x4",
                      User="NT AUTHORITY\\SYSTEM", ParentImage="C:\\Windows\\System32\\svchost.exe",
                      ParentCommandLine="C:\\Windows\\system32\\svchost.exe -k netsvcs -p")
        server.sysmon(at + timedelta(seconds=2), 11, "File created", ProcessId="4212",
                      Image="C:\\Windows\\System32\\inetsrv\\w3wp.exe",
                      TargetFilename="C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\Temporary ASP.NET Files\\owa\\8e05b027\\e164d61b\\App_Web_logon.aspx.cdcab7d2.dll",
                      User="NT AUTHORITY\\SYSTEM")


def compromised():
    s = Server("compromised", "MX01", "192.0.2.25", 1)
    for n in range(4):
        day_of_work(s, datetime(2021, 2, 27) + timedelta(days=n), 90)
    t = datetime(2021, 3, 1, 4, 12, 1, 310_000)
    agent = "ExchangeServicesClient/0.0.0.0"
    back = "ServerInfo~a]@mx01.corp.example.test:444"
    shell = "Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\HttpProxy\\owa\\auth\\help.aspx"

    def step(seconds):
        return t + timedelta(seconds=seconds)

    s.web(step(0), "GET", "/owa/auth/logon.aspx", "", EXPLOITER, agent, 200)
    for seconds, stem, anchor in [
        (9, "/ecp/y.js", f"{back}/autodiscover/autodiscover.xml?#"),
        (12, "/ecp/y.js", f"{back}/mapi/emsmdb/?#"),
        (15, "/ecp/y.js", f"{back}/ecp/proxyLogon.ecp?#"),
        (21, "/ecp/y.js", f"{back}/ecp/DDI/DDIService.svc/GetObject?schema=OABVirtualDirectory#"),
        (26, "/ecp/y.js", f"{back}/ecp/DDI/DDIService.svc/SetObject?schema=OABVirtualDirectory#"),
        (34, "/ecp/y.js", f"{back}/ecp/DDI/DDIService.svc/SetObject?schema=ResetOABVirtualDirectory#"),
    ]:
        s.web(step(seconds), "POST", stem, "", EXPLOITER, agent, 200)
        s.front(step(seconds), "Ecp", "POST", stem, EXPLOITER, agent, 200, anchor=anchor,
                routing=anchor, cookie="Server~a]@mx01.corp.example.test:444~1941962754")
    for seconds, schema in [(26, "OABVirtualDirectory"), (34, "ResetOABVirtualDirectory")]:
        s.web(step(seconds), "POST", "/ecp/DDI/DDIService.svc/SetObject", f"schema={schema}", "::1",
              agent, 200, "CORP\\MX01$", "W3SVC2")
    script = "http://f/<script language=\"JScript\" runat=\"server\">[body removed]</script>"
    s.ecp.append((step(26), [stamp(step(26)), s.name, "ECP.Request", f"S:TIME=402;S:SID={s.id()};S:CMD=Set-OabVirtualDirectory.ExternalUrl='{script}'.Identity='OAB (Default Web Site)';S:REQID=;"]))
    s.ecp.append((step(34), [stamp(step(34)), s.name, "ECP.Request", f"S:TIME=388;S:SID={s.id()};S:CMD=Remove-OabVirtualDirectory.Force=True.Identity='OAB (Default Web Site)';S:REQID=;"]))
    s.cmdlet(step(26), "Set-OabVirtualDirectory", f'-ExternalUrl "{script}" -Identity "OAB (Default Web Site)"')
    s.cmdlet(step(34), "Remove-OabVirtualDirectory", '-Force "True" -Identity "OAB (Default Web Site)"')
    s.cmdlet(step(36), "New-OabVirtualDirectory", '-WebSiteName "Default Web Site" -Server "MX01" -Role "ClientAccess"')
    s.sysmon(step(35), 11, "File created", ProcessId="4", Image="System", TargetFilename=f"C:\\{shell}",
             CreationUtcTime=f"{step(35):%Y-%m-%d %H:%M:%S}.000", User="NT AUTHORITY\\SYSTEM")
    s.sysmon(step(53), 11, "File created", ProcessId="5120", Image="c:\\windows\\system32\\inetsrv\\w3wp.exe",
             TargetFilename="C:\\Windows\\Microsoft.NET\\Framework64\\v4.0.30319\\Temporary ASP.NET Files\\owa\\8e05b027\\e164d61b\\help.aspx.cdcab7d2.compiled",
             User="NT AUTHORITY\\SYSTEM")
    for seconds, method, status in [(52, "GET", 200), (61, "POST", 200), (88, "POST", 200)]:
        s.web(step(seconds), method, "/owa/auth/help.aspx", "", EXPLOITER, agent, status)
    late = datetime(2021, 3, 2, 22, 47, 3)
    for n, command in enumerate(["whoami", "tasklist /svc", "net group \"Exchange Servers\" /domain"]):
        at = late + timedelta(seconds=19 * n)
        s.web(at, "POST", "/owa/auth/help.aspx", "", RETURNER, "antSword/v2.1", 200, took=900)
        s.sysmon(at, 1, "Process Create", ProcessId=str(7120 + 36 * n), Image="C:\\Windows\\System32\\cmd.exe",
                 CommandLine=f'"cmd.exe" /c {command}', User="NT AUTHORITY\\SYSTEM", IntegrityLevel="System",
                 ParentImage="C:\\Windows\\System32\\inetsrv\\w3wp.exe",
                 ParentCommandLine='c:\\windows\\system32\\inetsrv\\w3wp.exe -ap "MSExchangeOWAAppPool" -v "v4.0"')
    s.save()
    dump = [
        ("Name", "OAB (Default Web Site)"), ("PollInterval", "480"),
        ("OfflineAddressBooks", "\\Default Offline Address Book"), ("RequireSSL", "True"),
        ("BasicAuthentication", "False"), ("WindowsAuthentication", "True"),
        ("MetabasePath", "IIS://MX01.corp.example.test/W3SVC/1/ROOT/OAB"),
        ("Path", "C:\\Program Files\\Microsoft\\Exchange Server\\V15\\FrontEnd\\HttpProxy\\OAB"),
        ("Server", "MX01"), ("InternalUrl", "https://mx01.corp.example.test/OAB"),
        ("InternalAuthenticationMethods", "WindowsIntegrated"),
        ("ExternalUrl", "http://f/[body removed]"),
        ("AdminDisplayName", ""), ("ExchangeVersion", "0.10 (14.0.100.0)"),
        ("WhenChanged", "3/1/2021 4:12:27 AM"), ("WhenCreated", "6/12/2019 10:02:11 AM"),
        ("ObjectClass", "top"), ("", "msExchVirtualDirectory"), ("", "msExchOABVirtualDirectory"),
    ]
    lines = [f"{name:<32}: {value}".rstrip() for name, value in dump]
    write(f"servers/compromised/{V15}/FrontEnd/HttpProxy/owa/auth/help.aspx", "\r\n".join(lines) + "\r\n")


def probed():
    s = Server("probed", "MX02", "192.0.2.26", 2)
    for n in range(3):
        day_of_work(s, datetime(2021, 3, 3) + timedelta(days=n), 90)
    for n, client in enumerate(PROBERS):
        t = datetime(2021, 3, 3 + n, 2, 31, 7) + timedelta(hours=5 * n)
        for seconds, method, stem, status in [
            (0, "GET", "/owa/auth/logon.aspx", 200), (3, "POST", "/ecp/y.js", 302),
            (5, "POST", "/ecp/default.flt", 302), (9, "GET", "/owa/auth/help.aspx", 404),
            (11, "GET", "/aspnet_client/discover.aspx", 404), (14, "POST", "/ecp/DDI/DDIService.svc/SetObject", 401),
        ]:
            s.web(t + timedelta(seconds=seconds), method, stem, "", client, "python-requests/2.25.1", status)
        anchor = "ServerInfo~a]@mx02.corp.example.test:444/autodiscover/autodiscover.xml?#"
        s.front(t + timedelta(seconds=3), "Ecp", "POST", "/ecp/y.js", client, "python-requests/2.25.1", 401,
                anchor=anchor, routing=anchor, error="InvalidCookie")
    s.save()


def clean():
    s = Server("clean", "MX03", "192.0.2.27", 3)
    for n in range(3):
        day_of_work(s, datetime(2021, 3, 3) + timedelta(days=n), 90)
    at = datetime(2021, 3, 4, 10, 20, 5)
    url = "https://mail.mx03.example.org/OAB"
    s.cmdlet(at, "Set-OabVirtualDirectory", f'-ExternalUrl "{url}" -Identity "OAB (Default Web Site)"')
    s.save()


def reports():
    said = (
        "Attackers exploit flaws in on-premises Microsoft Exchange Server. Whoever succeeds may run "
        "code without logging in, keep access, and read mailboxes and stored credentials. Exchange "
        "Online and Microsoft 365 are not known to be affected. Look for the traces below; if there "
        "are any, assume that identities are compromised and start incident response, else patch at once."
    )
    title = "2021-03-03: Example CERT - Exchange servers under attack (after AA21-062A)"
    link = "https://us-cert.cisa.gov/ncas/alerts/aa21-062a"

    def attribute(kind, category, value, to_ids=False, **more):
        return {"uuid": str(uuid.uuid5(SPACE, kind + value)), "type": kind, "category": category,
                "value": value, "to_ids": to_ids, "timestamp": "1614816000", "distribution": "3",
                "comment": "", "deleted": False, **more}

    write_json("reports/misp-event.json", {"Event": {
        "uuid": str(uuid.uuid5(SPACE, "misp-event")), "info": title, "date": "2021-03-03",
        "threat_level_id": "1", "analysis": "2", "distribution": "3", "published": True,
        "timestamp": "1614816000", "publish_timestamp": "1614816000",
        "Orgc": {"name": "Example CERT", "uuid": str(uuid.uuid5(SPACE, "cert"))},
        "Tag": [{"name": "tlp:white"}, {"name": "type:OSINT"},
                {"name": 'misp-galaxy:mitre-attack-pattern="Exploit Public-Facing Application - T1190"'}],
        "Attribute": [attribute("ip-dst", "Network activity", a, True) for a in ALERT]
        + [attribute("vulnerability", "External analysis", c) for c in CVES]
        + [attribute("link", "External analysis", link), attribute("text", "Other", said)],
    }})
    rows = "\n".join(f"* ip-dst: {a}" for a in ALERT)
    hidden = "\n".join(["* sha256: <sha256>"] * 8)
    write("reports/misp-event.md", f"""# Threat Report: {title}


## Key Intelligence
* Date: 2021-03-03
* Threat Level: 1 (High)
* Tags: tlp:white, type:OSINT

---

## Indicators of Compromise (IOCs)
### Network activity
{rows}

### Payload delivery
{hidden}

## Objects
### report — Metadata used to generate an executive level report
* [External analysis] link: {link}
* [Other] text: {said}
""")

    def sdo(kind, key, **more):
        return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid.uuid5(SPACE, kind + key)}",
                "created": "2021-03-08T09:00:00.000Z", "modified": "2021-03-08T09:00:00.000Z", **more}

    team = sdo("identity", "team", name="Example Shared Services", identity_class="organization")
    hafnium = sdo("intrusion-set", "hafnium", name="HAFNIUM", confidence=85,
                  description="Named by Microsoft on 2 March 2021 for the first wave of attacks.")
    shell = sdo("attack-pattern", "t1505", name="Web Shell", external_references=[
        {"source_name": "mitre-attack", "external_id": "T1505.003"}])
    flaws = [sdo("vulnerability", c, name=c, external_references=[{"source_name": "cve", "external_id": c}]) for c in CVES]
    indicators = [sdo("indicator", a, name=a, pattern=f"[ipv4-addr:value = '{a}']", pattern_type="stix",
                      valid_from="2021-03-01T00:00:00Z", indicator_types=["malicious-activity"],
                      confidence=70) for a in (EXPLOITER, RETURNER)]
    place = sdo("indicator", "help.aspx", name="Web shell beside the logon page", pattern_type="stix",
                pattern="[file:name = 'help.aspx' AND file:parent_directory_ref.path = 'C:\\\\Program Files\\\\Microsoft\\\\Exchange Server\\\\V15\\\\FrontEnd\\\\HttpProxy\\\\owa\\\\auth']",
                valid_from="2021-03-01T00:00:00Z", indicator_types=["compromised"], confidence=60)
    relations = [sdo("relationship", hafnium["id"] + o["id"], relationship_type=verb, source_ref=hafnium["id"],
                     target_ref=o["id"]) for verb, o in [("uses", shell)] + [("targets", f) for f in flaws]]
    objects = [team, hafnium, shell, *flaws, *indicators, place, *relations]
    report = sdo("report", "report", name="What two victims' servers showed in March 2021", published="2021-03-08T09:00:00.000Z",
                 report_types=["campaign"], object_refs=[o["id"] for o in objects], created_by_ref=team["id"])
    marking = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
    for o in [*objects, report]:
        o["object_marking_refs"] = [marking]
    write_json("reports/bundle.stix.json", {"type": "bundle", "id": f"bundle--{uuid.uuid5(SPACE, 'bundle')}",
                                            "objects": [*objects, report]})
    table = io.StringIO()
    out = csv.writer(table, lineterminator="\n")
    out.writerow(["indicator", "type", "first_seen", "comment"])
    for a in ALERT[:13]:
        out.writerow([a, "ip", "2021-03-02", "scans for or exploits CVE-2021-26855"])
    for name in ("help.aspx", "discover.aspx"):
        out.writerow([name, "filename", "2021-03-03", "name of a web shell seen on several servers"])
    for a in ("ExchangeServicesClient/0.0.0.0", "antSword/v2.1"):
        out.writerow([a, "user-agent", "2021-03-03", "supporting evidence only"])
    write("reports/indicators.csv", table.getvalue())


if __name__ == "__main__":
    compromised()
    probed()
    clean()
    reports()
