use lapwing_engine::reference::Knowledge;
use lapwing_engine::{Extraction, extract};
use lapwing_model::Role;
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
    let mut rows = Vec::new();
    for value in &document.values {
        let mark = match value.role {
            Role::Indicator => "*",
            Role::Subject => " ",
            _ => "-",
        };
        let why = value.why.as_deref().or(value.context.as_deref()).unwrap_or("");
        rows.push(vec![
            format!("{mark} {}", value.role),
            value.kind.to_string(),
            one_line(&value.value, 80),
            format!("{:.2}", value.confidence),
            format!("{}–{}", value.start, value.end),
            one_line(why, 60),
        ]);
    }
    out.text(&table(&rows))?;
    if claims {
        let rows: Vec<_> = document
            .relations
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
        out.text(&table(&rows))?;
    }
    for gap in &document.gaps {
        let count = gap.count.map_or_else(|| "some".to_owned(), |n| n.to_string());
        out.line(&format!("  missing: {count} {}", gap.what))?;
    }
    out.line("")
}
