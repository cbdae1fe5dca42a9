use serde::{Deserialize, Serialize};

use crate::{Claim, DocumentId, Gap, Marking, Pap, PartialDate, Span};

/// The format of an input, told by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A campaign or actor page of VulDB (Markdown or AsciiDoc).
    Vuldb,
    /// A MISP event as JSON.
    MispJson,
    /// A MISP event rendered as Markdown (`# Threat Report: …`).
    MispMarkdown,
    /// A STIX 2.0 or 2.1 bundle.
    Stix2,
    /// A STIX 1.x package in XML.
    Stix1,
    /// An OpenIOC definition.
    OpenIoc,
    /// A list of values, one a line.
    List,
    /// A table of values with a header (CSV, TSV, semicolons).
    Table,
    /// Markdown.
    Markdown,
    /// AsciiDoc.
    AsciiDoc,
    /// A page of HTML.
    Html,
    /// PDF.
    Pdf,
    /// A word processor's file (DOCX).
    Docx,
    /// An entry of an RSS or Atom feed.
    Feed,
    /// A post of a channel: social media, forum, chat, market.
    Post,
    /// YAML, JSON or XML of no known kind: read as text.
    Data,
    /// Plain text.
    Text,
}

impl Format {
    /// The name used on the command line (`--format`) and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vuldb => "vuldb",
            Self::MispJson => "misp-json",
            Self::MispMarkdown => "misp-markdown",
            Self::Stix2 => "stix2",
            Self::Stix1 => "stix1",
            Self::OpenIoc => "open-ioc",
            Self::List => "list",
            Self::Table => "table",
            Self::Markdown => "markdown",
            Self::AsciiDoc => "ascii-doc",
            Self::Html => "html",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Feed => "feed",
            Self::Post => "post",
            Self::Data => "data",
            Self::Text => "text",
        }
    }

    /// All formats.
    pub const ALL: &'static [Self] = &[
        Self::Vuldb,
        Self::MispJson,
        Self::MispMarkdown,
        Self::Stix2,
        Self::Stix1,
        Self::OpenIoc,
        Self::List,
        Self::Table,
        Self::Markdown,
        Self::AsciiDoc,
        Self::Html,
        Self::Pdf,
        Self::Docx,
        Self::Feed,
        Self::Post,
        Self::Data,
        Self::Text,
    ];
}

/// What a part of a document's text is; tells `extract` how to judge what stands there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum RegionKind {
    /// A heading of this level (1 is the title).
    Heading {
        /// 1 to 6.
        level: u8,
    },
    /// Running text.
    Prose,
    /// An item of a list.
    ListItem,
    /// A cell of a table; `header` is the text of its column's head.
    Cell {
        /// Row, from 0 below the head.
        row: u32,
        /// Column, from 0.
        column: u32,
        /// Text of the column's head, where there is one.
        header: Option<String>,
    },
    /// Code or preformatted text.
    Code,
    /// The visible text of a link; `target` is where it points.
    Link {
        /// The address as written in the source.
        target: String,
    },
    /// Quoted text of another.
    Quote,
    /// Already fully told by declared claims: `extract` leaves it alone.
    Declared,
    /// Navigation, licence, advertisement, recommended reading: nothing here is an indicator.
    Furniture,
    /// References, sources, literature: what stands here is cited.
    References,
}

impl RegionKind {
    /// The word for it, as `is` of its JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Heading { .. } => "heading",
            Self::Prose => "prose",
            Self::ListItem => "list-item",
            Self::Cell { .. } => "cell",
            Self::Code => "code",
            Self::Link { .. } => "link",
            Self::Quote => "quote",
            Self::Declared => "declared",
            Self::Furniture => "furniture",
            Self::References => "references",
        }
    }
}

/// A part of a document's text with what it is. Regions may nest and overlap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Region {
    /// Where.
    pub span: Span,
    /// What.
    #[serde(flatten)]
    pub kind: RegionKind,
}

/// How a document depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LineageKind {
    /// The same content, republished or imported (an event made from an alert).
    Republishes,
    /// A rewrite or summary: nothing of its own is to be expected.
    Rewrites,
    /// Reports on what another published, possibly among other things.
    ReportsOn,
    /// Cites it as a source among others.
    Cites,
}

/// A statement of a document about what it was made from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lineage {
    /// How it depends.
    pub kind: LineageKind,
    /// Publisher of the source, as `Mandiant`, where told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub publisher: Option<String>,
    /// Address of the source, where told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// Where the document says so.
    pub span: Span,
}

/// One fetched thing: where it came from, what it says of itself, and its extracted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Hash of the raw bytes.
    pub id: DocumentId,
    /// Path or URL as given, with archive members behind `!` and parts behind `#`.
    pub name: String,
    /// The file, feed or archive that it is a part of: parts of one container are one origin.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub container: Option<String>,
    /// What it was read as.
    pub format: Format,
    /// Title, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// Who published it, as `VulDB`, `CISA`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<String>,
    /// Where it was published.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// When it was published.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub published: Option<PartialDate>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub modified: Option<PartialDate>,
    /// Who may see it; `None` when it does not say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub marking: Option<Marking>,
    /// Language as ISO 639-1, where told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub language: Option<String>,
    /// Tags and other properties that the document states of itself, in its order (`threat-level`, `tag`, `uuid` …).
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub properties: Vec<(String, String)>,
    /// What it says it was made from.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lineage: Vec<Lineage>,
    /// The text that all spans point into.
    pub text: String,
}

impl Document {
    /// The property that holds the first words of what has no title by its nature, as a post.
    pub const OPENING: &str = "opening";

    /// Makes a document with nothing known but its bytes' hash, name, format and text.
    pub fn new(raw: &[u8], name: impl Into<String>, format: Format, text: String) -> Self {
        Self {
            id: DocumentId::of(raw),
            name: name.into(),
            container: None,
            format,
            title: None,
            source: None,
            url: None,
            published: None,
            modified: None,
            marking: None,
            language: None,
            properties: Vec::new(),
            lineage: Vec::new(),
            text,
        }
    }

    /// What may be done with it: the strictest of its `PAP:` tags.
    #[must_use]
    pub fn pap(&self) -> Pap {
        self.properties
            .iter()
            .filter(|(_, value)| value.get(..4).is_some_and(|p| p.eq_ignore_ascii_case("pap:")))
            .filter_map(|(_, value)| value.parse().ok())
            .max()
            .unwrap_or_default()
    }

    /// The name to show: the title, the words that a post begins with, or the last part of the path.
    #[must_use]
    pub fn label(&self) -> &str {
        let opening = || self.properties.iter().find(|(name, _)| name == Self::OPENING);
        match (&self.title, opening()) {
            (Some(title), _) => title,
            (None, Some((_, words))) => words,
            (None, None) => self.name.rsplit(['/', '!']).next().unwrap_or(&self.name),
        }
    }
}

/// What a reader makes of one document: text, structure, declared claims, gaps; later also
/// the claims that `extract` adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The document.
    pub document: Document,
    /// The raw bytes; kept by the store.
    #[serde(skip)]
    pub raw: Vec<u8>,
    /// Structure of the text, in order of start.
    pub regions: Vec<Region>,
    /// What the document states, declared claims first.
    pub claims: Vec<Claim>,
    /// What it declares and does not show.
    pub gaps: Vec<Gap>,
}

impl Reading {
    /// Makes a reading with no claims yet.
    #[must_use]
    pub fn new(document: Document, raw: Vec<u8>) -> Self {
        Self { document, raw, regions: Vec::new(), claims: Vec::new(), gaps: Vec::new() }
    }
}
