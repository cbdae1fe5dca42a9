use std::collections::{BTreeMap, BTreeSet};

use lapwing_model::{Entity, Fact, Kind, Object, PartialDate, Relation, Status};
use serde::Serialize;

use super::{add, names};
use crate::evidence::{Class, Evidence, Index, Named};
use crate::layout::{Block, Cell, Quoted, Row, Section, Table, Tone};
use crate::safe::Safe;
use crate::words;

/// Another value that a source ties to an indicator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    /// How.
    pub relation: Relation,
    /// To what.
    pub to: Named,
}

/// An indicator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IndicatorRow {
    /// The value.
    pub indicator: Named,
    /// Whether it may still be used to detect.
    pub status: Status,
    /// What it points to.
    pub indicates: Vec<Named>,
    /// Other values that go with it.
    pub related: Vec<Related>,
    /// The last day on which it was seen or, failing that, reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_known: Option<PartialDate>,
    /// What stands behind it.
    pub evidence: Evidence,
}

pub(crate) fn gather(index: &Index<'_>) -> Vec<IndicatorRow> {
    let mut found: BTreeMap<&Entity, Vec<(usize, &Fact)>> = BTreeMap::new();
    for (at, fact) in index.of(Class::Indicator) {
        found.entry(&fact.subject).or_default().push((at, fact));
    }
    let mut links: BTreeMap<&Entity, BTreeSet<Related>> = BTreeMap::new();
    for (_, fact) in index.of(Class::Link) {
        if let Object::Entity(to) = &fact.object {
            let there = Related { relation: fact.relation, to: index.named(to) };
            links.entry(&fact.subject).or_default().insert(there);
            if matches!(fact.relation, Relation::ResolvesTo | Relation::SameObject) {
                let back = Related { relation: fact.relation, to: index.named(&fact.subject) };
                links.entry(to).or_default().insert(back);
            }
        }
    }
    let mut rows: Vec<IndicatorRow> = found
        .into_iter()
        .map(|(indicator, facts)| {
            let only: Vec<&Fact> = facts.iter().map(|(_, f)| *f).collect();
            let mut indicates = Vec::new();
            for fact in only.iter().filter(|f| f.relation == Relation::Indicates) {
                if let Object::Entity(to) = &fact.object {
                    add(&mut indicates, index.named(to));
                }
            }
            IndicatorRow {
                indicator: index.named(indicator),
                status: status(index, &facts),
                indicates,
                related: links.remove(indicator).into_iter().flatten().collect(),
                last_known: only.iter().filter_map(|f| f.last_known()).max_by_key(|d| d.last_day()),
                evidence: index.evidence(&only),
            }
        })
        .collect();
    let own = |row: &IndicatorRow| row.indicator.entity() == index.picture.subject;
    rows.sort_by(|a, b| {
        (!own(a), rank(a.status), a.indicator.kind)
            .cmp(&(!own(b), rank(b.status), b.indicator.kind))
            .then(b.evidence.origins.cmp(&a.evidence.origins))
            .then(b.evidence.probability.total_cmp(&a.evidence.probability))
            .then_with(|| a.indicator.cmp(&b.indicator))
    });
    rows
}

/// The status of the statement that the value is an indicator, else of any other on it.
fn status(index: &Index<'_>, facts: &[(usize, &Fact)]) -> Status {
    let role = facts.iter().find(|(_, f)| f.relation == Relation::Role);
    let at = role.or(facts.first()).map_or(usize::MAX, |(at, _)| *at);
    index.picture.statuses.get(at).copied().unwrap_or(Status::Undated)
}

fn rank(status: Status) -> u8 {
    match status {
        Status::Active => 0,
        Status::Ageing => 1,
        Status::Undated => 2,
        Status::Expired => 3,
        Status::Benign => 4,
        Status::Revoked => 5,
    }
}

