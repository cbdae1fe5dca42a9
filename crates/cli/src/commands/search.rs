use serde_json::json;

use crate::args::Search;
use crate::failure::{Failure, Outcome};
use crate::output::one_line;
use crate::session::Session;

pub fn run(args: &Search, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let words = args.words.join(" ");
    let hits = engine.store().search(&words, args.limit)?;
    if hits.is_empty() {
        session.remark(&format!("nothing holds `{words}`"))?;
    }
    for hit in hits {
        if session.out.json {
            session.out.object(&json!(hit))?;
        } else {
            session.out.line(&one_line(&lapwing_engine::publish::defang_text(&hit.to_string()), 400))?;
        }
    }
    Ok(Outcome::Done)
}
