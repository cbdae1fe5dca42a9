//! What is known of a document when its claims are weighed.

use foldhash::HashMap;
use lapwing_model::{DocumentId, Marking, Origin, OriginId, PartialDate};
use serde::{Deserialize, Serialize};

use crate::FuseError;
use crate::address::publisher_key;
use crate::reliability::SourceClass;
use crate::trace::Trace;

/// All that the weight of a document's claims depends on, beside the claims and what is learnt of its
/// source. While it stays, every fact on its statements stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub(crate) document: DocumentId,
    pub(crate) origin: OriginId,
    /// Letter of the document, and of the root that it goes back to.
    pub(crate) letter: char,
    pub(crate) root: char,
    /// Who speaks, when the document speaks for itself.
    pub(crate) voice: String,
    /// Whether that is a name, of whom something can be learnt.
    pub(crate) named: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) published: Option<PartialDate>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) marking: Option<Marking>,
}

impl Standing {
    /// Whose standing it is.
    #[must_use]
    pub fn document(&self) -> DocumentId {
        self.document
    }

    /// The key under which something is learnt of who speaks; empty for one without a name.
    #[must_use]
    pub fn source(&self) -> String {
        if self.named { source_of(&self.voice) } else { String::new() }
    }

    /// As text, for keeping.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads what [`Self::to_text`] wrote.
    ///
    /// # Errors
    /// When it is not in the form.
    pub fn from_text(text: &str) -> Result<Self, FuseError> {
        serde_json::from_str(text)
            .map_err(|_| FuseError::Damaged("a standing is not in the format"))
    }
}

/// The key under which something is learnt of a publisher, by its name or address; as [`Standing::source`].
#[must_use]
pub fn source_key(publisher: &str) -> String {
    source_of(&publisher_key(publisher))
}

/// The key of a source: one source cannot stand in two spellings.
pub(crate) fn source_of(voice: &str) -> String {
    voice.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The standings of all documents that `origins` have, in order of identifier. `traces` must hold them
/// all.
#[must_use]
pub fn standings<'t>(
    traces: impl IntoIterator<Item = &'t Trace>,
    origins: &[Origin],
) -> Vec<Standing> {
    let by_id: HashMap<DocumentId, &Trace> =
        traces.into_iter().map(|trace| (trace.document(), trace)).collect();
    let mut standings = Vec::with_capacity(by_id.len());
    for origin in origins {
        let (voice, named) = voice_of(origin, &by_id);
        let root = root_letter(origin);
        for member in &origin.members {
            let head = by_id.get(&member.document).map(|trace| &trace.head);
            standings.push(Standing {
                document: member.document,
                origin: origin.id,
                letter: member.grade.reliability,
                root,
                voice: voice.clone(),
                named,
                published: head.and_then(|head| head.published),
                marking: head.and_then(|head| head.marking),
            });
        }
    }
    standings.sort_unstable_by_key(|standing| standing.document);
    standings
}

/// The letter of the root of an origin: that of its first member, which is the root where it is in
/// the store; else of the class that the outside source's name tells.
fn root_letter(origin: &Origin) -> char {
    let first = origin.members.first().map_or('F', |member| member.grade.reliability);
    if origin.root_seen {
        return first;
    }
    let name = origin.label.split([',', '(']).next().unwrap_or("");
    SourceClass::of_name(name).letter()
}

/// The publisher of an origin's root, or the origin itself where that is not known; and which.
fn voice_of(origin: &Origin, traces: &HashMap<DocumentId, &Trace>) -> (String, bool) {
    let publisher = if origin.root_seen {
        let root = origin.members.first().and_then(|m| traces.get(&m.document));
        root.map(|trace| trace.source_key()).unwrap_or_default()
    } else {
        let name = origin.label.split([',', '(']).next().unwrap_or("");
        publisher_key(name)
    };
    if publisher.is_empty() { (origin.id.to_string(), false) } else { (publisher, true) }
}
