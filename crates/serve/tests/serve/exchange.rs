//! TAXII 2.1 and MISP's API, as their clients use them.

use axum::body::Body;
use axum::http::{Method, Request};
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::{Value, json};

use crate::common::{AMBER, Answer, CLEAR, ONLY_RED, RED, Server, add, now};

const TAXII: &str = "application/taxii+json;version=2.1";
const ROOT: &str = "/taxii2/lapwing/collections";

async fn taxii(
    server: &Server,
    method: Method,
    path: &str,
    key: Option<&str>,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost:8080");
    if let Some(key) = key {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    server.send(request.body(body).unwrap()).await
}

async fn get(server: &Server, path: &str) -> Answer {
    taxii(server, Method::GET, path, None, &[("accept", TAXII)], None).await
}

async fn post(server: &Server, objects: Value) -> Answer {
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    let body = json!({ "objects": objects });
    taxii(server, Method::POST, &format!("{ROOT}/inbox/objects/"), None, &headers, Some(body)).await
}

fn indicator(at: usize, modified: &str) -> Value {
    json!({
        "type": "indicator", "spec_version": "2.1",
        "id": format!("indicator--00000000-0000-4000-8000-{at:012}"),
        "created": "2021-03-02T00:00:00.000Z", "modified": modified,
        "pattern": format!("[ipv4-addr:value = '198.51.100.{}']", at % 250),
        "pattern_type": "stix", "valid_from": "2021-03-02T00:00:00Z",
    })
}

#[tokio::test]
async fn taxii_resources_are_as_the_specification_says() {
    let server = Server::new();
    let discovery = get(&server, "/taxii2/").await;
    assert_eq!(discovery.headers["content-type"], TAXII);
    assert_eq!(discovery.ok(200)["api_roots"], json!(["/taxii2/lapwing/"]));
    let root = get(&server, "/taxii2/lapwing/").await.ok(200);
    assert_eq!(root["versions"], json!([TAXII]));
    assert!(root["max_content_length"].as_u64().unwrap() > 0);
    let list = get(&server, &format!("{ROOT}/")).await.ok(200);
    let collections = list["collections"].as_array().unwrap();
    assert_eq!(collections.len(), 2);
    assert_eq!(
        (&collections[0]["can_read"], &collections[0]["can_write"]),
        (&json!(true), &json!(false))
    );
    let id = collections[0]["id"].as_str().unwrap();
    assert_eq!(get(&server, &format!("{ROOT}/{id}/")).await.ok(200), collections[0]);
    assert_eq!(get(&server, &format!("{ROOT}/knowledge/")).await.ok(200), collections[0]);
    for missing in [
        "/taxii2/other/",
        "/taxii2/other/collections/",
        "/taxii2/lapwing/collections/none/",
        "/taxii2/lapwing/collections/none/objects/",
        "/taxii2/lapwing/status/none/",
        "/taxii2/lapwing/collections/knowledge/objects/indicator--00000000-0000-4000-8000-000000000000/",
    ] {
        let answer = get(&server, missing).await;
        assert_eq!(answer.headers["content-type"], TAXII, "{missing}");
        let error = answer.ok(404);
        assert_eq!(error["http_status"], "404", "{missing}");
        assert!(!error["title"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn taxii_refuses_what_is_not_taxii() {
    let server = Server::new();
    let objects = format!("{ROOT}/inbox/objects/");
    for accept in ["application/json", "application/taxii+json;version=2.0", "text/html"] {
        for path in ["/taxii2/", "/taxii2/lapwing/", &objects] {
            let headers = [("accept", accept)];
            let answer = taxii(&server, Method::GET, path, None, &headers, None).await;
            assert_eq!(answer.ok(406)["http_status"], "406", "{accept} {path}");
        }
    }
    for kind in ["application/json", "application/stix+json;version=2.1"] {
        let headers = [("accept", TAXII), ("content-type", kind)];
        let body = Some(json!({ "objects": [indicator(1, "2021-03-02T00:00:00.000Z")] }));
        taxii(&server, Method::POST, &objects, None, &headers, body).await.ok(415);
    }
    for wrong in ["limit=0", "limit=x", "added_after=soon", "next=made-up", "match[version]=new"] {
        get(&server, &format!("{objects}?{wrong}")).await.ok(400);
    }
    taxii(&server, Method::PUT, &objects, None, &[("accept", TAXII)], None).await.ok(405);
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    let knowledge = format!("{ROOT}/knowledge/objects/");
    let body = || Some(json!({ "objects": [indicator(1, "2021-03-02T00:00:00.000Z")] }));
    taxii(&server, Method::POST, &knowledge, None, &headers, body()).await.ok(403);
    post(&server, json!([])).await.ok(422);
    let large =
        Server::with(|engine| add(engine, "clear.md", CLEAR, None), |c| c.limits.json = 100);
    taxii(&large, Method::POST, &objects, None, &headers, body()).await.ok(413);
}

#[tokio::test]
async fn what_is_sent_comes_back_and_is_known_from_then_on() {
    let server = Server::new();
    let first = indicator(7, "2021-03-02T00:00:00.000Z");
    let second = indicator(7, "2021-03-04T00:00:00.000Z");
    let broken = json!({ "type": "tool", "id": "malware--x" });
    let status = post(&server, json!([first, second, broken])).await.ok(202);
    assert_eq!(
        (&status["status"], &status["success_count"], &status["failure_count"]),
        (&json!("complete"), &json!(2), &json!(1))
    );
    let id = status["id"].as_str().unwrap();
    assert_eq!(get(&server, &format!("/taxii2/lapwing/status/{id}/")).await.ok(200), status);
    let inbox = format!("{ROOT}/inbox/objects/");
    let held = get(&server, &inbox).await;
    assert!(held.headers.contains_key("x-taxii-date-added-first"));
    assert_eq!(held.ok(200)["objects"], json!([second]));
    let object = format!("{inbox}{}/", first["id"].as_str().unwrap());
    assert_eq!(
        get(&server, &format!("{object}?match[version]=first")).await.ok(200)["objects"],
        json!([first])
    );
    let versions = get(&server, &format!("{object}versions/")).await.ok(200);
    assert_eq!(
        versions["versions"],
        json!(["2021-03-02T00:00:00.000Z", "2021-03-04T00:00:00.000Z"])
    );
    let manifest =
        get(&server, &format!("{ROOT}/inbox/manifest/?match[version]=all")).await.ok(200);
    assert_eq!(manifest["objects"].as_array().unwrap().len(), 2);
    assert_eq!(manifest["objects"][0]["media_type"], "application/stix+json;version=2.1");
    for (filter, number) in [
        ("match[type]=indicator", 1),
        ("match[type]=malware", 0),
        ("match[spec_version]=2.0", 0),
        ("match[version]=all", 2),
        ("match[version]=2021-03-02T00:00:00Z", 1),
        ("added_after=2030-01-01T00:00:00Z", 0),
        ("added_after=2021-01-01T00:00:00Z", 1),
    ] {
        let found = get(&server, &format!("{inbox}?{filter}")).await.ok(200);
        assert_eq!(found["objects"].as_array().map_or(0, Vec::len), number, "{filter}");
    }
    // The value is a fact of the store now.
    let page = server.get("/api/v1/search?q=198.51.100.7").await.ok(200);
    assert_eq!(page["entities"][0]["value"], "198.51.100.7");
    let known = format!("{ROOT}/knowledge/objects/?match[type]=indicator&limit=1000");
    assert!(get(&server, &known).await.text().contains("198.51.100.7"));
    let headers = [("accept", TAXII)];
    taxii(&server, Method::DELETE, &object, None, &headers, None).await.ok(200);
    get(&server, &object).await.ok(404);
}

#[tokio::test]
async fn pages_hold_each_object_once_while_others_come() {
    let server = Server::with(
        |engine| add(engine, "clear.md", CLEAR, None),
        |config| {
            config.limits.per_minute = 100_000;
        },
    );
    let make = |from: usize, to: usize| -> Value {
        (from..to).map(|at| indicator(at, "2021-03-02T00:00:00.000Z")).collect()
    };
    post(&server, make(0, 40)).await.ok(202);
    let (mut next, mut seen, mut at) = (String::new(), Vec::new(), 40);
    loop {
        let page = get(&server, &format!("{ROOT}/inbox/objects/?limit=7{next}")).await.ok(200);
        for object in page["objects"].as_array().into_iter().flatten() {
            seen.push(object["id"].as_str().unwrap().to_owned());
        }
        if page["more"] != true {
            break;
        }
        next = format!("&next={}", page["next"].as_str().unwrap());
        if at < 60 {
            post(&server, make(at, at + 5)).await.ok(202);
            at += 5;
        }
    }
    let each: std::collections::BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), each.len()), (60, 60));
}

#[tokio::test]
async fn who_may_not_see_gets_nothing_and_who_is_unknown_is_asked() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "amber.md", AMBER, Some(Marking::Amber));
        },
        |_| {},
    );
    let reader = server.user("reader", Role::Reader, Marking::Green);
    let objects = format!("{ROOT}/knowledge/objects/?limit=1000");
    let unknown = get(&server, &objects).await;
    assert!(unknown.headers["www-authenticate"].to_str().unwrap().contains("Basic"));
    unknown.ok(401);
    let seen =
        taxii(&server, Method::GET, &objects, Some(&reader), &[("accept", TAXII)], None).await;
    let text = seen.text();
    seen.ok(200);
    assert!(text.contains("45.77.0.1") && !text.contains("UNC7777"));
    assert!(!text.contains("amber.md") && !text.contains("\"tlp_2_0\":\"amber"));
    // `reader:correct horse`.
    let basic = [("accept", TAXII), ("authorization", "Basic cmVhZGVyOmNvcnJlY3QgaG9yc2U=")];
    taxii(&server, Method::GET, "/taxii2/", None, &basic, None).await.ok(200);
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    let body = Some(json!({ "objects": [indicator(1, "2021-03-02T00:00:00.000Z")] }));
    let inbox = format!("{ROOT}/inbox/objects/");
    taxii(&server, Method::POST, &inbox, Some(&reader), &headers, body.clone()).await.ok(403);
    // Who only adds finds the way, adds, and sees nothing.
    let feed = server.user("feed", Role::Feed, Marking::Red);
    for path in ["/taxii2/", "/taxii2/lapwing/", &format!("{ROOT}/"), &format!("{ROOT}/inbox/")] {
        taxii(&server, Method::GET, path, Some(&feed), &headers, None).await.ok(200);
    }
    let sent = taxii(&server, Method::POST, &inbox, Some(&feed), &headers, body).await.ok(202);
    let status = format!("/taxii2/lapwing/status/{}/", sent["id"].as_str().unwrap());
    taxii(&server, Method::GET, &status, Some(&feed), &headers, None).await.ok(200);
    for path in [&inbox, &objects] {
        taxii(&server, Method::GET, path, Some(&feed), &headers, None).await.ok(403);
    }
    let own = format!("{inbox}{}/", indicator(1, "")["id"].as_str().unwrap());
    taxii(&server, Method::DELETE, &own, Some(&feed), &headers, None).await.ok(403);
}

