use axum::body::Body;
use axum::http::{Method, Request};
use lapwing_engine::Engine;
use lapwing_engine::store::Store;
use proptest::prelude::*;
use serde_json::json;

use crate::common::{CLEAR, Server, add, form, request};

#[tokio::test]
async fn bodies_that_cannot_be_read_are_told() {
    let server = Server::with(
        |_| {},
        |config| {
            config.limits.json = 2000;
            config.limits.body = 2000;
        },
    );
    let raw = |kind: &str, body: Vec<u8>| {
        Request::builder()
            .method(Method::POST)
            .uri("/api/v1/documents")
            .header("host", "localhost")
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap()
    };
    server.send(raw("text/plain", b"x".to_vec())).await.problem(415);
    server.send(raw("application/json", b"{".to_vec())).await.problem(400);
    server.send(raw("application/json", b"[]".to_vec())).await.problem(422);
    server.send(raw("application/json", b"{}".to_vec())).await.problem(422);
    server.send(raw("application/json", b"{\"text\":\" \"}".to_vec())).await.problem(422);
    server.send(raw("application/json", vec![b' '; 5000])).await.problem(413);
    server.send(raw("multipart/form-data", Vec::new())).await.problem(400);
    server.send(raw("multipart/form-data; boundary=x", b"--x".to_vec())).await.problem(400);
    let large = "x".repeat(3000);
    server.send(form("/api/v1/documents", None, &[("file", Some("a"), &large)])).await.problem(413);
    server.send(form("/api/v1/documents", None, &[("source", None, "x")])).await.problem(422);
    for (path, part) in [("/api/v1/documents", "file"), ("/api/v1/hunts", "files")] {
        server.send(form(path, None, &[(part, None, "x")])).await.problem(422);
    }
    for name in ["..", "", "/"] {
        server
            .send(form("/api/v1/documents", None, &[("file", Some(name), "x")]))
            .await
            .problem(422);
    }
    let body = json!({ "url": "http://169.254.169.254/" });
    server.post("/api/v1/documents", body).await.problem(403);
    for bad in [
        json!({ "text": "x", "tlp": "purple" }),
        json!({ "text": "x", "published": "soon" }),
        json!({ "text": "x", "format": "exe" }),
    ] {
        server.post("/api/v1/documents", bad).await.problem(400);
    }
}

#[tokio::test]
async fn hostile_names_do_no_harm() {
    let hostile = "<script>alert(1)</script>\r\nSet-Cookie: a=b";
    let text = format!("# {hostile}\n\nUNC1234 used it.\n\n- 45.77.0[.]1\n");
    let server = Server::with(|engine| add(engine, "a\"; x=.md", &text, None), |_| {});
    let documents = server.get("/api/v1/documents").await.ok(200);
    let id = documents["items"][0]["id"].as_str().unwrap();
    let raw = server.get(&format!("/api/v1/documents/{id}/raw")).await;
    let name = raw.headers["content-disposition"].to_str().unwrap();
    assert!(!name.contains("\"; x"), "{name}");
    for path in ["/feed.atom", "/feed.rss", "/api/v1/page.html?of=UNC1234"] {
        assert!(!server.get(path).await.text().contains("<script>"), "{path}");
    }
}

#[tokio::test]
async fn a_locked_store_is_read_and_told_of_when_written() {
    let server = Server::with(
        |engine| add(engine, "clear.md", CLEAR, None),
        |config| config.limits.patience = std::time::Duration::from_millis(50),
    );
    let mut other = Store::open(&server.store()).unwrap();
    let change = other.begin("a long import", crate::common::now()).unwrap();
    server.get("/api/v1/page?of=HAFNIUM").await.ok(200);
    let body = json!({ "text": "C2: 45.77.0[.]7" });
    let told = server.post("/api/v1/documents", body.clone()).await;
    told.problem(503);
    assert!(told.headers.contains_key("retry-after"));
    drop(change);
    server.post("/api/v1/documents", body).await.ok(201);
}

#[tokio::test]
async fn what_another_process_writes_is_seen() {
    let server = Server::new();
    server.get("/api/v1/page?of=UNC5555").await.problem(404);
    let mut engine = Engine::open(&server.store()).unwrap();
    add(&mut engine, "new.md", "UNC5555 used China Chopper.", None);
    server.get("/api/v1/page?of=UNC5555").await.ok(200);
    let about = server.get("/api/v1/about").await.ok(200);
    assert_eq!(about["documents"], 2);
}

#[cfg(unix)]
#[tokio::test]
async fn a_store_that_cannot_be_written_is_served_for_reading() {
    use lapwing_serve::{App, Config, LogForm, router};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    add(&mut Engine::open(&path).unwrap(), "clear.md", CLEAR, None);
    // Whoever may write everywhere cannot be kept from it by rights: a folder in the place of the log can.
    let mut rights = std::fs::metadata(folder.path()).unwrap().permissions();
    rights.set_readonly(true);
    std::fs::set_permissions(folder.path(), rights.clone()).unwrap();
    let config = Config { log: LogForm::None, ..Config::new(path) };
    let app = App::open(config).unwrap();
    let server = Server { folder, router: router(&app) };
    server.get("/api/v1/page?of=HAFNIUM").await.ok(200);
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0o755);
    std::fs::set_permissions(server.folder.path(), rights).unwrap();
}

#[tokio::test]
async fn nothing_that_is_asked_makes_the_server_fall() {
    let server = Server::with(
        |engine| add(engine, "clear.md", CLEAR, None),
        |config| config.limits.per_minute = 1_000_000,
    );
    let mut runner = proptest::test_runner::TestRunner::new_with_rng(
        ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() },
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let paths = [
        "search?q",
        "complete?q",
        "page?of",
        "explain?of",
        "graph?of",
        "timeline?of",
        "indicators?q",
        "indicators?of",
        "indicators?cursor",
        "entities?q",
        "documents?q",
        "documents?cursor",
        "gaps?document",
        "audit?what",
        "decay?kind=url&value",
        "indicators?min_probability",
        "page?of=HAFNIUM&as_of",
        "history?limit",
        "hunts?cursor",
        "export?as",
    ];
    let strategy =
        (prop::sample::select(paths.to_vec()), prop::collection::vec(any::<u8>(), 0..24));
    let runtime = tokio::runtime::Handle::current();
    let asked = tokio::task::spawn_blocking(move || {
        runner
            .run(&strategy, |(path, bytes)| {
                let query =
                    bytes.iter().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"));
                let path = format!("/api/v1/{path}={query}");
                let answer = runtime.block_on(server.send(request(Method::GET, &path, None, None)));
                prop_assert!(answer.status.as_u16() < 500, "{path}: {}", answer.text());
                Ok(())
            })
            .map_err(|error| error.to_string())
    });
    asked.await.unwrap().unwrap();
}
