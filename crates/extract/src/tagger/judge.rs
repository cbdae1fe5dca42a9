//! From what the sequence model holds possible to what is told: each run of words that may be a name is judged
//! in the light of the whole document, and of runs that overlap the best are kept.
//!
//! One logistic model over all tags, fitted on runs of reports that the sequence model had not seen, so that what
//! comes out is a probability. It knows what a model of sentences cannot: the same words at their other places
//! (Krishnan and Manning, ACL 2006), and the exact probability of the run as a whole. Told is the set of runs with
//! the most expected gain, as strict F1 counts it: a run pays from about half the F1 on (Lipton et al., 2014).

use foldhash::HashMap;
use lapwing_model::{Confidence, Span};

use super::{Tag, Tagged};

/// Numbers that say something of runs of all tags alike, the constant first.
const COMMON: usize = 28;
/// Numbers of which each tag has its own.
const BY_TAG: usize = 3;
const TAGS: usize = Tag::ALL.len();

/// How many numbers a run is judged by.
pub const NUMBERS: usize = COMMON + BY_TAG * TAGS;

/// A run with a lower probability is not told.
const TOLD: f32 = 0.3;

/// A run of words that the sequence model holds possible.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) span: Span,
    pub(crate) tag: Tag,
    /// Number of its sentence.
    pub(crate) sentence: u32,
    /// Its words in the sentence.
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Probability that exactly these words are a name of this tag.
    pub(crate) whole: f32,
    /// Of its words, the least probable label, and the most probable to be outside.
    pub(crate) least: f32,
    pub(crate) outside: f32,
    /// The tables know just these words: the kinds that they mean, bit by bit, with case and doubt; else 0.
    pub(crate) known: u32,
    /// Whether the words before and behind have a capital.
    pub(crate) beside: [bool; 2],
}

/// What a document holds of the same words with one tag.
#[derive(Clone, Copy, Default)]
struct Seen {
    best: f32,
    second: f32,
    sum: f32,
}

/// What a document holds of the same words, by tag.
type Words<'t> = HashMap<&'t str, [Seen; TAGS]>;

/// A run with what it is judged by: for training.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where it stands.
    pub span: Span,
    /// What it would be.
    pub tag: Tag,
    /// What speaks for and against it.
    pub numbers: [f32; NUMBERS],
}

/// All runs of a document, in order of sentence and place, with their numbers.
pub(crate) fn numbered(text: &str, runs: &[Run]) -> Vec<Judged> {
    let mut words = Words::default();
    for run in runs {
        let seen = words.entry(run.span.slice(text).unwrap_or_default()).or_default();
        let seen = &mut seen[run.tag as usize];
        seen.sum += run.whole;
        if run.whole > seen.best {
            seen.second = seen.best;
            seen.best = run.whole;
        } else if run.whole > seen.second {
            seen.second = run.whole;
        }
    }
    let rivals = rivals(runs);
    let judged = runs.iter().zip(rivals).map(|(run, rival)| {
        let numbers = numbers(text, run, &words, rival);
        Judged { span: run.span, tag: run.tag, numbers }
    });
    judged.collect()
}

/// What is told of a document's runs; `weights` are those of the [`numbered`] numbers, or none.
pub(crate) fn choose(text: &str, runs: &[Run], weights: &[f32]) -> Vec<Tagged> {
    let sure: Vec<f32> = if weights.len() == NUMBERS {
        numbered(text, runs).iter().map(|run| probability(weights, &run.numbers)).collect()
    } else {
        runs.iter().map(|run| run.whole).collect()
    };
    let mut told = Vec::new();
    let mut from = 0;
    while let Some(first) = runs.get(from) {
        let len = runs[from..].iter().take_while(|r| r.sentence == first.sentence).count();
        best_set(&runs[from..from + len], &sure[from..from + len], &mut told);
        from += len;
    }
    told.sort_by_key(|t| t.span);
    told
}

/// Probability by the logistic model.
#[must_use]
pub fn probability(weights: &[f32], numbers: &[f32; NUMBERS]) -> f32 {
    let sum: f32 = weights.iter().zip(numbers).map(|(w, n)| w * n).sum();
    1.0 / (1.0 + (-sum).exp())
}

/// Of the runs of one sentence, those that do not overlap and gain the most.
fn best_set(runs: &[Run], sure: &[f32], told: &mut Vec<Tagged>) {
    let words = runs.iter().map(|run| run.to as usize).max().unwrap_or(0);
    // The best gain with the words up to each, and the run that ends there.
    let mut best: Vec<(f32, Option<usize>)> = vec![(0.0, None); words + 1];
    let mut by_end: Vec<usize> = (0..runs.len()).filter(|at| sure[*at] > TOLD).collect();
    by_end.sort_by_key(|at| (runs[*at].to, *at));
    let mut next = by_end.into_iter().peekable();
    for to in 1..=words {
        best[to] = (best[to - 1].0, None);
        while let Some(at) = next.next_if(|at| runs[*at].to as usize == to) {
            let gain = best[runs[at].from as usize].0 + sure[at] - TOLD;
            if gain > best[to].0 {
                best[to] = (gain, Some(at));
            }
        }
    }
    let mut to = words;
    while to > 0 {
        let Some(at) = best[to].1 else {
            to -= 1;
            continue;
        };
        let percent = (sure[at] * 100.0).clamp(1.0, 99.0) as u8;
        let run = &runs[at];
        told.push(Tagged {
            span: run.span,
            tag: run.tag,
            confidence: Confidence::percent(percent),
        });
        to = run.from as usize;
    }
}