#[tokio::test]
async fn what_is_sent_or_derived_above_the_ceiling_does_not_exist() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "red.md", RED, Some(Marking::Red));
        },
        |config| config.limits.per_minute = 100_000,
    );
    let root = server.user("root", Role::Admin, Marking::Red);
    let green = server.user("green", Role::Admin, Marking::Green);
    let headers = [("accept", TAXII), ("content-type", TAXII)];
    let as_who = async |method: Method, key: &str, path: &str, body: Option<Value>| {
        taxii(&server, method, path, Some(key), &headers, body).await
    };
    let (open, mut marked, mut unknown) = (
        indicator(1, "2021-03-02T00:00:00.000Z"),
        indicator(2, "2021-03-02T00:00:00.000Z"),
        indicator(3, "2021-03-02T00:00:00.000Z"),
    );
    // TLP:AMBER as the specification defines it; and a definition that nobody knows.
    marked["object_marking_refs"] =
        json!(["marking-definition--f88d31f6-486f-44da-b317-01333bde0b82"]);
    unknown["object_marking_refs"] =
        json!(["marking-definition--00000000-0000-4000-8000-000000000009"]);
    let inbox = format!("{ROOT}/inbox/objects/");
    let body = json!({ "objects": [open, marked, unknown] });
    let sent = as_who(Method::POST, &root, &inbox, Some(body)).await.ok(202);
    assert_eq!(sent["success_count"], 3);
    let status = format!("/taxii2/lapwing/status/{}/", sent["id"].as_str().unwrap());
    as_who(Method::GET, &root, &status, None).await.ok(200);
    let mut hidden = 0;
    for collection in ["inbox", "knowledge"] {
        let objects = format!("{ROOT}/{collection}/objects/");
        let all = format!("{objects}?limit=1000");
        let ids = |answer: Value| -> std::collections::BTreeSet<String> {
            let list = answer["objects"].as_array().cloned().unwrap_or_default();
            list.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
        };
        let by_root = ids(as_who(Method::GET, &root, &all, None).await.ok(200));
        let by_green = ids(as_who(Method::GET, &green, &all, None).await.ok(200));
        assert!(!by_green.is_empty() && by_green.is_subset(&by_root), "{collection}");
        let manifest = all.replace("/objects/", "/manifest/");
        assert_eq!(ids(as_who(Method::GET, &green, &manifest, None).await.ok(200)), by_green);
        for id in by_root.difference(&by_green) {
            for path in [format!("{objects}{id}/"), format!("{objects}{id}/versions/")] {
                as_who(Method::GET, &green, &path, None).await.ok(404);
                as_who(Method::GET, &root, &path, None).await.ok(200);
            }
            let answer =
                as_who(Method::GET, &green, &format!("{all}&match[id]={id}"), None).await.ok(200);
            assert_eq!(answer, json!({}));
            hidden += 1;
        }
    }
    assert!(hidden > 5, "{hidden}");
    // What came with something marked is no fact below that marking.
    let all = format!("{ROOT}/knowledge/objects/?limit=1000");
    let told = as_who(Method::GET, &green, &all, None).await.text();
    for value in ["198.51.100.2", "198.51.100.3", "45.77.0.99"] {
        assert!(!told.contains(value), "{value}");
    }
    let id = marked["id"].as_str().unwrap();
    as_who(Method::DELETE, &green, &format!("{inbox}{id}/"), None).await.ok(404);
    as_who(Method::GET, &root, &format!("{inbox}{id}/"), None).await.ok(200);
    // What became of a request is told to who made it, and to admins.
    let reader = server.user("anna", Role::Analyst, Marking::Red);
    as_who(Method::GET, &reader, &status, None).await.ok(404);
    // The same by MISP's ways: what a red document alone says is in no answer.
    for asked in ["/attributes/restSearch", "/events/restSearch", "/events/index"] {
        for body in [json!({}), json!({ "value": "45.77.0.99" }), json!({ "value": "%red%" })] {
            let answer = server.call_as(&green, Method::POST, asked, Some(body)).await;
            for secret in ONLY_RED {
                assert!(!answer.text().contains(secret), "{asked}: {secret}");
            }
            answer.ok(200);
        }
    }
}

