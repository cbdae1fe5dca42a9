use lapwing_engine::hunting;
use serde_json::json;

use crate::args::Baseline;
use crate::failure::{Failure, Outcome};
use crate::output::counted;
use crate::session::Session;
use crate::whole;

/// Writes the manifest of a clean folder.
pub fn run(args: &Baseline, session: &mut Session) -> Result<Outcome, Failure> {
    if !args.path.exists() {
        return Err(Failure::usage(format!(
            "{}: there is no such file or folder",
            args.path.display()
        )));
    }
    whole::check(&args.output)?;
    let mut done = (0, Vec::new());
    whole::write(&args.output, |out| {
        done = hunting::Baseline::write(&args.path, out)?;
        Ok(())
    })?;
    let (files, problems) = done;
    if session.out.json {
        session
            .out
            .object(&json!({ "files": files, "file": args.output.display().to_string() }))?;
    } else {
        let name = args.output.display();
        session.out.line(&format!("{} in {name}", counted(files, "file")))?;
    }
    session.tell_problems(&problems)
}
