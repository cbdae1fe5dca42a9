//! The store as a feed that MISP subscribes to: `manifest.json`, `hashes.csv`, a file an event.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use lapwing_engine::publish::misp::Feed;
use lapwing_model::Marking;
use sha2::{Digest as _, Sha256};

use super::search::all_attributes;
use super::sent::text;
use super::words::{self, Tags};
use super::{shelf::Shelf, view};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;
use crate::readers::Sight;

/// What lists all events, as they are at one state of the store.
pub(crate) struct Index {
    manifest: Vec<u8>,
    hashes: Vec<u8>,
    pub(super) tags: Tags,
    /// How often types of attributes are in use, and categories.
    pub(super) types: BTreeMap<String, u64>,
    pub(super) categories: BTreeMap<String, u64>,
}

impl Index {
    pub(super) fn of(sight: &Sight<'_>, ceiling: Marking, day: Date) -> Result<Self, Problem> {
        let (mut feed, mut tags) = (Feed::default(), Tags::new());
        let (mut types, mut categories) = (BTreeMap::new(), BTreeMap::new());
        for record in sight.store().documents()? {
            if let Some(event) = sight.misp_event(record.document.id, ceiling, day)? {
                words::count(&mut tags, &event.json["Event"]);
                for attribute in all_attributes(&event.json["Event"]) {
                    for (key, counts) in [("type", &mut types), ("category", &mut categories)] {
                        *counts.entry(text(attribute, key).to_owned()).or_insert(0) += 1;
                    }
                }
                feed.add(&event);
            }
        }
        let (manifest, hashes) = (feed.manifest().bytes, feed.hashes().bytes);
        Ok(Self { manifest, hashes, tags, types, categories })
    }
}

pub(super) async fn file(
    State(app): State<App>,
    asker: Asker,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (ceiling, day) = (asker.ceiling.tlp, app.today());
    let cached = app.clone();
    let asked = name.clone();
    let found = app
        .read(&asker, move |sight| {
            if asked == "manifest.json" || asked == "hashes.csv" {
                let index = cached.feed.get(sight, |_| Index::of(sight, ceiling, day))?;
                let bytes = if asked == "hashes.csv" { &index.hashes } else { &index.manifest };
                return Ok(Some(bytes.clone()));
            }
            let Some(id) = asked.strip_suffix(".json") else { return Ok(None) };
            let shelf = Shelf::of(sight)?;
            let Some(document) = view::document(sight, &shelf, id)? else { return Ok(None) };
            let event = sight.misp_event(document, ceiling, day)?;
            Ok(event.map(|event| format!("{}\n", event.json).into_bytes()))
        })
        .await?;
    let bytes = found.ok_or_else(|| Problem::unknown("the feed has no such file"))?;
    let kind = if name == "hashes.csv" { "text/csv; charset=utf-8" } else { "application/json" };
    Ok(tagged(bytes, kind, &headers))
}

/// The bytes with their tag; or, where the client has them, that it does.
fn tagged(bytes: Vec<u8>, kind: &'static str, headers: &HeaderMap) -> Response {
    let digest = Sha256::digest(&bytes);
    let hex = crate::accounts::hex(&digest[..16]);
    let tag = format!("\"{hex}\"");
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
        ([(header::CONTENT_TYPE, kind)], bytes).into_response()
    };
    let fields = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&tag) {
        fields.insert(header::ETAG, value);
    }
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}
