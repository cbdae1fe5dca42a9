//! What an instance of MISP does that pulls from this server or has it as a feed: it goes by the times of events.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use axum::http::{Method, Request};
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::{Value, json};

use crate::common::{CLEAR, RED, Server, add, now, request};

const OURS: &str = "7a1c2e7e-2f0c-4ef0-9a51-6b2b1d5c0a01";
const WITHIN: &str = "7a1c2e7e-2f0c-4ef0-9a51-6b2b1d5c0a02";

fn sent() -> Value {
    json!({ "Event": {
        "uuid": OURS,
        "info": "Wave of spring",
        "timestamp": "1600000000",
        "Attribute": [
            { "uuid": WITHIN, "type": "domain", "value": "wave.top", "to_ids": true },
            { "type": "ip-dst", "value": "45.77.0.7", "to_ids": true, "timestamp": "1600000000" },
        ],
        "Object": [{ "name": "file", "Attribute": [
            { "type": "sha256", "object_relation": "sha256", "value": "ab".repeat(32) }] }],
    }})
}

/// A server whose clock goes on by a minute with every change.
struct Ticking {
    server: Server,
    minutes: Arc<AtomicI64>,
}

impl Ticking {
    fn new() -> Self {
        let minutes = Arc::new(AtomicI64::new(1));
        let clock = Arc::clone(&minutes);
        let server = Server::with(
            |engine| {
                add(engine, "clear.md", CLEAR, None);
                add(engine, "red.md", RED, Some(Marking::Red));
            },
            |config| {
                config.clock = Arc::new(move || {
                    now() + jiff::SignedDuration::from_mins(clock.load(Ordering::SeqCst))
                });
            },
        );
        Self { server, minutes }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.minutes.fetch_add(1, Ordering::SeqCst);
        self.server.post(path, body).await.ok(200)
    }

    /// The times of all events of the feed.
    async fn feed(&self) -> BTreeMap<String, String> {
        let manifest = self.server.get("/misp/feed/manifest.json").await.ok(200);
        let entry = |(id, entry): (&String, &Value)| {
            (id.clone(), entry["timestamp"].as_str().unwrap().to_owned())
        };
        manifest.as_object().unwrap().iter().map(entry).collect()
    }

    /// The same, of the index that servers pull by.
    async fn index(&self) -> BTreeMap<String, String> {
        let asked = json!({ "minimal": 1, "published": 1 });
        let index = self.server.post("/events/index", asked).await.ok(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let entry = |entry: &Value| (text(&entry["uuid"]), text(&entry["timestamp"]));
        index.as_array().unwrap().iter().map(entry).collect()
    }

    /// Which events have another time than before; all must be younger.
    async fn changed(&self, before: &mut BTreeMap<String, String>) -> Vec<String> {
        let now = self.feed().await;
        assert_eq!(now, self.index().await);
        let changed = now.iter().filter(|(id, time)| before.get(*id) != Some(*time));
        let changed: Vec<String> = changed.map(|(id, _)| id.clone()).collect();
        for id in &changed {
            assert!(before.get(id).is_none_or(|old| old < &now[id]), "{id} is older now");
            let file = self.server.get(&format!("/misp/feed/{id}.json")).await.ok(200);
            assert_eq!(file["Event"]["timestamp"], json!(now[id]));
        }
        *before = now;
        changed
    }
}

#[tokio::test]
async fn an_event_has_another_time_just_when_it_is_another() {
    let server = Ticking::new();
    let mut before = server.feed().await;
    assert_eq!(before.len(), 2);
    // What is not published is for nobody else.
    server.post("/events/add", sent()).await;
    server.server.get(&format!("/misp/feed/{OURS}.json")).await.problem(404);
    let hashes = server.server.get("/misp/feed/hashes.csv").await.text();
    assert!(!hashes.contains(OURS) && hashes.lines().count() > 3);
    assert!(server.changed(&mut before).await.is_empty());
    server.post(&format!("/events/publish/{OURS}"), json!({})).await;
    assert_eq!(server.changed(&mut before).await, [OURS]);
    assert!(server.server.get("/misp/feed/hashes.csv").await.text().contains(OURS));

    for (path, body) in [
        ("/tags/attachTagToObject".to_owned(), json!({ "uuid": OURS, "tag": "wave:spring" })),
        ("/tags/attachTagToObject".to_owned(), json!({ "uuid": WITHIN, "tag": "wave:one" })),
        (format!("/attributes/edit/{WITHIN}"), json!({ "comment": "the first" })),
        (format!("/attributes/add/{OURS}"), json!({ "type": "domain", "value": "more.top" })),
        (format!("/events/edit/{OURS}"), json!({ "Event": { "info": "Wave of late spring" } })),
        ("/sightings/add".to_owned(), json!({ "value": "wave.top", "type": "1" })),
    ] {
        server.post(&path, body.clone()).await;
        assert_eq!(server.changed(&mut before).await, [OURS], "{path} {body}");
    }
    // What changed nothing of it.
    server
        .post(
            "/events/add",
            json!({ "Event": { "info": "Another", "published": true,
        "Attribute": [{ "type": "domain", "value": "elsewhere.top" }] } }),
        )
        .await;
    let changed = server.changed(&mut before).await;
    assert_eq!(changed.len(), 1);
    assert!(!changed.contains(&OURS.to_owned()));
    server.post(&format!("/sightings/add/{WITHIN}"), json!({})).await;
    assert!(server.changed(&mut before).await.is_empty());
    let index = server.server.post("/events/index", json!({})).await.ok(200);
    let sighted: Vec<&str> = index
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["sighting_timestamp"] != "0")
        .map(|entry| entry["uuid"].as_str().unwrap())
        .collect();
    assert_eq!(sighted, [OURS]);
}

