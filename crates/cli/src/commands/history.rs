use std::collections::BTreeSet;

use lapwing_engine::store::Store;
use lapwing_model::ChangeId;
use serde_json::json;

use crate::args::Undo;
use crate::failure::{Failure, Outcome};
use crate::output::{counted, one_line, table};
use crate::session::Session;

pub fn history(session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let mut rows = Vec::new();
    let history = engine.store().history()?;
    let replacing: BTreeSet<ChangeId> =
        history.iter().filter(|c| c.replaces.is_some()).map(|c| c.id).collect();
    for change in history {
        if session.out.json {
            session.out.object(&json!({
                "change": change.id, "at": change.at, "command": change.command,
                "documents": change.documents, "claims": change.claims, "gaps": change.gaps,
                "undoes": change.undoes, "replaces": change.replaces, "undone_by": change.undone_by,
            }))?;
            continue;
        }
        let state = match (change.undone_by, change.undoes, change.replaces) {
            (Some(by), ..) if replacing.contains(&by) => format!("replaced by {by}"),
            (Some(by), ..) => format!("undone by {by}"),
            (None, Some(of), _) => format!("undoes {of}"),
            (None, None, Some(of)) => format!("replaces {of}"),
            (None, None, None) => String::new(),
        };
        rows.push(vec![
            change.id.to_string(),
            change.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            counted(change.documents, "document"),
            counted(change.claims, "claim"),
            state,
            one_line(&change.command, 80),
        ]);
    }
    session.out.text(&table(&rows))?;
    Ok(Outcome::Done)
}

pub fn undo(args: &Undo, session: &mut Session) -> Result<Outcome, Failure> {
    let path = session.store_path()?;
    if !Store::may_be_at(&path) {
        session.look()?;
    }
    let mut engine = session.open()?;
    let undone = engine.undo(ChangeId(args.change), session.now)?;
    if session.out.json {
        session.out.object(&json!({ "undone": args.change, "change": undone.change, "hidden": undone.hidden, "shown": undone.shown }))?;
    } else {
        session.out.line(&format!(
            "change {} is undone: {} documents out of sight, {} back in sight; `lapwing undo {}` takes this back",
            args.change,
            undone.hidden.len(),
            undone.shown.len(),
            undone.change
        ))?;
    }
    Ok(Outcome::Done)
}