#[tokio::test]
async fn every_route_of_the_protocols_has_a_handler_and_asks_who_it_is() {
    let server = Server::new();
    let key = server.user("root", Role::Admin, Marking::Red);
    let object = "indicator--00000000-0000-4000-8000-000000000000";
    let routes = [
        ("GET", "/taxii2/".to_owned()),
        ("GET", "/taxii2/lapwing/".to_owned()),
        ("GET", "/taxii2/lapwing/status/x/".to_owned()),
        ("GET", format!("{ROOT}/")),
        ("GET", format!("{ROOT}/inbox/")),
        ("GET", format!("{ROOT}/inbox/manifest/")),
        ("GET", format!("{ROOT}/inbox/objects/")),
        ("POST", format!("{ROOT}/inbox/objects/")),
        ("GET", format!("{ROOT}/inbox/objects/{object}/")),
        ("DELETE", format!("{ROOT}/inbox/objects/{object}/")),
        ("GET", format!("{ROOT}/inbox/objects/{object}/versions/")),
        ("GET", "/servers/getVersion".to_owned()),
        ("GET", "/servers/getVersion.json".to_owned()),
        ("GET", "/servers/getPyMISPVersion.json".to_owned()),
        ("GET", "/users/view/me".to_owned()),
        ("GET", "/users/view/me.json".to_owned()),
        ("GET", "/attributes/restSearch".to_owned()),
        ("POST", "/attributes/restSearch".to_owned()),
        ("POST", "/attributes/restSearch/json".to_owned()),
        ("GET", "/events/restSearch".to_owned()),
        ("POST", "/events/restSearch".to_owned()),
        ("POST", "/events/restSearch/json".to_owned()),
        ("GET", "/events/index".to_owned()),
        ("POST", "/events/index".to_owned()),
        ("GET", "/events/view/1".to_owned()),
        ("POST", "/events/view/1".to_owned()),
        ("POST", "/events/add".to_owned()),
        ("POST", "/events/add/metadata:1".to_owned()),
        ("POST", "/events/edit/1".to_owned()),
        ("PUT", "/events/edit/1".to_owned()),
        ("POST", "/events/edit/1/metadata:1".to_owned()),
        ("POST", "/events/delete/1".to_owned()),
        ("DELETE", "/events/delete/1".to_owned()),
        ("POST", "/events/publish/1".to_owned()),
        ("POST", "/events/alert/1".to_owned()),
        ("POST", "/events/unpublish/1".to_owned()),
        ("GET", "/attributes/describeTypes".to_owned()),
        ("GET", "/attributes/describeTypes.json".to_owned()),
        ("POST", "/attributes/edit/1".to_owned()),
        ("PUT", "/attributes/edit/1".to_owned()),
        ("POST", "/attributes/delete/1".to_owned()),
        ("DELETE", "/attributes/delete/1".to_owned()),
        ("POST", "/attributes/delete/1/1".to_owned()),
        ("POST", "/objects/restSearch".to_owned()),
        ("GET", "/objects/view/1".to_owned()),
        ("POST", "/objects/add/1".to_owned()),
        ("POST", "/objects/add/1/2".to_owned()),
        ("POST", "/objects/edit/1".to_owned()),
        ("POST", "/objects/delete/1".to_owned()),
        ("DELETE", "/objects/delete/1".to_owned()),
        ("POST", "/objects/delete/1/1".to_owned()),
        ("POST", "/objectReferences/add".to_owned()),
        ("POST", "/objectReferences/delete/1".to_owned()),
        ("POST", "/tags/attachTagToObject".to_owned()),
        ("POST", "/tags/removeTagFromObject".to_owned()),
        ("POST", "/attributes/add".to_owned()),
        ("POST", "/attributes/add/1".to_owned()),
        ("GET", "/attributes/view/1".to_owned()),
        ("POST", "/sightings/add".to_owned()),
        ("POST", "/sightings/add/1".to_owned()),
        ("GET", "/tags".to_owned()),
        ("GET", "/tags/index".to_owned()),
        ("POST", "/warninglists/checkValue".to_owned()),
        ("GET", "/misp/feed/manifest.json".to_owned()),
    ];
    for (method, path) in routes {
        let method: Method = method.parse().unwrap();
        let headers = [("accept", TAXII), ("content-type", TAXII)];
        let known = taxii(&server, method.clone(), &path, Some(&key), &headers, None).await;
        let status = known.status.as_u16();
        assert!(status != 405 && status < 500, "{method} {path}: {}", known.text());
        taxii(&server, method.clone(), &path, None, &headers, None).await.ok(401);
    }
}

