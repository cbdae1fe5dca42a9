use lapwing_engine::hunting::{Check, Checks as Set};
use serde_json::json;

use crate::args::{Checks, ChecksAction};
use crate::failure::{Failure, Outcome};
use crate::output::{one_line, table};
use crate::session::Session;

pub fn run(args: &Checks, session: &mut Session) -> Result<Outcome, Failure> {
    let checks = Set::builtin();
    match args.action.unwrap_or(ChecksAction::List) {
        ChecksAction::List => {
            let mut rows = Vec::new();
            for check in checks.list() {
                if session.out.json {
                    session.out.object(&json!({
                        "id": check.id, "title": check.title, "severity": check.severity,
                        "proof": check.proof, "technique": check.technique, "reference": check.reference,
                    }))?;
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
            Ok(Outcome::Done)
        }
        ChecksAction::Test => {
            let failures: Vec<String> = checks.list().iter().flat_map(Check::test).collect();
            for failure in &failures {
                session.out.message(&format!("lapwing: {failure}"))?;
            }
            let (all, failed) = (checks.list().len(), failures.len());
            session.out.line(&format!("{all} checks, {failed} failures"))?;
            if failed > 0 {
                return Err(Failure::usage("a check does not do what its own records say"));
            }
            Ok(Outcome::Done)
        }
    }
}
