//! Nouns that say of the name beside them what bears it: one list of each sort, for all who look for them.

/// Sorts of malware, in the singular.
pub(crate) const MALWARE: &[&str] = &[
    "backdoor",
    "botnet",
    "bootkit",
    "cryptominer",
    "downloader",
    "dropper",
    "implant",
    "infostealer",
    "keylogger",
    "loader",
    "malware",
    "miner",
    "ransomware",
    "rat",
    "rootkit",
    "spyware",
    "stager",
    "stealer",
    "trojan",
    "webshell",
    "wiper",
    "worm",
];

/// Groups of adversaries and the people in them, in English, French, German, Spanish and Italian.
pub(crate) const ACTORS: &[&str] = &[
    "group",
    "groups",
    "gang",
    "actor",
    "actors",
    "crew",
    "collective",
    "hackers",
    "operators",
    "apt",
    "groupe",
    "gruppe",
    "hackergruppe",
    "grupo",
    "gruppo",
];

/// Whether a word is one of a list, in any case.
pub(crate) fn is(word: &str, list: &[&str]) -> bool {
    list.iter().any(|w| w.eq_ignore_ascii_case(word))
}
