//! Malware that a sentence introduces by name: "a backdoor dubbed Fieldfare", "the MarshLoader ransomware".
//!
//! What is new has its name in no table, and a report says once what it is. From then on the bare name
//! stands for it.

mod tongues;

use std::collections::BTreeMap;

use lapwing_model::{Confidence, Entity, Kind, Span};

use crate::candidate::METHOD;
use crate::mention::Mention;
use crate::nouns;

/// Words between such a noun and the name that it gets.
const BETWEEN: &[&str] = &["family", "strain", "variant"];
const INTRODUCING: &[&str] = &["called", "codenamed", "dubbed", "named"];
const INTRODUCING_AS: &[&str] = &["known", "tracked"];
/// "which we call X", "that researchers have named X", "we track this loader as X".
const RELATIVE: &[&str] = &["which", "that"];
const NAMERS: &[&str] = &["we", "they", "researchers", "analysts"];
const NAMING: &[&str] = &["call", "called", "calls", "codenamed", "dub", "dubbed", "name", "named"];
const NAMING_AS: &[&str] = &["track", "tracked"];
/// "The implant is MARSHLIGHT", "the loader was called Fieldfare": what stands between the noun and its name.
const COPULAS: &[&str] = &["is", "was", "being"];
/// Words before the noun that make the sentence one about a certain piece of malware.
const CERTAIN: &[&str] = &[
    "the",
    "this",
    "our",
    "its",
    "their",
    "second",
    "first",
    "third",
    "new",
    "main",
    "final",
    "final-stage",
];
/// Names with a capital inside that are no malware: systems, languages, vendors, places on the web.
const NO_MALWARE: &[&str] = &[
    "actionscript",
    "adobe",
    "anydesk",
    "applescript",
    "appstore",
    "autohotkey",
    "autoit",
    "beyondtrust",
    "bitdefender",
    "bleepingcomputer",
    "chatgpt",
    "cobaltstrike",
    "coffeescript",
    "connectwise",
    "crowdstrike",
    "cyberark",
    "deepseek",
    "devops",
    "docusign",
    "duckduckgo",
    "esxi",
    "facebook",
    "fireeye",
    "fortigate",
    "freebsd",
    "gitbook",
    "github",
    "gitlab",
    "infosec",
    "ipados",
    "iphone",
    "javascript",
    "jscript",
    "lastpass",
    "libreoffice",
    "linkedin",
    "macbook",
    "macos",
    "malwarebytes",
    "mcafee",
    "moveit",
    "mysql",
    "nodejs",
    "onedrive",
    "onenote",
    "openai",
    "openbsd",
    "openoffice",
    "openssl",
    "paloalto",
    "papercut",
    "paypal",
    "postgresql",
    "powershell",
    "proofpoint",
    "pyinstaller",
    "quickbooks",
    "recordedfuture",
    "redhat",
    "reversinglabs",
    "screenconnect",
    "sentinellabs",
    "sentinelone",
    "sharepoint",
    "solarwinds",
    "sonicwall",
    "teamviewer",
    "threatlabz",
    "tiktok",
    "trendmicro",
    "truetype",
    "typescript",
    "vbscript",
    "virtualbox",
    "virustotal",
    "visualstudio",
    "vmware",
    "welivesecurity",
    "whatsapp",
    "windowsupdate",
    "winrar",
    "winscp",
    "wordpress",
    "youtube",
];
/// Words behind "X malware" that make it somebody's work on malware.
const WORK: &[&str] = &[
    "analysis",
    "analyst",
    "analysts",
    "blog",
    "hunter",
    "hunters",
    "lab",
    "labs",
    "protection",
    "report",
    "research",
    "researcher",
    "researchers",
    "scanner",
    "team",
];
/// Percent for a name that is given in words, for one that only stands beside the noun, and for its other places.
const GIVEN: u8 = 74;
const BESIDE: u8 = 64;
const AGAIN: u8 = 60;

