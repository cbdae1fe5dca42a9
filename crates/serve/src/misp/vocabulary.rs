//! Vocabularies: tags by name, the taxonomies and galaxies that tags in use are of, and the lists of
//! what is harmless.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use lapwing_engine::publish::misp;
use serde_json::{Map, Value, json};

use super::search::{Parameters, asked};
use super::sent::{flag, id_of, json_of, text, unknown, within, word};
use super::words::{self, InUse, Tags};
use super::{heads, number};
use crate::app::App;
use crate::asker::Asker;
use crate::problem::Problem;

/// How the tags of galaxies begin.
const GALAXY: &str = "misp-galaxy:";

async fn index(app: &App, asker: &Asker) -> Result<InUse, Problem> {
    let (of, cached) = ((asker.ceiling.tlp, app.today()), app.clone());
    app.read(asker, move |sight| {
        let heads = heads::of(&cached, sight, of)?;
        InUse::of(&heads)
    })
    .await
}

/// A number that stays the same for the same name.
fn numbered(what: &str, name: &str) -> (String, String) {
    let uuid = misp::uuid_of(&format!("{what}|{name}"));
    (number(uuid), uuid.to_string())
}

/// Which page of a list is asked for.
fn paged(asked: &Map<String, Value>, list: Vec<Value>) -> Vec<Value> {
    let asked = Value::Object(asked.clone());
    let whole = |key| word(&asked, key).parse::<usize>().ok().filter(|count| *count > 0);
    let Some(limit) = whole("limit") else { return list };
    let skip = whole("page").unwrap_or(1).saturating_sub(1).saturating_mul(limit);
    list.into_iter().skip(skip).take(limit).collect()
}

/// The tags in use.
pub(super) async fn tags(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
) -> Result<Json<Value>, Problem> {
    let index = index(&app, &asker).await?;
    let asked = asked(parameters, b"")?;
    let wanted = asked.get("searchall").or_else(|| asked.get("filter")).and_then(Value::as_str);
    let wanted = wanted.map(|part| format!("%{}%", part.trim_matches('%')));
    let list = index
        .tags
        .iter()
        .filter(|(name, _)| wanted.as_deref().is_none_or(|part| super::filter::matches(part, name)))
        .map(|(name, counts)| words::tag(name, counts))
        .collect();
    Ok(Json(json!({ "Tag": paged(&asked, list) })))
}

/// One tag, by its number or name.
pub(super) async fn one_tag(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let index = index(&app, &asker).await?;
    let mut all = index.tags.iter();
    let found = all.find(|(name, _)| **name == id || words::tag_number(name) == id_of(&id));
    Ok(match found {
        Some((name, counts)) => Json(words::tag(name, counts)).into_response(),
        None => unknown("tag"),
    })
}

/// Tags by name: `%` stands for anything.
pub(super) async fn search_tags(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    named(&app, &asker, &Value::Object(asked(parameters, &body)?)).await
}

/// As [`search_tags`], by a name in the path.
pub(super) async fn search_tag(
    State(app): State<App>,
    asker: Asker,
    Path(name): Path<String>,
) -> Result<Json<Value>, Problem> {
    named(&app, &asker, &json!({ "tagname": name })).await
}

async fn named(app: &App, asker: &Asker, asked: &Value) -> Result<Json<Value>, Problem> {
    let wanted = ["tagname", "tag", "name"].map(|key| word(asked, key));
    let wanted = wanted.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let strict = flag(asked, "strict_tagname").unwrap_or(false);
    let index = index(app, asker).await?;
    let is_it = |name: &str| {
        super::filter::matches(&wanted, name)
            // What a tag of a galaxy or taxonomy calls: `APT29` of `misp-galaxy:threat-actor="APT29"`.
            || !strict && value_of(name).is_some_and(|value| super::filter::matches(&wanted, value))
    };
    let found = index.tags.iter().filter(|(name, _)| is_it(name));
    Ok(Json(found.map(|(name, counts)| json!({ "Tag": words::tag(name, counts) })).collect()))
}

