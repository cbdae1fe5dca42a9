use axum::http::Method;
use serde_json::json;

use crate::common::{CLEAR, Server, form};

#[tokio::test]
async fn a_report_is_added_found_explained_and_taken_back() {
    let server = Server::with(|_| {}, |_| {});
    let about = server.get("/api/v1/about").await.ok(200);
    assert_eq!(about["documents"], 0);

    let upload = form(
        "/api/v1/documents",
        None,
        &[
            ("file", Some("../../clear.md"), CLEAR),
            ("source", None, "CISA"),
            ("tlp", None, "green"),
        ],
    );
    let added = server.send(upload).await.ok(201);
    assert_eq!((&added["new_documents"], &added["change"]), (&json!(1), &json!(1)));
    let id = added["documents"][0]["id"].as_str().unwrap().to_owned();

    let about = server.get("/api/v1/about").await.ok(200);
    assert_eq!((&about["documents"], &about["indicators"]), (&json!(1), &json!(2)));
    let documents = server.get("/api/v1/documents").await.ok(200);
    let row = &documents["items"][0];
    assert_eq!(
        (&row["id"], &row["source"], &row["marking"]),
        (&json!(id), &json!("CISA"), &json!("TLP:GREEN"))
    );
    assert_eq!(row["name"], "clear.md");

    let document = server.get(&format!("/api/v1/documents/{id}")).await.ok(200);
    let text = document["document"]["text"].as_str().unwrap();
    for claim in document["claims"].as_array().unwrap() {
        let (start, end) = (&claim["span"]["start"], &claim["span"]["end"]);
        assert!(
            text.get(start.as_u64().unwrap() as usize..end.as_u64().unwrap() as usize).is_some()
        );
    }
    let raw = server.get(&format!("/api/v1/documents/{id}/raw")).await;
    assert_eq!(raw.text(), CLEAR);
    assert_eq!(raw.headers["content-disposition"], "attachment; filename=\"clear.md\"");
    assert_eq!(raw.headers["content-type"], "application/octet-stream");

    let found = server.get("/api/v1/search?q=45.77.0%5B.%5D1").await.ok(200);
    assert_eq!(found["entities"][0], json!({"kind": "ipv4-addr", "value": "45.77.0.1"}));
    let found = server.get("/api/v1/search?q=campaign").await.ok(200);
    assert_eq!(found["documents"][0]["id"], id);
    let page = server.get("/api/v1/page?of=hafnium").await.ok(200);
    assert_eq!(page["subject"]["value"], "HAFNIUM");
    let compared = server.get("/api/v1/compare?a=hafnium&b=ipv4-addr%3A45.77.0.1").await.ok(200);
    assert_eq!(compared["a"]["subject"]["value"], "HAFNIUM");
    assert_eq!(compared["parts"][1]["part"], "indicators");
    let indicators = page["indicators"].as_array().unwrap().len();
    let of_a = |share: &str| compared["parts"][1][share]["total"].as_u64().unwrap();
    assert_eq!(of_a("only_a") + of_a("both"), indicators as u64);
    assert_eq!(compared["shared_origins"], 1, "one report speaks of both");
    server.get("/api/v1/compare?a=hafnium&b=nobody-of-this-name").await.problem(404);
    server.get("/api/v1/compare?a=hafnium&b=hafnium&rows=5000").await.problem(400);
    let explained = server.get("/api/v1/explain?of=45.77.0.1").await.ok(200);
    assert_eq!(explained["subject"]["value"], "45.77.0.1");
    let first = &explained["items"][0];
    assert!(first["explanation"]["origins"].is_array() && first["claims"][0]["text"].is_string());
    let forecast = server.get("/api/v1/forecast?of=HAFNIUM").await.ok(200);
    assert!(!forecast["forecasts"].as_array().unwrap().is_empty());
    let graph = server.get("/api/v1/graph?of=HAFNIUM").await.ok(200);
    assert!(graph["nodes"].as_array().unwrap().len() > 1);
    let again = graph["nodes"][1]["id"].as_str().unwrap().replace(':', "%3A");
    server.get(&format!("/api/v1/graph?of={again}")).await.ok(200);
    let decay = server.get("/api/v1/decay?kind=ipv4-addr&value=45.77.0.1").await.ok(200);
    assert_eq!(decay["days"].as_array().unwrap().len(), decay["score"].as_array().unwrap().len());

    let undone = server.post("/api/v1/history/1/undo", json!({})).await.ok(200);
    assert_eq!(undone["hidden"], json!([id]));
    server.get("/api/v1/page?of=hafnium").await.problem(404);
    server.post("/api/v1/history/1/undo", json!({})).await.problem(409);
    server.post("/api/v1/history/2/undo", json!({})).await.ok(200);
    server.get("/api/v1/page?of=hafnium").await.ok(200);
    server.post("/api/v1/history/99/undo", json!({})).await.problem(404);
}

