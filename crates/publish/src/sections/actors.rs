use std::collections::BTreeMap;

use lapwing_model::{Entity, Fact, Kind, Relation};
use serde::Serialize;

use super::{add, names};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Item, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::{Page, words};

/// How an actor or cluster is tied to something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tie {
    /// The tie as a sentence.
    pub sentence: String,
    /// What stands behind it.
    pub evidence: Evidence,
}

/// An actor or cluster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActorRow {
    /// Who.
    pub actor: Named,
    /// Where it is said to come from, operate, or be sponsored by.
    pub countries: Vec<Named>,
    /// Who tracks it.
    pub tracked_by: Vec<Named>,
    /// Other names that the sources give.
    pub aliases: Vec<Named>,
    /// Other names from the reference data (not from the sources).
    pub also_known_as: Vec<String>,
    /// How it is tied to the rest.
    pub ties: Vec<Tie>,
    /// What stands behind its being here.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<ActorRow> {
    let mut facts: BTreeMap<&Entity, Vec<&Fact>> = BTreeMap::new();
    for class in [Class::Actor, Class::Country] {
        for (_, fact) in index.of(class) {
            let ends = [Some(&fact.subject), fact.object.entity()];
            for end in ends.into_iter().flatten().filter(|e| e.kind.is_actor_like()) {
                facts.entry(end).or_default().push(fact);
            }
        }
    }
    // Whoever uses, exploits, hits or is pointed to belongs here too; but where there are
    // statements on the actor itself, those alone tell how sure one may be of it.
    let mut others: BTreeMap<&Entity, Vec<&Fact>> = BTreeMap::new();
    let classes =
        [Class::Technique, Class::Vulnerability, Class::Victim, Class::Software, Class::Indicator];
    for (_, fact) in classes.into_iter().flat_map(|class| index.of(class)) {
        let ends = [Some(&fact.subject), fact.object.entity()];
        for end in ends.into_iter().flatten().filter(|e| e.kind.is_actor_like()) {
            others.entry(end).or_default().push(fact);
        }
    }
    for (actor, told) in others {
        facts.entry(actor).or_insert(told);
    }
    let mut rows: Vec<ActorRow> =
        facts.into_iter().map(|(actor, facts)| row(index, actor, &facts)).collect();
    let own = |row: &ActorRow| row.actor.entity() == index.picture.subject;
    rows.sort_by(|a, b| {
        (!own(a), a.actor.kind == Kind::Cluster)
            .cmp(&(!own(b), b.actor.kind == Kind::Cluster))
            .then(b.evidence.probability.total_cmp(&a.evidence.probability))
            .then_with(|| a.actor.cmp(&b.actor))
    });
    rows
}

fn row(index: &Index<'_>, actor: &Entity, facts: &[&Fact]) -> ActorRow {
    let mut row = ActorRow {
        actor: index.named(actor),
        countries: Vec::new(),
        tracked_by: Vec::new(),
        aliases: Vec::new(),
        also_known_as: known_names(index, actor),
        ties: Vec::new(),
        evidence: index.evidence(facts),
    };
    for fact in facts {
        let other = if fact.subject == *actor { fact.object.entity() } else { Some(&fact.subject) };
        match (fact.relation, other) {
            (Relation::TrackedBy, Some(by)) => add(&mut row.tracked_by, index.named(by)),
            (Relation::AliasOf, Some(alias)) => add(&mut row.aliases, index.named(alias)),
            (
                Relation::OriginatesFrom | Relation::SponsoredBy | Relation::LocatedAt,
                Some(place),
            ) if fact.subject == *actor && place.kind == Kind::Location => {
                add(&mut row.countries, index.named(place));
            }
            (
                Relation::AttributedTo
                | Relation::PartOf
                | Relation::RelatedTo
                | Relation::SponsoredBy,
                Some(_),
            ) => row.ties.push(Tie {
                sentence: words::statement(
                    &fact.subject,
                    fact.relation,
                    &fact.object,
                    index.knowledge,
                ),
                evidence: index.evidence(&[fact]),
            }),
            _ => {}
        }
    }
    row
}

fn known_names(index: &Index<'_>, actor: &Entity) -> Vec<String> {
    let found = index.knowledge.actors_named(&actor.value);
    let [one] = found.as_slice() else { return Vec::new() };
    let all = one.aliases.iter().chain([&one.name]);
    let mut names: Vec<String> = all.filter(|n| **n != actor.value).cloned().collect();
    names.sort();
    names.dedup();
    names
}

pub(crate) fn section(page: &Page, safe: &Safe) -> Option<Section> {
    let mut body = Vec::new();
    let rows: Vec<Row> = page.actors.iter().map(|row| laid_out(row, safe)).collect();
    if !rows.is_empty() {
        let columns = vec!["Actor or cluster", "What is said", "Country", "Likelihood", "Evidence"];
        body.push(Block::Table(Table { columns, rows, more: "lapwing list actors", quote: false }));
    }
    let apart: Vec<Item> = page
        .distinct
        .iter()
        .map(|d| {
            let (a, b) = (&d.a.value, &d.b.value);
            let why = d.why.trim().trim_end_matches('.');
            let text = format!("{a} and {b} are not shown to be the same: {why}.");
            Item { tone: Tone::Warn, ..Item::new(safe.prose(&text)) }
        })
        .collect();
    if !apart.is_empty() {
        body.push(Block::Items(apart));
    }
    let open: Vec<Item> = page
        .candidates
        .iter()
        .map(|c| {
            let text = format!(
                "“{}” may mean {}: left open.",
                c.entity.value,
                words::join(&c.may_mean, 6).replace(" and ", " or ")
            );
            Item { tone: Tone::Quiet, ..Item::new(safe.prose(&text)) }
        })
        .collect();
    if !open.is_empty() {
        body.push(Block::Items(open));
    }
    (!body.is_empty()).then(|| Section::new("actors", "Actors and clusters", body))
}

fn laid_out(row: &ActorRow, safe: &Safe) -> Row {
    let mut said: Vec<String> = row
        .ties
        .iter()
        .map(|t| {
            let mut text = t.sentence.clone();
            if t.evidence.hedged {
                text.push_str(" (said with reserve)");
            }
            if t.evidence.only_predicted() {
                text.push_str(" (predicted)");
            }
            text
        })
        .collect();
    if !row.tracked_by.is_empty() {
        said.push(format!("Tracked by {}", words::join(&names(&row.tracked_by), 4)));
    }
    if !row.aliases.is_empty() {
        said.push(format!("Also called {}", words::join(&names(&row.aliases), 6)));
    }
    if !row.also_known_as.is_empty() {
        said.push(format!("In the reference data: {}", words::join(&row.also_known_as, 4)));
    }
    let said = if said.is_empty() { "Named".to_owned() } else { said.join("; ") };
    let kind = if row.actor.kind == Kind::Cluster { " (cluster)" } else { "" };
    Row {
        cells: vec![
            Cell::new(safe.prose(&format!("{}{kind}", row.actor.name))).tone(Tone::Strong),
            Cell::new(safe.prose(&said)),
            Cell::new(safe.prose(&words::join(&names(&row.countries), 4))),
            Cell::likelihood(&row.evidence),
            Cell::weight(&row.evidence),
        ],
        quotes: Quoted::all(&row.evidence, safe),
    }
}
