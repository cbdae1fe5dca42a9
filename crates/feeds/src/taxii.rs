//! A client of TAXII 2.1: discovery, API roots, collections, and their objects page by page.

use std::collections::BTreeMap;

use lapwing_engine::read::Options;
use lapwing_model::{DocumentId, Format};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use url::Url;

use crate::pull::Pull;
use crate::{FeedError, FetchError};

/// What a TAXII 2.1 server understands and sends.
pub(crate) const MEDIA_TYPE: &str = "application/taxii+json;version=2.1";
/// Objects of one page, where the server allows so many.
const PAGE: usize = 1000;
/// Bytes of objects that are made one bundle: what refers to each other should come together.
const BUNDLE_BYTES: usize = 8 << 20;
/// Pages of one collection in one pull: a server that never ends is left.
const PAGES: usize = 100_000;

#[derive(Deserialize)]
struct Discovery {
    #[serde(default)]
    api_roots: Vec<String>,
    default: Option<String>,
    // An API root answers with this instead.
    versions: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Collections {
    #[serde(default)]
    collections: Vec<Collection>,
}

#[derive(Deserialize)]
struct Collection {
    id: String,
    #[serde(default)]
    can_read: bool,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    more: bool,
    next: Option<String>,
    #[serde(borrow, default)]
    objects: Vec<&'a RawValue>,
}

/// Where to go on in a collection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The server's time of the newest object up to which everything was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    added_after: Option<String>,
    /// In the midst of the pages after that time: the server's mark of the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(crate) fn pull(pull: &mut Pull<'_>) -> Result<(), FeedError> {
    let address = pull.address()?;
    let mut places: BTreeMap<String, Place> = pull
        .state
        .cursor
        .as_deref()
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default();
    let mut failed = None;
    let collections = collections(pull, &address)?;
    let alone = collections.len() == 1;
    for objects in collections {
        if !pull.has_room() {
            break;
        }
        let place = places.entry(objects.to_string()).or_default().clone();
        match collection(pull, &objects, place, &mut places) {
            Ok(()) => {}
            // A collection that is closed to this key does not stop the others.
            Err(FeedError::Fetch(error @ FetchError::Status { .. }))
                if !alone && !error.is_temporary() =>
            {
                pull.problem(objects.to_string(), error.to_string());
            }
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    pull.commit()?;
    failed.map_or(Ok(()), Err)
}

/// The objects' addresses of all collections that an address leads to.
fn collections(pull: &Pull<'_>, address: &Url) -> Result<Vec<Url>, FeedError> {
    let path = address.path().trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').collect();
    let folder = |path: &str| {
        let mut url = address.clone();
        url.set_query(None);
        url.set_path(path);
        url
    };
    match parts[..] {
        [.., "collections", _, "objects"] => return Ok(vec![folder(&format!("{path}/"))]),
        [.., "collections", _] => return Ok(vec![folder(&format!("{path}/objects/"))]),
        [.., "collections"] => return of_root(pull, &folder(&format!("{path}/"))),
        _ => {}
    }
    let body = get(pull, address.clone())?.1;
    let discovery: Discovery = parsed(pull, address, &body)?;
    if discovery.versions.is_some() {
        return of_root(pull, &folder(&format!("{path}/collections/")));
    }
    let mut roots = discovery.api_roots;
    if roots.is_empty() {
        roots.extend(discovery.default);
    }
    if roots.is_empty() {
        return Err(pull.malformed(address, "the server names no API root"));
    }
    let mut all = Vec::new();
    for root in roots {
        let root = if root.ends_with('/') { root } else { format!("{root}/") };
        // A root may stand on another host; it is asked, but gets no key (see `Fetcher`).
        let root =
            address.join(&root).map_err(|error| pull.malformed(address, error.to_string()))?;
        let list = root
            .join("collections/")
            .map_err(|error| pull.malformed(address, error.to_string()))?;
        all.extend(of_root(pull, &list)?);
    }
    Ok(all)
}

fn of_root(pull: &Pull<'_>, list: &Url) -> Result<Vec<Url>, FeedError> {
    let body = get(pull, list.clone())?.1;
    let found: Collections = parsed(pull, list, &body)?;
    let mut addresses = Vec::new();
    for collection in found.collections.into_iter().filter(|collection| collection.can_read) {
        let mut objects = list.clone();
        if let Ok(mut parts) = objects.path_segments_mut() {
            parts.pop_if_empty().push(&collection.id).push("objects").push("");
        }
        addresses.push(objects);
    }
    Ok(addresses)
}

/// Takes what is new in a collection, and commits the place with each bundle.
fn collection(
    pull: &mut Pull<'_>,
    objects: &Url,
    mut place: Place,
    places: &mut BTreeMap<String, Place>,
) -> Result<(), FeedError> {
    let mut reached = place.added_after.clone();
    let mut waiting: Vec<String> = Vec::new();
    let mut bytes = 0;
    for _ in 0..PAGES {
        let address = page(objects, &place);
        let (date_last, body) = match get(pull, address.clone()) {
            // The mark of a pull that was cut off may be too old: the pages are asked for anew.
            Err(FeedError::Fetch(FetchError::Status { status, .. }))
                if place.next.is_some() && waiting.is_empty() && matches!(status, 400..=422) =>
            {
                place.next = None;
                continue;
            }
            got => got?,
        };
        let envelope: Envelope<'_> = parsed(pull, &address, &body)?;
        pull.pulled.items += envelope.objects.len() as u64;
        bytes += envelope.objects.iter().map(|object| object.get().len()).sum::<usize>();
        let none = envelope.objects.is_empty();
        waiting.extend(envelope.objects.into_iter().map(|object| object.get().to_owned()));
        let moved = date_last.is_some() && date_last != reached;
        reached = date_last.or(reached);
        // A server that gives no mark is asked by time.
        let more = envelope.more && !none && (envelope.next.is_some() || moved);
        place.next = envelope.next.filter(|_| more);
        if place.next.is_none() {
            place.added_after.clone_from(&reached);
        }
        if !more || bytes >= BUNDLE_BYTES {
            bytes = 0;
            if !waiting.is_empty() {
                let options = Options { format: Some(Format::Stix2), ..pull.options() };
                pull.take(objects.to_string(), bundle(&waiting), options, None)?;
                waiting.clear();
            }
            places.insert(objects.to_string(), place.clone());
            pull.state.cursor = serde_json::to_string(places).ok();
            pull.commit()?;
            if !more || !pull.has_room() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn page(objects: &Url, place: &Place) -> Url {
    let mut address = objects.clone();
    {
        let mut query = address.query_pairs_mut();
        query.append_pair("limit", &PAGE.to_string());
        for (name, value) in [("added_after", &place.added_after), ("next", &place.next)] {
            query.extend_pairs(value.as_ref().map(|value| (name, value)));
        }
    }
    address
}

/// Objects as one bundle, which is always the same for the same objects.
fn bundle(objects: &[String]) -> Vec<u8> {
    let all = objects.join(",");
    let id = DocumentId::of(all.as_bytes()).to_string();
    // The digits of the content in the form of a UUID of version 8 (RFC 9562: one's own).
    let uuid =
        format!("{}-{}-8{}-a{}-{}", &id[..8], &id[8..12], &id[13..16], &id[17..20], &id[20..32]);
    format!(r#"{{"type":"bundle","id":"bundle--{uuid}","objects":[{all}]}}"#).into_bytes()
}

/// The time of the last object, and the body.
fn get(pull: &Pull<'_>, address: Url) -> Result<(Option<String>, Vec<u8>), FeedError> {
    let fetched = pull.fetcher.fetch(&pull.get(address).header("Accept", MEDIA_TYPE))?;
    let last = fetched.header("x-taxii-date-added-last").map(str::to_owned);
    Ok((last, fetched.body.unwrap_or_default()))
}

fn parsed<'a, T: Deserialize<'a>>(
    pull: &Pull<'_>,
    address: &Url,
    body: &'a [u8],
) -> Result<T, FeedError> {
    serde_json::from_slice(body)
        .map_err(|error| pull.malformed(address, format!("no TAXII 2.1 came: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_named_by_its_content() {
        let objects = vec![r#"{"type":"x"}"#.to_owned()];
        let text = String::from_utf8(bundle(&objects)).unwrap();
        assert_eq!(bundle(&objects), bundle(&objects.clone()));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let id = value["id"].as_str().unwrap();
        assert_eq!(id.len(), "bundle--".len() + 36);
        assert_eq!(&id["bundle--".len() + 14..][..1], "8");
    }

    #[test]
    fn pages_are_asked_for_from_where_one_stands() {
        let objects = Url::parse("https://example.org/api/collections/c/objects/").unwrap();
        let place = Place {
            added_after: Some("2026-01-01T00:00:00.000001Z".to_owned()),
            next: Some("a b".to_owned()),
        };
        let address = page(&objects, &place);
        assert!(address.query().unwrap().contains("added_after=2026-01-01T00%3A00%3A00.000001Z"));
        assert!(address.query().unwrap().ends_with("next=a+b"));
    }
}
