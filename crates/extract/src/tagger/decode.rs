//! The best labels of a sentence (Viterbi), and how probable each run is (forward and backward).

#![allow(clippy::needless_range_loop, reason = "the halves of several rows run side by side")]

use lapwing_model::{Confidence, Span};

use super::weights::{HALF, Half, Moves, NEVER, Steps, place};
use super::{LABELS, Tag, Tagged, Weights};

/// A label that is less probable than this is taken to be none: the result is in percent.
const FAINT: f32 = 1e-9;

/// A number for each label: those that open a run or stand outside, and those inside of the runs.
///
/// Only the former may follow any label; what is inside follows its own run alone. Twelve numbers each, which is a
/// whole number of vector registers.
#[derive(Clone, Copy)]
struct Row {
    open: Half,
    inside: Half,
}

impl Row {
    const fn all(number: f32) -> Self {
        Self { open: [number; HALF], inside: [number; HALF] }
    }

    fn of(&self, label: usize) -> f32 {
        match place(label) {
            at if at < HALF => self.open[at],
            at => self.inside[at - HALF],
        }
    }
}

/// Room that is kept from sentence to sentence.
#[derive(Default)]
pub(crate) struct Room {
    scores: Vec<Row>,
    odds: Vec<Row>,
    forward: Vec<Row>,
    backward: Vec<Row>,
    scales: Vec<f32>,
    labels: Vec<usize>,
}

/// Adds the runs of a sentence to `found`: `words` are the scores of its words, `spans` their places.
pub(crate) fn tag(
    weights: &Weights,
    words: &[Steps],
    spans: &[Span],
    room: &mut Room,
    found: &mut Vec<Tagged>,
) {
    if weights.is_empty() || words.is_empty() {
        return;
    }
    viterbi(weights.moves(), words, room);
    if room.labels.iter().all(|label| *label == 0) {
        return;
    }
    probabilities(weights.moves(), words, room);
    let mut at = 0;
    while let Some(label) = room.labels.get(at).copied() {
        let from = at;
        at += 1;
        if label == 0 {
            continue;
        }
        let inside = if label % 2 == 1 { label + 1 } else { label };
        while room.labels.get(at) == Some(&inside) {
            at += 1;
        }
        let (Some(first), Some(last), Some(tag)) =
            (spans.get(from), spans.get(at - 1), Tag::ALL.get((label - 1) / 2))
        else {
            continue;
        };
        // The least sure word bounds the run: a lower bound would be the product.
        let sure = (from..at)
            .map(|i| {
                let label = room.labels[i];
                room.forward[i].of(label) * room.backward[i].of(label)
            })
            .fold(1.0, f32::min);
        found.push(Tagged {
            span: Span { start: first.start, end: last.end },
            tag: *tag,
            confidence: Confidence::percent((sure * 100.0).clamp(1.0, 99.0) as u8),
        });
    }
}

/// The best way is found forwards as scores alone, in steps, and followed backwards.
fn viterbi(moves: &Moves, words: &[Steps], room: &mut Room) {
    room.scores.clear();
    let mut last: Option<Row> = None;
    for word in words {
        let mut next = Row::all(NEVER);
        match &last {
            // No run goes on at the start.
            None => next.open = [0.0; HALF],
            Some(last) => {
                for (score, row) in last.open.iter().zip(&moves.steps.from_open) {
                    reach(&mut next.open, *score, row);
                }
                // The last place inside is of no label.
                for (score, row) in last.inside.iter().zip(&moves.steps.from_inside) {
                    reach(&mut next.open, *score, row);
                }
                for i in 0..HALF - 1 {
                    let begun = last.open[i + 1] + moves.steps.begun[i];
                    let stayed = last.inside[i] + moves.steps.stayed[i];
                    next.inside[i] = if stayed > begun { stayed } else { begun };
                }
            }
        }
        let (open, inside) = word.0.split_at(HALF);
        for (next, steps) in next.open.iter_mut().zip(open) {
            *next += f32::from(*steps);
        }
        for (next, steps) in next.inside.iter_mut().zip(inside) {
            *next += f32::from(*steps);
        }
        room.scores.push(next);
        last = Some(next);
    }
    room.labels.clear();
    room.labels.resize(words.len(), 0);
    let mut label = last.map_or(0, |row| best((0..LABELS).map(|label| row.of(label))));
    for at in (0..words.len()).rev() {
        room.labels[at] = label;
        if let Some(before) = at.checked_sub(1).and_then(|before| room.scores.get(before)) {
            label = best_before(moves, before, label);
        }
    }
}

