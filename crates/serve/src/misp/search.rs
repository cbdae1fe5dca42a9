//! Searches for attributes and events.

use std::collections::BTreeSet;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use lapwing_engine::ExportOptions;
use lapwing_engine::publish::export::ExportFormat;
use lapwing_engine::publish::misp::Event;
use lapwing_model::{Marking, Status};
use serde_json::{Map, Value, json};

use super::filter::{Filter, Form, attributes_of, tags_of};
use super::heads::{self, Head, Heads};
use super::sent::{self, json_of, list};
use super::spool::Spool;
use super::table::{self, Columns};
use super::{narrow, words};
use crate::app::App;
use crate::asker::{Asker, Permission};
use crate::problem::Problem;
use crate::readers::Sight;

pub(super) type Parameters = Query<Vec<(String, String)>>;

pub(super) async fn attributes(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let filter = Filter::read(&asked(parameters, &body)?, app.now(), true)?;
    tell_attributes(&app, &asker, filter).await
}

/// All attributes, as a list.
pub(super) async fn attribute_list(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let filter = Filter::read(&asked(parameters, &body)?, app.now(), true)?;
    let hits = attribute_hits(&app, &asker, filter).await?;
    Ok(Json(hits.into_iter().map(|hit| hit.attribute).collect::<Value>()).into_response())
}

pub(super) async fn events(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    find_events(app, asker, asked(parameters, &body)?).await
}

/// What is asked for: by parameters of the path, and by what was sent, which goes before them.
/// Older clients wrap it in `request`.
pub(super) fn asked(
    parameters: Vec<(String, String)>,
    body: &[u8],
) -> Result<Map<String, Value>, Problem> {
    let mut asked: Map<String, Value> = Map::new();
    for (name, value) in parameters {
        let name = name.trim_end_matches("[]").to_owned();
        let value = Value::String(value);
        match asked.get_mut(&name) {
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = json!([one.take(), value]),
            None => {
                asked.insert(name, value);
            }
        }
    }
    let sent = match json_of(body)? {
        Value::Object(mut fields) => match fields.remove("request") {
            Some(Value::Object(fields)) => fields,
            Some(other) => Map::from_iter([("request".to_owned(), other)]),
            None => fields,
        },
        Value::Array(items) if items.is_empty() => Map::new(),
        _ => return Err(Problem::unreadable("the body is no JSON object")),
    };
    asked.extend(sent);
    Ok(asked)
}

/// An attribute that is asked for, with the event that it is of.
pub(super) struct Hit {
    pub(super) attribute: Value,
    /// The object that it is of, without its attributes.
    pub(super) object: Option<Value>,
    pub(super) event: Value,
}

async fn tell_attributes(app: &App, asker: &Asker, filter: Filter) -> Result<Response, Problem> {
    if let Form::Export(format) = filter.format {
        return export(app, asker, filter, format, true).await;
    }
    let (format, columns) = (filter.format, Columns::of(&filter));
    if format == Form::Json {
        let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
        let (count, found) = app
            .read(asker, move |sight| {
                let heads = heads::of(&cached, sight, of)?;
                let mut found = Found::new("{\"response\":{\"Attribute\":[", "]}}")?;
                each_hit(sight, &heads, &filter, of, &mut |hit| {
                    let Hit { mut attribute, event, .. } = hit;
                    attribute["event_uuid"] = event["uuid"].clone();
                    attribute["Event"] = event;
                    found.add(&attribute)
                })?;
                found.end()
            })
            .await?;
        return Ok(counted(json_answer(found), count));
    }
    let found = attribute_hits(app, asker, filter).await?;
    let count = found.len();
    let answer = match format {
        Form::Text => table::values(&found),
        Form::Cache => table::cache(&found),
        Form::Hashes => table::hashes(&found),
        Form::Csv | Form::Json | Form::Export(_) => table::csv(&found, &columns),
    };
    Ok(counted(answer, count))
}

/// Tells how many results an answer holds where MISP does.
fn counted(mut answer: Response, count: usize) -> Response {
    answer.headers_mut().insert("x-result-count", count.into());
    answer
}

async fn attribute_hits(app: &App, asker: &Asker, filter: Filter) -> Result<Vec<Hit>, Problem> {
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    app.read(asker, move |sight| {
        let heads = heads::of(&cached, sight, of)?;
        let mut hits = Vec::new();
        each_hit(sight, &heads, &filter, of, &mut |hit| {
            hits.push(hit);
            Ok(())
        })?;
        Ok(hits)
    })
    .await
}

