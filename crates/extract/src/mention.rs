//! Entities named in the text: gazetteer and shape, with the case and context that names need.

mod beside;
mod borrowed;
mod everyday;
mod sectors;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Confidence, Entity, Kind, Span};

use crate::gazetteer::{Entry, FOREIGN, Gazetteer, Hits, Token, nickname, scripts};
use crate::nouns;
use crate::shape;
use crate::tagger;

/// An entity that stands at a place in the raw text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) entity: Entity,
    pub(crate) span: Span,
    pub(crate) precision: Confidence,
    pub(crate) method: &'static str,
    pub(crate) why: String,
}

/// Words that support a name of an actor, of malware or of a tool when they stand beside it, as the [`nouns`] do.
const ACTOR_WORDS: &[&str] = &[
    "attaquants",
    "angreifer",
    "atacantes",
    "группа",
    "группировка",
    "группировки",
    "threat",
    "operator",
    "attributed",
    "cluster",
    "espionage",
    "team",
    "campaign",
    "affiliate",
    "affiliates",
    "adversary",
    "hacking",
    "sponsored",
    "intrusion",
    "aka",
];
const MALWARE_WORDS: &[&str] = &[
    "maliciel",
    "schadsoftware",
    "trojaner",
    "troyano",
    "бэкдор",
    "троян",
    "вредонос",
    "payload",
    "beacon",
    "family",
    "variant",
    "sample",
    "samples",
    "bot",
    "shell",
    "framework",
    "toolkit",
    "campaign",
    "infection",
    "infections",
    "deployed",
    "deploys",
    "dropping",
    "gang",
    "operators",
    "called",
    "dubbed",
    "named",
    "aka",
];
const TOOL_WORDS: &[&str] = &[
    "tool",
    "tools",
    "utility",
    "framework",
    "using",
    "used",
    "via",
    "toolkit",
    "open-source",
    "legitimate",
    "software",
    "command",
    "deployed",
    "such",
    "as",
];
const PLACE_WORDS: &[&str] = &[
    "in",
    "from",
    "of",
    "based",
    "government",
    "and",
    "the",
    "targeting",
    "against",
    "across",
    "to",
];

/// Names with those that are everyday words, of which the context has to tell.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) sure: Vec<Mention>,
    pub(crate) doubtful: Vec<Mention>,
}

/// Everything that is named in `text`, in order; none overlap.
pub(crate) fn mentions(text: &str, tokens: &[Token], gazetteer: &Gazetteer) -> Vec<Mention> {
    established(text, found(text, tokens, &gazetteer.hits(text, tokens)))
}

/// What is named in `text`, and what may be.
pub(crate) fn found(text: &str, tokens: &[Token], hits: &Hits<'_>) -> Found {
    let mut doubtful = Vec::new();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at];
        let shaped = shape::shaped(text, token.start as usize)
            .filter(|_| !touches_letter(text, token.start as usize));
        let hit = hits.at(at);
        let mut step = 1;
        if let Some(hit) = hit {
            let last = tokens[at + hit.tokens - 1];
            let span = Span { start: token.start, end: last.end };
            let longer_shape = shaped.is_some_and(|(len, ..)| len > span.len());
            if !longer_shape && !inside_value(text, span) {
                match accept(text, tokens, at, hit.tokens, &hit.entries, span) {
                    Verdict::Yes(mention) => {
                        found.push(mention);
                        step = hit.tokens;
                    }
                    Verdict::Doubtful(mention) => doubtful.push(mention),
                    Verdict::No => {}
                }
            }
        }
        if step == 1 && found.last().is_none_or(|m: &Mention| m.span.end <= token.start) {
            if let Some((len, kind, percent)) = shaped {
                let span = Span::new(token.start as usize, token.start as usize + len);
                if !inside_value(text, span) {
                    found.push(of_shape(text, kind, percent, span));
                    while tokens.get(at + step).is_some_and(|t| t.start < span.end) {
                        step += 1;
                    }
                }
            } else if let Some((span, taken)) = operation(text, tokens, at) {
                let entity = Entity::new(Kind::Campaign, span.slice(text).unwrap_or_default());
                found.push(Mention {
                    entity,
                    span,
                    precision: Confidence::percent(75),
                    method: "extract:shape",
                    why: "named \"Operation …\"".into(),
                });
                step = taken;
            }
        }
        at += step;
    }
    for (span, entity) in scripts::entities(text) {
        let (what, percent) = match entity.kind {
            Kind::Sector => ("sector", FOREIGN),
            Kind::ThreatActor => ("actor", OWN_SCRIPT),
            _ => ("country", FOREIGN),
        };
        found.push(Mention {
            entity,
            span,
            precision: Confidence::percent(percent),
            method: "extract:gazetteer",
            why: format!("the {what}'s name in another language"),
        });
    }
    sectors::only_meant(text, &mut found);
    agree(text, &mut found);
    Found { sure: found, doubtful }
}

