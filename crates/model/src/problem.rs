use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong with (a part of) an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// The file could not be opened or read.
    Unreadable,
    /// Neither content nor name tells a format that is known.
    UnknownFormat,
    /// The format is known and the content breaks its rules.
    Malformed,
    /// The content ends too early.
    Truncated,
    /// Bytes that are not valid in the text's encoding.
    Encoding,
    /// A limit (size, depth, members, ratio, time) was reached.
    Limit,
    /// The content is encrypted or protected by a password.
    Encrypted,
    /// A feature of the format that Lapwing does not read.
    Unsupported,
}

impl ProblemKind {
    /// The kind as one word of JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::UnknownFormat => "unknown-format",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::Encoding => "encoding",
            Self::Limit => "limit",
            Self::Encrypted => "encrypted",
            Self::Unsupported => "unsupported",
        }
    }
}

/// A part of the input that could not be read: named, never silently dropped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Problem {
    /// The file, with archive members behind `!`, as `set.zip!a/b.json`.
    pub path: String,
    /// Where in it, in words for people: `line 12`, `byte 4096`, `page 3`, `record 17`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub place: Option<String>,
    /// What went wrong.
    pub kind: ProblemKind,
    /// One sentence that says what is wrong.
    pub message: String,
    /// What the user can do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
    /// Whether the whole input was given up, not only a part of it.
    pub fatal: bool,
}

impl Problem {
    /// Makes a problem that gave up the whole of `path`.
    pub fn fatal(path: impl Into<String>, kind: ProblemKind, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            place: None,
            kind,
            message: message.into(),
            hint: None,
            fatal: true,
        }
    }

    /// Makes a problem with a part of `path`; the rest was read.
    pub fn partial(path: impl Into<String>, kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { fatal: false, ..Self::fatal(path, kind, message) }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(place) = &self.place {
            write!(f, " ({place})")?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, "; {hint}")?;
        }
        Ok(())
    }
}
