//! What goes out of a store, whatever the form: a [`Selection`] of facts and documents in, an
//! [`Exported`] of files and losses out. Pure data; the engine fills the one, each format has a
//! function that makes the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use lapwing_model::{
    Admiralty, Claim, ClaimId, Document, DocumentId, Entity, Fact, Gap, Kind, Marking, Object,
    Origin, OriginId, PartialDate, Relation, Role, Status,
};
use serde::{Deserialize, Serialize};

macro_rules! formats {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $suffix:literal;)*) => {
        /// A form in which a store, or a part of it, goes out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ExportFormat { $($(#[$doc])* $variant,)* }

        impl ExportFormat {
            /// All formats, in the order of their declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word after `--as`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The ending of its file's name, without the dot.
            #[must_use]
            pub fn suffix(self) -> &'static str {
                match self { $(Self::$variant => $suffix,)* }
            }
        }

        impl FromStr for ExportFormat {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text.to_ascii_lowercase().as_str() {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("one of: {}", [$($word),*].join(", "))),
                }
            }
        }
    };
}

formats! {
    /// A STIX 2.1 bundle.
    Stix = "stix", "stix.json";
    /// A STIX 2.0 bundle.
    Stix20 = "stix2.0", "stix20.json";
    /// MISP events, one a document, in one file.
    Misp = "misp", "misp.json";
    /// A folder that MISP subscribes to: `manifest.json`, `hashes.csv`, a file an event.
    MispFeed = "misp-feed", "json";
    /// A table with stable columns.
    Csv = "csv", "csv";
    /// One value a line.
    List = "list", "txt";
    /// Suricata rules and datasets.
    Suricata = "suricata", "rules";
    /// A file of Zeek's intelligence framework.
    Zeek = "zeek", "intel";
    /// Sigma rules.
    Sigma = "sigma", "yml";
    /// YARA rules.
    Yara = "yara", "yar";
    /// A response policy zone for name servers.
    Rpz = "rpz", "rpz";
    /// A layer of the ATT&CK Navigator.
    Navigator = "navigator", "layer.json";
    /// A page in Markdown.
    Md = "md", "md";
    /// A page in HTML.
    Html = "html", "html";
    /// A page as PDF.
    Pdf = "pdf", "pdf";
}

impl ExportFormat {
    /// Whether machines raise alarms with it: only what is alive and not benign goes out then.
    #[must_use]
    pub fn is_detection(self) -> bool {
        matches!(
            self,
            Self::List | Self::Suricata | Self::Zeek | Self::Sigma | Self::Yara | Self::Rpz
        )
    }

    /// Whether it tells what each document says, and not only what all say together.
    #[must_use]
    pub fn tells_claims(self) -> bool {
        matches!(self, Self::Stix | Self::Stix20 | Self::Misp | Self::MispFeed)
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What goes out: nothing in it stems from a document above the ceiling.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The names asked for; empty for everything.
    pub asked: Vec<String>,
    /// The entities that these names stand for, in the order asked.
    pub subjects: Vec<Entity>,
    /// The strictest marking that may go out.
    pub ceiling: Marking,
    /// The day at which indicators are judged.
    pub today: PartialDate,
    /// The documents, by date of publication and identifier.
    pub documents: Vec<SelectedDocument>,
    /// The facts, by subject, relation and object.
    pub facts: Vec<SelectedFact>,
    /// The origins of the documents, in order of identifier.
    pub origins: Vec<Origin>,
    /// What was left out by the filters, to be told beside the losses of the format.
    pub left_out: Vec<Loss>,
}

/// A fact that goes out.
#[derive(Clone, Debug)]
pub struct SelectedFact {
    /// The fact.
    pub fact: Fact,
    /// Status of its subject on the day of the export.
    pub status: Status,
    /// The last day on which the subject is worth an alert; `None` for what is undated or does
    /// not age.
    pub expires: Option<PartialDate>,
    /// The documents of the selection that state it, in the order of the selection.
    pub documents: Vec<DocumentId>,
}

/// A document that goes out, with what it says.
#[derive(Clone, Debug)]
pub struct SelectedDocument {
    /// What is known of it; its text is left out.
    pub document: Document,
    /// When it was added: the time of what has no other.
    pub added: jiff::Timestamp,
    /// Its origin.
    pub origin: OriginId,
    /// Its grade.
    pub grade: Admiralty,
    /// Its claims under the facts that go out, in order of place; empty for formats that tell
    /// facts only.
    pub claims: Vec<SelectedClaim>,
    /// What it declares and does not show.
    pub gaps: Vec<Gap>,
}

/// A claim that goes out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SelectedClaim {
    /// Its identifier.
    pub id: ClaimId,
    /// As its document makes it.
    pub claim: Claim,
    /// The subject under its resolved name.
    pub subject: Entity,
    /// The object under its resolved name.
    pub object: Object,
    /// The text at its span.
    pub quote: String,
}

