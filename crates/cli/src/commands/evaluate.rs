use crate::args::Evaluate;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

pub fn run(args: &Evaluate, session: &mut Session) -> Result<Outcome, Failure> {
    let suite = args.suite.parse::<lapwing_evaluate::Suite>().map_err(Failure::usage)?;
    let scores = lapwing_evaluate::run(suite, &args.folder).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("name the folder of the corpus, as `evaluate fidelity DIR`")
    })?;
    if session.out.json {
        for row in &scores.rows {
            session.out.object(row)?;
        }
    } else {
        session.out.text(&scores.to_markdown(args.show))?;
    }
    Ok(Outcome::Done)
}