/// Mentions of names that the text introduces and that overlap none of `known` (in order of place).
pub(crate) fn introduced(text: &str, known: &[Mention]) -> Vec<Mention> {
    let words = words(text);
    let mut names: BTreeMap<&str, (u8, usize, String)> = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        let noun = &text[word.0..word.1];
        if !may_be_noun(noun) || !nouns::is(noun, nouns::MALWARE) {
            continue;
        }
        if let Some((from, to)) = given(text, &words, at) {
            let why = format!("{noun} by that name, as the sentence says; no table knows it");
            tell(&mut names, text, from, to, GIVEN, why);
        } else if let Some((from, to)) = beside(text, &words, at) {
            let why = format!("stands before \"{noun}\"; no table knows this name");
            tell(&mut names, text, from, to, BESIDE, why);
        }
    }
    let abroad = tongues::given(text);
    for given in &abroad {
        let why = format!("\"{}\" by that name; no table knows it", given.noun);
        let sure = if given.named { GIVEN } else { BESIDE };
        tell(&mut names, text, given.from, given.to, sure, why);
    }
    if names.is_empty() {
        return Vec::new();
    }
    // In text without spaces the name is no word by itself.
    let mut places = words;
    if !abroad.is_empty() {
        places.extend(abroad.iter().map(|given| (given.from, given.to)));
        places.sort_unstable();
        places.dedup();
    }
    let mut found: Vec<Mention> = Vec::new();
    for &(from, to) in &places {
        let Some((sure, first, why)) = names.get(&text[from..to]) else { continue };
        let span = Span::new(from, to);
        let after = known.partition_point(|m| m.span.end <= span.start);
        if !alone(text, from, to) || known.get(after).is_some_and(|m| m.span.start < span.end) {
            continue;
        }
        found.push(Mention {
            entity: Entity::new(Kind::Malware, &text[from..to]),
            span,
            precision: Confidence::percent(if from == *first { *sure } else { AGAIN.min(*sure) }),
            method: METHOD,
            why: why.clone(),
        });
    }
    found
}

/// Whether a word begins as one of [`nouns::MALWARE`] does: most words of a text do not.
fn may_be_noun(word: &str) -> bool {
    (3..=11).contains(&word.len())
        && matches!(
            word.as_bytes()[0] | 0x20,
            b'b' | b'c' | b'd' | b'i' | b'k' | b'l' | b'm' | b'r' | b's' | b't' | b'w'
        )
}

fn tell<'t>(
    names: &mut BTreeMap<&'t str, (u8, usize, String)>,
    text: &'t str,
    from: usize,
    to: usize,
    sure: u8,
    why: String,
) {
    let known = names.entry(&text[from..to]).or_insert((0, from, String::new()));
    if sure > known.0 {
        *known = (sure, from, why);
    }
}

/// The name behind the noun: "backdoor (family) called X", "malware tracked as X", "loader, which we call X".
fn given(text: &str, words: &[(usize, usize)], at: usize) -> Option<(usize, usize)> {
    let word = |n: usize| words.get(n).map(|w| &text[w.0..w.1]);
    let is = |n: usize, list: &[&str]| {
        word(n).is_some_and(|w| list.iter().any(|l| w.eq_ignore_ascii_case(l)))
    };
    let mut next = at + 1;
    if is(next, BETWEEN) {
        next += 1;
    }
    let verb = next;
    if let Some(behind) = said_by_someone(text, words, at, next) {
        let &(from, to) = words.get(behind)?;
        let quoted = behind.checked_sub(1).is_some_and(|n| close(text, words, n, true));
        return (quoted && given_shape(&text[from..to])).then_some((from, to));
    }
    let copula = is(next, COPULAS);
    next += usize::from(copula);
    if is(next, INTRODUCING) {
        next += 1;
    } else if is(next, INTRODUCING_AS) && is(next + 1, &["as"]) {
        next += 2;
    } else if copula {
        // Without a word of naming only capitals tell a name from what the thing is like ("is HTTP based").
        let certain =
            at.checked_sub(1).is_some_and(|n| is(n, CERTAIN) && close(text, words, n, false));
        let &(from, to) = words.get(next)?;
        let joined = (at..next - 1).all(|n| close(text, words, n, false));
        let named = joined && close(text, words, next - 1, true) && shouted(&text[from..to]);
        return (certain && named && ends_here(text, to)).then_some((from, to));
    } else {
        return None;
    }
    let &(from, to) = words.get(next)?;
    let joined = (at..verb).chain(verb..next - 1).all(|n| close(text, words, n, false));
    let behind = next.checked_sub(1).is_some_and(|n| close(text, words, n, true));
    (joined && behind && given_shape(&text[from..to])).then_some((from, to))
}

