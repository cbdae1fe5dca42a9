use std::collections::BTreeMap;

use lapwing_engine::store::FactQuery;
use lapwing_engine::{Engine, IndicatorSource, ShowOptions};
use lapwing_model::{Entity, Kind, Relation};
use serde_json::json;

use super::{add, hunt, show};
use crate::args::{HuntAs, Investigate, PageFormat};
use crate::failure::{Failure, Outcome};
use crate::session::Session;

pub fn run(args: &Investigate, session: &mut Session) -> Result<Outcome, Failure> {
    let mut engine = match session.given_store() {
        Some(path) => Engine::open(path)?.with_decay(session.decay),
        None => Engine::in_memory()?.with_decay(session.decay),
    };
    // Nothing is kept or printed when the second half cannot be done.
    for path in &args.hunt {
        if let Err(error) = std::fs::metadata(path) {
            return Err(Failure::usage(format!("{}: {error}", path.display())));
        }
    }
    let report = add::add(&mut engine, &args.reports, &args.reading, session)?;
    let read = session.tell_problems(&report.problems)?;
    if report.new_documents + report.known_documents == 0 {
        return Err(Failure::usage("none of the reports could be read"));
    }

    let name = match &args.about {
        Some(name) => Some(name.clone()),
        None => main_topic(&engine)?,
    };
    let page = matches!(args.hunting.form, None | Some(HuntAs::Text)) || session.out.json;
    if let Some(name) = name.filter(|_| page) {
        let options = ShowOptions { today: session.today, as_of: None };
        let page = engine.show(&name, &options)?;
        if session.out.json {
            session.out.object(&json!({ "page": page.to_json() }))?;
        } else {
            show::print(&page, PageFormat::Text, session)?;
            session.out.line("")?;
        }
    } else if page {
        session.remark("the reports name no topic that a page could show; hunting all the same")?;
    }

    let hunted = hunt::hunt(&engine, &args.hunt, IndicatorSource::Store, &args.hunting, session)?;
    Ok(match (hunted, read) {
        (Outcome::Done, Outcome::Partial) => Outcome::Partial,
        (outcome, _) => outcome,
    })
}

/// What most documents are about; a campaign before a product, a product before an actor.
fn main_topic(engine: &Engine) -> Result<Option<String>, Failure> {
    let query = FactQuery { relation: Some(Relation::About), ..FactQuery::default() };
    let mut counts: BTreeMap<Entity, usize> = BTreeMap::new();
    for fact in engine.store().facts(&query)? {
        if let Some(entity) = fact.object.entity() {
            *counts.entry(entity.clone()).or_default() += 1;
        }
    }
    let rank = |kind: Kind| match kind {
        Kind::Campaign => 4,
        Kind::Software => 3,
        Kind::ThreatActor | Kind::Cluster => 2,
        Kind::Malware | Kind::Vulnerability => 1,
        _ => 0,
    };
    let best = counts.into_iter().max_by(|(a, n), (b, m)| {
        // A campaign and the product that it is named after are one topic: the kind decides first.
        (rank(a.kind), *n, &b.value).cmp(&(rank(b.kind), *m, &a.value))
    });
    Ok(best.map(|(entity, _)| entity.value))
}
