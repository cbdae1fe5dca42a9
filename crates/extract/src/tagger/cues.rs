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
