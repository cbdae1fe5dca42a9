//! What MISP's clients change of what they sent; and that nobody else's word is touched by it.

use axum::http::Method;
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::{Value, json};

use crate::common::{AMBER, CLEAR, Server, add};

const UUID: &str = "5f2e8a1c-0000-4000-8000-000000000001";

fn sent() -> Value {
    json!({ "Event": {
        "uuid": UUID, "info": "Sent by a client", "date": "2021-03-05", "threat_level_id": "1",
        "analysis": "0", "distribution": "0", "published": false, "Tag": [{ "name": "my:tag" }],
        "Attribute": [
            { "uuid": "5f2e8a1c-0000-4000-8000-00000000000a", "type": "ip-src", "to_ids": true,
              "value": "45.77.9.1", "comment": "scans" },
            { "type": "text", "value": "FIRST" },
            { "type": "filename|md5", "value": "a.exe|0123456789abcdef0123456789abcdef" },
        ],
        "Object": [{ "name": "domain-ip", "meta-category": "network", "Attribute": [
            { "object_relation": "domain", "type": "domain", "value": "sent-object.top" },
            { "object_relation": "ip", "type": "ip-dst", "value": "45.77.9.2" }] }],
    }})
}

async fn event(server: &Server) -> Value {
    server.get(&format!("/events/view/{UUID}")).await.ok(200)["Event"].clone()
}

fn values(event: &Value) -> Vec<&str> {
    let list = event["Attribute"].as_array().into_iter().flatten();
    list.filter_map(|one| one["value"].as_str()).collect()
}

async fn known(server: &Server, value: &str) -> bool {
    let asked = json!({ "values": [value] });
    let found = server.post("/api/v1/lookup", asked).await.ok(200);
    found["items"][0]["known"] == true
}

#[tokio::test]
async fn an_event_comes_back_as_it_was_sent() {
    let server = Server::new();
    server.post("/events/add", sent()).await.ok(200);
    let event = event(&server).await;
    assert_eq!((&event["uuid"], &event["extends_uuid"]), (&json!(UUID), &json!("")));
    assert_eq!((&event["published"], &event["threat_level_id"]), (&json!(false), &json!("1")));
    assert!(event["Tag"].as_array().unwrap().iter().any(|tag| tag["name"] == "my:tag"));
    let first = &event["Attribute"][0];
    assert_eq!(first["uuid"], "5f2e8a1c-0000-4000-8000-00000000000a");
    assert_eq!((&first["type"], &first["comment"]), (&json!("ip-src"), &json!("scans")));
    assert_eq!((&first["to_ids"], &first["category"]), (&json!(true), &json!("Network activity")));
    assert_eq!(values(&event), ["45.77.9.1", "FIRST", "a.exe|0123456789abcdef0123456789abcdef"]);
    assert_eq!(event["Object"][0]["Attribute"][0]["value"], "sent-object.top");
    assert!(known(&server, "45.77.9.1").await && known(&server, "sent-object.top").await);
    // What is for people is found, too.
    let found = server.post("/attributes/restSearch", json!({ "value": "FIRST" })).await.ok(200);
    assert_eq!(found["response"]["Attribute"][0]["event_id"], event["id"]);
    // The same again is the same; another of the same identifier is refused as MISP refuses it.
    assert_eq!(server.post("/events/add", sent()).await.ok(200)["Event"], event);
    let mut other = sent();
    other["Event"]["info"] = json!("Another");
    let refused = server.post("/events/add", other).await.ok(403);
    assert!(refused["errors"]["uuid"][0].as_str().unwrap().contains("already exists"));
    for (asked, number) in [
        (json!({ "published": true }), 1),
        (json!({ "published": 0 }), 1),
        (json!({ "threat_level_id": 1 }), 1),
        (json!({ "tags": "my:tag" }), 1),
        (json!({ "tags": ["!my:tag"] }), 1),
    ] {
        let found = server.post("/events/restSearch", asked.clone()).await.ok(200);
        assert_eq!(found["response"].as_array().unwrap().len(), number, "{asked}");
    }
    let asked = json!({ "object_name": "domain-ip" });
    let objects = server.post("/objects/restSearch", asked).await.ok(200);
    assert_eq!(objects["response"][0]["Object"]["name"], "domain-ip");
    let asked = json!({ "eventid": UUID, "returnFormat": "stix2" });
    let bundle = server.post("/events/restSearch", asked).await;
    assert!(bundle.ok(200)["objects"].to_string().contains("45.77.9.1"));
    assert!(!bundle.text().contains("evil-clear.top"));
    let asked = json!({ "eventid": UUID, "returnFormat": "csv", "type": "ip-src" });
    let table = server.post("/events/restSearch", asked).await;
    assert_eq!(table.text().lines().count(), 2, "{}", table.text());
    let none = json!({ "eventid": "none", "returnFormat": "stix2" });
    let none = server.post("/events/restSearch", none).await.ok(200);
    assert_eq!((&none["type"], &none["objects"]), (&json!("bundle"), &json!([])));
    let types = server.get("/attributes/describeTypes.json").await.ok(200);
    assert_eq!(types["result"]["sane_defaults"]["ip-src"]["to_ids"], 1);
}

