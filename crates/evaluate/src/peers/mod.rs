//! Peers of the extraction, run on the same texts and scored by the same scorer.
//!
//! A peer is one process that answers line by line (`driver.py`); one that takes longer than the
//! limit over a text is stopped and started again for the next. The text is the raw file (all the
//! corpora are text formats), refanged by us first, as the peers know fewer ways of defanging.

mod types;
mod venv;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::str::FromStr;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde::Deserialize;

use crate::normal::{Item, normal};

/// Speaks to a peer.
const DRIVER: &str = include_str!("driver.py");

/// How long a peer may take to load, beyond the limit of a text.
const LOADING: Duration = Duration::from_mins(2);

/// A library that does what `lapwing extract` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// `iocsearcher` of PyPI.
    IocSearcher,
    /// `ioc-finder` of PyPI.
    IocFinder,
    /// `iocextract` of PyPI.
    IocExtract,
}

impl Peer {
    /// All peers.
    pub const ALL: [Self; 3] = [Self::IocSearcher, Self::IocFinder, Self::IocExtract];

    /// The name on PyPI.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IocSearcher => "iocsearcher",
            Self::IocFinder => "ioc-finder",
            Self::IocExtract => "iocextract",
        }
    }
}

impl FromStr for Peer {
    type Err = PeerError;

    fn from_str(text: &str) -> Result<Self, PeerError> {
        Self::ALL
            .into_iter()
            .find(|peer| peer.name() == text)
            .ok_or_else(|| PeerError::Unknown(text.to_owned()))
    }
}

/// Which peers to run, and how.
#[derive(Clone, Debug)]
pub struct Peers {
    /// The peers.
    pub names: Vec<Peer>,
    /// The virtual environment; made where it is not there.
    pub venv: PathBuf,
    /// How long a peer may take over one text, in wall time.
    pub limit: Duration,
}

/// Why a peer could not be run.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// A name that is no peer.
    #[error("`{0}` is no peer; there are: iocsearcher, ioc-finder, iocextract")]
    Unknown(String),
    /// No virtual environment could be made.
    #[error("peers need python3 with its venv module: {0}")]
    NoPython(String),
    /// The packages could not be installed.
    #[error("the peers could not be installed from PyPI: {0}")]
    NoPackages(String),
    /// The process did not start or broke off.
    #[error("{peer}: {what}")]
    Broken {
        /// The peer.
        peer: &'static str,
        /// What happened.
        what: String,
    },
}

/// What a peer gave for one text.
pub(crate) enum Answer {
    /// Its finds of scored types, in the form of both sides, and the processor time in seconds.
    Found(BTreeSet<Item>, f64),
    /// It was stopped by the limit, or failed; why.
    Nothing(String),
}

/// A peer that is ready for texts.
pub(crate) struct Running<'a> {
    peer: Peer,
    peers: &'a Peers,
    python: PathBuf,
    process: Option<Process>,
}

struct Process {
    child: Child,
    input: ChildStdin,
    answers: Receiver<String>,
}

#[derive(Deserialize)]
struct Line {
    found: Vec<(String, String)>,
    failed: Option<String>,
    seconds: f64,
}

impl<'a> Running<'a> {
    /// Makes the environment where needed and starts the peer.
    pub fn start(peer: Peer, peers: &'a Peers) -> Result<Self, PeerError> {
        let python = venv::python(&peers.venv)?;
        let mut running = Self { peer, peers, python, process: None };
        running.process = Some(running.spawn()?);
        Ok(running)
    }

    /// What the peer finds in `text`.
    pub fn find(&mut self, text: &str) -> Result<Answer, PeerError> {
        let mut process = match self.process.take() {
            Some(process) => process,
            None => self.spawn()?,
        };
        let question = serde_json::json!({ "text": lapwing_engine::refang(text) });
        writeln!(process.input, "{question}").map_err(|e| self.broken(&e.to_string()))?;
        match process.answers.recv_timeout(self.peers.limit) {
            Ok(line) => {
                let line: Line =
                    serde_json::from_str(&line).map_err(|e| self.broken(&e.to_string()))?;
                self.process = Some(process);
                if let Some(failed) = line.failed {
                    return Ok(Answer::Nothing(failed));
                }
                let found = line.found.iter().filter_map(|(name, value)| {
                    types::kind(self.peer, name).map(|kind| normal(kind, value))
                });
                Ok(Answer::Found(found.collect(), line.seconds))
            }
            // The process falls here and is stopped; the next text gets a new one.
            Err(RecvTimeoutError::Timeout) => {
                Ok(Answer::Nothing(format!("not done in {} s", self.peers.limit.as_secs())))
            }
            Err(RecvTimeoutError::Disconnected) => Ok(Answer::Nothing("it broke off".to_owned())),
        }
    }

    fn spawn(&self) -> Result<Process, PeerError> {
        let mut child = Command::new(&self.python)
            .args(["-c", DRIVER, self.peer.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| self.broken(&e.to_string()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(self.broken("no pipe to it"));
        };
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let process = Process { child, input, answers };
        match process.answers.recv_timeout(LOADING) {
            Ok(_) => Ok(process),
            Err(_) => Err(self.broken(
                "did not start; remove the folder of the virtual environment to have it made again",
            )),
        }
    }

    fn broken(&self, what: &str) -> PeerError {
        PeerError::Broken { peer: self.peer.name(), what: what.to_owned() }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is as good as stopped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_have_the_names_of_their_packages() {
        assert_eq!("ioc-finder".parse::<Peer>().unwrap(), Peer::IocFinder);
        let error = "ioc_finder".parse::<Peer>().unwrap_err().to_string();
        assert!(error.contains("there are: iocsearcher"), "{error}");
    }
}