#[tokio::test]
async fn misp_clients_find_and_add_events() {
    let server = Server::new();
    assert!(server.get("/servers/getVersion").await.ok(200)["version"].is_string());
    let me = server.get("/users/view/me").await.ok(200);
    assert_eq!(me["Role"]["perm_add"], true);
    let found =
        server.post("/attributes/restSearch", json!({ "value": "45.77.0.1" })).await.ok(200);
    let attributes = found["response"]["Attribute"].as_array().unwrap();
    assert_eq!(attributes.len(), 1);
    assert_eq!(
        (&attributes[0]["type"], &attributes[0]["to_ids"]),
        (&json!("ip-dst"), &json!(true))
    );
    let uuid = attributes[0]["Event"]["uuid"].as_str().unwrap();
    let event = server.get(&format!("/events/view/{uuid}")).await.ok(200);
    assert_eq!(event["Event"]["info"], "Exchange campaign");
    let number = event["Event"]["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/events/view/{number}")).await.ok(200), event);
    server.get("/events/view/12345").await.ok(404);
    let sent = json!({ "Event": {
        "uuid": "5f2e8a1c-0000-4000-8000-000000000001", "info": "Sent by a client",
        "date": "2021-03-05", "threat_level_id": "1", "analysis": "0", "distribution": "0",
        "Attribute": [{ "type": "domain", "category": "Network activity", "to_ids": true,
            "value": "sent-by-client.top" }],
    }});
    let added = server.post("/events/add", sent).await.ok(200);
    assert_eq!(added["Event"]["info"], "Sent by a client");
    // The client asks for the event by the identifier that it gave.
    let again = server.get("/events/view/5f2e8a1c-0000-4000-8000-000000000001").await.ok(200);
    assert_eq!(again["Event"]["Attribute"][0]["value"], "sent-by-client.top");
    for (asked, number) in [
        (json!({ "type": "domain" }), 2),
        (json!({ "value": "%client%" }), 1),
        (json!({ "value": { "NOT": ["%client%"] }, "type": "domain" }), 1),
        (json!({ "type": "domain", "limit": 1, "page": 2 }), 1),
        (json!({ "from": "2021-03-05", "to": "2021-03-05" }), 1),
        (json!({ "to_ids": 0, "type": "domain" }), 0),
        (json!({ "value": "nothing-here.example" }), 0),
    ] {
        let found = server.post("/attributes/restSearch", asked.clone()).await.ok(200);
        assert_eq!(found["response"]["Attribute"].as_array().unwrap().len(), number, "{asked}");
    }
    let text = json!({ "type": "domain", "returnFormat": "text" });
    let text = server.post("/attributes/restSearch", text).await;
    assert_eq!(text.text(), "evil-clear.top\nsent-by-client.top\n");
    let events = server.post("/events/restSearch", json!({ "eventinfo": "%client" })).await.ok(200);
    assert_eq!(events["response"].as_array().unwrap().len(), 1);
    assert_eq!(server.get("/events/index").await.ok(200).as_array().unwrap().len(), 2);
    for (asked, number) in [
        (json!({ "eventinfo": "by a client" }), 1),
        (json!({ "attribute": "evil-clear" }), 1),
        (json!({ "datefrom": "2021-03-05", "dateuntil": "2021-03-05" }), 1),
    ] {
        let found = server.post("/events/index", asked.clone()).await.ok(200);
        assert_eq!(found.as_array().unwrap().len(), number, "{asked}");
    }
    server.post("/attributes/restSearch", json!({ "returnFormat": "xml" })).await.problem(400);
    server.post("/events/add", json!({ "Event": {} })).await.problem(422);
}

