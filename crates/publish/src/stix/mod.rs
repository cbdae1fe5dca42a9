//! STIX 2.1 and 2.0: a selection as objects, or as one bundle.
//!
//! Every fact becomes an object of its own with the claims under it in an extension
//! (`docs/stix-extension.md`), so that the standard part is of use to everyone and nothing is lost
//! to those who read the extension. Identifiers are derived from content, times from documents.

mod entity;
mod fact;
mod grammar;
mod id;
mod marking;
mod observable;
mod pattern;
pub mod pieces;
pub mod portions;
mod profile;
mod report;
mod v20;
mod writer;

use lapwing_knowledge::Knowledge;
use lapwing_model::Marking;
use serde_json::{Value, json};

use crate::export::{Exported, Loss, Selection};

pub use id::{CREATOR, EXTENSION};
pub(crate) use pattern::language;
pub use pattern::pattern;

/// The media type of STIX 2.1.
pub const MEDIA_TYPE: &str = "application/stix+json;version=2.1";

/// The media type of a version of STIX.
#[must_use]
pub fn media_type(version: &str) -> String {
    format!("application/stix+json;version={version}")
}

/// The identifier of a collection of ours that TAXII serves.
#[must_use]
pub fn collection_uuid(name: &str) -> uuid::Uuid {
    id::of_name(&format!("collection|{name}"))
}

/// The level of TLP that a marking's identifier stands for by the specification, or by OASIS's
/// extension for TLP 2.0.
#[must_use]
pub fn marking(id: &str) -> Option<Marking> {
    use Marking::{Amber, AmberStrict, Clear, Green, Red};
    [Clear, Green, Amber, AmberStrict, Red].into_iter().find(|level| {
        marking::reference(*level, true) == id || marking::reference(*level, false) == id
    })
}

/// Version of STIX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StixVersion {
    /// STIX 2.0: observables stand in observations, there are no notes, opinions and locations.
    V20,
    /// STIX 2.1.
    V21,
}

/// How to write STIX.
#[derive(Clone, Copy, Debug)]
pub struct StixOptions {
    /// The version.
    pub version: StixVersion,
    /// Whether to mark with the definitions of TLP 1.0 where it has the level.
    pub tlp1: bool,
}

/// One object, as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct StixObject {
    /// `type--UUID`.
    pub id: String,
    /// The object.
    pub json: Value,
}

/// What the objects of a selection were, counted, and what they cannot carry.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Number of objects by type, in order of the type.
    pub counts: Vec<(String, u64)>,
    /// What only the extension carries, or nothing.
    pub losses: Vec<Loss>,
}

/// Hands over the objects of a selection one by one, those that others refer to first.
pub fn objects(
    selection: &Selection,
    knowledge: &Knowledge,
    options: StixOptions,
    out: &mut dyn FnMut(StixObject),
) -> Written {
    match options.version {
        StixVersion::V21 => writer::write(selection, knowledge, options, out),
        StixVersion::V20 => {
            let mut older = v20::Older::default();
            let mut written = writer::write(selection, knowledge, options, &mut |object| {
                if let Some(object) = older.convert(object) {
                    out(object);
                }
            });
            written.counts = older.counts();
            written.losses.extend(older.losses());
            written
        }
    }
}

/// A selection as one bundle.
#[must_use]
pub fn bundle(selection: &Selection, knowledge: &Knowledge, options: StixOptions) -> Exported {
    let mut body: Vec<u8> = Vec::new();
    let mut digest = id::Digest::default();
    let written = objects(selection, knowledge, options, &mut |object| {
        let text = object.json.to_string();
        digest.add(&text);
        body.extend_from_slice(if body.is_empty() { b"\n" } else { b",\n" });
        body.extend_from_slice(text.as_bytes());
    });
    let id = Value::String(format!("bundle--{}", digest.uuid()));
    let mut bytes = head(&id, options.version).into_bytes();
    bytes.append(&mut body);
    bytes.extend_from_slice(TAIL);
    let name = file_name(options.version);
    Exported { losses: written.losses, counts: written.counts, ..Exported::file(name, bytes) }
}

/// The name of a bundle's file.
#[must_use]
pub fn file_name(version: StixVersion) -> &'static str {
    match version {
        StixVersion::V21 => "lapwing.stix.json",
        StixVersion::V20 => "lapwing.stix20.json",
    }
}

/// What stands before the objects of a bundle.
fn head(id: &Value, version: StixVersion) -> String {
    match version {
        StixVersion::V21 => format!("{{\"type\":\"bundle\",\"id\":{id},\"objects\":["),
        StixVersion::V20 => {
            format!("{{\"type\":\"bundle\",\"id\":{id},\"spec_version\":\"2.0\",\"objects\":[")
        }
    }
}

/// What stands behind them.
const TAIL: &[u8] = b"\n]}\n";

/// The object that defines our extension.
fn extension_definition() -> Value {
    json!({
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": EXTENSION,
        "created_by_ref": CREATOR,
        "created": id::BEGUN,
        "modified": id::BEGUN,
        "name": "Lapwing: claims, origins and gaps",
        "description": "Who says what, where and how firmly; which documents go back to one observer; \
            what a document declares and does not show.",
        "schema": "docs/stix-extension.md of Lapwing's source tells every field.",
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    })
}

/// The identity that makes the objects.
fn creator() -> Value {
    json!({
        "type": "identity",
        "spec_version": "2.1",
        "id": CREATOR,
        "created": id::BEGUN,
        "modified": id::BEGUN,
        "name": "Lapwing",
        "identity_class": "system",
    })
}
