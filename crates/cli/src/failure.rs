use std::io::Write;
use std::process::ExitCode;

use lapwing_engine::{EngineError, ErrorKind};

use crate::output::harmless;

/// How a command ended (the exit codes are a contract).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done; a hunt found nothing.
    Done,
    /// A hunt found something.
    Found,
    /// Done, but parts of the input could not be read.
    Partial,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Done => 0,
            Outcome::Found => 1,
            Outcome::Partial => 3,
        })
    }
}

/// Why a command could not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// Whoever read our output went away: no error.
    BrokenPipe,
    /// The engine could not.
    Engine(EngineError),
    /// The command was not used as it can be.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// A file could not be read or written.
    Io(std::io::Error),
}

impl Failure {
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        match self {
            Self::Usage { message, .. } => Self::Usage { message, hint: Some(hint.into()) },
            other => other,
        }
    }

    /// What went wrong, for who is not at the terminal.
    pub fn in_words(&self) -> String {
        match self {
            Self::BrokenPipe => "the output was closed".to_owned(),
            Self::Engine(error) => error.to_string(),
            Self::Usage { message, .. } => message.clone(),
            Self::Io(error) => error.to_string(),
        }
    }

    /// Says on standard error what went wrong and what to do.
    pub fn tell(&self) {
        let problems = match self {
            Self::Engine(error) => error.problems(),
            _ => &[],
        };
        let (message, hint) = match self {
            Self::BrokenPipe => return,
            Self::Engine(error) => {
                let message = match error.kind() {
                    ErrorKind::Internal => format!("{error} (this is a fault of Lapwing)"),
                    ErrorKind::User | ErrorKind::Input => error.to_string(),
                };
                (message, error.hint())
            }
            Self::Usage { message, hint } => (message.clone(), hint.clone()),
            Self::Io(error) => (error.to_string(), None),
        };
        let mut err = anstream::stderr().lock();
        // Nobody is left to tell when standard error is closed.
        for problem in problems {
            let _ = writeln!(
                err,
                "lapwing: {}",
                harmless(&problem.to_string().replace(['\n', '\r', '\t'], "\u{fffd}"))
            );
        }
        let _ = writeln!(err, "lapwing: {}", harmless(&message));
        if let Some(hint) = hint {
            let _ = writeln!(err, "  hint: {}", harmless(&hint));
        }
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<lapwing_engine::store::StoreError> for Failure {
    fn from(error: lapwing_engine::store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<lapwing_serve::ServeError> for Failure {
    fn from(error: lapwing_serve::ServeError) -> Self {
        match error {
            lapwing_serve::ServeError::Engine(error) => Self::Engine(error),
            other => Self::Usage { message: other.to_string(), hint: other.hint() },
        }
    }
}

impl From<lapwing_feeds::FeedError> for Failure {
    fn from(error: lapwing_feeds::FeedError) -> Self {
        match error {
            lapwing_feeds::FeedError::Engine(error) => Self::Engine(error),
            other => Self::usage(other.to_string()),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            Self::BrokenPipe
        } else {
            Self::Io(error)
        }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(std::io::ErrorKind::BrokenPipe) => Self::BrokenPipe,
            _ => Self::Io(error.into()),
        }
    }
}