#[tokio::test]
async fn a_feed_is_fetched_once() {
    let server = Server::new();
    let manifest = server.get("/misp/feed/manifest.json").await;
    let events = manifest.ok(200);
    let (uuid, entry) = events.as_object().unwrap().iter().next().unwrap();
    assert_eq!(entry["info"], "Exchange campaign");
    let hashes = server.get("/misp/feed/hashes.csv").await;
    assert!(hashes.text().lines().all(|line| line.ends_with(uuid.as_str())));
    let event = server.get(&format!("/misp/feed/{uuid}.json")).await;
    assert_eq!(event.ok(200)["Event"]["uuid"], json!(uuid));
    for (path, answer) in
        [("manifest.json".to_owned(), &manifest), (format!("{uuid}.json"), &event)]
    {
        let tag = answer.headers["etag"].to_str().unwrap();
        let headers = [("if-none-match", tag)];
        let path = format!("/misp/feed/{path}");
        let again = taxii(&server, Method::GET, &path, None, &headers, None).await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    }
    server.get("/misp/feed/other.json").await.problem(404);
    server.get("/misp/feed/passwd").await.problem(404);
}

/// All objects of what is known, page by page; `between` is done after each page.
async fn walk(
    server: &Server,
    (key, filters, limit): (Option<&str>, &str, usize),
    mut between: impl AsyncFnMut(usize),
) -> Vec<Value> {
    let (mut seen, mut next, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("{ROOT}/knowledge/objects/?limit={limit}{filters}{next}");
        let answer =
            taxii(server, Method::GET, &path, key, &[("accept", TAXII)], None).await.ok(200);
        let objects = answer["objects"].as_array().cloned().unwrap_or_default();
        assert!(objects.len() <= limit);
        seen.extend(objects);
        if answer["more"] != true {
            return seen;
        }
        next = format!("&next={}", answer["next"].as_str().unwrap());
        between(pages).await;
        pages += 1;
    }
}

