use std::io::Read;

use lapwing_engine::{AddOptions, AddReport, Engine, Input, Progress};
use serde_json::json;

use crate::args::{Add, Reading};
use crate::failure::{Failure, Outcome};
use crate::fetch;
use crate::output::one_line;
use crate::progress::Bar;
use crate::session::Session;

/// More documents than these are summed up on a terminal.
const SHOWN_DOCUMENTS: usize = 20;

pub fn run(args: &Add, session: &mut Session) -> Result<Outcome, Failure> {
    crate::memory::hold();
    let mut engine = session.open()?;
    let report = add(&mut engine, &args.inputs, &args.reading, session)?;
    print(&report, session)?;
    let outcome = session.tell_problems(&report.problems)?;
    if report.new_documents + report.known_documents == 0 && !report.problems.is_empty() {
        return Err(Failure::usage("nothing could be read"));
    }
    Ok(outcome)
}

/// Adds the inputs to the engine's store as one change.
pub fn add(
    engine: &mut Engine,
    inputs: &[String],
    reading: &Reading,
    session: &Session,
) -> Result<AddReport, Failure> {
    let inputs = open_all(inputs)?;
    let options = AddOptions {
        read: reading.options(),
        command: std::env::args().skip(1).collect::<Vec<_>>().join(" "),
    };
    let bar = Bar::new(session.quiet);
    bar.stage("reading");
    let report = engine.add(&inputs, &options, session.now, &bar);
    bar.done();
    Ok(report?)
}

/// Turns what the user named into inputs: `-` and addresses are fetched now.
pub fn open_all(names: &[String]) -> Result<Vec<Input>, Failure> {
    names
        .iter()
        .map(|name| {
            if name == "-" {
                let mut bytes = Vec::new();
                std::io::stdin().lock().read_to_end(&mut bytes)?;
                return Ok(Input::Bytes { name: "(standard input)".to_owned(), bytes });
            }
            if fetch::is_address(name) {
                return Ok(Input::Bytes { name: name.clone(), bytes: fetch::fetch(name)? });
            }
            Ok(Input::Path(name.into()))
        })
        .collect()
}

fn print(report: &AddReport, session: &mut Session) -> Result<(), Failure> {
    if session.out.json {
        for added in &report.documents {
            let document = &added.document;
            session.out.object(&json!({
                "document": document.id, "name": document.name, "format": document.format,
                "title": document.title, "source": document.source,
                "published": document.published, "new": added.new,
                "claims": added.claims, "gaps": added.gaps,
            }))?;
        }
        return session.out.object(&json!({
            "change": report.change, "new_documents": report.new_documents,
            "known_documents": report.known_documents, "claims": report.claims,
            "gaps": report.gaps, "facts": report.facts, "problems": report.problems.len(),
        }));
    }
    for added in report.documents.iter().take(SHOWN_DOCUMENTS) {
        let state = if added.new { "new  " } else { "known" };
        let document = &added.document;
        session.out.line(&format!(
            "{state}  {:<13}  {:>6} claims  {}",
            document.format.as_str(),
            added.claims,
            one_line(document.label(), 70)
        ))?;
    }
    let all = report.new_documents + report.known_documents;
    if all > SHOWN_DOCUMENTS as u64 {
        session.out.line(&format!("… {} more", all - SHOWN_DOCUMENTS as u64))?;
    }
    let change = match report.change {
        Some(id) => format!("change {id}; take it back with `lapwing undo {id}`"),
        None => "nothing new: the store is as it was".to_owned(),
    };
    session.out.line(&format!(
        "{} new, {} known; {} claims, {} gaps, {} facts derived ({change})",
        report.new_documents, report.known_documents, report.claims, report.gaps, report.facts
    ))
}
