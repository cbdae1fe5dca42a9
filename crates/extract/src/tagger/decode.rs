//! How probable each run of a sentence is (forward and backward).

#![allow(clippy::needless_range_loop, reason = "the halves of several rows run side by side")]

use super::weights::{HALF, Half, Moves, Steps};
use super::{LABELS, Tag, Weights};

/// A label that is less probable than this is taken to be none: the result is in percent.
const FAINT: f32 = 1e-9;
/// A run that is less probable than this is none.
pub(crate) const LEAST: f32 = 0.02;
/// Longest run in words and marks.
const LONGEST: usize = 40;

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

    #[cfg(test)]
    fn of(&self, label: usize) -> f32 {
        match super::weights::place(label) {
            at if at < HALF => self.open[at],
            at => self.inside[at - HALF],
        }
    }
}

/// Room that is kept from sentence to sentence.
#[derive(Default)]
pub(crate) struct Room {
    odds: Vec<Row>,
    forward: Vec<Row>,
    backward: Vec<Row>,
    scales: Vec<f32>,
}

/// Whether any word of a sentence comes near to being in a run; in most none does.
pub(crate) fn is_open(weights: &Weights, words: &[Steps]) -> bool {
    /// How far below "no name" a label may be, as a share of the farthest distance that is looked at (60): e to the 5th.
    const NEAR: usize = 12;
    let near = (weights.moves().falls.len() / NEAR) as i32;
    words.iter().any(|word| {
        let (open, _) = word.0.split_at(HALF);
        open.iter().skip(1).any(|steps| i32::from(*steps) + near > i32::from(open[0]))
    })
}

/// Calls `put` with each run of words that is a name of a tag with at least the probability [`LEAST`], in order of
/// its first word: that word, the one behind the last, the tag, and the probability of the whole, the least of its
/// words' labels, and the highest of a word to be outside.
pub(crate) fn runs(
    weights: &Weights,
    words: &[Steps],
    room: &mut Room,
    put: &mut dyn FnMut(usize, usize, Tag, [f32; 3]),
) {
    if weights.is_empty() || words.is_empty() {
        return;
    }
    let moves = weights.moves();
    probabilities(moves, words, room);
    for from in 0..words.len() {
        let (forward, backward) = (&room.forward[from], &room.backward[from]);
        for (at, tag) in Tag::ALL.iter().enumerate() {
            let begins = forward.open[at + 1];
            let mut least = begins * backward.open[at + 1];
            if least < LEAST {
                continue;
            }
            let mut way = begins;
            let mut outside = forward.open[0] * backward.open[0];
            let mut to = from + 1;
            loop {
                let last = to - 1;
                let (here, goes_on) = if last == from {
                    (room.backward[last].open[at + 1], moves.exps.begun[at])
                } else {
                    (room.backward[last].inside[at], moves.exps.stayed[at])
                };
                // All ways on from its last word, but for those inside of the run.
                let next = room.odds.get(to).zip(room.backward.get(to)).zip(room.scales.get(to));
                let inside =
                    next.map_or(0.0, |((odds, _), scale)| goes_on * odds.inside[at] / scale);
                let onward = next.map_or(0.0, |((_, backward), _)| inside * backward.inside[at]);
                let whole = way * (here - onward).max(0.0);
                if whole >= LEAST {
                    put(from, to, *tag, [whole.min(1.0), least.min(1.0), outside.min(1.0)]);
                }
                way *= inside;
                if to >= words.len()
                    || to - from >= LONGEST
                    || way * room.backward[to].inside[at] < LEAST
                {
                    break;
                }
                least = least.min(room.forward[to].inside[at] * room.backward[to].inside[at]);
                outside = outside.max(room.forward[to].open[0] * room.backward[to].open[0]);
                to += 1;
            }
        }
    }
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
    use crate::tagger::weights::place;

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
    fn probabilities_are_those_of_all_ways() {
        let mut transitions = [[0.0; LABELS]; LABELS];
        for (before, row) in transitions.iter_mut().enumerate() {
            for (after, weight) in row.iter_mut().enumerate() {
                *weight = ((before * 7 + after * 13) % 11) as f32 * 0.1 - 0.5;
            }
        }
        let mut row = [0.0; LABELS];
        row[0] = 0.1;
        let weights =
            Weights::from_bytes(&Weights::to_bytes(&[(1, row)], &transitions, 0.1, &[])).unwrap();
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
        // A run is all ways on which its words, and no more, are inside of it.
        let mut found = 0;
        runs(&weights, &words, &mut room, &mut |from, to, tag, [whole, least, _]| {
            let label = |at: usize| 1 + 2 * (tag as usize) + usize::from(at > from);
            let is_run = |way: &[usize; 3]| {
                (from..to).all(|at| way[at] == label(at))
                    && way.get(to).is_none_or(|next| *next != label(to))
            };
            let through: f64 = ways().filter(|way| is_run(way)).map(|way| odds(&way)).sum();
            assert!((f64::from(whole) - through / all).abs() < 1e-4, "{from} {to} {tag:?}");
            assert!(whole <= least + 1e-5);
            found += 1;
        });
        assert!(found > 3);
    }
}