/// For each run the best of those that overlap it. A word lies in few runs, as they exclude each other and each
/// has a least probability.
fn rivals(runs: &[Run]) -> Vec<f32> {
    let mut best = vec![0.0_f32; runs.len()];
    for (at, run) in runs.iter().enumerate() {
        let behind = runs.iter().enumerate().skip(at + 1);
        for (other, rival) in
            behind.take_while(|(_, r)| r.sentence == run.sentence && r.from < run.to)
        {
            best[at] = best[at].max(rival.whole);
            best[other] = best[other].max(run.whole);
        }
    }
    best
}

fn numbers(text: &str, run: &Run, words: &Words<'_>, rival: f32) -> [f32; NUMBERS] {
    let shown = run.span.slice(text).unwrap_or_default();
    let all = words.get(shown).copied().unwrap_or_default();
    let own = all[run.tag as usize];
    // The bits come from the same number, so that the best is this run itself or another.
    let elsewhere = if run.whole < own.best { own.best } else { own.second };
    let others = all.iter().enumerate().filter(|(tag, _)| *tag != run.tag as usize);
    let other_tag = others.map(|(_, seen)| seen.best).fold(0.0, f32::max);
    let yes = |is: bool| f32::from(u8::from(is));
    let whole = logit(run.whole);
    let known = |bits: u32| yes(run.known & bits != 0);
    let length = (run.to - run.from).clamp(1, 4);
    let capitals = shown.chars().any(char::is_uppercase);
    let mut numbers = [0.0; NUMBERS];
    let common: [f32; COMMON] = [
        1.0,
        whole,
        logit(run.least),
        logit(run.outside),
        elsewhere,
        (own.sum - run.whole).max(0.0).ln_1p(),
        other_tag,
        rival,
        known(u32::MAX),
        known(1 << 12),
        known(1 << 13),
        yes(shown.starts_with(char::is_uppercase)),
        yes(capitals && !shown.chars().any(char::is_lowercase)),
        yes(shown.bytes().any(|b| b.is_ascii_digit())),
        yes(run.beside[0]),
        yes(run.beside[1]),
        if elsewhere > 0.5 { whole } else { 0.0 },
        yes(length == 1),
        yes(length == 2),
        yes(length == 3),
        yes(length == 4),
        // Kinds as the reader numbers them: actor, malware, tool, place, sector, organisation or software, technique.
        known(1),
        known(1 << 1),
        known(1 << 2),
        known(1 << 3),
        known(1 << 4),
        known(1 << 5 | 1 << 6),
        known(1 << 7),
    ];
    numbers[..COMMON].copy_from_slice(&common);
    for (place, number) in [1.0, whole, elsewhere].into_iter().enumerate() {
        numbers[COMMON + place * TAGS + run.tag as usize] = number;
    }
    numbers
}

fn logit(probability: f32) -> f32 {
    let p = probability.clamp(1e-3, 1.0 - 1e-3);
    (p / (1.0 - p)).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(tag: Tag, from: u32, to: u32, whole: f32) -> Run {
        Run {
            span: Span { start: from * 6, end: to * 6 - 1 },
            tag,
            sentence: from / 10,
            from: from % 10,
            to: from % 10 + to - from,
            whole,
            least: whole,
            outside: 1.0 - whole,
            known: 0,
            beside: [false; 2],
        }
    }

    /// Words of five letters, ten in a sentence.
    fn text() -> String {
        "Marsh heron spoke Marsh later. ".repeat(6)
    }

    #[test]
    fn of_runs_that_overlap_those_are_told_that_gain_the_most() {
        let runs = [
            run(Tag::Group, 0, 2, 0.5),
            run(Tag::Group, 0, 1, 0.45),
            run(Tag::Malware, 1, 3, 0.6),
            run(Tag::Tool, 5, 6, 0.2),
            run(Tag::Location, 11, 12, 0.9),
        ];
        let told: Vec<_> = choose(&text(), &runs, &[])
            .into_iter()
            .map(|t| (t.span.start, t.span.end, t.tag, t.confidence.as_percent()))
            .collect();
        assert_eq!(
            told,
            [(0, 5, Tag::Group, 45), (6, 17, Tag::Malware, 60), (66, 71, Tag::Location, 90)]
        );
        assert_eq!(rivals(&runs), [0.6, 0.5, 0.5, 0.0, 0.0]);
    }

    #[test]
    fn the_same_words_elsewhere_speak_for_a_run() {
        let runs = [
            run(Tag::Group, 0, 1, 0.9),
            run(Tag::Group, 1, 2, 0.3),
            run(Tag::Group, 3, 4, 0.3),
            run(Tag::Malware, 3, 4, 0.2),
        ];
        let text = text();
        let judged = numbered(&text, &runs);
        let elsewhere: Vec<f32> = judged.iter().map(|j| j.numbers[4]).collect();
        assert_eq!(elsewhere, [0.3, 0.0, 0.9, 0.0]);
        let other_tag: Vec<f32> = judged.iter().map(|j| j.numbers[6]).collect();
        assert_eq!(other_tag, [0.2, 0.0, 0.2, 0.9]);
        let mut weights = [0.0; NUMBERS];
        (weights[0], weights[4]) = (-1.0, 3.0);
        let told = choose(&text, &runs, &weights);
        assert_eq!(told.len(), 2);
        assert_eq!(told[1].span.start, 18);
    }
}
