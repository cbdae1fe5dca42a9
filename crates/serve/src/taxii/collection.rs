//! The two collections.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use lapwing_engine::publish::stix;
use serde_json::{Value, json};

use super::{is_known, is_root, media};
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;

/// A collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Collection {
    /// All that is known.
    Knowledge,
    /// What clients sent.
    Inbox,
}

impl Collection {
    const ALL: [Self; 2] = [Self::Knowledge, Self::Inbox];

    /// Finds a collection by its identifier or alias, in the one root.
    pub(super) fn find(root: &str, id: &str) -> Result<Self, Problem> {
        is_root(root)?;
        Self::ALL
            .into_iter()
            .find(|collection| collection.alias() == id || collection.id() == id)
            .ok_or_else(|| {
                Problem::unknown("there is no such collection")
                    .hint("GET the collections of the API root tells which there are")
            })
    }

    fn alias(self) -> &'static str {
        match self {
            Self::Knowledge => "knowledge",
            Self::Inbox => "inbox",
        }
    }

    fn id(self) -> String {
        stix::collection_uuid(self.alias()).to_string()
    }

    /// The name under which its objects are kept: what is derived is another for each ceiling.
    pub(super) fn key(self, asker: &Asker) -> String {
        match self {
            Self::Knowledge => {
                format!("knowledge|{}|{}", asker.ceiling.tlp, asker.ceiling.pap)
            }
            Self::Inbox => "inbox".to_owned(),
        }
    }

    /// Whether the caller may add objects.
    pub(super) fn is_open_to(self, asker: &Asker) -> bool {
        self == Self::Inbox && asker.may(Permission::Collect)
    }

    fn json(self, asker: &Asker) -> Value {
        let (title, description) = match self {
            Self::Knowledge => (
                "All that is known",
                "Every fact that you may see, with who says it and how sure one may be.",
            ),
            Self::Inbox => (
                "Sent in",
                "Objects that clients sent, as they sent them; they are added to the store as a document.",
            ),
        };
        json!({
            "id": self.id(),
            "title": title,
            "description": description,
            "alias": self.alias(),
            "can_read": asker.may(Permission::Read),
            "can_write": self.is_open_to(asker),
            "media_types": [stix::MEDIA_TYPE],
        })
    }
}

pub(super) async fn all(
    State(_): State<App>,
    asker: Asker,
    Path(root): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    is_known(&asker)?;
    media::accepts(&headers)?;
    is_root(&root)?;
    let list: Vec<Value> = Collection::ALL.iter().map(|each| each.json(&asker)).collect();
    Ok(media::answer(StatusCode::OK, &json!({ "collections": list })))
}

pub(super) async fn one(
    State(_): State<App>,
    asker: Asker,
    Path((root, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    is_known(&asker)?;
    media::accepts(&headers)?;
    Ok(media::answer(StatusCode::OK, &Collection::find(&root, &id)?.json(&asker)))
}