fn ids(objects: &[Value]) -> std::collections::BTreeSet<String> {
    objects.iter().map(|object| object["id"].as_str().unwrap().to_owned()).collect()
}

const FILES: &str = "# Loader of OceanBuffalo\n\nOceanBuffalo used ZebraShell and T1505.003 against Contoso.\n\n\
    ## Indicators of compromise\n\n| MD5 | SHA-256 |\n| --- | --- |\n\
    | 0123456789abcdef0123456789abcdef | 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef |\n\n\
    - C:\\Windows\\Temp\\a.dll\n- C:\\Windows\\Temp\\b.dll\n- http://evil-clear[.]top/a.php\n";

#[tokio::test]
async fn what_is_known_is_told_once_whatever_the_pages_and_as_exports_tell_it() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "files.md", FILES, None);
        },
        |config| config.limits.per_minute = 100_000,
    );
    let all = walk(&server, (None, "", 1000), async |_| {}).await;
    assert_eq!(ids(&all).len(), all.len(), "each once");
    assert!(all.iter().filter(|object| object["type"] == "directory").count() <= 1);
    for limit in [1, 3, 7] {
        assert_eq!(walk(&server, (None, "", limit), async |_| {}).await, all, "by {limit}");
    }
    // What refers to an object refers to one that is there.
    let known = ids(&all);
    for object in &all {
        for (key, value) in object.as_object().unwrap() {
            let refs = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
            for id in refs.iter().filter(|_| key.ends_with("_ref") || key.ends_with("_refs")) {
                assert!(known.contains(id.as_str().unwrap()), "{key} {id} of {}", object["id"]);
            }
        }
    }
    // A bundle of all has the same objects, but for notes on doubts, which are one for all there.
    let bundle = server.get("/api/v1/export?as=stix&benign=true").await.ok(200);
    let exported: Vec<Value> = bundle["objects"].as_array().unwrap().clone();
    let told = |objects: &[Value]| -> Vec<String> {
        let aside =
            |id: &String| !id.starts_with("note--") && !id.starts_with("marking-definition--");
        ids(objects).into_iter().filter(aside).collect()
    };
    assert_eq!(told(&all), told(&exported));
    let of =
        |objects: &[Value], id: &str| objects.iter().find(|it| it["id"] == id).cloned().unwrap();
    for id in told(&all) {
        let (mut paged, mut bundled) = (of(&all, &id), of(&exported, &id));
        for object in [&mut paged, &mut bundled] {
            let object = object.as_object_mut().unwrap();
            // Times are those of coming, and the status is that of the day of coming.
            for key in ["created", "modified", "published", "extensions"] {
                object.remove(key);
            }
        }
        assert_eq!(paged, bundled, "{id}");
    }
    // Filters pass what the whole has.
    for kind in ["indicator", "report", "relationship", "malware", "file", "directory", "identity"]
    {
        let wanted: Vec<&Value> = all.iter().filter(|object| object["type"] == kind).collect();
        let found = walk(&server, (None, &format!("&match[type]={kind}"), 2), async |_| {}).await;
        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{kind}");
    }
    for object in &all {
        let id = object["id"].as_str().unwrap();
        let one = get(&server, &format!("{ROOT}/knowledge/objects/{id}/")).await.ok(200);
        assert_eq!(one["objects"], json!([object]));
        let Some(version) = object["modified"].as_str() else { continue };
        let path = format!("{ROOT}/knowledge/objects/?match[id]={id}&match[version]={version}");
        assert_eq!(get(&server, &path).await.ok(200)["objects"], json!([object]), "{version}");
    }
    let manifest = get(&server, &format!("{ROOT}/knowledge/manifest/?limit=1000")).await;
    let entries = manifest.ok(200)["objects"].as_array().unwrap().clone();
    assert_eq!(entries.len(), all.len());
    let dates: Vec<&str> = entries.iter().map(|it| it["date_added"].as_str().unwrap()).collect();
    assert!(dates.windows(2).all(|two| two[0] < two[1]), "each has a time of its own");
    // A time splits the whole as a cursor does.
    let half = entries.len() / 2;
    let after = format!("&added_after={}", dates[half - 1]);
    assert_eq!(walk(&server, (None, &after, 5), async |_| {}).await, all[half..]);
    let none = get(&server, &format!("{ROOT}/knowledge/objects/?match[spec_version]=2.0")).await;
    assert_eq!(none.ok(200), json!({}));
}