/// The word behind "which we call" (from word `next` on) or behind the noun of "we call this loader".
fn said_by_someone(
    text: &str,
    words: &[(usize, usize)],
    noun: usize,
    next: usize,
) -> Option<usize> {
    let is = |n: usize, list: &[&str]| {
        words.get(n).is_some_and(|w| list.iter().any(|l| text[w.0..w.1].eq_ignore_ascii_case(l)))
    };
    let near = |n: usize| close(text, words, n, false);
    if let Some(verb) = noun.checked_sub(2)
        && is(noun - 1, &["this", "the", "it"])
        && is(verb, NAMING)
        && verb.checked_sub(1).is_some_and(|who| is(who, NAMERS))
        && (verb..noun).all(near)
    {
        return Some(noun + 1);
    }
    let comma = words.get(next - 1).zip(words.get(next)).map(|(a, b)| &text[a.1..b.0]);
    if !is(next, RELATIVE) || !matches!(comma, Some(" " | ", ")) {
        return None;
    }
    // "that Marsh Labs named …": a name of one word or two.
    let capital = |n: usize| {
        words.get(n).is_some_and(|w| text[w.0..w.1].starts_with(|c: char| c.is_uppercase()))
    };
    let mut verb = match () {
        () if is(next + 1, NAMERS) => next + 2,
        () if capital(next + 1) && capital(next + 2) => next + 3,
        () if capital(next + 1) => next + 2,
        () => return None,
    };
    if is(verb, &["have", "internally", "also"]) {
        verb += 1;
    }
    let behind = if is(verb, NAMING) {
        verb + 1
    } else if is(verb, NAMING_AS) && is(verb + 1, &["as"]) {
        verb + 2
    } else {
        return None;
    };
    (next..behind - 1).all(near).then_some(behind)
}

/// The name before the noun, when its capitals leave no doubt that it is one: "the MarshLoader backdoor".
fn beside(text: &str, words: &[(usize, usize)], at: usize) -> Option<(usize, usize)> {
    let before = at.checked_sub(1)?;
    let &(from, to) = words.get(before)?;
    let work = words
        .get(at + 1)
        .is_some_and(|w| WORK.iter().any(|l| text[w.0..w.1].eq_ignore_ascii_case(l)));
    let shown = &text[from..to];
    (!work && close(text, words, before, true) && coined(shown)).then_some((from, to))
}

/// Whether between a word and the next there are blanks only, or quotation marks too.
fn close(text: &str, words: &[(usize, usize)], at: usize, quoted: bool) -> bool {
    let (Some(one), Some(two)) = (words.get(at), words.get(at + 1)) else { return false };
    // "a remote access trojan (RAT) dubbed …"
    let gap = text[one.1..two.0].trim_start_matches(')');
    !gap.is_empty()
        && gap.len() <= 8
        && gap.chars().all(|c| c == ' ' || c == '\n' || quoted && "\"'“”‘’«»".contains(c))
}

/// A name that the sentence gives: it begins with a capital, or holds a digit.
fn given_shape(shown: &str) -> bool {
    let letters = shown.chars().filter(|c| c.is_alphabetic()).count();
    let named = shown.starts_with(char::is_uppercase) || shown.bytes().any(|b| b.is_ascii_digit());
    letters >= 3
        && named
        && shown.len() <= 40
        && !NO_MALWARE.iter().any(|n| shown.eq_ignore_ascii_case(n))
}

/// A name in capitals, as vendors write their own: six letters or more, so that it is no short form.
fn shouted(shown: &str) -> bool {
    let letters = shown.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 6 && !shown.chars().any(char::is_lowercase) && given_shape(shown)
}

/// Whether the clause ends behind the word, or goes on with what the named thing is or does.
fn ends_here(text: &str, to: usize) -> bool {
    let rest = text[to..].trim_start_matches(['"', '\'', '”', '’', '»']);
    rest.starts_with(['.', ',', ';', ':', '(', '\n'])
        || rest.is_empty()
        || [" and ", " which ", " that ", " – ", " — "].iter().any(|word| rest.starts_with(word))
}

/// A coined word: a capital behind a small letter.
fn coined(shown: &str) -> bool {
    let mut last = ' ';
    let inner = shown.chars().any(|c| {
        let turn = c.is_uppercase() && last.is_lowercase();
        last = c;
        turn
    });
    inner && shown.len() >= 5 && given_shape(shown)
}

