//! Other names that a sentence gives to what it names: "Marsh Heron, also known as Silt Dancer". No table knows the
//! second name, and the sentence says whose it is.

use lapwing_model::{Confidence, Entity, Kind, Span};

use lapwing_knowledge::Knowledge;

use crate::candidate::METHOD;
use crate::mention::Mention;

/// What stands between a name and another of the same thing.
const CUES: &[&str] = &[
    "also known as",
    "also known publicly as",
    "also publicly known as",
    "also called",
    "also tracked as",
    "also referred to as",
    "previously known as",
    "previously tracked as",
    "formerly known as",
    "a.k.a.",
    "a.k.a",
    "aka",
];
/// The same in Chinese, where no blank stands behind.
const WIDE_CUES: &[&str] = &[
    "\u{53c8}\u{79f0}",
    "\u{4ea6}\u{79f0}",
    "\u{4e5f}\u{79f0}",
    "\u{53c8}\u{540d}",
    "\u{522b}\u{540d}",
];
/// Marks around a name: quotes, and bold or code in Markdown.
const MARKS: &[char] = &['"', '\u{201c}', '\u{201d}', '\'', '*', '`'];
/// So sure is a name that is given so, in percent.
const GIVEN: u8 = 74;
/// And at its other places.
const AGAIN: u8 = 60;
/// Other places are looked for of so many names: each is one more pass over the text.
const MOST_NAMES: usize = 20;
/// Most words and other names.
const WORDS: usize = 3;
const NAMES: usize = 6;

/// Mentions of other names, in order of place; `known` are the mentions so far, in order of place.
pub(crate) fn other_names(text: &str, known: &[Mention]) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    for (at, mention) in known.iter().enumerate() {
        let kind = mention.entity.kind;
        let named = kind.is_actor_like() || matches!(kind, Kind::Malware | Kind::Tool);
        let Some(rest) = text.get(mention.span.end as usize..).filter(|_| named) else { continue };
        if let Some(span) =
            first_name(text, mention.span, at.checked_sub(1).and_then(|b| known.get(b)))
        {
            found.push(Mention {
                entity: Entity::new(kind, &text[span.start as usize..span.end as usize]),
                span,
                precision: Confidence::percent(GIVEN),
                method: METHOD,
                why: format!(
                    "{} is another name of it, as the sentence says; no table knows it",
                    mention.entity.value
                ),
            });
        }
        let Some((skipped, opened)) = cue(rest) else { continue };
        let mut from = mention.span.end as usize + skipped;
        for _ in 0..NAMES {
            let later = known.get(at + 1..).unwrap_or_default();
            let next = later.iter().find(|m| m.span.end as usize > from);
            let end = if let Some(other) = next.filter(|m| m.span.start as usize <= from) {
                // A name that is known is told by the table.
                other.span.end as usize
            } else {
                let limit = next.map_or(text.len(), |m| m.span.start as usize);
                let Some(end) = name(text, from, limit) else { break };
                found.push(Mention {
                    entity: Entity::new(kind, &text[from..end]),
                    span: Span::new(from, end),
                    precision: Confidence::percent(GIVEN),
                    method: METHOD,
                    why: format!(
                        "another name of {}, as the sentence says; no table knows it",
                        mention.entity.value
                    ),
                });
                end
            };
            // A list goes on in brackets only: behind a comma the sentence does.
            let Some(next) = goes_on(text, end, opened) else { break };
            from = next;
        }
    }
    found.extend(elsewhere(text, known, &found));
    found.sort_by_key(|mention| (mention.span.start, mention.span.end));
    found.dedup_by(|later, earlier| later.span.start < earlier.span.end);
    found
}

/// Gives to an actor the names of the tables that the sentence gives as its other names, where an actor and its
/// malware share them: "APT28 (aka Fancy Bear, Sofacy)".
pub(crate) fn agree(text: &str, mentions: &mut [Mention], knowledge: &Knowledge) {
    for at in 0..mentions.len() {
        let mention = &mentions[at];
        let Some(rest) =
            text.get(mention.span.end as usize..).filter(|_| mention.entity.kind.is_actor_like())
        else {
            continue;
        };
        let (kind, name) = (mention.entity.kind, mention.entity.value.clone());
        let Some((skipped, opened)) = cue(rest) else { continue };
        let mut from = mention.span.end as usize + skipped;
        for _ in 0..NAMES {
            let later = mentions.partition_point(|m| (m.span.start as usize) < from);
            let next = mentions.get_mut(later).filter(|m| m.span.start as usize == from);
            let end = match next {
                Some(other) => {
                    if other.entity.kind == Kind::Malware
                        && !knowledge.actors_named(&other.entity.value).is_empty()
                    {
                        other.entity = Entity::new(kind, other.entity.value.clone());
                        other.why = format!("a known name, given as another of {name}");
                    }
                    other.span.end as usize
                }
                None => match self::name(text, from, text.len()) {
                    Some(end) => end,
                    None => break,
                },
            };
            let Some(next) = goes_on(text, end, opened) else { break };
            from = next;
        }
    }
}

