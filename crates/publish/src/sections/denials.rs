use lapwing_model::{Entity, Object, Relation};
use serde::Serialize;

use crate::evidence::{Evidence, Index};
use crate::layout::{Block, Item, Quoted, Section};
use crate::safe::Safe;
use crate::words;

/// Something that the sources say is not so.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Denial {
    /// The denial as a sentence.
    pub sentence: String,
    /// Of what.
    pub subject: Entity,
    /// The verb that is denied.
    pub relation: Relation,
    /// What.
    pub object: Object,
    /// What stands behind the denial (its `against` counts the denying origins).
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<Denial> {
    let mut denials: Vec<Denial> = index
        .denied()
        .map(|fact| Denial {
            sentence: format!(
                "{}.",
                words::denial(&fact.subject, fact.relation, &fact.object, index.knowledge)
            ),
            subject: fact.subject.clone(),
            relation: fact.relation,
            object: fact.object.clone(),
            evidence: index.evidence(&[fact]),
        })
        .collect();
    denials.sort_by(|a, b| a.sentence.cmp(&b.sentence));
    denials
}

pub(crate) fn section(denials: &[Denial], safe: &Safe) -> Option<Section> {
    if denials.is_empty() {
        return None;
    }
    let items = denials
        .iter()
        .map(|d| {
            let who = words::join(&d.evidence.said_by, 3);
            let by = if who.is_empty() { String::new() } else { format!(" Said by {who}") };
            let weight = words::counted(d.evidence.against, "origin");
            Item {
                quotes: Quoted::all(&d.evidence, safe),
                ..Item::new(safe.prose(&format!("{}{by} ({weight}).", d.sentence)))
            }
        })
        .collect();
    Some(Section::new("denials", "What is said not to be so", vec![Block::Items(items)]))
}
