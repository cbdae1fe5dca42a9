use lapwing_engine::store::SearchHit;
use serde_json::json;

use crate::args::Search;
use crate::failure::{Failure, Outcome};
use crate::output::{one_line, unlinked};
use crate::session::Session;

pub fn run(args: &Search, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    let words = args.words.join(" ");
    let hits = engine.store().search(&words, args.limit)?;
    if hits.is_empty() {
        session.remark(&format!("nothing holds `{words}`"))?;
    }
    for hit in hits {
        match (hit, session.out.json) {
            (SearchHit::Entity(entity), true) => {
                session.out.object(&json!({ "entity": entity }))?;
            }
            (SearchHit::Entity(entity), false) => {
                let shown = one_line(&unlinked(&entity.value), 80);
                session.out.line(&format!("{:<16}  {shown}", entity.kind))?;
            }
            (SearchHit::Document { id, label, name, snippet, rank }, true) => {
                let marks: Vec<_> = snippet.marks.iter().map(|m| [m.start, m.end]).collect();
                session.out.object(&json!({
                    "document": id, "label": label, "name": name,
                    "snippet": snippet.text, "marks": marks, "rank": rank,
                }))?;
            }
            (SearchHit::Document { id, label, snippet, .. }, false) => {
                session.out.line(&format!("{:<16}  {}", id.short(), one_line(&label, 80)))?;
                let text = one_line(&unlinked(&snippet.text), 240);
                session.out.line(&format!("{:<16}  {text}", ""))?;
            }
        }
    }
    Ok(Outcome::Done)
}
