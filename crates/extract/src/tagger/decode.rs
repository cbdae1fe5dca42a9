//! The best labels of a sentence (Viterbi), and how probable each run is (forward and backward).

use lapwing_model::{Confidence, Span};

use super::{LABELS, Sequence, Tag, Tagged, Weights, may_follow};

/// Room that is kept from sentence to sentence.
#[derive(Default)]
pub(crate) struct Room {
    emissions: Vec<[f32; LABELS]>,
    best: Vec<[u8; LABELS]>,
    forward: Vec<[f32; LABELS]>,
    backward: Vec<[f32; LABELS]>,
    labels: Vec<usize>,
}

/// Adds the runs of `sequence` to `found`.
pub(crate) fn tag(
    weights: &Weights,
    sequence: &Sequence,
    room: &mut Room,
    found: &mut Vec<Tagged>,
) {
    if weights.is_empty() || sequence.is_empty() {
        return;
    }
    room.emissions.clear();
    room.emissions.extend((0..sequence.len()).map(|i| weights.emissions(sequence.features(i))));
    viterbi(weights, room);
    if room.labels.iter().all(|label| *label == 0) {
        return;
    }
    probabilities(weights, room);
    let mut at = 0;
    while at < room.labels.len() {
        let label = room.labels[at];
        if label == 0 {
            at += 1;
            continue;
        }
        let from = at;
        at += 1;
        let inside = if label % 2 == 1 { label + 1 } else { label };
        while room.labels.get(at) == Some(&inside) {
            at += 1;
        }
        let (Some(first), Some(last), Some(tag)) = (
            sequence.spans().get(from),
            sequence.spans().get(at - 1),
            Tag::ALL.get((label - 1) / 2),
        ) else {
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

fn viterbi(weights: &Weights, room: &mut Room) {
    room.best.clear();
    let mut scores = [f32::NEG_INFINITY; LABELS];
    for (i, emissions) in room.emissions.iter().enumerate() {
        let mut next = [f32::NEG_INFINITY; LABELS];
        let mut from = [0_u8; LABELS];
        for label in 0..LABELS {
            if i == 0 {
                // No run goes on at the start.
                if label == 0 || label % 2 == 1 {
                    next[label] = emissions[label];
                }
                continue;
            }
            for (before, score) in scores.iter().enumerate() {
                if may_follow(before, label) {
                    let score = score + weights.transition(before, label);
                    if score > next[label] {
                        next[label] = score;
                        from[label] = before as u8;
                    }
                }
            }
            next[label] += emissions[label];
        }
        scores = next;
        room.best.push(from);
    }
    let mut label =
        (0..LABELS).max_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(b.cmp(a))).unwrap_or(0);
    room.labels.clear();
    room.labels.resize(room.emissions.len(), 0);
    for at in (0..room.emissions.len()).rev() {
        room.labels[at] = label;
        label = usize::from(room.best[at][label]);
    }
}

/// Scaled forward and backward sums; `forward × backward` is the probability of a label.
fn probabilities(weights: &Weights, room: &mut Room) {
    let len = room.emissions.len();
    let mut step = [[0.0_f32; LABELS]; LABELS];
    for (before, row) in step.iter_mut().enumerate() {
        for (after, cell) in row.iter_mut().enumerate() {
            if may_follow(before, after) {
                *cell = weights.transition(before, after).clamp(-30.0, 30.0).exp();
            }
        }
    }
    for emissions in &mut room.emissions {
        let most = emissions.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for score in emissions {
            *score = (*score - most).max(-60.0).exp();
        }
    }
    room.forward.clear();
    room.backward.clear();
    room.backward.resize(len, [1.0; LABELS]);
    let mut scales = Vec::with_capacity(len);
    for at in 0..len {
        let mut now = [0.0; LABELS];
        for label in 0..LABELS {
            let reach: f32 = match at.checked_sub(1) {
                None => f32::from(u8::from(label == 0 || label % 2 == 1)),
                Some(last) => (0..LABELS).map(|b| room.forward[last][b] * step[b][label]).sum(),
            };
            now[label] = reach * room.emissions[at][label];
        }
        let sum: f32 = now.iter().sum::<f32>().max(f32::MIN_POSITIVE);
        room.forward.push(now.map(|x| x / sum));
        scales.push(sum);
    }
    for at in (0..len.saturating_sub(1)).rev() {
        let mut now = [0.0; LABELS];
        for label in 0..LABELS {
            now[label] = (0..LABELS)
                .map(|a| step[label][a] * room.emissions[at + 1][a] * room.backward[at + 1][a])
                .sum::<f32>()
                / scales[at + 1];
        }
        room.backward[at] = now;
    }
}
