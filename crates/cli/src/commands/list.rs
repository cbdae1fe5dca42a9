use lapwing_engine::Row;

use crate::args::List;
use crate::failure::{Failure, Outcome};
use crate::output::{one_line, table, unlinked};
use crate::session::Session;

/// Rows that are aligned together; a list of millions is never held whole.
const CHUNK: usize = 4096;

pub fn run(args: &List, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let past = args.as_of.map(|date| engine.as_of(date)).transpose()?;
    let engine = past.as_ref().unwrap_or(&engine);
    let today = args.as_of.unwrap_or(session.today);
    let mut waiting: Vec<Vec<String>> = Vec::new();
    let mut failure = None;
    let mut rows = 0_u64;
    engine.list(args.kind, today, &mut |row| {
        rows += 1;
        if failure.is_some() {
            return Ok(());
        }
        if session.out.json {
            failure = session.out.object(&row).err();
        } else {
            waiting.push(cells(&row));
            if waiting.len() >= CHUNK {
                failure = session.out.text(&table(&waiting)).err();
                waiting.clear();
            }
        }
        Ok(())
    })?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    session.out.text(&table(&waiting))?;
    if rows == 0 {
        session.remark("nothing of that kind is in the store")?;
    }
    Ok(Outcome::Done)
}

fn cells(row: &Row) -> Vec<String> {
    let days = match (row.first, row.last) {
        (Some(first), Some(last)) if first != last => format!("{first} … {last}"),
        (Some(day), _) | (None, Some(day)) => day.to_string(),
        (None, None) => String::new(),
    };
    let count = |n: Option<u64>, one: &str| match n {
        Some(1) => format!("1 {one}"),
        Some(n) => format!("{n} {one}s"),
        None => String::new(),
    };
    let mut cells = vec![
        one_line(&row.kind, 20),
        one_line(&unlinked(&row.value), 80),
        row.name.as_deref().map(|name| one_line(name, 50)).unwrap_or_default(),
        row.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        row.probability.map(|p| format!("{p:.2}")).unwrap_or_default(),
        count(row.origins, "origin"),
        count(row.documents, "document"),
        days,
        row.id.clone().unwrap_or_default(),
        row.note.as_deref().map(|note| one_line(note, 60)).unwrap_or_default(),
    ];
    // Columns that this kind of row never has take no room.
    let has = [
        true,
        true,
        row.name.is_some(),
        row.status.is_some(),
        row.probability.is_some(),
        row.origins.is_some(),
        row.documents.is_some(),
        row.first.is_some() || row.last.is_some() || row.status.is_some() || row.id.is_some(),
        row.id.is_some(),
        true,
    ];
    let mut at = 0;
    cells.retain(|_| {
        at += 1;
        has[at - 1]
    });
    cells
}
