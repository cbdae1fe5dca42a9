use std::ops::Range;

use crate::aging::Aging;
use jiff::Timestamp;
use lapwing_model::{
    ChangeId, Claim, ClaimId, Document, DocumentId, Entity, Fact, Kind, Object, Relation, Role,
};

/// One entry of the history: an `add`, an `undo`, a knowledge update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeRecord {
    /// Its number, from 1 on.
    pub id: ChangeId,
    /// When it was made.
    pub at: Timestamp,
    /// What was asked for, in the words of the caller.
    pub command: String,
    /// Number of documents that it added (or, of an undo, hid or brought back).
    pub documents: u64,
    /// Number of claims of these documents.
    pub claims: u64,
    /// Number of gaps of these documents.
    pub gaps: u64,
    /// The change that this one undid.
    pub undoes: Option<ChangeId>,
    /// The change in whose place this one put its documents.
    pub replaces: Option<ChangeId>,
    /// The undo, or the change in its place, that is in force against this change.
    pub undone_by: Option<ChangeId>,
}

/// A visible document without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRecord {
    /// All that is known of it; `text` is empty.
    pub document: Document,
    /// When it was added.
    pub added: Timestamp,
    /// The change that added it.
    pub change: ChangeId,
    /// Size of the raw bytes.
    pub raw_bytes: u64,
    /// Size of the text in bytes.
    pub text_bytes: u64,
    /// Number of its claims.
    pub claims: u64,
    /// Number of its gaps.
    pub gaps: u64,
}

/// A claim as its document makes it, with the resolved names of subject and object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredClaim {
    /// Its identifier.
    pub id: ClaimId,
    /// The document that makes it.
    pub document: DocumentId,
    /// As written.
    pub claim: Claim,
    /// The subject under its resolved name.
    pub subject: Entity,
    /// The object under its resolved name.
    pub object: Object,
}

/// Which facts are asked for: all conditions that are set must hold. The default asks for all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactQuery {
    /// The resolved subject.
    pub subject: Option<Entity>,
    /// The resolved object.
    pub object: Option<Entity>,
    /// The resolved subject or object.
    pub either: Option<Entity>,
    /// The verb.
    pub relation: Option<Relation>,
    /// Kind of the subject.
    pub subject_kind: Option<Kind>,
    /// Kind of the object.
    pub object_kind: Option<Kind>,
    /// Facts that say that the subject plays this role.
    pub role: Option<Role>,
    /// Facts with at least one claim from these documents.
    pub documents: Option<Vec<DocumentId>>,
    /// Facts at least this probable, 0 to 1.
    pub least_probability: Option<f64>,
    /// At most so many.
    pub limit: Option<usize>,
}

/// What the store says of one value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KnownValue {
    /// The facts on the parts that it plays, in order of the part.
    pub roles: Vec<Fact>,
    /// What it indicates, in order.
    pub indicates: Vec<Entity>,
    /// When it loses its worth as an indicator, as it was noted with
    /// [`ruled_by`](crate::Store::ruled_by).
    pub aging: Option<Aging>,
}

/// A resolved entity that at least one fact speaks of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityRecord {
    /// The entity.
    pub entity: Entity,
    /// Number of visible documents that state something of it.
    pub documents: u64,
    /// Number of facts of which it is subject or object.
    pub facts: u64,
}

/// A part of a text with the places that matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snippet {
    /// The part; an ellipsis stands where the text goes on.
    pub text: String,
    /// Byte ranges of `text` that matched, in order.
    pub marks: Vec<Range<usize>>,
}

/// One result of a search.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchHit {
    /// An entity with that name or value.
    Entity(Entity),
    /// A document with those words.
    Document {
        /// Which.
        id: DocumentId,
        /// Title, or the last part of its name.
        label: String,
        /// Path or URL as given.
        name: String,
        /// The best place.
        snippet: Snippet,
        /// How well it matches: the higher, the better (BM25).
        rank: f64,
    },
}

/// What became of a reading that was to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is in the store now.
    New,
    /// The same bytes were there already: nothing changed.
    Known,
}

/// What an undo did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undone {
    /// Documents that went out of sight, in order of identifier.
    pub hidden: Vec<DocumentId>,
    /// Documents that came back into sight, in order of identifier.
    pub shown: Vec<DocumentId>,
    /// Names of blobs whose content is another now: knowledge to load again.
    pub blobs: Vec<String>,
    /// Whether decisions of people were taken back, or brought back: names to resolve again.
    pub judgements: bool,
}

/// What a statement is fused of.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// Its visible claims in order of identifier; where something is kept, those alone that came in this
    /// change.
    pub claims: Vec<StoredClaim>,
    /// Where something is kept: the claims in it that went out of sight in this change.
    pub gone: Vec<StoredClaim>,
    /// What was made of the claims that were there before the change.
    pub kept: Option<Kept>,
}

/// What was kept of a statement when it was fused before.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Its fact.
    pub fact: Fact,
    /// What was kept beside it, in the notation of fuse.
    pub bytes: Vec<u8>,
}

/// A fact, and who agrees on it in the notation of fuse.
#[derive(Clone, Debug, PartialEq)]
pub struct Fused {
    /// The fact.
    pub fact: Fact,
    /// Who agrees; `None` where one voice speaks alone.
    pub agreement: Option<crate::agreements::Voiced>,
    /// What is to be kept beside it, in the notation of fuse.
    pub kept: Option<Vec<u8>>,
}

/// A decision of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgementRecord {
    /// The change that made it.
    pub change: ChangeId,
    /// When.
    pub at: Timestamp,
    /// What it is about.
    pub topic: String,
    /// The decision with its reasons, as JSON.
    pub body: String,
    /// The undo that took it back.
    pub undone_by: Option<ChangeId>,
}
