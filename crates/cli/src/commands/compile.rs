use lapwing_engine::{Engine, IndicatorSource};
use serde_json::json;

use crate::args::Compile;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

pub fn run(args: &Compile, session: &mut Session) -> Result<Outcome, Failure> {
    let (engine, source) = if args.indicators.is_empty() {
        (session.look()?, IndicatorSource::Store)
    } else {
        (Engine::in_memory()?, IndicatorSource::Files(args.indicators.clone()))
    };
    let (matcher, problems) = engine.matcher(&source, session.today)?;
    if matcher.is_empty() {
        return Err(Failure::usage("there is no indicator to compile"));
    }
    matcher.save(&args.output).map_err(lapwing_engine::EngineError::from)?;
    let (_, bytes) = matcher.sizes();
    if session.out.json {
        session.out.object(&json!({
            "indicators": matcher.len(), "bytes": bytes, "file": args.output.display().to_string(),
        }))?;
    } else {
        let name = args.output.display();
        session.out.line(&format!("{} indicators in {name}, {bytes} bytes", matcher.len()))?;
    }
    session.tell_problems(&problems)
}
