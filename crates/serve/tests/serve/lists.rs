use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::common::{Server, add};

async fn all(server: &Server, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    for _ in 0..1000 {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = server.get(&format!("{path}{joint}{cursor}")).await.ok(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("cursor={next}"),
            None => return items,
        }
    }
    panic!("{path} never ends");
}

fn with_many() -> Server {
    Server::with(
        |engine| {
            let lines: Vec<String> =
                (0..250).map(|n| format!("45.77.{}.{}", n / 200, n % 200 + 1)).collect();
            let list = format!("# list\n{}\n", lines.join("\n"));
            add(engine, "list.txt", &list, None);
            add(engine, "clear.md", crate::common::CLEAR, None);
        },
        |_| {},
    )
}

#[tokio::test]
async fn pages_of_indicators_lose_and_repeat_none_in_any_order() {
    let server = with_many();
    let total = server.get("/api/v1/about").await.ok(200)["indicators"].as_u64().unwrap();
    assert!(total > 250, "{total}");
    for sort in ["value", "probability", "last"] {
        let rows = all(&server, &format!("/api/v1/indicators?limit=7&sort={sort}")).await;
        let values: BTreeSet<String> = rows.iter().map(|row| row["value"].to_string()).collect();
        assert_eq!((rows.len() as u64, values.len() as u64), (total, total), "{sort}");
        if sort == "probability" {
            let p: Vec<f64> = rows.iter().map(|row| row["probability"].as_f64().unwrap()).collect();
            assert!(p.is_sorted_by(|a, b| a >= b));
        }
    }
    let kind = all(&server, "/api/v1/indicators?limit=50&kind=domain-name").await;
    assert_eq!(kind.len(), 1, "{kind:?}");
    let kept = all(&server, "/api/v1/indicators?limit=50&kind=ipv4-addr&q=45.77.1.").await;
    assert_eq!(kept.len(), 50);
    let active =
        all(&server, "/api/v1/indicators?limit=9&status=active,undated&today=2021-03-09").await;
    let expired =
        all(&server, "/api/v1/indicators?limit=9&status=expired,ageing&today=2021-03-09").await;
    assert_eq!((active.len() + expired.len()) as u64, total);
    for bad in [
        "limit=0",
        "limit=x",
        "cursor=zz",
        "sort=size",
        "status=dead",
        "kind=x",
        "since=yesterday",
        "min_probability=7",
    ] {
        server.get(&format!("/api/v1/indicators?{bad}")).await.problem(400);
    }
}

#[tokio::test]
async fn claims_and_reasons_come_by_pages() {
    let server = with_many();
    let listed = server.get("/api/v1/documents?q=list.txt").await.ok(200);
    let id = listed["items"][0]["id"].as_str().unwrap();
    let whole = server.get(&format!("/api/v1/documents/{id}")).await.ok(200);
    let claims = whole["claims"].as_array().unwrap();
    assert_eq!((claims.len(), &whole["claims_next"]), (250, &Value::Null));
    assert_eq!(claims[0]["resolved_subject"]["value"], "45.77.0.1");

    // The first few with the document, the others page by page: the same claims.
    let first = server.get(&format!("/api/v1/documents/{id}?claims=20&regions=code")).await.ok(200);
    assert_eq!(first["claims_total"], 250);
    assert_eq!(first["regions"], json!([]));
    assert_eq!(first["document"], whole["document"]);
    let next = first["claims_next"].as_str().unwrap();
    let path = format!("/api/v1/documents/{id}/claims?limit=60");
    let rest = server.get(&format!("{path}&cursor={next}")).await.ok(200);
    assert_eq!((&rest["items"][0], &rest["total"]), (&claims[20], &json!(250)));
    let paged = all(&server, &path).await;
    assert_eq!(&paged, claims);
    let none = server.get(&format!("/api/v1/documents/{id}?claims=0")).await.ok(200);
    let cursor = none["claims_next"].as_str().unwrap();
    let from = server.get(&format!("{path}&cursor={cursor}")).await.ok(200);
    assert_eq!(from["items"][0], claims[0]);
    for bad in ["limit=0", "limit=10001", "cursor=zz"] {
        server.get(&format!("/api/v1/documents/{id}/claims?{bad}")).await.problem(400);
    }
    server.get(&format!("/api/v1/documents/{}/claims", "0".repeat(32))).await.problem(404);

    let reasons = server.get("/api/v1/explain?of=HAFNIUM&limit=1000").await.ok(200);
    let facts = reasons["items"].as_array().unwrap();
    assert_eq!((&reasons["total"], &reasons["next"]), (&json!(facts.len()), &Value::Null));
    assert!(facts.len() > 1, "{facts:?}");
    assert_eq!(&all(&server, "/api/v1/explain?of=HAFNIUM&limit=1").await, facts);
}

