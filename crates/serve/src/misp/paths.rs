//! Paths as MISP's clients write them.
//!
//! MISP reads a path in several ways: names in any case and with or without `_`, `.json` behind
//! them, parameters as `name:value`, an event by nothing but its number. All are brought into the
//! one form that the routes have before a route is chosen; what names a part of MISP that is not
//! here is refused in MISP's words.

use axum::Json;
use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::TABLE;

/// Parts of MISP of which nothing is here or not all, in small letters without `_`, with what does
/// the same here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("admin", ACCOUNTS),
    ("allowedlists", REFERENCE),
    ("analystdata", JUDGE),
    ("attributes", ""),
    ("authkeys", ACCOUNTS),
    ("cerebrates", FEEDS),
    ("collections", ""),
    ("communities", ""),
    ("correlationexclusions", ""),
    ("correlations", ""),
    ("cryptographickeys", ""),
    ("dashboards", ""),
    ("decayingmodel", "indicators age by `lapwing serve --decay`"),
    ("eventblocklists", ""),
    ("eventdelegations", ""),
    ("eventgraph", "GET /api/v1/graph"),
    ("eventreports", "a text is a document: POST /api/v1/documents"),
    ("events", ""),
    ("feeds", FEEDS),
    ("galaxies", REFERENCE),
    ("galaxyclusterrelations", REFERENCE),
    ("galaxyclusters", REFERENCE),
    ("inbox", ""),
    ("jobs", ""),
    ("logs", "GET /api/v1/audit"),
    ("noticelists", REFERENCE),
    ("objectreferences", ""),
    ("objects", ""),
    ("objecttemplates", ""),
    ("organisations", ""),
    ("orgblocklists", ""),
    ("regexp", ""),
    ("roles", ACCOUNTS),
    ("servers", FEEDS),
    ("shadowattributes", "there are no proposals: /attributes/add takes them for any event"),
    ("sharinggroups", "who sees what is told by markings (TLP, PAP)"),
    ("sightings", JUDGE),
    ("tags", "a tag is there as soon as something has it"),
    ("taxonomies", REFERENCE),
    ("templates", ""),
    ("threads", ""),
    ("users", ACCOUNTS),
    ("usersettings", ACCOUNTS),
    ("warninglists", REFERENCE),
];

const ACCOUNTS: &str = "`lapwing users` and `lapwing keys`, or /api/v1/users";
const CHANGES: &str = "what was deleted comes back by `lapwing undo`";
const FEEDS: &str = "`lapwing feeds`, or /api/v1/feeds";
const JUDGE: &str = "a judgement is told by POST /api/v1/claims and /api/v1/false-positives";
const REFERENCE: &str = "reference data come by `lapwing knowledge update`";

/// A name as MISP compares it.
fn fold(name: &str) -> String {
    name.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

/// What does the same here, where a path leads into MISP's API.
fn elsewhere(path: &str) -> Option<&'static str> {
    let first = fold(segments(path).next()?.trim_end_matches(".json"));
    ELSEWHERE.iter().find(|(name, _)| *name == first).map(|(_, hint)| *hint)
}

/// Whether a path leads into MISP's API.
pub(super) fn is_path(path: &str) -> bool {
    elsewhere(path).is_some()
}

/// Brings the path of a request into the form that the routes have.
pub(crate) async fn in_our_form(mut request: Request) -> Request {
    if let Some(path) = ours(request.method(), request.uri())
        && let Ok(path) = path.parse::<PathAndQuery>()
    {
        let mut parts = request.uri().clone().into_parts();
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
        }
    }
    request
}

