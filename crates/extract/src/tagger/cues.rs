//! Words beside which names stand, and what they tell of them anywhere in a document.

use std::sync::LazyLock;

use foldhash::HashMap;

use super::word::hash_of;

/// What words beside a name say of it; one bit each.
pub(crate) type Bits = u32;

/// Cues right before a name, one bit a row; those right after take the bits above.
const ROWS: &[&str] = &[
    "malware ransomware trojan backdoor loader downloader stealer infostealer rat botnet dropper implant wiper worm keylogger rootkit spyware miner banker bootkit payload payloads variant variants sample samples family",
    "group groups actor actors gang hackers operators operator crew team collective adversary adversaries affiliate affiliates apt threat cluster",
    "called named dubbed aka as known tracked",
    "in from across within throughout",
    "by",
    "said says reported reports researchers observed discovered identified published announced warned noted",
    "tool tools utility framework toolkit software using via with",
    "sector sectors industry industries organizations companies entities institutions providers",
    "government citizens based users embassy president ministry speaking",
    "inc ltd llc corp corporation gmbh university bank agency ministry department",
    "deploy deploys deployed drop drops dropped deliver delivers delivered download downloads downloaded execute executes distribute distributed install installs installed load loads",
    "the a an",
];

/// Bits of the cues that stand right before a name; those after it are shifted by [`AFTER`].
pub(crate) const AFTER: u32 = 12;

/// The word stands in lower case elsewhere.
pub(crate) const ALSO_LOWER: Bits = 1 << 24;
/// It stands three times or more.
pub(crate) const OFTEN: Bits = 1 << 25;
/// It is a part of a known name of an actor somewhere.
pub(crate) const KNOWN_ACTOR: Bits = 1 << 26;
/// It is a part of a known name of malware somewhere.
pub(crate) const KNOWN_MALWARE: Bits = 1 << 27;

/// Which rows hold a word, by the hash of its lower-case form.
pub(crate) fn rows_of(lower: u32) -> Bits {
    static TABLE: LazyLock<HashMap<u32, Bits>> = LazyLock::new(|| {
        let mut table = HashMap::default();
        for (i, row) in ROWS.iter().enumerate() {
            for word in row.split(' ') {
                *table.entry(hash_of(word)).or_default() |= 1 << i;
            }
        }
        table
    });
    TABLE.get(&lower).copied().unwrap_or_default()
}

/// Classes of words that tell of a name around them, or are one: finer than [`ROWS`], read of the word
/// itself and of its neighbours.
pub(crate) const CLASSES: &[&str] = &[
    "january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec",
    "monday tuesday wednesday thursday friday saturday sunday",
    "day days week weeks month months year years quarter today yesterday decade hours",
    "early late mid last past previous next earlier later since until recent beginning end half first second third fourth",
    "government governments governmental military defense defence diplomatic law public healthcare health medical financial finance banking bank banks energy oil gas telecommunications telecommunication telecom telecoms technology technologies media education educational academic academia universities university research manufacturing retail hospitality aerospace aviation automotive transportation transport logistics shipping maritime legal insurance pharmaceutical pharmaceuticals engineering construction utilities utility electric nuclear gaming gambling entertainment travel hotels casino casinos cryptocurrency ngo ngos nonprofit agriculture food mining water embassies ministries chemical semiconductor electronics it",
    "sector sectors industry industries vertical verticals organization organizations organisation organisations institution institutions entities company companies firms agencies contractors providers operators infrastructure",
    "agency department ministry bureau center centre office institute council commission committee police federal national international",
    "inc ltd llc corp corporation gmbh co plc company labs security software technologies systems networks solutions group foundation university bank",
    "researchers researcher analysts team blog report telemetry intelligence unit",
    "chinese russian iranian korean american ukrainian israeli indian pakistani turkish vietnamese japanese german french british european asian african arabic english spanish polish italian saudi syrian",
    "north south east west eastern western southern northern central middle southeast",
    "persistence execution reconnaissance exfiltration discovery collection evasion escalation lateral movement impact initial access credential command control",
    "phishing spearphishing spear injection hijacking hollowing loading sideloading obfuscation encryption encoding dumping keylogging logging brute forcing scanning capture tunneling proxying enumeration masquerading bypass process dll screenshot screenshots credentials password passwords scheduled task tasks service services registry startup",
    "c2 c&c server servers domain domains exploit exploits vulnerability vulnerabilities zero attack attacks attacker attackers campaign campaigns payload payloads shellcode webshell implant victim victims infection email emails attachment attachments macro macros document documents lure decoy",
    "windows linux macos android microsoft google office word excel powershell python outlook exchange chrome firefox adobe",
    "ransomware trojan backdoor loader downloader stealer infostealer rat botnet dropper implant wiper worm keylogger rootkit spyware miner banker bootkit stager beacon",
    "exe dll cmd bat ps1 vbs js hta reg hkcu hklm system32 temp appdata programdata",
];

/// Which classes hold a word, by the hash of its lower-case form.
pub(crate) fn classes_of(lower: u32) -> Bits {
    static TABLE: LazyLock<HashMap<u32, Bits>> = LazyLock::new(|| {
        let mut table = HashMap::default();
        for (i, class) in CLASSES.iter().enumerate() {
            for word in class.split(' ') {
                *table.entry(hash_of(word)).or_default() |= 1 << i;
            }
        }
        table
    });
    TABLE.get(&lower).copied().unwrap_or_default()
}
