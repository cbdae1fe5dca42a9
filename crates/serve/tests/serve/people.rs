use axum::body::Body;
use axum::http::{Method, Request};
use lapwing_engine::store::{AuditQuery, Store};
use lapwing_model::Marking;
use lapwing_serve::Role;
use serde_json::{Value, json};

use crate::common::{Answer, Server, request};

fn with(
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<Value>,
) -> Request<Body> {
    let mut made = request(method, path, None, body);
    for (name, value) in headers {
        let name: axum::http::HeaderName = name.parse().unwrap();
        made.headers_mut().insert(name, value.parse().unwrap());
    }
    made
}

async fn log_in(server: &Server, name: &str, password: &str) -> Answer {
    server.post("/api/v1/session", json!({ "name": name, "password": password })).await
}

/// Cookie and CSRF token of a log-in.
fn session(answer: &Answer) -> (String, String) {
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    (cookie, answer.json()["csrf"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn without_users_only_the_machine_itself_is_let_in() {
    let server = Server::new();
    let me = server.get("/api/v1/session").await.ok(200);
    assert_eq!((&me["mode"], &me["user"]["name"]), (&json!("open"), &json!("local")));
    let far = request(Method::GET, "/api/v1/about", None, None);
    server.send_from([192, 0, 2, 1], far).await.problem(401);
    // A page of another site that a browser here shows, by name and by origin.
    let rebound = with(Method::GET, "/api/v1/about", &[("host", "evil.example:8080")], None);
    server.send(rebound).await.problem(403);
    for (name, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let body = Some(json!({ "kind": "ipv4-addr", "value": "192.0.2.1" }));
        let foreign = with(Method::POST, "/api/v1/false-positives", &[(name, value)], body);
        server.send(foreign).await.problem(403);
    }
    let body = Some(json!({ "text": "C2: 45.77.0[.]7" }));
    let own = with(Method::POST, "/api/v1/documents", &[("origin", "http://localhost:8080")], body);
    server.send(own).await.ok(201);
}

#[tokio::test]
async fn with_users_everybody_logs_in_and_writes_need_the_token() {
    let server = Server::new();
    let new = json!({ "name": "anna", "password": "correct horse", "role": "reader" });
    server.post("/api/v1/users", new).await.problem(422); // the first has to be an admin
    let new = json!({ "name": "root", "password": "correct horse", "role": "admin", "ceiling": "TLP:RED" });
    server.post("/api/v1/users", new).await.ok(201);
    server.get("/api/v1/about").await.problem(401);
    let out = server.get("/api/v1/session").await.ok(200);
    assert_eq!((&out["mode"], &out["user"]), (&json!("users"), &Value::Null));

    log_in(&server, "root", "wrong horse wrong").await.problem(401);
    let answer = log_in(&server, "root", "correct horse").await;
    answer.ok(200);
    let (cookie, csrf) = session(&answer);
    let about = with(Method::GET, "/api/v1/about", &[("cookie", &cookie)], None);
    server.send(about).await.ok(200);
    let new = json!({ "name": "anna", "password": "correct horse", "role": "reader" });
    let path = "/api/v1/users";
    let bare = with(Method::POST, path, &[("cookie", &cookie)], Some(new.clone()));
    server.send(bare).await.problem(403);
    let wrong =
        with(Method::POST, path, &[("cookie", &cookie), ("x-csrf-token", "x")], Some(new.clone()));
    server.send(wrong).await.problem(403);
    let right = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    server.send(with(Method::POST, path, &right, Some(new.clone()))).await.ok(201);
    server.send(with(Method::POST, path, &right, Some(new))).await.problem(409);

    // A reader reads, and does nothing else.
    let answer = log_in(&server, "anna", "correct horse").await;
    let (reader, token) = session(&answer);
    let headers = [("cookie", reader.as_str()), ("x-csrf-token", token.as_str())];
    server.send(with(Method::GET, "/api/v1/documents", &headers, None)).await.ok(200);
    for (method, path) in [
        (Method::GET, "/api/v1/users"),
        (Method::GET, "/api/v1/audit"),
        (Method::POST, "/api/v1/claims"),
        (Method::POST, "/api/v1/documents"),
        (Method::GET, "/api/v1/export?as=csv"),
        (Method::GET, "/api/v1/hunts"),
        (Method::GET, "/metrics"),
    ] {
        let refused = with(method, path, &headers, Some(json!({})));
        server.send(refused).await.problem(403);
    }
    // Nobody is the last admin's undoing.
    let change = json!({ "disabled": true });
    server
        .send(with(Method::PATCH, "/api/v1/users/root", &right, Some(change.clone())))
        .await
        .problem(409);
    server.send(with(Method::DELETE, "/api/v1/users/root", &right, None)).await.problem(409);
    server.send(with(Method::PATCH, "/api/v1/users/anna", &right, Some(change))).await.ok(200);
    server.send(with(Method::GET, "/api/v1/documents", &headers, None)).await.problem(401);
    server.send(with(Method::DELETE, "/api/v1/session", &right, None)).await.ok(204);
    server.send(with(Method::GET, "/api/v1/about", &right, None)).await.problem(401);
}

#[tokio::test]
async fn guessing_passwords_gets_slow() {
    let server = Server::new();
    server.user("root", Role::Admin, Marking::Red);
    for _ in 0..5 {
        log_in(&server, "root", "wrong horse wrong").await.problem(401);
    }
    let told = log_in(&server, "root", "correct horse").await;
    told.problem(429);
    assert!(told.headers.contains_key("retry-after"));
}

#[tokio::test]
async fn keys_are_shown_once_and_taken_back() {
    let server = Server::new();
    let root = server.user("root", Role::Admin, Marking::Red);
    server.user("anna", Role::Analyst, Marking::Amber);
    // A key makes no keys, whoever has it.
    let new = json!({ "name": "siem", "user": "anna", "role": "reader" });
    server.call_as(&root, Method::POST, "/api/v1/keys", Some(new.clone())).await.problem(403);
    let (cookie, csrf) = session(&log_in(&server, "root", "correct horse").await);
    let right = [("cookie", cookie.as_str()), ("x-csrf-token", csrf.as_str())];
    let made = server.send(with(Method::POST, "/api/v1/keys", &right, Some(new))).await.ok(201);
    let key = made["key"].as_str().unwrap();
    assert_eq!(made["ceiling"], "TLP:AMBER");
    let keys = server.get_as(&root, "/api/v1/keys").await;
    keys.ok(200);
    assert!(!keys.text().contains(key));
    server.get_as(key, "/api/v1/about").await.ok(200);
    // A store in a database has no file to look into.
    if std::env::var_os("LAPWING_TEST_POSTGRES").is_none_or(|address| address.is_empty()) {
        let bytes = std::fs::read(server.store()).unwrap();
        let secret = key.rsplit('_').next().unwrap().as_bytes();
        assert!(!bytes.windows(secret.len()).any(|w| w == secret), "the key is in the file");
    }
    let too_much = json!({ "name": "x", "user": "anna", "role": "admin" });
    server.send(with(Method::POST, "/api/v1/keys", &right, Some(too_much))).await.problem(422);
    let id = made["id"].as_str().unwrap();
    let path = format!("/api/v1/keys/{id}");
    server.send(with(Method::DELETE, &path, &right, None)).await.ok(204);
    server.get_as(key, "/api/v1/about").await.problem(401);
    server.get_as("lw_00000000_00", "/api/v1/about").await.problem(401);
    // Basic, as TAXII clients send it, and the bare key of MISP's.
    let basic = [("authorization", "Basic YW5uYTpjb3JyZWN0IGhvcnNl")];
    let about = server.send(with(Method::GET, "/api/v1/about", &basic, None)).await.ok(200);
    assert_eq!(about["ceiling"], "TLP:AMBER");
    let bare = [("authorization", root.as_str())];
    server.send(with(Method::GET, "/api/v1/about", &bare, None)).await.ok(200);
}

#[tokio::test]
async fn who_did_what_is_written_down_and_denials_too() {
    let server = Server::new();
    let root = server.user("root", Role::Admin, Marking::Red);
    let anna = server.user("anna", Role::Reader, Marking::Green);
    server.get_as(&anna, "/api/v1/page?of=HAFNIUM").await.ok(200);
    server.get_as(&anna, "/api/v1/export?as=csv").await.problem(403);
    server.get("/api/v1/users").await.problem(401);
    let body = json!({ "values": ["45.77.0.1"] });
    server.call_as(&anna, Method::POST, "/api/v1/lookup", Some(body)).await.ok(200);
    let audit = server.get_as(&root, "/api/v1/audit?who=anna").await.ok(200);
    let lines: Vec<(String, String, u64)> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (
                format!("{} {}", text("route"), text("what")),
                text("outcome"),
                line["status"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("/api/v1/lookup 1 values".to_owned(), "allowed".to_owned(), 200),
            ("/api/v1/export as=csv".to_owned(), "denied".to_owned(), 403),
            ("/api/v1/page of=HAFNIUM".to_owned(), "allowed".to_owned(), 200),
        ]
    );
    let denied = server.get_as(&root, "/api/v1/audit?outcome=denied").await.ok(200);
    assert_eq!(denied["items"].as_array().unwrap().len(), 2);
    let store = Store::open(&server.store()).unwrap();
    let query = AuditQuery { limit: 100, ceiling: Marking::Red, ..AuditQuery::default() };
    assert!(store.audit(&query).unwrap().iter().all(|entry| entry.address == "127.0.0.1"));
}

#[tokio::test]
async fn a_feed_adds_and_sees_nothing_and_a_minute_has_an_end() {
    let server = Server::with(|_| {}, |config| config.limits.per_minute = 6);
    server.user("root", Role::Admin, Marking::Red);
    let feed = server.user("collector", Role::Feed, Marking::Clear);
    let body = json!({ "text": "C2: 45.77.0[.]7", "tlp": "TLP:RED" });
    server.call_as(&feed, Method::POST, "/api/v1/documents", Some(body)).await.ok(201);
    for path in ["/api/v1/about", "/api/v1/documents", "/api/v1/search?q=45"] {
        server.get_as(&feed, path).await.problem(403);
    }
    let mut last = 0;
    for _ in 0..5 {
        last = server.get_as(&feed, "/api/v1/about").await.status.as_u16();
    }
    assert_eq!(last, 429);
}
