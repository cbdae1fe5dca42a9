use std::path::Path;

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
