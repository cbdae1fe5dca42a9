//! `backup`, `restore` and `check`: the store as a file.

use lapwing_engine::store::{Copied, Store};
use serde_json::json;

use crate::args::{Backup, Check, Restore};
use crate::failure::{Failure, Outcome};
use crate::output::counted;
use crate::session::Session;
use crate::whole;

pub fn backup(args: &Backup, session: &mut Session) -> Result<Outcome, Failure> {
    whole::check(&args.file)?;
    if args.file.exists() {
        return Err(Failure::usage(format!("{}: is there already", args.file.display()))
            .hint("a backup never takes another's place; name a new file"));
    }
    let made = session.look()?.store().backup(&args.file)?;
    tell("backup", &made, session)
}

pub fn restore(args: &Restore, session: &mut Session) -> Result<Outcome, Failure> {
    let path = session.store_path()?;
    let there = if Store::is_in_database(&path) { Store::is_at(&path)? } else { path.exists() };
    if there && !args.replace {
        let place = Store::shown(&path);
        return Err(Failure::usage(format!("{}: there is a store already", place.display())).hint(
            "--replace puts the backup in its place; the store that is there goes aside, beside it",
        ));
    }
    let made = Store::restore(&args.file, &path)?;
    tell("restored", &made, session)
}

fn tell(what: &str, made: &Copied, session: &mut Session) -> Result<Outcome, Failure> {
    let aside = made.aside.as_ref().map(|path| path.display().to_string());
    if session.out.json {
        session.out.object(&json!({
            "done": what, "file": made.path.display().to_string(), "bytes": made.bytes,
            "documents": made.documents, "aside": aside,
        }))?;
        return Ok(Outcome::Done);
    }
    session.out.line(&format!(
        "{what}: {}, {}, {} bytes, looked through",
        made.path.display(),
        counted(made.documents, "document"),
        made.bytes
    ))?;
    if let Some(aside) = aside {
        session.out.line(&format!("the store that was there is now {aside}"))?;
    }
    Ok(Outcome::Done)
}

pub fn check(args: &Check, session: &mut Session) -> Result<Outcome, Failure> {
    // Opened to look first: a damaged store is not to be written to, and a missing one not made.
    let looked = session.look()?;
    let checked = if args.quick {
        looked.check()?
    } else {
        drop(looked);
        session.open()?.check_facts(args.rebuild, session.now)?
    };
    if session.out.json {
        session.out.object(&json!({
            "sound": checked.damage.is_empty(), "damage": checked.damage,
            "facts": (!args.quick).then_some(checked.facts),
            "differing": (!args.quick).then_some(checked.differing),
            "named": checked.named, "rebuilt": checked.rebuilt,
        }))?;
    }
    if !checked.damage.is_empty() {
        let place = Store::shown(&session.store_path()?);
        for line in &checked.damage {
            session.out.message(&format!("lapwing: {}: {line}", place.display()))?;
        }
        return Err(Failure::usage("the store is damaged")
            .hint("`lapwing restore BACKUP --replace` brings a backup back; `lapwing export --as misp` may save what can be read"));
    }
    if !session.out.json {
        session.out.line("the file is sound, and so are its references")?;
    }
    if args.quick {
        return Ok(Outcome::Done);
    }
    if checked.differing == 0 {
        if !session.out.json {
            let facts = counted(checked.facts, "fact");
            session.out.line(&format!("{facts}: each is what its claims give"))?;
        }
        return Ok(Outcome::Done);
    }
    let differ = counted(checked.differing, "fact or origin");
    let state = if checked.rebuilt { "made anew" } else { "not what the claims give now" };
    session.remark(&format!("{differ} of {}: {state}", checked.facts))?;
    for name in &checked.named {
        session.remark(&format!("  {}", crate::output::one_line(name, 160)))?;
    }
    if checked.rebuilt {
        return Ok(Outcome::Done);
    }
    session.remark("another version or other reference data made them; `lapwing check --rebuild` derives them anew")?;
    Ok(Outcome::Partial)
}
