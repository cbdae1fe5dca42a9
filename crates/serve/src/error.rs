use std::net::SocketAddr;
use std::path::PathBuf;

use lapwing_engine::EngineError;

/// Why the server could not start, or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The store could not be opened.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Others could reach the server, and nobody could be asked who he is.
    #[error("{0} can be reached by others, and the store has no user who could log in")]
    NoUsers(SocketAddr),
    /// The address cannot be listened on.
    #[error("{listen}: cannot listen there: {source}")]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// Certificate or key cannot be used.
    #[error("{path}: {why}", path = .path.display())]
    Tls {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A folder that was named is not there.
    #[error("{path}: no such folder", path = .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// A thread or runtime could not be started, or a connection failed for good.
    #[error("the server had to end: {0}")]
    Io(#[from] std::io::Error),
    /// An account could not be made or changed as asked.
    #[error("{0}")]
    Account(String),
}

impl From<lapwing_engine::store::StoreError> for ServeError {
    fn from(error: lapwing_engine::store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl ServeError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Engine(error) => error.hint(),
            Self::NoUsers(_) => Some(
                "make one first: `lapwing users add NAME --role admin`; or listen on 127.0.0.1"
                    .to_owned(),
            ),
            Self::Listen { .. } => Some(
                "is another server running? --listen 127.0.0.1:PORT names another place".to_owned(),
            ),
            Self::Tls { .. } => Some(
                "--tls-cert wants a PEM file with the whole chain, --tls-key its private key"
                    .to_owned(),
            ),
            Self::Folder { .. } | Self::Io(_) | Self::Account(_) => None,
        }
    }
}
