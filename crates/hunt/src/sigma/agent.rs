//! Programs that manage and watch machines: what they start runs as the system, from folders that only administrators
//! write to, all day long. A rule about what was started says less when such a program is the parent.

use lapwing_model::Severity;

use crate::record::Record;

/// Part of the parent's path in lower case, and the program in words.
const AGENTS: &[(&str, &str)] = &[
    ("\\microsoft monitoring agent\\agent\\monitoringhost.exe", "Microsoft's monitoring agent"),
    ("\\system center\\operations manager\\", "System Center Operations Manager"),
    ("\\system center operations manager\\", "System Center Operations Manager"),
    ("\\azure monitor agent\\", "the Azure Monitor agent"),
    ("\\azureconnectedmachineagent\\", "the agent of Azure Arc"),
    (":\\windowsazure\\guestagent_", "the guest agent of Azure"),
    (":\\windowsazure\\packages\\guestagent\\", "the guest agent of Azure"),
    (":\\windows\\ccm\\ccmexec.exe", "Configuration Manager"),
    ("\\microsoft intune management extension\\", "the Intune agent"),
    ("\\zabbix agent", "the Zabbix agent"),
    ("\\splunkuniversalforwarder\\bin\\", "the Splunk forwarder"),
];
/// Where such programs are installed.
const ROOTS: &[&str] = &["c:\\program files", "c:\\windows"];

/// The program that started what a record tells of, when it is such an agent in its own place.
pub(super) fn parent(record: &Record<'_>) -> Option<&'static str> {
    let names = ["ParentImage", "ParentProcessName", "InitiatingProcessFolderPath"];
    let path = names.iter().find_map(|name| record.get(name))?.to_ascii_lowercase();
    let installed = ROOTS.iter().any(|root| path.starts_with(root));
    let known = AGENTS.iter().find(|(part, _)| path.contains(part));
    known.filter(|_| installed).map(|(_, name)| *name)
}

/// One step lower.
pub(super) fn lower(severity: Severity) -> Severity {
    match severity {
        Severity::Critical => Severity::High,
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Informational => Severity::Informational,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_agent_in_its_own_place_is_one() {
        let of = |path: &str| {
            let record = Record {
                fields: vec![("ParentImage".into(), path.into())],
                raw: "".into(),
                time: None,
                place: None,
                offset: 0,
            };
            parent(&record)
        };
        let agent = "C:\\Program Files\\Microsoft Monitoring Agent\\Agent\\MonitoringHost.exe";
        assert_eq!(of(agent), Some("Microsoft's monitoring agent"));
        assert_eq!(of("C:\\Windows\\CCM\\CcmExec.exe"), Some("Configuration Manager"));
        for other in [
            "C:\\Users\\a\\Microsoft Monitoring Agent\\Agent\\MonitoringHost.exe",
            "C:\\Windows\\System32\\inetsrv\\w3wp.exe",
            "C:\\Windows\\System32\\cmd.exe",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(lower(Severity::High), Severity::Medium);
    }
}
