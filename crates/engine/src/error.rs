use lapwing_extract as _;

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
    /// A file could not be read.
    #[error("{path}: {source}")]
    File {
        /// The path as given.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Nothing in the given file can be used as an indicator.
    #[error("{0}: no indicator could be read from it")]
    NoIndicators(String),
    /// None of the given YARA rules can be used.
    #[error("{0}: there is no YARA rule that can be used")]
    NoYaraRules(String),
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
            | Self::NoIndicators(_)
            | Self::NoYaraRules(_)
            | Self::Export(_)
            | Self::WithoutYara => ErrorKind::User,
            Self::Store(_)
            | Self::Hunt(_)
            | Self::Knowledge(_)
            | Self::File { .. }
            | Self::Corrupt(_) => ErrorKind::Input,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { near, .. } if near.is_empty() => {
                Some("`lapwing list documents` shows what was read; `lapwing search WORDS` looks in the text".into())
            }
            Self::Unknown { near, .. } => Some(format!("did you mean: {}", near.join(", "))),
            Self::NoIndicators(_) => {
                Some("a plain list has one value a line; `lapwing extract FILE` shows what is read".into())
            }
            Self::NoYaraRules(_) => {
                Some("give files of rules, or folders with *.yar, *.yara, *.rule or *.rules".into())
            }
            Self::WithoutYara => {
                Some("build it with its default features: `cargo build --release` (feature `yara` of lapwing-engine)".into())
            }
            Self::Corrupt(_) => Some("restore the file from a backup".into()),
            Self::Store(_)
            | Self::Hunt(_)
            | Self::Knowledge(_)
            | Self::File { .. }
            | Self::Export(_) => None,
        }
    }
}
