use lapwing_engine::EngineError;

use crate::FetchError;

/// Why a feed could not be added or pulled. Each names the feed's address or folder and what to do.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Nothing could be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The store could not take what was fetched.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What came is not what this kind of feed sends.
    #[error("{address}: {what}; is it a feed of the kind `{kind}`?")]
    Malformed {
        /// The address.
        address: String,
        /// The kind of feed that was expected.
        kind: &'static str,
        /// What is wrong.
        what: String,
    },
    /// The content does not tell what kind of feed it is.
    #[error(
        "{address}: the content does not tell what kind of feed this is; say it with --kind ({kinds})"
    )]
    UnknownKind {
        /// The address.
        address: String,
        /// The kinds that there are.
        kinds: String,
    },
    /// The address cannot be used.
    #[error("{address}: {why}")]
    Address {
        /// As given.
        address: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The variable that should hold the key is not set.
    #[error("the variable {variable} holds no key for the feed `{feed}`; set it where this runs")]
    NoKey {
        /// The feed.
        feed: String,
        /// The variable of the environment.
        variable: String,
    },
    /// A folder could not be read.
    #[error("{path}: {source}; check that the folder is there and may be read")]
    Folder {
        /// The folder.
        path: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// No feed has this name.
    #[error("there is no feed `{name}`{}", near(.feeds))]
    UnknownFeed {
        /// What was asked for.
        name: String,
        /// The feeds that there are.
        feeds: Vec<String>,
    },
    /// Another feed has this name.
    #[error(
        "there is a feed `{name}` already ({address}); choose another name with --name, or remove it first"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// The address of the one that has it.
        address: String,
    },
}

fn near(feeds: &[String]) -> String {
    match feeds {
        [] => "; `lapwing feeds add URL` makes one".to_owned(),
        feeds => format!("; there are: {}", feeds.join(", ")),
    }
}

impl FeedError {
    /// When the server wants to be asked again, in its own spelling.
    #[must_use]
    pub fn retry_after(&self) -> Option<&str> {
        match self {
            Self::Fetch(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl From<lapwing_engine::store::StoreError> for FeedError {
    fn from(error: lapwing_engine::store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}
