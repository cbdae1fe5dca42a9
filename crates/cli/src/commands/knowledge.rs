use std::path::Path;

use lapwing_engine::SourceLists;
use lapwing_engine::reference::{Knowledge as Reference, KnowledgeSource};
use lapwing_engine::store::Store;
use serde_json::json;

use crate::args::{Knowledge, KnowledgeAction};
use crate::failure::{Failure, Outcome};
use crate::output::{Output, one_line, table};
use crate::session::Session;

pub fn run(args: &Knowledge, session: &mut Session) -> Result<Outcome, Failure> {
    match &args.action {
        None => {
            let path = session.store_path()?;
            if Store::may_be_at(&path) {
                let engine = session.look()?;
                print(engine.knowledge().sources(), &mut session.out)?;
            } else {
                print(Reference::builtin().sources(), &mut session.out)?;
            }
        }
        Some(KnowledgeAction::Update { from }) => {
            let mut engine = session.open()?;
            let files: Vec<&Path> = from.iter().map(AsRef::as_ref).collect();
            let loaded = engine.update_knowledge(&files, session.now)?;
            print(&loaded, &mut session.out)?;
        }
        Some(KnowledgeAction::Lifetimes { dry_run: true }) => {
            let told = session.look()?.source_lists()?;
            print_lists(&told, &mut session.out)?;
        }
        Some(KnowledgeAction::Lifetimes { dry_run: false }) => {
            let (told, change) = session.open()?.learn_paces(session.now)?;
            print_lists(&told, &mut session.out)?;
            match change {
                Some(change) => session.remark(&format!(
                    "kept as change {change}; `lapwing undo {change}` takes it back"
                ))?,
                None => session.remark("nothing that was not known before")?,
            }
        }
    }
    Ok(Outcome::Done)
}

fn print(sources: &[KnowledgeSource], out: &mut Output) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for source in sources {
        if out.json {
            out.object(&json!({
                "name": source.name, "version": source.version, "licence": source.licence,
                "from": source.from, "entries": source.entries,
            }))?;
        } else {
            rows.push(vec![
                one_line(&source.name, 60),
                one_line(&source.version, 30),
                source.entries.to_string(),
                one_line(&source.licence, 40),
                one_line(&source.from, 60),
            ]);
        }
    }
    out.text(&table(&rows))
}

fn print_lists(told: &[SourceLists], out: &mut Output) -> Result<(), Failure> {
    if told.is_empty() && !out.json {
        return out.text(
            "No source has lists here: a list is a document of values alone (one a line, or a table) with a \
             source and a day, as `lapwing feeds` brings them.\n",
        );
    }
    let heads =
        ["Source", "Kinds", "Lists", "From", "To", "Values", "After", "Listed", "By law", "Pace"];
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    for of in told {
        let (from, to) = of.period;
        if out.json {
            out.object(&json!({
                "source": of.source, "ages": of.ages, "lists": of.lists, "from": from, "to": to,
                "values": of.pace.map(|pace| pace.values), "days": of.pace.map(|pace| pace.horizon),
                "listed": of.pace.map(|pace| rounded(pace.listed)),
                "by_law": of.pace.map(|pace| rounded(pace.expected)),
                "pace": of.pace.map(|pace| f64::from(pace.percent) / 100.0),
            }))?;
            continue;
        }
        let mut row = vec![
            one_line(&of.source, 40),
            of.ages.to_owned(),
            of.lists.to_string(),
            from.to_string(),
            to.to_string(),
        ];
        match of.pace {
            Some(pace) => row.extend([
                pace.values.to_string(),
                format!("{} days", pace.horizon),
                format!("{:.0} %", pace.listed * 100.0),
                format!("{:.0} %", pace.expected * 100.0),
                format!("{:.2}", f64::from(pace.percent) / 100.0),
            ]),
            None => row.extend(["", "", "", "", "cannot tell"].map(str::to_owned)),
        }
        rows.push(row);
    }
    if out.json { Ok(()) } else { out.text(&table(&rows)) }
}

/// A share to three digits.
fn rounded(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}
