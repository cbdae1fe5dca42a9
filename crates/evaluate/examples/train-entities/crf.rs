//! Learning of a linear-chain CRF: stochastic gradient of the log-likelihood with AdaGrad (Duchi et
//! al., 2011), an L1 penalty, and the mean of the weights over the last epochs.

#![expect(clippy::needless_range_loop, reason = "the recursions read best by the labels' numbers")]

use std::collections::BTreeMap;

use lapwing_extract::tagger::{EVERY_WORD, LABELS, Sequence, Weights, may_follow};

/// A sentence with its labels.
pub struct Example {
    pub sequence: Sequence,
    pub labels: Vec<usize>,
    /// How much it counts beside the others.
    pub weight: f32,
}

/// What is chosen by hand; the defaults are those of the weights in the repository.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub epochs: usize,
    /// Step of AdaGrad.
    pub rate: f32,
    /// L1 penalty, taken once an epoch.
    pub l1: f32,
    /// L2 penalty, taken once an epoch.
    pub l2: f32,
    /// Weights of at most this size fall away at the end.
    pub prune: f32,
    /// Taken from the score of "no name" at the end: recall for precision, as strict F1 wants it.
    pub outside: f32,
    /// Features that are rarer fall away.
    pub least: u32,
    /// Share of features that are hidden from each word while learning, so that none is leant on.
    pub drop: f32,
    /// Models that are learnt in different orders; their mean is kept.
    pub models: usize,
    /// Copies of each report with other names that are learnt from as well.
    pub copies: usize,
    /// How much a sentence of such a copy counts.
    pub copied: f32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            epochs: 10,
            rate: 0.12,
            l1: 0.1,
            l2: 0.0,
            prune: 0.0,
            outside: 0.0,
            least: 2,
            drop: 0.4,
            models: 4,
            copies: 0,
            copied: 0.5,
        }
    }
}

/// Labels, and one that is none, so that a row is a whole number of vector registers.
const WIDE: usize = LABELS + 1;
type Row = [f32; WIDE];

/// A word whose every label is as probable as the gold says, but for so much, teaches nothing.
const LEARNT: f32 = 0.005;
/// Scores further below the best are taken for so far.
const FARTHEST: f32 = -40.0;

struct Model {
    weights: Vec<Row>,
    squares: Vec<Row>,
    transitions: [Row; LABELS],
    transition_squares: [Row; LABELS],
}

/// Trains and gives the file of weights; `judge` are those of the judgement over a document.
pub fn train(examples: &[Example], settings: &Settings, judge: &[f32]) -> Vec<u8> {
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for example in examples {
        for at in 0..example.sequence.len() {
            for feature in example.sequence.features(at) {
                *counts.entry(*feature).or_default() += 1;
            }
        }
    }
    let hashes: Vec<u32> =
        counts.into_iter().filter(|(_, n)| *n >= settings.least).map(|(hash, _)| hash).collect();
    // Row numbers instead of hashes, once.
    let rows: Vec<Vec<Vec<u32>>> = examples
        .iter()
        .map(|e| {
            (0..e.sequence.len())
                .map(|at| {
                    let features = e.sequence.features(at).iter();
                    features
                        .filter_map(|f| hashes.binary_search(f).ok().map(|i| i as u32))
                        .collect()
                })
                .collect()
        })
        .collect();
    let mut mean = vec![[0.0_f32; WIDE]; hashes.len()];
    let mut mean_transitions = [[0.0_f32; WIDE]; LABELS];
    for seed in 0..settings.models as u64 {
        let mut model = Model {
            weights: vec![[0.0; WIDE]; hashes.len()],
            squares: vec![[1e-2; WIDE]; hashes.len()],
            transitions: [[0.0; WIDE]; LABELS],
            transition_squares: [[1e-2; WIDE]; LABELS],
        };
        let mut random = Random(0x1a9_3146 + seed);
        let mut order: Vec<usize> = (0..examples.len()).collect();
        let averaged = settings.epochs.div_ceil(3);
        let share = 1.0 / (averaged * settings.models) as f32;
        for epoch in 0..settings.epochs {
            for i in (1..order.len()).rev() {
                order.swap(i, random.below(i + 1));
            }
            for i in &order {
                model.learn(&rows[*i], &examples[*i], settings, &mut random);
            }
            model.shrink(settings);
            if epoch + averaged >= settings.epochs {
                add(&mut mean, &model.weights, share);
                add(&mut mean_transitions, &model.transitions, share);
            }
        }
    }
    let labels_of = |row: &Row| -> [f32; LABELS] { std::array::from_fn(|label| row[label]) };
    let mut rows: Vec<(u32, [f32; LABELS])> =
        hashes.into_iter().zip(mean.iter().map(labels_of)).collect();
    for (hash, row) in &mut rows {
        for w in row.iter_mut() {
            if w.abs() <= settings.prune {
                *w = 0.0;
            }
        }
        if *hash == EVERY_WORD {
            row[0] -= settings.outside;
        }
    }
    Weights::to_bytes(&rows, &mean_transitions.each_ref().map(labels_of), 1.0 / 24.0, judge)
}

