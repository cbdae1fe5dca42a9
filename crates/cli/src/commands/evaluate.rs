use std::path::Path;
use std::time::Duration;

use lapwing_evaluate::{EvaluateError, Floors, Options, PeerError, Peers};

use crate::args::Evaluate;
use crate::failure::{Failure, Outcome};
use crate::session::Session;

pub fn run(args: &Evaluate, session: &mut Session) -> Result<Outcome, Failure> {
    let floors = args.floors.as_deref().map(floors).transpose()?;
    let options = Options { peers: peers(args)? };
    let scores = lapwing_evaluate::run(args.suite, &args.folder, &options)
        .map_err(|error| failure(&error))?;
    if session.out.json {
        for row in &scores.rows {
            session.out.object(row)?;
        }
    } else {
        session.out.text(&scores.to_markdown())?;
        if let Some(documents) = args.show {
            session.out.text(&scores.worst_as_text(documents))?;
        }
    }
    let broken = floors.map_or_else(Vec::new, |floors| floors.broken(args.suite, &scores));
    if broken.is_empty() {
        return Ok(Outcome::Done);
    }
    session.out.flush()?;
    let count = crate::output::counted(broken.len() as u64, "score");
    Err(Failure::usage(format!("{count} below the floor: {}", broken.join("; ")))
        .hint("`--show` names the misses and false finds"))
}

fn floors(path: &Path) -> Result<Floors, Failure> {
    let named = |error: String| Failure::usage(format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| named(error.to_string()))?;
    Floors::parse(&text).map_err(|error| named(error.to_string()))
}

/// The peers that the user named, in the environment of `--venv` or of the cache folder.
fn peers(args: &Evaluate) -> Result<Option<Peers>, Failure> {
    if args.peer.is_empty() {
        return Ok(None);
    }
    let venv = match &args.venv {
        Some(folder) => folder.clone(),
        None => dirs::cache_dir().map(|folder| folder.join("lapwing").join("peers")).ok_or_else(
            || {
                Failure::usage("no cache folder on this platform")
                    .hint("name a folder for the peers with --venv DIR")
            },
        )?,
    };
    Ok(Some(Peers { names: args.peer.clone(), venv, limit: Duration::from_secs(args.peer_limit) }))
}

fn failure(error: &EvaluateError) -> Failure {
    let hint = match error {
        EvaluateError::Peer(PeerError::NoPython(_)) => {
            "install Python 3 with its venv module (Debian: python3-venv), or leave --peer out"
        }
        EvaluateError::Peer(PeerError::NoPackages(_)) => {
            "PyPI, or the index that pip is set to, must be reachable once"
        }
        EvaluateError::NoCorpus { .. } => {
            "name the folder of the corpus, as `evaluate fidelity DIR`"
        }
        _ => return Failure::usage(error.to_string()),
    };
    Failure::usage(error.to_string()).hint(hint)
}
