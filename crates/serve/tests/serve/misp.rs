//! What MISP's clients change: attributes, sightings; and what they ask beside events.

use axum::http::Method;
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::{Value, json};

use crate::common::{AMBER, CLEAR, Server, add};

fn values(event: &Value) -> Vec<&str> {
    let alone = event["Event"]["Attribute"].as_array().into_iter().flatten();
    alone.filter_map(|attribute| attribute["value"].as_str()).collect()
}

/// The identifier of the one event.
async fn event(server: &Server) -> (String, String) {
    let list = server.get("/events/index").await.ok(200);
    let first = &list.as_array().unwrap()[0];
    let text = |key: &str| first[key].as_str().unwrap().to_owned();
    (text("uuid"), text("id"))
}

#[tokio::test]
async fn an_attribute_that_is_added_stands_in_its_event() {
    let server = Server::new();
    let (uuid, id) = event(&server).await;
    let sent = json!({ "type": "domain", "category": "Network activity", "to_ids": true,
        "value": "added-later.top", "comment": "seen by the proxy" });
    let added = server.post(&format!("/attributes/add/{id}"), sent.clone()).await.ok(200);
    let attribute = &added["Attribute"];
    assert_eq!(attribute["value"], "added-later.top");
    assert_eq!((&attribute["event_id"], &attribute["to_ids"]), (&json!(id), &json!(true)));
    let whole = server.get(&format!("/events/view/{uuid}")).await.ok(200);
    assert!(values(&whole).contains(&"added-later.top"), "{whole}");
    assert_eq!(server.get("/events/index").await.ok(200).as_array().unwrap().len(), 1);
    let number = attribute["id"].as_str().unwrap();
    let seen = server.get(&format!("/attributes/view/{number}")).await.ok(200);
    assert_eq!(seen["Attribute"]["uuid"], attribute["uuid"]);
    assert_eq!(seen["Attribute"]["event_uuid"], json!(uuid));
    server.get("/attributes/view/12345").await.ok(404);
    // It is found from there, once, and no second time added.
    let found =
        server.post("/attributes/restSearch", json!({ "value": "added-later.top" })).await.ok(200);
    assert_eq!(found["response"]["Attribute"][0]["event_id"], json!(id));
    let again = server.post(&format!("/attributes/add/{uuid}"), sent).await.ok(403);
    assert!(again["errors"]["value"][0].as_str().unwrap().contains("already exists"));
    // By `event_id`, and several at once.
    let more = json!({ "event_id": id, "type": "ip-dst", "value": "45.77.0.7" });
    assert_eq!(server.post("/attributes/add", more).await.ok(200)["Attribute"]["type"], "ip-dst");
    let many = json!([{ "type": "md5", "value": "0123456789abcdef0123456789abcde1" },
        { "type": "domain", "value": "and-another.top" }]);
    let many = server.post(&format!("/attributes/add/{id}"), many).await.ok(200);
    assert_eq!(many["Attribute"].as_array().unwrap().len(), 2);
    for (path, body, status) in [
        ("/attributes/add/999".to_owned(), json!({ "type": "domain", "value": "x.top" }), 404),
        (format!("/attributes/add/{id}"), json!({ "type": "domain" }), 403),
        (format!("/attributes/add/{id}"), json!({ "type": "no-such-type", "value": "x" }), 403),
        ("/attributes/add".to_owned(), json!({ "type": "domain", "value": "x.top" }), 422),
    ] {
        server.post(&path, body.clone()).await.ok(status);
    }
    // Undone, it is gone from the event.
    let history = server.get("/api/v1/history").await.ok(200);
    let changes = history["items"].as_array().unwrap();
    let change = changes
        .iter()
        .find(|change| change["command"].as_str().unwrap().contains("attributes/add"))
        .unwrap();
    let full = values(&server.get(&format!("/events/view/{uuid}")).await.ok(200)).len();
    let undo = format!("/api/v1/history/{}/undo", change["change"]);
    server.post(&undo, json!({})).await.ok(200);
    let left = server.get(&format!("/events/view/{uuid}")).await.ok(200);
    assert!(values(&left).len() < full, "{left}");
}

#[tokio::test]
async fn an_event_that_is_sent_again_gains_what_is_new() {
    let server = Server::new();
    let (uuid, id) = event(&server).await;
    let mut whole = server.get(&format!("/events/view/{id}")).await.ok(200);
    let before = values(&whole).len();
    let list = whole["Event"]["Attribute"].as_array_mut().unwrap();
    list.push(json!({ "type": "domain", "value": "edited-in.top", "to_ids": true }));
    list.push(json!({ "type": "domain", "value": "gone.top", "deleted": true }));
    let after = server.post(&format!("/events/edit/{uuid}"), whole.clone()).await.ok(200);
    assert_eq!(values(&after).len(), before + 1);
    assert!(values(&after).contains(&"edited-in.top"));
    let same = server.post(&format!("/events/edit/{uuid}"), after.clone()).await.ok(200);
    assert_eq!(same, after);
    server.post("/events/edit/1", whole).await.ok(404);
}