#[tokio::test]
async fn what_comes_while_pages_are_read_is_told_once_below_any_ceiling() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "files.md", FILES, None);
            add(engine, "amber.md", AMBER, Some(Marking::Amber));
        },
        |config| config.limits.per_minute = 100_000,
    );
    let amber = server.user("amber", Role::Analyst, Marking::Amber);
    let green = server.user("green", Role::Analyst, Marking::Green);
    for (key, name) in [(&amber, "one"), (&green, "two")] {
        let before = ids(&walk(&server, (Some(key), "", 1000), async |_| {}).await);
        let seen = walk(&server, (Some(key), "", 3), async |page| {
            if page < 4 {
                let text = format!("# Note {name} {page}\n\n## Indicators of compromise\n\n- {name}{page}[.]example\n");
                let body = json!({ "text": text, "name": format!("{name}{page}.md"), "tlp": "TLP:GREEN" });
                let answer = server.call_as(&amber, Method::POST, "/api/v1/documents", Some(body)).await;
                assert!(answer.status.is_success(), "{}", answer.text());
            }
        })
        .await;
        let versions: std::collections::BTreeSet<(String, String)> = seen
            .iter()
            .map(|it| {
                let text = |key: &str| it[key].as_str().unwrap_or_default().to_owned();
                (text("id"), text("modified"))
            })
            .collect();
        assert_eq!(versions.len(), seen.len(), "no version twice");
        let after = ids(&walk(&server, (Some(key), "", 1000), async |_| {}).await);
        assert_eq!(ids(&seen), after, "nothing is lost");
        assert!(before.is_subset(&after) && before.len() < after.len());
        let told = serde_json::to_string(&seen).unwrap();
        assert_eq!(told.contains("UNC7777"), key == &amber);
        assert!((0..4).all(|page| told.contains(&format!("{name}{page}.example"))));
    }
}