/// Gives the attributes that are asked for, one after the other.
fn each_hit(
    sight: &Sight<'_>,
    heads: &Heads,
    filter: &Filter,
    (ceiling, day): (Marking, Date),
    give: &mut dyn FnMut(Hit) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let (mut skip, mut found) = (filter.skipped(), 0);
    for at in narrow::events(sight, heads, filter)? {
        // Whoever asks for all of a page far behind goes by what stands in no page before it.
        let told = &heads.list[at];
        if narrow::is_all(filter) && skip >= told.attributes() {
            skip -= told.attributes();
            continue;
        }
        let event = heads.shelf.event(sight, told.document, ceiling, day)?;
        let Some(event) = event else { continue };
        let json = &event.json["Event"];
        for (object, attribute) in taken(sight, filter, json, day)? {
            if found >= filter.limit {
                return Ok(());
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let mut attribute = attribute.clone();
            if filter.with_event_tags {
                inherit(&mut attribute, json);
            }
            let object = object.map(|object| {
                let mut object = object.clone();
                object["Attribute"].take();
                object
            });
            found += 1;
            give(Hit { attribute, object, event: head(json) })?;
        }
        if found >= filter.limit {
            return Ok(());
        }
    }
    Ok(())
}

/// The attributes of an event that are asked for, with their objects.
fn taken<'v>(
    sight: &Sight<'_>,
    filter: &Filter,
    event: &'v Value,
    day: Date,
) -> Result<Vec<(Option<&'v Value>, &'v Value)>, Problem> {
    let tags = tags_of(event);
    let (uuid, info) = (sent::text(event, "uuid"), sent::text(event, "info"));
    let mut taken = Vec::new();
    for (object, attribute) in attributes_of(event) {
        let of = object.map(|object| sent::text(object, "uuid")).unwrap_or_default();
        if filter.uuid.take(&[sent::text(attribute, "uuid"), of, uuid])
            && filter.takes(attribute, object, &tags, info)
            && !is_left_out(sight, filter, attribute, day)?
        {
            taken.push((object, attribute));
        }
    }
    Ok(taken)
}

/// Puts the tags of an event beside an attribute's own.
fn inherit(attribute: &mut Value, event: &Value) {
    let own: Vec<Value> = list(attribute, "Tag").cloned().collect();
    let name = |tag: &Value| sent::text(tag, "name").to_owned();
    let fresh = list(event, "Tag").filter(|tag| own.iter().all(|known| name(known) != name(tag)));
    let inherited = fresh.cloned().map(|mut tag| {
        tag["inherited"] = json!(1);
        tag
    });
    attribute["Tag"] = own.iter().cloned().chain(inherited).collect();
}

/// Whether an attribute is left out for what is known of its value: that it is harmless, or too old.
fn is_left_out(
    sight: &Sight<'_>,
    filter: &Filter,
    attribute: &Value,
    day: Date,
) -> Result<bool, Problem> {
    if filter.no_harmless && is_harmless(sight, attribute, day)? {
        return Ok(true);
    }
    if !filter.no_expired {
        return Ok(false);
    }
    // `name|hash` of MISP's is told by its last part.
    let value = sent::text(attribute, "value");
    let found = sight.look_up(value.rsplit('|').next().unwrap_or(value), day)?;
    Ok(matches!(found.status, Some(Status::Expired | Status::Revoked)))
}

