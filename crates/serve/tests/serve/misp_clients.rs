//! What MISP's clients ask beside the plain searches: paths in all their forms, every filter, what
//! stands around events, and what is not here. The requests are those that PyMISP makes.

use axum::body::Body;
use axum::http::{Method, Request};
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::{Value, json};

use crate::common::{AMBER, CLEAR, Server, add};

/// An event as a client sends it.
fn sent() -> Value {
    json!({ "Event": {
        "uuid": "0c5d1f8e-55a1-4c39-9c8d-5a3a3c2f7b10",
        "info": "Phishing wave of March",
        "date": "2020-12-01",
        "threat_level_id": "2",
        "distribution": "0",
        "Tag": [{ "name": "tlp:clear" }, { "name": "test:own" }],
        "Attribute": [
            { "uuid": "6f0b7c3a-98d3-4d0f-8c39-0d9f30b2a001", "type": "domain", "value": "wave.top",
                "comment": "landing page", "to_ids": true, "Tag": [{ "name": "role:landing" }] },
            { "type": "ip-dst", "value": "45.77.9.9", "to_ids": true },
        ],
        "Object": [{ "uuid": "6f0b7c3a-98d3-4d0f-8c39-0d9f30b2a002", "name": "file",
            "meta-category": "file", "Attribute": [
            { "type": "filename", "object_relation": "filename", "value": "invoice.exe" },
            { "type": "md5", "object_relation": "md5", "value": "0123456789abcdef0123456789abcde7",
                "to_ids": true }] }],
    }})
}

/// A server with a report and an event that a client sent; the event's number.
async fn filled() -> (Server, String) {
    let server = Server::new();
    let event = server.post("/events/add", sent()).await.ok(200);
    let id = event["Event"]["id"].as_str().unwrap().to_owned();
    (server, id)
}

async fn titles(server: &Server, asked: Value) -> Vec<String> {
    let found = server.post("/events/restSearch", asked).await.ok(200);
    let all = found["response"].as_array().unwrap();
    all.iter().map(|event| event["Event"]["info"].as_str().unwrap().to_owned()).collect()
}

