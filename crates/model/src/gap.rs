use serde::{Deserialize, Serialize};

use crate::{Kind, Span};

/// Why something that a document has is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// Rows that the document counts and does not show (`There are 15 more`).
    Hidden,
    /// Values replaced by a placeholder (`<sha256>`).
    Redacted,
    /// The text breaks off (`…`, a truncated file).
    Truncated,
    /// Something the format carries that the reader could not keep.
    Unread,
}

/// Something that a document declares and does not show: known to be missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Gap {
    /// Why it is missing.
    pub kind: GapKind,
    /// What is missing, in a noun for people and scripts: `indicator`, `technique`, `ioa`, `file:sha256` …
    pub what: String,
    /// The kind of the missing values, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entity_kind: Option<Kind>,
    /// How many are missing; `None` when the document does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<u64>,
    /// How many of the same are shown.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shown: Option<u64>,
    /// Where the document says so.
    pub span: Span,
}