#[tokio::test]
async fn attributes_and_objects_are_changed_and_deleted() {
    let server = Server::new();
    server.post("/events/add", sent()).await.ok(200);
    let before = event(&server).await;
    let id = before["Attribute"][0]["id"].as_str().unwrap();
    let edit = json!({ "comment": "scans no more", "to_ids": false });
    let told = server.post(&format!("/attributes/edit/{id}"), edit).await.ok(200);
    assert_eq!(told["Attribute"]["comment"], "scans no more");
    let after = event(&server).await;
    assert_eq!((&after["uuid"], &after["id"]), (&before["uuid"], &before["id"]));
    assert_eq!(after["Attribute"][0]["uuid"], before["Attribute"][0]["uuid"]);
    assert_eq!(after["Attribute"][0]["to_ids"], false);
    assert_eq!(server.get("/events/index").await.ok(200).as_array().unwrap().len(), 2);
    let bad = json!({ "type": "no-such-type" });
    server.post(&format!("/attributes/edit/{id}"), bad).await.ok(403);
    // Deleted, the value is known no more; undone, it is back.
    server.post(&format!("/attributes/delete/{id}"), json!({})).await.ok(200);
    assert!(!values(&event(&server).await).contains(&"45.77.9.1"));
    assert!(!known(&server, "45.77.9.1").await);
    server.post(&format!("/attributes/delete/{id}/1"), json!({})).await.ok(404);
    let history = server.get("/api/v1/history?limit=2").await.ok(200);
    for change in history["items"].as_array().unwrap() {
        let undo = format!("/api/v1/history/{}/undo", change["change"]);
        server.post(&undo, json!({})).await.ok(200);
    }
    assert!(values(&event(&server).await).contains(&"45.77.9.1"));
    assert!(known(&server, "45.77.9.1").await);
    // An edit is one change. What is deleted after it is gone for good; undone, it is back as it was edited.
    let newest = async || server.get("/api/v1/history?limit=1").await.ok(200)["items"][0].clone();
    let of = newest().await["change"].as_i64().unwrap();
    let edit = json!({ "comment": "edited" });
    server.post(&format!("/attributes/edit/{id}"), edit).await.ok(200);
    let edited = newest().await;
    assert_eq!(edited["change"].as_i64(), Some(of + 1));
    assert!(edited["replaces"].is_i64() && edited["undoes"].is_null(), "{edited}");
    server.post(&format!("/events/delete/{UUID}"), json!({})).await.ok(200);
    assert!(!known(&server, "45.77.9.1").await);
    let deleted = newest().await;
    assert_eq!(deleted["undoes"], edited["change"]);
    let undo = format!("/api/v1/history/{}/undo", deleted["change"]);
    server.post(&undo, json!({})).await.ok(200);
    assert_eq!(event(&server).await["Attribute"][0]["comment"], "edited");
    let undo = format!("/api/v1/history/{}/undo", edited["change"]);
    server.post(&undo, json!({})).await.ok(200);
    assert_ne!(event(&server).await["Attribute"][0]["comment"], "edited");
    // What is added later is a part, and goes as a whole or one by one.
    let added = json!({ "type": "domain", "value": "later-sent.top" });
    let added = server.post(&format!("/attributes/add/{UUID}"), added).await.ok(200);
    let later = added["Attribute"]["uuid"].as_str().unwrap().to_owned();
    let comment = json!({ "type": "comment", "value": "just words" });
    server.post(&format!("/attributes/add/{UUID}"), comment).await.ok(200);
    assert!(values(&event(&server).await).contains(&"just words"));
    server.call(Method::DELETE, &format!("/attributes/delete/{later}"), None).await.ok(200);
    assert!(!known(&server, "later-sent.top").await);
    // A change of the event itself leaves what was added later with it.
    let edit = json!({ "comment": "once more" });
    server.post(&format!("/attributes/edit/{id}"), edit).await.ok(200);
    let after = event(&server).await;
    assert_eq!(after["Attribute"][0]["comment"], "once more");
    assert!(values(&after).contains(&"just words"), "{after}");
    // Objects.
    let object = json!({ "name": "file", "Attribute": [
        { "object_relation": "filename", "type": "filename", "value": "b.exe" },
        { "object_relation": "sha256", "type": "sha256", "value": "a".repeat(64) }] });
    let object = server.post(&format!("/objects/add/{UUID}"), object).await.ok(200);
    let uuid = object["Object"]["uuid"].as_str().unwrap().to_owned();
    let first = before["Object"][0]["uuid"].as_str().unwrap();
    let reference = json!({ "object_uuid": uuid, "referenced_uuid": first,
        "relationship_type": "communicates-with" });
    let made = server.post("/objectReferences/add", reference).await.ok(200);
    let seen = server.get(&format!("/objects/view/{uuid}")).await.ok(200);
    assert_eq!(seen["Object"]["ObjectReference"][0]["referenced_uuid"], json!(first));
    let gone =
        format!("/objectReferences/delete/{}", made["ObjectReference"]["uuid"].as_str().unwrap());
    server.post(&gone, json!({})).await.ok(200);
    let edit =
        json!({ "comment": "an object", "Attribute": [{ "type": "filename", "value": "c.exe" }] });
    let seen = server.post(&format!("/objects/edit/{uuid}"), edit).await.ok(200);
    assert_eq!(seen["Object"]["Attribute"].as_array().unwrap().len(), 3);
    server.post(&format!("/objects/delete/{uuid}"), json!({})).await.ok(200);
    server.get(&format!("/objects/view/{uuid}")).await.ok(404);
    assert!(!known(&server, &"a".repeat(64)).await);
    // Tags.
    for (path, there) in [("attachTagToObject", true), ("removeTagFromObject", false)] {
        let body = json!({ "uuid": UUID, "tag": "workflow:state=\"draft\"" });
        server.post(&format!("/tags/{path}"), body).await.ok(200);
        assert_eq!(event(&server).await["Tag"].to_string().contains("draft"), there);
    }
    // The event goes, and another of its name may come.
    server.post(&format!("/events/publish/{UUID}"), json!({})).await.ok(200);
    assert_eq!(event(&server).await["published"], true);
    server.post(&format!("/events/delete/{UUID}"), json!({})).await.ok(200);
    server.get(&format!("/events/view/{UUID}")).await.ok(404);
    assert!(!known(&server, "sent-object.top").await);
    server.post("/events/add", sent()).await.ok(200);
    assert_eq!(event(&server).await["Attribute"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn an_event_that_is_sent_whole_is_as_it_was_sent() {
    let server = Server::new();
    server.post("/events/add", sent()).await.ok(200);
    let mut whole = event(&server).await;
    whole["info"] = json!("Another name");
    whole["Tag"] = json!([{ "name": "other:tag" }]);
    whole["Attribute"][1]["deleted"] = json!(true);
    whole["Attribute"][0]["comment"] = json!("again");
    let fresh = json!({ "type": "domain", "value": "edited-in.top", "to_ids": true });
    whole["Attribute"].as_array_mut().unwrap().push(fresh);
    let path = format!("/events/edit/{UUID}");
    let after = server.post(&path, json!({ "Event": whole })).await.ok(200)["Event"].clone();
    assert_eq!(after["info"], "Another name");
    assert_eq!(after["Attribute"][0]["comment"], "again");
    assert_eq!(values(&after).len(), 3);
    assert!(values(&after).contains(&"edited-in.top") && !values(&after).contains(&"FIRST"));
    let tags = after["Tag"].to_string();
    assert!(tags.contains("other:tag") && !tags.contains("my:tag"), "{tags}");
    // What it is told, sent back, changes nothing.
    let changes = async || server.get("/api/v1/history").await.ok(200)["items"].to_string();
    let so_far = changes().await;
    let same = server.post(&path, json!({ "Event": after })).await.ok(200);
    assert_eq!(same["Event"], after);
    assert_eq!(changes().await, so_far);
    let wrong = json!({ "Attribute": [{ "type": "domain" }] });
    server.post(&path, wrong).await.ok(403);
}

#[tokio::test]
async fn what_a_document_says_and_what_others_marked_stays() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "amber.md", AMBER, Some(Marking::Amber));
        },
        |_| {},
    );
    let anna = server.user("anna", Role::Analyst, Marking::Amber);
    let green = server.user("green", Role::Analyst, Marking::Green);
    let reader = server.user("reader", Role::Reader, Marking::Amber);
    let call = async |key: &str, path: &str, body: Value| {
        server.call_as(key, Method::POST, path, Some(body)).await
    };
    // Read from a document: it stays as it was read.
    let search = "/attributes/restSearch";
    let found = call(&anna, search, json!({ "value": "45.77.0.1" })).await.ok(200);
    let one = &found["response"]["Attribute"][0];
    let id = one["uuid"].as_str().unwrap();
    for path in [format!("/attributes/delete/{id}"), format!("/attributes/edit/{id}")] {
        let told = call(&anna, &path, json!({ "comment": "x" })).await.ok(403);
        assert!(told["errors"]["id"][0].as_str().unwrap().contains("read from a document"));
    }
    let event = one["Event"]["uuid"].as_str().unwrap();
    call(&anna, &format!("/events/unpublish/{event}"), json!({})).await.ok(403);
    call(&anna, "/tags/attachTagToObject", json!({ "uuid": event, "tag": "x" })).await.ok(403);
    // An event that is marked, and stays so whatever is sent afterwards.
    let mut marked = sent();
    marked["Event"]["Tag"] = json!([{ "name": "tlp:amber" }]);
    call(&anna, "/events/add", marked).await.ok(200);
    let untag = json!({ "uuid": UUID, "tag": "tlp:amber" });
    call(&anna, "/tags/removeTagFromObject", untag).await.ok(200);
    let hidden = [
        format!("/events/view/{UUID}"),
        "/attributes/view/5f2e8a1c-0000-4000-8000-00000000000a".to_owned(),
    ];
    for path in &hidden {
        server.get_as(&anna, path).await.ok(200);
        server.get_as(&green, path).await.ok(404);
    }
    let all = ["45.77.9.1", "FIRST", "sent-object.top", UUID];
    for path in
        ["/events/restSearch", "/attributes/restSearch", "/objects/restSearch", "/events/index"]
    {
        let told = call(&green, path, json!({})).await;
        told.ok(200);
        assert!(all.iter().all(|part| !told.text().contains(part)), "{path}: {}", told.text());
    }
    // Another one adds to it; what anna sent only she or an administrator changes.
    let ben = server.user("ben", Role::Analyst, Marking::Amber);
    let own = json!({ "type": "domain", "value": "from-ben.top" });
    let added = call(&ben, &format!("/attributes/add/{UUID}"), own).await.ok(200);
    let first = "/attributes/delete/5f2e8a1c-0000-4000-8000-00000000000a".to_owned();
    for path in [first, format!("/events/delete/{UUID}"), format!("/events/publish/{UUID}")] {
        let told = call(&ben, &path, json!({})).await.ok(403);
        assert!(told["message"].as_str().unwrap().contains("administrator"), "{told}");
    }
    let uuid = added["Attribute"]["uuid"].as_str().unwrap();
    call(&ben, &format!("/attributes/delete/{uuid}"), json!({})).await.ok(200);
    // Who may not see it changes nothing of it, and hears no more than that there is none.
    for (path, body) in [
        (format!("/events/delete/{UUID}"), json!({})),
        (format!("/events/edit/{UUID}"), json!({ "info": "x" })),
        (format!("/attributes/add/{UUID}"), json!({ "type": "domain", "value": "x.top" })),
        (
            format!("/objects/add/{UUID}"),
            json!({ "name": "file", "Attribute": [{ "type": "text", "value": "x" }] }),
        ),
        ("/attributes/delete/5f2e8a1c-0000-4000-8000-00000000000a".to_owned(), json!({})),
        ("/tags/attachTagToObject".to_owned(), json!({ "uuid": UUID, "tag": "x" })),
    ] {
        call(&green, &path, body.clone()).await.ok(404);
        call(&reader, &path, body).await.ok(403);
    }
    let rules = json!({ "eventid": UUID, "returnFormat": "stix2" });
    call(&reader, "/events/restSearch", rules).await.problem(403);
    assert!(server.get_as(&anna, &hidden[0]).await.text().contains("FIRST"));
}

