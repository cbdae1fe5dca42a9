use std::collections::BTreeMap;

use crate::forecast::shuffle::Shuffle;

/// Sources that see for themselves, and sources that mostly copy one of them.
const ROOTS: usize = 4;
const COPIERS: usize = 6;
pub(super) const SOURCES: usize = ROOTS + COPIERS;
/// How often a copier copies where what it copies from has something to say.
pub(super) const COPYING: f64 = 0.8;
/// Statements of one run.
const STATEMENTS: usize = 300;
/// Share of the statements on which a source speaks.
const COVERAGE: f64 = 0.6;
/// How often sources are right when they see for themselves, from and to. Chosen so that the methods
/// known before score about as published: noisy-or .156, Dawid-Skene .181, copies dropped first .115.
const ROOT_IS_RIGHT: (f64, f64) = (0.65, 0.9);
const COPIER_IS_RIGHT: (f64, f64) = (0.55, 0.75);

/// Sources, true by statement (the side), and what each source says of it.
pub(super) struct Run {
    /// How often each source is right when it sees for itself.
    pub accuracies: Vec<f64>,
    /// By statement: whether it is true.
    pub truth: Vec<bool>,
    /// By statement: who says what.
    pub said: Vec<BTreeMap<usize, bool>>,
    /// By statement: the same without the copies that were found.
    pub roots: Vec<BTreeMap<usize, bool>>,
}

impl Run {
    /// Copiers copy at a rate; of the copies, a share is found. Nothing that is no copy is taken for
    /// one: the search is held to one false alarm in a thousand.
    pub fn new(seed: u64, rate: f64, recall: f64) -> Self {
        let mut chance = Shuffle::new(seed);
        let mut between = |(from, to): (f64, f64)| from + (to - from) * chance.unit();
        let accuracies: Vec<f64> = (0..SOURCES)
            .map(|source| between(if source < ROOTS { ROOT_IS_RIGHT } else { COPIER_IS_RIGHT }))
            .collect();
        let copied: Vec<usize> = (0..COPIERS).map(|_| chance.below(ROOTS)).collect();
        let mut run = Self { accuracies, truth: vec![], said: vec![], roots: vec![] };
        for _ in 0..STATEMENTS {
            let truth = chance.unit() < 0.5;
            let mut said: BTreeMap<usize, bool> = BTreeMap::new();
            let mut found = Vec::new();
            for source in 0..SOURCES {
                let speaks = chance.unit() < COVERAGE;
                let own = if chance.unit() < run.accuracies[source] { truth } else { !truth };
                let (copies, seen) = (chance.unit() < rate, chance.unit() < recall);
                if !speaks {
                    continue;
                }
                let of = source.checked_sub(ROOTS).filter(|_| copies);
                match of.and_then(|at| said.get(&copied[at]).copied()) {
                    Some(copy) => {
                        said.insert(source, copy);
                        if seen {
                            found.push(source);
                        }
                    }
                    None => {
                        said.insert(source, own);
                    }
                }
            }
            let mut roots = said.clone();
            roots.retain(|source, _| !found.contains(source));
            run.truth.push(truth);
            run.said.push(said);
            run.roots.push(roots);
        }
        run
    }
}
