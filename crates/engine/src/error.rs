use lapwing_extract as _;
use lapwing_model::Problem;

/// Who has to act on an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command was given something that does not fit.
    User,
    /// A file, store or document is not as it should be.
    Input,
    /// A fault of Lapwing.
    Internal,
}

/// What could not be done, whose it is to mend, and how.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store refused.
    #[error(transparent)]
    Store(#[from] lapwing_store::StoreError),
    /// The hunt could not start.
    #[error(transparent)]
    Hunt(#[from] lapwing_hunt::HuntError),
    /// Reference data could not be loaded.
    #[error(transparent)]
    Knowledge(#[from] lapwing_knowledge::KnowledgeError),
    /// A stored value could not be read back.
    #[error("the store holds a value that cannot be read: {0}")]
    Corrupt(String),
    /// Nothing in the store has this name or value.
    #[error("nothing is known of `{asked}`")]
    Unknown {
        /// What was asked for.
        asked: String,
        /// Names that come near.
        near: Vec<String>,
    },
    /// No document, or more than one, is meant.
    #[error("`{asked}` names {} document", if near.is_empty() { "no" } else { "more than one" })]
    UnknownDocument {
        /// What was asked for.
        asked: String,
        /// Those that it may mean.
        near: Vec<String>,
    },
    /// A file could not be read.
    #[error("{path}: {source}")]
    File {
        /// The path as given.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nothing of what was given to hunt with can be used.
    #[error("no {what} could be loaded from {}", .given.join(", "))]
    NothingLoaded {
        /// What was looked for, as `Sigma rule`.
        what: &'static str,
        /// The paths as given.
        given: Vec<String>,
        /// What is wrong with each.
        problems: Vec<Problem>,
        /// What the user can do.
        hint: String,
    },
    /// A decision does not fit what is there.
    #[error("the decision is not taken: {0}")]
    Undecided(String),
    /// An export could not be made.
    #[error("the export was not made: {0}")]
    Export(String),
    /// This build has no YARA.
    #[error("this build of lapwing has no YARA")]
    WithoutYara,
}

impl EngineError {
    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown { .. }
            | Self::NothingLoaded { .. }
            | Self::Export(_)
            | Self::Undecided(_)
            | Self::UnknownDocument { .. }
            | Self::WithoutYara => ErrorKind::User,
            Self::Store(_)
            | Self::Hunt(_)
            | Self::Knowledge(_)
            | Self::File { .. }
            | Self::Corrupt(_) => ErrorKind::Input,
        }
    }

    /// The parts of the input that are to blame, each with file, place and reason.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::NothingLoaded { problems, .. } => problems,
            _ => &[],
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { near, .. } if near.is_empty() => {
                Some("`lapwing list documents` shows what was read; `lapwing search WORDS` looks in the text".into())
            }
            Self::UnknownDocument { near, .. } if near.is_empty() => {
                Some("`lapwing list documents` shows what was read, with identifiers".into())
            }
            Self::UnknownDocument { near, .. } => {
                Some(format!("give the identifier of one of: {}", near.join(", ")))
            }
            Self::Unknown { near, .. } => Some(format!("did you mean: {}", near.join(", "))),
            Self::NothingLoaded { hint, .. } => Some(hint.clone()),
            Self::WithoutYara => {
                Some("build it with its default features: `cargo build --release` (feature `yara` of lapwing-engine)".into())
            }
            Self::Corrupt(_) => Some("restore the file from a backup".into()),
            Self::Store(_)
            | Self::Hunt(_)
            | Self::Knowledge(_)
            | Self::File { .. }
            | Self::Undecided(_)
            | Self::Export(_) => None,
        }
    }
}