/// Raises what is reached from a label of this score.
#[inline]
fn reach(next: &mut Half, score: f32, row: &Half) {
    for (next, step) in next.iter_mut().zip(row) {
        let way = score + step;
        *next = if way > *next { way } else { *next };
    }
}

/// The label from which the best way comes to `label`.
fn best_before(moves: &Moves, before: &Row, label: usize) -> usize {
    let at = place(label);
    if let Some(inside) = at.checked_sub(HALF) {
        let begun = before.open[inside + 1] + moves.steps.begun[inside];
        let stayed = before.inside[inside] + moves.steps.stayed[inside];
        return if stayed > begun { label } else { label - 1 };
    }
    let (from_open, from_inside) = (&moves.steps.to_open[at].0, &moves.steps.to_open[at].1);
    let mut ways = Row::all(NEVER);
    for i in 0..HALF {
        ways.open[i] = before.open[i] + from_open[i];
        ways.inside[i] = before.inside[i] + from_inside[i];
    }
    best((0..LABELS).map(|label| ways.of(label)))
}

/// The first label with the highest score.
fn best(scores: impl Iterator<Item = f32>) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (label, score) in scores.enumerate() {
        if score > best.1 {
            best = (label, score);
        }
    }
    best.0
}

/// Scaled forward and backward sums; `forward × backward` is the probability of a label.
fn probabilities(moves: &Moves, words: &[Steps], room: &mut Room) {
    room.odds.clear();
    room.odds.extend(words.iter().map(|word| {
        let steps = &word.0[..LABELS];
        let most = steps.iter().copied().max().unwrap_or(0);
        let odds_of = |steps: &i16| {
            let fall = (i32::from(most) - i32::from(*steps)) as usize;
            moves.falls.get(fall).or(moves.falls.last()).copied().unwrap_or(0.0)
        };
        let mut odds = Row::all(0.0);
        let (open, inside) = steps.split_at(HALF);
        for (odds, steps) in odds.open.iter_mut().zip(open) {
            *odds = odds_of(steps);
        }
        for (odds, steps) in odds.inside.iter_mut().zip(inside) {
            *odds = odds_of(steps);
        }
        odds
    }));
    forward(moves, room);
    backward(moves, room);
}

fn forward(moves: &Moves, room: &mut Room) {
    room.forward.clear();
    room.scales.clear();
    let mut last: Option<Row> = None;
    for odds in &room.odds {
        let mut now = Row::all(0.0);
        match &last {
            None => now.open = [1.0; HALF],
            Some(last) => {
                let open = last.open.iter().zip(&moves.exps.from_open);
                let inside = last.inside.iter().zip(&moves.exps.from_inside);
                for (from, row) in open.chain(inside).filter(|(from, _)| **from > FAINT) {
                    for (to, way) in now.open.iter_mut().zip(row) {
                        *to += from * way;
                    }
                }
                for i in 0..HALF - 1 {
                    now.inside[i] = last.open[i + 1] * moves.exps.begun[i]
                        + last.inside[i] * moves.exps.stayed[i];
                }
            }
        }
        let mut sum = 0.0;
        for i in 0..HALF {
            now.open[i] *= odds.open[i];
            now.inside[i] *= odds.inside[i];
            sum += now.open[i] + now.inside[i];
        }
        let sum = sum.max(f32::MIN_POSITIVE);
        for i in 0..HALF {
            now.open[i] /= sum;
            now.inside[i] /= sum;
        }
        room.forward.push(now);
        room.scales.push(sum);
        last = Some(now);
    }
}