/// Percent of an actor's name in the script of the report.
const OWN_SCRIPT: u8 = 88;

/// Percent of a name in its own case with words beside it that support what it is.
const SUPPORTED: u8 = 96;

/// A name that several things bear is, where nothing beside it tells which, the one that the words beside it
/// tell at its other places: "Kimsuky sent mails" is the group where the text speaks of "the Kimsuky group".
pub(crate) fn agree(text: &str, found: &mut [Mention]) {
    let told = |m: &Mention| m.precision >= Confidence::percent(SUPPORTED);
    let named = |m: &Mention| m.method == "extract:gazetteer" && bears_aliases(m.entity.kind);
    let mut meanings: BTreeMap<&str, Option<Entity>> = BTreeMap::new();
    for m in found.iter().filter(|m| named(m) && told(m)) {
        let meaning = meanings
            .entry(m.span.slice(text).unwrap_or_default())
            .or_insert_with(|| Some(m.entity.clone()));
        if meaning.as_ref() != Some(&m.entity) {
            *meaning = None;
        }
    }
    for m in found.iter_mut().filter(|m| named(m) && !told(m)) {
        let meaning = m.span.slice(text).and_then(|shown| meanings.get(shown));
        if let Some(Some(entity)) = meaning
            && entity.kind != m.entity.kind
        {
            m.entity = entity.clone();
            "a known name, of what the text calls so elsewhere".clone_into(&mut m.why);
        }
    }
}

/// A doubtful name counts when the same name stands elsewhere with support.
pub(crate) fn established(text: &str, found: Found) -> Vec<Mention> {
    let Found { sure: mut found, doubtful } = found;
    let sure: BTreeSet<String> = found.iter().map(|m| m.entity.key().to_lowercase()).collect();
    let shown = |m: &Mention| m.span.slice(text).map(str::to_owned);
    let as_shown: BTreeSet<String> = found.iter().filter_map(shown).collect();
    for mut mention in doubtful {
        // A name in capitals makes none of the same word in small letters.
        let cased = mention.span.slice(text).is_some_and(|word| {
            word.bytes().any(|b| b.is_ascii_uppercase()) || as_shown.contains(word)
        });
        if cased && sure.contains(&mention.entity.key().to_lowercase()) {
            mention.why = "an everyday word, and a name elsewhere in this text".into();
            found.push(mention);
        }
    }
    found.sort_by_key(|m| (m.span.start, std::cmp::Reverse(m.span.end)));
    let mut end = 0;
    found.retain(|m| {
        let free = m.span.start >= end;
        if free {
            end = m.span.end;
        }
        free
    });
    found
}

fn of_shape(text: &str, kind: Kind, percent: u8, span: Span) -> Mention {
    let entity = Entity::new(kind, span.slice(text).unwrap_or_default());
    Mention {
        entity,
        span,
        precision: Confidence::percent(percent),
        method: "extract:shape",
        why: format!("has the shape of a name that trackers give to a {kind}"),
    }
}

enum Verdict {
    Yes(Mention),
    Doubtful(Mention),
    No,
}

