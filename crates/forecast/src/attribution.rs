//! Whose report is this? Ranked actors from techniques and software, or none.

use std::collections::BTreeMap;

/// Weight of the background beside an actor's own evidence, in counts.
const BACKGROUND: f64 = 400.0;
/// Power of the number of reports that support a piece of evidence.
const SUPPORT: f64 = 0.5;
/// How much more a piece of software weighs than a technique in the comparison of reports.
const SOFTWARE: f64 = 2.0;
/// Reasons that are named of a candidate.
const REASONS: usize = 5;

/// What reports say of actors, as a model of whose a further report is.
///
/// Evidence are identifiers: `T…` techniques, `S…` software (ATT&CK). A technique match alone never
/// names an actor: see [`Attribution::least_margin`].
#[derive(Clone, Debug, Default)]
pub struct Attribution {
    actors: Vec<String>,
    evidence: BTreeMap<String, usize>,
    /// By actor: evidence and number of reports with it.
    support: Vec<BTreeMap<usize, u32>>,
    /// By actor: its reports.
    reports: Vec<Vec<Vec<usize>>>,
    /// Number of actors with a piece of evidence.
    spread: Vec<f64>,
}

/// An actor that a report may be about.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The actor.
    pub actor: String,
    /// Standard deviations above the mean actor.
    pub score: f64,
    /// The evidence that speaks most for it, strongest first.
    pub because: Vec<String>,
}

impl Attribution {
    /// The margin between first and second from which an answer is given; below it, none of the
    /// candidates is named as the likely one. Chosen for a precision of .85 (docs/forecast.md).
    pub fn least_margin() -> f64 {
        1.7
    }

    /// Learns from reports: actor and evidence. Their order makes no difference.
    pub fn fit<'a>(reports: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> Self {
        let mut sorted: Vec<(&str, Vec<&str>)> = reports.into_iter().collect();
        for (_, evidence) in &mut sorted {
            evidence.sort_unstable();
            evidence.dedup();
        }
        sorted.retain(|(_, evidence)| !evidence.is_empty());
        sorted.sort();
        let mut model = Self::default();
        let mut all: Vec<&str> = sorted.iter().flat_map(|(_, e)| e).copied().collect();
        all.sort_unstable();
        all.dedup();
        model.evidence = all.into_iter().map(str::to_owned).zip(0..).collect();
        for (actor, evidence) in sorted {
            if model.actors.last().is_none_or(|last| last != actor) {
                model.actors.push(actor.to_owned());
                model.support.push(BTreeMap::new());
                model.reports.push(Vec::new());
            }
            let at = model.actors.len() - 1;
            let numbers: Vec<usize> = evidence.iter().map(|e| model.evidence[*e]).collect();
            for number in &numbers {
                *model.support[at].entry(*number).or_default() += 1;
            }
            model.reports[at].push(numbers);
        }
        model.spread = vec![0.0; model.evidence.len()];
        for number in model.support.iter().flat_map(BTreeMap::keys) {
            model.spread[*number] += 1.0;
        }
        model
    }

    /// All actors by falling score; empty where none of the evidence is known.
    pub fn rank(&self, evidence: &[&str]) -> Vec<Candidate> {
        let mut asked: Vec<usize> =
            evidence.iter().filter_map(|e| self.evidence.get(*e).copied()).collect();
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Vec::new();
        }
        let names: Vec<&String> = self.evidence.keys().collect();
        let weight = |number: usize| {
            let idf = ((self.actors.len() as f64 + 1.0) / (self.spread[number] + 1.0)).ln();
            let kind = if names[number].starts_with('S') { SOFTWARE } else { 1.0 };
            (idf * idf * kind).max(1e-9)
        };
        let (mut ratios, reasons) = self.likelihood_ratios(&asked);
        let own: f64 = asked.iter().map(|number| weight(*number)).sum();
        let mut nearest: Vec<f64> = self
            .reports
            .iter()
            .map(|reports| {
                let cosine = |report: &Vec<usize>| {
                    let norm: f64 = report.iter().map(|n| weight(*n)).sum();
                    let shared = report.iter().filter(|n| asked.binary_search(n).is_ok());
                    shared.map(|n| weight(*n)).sum::<f64>() / (norm * own).sqrt()
                };
                reports.iter().map(cosine).fold(0.0, f64::max)
            })
            .collect();
        standardise(&mut ratios);
        standardise(&mut nearest);
        let mut scores: Vec<f64> = ratios.iter().zip(&nearest).map(|(a, b)| a + b).collect();
        standardise(&mut scores);
        let mut order: Vec<usize> = (0..self.actors.len()).collect();
        order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
        order
            .into_iter()
            .map(|at| {
                let mut because = reasons[at].clone();
                because.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
                let because = because.into_iter().filter(|(ratio, _)| *ratio > 0.0);
                Candidate {
                    actor: self.actors[at].clone(),
                    score: scores[at],
                    because: because.take(REASONS).map(|(_, n)| names[n].clone()).collect(),
                }
            })
            .collect()
    }

    /// Log-likelihood ratio of the evidence for each actor against the background, and each part of it
    /// that the actor is known for.
    fn likelihood_ratios(&self, asked: &[usize]) -> (Vec<f64>, Vec<Vec<(f64, usize)>>) {
        let smoothing = 0.3;
        let all: f64 = self.spread.iter().map(|s| s + smoothing).sum();
        let mut sums = Vec::with_capacity(self.actors.len());
        let mut parts = Vec::with_capacity(self.actors.len());
        for support in &self.support {
            let size: f64 = support.values().map(|n| f64::from(*n).powf(SUPPORT)).sum();
            let mut sum = 0.0;
            let mut known = Vec::new();
            for number in asked {
                let background = (self.spread[*number] + smoothing) / all;
                let own = support.get(number).map_or(0.0, |n| f64::from(*n).powf(SUPPORT));
                let ratio =
                    ((own + BACKGROUND * background) / (size + BACKGROUND) / background).ln();
                sum += ratio;
                if own > 0.0 {
                    known.push((ratio, *number));
                }
            }
            sums.push(sum);
            parts.push(known);
        }
        (sums, parts)
    }
}

fn standardise(scores: &mut [f64]) {
    let n = scores.len().max(1) as f64;
    let mean = scores.iter().sum::<f64>() / n;
    let deviation = (scores.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / n).sqrt().max(1e-12);
    for score in scores {
        *score = (*score - mean) / deviation;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_software_names_its_actor_and_order_makes_no_difference() {
        let reports = [
            ("one", vec!["T1", "T2", "S1"]),
            ("one", vec!["T1", "T3"]),
            ("two", vec!["T1", "T2", "S2"]),
            ("three", vec!["T4"]),
        ];
        let ranked = Attribution::fit(reports.clone()).rank(&["S2", "T1"]);
        assert_eq!(ranked[0].actor, "two");
        assert_eq!(ranked[0].because[0], "S2");
        let mut reversed = reports;
        reversed.reverse();
        assert_eq!(Attribution::fit(reversed).rank(&["T1", "S2"]), ranked);
        assert!(Attribution::default().rank(&["T1"]).is_empty());
    }
}
