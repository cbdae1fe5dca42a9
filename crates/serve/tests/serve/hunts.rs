use serde_json::{Value, json};

use crate::common::{Server, form};

const LOG: &str =
    "2021-03-03 10:00:00 45.77.0.1 GET /owa/ 200\n2021-03-03 10:00:05 10.0.0.1 GET / 200\n";

async fn ended(server: &Server, id: &str) -> Value {
    for _ in 0..500 {
        let state = server.get(&format!("/api/v1/hunts/{id}")).await.ok(200);
        if state["state"] == "done" || state["state"] == "failed" {
            return state;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the hunt does not end")
}

#[tokio::test]
async fn uploads_are_hunted_through_told_and_removed() {
    let server = Server::new();
    let begun = form(
        "/api/v1/hunts",
        None,
        &[("files", Some("..\\..\\u_ex210303.log"), LOG), ("since", None, "2021-03-01T00:00:00Z")],
    );
    let id = server.send(begun).await.ok(202)["id"].as_str().unwrap().to_owned();
    let done = ended(&server, &id).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["what"], json!(["u_ex210303.log"]));
    assert!(done["verdict"]["looked_at"].is_array() && done["records"].as_u64().unwrap() >= 2);
    let findings = server.get(&format!("/api/v1/hunts/{id}/findings?limit=1")).await.ok(200);
    let first = &findings["items"][0];
    assert_eq!((&first["matched"], &first["n"]), (&json!("45.77.0.1"), &json!(0)));
    assert!(!first["file"].as_str().unwrap().contains("lapwing-hunt-"), "{first}");
    let evidence = first["evidence"].as_str().unwrap();
    let span = &first["matched_span"];
    let (start, end) = (span[0].as_u64().unwrap() as usize, span[1].as_u64().unwrap() as usize);
    assert_eq!(&evidence[start..end], "45.77.0.1");
    let groups = server.get(&format!("/api/v1/hunts/{id}/groups")).await.ok(200);
    assert!(groups["items"][0]["count"].as_u64().unwrap() >= 1);
    for form in ["md", "html", "csv", "json", "stix", "ecs"] {
        let report = server.get(&format!("/api/v1/hunts/{id}/export?as={form}")).await;
        assert_eq!(report.status, 200);
        assert!(!report.text().contains("lapwing-hunt-") && !report.text().is_empty(), "{form}");
    }
    server.get(&format!("/api/v1/hunts/{id}/export?as=doc")).await.problem(400);
    let events = server.get(&format!("/api/v1/hunts/{id}/events")).await.text();
    assert!(events.starts_with("event: done\n"), "{events}");
    let gone = crate::common::request(
        axum::http::Method::DELETE,
        &format!("/api/v1/hunts/{id}"),
        None,
        None,
    );
    server.send(gone).await.ok(204);
    server.get(&format!("/api/v1/hunts/{id}")).await.problem(404);
}

#[tokio::test]
async fn the_hunt_folder_is_the_end_of_the_world() {
    let logs = tempfile::tempdir().unwrap();
    std::fs::create_dir(logs.path().join("iis")).unwrap();
    std::fs::write(logs.path().join("iis/a.log"), LOG).unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.log"), LOG).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(outside.path(), logs.path().join("link")).unwrap();
    let root = logs.path().to_owned();
    let fill = |engine: &mut _| crate::common::add(engine, "clear.md", crate::common::CLEAR, None);
    let server = Server::with(fill, move |config| config.hunt_root = Some(root));
    let list = server.get("/api/v1/hunt-root").await.ok(200);
    assert!(list["items"].as_array().unwrap().iter().any(|entry| entry["name"] == "iis"));
    let list = server.get("/api/v1/hunt-root?path=iis").await.ok(200);
    assert_eq!(list["items"][0]["name"], "a.log");
    for path in ["..", "../..", "/etc", "link", "link/secret.log", "iis/../../..", "no\u{0}"] {
        let begun = server.post("/api/v1/hunts", json!({ "paths": [path] })).await;
        begun.problem(404);
    }
    let begun = server.post("/api/v1/hunts", json!({ "paths": ["iis"] })).await.ok(202);
    let id = begun["id"].as_str().unwrap().to_owned();
    let done = ended(&server, &id).await;
    assert_eq!(done["state"], "done");
    // Where the folder lies on the server is told nowhere.
    let folder = logs.path().canonicalize().unwrap().display().to_string();
    let mut answers = vec![done.to_string()];
    for path in [
        "findings",
        "groups",
        "events",
        "export?as=md",
        "export?as=html",
        "export?as=csv",
        "export?as=json",
        "export?as=stix",
        "export?as=ecs",
    ] {
        answers.push(server.get(&format!("/api/v1/hunts/{id}/{path}")).await.text());
    }
    for answer in &answers {
        assert!(!answer.contains(&folder), "{answer}");
    }
    let findings = server.get(&format!("/api/v1/hunts/{id}/findings")).await.ok(200);
    assert_eq!(findings["items"][0]["file"], "iis/a.log", "{findings}");
    for bad in [
        json!({ "paths": [] }),
        json!({ "paths": ["iis"], "since": "2022-01-01T00:00:00Z", "until": "2021-01-01T00:00:00Z" }),
    ] {
        server.post("/api/v1/hunts", bad).await.problem(422);
    }
    let zone = json!({ "paths": ["iis"], "time_zone": "+99:00" });
    server.post("/api/v1/hunts", zone).await.problem(400);
    let without = Server::new();
    without.post("/api/v1/hunts", json!({ "paths": ["iis"] })).await.problem(403);
    without.get("/api/v1/hunt-root").await.problem(404);
}