fn value_of(tag: &str) -> Option<&str> {
    tag.split_once("=\"")?.1.strip_suffix('"')
}

/// A tag needs no adding: it is there as soon as something has it. So who adds one gets it told.
pub(super) async fn add_tag(_: Asker, body: Bytes) -> Result<Json<Value>, Problem> {
    let sent = within(json_of(&body)?, "Tag");
    let name = text(&sent, "name").trim();
    if name.is_empty() {
        return Err(Problem::unfit("a tag must have `name`"));
    }
    let colour = Some(text(&sent, "colour")).filter(|colour| !colour.is_empty());
    let counts = (0, 0, colour.unwrap_or("#888888").to_owned());
    Ok(Json(json!({ "Tag": words::tag(name, &counts) })))
}

/// How often tags are in use.
pub(super) async fn all_tag_statistics(
    state: State<App>,
    asker: Asker,
) -> Result<Json<Value>, Problem> {
    tag_statistics(state, asker, Path(String::new())).await
}

/// As [`all_tag_statistics`]; the first word of the path asks for shares.
pub(super) async fn tag_statistics(
    State(app): State<App>,
    asker: Asker,
    Path(how): Path<String>,
) -> Result<Json<Value>, Problem> {
    let index = index(&app, &asker).await?;
    let percent = how.split('/').next().is_some_and(|first| matches!(first, "true" | "1"));
    let used = |counts: &(u64, u64, String)| counts.0 + counts.1;
    let counts: BTreeMap<&str, u64> =
        index.tags.iter().map(|(name, counts)| (name.as_str(), used(counts))).collect();
    let mut taxonomies: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in &counts {
        if let Some((namespace, _)) = name.split_once(':') {
            *taxonomies.entry(namespace).or_default() += count;
        }
    }
    Ok(Json(
        json!({ "tags": shares(&counts, percent), "taxonomies": shares(&taxonomies, percent) }),
    ))
}

/// How often types or categories are in use.
pub(super) async fn attribute_statistics(
    State(app): State<App>,
    asker: Asker,
    Path(how): Path<String>,
) -> Result<Json<Value>, Problem> {
    let index = index(&app, &asker).await?;
    let mut how = how.split('/');
    let counts = match how.next() {
        Some("category") => &index.categories,
        _ => &index.types,
    };
    let percent = how.next().is_some_and(|word| matches!(word, "true" | "1" | "percentage"));
    let counts = counts.iter().map(|(name, count)| (name.as_str(), *count)).collect();
    Ok(Json(shares(&counts, percent)))
}

/// Counts; or the share of each in hundredths, as a text.
fn shares(counts: &BTreeMap<&str, u64>, percent: bool) -> Value {
    let all: u64 = counts.values().sum();
    let told = |count: u64| {
        let text = if percent {
            format!("{:.2}%", 100.0 * count as f64 / all.max(1) as f64)
        } else {
            count.to_string()
        };
        json!(text)
    };
    counts
        .iter()
        .map(|(name, count)| ((*name).to_owned(), told(*count)))
        .collect::<Map<_, _>>()
        .into()
}

/// The taxonomies that tags in use are of.
pub(super) async fn taxonomies(
    State(app): State<App>,
    asker: Asker,
) -> Result<Json<Value>, Problem> {
    let index = index(&app, &asker).await?;
    let told = |(namespace, tags): (&str, Vec<&str>)| {
        json!({
            "Taxonomy": taxonomy(namespace),
            "total_count": tags.len(),
            "current_count": tags.len(),
        })
    };
    Ok(Json(by_namespace(&index.tags).into_iter().map(told).collect()))
}

pub(super) async fn one_taxonomy(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let index = index(&app, &asker).await?;
    let id = id_of(&id);
    let found = by_namespace(&index.tags)
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&id) || numbered("taxonomy", name).0 == id);
    let Some((namespace, tags)) = found else { return Ok(unknown("taxonomy")) };
    let entries: Vec<Value> = tags
        .iter()
        .map(|tag| {
            let counts = index.tags.get(*tag).cloned().unwrap_or_default();
            json!({
                "tag": tag,
                "expanded": value_of(tag).unwrap_or(tag),
                "exclusive_predicate": false,
                "description": "",
                "existing_tag": { "Tag": words::tag(tag, &counts) },
                "events": counts.0,
                "attributes": counts.1,
            })
        })
        .collect();
    Ok(Json(json!({ "Taxonomy": taxonomy(namespace), "entries": entries })).into_response())
}