/// Judges a hit by case, length and the words beside it.
fn accept(
    text: &str,
    tokens: &[Token],
    at: usize,
    len: usize,
    entries: &[&Entry],
    span: Span,
) -> Verdict {
    let Some(shown) = span.slice(text) else { return Verdict::No };
    if touches_letter(text, span.start as usize)
        || text
            .get(span.end as usize..)
            .is_some_and(|rest| rest.chars().next().is_some_and(is_latin))
    {
        return Verdict::No;
    }
    // Who bears the name comes before who is called by it as well: Agrius is an actor, although a
    // malware of it is listed under that name too.
    let own = |e: &&Entry| e.surface == shown && e.entity.value == shown;
    let mut bearers: Vec<&Entry> = entries.to_vec();
    if entries.iter().copied().any(|e| own(&e)) {
        // An actor that is only called so needs words that say it: "the Heron group" and its Heron.
        let meant = |e: &Entry| {
            e.entity.kind == Kind::ThreatActor && is_supported(text, tokens, at, len, e.entity.kind)
        };
        bearers.retain(|e| own(e) || !bears_aliases(e.entity.kind) || meant(e));
    }
    let given = sentence_before(text, span.start as usize, 24).is_some_and(borrowed::is_given);
    bearers.retain(|e| given || !borrowed::is_borrowed(e.entity.kind, &e.surface));
    // Nothing tells an actor from a malware of its name: reports mean the actor more often.
    bearers.sort_by_key(|e| e.entity.kind == Kind::Malware);
    let entries = bearers.as_slice();
    // Of several meanings, the one that the words beside it support, then the first that is certain.
    let supported = |entry: &Entry| is_supported(text, tokens, at, len, entry.entity.kind);
    let entry = entries
        .iter()
        .find(|e| e.surface == shown && supported(e))
        .or_else(|| entries.iter().find(|e| supported(e)))
        .or_else(|| entries.iter().find(|e| !e.ambiguous && e.surface == shown))
        .or_else(|| entries.iter().find(|e| !e.ambiguous))
        .or_else(|| entries.first());
    let Some(entry) = entry else { return Verdict::No };
    let kind = entry.entity.kind;
    let exact = entry.surface == shown;
    // "The group first struck in May": what is called so is no organisation or place.
    let named = bears_aliases(kind) && is_named(text, span);
    let support = named || supported(entry);
    let lower_shown = !shown.bytes().any(|b| b.is_ascii_uppercase());
    let phrase = matches!(kind, Kind::Sector | Kind::AttackPattern);
    let proper = !phrase && entry.surface.bytes().any(|b| b.is_ascii_uppercase());
    // `DC-EU-01` names a machine.
    if shown.len() <= 3 && is_part_of_code(text, span) {
        return Verdict::No;
    }
    let short = shown.len() <= 3
        || (shown.len() == 4 && entry.surface.bytes().all(|b| !b.is_ascii_lowercase()));
    if short && !exact {
        return Verdict::No;
    }
    let foreign = kind == Kind::Location && entry.percent == FOREIGN;
    if (phrase && entry.ambiguous || foreign) && !exact {
        return Verdict::No;
    }
    let several = entries.iter().any(|e| e.entity.kind == kind && e.entity != entry.entity);
    let mut why = if exact {
        "a known name".to_owned()
    } else {
        "a known name, in another spelling".to_owned()
    };
    if foreign {
        "the country's name in another language".clone_into(&mut why);
    }
    if phrase {
        why = format!("the words \"{}\"", entry.surface);
    }
    let preferred = match kind {
        // The spelling of the source; resolving aliases is not done here.
        Kind::ThreatActor | Kind::Malware | Kind::Tool | Kind::Campaign | Kind::Cluster => {
            entry.surface.clone()
        }
        _ => entry.entity.value.clone(),
    };
    if several {
        why.push_str(", which more than one bears");
    }
    let percent = match (kind, exact, support) {
        _ if entry.percent > 0 => entry.percent,
        (Kind::Location | Kind::Identity | Kind::Software, true, _) => 92,
        (Kind::Sector, ..) => 80,
        (Kind::AttackPattern, ..) => 65,
        (_, true, true) => SUPPORTED,
        (_, true, false) => 88,
        (_, false, true) => 85,
        _ => 70,
    };
    let mention = Mention {
        entity: Entity::new(kind, preferred),
        span,
        precision: Confidence::percent(if several { percent.min(60) } else { percent }),
        method: if phrase { "extract:phrase" } else { "extract:gazetteer" },
        why,
    };
    let acts = matches!(kind, Kind::Malware | Kind::Tool | Kind::ThreatActor);
    // "MARSH has used": who writes a word so means a name.
    let shouted = exact && shown.len() > 3 && !shown.bytes().any(|b| b.is_ascii_lowercase());
    let doubtful = if entry.ambiguous && acts {
        !(everyday::is_meant(text, span, kind)
            || beside::says(text, span.start as usize, span.end as usize, kind)
            || (shouted && support))
    } else if entry.ambiguous && !phrase {
        !(support && (exact || named || (!lower_shown && !opens_sentence(text, span))))
    } else {
        proper && lower_shown && len == 1 && !named && !(support && entry.surface.len() > 5)
    };
    let everyday = acts
        && len == 1
        && !support
        && opens_sentence(text, span)
        && is_plain_word(&entry.surface)
        // Words of general English only: nothing else is called Adwind.
        && (entry.ambiguous || tagger::is_english(&entry.surface));
    if doubtful || everyday { Verdict::Doubtful(mention) } else { Verdict::Yes(mention) }
}