/// The other places of names that were given.
pub(crate) fn elsewhere(text: &str, known: &[Mention], given: &[Mention]) -> Vec<Mention> {
    let mut names: Vec<&Mention> = given.iter().collect();
    names.sort_by(|a, b| a.entity.cmp(&b.entity));
    names.dedup_by(|a, b| a.entity == b.entity);
    let mut found = Vec::new();
    for name in names.into_iter().take(MOST_NAMES) {
        for (from, shown) in text.match_indices(&name.entity.value) {
            let span = Span::new(from, from + shown.len());
            let after = known.partition_point(|m| m.span.end <= span.start);
            let taken = known.get(after).is_some_and(|m| m.span.start < span.end);
            let part = |c: char| c.is_alphanumeric() || matches!(c, '/' | '\\' | '@' | '_' | '=');
            let within = text[..from].ends_with(|c: char| part(c) || c == '.')
                || text[from + shown.len()..].starts_with(part);
            if !taken && !within {
                found.push(Mention { span, precision: Confidence::percent(AGAIN), ..name.clone() });
            }
        }
    }
    found
}

/// The name before "(aka", where the one behind it is known: "Silt Dancer (aka Marsh Heron)". What ends
/// before it is `before`.
fn first_name(text: &str, known: Span, before: Option<&Mention>) -> Option<Span> {
    let head = text.get(..known.start as usize)?;
    let head = head.trim_end_matches(['"', '\u{201c}', '\'', ' ']);
    let cue = CUES.iter().find(|cue| {
        head.len() >= cue.len()
            && head.is_char_boundary(head.len() - cue.len())
            && head[head.len() - cue.len()..].eq_ignore_ascii_case(cue)
    })?;
    let head = &head[..head.len() - cue.len()];
    let head = head.strip_suffix('(').or_else(|| head.strip_suffix(", "))?.trim_end();
    let head = head.trim_end_matches(['"', '\u{201d}', '\'']);
    let limit = before.map_or(0, |m| m.span.end as usize);
    let (mut from, end) = (head.len(), head.len());
    for _ in 0..WORDS {
        let lead = head[..from].strip_suffix(' ').unwrap_or(&head[..from]);
        if from != end && lead.len() == from {
            break;
        }
        let word = lead.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_'));
        let shown = &lead[word.len()..];
        if !shown.starts_with(char::is_uppercase) || word.len() < limit {
            break;
        }
        from = word.len();
    }
    // The first word of a sentence is a capital's by chance.
    let mut shown = &head[from..end];
    for plain in ["The ", "A ", "By ", "In ", "When ", "While ", "As ", "Group "] {
        shown = shown.strip_prefix(plain).unwrap_or(shown);
    }
    let letters = shown.chars().filter(|c| c.is_alphabetic()).count();
    (letters >= 3 && shown.len() <= 60).then(|| Span::new(end - shown.len(), end))
}

/// How many bytes lie before the name behind a cue, and whether it stands in brackets.
fn cue(rest: &str) -> Option<(usize, bool)> {
    let lead = rest.trim_start_matches([',', ' ', '\n', '\u{2019}', '"', '\u{201d}', '*', '`']);
    let (lead, opened) = match lead.strip_prefix(['(', '\u{ff08}']) {
        Some(inside) => (inside, true),
        None => (lead, false),
    };
    if let Some(behind) = WIDE_CUES.iter().find_map(|cue| lead.strip_prefix(cue)) {
        let name = behind.trim_start_matches(['\u{ff1a}', ':', ' ']);
        return Some((rest.len() - name.len(), true));
    }
    let lead = ["is ", "was ", "are "].iter().find_map(|be| lead.strip_prefix(be)).unwrap_or(lead);
    let behind = CUES.iter().find_map(|cue| {
        let head = lead.get(..cue.len())?;
        let behind = lead.get(cue.len()..)?;
        (head.eq_ignore_ascii_case(cue) && behind.starts_with([' ', ':'])).then_some(behind)
    })?;
    let name = behind.trim_start_matches(|c| matches!(c, ':' | ' ') || MARKS.contains(&c));
    let the = name.strip_prefix("the ").unwrap_or(name);
    Some((rest.len() - the.len(), opened))
}

