//! Names that a sentence defines: "Marsh Ghouls, also known as Silt, is a financially motivated extortion group".
//!
//! What is new stands in no table, and reports say once, in words that hardly vary, what it is.

use lapwing_model::{Confidence, Entity, Kind, Span};

use crate::candidate::METHOD;
use crate::mention::Mention;
use crate::nouns;
use crate::other_name::elsewhere;
use crate::tagger::is_english;

/// What stands between a name and what it is.
const COPULAS: &[&str] = &[" is a ", " is an ", " are a ", " was a ", " is the "];
/// What only an adversary is.
const ACTORS: &[&str] =
    &["group", "gang", "actor", "crew", "collective", "cluster", "syndicate", "apt"];
/// Words of which one says of a group that it is an adversary.
const ADVERSE: &[&str] = &[
    "threat",
    "hacking",
    "hacker",
    "hacktivist",
    "extortion",
    "ransomware",
    "cybercrime",
    "cybercriminal",
    "criminal",
    "espionage",
    "cyberespionage",
    "cyber-espionage",
    "apt",
    "state-sponsored",
    "state-backed",
    "nation-state",
    "adversary",
    "intrusion",
    "malicious",
    "motivated",
    "data-theft",
    "phishing",
    "activity",
];
/// Words that make a company, an office or a team of defenders of it.
const FRIENDLY: &[&str] = &[
    "intelligence",
    "research",
    "security",
    "response",
    "analysis",
    "industrial",
    "defense",
    "software",
    "company",
    "consulting",
    "advocacy",
    "working",
    "user",
    "sharing",
];
/// Behind such a noun the sentence goes on about the thing that is so.
const GOING_ON: &[&str] = &[
    "active",
    "and",
    "associated",
    "attributed",
    "built",
    "by",
    "capable",
    "coded",
    "deployed",
    "designed",
    "developed",
    "delivered",
    "discovered",
    "distributed",
    "family",
    "first",
    "for",
    "from",
    "in",
    "known",
    "observed",
    "on",
    "or",
    "programmed",
    "seen",
    "sold",
    "strain",
    "targeting",
    "that",
    "to",
    "used",
    "variant",
    "which",
    "whose",
    "with",
    "written",
];
/// Words with a capital at the start of a sentence that stand for what was named before.
const NO_NAMES: &[&str] = &[
    "It",
    "This",
    "That",
    "There",
    "He",
    "She",
    "They",
    "What",
    "Here",
    "One",
    "Another",
    "Each",
    "Such",
    "Which",
    "Who",
    "Group",
    "Malware",
    "Ransomware",
    "Actor",
    "Gang",
    "Backdoor",
    "Loader",
    "Trojan",
    "Payload",
    "File",
    "Sample",
];
/// What sets another name apart, between the name and the verb.
const APART: &[&str] = &[
    ", also ",
    " (also ",
    ", aka",
    " (aka",
    ", a.k.a",
    " (a.k.a",
    ", formerly ",
    ", previously ",
    ", known ",
    ", tracked ",
];
/// The farthest that the name is from the verb, in bytes, and the noun from it, in words.
const REACH: usize = 240;
const WORDS: usize = 14;
/// Longest name in words.
const NAME: usize = 3;
/// So many names of one text are taken: each is compared with the others.
const MOST: usize = 100;
/// So sure is a name that a sentence defines, in percent.
const DEFINED: u8 = 74;

/// Mentions of names that sentences define, in order of place; `known` are the mentions so far, in order of place.
pub(crate) fn defined(text: &str, known: &[Mention]) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    for (at, _) in text.match_indices(" a").chain(text.match_indices(" the ")) {
        if found.len() >= MOST {
            break;
        }
        // All copulas end with an article: the verb stands before it.
        let Some((start, copula)) = copula(text, at) else { continue };
        let rest = text.get(start + copula.len()..).unwrap_or_default();
        let Some((kind, noun)) = what(rest) else { continue };
        let Some(span) = subject(text, start) else { continue };
        let after = known.partition_point(|m| m.span.end <= span.start);
        let taken = known.get(after).is_some_and(|m| m.span.start < span.end);
        let shown = &text[span.start as usize..span.end as usize];
        if taken || found.iter().any(|m| m.entity.value == shown) {
            continue;
        }
        found.push(Mention {
            entity: Entity::new(kind, shown),
            span,
            precision: Confidence::percent(DEFINED),
            method: METHOD,
            why: format!("a {noun}, as the sentence says; no table knows it"),
        });
    }
    if found.is_empty() {
        return found;
    }
    found.extend(elsewhere(text, known, &found));
    found.sort_by_key(|m| (m.span.start, m.span.end, std::cmp::Reverse(m.precision)));
    found.dedup_by(|later, earlier| later.span.start < earlier.span.end);
    found
}

/// The copula whose article begins at `at`, with its place.
fn copula(text: &str, at: usize) -> Option<(usize, &'static str)> {
    let from = ["is", "are", "was"].iter().find_map(|verb| {
        let start = at.checked_sub(verb.len() + 1)?;
        text.get(start..at).filter(|t| t.starts_with(' ') && &t[1..] == *verb).map(|_| start)
    })?;
    let rest = &text[from..];
    COPULAS.iter().find(|c| rest.starts_with(**c)).map(|c| (from, *c))
}