/// Whether things of this kind are called by other names.
fn bears_aliases(kind: Kind) -> bool {
    kind.is_actor_like() || matches!(kind, Kind::Malware | Kind::Tool | Kind::Campaign)
}

/// One capital, then lower-case letters only: could be any word at the start of a sentence.
fn is_plain_word(surface: &str) -> bool {
    surface.len() <= 7 && surface.bytes().skip(1).all(|b| b.is_ascii_lowercase())
}

/// Whether "called", "named" … stands right before.
fn is_named(text: &str, span: Span) -> bool {
    let Some(before) = sentence_before(text, span.start as usize, 24) else { return false };
    let before = before.trim_end_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    [
        "called",
        "named",
        "dubbed",
        "known as",
        "group",
        "aka",
        "tracked as",
        "calls",
        "actor",
        "ransomware",
        "malware",
        "backdoor",
        "trojan",
    ]
    .iter()
    .any(|word| before.ends_with(word))
}

fn is_supported(text: &str, tokens: &[Token], at: usize, len: usize, kind: Kind) -> bool {
    let (words, nouns): (_, &[&str]) = match kind {
        Kind::ThreatActor | Kind::Cluster | Kind::Campaign => (ACTOR_WORDS, nouns::ACTORS),
        Kind::Malware => (MALWARE_WORDS, nouns::MALWARE),
        Kind::Tool => (TOOL_WORDS, &[]),
        Kind::Location => (PLACE_WORDS, &[]),
        Kind::Vulnerability => return true,
        _ => return false,
    };
    let last = &tokens[at + len - 1];
    if beside::says(text, tokens[at].start as usize, last.end as usize, kind) {
        return true;
    }
    // Three words back; a word with letters beyond ASCII is several tokens without a gap.
    let (mut from, mut words_back) = (at, 0);
    while let Some(before) = from.checked_sub(1) {
        let glued = from < at && tokens[before].end == tokens[from].start;
        words_back += usize::from(!glued);
        if words_back > 3 {
            break;
        }
        from = before;
    }
    let to = tokens.len().min(at + len + 3);
    (from..to).filter(|i| !(at..at + len).contains(i)).any(|i| {
        let gap = if i < at {
            (tokens[i].end, tokens[at].start)
        } else {
            (tokens[at + len - 1].end, tokens[i].start)
        };
        let same_sentence = text
            .get(gap.0 as usize..gap.1 as usize)
            .is_some_and(|t| !t.contains(". ") && !t.contains('\n'));
        let word = tokens[i].text(text);
        same_sentence && (nouns::is(word, words) || nouns::is(word, nouns))
    })
}

/// Whether the name is the first word of a sentence or line.
fn opens_sentence(text: &str, span: Span) -> bool {
    let before = window_before(text, span.start as usize, 4);
    let trimmed = before.trim_end_matches([' ', '"', '\'', '*', '(', '\u{201c}']);
    trimmed.is_empty() || trimmed.ends_with(['.', '\n', '!', '?', ':', '|', '-', '#', '='])
}

