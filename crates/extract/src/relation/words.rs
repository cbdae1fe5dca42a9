//! Words that tell how a sentence is built: what each is, by a bit.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

/// People who do the same and are no adversaries.
pub(super) const OTHERS: u16 = 1 << 0;
/// Nouns for an actor that was named before, or for one that is not named.
pub(super) const ACTORS: u16 = 1 << 1;
/// Nouns for malware that was named before.
pub(super) const MALWARE: u16 = 1 << 2;
/// Before a noun that was named before.
pub(super) const DEFINITE: u16 = 1 << 3;
/// Auxiliaries, adverbs, and verbs that only lead on to another.
pub(super) const LEADING: u16 = 1 << 4;
/// Of these, the ones that take "to" before the verb that they lead on to.
pub(super) const LEADING_TO: u16 = 1 << 5;
/// Forms of "be".
pub(super) const BE: u16 = 1 << 6;
/// Verbs that end what the act before them is done to.
pub(super) const OTHER_VERBS: u16 = 1 << 7;
/// Words that open a clause about the name before them.
pub(super) const RELATIVES: u16 = 1 << 8;
/// Between the parts of "A, B and C".
pub(super) const JOINING: u16 = 1 << 9;
/// Words beside a verb that deny it.
pub(super) const DENYING: u16 = 1 << 10;
/// Words beside a verb or name that hedge it.
pub(super) const HEDGING: u16 = 1 << 11;
/// Before a word that is a noun then and no verb.
pub(super) const DETERMINING: u16 = 1 << 12;

const LISTS: &[(u16, &str)] = &[
    (
        OTHERS,
        "we researchers researcher analysts analyst users user victims victim defenders \
         defender customers customer organizations organisations organization organisation you \
         vendors vendor companies company employees administrators admins teams team i \
         investigators police authorities responders agency agencies government experts firm \
         engineers everyone he she",
    ),
    (
        ACTORS,
        "group groups actor actors gang hackers adversary adversaries attackers attacker \
         operators operator apt crew they affiliates affiliate intruders intruder \
         cybercriminals criminals collective team them cluster hacker spies",
    ),
    (
        MALWARE,
        "malware backdoor trojan loader ransomware implant stealer botnet rat dropper \
         downloader worm wiper sample it payload infostealer miner keylogger spyware bot \
         rootkit itself",
    ),
    (DEFINITE, "the this these same that those such"),
    (
        LEADING,
        "is was were are be been being has have had having will would can could may might must \
         shall did does do not never to also then later since already first only just further \
         often sometimes still even both now longer no believed known thought suspected seen \
         observed found said reported caught spotted assessed continued continues began begun \
         started starts begins attempted attempts attempting tried tries trying managed able \
         unable failed fails appears appear appeared seems seem seemed sought seeks likely \
         cannot suspects expected instead once again soon currently prefers prefer preferred \
         wants wanted plans planned intends tends tended chose chooses proceeded proceeds ready",
    ),
    (
        LEADING_TO,
        "believed known thought suspected seen observed found said reported assessed continued \
         continues began begun started starts begins attempted attempts attempting tried tries \
         trying managed able unable failed fails appears appear appeared seems seem seemed \
         sought seeks likely expected prefers prefer preferred wants wanted plans planned \
         intends tends tended chose chooses proceeded proceeds ready",
    ),
    (BE, "is was were are be been being"),
    (
        OTHER_VERBS,
        "is was were are has have had said says believes believe attributed attributes linked \
         links tracks tracked overlaps overlap shares share resembles remains became becomes \
         will would noted reported reports operates belongs contains published found did does",
    ),
    (RELATIVES, "which that who whose where when because as"),
    (JOINING, "and or nor as well the its their along alongside later together with"),
    (DENYING, "not never neither nor cannot none no"),
    (
        HEDGING,
        "likely possibly possible probably probable potentially potential may might could \
         suspected presumed perhaps plausibly allegedly reportedly apparently presumably \
         believed thought alleged",
    ),
    (
        DETERMINING,
        "the a an this its their such recent of these those new several multiple in for ongoing \
         targeted any some his our from with by on active phishing ransomware s cyber supply \
         chain via",
    ),
];

/// Every word of the lists with its bits. Built once, from constants.
static BITS: LazyLock<HashMap<&str, u16, FixedState>> = LazyLock::new(|| {
    let mut bits = HashMap::default();
    for (bit, words) in LISTS {
        for word in words.split(' ') {
            *bits.entry(word).or_insert(0) |= bit;
        }
    }
    bits
});

/// What a lower-case word is.
pub(super) fn bits(word: &str) -> u16 {
    let known = BITS.get(word).copied().unwrap_or(0);
    let negated = word.ends_with("n't") || word.ends_with("n\u{2019}t");
    if negated {
        return known | LEADING | DENYING;
    }
    let adverb = word.len() > 4
        && word.ends_with("ly")
        && !matches!(word, "italy" | "family" | "supply" | "reply" | "apply");
    if adverb { known | LEADING } else { known }
}