#[tokio::test]
async fn an_analyst_rejects_a_claim_and_marks_a_false_positive() {
    let server = Server::new();
    let documents = server.get("/api/v1/documents").await.ok(200);
    let id = documents["items"][0]["id"].as_str().unwrap();
    let document = server.get(&format!("/api/v1/documents/{id}")).await.ok(200);
    let claim = document["claims"]
        .as_array()
        .unwrap()
        .iter()
        .find(|claim| claim["subject"]["value"] == "evil-clear.top")
        .unwrap();
    let known = |answer: serde_json::Value| answer["items"][0]["probability"].as_f64().unwrap();
    let look = json!({ "values": ["evil-clear.top"] });
    let before = known(server.post("/api/v1/lookup", look.clone()).await.ok(200));
    let kept = server
        .post(
            "/api/v1/claims",
            json!({ "action": "reject", "claim": claim["id"], "why": "a test" }),
        )
        .await
        .ok(201);
    let after = known(server.post("/api/v1/lookup", look.clone()).await.ok(200));
    assert!(after < before, "{after} {before}");
    let document = server.get(&format!("/api/v1/documents/{id}")).await.ok(200);
    let rejected =
        document["claims"].as_array().unwrap().iter().find(|c| c["id"] == claim["id"]).unwrap();
    assert_eq!(rejected["corrections"][0]["action"], "reject");
    assert_eq!(rejected["corrections"][0]["change"], kept["change"]);
    let change = kept["change"].as_i64().unwrap();
    server.post(&format!("/api/v1/history/{change}/undo"), json!({})).await.ok(200);
    assert!((known(server.post("/api/v1/lookup", look).await.ok(200)) - before).abs() < 1e-9);

    let body = json!({ "kind": "ipv4-addr", "value": "45.77.0[.]1", "why": "our scanner" });
    server.post("/api/v1/false-positives", body).await.ok(201);
    let look = json!({ "values": ["45.77.0.1"] });
    let answer = server.post("/api/v1/lookup", look).await.ok(200);
    assert!(known(answer) < 0.5);
    for bad in [
        json!({}),
        json!({ "action": "reject" }),
        json!({ "action": "guess", "claim": claim["id"] }),
        json!({ "action": "add", "subject": { "kind": "x", "value": "y" }, "relation": "role", "object": "indicator" }),
        json!({ "action": "add", "subject": { "kind": "tool", "value": "y" }, "relation": "role", "object": "nonsense" }),
        json!({ "action": "add", "subject": { "kind": "ipv4-addr", "value": "CVE-2021-26855" }, "relation": "role", "object": "indicator" }),
    ] {
        server.post("/api/v1/claims", bad).await.problem(422);
    }
    let misfit = json!({ "kind": "domain-name", "value": "45.77.0.1" });
    let told = server.post("/api/v1/false-positives", misfit).await.problem(422);
    assert!(told["detail"].as_str().unwrap().contains("`45.77.0.1` is no domain-name"), "{told}");
    let unknown = json!({ "action": "reject", "claim": "0".repeat(32) });
    server.post("/api/v1/claims", unknown).await.problem(404);
}

#[tokio::test]
async fn the_open_api_document_is_the_one_that_is_checked_in() {
    let made = lapwing_serve::openapi().to_pretty_json().unwrap() + "\n";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/openapi.json is not what the routes say: UPDATE_GOLDEN=1 writes it"
    );
    let server = Server::new();
    let served = server.get("/api/openapi.json").await.ok(200);
    assert_eq!(served["openapi"], "3.1.0");
    assert_eq!(served, serde_json::from_str::<serde_json::Value>(&kept).unwrap());
}

#[tokio::test]
async fn pages_and_feeds_are_served_with_headers_that_let_nothing_in() {
    let server = Server::new();
    for path in ["/", "/api", "/api/v1/about", "/nothing"] {
        let answer = server.get(path).await;
        let csp = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(csp.starts_with("default-src 'none'") && !csp.contains("unsafe"), "{path}");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
    }
    assert!(server.get("/").await.text().contains("Lapwing"));
    let atom = server.get("/feed.atom").await;
    assert!(
        atom.text().contains("Exchange campaign") && atom.text().contains("urn:lapwing:document:")
    );
    assert!(server.get("/feed.rss").await.text().contains("<rss version=\"2.0\">"));
    assert_eq!(server.get("/healthz").await.text(), "ok\n");
    assert_eq!(server.get("/readyz").await.ok(200)["ready"], true);
    let metrics = server.get("/metrics").await.text();
    assert!(metrics.contains("lapwing_http_requests_total") && metrics.ends_with("# EOF\n"));
    server.get("/api/v1/nothing").await.problem(404);
    let put = crate::common::request(Method::PUT, "/api/v1/about", None, None);
    server.send(put).await.problem(405);
}