#[tokio::test]
async fn a_sighting_is_a_claim_and_a_false_positive_a_judgement() {
    let server = Server::new();
    let asked = json!({ "value": "45.77.0.1" });
    let found = server.post("/attributes/restSearch", asked).await.ok(200);
    let attribute = &found["response"]["Attribute"][0];
    let id = attribute["id"].as_str().unwrap();
    let sighting = json!({ "source": "proxy", "timestamp": "1615161600" });
    let told = server.post(&format!("/sightings/add/{id}"), sighting).await.ok(200);
    assert_eq!(told["Sighting"]["attribute_id"], json!(id));
    assert_eq!(told["Sighting"]["event_id"], attribute["event_id"]);
    assert_eq!(
        (&told["Sighting"]["date_sighting"], &told["Sighting"]["type"]),
        (&json!("1615161600"), &json!("0"))
    );
    let known = server.post("/api/v1/lookup", json!({ "values": ["45.77.0.1"] })).await.ok(200);
    let before = known["items"][0]["probability"].as_f64().unwrap();
    let explained = server.get("/api/v1/explain?of=45.77.0.1").await.text();
    assert!(explained.contains("last-seen") && explained.contains("2021-03-08"), "{explained}");
    // It is no event.
    assert_eq!(server.get("/events/index").await.ok(200).as_array().unwrap().len(), 1);
    let wrong = json!({ "values": ["45.77.0.1", "evil-clear.top"], "type": 1 });
    let told = server.post("/sightings/add", wrong).await.ok(200);
    assert_eq!(told["message"], "2 sightings successfully added.");
    let known = server.post("/api/v1/lookup", json!({ "values": ["45.77.0.1"] })).await.ok(200);
    assert!(known["items"][0]["probability"].as_f64().unwrap() < before - 0.1, "{known}");
    server.post("/sightings/add", json!({ "value": "never-listed.top" })).await.ok(403);
    server.post("/sightings/add", json!({ "value": "45.77.0.1", "type": "2" })).await.ok(422);
    let bad = json!({ "value": "45.77.0.1", "timestamp": "soon" });
    server.post("/sightings/add", bad).await.ok(400);
}

#[tokio::test]
async fn tags_in_use_and_lists_of_the_harmless_are_told() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "amber.md", AMBER, Some(Marking::Amber));
        },
        |_| {},
    );
    let tags = server.get("/tags/index").await.ok(200);
    let names = |tags: &Value| -> Vec<String> {
        let list = tags["Tag"].as_array().unwrap();
        list.iter().map(|tag| tag["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&tags).iter().any(|name| name == "tlp:amber"), "{tags}");
    assert!(tags["Tag"][0]["count"].is_u64() && tags["Tag"][0]["id"].is_string());
    let reader = server.user("reader", Role::Reader, Marking::Green);
    let seen = server.call_as(&reader, Method::GET, "/tags", None).await.ok(200);
    assert!(!names(&seen).iter().any(|name| name == "tlp:amber" || name.contains("UNC7777")));
    let asked = json!(["8.8.8.8", "evil-clear.top"]);
    let path = "/warninglists/checkValue";
    let found = server.call_as(&reader, Method::POST, path, Some(asked)).await.ok(200);
    assert_eq!(found.as_object().unwrap().keys().collect::<Vec<_>>(), ["8.8.8.8"]);
    assert!(!found["8.8.8.8"][0]["name"].as_str().unwrap().is_empty());
    let none = json!({ "value": "evil-clear.top" });
    assert_eq!(server.call_as(&reader, Method::POST, path, Some(none)).await.ok(200), json!([]));
}

#[tokio::test]
async fn what_is_added_to_a_marked_event_is_marked_as_it() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "amber.md", AMBER, Some(Marking::Amber));
        },
        |_| {},
    );
    let anna = server.user("anna", Role::Analyst, Marking::Amber);
    let green = server.user("green", Role::Analyst, Marking::Green);
    let call = async |key: &str, method: Method, path: &str, body: Option<Value>| {
        server.call_as(key, method, path, body).await
    };
    let list = call(&anna, Method::GET, "/events/index", None).await.ok(200);
    let partner = list.as_array().unwrap().iter().find(|e| e["info"] == "Partner note").unwrap();
    let id = partner["id"].as_str().unwrap();
    let path = format!("/attributes/add/{id}");
    let sent = json!({ "type": "domain", "value": "partner-amber-two.top", "to_ids": true });
    call(&green, Method::POST, &path, Some(sent.clone())).await.ok(404);
    call(&anna, Method::POST, &path, Some(sent)).await.ok(200);
    let all = json!({ "value": "partner-amber-two.top" });
    let search = "/attributes/restSearch";
    let seen = call(&anna, Method::POST, search, Some(all.clone())).await.ok(200);
    assert_eq!(seen["response"]["Attribute"].as_array().unwrap().len(), 1);
    let hidden = call(&green, Method::POST, search, Some(all)).await.ok(200);
    assert_eq!(hidden["response"]["Attribute"], json!([]));
    let sighted = json!({ "value": "partner-amber.top" });
    call(&green, Method::POST, "/sightings/add", Some(sighted.clone())).await.ok(403);
    call(&anna, Method::POST, "/sightings/add", Some(sighted)).await.ok(200);
    let told = call(&green, Method::GET, "/events/index", None).await.text();
    assert!(!told.contains("artner"), "{told}");
    // A reader changes nothing.
    let reader = server.user("reader", Role::Reader, Marking::Amber);
    for path in [path.as_str(), "/attributes/add", "/sightings/add", "/events/edit/1"] {
        call(&reader, Method::POST, path, Some(json!({}))).await.ok(403);
    }
}
