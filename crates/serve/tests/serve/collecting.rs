//! Feeds and activity over REST.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use axum::http::Method;
use lapwing_engine::Engine;
use lapwing_engine::store::{Feed, FeedSettings, FeedState};
use lapwing_model::Marking;
use lapwing_serve::{Collection, Config, LogForm, Role};
use serde_json::json;

use crate::common::{Server, add};

fn feed(name: &str, address: &str, marking: Option<Marking>) -> Feed {
    Feed {
        name: name.to_owned(),
        address: address.to_owned(),
        kind: "list".to_owned(),
        settings: FeedSettings {
            every: 3600,
            source: None,
            marking,
            quota: None,
            key_env: Some("LAPWING_TEST_KEY".to_owned()),
            allow_private: false,
            named_private: true,
            articles: true,
            paused: false,
        },
        state: FeedState::default(),
    }
}

fn collecting(config: &mut Config) {
    config.collection = Some(Collection::new(|_| None, None));
}

fn server() -> Server {
    Server::with(
        |engine| {
            engine.store().put_feed(&feed("open", "https://example.org/list", None)).unwrap();
            let red = feed("secret-red", "https://example.org/red", Some(Marking::Red));
            engine.store().put_feed(&red).unwrap();
        },
        collecting,
    )
}

#[tokio::test]
async fn feeds_are_told_with_their_health_below_the_ceiling() {
    let server = server();
    let rows = server.get("/api/v1/feeds").await.ok(200);
    assert_eq!(rows["total"], 2);
    assert_eq!(rows["items"][0]["health"], "new");
    assert_eq!(rows["items"][0]["due"], true);
    let admin = server.user("amber", Role::Admin, Marking::Amber);
    let rows = server.get_as(&admin, "/api/v1/feeds").await;
    assert!(!rows.text().contains("secret-red"), "{}", rows.text());
    server.get_as(&admin, "/api/v1/feeds/secret-red").await.problem(404);
    for (method, path) in [
        (Method::POST, "/api/v1/feeds/secret-red/pull"),
        (Method::POST, "/api/v1/feeds/secret-red/pause"),
        (Method::DELETE, "/api/v1/feeds/secret-red"),
    ] {
        server.call_as(&admin, method, path, None).await.problem(404);
    }
    let paused = server.call_as(&admin, Method::POST, "/api/v1/feeds/open/pause", None).await;
    assert_eq!(paused.ok(200)["health"], "paused");
    let resumed = server.call_as(&admin, Method::POST, "/api/v1/feeds/open/resume", None).await;
    assert_eq!(resumed.ok(200)["paused"], false);
    let ordered = server.call_as(&admin, Method::POST, "/api/v1/feeds/open/pull", None).await;
    assert_eq!(ordered.ok(202)["queued"], true);
    let analyst = server.user("anna", Role::Analyst, Marking::Red);
    let body = json!({ "address": "https://example.org/x" });
    let path = "/api/v1/feeds";
    server.call_as(&analyst, Method::POST, path, Some(body)).await.problem(403);
    let reader = server.user("rita", Role::Reader, Marking::Red);
    server.get_as(&reader, path).await.problem(403);
    assert_eq!(
        server.call_as(&admin, Method::DELETE, "/api/v1/feeds/open", None).await.status,
        204
    );
    server.get_as(&admin, "/api/v1/feeds/open").await.problem(404);
}