fn taxonomy(namespace: &str) -> Value {
    let (id, _) = numbered("taxonomy", namespace);
    json!({
        "id": id,
        "namespace": namespace,
        "description": format!("the tags of `{namespace}` that are in use"),
        "version": "1",
        "enabled": true,
        "exclusive": false,
        "required": false,
        "highlighted": false,
    })
}

/// Tags by what stands before the colon, galaxies apart.
fn by_namespace(tags: &Tags) -> BTreeMap<&str, Vec<&str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for name in tags.keys().filter(|name| !name.starts_with(GALAXY)) {
        if let Some((namespace, _)) = name.split_once(':') {
            all.entry(namespace).or_default().push(name);
        }
    }
    all
}

/// The clusters that tags in use name, by galaxy: name of the cluster, tag, how often.
fn by_galaxy(tags: &Tags) -> BTreeMap<&str, Vec<(&str, &str, u64)>> {
    let mut all: BTreeMap<&str, Vec<(&str, &str, u64)>> = BTreeMap::new();
    for (tag, (events, attributes, _)) in tags {
        let of = tag.strip_prefix(GALAXY).and_then(|rest| rest.split_once("=\""));
        if let Some((galaxy, cluster)) = of {
            let cluster = cluster.strip_suffix('"').unwrap_or(cluster);
            all.entry(galaxy).or_default().push((cluster, tag, events + attributes));
        }
    }
    all
}

/// The galaxies that tags in use are of.
pub(super) async fn galaxies(
    State(app): State<App>,
    asker: Asker,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let asked = Value::Object(asked(parameters, &body)?);
    let wanted = format!("%{}%", word(&asked, "value").trim_matches('%'));
    let index = index(&app, &asker).await?;
    let all = by_galaxy(&index.tags);
    let found = all.keys().filter(|kind| super::filter::matches(&wanted, kind));
    Ok(Json(found.map(|kind| json!({ "Galaxy": galaxy(kind) })).collect()))
}

fn galaxy(kind: &str) -> Value {
    let (id, uuid) = numbered("galaxy", kind);
    json!({
        "id": id,
        "uuid": uuid,
        "name": kind.replace('-', " "),
        "type": kind,
        "description": format!("what tags in use name of `{kind}`"),
        "version": "1",
        "icon": "",
        "namespace": "misp",
        "enabled": true,
        "default": true,
        "local_only": false,
        "kill_chain_order": null,
    })
}

fn cluster(kind: &str, (value, tag, count): (&str, &str, u64)) -> Value {
    let (id, uuid) = numbered("cluster", tag);
    json!({
        "id": id,
        "uuid": uuid,
        "collection_uuid": "",
        "type": kind,
        "value": value,
        "tag_name": tag,
        "description": "",
        "galaxy_id": numbered("galaxy", kind).0,
        "source": misp::ORGANISATION,
        "authors": [],
        "version": "1",
        "distribution": "3",
        "default": true,
        "locked": false,
        "published": true,
        "deleted": false,
        "tag_count": count,
        "GalaxyElement": [],
        "GalaxyClusterRelation": [],
    })
}

pub(super) async fn one_galaxy(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let index = index(&app, &asker).await?;
    let all = by_galaxy(&index.tags);
    Ok(match all.iter().find(|(kind, _)| is_galaxy(kind, &id)) {
        Some((kind, clusters)) => {
            let clusters: Vec<Value> = clusters.iter().map(|one| cluster(kind, *one)).collect();
            Json(json!({ "Galaxy": galaxy(kind), "GalaxyCluster": clusters })).into_response()
        }
        None => unknown("galaxy"),
    })
}