fn backward(moves: &Moves, room: &mut Room) {
    room.backward.clear();
    room.backward.resize(room.odds.len(), Row::all(1.0));
    for at in (1..room.odds.len()).rev() {
        let (mut ahead, odds, scale) = (room.backward[at], &room.odds[at], room.scales[at]);
        for i in 0..HALF {
            ahead.open[i] *= odds.open[i] / scale;
            ahead.inside[i] *= odds.inside[i] / scale;
        }
        let mut now = Row::all(0.0);
        for (from, (open, inside)) in ahead.open.iter().zip(&moves.exps.to_open) {
            for i in 0..HALF {
                now.open[i] += from * open[i];
                now.inside[i] += from * inside[i];
            }
        }
        // Inside a run: it was so before, or the run began.
        for i in 0..HALF - 1 {
            now.open[i + 1] += ahead.inside[i] * moves.exps.begun[i];
            now.inside[i] += ahead.inside[i] * moves.exps.stayed[i];
        }
        room.backward[at - 1] = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagger::may_follow;

    /// No run goes on at the start of a sentence.
    fn may_begin(label: usize) -> bool {
        label == 0 || label % 2 == 1
    }

    /// All ways through three words, one by one.
    fn ways() -> impl Iterator<Item = [usize; 3]> {
        (0..LABELS.pow(3))
            .map(|n| [n / LABELS / LABELS, n / LABELS % LABELS, n % LABELS])
            .filter(|[a, b, c]| may_begin(*a) && may_follow(*a, *b) && may_follow(*b, *c))
    }

    #[test]
    fn the_best_way_and_the_probabilities_are_those_of_all_ways() {
        let mut transitions = [[0.0; LABELS]; LABELS];
        for (before, row) in transitions.iter_mut().enumerate() {
            for (after, weight) in row.iter_mut().enumerate() {
                *weight = ((before * 7 + after * 13) % 11) as f32 * 0.1 - 0.5;
            }
        }
        let mut row = [0.0; LABELS];
        row[0] = 0.1;
        let weights =
            Weights::from_bytes(&Weights::to_bytes(&[(1, row)], &transitions, 0.1)).unwrap();
        let words: Vec<Steps> = (0..3_i16)
            .map(|at| {
                let mut word = Steps::default();
                for label in 0..LABELS {
                    word.0[place(label)] = (label as i16 * (5 + at) + at * 3) % 17;
                }
                word
            })
            .collect();
        let moves = weights.moves();
        let score = |way: &[usize; 3]| {
            let steps: f32 = way.iter().zip(&words).map(|(l, w)| f32::from(w.0[place(*l)])).sum();
            let step = |before: usize, after: usize| (transitions[before][after] / 0.1_f32).round();
            steps + step(way[0], way[1]) + step(way[1], way[2])
        };
        let mut room = Room::default();
        viterbi(moves, &words, &mut room);
        let best = ways().map(|way| score(&way)).fold(f32::MIN, f32::max);
        let found = [room.labels[0], room.labels[1], room.labels[2]];
        assert!((score(&found) - best).abs() < 1e-3, "{found:?}");

        probabilities(moves, &words, &mut room);
        let odds = |way: &[usize; 3]| f64::from(score(way) * 0.1).exp();
        let all: f64 = ways().map(|way| odds(&way)).sum();
        for at in 0..3 {
            for label in 0..LABELS {
                let through: f64 =
                    ways().filter(|way| way[at] == label).map(|way| odds(&way)).sum();
                let sure = f64::from(room.forward[at].of(label) * room.backward[at].of(label));
                assert!((sure - through / all).abs() < 1e-4, "{at} {label}");
            }
        }
    }
}