#[tokio::test]
async fn whatever_is_sent_is_answered() {
    let server = Server::new();
    server.post("/events/add", sent()).await.ok(200);
    let id = "5f2e8a1c-0000-4000-8000-00000000000a";
    let object = event(&server).await["Object"][0]["uuid"].as_str().unwrap().to_owned();
    let odd = [
        json!([]),
        json!(1),
        json!("x"),
        json!(null),
        json!([1, "x", null, [[]]]),
        json!({ "Attribute": 1, "Object": "x", "Tag": 3, "info": ["x"] }),
        json!({ "info": "x", "Attribute": [1, null, "x", []], "Object": [1, { "Attribute": 7 }, null,
            { "name": "a", "Attribute": [2] }], "Tag": [1, {}] }),
        json!({ "Event": [], "Attribute": { "Attribute": [] }, "Object": { "Object": 1 } }),
        json!({ "value": { "a": 1 }, "type": [], "to_ids": {}, "deleted": [], "uuid": 7, "tag": [] }),
        json!({ "type": "domain", "value": "\u{0}\u{202e}".repeat(3000) }),
        json!({ "limit": -1 }),
        json!({ "page": 1e300 }),
        json!({ "last": "99999999999999999999d" }),
        json!({ "timestamp": [1] }),
        json!({ "returnFormat": { "a": 1 } }),
        json!({ "value": "%".repeat(9000) }),
    ];
    for path in [
        "/events/add".to_owned(),
        format!("/events/edit/{UUID}"),
        format!("/attributes/add/{UUID}"),
        "/attributes/add".to_owned(),
        format!("/attributes/edit/{id}"),
        format!("/objects/add/{UUID}"),
        format!("/objects/edit/{object}"),
        "/objectReferences/add".to_owned(),
        "/tags/attachTagToObject".to_owned(),
        "/tags/removeTagFromObject".to_owned(),
        "/sightings/add".to_owned(),
        "/warninglists/checkValue".to_owned(),
        "/events/restSearch".to_owned(),
        "/attributes/restSearch".to_owned(),
        "/objects/restSearch".to_owned(),
        "/events/index".to_owned(),
    ] {
        for body in &odd {
            let answer = server.post(&path, body.clone()).await;
            assert!(answer.status.as_u16() < 500, "{path} {body}: {}", answer.text());
        }
    }
    for path in [
        "/attributes/edit/%00",
        "/events/edit/..%2f..%2fetc",
        "/objects/edit/%ff",
        "/attributes/delete/-1",
        "/events/delete/%E2%80%AE",
    ] {
        let answer = server.post(path, json!({})).await;
        assert!((400..500).contains(&answer.status.as_u16()), "{path}: {}", answer.text());
    }
    assert!(!event(&server).await["Attribute"].as_array().unwrap().is_empty());
}
