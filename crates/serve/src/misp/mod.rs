//! The part of MISP's API that its clients use most, so that they work as they are: look-ups and
//! searches of attributes and events; adding, changing and deleting events, attributes and objects;
//! sightings, tags, lists of the harmless, version and user; and the store as a feed.
//!
//! An event here is a document of the store, as `lapwing export --as misp` writes it; one that a
//! client sent is told as he sent it ([`kept`]).

mod add;
mod around;
mod bring;
mod change;
mod feed;
mod filter;
mod heads;
mod index;
mod kept;
mod narrow;
mod objects;
mod paths;
mod revise;
mod search;
mod sent;
mod shelf;
mod sighted;
mod sighting;
mod spool;
mod summary;
mod sync;
mod table;
mod told;
mod types;
mod view;
mod vocabulary;
mod words;

use axum::Router;
use axum::routing::{get, post};
use lapwing_engine::publish::misp::Event;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::asker::Permission::{self, Administer, Analyse, Collect, Read};

pub(crate) use heads::Heads;
pub(crate) use paths::{in_our_form, not_here};
pub(crate) use sent::in_its_words;
pub(crate) use shelf::Shelf;

/// The version of MISP whose shapes these are.
const VERSION: &str = "2.5.0";

/// Every route with what it asks of the caller.
pub(crate) const TABLE: &[(&str, &str, Permission)] = &[
    ("GET", "/servers/getVersion", Read),
    ("GET", "/servers/getVersion.json", Read),
    ("GET", "/servers/getPyMISPVersion", Read),
    ("GET", "/servers/getPyMISPVersion.json", Read),
    ("GET", "/users/view/me", Read),
    ("GET", "/users/view/me.json", Read),
    ("GET", "/attributes/restSearch", Read),
    ("POST", "/attributes/restSearch", Read),
    ("POST", "/attributes/restSearch/json", Read),
    ("GET", "/events/restSearch", Read),
    ("POST", "/events/restSearch", Read),
    ("POST", "/events/restSearch/json", Read),
    ("GET", "/events/index", Read),
    ("POST", "/events/index", Read),
    ("GET", "/events/view/{id}", Read),
    ("POST", "/events/view/{id}", Read),
    ("POST", "/events/add", Collect),
    ("POST", "/events/add/{how}", Collect),
    ("POST", "/events/edit/{id}", Analyse),
    ("PUT", "/events/edit/{id}", Analyse),
    ("POST", "/attributes/add", Analyse),
    ("POST", "/attributes/add/{event}", Analyse),
    ("POST", "/events/edit/{id}/{how}", Analyse),
    ("POST", "/events/delete/{id}", Analyse),
    ("DELETE", "/events/delete/{id}", Analyse),
    ("POST", "/events/publish/{id}", Analyse),
    ("POST", "/events/alert/{id}", Analyse),
    ("POST", "/events/unpublish/{id}", Analyse),
    ("GET", "/attributes/view/{id}", Read),
    ("GET", "/attributes/describeTypes", Read),
    ("GET", "/attributes/describeTypes.json", Read),
    ("POST", "/attributes/edit/{id}", Analyse),
    ("PUT", "/attributes/edit/{id}", Analyse),
    ("POST", "/attributes/delete/{id}", Analyse),
    ("DELETE", "/attributes/delete/{id}", Analyse),
    ("POST", "/attributes/delete/{id}/{how}", Analyse),
    ("POST", "/objects/restSearch", Read),
    ("GET", "/objects/view/{id}", Read),
    ("POST", "/objects/add/{event}", Analyse),
    ("POST", "/objects/add/{event}/{template}", Analyse),
    ("POST", "/objects/edit/{id}", Analyse),
    ("POST", "/objects/delete/{id}", Analyse),
    ("DELETE", "/objects/delete/{id}", Analyse),
    ("POST", "/objects/delete/{id}/{how}", Analyse),
    ("POST", "/objectReferences/add", Analyse),
    ("POST", "/objectReferences/delete/{id}", Analyse),
    ("POST", "/tags/attachTagToObject", Analyse),
    ("POST", "/tags/removeTagFromObject", Analyse),
    ("POST", "/sightings/add", Analyse),
    ("POST", "/sightings/add/{id}", Analyse),
    ("GET", "/objects/restSearch", Read),
    ("GET", "/attributes/index", Read),
    ("POST", "/attributes/index", Read),
    ("GET", "/attributes/attributeStatistics/{*how}", Read),
    ("POST", "/events/freeTextImport/{event}", Analyse),
    ("POST", "/events/upload_stix", Collect),
    ("POST", "/events/upload_stix/{version}", Collect),
    ("GET", "/sightings/index", Read),
    ("POST", "/sightings/index", Read),
    ("GET", "/sightings/index/{*of}", Read),
    ("GET", "/sightings/listSightings", Read),
    ("POST", "/sightings/listSightings", Read),
    ("GET", "/sightings/listSightings/{*of}", Read),
    ("POST", "/sightings/listSightings/{*of}", Read),
    ("GET", "/sightings/restSearch", Read),
    ("POST", "/sightings/restSearch", Read),
    ("GET", "/sightings/restSearch/{context}", Read),
    ("POST", "/sightings/restSearch/{context}", Read),
    ("GET", "/tags/index", Read),
    ("GET", "/tags/view/{id}", Read),
    ("GET", "/tags/search", Read),
    ("POST", "/tags/search", Read),
    ("GET", "/tags/search/{name}", Read),
    ("POST", "/tags/add", Analyse),
    ("GET", "/tags/tagStatistics", Read),
    ("GET", "/tags/tagStatistics/{*how}", Read),
    ("GET", "/taxonomies/index", Read),
    ("GET", "/taxonomies/view/{id}", Read),
    ("GET", "/galaxies/index", Read),
    ("POST", "/galaxies/index", Read),
    ("GET", "/galaxies/view/{id}", Read),
    ("GET", "/galaxyClusters/index/{id}", Read),
    ("POST", "/galaxyClusters/index/{id}", Read),
    ("GET", "/galaxyClusters/view/{id}", Read),
    ("GET", "/warninglists/index", Read),
    ("POST", "/warninglists/index", Read),
    ("GET", "/warninglists/view/{id}", Read),
    ("GET", "/organisations/index", Read),
    ("GET", "/organisations/view/{id}", Read),
    ("GET", "/roles/index", Read),
    ("GET", "/admin/users/index", Administer),
    ("GET", "/feeds/index", Analyse),
    ("GET", "/feeds/view/{id}", Analyse),
    ("GET", "/users/heartbeat", Read),
    ("GET", "/sharingGroups/index", Read),
    ("GET", "/shadowAttributes/index", Read),
    ("GET", "/shadowAttributes/index/{event}", Read),
    ("GET", "/eventReports/index", Read),
    ("GET", "/servers/index", Read),
    ("GET", "/noticelists/index", Read),
    ("GET", "/decayingModel/index", Read),
    ("GET", "/correlationExclusions/index", Read),
    ("GET", "/communities/index", Read),
    ("GET", "/eventDelegations/index", Read),
    ("GET", "/userSettings/index", Read),
    ("GET", "/eventBlocklists/index", Read),
    ("GET", "/orgBlocklists/index", Read),
    ("POST", "/warninglists/checkValue", Read),
    ("POST", "/servers/postTest", Read),
    ("GET", "/servers/getAvailableSyncFilteringRules", Read),
    ("POST", "/events/filterEventIdsForPush", Collect),
    ("POST", "/sightings/bulkSaveSightings/{event}", Analyse),
    ("GET", "/galaxyClusters/restSearch", Read),
    ("POST", "/galaxyClusters/restSearch", Read),
    ("GET", "/misp/feed/{file}", Read),
];

