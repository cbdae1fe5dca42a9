use std::collections::{BTreeMap, HashMap};

use lapwing_engine::reference::Knowledge;
use lapwing_engine::{Extracted, Extraction, extract};
use lapwing_model::{Kind, Relation, Role};
use serde_json::json;

use super::add::open_all;
use crate::args::Extract;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, one_line, table};
use crate::session::Session;

pub fn run(args: &Extract, session: &mut Session) -> Result<Outcome, Failure> {
    let options = args.reading.options();
    let knowledge = Knowledge::builtin();
    let mut problems = Vec::new();
    let mut documents = 0_u64;
    let mut failure = None;
    for input in open_all(&args.inputs)? {
        let found = extract(&input, &options, knowledge, &mut |document| {
            documents += 1;
            if failure.is_none() {
                failure = print(&document, args.claims, &mut session.out).err();
            }
            Ok(())
        })?;
        problems.extend(found);
        if let Some(failure) = failure {
            return Err(failure);
        }
    }
    let outcome = session.tell_problems(&problems)?;
    if documents == 0 && !problems.is_empty() {
        return Err(Failure::usage("nothing could be read"));
    }
    Ok(outcome)
}

fn print(document: &Extraction, claims: bool, out: &mut Output) -> Result<(), Failure> {
    if out.json {
        for value in &document.values {
            out.object(value)?;
        }
        if claims {
            for claim in &document.relations {
                out.object(&json!({ "claim": claim }))?;
            }
            for gap in &document.gaps {
                out.object(&json!({ "gap": gap }))?;
            }
        }
        return Ok(());
    }
    let title = document.title.as_deref().unwrap_or(&document.name);
    out.line(&format!("{}  ({})", one_line(title, 90), one_line(&document.name, 60)))?;
    let told = distinct(&document.values);
    for (role, heading) in SECTIONS {
        let rows: Vec<&Told<'_>> = told.iter().filter(|told| told.first.role == *role).collect();
        if rows.is_empty() {
            continue;
        }
        let kinds = by_kind(&rows);
        out.line(&format!("\n{heading}: {} ({kinds})", rows.len()))?;
        let rows: Vec<_> = rows.iter().map(|told| told.row()).collect();
        out.text(&table(&rows))?;
    }
    if told.is_empty() {
        out.line("\nNo value and no name of a known kind stands in it.")?;
    }
    // What the indicators above point to is what the report is about, once for each: --json tells it.
    let stated: Vec<_> =
        document.relations.iter().filter(|claim| claim.relation != Relation::Indicates).collect();
    if !stated.is_empty() {
        let rows: Vec<_> = stated
            .iter()
            .map(|claim| {
                vec![
                    format!("  {}", claim.polarity),
                    one_line(&claim.subject.to_string(), 50),
                    claim.relation.to_string(),
                    one_line(&claim.object.to_string(), 60),
                    claim.said_by.as_deref().map(|by| format!("says {by}")).unwrap_or_default(),
                ]
            })
            .collect();
        out.line(&format!("\nStatements: {}", rows.len()))?;
        out.text(&table(&rows))?;
    }
    for gap in &document.gaps {
        let count = gap.count.map_or_else(|| "some".to_owned(), |n| n.to_string());
        out.line(&format!("  missing: {count} {}", gap.what))?;
    }
    out.line("")
}

/// What is shown, in this order: first what counts, then what was judged otherwise.
const SECTIONS: &[(Role, &str)] = &[
    (Role::Indicator, "Indicators"),
    (Role::Victim, "No indicators: of victims"),
    (Role::Tool, "No indicators: legitimate, and used by the adversary"),
    (Role::Benign, "No indicators: legitimate, or no such value at all"),
    (Role::Reference, "No indicators: cited"),
    (Role::Publisher, "No indicators: the publisher's own"),
    (Role::Unclear, "Not to be told"),
    (Role::Subject, "Names"),
];

/// A value in one role, wherever it stands in the document.
struct Told<'d> {
    /// The mention with the highest confidence, the first of these.
    first: &'d Extracted,
    count: usize,
}

impl Told<'_> {
    fn row(&self) -> Vec<String> {
        let value = self.first;
        let why = value.why.as_deref().or(value.context.as_deref()).unwrap_or("");
        let times = if self.count > 1 { format!("\u{d7}{}", self.count) } else { String::new() };
        vec![
            format!("  {}", value.kind),
            one_line(&value.value, 80),
            format!("{:.2}", value.confidence),
            times,
            format!("{}–{}", value.start, value.end),
            one_line(why, 72),
        ]
    }
}

/// The values of a document, each once a role, by kind and then in order of the text.
fn distinct(values: &[Extracted]) -> Vec<Told<'_>> {
    let mut told: Vec<Told<'_>> = Vec::new();
    let mut places: HashMap<(Role, Kind, &str), usize> = HashMap::new();
    for value in values {
        let key = (value.role, value.kind, value.value.as_str());
        let at = *places.entry(key).or_insert_with(|| {
            told.push(Told { first: value, count: 0 });
            told.len() - 1
        });
        told[at].count += 1;
        if value.confidence > told[at].first.confidence {
            told[at].first = value;
        }
    }
    told.sort_by_key(|told| told.first.kind);
    told
}

/// `3 domain-name, 2 url`.
fn by_kind(rows: &[&Told<'_>]) -> String {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    for told in rows {
        *counts.entry(told.first.kind).or_default() += 1;
    }
    let counts: Vec<_> = counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    counts.join(", ")
}
