//! Objects, manifests and versions.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use lapwing_engine::publish::stix;
use lapwing_engine::store::{SharedQuery, SharedRecord, SpecMatch, VersionMatch};
use serde_json::{Value, json};

use super::collection::Collection;
use super::media;
use super::query::{self, Asked, Filters};
use crate::app::App;
use crate::asker::{Asker, Ceiling};
use crate::problem::Problem;

type Parameters = Query<Vec<(String, String)>>;
type InCollection = Path<(String, String)>;
type InObjects = Path<(String, String, String)>;

/// Records of a page with the cursor of the next one.
struct Page {
    records: Vec<SharedRecord>,
    next: Option<String>,
}

pub(super) async fn objects(
    State(app): State<App>,
    asker: Asker,
    Path((root, id)): InCollection,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    media::accepts(&headers)?;
    let collection = Collection::find(&root, &id)?;
    let page = page(&app, &asker, collection, &parameters, Filters::All, None).await?;
    Ok(envelope(&page))
}

pub(super) async fn manifest(
    State(app): State<App>,
    asker: Asker,
    Path((root, id)): InCollection,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    media::accepts(&headers)?;
    let collection = Collection::find(&root, &id)?;
    let page = page(&app, &asker, collection, &parameters, Filters::All, None).await?;
    let entries: Vec<Value> = page
        .records
        .iter()
        .map(|record| {
            json!({
                "id": record.id,
                "date_added": query::added(record.added),
                "version": query::version(record.version),
                "media_type": stix::media_type(&record.spec),
            })
        })
        .collect();
    Ok(list(&page, "objects", &entries))
}

pub(super) async fn object(
    State(app): State<App>,
    asker: Asker,
    Path((root, id, object)): InObjects,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    media::accepts(&headers)?;
    let collection = Collection::find(&root, &id)?;
    let page = page(&app, &asker, collection, &parameters, Filters::Object, Some(object)).await?;
    Ok(envelope(&page))
}

pub(super) async fn versions(
    State(app): State<App>,
    asker: Asker,
    Path((root, id, object)): InObjects,
    Query(parameters): Parameters,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    media::accepts(&headers)?;
    let collection = Collection::find(&root, &id)?;
    let page = page(&app, &asker, collection, &parameters, Filters::Versions, Some(object)).await?;
    let entries: Vec<Value> =
        page.records.iter().map(|record| json!(query::version(record.version))).collect();
    Ok(list(&page, "versions", &entries))
}

/// One page of a collection. A request that goes on with an earlier one takes the collection as it
/// is; one that begins anew sees all that the store holds.
async fn page(
    app: &App,
    asker: &Asker,
    collection: Collection,
    parameters: &[(String, String)],
    filters: Filters,
    object: Option<String>,
) -> Result<Page, Problem> {
    let key = collection.key(asker);
    let Asked { mut query, goes_on, scope } = query::read(parameters, filters, &key)?;
    if collection == Collection::Knowledge && !goes_on {
        let (app, asker, key) = (app.clone(), asker.clone(), key.clone());
        // It goes on when the client does not wait for it, and is done when he asks again.
        let done = tokio::spawn(async move { bring_up_to_date(&app, &asker, &key).await });
        done.await.map_err(|fell| Problem::fault(format!("a task fell: {fell}")))??;
    }
    let limit = query.limit;
    query.limit += 1;
    query.ceiling = asker.ceiling.tlp as u8;
    let one = object.is_some();
    query.ids.extend(object.clone());
    let name = key.clone();
    // What is read here was derived below the asker's ceiling, or is compared with it.
    let found = app
        .readers
        .ask(Ceiling::NONE, move |sight| {
            let records = sight.store().shared(&name, &query)?;
            // Nothing of this version is something else than no such object.
            let known = !records.is_empty() || !one || {
                let any = SharedQuery {
                    ids: query.ids.clone(),
                    specs: SpecMatch::All,
                    versions: vec![VersionMatch::All],
                    ceiling: query.ceiling,
                    limit: 1,
                    ..SharedQuery::default()
                };
                !sight.store().shared(&name, &any)?.is_empty()
            };
            Ok((records, known))
        })
        .await?;
    let (mut records, known) = found;
    if !known {
        return Err(Problem::unknown("there is no such object in this collection"));
    }
    let next = query::page(&mut records, limit, &scope);
    Ok(Page { records, next })
}

/// Makes the objects of a derived collection those of the store as it is now. Who comes while that
/// is done waits for it, and finds it done.
async fn bring_up_to_date(app: &App, asker: &Asker, key: &str) -> Result<(), Problem> {
    let _one_at_a_time = app.sharing.lock().await;
    let name = key.to_owned();
    let state = app
        .readers
        .ask(Ceiling::NONE, move |sight| {
            Ok((sight.store().shared_state(&name)?, sight.at.map_or(0, |change| change.0)))
        })
        .await?;
    if state.0 == Some(state.1) {
        return Ok(());
    }
    let (ceiling, today) = (asker.ceiling.tlp, app.today());
    let (objects, change) = app
        .read(asker, move |sight| {
            Ok((sight.shared_objects(ceiling, today)?, sight.at.map_or(0, |change| change.0)))
        })
        .await?;
    let name = key.to_owned();
    app.write(move |engine, now| {
        // Another request may have been faster, with a later state.
        if engine.store().shared_state(&name)?.is_some_and(|known| known >= change) {
            return Ok(());
        }
        engine.sync_shared(&name, &objects, change, now)?;
        Ok(())
    })
    .await
}

fn envelope(page: &Page) -> Response {
    // The objects are JSON already.
    let mut body =
        Vec::with_capacity(page.records.iter().map(|r| r.body.len() + 1).sum::<usize>() + 64);
    body.extend_from_slice(b"{");
    if let Some(next) = &page.next {
        body.extend_from_slice(format!("\"more\":true,\"next\":\"{next}\",").as_bytes());
    } else if !page.records.is_empty() {
        body.extend_from_slice(b"\"more\":false,");
    }
    if !page.records.is_empty() {
        body.extend_from_slice(b"\"objects\":[");
        for (at, record) in page.records.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend_from_slice(&record.body);
        }
        body.push(b']');
    }
    body.push(b'}');
    dated(page, media::bytes_of(StatusCode::OK, body))
}

fn list(page: &Page, name: &str, entries: &[Value]) -> Response {
    if entries.is_empty() {
        return media::answer(StatusCode::OK, &json!({}));
    }
    let mut body = json!({ "more": page.next.is_some(), name: entries });
    if let Some(next) = &page.next {
        body["next"] = json!(next);
    }
    dated(page, media::answer(StatusCode::OK, &body))
}

/// Tells when the first and the last object of a page were added.
fn dated(page: &Page, mut response: Response) -> Response {
    let ends = [
        ("x-taxii-date-added-first", page.records.first()),
        ("x-taxii-date-added-last", page.records.last()),
    ];
    for (name, record) in ends {
        if let Some(record) = record
            && let Ok(value) = HeaderValue::from_str(&query::added(record.added))
        {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}
