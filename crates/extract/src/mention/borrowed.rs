//! Names of malware and actors that the world uses for something else: languages, systems, peoples, companies.
//!
//! The tables have them, as somebody once called a thing so; in reports they nearly always mean the other:
//! "a PHP web shell", "Russian operators". They count where the words right before give them as a name.

use lapwing_model::Kind;

/// In lower case, in order.
const BORROWED: &[&str] = &[
    "android",
    "anydesk",
    "arp",
    "assembly",
    "autoit",
    "beijing",
    "brazilian",
    "btc",
    "chinese",
    "clipper",
    "cmd",
    "coronavirus",
    "crypter",
    "ctf",
    "cylance",
    "czech",
    "dde",
    "defender",
    "desktop",
    "django",
    "exchanger",
    "explorer",
    "ftp",
    "golang",
    "grep",
    "helium",
    "international police association",
    "iranian",
    "java",
    "join.me",
    "kali",
    "korean",
    "linux",
    "malta",
    "mcafee",
    "message",
    "milan",
    "miner",
    "monero",
    "money",
    "netflix",
    "nevada",
    "nexus",
    "norton",
    "nuclear",
    "payment",
    "perl",
    "philadelphia",
    "php",
    "private internet access",
    "proton",
    "python",
    "ruby",
    "russian",
    "screenconnect",
    "sector",
    "spring",
    "swift",
    "tar",
    "teamviewer",
    "telegram",
    "template",
    "tor",
    "tripoli",
    "tsh",
    "turkish",
    "ukrainian",
    "wiki",
    "windows10",
    "wiper",
    "zimbra",
    "zlib",
];

/// Words that give what follows as a name.
const GIVING: &[&str] =
    &["called", "named", "dubbed", "known as", "calls", "calling itself", "aka", "tracked as"];

/// Whether a name of this kind is more often something else.
pub(super) fn is_borrowed(kind: Kind, surface: &str) -> bool {
    matches!(kind, Kind::Malware | Kind::ThreatActor)
        && BORROWED.binary_search(&surface.to_ascii_lowercase().as_str()).is_ok()
}

/// Whether the words before a name give it as one.
pub(super) fn is_given(before: &str) -> bool {
    let before = before.trim_end_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    GIVING.iter().any(|word| before.ends_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order() {
        assert!(BORROWED.is_sorted(), "{BORROWED:?}");
        assert!(is_borrowed(Kind::Malware, "Python"));
        assert!(!is_borrowed(Kind::Tool, "TeamViewer"));
        assert!(is_given("the ransomware called \""));
        assert!(!is_given("the malware is written in "));
    }
}
