//! What is above somebody's ceiling does not exist for him, whichever way he asks.

use std::collections::BTreeSet;

use axum::http::Method;
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::json;

use crate::common::{AMBER, CLEAR, ONLY_AMBER, ONLY_RED, RED, Server, add, form, request};

fn server() -> Server {
    Server::with(
        |engine| {
            add(engine, "clear.md", CLEAR, None);
            add(engine, "amber.md", AMBER, Some(Marking::Amber));
            add(engine, "red.md", RED, Some(Marking::Red));
            let undone = RED.replace("99", "98").replace("Secret note", "Secret note undone");
            add(engine, "red.md.undone", &undone, Some(Marking::Red));
            engine.undo(lapwing_model::ChangeId(4), crate::common::now()).unwrap();
        },
        |config| config.limits.per_minute = 100_000,
    )
}

/// Every route that answers a GET, with questions about things above and below the ceiling.
fn questions(ids: &[String]) -> Vec<String> {
    let names = ["HAFNIUM", "UNC9999", "UNC7777", "45.77.0.1", "45.77.0.99", "nobody"];
    let mut paths = Vec::new();
    for path in [
        "/",
        "/api",
        "/api/openapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
        "/feed.atom",
        "/feed.rss",
        "/api/v1/session",
        "/api/v1/about",
        "/api/v1/knowledge",
        "/api/v1/indicators",
        "/api/v1/indicators?sort=probability",
        "/api/v1/indicators?sort=last",
        "/api/v1/entities",
        "/api/v1/entities?kind=domain-name",
        "/api/v1/entities/kinds",
        "/api/v1/documents",
        "/api/v1/origins",
        "/api/v1/gaps",
        "/api/v1/clusters",
        "/api/v1/timeline",
        "/api/v1/techniques",
        "/api/v1/attack",
        "/api/v1/news?since=2021-01-01T00:00:00Z",
        "/api/v1/minted-clusters",
        "/api/v1/minted-clusters/decisions",
        "/api/v1/names",
        "/api/v1/names/history",
        "/api/v1/exports",
        "/api/v1/activity?until=2021-03-09",
        "/api/v1/feeds",
        "/api/v1/feeds/certs",
        "/api/v1/history",
        "/api/v1/hunts",
        "/api/v1/hunt-root",
        "/api/v1/keys",
        "/api/v1/webhooks",
        "/api/v1/users",
        "/api/v1/audit",
        "/taxii2/",
        "/taxii2/lapwing/",
        "/taxii2/lapwing/collections/",
        "/taxii2/lapwing/collections/knowledge/",
        "/taxii2/lapwing/collections/knowledge/objects/?limit=1000",
        "/taxii2/lapwing/collections/knowledge/objects/?match[version]=all&limit=1000",
        "/taxii2/lapwing/collections/knowledge/manifest/",
        "/taxii2/lapwing/collections/inbox/objects/",
        "/attributes/restSearch",
        "/attributes/restSearch?returnFormat=csv",
        "/events/restSearch",
        "/events/restSearch?returnFormat=stix2",
        "/events/restSearch?returnFormat=suricata",
        "/events/restSearch?returnFormat=text",
        "/events/restSearch?returnFormat=csv",
        "/events/restSearch?enforceWarninglist=1",
        "/attributes/describeTypes.json",
        "/events/index",
        "/tags/index",
        "/misp/feed/manifest.json",
        "/misp/feed/hashes.csv",
        "/servers/getVersion",
        "/users/view/me",
    ] {
        paths.push(path.to_owned());
    }
    for name in names {
        for path in [
            "search?q",
            "complete?q",
            "page?of",
            "page.md?of",
            "page.html?of",
            "page.txt?of",
            "explain?of",
            "forecast?of",
            "graph?of",
            "timeline?of",
            "techniques?of",
            "indicators?of",
            "page?as_of=2021-03-09&of",
            "explain?as_of=2021-03-09&of",
            "decay?kind=ipv4-addr&value",
            "documents?q",
        ] {
            paths.push(format!("/api/v1/{path}={name}"));
        }
        for format in ["csv", "stix"] {
            paths.push(format!("/api/v1/export?as={format}&of={name}"));
            paths.push(format!("/api/v1/export?as={format}&of={name}&tlp=TLP:RED"));
        }
    }
    for format in [
        "csv",
        "stix",
        "stix2.0",
        "misp",
        "misp-feed",
        "list",
        "suricata",
        "zeek",
        "sigma",
        "yara",
        "rpz",
    ] {
        paths.push(format!("/api/v1/export?as={format}&tlp=TLP:RED"));
    }
    for name in names {
        paths.push(format!("/attributes/restSearch?value={name}"));
        paths.push(format!("/events/restSearch?value={name}"));
    }
    for id in ids {
        let event = lapwing_engine::publish::misp::event_uuid(id.parse().unwrap());
        paths.push(format!("/events/view/{event}"));
        paths.push(format!("/misp/feed/{event}.json"));
        for path in ["", "/raw", "/origin", "/claims"] {
            paths.push(format!("/api/v1/documents/{id}{path}"));
        }
        paths.push(format!("/api/v1/gaps?document={id}"));
        paths.push(format!("/api/v1/timeline?document={id}"));
    }
    for change in 1..=5 {
        paths.push(format!("/api/v1/history/{change}"));
    }
    paths
}

