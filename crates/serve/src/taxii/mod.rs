//! A TAXII 2.1 server: one API root with two collections. `knowledge` holds all that the caller may
//! see, as STIX objects that follow the facts; `inbox` takes objects in, gives them back as they
//! were sent, and adds them to the store as a document.

mod ahead;
mod collection;
mod media;
mod places;
mod query;
mod read;
mod send;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::app::App;
use crate::asker::Asker;
use crate::asker::Permission::{self, Analyse, Collect, Open, Read};
use crate::problem::Problem;

pub(crate) use ahead::Ahead;
pub(crate) use media::in_its_words;
pub(crate) use places::Places;

/// The one API root.
const ROOT: &str = "lapwing";

/// Every route with what it asks of the caller. What an open one tells is told to everyone who said
/// who he is ([`is_known`]): a client looks there first, also one that only adds.
pub(crate) const TABLE: &[(&str, &str, Permission)] = &[
    ("GET", "/taxii2/", Open),
    ("GET", "/taxii2/{root}/", Open),
    ("GET", "/taxii2/{root}/status/{id}/", Collect),
    ("GET", "/taxii2/{root}/collections/", Open),
    ("GET", "/taxii2/{root}/collections/{id}/", Open),
    ("GET", "/taxii2/{root}/collections/{id}/manifest/", Read),
    ("GET", "/taxii2/{root}/collections/{id}/objects/", Read),
    ("POST", "/taxii2/{root}/collections/{id}/objects/", Collect),
    ("GET", "/taxii2/{root}/collections/{id}/objects/{object}/", Read),
    ("DELETE", "/taxii2/{root}/collections/{id}/objects/{object}/", Analyse),
    ("GET", "/taxii2/{root}/collections/{id}/objects/{object}/versions/", Read),
];

/// The routes.
pub(crate) fn routes() -> Router<App> {
    let objects = "/taxii2/{root}/collections/{id}/objects/";
    let object = "/taxii2/{root}/collections/{id}/objects/{object}/";
    Router::new()
        .route("/taxii2/", get(discovery))
        .route("/taxii2/{root}/", get(api_root))
        .route("/taxii2/{root}/status/{id}/", get(send::status))
        .route("/taxii2/{root}/collections/", get(collection::all))
        .route("/taxii2/{root}/collections/{id}/", get(collection::one))
        .route("/taxii2/{root}/collections/{id}/manifest/", get(read::manifest))
        .route(objects, get(read::objects).post(send::add))
        .route(object, get(read::object).delete(send::remove))
        .route("/taxii2/{root}/collections/{id}/objects/{object}/versions/", get(read::versions))
}

async fn discovery(asker: Asker, headers: HeaderMap) -> Result<Response, Problem> {
    is_known(&asker)?;
    media::accepts(&headers)?;
    let root = format!("/taxii2/{ROOT}/");
    let body = json!({
        "title": "Lapwing",
        "description": "Cyber threat intelligence: what is known, by whom it is said, how sure one may be.",
        "default": root,
        "api_roots": [root],
    });
    Ok(media::answer(StatusCode::OK, &body))
}

async fn api_root(
    State(app): State<App>,
    asker: Asker,
    axum::extract::Path(root): axum::extract::Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    is_known(&asker)?;
    media::accepts(&headers)?;
    is_root(&root)?;
    let body = json!({
        "title": "Lapwing",
        "versions": [media::MEDIA],
        "max_content_length": app.config.limits.json,
    });
    Ok(media::answer(StatusCode::OK, &body).into_response())
}

/// Refuses who did not say who he is (401).
fn is_known(asker: &Asker) -> Result<(), Problem> {
    if asker.is_known() {
        return Ok(());
    }
    Err(Problem::new(StatusCode::UNAUTHORIZED, "log in first")
        .hint("send name and password as Basic, or a key as Bearer"))
}

/// There is one root.
fn is_root(root: &str) -> Result<(), Problem> {
    if root == ROOT {
        return Ok(());
    }
    Err(Problem::unknown("there is no such API root").hint("GET /taxii2/ tells which there are"))
}