fn ours(method: &Method, uri: &Uri) -> Option<String> {
    if !is_path(uri.path()) {
        return None;
    }
    let mut query: Vec<String> = uri.query().into_iter().map(str::to_owned).collect();
    let mut path: Vec<String> = Vec::new();
    for (at, segment) in segments(uri.path()).enumerate() {
        match segment.split_once(':').filter(|_| at > 0) {
            Some((name, value)) => {
                query.push(format!("{name}={}", value.replace('&', "%26")));
            }
            None => path.push(segment.to_owned()),
        }
    }
    if let Some(last) = path.last_mut() {
        // MISP writes some of its own so; those are routes of the same name without it.
        *last = last.trim_end_matches(".json").to_owned();
    }
    if path.len() == 1 {
        let adds = *method == Method::POST && fold(&path[0]) == "events";
        path.push(if adds { "add" } else { "index" }.to_owned());
    } else if path.len() == 2 && is_id(&path[1]) {
        let does = match *method {
            Method::POST | Method::PUT => "edit",
            Method::DELETE => "delete",
            _ => "view",
        };
        path.insert(1, does.to_owned());
    }
    let fits = |route: &&&'static str| {
        segments(route).count() == path.len()
            && segments(route)
                .zip(&path)
                .all(|(ours, theirs)| ours.starts_with('{') || fold(ours) == fold(theirs))
    };
    let routes: Vec<&'static str> = TABLE.iter().map(|(_, route, _)| *route).collect();
    // A route that names all of the path before one that takes anything there.
    let route = routes.iter().filter(fits).min_by_key(|route| route.matches('{').count());
    if let Some(route) = route {
        for (theirs, ours) in path.iter_mut().zip(segments(route)) {
            if !ours.starts_with('{') {
                ours.clone_into(theirs);
            }
        }
    }
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    Some(format!("/{}{query}", path.join("/")))
}

/// A number, or an identifier.
fn is_id(text: &str) -> bool {
    text.parse::<u64>().is_ok() || text.parse::<uuid::Uuid>().is_ok()
}

/// The answer to a path that leads into a part of MISP's API which is not here.
pub(crate) fn not_here(method: &Method, path: &str) -> Option<Response> {
    let mut hint = elsewhere(path)?;
    if segments(path).nth(1).is_some_and(|does| fold(does) == "restore") {
        hint = CHANGES;
    }
    let hint = if hint.is_empty() { String::new() } else { format!(" ({hint})") };
    let told = format!("{method} {path}: this part of MISP's API is not here{hint}");
    let body =
        json!({ "saved": false, "name": told, "message": told, "errors": told, "url": path });
    Some((StatusCode::NOT_FOUND, Json(body)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(method: &Method, path: &str) -> String {
        let uri: Uri = path.parse().unwrap();
        ours(method, &uri).unwrap_or_else(|| path.to_owned())
    }

    #[test]
    fn paths_are_read_as_misp_reads_them() {
        let id = "5d0092c5-5f74-4287-9642-33f4c354e56d";
        for (theirs, ours) in [
            ("/events/view/12.json", "/events/view/12"),
            ("/Events/View/12/", "/events/view/12"),
            ("/events/12", "/events/view/12"),
            ("/events.json", "/events/index"),
            ("/sharing_groups", "/sharingGroups/index"),
            ("/sharing_groups/index.json", "/sharingGroups/index"),
            ("/events/view/12/noSightings:1", "/events/view/12?noSightings=1"),
            (
                "/attributes/restSearch/returnFormat:csv/type:ip-dst",
                "/attributes/restSearch?returnFormat=csv&type=ip-dst",
            ),
            ("/attributes/restsearch?a=b", "/attributes/restSearch?a=b"),
            ("/tags/index/limit:5/page:1", "/tags/index?limit=5&page=1"),
            ("/users/view/me.json", "/users/view/me"),
            ("/api/v1/search?q=a:b", "/api/v1/search?q=a:b"),
            ("/misp/feed/manifest.json", "/misp/feed/manifest.json"),
        ] {
            assert_eq!(of(&Method::GET, theirs), ours, "{theirs}");
        }
        assert_eq!(of(&Method::POST, "/events"), "/events/add");
        assert_eq!(of(&Method::PUT, &format!("/events/{id}")), format!("/events/edit/{id}"));
        assert_eq!(of(&Method::DELETE, "/attributes/7"), "/attributes/delete/7");
        assert_eq!(of(&Method::POST, "/galaxies"), "/galaxies/index");
    }

    #[test]
    fn what_is_not_here_says_what_does_it() {
        assert!(not_here(&Method::POST, "/feeds/fetchFromFeed/1").is_some());
        assert!(not_here(&Method::GET, "/documents").is_none());
        assert_eq!(elsewhere("/events/enrichEvent/1"), Some(""));
        let names: Vec<&str> = ELSEWHERE.iter().map(|(name, _)| *name).collect();
        assert!(names.is_sorted());
        // Every route of ours is of a part that is listed: else its path were never brought into form.
        for (_, route, _) in TABLE.iter().filter(|(_, route, _)| !route.starts_with("/misp/")) {
            assert!(is_path(route), "{route}");
        }
    }
}