/// The routes.
pub(crate) fn routes() -> Router<App> {
    let attributes = || get(search::attributes).post(search::attributes);
    let events = || get(search::events).post(search::events);
    let attribute_list = || get(search::attribute_list).post(search::attribute_list);
    let sightings = || get(sighted::listed).post(sighted::listed);
    Router::new()
        .route("/servers/getVersion", get(view::version))
        .route("/servers/getVersion.json", get(view::version))
        .route("/servers/getPyMISPVersion", get(view::client_version))
        .route("/servers/getPyMISPVersion.json", get(view::client_version))
        .route("/users/view/me", get(view::user))
        .route("/users/view/me.json", get(view::user))
        .route("/attributes/restSearch", attributes())
        .route("/attributes/restSearch/json", post(search::attributes))
        .route("/events/restSearch", events())
        .route("/events/restSearch/json", post(search::events))
        .route("/events/index", get(index::list).post(index::list))
        .route("/events/view/{id}", get(view::event).post(view::event))
        .route("/events/add", post(add::add))
        .route("/events/add/{how}", post(add::add))
        .route("/events/edit/{id}", post(revise::edit).put(revise::edit))
        .route("/events/edit/{id}/{how}", post(revise::edit_how))
        .route("/events/delete/{id}", post(revise::remove).delete(revise::remove))
        .route("/events/publish/{id}", post(revise::publish))
        .route("/events/alert/{id}", post(revise::publish))
        .route("/events/unpublish/{id}", post(revise::unpublish))
        .route("/attributes/add", post(change::add))
        .route("/attributes/add/{event}", post(change::add_to))
        .route("/attributes/view/{id}", get(view::attribute))
        .route("/attributes/describeTypes", get(types::describe))
        .route("/attributes/describeTypes.json", get(types::describe))
        .route("/attributes/edit/{id}", post(change::edit).put(change::edit))
        .route("/attributes/delete/{id}", post(change::remove).delete(change::remove))
        .route("/attributes/delete/{id}/{how}", post(change::remove_how))
        .route("/objects/restSearch", get(search::objects).post(search::objects))
        .route("/objects/view/{id}", get(objects::view))
        .route("/objects/add/{event}", post(objects::add))
        .route("/objects/add/{event}/{template}", post(objects::add_with_template))
        .route("/objects/edit/{id}", post(objects::edit))
        .route("/objects/delete/{id}", post(objects::remove).delete(objects::remove))
        .route("/objects/delete/{id}/{how}", post(objects::remove_how))
        .route("/objectReferences/add", post(objects::refer))
        .route("/objectReferences/delete/{id}", post(objects::part))
        .route("/tags/attachTagToObject", post(objects::tag))
        .route("/tags/removeTagFromObject", post(objects::untag))
        .route("/sightings/add", post(sighting::add))
        .route("/sightings/add/{id}", post(sighting::add_to))
        .route("/attributes/index", attribute_list())
        .route("/attributes/attributeStatistics/{*how}", get(vocabulary::attribute_statistics))
        .route("/events/freeTextImport/{event}", post(bring::free_text))
        .route("/events/upload_stix", post(bring::stix))
        .route("/events/upload_stix/{version}", post(bring::stix_of_version))
        .route("/sightings/index", sightings())
        .route("/sightings/index/{*of}", get(sighted::listed_of))
        .route("/sightings/listSightings", sightings())
        .route("/sightings/listSightings/{*of}", get(sighted::listed_of).post(sighted::listed_of))
        .route("/sightings/restSearch", get(sighted::search).post(sighted::search))
        .route("/sightings/restSearch/{context}", get(sighted::search_in).post(sighted::search_in))
        .route("/tags/index", get(vocabulary::tags))
        .route("/tags/view/{id}", get(vocabulary::one_tag))
        .route("/tags/search", get(vocabulary::search_tags).post(vocabulary::search_tags))
        .route("/tags/search/{name}", get(vocabulary::search_tag))
        .route("/tags/add", post(vocabulary::add_tag))
        .route("/tags/tagStatistics", get(vocabulary::all_tag_statistics))
        .route("/tags/tagStatistics/{*how}", get(vocabulary::tag_statistics))
        .route("/taxonomies/index", get(vocabulary::taxonomies))
        .route("/taxonomies/view/{id}", get(vocabulary::one_taxonomy))
        .route("/galaxies/index", get(vocabulary::galaxies).post(vocabulary::galaxies))
        .route("/galaxies/view/{id}", get(vocabulary::one_galaxy))
        .route("/galaxyClusters/index/{id}", get(vocabulary::clusters).post(vocabulary::clusters))
        .route("/galaxyClusters/view/{id}", get(vocabulary::one_cluster))
        .route("/warninglists/index", get(vocabulary::warninglists).post(vocabulary::warninglists))
        .route("/warninglists/view/{id}", get(vocabulary::one_warninglist))
        .route("/organisations/index", get(around::organisations))
        .route("/organisations/view/{id}", get(around::one_organisation))
        .route("/roles/index", get(around::roles))
        .route("/admin/users/index", get(around::users))
        .route("/feeds/index", get(around::feed_list))
        .route("/feeds/view/{id}", get(around::one_feed))
        .route("/users/heartbeat", get(around::heartbeat))
        .route("/sharingGroups/index", get(around::no_groups))
        .route("/shadowAttributes/index/{event}", get(around::none))
        .route("/shadowAttributes/index", get(around::none))
        .route("/eventReports/index", get(around::none))
        .route("/servers/index", get(around::none))
        .route("/noticelists/index", get(around::none))
        .route("/decayingModel/index", get(around::none))
        .route("/correlationExclusions/index", get(around::none))
        .route("/communities/index", get(around::none))
        .route("/eventDelegations/index", get(around::none))
        .route("/userSettings/index", get(around::none))
        .route("/eventBlocklists/index", get(around::none))
        .route("/orgBlocklists/index", get(around::none))
        .route("/warninglists/checkValue", post(words::check_value))
        .route("/servers/postTest", post(sync::echo))
        .route("/servers/getAvailableSyncFilteringRules", get(sync::filters))
        .route("/events/filterEventIdsForPush", post(sync::wanted))
        .route("/sightings/bulkSaveSightings/{event}", post(sighting::bulk))
        .route("/galaxyClusters/restSearch", get(sync::no_clusters).post(sync::no_clusters))
        .route("/misp/feed/{file}", get(feed::file))
}