fn is_galaxy(kind: &str, id: &str) -> bool {
    let (number, uuid) = numbered("galaxy", kind);
    let id = id_of(id);
    kind == id || number == id || uuid == id
}

/// The clusters of a galaxy.
pub(super) async fn clusters(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
    Query(parameters): Parameters,
    body: Bytes,
) -> Result<Json<Value>, Problem> {
    let asked = asked(parameters, &body)?;
    let wanted =
        format!("%{}%", word(&Value::Object(asked.clone()), "searchall").trim_matches('%'));
    let index = index(&app, &asker).await?;
    let all = by_galaxy(&index.tags);
    let of = all.iter().filter(|(kind, _)| is_galaxy(kind, &id));
    let list = of
        .flat_map(|(kind, clusters)| clusters.iter().map(move |one| (*kind, *one)))
        .filter(|(_, (value, ..))| super::filter::matches(&wanted, value))
        .map(|(kind, one)| json!({ "GalaxyCluster": cluster(kind, one) }))
        .collect();
    Ok(Json(Value::Array(paged(&asked, list))))
}

pub(super) async fn one_cluster(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let index = index(&app, &asker).await?;
    let id = id_of(&id);
    let all = by_galaxy(&index.tags);
    let mut every =
        all.iter().flat_map(|(kind, clusters)| clusters.iter().map(move |one| cluster(kind, *one)));
    let found = every.find(|one| one["id"] == id.as_str() || one["uuid"] == id.as_str());
    Ok(found.map_or_else(
        || unknown("galaxy cluster"),
        |one| Json(json!({ "GalaxyCluster": one })).into_response(),
    ))
}

/// The lists of what is harmless.
pub(super) async fn warninglists(
    State(app): State<App>,
    asker: Asker,
) -> Result<Json<Value>, Problem> {
    let lists = warninglists_of(&app, &asker).await?;
    let told: Vec<Value> = lists.into_iter().map(|list| json!({ "Warninglist": list })).collect();
    Ok(Json(json!({ "Warninglists": told })))
}

pub(super) async fn one_warninglist(
    State(app): State<App>,
    asker: Asker,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let id = id_of(&id);
    let mut lists = warninglists_of(&app, &asker).await?.into_iter();
    let found = lists.find(|list| list["id"] == id.as_str() || text(list, "name") == id);
    Ok(found.map_or_else(
        || unknown("warninglist"),
        |list| Json(json!({ "Warninglist": list })).into_response(),
    ))
}

async fn warninglists_of(app: &App, asker: &Asker) -> Result<Vec<Value>, Problem> {
    let lists = app.read(asker, |sight| Ok(sight.knowledge().benign_lists())).await?;
    let told = lists.into_iter().map(|list| {
        json!({
            "id": numbered("warninglist", &list.list).0,
            "name": list.list,
            "description": list.why,
            "category": if list.shared { "known" } else { "false_positive" },
            "type": "string",
            "version": "1",
            "enabled": true,
            "default": true,
        })
    });
    Ok(told.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_of_taxonomies_and_galaxies() {
        let tags: Tags = ["misp-galaxy:threat-actor=\"X 1\"", "tlp:red", "a:b=\"c\"", "alone"]
            .map(|name| (name.to_owned(), (2, 1, String::new())))
            .into();
        assert_eq!(by_namespace(&tags).into_keys().collect::<Vec<_>>(), ["a", "tlp"]);
        let galaxies = by_galaxy(&tags);
        assert_eq!(galaxies["threat-actor"][0].0, "X 1");
        assert_eq!(cluster("threat-actor", galaxies["threat-actor"][0])["tag_count"], 3);
        assert_eq!(value_of("a:b=\"c\""), Some("c"));
    }

    #[test]
    fn shares_are_counts_or_hundredths() {
        let counts = BTreeMap::from([("a", 3), ("b", 1)]);
        assert_eq!(shares(&counts, false), json!({ "a": "3", "b": "1" }));
        assert_eq!(shares(&counts, true), json!({ "a": "75.00%", "b": "25.00%" }));
    }
}
