use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::Kind;
use serde::Serialize;

use crate::{Named, Page, TechniqueBasis};

/// Two pages laid beside each other: what both have, what only one has.
///
/// A value stands once in a part, whatever the number of rows that name it; the parts keep the order of the
/// pages, of what both have that of the first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first.
    pub a: ComparedPage,
    /// The second.
    pub b: ComparedPage,
    /// Origins that speak of both: what the two share may be one observer's view.
    pub shared_origins: usize,
    /// What the two have, sort by sort.
    pub parts: Vec<ComparedPart>,
    /// The techniques of either, with whose they are, by their identifier.
    pub techniques: Vec<ComparedTechnique>,
}

/// One of the two.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedPage {
    /// What it is.
    pub subject: Named,
    /// Origins behind it.
    pub origins: usize,
}

/// One sort of things.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedPart {
    /// `techniques`, `indicators`, `software`, `vulnerabilities`, `victims` or `countries`.
    pub part: &'static str,
    /// What only the first has.
    pub only_a: Share,
    /// What both have.
    pub both: Share,
    /// What only the second has.
    pub only_b: Share,
}

/// Things of one side.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Share {
    /// How many there are.
    pub total: usize,
    /// The first of them.
    pub items: Vec<Named>,
}

/// Whose something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Of the first alone.
    A,
    /// Of both.
    Both,
    /// Of the second alone.
    B,
}

/// A technique of one or both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ComparedTechnique {
    /// `T1505.003`.
    pub technique: Named,
    /// Tactics by ATT&CK's short name.
    pub tactics: Vec<String>,
    /// Whose it is.
    pub side: Side,
    /// The higher of the probabilities.
    pub probability: f64,
    /// The better of what its use rests on.
    pub basis: TechniqueBasis,
}

impl Comparison {
    /// Compares two pages; of each share the first `most` things are named, all are counted.
    pub fn of(a: &Page, b: &Page, most: usize) -> Self {
        let part = |part, rows: fn(&Page) -> Vec<&Named>| {
            let (left, right) = (each_once(rows(a)), each_once(rows(b)));
            let of_a: BTreeSet<_> = left.iter().map(|named| key(named)).collect();
            let of_b: BTreeSet<_> = right.iter().map(|named| key(named)).collect();
            let (both, only_a): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|named| of_b.contains(&key(named)));
            let only_b = right.into_iter().filter(|named| !of_a.contains(&key(named))).collect();
            let [only_a, both, only_b] = [only_a, both, only_b].map(|all: Vec<&Named>| Share {
                total: all.len(),
                items: all.into_iter().take(most).cloned().collect(),
            });
            ComparedPart { part, only_a, both, only_b }
        };
        let of_a: BTreeSet<_> = a.origins.iter().map(|row| row.origin).collect();
        Self {
            a: compared(a),
            b: compared(b),
            shared_origins: b.origins.iter().filter(|row| of_a.contains(&row.origin)).count(),
            parts: vec![
                part("techniques", |page| {
                    page.techniques.iter().map(|row| &row.technique).collect()
                }),
                part("indicators", |page| {
                    page.indicators.iter().map(|row| &row.indicator).collect()
                }),
                part("software", |page| page.software.iter().map(|row| &row.software).collect()),
                part("vulnerabilities", |page| {
                    page.vulnerabilities.iter().map(|row| &row.vulnerability).collect()
                }),
                part("victims", |page| page.victims.iter().map(|row| &row.victim).collect()),
                part("countries", |page| page.countries.iter().map(|row| &row.country).collect()),
            ],
            techniques: techniques(a, b),
        }
    }
}

fn compared(page: &Page) -> ComparedPage {
    let Page { subject, name, .. } = page;
    let subject = Named { kind: subject.kind, value: subject.value.clone(), name: name.clone() };
    ComparedPage { subject, origins: page.origins.len() }
}

fn key(named: &Named) -> (Kind, &str) {
    (named.kind, &named.value)
}

/// Each thing once, where it stands first: a country stands in a row for each of its roles.
fn each_once(rows: Vec<&Named>) -> Vec<&Named> {
    let mut seen = BTreeSet::new();
    rows.into_iter().filter(|named| seen.insert(key(named))).collect()
}

fn techniques(a: &Page, b: &Page) -> Vec<ComparedTechnique> {
    let mut all: BTreeMap<&str, ComparedTechnique> = BTreeMap::new();
    let rows = a.techniques.iter().map(|row| (row, Side::A));
    for (row, side) in rows.chain(b.techniques.iter().map(|row| (row, Side::B))) {
        let found = all.entry(&row.technique.value).or_insert_with(|| ComparedTechnique {
            technique: row.technique.clone(),
            tactics: row.tactics.clone(),
            side,
            probability: row.evidence.probability,
            basis: row.basis,
        });
        if found.side != side {
            found.side = Side::Both;
        }
        found.probability = found.probability.max(row.evidence.probability);
        found.basis = found.basis.min(row.basis);
    }
    all.into_values().collect()
}
