use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Fact, Kind, Relation};
use serde::Serialize;

use crate::evidence::{Class, Index};
use crate::layout::{Block, Item, Section};
use crate::safe::{Safe, clean};

/// Something that the sources cite.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReferenceRow {
    /// What kind of thing it is; mostly `url`.
    pub kind: Kind,
    /// Address, title or name.
    pub value: String,
    /// Who cites it.
    pub cited_by: Vec<String>,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<ReferenceRow> {
    let mut found: BTreeMap<(Kind, String), Vec<&Fact>> = BTreeMap::new();
    for (_, fact) in index.of(Class::Reference) {
        let cited = match (fact.relation, fact.object.entity()) {
            (Relation::References, Some(object)) => (object.kind, object.value.clone()),
            (Relation::References, None) => (Kind::Report, fact.object.key()),
            _ => (fact.subject.kind, fact.subject.value.clone()),
        };
        // Names that are merely mentioned beside the text are no references to follow.
        if matches!(cited.0, Kind::Url | Kind::DomainName | Kind::Report) {
            found.entry(cited).or_default().push(fact);
        }
    }
    // A bare host name says less than the address on it.
    let hosts: BTreeSet<String> = found
        .keys()
        .filter(|(kind, _)| *kind == Kind::Url)
        .map(|(_, url)| crate::safe::host_of(url).to_lowercase())
        .collect();
    found.retain(|(kind, value), _| *kind != Kind::DomainName || !hosts.contains(value));
    found
        .into_iter()
        .map(|((kind, value), facts)| {
            let cited_by = index.evidence(&facts).said_by;
            ReferenceRow { kind, value, cited_by }
        })
        .collect()
}

pub(crate) fn section(rows: &[ReferenceRow], safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let items = rows
        .iter()
        .map(|row| {
            let web = row.kind == Kind::Url
                && (row.value.starts_with("https://") || row.value.starts_with("http://"));
            // What is cited is meant to be read; a host that is also accused stays defanged.
            let live = web && !safe.is_hostile_link(&row.value) && row.value.len() < 2000;
            let text =
                if live { clean(&row.value, 2000) } else { Safe::value(row.kind, &row.value) };
            Item { link: live.then(|| text.clone()), ..Item::new(text) }
        })
        .collect();
    Some(Section::new("references", "References", vec![Block::Items(items)]))
}
