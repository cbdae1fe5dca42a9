use lapwing_model::{Entity, Object, Relation};
use serde::Serialize;

use crate::evidence::{Class, Evidence, Index};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table};
use crate::safe::Safe;
use crate::words;

/// A statement that no other section tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatementRow {
    /// The statement as a sentence.
    pub sentence: String,
    /// Of what.
    pub subject: Entity,
    /// The verb.
    pub relation: Relation,
    /// What.
    pub object: Object,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<StatementRow> {
    let mut rows: Vec<StatementRow> = index
        .of(Class::Other)
        .map(|(_, fact)| {
            let evidence = index.evidence(&[fact]);
            let plain = match (&fact.object, fact.relation) {
                (Object::Text(text), Relation::Property) => {
                    let (name, value) = text.split_once('=').unwrap_or(("property", text));
                    let of = words::name(&fact.subject, index.knowledge);
                    let value = crate::safe::clean_name(value);
                    format!("{of}: {} {value}", crate::safe::clean_name(name))
                }
                (Object::Text(_), Relation::Role) => {
                    let (name, value) = fact
                        .subject
                        .value
                        .split_once('=')
                        .unwrap_or(("value", &fact.subject.value));
                    let name = crate::safe::clean_name(name);
                    format!("Also given, {name}: {}", crate::safe::clean_name(value))
                }
                _ => words::statement(&fact.subject, fact.relation, &fact.object, index.knowledge),
            };
            let mark = if evidence.only_predicted() { " (predicted)" } else { "" };
            StatementRow {
                sentence: format!("{plain}{mark}."),
                subject: fact.subject.clone(),
                relation: fact.relation,
                object: fact.object.clone(),
                evidence,
            }
        })
        .collect();
    rows.sort_by(|a, b| {
        (&a.subject, a.relation, &a.object).cmp(&(&b.subject, b.relation, &b.object))
    });
    rows
}

pub(crate) fn section(rows: &[StatementRow], safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let rows = rows
        .iter()
        .map(|row| Row {
            cells: vec![
                Cell::new(safe.prose(&row.sentence)),
                Cell::likelihood(&row.evidence),
                Cell::weight(&row.evidence),
            ],
            quotes: Quoted::all(&row.evidence, safe),
            ..Row::default()
        })
        .collect();
    let columns = vec!["Statement", "Likelihood", "Evidence"];
    let table = Table { columns, rows, more: "lapwing explain", ..Table::default() };
    Some(Section::new("statements", "Also stated", vec![Block::Table(table)]))
}
