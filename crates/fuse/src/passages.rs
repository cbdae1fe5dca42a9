//! Passages that two texts share, side by side: what a reader must see to believe a derivation.

use std::collections::BTreeMap;

use lapwing_model::Span;
use serde::Serialize;

use crate::sketch::words;

/// A passage of a text and the one that it goes back to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Passage {
    /// Where it stands in the text asked of.
    pub child: Span,
    /// Where its like stands in the other.
    pub parent: Span,
    /// Share of its words, weighted by rarity, that stand there too.
    pub share: f64,
}

/// From this share on two sentences are alike.
const ALIKE: f64 = 0.45;
/// Sentences with fewer different words are told by their neighbours only.
const FEWEST_WORDS: usize = 5;
/// Longer sentences are cut, so that a text without full stops has passages, too.
const LONGEST: usize = 600;
/// A word in more sentences than these brings no candidate.
const COMMON: usize = 40;

/// The passages of `child` that stand, word for word or altered, in `parent`: in order of place,
/// neighbours joined. Linear in the texts but for words that are neither rare nor common.
#[must_use]
pub fn shared_passages(child: &str, parent: &str) -> Vec<Passage> {
    let (ours, theirs) = (sentences(child), sentences(parent));
    let our_words: Vec<Vec<String>> = ours.iter().map(|span| bag(child, *span)).collect();
    let their_words: Vec<Vec<String>> = theirs.iter().map(|span| bag(parent, *span)).collect();
    let mut spread: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, words) in their_words.iter().enumerate() {
        words.iter().for_each(|word| spread.entry(word).or_default().push(at));
    }
    let count = (theirs.len() + 1) as f64;
    let weight = |word: &str| {
        let seen = spread.get(word).map_or(0, Vec::len) as f64;
        (count / (seen + 0.5)).ln().max(0.05)
    };
    let mut found: Vec<Passage> = Vec::new();
    let mut last = None;
    for (at, words) in our_words.iter().enumerate().filter(|(_, w)| w.len() >= FEWEST_WORDS) {
        let mut shared: BTreeMap<usize, f64> = BTreeMap::new();
        for word in words {
            let Some(places) = spread.get(word.as_str()).filter(|p| p.len() <= COMMON) else {
                continue;
            };
            places.iter().for_each(|place| *shared.entry(*place).or_default() += weight(word));
        }
        let all: f64 = words.iter().map(|word| weight(word)).sum();
        // Of sentences as good, the one after that of the sentence before.
        let follows = |place: usize| last.is_some_and(|before| place == before + 1);
        let best = shared.into_iter().max_by(|a, b| {
            a.1.total_cmp(&b.1).then(follows(a.0).cmp(&follows(b.0))).then(b.0.cmp(&a.0))
        });
        let Some((place, sum)) = best.filter(|(_, sum)| *sum >= ALIKE * all) else { continue };
        let passage = Passage { child: ours[at], parent: theirs[place], share: sum / all };
        match found.last_mut() {
            Some(before)
                if last.is_some_and(|l| place == l + 1)
                    && before.child.end == touching(&ours, at) =>
            {
                let (a, b) = (length(before.child), length(passage.child));
                before.share = (before.share * a + passage.share * b) / (a + b);
                before.child.end = passage.child.end;
                before.parent.end = passage.parent.end;
            }
            _ => found.push(passage),
        }
        last = Some(place);
    }
    found
}

/// Where the sentence before ends.
fn touching(sentences: &[Span], at: usize) -> u32 {
    at.checked_sub(1).and_then(|before| sentences.get(before)).map_or(u32::MAX, |span| span.end)
}

fn length(span: Span) -> f64 {
    f64::from(span.end - span.start).max(1.0)
}

/// The different words of a span, sorted.
fn bag(text: &str, span: Span) -> Vec<String> {
    let mut all = Vec::new();
    words(text.get(span.range()).unwrap_or(""), |word| all.push(word.to_owned()));
    all.sort_unstable();
    all.dedup();
    all
}

/// Sentences and lines, without the blanks around them.
fn sentences(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut push = |from: usize, to: usize| {
        let raw = text.get(from..to).unwrap_or("");
        let trimmed = raw.trim();
        if !trimmed.is_empty() {
            let begin = from + (raw.len() - raw.trim_start().len());
            spans.push(Span::new(begin, begin + trimmed.len()));
        }
    };
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let ends = c == '\n'
            || matches!(c, '。' | '！' | '？')
            || (c.is_whitespace() && matches!(before, '.' | '!' | '?'))
            || (c == ' ' && at - start > LONGEST);
        if ends {
            let end = at + c.len_utf8();
            push(start, end);
            start = end;
        }
        before = c;
    }
    push(start, text.len());
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "Mandiant tracks the activity in three clusters. The web shell was placed by \
        the Exchange process in early January. Nothing here is shared.\nVictims include retailers, \
        local governments and one university in Chile.";

    #[test]
    fn altered_sentences_stand_beside_their_originals() {
        let child = "A headline of its own. The web shell has been placed by an Exchange process in \
            early January, they said. Weather will be fine tomorrow in most places we know. Victims \
            include shops, local governments and a university in Chile.";
        let passages = shared_passages(child, PARENT);
        assert_eq!(passages.len(), 2, "{passages:?}");
        assert!(child[passages[0].child.range()].starts_with("The web shell has"));
        assert!(PARENT[passages[0].parent.range()].starts_with("The web shell was"));
        assert!(PARENT[passages[1].parent.range()].starts_with("Victims"));
        assert!(passages.iter().all(|p| p.share >= ALIKE && p.share <= 1.0));
    }

    #[test]
    fn a_copy_is_one_passage_a_line_and_strangers_share_none() {
        let whole = shared_passages(PARENT, PARENT);
        assert!(whole.iter().all(|p| p.child == p.parent && p.share > 0.99), "{whole:?}");
        assert!(
            shared_passages("Something about quite other things in the world.", PARENT).is_empty()
        );
        assert!(shared_passages("", "").is_empty());
    }
}
