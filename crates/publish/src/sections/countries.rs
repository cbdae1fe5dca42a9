use std::collections::BTreeMap;

use lapwing_model::{Entity, Fact, Kind, Relation};
use serde::Serialize;

use super::{add, unusual, usual};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::words;

/// What a country is in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CountryRole {
    /// The adversary is said to be sponsored by it.
    Sponsor,
    /// The adversary is said to come from it.
    Origin,
    /// The adversary is said to operate from it.
    Base,
    /// Victims there were hit or aimed at.
    Target,
    /// Infrastructure stands there.
    Hosting,
    /// The source names it and does not say as what.
    Unspecified,
}

impl CountryRole {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sponsor => "suspected sponsor",
            Self::Origin => "origin",
            Self::Base => "base of operations",
            Self::Target => "target",
            Self::Hosting => "hosting",
            Self::Unspecified => "role unspecified",
        }
    }
}

/// A country or region in one role.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CountryRow {
    /// Which.
    pub country: Named,
    /// As what.
    pub role: CountryRole,
    /// Of whom or of what.
    pub of: Vec<Named>,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<CountryRow> {
    type Told<'f> = (Vec<Named>, Vec<&'f Fact>);
    let mut found: BTreeMap<(CountryRole, Named), Told<'_>> = BTreeMap::new();
    for (_, fact) in index.of(Class::Country).chain(index.of(Class::Victim)) {
        let (place, of) = match fact.object.entity() {
            Some(place) => (place, Some(&fact.subject)),
            None => (&fact.subject, None),
        };
        if place.kind != Kind::Location {
            continue;
        }
        let (whom, facts) = found.entry((role(fact), index.named(place))).or_default();
        facts.push(fact);
        if let Some(of) = of {
            add(whom, index.named(of));
        }
    }
    // A mere mention adds nothing where a role is known.
    let roles: Vec<(CountryRole, Named)> = found.keys().cloned().collect();
    found.retain(|(role, place), (of, _)| {
        *role != CountryRole::Unspecified
            || !of.is_empty()
            || !roles.iter().any(|(r, p)| p == place && *r != CountryRole::Unspecified)
    });
    found
        .into_iter()
        .map(|((role, country), (of, facts))| CountryRow {
            country,
            role,
            of,
            evidence: index.evidence(&facts),
        })
        .collect()
}

fn role(fact: &Fact) -> CountryRole {
    match fact.relation {
        Relation::SponsoredBy => CountryRole::Sponsor,
        Relation::OriginatesFrom => CountryRole::Origin,
        Relation::Targets | Relation::Compromises => CountryRole::Target,
        Relation::Role if fact.object.key() == "victim" => CountryRole::Target,
        Relation::LocatedAt if fact.subject.kind.is_observable() => CountryRole::Hosting,
        Relation::LocatedAt if fact.subject.kind.is_actor_like() => CountryRole::Base,
        _ => CountryRole::Unspecified,
    }
}

pub(crate) fn section(rows: &[CountryRow], subject: &Entity, safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let targets = rows.iter().filter(|row| row.role == CountryRole::Target);
    let most = usual(targets.map(|row| row.of.as_slice()));
    let rows = rows
        .iter()
        .map(|row| {
            let quiet = row.role == CountryRole::Unspecified;
            let known = most.as_ref().filter(|_| row.role == CountryRole::Target);
            let of = unusual(&row.of, known);
            let role = match row.role {
                CountryRole::Target if row.evidence.hedged => "possible target",
                role => role.as_str(),
            };
            let role = match row.role {
                _ if of.is_empty() => role.to_owned(),
                CountryRole::Hosting => format!("{role} {of}"),
                CountryRole::Unspecified if row.of.iter().all(|n| n.entity() == *subject) => {
                    role.to_owned()
                }
                CountryRole::Unspecified => format!("{role}; named with {of}"),
                _ => format!("{role} of {of}"),
            };
            Row {
                cells: vec![
                    Cell::new(safe.prose(&row.country.name)).tone(Tone::Strong),
                    Cell::new(safe.prose(&role)).tone(if quiet {
                        Tone::Quiet
                    } else {
                        Tone::Plain
                    }),
                    Cell::likelihood(&row.evidence),
                    Cell::weight(&row.evidence),
                ],
                quotes: Quoted::all(&row.evidence, safe),
                ..Row::default()
            }
        })
        .collect();
    let columns = vec!["Country", "Role", "Likelihood", "Evidence"];
    let table = Table { columns, rows, more: "lapwing list countries", ..Table::default() };
    let mut body = vec![Block::Table(table)];
    body.extend(most.map(|of| {
        let of = words::join(&of, 4);
        Block::Remark(safe.prose(&format!("Target: of {of}, where the row names nobody else.")))
    }));
    Some(Section::new("countries", "Countries by role", body))
}