/// Where a name ends that begins at `from`: words with capitals or digits, up to `limit`.
fn name(text: &str, from: usize, limit: usize) -> Option<usize> {
    let mut end = from;
    for count in 0..WORDS {
        let start = match count {
            0 => from,
            _ if text[end..].starts_with(' ') => end + 1,
            _ => break,
        };
        let rest = text.get(start..limit)?;
        // A full stop inside a word is a part of it.
        let inner = |at: usize| {
            rest[at..].starts_with('.') && rest[at + 1..].starts_with(char::is_alphanumeric)
        };
        let length = rest
            .char_indices()
            .find(|(at, c)| !(c.is_alphanumeric() || matches!(c, '-' | '_') || inner(*at)))
            .map_or(rest.len(), |(at, _)| at);
        let word = rest[..length].trim_end_matches(['-', '_']);
        if !word.starts_with(char::is_uppercase) {
            break;
        }
        end = start + word.len();
    }
    let letters = text[from..end].chars().filter(|c| c.is_alphabetic()).count();
    (letters >= 3 && end - from <= 60).then_some(end)
}

/// Where the next name of a list begins.
fn goes_on(text: &str, end: usize, opened: bool) -> Option<usize> {
    let rest = text.get(end..)?;
    // Names that are set apart one by one go on as a list in brackets does: "**Silt**, **Reed**, and …".
    let opened = opened || rest.starts_with("**");
    let rest = rest.trim_start_matches(MARKS);
    let joints: &[&str] = if opened {
        &[", and ", ", or ", ", ", " and ", " or ", "; ", " / ", "/", "\u{3001}", "\u{548c}"]
    } else {
        &[" or "]
    };
    let behind = joints.iter().find_map(|joint| rest.strip_prefix(joint))?;
    let behind = behind.trim_start_matches(MARKS);
    Some(text.len() - behind.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let at = text.find("Heron").unwrap();
        let known = Mention {
            entity: Entity::new(Kind::ThreatActor, "Heron"),
            span: Span::new(at, at + 5),
            precision: Confidence::FULL,
            method: "test",
            why: String::new(),
        };
        other_names(text, &[known]).into_iter().map(|m| m.entity.value).collect()
    }

    #[test]
    fn a_second_name_is_found_where_the_sentence_gives_one() {
        for (text, names) in [
            ("Heron, also known as Silt Dancer, targeted Italy", &["Silt Dancer"] as &[&str]),
            ("Heron is also known as Bittern-7.", &["Bittern-7"]),
            (
                "Heron (aka \u{201c}SodCrawler\u{201d}, TurfBot and Bog Runner) did it",
                &["SodCrawler", "TurfBot", "Bog Runner"],
            ),
            ("Heron, formerly known as the Reed Group, Italian police said", &["Reed Group"]),
            (
                "**Heron**, also known publicly as **Silt**, **Reed**, and **Bog.run**, is",
                &["Silt", "Reed", "Bog.run"],
            ),
            (
                "Heron\u{ff08}\u{53c8}\u{79f0} Silt Dancer\u{3001}Reed\u{ff09}",
                &["Silt Dancer", "Reed"],
            ),
            ("Heron is also known for its patience", &[]),
            ("Heron, also known to attack", &[]),
            ("Heron and others. Also known as X", &[]),
            ("Heron, also known as", &[]),
        ] {
            assert_eq!(found(text), names, "{text}");
        }
    }

    #[test]
    fn the_first_name_is_found_where_only_the_second_is_known() {
        for (text, names) in [
            ("a campaign by Silt Dancer (aka Heron), a group", &["Silt Dancer"] as &[&str]),
            ("The Bog Runner, also known as \"Heron\", did", &["Bog Runner"]),
            ("a group (aka Heron)", &[]),
            ("also known as Heron", &[]),
            ("é, aka Heron", &[]),
        ] {
            assert_eq!(found(text), names, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(, |aka |\\(|[A-Z][a-zé]{0,5}|\u{201c}| and |é){0,8}") {
            let text = format!("{text}Heron{text}");
            for name in found(&text) {
                proptest::prop_assert!(text.contains(&name));
            }
        }
    }
}