#[tokio::test]
async fn what_is_judged_is_young_in_the_event_too() {
    let server = Ticking::new();
    server.post("/events/add", sent()).await;
    server.post(&format!("/events/publish/{OURS}"), json!({})).await;
    let times = async || {
        let event = server.server.get(&format!("/events/view/{OURS}")).await.ok(200);
        let one = |at: usize| event["Event"]["Attribute"][at].clone();
        [one(0), one(1)].map(|one| (one["timestamp"].clone(), one["Tag"].clone()))
    };
    let before = times().await;
    server.post("/sightings/add", json!({ "value": "45.77.0.7", "type": "1" })).await;
    let after = times().await;
    assert_eq!(after[0], before[0]);
    // How likely it is told is another.
    assert_ne!(after[1].1, before[1].1);
    assert!(after[1].0.as_str() > before[1].0.as_str());
    // Who polls by time is told.
    let polled = json!({ "timestamp": after[1].0.clone(), "value": "45.77.0.7" });
    let found = server.server.post("/attributes/restSearch", polled).await.ok(200);
    let all = found["response"]["Attribute"].as_array().unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["Tag"], after[1].1);
}

/// What is kept from one state to the next is what is made anew of the store.
#[tokio::test]
async fn what_is_kept_is_what_is_made_anew() {
    let server = Ticking::new();
    let reader = server.server.user("reader", Role::Reader, Marking::Clear);
    let admin = server.server.user("admin", Role::Admin, Marking::Red);
    let paths = [
        "/events/index",
        "/tags/index",
        "/attributes/attributeStatistics/type",
        "/misp/feed/manifest.json",
        "/misp/feed/hashes.csv",
        "/events/restSearch?metadata=1",
        "/sightings/restSearch",
    ];
    let post = async |path: &str, body: Value| {
        server.minutes.fetch_add(1, Ordering::SeqCst);
        server.server.call_as(&admin, Method::POST, path, Some(body)).await.ok(200)
    };
    let changes = [
        ("/events/add", sent()),
        ("/events/publish/7a1c2e7e-2f0c-4ef0-9a51-6b2b1d5c0a01", json!({})),
        ("/sightings/add", json!({ "value": "45.77.0.7", "type": "0" })),
        ("/tags/attachTagToObject", json!({ "uuid": OURS, "tag": "wave:spring" })),
        (
            "/attributes/add/7a1c2e7e-2f0c-4ef0-9a51-6b2b1d5c0a01",
            json!({ "type": "domain", "value": "evil-clear.top" }),
        ),
        ("/sightings/add", json!({ "value": "evil-clear.top", "type": "1" })),
        ("/attributes/delete/7a1c2e7e-2f0c-4ef0-9a51-6b2b1d5c0a02", json!({})),
        ("/events/delete/7a1c2e7e-2f0c-4ef0-9a51-6b2b1d5c0a01", json!({})),
    ];
    for (path, body) in changes {
        post(path, body).await;
        let folder = server.server.store();
        for key in [&admin, &reader] {
            // Another server on the same store has nothing of before.
            let clock = Arc::clone(&server.minutes);
            let mut config = lapwing_serve::Config::new(folder.clone());
            config.log = lapwing_serve::LogForm::None;
            config.clock = Arc::new(move || {
                now() + jiff::SignedDuration::from_mins(clock.load(Ordering::SeqCst))
            });
            let fresh = lapwing_serve::router(&lapwing_serve::App::open(config).unwrap());
            for asked in paths {
                let kept = server.server.get_as(key, asked).await;
                let anew = send(&fresh, request(Method::GET, asked, Some(key), None)).await;
                assert_eq!(kept.text(), anew, "{asked} after {path}");
            }
        }
    }
}

