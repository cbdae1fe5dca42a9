//! What a rule says of itself: technique, severity, how sure, and whether it is for web shells.

use lapwing_model::{Confidence, Severity};
use yara_x::{MetaValue, Rule};

/// The words of a rule's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Says {
    pub description: String,
    pub author: String,
    pub reference: String,
    pub technique: Option<String>,
    pub severity: Option<Severity>,
    pub confidence: Option<Confidence>,
    pub is_web_shell: bool,
}

/// What a name says when the rule tells no severity.
const GRAVE: [&str; 16] = [
    "backdoor",
    "beacon",
    "dropper",
    "exploit",
    "implant",
    "keylogger",
    "loader",
    "malware",
    "meterpreter",
    "mimikatz",
    "ransom",
    "rootkit",
    "shellcode",
    "stealer",
    "trojan",
    "chopper",
];

impl Says {
    pub(crate) fn of(rule: &Rule<'_, '_>) -> Self {
        let tags: Vec<String> = rule.tags().map(|tag| tag.identifier().to_owned()).collect();
        let meta: Vec<(String, String)> =
            rule.metadata().map(|(key, value)| (key.to_ascii_lowercase(), words(&value))).collect();
        Self::read(rule.identifier(), &tags, &meta)
    }

    fn read(name: &str, tags: &[String], meta: &[(String, String)]) -> Self {
        let first = |keys: &[&str]| {
            let found = meta.iter().find(|(key, _)| keys.contains(&key.as_str()));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let description = first(&["description", "desc", "info", "comment"]);
        let told = format!("{name} {} {description}", tags.join(" ")).to_ascii_lowercase();
        let is_web_shell = ["webshell", "web_shell", "web shell", "web-shell", "chopper"]
            .iter()
            .any(|w| told.contains(w));
        let of_attack = |key: &str| {
            ["mitre", "attack", "att_ck", "technique", "ttp"].iter().any(|part| key.contains(part))
        };
        let technique = tags
            .iter()
            .find_map(|tag| technique_in(tag))
            .or_else(|| {
                let mut named = meta.iter().filter(|(key, _)| of_attack(key));
                named.find_map(|(_, value)| technique_in(value))
            })
            .or_else(|| {
                let mut links =
                    meta.iter().filter(|(_, value)| value.contains("attack.mitre.org/techniques/"));
                links.find_map(|(_, value)| technique_in(&value.replace('/', ".")))
            })
            .or_else(|| is_web_shell.then(|| "T1505.003".to_owned()));
        let score = first(&["score"]).parse::<u8>().ok().filter(|score| *score <= 100);
        let severity =
            severity_of(&first(&["severity", "level", "threat_level", "criticality", "risk"]))
                .or_else(|| score.map(by_score))
                .or_else(|| {
                    (is_web_shell || GRAVE.iter().any(|word| told.contains(word)))
                        .then_some(Severity::High)
                });
        let sure = first(&["confidence"]);
        let confidence = Confidence::from_word(&sure)
            .or_else(|| sure.parse().ok().map(Confidence::percent))
            .or_else(|| score.map(Confidence::percent));
        Self {
            author: first(&["author", "authors"]),
            reference: first(&["reference", "references", "ref", "url", "link"]),
            description,
            technique,
            severity,
            confidence,
            is_web_shell,
        }
    }
}

fn words(value: &MetaValue<'_>) -> String {
    match value {
        MetaValue::Integer(number) => number.to_string(),
        MetaValue::Float(number) => number.to_string(),
        MetaValue::Bool(truth) => truth.to_string(),
        MetaValue::String(text) => (*text).to_owned(),
        MetaValue::Bytes(bytes) => bytes.to_string(),
    }
}

/// A word of Sigma's scale, or a number from 0 to 10 or to 100.
fn severity_of(word: &str) -> Option<Severity> {
    Some(match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "severe" => Severity::Critical,
        "high" => Severity::High,
        "medium" | "moderate" => Severity::Medium,
        "low" => Severity::Low,
        "informational" | "info" | "none" => Severity::Informational,
        number => {
            let number: u8 = number.parse().ok().filter(|number| *number <= 100)?;
            by_score(if number <= 10 { number * 10 } else { number })
        }
    })
}

/// Scores from 0 to 100 as public rule sets use them: 75 is what a plain good rule gets.
fn by_score(score: u8) -> Severity {
    match score {
        90.. => Severity::Critical,
        70.. => Severity::High,
        45.. => Severity::Medium,
        20.. => Severity::Low,
        _ => Severity::Informational,
    }
}

/// `T1505.003` in any of its spellings (`t1505_003`, `attack.t1505.003`).
fn technique_in(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digits = |from: usize, count: usize| {
        let part = bytes.get(from..from + count)?;
        let ends = !bytes.get(from + count).is_some_and(u8::is_ascii_digit);
        (ends && part.iter().all(u8::is_ascii_digit))
            .then(|| String::from_utf8_lossy(part).into_owned())
    };
    (0..bytes.len()).find_map(|at| {
        let begins = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        if !begins || !bytes[at].eq_ignore_ascii_case(&b't') {
            return None;
        }
        let main = digits(at + 1, 4)?;
        let part =
            matches!(bytes.get(at + 5), Some(b'.' | b'_')).then(|| digits(at + 6, 3)).flatten();
        Some(part.map_or_else(|| format!("T{main}"), |part| format!("T{main}.{part}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, tags: &[&str], meta: &[(&str, &str)]) -> Says {
        let tags: Vec<String> = tags.iter().map(|t| (*t).to_owned()).collect();
        let meta: Vec<_> = meta.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Says::read(name, &tags, &meta)
    }

    #[test]
    fn the_head_of_a_rule_is_understood() {
        let says =
            read("x", &["T1059_001"], &[("score", "95"), ("reference", "https://example.org/a")]);
        assert_eq!(says.technique.as_deref(), Some("T1059.001"));
        assert_eq!(says.severity, Some(Severity::Critical));
        assert_eq!(says.confidence, Some(Confidence::percent(95)));
        let says = read("APT_webshell_one", &[], &[("description", "a page")]);
        assert!(says.is_web_shell);
        assert_eq!(
            (says.severity, says.technique.as_deref()),
            (Some(Severity::High), Some("T1505.003"))
        );
        let says = read("is_pe", &[], &[("mitre_attack", "attack.t1027, T1140")]);
        assert_eq!((says.severity, says.technique.as_deref()), (None, Some("T1027")));
        assert_eq!(read("x", &[], &[("severity", "8")]).severity, Some(Severity::High));
        assert_eq!(read("x", &[], &[("threat_level", "Medium")]).severity, Some(Severity::Medium));
        let link = "https://attack.mitre.org/techniques/T1505/003/";
        assert_eq!(read("x", &[], &[("ref", link)]).technique.as_deref(), Some("T1505.003"));
    }

    #[test]
    fn what_only_looks_like_a_technique_is_none() {
        for text in ["T15050", "AT1505", "t1x", "T", "", "é t150"] {
            assert_eq!(technique_in(text), None, "{text}");
        }
    }
}
