//! The files: rules with their evidence, lists of hashes, datasets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lapwing_model::{AnalyticConfidence, Kind, PartialDate};

use super::{names, wire_name};
use crate::export::ExportedFile;
use crate::rules::{Indicator, RuleSet, Tried, file, is_browser};

/// A kind of hashes, Suricata's keyword for it, the name of the list, and the hash's for people.
type Hashes = (Kind, &'static str, &'static str, &'static str);
const HASHES: [Hashes; 3] = [
    (Kind::Md5, "filemd5", "lapwing-md5.lst", "MD5"),
    (Kind::Sha1, "filesha1", "lapwing-sha1.lst", "SHA-1"),
    (Kind::Sha256, "filesha256", "lapwing-sha256.lst", "SHA-256"),
];
/// Protocols that carry files.
const CARRIERS: [&str; 4] = ["http", "smtp", "ftp-data", "smb"];
/// The first sid of the rules over lists and datasets; they are few, and counted.
const LIST_SID: u32 = 1_199_990_000;

/// `lapwing.rules` with the lists of hashes that it names; rules that failed are not in it.
pub fn write(set: &RuleSet, tried: &[Tried]) -> Vec<ExportedFile> {
    let mut text = set.comments("#", "Suricata rules");
    text.push_str(
        "# sid: 1200000000 and more, by the hash of the value; rev: the day last known\n",
    );
    let by_entity = set.by_entity();
    for Tried { rule, trial } in tried.iter().filter(|t| t.trial.passed()) {
        text.push('\n');
        for indicator in rule.indicators.iter().filter_map(|e| by_entity.get(e)) {
            text.push_str(&format!("# {}\n", indicator.evidence()));
        }
        text.push_str(&format!("# {}\n{}\n", trial.line(), rule.text));
    }
    let lists = hash_lists(set);
    text.push_str(&hash_rules(set, &lists));
    let mut files = vec![file("lapwing.rules", text)];
    files.extend(lists);
    files
}

/// `lapwing-datasets.rules` with its datasets.
pub fn datasets(set: &RuleSet) -> Vec<ExportedFile> {
    let mut text = set.comments("#", "Suricata rules over datasets");
    text.push_str("# load this file or lapwing.rules, not both; run Suricata with --data-dir, or where the lists lie\n\n");
    let mut files = Vec::new();
    let mut number = LIST_SID + 100;
    let mut add = |text: &mut String,
                   name: &str,
                   kind: &str,
                   values: Vec<String>,
                   rules: &[(&str, &str)]| {
        if values.is_empty() {
            return;
        }
        for (header, buffer) in rules {
            number += 1;
            let class = "classtype:trojan-activity";
            text.push_str(&format!(
                "alert {header} (msg:\"LAPWING {name}\"; {buffer}; dataset:isset,{name},type {kind},load {name}.lst; {class}; sid:{number}; rev:{};)\n",
                day_number(Some(PartialDate::from(set.today)))
            ));
        }
        files.push(file(&format!("{name}.lst"), values.concat()));
    };
    let coded = |value: String| format!("{}\n", STANDARD.encode(value));
    let of = |kind: Kind| set.indicators.iter().filter(move |i| i.entity.kind == kind);
    let domains = of(Kind::DomainName)
        .filter_map(|i| wire_name(&i.entity.value))
        .map(|name| coded(name.to_ascii_lowercase()))
        .collect();
    let to_server = "flow:established,to_server; ";
    add(
        &mut text,
        "lapwing-domains",
        "string",
        domains,
        &[
            ("dns $HOME_NET any -> any any", "dns.query; to_lowercase"),
            ("tls $HOME_NET any -> any any", &format!("{to_server}tls.sni; to_lowercase")),
            ("http $HOME_NET any -> any any", &format!("{to_server}http.host")),
        ],
    );
    let addresses = |kind: Kind| -> Vec<String> {
        let hosts = of(kind).filter(|i| !i.entity.value.contains('/'));
        let hosts = hosts.filter_map(|i| names::address(&i.entity.value).ok());
        hosts.map(|host| format!("{host}\n")).collect()
    };
    add(
        &mut text,
        "lapwing-ipv4",
        "ipv4",
        addresses(Kind::Ipv4Addr),
        &[("ip $HOME_NET any -> any any", "ip.dst"), ("ip any any -> $HOME_NET any", "ip.src")],
    );
    add(
        &mut text,
        "lapwing-ipv6",
        "ipv6",
        addresses(Kind::Ipv6Addr),
        &[("ip $HOME_NET any -> any any", "ip.dst"), ("ip any any -> $HOME_NET any", "ip.src")],
    );
    let agents = of(Kind::UserAgent)
        .filter(|i| !is_browser(&i.entity.value))
        .map(|i| coded(i.entity.value.clone()))
        .collect();
    add(
        &mut text,
        "lapwing-user-agents",
        "string",
        agents,
        &[("http $HOME_NET any -> any any", &format!("{to_server}http.user_agent"))],
    );
    if files.is_empty() {
        return files;
    }
    files.insert(0, file("lapwing-datasets.rules", text));
    files
}

fn hash_lists(set: &RuleSet) -> Vec<ExportedFile> {
    let list = |(kind, _, name, _): Hashes| {
        let values: String = set
            .indicators
            .iter()
            .filter(|i| i.entity.kind == kind)
            .map(|i| format!("{}\n", i.entity.value.to_ascii_lowercase()))
            .collect::<Vec<_>>()
            .concat();
        (!values.is_empty()).then(|| file(name, values))
    };
    HASHES.into_iter().filter_map(list).collect()
}

/// One rule for each list and protocol that carries files.
fn hash_rules(set: &RuleSet, lists: &[ExportedFile]) -> String {
    let mut text = String::new();
    for (at, (kind, keyword, name, hash)) in HASHES.into_iter().enumerate() {
        if !lists.iter().any(|file| file.name == name) {
            continue;
        }
        let count = set.indicators.iter().filter(|i| i.entity.kind == kind).count();
        text.push_str(&format!(
            "\n# {count} values of {kind} in {name}; `lapwing explain HASH` says why\n"
        ));
        for (part, carrier) in CARRIERS.into_iter().enumerate() {
            let sid = LIST_SID + (at * CARRIERS.len() + part) as u32;
            text.push_str(&format!(
                "alert {carrier} any any -> any any (msg:\"LAPWING file with a known {hash} over {carrier}\"; {keyword}:{name}; classtype:trojan-activity; sid:{sid}; rev:{};)\n",
                day_number(Some(PartialDate::from(set.today)))
            ));
        }
    }
    text
}

/// Up to three addresses of reports, as `reference` options.
pub(super) fn references(indicator: &Indicator) -> String {
    let mut links: Vec<&str> =
        indicator.links().filter_map(|url| url.split_once("://")).map(|(_, rest)| rest).collect();
    links.dedup();
    links.iter().take(3).map(|link| format!("reference:url,{link}; ")).collect::<Vec<_>>().concat()
}

/// Expiry, confidence and the rest as `metadata`, in the words of Emerging Threats where it has them.
pub(super) fn metadata(indicator: &Indicator) -> String {
    let day = |date: PartialDate| date.last_day().strftime("%Y_%m_%d").to_string();
    let mut pairs = Vec::new();
    if let Some(first) = indicator.first {
        pairs.push(format!("created_at {}", day(first)));
    }
    if let Some(last) = indicator.last {
        pairs.push(format!("updated_at {}", day(last)));
    }
    pairs.push(format!(
        "confidence {}",
        match indicator.confidence {
            AnalyticConfidence::Low => "Low",
            AnalyticConfidence::Moderate => "Medium",
            AnalyticConfidence::High => "High",
        }
    ));
    pairs.push(format!("lapwing_probability {}", indicator.percent()));
    pairs.push(format!("lapwing_status {}", indicator.status.as_str()));
    if let Some(expires) = indicator.expires {
        pairs.push(format!("lapwing_expires {}", day(PartialDate::from(expires))));
    }
    pairs.push(format!("lapwing_origins {}", indicator.origins.len()));
    pairs.push(format!(
        "tlp {}",
        indicator.marking.as_str().trim_start_matches("TLP:").to_ascii_lowercase()
    ));
    for technique in indicator.techniques.iter().take(3) {
        pairs.push(format!("mitre_technique_id {technique}"));
    }
    format!("metadata:{}; ", pairs.join(", "))
}

/// `rev` of a rule: it rises when the indicator is seen again.
pub(super) fn revision(indicator: &Indicator) -> u32 {
    day_number(indicator.last)
}

fn day_number(date: Option<PartialDate>) -> u32 {
    let number = date.map(|date| date.last_day().strftime("%Y%m%d").to_string());
    number.and_then(|n| n.parse().ok()).unwrap_or(1)
}
