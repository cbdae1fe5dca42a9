use lapwing_engine::store::{AuditQuery, Store};
use lapwing_model::Marking;
use serde_json::json;

use crate::args::Audit;
use crate::failure::{Failure, Outcome};
use crate::output::{one_line, table};
use crate::session::Session;

pub fn run(args: &Audit, session: &mut Session) -> Result<Outcome, Failure> {
    session.look()?;
    let query = AuditQuery {
        who: args.who.clone(),
        what: args.what.clone(),
        outcome: args.denied.then(|| "denied".to_owned()),
        since: args.since,
        before: None,
        ceiling: Marking::Red,
        limit: args.limit,
    };
    let mut entries = Store::open_read_only(&session.store_path()?)?.audit(&query)?;
    entries.reverse();
    let mut rows = Vec::new();
    for entry in entries {
        if session.out.json {
            session.out.object(&json!({
                "n": entry.n, "at": entry.at, "who": entry.who, "key": entry.key,
                "from": entry.address, "method": entry.method, "route": entry.route,
                "what": entry.what, "status": entry.status, "outcome": entry.outcome,
            }))?;
            continue;
        }
        let who = if entry.who.is_empty() { "(nobody)".to_owned() } else { entry.who };
        rows.push(vec![
            entry.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            one_line(&who, 30),
            entry.address,
            entry.outcome,
            if entry.status == 0 { String::new() } else { entry.status.to_string() },
            format!("{} {}", entry.method, entry.route),
            one_line(&entry.what, 80),
        ]);
    }
    session.out.text(&table(&rows))?;
    Ok(Outcome::Done)
}
