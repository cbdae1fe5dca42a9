//! Objects, manifests and versions.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use lapwing_engine::Coming;
use lapwing_engine::publish::stix;
use lapwing_engine::store::{SharedQuery, SharedRecord, SpecMatch, VersionMatch};
use lapwing_model::{Marking, Pap};
use serde_json::{Value, json};

use super::ahead::Which;
use super::collection::Collection;
use super::media;
use super::query::{self, Asked, Filters};
use crate::app::App;
use crate::asker::{Asker, Ceiling};
use crate::problem::Problem;
use crate::readers::Sight;

type Parameters = Query<Vec<(String, String)>>;
type InCollection = Path<(String, String)>;
type InObjects = Path<(String, String, String)>;

/// Records of a page with the cursor of the next one.
struct Page {
    coming: Arc<Coming>,
    next: Option<String>,
}

impl Page {
    fn records(&self) -> &[SharedRecord] {
        &self.coming.records
    }
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
        .records()
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
        page.records().iter().map(|record| json!(query::version(record.version))).collect();
    Ok(list(&page, "versions", &entries))
}

/// One page of a collection. What follows from the facts is made as it is asked for, of the state that is there then:
/// what comes meanwhile comes at the end.
async fn page(
    app: &App,
    asker: &Asker,
    collection: Collection,
    parameters: &[(String, String)],
    filters: Filters,
    object: Option<String>,
) -> Result<Page, Problem> {
    let key = collection.key(asker);
    let Asked { mut query, scope } = query::read(parameters, filters, &key)?;
    query.ceiling = asker.ceiling.tlp as u8;
    let one = object.is_some();
    query.ids.extend(object);
    let (page, known) = match collection {
        Collection::Knowledge => of_facts(app, asker, query, one).await?,
        Collection::Inbox => sent(app, key, query, one).await?,
    };
    if !known {
        return Err(Problem::unknown("there is no such object in this collection"));
    }
    let next = page.next.map(|n| query::seal(n, &scope));
    Ok(Page { coming: page, next })
}

/// A page of what is known, and whether the one object that is asked for is there.
async fn of_facts(
    app: &App,
    asker: &Asker,
    query: SharedQuery,
    one: bool,
) -> Result<(Arc<Coming>, bool), Problem> {
    let ceiling = (asker.ceiling.tlp, asker.ceiling.pap);
    if !query.ids.is_empty() {
        let shared = app.clone();
        let read = app.read(asker, move |sight| {
            let page = sight.coming_near(&query, ceiling, &shared.places.of(&query.ids))?;
            shared.places.note(&page.records);
            let known = !one || !page.records.is_empty() || {
                // Nothing of this version is something else than no such object.
                is_narrowed(&query)
                    && !sight.coming(&any_version(&query), ceiling)?.records.is_empty()
            };
            Ok((Arc::new(page), known))
        });
        return read.await;
    }
    let (shared, asked) = (app.clone(), query.clone());
    let page = app.read(asker, move |sight| kept(&shared, sight, ceiling, &asked)).await?;
    if let Some(after) = page.next {
        make_ahead(app, asker, SharedQuery { after, ..query });
    }
    Ok((page, true))
}

/// A page as it is at the state that is seen, made if it is not there.
fn kept(
    app: &App,
    sight: &Sight<'_>,
    (tlp, pap): (Marking, Pap),
    query: &SharedQuery,
) -> Result<Arc<Coming>, Problem> {
    let which = Which::of(Ceiling { tlp, pap }, query);
    app.ahead.get(sight, &which, || {
        let page = sight.coming(query, (tlp, pap))?;
        app.places.note(&page.records);
        Ok(page)
    })
}

/// Makes the page that a client asks for next while he reads the one before.
fn make_ahead(app: &App, asker: &Asker, query: SharedQuery) {
    let (app, ceiling) = (app.clone(), asker.ceiling);
    tokio::spawn(async move {
        let (shared, below) = (app.clone(), (ceiling.tlp, ceiling.pap));
        let made = app
            .readers
            .ask_ahead(ceiling, move |sight| kept(&shared, sight, below, &query).map(drop));
        // Who asks for it is told what is wrong.
        if let Err(problem) = made.await {
            tracing::debug!("no page made ahead: {}", problem.detail);
        }
    });
}

/// The same of what was sent in; it is compared with the asker's ceiling.
async fn sent(
    app: &App,
    name: String,
    mut query: SharedQuery,
    one: bool,
) -> Result<(Arc<Coming>, bool), Problem> {
    let limit = query.limit;
    query.limit += 1;
    app.readers
        .ask(Ceiling::NONE, move |sight| {
            let mut records = sight.store().shared(&name, &query)?;
            // Nothing of this version is something else than no such object.
            let known = !records.is_empty()
                || !one
                || !sight.store().shared(&name, &any_version(&query))?.is_empty();
            // The one record more only told that there is more.
            let more = records.len() > limit;
            records.truncate(limit);
            let next = records.last().filter(|_| more).map(|last| last.n);
            Ok((Arc::new(Coming { records, next }), known))
        })
        .await
}

/// Whether more is asked of an object of what is known than that it is there: of each one version is here.
fn is_narrowed(query: &SharedQuery) -> bool {
    query.after > 0
        || query.added_after.is_some()
        || matches!(query.specs, SpecMatch::Of(_))
        || query.versions.iter().any(|version| matches!(version, VersionMatch::At(_)))
}

/// Asks whether there is any version of an object.
fn any_version(query: &SharedQuery) -> SharedQuery {
    SharedQuery {
        ids: query.ids.clone(),
        specs: SpecMatch::All,
        versions: vec![VersionMatch::All],
        ceiling: query.ceiling,
        limit: 1,
        ..SharedQuery::default()
    }
}

fn envelope(page: &Page) -> Response {
    // The objects are JSON already.
    let mut body =
        Vec::with_capacity(page.records().iter().map(|r| r.body.len() + 1).sum::<usize>() + 64);
    body.extend_from_slice(b"{");
    if let Some(next) = &page.next {
        body.extend_from_slice(format!("\"more\":true,\"next\":\"{next}\",").as_bytes());
    } else if !page.records().is_empty() {
        body.extend_from_slice(b"\"more\":false,");
    }
    if !page.records().is_empty() {
        body.extend_from_slice(b"\"objects\":[");
        for (at, record) in page.records().iter().enumerate() {
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
        ("x-taxii-date-added-first", page.records().first()),
        ("x-taxii-date-added-last", page.records().last()),
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
