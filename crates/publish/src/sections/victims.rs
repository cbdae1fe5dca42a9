use std::collections::BTreeMap;

use lapwing_model::{Fact, Kind, Relation, Role};
use serde::Serialize;

use super::{add, unusual, usual};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::words;

/// Whether a victim was really hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VictimState {
    /// A source says that it was hit.
    Hit,
    /// A source says that it was aimed at.
    Targeted,
    /// Said with reserve, or only predicted.
    Possible,
}

impl VictimState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "said to be hit",
            Self::Targeted => "said to be a target",
            Self::Possible => "possible",
        }
    }
}

/// A sector, place, product or organisation that was hit or aimed at.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VictimRow {
    /// Who or what.
    pub victim: Named,
    /// Whether it was really hit.
    pub state: VictimState,
    /// By whom, where told.
    pub by: Vec<Named>,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<VictimRow> {
    let mut found: BTreeMap<Named, (Vec<Named>, Vec<&Fact>)> = BTreeMap::new();
    for (_, fact) in index.of(Class::Victim) {
        let unary = fact.relation == Relation::Role;
        let victim = if unary { Some(&fact.subject) } else { fact.object.entity() };
        let Some(victim) = victim else { continue };
        let (by, facts) = found.entry(index.named(victim)).or_default();
        facts.push(fact);
        if !unary {
            add(by, index.named(&fact.subject));
        }
    }
    let mut rows: Vec<VictimRow> = found
        .into_iter()
        .map(|(victim, (by, facts))| {
            let state = facts.iter().map(|f| state(index, f)).min();
            let evidence = index.evidence(&facts);
            VictimRow { victim, state: state.unwrap_or(VictimState::Possible), by, evidence }
        })
        .collect();
    rows.sort_by(|a, b| {
        let key = |r: &VictimRow| (r.state, rank(r.victim.kind));
        key(a)
            .cmp(&key(b))
            .then(b.evidence.probability.total_cmp(&a.evidence.probability))
            .then_with(|| a.victim.name.cmp(&b.victim.name))
    });
    rows
}

fn state(index: &Index<'_>, fact: &Fact) -> VictimState {
    let evidence = index.evidence(&[fact]);
    let victim = fact.relation == Relation::Role && fact.object.key() == Role::Victim.as_str();
    // The state is what the sources say; how likely that is stands beside it.
    if evidence.hedged || evidence.only_predicted() {
        VictimState::Possible
    } else if fact.relation == Relation::Compromises || victim {
        VictimState::Hit
    } else {
        VictimState::Targeted
    }
}

fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::Sector => 0,
        Kind::Location => 1,
        Kind::Identity => 2,
        _ => 3,
    }
}

pub(crate) fn section(rows: &[VictimRow], safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let most = usual(rows.iter().map(|row| row.by.as_slice()));
    let rows = rows
        .iter()
        .map(|row| {
            let by = unusual(&row.by, most.as_ref());
            let tone = match row.state {
                VictimState::Hit => Tone::Bad,
                VictimState::Targeted => Tone::Warn,
                VictimState::Possible => Tone::Quiet,
            };
            Row {
                cells: vec![
                    Cell::new(Safe::value(row.victim.kind, &row.victim.name)).tone(Tone::Strong),
                    Cell::new(words::kind_words(row.victim.kind).0),
                    Cell::new(row.state.as_str()).tone(tone),
                    Cell::likelihood(&row.evidence),
                    Cell::weight(&row.evidence),
                ],
                note: if by.is_empty() { by } else { safe.prose(&format!("by {by}")) },
                quotes: Quoted::all(&row.evidence, safe),
            }
        })
        .collect();
    let columns = vec!["Victim", "Kind", "State", "Likelihood", "Evidence"];
    let table =
        Table { columns, rows, notes: "By", more: "lapwing list sectors", ..Table::default() };
    let mut body = vec![Block::Table(table)];
    body.extend(most.map(|by| {
        let by = words::join(&by, 4);
        Block::Remark(safe.prose(&format!("By {by}, where the row names nobody else.")))
    }));
    Some(Section::new("victims", "Victims and sectors", body))
}