/// Whether a short form is one of several parts that hyphens join, one of them with a digit.
fn is_part_of_code(text: &str, span: Span) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let before = text.get(..span.start as usize).unwrap_or_default();
    let after = text.get(span.end as usize..).unwrap_or_default();
    let from = before.trim_end_matches(part).len();
    let to = after.find(|c| !part(c)).unwrap_or(after.len());
    let whole = text.get(from..span.end as usize + to).unwrap_or_default();
    whole.contains('-') && whole.bytes().any(|b| b.is_ascii_digit())
}

/// Whether the span is a part of a host, path or identifier (`cozy.example`, `a/emotet/b`).
fn inside_value(text: &str, span: Span) -> bool {
    let bytes = text.as_bytes();
    let before =
        (span.start as usize).checked_sub(1).and_then(|i| bytes.get(i)).copied().unwrap_or(b' ');
    let after = bytes.get(span.end as usize).copied().unwrap_or(b' ');
    let next = bytes.get(span.end as usize + 1).copied().unwrap_or(b' ');
    matches!(before, b'/' | b'\\' | b'@' | b'_' | b'=' | b'%' | b'.')
        || matches!(after, b'\\' | b'@' | b'_' | b'=')
        || (matches!(after, b'.' | b'[') && (next.is_ascii_alphanumeric() || next == b'.'))
        || (after == b'/' && before == b'/')
}

/// Whether a letter that is no ASCII touches the place (`é` before `t`).
fn touches_letter(text: &str, at: usize) -> bool {
    text.get(..at).and_then(|head| head.chars().next_back()).is_some_and(is_latin)
}

fn is_latin(c: char) -> bool {
    c.is_alphabetic() && matches!(c, 'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}')
}

/// `Operation Name` with up to three capitalised words.
fn operation(text: &str, tokens: &[Token], at: usize) -> Option<(Span, usize)> {
    if tokens[at].text(text) != "Operation" {
        return None;
    }
    let mut end = at;
    for i in at + 1..tokens.len().min(at + 4) {
        let gap = text.get(tokens[i - 1].end as usize..tokens[i].start as usize)?;
        if gap != " " || !tokens[i].text(text).starts_with(|c: char| c.is_uppercase()) {
            break;
        }
        end = i;
    }
    if end == at {
        return None;
    }
    // "Operation In(ter)ception".
    let mut stop = tokens[end].end as usize;
    let rest = text.get(stop..).unwrap_or_default();
    if let Some((inside, behind)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'))
        && (1..=8).contains(&inside.len())
        && inside.bytes().all(|b| b.is_ascii_lowercase())
    {
        stop += inside.len() + 2 + behind.bytes().take_while(u8::is_ascii_alphabetic).count();
    }
    let taken = tokens[at..].iter().take_while(|token| (token.start as usize) < stop).count();
    Some((Span::new(tokens[at].start as usize, stop), taken))
}

/// What stands before a place in its own sentence and line; `None` where it is the first word.
fn sentence_before(text: &str, at: usize, reach: usize) -> Option<&str> {
    let before = window_before(text, at, reach);
    let before = before.rsplit('\n').next().unwrap_or_default();
    let ends = before.char_indices().zip(before.chars().skip(1));
    let after_end =
        ends.filter(|((_, c), next)| matches!(c, '.' | '!' | '?') && next.is_whitespace());
    let from = after_end.last().map_or(0, |((at, _), _)| at + 1);
    let before = &before[from..];
    (!before.trim().is_empty()).then_some(before)
}

pub(crate) fn window_before(text: &str, at: usize, reach: usize) -> &str {
    let mut from = at.saturating_sub(reach);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    text.get(from..at).unwrap_or_default()
}

/// CVE numbers of a mention that is a nickname.
pub(crate) fn numbers_of(mention: &Mention) -> Vec<Entity> {
    nickname(&mention.entity.value)
        .into_iter()
        .map(|id| Entity::new(Kind::Vulnerability, id))
        .collect()
}
