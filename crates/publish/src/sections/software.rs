use std::collections::BTreeMap;

use lapwing_model::{Entity, Fact, Kind, Object, Relation};
use serde::Serialize;

use super::{add, doers};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::words;

/// Malware or a tool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SoftwareRow {
    /// Which.
    pub software: Named,
    /// Who uses it.
    pub used_by: Vec<Named>,
    /// Whether its use is only predicted.
    pub only_predicted: bool,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<SoftwareRow> {
    let mut found: BTreeMap<&Entity, Vec<&Fact>> = BTreeMap::new();
    for (_, fact) in index.of(Class::Software) {
        let software = fact.object.entity().unwrap_or(&fact.subject);
        found.entry(software).or_default().push(fact);
    }
    let indicates = index.of(Class::Indicator).filter_map(|(_, f)| Some((f.object.entity()?, f)));
    for (software, fact) in indicates {
        if matches!(software.kind, Kind::Malware | Kind::Tool) {
            found.entry(software).or_default().push(fact);
        }
    }
    found
        .into_iter()
        .map(|(software, facts)| {
            let mut used_by = Vec::new();
            for fact in facts.iter().filter(|f| f.relation == Relation::Uses) {
                if let Object::Entity(_) = &fact.object {
                    add(&mut used_by, index.named(&fact.subject));
                }
            }
            let evidence = index.evidence(&facts);
            let only_predicted = evidence.only_predicted();
            SoftwareRow { software: index.named(software), used_by, only_predicted, evidence }
        })
        .collect()
}

pub(crate) fn section(rows: &[SoftwareRow], safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let rows = rows
        .iter()
        .map(|row| {
            let predicted = if row.only_predicted { " (predicted)" } else { "" };
            let by = words::join(&doers(&row.used_by), 4);
            let by = if by.is_empty() { by } else { format!("used by {by}") };
            Row {
                cells: vec![
                    Cell::new(Safe::value(row.software.kind, &row.software.name))
                        .tone(Tone::Strong),
                    Cell::new(words::kind_words(row.software.kind).0),
                    Cell::likelihood(&row.evidence),
                    Cell::weight(&row.evidence),
                ],
                note: safe.prose(&format!("{by}{predicted}")),
                quotes: Quoted::all(&row.evidence, safe),
            }
        })
        .collect();
    let columns = vec!["Name", "Kind", "Likelihood", "Evidence"];
    let table =
        Table { columns, rows, notes: "Notes", more: "lapwing list malware", ..Table::default() };
    Some(Section::new("software", "Malware and tools", vec![Block::Table(table)]))
}
