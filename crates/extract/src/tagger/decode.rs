//! The best labels of a sentence (Viterbi), and how probable each run is (forward and backward).

use lapwing_model::{Confidence, Span};

use super::weights::{Moves, NEVER, Steps, WIDE};
use super::{LABELS, Tag, Tagged, Weights};

/// A label that is less probable than this is taken to be none: the result is in percent.
const FAINT: f32 = 1e-9;

/// A number for each label.
type Row = [f32; WIDE];

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
            .map(|i| room.forward[i][room.labels[i]] * room.backward[i][room.labels[i]])
            .fold(1.0, f32::min);
        found.push(Tagged {
            span: Span { start: first.start, end: last.end },
            tag: *tag,
            confidence: Confidence::percent((sure * 100.0).clamp(1.0, 99.0) as u8),
        });
    }
}

/// Whether a sentence may begin with the label: no run goes on at the start.
fn may_begin(label: usize) -> bool {
    label == 0 || label % 2 == 1
}

/// The label that only a label and itself are followed by: inside of the same run.
fn inside_of(label: usize) -> Option<usize> {
    (label > 0 && label < LABELS).then_some(label + label % 2)
}

/// The best way is found forwards as scores alone, in steps, and followed backwards.
fn viterbi(moves: &Moves, words: &[Steps], room: &mut Room) {
    room.scores.clear();
    for word in words {
        let mut next = [NEVER; WIDE];
        match room.scores.last() {
            None => {
                for label in (0..LABELS).filter(|label| may_begin(*label)) {
                    next[label] = 0.0;
                }
            }
            Some(scores) => {
                // Whatever may follow anything follows the best label or one that is near it.
                let most = scores.iter().take(LABELS).copied().fold(NEVER, f32::max);
                let least = most - moves.spread;
                for (before, (score, row)) in scores.iter().zip(&moves.steps).enumerate() {
                    if *score >= least {
                        for (next, step) in next.iter_mut().zip(row) {
                            let way = score + step;
                            *next = if way > *next { way } else { *next };
                        }
                    } else if let Some(inside) = inside_of(before) {
                        next[inside] = next[inside].max(score + row[inside]);
                    }
                }
            }
        }
        for (next, steps) in next.iter_mut().zip(word.0) {
            *next += f32::from(steps);
        }
        room.scores.push(next);
    }
    room.labels.clear();
    room.labels.resize(words.len(), 0);
    let mut label = room.scores.last().map_or(0, |scores| best(scores.iter().copied()));
    for at in (0..words.len()).rev() {
        room.labels[at] = label;
        if let Some(before) = at.checked_sub(1).and_then(|before| room.scores.get(before)) {
            label = best(before.iter().zip(&moves.steps).map(|(score, row)| score + row[label]));
        }
    }
}

/// The first label with the highest score.
fn best(scores: impl Iterator<Item = f32>) -> usize {
    let mut best = (0, f32::NEG_INFINITY);
    for (label, score) in scores.take(LABELS).enumerate() {
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
        let mut odds = [0.0; WIDE];
        for (odds, steps) in odds.iter_mut().zip(steps) {
            let fall = (i32::from(most) - i32::from(*steps)) as usize;
            *odds = moves.falls.get(fall).or(moves.falls.last()).copied().unwrap_or(0.0);
        }
        odds
    }));
    room.forward.clear();
    room.scales.clear();
    for odds in &room.odds {
        let mut now = [0.0_f32; WIDE];
        match room.forward.last() {
            None => {
                for label in (0..LABELS).filter(|label| may_begin(*label)) {
                    now[label] = 1.0;
                }
            }
            Some(last) => {
                for (from, row) in last.iter().zip(&moves.forth).filter(|(from, _)| **from > FAINT)
                {
                    for (to, way) in now.iter_mut().zip(row) {
                        *to += from * way;
                    }
                }
            }
        }
        let mut sum = 0.0;
        for (now, odds) in now.iter_mut().zip(odds) {
            *now *= odds;
            sum += *now;
        }
        let sum = sum.max(f32::MIN_POSITIVE);
        for now in &mut now {
            *now /= sum;
        }
        room.forward.push(now);
        room.scales.push(sum);
    }
    room.backward.clear();
    room.backward.resize(words.len(), [1.0; WIDE]);
    for at in (1..words.len()).rev() {
        let mut ahead = room.backward[at];
        for (ahead, odds) in ahead.iter_mut().zip(&room.odds[at]) {
            *ahead *= odds / room.scales[at];
        }
        let mut now = [0.0; WIDE];
        for (after, (from, row)) in ahead.iter().zip(&moves.back).enumerate().take(LABELS) {
            if after > 0 && after % 2 == 0 {
                // Inside a run: it was so before, or the run began.
                for before in [after - 1, after] {
                    now[before] += from * row[before];
                }
            } else {
                for (to, way) in now.iter_mut().zip(row) {
                    *to += from * way;
                }
            }
        }
        room.backward[at - 1] = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagger::may_follow;

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
                for (label, steps) in word.0.iter_mut().take(LABELS).enumerate() {
                    *steps = (label as i16 * (5 + at) + at * 3) % 17;
                }
                word
            })
            .collect();
        let moves = weights.moves();
        let score = |way: &[usize; 3]| {
            let steps: f32 = way.iter().zip(&words).map(|(l, w)| f32::from(w.0[*l])).sum();
            steps + moves.steps[way[0]][way[1]] + moves.steps[way[1]][way[2]]
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
                let sure = f64::from(room.forward[at][label] * room.backward[at][label]);
                assert!((sure - through / all).abs() < 1e-4, "{at} {label}");
            }
        }
    }
}
