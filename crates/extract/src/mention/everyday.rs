//! Names that are everyday words ("Impact", "One", "Play"): the words right beside one have to make a name of it.
//!
//! In "the impact of ransomware" and "one of the samples" such words stand near malware, and are words.

use lapwing_model::{Kind, Span};

use super::borrowed;
use crate::nouns;

/// Beside the [`nouns`] of malware, what stands before or behind its name and that of who deploys it.
const DEPLOYING: &[&str] = &["family", "gang", "group", "operators", "affiliates", "crew"];
const TOOLS: &[&str] = &["tool", "tools", "utility", "framework", "toolkit", "command", "commands"];
/// Words that count, order or qualify what follows, whatever their case: "One Loader to Rule Them All", "Final Payload".
const QUALIFYING: &[&str] = &[
    "all", "another", "any", "both", "done", "each", "every", "few", "final", "first", "full",
    "last", "latest", "major", "more", "most", "new", "next", "old", "one", "only", "other",
    "second", "several", "some", "such", "that", "third", "this", "two", "unknown", "various",
];
/// Before a tool only.
const USING: &[&str] = &["using", "via", "tool", "utility", "command"];

/// Whether what stands beside the word, in its own sentence, makes a name of it.
pub(super) fn is_meant(text: &str, span: Span, kind: Kind) -> bool {
    let (Some(before), Some(shown), Some(after)) = (
        super::sentence_before(text, span.start as usize, 32),
        span.slice(text),
        text.get(span.end as usize..),
    ) else {
        return false;
    };
    if borrowed::is_given(before) {
        return true;
    }
    if !shown.bytes().any(|b| b.is_ascii_uppercase()) {
        return false;
    }
    let quoted = before.ends_with(['"', '\u{201c}', '\u{2018}', '`']);
    let shouted = shown.len() > 3 && shown.bytes().all(|b| b.is_ascii_uppercase());
    if !quoted && !shouted && QUALIFYING.iter().any(|word| word.eq_ignore_ascii_case(shown)) {
        return false;
    }
    let (ahead, behind) = match kind {
        Kind::Malware => (DEPLOYING, DEPLOYING),
        Kind::Tool => (USING, TOOLS),
        _ => (nouns::ACTORS, nouns::ACTORS),
    };
    let noun = |word: &str, list: &[&str]| {
        nouns::is(word, list) || kind == Kind::Malware && nouns::is(word, nouns::MALWARE)
    };
    let last =
        before.trim_end_matches([' ', '"', '\u{201c}', '\'', '\u{2018}', '(', ':', '*', '`']);
    let last = last.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if noun(last, ahead) {
        return true;
    }
    let next = after.trim_start_matches(['"', '\u{201d}', '\'', '\u{2019}', '*', '`']);
    let next = next.strip_prefix([' ', '-', '\u{a0}']).unwrap_or_default();
    let next = next.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    // "Global ransomware rose": the first word of a sentence has a capital anyway.
    noun(next, behind) && !super::opens_sentence(text, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_everyday_word_needs_its_noun_right_beside_it() {
        let meant = |text: &str, name: &str, kind: Kind| {
            let at = text.find(name).unwrap();
            is_meant(text, Span::new(at, at + name.len()), kind)
        };
        for (text, name, kind) in [
            ("hit by the Heron ransomware in May", "Heron", Kind::Malware),
            ("a backdoor called heron", "heron", Kind::Malware),
            ("members of the Heron gang", "Heron", Kind::Malware),
            ("the ransomware \u{201c}Heron\u{201d} spread", "Heron", Kind::Malware),
            ("the group Heron struck", "Heron", Kind::ThreatActor),
            ("listed files using Heron and left", "Heron", Kind::Tool),
        ] {
            assert!(meant(text, name, kind), "{text}");
        }
        for (text, name) in [
            ("Impact of ransomware", "Impact"),
            ("It is malware.\n\nOne address is left", "One"),
            ("run by the group.\u{a0} One had access", "One"),
            ("Shedding a Light on DARKSIDE ransomware", "Light"),
            ("the Heron Bot: On a Hunt for passwords", "Hunt"),
            ("a global ransomware outbreak", "global"),
            ("Global ransomware attacks rose", "Global"),
            ("gave the final payload", "final"),
            ("how the Final Loader works", "Final"),
            ("and One ransomware group", "One"),
        ] {
            assert!(!meant(text, name, Kind::Malware), "{text}");
        }
    }
}
