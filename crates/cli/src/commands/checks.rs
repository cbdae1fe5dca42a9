use lapwing_engine::hunting::{Check, Checks as Set};
use serde_json::json;

use crate::args::{Checks, ChecksAction};
use crate::failure::{Failure, Outcome};
use crate::output::{one_line, table};
use crate::session::Session;

pub fn run(args: &Checks, session: &mut Session) -> Result<Outcome, Failure> {
    let loaded;
    let checks = match &args.checks {
        Some(folder) => {
            loaded = lapwing_engine::load_checks(folder)?;
            &loaded
        }
        None => Set::builtin(),
    };
    match args.action.as_ref().unwrap_or(&ChecksAction::List) {
        ChecksAction::List => list(checks, session)?,
        ChecksAction::Show { id } => show(checks, id, session)?,
        ChecksAction::Test => test(checks, session)?,
    }
    session.tell_problems(checks.problems())
}

fn list(checks: &Set, session: &mut Session) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for check in checks.list() {
        if session.out.json {
            session.out.object(&object(check))?;
        } else {
            rows.push(vec![
                check.id.clone(),
                check.severity.to_string(),
                check.proof.to_string(),
                one_line(&check.title, 90),
            ]);
        }
    }
    session.out.text(&table(&rows))?;
    Ok(())
}

fn object(check: &Check) -> serde_json::Value {
    json!({
        "id": check.id, "title": check.title, "severity": check.severity, "proof": check.proof,
        "confidence": check.confidence, "technique": check.technique, "cve": check.cve,
        "campaign": check.campaign, "sources": check.sources, "proves": check.proves,
        "next": check.next, "reference": check.reference, "outcomes": check.outcomes(),
        "tests": check.tests(),
    })
}

fn show(checks: &Set, id: &str, session: &mut Session) -> Result<(), Failure> {
    let exact = checks.list().iter().find(|check| check.id == id);
    let part: Vec<&Check> = checks.list().iter().filter(|check| check.id.contains(id)).collect();
    let check = match (exact, part.as_slice()) {
        (Some(check), _) => check,
        (None, [check]) => *check,
        (None, []) => {
            return Err(Failure::usage(format!("{id}: there is no such check"))
                .hint("`lapwing checks list` names them all"));
        }
        (None, several) => {
            let names: Vec<&str> = several.iter().take(12).map(|c| c.id.as_str()).collect();
            return Err(Failure::usage(format!(
                "{id}: {} checks have that in their name",
                several.len()
            ))
            .hint(format!("one of: {}", names.join(", "))));
        }
    };
    if session.out.json {
        session.out.object(&object(check))?;
        return Ok(());
    }
    let mut lines = vec![
        check.title.clone(),
        format!("  id          {}", check.id),
        format!("  outcome     {}, {}, {} % sure", check.severity, check.proof, check.confidence),
    ];
    for (title, severity, proof) in check.outcomes() {
        lines.push(format!("  or          {severity}, {proof}: {title}"));
    }
    let more = [
        ("technique", check.technique.clone()),
        ("weakness", check.cve.clone()),
        ("campaign", check.campaign.clone()),
        ("reads", Some(check.sources.join(", "))),
        ("proves", Some(check.proves.clone())),
        ("do next", check.next.clone()),
        ("source", Some(check.reference.clone())),
        ("tests", Some(format!("{} records of its own", check.tests()))),
    ];
    for (name, value) in more {
        if let Some(value) = value {
            lines.push(format!("  {name:<11} {value}"));
        }
    }
    session.out.text(&format!("{}\n", lines.join("\n")))?;
    Ok(())
}

fn test(checks: &Set, session: &mut Session) -> Result<(), Failure> {
    let failures: Vec<String> = checks.list().iter().flat_map(Check::test).collect();
    for failure in &failures {
        session.out.message(&format!("lapwing: {failure}"))?;
    }
    let (all, failed) = (checks.list().len(), failures.len());
    session.out.line(&format!("{all} checks, {failed} failures"))?;
    if failed > 0 {
        return Err(Failure::usage("a check does not do what its own records say"));
    }
    Ok(())
}