fn add(sum: &mut [Row], rows: &[Row], share: f32) {
    for (sum, row) in sum.iter_mut().zip(rows) {
        for (sum, x) in sum.iter_mut().zip(row) {
            *sum += x * share;
        }
    }
}

impl Model {
    fn learn(
        &mut self,
        rows: &[Vec<u32>],
        example: &Example,
        settings: &Settings,
        random: &mut Random,
    ) {
        let (gold, weight) = (&example.labels, example.weight);
        let len = rows.len();
        if len == 0 {
            return;
        }
        let keep = (settings.drop > 0.0).then_some((settings.drop * 4_294_967_295.0) as u32);
        let shown: Vec<Vec<u32>> = rows
            .iter()
            .map(|r| match keep {
                Some(least) => {
                    r.iter().copied().filter(|_| random.next() as u32 >= least).collect()
                }
                None => r.clone(),
            })
            .collect();
        let boost = 1.0 / (1.0 - settings.drop);
        let mut emissions = vec![[0.0_f32; WIDE]; len];
        for (scores, rows) in emissions.iter_mut().zip(&shown) {
            for row in rows {
                for (score, w) in scores.iter_mut().zip(&self.weights[*row as usize]) {
                    *score += w * boost;
                }
            }
            let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            for score in scores.iter_mut() {
                *score = (*score - most).max(FARTHEST).exp();
            }
        }
        let mut step = [[0.0_f32; WIDE]; LABELS];
        for before in 0..LABELS {
            for after in 0..LABELS {
                if may_follow(before, after) {
                    step[before][after] = self.transitions[before][after].exp();
                }
            }
        }
        let mut forward = vec![[0.0_f32; WIDE]; len];
        let mut scales = vec![1.0_f32; len];
        for at in 0..len {
            let mut reach = [0.0_f32; WIDE];
            if at == 0 {
                for label in 0..LABELS {
                    reach[label] = f32::from(u8::from(label == 0 || label % 2 == 1));
                }
            } else {
                for before in 0..LABELS {
                    let from = forward[at - 1][before];
                    for label in 0..WIDE {
                        reach[label] += from * step[before][label];
                    }
                }
            }
            let mut sum = 0.0;
            for label in 0..LABELS {
                reach[label] *= emissions[at][label];
                sum += reach[label];
            }
            let sum = sum.max(f32::MIN_POSITIVE);
            forward[at] = reach.map(|x| x / sum);
            scales[at] = sum;
        }
        let mut backward = vec![[1.0_f32; WIDE]; len];
        let mut moves = [[0.0_f32; WIDE]; LABELS];
        for at in (0..len - 1).rev() {
            let ahead: Row = std::array::from_fn(|a| {
                emissions[at + 1][a] * backward[at + 1][a] / scales[at + 1]
            });
            for before in 0..LABELS {
                let mut sum = 0.0;
                for after in 0..WIDE {
                    let flow = step[before][after] * ahead[after];
                    sum += flow;
                    moves[before][after] += weight * forward[at][before] * flow;
                }
                backward[at][before] = sum;
            }
            moves[gold[at]][gold[at + 1]] -= weight;
        }
        // A sentence whose gold is out of reach can run over: one such step would spoil all weights.
        let finite = |rows: &[Row]| rows.iter().flatten().all(|x| x.is_finite());
        if !(finite(&forward) && finite(&backward) && finite(&moves)) {
            return;
        }
        for at in 0..len {
            let mut slope: Row = std::array::from_fn(|l| weight * forward[at][l] * backward[at][l]);
            slope[gold[at]] -= weight;
            slope[LABELS] = 0.0;
            if slope.iter().all(|g| g.abs() < LEARNT) {
                continue;
            }
            for row in &shown[at] {
                let row = *row as usize;
                descend(&mut self.weights[row], &mut self.squares[row], &slope, settings.rate);
            }
        }
        for before in 0..LABELS {
            descend(
                &mut self.transitions[before],
                &mut self.transition_squares[before],
                &moves[before],
                settings.rate,
            );
        }
    }

    /// The penalties: every weight comes nearer to nothing, those with few steps the most.
    fn shrink(&mut self, settings: &Settings) {
        for (weights, squares) in self.weights.iter_mut().zip(&self.squares) {
            for (w, square) in weights.iter_mut().zip(squares) {
                let step = settings.rate / square.sqrt();
                *w /= 1.0 + settings.l2 * step;
                let by = settings.l1 * step;
                *w = if w.abs() <= by { 0.0 } else { *w - by * w.signum() };
            }
        }
    }
}

fn descend(weights: &mut Row, squares: &mut Row, slope: &Row, rate: f32) {
    for ((w, square), g) in weights.iter_mut().zip(squares).zip(slope) {
        *square += g * g;
        *w -= rate * g / square.sqrt();
    }
}

/// SplitMix64 (Steele et al., 2014): the same numbers in every run.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}