#[tokio::test]
async fn nobody_reaches_the_servers_own_network_folders_or_keys_through_a_feed() {
    let server = server();
    for address in [
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest/",
        "http://[::1]/",
        "http://localhost/",
        "/etc",
        "file:///etc/passwd",
        "ftp://example.org/",
        "https://anna:secret@example.org/",
        "",
    ] {
        let body = json!({ "address": address, "kind": "list" });
        let problem = server.post("/api/v1/feeds", body).await.problem(422);
        assert!(!problem.to_string().contains("anna:secret"), "{problem}");
    }
    let folder = json!({ "address": "/etc", "kind": "folder" });
    server.post("/api/v1/feeds", folder).await.problem(422);
    let body = json!({ "address": "https://192.0.2.1/", "kind": "gopher" });
    server.post("/api/v1/feeds", body).await.problem(400);
    let body = json!({ "address": "https://192.0.2.1/", "kind": "list", "every": "1s" });
    server.post("/api/v1/feeds", body).await.problem(400);
    // A kind that is said needs no look at the content: nothing is fetched here.
    let body = json!({ "address": "https://192.0.2.1/list", "kind": "list", "name": "far", "key_env": "PATH", "allow_private": true });
    let row = server.post("/api/v1/feeds", body).await.ok(201);
    assert_eq!((row["name"].as_str(), row["every"].as_u64()), (Some("far"), Some(3600)));
    let kept = Engine::open(&server.store()).unwrap().store().feed("far").unwrap().unwrap();
    assert!(kept.settings.key_env.is_none() && !kept.settings.allow_private);
    let taken = json!({ "address": "https://192.0.2.2/", "kind": "list", "name": "far" });
    server.post("/api/v1/feeds", taken).await.problem(409);
    let silent = Server::new();
    let body = json!({ "address": "https://192.0.2.1/list", "kind": "list" });
    silent.post("/api/v1/feeds", body).await.problem(403);
}

#[tokio::test]
async fn activity_counts_only_what_the_asker_may_see() {
    let post = |author: &str, words: &str| {
        json!({ "time": "2021-03-08T10:00:00Z", "channel": "chat", "author": author, "text": words })
            .to_string()
    };
    let server = Server::with(
        |engine| {
            let clear = post("anna", "PoC for CVE-2021-26855 is public on GitHub");
            add(engine, "clear.jsonl", &clear, None);
            let red = post("zoe", "CVE-2021-99999 is actively exploited by UNC9999");
            add(engine, "red.jsonl", &red, Some(Marking::Red));
        },
        |_| {},
    );
    let path = "/api/v1/activity?until=2021-03-09";
    let all = server.get(path).await.ok(200);
    assert_eq!(all["posts"], 2);
    assert_eq!(all["intentions"].as_array().unwrap().len(), 2);
    let green = server.user("green", Role::Reader, Marking::Green);
    let below = server.get_as(&green, path).await;
    assert!(!below.text().contains("UNC9999") && !below.text().contains("zoe"), "{}", below.text());
    let below = below.ok(200);
    assert_eq!((below["posts"].as_u64(), below["since"].as_str()), (Some(1), Some("2021-03-03")));
    assert_eq!(below["first_sightings"][0]["value"], "CVE-2021-26855");
    for bad in ["since=2021-03-10", "kind=dog", "rate=2", "until=never"] {
        server
            .get_as(&green, &format!("/api/v1/activity?until=2021-03-09&{bad}"))
            .await
            .problem(400);
    }
}

/// The thread of a real server pulls what is due, and a feed that fails does not stop it.
#[test]
fn a_server_pulls_what_is_due() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/list.txt", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 2048]);
            let body = "45.77.20.1\n45.77.20.2\n";
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let engine = Engine::open(&store).unwrap();
    let mut good = feed("b-good", &address, None);
    good.settings.key_env = None;
    engine.store().put_feed(&good).unwrap();
    // Its key is not set.
    engine.store().put_feed(&feed("a-bad", &address, None)).unwrap();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        log: LogForm::None,
        collection: Some(Collection::new(|_| None, None)),
        ..Config::new(store)
    };
    std::thread::spawn(move || lapwing_serve::run(config, |_| {}));
    let begun = Instant::now();
    loop {
        let state = |name: &str| engine.store().feed(name).unwrap().unwrap().state;
        let (bad, good) = (state("a-bad"), state("b-good"));
        if good.last_success.is_some() && bad.failures > 0 {
            assert_eq!(good.new, 1);
            assert!(bad.error.unwrap().contains("LAPWING_TEST_KEY"));
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "nothing is pulled");
        std::thread::sleep(Duration::from_millis(100));
    }
}