/// What a clause says that something is.
fn what(rest: &str) -> Option<(Kind, &str)> {
    let end = rest.find(['.', ';', '\n', ',', '(']).unwrap_or(rest.len());
    // A full stop may stand inside a word (".NET backdoor"); the clause is short then, and says nothing.
    let words: Vec<&str> = rest[..end].split_whitespace().take(WORDS).collect();
    let is = |word: &str, list: &[&str]| list.iter().any(|w| w.eq_ignore_ascii_case(word));
    let mut adverse = false;
    for (at, word) in words.iter().enumerate() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let next = words.get(at + 1).map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()));
        if is(word, FRIENDLY) || is(word, &["by", "against", "that", "which", "who", "of"]) {
            return None;
        }
        if is(word, ACTORS) && next.is_none_or(|n| !is(n, ACTORS)) {
            return (adverse || is(word, &["apt"])).then_some((Kind::ThreatActor, word));
        }
        let goes_on = next.is_none_or(|n| is(n, GOING_ON));
        let service = word.len() > 12
            && word.get(..10).is_some_and(|head| head.eq_ignore_ascii_case("ransomware"));
        if is(word, nouns::MALWARE) && goes_on || service && next.is_none_or(|n| !is(n, ACTORS)) {
            return Some((Kind::Malware, word));
        }
        adverse |= is(word, ADVERSE);
    }
    None
}

/// The name before the verb at `at`, or before the other names that are set apart between.
fn subject(text: &str, at: usize) -> Option<Span> {
    let mut from = at.saturating_sub(REACH);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let window = &text[from..at];
    let start = [". ", "\n", "! ", "? ", ": ", "; "]
        .iter()
        .filter_map(|end| window.rfind(end).map(|i| i + end.len()))
        .max()
        .unwrap_or(0);
    let clause = &window[start..];
    let begins = from + start;
    let mut end = APART.iter().filter_map(|cue| clause.find(cue)).min().unwrap_or(clause.len());
    if end == clause.len() && clause.ends_with(')') {
        end = clause.rfind('(')?;
    }
    let mark =
        |c: char| matches!(c, '*' | '_' | '`' | '"' | '\u{201c}' | '\u{201d}' | '\'' | ' ' | ',');
    let head = clause[..end].trim_end_matches(mark);
    let (stop, mut first) = (head.len(), head.len());
    for _ in 0..NAME {
        let lead = head[..first].strip_suffix(' ').unwrap_or(&head[..first]);
        if first != stop && lead.len() == first {
            break;
        }
        let word = lead.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '-' | '.'));
        let shown = &lead[word.len()..];
        if !shown.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit()) || shown == "The" {
            break;
        }
        first = word.len();
    }
    let shown = head.get(first..stop)?;
    let opens = head[..first].trim_matches(|c: char| !c.is_alphanumeric()).is_empty();
    let one = !shown.contains(' ');
    let plain = shown.chars().skip(1).all(char::is_lowercase);
    let fits = shown.chars().filter(|c| c.is_alphabetic()).count() >= 3
        && shown.starts_with(char::is_uppercase)
        && shown.len() <= 40
        && !NO_NAMES.iter().any(|w| shown.split(' ').any(|s| s == *w))
        && !shown.ends_with(['.', '-'])
        // "Phishing is a …": a word of every day that only opens the sentence.
        && !(one && plain && opens && is_english(shown));
    fits.then(|| Span::new(begins + first, begins + stop))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(Kind, String)> {
        let found = defined(text, &[]);
        found.into_iter().map(|m| (m.entity.kind, m.entity.value)).collect()
    }

    #[test]
    fn what_a_sentence_defines_is_a_name() {
        for (text, kind, name) in [
            (
                "**Marsh Ghouls**, also known as **Silt**, is a financially motivated extortion group.",
                Kind::ThreatActor,
                "Marsh Ghouls",
            ),
            ("SILTLOADER is a modular backdoor written in Go.", Kind::Malware, "SILTLOADER"),
            (
                "We think that Fieldfare is an information stealer that takes cookies.",
                Kind::Malware,
                "Fieldfare",
            ),
            (
                "The Marsh Heron (UNC0) is a Chinese APT active since May",
                Kind::ThreatActor,
                "Marsh Heron",
            ),
            ("SnipeLock is a ransomware-as-a-service operation", Kind::Malware, "SnipeLock"),
            ("Reedlock is a ransomware gang that", Kind::ThreatActor, "Reedlock"),
        ] {
            assert_eq!(names(text), [(kind, name.to_owned())], "{text}");
        }
        let again = "Siltcrab is a worm. Then Siltcrab left, not Siltcrabs.";
        assert_eq!(names(again).len(), 2);
    }

    #[test]
    fn what_is_something_else_is_none() {
        for text in [
            "Marshgate is a threat intelligence team.",
            "Phishing is a malware delivery method.",
            "This is a backdoor.",
            "It is a known ransomware group.",
            "Acme Works is an industrial group from Marshland.",
            "The loader is a backdoor.",
            "Marsh Bank is a victim of the ransomware group.",
            "Alert is a malware researcher.",
        ] {
            assert_eq!(names(text), [], "{text}");
        }
    }
}
