//! Fields out of an event's rendered message, for exports that keep nothing else.

/// The log that a provider writes to, for exports that name the provider only.
pub(crate) fn channel_of(provider: &str) -> Option<&'static str> {
    Some(match provider {
        "Microsoft-Windows-Sysmon" => "Microsoft-Windows-Sysmon/Operational",
        "Microsoft-Windows-Security-Auditing" | "Microsoft-Windows-Eventlog" => "Security",
        "Microsoft-Windows-PowerShell" => "Microsoft-Windows-PowerShell/Operational",
        "PowerShell" => "Windows PowerShell",
        "PowerShellCore" => "PowerShellCore/Operational",
        "Service Control Manager" => "System",
        "MSExchange CmdletLogs" => "MSExchange Management",
        "Microsoft-Windows-Windows Defender" => "Microsoft-Windows-Windows Defender/Operational",
        "Microsoft-Windows-TaskScheduler" => "Microsoft-Windows-TaskScheduler/Operational",
        "Microsoft-Windows-WMI-Activity" => "Microsoft-Windows-WMI-Activity/Operational",
        "Microsoft-Windows-Bits-Client" => "Microsoft-Windows-Bits-Client/Operational",
        "Microsoft-Windows-DNS-Client" => "Microsoft-Windows-DNS-Client/Operational",
        _ => return None,
    })
}

/// The log whose name Hayabusa shortens so by default.
pub(crate) fn short_channel(short: &str) -> Option<&'static str> {
    Some(match short {
        "App" => "Application",
        "Sec" => "Security",
        "Sys" => "System",
        "Sysmon" => "Microsoft-Windows-Sysmon/Operational",
        "PwSh" => "Microsoft-Windows-PowerShell/Operational",
        "PwShClassic" => "Windows PowerShell",
        "Defender" => "Microsoft-Windows-Windows Defender/Operational",
        "TaskSch" => "Microsoft-Windows-TaskScheduler/Operational",
        "WMI" => "Microsoft-Windows-WMI-Activity/Operational",
        "WinRM" => "Microsoft-Windows-WinRM/Operational",
        "Exchange" => "MSExchange Management",
        "BitsCli" => "Microsoft-Windows-Bits-Client/Operational",
        "CodeInteg" => "Microsoft-Windows-CodeIntegrity/Operational",
        "Firewall" => "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall",
        "NTLM" => "Microsoft-Windows-NTLM/Operational",
        "OpenSSH" => "OpenSSH/Operational",
        "PrintAdm" => "Microsoft-Windows-PrintService/Admin",
        "PrintOp" => "Microsoft-Windows-PrintService/Operational",
        "RDP-Client" => "Microsoft-Windows-TerminalServices-RDPClient/Operational",
        "SmbCliSec" => "Microsoft-Windows-SmbClient/Security",
        "DvrFmwk" => "Microsoft-Windows-DriverFrameworks-UserMode/Operational",
        "DNS-Svr" => "DNS Server",
        "DHCP-Svr" => "Microsoft-Windows-DHCP-Server/Operational",
        _ => return None,
    })
}

/// Labels of the messages whose field has another name, by section and label; an empty section is any.
const LABELS: &[(&str, &str, &str)] = &[
    ("Subject", "Security ID", "SubjectUserSid"),
    ("Subject", "Account Name", "SubjectUserName"),
    ("Subject", "Account Domain", "SubjectDomainName"),
    ("Subject", "Logon ID", "SubjectLogonId"),
    ("Creator Subject", "Security ID", "SubjectUserSid"),
    ("Creator Subject", "Account Name", "SubjectUserName"),
    ("Creator Subject", "Account Domain", "SubjectDomainName"),
    ("Creator Subject", "Logon ID", "SubjectLogonId"),
    ("Member", "Security ID", "MemberSid"),
    ("Member", "Account Name", "MemberName"),
    ("Group", "Security ID", "TargetSid"),
    ("Group", "Account Name", "TargetUserName"),
    ("Group", "Group Name", "TargetUserName"),
    ("Group", "Group Domain", "TargetDomainName"),
    ("", "Security ID", "TargetUserSid"),
    ("", "Account Name", "TargetUserName"),
    ("", "Account Domain", "TargetDomainName"),
    ("", "Logon ID", "TargetLogonId"),
    ("", "Process Command Line", "CommandLine"),
    ("", "Creator Process Name", "ParentProcessName"),
    ("", "Creator Process ID", "ProcessId"),
    ("", "Token Elevation Type", "TokenElevationType"),
    ("", "Source Network Address", "IpAddress"),
    ("", "Client Address", "IpAddress"),
    ("", "Source Address", "IpAddress"),
    ("", "Source Port", "IpPort"),
    ("", "Client Port", "IpPort"),
    ("", "Authentication Package", "AuthenticationPackageName"),
    ("", "Logon Process", "LogonProcessName"),
    ("", "Package Name (NTLM only)", "LmPackageName"),
    ("", "Caller Process Name", "ProcessName"),
    ("", "Caller Process ID", "ProcessId"),
    ("", "Failure Reason", "FailureReason"),
    ("", "Service File Name", "ImagePath"),
    ("", "Service Account", "AccountName"),
    ("", "Service Start Type", "StartType"),
    ("", "Accesses", "AccessList"),
    ("", "Object Value Name", "ObjectValueName"),
    ("", "ScriptBlock ID", "ScriptBlockId"),
];

/// Labels that stand for something else with this event.
const OF_EVENT: &[(u32, &str, &str)] = &[
    (4697, "Service File Name", "ServiceFileName"),
    (4697, "Service Start Type", "ServiceStartType"),
    (4697, "Service Account", "ServiceAccount"),
    (5156, "Source Address", "SourceAddress"),
    (5156, "Source Port", "SourcePort"),
    (5156, "Destination Address", "DestAddress"),
    (5156, "Destination Port", "DestPort"),
    (5156, "Application Name", "Application"),
    (4720, "Account Name", "TargetUserName"),
];

