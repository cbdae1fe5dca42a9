use std::collections::BTreeMap;

use lapwing_model::{Entity, Fact, Kind, Object, PartialDate, Relation};
use serde::Serialize;

use super::{add, doers, names};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::words;

/// A vulnerability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VulnerabilityRow {
    /// `CVE-2021-26855`.
    pub vulnerability: Named,
    /// Who or what exploits it.
    pub exploited_by: Vec<Named>,
    /// Products that it affects.
    pub affects: Vec<Named>,
    /// Products that sources deny it to affect.
    pub does_not_affect: Vec<Named>,
    /// Weaknesses behind it.
    pub weaknesses: Vec<Named>,
    /// When a fix came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_on: Option<PartialDate>,
    /// Whether exploitation is only predicted.
    pub only_predicted: bool,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<VulnerabilityRow> {
    let mut found: BTreeMap<&Entity, Vec<&Fact>> = BTreeMap::new();
    for (_, fact) in index.of(Class::Vulnerability) {
        let ends = [Some(&fact.subject), fact.object.entity()];
        for end in ends.into_iter().flatten().filter(|e| e.kind == Kind::Vulnerability) {
            found.entry(end).or_default().push(fact);
        }
    }
    let mut details: BTreeMap<&Entity, Vec<&Fact>> = BTreeMap::new();
    for class in [Class::Date, Class::Weakness] {
        for (_, fact) in index.of(class).filter(|(_, f)| f.subject.kind == Kind::Vulnerability) {
            details.entry(&fact.subject).or_default().push(fact);
        }
    }
    for fact in index.denied().filter(|f| f.subject.kind == Kind::Vulnerability) {
        details.entry(&fact.subject).or_default().push(fact);
    }
    let mut rows: Vec<VulnerabilityRow> = found
        .into_iter()
        .map(|(vulnerability, facts)| {
            let evidence = index.evidence(&facts);
            let mut row = VulnerabilityRow {
                vulnerability: index.named(vulnerability),
                exploited_by: Vec::new(),
                affects: Vec::new(),
                does_not_affect: Vec::new(),
                weaknesses: Vec::new(),
                fixed_on: None,
                only_predicted: evidence.only_predicted(),
                evidence,
            };
            for fact in &facts {
                match (&fact.object, fact.relation) {
                    (_, Relation::Exploits) => {
                        add(&mut row.exploited_by, index.named(&fact.subject));
                    }

                    (Object::Entity(o), Relation::Affects) => add(&mut row.affects, index.named(o)),
                    _ => {}
                }
            }
            for fact in details.get(vulnerability).into_iter().flatten() {
                match (&fact.object, fact.relation) {
                    (Object::Entity(o), Relation::Affects) => {
                        add(&mut row.does_not_affect, index.named(o));
                    }
                    (Object::Entity(o), Relation::HasWeakness) => {
                        add(&mut row.weaknesses, index.named(o));
                    }
                    (Object::Text(t), Relation::FixedOn) => {
                        let date = t.parse().ok();
                        row.fixed_on = [row.fixed_on, date].into_iter().flatten().min();
                    }
                    _ => {}
                }
            }
            row
        })
        .collect();
    // The sort is stable: all others stay in order of their number.
    rows.sort_by_key(|row| row.vulnerability.entity() != index.picture.subject);
    rows
}

pub(crate) fn section(rows: &[VulnerabilityRow], safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let rows = rows
        .iter()
        .map(|row| {
            let mut about = Vec::new();
            if !row.exploited_by.is_empty() {
                let by = words::join(&doers(&row.exploited_by), 4);
                about.push(format!("exploited by {by}"));
            }
            if !row.affects.is_empty() {
                about.push(format!("affects {}", words::join(&names(&row.affects), 4)));
            }
            if !row.does_not_affect.is_empty() {
                let not = words::join(&names(&row.does_not_affect), 4);
                about.push(format!("not known to affect {not}"));
            }
            if !row.weaknesses.is_empty() {
                about.push(format!("rests on {}", words::join(&names(&row.weaknesses), 3)));
            }
            let (state, tone) = match (row.exploited_by.is_empty(), row.only_predicted) {
                (true, _) => ("named", Tone::Quiet),
                (false, true) => ("predicted", Tone::Quiet),
                (false, false) => ("said to be exploited", Tone::Bad),
            };
            Row {
                cells: vec![
                    Cell::new(safe.prose(&row.vulnerability.name)).tone(Tone::Strong),
                    Cell::new(state).tone(tone),
                    Cell::new(row.fixed_on.map_or_else(String::new, |d| d.to_string())),
                    Cell::weight(&row.evidence),
                ],
                note: safe.prose(&about.join("; ")),
                quotes: Quoted::all(&row.evidence, safe),
            }
        })
        .collect();
    let columns = vec!["Vulnerability", "State", "Fixed on", "Evidence"];
    let more = "lapwing list vulnerabilities";
    let table = Table { columns, rows, notes: "Notes", more, ..Table::default() };
    Some(Section::new("vulnerabilities", "Vulnerabilities", vec![Block::Table(table)]))
}