pub(crate) fn section(rows: &[IndicatorRow], subject: &Entity, safe: &Safe) -> Option<Section> {
    if rows.is_empty() {
        return None;
    }
    let doubts = Doubts::of(rows);
    let rows = rows
        .iter()
        .map(|row| {
            let kind = row.indicator.kind;
            let mut notes: Vec<String> = Vec::new();
            if row.evidence.only_predicted() {
                notes.push("only predicted".to_owned());
            }
            let points: Vec<Named> =
                row.indicates.iter().filter(|n| n.entity() != *subject).cloned().collect();
            if !points.is_empty() {
                notes.push(format!("points to {}", words::join(&names(&points), 4)));
            }
            let doubted = row.evidence.notes.iter().filter(|n| *n != "only predicted");
            notes.extend(doubted.map(|n| doubts.shown(n).to_owned()));
            notes.extend(row.related.iter().map(|r| link(row, r)));
            Row {
                cells: vec![
                    Cell::code(Safe::value(kind, &row.indicator.value)),
                    Cell::new(words::short_kind(kind)),
                    Cell::new(row.status.as_str()).tone(tone(row.status)),
                    Cell::new(row.last_known.map_or_else(String::new, |d| d.to_string())),
                    Cell::likelihood(&row.evidence),
                    Cell::weight(&row.evidence),
                ],
                note: safe.prose(&notes.join("; ")),
                quotes: Quoted::all(&row.evidence, safe),
            }
        })
        .collect();
    let columns = vec!["Indicator", "Kind", "Status", "Last known", "Likelihood", "Evidence"];
    let table = Table {
        columns,
        rows,
        notes: "Notes",
        more: "lapwing list indicators",
        ..Table::default()
    };
    let mut body = vec![Block::Table(table)];
    body.extend(doubts.remark().map(|text| Block::Remark(safe.prose(&text))));
    Some(Section::new("indicators", "Indicators", body))
}

/// Doubts that many rows share (`shared hosting (list): why it matters`): the rows bear their
/// short form, and what they mean is said once.
struct Doubts {
    /// The whole note and its short form.
    short: BTreeMap<String, String>,
    /// What the doubt is called, what it means, and its particulars.
    means: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Doubts {
    /// So many rows with one doubt are better told once.
    const MANY: usize = 3;

    fn of(rows: &[IndicatorRow]) -> Self {
        // A doubt's name and meaning; how many rows have it, with which note and short form.
        type Shared<'n> = BTreeMap<(&'n str, &'n str), (usize, BTreeSet<(&'n str, &'n str)>)>;
        let mut found: Shared<'_> = BTreeMap::new();
        for note in rows.iter().flat_map(|row| &row.evidence.notes) {
            let Some((short, means)) = note.split_once(": ") else { continue };
            let what = short.split(" (").next().unwrap_or(short);
            let (n, notes) = found.entry((what, means)).or_default();
            *n += 1;
            notes.insert((note, short));
        }
        let mut doubts = Self { short: BTreeMap::new(), means: BTreeMap::new() };
        for ((what, means), (_, notes)) in found.into_iter().filter(|(_, (n, _))| *n >= Self::MANY)
        {
            for (note, short) in notes {
                let detail = short.strip_prefix(what).unwrap_or("").trim();
                let detail = detail.trim_start_matches('(').trim_end_matches(')');
                doubts.short.insert(note.to_owned(), what.to_owned());
                let key = (what.to_owned(), means.to_owned());
                doubts.means.entry(key).or_default().insert(detail.to_owned());
            }
        }
        doubts
    }

    fn shown<'n>(&'n self, note: &'n str) -> &'n str {
        self.short.get(note).map_or(note, String::as_str)
    }

    fn remark(&self) -> Option<String> {
        let said: Vec<String> = self
            .means
            .iter()
            .map(|((what, means), details)| {
                let details: Vec<String> =
                    details.iter().filter(|d| !d.is_empty()).cloned().collect();
                let by = words::join(&details, 4);
                let by = if by.is_empty() { by } else { format!(" ({by})") };
                format!("“{what}”{by}: {means}.")
            })
            .collect();
        (!said.is_empty()).then(|| said.join(" "))
    }
}

fn link(row: &IndicatorRow, related: &Related) -> String {
    let to = crate::safe::defang(related.to.kind, &related.to.name);
    match related.relation {
        Relation::ResolvesTo if row.indicator.kind == Kind::DomainName => {
            format!("resolves to {to}")
        }
        Relation::ResolvesTo => format!("host name {to}"),
        relation => format!("{} {to}", words::verb(&row.indicator.entity(), relation)),
    }
}

fn tone(status: Status) -> Tone {
    match status {
        Status::Active => Tone::Bad,
        Status::Ageing => Tone::Warn,
        Status::Benign => Tone::Good,
        Status::Expired | Status::Revoked | Status::Undated => Tone::Quiet,
    }
}