async fn values(server: &Server, asked: Value) -> Vec<String> {
    let found = server.post("/attributes/restSearch", asked).await.ok(200);
    let all = found["response"]["Attribute"].as_array().unwrap();
    all.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn events_are_found_by_all_that_stands_in_them() {
    let (server, id) = filled().await;
    let ours = ["Phishing wave of March"];
    for asked in [
        json!({ "quickFilter": "wave.top" }),
        json!({ "searchall": "phishing" }),
        json!({ "searchall": "landing page" }),
        json!({ "tags": "role:landing" }),
        json!({ "event_tags": "test:own" }),
        json!({ "tags": ["test:own", "no:such"] }),
        json!({ "uuid": "6f0b7c3a-98d3-4d0f-8c39-0d9f30b2a001" }),
        json!({ "uuid": "6f0b7c3a-98d3-4d0f-8c39-0d9f30b2a002" }),
        json!({ "object_name": "file" }),
        json!({ "eventid": id }),
        json!({ "date": ["2020-11-01", "2020-12-31"] }),
        json!({ "org": "local", "from": "2020-01-01" }),
        json!({ "org": ["1"], "published": 0 }),
        json!({ "distribution": 0, "threat_level_id": [2] }),
    ] {
        assert_eq!(titles(&server, asked.clone()).await, ours, "{asked}");
    }
    for asked in [
        json!({ "event_tags": "role:landing" }),
        json!({ "tags": ["!role:landing"], "info": "x", "eventid": id }),
        json!({ "sharinggroup": [1] }),
        json!({ "deleted": "only" }),
        json!({ "quickFilter": "no such words" }),
        json!({ "first_seen": "2019-01-01", "eventid": id }),
        json!({ "org": "Someone else" }),
    ] {
        assert!(titles(&server, asked.clone()).await.is_empty(), "{asked}");
    }
    assert_eq!(titles(&server, json!({ "org": 1 })).await.len(), 2);
    assert_eq!(titles(&server, json!({ "org": "Example" })).await.len(), 1);
    assert_eq!(values(&server, json!({ "object_name": "file" })).await.len(), 2);
    assert_eq!(values(&server, json!({ "quickFilter": "wave.top" })).await, ["wave.top"]);
    let tagged = json!({ "value": "wave.top", "includeEventTags": 1 });
    let found = server.post("/attributes/restSearch", tagged).await;
    assert_eq!(found.headers["x-result-count"], "1");
    let tags = found.json()["response"]["Attribute"][0]["Tag"].clone();
    let inherited = tags.as_array().unwrap().iter().find(|tag| tag["name"] == "test:own");
    assert_eq!(inherited.unwrap()["inherited"], 1);
}

#[tokio::test]
async fn who_polls_by_time_gets_what_came_since() {
    let (server, id) = filled().await;
    // The event is dated months ago, the report says nothing of when; both came now.
    for asked in [json!({ "timestamp": "1h" }), json!({ "event_timestamp": "1h" })] {
        assert_eq!(titles(&server, asked).await.len(), 2);
    }
    assert_eq!(values(&server, json!({ "timestamp": "1h", "eventid": id })).await.len(), 4);
    // Not published, so no time of publishing.
    assert_eq!(titles(&server, json!({ "publish_timestamp": "1h" })).await.len(), 1);
    server.post(&format!("/events/publish/{id}"), json!({})).await.ok(200);
    assert_eq!(titles(&server, json!({ "last": "1h" })).await.len(), 2);
    assert!(titles(&server, json!({ "timestamp": ["2d", "1d"] })).await.is_empty());
    // The same sent again is the same: the time at which it came is no difference.
    server.post("/events/add", sent()).await.ok(403);
}

#[tokio::test]
async fn results_come_as_texts_that_stand_alone() {
    let (server, id) = filled().await;
    let of = |format: &str| json!({ "returnFormat": format, "eventid": id });
    let csv = |more: Value| {
        let mut asked = of("csv");
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let chosen = csv(json!({ "requested_attributes": ["value", "type"], "type": "domain" }));
    let told = server.post("/attributes/restSearch", chosen).await.text();
    assert_eq!(told, "value,type\n\"wave.top\",\"domain\"\n");
    let headless =
        csv(json!({ "requested_attributes": ["value"], "headerless": 1, "type": "md5" }));
    let told = server.post("/attributes/restSearch", headless).await.text();
    assert_eq!(told, "\"0123456789abcdef0123456789abcde7\"\n");
    let context = csv(json!({ "includeContext": true, "type": "filename" }));
    let told = server.post("/events/restSearch", context).await.text();
    let (head, row) = told.trim().split_once('\n').unwrap();
    assert!(head.contains("object_name,object_meta_category,event_info"), "{head}");
    assert!(row.contains("\"file\"") && row.contains("\"Phishing wave of March\""), "{row}");
    let told = server.post("/attributes/restSearch", of("hashes")).await.text();
    assert_eq!(told, "0123456789abcdef0123456789abcde7\n");
    let told = server.post("/events/restSearch", of("cache")).await.text();
    assert!(told.lines().all(|line| line.len() == 69 && line.as_bytes()[32] == b','), "{told}");
    // A client that asks for rules takes one text, not an archive of several.
    let told = server.post("/events/restSearch", of("suricata")).await;
    assert!(told.headers["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert!(told.text().contains("wave.top") && !told.text().contains('\0'));
    let named = !told.text().lines().any(|line| line.starts_with("alert") && line.contains(".lst"));
    assert!(named, "{}", told.text());
    // Of attributes only those that are asked for go out.
    let domains = json!({ "returnFormat": "suricata", "type": "domain", "eventid": id });
    let told = server.post("/attributes/restSearch", domains).await.text();
    assert!(told.contains("wave.top") && !told.contains("45.77.9.9"), "{told}");
    let nothing = json!({ "returnFormat": "suricata", "value": "no-such.example.org" });
    assert!(server.post("/attributes/restSearch", nothing).await.text().starts_with('#'));
    let refused = server.post("/events/restSearch", of("openioc")).await.ok(400);
    assert!(refused["message"].as_str().unwrap().contains("openioc"));
}

#[tokio::test]
async fn paths_are_taken_as_misp_takes_them() {
    let (server, id) = filled().await;
    for path in [
        format!("/events/view/{id}/noSightings:1"),
        format!("/events/{id}"),
        format!("/Events/view/{id}.json"),
    ] {
        assert_eq!(server.get(&path).await.ok(200)["Event"]["id"], json!(id), "{path}");
    }
    let listed = server.get("/attributes/restSearch/returnFormat:text/type:domain").await;
    assert!(listed.text().contains("evil-clear.top"), "{}", listed.text());
    let one = format!("/attributes/restSearch/returnFormat:text/eventid:{id}/to_ids:1");
    assert_eq!(
        server.get(&one).await.text(),
        "0123456789abcdef0123456789abcde7\n45.77.9.9\ninvoice.exe\nwave.top\n"
    );
    assert_eq!(server.get("/sharing_groups/index.json").await.ok(200)["response"], json!([]));
    assert_eq!(server.get("/events.json").await.ok(200).as_array().unwrap().len(), 2);
    let some = server.get("/tags/index/limit:1/page:2").await.ok(200);
    assert_eq!(some["Tag"].as_array().unwrap().len(), 1);
    let known = json!({ "type": "domain", "value": "wave.top" });
    let path = format!("/attributes/add/{id}");
    server.post(&path, known.clone()).await.ok(403);
    let same = server.post(&format!("{path}/breakOnDuplicate:0"), known).await.ok(200);
    assert_eq!(same["Attribute"]["uuid"], "6f0b7c3a-98d3-4d0f-8c39-0d9f30b2a001");
    // A list of one is answered as one.
    let one = json!([{ "type": "domain", "value": "single.top" }]);
    assert_eq!(server.post(&path, one).await.ok(200)["Attribute"]["value"], "single.top");
}

#[tokio::test]
async fn the_index_is_cut_and_sorted() {
    let (server, id) = filled().await;
    let index = |asked: Value| {
        let server = &server;
        async move { server.post("/events/index", asked).await.ok(200).as_array().unwrap().clone() }
    };
    let found = index(json!({ "minimal": true, "all": "wave.top" })).await;
    assert_eq!((found.len(), &found[0]["id"]), (1, &json!(id)));
    assert!(found[0]["orgc_uuid"].is_string() && found[0]["info"].is_null());
    let dates = |events: Vec<Value>| -> Vec<String> {
        events.iter().map(|event| event["date"].as_str().unwrap().to_owned()).collect()
    };
    let up = dates(index(json!({ "sort": "date", "direction": "asc" })).await);
    let down = dates(index(json!({ "sort": "date", "direction": "desc" })).await);
    assert!(up.is_sorted() && up.len() == 2 && down.iter().rev().eq(&up));
    let second = index(json!({ "sort": "date", "limit": 1, "page": 2 })).await;
    assert_eq!(dates(second), up[1..]);
    for (asked, count) in [
        (json!({ "threatlevel": [2] }), 1),
        (json!({ "distribution": [0] }), 1),
        (json!({ "org": "1" }), 2),
        (json!({ "email": "local" }), 1),
        (json!({ "sharinggroup": "1|2" }), 0),
        (json!({ "hasproposal": true }), 0),
        (json!({ "eventinfo": "wave" }), 1),
        (json!({ "datefrom": "2020-11-01", "dateuntil": "2020-12-31" }), 1),
    ] {
        assert_eq!(index(asked.clone()).await.len(), count, "{asked}");
    }
}

#[tokio::test]
async fn the_values_of_a_text_become_attributes() {
    let (server, id) = filled().await;
    let text = "198.18.7.7 called hxxp://drop[.]wave2[.]top/a.php, resolved by 8.8.8.8";
    let path = format!("/events/freeTextImport/{id}");
    let meta = json!({ "value": text, "returnMetaAttributes": true });
    let proposed = server.post(&path, meta).await.ok(200);
    let url = proposed.as_array().unwrap().iter().find(|one| one["default_type"] == "url").unwrap();
    assert_eq!(url["value"], "http://drop.wave2.top/a.php");
    let before = values(&server, json!({ "eventid": id })).await.len();
    assert_eq!(before, 4, "what is proposed is not added");
    let asked = json!({ "value": text, "adhereToWarninglists": true });
    let added = server.post(&path, asked.clone()).await.ok(200);
    let added = added.as_array().unwrap();
    assert!(added.iter().all(|one| one["event_id"] == json!(id)), "{added:?}");
    let told: Vec<&str> = added.iter().map(|one| one["value"].as_str().unwrap()).collect();
    assert!(
        told.contains(&"http://drop.wave2.top/a.php") && !told.contains(&"8.8.8.8"),
        "{told:?}"
    );
    assert_eq!(values(&server, json!({ "eventid": id })).await.len(), 4 + told.len());
    assert_eq!(server.post(&path, asked).await.ok(200), json!([]));
    server.post(&path, json!({ "value": " " })).await.ok(422);
    server.post("/events/freeTextImport/77", json!({ "value": text })).await.ok(404);
}

#[tokio::test]
async fn sightings_are_told_where_they_are_looked_for() {
    let (server, id) = filled().await;
    let seen = json!({ "value": "wave.top", "source": "proxy", "timestamp": "1615161600" });
    server.post("/sightings/add", seen).await.ok(200);
    server.post("/sightings/add", json!({ "value": "45.77.9.9", "type": 1 })).await.ok(200);
    // They are no events of their own.
    for value in ["wave.top", "45.77.9.9"] {
        assert_eq!(titles(&server, json!({ "value": value })).await, ["Phishing wave of March"]);
    }
    let listed = json!({ "context": "event", "id": id });
    let listed = server.post("/sightings/listSightings", listed).await.ok(200);
    let listed = listed.as_array().unwrap();
    let kinds: Vec<&Value> = listed.iter().map(|one| &one["type"]).collect();
    assert_eq!(kinds, [&json!("0"), &json!("1")], "{listed:?}");
    assert!(listed.iter().all(|one| one["event_id"] == json!(id)));
    let attribute = listed[0]["attribute_id"].as_str().unwrap();
    let whole = server.get(&format!("/attributes/view/{attribute}")).await.ok(200);
    assert_eq!(whole["Attribute"]["Sighting"][0]["type"], "0");
    let event = server.get(&format!("/events/view/{id}")).await.ok(200);
    assert_eq!(event["Event"]["Attribute"][0]["Sighting"].as_array().unwrap().len(), 1);
    let asked = json!({ "id": attribute, "includeAttribute": true, "includeEvent": true });
    let found = server.post("/sightings/restSearch/attribute", asked).await.ok(200);
    let one = &found["response"][0]["Sighting"];
    assert_eq!((&one["value"], &one["Event"]["id"]), (&json!("wave.top"), &json!(id)));
    assert_eq!(one["Attribute"]["value"], "wave.top");
    let late = json!({ "type": "0", "last": "1h" });
    let late = server.post("/sightings/restSearch", late).await.ok(200);
    assert_eq!(late["response"], json!([]), "it was seen the day before");
}

#[tokio::test]
async fn what_stands_around_events_has_the_shapes_of_misp() {
    let (server, _) = filled().await;
    let get = |path: &'static str| {
        let server = &server;
        async move { server.get(path).await.ok(200) }
    };
    let tag = &get("/tags/index").await["Tag"][0];
    let path = format!("/tags/view/{}", tag["id"].as_str().unwrap());
    assert_eq!(&server.get(&path).await.ok(200)["name"], &tag["name"]);
    let found = server.post("/tags/search", json!({ "tagname": "test:%" })).await.ok(200);
    assert_eq!(found[0]["Tag"]["name"], "test:own");
    let strict = json!({ "tagname": "own", "strict_tagname": true });
    assert_eq!(server.post("/tags/search", strict).await.ok(200), json!([]));
    let made = server.post("/tags/add", json!({ "Tag": { "name": "test:own" } })).await.ok(200);
    assert_eq!(made["Tag"]["id"], found[0]["Tag"]["id"]);
    server.post("/tags/add", json!({})).await.ok(422);
    let taxonomies = get("/taxonomies/index").await;
    let own = taxonomies.as_array().unwrap().iter().find(|t| t["Taxonomy"]["namespace"] == "test");
    assert_eq!(own.unwrap()["total_count"], 1);
    assert_eq!(get("/taxonomies/view/test").await["entries"][0]["tag"], "test:own");
    let galaxies = get("/galaxies/index").await;
    let actors =
        galaxies.as_array().unwrap().iter().find(|g| g["Galaxy"]["type"] == "threat-actor");
    let id = actors.unwrap()["Galaxy"]["id"].as_str().unwrap().to_owned();
    let clusters = server.get(&format!("/galaxies/view/{id}")).await.ok(200);
    assert_eq!(clusters["GalaxyCluster"][0]["value"], "HAFNIUM");
    let clusters = server.post(&format!("/galaxy_clusters/index/{id}"), json!({})).await.ok(200);
    let cluster = clusters[0]["GalaxyCluster"]["id"].as_str().unwrap();
    let one = server.get(&format!("/galaxy_clusters/view/{cluster}")).await.ok(200);
    assert_eq!(one["GalaxyCluster"]["tag_name"], "misp-galaxy:threat-actor=\"HAFNIUM\"");
    let lists = get("/warninglists/index").await;
    let id = lists["Warninglists"][0]["Warninglist"]["id"].as_str().unwrap().to_owned();
    let one = server.get(&format!("/warninglists/view/{id}")).await.ok(200);
    assert_eq!(one["Warninglist"]["id"], json!(id));
    assert_eq!(get("/organisations/view/1").await["Organisation"]["name"], "Lapwing");
    assert_eq!(get("/organisations/index").await.as_array().unwrap().len(), 1);
    assert_eq!(get("/roles/index").await.as_array().unwrap().len(), 5);
    assert_eq!(get("/feeds/index").await, json!([]));
    for none in ["/shadow_attributes/index", "/event_reports/index/event_id:1", "/servers/index"] {
        assert_eq!(server.get(none).await.ok(200), json!([]), "{none}");
    }
    let counts = get("/attributes/attributeStatistics/type").await;
    assert_eq!(counts["md5"], "1");
    let shares = get("/attributes/attributeStatistics/category/true").await;
    assert!(shares["Network activity"].as_str().unwrap().ends_with('%'));
    assert_eq!(get("/tags/tagStatistics/0/0").await["taxonomies"]["test"], "1");
    let me = get("/users/view/me").await;
    assert_eq!((&me["Role"]["name"], &me["User"]["role_id"]), (&json!("admin"), &me["Role"]["id"]));
}

#[tokio::test]
async fn what_is_not_here_is_refused_in_the_words_of_misp() {
    let (server, id) = filled().await;
    for (path, hint) in [
        ("/feeds/fetchFromFeed/1", "lapwing feeds"),
        ("/attributes/restore/5", "lapwing undo"),
        ("/event_reports/add/1", "/api/v1/documents"),
        ("/servers/update", "not here"),
    ] {
        let told = server.post(path, json!({ "a": 1 })).await.ok(404);
        for key in ["name", "message", "errors"] {
            assert!(told[key].as_str().unwrap().contains(hint), "{path}: {told}");
        }
    }
    // Another path is none of MISP's.
    server.get("/no-such-page").await.problem(404);
    let users = server.user("root", Role::Admin, Marking::Red);
    let reader = server.user("anna", Role::Reader, Marking::Red);
    let as_who = |method: Method, path: &str, key: &str, body: &str| {
        let request = Request::builder().method(method).uri(path).header("authorization", key);
        request.body(Body::from(body.to_owned())).unwrap()
    };
    let local = [127, 0, 0, 1];
    let list = |key| as_who(Method::GET, "/admin/users/index", key, "");
    let told = server.send_from(local, list(&users)).await.ok(200);
    assert_eq!(told.as_array().unwrap().len(), 2);
    let told = server.send_from(local, list(&reader)).await.ok(403);
    assert!(told["message"].as_str().unwrap().contains("may not"), "{told}");
    let path = format!("/events/freeTextImport/{id}");
    let text = as_who(Method::POST, &path, &reader, "{\"value\":\"45.77.9.9\"}");
    server.send_from(local, text).await.ok(403);
}

#[tokio::test]
async fn stix_is_taken_as_a_document() {
    let server = Server::new();
    let bundle = json!({ "type": "bundle", "id": "bundle--5d0092c5-5f74-4287-9642-33f4c354e56d",
        "objects": [{ "type": "indicator", "spec_version": "2.1",
            "id": "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "created": "2021-01-01T00:00:00.000Z", "modified": "2021-01-01T00:00:00.000Z",
            "pattern": "[domain-name:value = 'stix-sent.top']", "pattern_type": "stix",
            "valid_from": "2021-01-01T00:00:00Z" }] });
    let told = server.post("/events/upload_stix/2", bundle.clone()).await.ok(200);
    let id = told["id"].as_str().unwrap();
    let event = server.get(&format!("/events/view/{id}")).await.ok(200);
    assert!(event.to_string().contains("stix-sent.top"), "{event}");
    server.post("/events/upload_stix/2", json!("no bundle")).await.ok(422);
    // PyMISP sends a text as a text of JSON's.
    let again = server.post("/events/upload_stix/2", json!(bundle.to_string())).await.ok(200);
    assert!(again["saved"].as_bool().unwrap());
}

#[tokio::test]
async fn below_a_ceiling_nothing_around_events_tells_of_what_is_above() {
    let fill = |engine: &mut lapwing_engine::Engine| {
        add(engine, "clear.md", CLEAR, None);
        add(engine, "amber.md", AMBER, Some(Marking::Amber));
    };
    let server = Server::with(fill, |_| {});
    server.user("root", Role::Admin, Marking::Red);
    let key = server.user("anna", Role::Publisher, Marking::Green);
    for path in [
        "/attributes/index",
        "/events/index",
        "/tags/index",
        "/tags/search/%25",
        "/tags/tagStatistics",
        "/galaxies/index",
        "/taxonomies/index",
        "/attributes/attributeStatistics/type",
        "/sightings/index",
        "/sightings/restSearch",
        "/attributes/restSearch/returnFormat:suricata/type:domain",
        "/attributes/restSearch/returnFormat:cache",
        "/events/restSearch/quickFilter:amber",
    ] {
        let request = Request::get(path).header("authorization", &key).body(Body::empty()).unwrap();
        let told = server.send_from([127, 0, 0, 1], request).await;
        assert_eq!(told.status.as_u16(), 200, "{path}: {}", told.text());
        for word in ["UNC7777", "45.77.0.50", "partner-amber", "Partner note"] {
            assert!(!told.text().contains(word), "{path} tells {word}");
        }
    }
}
