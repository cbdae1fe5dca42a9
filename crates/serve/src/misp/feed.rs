//! The store as a feed that MISP subscribes to: `manifest.json`, `hashes.csv`, a file an event.
//!
//! It holds the events that are published, as the server tells them: under the same identifiers, with what clients
//! added to them. Who pulls it compares the times of the manifest with those that he has: an event has another as
//! soon as something of it is told otherwise.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::heads::{self, Head, Heads};
use super::spool::{self, PIECE};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// The lists of a feed.
#[derive(Clone, Copy)]
enum Listing {
    Manifest,
    Hashes,
}

impl Listing {
    fn named(name: &str) -> Option<Self> {
        match name {
            "manifest.json" => Some(Self::Manifest),
            "hashes.csv" => Some(Self::Hashes),
            _ => None,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Manifest => JSON,
            Self::Hashes => "text/csv; charset=utf-8",
        }
    }

    fn tag(self, heads: &Heads) -> &OnceLock<String> {
        let [manifest, hashes] = &heads.etags;
        match self {
            Self::Manifest => manifest,
            Self::Hashes => hashes,
        }
    }

    /// Gives the list piece by piece: of millions of values it is large.
    fn each(
        self,
        heads: &Heads,
        give: &mut dyn FnMut(Vec<u8>) -> Result<(), Problem>,
    ) -> Result<(), Problem> {
        let mut piece: Vec<u8> = Vec::with_capacity(PIECE);
        let mut is_first = true;
        for (uuid, head) in in_order(heads)? {
            match self {
                Self::Manifest => {
                    piece.extend_from_slice(if is_first { b"{" } else { b"," });
                    piece.extend_from_slice(format!("\"{uuid}\":{}", listed(head)?).as_bytes());
                }
                Self::Hashes => {
                    for hash in &head.hashes {
                        piece.extend_from_slice(crate::accounts::hex(hash).as_bytes());
                        piece.extend_from_slice(format!(",{uuid}\n").as_bytes());
                    }
                }
            }
            is_first = false;
            if piece.len() >= PIECE {
                give(std::mem::replace(&mut piece, Vec::with_capacity(PIECE)))?;
            }
        }
        if matches!(self, Self::Manifest) {
            piece.extend_from_slice(if is_first { b"{}\n" } else { b"}\n" });
        }
        give(piece)
    }
}

pub(super) const JSON: &str = "application/json";

/// The published events, by identifier.
fn in_order(heads: &Heads) -> Result<Vec<(String, &Head)>, Problem> {
    let mut found = Vec::new();
    for head in &heads.list {
        let summary = head.summary()?;
        if summary.published {
            found.push((summary.uuid.into_owned(), &**head));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found.dedup_by(|b, a| a.0 == b.0);
    Ok(found)
}

/// What the manifest tells of an event.
fn listed(head: &Head) -> Result<Value, Problem> {
    let event = head.summary()?;
    let tags: Vec<Value> =
        event.tags().map(|tag| json!({ "name": tag.name, "colour": tag.colour })).collect();
    Ok(json!({
        "Orgc": { "name": event.creator.name, "uuid": event.creator.uuid },
        "info": event.info,
        "date": event.date,
        "analysis": event.analysis,
        "threat_level_id": event.threat_level_id,
        "timestamp": event.timestamp,
        "Tag": tags,
    }))
}

pub(super) async fn file(
    State(app): State<App>,
    asker: Asker,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    if let Some(listing) = Listing::named(&name) {
        let heads = app.read(&asker, move |sight| heads::of(&cached, sight, of)).await?;
        return list(listing, heads, &headers).await;
    }
    let found = app
        .read(&asker, move |sight| {
            let Some(id) = name.strip_suffix(".json") else { return Ok(None) };
            let shelf = heads::shelf(&cached, sight)?;
            let Some(document) = shelf.document(id) else { return Ok(None) };
            shelf.plain_event(sight, document, of.0, of.1)
        })
        .await?;
    let found = found.filter(|event| event.json["Event"]["published"] == true);
    let event = found.ok_or_else(|| Problem::unknown("the feed has no such file"))?;
    let bytes = format!("{}\n", event.json).into_bytes();
    let tag = digest(&bytes);
    Ok(tagged(&tag, JSON, &headers, || Body::from(bytes)))
}

/// One of the lists. What tells whether the client has it is made once of a state.
async fn list(
    listing: Listing,
    heads: Arc<Heads>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let tag = if let Some(tag) = listing.tag(&heads).get() {
        tag.clone()
    } else {
        let of = Arc::clone(&heads);
        let made = App::aside(move || {
            let mut hasher = Sha256::new();
            listing.each(&of, &mut |piece| {
                hasher.update(&piece);
                Ok(())
            })?;
            Ok(quoted(&hasher.finalize()))
        });
        let made = made.await?;
        listing.tag(&heads).get_or_init(|| made).clone()
    };
    Ok(tagged(&tag, listing.kind(), headers, || {
        spool::body(move |give| listing.each(&heads, give))
    }))
}

/// What tells whether a client has these bytes.
pub(super) fn digest(bytes: impl AsRef<[u8]>) -> String {
    quoted(&Sha256::digest(bytes))
}

fn quoted(digest: &[u8]) -> String {
    format!("\"{}\"", crate::accounts::hex(&digest[..digest.len().min(16)]))
}

/// The bytes with their tag; or, where the client has them, that it does.
pub(super) fn tagged(
    tag: &str,
    kind: &'static str,
    headers: &HeaderMap,
    body: impl FnOnce() -> Body,
) -> Response {
    let has = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        // A compressor on the way may have weakened the tag.
        .any(|known| known.trim() == "*" || known.trim().trim_start_matches("W/") == tag);
    let mut response = if has {
        (StatusCode::NOT_MODIFIED, Body::empty()).into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], body()).into_response()
    };
    let fields = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(tag) {
        fields.insert(header::ETAG, value);
    }
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
