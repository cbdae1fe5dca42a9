//! A second look at a document: a name that is sure at one place is the same name at its others.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashSet};
use lapwing_model::{Confidence, Span};

use super::{Tag, Tagged};

/// Least confidence, in percent, with which a place speaks for the other places of its words.
const SURE: u8 = 60;
/// Confidence of a place for which only the tables speak: too little to make a candidate of it.
const TABLES: u8 = 50;
/// Longest name that is looked for again, in words and marks.
const LONGEST: usize = 4;

/// Adds the other places of sure names to `found`, which stays in order. `words` are those of all
/// sentences that were read, in order; `plain` are names of the tables, which speak where the model
/// says nothing of their words anywhere.
pub(crate) fn again(
    text: &str,
    words: &[Span],
    plain: impl Iterator<Item = (Span, Tag)>,
    found: &mut Vec<Tagged>,
) {
    let mut names = names(text, found);
    for (span, tag) in plain {
        if let Some(shown) = span.slice(text).filter(|shown| is_name(tag, shown)) {
            names.entry(shown).or_insert((tag, Confidence::percent(TABLES)));
        }
    }
    if names.is_empty() {
        return;
    }
    let starts: HashSet<&str> =
        names.keys().filter_map(|name| name.split(|c: char| !c.is_alphanumeric()).next()).collect();
    let mut more = Vec::new();
    let mut at = 0;
    let mut taken = 0;
    while let Some(first) = words.get(at) {
        while found.get(taken).is_some_and(|t| t.span.end <= first.start) {
            taken += 1;
        }
        let free = found.get(taken).map_or(u32::MAX, |t| t.span.start);
        let mut step = 1;
        if first.end <= free && first.slice(text).is_some_and(|w| starts.contains(w)) {
            let longest = (1..=LONGEST).rev().find_map(|len| {
                let span = Span { start: first.start, end: words.get(at + len - 1)?.end };
                let known = names.get(span.slice(text)?).filter(|_| span.end <= free)?;
                Some((len, span, *known))
            });
            if let Some((len, span, (tag, confidence))) = longest {
                more.push(Tagged { span, tag, confidence });
                step = len;
            }
        }
        at += step;
    }
    if !more.is_empty() {
        found.append(&mut more);
        found.sort_by_key(|t| t.span);
    }
}

/// What the sure places call each name, with the confidence of its other places.
fn names<'t>(text: &'t str, found: &[Tagged]) -> HashMap<&'t str, (Tag, Confidence)> {
    let mut votes: BTreeMap<&str, BTreeMap<Tag, (u32, u8)>> = BTreeMap::new();
    for t in found {
        let Some(shown) = t.span.slice(text).filter(|shown| is_name(t.tag, shown)) else {
            continue;
        };
        let vote = votes.entry(shown).or_default().entry(t.tag).or_default();
        vote.0 += 1;
        vote.1 = vote.1.max(t.confidence.as_percent());
    }
    votes
        .into_iter()
        .filter_map(|(shown, tags)| {
            let (tag, (_, best)) = tags.into_iter().max_by_key(|(_, vote)| *vote)?;
            let confidence = Confidence::percent(best.saturating_sub(best / 5));
            (best >= SURE).then_some((shown, (tag, confidence)))
        })
        .collect()
}

/// Whether the same words mean the same everywhere: a capital, and four letters or more.
fn is_name(tag: Tag, shown: &str) -> bool {
    matches!(tag, Tag::Group | Tag::Malware | Tag::Tool | Tag::Organization | Tag::Location)
        && shown.chars().any(char::is_uppercase)
        && shown.chars().filter(|c| c.is_alphabetic()).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sure_name_is_found_at_its_other_places() {
        let text = "The Marsh Heron group hit us. Then Marsh Heron left. A heron is no Marsh.";
        let mut words = Vec::new();
        let mut at = 0;
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            if !word.is_empty() {
                words.push(Span::new(at, at + word.len()));
            }
            at += word.len() + 1;
        }
        let span = Span::new(4, 15);
        let mut found = vec![Tagged { span, tag: Tag::Group, confidence: Confidence::percent(90) }];
        again(text, &words, std::iter::empty(), &mut found);
        let shown: Vec<_> =
            found.iter().map(|t| (t.span.start, t.span.slice(text).unwrap())).collect();
        assert_eq!(shown, [(4, "Marsh Heron"), (35, "Marsh Heron")]);
        assert_eq!(found[1].confidence, Confidence::percent(72));

        let mut doubtful =
            vec![Tagged { span, tag: Tag::Group, confidence: Confidence::percent(50) }];
        again(text, &words, std::iter::empty(), &mut doubtful);
        assert_eq!(doubtful.len(), 1);
    }
}
