//! What an instance of MISP asks that pulls from this server, or pushes to it, beside events, their index and
//! sightings: whether its calls arrive whole, by what it may filter, which of its events are wanted here.

use std::collections::{BTreeMap, BTreeSet};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use lapwing_engine::publish::misp;
use lapwing_model::DocumentId;
use serde_json::{Value, json};

use super::heads::{self, Head};
use super::sent::{json_of, text, word};
use super::words::InUse;
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// What was sent, as it came: so is found out what a proxy on the way does to it.
pub(super) async fn echo(
    _: Asker,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let given = |name: header::HeaderName| {
        headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    Ok(Json(json!({
        "body": json_of(&body)?,
        "headers": {
            "Content-type": given(header::CONTENT_TYPE),
            "Accept": given(header::ACCEPT),
            "Authorization": headers.contains_key(header::AUTHORIZATION),
        },
    })))
}

/// The organisations and tags by which a pull may be cut.
pub(super) async fn filters(State(app): State<App>, asker: Asker) -> Result<Json<Value>, Problem> {
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let tags: Vec<String> = app
        .read(&asker, move |sight| {
            let heads = heads::of(&cached, sight, of)?;
            Ok(InUse::of(&heads)?.tags.into_keys().collect())
        })
        .await?;
    Ok(Json(json!({ "organisations": [misp::ORGANISATION], "tags": tags })))
}

/// There are no clusters but those of galaxies that all have.
pub(super) async fn no_clusters(_: Asker) -> Json<Value> {
    Json(json!({ "response": [] }))
}

/// Which of the events that somebody has are wanted here: those that are not here, and those of clients that are
/// older. What was read from a document stays as it was read.
pub(super) async fn wanted(
    State(app): State<App>,
    asker: Asker,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let Value::Array(offered) = json_of(&body)? else {
        return Err(Problem::unfit("send a list of events, each with `uuid` and `timestamp`"));
    };
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let wanted: Vec<Value> = app
        .read(&asker, move |sight| {
            let heads = heads::of(&cached, sight, of)?;
            let known: BTreeMap<DocumentId, &Head> =
                heads.list.iter().map(|head| (head.document, &**head)).collect();
            let sent: BTreeSet<DocumentId> = heads.shelf.kept.iter().copied().collect();
            let mut wanted = Vec::new();
            for one in &offered {
                let event = one.get("Event").unwrap_or(one);
                let uuid = text(event, "uuid").to_lowercase();
                if uuid.is_empty() {
                    continue;
                }
                let is_wanted = match heads.shelf.document(&uuid) {
                    None => true,
                    Some(document) if sent.contains(&document) => {
                        let theirs: i64 = word(event, "timestamp").parse().unwrap_or_default();
                        match known.get(&document) {
                            Some(head) => {
                                let ours = head.summary()?.timestamp.parse::<i64>();
                                ours.is_ok_and(|ours| ours < theirs)
                            }
                            None => false,
                        }
                    }
                    Some(_) => false,
                };
                if is_wanted {
                    wanted.push(json!(uuid));
                }
            }
            Ok(wanted)
        })
        .await?;
    Ok(Json(Value::Array(wanted)))
}