/// Adds what a server tells of an event beside what a file does.
fn served(event: &mut Event) {
    let id = number(event.uuid);
    let json = &mut event.json["Event"];
    let count = ["Attribute", "Object"].map(|key| json[key].as_array().map_or(0, Vec::len));
    for (key, value) in [
        ("id", json!(id)),
        ("org_id", json!("1")),
        ("orgc_id", json!("1")),
        ("locked", json!(true)),
        ("proposal_email_lock", json!(false)),
        ("sharing_group_id", json!("0")),
        ("attribute_count", json!(count[0].to_string())),
        ("ShadowAttribute", json!([])),
        ("RelatedEvent", json!([])),
        ("Galaxy", json!([])),
        ("EventReport", json!([])),
    ] {
        json[key] = value;
    }
    json["Org"] = json["Orgc"].clone();
    for key in ["Org", "Orgc"] {
        json[key]["id"] = json!("1");
        json[key]["local"] = json!(true);
    }
    let number_all = |list: &mut Value, object: &str| {
        for attribute in list.as_array_mut().into_iter().flatten() {
            let uuid = attribute["uuid"].as_str().and_then(|uuid| uuid.parse().ok());
            attribute["id"] = json!(number(uuid.unwrap_or_default()));
            attribute["event_id"] = json!(id);
            attribute["object_id"] = json!(object);
            attribute["sharing_group_id"] = json!("0");
            attribute["deleted"] = json!(false);
        }
    };
    number_all(&mut json["Attribute"], "0");
    for object in json["Object"].as_array_mut().into_iter().flatten() {
        let uuid = object["uuid"].as_str().and_then(|uuid| uuid.parse().ok());
        let own = number(uuid.unwrap_or_default());
        object["id"] = json!(own);
        object["event_id"] = json!(id);
        object["sharing_group_id"] = json!("0");
        object["deleted"] = json!(false);
        number_all(&mut object["Attribute"], &own);
    }
}

/// MISP numbers what it holds. Ours are made of the identifier, so that they are the same in every
/// process.
fn number(uuid: Uuid) -> String {
    let bytes = uuid.as_bytes();
    let number = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    // MISP's are positive and fit 31 bits.
    ((number >> 1).max(1)).to_string()
}
