use lapwing_engine::ExplainedFact;

use crate::args::Explain;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, one_line, unlinked};
use crate::session::Session;

pub fn run(args: &Explain, session: &mut Session) -> Result<Outcome, Failure> {
    let engine = session.look()?;
    for explained in engine.explain(&args.name.join(" "))? {
        if session.out.json {
            session.out.object(&explained)?;
        } else {
            print(&explained, &mut session.out)?;
        }
    }
    Ok(Outcome::Done)
}

fn print(explained: &ExplainedFact, out: &mut Output) -> Result<(), Failure> {
    let fact = &explained.fact;
    let statement = format!("{} — {} — {}", fact.subject, fact.relation, fact.object);
    out.line(&one_line(&unlinked(&statement), 160))?;
    out.line(&format!(
        "  {} ({:.1} %), {} confidence; {}; origins: {} for, {} against",
        explained.likelihood,
        fact.probability * 100.0,
        explained.confidence,
        fact.basis,
        fact.origins_for(),
        fact.origins_against()
    ))?;
    for line in explained.explanation.to_string().lines() {
        out.line(&format!("  {}", one_line(line, 200)))?;
    }
    for claim in &explained.claims {
        let mut said = vec![claim.polarity.to_string(), claim.method.clone()];
        said.extend(claim.stated.as_ref().map(|word| format!("says \"{word}\"")));
        said.extend(claim.said_by.as_ref().map(|by| format!("quoting {by}")));
        said.extend(claim.why.clone());
        out.line(&format!(
            "    {} [{}..{}]  {}",
            one_line(&claim.label, 60),
            claim.span.start,
            claim.span.end,
            one_line(&said.join("; "), 140)
        ))?;
        out.line(&format!("      “{}”", one_line(&unlinked(&claim.text), 200)))?;
    }
    out.line("")
}