/// Fields that a message states, by their names in the event itself.
pub(crate) fn fields(id: Option<u32>, channel: &str, message: &str) -> Vec<(String, String)> {
    if id == Some(4104) && channel.contains("PowerShell") {
        return script_block(message);
    }
    let sysmon = channel.contains("Sysmon");
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut section = String::new();
    for line in message.lines() {
        let Some((label, value)) = line.split_once(':') else { continue };
        let (label, value) = (label.trim(), value.trim());
        if label.is_empty() || label.len() > 48 || label.contains('\\') {
            continue;
        }
        if value.is_empty() {
            label.clone_into(&mut section);
            continue;
        }
        if sysmon {
            fields.push((label.to_owned(), value.to_owned()));
            continue;
        }
        if value == "-" || label.split(' ').count() > 5 {
            continue;
        }
        let of_event = OF_EVENT.iter().find(|(e, l, _)| id == Some(*e) && *l == label);
        let known = LABELS.iter().find(|(s, l, _)| *l == label && (s.is_empty() || *s == section));
        let name = match (of_event, known) {
            (Some((_, _, name)), _) => {
                // The account that acts is told by its own section.
                if section == "Subject" { known.map_or(*name, |k| k.2) } else { name }
            }
            (None, Some((_, _, name))) => name,
            (None, None) => {
                let name: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
                if !name.is_empty() {
                    fields.push((name, value.to_owned()));
                }
                continue;
            }
        };
        fields.push((name.to_owned(), value.to_owned()));
    }
    fields
}

/// `Creating Scriptblock text (1 of 1):`, the script, then its identifier and path.
fn script_block(message: &str) -> Vec<(String, String)> {
    let Some((_, rest)) = message.split_once("):") else { return Vec::new() };
    let end = rest.rfind("ScriptBlock ID:").unwrap_or(rest.len());
    let mut fields = vec![("ScriptBlockText".to_owned(), rest[..end].trim().to_owned())];
    for line in rest[end..].lines() {
        if let Some(value) = line.strip_prefix("ScriptBlock ID:") {
            fields.push(("ScriptBlockId".to_owned(), value.trim().to_owned()));
        } else if let Some(value) = line.strip_prefix("Path:") {
            fields.push(("Path".to_owned(), value.trim().to_owned()));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(fields: &[(String, String)], name: &str) -> Option<String> {
        fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone())
    }

    #[test]
    fn a_message_gives_the_fields_of_its_event() {
        let created = "A new process has been created.\r\n\r\nCreator Subject:\r\n\tSecurity ID:\t\tS-1-5-18\r\n\tAccount Name:\t\tMAIL01$\r\n\r\nTarget Subject:\r\n\tAccount Name:\t\t-\r\n\r\nProcess Information:\r\n\tNew Process ID:\t\t0x1a4\r\n\tNew Process Name:\tC:\\Windows\\System32\\cmd.exe\r\n\tCreator Process Name:\tC:\\Windows\\System32\\inetsrv\\w3wp.exe\r\n\tProcess Command Line:\tcmd /c \"echo a: b\"\r\n\r\nToken Elevation Type indicates the type of token: some prose.";
        let all = fields(Some(4688), "Security", created);
        for (name, value) in [
            ("SubjectUserName", "MAIL01$"),
            ("NewProcessName", "C:\\Windows\\System32\\cmd.exe"),
            ("ParentProcessName", "C:\\Windows\\System32\\inetsrv\\w3wp.exe"),
            ("CommandLine", "cmd /c \"echo a: b\""),
        ] {
            assert_eq!(get(&all, name).as_deref(), Some(value), "{all:?}");
        }
        assert_eq!(get(&all, "TargetUserName"), None);
        let sysmon = "Process Create:\nRuleName: -\nUtcTime: 2021-03-03 01:02:03.000\nImage: C:\\a b.exe\nCommandLine: a.exe";
        let all = fields(Some(1), "Microsoft-Windows-Sysmon/Operational", sysmon);
        assert_eq!(get(&all, "Image").as_deref(), Some("C:\\a b.exe"));
        assert_eq!(get(&all, "UtcTime").as_deref(), Some("2021-03-03 01:02:03.000"));
        let block = "Creating Scriptblock text (1 of 1):\nGet-Item x\nWrite-Host y: z\n\nScriptBlock ID: 12-34\nPath: C:\\a.ps1";
        let all = fields(Some(4104), "Microsoft-Windows-PowerShell/Operational", block);
        assert_eq!(get(&all, "ScriptBlockText").as_deref(), Some("Get-Item x\nWrite-Host y: z"));
        assert_eq!(get(&all, "Path").as_deref(), Some("C:\\a.ps1"));
        let service = "A service was installed in the system.\n\nService Name:  odd\nService File Name:  %COMSPEC% /c x\nService Account:  LocalSystem";
        let all = fields(Some(7045), "System", service);
        assert_eq!(get(&all, "ImagePath").as_deref(), Some("%COMSPEC% /c x"));
        assert_eq!(get(&all, "ServiceName").as_deref(), Some("odd"));
        assert_eq!(
            get(&fields(Some(4697), "Security", service), "ServiceFileName").as_deref(),
            Some("%COMSPEC% /c x")
        );
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(text in "(Subject:|\n|\t|Account Name: x|\\):|ScriptBlock ID:|[ -~é]{0,6}){0,12}", id in 4100u32..4110) {
            let _ = fields(Some(id), "Microsoft-Windows-PowerShell/Operational", &text);
            let _ = fields(Some(id), "Security", &text);
        }
    }
}