#[tokio::test]
async fn a_page_that_was_made_ahead_is_of_the_state_that_is_asked_for() {
    let server = Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "files.md", FILES, None);
        },
        |config| config.limits.per_minute = 100_000,
    );
    let first = format!("{ROOT}/knowledge/objects/?limit=20");
    let begun = get(&server, &first).await.ok(200);
    let second = format!("{first}&next={}", begun["next"].as_str().unwrap());
    let whole = get(&server, &second).await.ok(200);
    // Whether it was made ahead, or kept: it is the same.
    assert_eq!(get(&server, &second).await.ok(200), whole);
    let all = format!("{ROOT}/knowledge/objects/?limit=1000");
    let before = get(&server, &all).await.ok(200);

    let mut engine = lapwing_engine::Engine::open(&server.store()).unwrap();
    add(
        &mut engine,
        "late.md",
        "# Late\n\n## Indicators of compromise\n\n- late[.]example\n",
        None,
    );
    let told = get(&server, &all).await.text();
    assert!(told.contains("late.example"));
    let change = engine.store().latest_change().unwrap().unwrap();
    engine.undo(change, now()).unwrap();
    drop(engine);
    let after = get(&server, &all).await.ok(200);
    assert!(!after.to_string().contains("late.example"));
    let known = |page: &Value| ids(page["objects"].as_array().unwrap());
    assert_eq!(known(&after), known(&before));

    // By identifier as well, where it was told and where it was not.
    let id = before["objects"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap();
    let one = get(&server, &format!("{ROOT}/knowledge/objects/{id}/")).await.ok(200);
    assert_eq!(one["objects"].as_array().unwrap().len(), 1);
    for object in serde_json::from_str::<Value>(&told).unwrap()["objects"].as_array().unwrap() {
        let id = object["id"].as_str().unwrap();
        let status = if known(&after).contains(id) { 200 } else { 404 };
        get(&server, &format!("{ROOT}/knowledge/objects/{id}/")).await.ok(status);
    }
}

/// Files of a tape archive, as names with what is in them.
fn unpacked(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = |bytes: &[u8]| {
        String::from_utf8(bytes.iter().copied().take_while(|byte| *byte != 0).collect()).unwrap()
    };
    let mut files = Vec::new();
    let mut at = 0;
    while archive[at] != 0 {
        let size = usize::from_str_radix(&text(&archive[at + 124..at + 136]), 8).unwrap();
        let from = at + 512;
        files.push((text(&archive[at..at + 100]), archive[from..from + size].to_vec()));
        at = from + size.next_multiple_of(512);
    }
    assert!(archive[at..].len() == 1024 && archive[at..].iter().all(|byte| *byte == 0));
    files
}

#[tokio::test]
async fn a_long_export_goes_out_as_it_is_made_and_is_the_same() {
    let mut table = "type,value\n".to_owned();
    for n in 0..900 {
        table.push_str(&format!(
            "ipv4-addr,45.{}.{}.7\ndomain-name,reed{n}.top\n",
            n / 256,
            n % 256
        ));
    }
    let server = Server::with(
        |engine| {
            add(engine, "many.csv", &table, None);
            add(engine, "clear.md", CLEAR, None);
            add(engine, "red.md", RED, Some(Marking::Red));
        },
        |_| {},
    );
    let engine = lapwing_engine::Engine::open_read_only(&server.store()).unwrap();
    for format in ["stix", "stix2.0", "misp", "misp-feed", "list", "csv"] {
        let answer = server.get(&format!("/api/v1/export?as={format}&tlp=TLP:CLEAR")).await;
        assert_eq!(answer.status.as_u16(), 200, "{format}: {}", answer.text());
        let options = lapwing_engine::ExportOptions {
            pap: lapwing_model::Pap::Red,
            ..lapwing_engine::ExportOptions::new(
                format.parse().unwrap(),
                now().to_zoned(jiff::tz::TimeZone::UTC).date(),
            )
        };
        let exported = engine.export(&options).unwrap();
        let told: Vec<(String, Vec<u8>)> =
            exported.files.into_iter().map(|file| (file.name, file.bytes)).collect();
        let long = answer.bytes.len() > 1 << 20;
        assert!(long || !format.starts_with("stix"), "{format}");
        assert_eq!(answer.headers.contains_key("x-lapwing-losses"), !long, "{format}");
        if told.len() == 1 {
            assert!(answer.bytes == told[0].1, "{format}");
        } else {
            assert_eq!(answer.headers["content-type"], "application/x-tar");
            assert!(unpacked(&answer.bytes) == told, "{format}");
        }
        let place = answer.headers["content-disposition"].to_str().unwrap();
        assert!(place.starts_with("attachment; filename=\"lapwing"), "{place}");
        for secret in ONLY_RED {
            assert!(!answer.text().contains(secret), "{format}: {secret}");
        }
    }
}
