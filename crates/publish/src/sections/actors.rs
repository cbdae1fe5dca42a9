use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Entity, Fact, Kind, Relation};
use serde::Serialize;

use super::{add, names};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Item, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::{Distinct, Page, words};

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
        let columns = vec!["Actor or cluster", "Country", "Likelihood", "Evidence"];
        let (notes, more) = ("What is said", "lapwing list actors");
        body.push(Block::Table(Table { columns, rows, notes, more, ..Table::default() }));
    }
    let apart: Vec<Item> = apart(&page.distinct)
        .iter()
        .map(|text| Item { tone: Tone::Warn, ..Item::new(safe.prose(text)) })
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
        said.push(format!("tracked by {}", words::join(&names(&row.tracked_by), 4)));
    }
    if !row.aliases.is_empty() {
        said.push(format!("also called {}", words::join(&names(&row.aliases), 6)));
    }
    if !row.also_known_as.is_empty() {
        said.push(format!(
            "known elsewhere (reference data) as {}",
            words::join(&row.also_known_as, 4)
        ));
    }
    if said.is_empty() {
        said.push("only named".to_owned());
    }
    let kind = if row.actor.kind == Kind::Cluster { " (cluster)" } else { "" };
    Row {
        cells: vec![
            Cell::new(safe.prose(&format!("{}{kind}", row.actor.name))).tone(Tone::Strong),
            Cell::new(safe.prose(&words::join(&names(&row.countries), 4))),
            Cell::likelihood(&row.evidence),
            Cell::weight(&row.evidence),
        ],
        note: safe.prose(&said.join("; ")),
        quotes: Quoted::all(&row.evidence, safe),
    }
}

/// Pairs that are kept apart for one reason as one sentence each.
fn apart(pairs: &[Distinct]) -> Vec<String> {
    let mut reasons: BTreeMap<&str, BTreeSet<(&Entity, &Entity)>> = BTreeMap::new();
    let mut order: Vec<&str> = Vec::new();
    for pair in pairs {
        let why = pair.why.trim().trim_end_matches('.');
        if !order.contains(&why) {
            order.push(why);
        }
        let key = |e: &'_ Entity| (e.kind, e.value.clone());
        let turned = key(&pair.b) < key(&pair.a);
        let (a, b) = if turned { (&pair.b, &pair.a) } else { (&pair.a, &pair.b) };
        reasons.entry(why).or_default().insert((a, b));
    }
    order.iter().filter_map(|why| Some(kept_apart(reasons.get(why)?, why))).collect()
}

/// One sentence for all pairs of one reason: each of them with each other, or one side with the
/// other, where that is what the pairs come to.
fn kept_apart(pairs: &BTreeSet<(&Entity, &Entity)>, why: &str) -> String {
    let name = |e: &&Entity| crate::safe::clean_name(&e.value);
    let list = |set: &BTreeSet<&Entity>, last: &str| {
        let names: Vec<String> = set.iter().map(name).collect();
        let joined = words::join(&names, 8);
        match joined.rsplit_once(" and ").filter(|_| names.len() > 1) {
            Some((head, tail)) => format!("{head} {last} {tail}"),
            None => joined,
        }
    };
    let left: BTreeSet<&Entity> = pairs.iter().map(|(a, _)| *a).collect();
    let right: BTreeSet<&Entity> = pairs.iter().map(|(_, b)| *b).collect();
    let all: BTreeSet<&Entity> = left.union(&right).copied().collect();
    if pairs.len() == all.len() * (all.len() - 1) / 2 {
        // The reason is worded for a pair.
        let why = if all.len() > 2 { why.strip_prefix("two ").unwrap_or(why) } else { why };
        return format!("{} are not shown to be the same: {why}.", list(&all, "and"));
    }
    if left.is_disjoint(&right) && pairs.len() == left.len() * right.len() {
        let (is, head) = match left.len() {
            1 => ("is not", list(&left, "and")),
            2 => ("is", format!("Neither {}", list(&left, "nor"))),
            _ => ("is", format!("None of {}", list(&left, "and"))),
        };
        return format!("{head} {is} shown to be the same as {}: {why}.", list(&right, "or"));
    }
    let pairs: Vec<String> =
        pairs.iter().map(|(a, b)| format!("{} with {}", name(a), name(b))).collect();
    format!("Not shown to be the same ({why}): {}.", words::join(&pairs, 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(a: (Kind, &str), b: (Kind, &str), why: &str) -> Distinct {
        Distinct { a: Entity::new(a.0, a.1), b: Entity::new(b.0, b.1), why: why.to_owned() }
    }

    #[test]
    fn pairs_of_one_reason_are_one_sentence() {
        let (actor, cluster) = (Kind::ThreatActor, Kind::Cluster);
        let mut pairs = vec![pair((actor, "A"), (actor, "B"), "nobody says so.")];
        for a in ["A", "B"] {
            for c in ["C1", "C2", "C3"] {
                pairs.push(pair((cluster, c), (actor, a), "no source attributes it"));
            }
        }
        for (a, b) in [("C1", "C2"), ("C1", "C3"), ("C2", "C3")] {
            pairs.push(pair((cluster, a), (cluster, b), "two clusters kept apart"));
        }
        assert_eq!(
            apart(&pairs),
            [
                "A and B are not shown to be the same: nobody says so.",
                "Neither A nor B is shown to be the same as C1, C2 or C3: no source attributes it.",
                "C1, C2 and C3 are not shown to be the same: clusters kept apart.",
            ]
        );
        pairs.truncate(6);
        assert_eq!(
            apart(&pairs[1..]).join(" "),
            "Not shown to be the same (no source attributes it): A with C1, A with C2, A with C3, \
             B with C1 and B with C2."
        );
    }
}
