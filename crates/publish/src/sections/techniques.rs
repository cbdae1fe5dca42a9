use std::collections::BTreeMap;

use lapwing_model::{Basis, Entity, Fact, Kind, Object, Relation};
use serde::Serialize;

use super::{add, names, unusual, usual};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::words;

/// What the use of a technique rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TechniqueBasis {
    /// A source says that it was seen.
    Observed,
    /// An analyst's judgement.
    Assessed,
    /// The output of a source's model: no observation.
    Predicted,
    /// Named, and not said to be used.
    Named,
}

/// A technique with its weaknesses.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TechniqueRow {
    /// `T1505.003`.
    pub technique: Named,
    /// Tactics by ATT&CK's short name.
    pub tactics: Vec<String>,
    /// Weaknesses that the sources tie to it.
    pub weaknesses: Vec<Named>,
    /// Who uses it.
    pub used_by: Vec<Named>,
    /// Seen, judged, predicted or only named.
    pub basis: TechniqueBasis,
    /// Who predicts it, where it is only predicted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub predicted_by: Vec<String>,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<TechniqueRow> {
    let mut found: BTreeMap<&Entity, Vec<&Fact>> = BTreeMap::new();
    for (_, fact) in index.of(Class::Technique) {
        found.entry(fact.object.entity().unwrap_or(&fact.subject)).or_default().push(fact);
    }
    let mut weak: BTreeMap<&Entity, Vec<Named>> = BTreeMap::new();
    for (_, fact) in index.of(Class::Weakness) {
        if let Object::Entity(weakness) = &fact.object {
            add(weak.entry(&fact.subject).or_default(), index.named(weakness));
            if fact.subject.kind == Kind::AttackPattern {
                found.entry(&fact.subject).or_default();
            }
        }
    }
    let mut rows: Vec<TechniqueRow> = found
        .into_iter()
        .map(|(technique, facts)| {
            let evidence = index.evidence(&facts);
            let mut used_by = Vec::new();
            for fact in facts.iter().filter(|f| f.relation == Relation::Uses) {
                add(&mut used_by, index.named(&fact.subject));
            }
            let basis = match evidence.basis {
                Basis::Predicted => TechniqueBasis::Predicted,
                _ if used_by.is_empty() => TechniqueBasis::Named,
                Basis::Observed => TechniqueBasis::Observed,
                Basis::Assessed => TechniqueBasis::Assessed,
            };
            let predicted = basis == TechniqueBasis::Predicted;
            TechniqueRow {
                technique: index.named(technique),
                tactics: index
                    .knowledge
                    .current_technique(&technique.value)
                    .map_or_else(Vec::new, |t| t.tactics.clone()),
                weaknesses: weak.remove(technique).unwrap_or_default(),
                used_by,
                basis,
                predicted_by: if predicted { evidence.said_by.clone() } else { Vec::new() },
                evidence,
            }
        })
        .collect();
    let own = |row: &TechniqueRow| row.technique.entity() == index.picture.subject;
    rows.sort_by(|a, b| (!own(a), a.basis, &a.technique).cmp(&(!own(b), b.basis, &b.technique)));
    rows
}

pub(crate) fn section(rows: &[TechniqueRow], safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let most = usual(rows.iter().map(|row| row.used_by.as_slice()));
    let rows = rows
        .iter()
        .map(|row| {
            let (basis, tone) = match row.basis {
                TechniqueBasis::Observed => ("observed", Tone::Bad),
                TechniqueBasis::Assessed => ("assessed", Tone::Warn),
                TechniqueBasis::Named => ("only named", Tone::Quiet),
                TechniqueBasis::Predicted => ("predicted", Tone::Quiet),
            };
            Row {
                cells: vec![
                    Cell::new(safe.prose(&row.technique.name)).tone(Tone::Strong),
                    Cell::new(basis).tone(tone),
                    Cell::new(safe.prose(&words::join(&row.tactics, 4).replace('-', " "))),
                    Cell::weight(&row.evidence),
                ],
                note: safe.prose(&note(row, most.as_ref())),
                quotes: Quoted::all(&row.evidence, safe),
            }
        })
        .collect();
    let columns = vec!["Technique", "Basis", "Tactics", "Evidence"];
    let table = Table {
        columns,
        rows,
        notes: "Notes",
        more: "lapwing list techniques",
        ..Table::default()
    };
    let mut body = vec![Block::Table(table)];
    body.extend(most.map(|by| {
        let by = words::join(&by, 4);
        Block::Remark(safe.prose(&format!("Used by {by}, where the row names nobody else.")))
    }));
    Some(Section::new("techniques", "Techniques", body))
}

/// Whose prediction it is, which weaknesses it rests on, who else uses it.
fn note(row: &TechniqueRow, usual: Option<&Vec<String>>) -> String {
    let mut parts = Vec::new();
    if row.basis == TechniqueBasis::Predicted {
        let who = words::join(&row.predicted_by, 3);
        let by = if who.is_empty() { who } else { format!(" by {who}") };
        parts.push(format!("predicted{by}, not observed"));
    }
    if !row.weaknesses.is_empty() {
        parts.push(format!("rests on {}", words::join(&names(&row.weaknesses), 4)));
    }
    let by = unusual(&row.used_by, usual);
    if !by.is_empty() {
        parts.push(format!("used by {by}"));
    }
    parts.join("; ")
}