/// The question itself may stand in the answer: only what was not asked for tells.
fn leaks(answer: &str, path: &str, secrets: &[&str]) -> Vec<String> {
    let told = answer.replace("[.]", ".");
    secrets
        .iter()
        .filter(|s| !path.contains(*s) && told.contains(*s))
        .map(|s| (*s).to_owned())
        .collect()
}

#[tokio::test]
async fn nothing_above_the_ceiling_goes_out_whichever_way_is_asked() {
    let server = server();
    let root = server.user("root", Role::Admin, Marking::Red);
    let documents = server.get_as(&root, "/api/v1/documents").await.ok(200);
    let ids: Vec<String> = documents["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 3);
    let everything: Vec<&str> = ONLY_RED.into_iter().chain(ONLY_AMBER).collect();
    // Admins of a lower ceiling see more routes, and no more of the store.
    for (name, role, ceiling, hidden) in [
        ("green", Role::Publisher, Marking::Green, everything.as_slice()),
        ("amber", Role::Admin, Marking::Amber, ONLY_RED.as_slice()),
    ] {
        let key = server.user(name, role, ceiling);
        let mut answered = BTreeSet::new();
        for path in questions(&ids) {
            if path == "/api/v1/audit" {
                continue; // it holds these questions; see below
            }
            let answer = server.get_as(&key, &path).await;
            assert!(
                answer.status.as_u16() < 500 || answer.status == 503,
                "{path}: {}",
                answer.text()
            );
            let leaked = leaks(&answer.text(), &path, hidden);
            assert!(leaked.is_empty(), "{name} {path}: {leaked:?} in {}", answer.text());
            for (header, value) in &answer.headers {
                let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                assert!(leaks(&value, &path, hidden).is_empty(), "{name} {path}: {header}");
            }
            if answer.status == 200 {
                answered.insert(path.split('?').next().unwrap().to_owned());
            }
        }
        assert!(answered.len() > 30, "{answered:?}");
        for body in [
            json!({ "values": ["45.77.0.1", "HAFNIUM"] }),
            json!({ "text": "45.77.0.1 evil-clear.top" }),
        ] {
            let answer = server.call_as(&key, Method::POST, "/api/v1/lookup", Some(body)).await;
            assert!(leaks(&answer.text(), "", hidden).is_empty(), "{}", answer.text());
        }
        // Asking for it finds nothing.
        let values = json!({ "values": hidden });
        let answer =
            server.call_as(&key, Method::POST, "/api/v1/lookup", Some(values)).await.ok(200);
        assert_eq!(answer["known"], 0, "{answer}");
    }
    // Nor does the log tell what those asked who may see more.
    server.get_as(&root, "/api/v1/page?of=ZebraShell").await;
    let amber = server.user("auditor", Role::Admin, Marking::Amber);
    let audit = server.get_as(&amber, "/api/v1/audit?who=root").await;
    assert!(audit.ok(200)["items"].as_array().unwrap().len() > 1);
    assert!(!audit.text().contains("ZebraShell"), "{}", audit.text());
    let asked = server.get_as(&amber, "/api/v1/audit?who=root&what=ZebraShell").await.ok(200);
    assert_eq!(asked["items"], json!([]));
    // Who may see it, sees it.
    let text = server.get_as(&root, "/api/v1/page?of=UNC9999").await.text();
    assert!(text.contains("ZebraShell"));
}

#[tokio::test]
async fn counts_and_probabilities_owe_nothing_to_what_is_above() {
    let marked = server();
    let green = marked.user("green", Role::Reader, Marking::Green);
    let plain = Server::new();
    for path in [
        "/api/v1/indicators",
        "/api/v1/explain?of=45.77.0.1",
        "/api/v1/page?of=HAFNIUM",
        "/api/v1/graph?of=HAFNIUM",
        "/api/v1/compare?a=HAFNIUM&b=45.77.0.1",
        "/api/v1/entities",
        "/api/v1/origins",
        "/api/v1/timeline",
        "/api/v1/forecast?of=HAFNIUM",
        "/api/v1/search?q=campaign",
        "/api/v1/history",
    ] {
        let there = marked.get_as(&green, path).await.ok(200);
        let here = plain.get(path).await.ok(200);
        assert_eq!(there, here, "{path}");
    }
    let about = marked.get_as(&green, "/api/v1/about").await.ok(200);
    let alone = plain.get("/api/v1/about").await.ok(200);
    for count in ["documents", "origins", "facts", "indicators", "gaps", "changes"] {
        assert_eq!(about[count], alone[count], "{count}");
    }
}

#[tokio::test]
async fn what_is_said_of_marked_things_is_marked() {
    let server = server();
    let amber = server.user("anna", Role::Analyst, Marking::Amber);
    let body = json!({ "kind": "ipv4-addr", "value": "45.77.0.50", "tlp": "TLP:CLEAR" });
    let kept =
        server.call_as(&amber, Method::POST, "/api/v1/false-positives", Some(body)).await.ok(201);
    let id = kept["document"].as_str().unwrap();
    let document = server.get_as(&amber, &format!("/api/v1/documents/{id}")).await.ok(200);
    assert_eq!(document["document"]["marking"], "TLP:AMBER");
    let green = server.user("green", Role::Reader, Marking::Green);
    server.get_as(&green, &format!("/api/v1/documents/{id}")).await.problem(404);
    // Nobody takes back what he does not see, nor what others did.
    let undo = |change: i64| format!("/api/v1/history/{change}/undo");
    server.call_as(&amber, Method::POST, &undo(3), Some(json!({}))).await.problem(404);
    server.call_as(&amber, Method::POST, &undo(1), Some(json!({}))).await.problem(403);
    let own = kept["change"].as_i64().unwrap();
    server.call_as(&amber, Method::POST, &undo(own), Some(json!({}))).await.ok(200);
}

#[tokio::test]
async fn a_hunt_tells_only_what_its_starter_may_see() {
    let server = server();
    server.user("root", Role::Admin, Marking::Red);
    let green = server.user("green", Role::Analyst, Marking::Green);
    let log =
        "2021-03-03T10:00:00Z 45.77.0.99 connected\n2021-03-03T10:00:01Z 45.77.0.1 connected\n";
    let begun = form("/api/v1/hunts", Some(&green), &[("files", Some("a.log"), log)]);
    let id = server.send(begun).await.ok(202)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/hunts/{id}");
    loop {
        let state = server.get_as(&green, &path).await.ok(200);
        if state["state"] == "done" {
            break;
        }
        assert_ne!(state["state"], "failed", "{state}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let findings = server.get_as(&green, &format!("{path}/findings")).await;
    assert!(findings.text().contains("45.77.0.1"));
    for item in findings.json()["items"].as_array().unwrap() {
        assert_ne!(item["matched"], "45.77.0.99");
    }
    let clear = server.user("clear", Role::Analyst, Marking::Clear);
    server.get_as(&clear, &path).await.problem(404);
}

#[tokio::test]
async fn every_documented_route_is_in_the_table_of_permissions() {
    // A route that is in no table answers 500: none does, and none is missing.
    let server = server();
    let key = server.user("root", Role::Admin, Marking::Red);
    let api = serde_json::to_value(lapwing_serve::openapi()).unwrap();
    let mut routes = 0;
    for (path, methods) in api["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            if path.ends_with("/events") {
                continue; // streams, which do not end
            }
            let place =
                path.replace("{id}", "x").replace("{name}", "nobody").replace("{change}", "77");
            let answer = server.send(request(method.clone(), &place, Some(&key), None)).await;
            let status = answer.status.as_u16();
            assert!(status != 405 && status < 500, "{method} {path}: {}", answer.text());
            // Without a log-in, nothing but what is open.
            let answer = server.send(request(method.clone(), &place, None, None)).await;
            let open = path == "/api/v1/session";
            assert!(open || answer.status == 401, "{method} {path}: {}", answer.text());
            routes += 1;
        }
    }
    assert!(routes > 50, "{routes}");
}