async fn send(router: &axum::Router, mut asked: Request<Body>) -> String {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    let from = std::net::SocketAddr::from(([127, 0, 0, 1], 50_000));
    asked.extensions_mut().insert(axum::extract::ConnectInfo(from));
    let answer = router.clone().oneshot(asked).await.unwrap();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn who_pulls_asks_whether_his_index_is_good() {
    let server = Ticking::new();
    let ask = async |tag: &str| {
        let mut asked = request(
            Method::POST,
            "/events/index",
            None,
            Some(json!({ "minimal": 1, "published": 1 })),
        );
        asked.headers_mut().insert("if-none-match", tag.parse().unwrap());
        server.server.send(asked).await
    };
    let first = ask("\"\"").await;
    assert_eq!(first.ok(200).as_array().unwrap().len(), 2);
    let tag = first.headers["etag"].to_str().unwrap().to_owned();
    let again = ask(&tag).await;
    assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
    server.post("/sightings/add", json!({ "value": "45.77.0.1", "type": "1" })).await;
    assert_eq!(ask(&tag).await.status, 200);
    // The rules of a pull.
    for (rules, number) in [
        (json!({ "org": ["Lapwing"] }), 2),
        (json!({ "org": "Somebody|Else" }), 0),
        (json!({ "tag": "tlp:red|no:such" }), 1),
        (json!({ "tag": ["!tlp:red"] }), 1),
    ] {
        let found = server.server.post("/events/index", rules.clone()).await.ok(200);
        assert_eq!(found.as_array().unwrap().len(), number, "{rules}");
    }
}

#[tokio::test]
async fn another_instance_may_push() {
    let server = Ticking::new();
    let echo = server.post("/servers/postTest", json!({ "testString": "äöü" })).await;
    assert_eq!(echo["body"]["testString"], "äöü");
    assert_eq!(echo["headers"]["Content-type"], "application/json");
    let rules = server.server.get("/servers/getAvailableSyncFilteringRules").await.ok(200);
    assert!(rules["tags"].as_array().unwrap().contains(&json!("tlp:red")));
    assert_eq!(server.post("/galaxy_clusters/restSearch", json!({})).await["response"], json!([]));
    assert_eq!(server.server.get("/servers/getVersion").await.ok(200)["perm_sync"], true);

    server.post("/events/add", sent()).await;
    let report = server.index().await.into_keys().next().unwrap();
    let offer = |id: &str, time: i64| json!({ "Event": { "uuid": id, "timestamp": time } });
    let new = "7a1c2e7e-2f0c-4ef0-9a51-6b2b1d5c0a09";
    let wanted = server
        .post(
            "/events/filterEventIdsForPush",
            json!([
                offer(new, 1),
                offer(OURS, 1),
                offer(OURS, 4_000_000_000),
                offer(&report, 4_000_000_000)
            ]),
        )
        .await;
    assert_eq!(wanted, json!([new, OURS]));
    let seen = json!([
        { "attribute_uuid": WITHIN, "type": "0", "date_sighting": "1615291200" },
        { "attribute_uuid": new, "type": "0" },
    ]);
    let saved = server.post(&format!("/sightings/bulkSaveSightings/{OURS}"), seen).await;
    assert_eq!(saved["success"], "1 sightings added.");
    let asked = json!({ "uuid": [OURS], "last": 0, "includeUuid": true });
    let told = server.post("/sightings/restSearch/event", asked).await;
    assert_eq!(told["response"][0]["Sighting"]["attribute_uuid"], WITHIN);
    let other = json!({ "uuid": [report], "last": 0 });
    assert_eq!(server.post("/sightings/restSearch/event", other).await["response"], json!([]));
    server.server.post("/events/filterEventIdsForPush", json!({})).await.problem(422);
}