/// Whether a value stands on a list of what is harmless.
fn is_harmless(sight: &Sight<'_>, attribute: &Value, day: Date) -> Result<bool, Problem> {
    for value in attribute["value"].as_str().unwrap_or_default().split('|') {
        let known = words::entity(&sight.look_up(value, day)?);
        let benign = known.and_then(|entity| sight.knowledge().benign(&entity));
        // An attacker rents a place at a host for many like anybody.
        if benign.is_some_and(|benign| !benign.shared) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn find_events(
    app: App,
    asker: Asker,
    body: Map<String, Value>,
) -> Result<Response, Problem> {
    let filter = Filter::read(&body, app.now(), false)?;
    match filter.format {
        Form::Text | Form::Csv | Form::Cache | Form::Hashes => {
            return tell_attributes(&app, &asker, filter).await;
        }
        Form::Export(format) => return export(&app, &asker, filter, format, false).await,
        Form::Json => {}
    }
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let (count, found) = app
        .read(&asker, move |sight| {
            let heads = heads::of(&cached, sight, of)?;
            let mut found = Found::new("{\"response\":[", "]}")?;
            if filter.metadata {
                let all = matching_heads(sight, &heads, &filter, of)?;
                for head in all.into_iter().skip(filter.skipped()).take(filter.limit) {
                    found.add(&json!({ "Event": super::index::bare(head)? }))?;
                }
                return found.end();
            }
            each_matching(sight, &heads, &filter, of, &mut |mut event| {
                if filter.no_harmless || filter.no_expired {
                    leave_out(sight, &filter, &mut event.json["Event"], of.1)?;
                }
                found.add(&event.json)
            })?;
            found.end()
        })
        .await?;
    Ok(counted(json_answer(found), count))
}

fn json_answer(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A list of JSON in what stands around it, of many large things.
struct Found {
    spool: Spool,
    end: &'static str,
    count: usize,
}

impl Found {
    fn new(begin: &str, end: &'static str) -> Result<Self, Problem> {
        let mut spool = Spool::new();
        spool.write(begin.as_bytes())?;
        Ok(Self { spool, end, count: 0 })
    }

    fn add(&mut self, one: &Value) -> Result<(), Problem> {
        if self.count > 0 {
            self.spool.write(b",")?;
        }
        self.count += 1;
        self.spool.write(one.to_string().as_bytes())
    }

    fn end(mut self) -> Result<(usize, Body), Problem> {
        self.spool.write(self.end.as_bytes())?;
        Ok((self.count, self.spool.into_body()?))
    }
}

fn leave_out(
    sight: &Sight<'_>,
    filter: &Filter,
    event: &mut Value,
    day: Date,
) -> Result<(), Problem> {
    let cut = |list: &mut Value| -> Result<(), Problem> {
        let Some(all) = list.as_array_mut() else { return Ok(()) };
        let mut kept = Vec::with_capacity(all.len());
        for one in all.drain(..) {
            if !is_left_out(sight, filter, &one, day)? {
                kept.push(one);
            }
        }
        *all = kept;
        Ok(())
    };
    cut(&mut event["Attribute"])?;
    for object in event["Object"].as_array_mut().into_iter().flatten() {
        cut(&mut object["Attribute"])?;
    }
    Ok(())
}

/// The documents of the events that are asked for, as `lapwing export` writes them; of a search for
/// attributes only these values.
async fn export(
    app: &App,
    asker: &Asker,
    filter: Filter,
    format: ExportFormat,
    by_attribute: bool,
) -> Result<Response, Problem> {
    if !asker.may(Permission::Publish) {
        return Err(Problem::forbidden("what is handed on is for publishers and admins"));
    }
    let (below, day, cached) = (asker.ceiling, app.today(), app.clone());
    let exported = app
        .read(asker, move |sight| {
            let heads = heads::of(&cached, sight, (below.tlp, day))?;
            let mut names: Vec<String> = Vec::new();
            let mut only = BTreeSet::new();
            each_matching(sight, &heads, &filter, (below.tlp, day), &mut |event| {
                let parts = heads.shelf.parts_of(event.document).iter();
                names
                    .extend(std::iter::once(&event.document).chain(parts).map(ToString::to_string));
                if by_attribute {
                    for (_, attribute) in taken(sight, &filter, &event.json["Event"], day)? {
                        for value in sent::text(attribute, "value").split('|') {
                            only.extend(words::entity(&sight.look_up(value, day)?));
                        }
                    }
                }
                Ok(())
            })?;
            // No name is all of the store.
            if names.is_empty() {
                return Ok(None);
            }
            let options = ExportOptions {
                names,
                ceiling: below.tlp,
                pap: below.pap,
                only: by_attribute.then_some(only),
                ..ExportOptions::new(format, day)
            };
            Ok(Some(sight.export(&options)?))
        })
        .await?;
    Ok(match exported {
        Some(mut exported) => {
            table::one_file(&mut exported, format);
            crate::routes::exports::answer(format, exported, app)
        }
        None => table::no_rows(format),
    })
}

pub(super) async fn objects(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Response, Problem> {
    let filter = Filter::read(&asked(parameters, &body)?, app.now(), true)?;
    if filter.format != Form::Json {
        return Err(Problem::unreadable("objects come as json only"));
    }
    let ((ceiling, day), cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    let found = app
        .read(&asker, move |sight| {
            let (mut skip, mut found) = (filter.skipped(), Vec::new());
            let heads = heads::of(&cached, sight, (ceiling, day))?;
            for at in narrow::events(sight, &heads, &filter)? {
                let document = heads.list[at].document;
                let event = heads.shelf.event(sight, document, ceiling, day)?;
                let Some(event) = event else { continue };
                let json = &event.json["Event"];
                let (tags, info) = (tags_of(json), sent::text(json, "info"));
                for object in list(json, "Object") {
                    let own = [sent::text(object, "uuid"), sent::text(json, "uuid")];
                    let inner = list(object, "Attribute").map(|one| sent::text(one, "uuid"));
                    let ids: Vec<&str> = own.into_iter().chain(inner).collect();
                    let taken = filter.uuid.take(&ids)
                        && filter.object.take(&[sent::text(object, "name")])
                        && (!filter.is_of_attributes()
                            || list(object, "Attribute")
                                .any(|one| filter.takes(one, Some(object), &tags, info)));
                    if !taken {
                        continue;
                    }
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    if found.len() >= filter.limit {
                        return Ok(found);
                    }
                    let mut object = object.clone();
                    object["Event"] = head(json);
                    found.push(json!({ "Object": object }));
                }
            }
            Ok(found)
        })
        .await?;
    let count = found.len();
    Ok(counted(Json(json!({ "response": found })).into_response(), count))
}

/// Gives the events that are asked for, whole, one after the other.
fn each_matching(
    sight: &Sight<'_>,
    heads: &Heads,
    filter: &Filter,
    (ceiling, day): (Marking, Date),
    give: &mut dyn FnMut(Event) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let (mut skip, mut found) = (filter.skipped(), 0);
    // What is asked of events alone is told by their heads.
    let is_told = filter.uuid.is_empty() && !filter.is_of_attributes();
    for at in narrow::events(sight, heads, filter)? {
        if found >= filter.limit {
            break;
        }
        if is_told && skip > 0 {
            skip -= 1;
            continue;
        }
        let document = heads.list[at].document;
        let Some(event) = heads.shelf.event(sight, document, ceiling, day)? else { continue };
        if !is_told && !holds(&event, filter) {
            continue;
        }
        if skip > 0 {
            skip -= 1;
            continue;
        }
        found += 1;
        give(event)?;
    }
    Ok(())
}

/// What is told of all events that are asked for; these are made only where something is asked of what stands in
/// them.
pub(super) fn matching_heads<'h>(
    sight: &Sight<'_>,
    heads: &'h Heads,
    filter: &Filter,
    (ceiling, day): (Marking, Date),
) -> Result<Vec<&'h Head>, Problem> {
    let is_told = filter.uuid.is_empty() && !filter.is_of_attributes();
    let mut found = Vec::new();
    for at in narrow::events(sight, heads, filter)? {
        let head = &*heads.list[at];
        let event =
            if is_told { None } else { heads.shelf.event(sight, head.document, ceiling, day)? };
        if is_told || event.is_some_and(|event| holds(&event, filter)) {
            found.push(head);
        }
    }
    Ok(found)
}

/// Whether what is asked for stands in an event.
fn holds(event: &Event, filter: &Filter) -> bool {
    let json = &event.json["Event"];
    filter.uuid.take(&identifiers(json)) && filter.takes_content(json)
}

/// The identifiers of an event and of all that stands in it.
fn identifiers(event: &Value) -> Vec<&str> {
    let objects = list(event, "Object").map(|object| sent::text(object, "uuid"));
    let attributes = all_attributes(event).map(|one| sent::text(one, "uuid"));
    let own = ["uuid", "extends_uuid"].map(|key| sent::text(event, key));
    own.into_iter().chain(objects).chain(attributes).collect()
}

/// An attribute of any event, by its identifier or number.
pub(super) fn by_attribute(
    app: &App,
    sight: &Sight<'_>,
    id: &str,
    (ceiling, day): (Marking, Date),
) -> Result<Option<Value>, Problem> {
    let heads = heads::of(app, sight, (ceiling, day))?;
    for document in heads.holding(id) {
        let Some(event) = heads.shelf.event(sight, document, ceiling, day)? else { continue };
        let is_it = |one: &&Value| one["uuid"] == id || one["id"] == id;
        if let Some(found) = all_attributes(&event.json["Event"]).find(is_it) {
            let mut found = found.clone();
            found["event_uuid"] = event.json["Event"]["uuid"].clone();
            return Ok(Some(found));
        }
    }
    Ok(None)
}

pub(super) fn all_attributes(event: &Value) -> impl Iterator<Item = &Value> {
    attributes_of(event).map(|(_, attribute)| attribute)
}

/// What an attribute tells of its event.
pub(super) fn head(event: &Value) -> Value {
    let keys = [
        "id",
        "uuid",
        "info",
        "date",
        "org_id",
        "orgc_id",
        "Org",
        "Orgc",
        "distribution",
        "threat_level_id",
        "analysis",
        "published",
        "timestamp",
        "publish_timestamp",
        "sharing_group_id",
        "attribute_count",
        "extends_uuid",
    ];
    let fields = keys.iter().map(|key| ((*key).to_owned(), event[*key].clone()));
    Value::Object(fields.collect())
}
