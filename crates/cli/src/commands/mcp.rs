use lapwing_serve::{Config, LogForm};

use crate::args::Mcp;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

pub fn run(args: &Mcp, session: &mut Session) -> Result<Outcome, Failure> {
    // Standard output belongs to the protocol: a store that is not there is told before it begins.
    session.look()?;
    let config = Config {
        hunt_root: args.hunt_root.clone(),
        log: LogForm::None,
        ..Config::new(session.store_path()?)
    };
    lapwing_serve::mcp_stdio(config)?;
    Ok(Outcome::Done)
}