#[tokio::test]
async fn many_values_are_looked_up_in_one_call() {
    let server = with_many();
    let values: Vec<String> =
        (0..1000).map(|n| format!("45.77.{}[.]{}", n / 200, n % 200 + 1)).collect();
    let answer = server.post("/api/v1/lookup", json!({ "values": values })).await.ok(200);
    assert_eq!(answer["known"], 250);
    assert_eq!(answer["items"][0]["asked"], "45.77.0[.]1");
    assert_eq!(answer["items"][0]["value"], "45.77.0.1");
    let text = "from 45.77.0.9 to 192.0.2.1";
    let answer = server.post("/api/v1/lookup", json!({ "text": text })).await.ok(200);
    let first = &answer["items"][0];
    assert_eq!(
        (&first["start"], &first["end"], &first["known"]),
        (&json!(5), &json!(14), &json!(true))
    );
    let most: Vec<String> = vec!["x".into(); 10_001];
    server.post("/api/v1/lookup", json!({ "values": most })).await.problem(413);
    server.post("/api/v1/lookup", json!({})).await.problem(422);
    server.post("/api/v1/lookup", json!({ "values": 3 })).await.problem(422);
}

#[tokio::test]
async fn the_other_lists_answer() {
    let server = with_many();
    let entities = all(&server, "/api/v1/entities?limit=2").await;
    assert!(entities.iter().any(|row| row["value"] == "HAFNIUM"));
    let kinds = server.get("/api/v1/entities/kinds").await.ok(200);
    assert!(kinds["items"].as_array().unwrap().iter().any(|row| row["kind"] == "threat-actor"));
    for path in [
        "/api/v1/origins",
        "/api/v1/gaps",
        "/api/v1/clusters",
        "/api/v1/minted-clusters",
        "/api/v1/minted-clusters/decisions",
        "/api/v1/names",
        "/api/v1/names/history",
        "/api/v1/history",
        "/api/v1/documents?q=exchange&sort=label",
        "/api/v1/hunts",
        "/api/v1/webhooks",
        "/api/v1/users",
        "/api/v1/keys",
    ] {
        all(&server, path).await;
    }
    assert_eq!(all(&server, "/api/v1/documents?limit=1").await.len(), 2);
    let timeline = server.get("/api/v1/timeline").await.ok(200);
    assert!(timeline["items"].is_array());
    let techniques = server.get("/api/v1/techniques").await.ok(200);
    assert_eq!(techniques["tactics"][0]["id"], "reconnaissance");
    let grid = server.get("/api/v1/attack").await.ok(200);
    let shells = grid["techniques"].as_array().unwrap().iter().find(|t| t["id"] == "T1505.003");
    assert_eq!(shells.unwrap()["tactics"], json!(["persistence"]));
    assert!(grid["techniques"].as_array().unwrap().len() > 500, "the whole matrix");
    assert!(
        grid["version"].as_str().is_some_and(|version| !version.is_empty()),
        "{}",
        grid["version"]
    );
    let named = server.get("/api/v1/complete?q=haf").await.ok(200);
    assert_eq!(named["items"][0]["value"], "HAFNIUM");
    for form in ["md", "html", "txt"] {
        let page = server.get(&format!("/api/v1/page.{form}?of=HAFNIUM")).await;
        assert!(page.text().contains("HAFNIUM") && page.status == 200);
        assert!(page.headers["content-disposition"].to_str().unwrap().starts_with("attachment"));
    }
}

#[tokio::test]
async fn an_export_is_cut_by_the_filters_of_the_list() {
    let server = with_many();
    let of = |filters: &str| {
        let path = format!("/api/v1/export?as=csv&{filters}");
        let server = &server;
        async move { server.get(&path).await }
    };
    let table = of("kind=ipv4-addr&q=45.77.1.").await.text();
    let lines = table.lines().filter(|line| line.contains("45.77.")).count();
    let shown = server.get("/api/v1/indicators?kind=ipv4-addr&q=45.77.1.").await.ok(200);
    assert_eq!(lines, shown["items"].as_array().unwrap().len());
    let none = of("min_probability=0.999").await;
    assert!(none.status == 200 && !none.text().contains("45.77."), "{}", none.text());
    of("min_probability=7").await.problem(400);
}