/// Whether the word is no part of a path, an address or a file name.
fn alone(text: &str, from: usize, to: usize) -> bool {
    let part = |c: char| matches!(c, '/' | '\\' | '@' | '=' | '_' | '%');
    let before = text[..from].chars().next_back();
    let mut behind = text[to..].chars();
    let (next, then) = (behind.next(), behind.next());
    let ending = next == Some('.') && then.is_some_and(char::is_alphanumeric);
    let within = before.is_some_and(|c| part(c) || c == '.') || next.is_some_and(part);
    !ending && !within
}

/// Words of letters, digits and inner hyphens, by place.
fn words(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut words = Vec::with_capacity(text.len() / 6);
    let mut from = None;
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let (inside, len) = if byte.is_ascii() {
            (byte.is_ascii_alphanumeric() || *byte == b'-' && from.is_some(), 1)
        } else {
            let c = text.get(at..).and_then(|rest| rest.chars().next());
            c.map_or((false, 1), |c| (c.is_alphanumeric(), c.len_utf8()))
        };
        if inside {
            from.get_or_insert(at);
        } else if let Some(start) = from.take() {
            words.push((start, start + text[start..at].trim_end_matches('-').len()));
        }
        at += len;
    }
    if let Some(start) = from {
        words.push((start, start + text[start..].trim_end_matches('-').len()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<(String, u8)> {
        let found = introduced(text, &[]);
        found.into_iter().map(|m| (m.entity.value, m.precision.as_percent())).collect()
    }

    #[test]
    fn a_name_that_a_sentence_gives_is_found_there_and_wherever_it_stands() {
        let text = "They left a new backdoor dubbed “Fieldfare”. Later Fieldfare was seen in C:\\Fieldfare\\a.exe.";
        assert_eq!(names(text), [("Fieldfare".into(), 74), ("Fieldfare".into(), 60)]);
        assert_eq!(names("a malware family tracked as Snipe-2 spread"), [("Snipe-2".into(), 74)]);
        assert_eq!(names("UNC1 used the MarshLoader malware"), [("MarshLoader".into(), 64)]);
        let text = "The loader, which we call REEDLOADER, ran. Analysts have";
        assert_eq!(names(text), [("REEDLOADER".into(), 74)]);
        let text = "the implant that researchers have tracked as \"Snipe-2\" spread";
        assert_eq!(names(text), [("Snipe-2".into(), 74)]);
        assert_eq!(names("We named this backdoor Fieldfare."), [("Fieldfare".into(), 74)]);
        assert_eq!(names("The implant is MARSHLIGHT."), [("MARSHLIGHT".into(), 74)]);
        assert_eq!(names("The loader was called Fieldfare."), [("Fieldfare".into(), 74)]);
        assert_eq!(names("their backdoor is known as Fieldfare"), [("Fieldfare".into(), 74)]);
    }

    #[test]
    fn what_only_stands_beside_the_word_is_no_name() {
        for text in [
            "German malware and Android ransomware",
            "a PowerShell backdoor and a JavaScript loader",
            "OneNote malware and a QuickBooks trojan",
            "MarshWatch malware researchers say so",
            "a backdoor. Called Tuesday, the office said",
            "a backdoor called by the loader",
            "malware named in the list",
            "the loader, which we call from January on",
            "the loader that they call when Tuesday comes",
            "a loader, which Microsoft Defender calls",
            "The malware is POWERSHELL based",
            "The implant is HTTP.",
            "malware is MARSHLIGHT.",
            "The implant is Dutch.",
            "The backdoor was called by Tuesday",
        ] {
            assert_eq!(names(text), [], "{text}");
        }
    }

    #[test]
    fn every_noun_may_be_one() {
        assert!(nouns::MALWARE.iter().all(|noun| may_be_noun(noun)));
    }

    #[test]
    fn what_is_known_stays_what_it_is() {
        let text = "the MarshLoader malware";
        let known = Mention {
            entity: Entity::new(Kind::Tool, "MarshLoader"),
            span: Span::new(4, 15),
            precision: Confidence::FULL,
            method: "test",
            why: String::new(),
        };
        assert_eq!(introduced(text, &[known]), []);
    }
}