/// One file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name; a slash parts folders.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// Something that the target format cannot carry, or that the filters left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Loss {
    /// What is lost, in a noun: `claim`, `indicator`, `gap`, `property`, `span` …
    pub what: String,
    /// Which: a value, a statement, a property's name.
    pub value: String,
    /// Whose: the document's identifier, where it is one document's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentId>,
    /// Why, in words.
    pub why: String,
}

impl Loss {
    /// Makes a loss of no particular document.
    pub fn new(what: &str, value: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.to_owned(), value: value.into(), document: None, why: why.into() }
    }

    /// Names the document.
    #[must_use]
    pub fn of(mut self, document: DocumentId) -> Self {
        self.document = Some(document);
        self
    }
}

/// What an export made.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// The files; most formats make one.
    pub files: Vec<ExportedFile>,
    /// What the format could not carry, sorted, each once.
    pub losses: Vec<Loss>,
    /// What went out, counted: `("indicators", 12)`, in an order of the format's own.
    pub counts: Vec<(String, u64)>,
    /// What trying the rules gave, a line a rule or engine; empty where nothing is tried.
    pub trials: Vec<String>,
    /// Each rule with its trial, for machines.
    pub tried: Vec<TriedRule>,
}

/// How the trial of one rule went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TriedRule {
    /// Its identifier: sid, UUID, name.
    pub rule: String,
    /// What it looks for, in words.
    pub title: String,
    /// The values in it, as `kind:value`.
    pub indicators: Vec<String>,
    /// Whether it left.
    pub passed: bool,
    /// What the engine did with it.
    pub trial: crate::rules::Trial,
}

impl Exported {
    /// An export of one file.
    #[must_use]
    pub fn file(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let file = ExportedFile { name: name.into(), bytes: bytes.into() };
        Self { files: vec![file], ..Self::default() }
    }

    /// Adds to what went out.
    pub fn count(&mut self, what: &str, number: usize) {
        self.counts.push((what.to_owned(), number as u64));
    }

    /// Sorts the losses and drops repetitions.
    #[must_use]
    pub fn settled(mut self) -> Self {
        self.losses.sort();
        self.losses.dedup();
        self
    }
}

impl SelectedFact {
    /// Whether it says that its subject is an indicator.
    #[must_use]
    pub fn is_indicator(&self) -> bool {
        self.fact.relation == Relation::Role
            && matches!(&self.fact.object, Object::Text(word) if word == Role::Indicator.as_str())
    }
}

impl Selection {
    /// The facts that say that a value is an indicator.
    pub fn indicators(&self) -> impl Iterator<Item = &SelectedFact> {
        self.facts.iter().filter(|fact| fact.is_indicator())
    }

    /// The indicators that may raise alarms: observable, not benign, not revoked. (Expired ones
    /// are here only when they were asked for.)
    pub fn detectable(&self) -> impl Iterator<Item = &SelectedFact> {
        self.indicators().filter(|fact| {
            fact.fact.subject.kind.is_observable()
                && !matches!(fact.status, Status::Benign | Status::Revoked)
        })
    }

    /// The documents by identifier.
    #[must_use]
    pub fn documents_by_id(&self) -> BTreeMap<DocumentId, &SelectedDocument> {
        self.documents.iter().map(|chosen| (chosen.document.id, chosen)).collect()
    }

    /// The origins by identifier.
    #[must_use]
    pub fn origins_by_id(&self) -> BTreeMap<OriginId, &Origin> {
        self.origins.iter().map(|origin| (origin.id, origin)).collect()
    }

    /// What a value indicates or belongs to (`indicates`, `part-of`, `attributed-to` …): names
    /// for descriptions, by value, sorted.
    #[must_use]
    pub fn tied_names(&self) -> BTreeMap<&Entity, BTreeSet<&Entity>> {
        let mut tied: BTreeMap<&Entity, BTreeSet<&Entity>> = BTreeMap::new();
        for SelectedFact { fact, .. } in &self.facts {
            if let Some(object) = fact.object.entity()
                && fact.subject.kind.is_observable()
                && matches!(
                    object.kind,
                    Kind::Campaign
                        | Kind::ThreatActor
                        | Kind::Cluster
                        | Kind::Malware
                        | Kind::Tool
                        | Kind::Vulnerability
                )
            {
                tied.entry(&fact.subject).or_default().insert(object);
            }
        }
        tied
    }
}
